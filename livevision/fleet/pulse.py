"""What a camera's process tells its supervisor: lines of JSON, about once a second.

They come from the loop that works, so that a process that hangs falls silent.
"""

import json
import os
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from livevision import memory
from livevision.errors import SinkClosed
from livevision.frame import Result
from livevision.sinks import Sink

EVERY = 0.5
"""Seconds between two pulses."""
LATENCIES = 300
"""Latest frames whose latencies count."""


class Pulse(Sink):
    """Tells how a run is doing; ends it at the end of the day, or when nobody listens any more."""

    main_thread = True  # the loop's own pulse, not that of a thread beside it
    essential = True

    def __init__(
        self,
        number: int,
        status: Callable[[], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], object] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """`number` is a descriptor to write to, `status` the source's; days are those of UTC."""
        self.name = "pulse"
        self._number = number
        self._status = status
        self._clock = clock
        self._today = today
        self._day = today()
        self._next = float("-inf")
        self.frames = 0
        """Those that were worked on."""
        self._dropped = 0
        self._fps = 0.0
        self._failed: tuple[str, ...] = ()
        self._events: Counter[str] = Counter()
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self.over = False
        """True if the day is, and files of the next one should begin."""

    def write(self, result: Result) -> None:
        self.frames += 1
        self._dropped = result.stats.dropped
        self._fps = result.stats.fps
        self._failed = result.stats.failed
        self._events.update(event.kind for event in result.events)
        if result.stats.latency is not None:
            self._latencies.append(result.stats.latency)
        self.idle()

    def idle(self) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + EVERY
        ordered = sorted(self._latencies)
        tell(
            self._number,
            state="running",
            frames=self.frames,
            dropped=self._dropped,
            fps=round(self._fps, 1),
            p95_ms=round(ordered[int(len(ordered) * 0.95)] * 1000) if ordered else None,
            rss_mb=round(resident_mb()),
            events=dict(self._events),
            failed=list(self._failed),
            source=self._status(),
        )
        if self._today() != self._day:
            self.over = True
            raise SinkClosed("The day is over.")


def tell(number: int, **content: Any) -> None:
    """Write a pulse. Raises SinkClosed if nobody is there to read it."""
    with suppress(BlockingIOError):  # the supervisor is busy, and this is no news
        try:
            os.write(number, json.dumps(content).encode("ascii") + b"\n")
        except BrokenPipeError as error:
            raise SinkClosed("The supervisor is gone.") from error


def wait(number: int, seconds: float, why: str) -> None:
    """Let time go by while a camera is away, and say so. Raises SinkClosed as `tell` does."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tell(number, state="away", source=why)
        time.sleep(min(EVERY, left))


def resident_mb() -> float:
    """Resident memory of this process in MB; its greatest so far where that alone is known."""
    now = memory.resident()
    if now is None:
        unit = 1 if sys.platform == "darwin" else 1024
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return now / 1e6
