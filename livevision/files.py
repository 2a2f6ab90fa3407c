"""Writing files whole or not at all."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from livevision.errors import OutputError


def replace(path: Path, save: Callable[[Path], object], *, private: bool = False) -> None:
    """Let `save` write a draft beside `path`, then put it in the place of `path` at once.

    The draft has the suffix of `path`; if `private`, it is readable by its owner alone. A device or
    a pipe is written to directly. Raises OutputError if it cannot be written.
    """
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        if path.exists() and not path.is_file():  # /dev/null must never be replaced by a file
            save(path)
            return
        if private:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        save(draft)
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def replace_text(path: Path, text: str, *, private: bool = False) -> None:
    """Make `text` the content of `path` (UTF-8, lines end with a line feed). Raises OutputError."""
    replace(path, lambda draft: draft.write_text(text, "utf-8", newline="\n"), private=private)


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Make `content` that of `path`, as JSON; "-" is standard output. Raises OutputError."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        replace_text(path, text)


def erase(path: Path) -> None:
    """Overwrite a file with zeros and delete it; OutputError if that fails.

    On disks that never write twice to one place (SSDs) the overwriting is no proof.
    """
    try:
        with path.open("r+b") as stream:
            left = path.stat().st_size
            while left > 0:
                left -= stream.write(bytes(min(left, 1 << 20)))
        path.unlink()
    except OSError as error:
        raise OutputError(f"Cannot erase {path}: {error.strerror}. Delete it by hand.") from error
