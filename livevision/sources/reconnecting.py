"""Cameras and streams that come back by themselves."""

import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Event, Thread
from typing import Self

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.source import Source

log = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts; the last one for ever."""
OPENING = 15.0
"""Seconds that opening again may take: some cameras need ten."""
LEAST_STEP = 1e-6
"""Seconds between two frames whose times do not grow."""
LEAVING = 2.0
"""Seconds that a read under way is waited for at the end."""


class Renewable(Source):
    """A source that can be replaced by a fresh one of the same stream."""

    @abstractmethod
    def renew(self) -> "Renewable":
        """A source of the same stream that was never opened."""


class Reconnecting(Source):
    """Opens the stream again when it breaks off or gives no frame within its patience.

    Time goes on while it is away: `Frame.time` counts from the very first frame. `status` says
    what is happening. Each connection is read on a thread of its own, which also releases it; one
    whose read never returns is left alone, since drivers crash when released in mid-read.
    The first opening is the caller's, on the caller's thread, and its error is raised.
    """

    patience = float("inf")  # it watches its connections itself

    def __init__(self, source: Renewable, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = source.name
        self.live = source.live
        self.main_thread = source.main_thread
        self.opening = source.opening
        self._clock = clock
        self._source = source
        self._connection: _Connection | None = None
        self._stop = Event()
        self._attempt = 0
        self._index = -1
        self._taken = -1
        """Index of the last frame as this connection counts."""
        self._first: float | None = None
        self._time = -LEAST_STEP
        """That of the last frame."""

    def __enter__(self) -> Self:
        self._stop.clear()
        self._attempt = 0
        self._index = self._taken = -1
        self._first = None
        self._time = -LEAST_STEP
        self.status = ""
        source = self._source = self._source.renew()
        source.__enter__()
        self.live = source.live
        self._connection = _Connection(source, opened=True, clock=self._clock)
        return self

    def read(self) -> Frame | None:
        while not self._stop.is_set():
            if self._connection is None:
                self._connection = _Connection(self._source, opened=False, clock=self._clock)
            try:
                frame = self._connection.take(self._stop)
            except SourceError as error:
                if not self.live:
                    raise
                self._lost(error)
                continue
            return frame and self._on_time(frame)
        return None

    def _on_time(self, frame: Frame) -> Frame:
        if frame.captured is None:  # a recording behind a URL has a time of its own
            return frame
        if self.status:
            log.warning("%s is back", self.name)
        self.status = ""
        self._attempt = 0
        self.name = self._source.name
        if self._first is None:
            self._first = frame.captured
        self._index += frame.index - self._taken
        self._taken = frame.index
        # what waited at a server while we were away came before
        since = self._time = max(frame.captured - self._first, self._time + LEAST_STEP)
        return Frame(frame.image, self._index, since, frame.captured)

    def _lost(self, error: SourceError) -> None:
        if not self._attempt:
            log.warning("%s Trying to reconnect.", error)
        if self._connection is not None:
            self._connection.leave()
            self._connection = None
        pause = PAUSES[min(self._attempt, len(PAUSES) - 1)]
        self._attempt += 1
        self.status = f"Lost {self.name}: reconnecting (attempt {self._attempt})"
        self._source = self._source.renew()
        self._taken = -1
        self._stop.wait(pause)

    def interrupt(self) -> None:
        self._stop.set()
        if self._connection is not None:
            self._connection.wake()

    def command(self, name: str) -> None:
        self._source.command(name)

    def close(self) -> None:
        self._stop.set()
        if self._connection is not None:
            self._connection.leave()
            self._connection.join()
            self._connection = None


class _Connection:
    """One opened source and the thread that reads and releases it."""

    def __init__(self, source: Source, *, opened: bool, clock: Callable[[], float]) -> None:
        self._source = source
        self._opened = opened
        self._clock = clock
        self._since = clock()
        self._changed = Condition()
        self._frame: Frame | None = None
        self._over = False
        self._left = False
        self._error: SourceError | None = None
        self._thread = Thread(target=self._work, name="connection", daemon=True)
        self._thread.start()

    def take(self, stop: Event) -> Frame | None:
        """The newest frame, None at the end or when `stop` is set; SourceError if there is none."""
        with self._changed:
            while not (self._frame or self._over or stop.is_set()):
                left = self._patience - (self._clock() - self._since)
                if left <= 0:
                    raise SourceError(f"{self._source.name} no longer answers.")
                self._changed.wait(min(left, 0.2))
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            if frame is not None:
                if not self._source.live:  # its reader waited, and only reads on from here
                    self._since = self._clock()
                return frame
            if self._error is not None:
                raise self._error
            return None

    @property
    def _patience(self) -> float:
        return self._source.patience if self._opened else OPENING

    def wake(self) -> None:
        """Let `take` look at `stop` at once."""
        with self._changed:
            self._changed.notify_all()

    def leave(self) -> None:
        """Want no more frames; the thread ends, and releases the source, after its read."""
        with self._changed:
            self._left = True
            self._changed.notify_all()
        self._source.interrupt()

    def join(self) -> None:
        """Wait for the thread's end, but not for a read that never returns, nor an opening."""
        patience = min(self._source.patience, LEAVING) if self._opened else 0.0
        while self._thread.is_alive() and self._clock() - self._since < patience:
            self._thread.join(0.05)

    def _work(self) -> None:
        source = self._source
        try:
            if not self._opened:
                source.__enter__()
                self._opened = True
            self._read(source)
        except SourceError as error:  # raised again where frames are taken
            self._error = error
        except BaseException as error:
            self._error = SourceError(f"{source.name} failed: {error!r}.")
            self._error.__cause__ = error
        finally:
            with suppress(Exception):  # a driver's last words help nobody
                source.close()
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _read(self, source: Source) -> None:
        while not self._left:
            self._since = self._clock()
            frame = source.read()
            if frame is None:
                return
            with self._changed:
                if not source.live:
                    self._changed.wait_for(lambda: self._frame is None or self._left)
                self._frame = frame
                self._changed.notify_all()
