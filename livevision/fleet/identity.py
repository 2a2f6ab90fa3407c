"""What results depend on beside the clip: models, personal data, packages.

Digests are taken of contents, so that two machines may keep them at different places.
"""

import dataclasses
import hashlib
import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from livevision import __version__, assets, files, options, plugins
from livevision.errors import LivevisionError

_ABSENT = "not there"
_SHOWN = 12
"""Digits of a digest that people are shown."""
_BESIDE = ("-shm",)
"""Endings of files that hold nothing of their own: SQLite's index of another one."""


def options_of(chosen: Any) -> dict[str, Any]:
    """A recogniser's options as JSON has them; files that are read stand for their contents."""
    known = {each.name: options.spec(each) for each in options.declared(chosen)}
    told: dict[str, Any] = {}
    for each in dataclasses.fields(chosen):
        value = getattr(chosen, each.name)
        spec = known.get(each.name)
        if value is not None and spec is not None and spec.reads:
            told[each.name] = _digest(Path(value))
        else:
            told[each.name] = value if isinstance(value, bool | int | float | None) else str(value)
    return told


def models(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each recogniser's models: the bundled ones, and those got beside."""
    return {name: _models(name) for name in names}


@cache
def _models(name: str) -> str:
    found = hashlib.sha256()
    for path in sorted((assets.folder("models") / name).glob("**/*")):
        if path.is_file():
            found.update(f"{path.name} {assets.digest(path)}\n".encode())
    weights = plugins.recognizer(name).weights
    if weights:
        try:
            place = Path(import_module(weights).installed())
        except LivevisionError:  # loading it says so
            place = Path()
        inside = sorted(place.glob("**/*.tflite")) if place.is_dir() else [place]
        for path in inside:
            found.update(f"{path.name} {_digest(path)}\n".encode())
    return found.hexdigest()


def personal(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of what the user taught each recogniser, so of the gallery."""
    told = {}
    for name in names:
        found = hashlib.sha256()
        for kept in plugins.recognizer(name).personal():
            path = kept.path
            if kept.ours and not path.name.endswith(_BESIDE) and not files.draft_of(path.name):
                found.update(f"{path.name} {_digest(path)}\n".encode())
        told[name] = found.hexdigest()
    return told


def told(chosen: Mapping[str, Any]) -> dict[str, str]:
    """All of that for people: what it is, and the beginning of its digest."""
    found: dict[str, str] = {}
    for name, digest in models(chosen).items():
        found[f"the model of {name}"] = digest[:_SHOWN]
    for name, digest in personal(chosen).items():
        found[f"what was taught to {name}"] = digest[:_SHOWN]
    for name, given in chosen.items():
        for key, value in options_of(given).items():
            found[f"the option {key} of {name}"] = str(value)[:_SHOWN]
    return found


def packages() -> dict[str, str]:
    """Versions of livevision, Python, and the packages that livevision needs."""
    told = {"livevision": __version__, "python": ".".join(platform.python_version_tuple()[:2])}
    try:
        needed = metadata.requires("livevision") or ()
    except metadata.PackageNotFoundError:
        needed = ()
    for requirement in needed:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name is None or "extra ==" in requirement:
            continue
        try:
            told[name[0]] = metadata.version(name[0])
        except metadata.PackageNotFoundError:
            continue
    return told


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """What another machine has otherwise, for people."""
    return [
        f"{name} is {there.get(name, _ABSENT)} there and {here.get(name, _ABSENT)} here"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]


def _digest(path: Path) -> str:
    try:
        return assets.digest(path)
    except OSError:
        return _ABSENT
