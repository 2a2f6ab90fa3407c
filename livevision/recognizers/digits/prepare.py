"""From a digit's ink to what the classifiers compare: one chain, live as in training.

Deskew, scale, put the centre of mass in the middle (LeCun et al., 1998), then how much stroke runs
in which of eight directions where (Liu et al., 2003, "Handwritten digit recognition:
benchmarking of state-of-the-art techniques").
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.float32]
"""(height, width): how much ink there is, 0 (paper) to 1 (the pen's darkest)."""
Features = NDArray[np.float32]

SIDE = 32
"""Pixels of the normalised picture's side."""
LONG = 24.0
"""Pixels of the digit's longer side in it."""
INKED = 0.3
"""Ink from which on a pixel belongs to the digit."""
STEEPEST = 0.6
"""Shear that deskewing takes back at most, in widths a height: more is no slant but the shape."""
DIRECTIONS = 8
CELLS = 6
"""Places across and down at which the strokes' directions are looked at."""
LENGTH = DIRECTIONS * CELLS * CELLS
"""Numbers that describe a digit."""
_SPREAD = 2.6
"""Standard deviation of a place's reach, in pixels of the normalised picture."""
_ENLARGED = 2
"""The picture is shrunk by averaging to this many times `SIDE` before it is warped, so that a
stroke two pixels wide does not fall between the samples."""


def normalized(ink: Ink) -> Ink:
    """The digit upright, of one size, its centre of mass in the middle: (SIDE, SIDE), 0 to 1."""
    longest = max(ink.shape)
    if longest > _ENLARGED * SIDE:
        ratio = _ENLARGED * SIDE / longest
        size = (max(1, round(ink.shape[1] * ratio)), max(1, round(ink.shape[0] * ratio)))
        ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
    peak = float(ink.max()) if ink.size else 0.0
    if peak <= 0.0:
        return np.zeros((SIDE, SIDE), np.float32)
    # without a rim, what touches the edge of the crop (a thin "1" is nothing else) would vanish
    ink = np.pad(ink / np.float32(peak), 2)
    rows, columns = np.nonzero(ink > INKED)
    weights = ink[rows, columns]
    total = float(weights.sum())
    x, y = float((columns * weights).sum()) / total, float((rows * weights).sum()) / total
    down, across = rows - y, columns - x
    tall = float((down * down * weights).sum())
    skew = float((down * across * weights).sum()) / tall if tall > total else 0.0
    skew = min(max(skew, -STEEPEST), STEEPEST)
    sheared = across - skew * down
    width = float(sheared.max() - sheared.min()) + 1.0
    height = float(down.max() - down.min()) + 1.0
    scale = LONG / max(width, height)
    middle = (SIDE - 1) / 2
    matrix = np.array(
        [
            [scale, -scale * skew, middle - scale * (x - skew * y)],
            [0.0, scale, middle - scale * y],
        ]
    )
    return np.asarray(cv2.warpAffine(ink, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.float32)


def features(picture: Ink) -> Features:
    """Strokes by direction and place of a `normalized` picture, (LENGTH,), of unit length."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.8)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(right, down)
    step = angle * (DIRECTIONS / (2 * math.pi))
    lower = np.floor(step).astype(np.int32)
    part = (step - lower).astype(np.float32)
    lower %= DIRECTIONS
    planes = np.zeros((DIRECTIONS, SIDE * SIDE), np.float32)
    places = np.arange(SIDE * SIDE)
    planes[lower.ravel(), places] = (strength * (1.0 - part)).ravel()
    planes[(lower.ravel() + 1) % DIRECTIONS, places] += (strength * part).ravel()
    # a sum over rows, then one over columns: both at once take thirty times as long
    cells = _REACH @ planes.reshape(-1, SIDE, SIDE) @ _REACH.T
    # the square root makes the values' distribution less skewed, so that no cell dominates
    values = np.sqrt(np.maximum(cells, 0.0)).ravel()
    norm = float(np.linalg.norm(values))
    return np.asarray(values / norm if norm > 0 else values, np.float32)


def _reach() -> NDArray[np.float32]:
    """(CELLS, SIDE): how much each row (or column) of pixels counts for each place."""
    centers = (np.arange(CELLS) + 0.5) * SIDE / CELLS
    away = np.arange(SIDE) + 0.5 - centers[:, None]
    return np.asarray(np.exp(-0.5 * (away / _SPREAD) ** 2), np.float32)


_REACH = _reach()
