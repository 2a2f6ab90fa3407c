"""What was read, for programs: as JSON lines in a file, or collected in memory."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

from livevision import records
from livevision.errors import OutputError, SinkClosed
from livevision.frame import Event, Result
from livevision.sinks import Sink


class Events(Sink):
    """Writes every event at once, as one line of JSON (ASCII); the file is its owner's alone.

    The first line is {"type": "header", "schema": 2, "source": NAME}. Every other line is an event:
    {"type": "letter", "kind": "letter", "label": "A", "start": 1.2, "end": 1.9, "confidence": 0.97,
    ...}, times in seconds of the stream; further keys are those of `records.line`. Readers pass
    over types and keys they do not know. A `path` of "-" is
    standard output.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self._path = path
        self.standard_output = str(path) == "-"
        self._source = source
        self._file: TextIO | None = None
        if str(path) == "-":
            self.patience = float("inf")  # whoever reads it may take a rest

    def __enter__(self) -> Self:
        if str(self._path) == "-":
            self._file = sys.stdout
        else:
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                number = os.open(self._path, flags, 0o600)
                self._file = os.fdopen(number, "w", encoding="utf-8")
                if self._path.is_file():
                    self._path.chmod(0o600)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise OutputError(
                    f"Cannot write events to {self._path}: {reason}. Choose another place."
                ) from error
        try:
            self._line({"type": "header", "schema": records.SCHEMA, "source": self._source})
        except BaseException:
            self.close()
            raise
        return self

    def write(self, result: Result) -> None:
        for event in result.events:
            self._line(records.line(event))

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None and file is not sys.stdout:
            with suppress(OSError):  # every line was flushed, or its failure told
                file.close()

    def _line(self, content: dict[str, Any]) -> None:
        if self._file is None:
            raise OutputError(f"{self._path} is not open.")
        try:
            # ASCII: a name with a line separator in it must not break the line in two
            self._file.write(json.dumps(records.finite(content)) + "\n")
            self._file.flush()
        except BrokenPipeError as error:
            raise SinkClosed(f"Whoever read {self._path} has had enough.") from error
        except OSError as error:
            raise OutputError(
                f"Cannot write events to {self._path}: {error.strerror}. Make room or choose "
                "another place; the lines written before are good."
            ) from error


class Collector(Sink):
    """Keeps every event and the last text in memory."""

    main_thread = True  # it only remembers

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.text = ""

    def write(self, result: Result) -> None:
        self.events.extend(result.events)
        self.text = result.text
