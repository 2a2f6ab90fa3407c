from pathlib import Path

import pytest

from livevision import settings
from livevision.errors import OutputError, UsageError


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
