"""What the log on stderr looks like."""

import json
import logging
from datetime import UTC, datetime

from livevision import text


class KeyValues(logging.Formatter):
    """One line a record, `key=value` with values in JSON, traceback and all.

    Whatever a file's or a person's name holds, it cannot begin a new line or steer a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return " ".join(f"{key}={json.dumps(value)}" for key, value in fields.items())


class Plain(logging.Formatter):
    """A line for people, "warning: ..."; what a traceback would say is for who asks for a level."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {text.printable(record.getMessage())}"


def begin(level: str | None) -> None:
    """Log from `level` ("debug", "info", "warning", "error") on to stderr, for programs.

    With None warnings are told, in words alone.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Plain() if level is None else KeyValues())
    logging.basicConfig(level=(level or "warning").upper(), handlers=[handler])
