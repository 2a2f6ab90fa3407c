"""What the page and the window say: every text in every language."""

import re
from pathlib import Path

import pytest

from livevision import languages
from livevision.recognizers.signs.coach import HOW
from livevision.sinks.window import HELP

PAGE = Path(languages.__file__).parents[1] / "server" / "page"
MARKED = re.compile(r'data-say(?:-label)?="([^"]+)"')
SAID = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)+)"')
EITHER = re.compile(r'\bsay\([^()"]*\?\s*"([^"]+)"\s*:\s*"([^"]+)"')
LISTED = re.compile(r'^\s+\w*Error: "([^"]+)",$|, "([A-Z][^"]+)"\],$', re.MULTILINE)


def said() -> set[str]:
    """Every text in the page's files."""
    found: set[str] = set()
    for file in PAGE.iterdir():
        if file.suffix not in (".html", ".js") or file.name == "trust.html":
            continue
        text = file.read_text("utf-8")
        found |= set(MARKED.findall(text)) | set(SAID.findall(text))
        for pair in (*EITHER.findall(text), *LISTED.findall(text)):
            found |= set(filter(None, pair))
    return found


def test_there_are_five_languages_and_one_is_written_from_right_to_left() -> None:
    assert languages.available() == ["ar", "de", "en", "es", "fr"]
    assert languages.say("Settings", "de") == "Einstellungen"
    assert languages.say("Settings", "xx") == "Settings"
    assert languages.say("never said", "de") == "never said"


def test_english_holds_all_that_is_said() -> None:
    english = languages.catalogue("en")
    assert len(said()) > 100
    assert said() - set(english) == set()
    # a key that came later is told in English until somebody has translated it
    assert len({meaning for _, meaning in HELP} - set(english)) <= len(HELP) // 4
    assert set(HOW.values()) - set(english) == set()
    assert all(key == text for key, text in english.items())


@pytest.mark.parametrize("code", ["de", "es", "fr", "ar"])
def test_every_language_says_all_of_it(code: str) -> None:
    english, other = languages.catalogue("en"), languages.catalogue(code)
    assert set(english) == set(other)
    for key, text in other.items():
        assert text.strip(), key
        places = re.findall(r"\{\w+\}", key)
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(places), key
    assert sum(text != key for key, text in other.items()) > 0.9 * len(other)


def test_the_window_speaks_them_too() -> None:
    from dataclasses import fields
    from typing import get_args, get_type_hints

    import numpy as np

    from livevision.frame import Frame, Result
    from livevision.sinks.look import Look
    from livevision.sinks.overlay import Status, annotate

    assert set(get_args(get_type_hints(Look)["language"])) == set(languages.available())
    assert "language" in {each.name for each in fields(Look)}
    black = np.zeros((480, 640, 3), np.uint8)
    result = Result(Frame(black, 0, 0.0), hints=("No hand in view",))
    drawn = {
        code: annotate(
            result,
            Look(language=code),  # type: ignore[arg-type]
            Status(panel=HELP),
        ).tobytes()
        for code in languages.available()
    }
    assert len(set(drawn.values())) == len(drawn)
