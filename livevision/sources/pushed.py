"""Frames that somebody hands in: a browser's camera, a worker's share of a stream."""

import math
import time as clocks
from collections import deque
from collections.abc import Callable
from threading import Condition
from typing import Self

import numpy as np

from livevision.frame import Frame, Image
from livevision.sources.source import Source

LIVE_WAITING = 1
"""Only the newest frame waits: whoever reads late sees what is, not what was."""
RECORDED_WAITING = 4
"""Frames of a recording that may wait; then `push` does."""
LEAST_STEP = 1e-6
"""Seconds between two frames whose times do not grow."""


class Pushed(Source):
    """Frames of another thread's, which calls `push` for each and `end` after the last.

    Live, the newest frame takes the place of one that nobody has read yet. Of a recording every
    frame is kept, and `push` waits for room. It waits for ever for the next frame: who pushes knows
    best when a stream is over. Frames may be pushed before it is opened.
    """

    patience = float("inf")

    def __init__(
        self, name: str, live: bool = True, *, clock: Callable[[], float] = clocks.monotonic
    ) -> None:
        self.name = name
        self.live = live
        self._clock = clock
        self._size = LIVE_WAITING if live else RECORDED_WAITING
        self._changed = Condition()
        self._forget()

    def _forget(self) -> None:
        self._frames: deque[Frame] = deque()
        self._index = 0
        self._first: float | None = None
        """When the first frame was captured."""
        self._last = -math.inf
        """The time of the newest frame."""
        self._ended = False
        """True if no frame will come any more."""
        self._left = False
        """True if nobody will read any more."""

    def push(
        self,
        image: Image,
        time: float | None = None,
        captured: float | None = None,
        *,
        timeout: float | None = None,
    ) -> bool:
        """Hand in the next frame; from any one thread at a time.

        `image` is (height, width, 3), BGR, uint8; it becomes read-only and must not be changed any
        more. `time` are its seconds of the stream, from when it was captured unless given; one that
        does not grow is moved behind the last. `captured` is `time.monotonic()` when it was, now
        unless given, and of no meaning in a recording. False once the stream is over, or if there
        is no room within `timeout` seconds. Raises ValueError for what is no picture or no time.
        """
        if not (
            isinstance(image, np.ndarray)
            and image.dtype == np.uint8
            and image.ndim == 3
            and image.shape[2] == 3
            and image.size
        ):
            raise ValueError("a frame is a picture of (height, width, 3), uint8")
        now = self._clock() if captured is None else captured
        if not math.isfinite(now) or (time is not None and not math.isfinite(time)):
            raise ValueError("a frame's time is a finite number of seconds")
        image.flags.writeable = False
        with self._changed:
            if not self.live:
                self._changed.wait_for(
                    lambda: self._over or len(self._frames) < self._size, timeout
                )
            if self._over or (not self.live and len(self._frames) >= self._size):
                return False
            self._first = now if self._first is None else self._first
            seconds = now - self._first if time is None else time
            self._last = max(seconds, self._last + LEAST_STEP)
            if len(self._frames) == self._size:
                self._frames.popleft()
            self._frames.append(Frame(image, self._index, self._last, now if self.live else None))
            self._index += 1
            self._changed.notify_all()
            return True

    def end(self) -> None:
        """No frame comes any more: those that wait are the last ones."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        with self._changed:
            if self._left:
                self._forget()
        return self

    def read(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._frames)
            if self._left or not self._frames:
                return None
            frame = self._frames.popleft()
            self._changed.notify_all()
            return frame

    def interrupt(self) -> None:
        self.close()

    def close(self) -> None:
        with self._changed:
            self._left = True
            self._frames.clear()
            self._changed.notify_all()

    @property
    def _over(self) -> bool:
        return self._ended or self._left
