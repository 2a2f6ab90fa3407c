"""A gallery from a copy of it: row by row, since a copy may come from anywhere."""

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

from livevision.errors import GalleryError
from livevision.recognizers.faces import encryption, schema, store
from livevision.recognizers.faces.gallery import NAME_LENGTH, checked_name
from livevision.recognizers.faces.traces import SQLITE, is_gallery

LONGEST = 10_000
"""Characters of a note and the like; what is longer was written by nobody's hand."""
_Row = dict[str, object]


def may_be_replaced(file: Path) -> bool:
    """Whether nothing of the user's is lost if a backup takes the place of `file`: it is not there,
    is empty, or is a gallery or a backup itself. Raises OSError if it cannot be read."""
    return not file.is_file() or not file.stat().st_size or is_gallery(file.resolve())


def restore(backup: Path, target: Path) -> int:
    """Replace the gallery `target` by the copy `backup`; how many people are in it.

    The copy is checked first, its tables and every row in them, and the rows alone are taken over:
    what else a database may hold, triggers and views, is not. An earlier gallery is overwritten
    only by a good one; a damaged one is put aside. Raises GalleryError.
    """
    if not backup.is_file():
        raise GalleryError(f"There is no backup {backup}. Name the file that 'faces backup' wrote.")
    salt = None
    try:
        content = backup.read_bytes()
        if encryption.is_encrypted(backup):
            content, salt = encryption.unlock(content, backup)
        fresh, count = _copied(content)
    except (OSError, sqlite3.Error, ValueError) as error:
        raise GalleryError(
            f"{backup} is no backup of a gallery ({error}). The gallery was left as it is."
        ) from error
    except schema.Foreign as error:
        raise GalleryError(
            f"{backup} is no backup of a gallery ({error}). The gallery was left as it is."
        ) from None
    except schema.Later:
        raise GalleryError(
            f"{backup} was written by a later livevision. Update livevision."
        ) from None
    _settle(target)
    store.put(target, fresh if salt is None else encryption.seal(fresh, salt))
    return count


def _settle(target: Path) -> None:
    """Let SQLite finish what a killed program left of a gallery that is to be replaced.

    Its journal would be worked into the new file otherwise.
    """
    if target.is_file() and not encryption.is_encrypted(target):
        try:
            store.Store(target, create=False).close()
        except GalleryError:
            if target.exists():  # damaged ones are put aside; this one is somebody else's
                raise


def _copied(content: bytes) -> tuple[bytes, int]:
    """A new database with the rows of one, and the number of people.

    Raises ValueError, sqlite3.Error, schema.Foreign or schema.Later if it is no gallery's.
    """
    if not content.startswith(SQLITE):
        raise ValueError("file is not a database")
    # a deserialised database cannot use a write-ahead log (bytes 18 and 19 of the header)
    content = content[:18] + b"\x01\x01" + content[20:]
    with closing(_memory()) as old, closing(_memory()) as new:
        old.deserialize(content)
        old.execute("PRAGMA trusted_schema = OFF")
        schema.check_whole(old)
        number = schema.version(old)
        if not number:
            raise schema.Foreign("it has no tables")
        schema.bring_up_to_date(new)
        new.execute("PRAGMA foreign_keys = ON")
        there = schema.columns(old)
        new.execute("BEGIN")
        for table, names in schema.columns(new).items():
            known = [name for name in names if name in there.get(table, ())]
            for row in _rows(old, table, known):
                if "embedding" in names:
                    blob = row["embedding"]
                    if not isinstance(blob, bytes):
                        raise ValueError(f"an embedding in {table} is none")
                    checksum = row.get("digest", schema.digest(blob))
                    if not isinstance(checksum, int) or schema.unpack(blob, checksum) is None:
                        raise ValueError(f"an embedding in {table} is damaged")
                    row["digest"] = checksum
                places = ", ".join("?" * len(row))
                new.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", (*row.values(),)
                )
        new.execute("COMMIT")
        (count,) = new.execute("SELECT count(*) FROM people").fetchone()
        return new.serialize(), int(count)


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _rows(db: sqlite3.Connection, table: str, names: list[str]) -> list[_Row]:
    """The rows of a table, each value checked; ValueError."""
    if not names:
        return []
    rows = []
    for values in db.execute(f"SELECT {', '.join(names)} FROM main.{table}"):
        row = dict(zip(names, values, strict=True))
        for name, value in row.items():
            if not _CHECKS.get(name, _anything)(value):
                raise ValueError(f"{table} holds a {name} that is none")
        if table in ("people", "sightings") and not _is_name(row["name"], table):
            raise ValueError(f"{table} holds a name that is none")
        rows.append(row)
    return rows


def _is_name(value: object, table: str) -> bool:
    if not isinstance(value, str) or len(value) > NAME_LENGTH:
        return False
    try:
        return table == "sightings" or checked_name(value) == value
    except GalleryError:
        return False


def _anything(value: object) -> bool:
    return True


def _number(value: object) -> bool:
    return isinstance(value, int)


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _moment(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _day(value: object) -> bool:
    try:
        return value is None or (isinstance(value, str) and bool(date.fromisoformat(value)))
    except ValueError:
        return False


_CHECKS: dict[str, Callable[[object], bool]] = {
    "id": _number,
    "person": _number,
    "name": _text,
    "note": _text,
    "consent": _text,
    "source": _text,
    "key": _text,
    "value": _text,
    "added": _moment,
    "seen": _moment,
    "expires": _day,
    "quality": _finite,
    "seconds": _finite,
}
