"""Writing what was measured."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from livevision.errors import OutputError


def write(path: Path, save: Callable[[Path], object]) -> None:
    """Let `save` write a draft beside `path` and put it in its place: whole or not at all.

    The draft has the suffix of `path`. Raises OutputError if it cannot be written.
    """
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        save(draft)
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON, whole or not at all. Raises OutputError."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write(path, lambda draft: draft.write_text(text, encoding="utf-8"))
