"""Notes in `livevision demo`: a sheet that we engraved is held up."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livevision import assets
from livevision.demo import FPS, SIZE, Scene
from livevision.frame import Image
from livevision.recognizers.notes import Options
from livevision.recognizers.notes.training import clip

SECONDS = 5.0


def prepare(folder: Path) -> Options:
    """As it is."""
    return Options()


def scene() -> Scene:
    """The bundled sheet before a room."""
    return Scene(_pictures)


def _pictures() -> Iterator[Image]:
    file = assets.folder("recordings") / "notes.png"
    sheet = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
    return clip.frames(sheet, round(SECONDS * FPS), size=SIZE)
