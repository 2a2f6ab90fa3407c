"""What was found, as JSON objects of schema 2 (docs/json.md), wherever they are written."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from livevision import plugins
from livevision.frame import Detection, Event, Result

SCHEMA = 2
"""Raised when a key changes its meaning or goes; new keys alone do not raise it."""
GOES = "0.4"
"""The version of livevision without what is deprecated now."""
DEPRECATED = {
    "letters": {"use": "events of kind letter", "goes": GOES},
    "people": {"use": "events of kind person", "goes": GOES},
    "text": {"use": "the last event of kind text, or events of kind word", "goes": GOES},
}
"""Keys of a clip that stand for what is in `events` too."""


def event(found: Event) -> dict[str, Any]:
    """An event: kind, label, start and end in seconds, confidence 0 to 1, its own further keys.

    Of a live stream also `at`, when it began by the wall clock (ISO 8601, UTC).
    """
    record: dict[str, Any] = {"kind": found.kind, "label": found.label, **_span(found)}
    if found.origin is not None:
        begun = datetime.fromtimestamp(found.origin + found.start, UTC)
        record["at"] = begun.isoformat(timespec="milliseconds")
    return record | {key: finite(each) for key, each in found.details.items() if key not in record}


def line(found: Event) -> dict[str, Any]:
    """An event as a line of `--events`: its kind is the line's type, too.

    The label also stands under the key of schema 1, "letter" or "name", until that goes.
    """
    key = plugins.kind(found.kind).key
    return {"type": found.kind, **({key: found.label} if key else {}), **event(found)}


def view(found: Iterable[Event], kind: plugins.Kind) -> list[dict[str, Any]]:
    """The events of one kind as schema 1 had them."""
    return [
        {kind.key or kind.name: each.label, **_span(each), **each.details}
        for each in found
        if each.kind == kind.name
    ]


def views(found: Iterable[Event]) -> dict[str, list[dict[str, Any]]]:
    """All lists of schema 1: "letters", "people"."""
    events = list(found)
    return {each.view: view(events, each) for each in plugins.kinds().values() if each.view}


def detection(found: Detection) -> dict[str, Any]:
    """A detection; its box in pixels of the frame."""
    box = found.box
    return {
        "kind": found.kind,
        "label": found.label,
        "confidence": round(found.confidence, 4),
        "box": [int(each) for each in (box.left, box.top, box.right, box.bottom)],
        "track": found.track,
        "alternatives": [[label, round(chance, 4)] for label, chance in found.alternatives],
        "details": finite(found.details),
    }


def frame(result: Result) -> dict[str, Any]:
    """What was found in one frame."""
    shown = result.frame
    return {
        "index": shown.index,
        "time": round(shown.time, 3),
        **({"file": shown.file} if shown.file else {}),
        "detections": [detection(each) for each in result.detections],
    }


def finite(value: Any) -> Any:
    """`value` as JSON can say it: None for numbers that are none, or infinite; NumPy's plain."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, np.generic):
        return finite(value.item())
    return finite(value.tolist()) if isinstance(value, np.ndarray) else value


def _span(found: Event) -> dict[str, Any]:
    return {
        "start": round(found.start, 3),
        "end": round(found.end, 3),
        "confidence": round(found.confidence, 4),
    }
