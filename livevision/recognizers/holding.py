"""What is held still before a camera, or lies there, followed from one look to the next."""

from dataclasses import dataclass, field

from livevision.frame import Box, Event

MEMORY = 0.8
"""What a vote for a label is worth one look later: some five looks decide."""


@dataclass(slots=True)
class Held:
    """A thing that is where it was when it was last looked at."""

    label: str
    box: Box
    confidence: float
    since: float
    """Seconds of the stream from which on it has been there."""
    last: float
    """Those at which it was last seen."""
    track: int
    counted: bool = False
    """For its recogniser: whether it has been told of."""
    _votes: dict[str, float] = field(default_factory=dict)

    def vote(self, label: str, confidence: float) -> None:
        """What it looks like now; its label is what it looked like most of late."""
        self._votes = {each: vote * MEMORY for each, vote in self._votes.items()}
        self._votes[label] = self._votes.get(label, 0.0) + confidence
        self.label = max(self._votes, key=lambda each: self._votes[each])
        if self.label == label:
            self.confidence = max(self.confidence, confidence)

    def event(self, kind: str) -> Event:
        """Its stay, as an event of that kind."""
        return Event(
            kind,
            self.label,
            self.since,
            self.last,
            self.confidence,
            details={"track": self.track},
        )


class Holding:
    """All that one stream holds; looked at again and again.

    held.begin()
    for each in found:
        same = held.find(each.box) or held.add(each.label, each.box, each.confidence, time)
    ended = held.gone(time)
    """

    def __init__(self, *, reach: float, forget: float) -> None:
        """`reach`: how far, in its own size (the shorter side), a thing may have moved between two
        looks; `forget`: seconds for which it may be hidden and still be the same one."""
        self._reach = reach
        self._forget = forget
        self._held: list[Held] = []
        self._left: list[Held] = []
        self._tracks = 0

    def begin(self) -> None:
        """A new look: everything may be found again."""
        self._left = list(self._held)

    def find(self, box: Box, label: str | None = None) -> Held | None:
        """What was there before, with that label if one is given; each is found once a look."""
        near = [
            each
            for each in self._left
            if (label is None or each.label == label) and self._is_still(each.box, box)
        ]
        if not near:
            return None
        found = max(near, key=lambda each: each.box.overlap(box))
        self._left.remove(found)
        return found

    def add(self, label: str, box: Box, confidence: float, time: float) -> Held:
        """Something that was not there before."""
        self._tracks += 1
        new = Held(label, box, confidence, time, time, self._tracks)
        self._held.append(new)
        return new

    def gone(self, time: float) -> list[Held]:
        """What has not been seen for too long; it is forgotten."""
        ended = [each for each in self._held if time - each.last > self._forget]
        self._held = [each for each in self._held if time - each.last <= self._forget]
        return ended

    def end(self) -> list[Held]:
        """All that is held, at the end of the stream; it is forgotten."""
        ended, self._held = self._held, []
        return ended

    def _is_still(self, before: Box, now: Box) -> bool:
        sides = (min(each.width, each.height) for each in (before, now))
        reach = self._reach * max(1, *sides)
        (x, y), (new_x, new_y) = before.center, now.center
        return abs(new_x - x) <= reach and abs(new_y - y) <= reach
