"""The file of enrolled people."""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livevision.__main__ import main
from livevision.errors import GalleryError, UsageError
from livevision.recognizers.faces import schema, store
from livevision.recognizers.faces.backup import restore
from livevision.recognizers.faces.gallery import Gallery, checked_name


def embedding(seed: int) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=128).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people" / "gallery.sqlite"


@pytest.mark.parametrize("name", ["Zoë", "李", "محمد", "O'Brien; DROP TABLE people", "नमस्ते"])
def test_any_name_survives(path: Path, name: str) -> None:
    with Gallery(path) as gallery:
        gallery.add(name, [(embedding(1), 0.5, "a.jpg"), (embedding(2), 0.7, "b.jpg")], note="hi")
    with Gallery(path) as gallery:
        (person,) = gallery.people()
        assert (person.name, person.note, person.faces) == (name, "hi", 2)
        first, second = gallery.faces()
        np.testing.assert_array_equal(first.embedding, embedding(1))
        assert (second.name, second.quality, second.source) == (name, 0.7, "b.jpg")


def test_names_are_one_however_they_are_typed(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 1, "a")])
        gallery.add(" Zoe\u0308  ", [(embedding(2), 1, "b")])
        assert [(person.name, person.faces) for person in gallery.people()] == [("Zoë", 2)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("a\x00b", "invisible"),
        ("a\x1b[31mb", "invisible"),
        ("a\u202eb", "invisible"),
        ("../../etc/passwd", "path"),
        ("C:\\faces", "path"),
        ("x" * 10_000, "10000 characters"),
        ("Unknown", "Nobody can be called"),
    ],
)
def test_hostile_names_are_refused_in_one_printable_line(name: str, message: str) -> None:
    with pytest.raises(GalleryError, match=message) as error:
        checked_name(name)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


