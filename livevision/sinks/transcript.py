"""Who signed what and when, for programs: as JSON lines."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from livevision import plugins
from livevision.frame import Detection, Event, Result
from livevision.sinks import Sink
from livevision.sinks.events import Events

REACH = 5.0
"""Heights of a face from its middle to the middle of a hand that may belong to it."""
_MEMORY = 60.0
"""Seconds for which it is remembered which hand was near which face."""


@dataclass(frozen=True, slots=True)
class _Near:
    """A hand, and the face nearest to it, in one frame."""

    time: float
    hand: int | None
    label: str
    face: int | str | None


class Transcript(Sink):
    """Writes the lines of `Events`, each letter and word with who signed it, and the text.

    Once a face was seen, letters and words have `signer`: {"name": NAME, "track": TRACK} of the
    face nearest to the hand, over the time of the sign, or null if no face was near. Whenever the
    text changes in another way than by growing, and at the end, there is a line {"type": "text",
    "text": ALL, "start": 0, "end": TIME, ...}. Raises what `Events` raises.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self._lines = Events(path, source=source)
        self.patience = self._lines.patience
        self._near: deque[_Near] = deque()
        self._names: dict[int | str, str] = {}
        self._faces = False
        self._last: Result | None = None

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def write(self, result: Result) -> None:
        self._look(result)
        events = [self._attributed(event) for event in result.events]
        if self._last is not None and not result.text.startswith(self._last.text):
            events.append(_text(result))
        self._last = result
        self._lines.write(replace(result, events=tuple(events)))

    def close(self) -> None:
        last, self._last = self._last, None
        try:
            if last is not None:
                self._lines.write(replace(last, events=(_text(last),)))
        finally:
            self._lines.close()

    def _look(self, result: Result) -> None:
        """Note which hand is near which face."""
        time = result.frame.time
        faces = {_identity(each): each for each in result.detections if _signer(each) == "named"}
        self._faces |= bool(faces)
        for identity, face in faces.items():
            self._names[identity] = face.label
        for hand in result.detections:
            if _signer(hand) != "signs":
                continue
            apart = {identity: _distance(hand, face) for identity, face in faces.items()}
            nearest = min(apart, key=apart.__getitem__, default=None)
            if nearest is not None and apart[nearest] > REACH:
                nearest = None
            self._near.append(_Near(time, hand.track, hand.label, nearest))
        while self._near and self._near[0].time < time - _MEMORY:
            self._near.popleft()
        if len(self._names) > 1000:  # a door camera sees many
            remembered = {each.face for each in self._near}
            self._names = {key: name for key, name in self._names.items() if key in remembered}

    def _attributed(self, event: Event) -> Event:
        if _signer(event) != "signs" or not self._faces:
            return event
        during = [near for near in self._near if event.start <= near.time <= event.end]
        track = event.details.get("track")
        if track is not None:
            during = [near for near in during if near.hand == track]
        else:
            during = [near for near in during if near.label == event.label] or during
        votes = Counter(near.face for near in during if near.face is not None)
        signer: Mapping[str, object] | None = None
        if votes:
            face = votes.most_common(1)[0][0]
            track = face if isinstance(face, int) else None
            signer = {"name": self._names.get(face, ""), "track": track}
        return replace(event, details={**event.details, "signer": signer})


def _signer(found: Detection | Event) -> str:
    """Whether it may be somebody's hand ("signs"), tells who that is ("named"), or neither."""
    return plugins.kind(found.kind).signer


def _identity(face: Detection) -> int | str:
    return face.label if face.track is None else face.track


def _distance(hand: Detection, face: Detection) -> float:
    """From middle to middle, in heights of the face."""
    (x, y), (u, v) = hand.box.center, face.box.center
    return float(((x - u) ** 2 + (y - v) ** 2) ** 0.5 / max(1, face.box.height))


def _text(result: Result) -> Event:
    return Event("text", result.text, 0.0, result.frame.time, 1.0)
