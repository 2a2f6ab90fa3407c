"""Trainable segmentation: a few strokes over each thing colour all that looks alike.

Every pixel is told by its colour and by its texture: the energy of Gabor filters (Gabor, 1946; as
Jain and Farrokhnia, 1991, have it), each in four directions at three scales, and smoothed. A random
forest (Breiman, 2001; OpenCV's) learns from the pixels under the strokes. As
`skimage.future.TrainableSegmenter` with `skimage.filters.gabor`.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.errors import UsageError
from livevision.frame import Image
from livevision.recognizers.segments.methods import Labels, lab

GRID = 4
"""Pixels each way that get one answer."""
WAVE = 3.5
"""Shortest wavelength of the Gabor filters, in pixels of the picture at half its size; each further
scale has twice as much."""
SCALES = 3
DIRECTIONS = 4
WIDTH = 0.56
"""Sigma of a Gabor filter's envelope in wavelengths: a band of one octave."""
REACH = 2.5
"""How far a filter reaches, in sigmas."""
SPREAD = 2.0
"""Sigma of the blur of a filter's energy, in its wavelengths."""
AROUND = 10.0
"""Sigma of the surroundings over which colour and contrast are taken, in pixels at half size."""
CLOSE = 2.0
"""The same for a place's own colour, which tells where one thing ends."""
SMOOTH = 3.0
"""Sigma of the blur of the forest's votes, in answers."""
NOISE = 3.0
"""Deviation of a camera's noise, in grey levels."""
COPIES = 2
"""Noisy copies of a picture that are learnt from as well."""
TREES = 50
DEPTH = 12
MOST = 100
"""Strokes that are learnt from, the newest."""
SEED = 1
"""The forest's dice: the same strokes give the same forest."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight stroke from (x0, y0) to (x1, y1), in pixels, over something called `name`."""

    x0: float
    y0: float
    x1: float
    y1: float
    name: str


def parse(words: str) -> Stroke:
    """A stroke from "X0 Y0 X1 Y1 NAME"; UsageError if it is none."""
    numbers, name = words.split()[:4], " ".join(words.split()[4:])
    try:
        x0, y0, x1, y1 = (float(each) for each in numbers)
        finite = all(np.isfinite((x0, y0, x1, y1)))
    except ValueError:
        finite = False
    if not finite or not name:
        raise UsageError(f"{words!r} is no stroke. Write e.g. '10 20 60 20 grass'.")
    return Stroke(x0, y0, x1, y1, name)


@cache
def bank() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    """The even and the odd Gabor filter of each direction at the finest scale.

    As `skimage.filters.gabor_kernel(1 / WAVE, theta, sigma_x=sigma, sigma_y=sigma)`, without the
    mean of the even one, so that evenly lit areas have no energy.
    """
    sigma = WIDTH * WAVE
    side = 2 * int(np.ceil(REACH * sigma)) + 1
    made = []
    for direction in range(DIRECTIONS):
        theta = np.pi * direction / DIRECTIONS
        even, odd = (
            cv2.getGaborKernel((side, side), sigma, theta, WAVE, 1.0, phase)
            / (2 * np.pi * sigma**2)
            for phase in (0.0, -np.pi / 2)
        )
        made.append((np.asarray(even - even.mean(), np.float32), np.asarray(odd, np.float32)))
    return tuple(made)


