"""Slow work beside the pictures: a recogniser asks, goes on, and gets the answer later."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from livevision.closing import Closing
from livevision.frame import Frame

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that `close` waits for work that has begun; then its thread is left behind and told."""
_EQUAL = 1e-6
"""Seconds by which two times of a stream may differ through rounding."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What the work made of a frame."""

    frame: Frame
    """The frame that was worked on, earlier than the one with which the answer is taken."""
    value: T


class Beside(Closing, Generic[T]):
    """Does slow work on one frame at a time, on a thread of its own.

    A live stream (its frames say when they were captured) never waits: it takes the newest answer
    when there is one, and of the frames asked about meanwhile the newest is worked on next. With a
    recording nothing may depend on the machine's speed: an answer is taken, and waited for if need
    be, with the first frame that is `delay` seconds of the stream later; what is asked meanwhile is
    passed over. So a replay gives the same answers to the same frames every time.

        self._reading = Beside(self._read, delay=0.4, name="notes")
        ...
        answer = self._reading.look(frame)      # in recognize(); None as long as nothing is new
        last = self._reading.finish()           # in finish()
        self._reading.close()                   # in close()

    An error of the work is raised by the next `look` or `finish`, as it was. For one caller's
    thread. The work must not change what the caller reads without a lock of its own.
    """

    def __init__(
        self,
        work: Callable[[Frame], T],
        *,
        delay: float,
        every: float = 0.0,
        name: str = "beside",
    ) -> None:
        """`delay` and `every` are seconds of the stream; the thread is called `name`.

        With a `delay` of 0 a recording waits at once, so that the answer is about the very frame it
        is taken with. Between two frames that are worked on lie at least `every` seconds.
        """
        if delay < 0 or every < 0:
            raise ValueError("seconds of a stream cannot be negative")
        self._work = work
        self._delay = delay
        self._every = every
        self._name = name
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        # all below is guarded by `_changed`
        self._next: Frame | None = None
        self._working = False
        self._answer: Answer[T] | None = None
        self._error: BaseException | None = None
        self._closed = False
        # the caller's own
        self._asked: float | None = None
        """Time of the last frame handed over."""

    @property
    def busy(self) -> bool:
        """Whether there is work whose answer has not been taken."""
        with self._changed:
            return self._outstanding()

    def look(self, frame: Frame, *, ask: bool = True) -> Answer[T] | None:
        """The newest answer that is due, or None; and, if `ask`, have `frame` worked on as well.

        Frames come in the order of their times. Raises what the work raised.
        """
        live = frame.captured is not None
        answer = self._take(frame, live=live)
        if not ask or self._is_early(frame):
            return answer
        with self._changed:
            if self._closed:
                raise RuntimeError(f"{self._name} is closed")
            if not live and self._outstanding():
                return answer
            self._next = frame
            self._asked = frame.time
            self._changed.notify_all()
        if self._thread is None:
            # a daemon: work that never ends must not keep the program from ending
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        if not live and not self._delay:
            return self._take(frame, live=False)
        return answer

    def finish(self) -> Answer[T] | None:
        """At the end of the stream: wait for work that was begun; its answer, if not yet taken.

        A live stream's frame that still waits for its turn is passed over. Raises what the work
        raised.
        """
        with self._changed:
            if self._working:
                self._next = None
        return self._wait()

    def close(self) -> None:
        """End the thread, at the latest after `PATIENCE` seconds; no answer comes any more."""
        with self._changed:
            self._closed = True
            self._next = None
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                log.warning("%s did not end within %g s and is left behind", self._name, PATIENCE)
            self._thread = None

    def _is_early(self, frame: Frame) -> bool:
        return self._asked is not None and frame.time < self._asked + self._every - _EQUAL

    def _outstanding(self) -> bool:
        """With `_changed` held."""
        return self._next is not None or self._working or self._answer is not None

    def _take(self, frame: Frame, *, live: bool) -> Answer[T] | None:
        if not live:
            if self._asked is None or frame.time < self._asked + self._delay - _EQUAL:
                return None
            return self._wait()
        with self._changed:
            return self._hand_over()

    def _wait(self) -> Answer[T] | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or (self._next is None and not self._working)
            )
            return self._hand_over()

    def _hand_over(self) -> Answer[T] | None:
        """With `_changed` held."""
        error, self._error = self._error, None
        answer, self._answer = self._answer, None
        if error is not None:
            raise error
        return answer

    def _run(self) -> None:
        while True:
            with self._changed:
                self._working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closed or self._next is not None)
                if self._closed:
                    return
                frame, self._next = self._next, None
                self._working = True
            assert frame is not None
            try:
                answer = Answer(frame, self._work(frame))
            except BaseException as error:  # raised again where the answer is waited for
                with self._changed:
                    self._error = self._error or error
            else:
                with self._changed:
                    self._answer = answer
