"""Light in which hands are not seen, and what makes up for it.

The networks that find palms and landmarks know hands as cameras show them in good light: they miss
more of them in pictures that are dim, without colours, blue, or over-exposed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats, Image

STEP = 8
"""Pixels, in both directions, of which one is looked at to tell the light."""
DIM = 110.0
"""Grey level (0-255) below which nearly all of a dim picture lies, in its brightest channel."""
NEARLY = 98.0
"""How much of it that is, in percent."""
WHITE = 235.0
"""Where that level is brought to."""
MOST_GAIN = 6.0
"""How many times brighter a picture is made at most: in what is darker there is but noise."""
GREY = 0.06
"""Saturation (0-1) that nine tenths of a picture without colours lie below."""
SKIN = (0.72, 0.88, 1.12)
"""What the blue, green and red of a picture without colours are multiplied by: skin is reddish."""
CAST = 1.6
"""How many times as bright as the red the blue of a picture lit by a screen is, on the mean."""
BRIGHT = 190.0
"""Mean grey level above which a picture is over-exposed."""
GAMMA = 1.7
"""Exponent that darkens such a picture."""


def table(image: Image) -> NDArray[np.uint8] | None:
    """What each level of each channel of `image` (BGR) becomes in a better light, as (1, 256, 3).

    None if its light is good as it is. Apply it with `relit`.
    """
    sample = image[::STEP, ::STEP].reshape(-1, 3).astype(np.float32)
    most, means = sample.max(axis=1), sample.mean(axis=0)
    brightest = float(np.percentile(most, NEARLY))
    factors: Floats = np.ones(3, np.float32)
    exponent = 1.0
    if brightest < DIM:
        factors *= min(WHITE / max(brightest, 1.0), MOST_GAIN)
    saturation = (most - sample.min(axis=1)) / np.maximum(most, 1.0)
    if np.percentile(saturation, 90.0) < GREY:
        factors *= np.array(SKIN, np.float32)
    elif means[0] > CAST * means[2]:
        factors *= means.mean() / np.maximum(means, 1.0)
    elif means.mean() > BRIGHT:
        exponent = GAMMA
    if exponent == 1.0 and bool((factors == 1.0).all()):
        return None
    levels = 255.0 * (np.arange(256, dtype=np.float32)[:, None] / 255.0) ** exponent * factors
    return np.asarray(np.clip(levels, 0.0, 255.0), np.uint8)[None]


def relit(image: Image, levels: NDArray[np.uint8]) -> Image:
    """`image` in the light of a `table`."""
    return np.asarray(cv2.LUT(image, levels), np.uint8)
