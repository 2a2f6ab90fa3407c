"""What was read, as lines of text."""

import sys
from typing import TextIO

from livevision.frame import Event, Result
from livevision.sinks import Sink


class Console(Sink):
    """Prints every letter, word and person when it was read, and the text at the end."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._text = ""

    def write(self, result: Result) -> None:
        for event in result.events:
            print(self._line(event), file=self._out or sys.stdout, flush=True)
        self._text = result.text

    def close(self) -> None:
        if self._text:
            print(f"text: {self._text}", file=self._out or sys.stdout, flush=True)

    @staticmethod
    def _line(event: Event) -> str:
        hand = event.details.get("hand")
        by = f"  {hand} hand" if hand else ""
        return (
            f"{event.start:7.2f} - {event.end:6.2f} s  {event.kind:<6}  {event.label:<12} "
            f"{event.confidence:4.0%}{by}"
        )
