"""Brick, grass and gravel side by side with irregular borders, and strokes over them.

The textures are scikit-image's own examples (CC0). Everything else follows from a seed.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.segments.methods import Labels
from livevision.recognizers.segments.strokes import Stroke, StrokeSegmenter

NAMES = ("brick", "grass", "gravel")
WIDTH, HEIGHT = 640, 480
STROKES = 3
"""Over each texture."""
LENGTH = 60.0
"""Of a stroke, in pixels."""
_WAVES = (1, 2, 3, 5, 8)
"""How often each wave of a border goes to and fro; each by 4 to 14 pixels."""
_JAGGED = 0.6
"""Deviation of a border's step from row to row, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    image: Image
    truth: Labels
    """For each pixel the place in `NAMES`."""
    strokes: tuple[Stroke, ...]

    def drawn(self) -> NDArray[np.bool_]:
        """The pixels under strokes, which are no test."""
        under = np.zeros(self.truth.shape, np.uint8)
        for each in self.strokes:
            cv2.line(under, _pixel(each.x0, each.y0), _pixel(each.x1, each.y1), (1,))
        return under > 0


def compose(seed: int) -> Scene:
    from skimage import data

    rng = np.random.default_rng(seed)
    columns = np.arange(WIDTH)[None]
    first, second = _border(rng, WIDTH / 3), _border(rng, 2 * WIDTH / 3)
    panels = (columns > first[:, None]).astype(np.intp) + (columns > second[:, None])
    truth = np.asarray(rng.permutation(len(NAMES))[panels], np.int32)
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place, name in enumerate(NAMES):
        texture = np.tile(getattr(data, name)(), (2, 2))
        down, right = rng.integers(0, 512, 2)
        texture = np.roll(texture, (-down, -right), (0, 1))[:HEIGHT, :WIDTH]
        image[truth == place] = texture[truth == place]
    strokes = [_stroke(rng, truth, place) for place in range(len(NAMES)) for _ in range(STROKES)]
    return Scene(
        np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8), truth, tuple(strokes)
    )


def accuracy(seed: int) -> float:
    """Share of the pixels without strokes that get their texture's name."""
    scene = compose(seed)
    segmenter = StrokeSegmenter()
    segmenter.add(scene.image, *scene.strokes)
    places = np.array([NAMES.index(name) for name in segmenter.names])
    right = places[segmenter.segment(scene.image)] == scene.truth
    return float(right[~scene.drawn()].mean())


def _border(rng: np.random.Generator, middle: float) -> NDArray[np.float64]:
    """x of an irregular line from top to bottom, for each row."""
    rows = np.arange(HEIGHT)
    line = np.full(HEIGHT, middle)
    for wave in _WAVES:
        line += rng.uniform(4, 14) * np.sin(2 * np.pi * (wave * rows / HEIGHT + rng.random()))
    return np.asarray(line + np.cumsum(rng.normal(0, _JAGGED, HEIGHT)), np.float64)


def _stroke(rng: np.random.Generator, truth: Labels, place: int) -> Stroke:
    """A straight stroke that lies on one texture alone."""
    while True:
        x0, y0 = (int(each) for each in rng.integers(0, (WIDTH, HEIGHT)))
        angle = rng.uniform(0, 2 * np.pi)
        x1, y1 = round(x0 + LENGTH * np.cos(angle)), round(y0 + LENGTH * np.sin(angle))
        if not (0 <= x1 < WIDTH and 0 <= y1 < HEIGHT):
            continue
        under = np.zeros(truth.shape, np.uint8)
        cv2.line(under, (x0, y0), (x1, y1), (1,))
        if (truth[under > 0] == place).all():
            return Stroke(x0, y0, x1, y1, NAMES[place])


def _pixel(x: float, y: float) -> tuple[int, int]:
    return int(x), int(y)
