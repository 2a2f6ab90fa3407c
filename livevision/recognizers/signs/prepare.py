"""From the frame to the picture that the 28x28 network sees, in live use and in training.

crop -> denoise -> normalize -> grayscale -> downscale, as in the story that livevision grew from.
"""

from collections.abc import Mapping
from functools import partial

import cv2
import numpy as np

from livevision.frame import Box, Image
from livevision.stages import Stage, denoise, downscale, grayscale, normalize

MARGIN = 0.12
"""Space around the landmarks, in sides of their square box: the framing of Sign Language MNIST."""

LARGEST = 160
"""Pixels: a larger crop is shrunk to this side, so that near hands cost no more than far ones."""

WHITE = 50.0
"""Percentile of each channel that becomes white: the story's, the median. It is no good choice for
people never seen: trained and read without `normalize`, `cnn28` reads 41.7 instead of 28.4 % of
four sources' letters; the 75th, 90th and 99th percentile differ little from each other (see the
models' card). It must be what the model was trained with."""

STAGES: Mapping[str, Stage] = {
    "denoise": denoise,
    "normalize": partial(normalize, percentile=WHITE),
    "grayscale": grayscale,
    "downscale": downscale,
}
"""What happens to a crop, in this order."""


def crop(image: Image, box: Box, *, right: bool, margin: float = MARGIN) -> Image:
    """The square around a hand's `box`, a left hand mirrored, at most `LARGEST` pixels wide.

    Beyond the frame's edge its outermost pixels are repeated. `image` is BGR.
    """
    around = box.square(margin)
    side = min(around.width, LARGEST)
    inside = around.clip(image)
    piece = image[inside.top : inside.bottom, inside.left : inside.right]
    if inside != around:
        if piece.size == 0:
            return np.zeros((side, side, 3), np.uint8)
        bordered = cv2.copyMakeBorder(
            piece,
            inside.top - around.top,
            around.bottom - inside.bottom,
            inside.left - around.left,
            around.right - inside.right,
            cv2.BORDER_REPLICATE,
        )
        piece = np.asarray(bordered, np.uint8)
    if side < around.width:
        piece = downscale(piece, size=(side, side))
    return np.ascontiguousarray(piece if right else piece[:, ::-1], np.uint8)


def prepare(
    image: Image, box: Box, *, right: bool, stages: Mapping[str, Stage] = STAGES
) -> tuple[tuple[str, Image], ...]:
    """Names and pictures of all steps from the crop to the (28, 28) grey picture, in order."""
    picture = crop(image, box, right=right)
    steps = [("crop", picture)]
    for name, stage in stages.items():
        picture = stage(picture)
        steps.append((name, picture))
    return tuple(steps)
