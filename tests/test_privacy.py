"""What is erased, and above all what is not."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from livevision import assets, files, settings
from livevision.__main__ import main
from livevision.errors import OutputError, UsageError
from livevision.recognizers.faces.gallery import Gallery

THESIS = b"chapter one " * 100
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("LIVEVISION_DATA", str(folder))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    return folder


def enrol(seed: int = 1) -> Path:
    with Gallery() as gallery:
        view = np.random.default_rng(seed).normal(size=128).astype(np.float32)
        gallery.add("Zoë", [(view, 1.0, "a.jpg")])
        return gallery.path


def erase() -> int:
    return main(["privacy", "--erase", "--yes"])


@pytest.mark.parametrize("name", ["thesis.txt", "gallery.sqlite", "signs.npz"])
@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_nothing_is_erased_through_a_link(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, link: str
) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_bytes(THESIS)
    settings.prepare_folder(data)
    if link == "symbolic":
        (data / name).symlink_to(thesis)
    else:
        os.link(thesis, data / name)
    code = erase()
    assert thesis.read_bytes() == THESIS
    if name == "thesis.txt":
        assert code == 0
    else:
        assert code == OutputError.exit_code
        assert not (data / name).exists()
        assert "was left" in capsys.readouterr().err


def test_a_folder_of_documents_is_left_alone(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data.mkdir(mode=0o755)
    thesis = data / "thesis.txt"
    thesis.write_bytes(THESIS)
    gallery = enrol()
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert erase() == UsageError.exit_code
    error = capsys.readouterr().err
    assert "does not bear livevision's mark" in error
    assert "gallery.sqlite" in error
    assert thesis.read_bytes() == THESIS
    assert gallery.exists()


def test_a_folder_that_is_a_link_is_left_alone(data: Path, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    data.symlink_to(documents)
    enrol()
    (documents / "thesis.txt").write_bytes(THESIS)
    assert erase() == UsageError.exit_code
    assert sorted(file.name for file in documents.iterdir())[-1] == "thesis.txt"


def test_others_files_in_our_own_folder_stay(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = enrol()
    for name in ("thesis.txt", "signs.npz.txt", "gallery.txt", ".12.thesis.txt"):
        (data / name).write_bytes(THESIS)
    with Gallery() as opened:
        opened.backup(data / "copy.sqlite")
    for name in ("signs.npz", "gallery.damaged-20300101-000000.sqlite", ".12.gallery.sqlite"):
        (data / name).write_bytes(b"x" * 1000)
    capsys.readouterr()
    assert main(["privacy"]) == 0
    shown = capsys.readouterr().out
    assert "copy of a gallery" in shown
    assert "thesis" not in shown
    assert erase() == OutputError.exit_code
    assert f"{data / 'copy.sqlite'} was left: you made it" in capsys.readouterr().err
    assert not gallery.exists()
    assert sorted(file.name for file in data.iterdir()) == [
        ".12.thesis.txt",
        settings.MARK,
        "copy.sqlite",
        "gallery.txt",
        "signs.npz.txt",
        "thesis.txt",
    ]


def test_a_folder_of_an_earlier_version_is_known_by_what_it_holds(data: Path) -> None:
    enrol()
    (data / settings.MARK).unlink()
    assert erase() == 0
    assert list(data.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "left"), [("camera = 1\n", False), ("chapter one\n", True), ('title = "a"\n', True)]
)
def test_only_settings_are_erased_as_settings(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, left: bool
) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text(content, encoding="utf-8")
    monkeypatch.setenv("LIVEVISION_CONFIG", str(file))
    assert erase() == (OutputError.exit_code if left else 0)
    assert file.exists() == left


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_folders_and_files_are_their_users_alone(data: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        gallery = enrol()
        settings.write({"camera": 1}, data / "settings.toml")
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        for file in (gallery, data / "settings.toml"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        data.chmod(0o755)
        gallery.chmod(0o644)
        Gallery().close()
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE(gallery.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_what_is_erased_is_overwritten_first(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(THESIS)
    with file.open("rb") as opened:
        assert files.erase(file)
        assert opened.read() == bytes(len(THESIS))
    assert not file.exists()


def test_what_cannot_be_overwritten_is_deleted_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(THESIS)

    def full(number: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert files.erase(file)
    assert not file.exists()


@pytest.mark.parametrize("option", ["--events", "--json", "--save"])
@pytest.mark.parametrize("name", ["gallery.sqlite", "settings.toml", "link.jsonl"])
def test_no_output_takes_the_place_of_our_own_files(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str
) -> None:
    gallery = enrol()
    settings.write({"mirror": False})
    (data / "link.jsonl").symlink_to(gallery)
    target = settings.path() if name == "settings.toml" else data / name
    before = target.read_bytes()
    clip = str(assets.folder("recordings") / "jawsclub.mp4")
    assert main(["replay", clip, option, str(target)]) == UsageError.exit_code
    assert "is read from" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_what_holds_nobody_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol()
    settings.write({"mirror": True})
    assert main(["privacy"]) == 0
    before = capsys.readouterr().out
    assert "nobody in it" not in before
    assert "none set" not in before
    assert main(["faces", "remove", "Zoë"]) == 0
    assert main(["config", "--unset", "mirror"]) == 0
    capsys.readouterr()
    assert main(["privacy"]) == 0
    told = capsys.readouterr().out
    assert "people who are enrolled, nobody in it" in told
    assert "settings, none set" in told
