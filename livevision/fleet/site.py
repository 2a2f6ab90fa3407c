"""The cameras of a site, and what is wanted of each: one file in TOML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from livevision import plugins, settings
from livevision.errors import UsageError
from livevision.fleet import traces
from livevision.machine import streams

FORBIDDEN = frozenset({"window", "mirror", "realtime", "fast", "max_frames", "metrics_port"})
"""Options of `livevision run` that make no sense without anybody before a screen."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Captions = Literal["srt", "vtt", "txt"]


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera, and what its process is told."""

    name: str
    source: str
    options: Mapping[str, settings.Value] = field(default_factory=dict)
    """Options of `livevision run`, as in its settings."""
    events: bool = False
    transcript: bool = False
    captions: Captions | None = None
    record: bool = False
    raw: bool = False

    @property
    def words(self) -> list[str]:
        """The options as words of `livevision run`."""
        return settings.words(self.options)


@dataclass(frozen=True, slots=True)
class Site:
    """All of them."""

    folder: Path
    """Where their files go, a folder each."""
    cameras: Mapping[str, Camera]
    limit: int
    """How many this machine can carry."""
    memory_mb: int
    """MB that a camera's process may have, else it is replaced."""
    metrics_port: int | None
    keep_days: int | None
    """Days after which files are erased."""


MEMORY = 1500
"""MB; 300 to 500 are usual (docs/scaling.md)."""
_FLEET = {
    "folder": str,
    "limit": int,
    "memory_mb": int,
    "metrics_port": int,
    "keep_days": int,
    "site": str,
}


_MOST = {"metrics_port": 65535, "keep_days": traces.MOST_DAYS}


def read(file: Path) -> tuple[Site, list[str]]:
    """What can be used of the site that a file describes, and all that is wrong with the rest.

    The options of each camera have yet to be looked at. Raises UsageError if it is no TOML.
    """
    content = _parsed(file)
    wrong: list[str] = []
    for key in content.keys() - {"fleet", "defaults", "cameras"}:
        wrong.append(f"there is no part [{key}]; there are [fleet], [defaults], [cameras.NAME]")
    given = _table(content, "fleet", wrong)
    general: dict[str, Any] = {}
    for key, value in given.items():
        kind = _FLEET.get(key)
        if kind is None:
            wrong.append(f"[fleet] knows no {key}; it knows {', '.join(_FLEET)}")
        elif type(value) is not kind or (isinstance(value, int) and value < 1):
            wrong.append(f"[fleet] {key} is {'a number above 0' if kind is int else 'text'}")
        elif isinstance(value, int) and value > _MOST.get(key, value):
            wrong.append(f"[fleet] {key} is {_MOST[key]} at most")
        else:
            general[key] = value
    defaults = _table(content, "defaults", wrong)
    cameras = {
        name: camera
        for name, told in _table(content, "cameras", wrong).items()
        if (camera := _camera(name, told, defaults, str(general.get("site", "")), wrong))
    }
    if not cameras and not wrong:
        wrong.append("there is no camera in it: add [cameras.NAME] with a source")
    limit = general.get("limit", streams())
    if len(cameras) > limit and ("limit" in general or "limit" not in given):
        wrong.append(
            f"{len(cameras)} cameras are more than the {limit} that this machine carries without "
            "losing frames; watch some by another machine, or see what 'livevision fleet measure' "
            "finds here"
        )
    _doubles(cameras, wrong)
    site = Site(
        Path(general["folder"]) if "folder" in general else traces.sites(),
        cameras,
        limit,
        general.get("memory_mb", MEMORY),
        general.get("metrics_port"),
        general.get("keep_days"),
    )
    return site, wrong


def _parsed(file: Path) -> Mapping[str, Any]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"Cannot read the cameras in {file}: {why}.") from error


def _table(content: Mapping[str, Any], name: str, wrong: list[str]) -> Mapping[str, Any]:
    found = content.get(name, {})
    if isinstance(found, Mapping):
        return found
    wrong.append(f"[{name}] is no table")
    return {}


def _camera(
    name: str, given: Any, defaults: Mapping[str, Any], site: str, wrong: list[str]
) -> Camera | None:
    here = f"camera {name}"
    if not _NAME.fullmatch(name):
        wrong.append(f"{here}: a name has up to 40 small letters, digits, - and _")
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("source"), str | int):
        wrong.append(f"{here}: it needs a source, a camera's number or a URL")
        return None
    values = {**defaults, **given}
    source = str(values.pop("source"))
    own: dict[str, Any] = {}
    for key in ("events", "transcript", "record", "raw"):
        own[key] = values.pop(key, False)
        if not isinstance(own[key], bool):
            wrong.append(f"{here}: {key} is true or false; the files get their names by themselves")
            own[key] = False
    own["captions"] = values.pop("captions", None)
    if own["captions"] not in (None, *get_args(Captions)):
        wrong.append(f"{here}: captions is one of {', '.join(get_args(Captions))}")
        own["captions"] = None
    for key, value in [*values.items()]:
        if key in FORBIDDEN:
            wrong.append(f"{here}: {key} makes no sense here")
        elif not isinstance(value, bool | int | float | str) or value == "":
            wrong.append(f"{here}: {key} is neither text, number, true nor false")
        else:
            continue
        del values[key]
    kind = next(
        (
            each
            for each in plugins.sources().values()
            if source.partition("://")[0].lower() in each.schemes
            or ("://" not in source and each.claims(source))
        ),
        None,
    )
    if kind is None or not kind.live:
        wrong.append(f"{here}: {source[:80]} is no camera; 'livevision fleet replay' reads files")
    if "mqtt" in values:
        values.setdefault("mqtt_name", f"{site}-{name}" if site else name)
    return Camera(name, source, values, **own)


def _doubles(cameras: Mapping[str, Camera], wrong: list[str]) -> None:
    """Cameras that would get into each other's way."""
    values: dict[str, dict[str, object]] = {
        "source": {name: each.source for name, each in cameras.items()},
        "mqtt_name": {name: each.options.get("mqtt_name") for name, each in cameras.items()},
    }
    for what, of in values.items():
        seen: dict[object, str] = {}
        for name, value in of.items():
            if value is not None and value in seen:
                wrong.append(f"cameras {seen[value]} and {name} have one {what}")
            seen.setdefault(value, name)
