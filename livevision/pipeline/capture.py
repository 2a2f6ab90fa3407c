"""The one thread and the one queue: a source is read here, and worked on elsewhere."""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Self

from livevision.errors import LivevisionError, SourceError
from livevision.frame import Frame
from livevision.pipeline.door import checked_frame
from livevision.sources import Source
from livevision.worker import Worker, done

log = logging.getLogger(__name__)

LIVE_QUEUE = 1
"""Only the newest frame waits, so what is shown is never older than one frame of work."""
RECORDED_QUEUE = 4
"""Enough to read ahead; every frame of a recording is kept."""
LEAVING = 2.0
"""Seconds that a read under way is waited for when the run is over. Then it is left behind."""
CLOSING = 5.0
"""Seconds that releasing a source may take."""


class EndOfStream(Exception):  # noqa: N818 - an end is no error
    """The queue is closed and everything in it was taken."""


class FrameQueue:
    """Hands frames from the capture thread to the pipeline.

    When full, `put` makes room by dropping the oldest frame, or waits.
    """

    def __init__(self, size: int, *, drop_oldest: bool) -> None:
        self.dropped = 0
        self._size = size
        self._drop_oldest = drop_oldest
        self._frames: deque[Frame] = deque()
        self._changed = Condition()
        self._closed = False
        self._error: BaseException | None = None

    def put(self, frame: Frame) -> bool:
        """Add a frame; False once the queue is closed."""
        with self._changed:
            if self._drop_oldest and len(self._frames) == self._size:
                self._frames.popleft()
                self.dropped += 1
            self._changed.wait_for(lambda: self._closed or len(self._frames) < self._size)
            if self._closed:
                return False
            self._frames.append(frame)
            self._changed.notify_all()
            return True

    def get(self, timeout: float) -> Frame | None:
        """The next frame, or None if there is none within `timeout` seconds.

        Raises EndOfStream after the last frame, or the error that `close` was given.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed or self._frames, timeout):
                return None
            if self._frames:
                frame = self._frames.popleft()
                self._changed.notify_all()
                return frame
        if self._error is not None:
            raise self._error
        raise EndOfStream

    def close(self, error: BaseException | None = None) -> None:
        """End the stream; readers get what is left and then `error`, if any."""
        with self._changed:
            if not self._closed:
                self._closed = True
                self._error = error
            self._changed.notify_all()


class Capture:
    """Opens a source, and reads it on a thread of its own.

        with Capture(source) as frames:
            while frame := frames.get(timeout=0.1): ...

    A read that takes longer than the source's `patience` is given up, and so is an opening that
    takes longer than its `opening`: the source is then never released in mid-call (drivers crash on
    that); its thread does so if the call ever returns.
    """

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._queue = FrameQueue(RECORDED_QUEUE, drop_oldest=False)
        self._thread = Thread(target=self._read, name="capture", daemon=True)
        self._reading_since: float | None = None
        self._lock = Lock()
        self._ended = False
        self._abandoned = False

    @property
    def dropped(self) -> int:
        """How many frames were never worked on, because the pipeline was busy."""
        return self._queue.dropped

    def get(self, timeout: float) -> Frame | None:
        """The next frame, or None if there is none within `timeout` seconds.

        Raises EndOfStream after the last frame; SourceError, after the good frames, if the source
        broke off or no longer answers.
        """
        frame = self._queue.get(timeout)
        if frame is None and self._stuck():
            raise SourceError(
                f"{self._source.name} has given no picture for {self._source.patience:g} s. "
                "Check that it is plugged in and not used by another program."
            )
        return frame

    def _stuck(self) -> bool:
        since = self._reading_since
        return since is not None and self._clock() - since > self._source.patience

    def __enter__(self) -> Self:
        source = self._source
        if source.main_thread:
            try:
                source.__enter__()
            except BaseException:  # Ctrl-C among them
                source.close()
                raise
        else:
            self._open()
        if source.live:
            self._queue = FrameQueue(LIVE_QUEUE, drop_oldest=True)
        self._thread.start()
        return self

    def _open(self) -> None:
        """Open the source on a thread that can be left behind."""
        source = self._source
        worker = Worker("opening")
        opened = worker.submit(source.__enter__)
        good = False
        try:
            if not done(opened, source.opening):
                raise SourceError(
                    f"{source.name} did not open within {source.opening:g} s. Check that what it "
                    "is read from answers."
                )
            opened.result()
            good = True
        finally:
            if not good:
                source.interrupt()
                worker.submit(source.close)
            worker.end()
            worker.join(LEAVING)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.close()
        self._source.interrupt()
        end = time.monotonic() + LEAVING
        while self._thread.is_alive() and not self._stuck() and time.monotonic() < end:
            self._thread.join(0.05)
        with self._lock:
            self._abandoned = not self._ended
        if self._abandoned:
            return
        if self._source.main_thread:
            self._source.close()
            return
        worker = Worker("closing")
        worker.submit(self._source.close)
        worker.end()
        if not worker.join(CLOSING):
            log.warning("%s did not close within %g s", self._source.name, CLOSING)

    def _read(self) -> None:
        last = float("-inf")
        try:
            while True:
                self._reading_since = self._clock()
                frame = self._source.read()
                self._reading_since = None
                if frame is None:
                    break
                last = self._checked(frame, last).time
                if not self._queue.put(frame):
                    break
                del frame
        except LivevisionError as error:  # raised again in the pipeline's thread
            self._reading_since = None
            self._queue.close(error)
        except BaseException as error:
            self._reading_since = None
            log.info("reading %s failed", self._source.name, exc_info=error)
            failure = SourceError(f"{self._source.name} failed: {error!r}")
            failure.__cause__ = error
            self._queue.close(failure)
        else:
            self._queue.close()
        with self._lock:
            self._ended = True
        if self._abandoned:
            with suppress(Exception):  # a driver's last words help nobody
                self._source.close()

    def _checked(self, frame: Frame, last: float) -> Frame:
        try:
            return checked_frame(frame, last)
        except ValueError as error:
            raise SourceError(
                f"{self._source.name} gave a frame that cannot be used: {error}. "
                "That is a fault of the source."
            ) from error
