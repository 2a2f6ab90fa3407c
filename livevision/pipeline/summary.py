"""What a run did."""

from collections import Counter, deque
from dataclasses import dataclass, field

from livevision.errors import LivevisionError, SourceError


@dataclass(slots=True)
class Summary:
    """What a run did."""

    frames: int = 0
    dropped: int = 0
    seconds: float = 0.0
    """Time of the last frame by the source's clock."""
    fps: float = 0.0
    """Frames worked on per second of wall time, from the first result to the last."""
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    """Seconds from a live frame's delivery until all sinks had it, for the last frames."""
    events: Counter[str] = field(default_factory=Counter)
    """How many events of each kind."""
    text: str = ""
    recognizers: list[str] = field(default_factory=list)
    """Names of those that worked, failed ones too."""
    failed: dict[str, str] = field(default_factory=dict)
    """Recognisers and sinks that broke off, by the names of their plug-ins, and why."""
    failure: LivevisionError | None = None
    """The first of them as an error."""
    skipped: dict[str, int] = field(default_factory=dict)
    """How many results of a live stream a sink was too slow for; it got their events all the same.
    """
    again: bool = False
    """True if the user asked, at the end that was held, to see it once more."""
    interrupted: bool = False
    """True after Ctrl-C."""
    error: LivevisionError | None = None
    """What ended the stream early; everything up to there reached the sinks."""

    def note(self, name: str, why: str, failure: LivevisionError) -> None:
        """Something broke off, and the rest goes on."""
        number = 2
        key = name
        while key in self.failed:  # two recordings, say
            key, number = f"{name} {number}", number + 1
        self.failed[key] = why
        self.failure = self.failure or failure

    def ended_by(self, error: LivevisionError) -> None:
        """Take `error` for what ended the run, unless it ended for a graver reason before."""
        if self.error is None or isinstance(self.error, SourceError):
            self.error = error
