"""The streams that are being read, one thread each, and how their results reach whoever looks."""

import asyncio
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from livevision import pipeline
from livevision.errors import LivevisionError, SinkClosed
from livevision.frame import Result
from livevision.pipeline import Controls
from livevision.recognizers.recognizer import Session
from livevision.server.roles import Role
from livevision.sinks import Sink
from livevision.sources import Source

log = logging.getLogger(__name__)

LONGEST_END = 5.0
"""Seconds in which a stream's thread comes to its end once its source did."""
OUTBOX = 100
"""Results that wait for a reader who does not read; then it is given up."""


class FullError(LivevisionError):
    """All sessions are taken."""


class Reader(Protocol):
    """Whoever looks at a stream; both are called on the stream's thread and never wait."""

    def put(self, result: Result) -> None: ...

    def ended(self, error: str) -> None: ...


class Stream(Sink):
    """A source being read on a thread of its own, and those who look at its results."""

    main_thread = True  # never waits for anybody, so a thread more would only cost time

    def __init__(
        self,
        source: Source,
        recognizers: Callable[[], Sequence[Session]],
        *,
        name: str,
        role: Role,
        shared: bool = False,
        listed: bool = True,
        waits: bool = False,
        sinks: Sequence[Sink] = (),
        identity: str | None = None,
        done: Callable[["Stream"], None] = lambda stream: None,
    ) -> None:
        """`recognizers` makes the sessions of this stream, on its thread; `done` is called there at
        its very end. A `shared` stream is the host's own, for everyone who may look; one that
        is not `listed` is nobody's to see. One that `waits` begins when somebody looks, and anew
        when it is over: a file. Its results go to `sinks` as well."""
        self.id = identity or secrets.token_urlsafe(12)
        self.name = name
        self.role = role
        self.shared = shared
        self.listed = listed
        self.source = source
        self.controls = Controls()
        self.touched = time.monotonic()
        """When somebody last sent something."""
        self.last: Result | None = None
        self.error = ""
        """Why it broke off."""
        self.gone = threading.Event()
        """Set at its very end."""
        self._recognizers = recognizers
        self._done = done
        self._readers: list[Reader] = []
        self._lock = threading.Lock()
        self.waits = waits
        """Whether it begins anew when somebody looks after its end."""
        self._sinks = sinks
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it waits for somebody to look."""
        if not self.waits:
            self._begin()

    def _begin(self) -> None:
        self.gone.clear()
        if self._thread is not None:  # no command of the last time
            self.controls = Controls()
        self._thread = threading.Thread(target=self._run, name=f"stream-{self.name}", daemon=True)
        self._thread.start()

    def watch(self, reader: Reader) -> None:
        """Let `reader` have every result from now on."""
        with self._lock:
            idle = self._thread is None or self.gone.is_set()
            if self.waits and idle and not self._stopped:
                self._begin()
            if not self.gone.is_set():
                self._readers.append(reader)
                return
        reader.ended(self.error)

    def leave(self, reader: Reader) -> None:
        with self._lock, suppress(ValueError):
            self._readers.remove(reader)

    def write(self, result: Result) -> None:
        self.last = result
        for reader in self._readers.copy():
            reader.put(result)

    def stop(self) -> None:
        """Ask it to end now, for good; returns at once."""
        self._stopped = True
        self.controls.send("quit")
        self.source.interrupt()

    def join(self, timeout: float = LONGEST_END) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            summary = pipeline.run(
                self.source, self._recognizers(), [self, *self._sinks], controls=self.controls
            )
            self.error = str(summary.error or "")
        except SinkClosed:
            pass
        except LivevisionError as error:
            self.error = str(error)
        except Exception as error:
            log.warning("the session %s failed", self.name, exc_info=error)
            self.error = f"The session failed: {type(error).__name__}."
        finally:
            if self.error:  # of the host's own, whoever started the server should know
                level = logging.WARNING if self.shared else logging.INFO
                log.log(level, "%s is not being read: %s", self.name, self.error)
            with self._lock:
                self.gone.set()
                readers, self._readers = self._readers, []
            self._done(self)
            for reader in readers:
                reader.ended(self.error)


class Streams:
    """All streams; pages' sessions among them are limited, the host's own sources are not."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}

    def __len__(self) -> int:
        """Sessions of pages."""
        with self._lock:
            return self._taken()

    def _taken(self) -> int:
        return sum(not each.shared for each in self._streams.values())

    def add(self, stream: Stream) -> None:
        """Start a stream. Raises FullError if there are as many as there may be."""
        with self._lock:
            if not stream.shared:
                self._claim()
            self._streams[stream.id] = stream
        stream.start()

    def _claim(self) -> None:
        if self._taken() >= self.limit:
            raise FullError(f"All {self.limit} sessions are in use. Try again in a while.")

    def forget(self, stream: Stream) -> None:
        with self._lock:
            if self._streams.get(stream.id) is stream:
                del self._streams[stream.id]

    def get(self, identity: str) -> Stream | None:
        with self._lock:
            return self._streams.get(identity)

    def all(self) -> list[Stream]:
        """In the order they began."""
        with self._lock:
            return list(self._streams.values())

    def chosen(self, identity: str, role: Role) -> Stream | None:
        """The stream `identity` if `role` may look at it; without one the host's first source, or
        the owner's newest session."""
        seen = [each for each in self.all() if may_look(role, each)]
        if identity:
            return next((each for each in seen if each.id == identity), None)
        shared = [each for each in seen if each.shared]
        return shared[0] if shared else (seen[-1] if seen else None)

    def close(self) -> None:
        """End all of them."""
        streams = self.all()
        for each in streams:
            each.stop()
        for each in streams:
            each.join()


