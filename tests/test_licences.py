"""What is handed on, and under which licence, is written down."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_every_package_that_is_needed_is_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["serve"], *extras["mqtt"]]
    listed = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    for requirement in wanted:
        found = re.match("[A-Za-z0-9._-]+", requirement)
        assert found is not None
        name = re.sub("[-_.]+", "-", found[0]).lower()
        assert f"| {name} |" in listed, f"{name}: python scripts/third_party.py"


@pytest.mark.parametrize(
    "word", ["libx264", "libx265", "Qt 5", "LGPL", "python-xlib", "symspellpy", "CC0"]
)
def test_what_wheels_carry_is_told(word: str) -> None:
    assert word in (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    assert word in (ROOT / "NOTICE").read_text(encoding="utf-8")
