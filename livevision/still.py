"""Single pictures: each by itself, without memory of another."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import pictures, plugins, recognizers
from livevision.frame import Detection, Event, Findings, Frame, Result
from livevision.recognizers.recognizer import Model


def read(image: NDArray[np.uint8] | str | Path, names: Sequence[str] = ("signs",)) -> Result:
    """What the recognisers `names` find in one picture: (height, width, 3) BGR or (height, width),
    or the file of a picture.

    What is grey is in the result as a picture of three equal channels. Raises UsageError for an
    unknown name, ModelError for a missing model, SourceError for a file that is no picture,
    ValueError for an array that is none.
    """
    file = ""
    if isinstance(image, str | Path):
        file = Path(image).name
        image = pictures.load(Path(image))
    if not isinstance(image, np.ndarray):
        raise ValueError(f"no picture: {type(image).__name__}; give an array or a file's name")
    grey = image.ndim == 2
    if image.dtype != np.uint8 or not (grey or image.shape[2:] == (3,)) or not image.size:
        raise ValueError(f"no picture: {image.shape} of {image.dtype}")
    if grey:  # recognisers take colours alone
        image = np.repeat(image[..., None], 3, axis=2)
    models = [recognizers.load(name) for name in names]
    return read_frame(Frame(np.ascontiguousarray(image), 0, 0.0, file=file), models)


def read_frame(frame: Frame, models: Sequence[Model]) -> Result:
    """What `models` find in a frame that is all of its stream.

    A detection with a label is an event, too, where its kind says so (`Kind.still`) and its
    recogniser, which goes by what lasts, has none of it. An event has the `file` of its picture and
    the `box` of what it tells of, [left, top, right, bottom] in pixels, among its details.
    """
    detections: list[Detection] = []
    events: list[Event] = []
    texts: list[str] = []
    hints: list[str] = []
    for model in models:
        with model.session() as session:
            seen = session.recognize(frame)
            rest = session.finish()
        detections += seen.detections
        own = [*seen.events, *rest.events] or _still(seen, frame)
        events += [_placed(each, seen.detections, frame) for each in own]
        texts += [each for each in (rest.text or seen.text,) if each]
        hints += seen.hints
    told = tuple(replace(each, stream=frame.stream, origin=frame.origin) for each in events)
    return Result(frame, tuple(detections), told, "\n".join(texts), hints=tuple(hints))


def _still(seen: Findings, frame: Frame) -> list[Event]:
    found = []
    for each in seen.detections:
        kind = plugins.kind(each.kind)
        if kind.still and each.label not in kind.unknown:
            details = dict(each.details)
            if each.track is not None:
                details["track"] = each.track
            found.append(
                Event(kind.still, each.label, frame.time, frame.time, each.confidence, details)
            )
    return found


def _placed(event: Event, detections: Sequence[Detection], frame: Frame) -> Event:
    """The event with its picture's name, and the box of what it tells of, if that is one alone."""
    details: dict[str, object] = dict(event.details)
    track = details.get("track")
    boxes = [
        each.box
        for each in detections
        if each.label == event.label and (track is None or each.track == track)
    ]
    if frame.file:
        details.setdefault("file", frame.file)
    if len(boxes) == 1:
        box = boxes[0]
        details.setdefault("box", [box.left, box.top, box.right, box.bottom])
    return replace(event, details=details)
