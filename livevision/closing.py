"""What is opened by `with`, and closed at its end."""

from types import TracebackType
from typing import Self


class Closing:
    """Whatever has a `close`: `with` calls it at the end, whatever was raised."""

    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
