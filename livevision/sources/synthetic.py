"""Frames drawn by the program itself, for tests and for trying it without a camera."""

from typing import Self

import numpy as np

from livevision.frame import Frame
from livevision.sources.source import Source


class Synthetic(Source):
    """`count` grey frames of `shape` (height, width), one level brighter each, `rate` a second."""

    name = "synthetic frames"

    def __init__(
        self, count: int, *, rate: float = 30.0, shape: tuple[int, int] = (48, 64)
    ) -> None:
        self.count = count
        self.rate = rate
        self.shape = shape
        self._next = 0

    def __enter__(self) -> Self:
        self._next = 0
        return self

    def read(self) -> Frame | None:
        index = self._next
        if index >= self.count:
            return None
        self._next += 1
        image = np.full((*self.shape, 3), index % 256, np.uint8)
        image.flags.writeable = False
        return Frame(image, index, index / self.rate)

    def close(self) -> None:
        pass