def energies(grey: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The strength of each Gabor filter's answer in a grey picture, from 0 on, of its size."""
    return [
        np.asarray(
            cv2.magnitude(cv2.filter2D(grey, -1, even), cv2.filter2D(grey, -1, odd)), np.float32
        )
        for even, odd in bank()
    ]


def energies_of(image: Image) -> list[NDArray[np.float32]]:
    """The finest `energies` of a BGR picture, at half its size."""
    return energies(np.ascontiguousarray(_half(image)[..., 0]))


def features(image: Image) -> NDArray[np.float32]:
    """What the forest knows of each place: (height // 4, width // 4, 19) of a BGR picture."""
    height, width = image.shape[:2]
    size = max(width // GRID, 1), max(height // GRID, 1)
    colors = _half(image)
    around = _blurred(colors, AROUND)
    squares = _blurred(colors[..., 0] ** 2, AROUND)
    contrast = np.sqrt(np.maximum(squares - around[..., 0] ** 2, 0))
    close = _blurred(colors, CLOSE)
    found = [
        _at(each, size)
        for each in (*np.moveaxis(around, 2, 0), *np.moveaxis(close, 2, 0), contrast)
    ]
    grey = np.ascontiguousarray(colors[..., 0])
    for scale in range(SCALES):
        # each scale has half the pixels each way, so a wave has twice the length
        sigma = SPREAD * WAVE * 2**scale * 2 / GRID
        for each in energies(grey):
            found.append(_blurred(_at(each, size), sigma))
        grey = np.asarray(cv2.pyrDown(grey), np.float32)
    return np.dstack(found).astype(np.float32)


class StrokeSegmenter:
    """Learns from strokes, colours pictures. For one thread at a time."""

    def __init__(self) -> None:
        self.names: list[str] = []
        """What strokes were made over, in the order in which it first came."""
        self._samples: list[NDArray[np.float32]] = []
        self._classes: list[NDArray[np.int32]] = []
        self._forest: cv2.ml.RTrees | None = None

    def add(self, image: Image, *strokes: Stroke) -> None:
        """Learn from strokes over a picture; those outside it teach nothing."""
        # what a camera's noise may change must not tell two things apart
        rng = np.random.default_rng(SEED)
        noisy = [
            np.clip(image + rng.normal(0, NOISE, image.shape), 0, 255).round().astype(np.uint8)
            for _ in range(COPIES)
        ]
        found = np.stack([features(each) for each in (image, *noisy)])
        for stroke in strokes:
            under = np.zeros(found.shape[1:3], np.uint8)
            start, end = (
                (int(np.clip(x / GRID, -(2**14), 2**14)), int(np.clip(y / GRID, -(2**14), 2**14)))
                for x, y in ((stroke.x0, stroke.y0), (stroke.x1, stroke.y1))
            )
            cv2.line(under, start, end, (1,))
            samples = found[:, under > 0].reshape(-1, found.shape[3])
            if not len(samples):
                continue
            if stroke.name not in self.names:
                self.names.append(stroke.name)
            self._samples.append(samples)
            self._classes.append(np.full(len(samples), self.names.index(stroke.name), np.int32))
            self._forest = None
        del self._samples[:-MOST], self._classes[:-MOST]

    def undo(self) -> None:
        """Forget the last stroke."""
        if self._samples:
            self._samples.pop()
            self._classes.pop()
            self._forest = None

    def clear(self) -> None:
        """Forget all strokes."""
        self.names, self._samples, self._classes, self._forest = [], [], [], None

    @property
    def ready(self) -> bool:
        """Whether there are strokes of two names, without which nothing can be told apart."""
        return len({int(each[0]) for each in self._classes}) > 1

    def segment(self, image: Image) -> Labels:
        """For each pixel of a picture the place in `names` of what it looks like.

        Raises ValueError if not `ready`.
        """
        if not self.ready:
            raise ValueError("strokes of two names are needed")
        if self._forest is None:
            self._forest = self._trained()
        found = features(image)
        votes = self._forest.getVotes(found.reshape(-1, found.shape[2]), 0)
        classes = votes[0]
        heard = votes[1:].astype(np.float32).reshape(*found.shape[:2], -1)
        heard = _blurred(heard, SMOOTH)
        height, width = image.shape[:2]
        heard = _at(heard, (width, height))
        return np.asarray(classes[heard.argmax(axis=2)], np.int32)

    def _trained(self) -> cv2.ml.RTrees:
        forest = cv2.ml.RTrees.create()
        forest.setMaxDepth(DEPTH)
        forest.setMinSampleCount(2)
        forest.setTermCriteria((cv2.TERM_CRITERIA_MAX_ITER, TREES, 0))
        cv2.setRNGSeed(SEED)
        forest.train(
            np.concatenate(self._samples), cv2.ml.ROW_SAMPLE, np.concatenate(self._classes)
        )
        return forest


def _half(image: Image) -> NDArray[np.float32]:
    """Lab, about 0 to 1, of a picture at half its size."""
    size = max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return lab(np.asarray(small, np.uint8)) / np.float32(100)


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)


def _at(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture of numbers at (width, height)."""
    smaller = values.shape[1] > size[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, size, interpolation=way), np.float32)
