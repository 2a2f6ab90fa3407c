"""Where faces may lie on the disk: the gallery, and what is found beside it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from livevision import files
from livevision.errors import GalleryError
from livevision.recognizers.faces import schema
from livevision.recognizers.faces.damage import SIDES
from livevision.recognizers.faces.encryption import is_encrypted, is_known, unlock

SQLITE = b"SQLite format 3\0"
"""What every file of SQLite begins with."""


def own(gallery: Path) -> list[Path]:
    """The files that livevision and SQLite make for a gallery, those that are there.

    Itself, what SQLite keeps beside it, galleries put aside because they were damaged, and drafts.
    """
    names = [gallery, *(gallery.with_name(gallery.name + end) for end in SIDES)]
    aside = sorted(gallery.parent.glob(f"{_literal(gallery.stem)}.damaged-*"))
    drafts = [draft for each in (gallery, *aside) for draft in files.drafts(each)]
    there = [each for each in (*names, *aside, *drafts) if each.is_file() or each.is_symlink()]
    return list(dict.fromkeys(there))


def copies(gallery: Path) -> list[Path]:
    """Other galleries in the gallery's folder, known by their content: backups, most of them."""
    mine = set(own(gallery))
    try:
        around = sorted(gallery.parent.iterdir())
    except OSError:
        return []
    return [each for each in around if each not in mine and is_gallery(each)]


def holding(gallery: Path, blobs: Sequence[bytes], content: bytes) -> tuple[list[Path], list[Path]]:
    """The files of `own` and `copies` in which one of the byte strings is.

    And those that cannot be searched, for they are encrypted under another passphrase. `content` is
    that of the gallery itself, not encrypted.
    """
    found, closed = [], []
    for file in dict.fromkeys((gallery, *own(gallery), *copies(gallery))):
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            continue
        if file == gallery:
            data += content
        elif is_encrypted(file):
            if not is_known(file):
                closed.append(file)
                continue
            try:
                data, _ = unlock(data, file)
            except GalleryError:  # another passphrase than the one we were given
                closed.append(file)
                continue
        if any(blob in data or blob[:64] in data for blob in blobs):
            found.append(file)
    return found, closed


def described(file: Path) -> str:
    """What a file of `own` or `copies` is, for people."""
    if files.draft_of(file.name) is not None:
        return "gallery, left half written"
    if ".damaged-" in file.name:
        return "damaged gallery, kept aside"
    if file.name.endswith(SIDES):
        return "journal of the gallery"
    return "people who are enrolled" + _more(file)


def _more(gallery: Path) -> str:
    """Whether a gallery is encrypted, or keeps pictures, as far as can be told."""
    try:
        if is_encrypted(gallery):
            return ", encrypted"
        with closing(sqlite3.connect(f"{gallery.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (count,) = db.execute("SELECT count(chip) FROM faces").fetchone()
    except (OSError, sqlite3.Error):  # damaged, or of an earlier version, which kept none
        return ""
    return f", with {count} {'picture' if count == 1 else 'pictures'}" if count else ""


def is_gallery(file: Path) -> bool:
    """Whether a file holds a gallery or a backup of one, whatever its name; links do not count."""
    try:
        if file.is_symlink() or not file.is_file():
            return False
        if is_encrypted(file):
            return True
        with file.open("rb") as stream:
            if stream.read(len(SQLITE)) != SQLITE:
                return False
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return schema.is_gallery(db)
    except (OSError, sqlite3.Error):
        return False


def _literal(name: str) -> str:
    """`name` as a pattern that matches nothing else."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)
