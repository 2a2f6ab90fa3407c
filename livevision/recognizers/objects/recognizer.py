"""Names the objects of a stream."""

from collections.abc import Iterator, Sequence
from functools import partial

from livevision import litert
from livevision.errors import UsageError
from livevision.frame import Box, Detection, Event, Findings, Frame
from livevision.recognizers.beside import Beside
from livevision.recognizers.objects import Options, weights
from livevision.recognizers.objects.detector import Detector, Object
from livevision.recognizers.objects.names import NAMES
from livevision.recognizers.objects.tracks import WEAK, Track, Tracker
from livevision.recognizers.recognizer import Model, Session

EVERY = 0.1
"""Seconds between looks at a stream, each of which takes 50 ms or more; tracks carry the boxes in
between."""


class ObjectModel(Model):
    """The network, and what is looked for."""

    def __init__(self, options: Options) -> None:
        """Raises UsageError for a class that COCO does not have, ModelError without weights."""
        kinds = [place_of(name) for name in options.classes] or None
        path = weights.installed()
        network = litert.network(path, name=str(path), cure=weights.MISSING)
        self.detector = Detector(network, kinds)
        self.options = options

    def session(self, *, live: bool = False) -> "ObjectRecognizer":
        return ObjectRecognizer(self)

    def look(self, frame: Frame, *, threshold: float) -> list[Object]:
        """What is in a frame's picture, surest first."""
        looks = self.options.looks
        thorough = frame.captured is None if looks == "auto" else looks == "thorough"
        return self.detector.detect(frame.image, threshold=threshold, thorough=thorough)


class ObjectRecognizer(Session):
    """Finds objects beside the pictures, and follows them.

    A live stream takes what was found when it is there and never waits for it; with a recording
    every look is waited for.
    """

    def __init__(self, model: ObjectModel) -> None:
        threshold = model.options.threshold
        look = partial(model.look, threshold=threshold * WEAK)
        self._looking = Beside(look, delay=0.0, every=EVERY, name="objects")
        self._tracker = Tracker(threshold)

    def recognize(self, frame: Frame) -> Findings:
        answer = self._looking.look(frame)
        if answer is not None:
            self._tracker.update(answer.value, answer.frame.time)
        ended = self._tracker.ended(frame.time)
        height, width = frame.image.shape[:2]
        seen = self._tracker.seen(frame.time)
        return Findings(
            tuple(_detections(seen, frame.time, Box(0, 0, width, height))),
            tuple(_event(track) for track in ended),
        )

    def finish(self) -> Findings:
        answer = self._looking.finish()
        if answer is not None:
            self._tracker.update(answer.value, answer.frame.time)
        return Findings(events=tuple(_event(track) for track in self._tracker.ended(float("inf"))))

    def close(self) -> None:
        self._looking.close()


def place_of(name: str) -> int:
    """The place of a class in `names.NAMES`; UsageError if there is none."""
    try:
        return NAMES.index(name.strip().lower())
    except ValueError:
        raise UsageError(
            f"There are no objects {name!r}. There are: {', '.join(sorted(NAMES))}."
        ) from None


def _detections(tracks: Sequence[Track], time: float, frame: Box) -> Iterator[Detection]:
    """The tracks at `time`, but for those that have left the picture `frame`."""
    for track in tracks:
        left, top, right, bottom = (round(side) for side in track.at(time))
        box = Box(max(left, 0), max(top, 0), min(right, frame.right), min(bottom, frame.bottom))
        if box.width > 0 and box.height > 0:
            yield Detection("object", box, NAMES[track.kind], track.confidence, track.number)


def _event(track: Track) -> Event:
    return Event(
        "object",
        NAMES[track.kind],
        track.start,
        track.last,
        track.confidence,
        {"track": track.number},
    )
