"""The one place where what comes from sources and recognisers is checked."""

import math
from collections.abc import Mapping

import numpy as np

from livevision.frame import Box, Detection, Event, Findings, Frame
from livevision.pictures import MOST_PIXELS, MOST_SIDE


def checked_frame(frame: object, after: float) -> Frame:
    """`frame`, if it is one that the pipeline can work with; its picture becomes read-only.

    Raises ValueError if its picture is not (height, width, 3) uint8 of a sane size, or its time not
    finite and above `after`, the time of the frame before.
    """
    if not isinstance(frame, Frame):
        raise ValueError(f"{type(frame).__name__} is no frame")
    image = frame.image
    if not isinstance(image, np.ndarray):
        raise ValueError(f"{type(image).__name__} is no picture")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"its picture has shape {image.shape} of {image.dtype}, not (height, width, 3) of uint8"
        )
    pixels = image.shape[0] * image.shape[1]
    if not 0 < pixels <= MOST_PIXELS or max(image.shape) > MOST_SIDE:
        raise ValueError(f"its picture has {image.shape[1]}x{image.shape[0]} pixels")
    if not math.isfinite(frame.time):
        raise ValueError(f"its time is {frame.time}")
    if frame.time <= after:
        raise ValueError(
            f"its time is {frame.time:.6f} s, and that of the one before {after:.6f} s"
        )
    if frame.captured is not None and not math.isfinite(frame.captured):
        raise ValueError(f"it was captured at {frame.captured}")
    if image.flags.writeable:
        image.flags.writeable = False
    return frame


def checked_findings(found: object) -> Findings:
    """`found`, if sinks can work with it: of the right types, every number finite.

    Raises ValueError otherwise.
    """
    if not isinstance(found, Findings):
        raise ValueError(f"it returned {type(found).__name__}, not Findings")
    if found.text is not None and not isinstance(found.text, str):
        raise ValueError(f"its text is {type(found.text).__name__}")
    for detection in found.detections:
        _check_detection(detection)
    for event in found.events:
        if not isinstance(event, Event):
            raise ValueError(f"an event is {type(event).__name__}")
        _check(event.kind, event.start, event.end, event.confidence, event.details)
    for hint in found.hints:
        if not isinstance(hint, str):
            raise ValueError(f"a hint is {type(hint).__name__}")
    return found


def _check_detection(detection: object) -> None:
    if not isinstance(detection, Detection):
        raise ValueError(f"a detection is {type(detection).__name__}")
    if not isinstance(detection.box, Box):
        raise ValueError(f"the box of a {detection.kind} is {type(detection.box).__name__}")
    box = detection.box
    _check(detection.kind, detection.confidence, box.left, box.top, box.right, box.bottom)
    for _, share in detection.alternatives:
        _check(detection.kind, share)


def _check(kind: str, *values: object) -> None:
    """Raise ValueError if a number in `values`, at any depth, is not finite."""
    for value in values:
        if isinstance(value, float | np.floating):
            if not math.isfinite(value):
                raise ValueError(f"a {kind} holds {value}, which is no number to go on with")
        elif isinstance(value, Mapping):
            _check(kind, *value.values())
        elif isinstance(value, list | tuple):
            _check(kind, *value)
