"""The tables of a gallery, their versions, and what makes a file one."""

import sqlite3
import zlib
from functools import cache

import numpy as np

from livevision.frame import Floats

CHIP_SIDE = 100
"""Of the pictures that the classic recognisers compare, in pixels."""
DIMENSIONS = 128
APPLICATION = 0x4C565331
"""SQLite's application_id of a gallery ("LVS1")."""
WITH_EMBEDDINGS = ("faces", "rejected", "sightings")
"""The tables with a column `embedding`, and from version 4 on `digest`, its checksum."""

_EMBEDDING = "embedding BLOB NOT NULL CHECK (length(embedding) = 512)"
VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE people (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            note TEXT NOT NULL DEFAULT '',
            consent TEXT NOT NULL DEFAULT '',
            expires TEXT,
            added TEXT NOT NULL
        )
        """,
        f"""
        CREATE TABLE faces (
            id INTEGER PRIMARY KEY,
            person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
            {_EMBEDDING},
            quality REAL NOT NULL,
            source TEXT NOT NULL,
            added TEXT NOT NULL
        )
        """,
        "CREATE INDEX faces_of_person ON faces (person)",
    ),
    (
        f"""
        CREATE TABLE rejected (
            id INTEGER PRIMARY KEY,
            person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
            {_EMBEDDING},
            added TEXT NOT NULL
        )
        """,
        f"""
        CREATE TABLE sightings (
            id INTEGER PRIMARY KEY,
            {_EMBEDDING},
            name TEXT NOT NULL,
            seconds REAL NOT NULL,
            seen TEXT NOT NULL
        )
        """,
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ),
    (
        f"""
        ALTER TABLE faces ADD COLUMN chip BLOB
            CHECK (chip IS NULL OR length(chip) = {CHIP_SIDE * CHIP_SIDE})
        """,
    ),
    (
        *(f"ALTER TABLE {table} ADD COLUMN digest INTEGER" for table in WITH_EMBEDDINGS),
        *(f"UPDATE {table} SET digest = crc32(embedding)" for table in WITH_EMBEDDINGS),
        f"PRAGMA application_id = {APPLICATION}",
    ),
)
"""The statements that lead to each version; `PRAGMA user_version` counts those applied."""

Columns = dict[str, list[str]]
"""Names of the columns of each table, in order."""


class Foreign(Exception):  # noqa: N818 - what a file is; callers say what it means to them
    """A database, but no gallery."""


class Later(Exception):  # noqa: N818
    """A gallery of a later version of livevision."""


def version(db: sqlite3.Connection) -> int:
    """How many versions were applied. Raises Later, or Foreign if the tables are not its own."""
    (number,) = db.execute("PRAGMA user_version").fetchone()
    if number > len(VERSIONS):
        raise Later
    there = columns(db)
    for table, names in _expected(number).items():
        if there.get(table) != names:
            raise Foreign(f"it has no table {table} as a gallery has it")
    if not number and there:
        raise Foreign("its tables are others")
    return int(number)


def is_gallery(db: sqlite3.Connection) -> bool:
    """Whether a database is a gallery, be it of a later version. Raises what SQLite raises."""
    try:
        return version(db) > 0
    except Later:
        return bool(db.execute("PRAGMA application_id").fetchone() == (APPLICATION,))
    except Foreign:
        return False


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Apply the versions that are missing, all or none; safe with other programs beside.

    Raises Later, Foreign, and what SQLite raises.
    """
    db.execute("BEGIN")  # for one moment's state, while another program writes perhaps
    try:
        current = version(db)
    finally:
        db.execute("ROLLBACK")
    if current == len(VERSIONS):
        return
    db.create_function("crc32", 1, zlib.crc32, deterministic=True)
    db.execute("BEGIN IMMEDIATE")
    try:
        # only now: another program may have been quicker
        for number, statements in enumerate(VERSIONS):
            if number >= version(db):
                for statement in statements:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    """End a transaction if one is open; SQLite ends some by itself, on a full disk for one."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def columns(db: sqlite3.Connection) -> Columns:
    """The tables there are; views and virtual tables are none."""
    names = [
        name
        for name, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_") and str(sql).upper().startswith("CREATE TABLE")
    ]
    return {name: [row[1] for row in db.execute(_info(name))] for name in names}


def _info(table: str) -> str:
    quoted = table.replace('"', '""')
    return f'PRAGMA table_info("{quoted}")'


@cache
def _expected(number: int) -> Columns:
    db = sqlite3.connect(":memory:")
    try:
        db.create_function("crc32", 1, zlib.crc32, deterministic=True)
        for statements in VERSIONS[:number]:
            for statement in statements:
                db.execute(statement)
        return columns(db)
    finally:
        db.close()


def check_whole(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError, with SQLITE_CORRUPT as its code, if SQLite finds damage."""
    (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        error = sqlite3.DatabaseError(state)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def pack(embedding: Floats) -> bytes:
    """An embedding as the gallery keeps it. Raises ValueError if it is none."""
    values = np.asarray(embedding, "<f4")
    if values.shape != (DIMENSIONS,) or not np.isfinite(values).all():
        raise ValueError(f"an embedding is {DIMENSIONS} finite numbers")
    return values.tobytes()


def digest(blob: bytes) -> int:
    """The checksum that stands beside an embedding: against damage, not against forgery."""
    return zlib.crc32(blob)


def unpack(blob: bytes, checksum: int | None) -> Floats | None:
    """The embedding of a blob; None if it is not what was written."""
    values = np.frombuffer(blob, "<f4").astype(np.float32)
    if digest(blob) != checksum or values.shape != (DIMENSIONS,) or not np.isfinite(values).all():
        return None
    return values
