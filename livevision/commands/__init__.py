"""The commands of the command line: every module here is one.

Its docstring is the help page: what it does, then, after an empty line, examples. It has

    SUMMARY: str                              one line for the list of commands
    def add_arguments(parser) -> None
    def execute(arguments) -> int             the exit code; heavy imports happen in here
"""

import argparse
import ast
import difflib
import pkgutil
import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from livevision import plugins


def _found() -> dict[str, str]:
    """Names of the commands, and of their modules."""
    own = (module.name for module in pkgutil.iter_modules(__path__))
    names = {name: f"{__name__}.{name}" for name in own if not name.startswith("_")}
    return names | plugins.rooms("commands")


def available() -> list[str]:
    """Names of the commands."""
    return sorted(_found())


_SYNONYMS = {
    "version": "--version",
    "help": "--help",
    "webcam": "run 0",
    "camera": "run 0",
    "cam": "run 0",
    "start": "run 0",
    "live": "run 0",
    "cameras": "devices",
    "settings": "config",
    "preferences": "config",
    "browser": "serve",
    "web": "serve",
    "check": "doctor",
    "diagnose": "doctor",
    "benchmark": "bench",
    "speed": "bench",
    "erase": "privacy --erase",
    "download": "models setup",
    "setup": "models setup",
    "install": "models setup",
}


def meant(words: Sequence[str]) -> str | None:
    """What somebody who typed `words` may have meant, if the first is no command but near one."""
    synonyms = _SYNONYMS | plugins.rooms("synonyms")
    if (both := " ".join(words[:2]).lower()) in synonyms and len(words) > 1:
        return synonyms[both]
    known = {name: name for name in available()}
    word = words[0].lower()
    if words[0] in known or not re.fullmatch(r"[a-z][a-z-]*", word):
        return None
    known |= {each: meaning for each, meaning in synonyms.items() if " " not in each}
    near = [word] if word in known else difflib.get_close_matches(word, known, n=1)
    return known[near[0]] if near else None


def module(name: str) -> ModuleType:
    """The command `name` as a module."""
    return import_module(_found()[name])


def summary(name: str) -> str:
    """What a command's module says of itself in one line, without importing it if possible.

    Each would import what it needs, and the list of commands should be there at once.
    """
    spec = find_spec(_found()[name])
    if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        source = Path(spec.origin).read_text(encoding="utf-8")
        if found := re.search(r'^SUMMARY = (".*")$', source, re.MULTILINE):
            return str(ast.literal_eval(found[1]))
    return str(module(name).SUMMARY)


def add_parser(subparsers: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A parser for `module`, whose docstring is its help page, among the `subparsers`."""
    description, _, example = (module.__doc__ or "").partition("\n\n")
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=module.SUMMARY,
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser
