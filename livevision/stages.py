"""Image in, image out: pure functions that know nothing of frames or models.

The chain of the story that livevision grew from: crop, denoise, normalize, grayscale, downscale.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from livevision.frame import Image

Stage: TypeAlias = Callable[[Image], Image]


def chain(*stages: Stage) -> Stage:
    """The stages one after another, as one stage."""

    def run(image: Image) -> Image:
        for stage in stages:
            image = stage(image)
        return image

    return run


def denoise(
    image: Image, *, diameter: int = 5, sigma_color: float = 40.0, sigma_space: float = 3.0
) -> Image:
    """Smooth noise, keep edges: bilateral filter (Tomasi and Manduchi, 1998).

    `sigma_color` is in grey levels (0-255), `diameter` and `sigma_space` in pixels.
    """
    return np.asarray(cv2.bilateralFilter(image, diameter, sigma_color, sigma_space), np.uint8)


def normalize(image: Image, *, percentile: float = 50.0) -> Image:
    """Divide each channel by its `percentile` (0-100) and clip to white.

    The percentile's value becomes 255, everything brighter is white: at 50, the story's value,
    half of the pixels are. A channel whose percentile is 0 is left as it is.
    """
    channels = image.reshape(-1, image.shape[2] if image.ndim == 3 else 1)
    # a histogram and a look-up table do in 0.1 ms what np.percentile and a division do in 1.2
    tables = np.empty((256, channels.shape[1]), np.uint8)
    levels = np.arange(256, dtype=np.float32)
    for index in range(channels.shape[1]):
        counts = np.bincount(channels[:, index], minlength=256)
        white = int(np.searchsorted(np.cumsum(counts), len(channels) * percentile / 100.0))
        tables[:, index] = np.minimum(levels * (255.0 / white), 255.0) if white else levels
    table = tables if channels.shape[1] == 1 else tables[:, None, :]
    return np.asarray(cv2.LUT(image, table), np.uint8)


def grayscale(image: Image) -> Image:
    """BGR to grey (ITU-R BT.601 weights)."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def downscale(image: Image, *, size: tuple[int, int] = (28, 28)) -> Image:
    """Shrink to (width, height) by averaging areas."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
