"""A recording played at its own pace: as if it were a camera, or with every frame."""

import time
from collections.abc import Callable
from threading import Event
from typing import Self

from livevision.frame import Frame
from livevision.sources.source import Source

LAG = 0.3
"""Seconds that a picture may be overdue; then those before what is due now are left out."""
STANDSTILL = 10.0
"""Seconds that a picture may stand still; a longer pause of the recording is cut short."""


class _ByTheClock(Source):
    """A recording whose frames wait for their time; how, those below say."""

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = source.name
        self.main_thread = source.main_thread
        self.opening = source.opening
        self._source = source
        self._clock = clock
        self._start: float | None = None
        self._wait = 0.0
        self._stop = Event()

    @property
    def status(self) -> str:  # type: ignore[override]
        """The recording's own."""
        return self._source.status

    @property
    def patience(self) -> float:  # type: ignore[override]
        """The recording's own, and the wait for the frame in hand."""
        return self._source.patience + self._wait

    def __enter__(self) -> Self:
        self._stop.clear()
        self._start = None
        self._source.__enter__()
        return self

    def interrupt(self) -> None:
        self._stop.set()
        self._source.interrupt()

    def command(self, name: str) -> None:
        self._source.command(name)

    def close(self) -> None:
        self._source.close()


class Paced(_ByTheClock):
    """Gives every frame of a recording no sooner than at its own time, and none is left out.

    For people who watch: where the reader is slower than the recording, that slows down.
    """

    def read(self) -> Frame | None:
        self._wait = 0.0
        frame = self._source.read()
        if frame is None:
            return None
        now = self._clock()
        # what is overdue puts off all that follows; a jump of hours is cut short
        earliest = now - frame.time
        start = earliest if self._start is None else max(self._start, earliest)
        self._start = min(start, earliest + STANDSTILL)
        self._wait = max(0.0, self._start + frame.time - now)
        if self._wait and self._stop.wait(self._wait):
            return None
        return frame


class Realtime(_ByTheClock):
    """Gives every frame of `source` at its own time, as a live source; of a live one as they come.

    A frame counts as captured at the moment it was due. The reader never slows the clock down: who
    is late finds the newest frame in the queue, and the others dropped, as with a camera. Where
    decoding is too slow, what is overdue is skipped.
    """

    live = True

    def read(self) -> Frame | None:
        self._wait = 0.0
        frame = self._source.read()
        if frame is None or frame.captured is not None:
            return frame
        now = self._clock()
        if self._start is None:
            self._start = now - frame.time
        late = now
        while now - self._start - frame.time > LAG and now - late < LAG:
            self._source.skip(now - self._start)
            frame = self._source.read()
            if frame is None:
                return None
            now = self._clock()
        # a jump of hours, as where a camera was away over night
        self._start = min(self._start, now + STANDSTILL - frame.time)
        due = self._start + frame.time
        self._wait = max(0.0, due - now)
        if self._wait and self._stop.wait(self._wait):
            return None
        return Frame(frame.image, frame.index, frame.time, due)
