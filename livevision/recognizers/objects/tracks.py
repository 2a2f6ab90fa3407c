"""Follows objects from one look to the next, and carries their boxes in between.

Boxes of one kind that overlap are one object (greedy, surest first); a box moves on at its own
speed until the next look, as in SORT (Bewley et al., 2016) without its filter's covariance. Weak
boxes may prolong a track but begin none, as in ByteTrack (Zhang et al., 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.objects.detector import Object

WEAK = 0.5
"""Share of the threshold from which on a box prolongs a track."""
NEAR = 0.3
"""Least overlap of a track's box with the next one of its kind."""
RENAMED = 0.6
"""The same for a box of another kind: it may be the same thing, called otherwise for a moment."""
CLEAR = 0.15
"""How much more than the threshold a score must be for an object to be shown at its first look."""
AGAIN = 2
"""Looks that an object which is less clear must have been seen in to be shown."""
_NEWEST = 0.35
"""Weight of the newest look in an object's level, 0 to 1: one in which it is not found counts 0."""
_DOUBT = 0.6
"""Share of the threshold below which the level of what is shown must fall to be shown no more."""
HELD = 0.35
"""Seconds for which an object that is no longer found is still shown."""
LOST = 1.0
"""Seconds after which it has gone."""
_FORGET = 0.8
"""What of the earlier looks' scores still counts at the next look."""
_AGILITY = 0.5
"""Weight of the newest step in a box's speed, 0 to 1."""
_LONGEST = 0.5
"""Seconds of the longest step that says anything about speed."""

Corners = NDArray[np.float64]
"""(4,): left, top, right, bottom in pixels."""


@dataclass(eq=False, slots=True)
class Track:
    """One object, followed."""

    number: int
    start: float
    """Seconds of the stream, as all times here."""
    corners: Corners
    """At the last look in which it was found."""
    last: float
    """Time of that look."""
    speed: Corners = field(default_factory=lambda: np.zeros(4))
    """Pixels a second."""
    votes: dict[int, float] = field(default_factory=dict)
    """Scores so far by kind, the earlier ones less."""
    looks: int = 0
    level: float = 0.0
    """Score of late, 0 to 1."""
    shown: bool = False
    told: bool = False
    """Whether it was ever shown."""
    scores: float = 0.0
    """Sum of the scores of its looks."""

    @property
    def kind(self) -> int:
        return max(self.votes, key=lambda each: self.votes[each])

    @property
    def confidence(self) -> float:
        """Mean score, 0 to 1."""
        return self.scores / max(self.looks, 1)

    def at(self, time: float) -> Corners:
        """Where it should be by now."""
        ahead = min(time - self.last, HELD)
        return self.corners + self.speed * max(ahead, 0.0)

    def see(self, found: Object, time: float, threshold: float) -> None:
        corners = np.array(found.box)
        step = time - self.last
        if self.looks and 0 < step <= _LONGEST:
            fresh = (corners - self.corners) / step
            self.speed = self.speed + _AGILITY * (fresh - self.speed)
        else:
            self.speed = np.zeros(4)
        self.corners, self.last = corners, time
        self.votes = {kind: score * _FORGET for kind, score in self.votes.items()}
        self.votes[found.kind] = self.votes.get(found.kind, 0.0) + found.score
        self.level += (_NEWEST if self.looks else 1.0) * (found.score - self.level)
        self.looks += 1
        self.scores += found.score
        sure = self.level >= threshold and self.looks >= AGAIN
        self._show(sure or found.score >= threshold + CLEAR, threshold)

    def miss(self, threshold: float) -> None:
        """A look has not found it."""
        self.level *= 1 - _NEWEST
        self._show(False, threshold)

    def _show(self, sure: bool, threshold: float) -> None:
        self.shown = sure or (self.shown and self.level >= _DOUBT * threshold)
        self.told |= self.shown


class Tracker:
    """All objects of a stream."""

    def __init__(self, threshold: float) -> None:
        """`threshold` is the least score with which an object begins, 0 to 1."""
        self._threshold = threshold
        self._tracks: list[Track] = []
        self._count = 0

    def update(self, objects: Sequence[Object], time: float) -> None:
        """Take in what a look at the stream's picture of `time` found, surest first."""
        free = list(self._tracks)
        for found in objects:
            track = self._best(found, free, time)
            if track is not None:
                free.remove(track)
            elif found.score >= self._threshold:
                self._count += 1
                track = Track(self._count, time, np.array(found.box), time)
                self._tracks.append(track)
            if track is not None:
                track.see(found, time, self._threshold)
        for track in free:
            track.miss(self._threshold)

    def seen(self, time: float) -> list[Track]:
        """The objects in sight at `time`."""
        return [each for each in self._tracks if each.shown and time - each.last <= HELD]

    def ended(self, time: float) -> list[Track]:
        """The objects that have gone by `time`, each told of once."""
        gone = [each for each in self._tracks if time - each.last > LOST]
        self._tracks = [each for each in self._tracks if each not in gone]
        return [each for each in gone if each.told]

    def _best(self, found: Object, free: Sequence[Track], time: float) -> Track | None:
        """The track that a box belongs to."""
        best, most = None, 0.0
        for track in free:
            overlap = _overlap(track.at(time), np.array(found.box))
            same = track.kind == found.kind
            if overlap > max(most, NEAR if same else RENAMED):
                best, most = track, overlap
        return best


def _overlap(one: Corners, other: Corners) -> float:
    """Intersection over union, 0 to 1."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if (sides <= 0).any():
        return 0.0
    shared = sides[0] * sides[1]
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(shared / (areas - shared))
