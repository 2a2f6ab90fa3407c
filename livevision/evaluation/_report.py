"""Writing what was measured."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livevision import files
from livevision.errors import OutputError


def check(path: Path) -> None:
    """Raise OutputError if nothing can be written to `path`, before any long work."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"Nothing may be written to the folder {path.parent}.")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON, whole or not at all. Raises OutputError."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    files.replace_text(path, text)
