"""A thread that does what it is given, and can be left behind."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeVar

from livevision import signals

T = TypeVar("T")

GLANCE = 0.1
"""Seconds after which a wait looks whether the user has interrupted it."""


class Worker:
    """One thread, which does the calls that it is given one after the other.

    Unlike `ThreadPoolExecutor`'s it never keeps the program from ending: a call that hangs is left
    behind with its thread.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Do `call` after those given before."""
        answer: Future[T] = Future()
        self._calls.put((answer, call))
        return answer

    def end(self) -> None:
        """Do what was given, and nothing after it; returns at once."""
        self._calls.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the end; False if it did not come within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            answer, call = given
            try:
                result = call()
            except BaseException as error:
                answer.set_exception(error)
            else:
                answer.set_result(result)
                del result
            del given, answer, call  # pictures among them, until the next call


def done(answer: "Future[Any]", patience: float) -> bool:
    """Wait for `answer`; False if it takes longer than `patience` seconds.

    Raises KeyboardInterrupt if the user has interrupted the program.
    """
    end = monotonic() + patience
    while not answer.done():
        signals.check()
        left = end - monotonic()
        if left <= 0:
            return False
        try:
            answer.exception(min(left, GLANCE))
        except TimeoutError:
            continue
    return True