def test_only_the_user_can_read_it(path: Path) -> None:
    Gallery(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_removed_people_leave_nothing_in_the_file(path: Path) -> None:
    with Gallery(path) as gallery:
        for person in range(30):
            views = [(embedding(10 * person + n), 1.0, "photo") for n in range(3)]
            gallery.add(f"person {person}", views)
        gallery.reject("person 7", embedding(1000))
        gone = [embedding(70 + n).tobytes() for n in range(3)] + [embedding(1000).tobytes()]
        assert all(blob in path.read_bytes() for blob in gone)
        assert gallery.remove("person 7") == 4
        data = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert not any(blob[:32] in data for blob in gone)
        assert b"person 7" not in data
        assert len(gallery.people()) == 29
        with pytest.raises(GalleryError, match="still holds"):
            gallery.prove_absent([embedding(80).tobytes()])


def test_a_view_that_others_have_too_is_theirs(path: Path) -> None:
    with Gallery(path) as gallery:
        for name, number in (("Ada", 1), ("Bob", 2)):
            gallery.add(name, [(embedding(number), 1.0, "photo")])
            gallery.reject(name, embedding(9))
        gallery.add("Bobby", [(embedding(2), 1.0, "photo")])
        gallery.reject("Ada", embedding(2))
        assert gallery.shared("Ada") == []
        assert gallery.shared("Bob") == ["Bobby"]
        assert gallery.remove("Bob") == 0
        assert embedding(2).tobytes() in path.read_bytes()
        assert gallery.remove("Bobby") == 1
        assert embedding(2).tobytes() not in path.read_bytes()
        assert [name for name, _ in gallery.rejected()] == ["Ada"]


def test_pictures_are_kept_on_request_alone_and_removed(path: Path) -> None:
    chance = np.random.default_rng(0)
    chips = [chance.integers(0, 256, (100, 100), np.uint8) for _ in range(2)]
    with Gallery(path) as gallery:
        gallery.add("Ada", [(embedding(1), 1.0, "a.jpg")])
        assert gallery.chips() == []
        gallery.add(
            "Zoë", [(embedding(2), 1.0, "b.jpg"), (embedding(3), 1.0, "c.jpg")], chips=chips
        )
        gallery.rename("Zoë", "Zoe")
        assert [name for name, _ in gallery.chips()] == ["Zoe", "Zoe"]
        assert all(np.array_equal(a, b) for (_, a), b in zip(gallery.chips(), chips, strict=True))
        pieces = [chip.tobytes()[start : start + 64] for chip in chips for start in (3000, 5500)]
        assert all(piece in path.read_bytes() for piece in pieces)
        assert gallery.remove("Zoe") == 2
        assert gallery.chips() == []
        for start in range(0, 10_000, 64):
            piece = chips[0].tobytes()[start : start + 64]
            assert piece not in path.read_bytes()


def test_rename_and_merge(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("Zoe", [(embedding(1), 1, "a")])
        gallery.add("Zoë", [(embedding(2), 1, "b")])
        with pytest.raises(GalleryError, match="merge"):
            gallery.rename("Zoe", "Zoë")
        assert gallery.merge("Zoe", "Zoë").faces == 2
        gallery.rename("Zoë", "Zoë Müller")
        assert [person.name for person in gallery.people()] == ["Zoë Müller"]
        with pytest.raises(GalleryError, match="itself"):
            gallery.merge("Zoë Müller", "Zoë Müller")
        with pytest.raises(GalleryError, match=r"Nobody called 'Bob'.*Zoë Müller"):
            gallery.remove("Bob")


def test_expiry(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("short", [(embedding(1), 1, "a")], expires=date(2030, 1, 1), consent="orally")
        gallery.add("long", [(embedding(2), 1, "a")])
        assert gallery.forget_expired(date(2029, 12, 31)) == []
        assert gallery.forget_expired(date(2030, 1, 1)) == ["short"]
        assert [person.name for person in gallery.people()] == ["long"]


def test_a_first_version_file_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    for statement in schema.VERSIONS[0]:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")
    db.execute("INSERT INTO people (name, added) VALUES ('Zoë', '2026-01-01T00:00:00+00:00')")
    db.commit()
    db.close()
    with Gallery(path) as gallery:
        assert gallery.person("Zoë").faces == 0
        gallery.reject("Zoë", embedding(1))
        assert len(gallery.rejected()) == 1


def test_a_later_version_is_left_alone(path: Path) -> None:
    Gallery(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(GalleryError, match="later livevision"):
        Gallery(path)
    assert path.read_bytes() == before


def test_in_use_by_another_program(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOCK_TIMEOUT", 0.05)
    with Gallery(path) as gallery:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GalleryError, match="in use by another program"):
            gallery.add("Zoë", [(embedding(1), 1, "a")])
        with pytest.raises(GalleryError, match="in use by another program"):
            Gallery(path)
        other.execute("ROLLBACK")
        other.close()
        gallery.add("Zoë", [(embedding(1), 1, "a")])


def test_a_failed_change_changes_nothing(path: Path) -> None:
    with Gallery(path) as gallery:
        bad = embedding(2)
        bad[5] = np.nan
        with pytest.raises(ValueError, match="finite"):
            gallery.add("Zoë", [(embedding(1), 1, "a"), (bad, 1, "b")])
        assert gallery.people() == []


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_damaged_files_are_kept_aside(path: Path, damage: str) -> None:
    with Gallery(path) as gallery:
        for person in range(40):
            gallery.add(f"person {person}", [(embedding(person), 1, "a")] * 3)
    data = bytearray(path.read_bytes())
    if damage == "text":
        path.write_bytes(b"hello" * 500)
    else:
        data[4096 : len(data) // 2] = os.urandom(len(data) // 2 - 4096)
        path.write_bytes(data)
    before = path.read_bytes()
    with pytest.raises(GalleryError, match="kept as"):
        Gallery(path)
    (aside,) = path.parent.glob("*damaged*")
    assert aside.read_bytes() == before
    with Gallery(path) as gallery:
        assert gallery.people() == []


def test_a_file_named_by_mistake_stays_where_it_is(tmp_path: Path) -> None:
    clip = tmp_path / "holiday.mp4"
    clip.write_bytes(b"not a gallery" * 100)
    with pytest.raises(GalleryError, match="is no gallery"):
        Gallery(clip)
    assert [file.name for file in tmp_path.iterdir()] == ["holiday.mp4"]


def test_a_database_of_another_kind_stays_where_it_is(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE shopping (item TEXT)")
    db.execute("PRAGMA user_version = 2")
    db.commit()
    db.close()
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(GalleryError, match="is no gallery"):
            Gallery(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="folder"):
        Gallery(tmp_path)


def test_a_backup_takes_the_place_of_backups_alone(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 1, "a")])
    words = ["faces", "backup", "--gallery", str(path)]
    photo, copy = tmp_path / "photo.jpg", tmp_path / "copy.sqlite"
    photo.write_bytes(b"\xff\xd8 a photo")
    assert main([*words, str(photo)]) == UsageError.exit_code
    assert "is no backup: it would be lost" in capsys.readouterr().err
    assert photo.read_bytes() == b"\xff\xd8 a photo"
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db:  # as another program may keep faces
        db.execute("CREATE TABLE faces (person INTEGER, embedding BLOB)")
        db.execute("PRAGMA user_version = 4")
    before = other.read_bytes()
    assert main([*words, str(other)]) == UsageError.exit_code
    assert "is no backup: it would be lost" in capsys.readouterr().err
    assert other.read_bytes() == before
    copy.touch()
    for _ in range(2):
        assert main([*words, str(copy)]) == 0
    with closing(sqlite3.connect(copy)) as db:  # as a later version may write it
        db.execute("PRAGMA user_version = 99")
    assert main([*words, str(copy)]) == 0
    assert copy.read_bytes().startswith(b"SQLite")


def test_backup_and_restore(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 1, "a")])
        gallery.backup(copy)
        gallery.remove("Zoë")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert restore(copy, path) == 1
    with Gallery(path) as gallery:
        assert gallery.person("Zoë").faces == 1
    copy.write_bytes(b"")
    with pytest.raises(GalleryError, match="no backup"):
        restore(copy, path)
    copy.write_bytes(b"damaged" * 100)
    with pytest.raises(GalleryError, match="left as it is"):
        restore(copy, path)
    with Gallery(path) as gallery:
        assert gallery.person("Zoë").faces == 1
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


# --- the command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    return tmp_path


def test_enrol_list_rename_remove(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import cv2

    from livevision import demo

    photo = home / "фото.png"
    photo.write_bytes(cv2.imencode(".png", demo.astronaut())[1].tobytes())
    assert main(["faces", "add", "Zoë", str(photo), "--consent", "orally", "--note", "[b]x"]) == 0
    assert "1 photo added" in capsys.readouterr().out
    assert main(["faces", "list"]) == 0
    out = capsys.readouterr().out
    assert "Zoë" in out
    assert "[b]x" in out
    assert main(["faces", "rename", "Zoë", "李"]) == 0
    assert main(["faces", "remove", "李"]) == 0
    assert "none of them is in it" in capsys.readouterr().out
    assert main(["faces", "list"]) == 0
    assert "Nobody is enrolled" in capsys.readouterr().out
    assert main(["faces", "remove", "李"]) == 5


def test_each_unusable_photo_has_its_own_error(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    from livevision import demo

    astronaut = demo.astronaut()
    small = cv2.resize(astronaut, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    pictures = {
        "none.png": np.full((200, 200, 3), 80, np.uint8),
        "several.png": np.hstack([astronaut, astronaut]),
        "small.png": small,
        "good.png": astronaut,
        "other.png": demo.hopper(),
    }
    for name, picture in pictures.items():
        (home / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    (home / "text.jpg").write_text("no picture")
    (home / "empty.jpg").touch()
    assert main(["faces", "add", "Zoë", str(home / "good.png")]) == 0
    capsys.readouterr()
    cases = {
        "none.png": "no face found",
        "several.png": "2 faces found",
        "small.png": "too small",
        "text.jpg": "not a picture",
        "empty.jpg": "not a picture",
        "missing.jpg": "no such file",
        "other.png": "does not look like the other photos",
    }
    assert main(["faces", "add", "Zoë", *(str(home / name) for name in cases)]) == 5
    lines = capsys.readouterr().err.splitlines()
    for name, message in cases.items():
        (line,) = [line for line in lines if name in line]
        assert message in line
    with Gallery() as gallery:
        assert gallery.person("Zoë").faces == 1


@pytest.mark.parametrize(
    "words", [["add"], ["add", "Zoë"], ["add", "Zoë", "--expires", "2001-01-01"], []]
)
def test_wrong_words_are_usage_errors(home: Path, words: list[str]) -> None:
    assert main(["faces", *words]) == 2


def test_a_gallery_whose_first_write_failed_is_a_new_one(tmp_path: Path) -> None:
    """On a full disk SQLite leaves an empty file, and an empty journal beside it."""
    path, journal = tmp_path / "gallery.sqlite", tmp_path / "gallery.sqlite-journal"
    path.touch()
    journal.touch()
    with Gallery(path) as opened:
        assert opened.people() == []
    assert path.stat().st_size
    assert list(tmp_path.iterdir()) == [path]
