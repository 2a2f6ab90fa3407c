"""Programs that use one gallery at a time, are killed in it, or find the disk full."""

import os
import random
import sqlite3
import stat
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from programs import alone, killed_at, needs_fork, together

from livevision import files
from livevision.__main__ import main
from livevision.errors import GalleryError, LivevisionError
from livevision.recognizers.faces import damage, encryption, schema, store
from livevision.recognizers.faces.backup import restore
from livevision.recognizers.faces.gallery import Gallery

MARK = b"SQLite format 3"


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_COST", 1 << 10)
    monkeypatch.setattr(encryption, "_keys", {})
    monkeypatch.setenv(encryption.VARIABLE, "three blind mice")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gallery.sqlite"


def embedding(seed: int) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=128).astype(np.float32)


def enrol(path: Path, name: str, seed: int) -> None:
    with Gallery(path) as gallery:
        gallery.add(name, [(embedding(seed), 1.0, f"{name}.jpg")])


def encrypt(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.encrypt()


def decrypt(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.decrypt()


def names(path: Path) -> list[str]:
    with Gallery(path, create=False) as gallery:
        return [person.name for person in gallery.people()]


def readable(folder: Path) -> list[Path]:
    """The files in which a face can be read."""
    return [file for file in folder.iterdir() if file.read_bytes().startswith(MARK)]


# --- several programs


def first_uses(path: Path, starts: int) -> None:
    for number in range(starts):
        target = path.with_name(f"{number}.sqlite")
        programs = [partial(enrol, target, f"person {n}", n) for n in range(4)]
        assert together(programs) == [0] * 4
        assert len(names(target)) == 4


@needs_fork
def test_first_use_by_several_programs(path: Path) -> None:
    first_uses(path, 5)


@needs_fork
@pytest.mark.long
def test_a_thousand_first_uses(path: Path) -> None:
    first_uses(path, 250)


@needs_fork
@pytest.mark.parametrize("encrypted", [False, True])
def test_eight_writers_all_succeed(path: Path, encrypted: bool) -> None:
    enrol(path, "Ada", 0)
    if encrypted:
        encrypt(path)

    def program(number: int) -> None:
        with Gallery(path) as gallery:
            for view in range(5):
                gallery.add(f"person {number}", [(embedding(10 * number + view), 1.0, "x.jpg")])

    codes = together([partial(program, number) for number in range(8)])
    assert codes == [0] * 8
    with Gallery(path) as gallery:
        assert gallery.encrypted == encrypted
        assert [person.faces for person in gallery.people()] == [1] + [5] * 8


def later(pause: float, program: Callable[[], object]) -> None:
    time.sleep(pause)
    program()


def races(path: Path, count: int) -> None:
    """One encrypts or decrypts while others enrol: everybody is enrolled at the end."""
    chance = random.Random(0)
    enrol(path, "Ada", 0)
    expected = ["Ada"]
    for number in range(count):
        change = decrypt if encryption.is_encrypted(path) else encrypt
        expected += [f"{number} a", f"{number} b"]
        programs = [
            partial(change, path),
            partial(enrol, path, f"{number} a", 2 * number),
            partial(enrol, path, f"{number} b", 2 * number + 1),
        ]
        codes = together([partial(later, chance.uniform(0, 0.01), each) for each in programs])
        assert codes == [0] * 3
        assert encryption.is_encrypted(path) == (change is encrypt)
        if number % 50 == 49 or number == count - 1:
            assert sorted(names(path)) == sorted(expected)
            path.unlink()
            enrol(path, "Ada", 0)
            expected = ["Ada"]


@needs_fork
def test_nobody_is_lost_beside_encryption(path: Path) -> None:
    races(path, 12)


@needs_fork
@pytest.mark.long
def test_a_thousand_races_lose_nobody(path: Path) -> None:
    races(path, 1000)


@needs_fork
def test_who_is_enrolled_while_the_passphrase_is_asked_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(path, "Ada", 0)
    monkeypatch.delenv(encryption.VARIABLE)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []

    def answer(words: str) -> str:
        if not asked:
            assert alone(lambda: enrol(path, "Bob", 1)) == 0
        asked.append(words)
        return "three blind mice"

    monkeypatch.setattr(encryption, "getpass", answer)
    with Gallery(path) as gallery:
        gallery.encrypt()
        assert [person.name for person in gallery.people()] == ["Ada", "Bob"]
        assert gallery.encrypted
        assert len(asked) == 2
        # ... and what another changes between opening and decrypting
        monkeypatch.setenv(encryption.VARIABLE, "three blind mice")
        assert alone(lambda: enrol(path, "Eve", 2)) == 0
        gallery.decrypt()
    assert names(path) == ["Ada", "Bob", "Eve"]


def test_a_gallery_that_was_replaced_is_opened_anew(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with Gallery(path) as gallery:
        gallery.add("Ada", [(embedding(0), 1.0, "a.jpg")])
        gallery.backup(copy)
        gallery.add("Bob", [(embedding(1), 1.0, "a.jpg")])
        restore(copy, path)
        assert [person.name for person in gallery.people()] == ["Ada"]
        gallery.add("Eve", [(embedding(2), 1.0, "a.jpg")])
    assert names(path) == ["Ada", "Eve"]


def test_what_was_erased_does_not_come_back(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("Ada", [(embedding(0), 1.0, "a.jpg")])
        files.erase(path)
        with pytest.raises(GalleryError, match="erased or moved"):
            gallery.add("Bob", [(embedding(1), 1.0, "a.jpg")])
    assert not path.exists()


def test_a_closed_gallery_is_not_damaged(path: Path) -> None:
    gallery = Gallery(path)
    gallery.add("Ada", [(embedding(0), 1.0, "a.jpg")])
    gallery.close()
    with pytest.raises(GalleryError, match="is closed"):
        gallery.people()
    with pytest.raises(GalleryError, match="is closed"):
        gallery.add("Bob", [(embedding(1), 1.0, "a.jpg")])
    assert list(path.parent.iterdir()) == [path]
    assert names(path) == ["Ada"]


# --- killed


def kills(folder: Path, action: Callable[[Path], object], *, encrypted: bool, every: int) -> int:
    """Kill a program at every `every`-th line of the swap; how many kills there were."""
    count, line = 0, 1
    while True:
        place = folder / str(line)
        place.mkdir()
        path = place / "gallery.sqlite"
        enrol(path, "Ada", 0)
        if encrypted:
            encrypt(path)
        before = names(path)
        code = killed_at(line, partial(action, path), [files, store])
        if encryption.is_encrypted(path):
            # at once, not only when it is opened next
            assert [file.name for file in readable(place) if action is encrypt] == []
        assert set(names(path)) >= set(before)
        assert [file.name for file in place.iterdir()] == ["gallery.sqlite"]
        if code == 0:
            return count
        assert code == -9
        count += 1
        line += every


ACTIONS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "encrypt": (encrypt, False),
    "decrypt": (decrypt, True),
    "add": (lambda path: enrol(path, "Bob", 1), True),
    "add plain": (lambda path: enrol(path, "Bob", 1), False),
}


@needs_fork
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_some_lines_everything_is_whole(tmp_path: Path, action: str) -> None:
    act, encrypted = ACTIONS[action]
    assert kills(tmp_path, act, encrypted=encrypted, every=23) > 5


@needs_fork
@pytest.mark.long
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_every_line_everything_is_whole(tmp_path: Path, action: str) -> None:
    act, encrypted = ACTIONS[action]
    count = kills(tmp_path, act, encrypted=encrypted, every=1)
    print(f"{action}: {count} kills")
    assert count > 100


@pytest.mark.parametrize("name", [".12.{}", ".12.{}.readable", ".livevision-12-3-{}"])
def test_what_a_killed_program_left_is_erased_on_opening(path: Path, name: str) -> None:
    enrol(path, "Ada", 0)
    left = path.with_name(name.format(path.name))
    left.write_bytes(path.read_bytes())
    other = path.with_name(f".12.other-{path.name}")
    other.write_bytes(b"not ours")
    encrypt(path)
    assert sorted(path.parent.iterdir()) == sorted([other, path])


# --- the proof


def test_the_proof_looks_at_what_lies_beside(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(path, "Ada", 0)
    enrol(path, "Zoë", 1)
    aside = path.with_name("gallery.damaged-20300101-000000.sqlite")
    aside.write_bytes(path.read_bytes())
    with Gallery(path) as gallery:
        gallery.backup(path.with_name("copy.sqlite"))
    words = ["faces", "remove", "Zoë", "--gallery", str(path)]
    assert main(words) == GalleryError.exit_code
    error = capsys.readouterr().err
    assert "not in" in error
    assert "copy.sqlite" in error
    assert aside.name in error
    assert names(path) == ["Ada"]
    aside.unlink()
    encrypt(path)
    with Gallery(path) as gallery:
        gallery.backup(path.with_name("sealed.sqlite"))
    path.with_name("copy.sqlite").unlink()
    decrypt(path)
    monkeypatch.setattr(encryption, "_keys", {})
    monkeypatch.setenv(encryption.VARIABLE, "another")
    words[2] = "Ada"
    assert main(words) == GalleryError.exit_code
    assert "sealed.sqlite cannot be searched" in capsys.readouterr().err


# --- trouble


def test_a_full_disk_is_called_so(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("Ada", [(embedding(0), 1.0, "a.jpg")])
        gallery._store._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(GalleryError, match="disk is full"):
            gallery.add("Bob", [(embedding(number), 1.0, "a.jpg") for number in range(200)])
        assert [person.name for person in gallery.people()] == ["Ada"]
    assert names(path) == ["Ada"]


@pytest.mark.parametrize("encrypted", [False, True])
def test_one_that_can_only_be_read_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    from datetime import date

    enrol(path, "Ada", 0)
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 1.0, "a.jpg")], expires=date(2030, 1, 1))
    if encrypted:
        encrypt(path)
    before, open_file = path.read_bytes(), os.open

    def refuse(place: object, flags: int, *more: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(30, "Read-only file system")
        return open_file(place, flags, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    with Gallery(path, create=False) as gallery:
        assert len(gallery.faces()) == 2
        with pytest.raises(GalleryError, match="can only be read"):
            gallery.add("Bob", [(embedding(1), 1.0, "a.jpg")])
        assert gallery.forget_expired(date(2030, 1, 1)) == ["Zoë"]
        assert [person.name for person in gallery.people()] == ["Ada"]
    assert path.read_bytes() == before


def test_embeddings_are_checked(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    enrol(path, "Ada", 0)
    enrol(path, "Zoë", 1)
    db = sqlite3.connect(path)
    bad = embedding(2)
    bad[3] = np.inf
    blob = bad.tobytes()
    db.execute(
        "UPDATE faces SET embedding = ?, digest = ? WHERE source = 'Zoë.jpg'",
        (blob, zlib.crc32(blob)),
    )
    db.commit()
    with Gallery(path) as gallery:
        assert [face.name for face in gallery.faces()] == ["Ada"]
        assert "damaged and left out" in caplog.text
        db.execute("UPDATE faces SET embedding = ?", (embedding(5).tobytes(),))
        db.commit()
        db.close()
        assert gallery.faces() == []
        assert len(gallery.people()) == 2


# --- copies from anywhere


def hostile(path: Path, *statements: str) -> Path:
    copy = path.with_name("copy.db")
    with Gallery(path) as gallery:
        gallery.backup(copy)
    db = sqlite3.connect(copy)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()
    return copy


def test_a_copy_brings_its_rows_alone(path: Path) -> None:
    enrol(path, "Ada", 0)
    copy = hostile(
        path,
        "CREATE TRIGGER forget AFTER INSERT ON people BEGIN DELETE FROM people; END",
        "CREATE VIEW spy AS SELECT * FROM people",
        "CREATE TABLE more (x)",
    )
    assert restore(copy, path) == 1
    db = sqlite3.connect(path)
    kinds = {kind for (kind,) in db.execute("SELECT type FROM sqlite_master")}
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    db.close()
    assert kinds == {"table", "index"}
    assert "more" not in tables
    enrol(path, "Bob", 1)
    assert names(path) == ["Ada", "Bob"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people SET name = 'a' || char(27) || '[31m'",
        "UPDATE people SET name = '../../etc'",
        "UPDATE people SET name = 'unknown'",
        "UPDATE people SET added = 'yesterday'",
        "UPDATE people SET expires = 7",
        "UPDATE people SET note = x'00'",
        "UPDATE faces SET embedding = zeroblob(512)",
        "UPDATE faces SET quality = 'good'",
        "UPDATE faces SET person = 99",
        "ALTER TABLE people RENAME COLUMN consent TO consents",
        "ALTER TABLE people RENAME TO persons",
        "DROP TABLE settings",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = 99",
    ],
)
def test_a_copy_that_is_none_changes_nothing(path: Path, statement: str) -> None:
    enrol(path, "Ada", 0)
    copy = hostile(path, "PRAGMA foreign_keys = OFF", statement)
    before = path.read_bytes()
    with pytest.raises(GalleryError, match=r"no backup|later livevision"):
        restore(copy, path)
    assert path.read_bytes() == before


def test_a_copy_of_every_version_is_restored(path: Path) -> None:
    for number in range(1, len(schema.VERSIONS) + 1):
        copy = path.with_name(f"{number}.db")
        db = sqlite3.connect(copy)
        db.create_function("crc32", 1, zlib.crc32)
        for statements in schema.VERSIONS[:number]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")
        moment = "2026-01-01T00:00:00+00:00"
        db.execute("INSERT INTO people (name, added) VALUES ('Zoë', ?)", (moment,))
        blob = embedding(number).tobytes()
        db.execute(
            "INSERT INTO faces (person, embedding, quality, source, added)"
            " VALUES (1, ?, 1, 'a.jpg', ?)",
            (blob, moment),
        )
        if number == len(schema.VERSIONS):
            db.execute("UPDATE faces SET digest = ?", (zlib.crc32(blob),))
        db.commit()
        db.close()
        for opened in (path, copy):
            if opened == path:
                assert restore(copy, path) == 1
            with Gallery(opened) as gallery:
                (face,) = gallery.faces()
                assert np.array_equal(face.embedding, embedding(number))


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_journal_that_nobody_needs_is_erased(path: Path, encrypted: bool) -> None:
    enrol(path, "Ada", 0)
    if encrypted:
        encrypt(path)
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(bytes(512) + embedding(0).tobytes())
    assert names(path) == ["Ada"]
    assert not journal.exists()


def held(journals: list[int], path: Path) -> int:
    """Keep the gallery's journal open, whatever becomes of its name."""
    with suppress(FileNotFoundError):
        journals.append(os.open(path.with_name(path.name + "-journal"), os.O_RDONLY))
    return 0


def contents(journals: list[int]) -> list[bytes]:
    """What is on the disk where the journals were."""
    found = [os.pread(each, 1 << 24, 0) for each in journals]
    for each in journals:
        os.close(each)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="no open file can be deleted there")
@pytest.mark.parametrize("failing", [False, True])
def test_what_a_journal_held_is_overwritten_and_not_only_deleted(path: Path, failing: bool) -> None:
    """The state before each change is in SQLite's journal, the removed person's face as well."""
    for number in range(30):
        enrol(path, f"p{number}", number)
    journals: list[int] = []
    with Gallery(path) as gallery:
        db = gallery._store._db
        db.execute("PRAGMA cache_size = 1")  # the journal is on the disk at once
        db.set_progress_handler(lambda: held(journals, path), 50)
        if failing:
            with pytest.raises(RuntimeError), gallery._store.change() as changed:  # noqa: PT012
                changed.execute("DELETE FROM people WHERE name = 'p7'")
                raise RuntimeError
        else:
            assert gallery.remove("p7") == 1
        db.set_progress_handler(None, 0)
    left = contents(journals)
    assert any(map(len, left))
    assert not any(data.strip(b"\0") for data in left)
    assert not path.with_name(path.name + "-journal").exists()
    there = embedding(7).tobytes() in path.read_bytes()
    assert there == failing


@pytest.mark.skipif(sys.platform == "win32", reason="no open file can be deleted there")
@pytest.mark.parametrize("mode", ["DELETE", "PERSIST", "TRUNCATE", "WAL"])
def test_what_a_killed_program_left_beside_a_gallery_is_overwritten(path: Path, mode: str) -> None:
    for number in range(30):
        enrol(path, f"p{number}", number)

    def die() -> None:
        db = sqlite3.connect(path, isolation_level=None)  # livevision 0.1, or a shell
        db.execute(f"PRAGMA journal_mode = {mode}")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE people SET note = hex(zeroblob(2000))")
        db.execute("UPDATE faces SET embedding = zeroblob(512)")
        if mode == "WAL":
            db.execute("COMMIT")
        os._exit(0)

    assert alone(die) == 0
    sides = [os.open(each, os.O_RDONLY) for each in damage.sides(path)]
    assert any(os.fstat(each).st_size for each in sides)
    assert len(names(path)) == 30
    assert damage.sides(path) == []
    assert not any(data.strip(b"\0") for data in contents(sides))


def test_restoring_finishes_what_a_killed_program_left(path: Path) -> None:
    enrol(path, "Ada", 0)
    copy = hostile(path)

    # a journal that would be worked into the next file of this name
    def die() -> None:
        gallery = Gallery(path)
        db = gallery._store._db
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN IMMEDIATE")
        for number in range(200):
            db.execute("INSERT INTO people (name, added) VALUES (?, '2030-01-01')", (f"p{number}",))
        os._exit(0)

    assert alone(die) == 0
    assert path.with_name(path.name + "-journal").stat().st_size
    assert restore(copy, path) == 1
    assert names(path) == ["Ada"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_gallery_behind_a_link_is_encrypted_there(path: Path, tmp_path: Path) -> None:
    enrol(path, "Ada", 0)
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    encrypt(link)
    assert link.is_symlink()
    assert encryption.is_encrypted(path)
    assert readable(tmp_path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_errors_are_ours(path: Path) -> None:
    assert issubclass(GalleryError, LivevisionError)
    path.mkdir()
    with pytest.raises(GalleryError, match="folder"):
        Gallery(path)
