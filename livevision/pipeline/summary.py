"""What a run did."""

from collections import Counter, deque
from dataclasses import dataclass, field

from livevision.errors import LivevisionError


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
    failed: dict[str, str] = field(default_factory=dict)
    """Recognisers that broke off, and why."""
    interrupted: bool = False
    """True after Ctrl-C."""
    error: LivevisionError | None = None
    """What ended the stream early; everything up to there reached the sinks."""
