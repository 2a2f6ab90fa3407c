"""The recognisers side by side."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from livevision.errors import LivevisionError, ModelError
from livevision.frame import Findings, Frame
from livevision.pipeline.summary import Summary
from livevision.recognizers.recognizer import Session

log = logging.getLogger(__name__)


class Panel:
    """The recognisers side by side: one thread each, fork and join for every frame."""

    def __init__(self, recognizers: Sequence[Session], summary: Summary) -> None:
        self._active = list(recognizers)
        self._summary = summary
        # none on the caller's thread: Ctrl-C would break it off in the middle of a frame
        self._pool = ThreadPoolExecutor(max(1, len(recognizers)), "recognizer")

    def close(self) -> None:
        """Wait for the threads' end."""
        self._pool.shutdown()

    def command(self, name: str) -> None:
        """Hand a user's command on."""
        for recognizer in self._active:
            recognizer.command(name)

    def recognize(self, frame: Frame) -> list[Findings]:
        """What each has found in `frame`, in their order; the error of the last one raises."""
        return self._ask([(each, partial(each.recognize, frame)) for each in self._active])

    def finish(self) -> list[Findings]:
        """What each still holds when the stream has ended."""
        return self._ask([(each, each.finish) for each in self._active])

    def _ask(self, calls: Sequence[tuple[Session, Callable[[], Findings]]]) -> list[Findings]:
        waiting = [self._pool.submit(call) for _, call in calls]
        findings = []
        try:
            for (recognizer, _), answer in zip(calls, waiting, strict=True):
                try:
                    findings.append(answer.result())
                except Exception as error:  # one that fails must not take the others down
                    self._drop(recognizer, error)
        finally:
            wait(waiting)  # after Ctrl-C too: what comes next must not meet them at work
        return findings

    def _drop(self, recognizer: Session, error: Exception) -> None:
        name = recognizer.name or type(recognizer).__name__
        log.warning("%s failed and is switched off: %s", name, error, exc_info=error)
        self._summary.failed[name] = str(error) or type(error).__name__
        self._active.remove(recognizer)
        if not self._active:
            if isinstance(error, LivevisionError):
                raise error
            raise ModelError(f"{name} failed: {error!r}") from error
