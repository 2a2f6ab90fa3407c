"""Soft darkness: how much ink lies on each pixel, whatever the light. No threshold is taken."""

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image

Darkness = NDArray[np.float32]
"""(height, width), 0 (paper) to about 1 (ink)."""

_PAPER = 3
"""The paper's light is a smooth thing: it is looked for on a picture this many times smaller."""
_FAINTEST = 0.12
"""Less contrast than this between ink and paper is taken for none (share of the paper's light)."""
_INK = 90
"""Percentile of the inked pixels that counts as full ink: the middle of heads and beams."""
_GREY_LEVELS = 255


def paper(grey: Image, reach: float) -> NDArray[np.float32]:
    """The paper's light under each pixel of `grey` (uint8): the brightest in `reach` pixels.

    A grey-level dilation, then smoothed; marks wider than `reach` are taken for darker paper.
    """
    height, width = grey.shape
    small = cv2.resize(
        grey, (max(1, width // _PAPER), max(1, height // _PAPER)), interpolation=cv2.INTER_AREA
    )
    side = max(3, int(reach / _PAPER) | 1)
    brightest = cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_RECT, (side, side)))
    smooth = cv2.blur(brightest.astype(np.float32), (side, side))
    return np.asarray(
        cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def darkness(grey: Image, reach: float) -> Darkness:
    """1 - light / paper's light, at least 0."""
    light = paper(grey, reach)
    result: Darkness = np.maximum(1 - grey.astype(np.float32) / np.maximum(light, 1), 0)
    return result


def inked(dark: Darkness) -> Image:
    """`dark` scaled so that full ink is 255 (uint8); what is hardly darker than paper stays so."""
    marks = dark[dark > _FAINTEST]
    full = float(np.percentile(marks, _INK)) if marks.size else 1.0
    scaled = dark * (_GREY_LEVELS / max(full, _FAINTEST))
    return np.clip(scaled, 0, _GREY_LEVELS).astype(np.uint8)
