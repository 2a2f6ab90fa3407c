"""Faces: where they are in a picture, with MediaPipe's networks run directly on LiteRT.

The models are those of MediaPipe 0.10 (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face
Detection on Mobile GPUs", 2019): one for faces near the camera, one for those across the room.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from livevision.frame import Box, Image, Points
from livevision.locators import ssd
from livevision.locators.ssd import SAME, anchors, blend

SHORT_RANGE = "face_detection_short_range.tflite"
FULL_RANGE = "face_detection_full_range_sparse.tflite"
SCORE = {SHORT_RANGE: 0.5, FULL_RANGE: 0.6}
"""Least score of a face, as MediaPipe has it."""
SMALL = 0.15
"""Side of a face, in longer sides of the picture, from which on the short range is enough."""
PARTS = {2: 480, 4: 1600}
"""Into how many parts a side a still picture is cut that is to be searched for small faces, and its
longer side, in pixels, from which on: in less, what they could show is too small to be of use."""
DOUBTFUL = 0.75
"""Score below which a face is looked at again, closely."""
INSIDE = 0.6
"""Share of the smaller of two boxes that the other covers, from which on both show one face."""
CONFIRMED = 0.7
"""Score that it must have there."""

ON_ITS_SIDE = 0.2
"""What a face's score loses, as one that is upright, if its eyes lie one above the other. Of 192
upright photos of Labeled Faces in the Wild none is turned with it, three without."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a picture."""

    box: Box
    """From brows to chin and from cheek to cheek, about."""
    keypoints: Points
    """(6, 2), pixels: the eye on the left of the picture, that on the right, tip of the nose,
    middle of the mouth, the ear on the left, that on the right."""
    score: float
    """Probability that it is a face, 0 to 1."""


class FaceLocator:
    """Finds the faces in a picture; each picture by itself, nothing is remembered.

    Raises ModelError if MediaPipe's models are not there.
    """

    def __init__(self) -> None:
        self._near = _Network(SHORT_RANGE, cells=((16, 2), (8, 6)))
        self._far = _Network(FULL_RANGE, cells=((48, 1),))

    def locate(self, image: Image, *, thorough: bool = False, expected: int = 1) -> list[Face]:
        """The faces in `image` (BGR), the largest first.

        The network for far faces is asked where the other finds fewer than `expected`, or small
        ones. With `thorough`, for a still picture that is there to show faces, both are asked, a
        large picture, or one in which neither finds any, is searched again in parts, for faces down
        to a thirtieth of its longer side, and doubtful ones are better than none.
        """
        height, width = image.shape[:2]
        whole = Box(0, 0, width, height)
        small = SMALL * max(height, width)
        faces = self._near(image, whole)
        if len(faces) < expected or any(face.box.width < small for face in faces):
            faces = _merge(faces + self._far(image, whole))
        if thorough:
            more = self._far(image, whole)
            for count, least in PARTS.items():
                if max(height, width) >= least or (count == 2 and not faces):
                    parts = overlapping(image, count)
                    more += [face for part in parts for face in self._far(image, part)]
            # what was found in the whole stays as it is: its eyes and mouth are the better ones
            faces = faces + [face for face in _merge(more) if is_new(face, faces)]
        sure = [face for face in faces if self.is_sure(image, face)]
        if thorough and not sure:
            sure = faces
        return sorted(sure, key=lambda face: -face.box.width)

    def locate_in(self, image: Image, part: Box) -> list[Face]:
        """The faces in a part of a picture, for those too small to be found in the whole."""
        found = _merge(self._far(image, part))
        return [face for face in found if self._confirms(image, face)]

    def follow(self, image: Image, face: Face) -> Face | None:
        """The same face, a moment later, found where it was; None if it is not there."""
        close = face.box.square(0.75).clip(image)
        near = [each for each in self._near(image, close) if each.box.overlap(face.box) > SAME]
        return max(near, key=lambda each: each.score, default=None)

    def locate_upright(self, image: Image) -> tuple[Image, list[Face], int]:
        """A still picture (BGR) turned until its surest face is upright, and all faces in it.

        And how many quarter turns anticlockwise that took, see `turned_back`. A network that knows
        upright faces finds those on their side as well, but not their eyes and mouth.
        """
        four = [np.ascontiguousarray(np.rot90(image, turns)) for turns in range(4)]
        found = [self.locate(turned, expected=sys.maxsize) for turned in four]
        if any(found):
            turns = _surest(found)
            return four[turns], self.locate(four[turns], thorough=True), turns
        found = [self.locate(turned, thorough=True) for turned in four]
        turns = _surest(found)
        return four[turns], found[turns], turns

    def is_sure(self, image: Image, face: Face) -> bool:
        """Whether a face that was found in `image` is one beyond doubt: 1,959 of 1,960 portraits'
        are, and 10 of 148 that were found in 300 pictures of hands alone (docs/faces.md)."""
        return face.score >= DOUBTFUL or self._confirms(image, face)

    def _confirms(self, image: Image, face: Face) -> bool:
        """Whether a face is also found when only its surroundings are looked at."""
        close = self._near(image, face.box.square(0.5).clip(image))
        return any(
            other.score >= CONFIRMED and face.box.overlap(other.box) > SAME for other in close
        )


