"""Views of one picture as a turning camera would have them, each by a known homography."""

from dataclasses import dataclass

import cv2
import numpy as np

from livevision.frame import Image
from livevision.recognizers.panorama.matching import Homography

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "brick", "gravel")
"""Pictures of scikit-image's."""
SIZE = (480, 360)
"""Of a view, in pixels."""
SCENE = 1200
"""Width of the picture that views are cut of, in pixels: it is enlarged to that."""
TURN = (0.15, 0.4)
"""How far the camera turns between two views, in widths of a view."""
ROLL = 4.0
TILT = 3.0
"""Degrees by which it rolls and tilts meanwhile, at the most."""
FOCAL = 1.1
"""Of the camera, in widths of a view: 49 degrees across."""
NOISE = 3.0
"""Deviation, in grey levels."""
GAIN = 0.12
"""By how much its exposure changes, at the most."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    one: Image
    other: Image
    truth: Homography
    """Takes points of `other` to `one`."""


def scene(name: str) -> Image:
    """A photograph of scikit-image's as BGR, `SCENE` pixels wide."""
    from skimage import data

    picture = np.asarray(getattr(data, name)(), np.uint8)
    if picture.ndim == 2:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    height = round(SCENE * picture.shape[0] / picture.shape[1])
    way = cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture[..., ::-1], (SCENE, height), interpolation=way), np.uint8)


def turned(pan: float, tilt: float, roll: float, *, size: tuple[int, int] = SIZE) -> Homography:
    """What a camera that turned by these angles (degrees) does to the picture before.

    `size` is the view's (width, height) in pixels.
    """
    width, height = size
    camera = np.array(((FOCAL * width, 0, width / 2), (0, FOCAL * width, height / 2), (0, 0, 1)))
    rotations = [
        cv2.Rodrigues(np.radians(angle) * np.eye(3)[axis])[0]
        for axis, angle in ((1, pan), (0, tilt), (2, roll))
    ]
    turn = rotations[2] @ rotations[1] @ rotations[0]
    found = camera @ turn @ np.linalg.inv(camera)
    return np.asarray(found / found[2, 2], np.float64)


def pair(name: str, seed: int) -> Pair:
    """Two views of a photograph."""
    rng = np.random.default_rng(seed)
    picture = scene(name)
    width, height = SIZE
    turn = np.degrees(np.arctan(rng.uniform(*TURN) / FOCAL)) * rng.choice((-1, 1))
    other = turned(turn, rng.uniform(-TILT, TILT), rng.uniform(-ROLL, ROLL))
    # the first view lies so that the second one, to its left or right, is in the picture as well
    room = picture.shape[1] - 2 * width
    left = rng.uniform(0, room) + (width if turn < 0 else 0)
    top = rng.uniform(0, max(picture.shape[0] - height, 0))
    place = np.array(((1, 0, -left), (0, 1, -top), (0, 0, 1.0)))
    views = []
    for homography in (place, other @ place):
        cut = cv2.warpPerspective(
            picture, homography, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        noisy = cut * rng.uniform(1 - GAIN, 1 + GAIN) + rng.normal(0, NOISE, cut.shape)
        views.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return Pair(views[0], views[1], np.linalg.inv(other))


def error(found: Homography, pair: Pair) -> float:
    """Mean distance of the second view's corners from where they should be, in pixels."""
    from livevision.recognizers.panorama.matching import corners, moved

    square = corners(SIZE)
    gaps = np.linalg.norm(moved(square, found) - moved(square, pair.truth), axis=1)
    return float(gaps.mean())
