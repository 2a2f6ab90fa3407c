"""What version 0.1 wrote opens: a gallery, settings and a user's own signs, made by it.

The people in the gallery are made up: their embeddings are random numbers.
"""

import shutil
from pathlib import Path

import pytest

from livevision import __main__ as cli
from livevision import recognizers, settings, truth
from livevision.recognizers.faces.gallery import Gallery
from livevision.recognizers.signs import personal

WRITTEN = Path(__file__).parent / "data" / "0.1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders as 0.1 left them."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for name in ("gallery.sqlite", "signs.npz"):
        shutil.copy(WRITTEN / name, data / name)
    shutil.copy(WRITTEN / "settings.toml", tmp_path / "settings.toml")
    monkeypatch.setenv("LIVEVISION_DATA", str(data))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    return data


def test_a_gallery_of_0_1_opens_and_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    with Gallery() as gallery:
        people = {person.name: person for person in gallery.people()}
        assert set(people) == {"Ada", "Zoë"}
        assert people["Ada"].faces == 2
        assert people["Ada"].note == "met at the lake"
        assert len(gallery.faces()) == 3
    assert cli.main(["faces", "rename", "Ada", "Ada Lovelace"]) == 0
    assert cli.main(["faces", "remove", "Zoë"]) == 0
    capsys.readouterr()
    assert cli.main(["faces", "list"]) == 0
    listed = capsys.readouterr().out
    assert "Ada Lovelace" in listed
    assert "Zoë" not in listed


def test_settings_of_0_1_are_read() -> None:
    assert settings.read() == {"camera": 1, "mirror": False, "size": "1280x720"}
    arguments = cli.parse(["run"])
    assert arguments.mirror is False
    assert arguments.size == (1280, 720)
    assert settings.source() == "1"


def test_own_signs_of_0_1_are_read_or_their_owner_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(personal.read().letters) == {"A", "L", "W"}
    recognizers.session("signs").close()
    assert cli.main(["signs", "list"]) == 0
    assert "W" in capsys.readouterr().out


def test_a_truth_of_0_1_is_read(tmp_path: Path) -> None:
    old = tmp_path / "truth.json"
    old.write_text('{"letters": [{"letter": "A", "start": 0.2, "end": 0.9}], "people": []}')
    found = truth.read(old)
    assert found.events["letter"][0].label == "A"
    assert found.events["person"] == ()
