"""Segments in `livevision demo`: three strokes each tell brick, grass and gravel apart."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from livevision.demo import FPS, SIZE, Scene
from livevision.frame import Image
from livevision.recognizers.segments import Options
from livevision.recognizers.segments.evaluation import textures

SEED = 3
SECONDS = 3.0
_RIM = (SIZE[0] - textures.WIDTH) // 2
"""Pixels left and right of the textures, in which they are mirrored."""
_NOISE = 3.0
"""Of the camera, in grey levels."""


@cache
def _composed() -> textures.Scene:
    return textures.compose(SEED)


def prepare(folder: Path) -> Options:
    """The strokes of the first picture."""
    strokes = tuple(
        f"{each.x0 + _RIM:.0f} {each.y0:.0f} {each.x1 + _RIM:.0f} {each.y1:.0f} {each.name}"
        for each in _composed().strokes
    )
    return Options(method="strokes", stroke=strokes)


def scene() -> Scene:
    """The textures side by side, in changing light."""
    return Scene(_pictures)


def _pictures() -> Iterator[Image]:
    rng = np.random.default_rng(SEED)
    whole = cv2.copyMakeBorder(_composed().image, 0, 0, _RIM, _RIM, cv2.BORDER_REFLECT)
    for number in range(round(SECONDS * FPS)):
        light = 1 - 0.15 * abs(number / (SECONDS * FPS) - 0.5)
        noisy = whole * light + rng.normal(0, _NOISE, whole.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8)
