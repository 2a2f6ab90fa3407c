"""Panorama in `livevision demo`: a camera turns before a photograph, and what it saw is joined."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livevision.demo import FPS, SIZE, Scene
from livevision.frame import Image
from livevision.recognizers.panorama import Options
from livevision.recognizers.panorama.evaluation import views
from livevision.recognizers.panorama.recognizer import COMMAND

PHOTOGRAPH = "rocket"
"""Of scikit-image, by NASA."""
REACH = 21.0
"""Degrees by which the camera turns to either side."""
SWEEP, REST = 4.0, 3.0
"""Seconds in which it turns, and for which the joined picture is looked at."""
_NOISE = 2.0
"""Of the camera, in grey levels."""


def prepare(folder: Path) -> Options:
    """The sweep begins with the first picture."""
    return Options(start=True)


def scene() -> Scene:
    """A sweep from left to right; then the command that makes the picture."""
    return Scene(_pictures, commands=((SWEEP, COMMAND),))


def _pictures() -> Iterator[Image]:
    rng = np.random.default_rng(0)
    photo = views.scene(PHOTOGRAPH)
    width, height = SIZE
    focal = views.FOCAL * width  # and the photograph is as wide as what the whole sweep sees
    half = np.arctan(width / 2 / focal) + np.radians(REACH)
    scale = 2 * focal * np.tan(half) / photo.shape[1]
    place = np.array(
        (
            (scale, 0, width / 2 - scale * photo.shape[1] / 2),
            (0, scale, height / 2 - scale * photo.shape[0] / 2),
            (0, 0, 1),
        )
    )
    for number in range(round((SWEEP + REST) * FPS)):
        share = min(number / (SWEEP * FPS), 1.0)
        pan = REACH * (1 - 2 * share)
        turn = views.turned(pan, 1.5 * np.sin(5 * share), 1.0 * np.sin(4 * share), size=SIZE)
        seen = cv2.warpPerspective(
            photo, turn @ place, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        yield np.clip(seen + rng.normal(0, _NOISE, seen.shape), 0, 255).astype(np.uint8)
