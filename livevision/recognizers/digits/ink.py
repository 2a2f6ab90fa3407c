"""Where a pen or a piece of chalk has been: paper is what is left without thin strokes."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.digits.prepare import Ink

Mask = NDArray[np.bool_]

GRID = 96
"""Cells of the ground's picture along the longer side: strokes are narrower than `CLOSED` cells."""
CLOSED = 5
FAINT = 0.13
"""Least contrast to the paper, as a share of the paper's brightness, that may be ink."""
NOISY = 5.0
"""Times the picture's noise that ink must stand out."""
RELATIVE = 0.42
"""Share of the darkest ink near by that ink must reach: printed lines are fainter than a pen."""
NEAR = 7
"""Cells of the grid across which the darkest ink is looked for."""
SURROUNDINGS = 15
"""Cells of the grid across of which most are ground, however densely they are written on."""
BOARD = 110.0
"""Grey level of a ground below which strokes may be lighter than it."""


def strokes(image: Image) -> Ink:
    """How far each pixel of `image` (BGR or grey) stands out as a stroke from its ground, 0 to 1.

    Dark strokes on a light ground, light ones on a dark ground; (height, width).
    """
    channels = image if image.ndim == 3 else image[..., None]
    height, width = channels.shape[:2]
    step = max(1.0, max(height, width) / GRID)
    cells = (max(3, round(width / step)), max(3, round(height / step)))
    small = cv2.resize(channels, cells, interpolation=cv2.INTER_AREA)
    small = small if small.ndim == 3 else small[..., None]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSED, CLOSED))
    best = np.zeros((height, width), np.float32)
    for number in range(channels.shape[2]):
        plane = np.ascontiguousarray(channels[..., number])
        light = cv2.medianBlur(cv2.morphologyEx(small[..., number], cv2.MORPH_CLOSE, kernel), 5)
        paper = _enlarged(light, width, height)
        # where it is black, nothing is darker than the ground
        dark_ink = (paper - plane.astype(np.float32)) / np.maximum(paper, 30.0)
        np.maximum(best, dark_ink, out=best)
    board = _board(small.mean(axis=2).astype(np.uint8), kernel)
    if board is not None:
        where, deep = board
        ground = _enlarged(deep, width, height)
        plane = channels.max(axis=2).astype(np.float32)
        chalk = (plane - ground) / np.maximum(255.0 - ground, 60.0)
        dark = _enlarged(where.astype(np.float32), width, height) > 0.5
        np.copyto(best, chalk, where=dark)
    return np.clip(best, 0.0, 1.0)


def _board(grey: NDArray[np.uint8], kernel: NDArray[Any]) -> tuple[Mask, NDArray[Any]] | None:
    """Cells where strokes are lighter than a dark ground, and that ground; None if nowhere."""
    middle = cv2.medianBlur(grey, SURROUNDINGS)
    if not (middle < BOARD).any():
        return None
    closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel)
    opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel)
    reach = (2 * SURROUNDINGS, 2 * SURROUNDINGS)
    # strokes are thin: the median is the ground, and what departs from it are the strokes
    lighter = cv2.blur(closed.astype(np.float32) - np.minimum(middle, closed), reach)
    darker = cv2.blur(np.maximum(middle, opened).astype(np.float32) - opened, reach)
    where = (middle < BOARD) & (lighter > 1.5 * darker + 3.0)
    if where.mean() < 0.1:
        return None
    return where, cv2.medianBlur(opened, 5)


def mask(ink: Ink) -> Mask:
    """The pixels that are ink: darker than noise, and not much fainter than the ink near by."""
    height, width = ink.shape
    sample = ink[::3, ::3]
    noise = 1.4826 * float(np.median(np.abs(sample - np.median(sample))))
    least = max(FAINT, float(np.median(sample)) + NOISY * noise)
    step = max(1.0, max(height, width) / GRID)
    cells = (max(3, round(width / step)), max(3, round(height / step)))
    # the darkest ink of a cell, a little smoothed so that no single pixel sets it
    smooth = cv2.GaussianBlur(ink, (3, 3), 0)
    across, down = -(-width // cells[0]), -(-height // cells[1])
    padded = np.pad(smooth, ((0, -height % down), (0, -width % across)))
    peaks = padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across)
    darkest = np.ascontiguousarray(peaks.max(axis=(1, 3)))
    darkest = cv2.dilate(darkest, np.ones((NEAR, NEAR), np.uint8))
    darkest = cv2.blur(darkest, (NEAR, NEAR))
    near = _enlarged(darkest, padded.shape[1], padded.shape[0])[:height, :width]
    return smooth > np.maximum(least, RELATIVE * near)


def _enlarged(cells: NDArray[np.generic], width: int, height: int) -> NDArray[np.float32]:
    """A grid's values for every pixel."""
    return np.asarray(
        cv2.resize(cells.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR),
        np.float32,
    )
