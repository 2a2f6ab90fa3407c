"""What a face looks like to the machine: 128 numbers from several views of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from livevision.frame import Image
from livevision.locators.faces import Face, FaceLocator
from livevision.recognizers.faces.alignment import Aligner, Matrix, Pose, crop, similarity
from livevision.recognizers.faces.gallery import Embedding
from livevision.recognizers.faces.network import SIZE, Embedder
from livevision.recognizers.faces.schema import CHIP_SIDE

View: TypeAlias = tuple[float, float, int, int]
"""How a view differs from dlib's: padding, turn in degrees, shift to the right and down, pixels."""

# The mean over slightly different views, each with its mirror image, is steadier than any of them
# (docs/faces.md has what each is worth).
QUICK: tuple[View, ...] = ((0.25, 0, 0, 0), (0.2, -6, 0, 0), (0.3, 6, 0, 0))
THOROUGH: tuple[View, ...] = (
    (0.25, 0, 0, 0),
    (0.2, 0, 0, 0),
    (0.3, 0, 0, 0),
    (0.25, -6, 0, 0),
    (0.25, 6, 0, 0),
    (0.25, 0, -5, 0),
    (0.25, 0, 5, 0),
    (0.25, 0, 0, -5),
    (0.25, 0, 0, 5),
)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A face with its embedding."""

    pose: Pose
    embedding: Embedding
    """(128,) float32, of unit length."""
    chip: Image
    """See `chip`."""


class FaceReader:
    """Finds faces, aligns them and embeds them.

    Any number of threads may use it at a time.
    """

    def __init__(self) -> None:
        self.locator = FaceLocator()
        self.aligner = Aligner()
        self._network = Embedder()

    def read(self, image: Image) -> list[Look]:
        """Every face in a still picture (BGR), the largest first, with the thorough embedding.

        The picture may lie on its side; the poses are then those in the picture made upright.
        """
        turned, faces, _ = self.locator.locate_upright(as_bgr(image))
        return [self.look(turned, face) for face in faces]

    def look(self, image: Image, face: Face) -> Look:
        """One face of a still picture (BGR) with the thorough embedding."""
        pose = self.aligner.pose(image, face)
        chips = views(image, pose, THOROUGH)
        return Look(pose, self.embed(chips), chip(chips[0]))

    def embed(self, chips: Sequence[Image]) -> Embedding:
        """The mean, of unit length, over `chips`, (150, 150, 3) RGB, and their mirror images."""
        total = np.zeros(128, np.float64)
        for chip in chips:
            for side in (chip, np.ascontiguousarray(chip[:, ::-1])):
                embedding = self._network.embed(side)
                total += embedding / np.linalg.norm(embedding)
        return (total / np.linalg.norm(total)).astype(np.float32)

    def embed_plain(self, chip: Image) -> Embedding:
        """dlib's embedding of one chip, as face_recognition gives it: not of unit length."""
        return self._network.embed(chip)


def views(image: Image, pose: Pose, which: Sequence[View] = QUICK) -> list[Image]:
    """The aligned views, (150, 150, 3) RGB, of a face in `image` (BGR)."""
    chips = []
    for padding, degrees, right, down in which:
        view = crop(image, _moved(similarity(pose.points, padding), degrees, right, down))
        chips.append(np.asarray(cv2.cvtColor(view, cv2.COLOR_BGR2RGB), np.uint8))
    return chips


def chip(view: Image) -> Image:
    """What the classic recognisers see of an aligned view, (150, 150, 3) RGB.

    Grey, (100, 100), its light evened out.
    """
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (CHIP_SIDE, CHIP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.equalizeHist(small), np.uint8)


def as_bgr(image: Image) -> Image:
    """A grey picture, (height, width), as BGR; others as they are."""
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return image


def _moved(matrix: Matrix, degrees: float, right: int, down: int) -> Matrix:
    turn = np.asarray(cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), degrees, 1.0), np.float64)
    shift = turn[:, 2] + (right, down)
    return np.column_stack((turn[:, :2] @ matrix[:, :2], turn[:, :2] @ matrix[:, 2] + shift))
