"""Looking back in a recording."""

from collections import deque

from livevision.frame import Result

HISTORY = 150_000_000
"""Bytes of pictures kept for stepping back in a recording, of `LEAST` pictures at the least."""
LEAST = 30


class Stepping:
    """The last results, and which of them the user looks at."""

    def __init__(self, *, back: bool) -> None:
        """Unless one may go `back`, the newest result alone is kept."""
        self._back = back
        self._history: deque[Result] = deque()
        self._shown = 0
        """How many results back from the newest the user is looking."""

    @property
    def newest(self) -> Result | None:
        """The last result that was added."""
        return self._history[-1] if self._history else None

    def add(self, result: Result) -> None:
        """Remember `result`, which is what the user sees now."""
        self._history.append(result)
        kept = max(LEAST, HISTORY // result.frame.image.nbytes) if self._back else 1
        while len(self._history) > kept:
            self._history.popleft()
        self._shown = 0

    def step(self, *, back: bool) -> Result | None:
        """The result before or after the one seen; None if it has yet to be made.

        The oldest has none before it, and is given again.
        """
        if not back and self._shown == 0:
            return None
        self._shown = min(self._shown + 1, len(self._history) - 1) if back else self._shown - 1
        return self._history[-1 - self._shown]
