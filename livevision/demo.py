"""The demo's picture: a signing hand beside a moving portrait, put together while it runs.

The hand is one of the bundled recordings. The portraits come with the dependencies: scikit-image's
astronaut (Eileen Collins, NASA, public domain), who is enrolled, and matplotlib's sample portrait
(Grace Hopper, US Navy, public domain), who is the stranger. No picture of them is part of
livevision.
"""

import math
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from livevision.errors import SourceError
from livevision.frame import Frame, Image
from livevision.sources import Source

ENROLLED = "Eileen Collins"
_STRIP = 320
"""Width of the portrait's part of the picture, in pixels."""
_FACE = 130.0
"""About how wide the head is shown, in pixels."""


def astronaut() -> Image:
    """scikit-image's portrait of Eileen Collins: (512, 512, 3) BGR."""
    import skimage.data

    image = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(image[:, :, ::-1])


def hopper() -> Image:
    """matplotlib's portrait of Grace Hopper: (600, 512, 3) BGR; SourceError if it is missing."""
    import matplotlib

    file = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    image = cv2.imread(str(file))
    if image is None:
        raise SourceError(f"{file} is missing. Install livevision again.")
    return np.asarray(image, np.uint8)


_SLIDE = 0.6
"""Seconds in which one portrait makes room for the next."""


class Portraits:
    """Portraits that drift, nod and come nearer, one after the other."""

    def __init__(self, size: tuple[int, int] = (_STRIP, 480), *, change: float = 6.0) -> None:
        """`size` is (width, height) in pixels; `change` the seconds that each one stays."""
        self._size = size
        self._change = change
        # centre of the face and its width, in pixels of the portrait
        self._pictures = [(astronaut(), (224.0, 115.0), 110.0), (hopper(), (256.0, 190.0), 190.0)]

    def draw(self, time: float) -> Image:
        """The picture at `time` seconds: (height, width, 3) BGR."""
        turn, phase = divmod(time, self._change)
        picture = self._posed(int(turn), time)
        left = phase - (self._change - _SLIDE)
        if left <= 0:
            return picture
        # the next one pushes this one out
        width = self._size[0]
        both = np.hstack([picture, self._posed(int(turn) + 1, time)])
        begin = round(width * left / _SLIDE)
        return np.ascontiguousarray(both[:, begin : begin + width])

    def _posed(self, number: int, time: float) -> Image:
        width, height = self._size
        image, (x, y), face = self._pictures[number % len(self._pictures)]
        scale = _FACE * height / 480 / face * (1 + 0.12 * math.sin(0.9 * time))
        turn = cv2.getRotationMatrix2D((x, y), 4 * math.sin(1.3 * time), scale)
        turn[0, 2] += width / 2 - x + 0.07 * width * math.sin(1.1 * time)
        turn[1, 2] += 0.42 * height - y + 0.04 * height * math.sin(0.7 * time)
        drawn = cv2.warpAffine(
            image, turn, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(drawn, np.uint8)


class Demo(Source):
    """Every frame of the recordings `clips`, one after the other, beside a portrait."""

    name = "demo"

    def __init__(self, clips: list[Source]) -> None:
        self._clips = clips
        self._portraits = Portraits()
        self._playing = -1
        self._index = 0
        self._offset = 0.0
        self._time = 0.0
        self._step = 0.0

    def __enter__(self) -> Self:
        self._playing, self._index, self._offset, self._time = 0, 0, 0.0, 0.0
        self._clips[0].__enter__()
        return self

    def read(self) -> Frame | None:
        frame = self._clips[self._playing].read()
        while frame is None:
            if self._playing + 1 == len(self._clips):
                return None
            self._clips[self._playing].close()
            self._playing += 1
            self._offset = self._time + self._step
            self._clips[self._playing].__enter__()
            frame = self._clips[self._playing].read()
        time = self._offset + frame.time
        if self._index:
            self._step = time - self._time
        self._time = time
        hand = cv2.resize(frame.image, (640, 480), interpolation=cv2.INTER_AREA)
        image = np.hstack([hand, self._portraits.draw(time)])
        image.flags.writeable = False
        self._index += 1
        return Frame(np.asarray(image, np.uint8), self._index - 1, time)

    def close(self) -> None:
        if 0 <= self._playing < len(self._clips):
            self._clips[self._playing].close()
