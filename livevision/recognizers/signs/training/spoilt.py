"""Pictures of hands as they come from people's cameras: cut through the hand, moved, dark, small.

What is made of a picture is looked for anew by the live locator, which then frames the hand as it
would there; a look at the same place in a changed picture does not show that.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats, Image
from livevision.locators.joints import KNUCKLES, WRIST

_CUT, _MOVED = 0.55, 0.85
"""Up to the first only cut, from there on moved, beyond the second both."""
_LEAST = 24
"""Pixels that both sides of what is left have to have."""
_SMALL, _LARGEST = 60.0, 640
"""Pixels: a hand is made no smaller, and no picture left larger."""
GREY = np.array([[0.114], [0.587], [0.299]], np.float32)
"""Shares of blue, green and red in a grey level (ITU-R BT.601)."""


def spoilt(
    image: Image, landmarks: Floats, generator: np.random.Generator
) -> tuple[Image, Floats] | None:
    """`image` (BGR), cut, moved or both, and where the (21, 3) `landmarks` are in it, in pixels.

    None if too little would be left of it.
    """
    kind = generator.random()
    size = float(np.ptp(landmarks[:, :2], axis=0).max())
    if kind < _CUT or kind > _MOVED:
        left, top, right, bottom = _window(landmarks, image.shape, generator)
        if min(right - left, bottom - top) < _LEAST:
            return None
        image = image[top:bottom, left:right]
        landmarks = landmarks - np.array([left, top, 0], np.float32)
    if kind >= _CUT:
        way = size * generator.uniform(0.03, 0.2)
        image = _moved(image, way, generator.uniform(0.0, np.pi))
    scale = 1.0
    if generator.random() < 0.4 and size > 70:
        scale = max(_SMALL / size, float(np.exp(generator.uniform(-1.4, 0.0))))
    scale = min(scale, _LARGEST / max(image.shape[:2]))
    if scale != 1.0:
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image, landmarks = np.asarray(small, np.uint8), np.asarray(landmarks * scale, np.float32)
    if generator.random() < 0.4:
        image = _lit(image, generator)
    return np.ascontiguousarray(image), landmarks


def _window(
    landmarks: Floats, shape: tuple[int, ...], generator: np.random.Generator
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a part of the picture whose edge goes through the hand.

    Mostly through the wrist, where cameras cut hands, and the less far where the fingers are.
    """
    points = landmarks[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.08 * (high - low).max()
    low, high = low - margin, high + margin
    size = high - low
    far = generator.uniform(0.05, 1.3, 4) * size.max()
    edges = np.concatenate((low - far[:2], high + far[2:]))
    down = points[WRIST] - points[list(KNUCKLES)].mean(axis=0)
    axis = 0 if abs(down[0]) > abs(down[1]) else 1
    wrist = axis if down[axis] < 0 else axis + 2
    cuts = []
    if generator.random() < 0.6:
        cuts.append((wrist, generator.uniform(0.05, 0.38)))
    if generator.random() < 0.5 or not cuts:
        side = int(generator.integers(4))
        cuts.append((side, generator.uniform(0.02, 0.38 if side == wrist else 0.22)))
    for side, share in cuts:
        depth = share * size[side % 2]
        edges[side] = low[side % 2] + depth if side < 2 else high[side % 2] - depth
    left, top = np.maximum(edges[:2], 0)
    right, bottom = np.minimum(edges[2:], (shape[1], shape[0]))
    return int(left), int(top), int(right), int(bottom)


def _moved(image: Image, way: float, angle: float) -> Image:
    """As if all of it had moved by `way` pixels while it was taken."""
    side = max(3, round(way) | 1)
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    x, y = np.cos(angle) * middle, np.sin(angle) * middle
    start, end = (
        (round(float(middle - sign * x)), round(float(middle - sign * y))) for sign in (1, -1)
    )
    cv2.line(kernel, start, end, (1.0,), 1, cv2.LINE_AA)
    blurred = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.uint8)


def _lit(picture: Image, generator: np.random.Generator) -> Image:
    """In another light."""
    uniform = generator.uniform
    pixels: Any = picture.astype(np.float32)
    if generator.random() < 0.12:  # no colours
        pixels = np.repeat(pixels @ GREY, 3, axis=2)
    else:
        pixels = pixels * uniform(0.7, 1.3, 3)
    kind = generator.random()
    if kind < 0.2:  # dim
        pixels = pixels * uniform(0.1, 0.5)
    elif kind < 0.4:  # over-exposed
        pixels = pixels * uniform(1.3, 2.2) + uniform(0.0, 30.0)
    else:
        pixels = pixels * uniform(0.5, 1.4)
    pixels = 255.0 * np.clip(pixels / 255.0, 0.0, 1.0) ** np.exp(generator.normal(0.0, 0.25))
    if generator.random() < 0.5:
        noise: NDArray[Any] = generator.normal(0.0, uniform(1.0, 10.0), pixels.shape)
        pixels = pixels + noise
    return np.asarray(np.clip(pixels, 0, 255), np.uint8)
