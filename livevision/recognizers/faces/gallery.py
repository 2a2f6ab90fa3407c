"""The people who are enrolled: one SQLite file with their names and embeddings, no pictures."""

import os
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from livevision import files, settings
from livevision.errors import GalleryError, OutputError
from livevision.frame import Image
from livevision.recognizers.faces import encryption

Embedding = NDArray[np.float32]
"""(128,), dlib's."""

DIMENSIONS = 128
CHIP_SIDE = 100
"""Of the pictures that the classic recognisers compare, in pixels."""
UNKNOWN = "unknown"
"""What somebody is called who is not enrolled; nobody can be enrolled under this name."""
NAME_LENGTH = 100
LOCK_TIMEOUT = 3.0
"""Seconds to wait while another program writes."""

_MIGRATIONS = (
    """
    CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        note TEXT NOT NULL DEFAULT '',
        consent TEXT NOT NULL DEFAULT '',
        expires TEXT,
        added TEXT NOT NULL
    );
    CREATE TABLE faces (
        id INTEGER PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        embedding BLOB NOT NULL CHECK (length(embedding) = 512),
        quality REAL NOT NULL,
        source TEXT NOT NULL,
        added TEXT NOT NULL
    );
    CREATE INDEX faces_of_person ON faces (person);
    """,
    """
    CREATE TABLE rejected (
        id INTEGER PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        embedding BLOB NOT NULL CHECK (length(embedding) = 512),
        added TEXT NOT NULL
    );
    CREATE TABLE sightings (
        id INTEGER PRIMARY KEY,
        embedding BLOB NOT NULL CHECK (length(embedding) = 512),
        name TEXT NOT NULL,
        seconds REAL NOT NULL,
        seen TEXT NOT NULL
    );
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    f"""
    ALTER TABLE faces ADD COLUMN chip BLOB
        CHECK (chip IS NULL OR length(chip) = {CHIP_SIDE * CHIP_SIDE});
    """,
)
"""One script for each version of the schema; `PRAGMA user_version` counts those applied."""
_MAGIC = b"SQLite format 3\0"
"""What every file of SQLite begins with."""
_SUFFIXES = (".sqlite", ".sqlite3", ".db", "")
"""Of files that are put aside if they are damaged; another was named by mistake."""
_TABLES = ({"people", "faces"}, {"rejected", "sightings", "settings"})
"""The tables that the first versions brought."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is enrolled."""

    id: int
    name: str
    note: str
    consent: str
    """What was agreed to and when, in the words given at enrolment."""
    expires: date | None
    """The day from which on the person is no longer known; None: never."""
    added: datetime
    faces: int
    """How many views are enrolled."""


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledFace:
    """One enrolled view of a person."""

    id: int
    person: int
    name: str
    embedding: Embedding
    quality: float
    """0 to 1."""
    source: str
    """The photo's or clip's name, or "camera"."""
    added: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Somebody a camera saw, kept because the user asked for that."""

    id: int
    embedding: Embedding
    """Mean over the track."""
    name: str
    """What the track was called; "unknown" for a stranger."""
    seconds: float
    seen: datetime


def default_path() -> Path:
    """Where the gallery is unless another file is named; LIVEVISION_DATA names another folder."""
    return settings.data_folder() / "gallery.sqlite"


def checked_name(name: str) -> str:
    """`name` in Unicode's composed form, without needless spaces; GalleryError if it is no name."""
    composed = unicodedata.normalize("NFC", " ".join(name.split()))
    if not composed:
        raise GalleryError('A name is empty. Give the person\'s name, e.g. "Zoë".')
    shown = composed if len(composed) <= 30 else composed[:27] + "..."
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    if len(composed) > NAME_LENGTH:
        raise GalleryError(
            f"The name {shown!r} is {len(composed)} characters long; use at most {NAME_LENGTH}."
        )
    if composed.casefold() == UNKNOWN:
        raise GalleryError(f"Nobody can be called {shown!r}: strangers are. Choose another name.")
    for character in composed:
        # joiners belong to the spelling of names in Persian and in Indian scripts
        if unicodedata.category(character)[0] == "C" and character not in "\u200c\u200d":
            raise GalleryError(
                f"The name {shown!r} has an invisible character (U+{ord(character):04X}). "
                "Type the name without it."
            )
    if "/" in composed or "\\" in composed:
        raise GalleryError(f"The name {shown!r} looks like a path. Give the name, then the photos.")
    return composed


class Gallery:
    """The gallery in a file, made when it is not there; a context manager.

    Every change is one transaction, so a crash leaves the state before or after it. What is removed
    is overwritten with zeros (`PRAGMA secure_delete`). Only the user can read the file. One that
    is encrypted is worked on in memory, and its file is replaced with every change.

    Raises GalleryError if the file is damaged (it is then renamed, and a new one can be begun), in
    use by another program, of a later version of livevision, or cannot be read or written.
    """

    def __init__(self, path: Path | str | None = None, *, create: bool = True) -> None:
        self.path = Path(path) if path is not None else default_path()
        if not create and not self.path.exists():
            raise GalleryError(
                f"There is no gallery {self.path}. "
                "Begin one with 'livevision faces add NAME PHOTO'."
            )
        try:
            settings.prepare_folder(self.path.parent)
            if self.path.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            # made here, not by SQLite, so that nobody else can read it for a moment
            number = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if sys.platform != "win32" and os.fstat(number).st_mode & 0o077:
                    os.fchmod(number, 0o600)  # earlier, or by a copy, others were let in
            finally:
                os.close(number)
        except OSError as error:
            raise GalleryError(
                f"Cannot open the gallery {self.path}: {error.strerror}. "
                "Name another file with --gallery."
            ) from error
        self._salt: bytes | None = None
        self._written = (0, 0)
        self._connect()

    def _connect(self) -> None:
        try:
            sealed = self.path.read_bytes() if encryption.is_encrypted(self.path) else None
            self._written = self._state()
        except OSError as error:
            raise GalleryError(f"Cannot read the gallery {self.path}: {error.strerror}.") from error
        content = None
        if sealed is not None:
            content, self._salt = encryption.unlock(sealed, self.path)
        self._db = sqlite3.connect(
            self.path if content is None else ":memory:",
            timeout=LOCK_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            with self._guard():
                if content is not None:
                    self._db.deserialize(content)
                    self._db.execute("PRAGMA temp_store = MEMORY")
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        query = self._db.execute
        (state,) = query("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
        query("PRAGMA secure_delete = ON")
        query("PRAGMA foreign_keys = ON")
        (version,) = query("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            raise GalleryError(
                f"The gallery {self.path} was written by a later livevision. Update livevision."
            )
        self._check_tables(_TABLES[:version])
        for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
            statements = script + f"PRAGMA user_version = {number};"
            self._db.executescript(f"BEGIN IMMEDIATE;{statements}COMMIT;")
        self._check_tables(_TABLES)

    def _check_tables(self, expected: Sequence[set[str]]) -> None:
        rows = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not set().union(*expected) <= {name for (name,) in rows}:
            raise sqlite3.DatabaseError("its tables are not those of a gallery")

    def close(self) -> None:
        """Close the file; the gallery cannot be used any more."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def people(self) -> list[Person]:
        """Everybody who is enrolled, by name."""
        return self._people("ORDER BY name COLLATE NOCASE, name")

    def _people(self, which: str, *values: str) -> list[Person]:
        with self._guard():
            rows = self._db.execute(
                "SELECT id, name, note, consent, expires, added,"
                f" (SELECT count(*) FROM faces WHERE person = people.id) FROM people {which}",
                values,
            ).fetchall()
        return [
            Person(
                number,
                name,
                note,
                consent,
                date.fromisoformat(expires) if expires else None,
                datetime.fromisoformat(added),
                faces,
            )
            for number, name, note, consent, expires, added, faces in rows
        ]

    def person(self, name: str) -> Person:
        """The person called `name`; GalleryError, with the names there are, if nobody is."""
        wanted = checked_name(name)
        # not among all of them: ten thousand people would be enrolled in minutes, not in seconds
        if found := self._people("WHERE name = ?", wanted):
            return found[0]
        people = self.people()
        known = ", ".join(person.name for person in people[:10])
        more = ", ..." if len(people) > 10 else ""
        raise GalleryError(
            f"Nobody called {wanted!r} is enrolled. "
            + (f"Enrolled: {known}{more}." if known else "Nobody is, yet.")
        )

    def faces(self) -> list[EnrolledFace]:
        """Every enrolled view of everybody, in the order of enrolment."""
        with self._guard():
            rows = self._db.execute(
                "SELECT faces.id, person, name, embedding, quality, source, faces.added"
                " FROM faces JOIN people ON people.id = person ORDER BY faces.id"
            ).fetchall()
        return [
            EnrolledFace(
                number, person, name, _unpack(blob), quality, source, datetime.fromisoformat(added)
            )
            for number, person, name, blob, quality, source, added in rows
        ]

    def chips(self) -> list[tuple[str, Image]]:
        """The names and pictures, (100, 100) grey, of the views that were enrolled with one."""
        with self._guard():
            rows = self._db.execute(
                "SELECT name, chip FROM faces JOIN people ON people.id = person"
                " WHERE chip IS NOT NULL ORDER BY faces.id"
            ).fetchall()
        shape = CHIP_SIDE, CHIP_SIDE
        return [(name, np.frombuffer(blob, np.uint8).reshape(shape)) for name, blob in rows]

    def add(
        self,
        name: str,
        views: Sequence[tuple[Embedding, float, str]],
        *,
        chips: Sequence[Image] = (),
        note: str | None = None,
        consent: str | None = None,
        expires: date | None = None,
    ) -> Person:
        """Enrol views (embedding, quality, source) of `name`, who may be enrolled already.

        `chips` are pictures of the views, (100, 100) grey, if they are to be kept. `note`,
        `consent` and `expires` replace earlier ones where they are given.
        """
        pictures: list[bytes | None] = [chip.tobytes() for chip in chips] or [None] * len(views)
        name = checked_name(name)
        now = _now()
        with self._guard(), self._transaction():
            query = self._db.execute
            query("INSERT OR IGNORE INTO people (name, added) VALUES (?, ?)", (name, now))
            ((number,),) = query("SELECT id FROM people WHERE name = ?", (name,)).fetchall()
            given = {
                "note": note,
                "consent": consent,
                "expires": expires.isoformat() if expires else None,
            }
            for column, value in given.items():
                if value is not None:
                    query(f"UPDATE people SET {column} = ? WHERE id = ?", (value, number))
            self._db.executemany(
                "INSERT INTO faces (person, embedding, quality, source, added, chip)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (number, _pack(e), quality, source, now, picture)
                    for (e, quality, source), picture in zip(views, pictures, strict=True)
                ],
            )
        return self.person(name)

    def rename(self, name: str, new: str) -> None:
        """Call somebody otherwise; GalleryError if the new name is taken (see `merge`)."""
        person, new = self.person(name), checked_name(new)
        if any(each.name == new and each.id != person.id for each in self.people()):
            raise GalleryError(
                f"{new!r} is enrolled too. If they are one person: "
                f"livevision faces merge {name!r} {new!r}"
            )
        with self._guard(), self._transaction():
            self._db.execute("UPDATE people SET name = ? WHERE id = ?", (new, person.id))

    def merge(self, name: str, into: str) -> Person:
        """Make two enrolled people one, called `into`."""
        person, other = self.person(name), self.person(into)
        if person.id == other.id:
            raise GalleryError(f"{into!r} cannot be merged with itself. Name two people.")
        with self._guard(), self._transaction():
            for table in ("faces", "rejected"):
                self._db.execute(
                    f"UPDATE {table} SET person = ? WHERE person = ?", (other.id, person.id)
                )
            self._db.execute("DELETE FROM people WHERE id = ?", (person.id,))
        return self.person(into)

    def remove(self, name: str) -> int:
        """Erase somebody, and prove it: how many embeddings were removed.

        With them goes what was noted of the same views elsewhere: that they show nobody else. The
        whole file is rewritten and then searched for every embedding of the person's; GalleryError
        if one were still there. One that is enrolled or rejected for somebody else too is theirs as
        well, and stays (see `shared`).
        """
        person = self.person(name)
        with self._guard():
            blobs = [
                blob
                for table in ("faces", "rejected")
                for (blob,) in self._db.execute(
                    f"SELECT embedding FROM {table} WHERE person = ?", (person.id,)
                )
            ]
            blobs += [
                blob
                for number, blob in self._db.execute(
                    "SELECT id, embedding FROM sightings WHERE name = ?", (person.name,)
                )
            ]
            chips = [
                blob
                for (blob,) in self._db.execute(
                    "SELECT chip FROM faces WHERE person = ? AND chip IS NOT NULL", (person.id,)
                )
            ]
            with self._transaction():
                self._db.execute(
                    "DELETE FROM rejected WHERE embedding IN"
                    " (SELECT embedding FROM faces WHERE person = ?)",
                    (person.id,),
                )
                self._db.execute("DELETE FROM people WHERE id = ?", (person.id,))
                self._db.execute("DELETE FROM sightings WHERE name = ?", (person.name,))
            self._rewrite()
            kept = self._stored("embedding") | self._stored("chip")
        gone = [blob for blob in blobs if blob not in kept]
        # SQLite keeps what is large in pieces: a few rows of a picture are always in one of them
        pieces = [
            chip[start:][:128] for chip in chips if chip not in kept for start in (3000, 5500)
        ]
        self.prove_absent(gone + pieces)
        return len(gone)

    def _stored(self, column: str) -> set[bytes]:
        """Every embedding, or every chip, there is."""
        tables = ("faces", "rejected", "sightings") if column == "embedding" else ("faces",)
        return {
            blob
            for table in tables
            for (blob,) in self._db.execute(f"SELECT {column} FROM {table}")
            if blob is not None
        }

    def shared(self, name: str) -> list[str]:
        """The others who have one of the very views under which `name` is enrolled."""
        person = self.person(name)
        with self._guard():
            rows = self._db.execute(
                "SELECT DISTINCT name FROM faces JOIN people ON people.id = person"
                " WHERE person != ? AND embedding IN"
                " (SELECT embedding FROM faces WHERE person = ?) ORDER BY name",
                (person.id, person.id),
            ).fetchall()
        return [other for (other,) in rows]

    def prove_absent(self, blobs: Sequence[bytes]) -> None:
        """Raise GalleryError if one of the byte strings is in the gallery's files still."""
        contents = [(file, file.read_bytes()) for file in self.files()]
        if self._salt is not None:
            contents.append((self.path, self._db.serialize()))
        for file, data in contents:
            if any(blob in data or blob[:64] in data for blob in blobs):
                raise GalleryError(
                    f"{file} still holds what was to be removed. Delete the file by hand."
                )

    def files(self) -> list[Path]:
        """The gallery's file and those SQLite may keep beside it."""
        names = (self.path.name + end for end in ("", "-journal", "-wal", "-shm"))
        return [file for name in names if (file := self.path.with_name(name)).exists()]

    def forget_expired(self, today: date) -> list[str]:
        """Remove everybody whose enrolment has expired; their names."""
        names = [each.name for each in self.people() if each.expires and each.expires <= today]
        for name in names:
            self.remove(name)
        return names

    def forget_face(self, number: int) -> None:
        """Remove one enrolled view."""
        with self._guard(), self._transaction():
            self._db.execute("DELETE FROM faces WHERE id = ?", (number,))

    def reject(self, name: str, embedding: Embedding) -> None:
        """Note that a face is not that of `name`."""
        person = self.person(name)
        with self._guard(), self._transaction():
            self._db.execute(
                "INSERT INTO rejected (person, embedding, added) VALUES (?, ?, ?)",
                (person.id, _pack(embedding), _now()),
            )

    def rejected(self) -> list[tuple[str, Embedding]]:
        """Faces that are not those of the people named beside them."""
        with self._guard():
            rows = self._db.execute(
                "SELECT name, embedding FROM rejected JOIN people ON people.id = person"
                " ORDER BY rejected.id"
            ).fetchall()
        return [(name, _unpack(blob)) for name, blob in rows]

    def note_sighting(self, embedding: Embedding, name: str, seconds: float) -> None:
        """Keep whom a camera saw (opt-in: see `faces unknown`)."""
        with self._guard(), self._transaction():
            self._db.execute(
                "INSERT INTO sightings (embedding, name, seconds, seen) VALUES (?, ?, ?, ?)",
                (_pack(embedding), name, seconds, _now()),
            )

    def sightings(self) -> list[Sighting]:
        """Whom cameras saw, in order."""
        with self._guard():
            rows = self._db.execute(
                "SELECT id, embedding, name, seconds, seen FROM sightings ORDER BY id"
            ).fetchall()
        return [
            Sighting(number, _unpack(blob), name, seconds, datetime.fromisoformat(seen))
            for number, blob, name, seconds, seen in rows
        ]

    def forget_sightings(self, numbers: Sequence[int]) -> None:
        """Erase sightings."""
        with self._guard():
            with self._transaction():
                self._db.executemany(
                    "DELETE FROM sightings WHERE id = ?", [(number,) for number in numbers]
                )
            self._rewrite()

    def setting(self, key: str) -> str | None:
        """A setting kept with the gallery, e.g. the tuned threshold."""
        with self._guard():
            row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set(self, key: str, value: str | None) -> None:
        """Keep a setting with the gallery, or forget it."""
        with self._guard(), self._transaction():
            if value is None:
                self._db.execute("DELETE FROM settings WHERE key = ?", (key,))
            else:
                self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))

    def backup(self, target: Path) -> None:
        """Write a copy of the gallery to `target`, complete or not at all; encrypted if this is.

        Raises OutputError if it cannot be written.
        """
        with self._guard():
            content = self._db.serialize()
        _write(target, self._sealed(content))

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to read the file."""
        return self._salt is not None

    def encrypt(self) -> None:
        """Ask for a passphrase, and keep the gallery under it from now on."""
        if self._salt is not None:
            raise GalleryError(f"The gallery {self.path} is encrypted already.")
        with self._guard():
            content = self._db.serialize()
        self._salt = encryption.begin(self.path)
        self._db.close()  # or Windows would not let the file be replaced
        readable = self.path.with_name(f".readable-{os.getpid()}-{self.path.name}")
        try:
            os.link(self.path, readable)
            _write(self.path, self._sealed(content))
            files.erase(readable)
        except OSError as error:
            raise GalleryError(f"Cannot encrypt {self.path}: {error.strerror}.") from error
        self._connect()

    def decrypt(self) -> None:
        """Keep the gallery readable without a passphrase from now on."""
        if self._salt is None:
            raise GalleryError(f"The gallery {self.path} is not encrypted.")
        content, self._salt = self._db.serialize(), None
        self._db.close()
        _write(self.path, content)
        self._connect()

    def _sealed(self, content: bytes) -> bytes:
        return content if self._salt is None else encryption.seal(content, self._salt)

    def _state(self) -> tuple[int, int]:
        """What changes when another program writes the file."""
        state = self.path.stat()
        return state.st_mtime_ns, state.st_ino

    def _save(self) -> None:
        """Write an encrypted gallery's file; SQLite has written one that is not."""
        if self._salt is None:
            return
        if self._state() != self._written:
            raise GalleryError(
                f"The gallery {self.path} was changed by another program meanwhile. Try again."
            )
        _write(self.path, self._sealed(self._db.serialize()))
        self._written = self._state()

    def _rewrite(self) -> None:
        """Leave no free pages in the file, where something could be read still."""
        self._db.execute("VACUUM")
        self._save()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        self._save()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """SQLite's errors as ours; a damaged file is put aside."""
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise GalleryError(
                    f"The gallery {self.path} is in use by another program. Close it and try again."
                ) from error
            raise GalleryError(f"Cannot use the gallery {self.path}: {error}.") from error
        except sqlite3.IntegrityError as error:
            raise GalleryError(f"The gallery {self.path} refuses that: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise GalleryError(self._put_aside(error)) from error

    def _put_aside(self, error: Exception) -> str:
        self._db.close()
        if self.path.suffix.lower() not in _SUFFIXES:
            return f"{self.path} is no gallery ({error}). Name another file with --gallery."
        stem = f"{self.path.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}"
        aside = self.path.with_name(stem + self.path.suffix)
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{stem}-{number}{self.path.suffix}")
        message = f"The gallery {self.path} is damaged ({error})"
        try:
            self.path.rename(aside)
        except OSError as trouble:
            return f"{message} and cannot be put aside: {trouble.strerror}. Move it away by hand."
        return (
            f"{message}; it was kept as {aside}. Restore a backup with "
            "'livevision faces restore FILE', or enrol anew."
        )


def restore(backup: Path, target: Path) -> int:
    """Replace the gallery `target` by the copy `backup`; how many people are in it.

    The copy is checked first; an earlier gallery is overwritten only by a good one.
    """
    if not backup.is_file():
        raise GalleryError(f"There is no backup {backup}. Name the file that 'faces backup' wrote.")
    try:
        data = backup.read_bytes()
        content = encryption.unlock(data, backup)[0] if encryption.is_encrypted(backup) else data
        if not content.startswith(_MAGIC):
            raise sqlite3.DatabaseError("file is not a database")
        db = sqlite3.connect(":memory:")
        try:
            db.deserialize(content)
            (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
            (count,) = db.execute("SELECT count(*) FROM people").fetchone()
            db.execute("SELECT count(*) FROM faces").fetchone()
        finally:
            db.close()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
    except (OSError, sqlite3.Error) as error:
        raise GalleryError(
            f"{backup} is no backup of a gallery ({error}). The gallery was left as it is."
        ) from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, data)
    except (OSError, OutputError) as error:
        raise GalleryError(f"Cannot restore to {target}: {error}") from error
    return int(count)


def _write(path: Path, data: bytes) -> None:
    """Replace a file by one that only the user can read, and see it on the disk; OutputError."""

    def save(draft: Path) -> None:
        with draft.open("r+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    files.replace(path, save, private=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _pack(embedding: Embedding) -> bytes:
    values = np.asarray(embedding, "<f4")
    if values.shape != (DIMENSIONS,) or not np.isfinite(values).all():
        raise ValueError(f"an embedding is {DIMENSIONS} finite numbers")
    return values.tobytes()


def _unpack(blob: bytes) -> Embedding:
    return np.frombuffer(blob, "<f4").astype(np.float32)
