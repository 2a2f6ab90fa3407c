import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livevision import settings
from livevision.__main__ import main
from livevision.errors import GalleryError
from livevision.recognizers import faces
from livevision.recognizers.faces import encryption
from livevision.recognizers.faces.backup import restore
from livevision.recognizers.faces.gallery import Gallery

PASSPHRASE = "three blind mice, Zoë 🐭"


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_COST", 1 << 10)
    monkeypatch.setattr(encryption, "_keys", {})
    monkeypatch.setenv(encryption.VARIABLE, PASSPHRASE)


def another_process(monkeypatch: pytest.MonkeyPatch, passphrase: str | None) -> None:
    monkeypatch.setattr(encryption, "_keys", {})
    if passphrase is None:
        monkeypatch.delenv(encryption.VARIABLE)
    else:
        monkeypatch.setenv(encryption.VARIABLE, passphrase)


def around(path: Path) -> list[Path]:
    """The files in its folder but for our mark."""
    return [each for each in path.parent.iterdir() if each.name != settings.MARK]


def embedding(seed: int) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=128).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of two people, encrypted."""
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    file = tmp_path / "gallery.sqlite"
    with Gallery(file) as gallery:
        gallery.add("Zoë", [(embedding(1), 0.9, "beach.jpg")], note="met at the lake")
        gallery.add("Ada", [(embedding(2), 0.8, "desk.jpg")])
        gallery.encrypt()
    return file


def test_everything_is_there_with_the_passphrase(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_process(monkeypatch, PASSPHRASE)
    with Gallery(path) as gallery:
        assert gallery.encrypted
        assert [person.name for person in gallery.people()] == ["Ada", "Zoë"]
        assert gallery.person("Zoë").note == "met at the lake"
        assert np.array_equal(gallery.faces()[0].embedding, embedding(1))
        gallery.add("Bob", [(embedding(3), 1.0, "x.jpg")])
        gallery.reject("Bob", embedding(4))
        gallery.note_sighting(embedding(5), "unknown", 3.0)
        gallery.set("threshold", "0.95")
    another_process(monkeypatch, PASSPHRASE)
    with Gallery(path) as gallery:
        assert len(gallery.people()) == 3
        assert len(gallery.rejected()) == len(gallery.sightings()) == 1
        assert gallery.setting("threshold") == "0.95"


def test_nothing_can_be_read_on_the_disk(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.add("Robert", [(embedding(3), 1.0, "secret.jpg")], note="a note to himself")
        gallery.note_sighting(embedding(5), "unknown", 3.0)
        assert around(path) == [path]
        data = path.read_bytes()
    # Nothing shorter: random bytes hold a given word of three letters once in some hundred files.
    for word in ("Robert", "met at the lake", "himself", "secret.jpg", "SQLite", "people"):
        assert word.encode() not in data
    for seed in (1, 2, 3, 5):
        assert embedding(seed).tobytes()[:8] not in data
    assert path.stat().st_mode & 0o077 == 0 or sys.platform == "win32"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_what_was_readable_before_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "gallery.sqlite"
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 0.9, "beach.jpg")])
        with path.open("rb") as before:
            gallery.encrypt()
            content = before.read()
    assert len(content) > 1000
    assert not any(content)


@pytest.mark.parametrize("passphrase", ["wrong", ""])
def test_a_wrong_passphrase_opens_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passphrase: str
) -> None:
    before = path.read_bytes()
    another_process(monkeypatch, passphrase)
    for words in (["list"], ["remove", "Zoë"], ["decrypt"], ["backup", str(path.parent / "copy")]):
        assert main(["faces", *words]) == GalleryError.exit_code
        error = capsys.readouterr().err
        assert "not the passphrase" in error
        assert len(error.splitlines()) == 1
    assert path.read_bytes() == before
    assert around(path) == [path]


@pytest.mark.parametrize("place", [3, 40, 60, -1])
def test_a_changed_or_cut_file_is_noticed(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    for damaged in (bytes(data), path.read_bytes()[:50]):
        path.write_bytes(damaged)
        with pytest.raises(GalleryError):
            Gallery(path)


def test_with_nobody_to_ask_the_variable_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    another_process(monkeypatch, None)
    assert main(["faces", "list"]) == GalleryError.exit_code
    assert encryption.VARIABLE in capsys.readouterr().err


def test_a_person_is_asked_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_process(monkeypatch, None)
    asked: list[str] = []

    def answer(words: str) -> str:
        asked.append(words)
        return PASSPHRASE

    monkeypatch.setattr(encryption, "getpass", answer)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for _ in range(2):
        with Gallery(path) as gallery:
            assert len(gallery.people()) == 2
    assert len(asked) == 1
    assert str(path) in asked[0]


def test_a_mistyped_new_passphrase_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery.sqlite"
    monkeypatch.delenv(encryption.VARIABLE)
    answers = iter(["one", "two", "", ""])
    monkeypatch.setattr(encryption, "getpass", lambda _: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 0.9, "beach.jpg")])
        for message in ("differ", "empty"):
            with pytest.raises(GalleryError, match=message):
                gallery.encrypt()
        assert not gallery.encrypted
        assert gallery.person("Zoë").faces == 1


def test_nobody_is_asked_where_standard_input_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gallery.sqlite"
    monkeypatch.delenv(encryption.VARIABLE)
    monkeypatch.setattr(sys, "stdin", None)  # so Python says that it is closed
    with Gallery(path) as gallery:
        gallery.add("Zoë", [(embedding(1), 0.9, "beach.jpg")])
    assert main(["faces", "encrypt", "--gallery", str(path)]) == 5
    assert "is to be encrypted and there is nobody to ask" in capsys.readouterr().err
    assert sys.stdin is None


def test_removed_people_leave_nothing_behind_the_passphrase(path: Path) -> None:
    with Gallery(path) as gallery:
        assert gallery.remove("Zoë") == 1
        assert embedding(1).tobytes()[:64] not in gallery._store.content()
    content, _ = encryption.unlock(path.read_bytes(), path)
    assert embedding(1).tobytes()[:64] not in content
    assert embedding(2).tobytes() in content


def test_decrypt_and_encrypt_again(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faces", "encrypt"]) == GalleryError.exit_code
    assert main(["faces", "decrypt"]) == 0
    assert path.read_bytes().startswith(b"SQLite")
    assert main(["faces", "decrypt"]) == GalleryError.exit_code
    assert main(["faces", "encrypt"]) == 0
    assert not path.read_bytes().startswith(b"SQLite")
    capsys.readouterr()
    assert main(["faces", "list"]) == 0
    assert "Zoë" in capsys.readouterr().out


def test_backups_are_encrypted_too(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, elsewhere = tmp_path / "copy", tmp_path / "new" / "gallery.sqlite"
    with Gallery(path) as gallery:
        gallery.backup(copy)
    assert encryption.is_encrypted(copy)
    another_process(monkeypatch, "wrong")
    with pytest.raises(GalleryError, match="not the passphrase"):
        restore(copy, elsewhere)
    assert not elsewhere.exists()
    another_process(monkeypatch, PASSPHRASE)
    assert restore(copy, elsewhere) == 2
    with Gallery(elsewhere) as gallery:
        assert gallery.encrypted
        assert gallery.person("Zoë").faces == 1


def test_two_programs_keep_each_others_changes(path: Path) -> None:
    with Gallery(path) as one, Gallery(path) as other:
        one.add("Bob", [(embedding(3), 1.0, "x.jpg")])
        other.add("Eve", [(embedding(4), 1.0, "x.jpg")])
        assert len(one.people()) == len(other.people()) == 4
    with Gallery(path) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada", "Bob", "Eve", "Zoë"]


def test_faces_are_on_without_asking_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_process(monkeypatch, None)
    assert faces.wanted() == (True, "")


def test_a_gallery_that_is_decrypted_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, plain = tmp_path / "gallery.sqlite", tmp_path / "plain.sqlite"
    for each in (path, plain):
        with Gallery(each) as opened:
            opened.add("Ada", [(np.full(128, 0.1, np.float32), 1.0, "a.jpg")])
    monkeypatch.setenv(encryption.VARIABLE, "a passphrase")
    with Gallery(path) as opened:
        opened.encrypt()
    genuine = Path.read_bytes

    def decrypted_meanwhile(self: Path) -> bytes:
        if self == path and plain.exists():
            plain.replace(path)
        return genuine(self)

    monkeypatch.setattr(Path, "read_bytes", decrypted_meanwhile)
    with Gallery(path) as opened:
        assert [person.name for person in opened.people()] == ["Ada"]
        assert not opened.encrypted
