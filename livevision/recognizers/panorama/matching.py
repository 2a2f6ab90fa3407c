"""How one picture lies to another: ORB keypoints, MAGSAC, then a finer look at the overlap.

ORB (Rublee et al., 2011) finds the same points in both, MAGSAC++ (Barath et al., 2020) the
homography that most of them agree in: to some pixels, as keypoints know their place to a pixel or
so. Then the homography is turned until the grey levels of the overlap correlate best (ECC,
Evangelidis and Psarakis, 2008), which is exact to a fraction of a pixel, and slow.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.stages import grayscale

Homography: TypeAlias = NDArray[np.float64]
"""(3, 3): takes x, y of one picture to those of another."""

POINTS = 1200
"""ORB keypoints of a picture at the most."""
_FAINT = 8
"""Grey levels by which a keypoint must differ from its surroundings (FAST's threshold)."""
_PATCH = 31
"""Side of what ORB describes a keypoint by, in pixels: in less, OpenCV fails."""
LEAST_POINTS = 40
"""Keypoints without which a picture has too little texture."""
_CLEARER = 0.8
"""How much nearer than the second best a match must be (Lowe, 2004)."""
LEAST_MATCHES = 18
"""Matches that must agree in one homography: chance makes 8 or so of 1200 agree."""
LEAST_SHARE = 0.2
"""The same as a share of all matches."""
_TOLERANCE = 3.0
"""Pixels by which a match may miss, for MAGSAC."""
_STILL = 0.2
"""Pixels that half of the points have moved by at the most, if the camera stands still."""
_TRIES = 2000
_SURE = 0.999
_SHRUNK = (4, 1)
"""Sizes at which the finer look is taken, as parts of the picture's: a small one is quick, and
forgives the first estimate more."""
_ROUNDS = 30
"""Steps at each size at the most; they end when one gains less than `_GAIN` of correlation."""
_GAIN = 1e-5
_BLUR = 5
"""Side of the blur before, in pixels: it lets a step of a few pixels find its way."""
LEAST_ALIKE = 0.7
"""Correlation of the grey levels in the overlap without which two pictures are not joined: the
points may agree where the pictures do not."""
_LARGEST = 2.5
"""How much larger or smaller a picture may become: more is no sweep but an error."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture made ready to be matched."""

    grey: Image
    points: NDArray[np.float32]
    """(n, 2): x and y of its keypoints."""
    descriptors: NDArray[np.uint8]
    """(n, 32)."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.grey.shape[1], self.grey.shape[0]

    @property
    def textured(self) -> bool:
        return len(self.points) >= LEAST_POINTS


def view(image: Image) -> View:
    """Of a BGR picture."""
    grey = grayscale(image)
    if min(grey.shape) < _PATCH:
        return View(grey, np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8))
    finder = cv2.ORB.create(POINTS, fastThreshold=_FAINT)
    keypoints, found = finder.detectAndCompute(grey, None)  # type: ignore[call-overload]
    points = np.array([each.pt for each in keypoints], np.float32).reshape(-1, 2)
    descriptors = np.empty((0, 32), np.uint8) if found is None else np.asarray(found, np.uint8)
    return View(grey, points, descriptors)


def register(one: View, other: View, *, fine: bool = True) -> Homography | None:
    """What takes points of `other` to `one`; None if they do not overlap enough to tell.

    `fine` is exact to a fraction of a pixel and takes ten times as long.
    """
    if not (one.textured and other.textured):
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(other.descriptors, one.descriptors, 2)
    clear = [
        pair[0]
        for pair in pairs
        if len(pair) == 2 and pair[0].distance < _CLEARER * pair[1].distance
    ]
    if len(clear) < LEAST_MATCHES:
        return None
    source = other.points[[each.queryIdx for each in clear]]
    target = one.points[[each.trainIdx for each in clear]]
    if np.median(np.abs(target - source)) < _STILL:
        return np.eye(3)  # of pictures that are one and the same, MAGSAC makes anything
    found, agree = _fitted(source, target)
    enough = max(LEAST_MATCHES, LEAST_SHARE * len(clear))
    if found is None or agree < enough or not is_sound(found, other.size):
        return None
    if not fine:
        return found
    better, alike = _refined(one, other, found)
    return better if alike > LEAST_ALIKE and is_sound(better, other.size) else None


def corners(size: tuple[int, int]) -> NDArray[np.float64]:
    """(4, 2): the corners of a picture of (width, height), clockwise from the top left."""
    width, height = size
    return np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float64)


def moved(points: NDArray[np.float64], by: Homography) -> NDArray[np.float64]:
    """(n, 2) points where a homography takes them."""
    return np.asarray(cv2.perspectiveTransform(points[None], by)[0], np.float64)


def is_sound(found: Homography, size: tuple[int, int]) -> bool:
    """Whether a picture stays a picture: not turned inside out, not much larger or smaller."""
    square = corners(size)
    if not np.isfinite(found).all() or (square @ found[2, :2] + found[2, 2] <= 0).any():
        return False
    there = moved(square, found).astype(np.float32)
    area = float(cv2.contourArea(there, oriented=True))
    share = area / (size[0] * size[1])
    return bool(cv2.isContourConvex(there)) and 1 / _LARGEST**2 < share < _LARGEST**2


def overlap(found: Homography, one: tuple[int, int], other: tuple[int, int]) -> float:
    """Share of the second picture that lies on the first, 0 to 1."""
    there = moved(corners(other), found).astype(np.float32)
    area, _ = cv2.intersectConvexConvex(there, corners(one).astype(np.float32))
    return float(area / max(abs(cv2.contourArea(there)), 1.0))


def _fitted(
    source: NDArray[np.float32], target: NDArray[np.float32]
) -> tuple[Homography | None, int]:
    """The homography that most points agree in, and how many do."""
    cv2.setRNGSeed(0)  # the same pictures, the same answer
    found, inside = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, _TOLERANCE, maxIters=_TRIES, confidence=_SURE
    )
    if found is None:
        return None, 0
    return np.asarray(found, np.float64), int(inside.sum())


def _refined(one: View, other: View, found: Homography) -> tuple[Homography, float]:
    """A better homography by the grey levels of the overlap, and their correlation, -1 to 1."""
    there = np.asarray(np.linalg.inv(found), np.float64)
    alike = -1.0
    for part in _SHRUNK:
        # pixels' centres are at whole numbers: the middle of the first four is at 1.5
        shift = (part - 1) / 2
        grow = np.array(((part, 0, shift), (0, part, shift), (0, 0, 1.0)))
        first, second = (_part(each.grey, part) for each in (one, other))
        begin = np.linalg.inv(grow) @ there @ grow
        size = second.shape[1], second.shape[0]
        covered = cv2.warpPerspective(np.full_like(first, 255), begin, size)
        covered = cv2.erode(covered, np.ones((_BLUR, _BLUR), np.uint8))
        ends = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ROUNDS, _GAIN)
        try:
            alike, turned = cv2.findTransformECC(
                first, second, np.asarray(begin / begin[2, 2], np.float32), cv2.MOTION_HOMOGRAPHY,
                ends, covered, _BLUR,
            )  # fmt: skip
        except cv2.error:  # it does not converge
            continue
        there = np.asarray(grow @ turned @ np.linalg.inv(grow), np.float64)
    try:
        return np.asarray(np.linalg.inv(there), np.float64), float(alike)
    except np.linalg.LinAlgError:
        return found, -1.0


def _part(grey: Image, part: int) -> Image:
    size = max(grey.shape[1] // part, 1), max(grey.shape[0] // part, 1)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
