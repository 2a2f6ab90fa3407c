"""Commands on their way backwards."""

from collections import deque
from collections.abc import Iterable


class Controls:
    """Commands on their way from a window or a program to the loop, source, recognisers and sinks.

    The loop itself knows "quit", "pause", "back" and "forward"; it hands all others on.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()

    def send(self, command: str) -> None:
        """Queue a command; from any thread."""
        self._waiting.append(command)

    def take(self) -> Iterable[str]:
        """Every waiting command, in order."""
        while self._waiting:
            yield self._waiting.popleft()
