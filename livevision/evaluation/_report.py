"""Writing what was measured."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from livevision.errors import OutputError


def check(path: Path) -> None:
    """Raise OutputError if nothing can be written to `path`, before any long work."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"Nothing may be written to the folder {path.parent}.")


def write(path: Path, save: Callable[[Path], object]) -> None:
    """Let `save` write a draft beside `path` and put it in its place: whole or not at all.

    The draft has the suffix of `path`. Raises OutputError if it cannot be written.
    """
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        if path.exists() and not path.is_file():  # a pipe or /dev/null is never to be replaced
            save(path)
            return
        save(draft)
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON, whole or not at all. Raises OutputError."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write(path, lambda draft: draft.write_text(text, encoding="utf-8"))
