"""What the page and the window say: every text in every language."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from livevision import languages
from livevision.recognizers.panorama.sweep import State
from livevision.recognizers.signs.coach import DIFFERENCES, HOW, Coach, tip
from livevision.recognizers.signs.commands import practice, signs
from livevision.sinks.window import HELP

PACKAGE = Path(languages.__file__).parents[1]
PAGE = PACKAGE / "server" / "page"
MARKED = re.compile(r'data-say(?:-label|-alt)?="([^"]+)"')
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


def told(file: Path) -> set[str]:
    """What a module of the program tells users: what goes to `_tell` and `_Hint`, and constants
    with such a name; what stands in its places as "0"."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        text: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            text = node.args[0] if name in ("_tell", "_Hint") and node.args else None
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = node.value if node.targets[0].id in ("END", "_HINT", "_TURN") else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            found.add(text.value)
        elif isinstance(text, ast.JoinedStr):
            parts = (
                str(each.value) if isinstance(each, ast.Constant) else "0" for each in text.values
            )
            found.add("".join(parts))
    return found


def test_english_holds_all_that_is_said() -> None:
    english = languages.catalogue("en")
    assert len(said()) > 100
    assert said() - set(english) == set()
    for lines in (HELP, practice.HELP, signs.HELP):
        assert {meaning for _, meaning in lines} - set(english) == set()
        keys = {key for row, _ in lines for key in row.split("  ") if len(key) > 1}
        assert keys - set(english) <= {"Tab", "1 - 9"}  # which are called so everywhere
    assert set(HOW.values()) | set(DIFFERENCES.values()) <= set(english)
    assert {each.value for each in State if each.value.strip()} <= set(english)
    assert all(key == text for key, text in english.items())


def test_what_the_program_tells_is_said_in_every_language() -> None:
    spoken = {
        tip("B", "Z"),
        f"B: {HOW['B']}.",
        "A is right.",
        "Lost rtsp://x: reconnecting (attempt 2)",
    }
    # what lessons write where there is no window
    spoken |= {
        *Coach(["A"]).report().splitlines(),
        "Get ready for W: 3",
        "Get ready for thanks: 3",
        "Hold W, turn it a little between looks: 2/12",
        "A read as U",
        "Left out: A, B",
        "Most of what you showed looks like another letter:",
        "Keep them? Only if you sign them so on purpose. (yes/no)",
        "yes",
    }
    spoken |= {"4.0 pictures a second are too few for signs, which needs 8"}
    for right in ("A", "B"):  # a lesson that went well, and one that did not
        coach = Coach(["A"])
        for time in (0.0, 0.1, 2.0, 4.0):
            coach.see(right, time)
        page = practice.Page(coach, flipped=False)
        if coach.done:
            report = page.report()
            spoken |= {report.heading, report.keys, report.lines[0]}
            spoken |= set(coach.report().splitlines())
        else:
            card = page.card()
            spoken |= {card.how, card.message, card.keys}
    modules = [PACKAGE / "sinks" / "window.py", PACKAGE / "pipeline" / "loop.py"]
    modules += PACKAGE.glob("recognizers/*/recognizer.py")
    modules += PACKAGE.glob("recognizers/faces/enrolment.py")
    for file in modules:
        spoken |= told(file)
    assert len(spoken) > 20
    for code in ("de", "es", "fr", "ar"):
        assert {text for text in spoken if languages.say(text, code) == text} - {"0."} == set()


def test_no_text_of_the_page_goes_round_the_catalogue() -> None:
    written = r"(?:textContent\s*=|notice\(|alarm\(|state\(\"\w+\",|title\s*=)\s*[\"`][A-Za-z]"
    for file in PAGE.glob("*.js"):
        assert re.findall(written, file.read_text("utf-8")) in ([], ['title = "l']), file.name

    class Reader(HTMLParser):
        marked: tuple[str, ...] = ()

        def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
            values = {name: value or "" for name, value in given}
            self.marked = (tag, values.get("data-say", ""))
            if "aria-label" in values:
                assert values["aria-label"] == values.get("data-say-label")
            if values.get("alt"):
                assert values["alt"] == values.get("data-say-alt")

        def handle_data(self, data: str) -> None:
            if data.strip() and self.marked[0] != "title":
                assert data.strip() in (self.marked[1], "livevision")

    Reader().feed((PAGE / "index.html").read_text("utf-8"))


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