def roll(face: Face) -> float:
    """How far a face is turned in the picture's plane, in degrees: 0 upright, 90 on its left side.

    Up to about 75 either way; beyond, the networks' eyes are guesses.
    """
    across = face.keypoints[1] - face.keypoints[0]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def _surest(turned: Sequence[Sequence[Face]]) -> int:
    """Which of the turns of a picture shows the face that is most surely an upright one."""
    best = [max((_upright_score(face) for face in faces), default=0.0) for faces in turned]
    return best.index(max(best))


def _upright_score(face: Face) -> float:
    return face.score - ON_ITS_SIDE * min(abs(roll(face)), 90.0) / 90.0


def turned_back(box: Box, turned: Image, turns: int) -> Box:
    """Where a box of a picture that was turned `turns` times lies in the picture as it was."""
    height, width = turned.shape[:2]
    for _ in range(turns % 4):  # a quarter clockwise each
        box = Box(height - box.bottom, box.left, height - box.top, box.right)
        height, width = width, height
    return box


def overlapping(image: Image, count: int) -> list[Box]:
    """Parts of a `count`-th of the longer side that cover a picture and overlap by a half."""
    height, width = image.shape[:2]
    side = int(np.ceil(max(height, width) / count))
    return [
        Box(left, top, min(left + side, width), min(top + side, height))
        for left in _steps(width, side)
        for top in _steps(height, side)
    ]


def _steps(length: int, side: int) -> list[int]:
    """Where parts of `side` pixels begin that cover `length` pixels and overlap by a half."""
    count = max(1, int(np.ceil((length - side) / (side / 2))) + 1)
    return sorted({round(step) for step in np.linspace(0, max(0, length - side), count)})


class _Network:
    """One of the two: a picture in, faces out."""

    def __init__(self, name: str, *, cells: tuple[tuple[int, int], ...]) -> None:
        self._network = ssd.network(f"face_detection/{name}")
        self._side = self._network.shape[1]
        self._anchors = anchors(cells)
        self._least = SCORE[name]

    def __call__(self, image: Image, part: Box) -> list[Face]:
        """The faces in `part` of `image`, in pixels of the whole."""
        view = part.crop(image)
        if min(view.shape[:2]) < 2:
            return []
        height, width = view.shape[:2]
        scale = self._side / max(height, width)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (self._side - inner[0]) // 2, (self._side - inner[1]) // 2
        square = np.zeros((self._side, self._side, 3), np.uint8)
        # areas are averaged, or far faces would alias away in large pictures
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(view, inner, interpolation=way)
        square[top : top + inner[1], left : left + inner[0]] = small[:, :, ::-1]
        raw, logits = self._network(square[None] * np.float32(2 / 255) - 1)
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -80.0, 80.0)))
        kept = np.flatnonzero(scores >= self._least)
        # (n, 8, 2): middle, size and the six points, in pixels of the network's input
        values = raw.reshape(-1, 8, 2)[kept]
        values[:, [0, 2, 3, 4, 5, 6, 7]] += self._anchors[kept, None] * self._side
        found = []
        for score, (middle, size, *points) in blend(values, scores[kept]):
            shift = np.array((part.left - left / scale, part.top - top / scale), np.float32)
            keypoints = np.array(points, np.float32) / np.float32(scale) + shift
            low = (middle - size / 2) / scale + shift
            high = (middle + size / 2) / scale + shift
            box = Box(*(round(float(each)) for each in (*low, *high)))
            found.append(Face(box, keypoints, score))
        return found


def is_new(face: Face, known: list[Face]) -> bool:
    """Whether it is another face than those; one that lies in another's box is the same."""
    return all(
        face.box.overlap(other.box) < SAME and face.box.inside(other.box) <= INSIDE
        for other in known
    )


def _merge(faces: list[Face]) -> list[Face]:
    """Of faces that overlap, the surest."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda each: -each.score):
        if is_new(face, kept):
            kept.append(face)
    return kept
