"""A recogniser's two halves: a model, loaded once, and sessions, one for each stream."""

from abc import ABC, abstractmethod

from livevision.closing import Closing
from livevision.frame import Findings, Frame


class Session(Closing, ABC):
    """One stream's memory of one recogniser: finds things in its frames, in their order.

    Anything with a memory goes by `frame.time` alone, so that a replay gives the same answer at
    any speed. Each session is called from one thread at a time, sessions of one model beside each
    other.
    """

    name: str = ""
    """That of the recogniser, for messages; its model sets it."""
    patience: float = 30.0
    """Seconds that a call may take before the recogniser is given up. The first may have to load
    what the others use."""
    least_fps: float = 0.0
    """Pictures a second of a stream below which it finds nothing, and the user is told so."""

    @abstractmethod
    def recognize(self, frame: Frame) -> Findings:
        """What is in this frame, and what came to its end with it."""

    def finish(self) -> Findings:
        """What was still pending when the stream ended."""
        return Findings()

    def command(self, name: str) -> None:
        """React to a user's command, e.g. "backspace"; unknown ones are ignored."""

    def close(self) -> None:
        """Release threads and processes; harmless when that was done before."""


class Model(ABC):
    """What a recogniser knows: loaded once in a process, used by many streams at once."""

    @abstractmethod
    def session(self, *, live: bool = False) -> Session:
        """A new stream's memory, at next to no cost.

        `live` is what the stream is expected to be. `Frame.captured` tells for certain: no frame of
        a live stream may wait for a slow answer, and with a recording no answer may depend on the
        machine's speed.
        """
