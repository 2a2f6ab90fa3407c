"""A browser's camera as a source: the newest picture wins before it is decoded."""

import math
import time as clocks
from collections import deque
from threading import Condition
from typing import Self

from livevision.frame import Frame
from livevision.server.wire import LONGEST_GAP, BadFrameError, Sent, decode, unpack
from livevision.sources import Source

WAITING = 1
"""Pictures that wait undecoded; of two, the newer one is worth more."""
LEAST_STEP = 1e-6
"""Seconds between two frames, at the least."""


class PageCamera(Source):
    """Pictures that a page sends; `offer` is called for each, `end` after the last.

    `Frame.time` counts from the first picture by the page's own clock, since the movements of J and
    Z are read from it, and networks deliver unevenly. `Frame.index` is the picture's number less
    the first one's, so that a gap means dropped pictures. It waits for ever: a hidden tab sends
    nothing.
    """

    live = True
    patience = math.inf

    def __init__(self, name: str) -> None:
        self.name = name
        self.replaced = 0
        """Pictures that a newer one took the place of, never decoded."""
        self._changed = Condition()
        self._waiting: deque[tuple[Sent, float]] = deque()
        self._first: Sent | None = None
        self._last = -math.inf
        """Milliseconds of the newest picture that was offered."""
        self._time = -LEAST_STEP
        self._over = False

    def offer(self, message: bytes) -> Sent:
        """Take in a message of the page's; never waits. Raises BadFrameError."""
        sent = unpack(message)
        captured = clocks.monotonic()
        with self._changed:
            if self._first is None:
                self._first = sent
            elif sent.milliseconds - self._last > LONGEST_GAP * 1000:
                raise BadFrameError("The times of two pictures are a day apart at the most.")
            self._last = max(self._last, sent.milliseconds)
            while len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.replaced += 1
            self._waiting.append((sent, captured))
            self._changed.notify_all()
        return sent

    def sequence(self, frame: Frame) -> int:
        """The page's number of a frame."""
        first = 0 if self._first is None else self._first.sequence
        return (frame.index + first) % 2**32

    def __enter__(self) -> Self:
        return self

    def read(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._waiting)
            if not self._waiting:
                return None
            sent, captured = self._waiting.popleft()
        assert self._first is not None
        seconds = (sent.milliseconds - self._first.milliseconds) / 1000
        self._time = max(seconds, self._time + LEAST_STEP)
        index = (sent.sequence - self._first.sequence) % 2**32
        return Frame(decode(sent), index, self._time, captured)

    def end(self) -> None:
        """No picture comes any more: one that waits is the last."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def interrupt(self) -> None:
        self.close()

    def close(self) -> None:
        with self._changed:
            self._over = True
            self._waiting.clear()
            self._changed.notify_all()
