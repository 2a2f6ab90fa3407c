"""Writing what was measured."""

import os
from pathlib import Path

from livevision.errors import OutputError


def check(path: Path) -> None:
    """Raise OutputError if nothing can be written to `path`, before any long work."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"Nothing may be written to the folder {path.parent}.")
