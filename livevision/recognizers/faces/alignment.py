"""From a face in a picture to the upright 150x150 views that the embedding network looks at."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Box, Image, Points
from livevision.locators.faces import Face, roll
from livevision.recognizers.faces.network import SIZE, model_file

Matrix = NDArray[np.float64]
"""(2, 3): from pixels of the picture to those of the view."""

# Where dlib's face chips have its five points (corners of the eyes, below the nose), in sides of
# the part without padding: get_face_chip_details of dlib's image_transforms/interpolation.h.
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)
_PADDING = 0.25
"""Of dlib's face chips, on which the network was trained."""

# dlib's five points come from a predictor that was trained on the boxes of dlib's HOG detector.
# This is where such a box lies, seen from MediaPipe's eyes and mouth, in lengths of
# hypot(eye to eye, eyes to mouth): fitted to 2,200 faces of Labeled Faces in the Wild.
_BOX_SHIFT = np.array((-0.062, -0.083))
_BOX_SIDE = 1.628
TILTED = 60.0
"""Degrees of roll beyond which a face of a stream is not looked at."""
LEVEL = 20.0
"""Degrees of roll from which on a face is turned upright first. One view of a face rolled by 40, 60
or 75 degrees has a cosine of .996, .97 or .89 with the upright one if it is not, .999 if it is."""
_WORK = 200
"""The box's side, in pixels, when the predictor sees it: its points are whole numbers."""
_SHAKES = (
    (0.0, 0.0, 1.0),
    (-0.06, -0.06, 1.0),
    (0.06, 0.06, 1.0),
    (0.06, -0.06, 0.94),
    (-0.06, 0.06, 1.06),
)
"""Shifts and scales of the box, in its sides, over which the points are averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a face lies in a picture, and how good a look at it that is."""

    face: Face
    points: Points
    """(5, 2), pixels: dlib's five."""
    quality: float
    """0 to 1: the product of the four below."""
    size: float
    sharpness: float
    light: float
    frontal: float
    turn: float
    """How far the head is turned: 0 to the camera; about 0.5 and -0.5 in the two profiles."""


class Aligner:
    """Finds dlib's five points of a face; raises ModelError if its model is missing."""

    def __init__(self) -> None:
        import dlib

        self._dlib = dlib
        self._predict = _predictor()

    def pose(self, image: Image, face: Face) -> Pose:
        """Where exactly the face is in `image` (BGR), and how well it is seen there."""
        points = self.points(image, face)
        view = crop(image, similarity(points))
        size = _size(points)
        sharpness, light = _sharpness(view), _light(view)
        turn = _turn(face.keypoints)
        frontal = float(np.clip(1 - (abs(turn) - 0.1) / 0.6, 0, 1))
        quality = size * sharpness * light * frontal
        return Pose(face, points, quality, size, sharpness, light, frontal, turn)

    def points(self, image: Image, face: Face) -> Points:
        """dlib's five points, (5, 2), in pixels of `image` (BGR).

        They are found on the upright face: the predictor knows no other.
        """
        eyes, mouth = face.keypoints[:2].mean(axis=0), face.keypoints[3]
        length = np.hypot(
            np.linalg.norm(face.keypoints[0] - face.keypoints[1]), np.linalg.norm(mouth - eyes)
        )
        side = max(float(_BOX_SIDE * length), 4.0)
        turn = _upright(roll(face))
        middle = (eyes + mouth) / 2 + turn.T @ (_BOX_SHIFT * length)
        scale = _WORK / side
        matrix = np.column_stack((scale * turn, _WORK - scale * (turn @ middle)))
        flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        part = cv2.warpAffine(image, matrix, (2 * _WORK, 2 * _WORK), flags=flags)
        part = cv2.cvtColor(part, cv2.COLOR_BGR2RGB)
        found = np.zeros((5, 2))
        for right, down, factor in _SHAKES:
            middle_x, middle_y = _WORK * (1 + right), _WORK * (1 + down)
            half = _WORK * factor / 2
            edges = (middle_x - half, middle_y - half, middle_x + half, middle_y + half)
            box = self._dlib.rectangle(*(round(edge) for edge in edges))
            found += [(point.x, point.y) for point in self._predict(part, box).parts()]
        found = (found / len(_SHAKES) - matrix[:, 2]) / scale @ turn
        return np.asarray(found, np.float32)

    def plain(self, image: Image, box: Box) -> Image:
        """The chip, (150, 150, 3) RGB, that face_recognition makes of a box: dlib's own way."""
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        # dlib's rectangles hold their right and bottom edges
        edges: Any = self._dlib.rectangle(box.left, box.top, box.right, box.bottom)
        chip = self._dlib.get_face_chip(rgb, self._predict(rgb, edges), size=SIZE)
        return np.asarray(chip, np.uint8)


