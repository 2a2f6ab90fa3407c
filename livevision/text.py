"""Text on its way to a terminal: whatever a name holds, it steers nothing and breaks nothing."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_KEPT = "\n\t"
"""What the program's own lines are made of."""
_CONTROLS = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x2028, 0x2029),  # separators of lines and paragraphs
    *range(0x202A, 0x202F),  # directions of writing, which can hide what stands where
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),  # bytes of a file's name that are no UTF-8
)
_ESCAPED = {code: f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" for code in _CONTROLS}
_IN_LINES = {code: seen for code, seen in _ESCAPED.items() if chr(code) not in _KEPT}


def printable(text: str) -> str:
    """`text` in one line, with control characters as "\\x1b" and the like; for names in messages.

    From U+0080 on they look as in JSON, so that it stays what it is.
    """
    return text.translate(_ESCAPED)


class Guard:
    """A stream of text that escapes control characters, except ends of lines and tabulators."""

    def __init__(self, stream: TextIO, *, may_fail: bool) -> None:
        """Unless it `may_fail`, what cannot be written is lost without a word."""
        self._stream = stream
        self._may_fail = may_fail
        self.rich_proxied_file = stream
        """Where rich writes, whose tables need control characters of their own."""

    def write(self, text: str) -> int:
        try:
            self._stream.write(text.translate(_IN_LINES))
        except (OSError, ValueError):
            if self._may_fail:
                raise
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            if self._may_fail:
                raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def guarded() -> Iterator[None]:
    """Guard `sys.stdout` and `sys.stderr`; also where there are none, as in a windowed program.

    What the terminal's encoding lacks is written as "\\u017e" and the like. Where `sys.stdin` was
    closed it is empty, so that whoever would ask finds nobody.
    """
    _fill_descriptors()
    kept = sys.stdout, sys.stderr
    input_ = sys.stdin
    opened: list[TextIO] = []
    if input_ is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - closed below
        opened.append(sys.stdin)
    changed: list[tuple[Any, Any]] = []
    guards: list[Any] = []
    for stream, may_fail in zip(kept, (True, False), strict=True):
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed below
            opened.append(stream)
        elif hasattr(stream, "reconfigure"):
            changed.append((stream, stream.errors))
            stream.reconfigure(errors="backslashreplace")
        guards.append(Guard(stream, may_fail=may_fail))
    sys.stdout, sys.stderr = guards
    try:
        yield
    finally:
        for stream, errors in changed:
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)
        for stream in opened:
            stream.close()
        sys.stdout, sys.stderr = kept
        sys.stdin = input_


def _fill_descriptors() -> None:
    """Open the standard descriptors that are closed.

    Else the next file that is opened gets their number, and what libraries complain about.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
