"""What is said of a result, as JSON of schema 2 (docs/json.md)."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

from livevision import plugins, records
from livevision.frame import Result


def record(result: Result) -> dict[str, Any]:
    """All of a result but its pictures; boxes are in the picture's own pixels."""
    stats = result.stats
    content = {
        "schema": records.SCHEMA,
        "index": result.frame.index,
        "time": round(result.frame.time, 4),
        "detections": [records.detection(each) for each in result.detections],
        "events": [records.event(each) for each in result.events],
        "text": result.text,
        "hints": list(result.hints),
        "stats": {
            "fps": round(stats.fps, 1),
            "latency": None if stats.latency is None else round(stats.latency, 4),
            "dropped": stats.dropped,
        },
    }
    return cast(dict[str, Any], records.finite(content))


def without_names(result: Result) -> Result:
    """What others than the owner may know of a result."""
    hidden = personal_kinds()
    return replace(
        result,
        detections=tuple(each for each in result.detections if each.kind not in hidden),
        events=tuple(each for each in result.events if each.kind not in hidden),
    )


@cache
def personal_kinds() -> frozenset[str]:
    """Kinds of what tells who somebody is: all of a recogniser that shows people."""
    return frozenset(
        kind.name
        for plugin in plugins.recognizers().values()
        if any(kind.private for kind in plugin.kinds)
        for kind in plugin.kinds
    )


def empty(**more: Any) -> Mapping[str, Any]:
    """A message of the same form that says nothing of a picture, with `more` in it."""
    return {
        "schema": records.SCHEMA,
        "detections": [],
        "events": [],
        "text": "",
        "hints": [],
        **more,
    }
