from pathlib import Path

import pytest

from livevision import settings
from livevision.__main__ import main
from livevision.errors import OutputError, UsageError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings, none yet."""
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    return tmp_path / "settings.toml"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.toml"
    values: dict[str, settings.Value] = {"camera": 1, "mirror": False, "size": "1280x720"}
    settings.write(values, file)
    assert settings.read(file) == values


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "none.toml") == {}


@pytest.mark.parametrize("content", ["camera = ", "[table]\na = 1", "camera = [1]", "\x00"])
def test_a_broken_file_is_a_usage_error_that_names_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"settings\.toml"):
        settings.read(file)


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(OutputError):
        settings.write({"camera": 1}, blocker / "settings.toml")


def test_settings_become_words_of_the_command_line() -> None:
    values: dict[str, settings.Value] = {
        "camera": 2,
        "mirror": False,
        "faces": True,
        "caption_size": 1.5,
    }
    assert settings.words(values) == ["--no-mirror", "--faces", "--caption-size=1.5"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("foo=1", "There is no setting 'foo'. 'livevision config' lists all."),
        ("mirorr=true", "Did you mean mirror?"),
        ("size=abc", "size cannot be 'abc': 'abc' is no size; write e.g. 640x480."),
        ("camera=abc", "camera cannot be 'abc': give a camera's number"),
        ("camera=true", "camera cannot be true"),
        ("realtime=false", "realtime cannot be false: it may be: true."),
        ("text_size=99", "text_size cannot be 99: '99' is not a number from 0.4 to 4."),
        ("captions_at=left", "captions_at cannot be 'left': it may be: bottom, top."),
    ],
)
def test_settings_are_refused_in_plain_words(
    change: str, said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", change]) == UsageError.exit_code
    assert said in capsys.readouterr().err
    assert not file.exists()


def test_a_camera_that_is_away_may_stand_in_the_settings(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('camera = "away.mp4"\n')
    assert main(["run"]) == 3
    assert "away.mp4 does not exist" in capsys.readouterr().err
