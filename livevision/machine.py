"""What the machine lets us have."""

import json
import os
from pathlib import Path

from livevision import files, settings
from livevision.errors import OutputError


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def measured_streams() -> int | None:
    """Live streams of 30 frames a second that it reads without losing frames, as `livevision fleet
    measure` found with as many processors; None if that was not measured."""
    try:
        content = json.loads(_measured().read_text(encoding="utf-8"))
        if content["cores"] == cores():
            return max(1, int(content["streams"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def streams() -> int:
    """What `measured_streams` says, else one a processor."""
    return measured_streams() or cores()


def keep_streams(number: int) -> Path:
    """Note what was measured; where. Raises OutputError."""
    path = _measured()
    try:
        settings.prepare_folder(path.parent)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {path.parent}: {error.strerror}.") from error
    files.replace_json(path, {"streams": number, "cores": cores()})
    return path


def _measured() -> Path:
    return settings.path().with_name("machine.json")
