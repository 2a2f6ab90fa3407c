"""What was read, as lines of text."""

import sys
from typing import TextIO

from livevision.errors import SinkClosed
from livevision.frame import Event, Result
from livevision.sinks import Sink


class Console(Sink):
    """Prints every letter, word and person when it was read, and the text at the end."""

    asked = False
    patience = float("inf")  # whoever reads it may take a rest

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._text = ""

    def write(self, result: Result) -> None:
        for event in result.events:
            self._print(self._line(event))
        self._text = result.text

    def close(self) -> None:
        text, self._text = self._text, ""
        if text:
            self._print(f"text: {text}")

    def _print(self, line: str) -> None:
        try:
            print(line, file=self._out or sys.stdout, flush=True)
        except BrokenPipeError as error:
            raise SinkClosed("Whoever read standard output has had enough.") from error

    @staticmethod
    def _line(event: Event) -> str:
        hand = event.details.get("hand")
        by = f"  {hand} hand" if hand else ""
        file = event.details.get("file")
        by += f"  {file}" if file else ""
        return (
            f"{event.start:7.2f} - {event.end:6.2f} s  {event.kind:<6}  {event.label:<12} "
            f"{event.confidence:4.0%}{by}"
        )