def may_look(role: Role, stream: Stream) -> bool:
    """Whether `role` may see the results of a stream: guests see the host's alone; a guest's own
    camera is nobody else's business."""
    if not stream.listed:
        return False
    if stream.shared or role is Role.OWNER:
        return True
    return role is Role.WATCH and stream.role is Role.OWNER


class Outbox:
    """Everything a stream says, in order, for one reader on the event loop."""

    def __init__(self, make: Callable[[Result], str], *, size: int = OUTBOX) -> None:
        """`make` turns a result into a message, on the stream's thread; empty ones are not sent."""
        self._make = make
        self._size = size
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[str] = deque()
        self._changed = asyncio.Event()
        self.error: str | None = None
        """Why it is over; empty if it simply ended; None if it goes on."""
        self.overflow = False

    def put(self, result: Result) -> None:
        message = self._make(result)
        if message:
            self._call(self._add, message)

    def ended(self, error: str) -> None:
        self._call(self._end, error)

    def _call(self, what: Callable[[str], None], word: str) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there any more
            self._loop.call_soon_threadsafe(what, word)

    def _add(self, message: str) -> None:
        if len(self._waiting) >= self._size:
            self.overflow = True
            self._end("The results were not read.")
            return
        self._waiting.append(message)
        self._changed.set()

    def _end(self, error: str) -> None:
        if self.error is None:
            self.error = error
        self._changed.set()

    async def get(self) -> str | None:
        """The next message; None once it is over."""
        while True:
            if self.overflow:
                return None
            if self._waiting:
                return self._waiting.popleft()
            if self.error is not None:
                return None
            self._changed.clear()
            await self._changed.wait()


class Newest:
    """The newest result of a stream, for a reader who may be slow (pictures)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._result: Result | None = None
        self.over = False

    def put(self, result: Result) -> None:
        self._result = result
        self._wake()

    def ended(self, error: str) -> None:
        self.over = True
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._changed.set)

    async def get(self) -> Result | None:
        """A result newer than the last one given; None once it is over."""
        while True:
            result, self._result = self._result, None
            if result is not None:
                return result
            if self.over:
                return None
            self._changed.clear()
            if self._result is None and not self.over:
                await self._changed.wait()