@cache
def _predictor() -> Any:
    """Loaded once a process; it only reads while it works."""
    import dlib

    return dlib.shape_predictor(str(model_file("shape_predictor_5_face_landmarks.dat")))


def _upright(degrees: float) -> NDArray[np.float64]:
    """(2, 2): the turn that makes a face upright that is rolled by so much; none below `LEVEL`."""
    if abs(degrees) < LEVEL:
        return np.eye(2)
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def similarity(points: Points, padding: float = _PADDING) -> Matrix:
    """The turn, scale and shift that bring `points` nearest to dlib's mean face (Umeyama, 1991)."""
    target = (_MEAN_FACE + padding) / (1 + 2 * padding) * SIZE
    source = points.astype(np.float64)
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    z = (source - from_middle) @ (1, 1j)
    w = (target - to_middle) @ (1, 1j)
    turn = np.vdot(z, w) / max(np.vdot(z, z).real, 1e-9)
    rotation = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack((rotation, to_middle - rotation @ from_middle))


def crop(image: Image, matrix: Matrix) -> Image:
    """The view, (150, 150, 3), of `image` that `matrix` describes; black outside the picture."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:  # far more pixels than the view has: average them, or it flickers
        left, top, right, bottom = _needed(matrix, image)
        image = image[top:bottom, left:right]
        if not image.size:
            return np.zeros((SIZE, SIZE, 3), np.uint8)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shrunk = np.array((small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]))
        offset = matrix[:, 2] + matrix[:, :2] @ (left, top)
        matrix, image = np.column_stack((matrix[:, :2] / shrunk, offset)), np.asarray(small)
    view = cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    return np.asarray(view, np.uint8)


def _needed(matrix: Matrix, image: Image) -> tuple[int, int, int, int]:
    """The part of `image` that a view shows: left, top, right, bottom."""
    corners = np.array([(0, 0), (SIZE, 0), (0, SIZE), (SIZE, SIZE)], np.float64)
    places = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(places.min(axis=0)) - 4, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(places.max(axis=0)) + 4, 0, (width, height)).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _size(points: Points) -> float:
    """1 from 40 pixels between the eyes on, 0 at 8."""
    eyes = float(np.linalg.norm(points[:2].mean(axis=0) - points[2:4].mean(axis=0)))
    return float(np.clip((eyes - 8) / 32, 0, 1))


def _sharpness(view: Image) -> float:
    """1 for a crisp view, 0 for a smear: variance of the Laplacian over that of the picture."""
    inner = cv2.cvtColor(view[30:125, 25:125], cv2.COLOR_BGR2GRAY)
    spread = float(inner.var()) + 1.0
    edges = float(cv2.Laplacian(inner, cv2.CV_32F).var()) / spread
    return float(np.clip(edges / 0.03, 0.1, 1))


def _light(view: Image) -> float:
    """1 for a well-lit face; less for dark, burnt-out and flat ones."""
    inner = cv2.cvtColor(view[30:125, 25:125], cv2.COLOR_BGR2GRAY)
    low, middle, high = np.percentile(inner, (5, 50, 95))
    contrast = np.clip((high - low) / 60, 0.1, 1)
    bright = np.clip(middle / 50, 0.1, 1) * np.clip((255 - middle) / 40, 0.1, 1)
    return float(contrast * bright)


def _turn(keypoints: Points) -> float:
    """Where the tip of the nose is between the eyes, less the middle; in distances of the eyes."""
    left, right, nose = keypoints[0], keypoints[1], keypoints[2]
    across = right - left
    length = float(np.dot(across, across))
    if length < 1e-6:
        return 1.0
    return float(np.dot(nose - left, across)) / length - 0.5
