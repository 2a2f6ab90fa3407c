"""How many frames a second."""

from collections import deque


class FrameRate:
    """Rate over the last `window` seconds: frames after the first by the time since."""

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._frames: deque[tuple[float, int]] = deque()

    def add(self, time: float, number: int | None = None) -> float:
        """Note a frame at `time` seconds (any monotonic clock) and return the rate, per second.

        With its `number`, those that were left out before it count as well.
        """
        if number is None:
            number = self._frames[-1][1] + 1 if self._frames else 0
        self._frames.append((time, number))
        while time - self._frames[0][0] > self._window and len(self._frames) > 2:
            self._frames.popleft()
        first, least = self._frames[0]
        return (number - least) / (time - first) if time > first else 0.0
