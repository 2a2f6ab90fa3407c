"""How long the next picture of a live stream may take, by how long the last ones took."""

from collections import deque

UNKNOWN = 10.0
"""Seconds until the rhythm is known: many cameras that watch a door send a picture in five."""
LEAST = 1.8
"""Seconds that are never too long."""
TIMES = 4.0
"""So many times the longest of the last pauses are too long."""
MOST = 60.0
_KNOWN = 3
_REMEMBERED = 20


class Rhythm:
    """Notes when pictures come, and says for how long to wait for the next one."""

    def __init__(self, least: float = LEAST) -> None:
        self._least = least
        self._last: float | None = None
        self._pauses: deque[float] = deque(maxlen=_REMEMBERED)

    def beat(self, time: float) -> None:
        """A picture came at `time` seconds of any clock that only grows."""
        if self._last is not None:
            self._pauses.append(time - self._last)
        self._last = time

    @property
    def patience(self) -> float:
        """Seconds after which the stream may be given up."""
        if len(self._pauses) < _KNOWN:
            return max(UNKNOWN, self._least)
        return self.learned

    @property
    def learned(self) -> float:
        """The same, though it be known from few pictures."""
        return min(max(TIMES * max(self._pauses, default=0.0), self._least), MOST)

    def __float__(self) -> float:
        """The same, for PyAV, which asks for it at every packet."""
        return self.patience
