"""Results on their way to the sinks."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from livevision.errors import LivevisionError, OutputError, SinkClosed
from livevision.frame import Result
from livevision.pipeline.names import name_of
from livevision.pipeline.summary import Summary
from livevision.sinks.background import Background
from livevision.sinks.sink import Sink

log = logging.getLogger(__name__)


class FanOut:
    """The sinks that still take results, each by itself.

    Whatever one of them raises, all others get what it got. One that fails is switched off and told
    in the summary; the run ends, by its error, if it is essential or the last that was asked for.
    """

    def __init__(self, sinks: Sequence[Sink], summary: Summary) -> None:
        self._sinks = [each if each.main_thread else Background(each) for each in sinks]
        for given, sink in zip(sinks, self._sinks, strict=True):
            if sink is not given:
                sink.name = name_of(given)
        self._summary = summary
        self._open: list[Sink] = []
        asked = [each for each in sinks if each.asked] or sinks
        self._asked = [
            sink for given, sink in zip(sinks, self._sinks, strict=True) if given in asked
        ]
        """Those that were asked for and still work."""
        self._told: list[Sink] = []
        """Those that failed."""

    def __enter__(self) -> Self:
        """Open all; if one does not, close the others and raise why."""
        try:
            for sink in self._sinks:
                sink.__enter__()
                self._open.append(sink)
        except BaseException:
            self._sinks.clear()
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all; what goes wrong stands in the summary."""
        ends: LivevisionError | None = None
        for sink in self._open:
            try:
                sink.close()
            except BaseException as trouble:
                if isinstance(trouble, KeyboardInterrupt):
                    self._summary.interrupted = True
                    with suppress(BaseException):
                        sink.close()
                elif not isinstance(trouble, SinkClosed):  # closed it is anyway
                    ends = self._failed(sink, trouble) or ends
            if isinstance(sink, Background) and sink.dropped:
                self._summary.skipped[sink.name] = sink.dropped
        self._open.clear()
        if ends is not None:
            self._summary.ended_by(ends)

    def write(self, result: Result) -> None:
        """Give every sink the result; what ends the run is raised after all had it."""
        live = result.frame.captured is not None
        self._tell("write", result, live=live)

    def review(self, result: Result) -> None:
        """Show a result again."""
        self._tell("review", result, live=result.frame.captured is not None)

    def idle(self) -> None:
        """Let the sinks breathe."""
        self._tell("idle", live=True)

    def command(self, name: str) -> None:
        """Hand a user's command on."""
        self._tell("command", name, live=True)

    def _tell(self, what: str, *about: Result | str, live: bool) -> None:
        """Do it with every sink: those on threads of their own work side by side."""
        ends: list[BaseException] = []
        posted: list[Background] = []
        for sink in self._sinks.copy():
            if isinstance(sink, Background):
                sink.post(what, *about)
                posted.append(sink)
            else:
                self._try(sink, partial(getattr(sink, what), *about), ends)
        for each in posted:
            self._try(each, partial(each.settle, live=live), ends)
        if ends:  # a wish of the user's goes before an error, and that before a closed window
            raise min(ends, key=_weight)

    def _try(self, sink: Sink, call: Callable[[], None], ends: list[BaseException]) -> None:
        try:
            call()
        except KeyboardInterrupt as interrupt:
            ends.append(interrupt)
        except SinkClosed as closed:
            self._sinks.remove(sink)
            ends.append(closed)
        except BaseException as error:
            self._sinks.remove(sink)
            if (end := self._failed(sink, error)) is not None:
                ends.append(end)

    def _failed(self, sink: Sink, error: BaseException) -> LivevisionError | None:
        """Tell that `sink` failed; the error that ends the run, if it does."""
        name = name_of(sink)
        failure = error
        if not isinstance(failure, LivevisionError):
            failure = OutputError(f"{name} failed: {error!r}.")
            failure.__cause__ = error
        given = sink.sink if isinstance(sink, Background) else sink
        needed = given.essential or self._asked == [sink]
        if sink in self._asked and len(self._asked) > 1:
            self._asked.remove(sink)
        if sink not in self._told:
            self._told.append(sink)
            self._summary.note(name, str(error) or type(error).__name__, failure)
            if not needed:  # else it is raised
                trace = None if failure is error else error
                log.warning("%s failed and is switched off: %s", name, error, exc_info=trace)
        return failure if needed else None


def _weight(error: BaseException) -> int:
    return 0 if isinstance(error, KeyboardInterrupt) else 1 + isinstance(error, SinkClosed)
