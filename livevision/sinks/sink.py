"""What every sink is."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from livevision.closing import Closing

if TYPE_CHECKING:
    from livevision.frame import Result


class Sink(Closing, ABC):
    """Takes results one by one, in order, between `with` and its end, on one thread.

    That thread is its own, so that a slow sink holds nobody up, unless `main_thread` is set.
    """

    name: str = ""
    """What messages call it; that of its module, or of its class, unless set."""
    main_thread: bool = False
    """True if it must be called on the main thread, as windows must; then everything waits."""
    essential: bool = False
    """True if a run makes no sense without it: should it fail, the run ends."""
    asked: bool = True
    """False for what is only there because nothing else is. The run ends with the last sink that
    was asked for."""
    patience: float = 10.0
    """Seconds that a single call may take before the sink is given up; not on the main thread."""

    def __enter__(self) -> Self:
        """Get ready, or raise OutputError."""
        return self

    @abstractmethod
    def write(self, result: "Result") -> None:
        """Use the result; SinkClosed when the user has had enough, OutputError if it can't."""

    def review(self, result: "Result") -> None:
        """Show again a result that was written before; the user is stepping through a recording."""

    def idle(self) -> None:
        """Called about every 100 ms while no result comes, so that a window stays alive."""

    def command(self, name: str) -> None:
        """React to a user's command, e.g. "record"; unknown ones are ignored."""

    def close(self) -> None:
        """Finish what was written; called once, whatever happened."""
