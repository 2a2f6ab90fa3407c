"""How many frames a second."""

from collections import deque


class FrameRate:
    """Rate over the last `window` seconds: (n - 1) / (last - first)."""

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._times: deque[float] = deque()

    def add(self, time: float) -> float:
        """Note a frame at `time` seconds (any monotonic clock) and return the rate, per second."""
        self._times.append(time)
        while time - self._times[0] > self._window and len(self._times) > 2:
            self._times.popleft()
        elapsed = time - self._times[0]
        return (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0
