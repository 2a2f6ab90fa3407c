"""What is said of a result, as JSON of schema 2 (docs/json.md)."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

import cv2
import numpy as np

from livevision import plugins, records
from livevision.frame import Detection, Image, Result

ROUGH = 1.5
"""Pixels that a drawn outline may lie beside the mask's border."""
MOST_OUTLINES = 40
"""Of one detection: a segment may be in hundreds of pieces."""
LONGEST = 4096
"""Pixels of the longer side of a picture that is sent to a page."""
QUALITY = 90
"""Of its JPEG, 0 to 100."""


def record(result: Result) -> dict[str, Any]:
    """All of a result but its pictures; boxes are in the picture's own pixels."""
    stats = result.stats
    content = {
        "schema": records.SCHEMA,
        "index": result.frame.index,
        "time": round(result.frame.time, 4),
        "detections": [_detection(each) for each in result.detections],
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


def _detection(found: Detection) -> dict[str, Any]:
    """A detection; one with a mask has its `outlines` too: x and y in turn, in pixels."""
    told = records.detection(found)
    if found.mask is not None:
        told["outlines"] = outlines(found)
    return told


def outlines(found: Detection) -> list[list[int]]:
    """The borders of a detection's mask and of its holes, the largest ones, as polygons in the
    frame's pixels: x, y, x, y. A page fills what is within an odd number of them; a mask would be a
    hundred times as long."""
    assert found.mask is not None
    mask = found.mask.astype(np.uint8)
    # a mask is as large as its box or as the frame
    inside = mask.shape == (found.box.height, found.box.width)
    left, top = (found.box.left, found.box.top) if inside else (0, 0)
    borders, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(borders, key=cv2.contourArea, reverse=True)[:MOST_OUTLINES]
    rough = [cv2.approxPolyDP(each, ROUGH, True).reshape(-1, 2) for each in largest]
    return [(each + np.array((left, top))).ravel().tolist() for each in rough if len(each) > 2]


def pictures(result: Result) -> dict[str, str]:
    """Pictures that were finished with this result, as JPEGs in base64: those that an event of
    their name tells of (a panorama). What is still growing is not sent."""
    done = {each.kind for each in result.events}
    return {
        name: base64.b64encode(_jpeg(image)).decode()
        for name, image in result.pictures.items()
        if name in done
    }


def _jpeg(image: Image) -> bytes:
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    if scale < 1:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


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
        "pictures": {},
        **more,
    }
