"""The people who are enrolled: one SQLite file with their names and embeddings, no pictures."""

import logging
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import files, settings
from livevision.closing import Closing
from livevision.errors import GalleryError
from livevision.frame import Image
from livevision.recognizers.faces import UNKNOWN, schema, traces
from livevision.recognizers.faces.schema import CHIP_SIDE
from livevision.recognizers.faces.store import Store

log = logging.getLogger(__name__)

Embedding = NDArray[np.float32]
"""(128,), dlib's."""

NAME_LENGTH = 100
SAME_VIEW = 0.999999
"""Cosine of two embeddings from which on they are of one picture, and one is enough."""


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


class Gallery(Closing):
    """The gallery in a file, made when it is not there; a context manager.

    Every change is one transaction on what is in the file by then, so a crash leaves the state
    before or after it, and what other programs change meanwhile stays. What is removed is
    overwritten with zeros (`PRAGMA secure_delete`). Only the user can read the file. One that is
    encrypted is worked on in memory, and its file is replaced with every change. One that can only
    be read is read.

    Raises GalleryError if the file is damaged (it is then renamed, and a new one can be begun), in
    use by another program, closed, of a later version of livevision, or cannot be read or written.
    """

    def __init__(self, path: Path | str | None = None, *, create: bool = True) -> None:
        self._store = Store(Path(path) if path is not None else default_path(), create=create)

    @property
    def path(self) -> Path:
        """Where the file is; behind a link, if that leads to it."""
        return self._store.path

    def close(self) -> None:
        """Close the file; the gallery cannot be used any more."""
        self._store.close()

    # --- who is enrolled

    def people(self) -> list[Person]:
        """Everybody who is enrolled, by name."""
        return self._people("ORDER BY name COLLATE NOCASE, name")

    def _people(self, which: str, *values: str) -> list[Person]:
        rows = self._store.rows(
            "SELECT id, name, note, consent, expires, added,"
            f" (SELECT count(*) FROM faces WHERE person = people.id) FROM people {which}",
            *values,
        )
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
        """Every enrolled view of everybody, in the order of enrolment.

        One that is not what was written is left out, with a warning in the log.
        """
        rows = self._store.rows(
            "SELECT faces.id, person, name, embedding, digest, quality, source, faces.added"
            " FROM faces JOIN people ON people.id = person ORDER BY faces.id"
        )
        return [
            EnrolledFace(
                number, person, name, embedding, quality, source, datetime.fromisoformat(added)
            )
            for number, person, name, blob, digest, quality, source, added in rows
            if (embedding := self._unpacked(blob, digest, f"a view of {name!r} ({source})"))
            is not None
        ]

    def chips(self) -> list[tuple[str, Image]]:
        """The names and pictures, (100, 100) grey, of the views that were enrolled with one."""
        rows = self._store.rows(
            "SELECT name, chip FROM faces JOIN people ON people.id = person"
            " WHERE chip IS NOT NULL ORDER BY faces.id"
        )
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

        A view that the person is enrolled with already counts once. `chips` are pictures of the
        views, (100, 100) grey, if they are to be kept. `note`, `consent` and `expires` replace
        earlier ones where they are given.
        """
        pictures: list[bytes | None] = [chip.tobytes() for chip in chips] or [None] * len(views)
        name = checked_name(name)
        now = _now()
        packed = [schema.pack(embedding) for embedding, _, _ in views]
        with self._store.change() as db:
            query = db.execute
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
            seen = [
                (face, np.frombuffer(blob, "<f4"))
                for face, blob in query(
                    "SELECT id, embedding FROM faces WHERE person = ?", (number,)
                ).fetchall()
            ]
            for blob, (embedding, quality, source), picture in zip(
                packed, views, pictures, strict=True
            ):
                same = next((face for face, other in seen if same_view(embedding, other)), None)
                if same is not None:
                    query("UPDATE faces SET chip = coalesce(chip, ?) WHERE id = ?", (picture, same))
                    continue
                cursor = query(
                    "INSERT INTO faces (person, embedding, digest, quality, source, added, chip)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, blob, schema.digest(blob), quality, source, now, picture),
                )
                seen.append((cursor.lastrowid, embedding))
        return self.person(name)

    def rename(self, name: str, new: str) -> None:
        """Call somebody otherwise; GalleryError if the new name is taken (see `merge`)."""
        new = checked_name(new)
        with self._store.change() as db:
            person = self.person(name)
            if any(each.id != person.id for each in self._people("WHERE name = ?", new)):
                raise GalleryError(
                    f"{new!r} is enrolled too. If they are one person: "
                    f"livevision faces merge {name!r} {new!r}"
                )
            db.execute("UPDATE people SET name = ? WHERE id = ?", (new, person.id))

    def merge(self, name: str, into: str) -> Person:
        """Make two enrolled people one, called `into`."""
        with self._store.change() as db:
            person, other = self.person(name), self.person(into)
            if person.id == other.id:
                raise GalleryError(f"{into!r} cannot be merged with itself. Name two people.")
            for table in ("faces", "rejected"):
                db.execute(f"UPDATE {table} SET person = ? WHERE person = ?", (other.id, person.id))
            db.execute("DELETE FROM people WHERE id = ?", (person.id,))
        return self.person(into)

    # --- who is not any more

    def remove(self, name: str) -> int:
        """Erase somebody, and prove it: how many embeddings were removed.

        With them goes what was noted of the same views elsewhere: that they show nobody else. The
        whole file is rewritten and then searched for every embedding of the person's, and with it
        what lies beside it: drafts, galleries put aside, backups; GalleryError if one were still
        there. One that is enrolled or rejected for somebody else too is theirs as well, and stays
        (see `shared`).
        """
        with self._store.guard(), self._store.exclusive():
            person = self.person(name)
            rows = self._store.rows
            blobs = [
                blob
                for query, value in (
                    ("SELECT embedding FROM faces WHERE person = ?", person.id),
                    ("SELECT embedding FROM rejected WHERE person = ?", person.id),
                    ("SELECT embedding FROM sightings WHERE name = ?", person.name),
                )
                for (blob,) in rows(query, value)
            ]
            chips = [
                blob
                for (blob,) in rows(
                    "SELECT chip FROM faces WHERE person = ? AND chip IS NOT NULL", person.id
                )
            ]
            with self._store.change(rewrite=True) as db:
                db.execute(
                    "DELETE FROM rejected WHERE embedding IN"
                    " (SELECT embedding FROM faces WHERE person = ?)",
                    (person.id,),
                )
                db.execute("DELETE FROM people WHERE id = ?", (person.id,))
                db.execute("DELETE FROM sightings WHERE name = ?", (person.name,))
            kept = self._stored("embedding") | self._stored("chip")
            gone = [blob for blob in blobs if blob not in kept]
            # SQLite keeps what is large in pieces: some rows of a picture are always in one of them
            pieces = [
                chip[start:][:128] for chip in chips if chip not in kept for start in (3000, 5500)
            ]
            self.prove_absent(gone + pieces)
        return len(gone)

    def _stored(self, column: str) -> set[bytes]:
        """Every embedding, or every chip, there is."""
        tables = schema.WITH_EMBEDDINGS if column == "embedding" else ("faces",)
        return {
            blob
            for table in tables
            for (blob,) in self._store.rows(f"SELECT {column} FROM {table}")
            if blob is not None
        }

    def shared(self, name: str) -> list[str]:
        """The others who have one of the very views under which `name` is enrolled."""
        person = self.person(name)
        rows = self._store.rows(
            "SELECT DISTINCT name FROM faces JOIN people ON people.id = person"
            " WHERE person != ? AND embedding IN"
            " (SELECT embedding FROM faces WHERE person = ?) ORDER BY name",
            person.id,
            person.id,
        )
        return [other for (other,) in rows]

    def prove_absent(self, blobs: Sequence[bytes]) -> None:
        """Raise GalleryError if one of the byte strings is in the gallery still, or beside it."""
        found, closed = traces.holding(self.path, blobs, self._store.content())
        if self.path in found:
            raise GalleryError(
                f"{self.path} still holds what was to be removed. Delete the file by hand."
            )
        if found or closed:
            words = []
            if found:
                words.append(f"{_listed(found)} beside it still holds what was to be removed")
            if closed:
                words.append(f"{_listed(closed)} cannot be searched, for it is encrypted otherwise")
            raise GalleryError(
                f"It is not in {self.path} any more, but {', and '.join(words)}. Delete that by "
                "hand, or name it with --gallery and remove the person there too."
            )

    def forget_expired(self, today: date) -> list[str]:
        """Remove everybody whose enrolment has expired; their names.

        From a gallery that can only be read, they are left out.
        """
        names = [each.name for each in self.people() if each.expires and each.expires <= today]
        for name in names:
            if self._store.read_only:
                self._store.change_in_memory("DELETE FROM people WHERE name = ?", name)
            else:
                self.remove(name)
        return names

    # --- who is not whom

    def reject(self, name: str, embedding: Embedding) -> None:
        """Note that a face is not that of `name`."""
        blob = schema.pack(embedding)
        with self._store.change() as db:
            db.execute(
                "INSERT INTO rejected (person, embedding, digest, added) VALUES (?, ?, ?, ?)",
                (self.person(name).id, blob, schema.digest(blob), _now()),
            )

    def rejected(self) -> list[tuple[str, Embedding]]:
        """Faces that are not those of the people named beside them."""
        rows = self._store.rows(
            "SELECT name, embedding, digest FROM rejected JOIN people ON people.id = person"
            " ORDER BY rejected.id"
        )
        return [
            (name, embedding)
            for name, blob, digest in rows
            if (embedding := self._unpacked(blob, digest, f"a face that is not {name!r}"))
            is not None
        ]

    # --- whom cameras saw

    def note_sighting(self, embedding: Embedding, name: str, seconds: float) -> None:
        """Keep whom a camera saw (opt-in: see `faces unknown`)."""
        blob = schema.pack(embedding)
        with self._store.change() as db:
            db.execute(
                "INSERT INTO sightings (embedding, digest, name, seconds, seen)"
                " VALUES (?, ?, ?, ?, ?)",
                (blob, schema.digest(blob), name, seconds, _now()),
            )

    def sightings(self) -> list[Sighting]:
        """Whom cameras saw, in order."""
        rows = self._store.rows(
            "SELECT id, embedding, digest, name, seconds, seen FROM sightings ORDER BY id"
        )
        return [
            Sighting(number, embedding, name, seconds, datetime.fromisoformat(seen))
            for number, blob, digest, name, seconds, seen in rows
            if (embedding := self._unpacked(blob, digest, "somebody whom a camera saw")) is not None
        ]

    def forget_sightings(self, numbers: Sequence[int]) -> None:
        """Erase sightings."""
        with self._store.change(rewrite=True) as db:
            db.executemany("DELETE FROM sightings WHERE id = ?", [(each,) for each in numbers])

    # --- the gallery as a whole

    def setting(self, key: str) -> str | None:
        """A setting kept with the gallery, e.g. the tuned threshold."""
        rows = self._store.rows("SELECT value FROM settings WHERE key = ?", key)
        return rows[0][0] if rows else None

    def set(self, key: str, value: str | None) -> None:
        """Keep a setting with the gallery, or forget it."""
        with self._store.change() as db:
            if value is None:
                db.execute("DELETE FROM settings WHERE key = ?", (key,))
            else:
                db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))

    def backup(self, target: Path) -> None:
        """Write a copy of the gallery to `target`, complete or not at all; encrypted if this is.

        Raises OutputError if it cannot be written.
        """
        self.people()  # the file as it is now
        files.replace_bytes(target, self._store.sealed(self._store.content()), private=True)

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to read the file."""
        return self._store.encrypted

    def encrypt(self) -> None:
        """Ask for a passphrase, and keep the gallery under it from now on."""
        self._store.encrypt()

    def decrypt(self) -> None:
        """Keep the gallery readable without a passphrase from now on."""
        self._store.decrypt()

    def _unpacked(self, blob: bytes, digest: int | None, what: str) -> Embedding | None:
        embedding = schema.unpack(blob, digest)
        if embedding is None:
            log.warning(
                "%s: %s is damaged and left out; restore a backup, or enrol it anew",
                self.path,
                what,
            )
        return embedding


def same_view(embedding: Embedding, other: Embedding) -> bool:
    """Whether two embeddings are of one picture."""
    lengths = float(np.linalg.norm(embedding) * np.linalg.norm(other))
    return float(embedding @ other) >= SAME_VIEW * lengths


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
