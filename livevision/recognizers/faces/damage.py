"""What SQLite's errors mean to somebody with a gallery, and what to do with a damaged file."""

import os
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path

_NAMES = (".sqlite", ".sqlite3", ".db", "")
"""Endings of files that are put aside if they are damaged; another was named by mistake."""
SIDES = ("-journal", "-wal", "-shm")
"""What belongs to a file of SQLite and goes with it."""
_MEANINGS = {
    sqlite3.SQLITE_BUSY: "is in use by another program. Close it and try again.",
    sqlite3.SQLITE_LOCKED: "is in use by another program. Close it and try again.",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full. Make room and try again.",
    sqlite3.SQLITE_READONLY: "can only be read. Change its rights, or name another file.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Look at its rights and at those of its folder.",
    sqlite3.SQLITE_PERM: "cannot be opened. Look at its rights and at those of its folder.",
}
IN_USE = _MEANINGS[sqlite3.SQLITE_BUSY]
READ_ONLY = _MEANINGS[sqlite3.SQLITE_READONLY]


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is broken, or none of its kind."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def explained(error: sqlite3.Error, path: Path) -> str:
    """One line about an error that is no damage."""
    code = _code(error)
    if code in _MEANINGS:
        return f"The gallery {path} {_MEANINGS[code]}"
    if code == sqlite3.SQLITE_IOERR:
        return f"The gallery {path} cannot be used: the disk failed ({error}). Look after the disk."
    if isinstance(error, sqlite3.IntegrityError):
        return f"The gallery {path} refuses that: {error}."
    return f"The gallery {path} cannot be used: {error}."


def sides(path: Path) -> list[Path]:
    """The files that SQLite keeps beside one, those that are there."""
    return [file for end in SIDES if (file := path.with_name(path.name + end)).exists()]


def put_aside(path: Path, why: object) -> str:
    """Rename a damaged gallery, so that a new one can be begun; one line about it."""
    if path.suffix.lower() not in _NAMES:
        return f"{path} is no gallery ({why}). Name another file with --gallery."
    stem = f"{path.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}"
    aside = path.with_name(stem + path.suffix)
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{stem}-{number}{path.suffix}")
    message = f"The gallery {path} is damaged ({why})"
    try:
        os.rename(path, aside)  # noqa: PTH104 - one door for tests to make it fail
    except OSError as trouble:
        return f"{message} and cannot be put aside: {trouble.strerror}. Move it away by hand."
    for side in sides(path):  # or SQLite would work a journal into the gallery that comes next
        with suppress(OSError):
            side.rename(side.with_name(aside.name + side.name.removeprefix(path.name)))
    return (
        f"{message}; it was kept as {aside}. Restore a backup with "
        "'livevision faces restore FILE', or enrol anew."
    )


def _code(error: sqlite3.Error) -> int:
    """The primary result code; 0 where the error is Python's own, as with a closed database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
