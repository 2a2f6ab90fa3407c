"""How long the parts of a running program take."""

import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(slots=True)
class _Call:
    wall: float
    cpu: float
    inner_wall: float = 0.0
    inner_cpu: float = 0.0


@dataclass
class Stopwatch:
    """Times calls of functions, each without the timed calls inside it; from any thread."""

    wall: dict[str, list[float]] = field(default_factory=dict)
    """For each name the seconds of every call."""
    cpu: dict[str, float] = field(default_factory=dict)
    """For each name the seconds of processor time of all calls, of their threads alone."""

    def __post_init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, with its calls counted as `name`."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            stack: list[_Call] = self._local.__dict__.setdefault("stack", [])
            own = _Call(time.perf_counter(), time.thread_time())
            stack.append(own)
            try:
                return function(*args, **kwargs)
            finally:
                wall = time.perf_counter() - own.wall
                cpu = time.thread_time() - own.cpu
                stack.pop()
                if stack:
                    stack[-1].inner_wall += wall
                    stack[-1].inner_cpu += cpu
                with self._lock:
                    self.wall.setdefault(name, []).append(wall - own.inner_wall)
                    self.cpu[name] = self.cpu.get(name, 0.0) + cpu - own.inner_cpu

        return call

    @contextmanager
    def watching(self, methods: Mapping[str, tuple[type, str]]) -> Iterator[None]:
        """Time methods, given by class and name, wherever they are called."""
        own = {place: vars(place[0])[place[1]] for place in methods.values()}
        for name, (owner, method) in methods.items():
            setattr(owner, method, self.timed(name, own[owner, method]))
        try:
            yield
        finally:
            for (owner, method), function in own.items():
                setattr(owner, method, function)


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and the largest, in milliseconds."""
    values = np.asarray(seconds) * 1000
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return {
        "p50": round(float(p50), 2),
        "p95": round(float(p95), 2),
        "p99": round(float(p99), 2),
        "max": round(float(values.max()), 2),
    }
