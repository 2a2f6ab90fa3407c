"""Objects in `livevision demo`: three photographs that come with scikit-image."""

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livevision.demo import FPS, SIZE, Scene
from livevision.frame import Image
from livevision.recognizers.objects import Options, weights

PHOTOGRAPHS = ("coffee", "chelsea", "astronaut")
"""Of scikit-image: a cup on a table, a cat, a person. All are free (CC0, public domain)."""
SECONDS = 2.5
"""For which each is shown."""
_SWAY = 0.06
"""How far the camera moves to and fro, in widths of the picture."""


def prepare(folder: Path) -> Options:
    """As it is; ModelError without the weights."""
    weights.installed()
    return Options()


def scene() -> Scene:
    """The photographs, one after the other, by a camera that moves a little."""
    return Scene(_pictures)


def _pictures() -> Iterator[Image]:
    from skimage import data

    width, height = SIZE
    for name in PHOTOGRAPHS:
        photo = np.asarray(getattr(data, name)(), np.uint8)[..., ::-1]
        scale = max(width / photo.shape[1] * (1 + 2 * _SWAY), height / photo.shape[0])
        for number in range(round(SECONDS * FPS)):
            turn = number / FPS
            left = _SWAY * width * (1 + math.sin(1.5 * turn))
            top = (photo.shape[0] * scale - height) * 0.2
            place = np.array(((scale, 0, -left), (0, scale, -top)))
            yield np.asarray(cv2.warpAffine(photo, place, SIZE), np.uint8)
