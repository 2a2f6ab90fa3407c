"""Writing files whole or not at all."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from livevision.errors import OutputError, UsageError


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


def check_outputs(*paths: Path | None, inputs: Iterable[str | Path | None] = ()) -> None:
    """Raises UsageError if two outputs would be one file, or one would take the place of an input.

    Devices and "-" (standard output) are passed over.
    """
    read = {identity for each in inputs if each is not None and (identity := _identity(each))}
    seen: set[str] = set()
    for path in paths:
        identity = None if path is None else _identity(path)
        if path is None or identity is None:
            continue
        if identity in read:
            raise UsageError(
                f"{path} is read from: it would be lost as an output. Name another file."
            )
        if identity in seen:
            raise UsageError(f"{path.name} is asked for as two outputs at once.")
        seen.add(identity)


def check_writable(path: Path | None) -> None:
    """Raises OutputError if a file that is written at the end cannot be, before the work is done.

    None and "-" (standard output) are passed over.
    """
    if path is None or str(path) == "-":
        return
    if path.is_dir():
        raise OutputError(f"Cannot write {path}: it is a folder. Give the name of a file.")
    if not path.parent.is_dir():
        raise OutputError(f"Cannot write {path}: make the folder {path.parent} first.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OutputError(f"Cannot write {path}: you may not. Choose another place.")


def check_reports(*reports: str | Path | None, inputs: Iterable[str | Path | None] = ()) -> None:
    """`check_outputs` and `check_writable` of files that are written at the end of long work."""
    paths = [Path(each) for each in reports if each is not None]
    check_outputs(*paths, inputs=inputs)
    for path in paths:
        check_writable(path)


def _identity(path: str | Path) -> str | None:
    """What two names of one file have in common; None for what is no file's name."""
    if str(path) == "-":
        return None
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    return f"{state.st_dev}:{state.st_ino}" if stat.S_ISREG(state.st_mode) else None
