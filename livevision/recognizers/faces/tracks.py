"""Faces followed from frame to frame, and what the looks at each add up to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from livevision.locators.faces import Face
from livevision.recognizers.faces.gallery import UNKNOWN, Embedding
from livevision.recognizers.faces.matching import Match, Matcher, unit

MISSING = 1.0
"""Seconds a face may be out of sight before its track ends."""
REACH = 0.8
"""How far a face may move between two frames, in its own widths, and a bit more for each second."""
GROWTH = 1.6
"""How much larger or smaller a face may get between two frames."""
LOOKS = 40
"""Looks a track remembers: the first few and the latest are most of what there is to know."""
STRANGE = 0.80
"""Cosine of a look with its track's others below which it shows somebody else."""
FEWEST = 3
"""Looks before a track is called anything."""
SHARE = 0.6
"""Of the votes that a name needs to appear; once there it stays down to `KEEP`."""
KEEP = 0.4
SLACK = 0.012
"""How far below the threshold a name that stands may sink, and a single look may vote for it."""


@dataclass(slots=True, eq=False)
class Track:
    """One face for as long as it is followed."""

    number: int
    face: Face
    start: float
    last: float
    """Seconds of the stream when it was last seen."""
    velocity: tuple[float, float] = (0.0, 0.0)
    """Pixels a second."""
    looks: list[tuple[Embedding, float]] = field(default_factory=list)
    """Embeddings and their weights."""
    odd: list[tuple[Embedding, float]] = field(default_factory=list)
    """The latest looks, if they show somebody else than the earlier ones."""
    match: Match | None = None
    """Whom all looks together are most like."""
    name: str = ""
    """What it is called: a name, "unknown", or nothing yet."""
    barred: set[str] = field(default_factory=set)
    """Names that belong to somebody seen at the same time."""

    def add(self, embedding: Embedding, weight: float) -> bool:
        """Take a look into account; False if the track has become somebody else's."""
        if len(self.looks) >= 2 and float(self.mean() @ embedding) < STRANGE:
            self.odd.append((embedding, weight))
            return len(self.odd) < 2
        self.odd.clear()
        self.looks.append((embedding, weight))
        if len(self.looks) > LOOKS:
            # the weakest goes, not the oldest: a good view stays worth having
            self.looks.remove(min(self.looks, key=lambda look: look[1]))
        return True

    def mean(self) -> Embedding:
        """All looks together, weighted by quality."""
        return unit(np.sum([e * weight for e, weight in self.looks], axis=0))

    def decide(self, matcher: Matcher) -> None:
        """Call the track what its looks, together and one by one, say."""
        if not self.looks:
            return
        self.match = matcher.match(self.mean())
        if len(self.looks) < FEWEST:
            return
        best = self.match.best
        ballots = matcher.scores(np.array([embedding for embedding, _ in self.looks]))
        weights = np.array([weight for _, weight in self.looks])
        share = 0.0
        if matcher.names:
            choice = ballots.argmax(axis=1)
            sure = ballots.max(axis=1) >= matcher.threshold - SLACK
            votes = sure & (choice == matcher.names.index(best))
            share = float(weights[votes].sum() / weights.sum())
        standing = self.name == best
        enough = share >= (KEEP if standing else SHARE)
        like = self.match.score >= matcher.threshold - (SLACK if standing else 0.0)
        self.name = best if best and enough and like and best not in self.barred else UNKNOWN


class Tracker:
    """Follows the faces of one stream by where they are."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._count = 0

    def update(self, faces: Sequence[Face], time: float) -> tuple[list[Track], list[Track]]:
        """The tracks seen at `time` (seconds), and those that have ended since."""
        ended = [track for track in self.tracks if time - track.last > MISSING]
        self.tracks = [track for track in self.tracks if time - track.last <= MISSING]
        seen = []
        free = set(range(len(faces)))
        for row, column in self._assign(faces, time):
            self._follow(self.tracks[row], faces[column], time)
            seen.append(self.tracks[row])
            free.discard(column)
        for column in sorted(free):
            seen.append(self.begin(faces[column], time))
        return sorted(seen, key=lambda track: track.number), ended

    def begin(self, face: Face, time: float) -> Track:
        """A new track."""
        self._count += 1
        track = Track(self._count, face, time, time)
        self.tracks.append(track)
        return track

    def split(self, track: Track, time: float) -> Track:
        """End a track whose face has become somebody else's; the new track of that face."""
        self.tracks.remove(track)
        new = self.begin(track.face, time)
        new.looks = list(track.odd)
        return new

    def finish(self) -> list[Track]:
        """All that are left, at the end of the stream."""
        left, self.tracks = self.tracks, []
        return left

    def _assign(self, faces: Sequence[Face], time: float) -> list[tuple[int, int]]:
        if not self.tracks or not faces:
            return []
        cost = np.full((len(self.tracks), len(faces)), 1e6)
        for row, track in enumerate(self.tracks):
            gap = time - track.last
            box = track.face.box
            x = box.center[0] + track.velocity[0] * min(gap, 0.3)
            y = box.center[1] + track.velocity[1] * min(gap, 0.3)
            for column, face in enumerate(faces):
                growth = max(face.box.width, 1) / max(box.width, 1)
                growth = max(growth, 1 / growth)
                width = max(box.width, face.box.width, 1)
                away = float(np.hypot(face.box.center[0] - x, face.box.center[1] - y)) / width
                if away <= REACH * (1 + min(gap, 0.5)) and growth <= GROWTH * (1 + gap):
                    # a track out of sight yields to one that was there in the frame before
                    cost[row, column] = away + 0.5 * (growth - 1) + min(gap, 1.0)
        pairs = zip(*linear_sum_assignment(cost), strict=True)
        return [(int(row), int(column)) for row, column in pairs if cost[row, column] < 1e6]

    def _follow(self, track: Track, face: Face, time: float) -> None:
        gap = time - track.last
        if gap > 0:
            old, new = track.face.box.center, face.box.center
            speed = ((new[0] - old[0]) / gap, (new[1] - old[1]) / gap)
            track.velocity = (
                0.5 * (track.velocity[0] + speed[0]),
                0.5 * (track.velocity[1] + speed[1]),
            )
        track.face, track.last = face, time


def share_out(tracks: Sequence[Track]) -> None:
    """Leave each name to one of the tracks that are in sight together: the most like it.

    The others may never bear it again: who was seen beside somebody is not that person.
    """
    owners: dict[str, Track] = {}
    for track in sorted(tracks, key=lambda each: -(each.match.score if each.match else -1.0)):
        if track.name in ("", UNKNOWN):
            continue
        if track.name in owners:
            track.barred.add(track.name)
            track.name = UNKNOWN
        else:
            owners[track.name] = track
