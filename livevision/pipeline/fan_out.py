"""Results on their way to the sinks."""

from collections.abc import Callable, Sequence

from livevision.errors import LivevisionError
from livevision.frame import Result
from livevision.sinks import Sink


class FanOut:
    """The sinks that still take results; one that fails or was closed gets no more."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = list(sinks)

    def write(self, result: Result) -> None:
        """Give every sink the result; the first error is raised after all had it."""
        self._tell(lambda sink: sink.write(result))

    def review(self, result: Result) -> None:
        """Show a result again."""
        self._tell(lambda sink: sink.review(result))

    def idle(self) -> None:
        """Let the sinks breathe."""
        self._tell(lambda sink: sink.idle())

    def command(self, name: str) -> None:
        """Hand a user's command on."""
        self._tell(lambda sink: sink.command(name))

    def _tell(self, what: Callable[[Sink], None]) -> None:
        ends: LivevisionError | None = None
        for sink in self._sinks.copy():
            try:
                what(sink)
            except LivevisionError as error:
                self._sinks.remove(sink)
                ends = ends or error
        if ends is not None:
            raise ends
