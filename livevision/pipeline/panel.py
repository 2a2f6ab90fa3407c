"""The recognisers side by side."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from livevision.errors import LivevisionError, ModelError
from livevision.frame import Findings, Frame
from livevision.pipeline.door import checked_findings
from livevision.pipeline.names import name_of
from livevision.pipeline.summary import Summary
from livevision.recognizers.recognizer import Session
from livevision.worker import Worker, done

log = logging.getLogger(__name__)

LEAVING = 2.0
"""Seconds that recognisers at work are waited for once the user has interrupted the run."""
CLOSING = 5.0
"""Seconds that closing one may take."""


@dataclass(eq=False, slots=True)
class _Seat:
    """A recogniser and its thread."""

    recognizer: Session
    worker: Worker
    hangs: bool = False

    @property
    def name(self) -> str:
        return name_of(self.recognizer)

    @property
    def patience(self) -> float:
        return self.recognizer.patience


class Panel:
    """The recognisers side by side: one thread each, fork and join for every frame.

    One that fails, hangs, or finds what no picture can hold, is switched off and told in the
    summary; the error of the last one raises.
    """

    def __init__(self, recognizers: Sequence[Session], summary: Summary) -> None:
        self._recognizers = recognizers
        self._summary = summary
        self._seats: list[_Seat] = []
        self._active: list[_Seat] = []

    def __enter__(self) -> Self:
        for recognizer in self._recognizers:
            # none on the caller's thread: Ctrl-C would break it off in the middle of a frame
            worker = Worker(f"recognizer {name_of(recognizer)}")
            self._seats.append(_Seat(recognizer, worker))
            recognizer.__enter__()
        self._active = self._seats.copy()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them; a hanging one does so on its own thread, should it ever come back."""
        closing = [(seat, seat.worker.submit(seat.recognizer.close)) for seat in self._seats]
        for seat, answer in closing:
            seat.worker.end()
            try:
                if not seat.hangs and not _done(answer, CLOSING):
                    seat.hangs = True
                    self._note(seat, ModelError(f"{seat.name} did not close."))
                elif answer.done() and (failure := answer.exception()) is not None:
                    self._note(seat, failure)
            finally:
                if not seat.hangs:
                    seat.worker.join(CLOSING)

    def too_slow(self, rate: float) -> dict[str, float]:
        """Those for whom `rate` pictures a second are too few, and how many they need."""
        needs = {seat.name: seat.recognizer.least_fps for seat in self._active}
        return {name: least for name, least in needs.items() if rate < least}

    def command(self, name: str) -> None:
        """Hand a user's command on."""
        self._ask([(seat, partial(seat.recognizer.command, name)) for seat in self._active])

    def recognize(self, frame: Frame) -> list[Findings]:
        """What each has found in `frame`, in their order; the error of the last one raises."""
        return self._look(
            [(seat, partial(seat.recognizer.recognize, frame)) for seat in self._active]
        )

    def finish(self) -> list[Findings]:
        """What each still holds when the stream has ended."""
        return self._look([(seat, seat.recognizer.finish) for seat in self._active])

    def _look(self, calls: "Sequence[tuple[_Seat, Callable[[], Findings]]]") -> list[Findings]:
        return self._ask([(seat, partial(_found, call)) for seat, call in calls])

    def _ask(self, calls: "Sequence[tuple[_Seat, Callable[[], Any]]]") -> list[Any]:
        waiting = [(seat, seat.worker.submit(call)) for seat, call in calls]
        answers = []
        interrupt: KeyboardInterrupt | None = None
        for seat, answer in waiting:
            try:
                patience = LEAVING if interrupt else seat.patience
                in_time = done(answer, patience)
            except KeyboardInterrupt as wish:
                interrupt = wish
                in_time = _done(answer, LEAVING)  # what comes next must not meet it at work
            try:
                if not in_time:
                    seat.hangs = True
                    raise ModelError(
                        f"{seat.name} has given no answer for {seat.patience:g} s."
                        if interrupt is None
                        else f"{seat.name} was at work and did not come to an end."
                    )
                answers.append(answer.result())
            except Exception as error:  # one that fails must not take the others down
                self._drop(seat, error, last=interrupt is None)
        if interrupt is not None:
            raise interrupt
        return answers

    def _drop(self, seat: _Seat, error: Exception, *, last: bool) -> None:
        self._active.remove(seat)
        failure = self._note(seat, error)
        if not self._active and last:
            raise failure from error

    def _note(self, seat: _Seat, error: BaseException) -> LivevisionError:
        name = seat.name
        failure = error
        if not isinstance(failure, LivevisionError):
            failure = ModelError(f"{name} failed: {error!r}")
        trace = None if failure is error else error
        log.warning("%s failed and is switched off: %s", name, error, exc_info=trace)
        self._summary.note(name, str(error) or type(error).__name__, failure)
        return failure


def _found(look: Callable[[], Findings]) -> Findings:
    return checked_findings(look())


def _done(answer: "Future[Any]", patience: float) -> bool:
    """`done`, whatever the user wishes meanwhile."""
    while True:
        try:
            return done(answer, patience)
        except KeyboardInterrupt:
            continue
