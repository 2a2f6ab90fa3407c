"""A recording played at its own pace: as if it were a camera, or with every frame."""

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Lock
from typing import Self

from livevision.frame import Frame, Place
from livevision.sources.source import Source

LAG = 0.3
"""Seconds that a picture may be overdue; then those before what is due now are left out."""
BETWEEN = 1 / 30
"""Seconds from the last picture before a jump to the first one after it."""
SEEK = "seek "
"""The command that goes to a moment of a recording; its seconds follow."""
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

    For people who watch: where the reader is slower than the recording, that slows down. They may
    jump to and fro (the command "seek SECONDS"): the time goes on as they see it, and `Frame.place`
    tells where in the recording a picture is.
    """

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(source, clock=clock)
        self._lock = Lock()
        self._goal: tuple[float, int] | None = None
        """A moment to go to, and how many jumps that makes."""
        self._asked = 0
        """Jumps that were asked for ..."""
        self._jumps = 0
        """... and those that were made."""
        self._ahead = 0.0
        """Seconds from the recording's time to ours."""
        self._last: float | None = None
        """Time of the last picture."""
        self._ended = False

    def __enter__(self) -> Self:
        with self._lock:
            self._ended, self._last, self._ahead = False, None, 0.0
            self._asked = self._jumps = 0
            if self._goal is not None:  # asked for at the end: where to begin once more
                self._goal = self._goal[0], 0
        return super().__enter__()

    def interrupt(self) -> None:
        self._ended = True
        super().interrupt()

    def command(self, name: str) -> None:
        if name.startswith(SEEK):
            with self._lock:
                self._asked += 1
                self._goal = float(name.removeprefix(SEEK)), self._asked
            self._stop.set()  # nobody waits any more for the picture that is due
        super().command(name)

    def read(self) -> Frame | None:
        while True:
            self._wait = 0.0
            with self._lock:
                goal, self._goal = self._goal, None
                if not self._ended:
                    self._stop.clear()
            frame = self._source.read() if goal is None else self._first(*goal)
            if frame is None:
                return None
            length = self._source.length
            place = Place(frame.time, length, self._jumps) if length else None
            frame = replace(frame, time=frame.time + self._ahead, place=place)
            self._last = frame.time
            now = self._clock()
            # what is overdue puts off all that follows; a jump of hours is cut short
            earliest = now - frame.time
            start = earliest if self._start is None else max(self._start, earliest)
            self._start = min(start, earliest + STANDSTILL)
            self._wait = max(0.0, self._start + frame.time - now)
            if not self._wait or not self._stop.wait(self._wait):
                return frame
            if self._ended:
                return None

    def _first(self, seconds: float, jumps: int) -> Frame | None:
        """The picture at that moment of the recording."""
        if self._last is None and self._source.read() is None:  # then it knows its length
            return None
        self._source.seek(seconds)
        self._jumps, self._start = jumps, None
        frame = self._source.read()
        if frame is not None and self._last is not None:
            self._ahead = self._last + BETWEEN - frame.time
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
        return replace(frame, captured=due)
