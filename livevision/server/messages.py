"""What is said of a result, as JSON of schema 2 (docs/json.md)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livevision.frame import Detection, Event, Result

SCHEMA = 2
PRIVATE = frozenset({"face", "person"})
"""Kinds that show who somebody is: for the owner alone."""


def record(result: Result) -> dict[str, Any]:
    """All of a result but its pictures; boxes are in the picture's own pixels."""
    stats = result.stats
    return {
        "schema": SCHEMA,
        "index": result.frame.index,
        "time": round(result.frame.time, 4),
        "detections": [detection_record(each) for each in result.detections],
        "events": [event_record(each) for each in result.events],
        "text": result.text,
        "hints": list(result.hints),
        "stats": {
            "fps": round(stats.fps, 1),
            "latency": None if stats.latency is None else round(stats.latency, 4),
            "dropped": stats.dropped,
        },
    }


def detection_record(each: Detection) -> dict[str, Any]:
    box = each.box
    return {
        "kind": each.kind,
        "label": each.label,
        "confidence": round(each.confidence, 4),
        "box": [box.left, box.top, box.right, box.bottom],
        "track": each.track,
        "alternatives": [[label, round(chance, 4)] for label, chance in each.alternatives],
    }


def event_record(each: Event) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "label": each.label,
        "start": round(each.start, 3),
        "end": round(each.end, 3),
        "confidence": round(each.confidence, 4),
        **each.details,
    }


def without_names(result: Result) -> Result:
    """What others than the owner may know of a result."""
    return replace(
        result,
        detections=tuple(each for each in result.detections if each.kind not in PRIVATE),
        events=tuple(each for each in result.events if each.kind not in PRIVATE),
    )


def empty(**more: Any) -> Mapping[str, Any]:
    """A message of the same form that says nothing of a picture, with `more` in it."""
    return {
        "schema": SCHEMA,
        "detections": [],
        "events": [],
        "text": "",
        "hints": [],
        **more,
    }
