"""A sink on a thread of its own, so that its slowness or its sleep is its own trouble."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Condition, Thread
from time import monotonic
from typing import Any, Self

from livevision import signals
from livevision.errors import OutputError
from livevision.frame import Result
from livevision.sinks.sink import Sink

WAITING = 8
"""Results that may wait for a slow sink: a quarter of a second of a camera, 50 MB at 1080p."""
LENIENCE = 0.01
"""Seconds for which a live stream waits for a sink. Most need less, and nothing waits for them."""
GLANCE = 0.1
"""Seconds after which a wait looks whether the user has interrupted it."""


class Background(Sink):
    """Hands everything on to `sink`, which works on a thread of its own, in the same order.

    With a recording, `write` returns when the sink has done its work. With a live stream it hardly
    waits: results queue up, and when the queue is full the oldest is left out and counted. Its
    events go with the next one, so that none is lost. An error of the sink is raised by the next
    call, and so is an OutputError if it takes longer than its `patience` for anything; its thread
    is left behind then, and closes it if it ever comes back.
    """

    def __init__(self, sink: Sink, *, waiting: int = WAITING) -> None:
        self.sink = sink
        self.name = sink.name
        self.patience = sink.patience
        self.dropped = 0
        """Results that were left out because the sink was too slow."""
        self._size = waiting
        self._changed = Condition()
        self._calls: deque[tuple[str, Any]] = deque()
        self._since: float | None = None
        """When the call began that is at work."""
        self._error: BaseException | None = None
        self._left = False
        """True once nobody waits for the thread any more."""
        self._behind = False
        """True if it had work to do when the last result came."""
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._calls.clear()
        self._error, self._since, self._left, self._behind = None, None, False, False
        self._thread = Thread(target=self._work, name=f"sink {self.name}", daemon=True)
        self._put("__enter__")
        self._thread.start()
        try:
            self._wait(lambda: not self._busy, "did not open")
        except BaseException:
            self._leave()
            raise
        return self

    def write(self, result: Result) -> None:
        self.post("write", result)
        self.settle(live=result.frame.captured is not None)

    def review(self, result: Result) -> None:
        self.post("review", result)
        self.settle(live=result.frame.captured is not None)

    def idle(self) -> None:
        self.post("idle")
        self.settle(live=True)

    def command(self, name: str) -> None:
        self.post("command", name)
        self.settle(live=True)

    def close(self) -> None:
        if self._thread is None or self._left:
            return
        self._put("close")
        try:
            self._wait(lambda: not self._busy, "did not close")
        finally:
            self._leave()

    def post(self, what: str, *about: Result | str) -> None:
        """Queue a call of the sink's method `what`, without waiting."""
        with self._changed:
            self._behind = self._busy
            if what == "idle" and self._behind:
                return
            if what == "write" and sum(each[0] == "write" for each in self._calls) >= self._size:
                self._make_room(*about)
            else:
                self._calls.append((what, about))
            self._changed.notify_all()

    def settle(self, *, live: bool) -> None:
        """Wait for what was posted, if `live` only for a moment; raise what went wrong."""
        if not live:
            self._wait(lambda: not self._busy, "no longer answers")
            return
        with self._changed:
            if not self._behind and self._error is None:
                self._changed.wait_for(lambda: not self._busy or self._error, LENIENCE)
        self._wait(lambda: True, "no longer answers")

    def _make_room(self, newest: Any) -> None:
        """Leave out the oldest result that waits; `newest` comes to the end."""
        at = next(place for place, call in enumerate(self._calls) if call[0] == "write")
        oldest: Result = self._calls[at][1][0]
        del self._calls[at]
        self._calls.append(("write", (newest,)))
        after = next(place for place, call in enumerate(self._calls) if call[0] == "write")
        follower: Result = self._calls[after][1][0]
        events = oldest.events + follower.events
        self._calls[after] = ("write", (replace(follower, events=events),))
        self.dropped += 1

    @property
    def _busy(self) -> bool:
        return bool(self._calls) or self._since is not None

    def _put(self, what: str) -> None:
        with self._changed:
            self._calls.append((what, ()))
            self._changed.notify_all()

    def _wait(self, over: Callable[[], bool], trouble: str) -> None:
        """Until `over`, for as long as the sink gets on. Raises its error, or OutputError."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: over() or self._error, GLANCE)
                if self._error is not None:
                    error, self._error = self._error, None
                    raise error
                since = self._since
                if since is not None and monotonic() - since > self.patience:
                    self._left = True
                    raise OutputError(
                        f"{self.name} {trouble} within {self.patience:g} s, and is given up. "
                        "Check where it writes to."
                    )
                if over():
                    return
            signals.check()

    def _leave(self) -> None:
        with self._changed:
            self._left = True
            self._changed.notify_all()
        thread, since = self._thread, self._since
        if thread is not None and since is None:
            thread.join()

    def _work(self) -> None:
        opened = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._calls or self._left)
                if not self._calls or self._left:
                    break
                what, about = self._calls.popleft()
                self._since = monotonic()
            error: BaseException | None = None
            try:
                getattr(self.sink, what)(*about)
                opened = what != "close" and (opened or what == "__enter__")
            except BaseException as trouble:
                opened = opened and what != "close"
                error = trouble
            del about  # a picture among it, until the next call
            with self._changed:
                self._since = None
                if error is not None:
                    self._error = error
                    self._calls = deque(each for each in self._calls if each[0] == "close")
                self._changed.notify_all()
            del error
            if what == "close":
                return
        if opened:
            self.sink.close()
