"""Faces followed from frame to frame, and what the looks at each add up to."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from livevision.frame import Image
from livevision.locators.faces import Face
from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.gallery import Embedding
from livevision.recognizers.faces.matching import Judge, Match, Seen, mean

SURE = 0.7
"""Least score of a face that begins a track; what is less may be a shirt."""
MISSING = 0.6
"""Seconds a face may be out of sight before its track ends."""
BETWEEN = 1.5
"""Pauses between two pictures that a face may be out of sight, if that is longer: at a picture a
second nobody is gone because there was none for a second."""
UNUSUAL = 2.0
"""Seconds from which on a first pause between two pictures may be an interruption."""
REACH = 0.8
"""How far a face may be from where it is expected, in its own widths."""
DASH = 3.0
"""How much further for each second out of sight, up to half a second."""
GROWTH = 1.8
"""How much larger or smaller a face may get between two frames."""
LOOKS = 40
"""Looks a track remembers: the first few and the latest are most of what there is to know."""
STRANGE = 0.89
"""Cosine of a look with its track's others below which it shows somebody else."""
OTHERS = 0.95
"""Cosine of the looks since a cut with those before it below which another face has been put in the
place: what one person's looks seldom fall below (see `docs/faces.md`), and two people's do."""
REMEMBER = 60.0
"""Seconds within which a face that comes back gets its old number."""
RETURNED = 0.91
"""Cosine between the looks of two tracks from which on they may show one face."""
CLEARLY = 0.015
"""How much more alike the one that came back must be than any other that left."""
NEVER = 100.0
"""Cost of taking a face for that of a track where it cannot be; others cost less than 5."""
FEWEST = 3
"""Looks before a track is called anything, unless it is `CLEAR` from the first."""
CLEAR = 0.012
"""How far above the threshold a face must score to be named before."""
SHARE = 0.6
"""Of the votes that a name needs to appear; once there it stays down to `KEEP`."""
KEEP = 0.4
RECENT = 2
"""The latest looks of which one at least must be like the name: another face may have taken the
place of the one that was followed, as at a cut in a film."""
SLACK = 0.012
"""How far below the threshold a name that stands may sink, and a single look may vote for it."""


@dataclass(slots=True, eq=False)
class Track:
    """One face for as long as it is followed."""

    number: int | None
    """None while it may be that of somebody who left and came back."""
    face: Face
    start: float
    last: float
    """Seconds of the stream when it was last seen."""
    velocity: tuple[float, float] = (0.0, 0.0)
    """Pixels a second."""
    looks: list[Seen] = field(default_factory=list)
    odd: list[Seen] = field(default_factory=list)
    """The latest looks, if they show somebody else than the earlier ones."""
    cut: float | None = None
    """Seconds of the stream since when the picture at its place is another; None if it is not, or
    its looks have said by now that the face is the same."""
    since: list[Seen] = field(default_factory=list)
    """The looks since then, kept apart until there are two."""
    match: Match | None = None
    """Whom all looks together are most like."""
    name: str = ""
    """What it is called: a name, "unknown", or nothing yet."""
    doubtful: bool = False
    """True if the latest look is not like the one it is named after."""
    usurped: bool = False
    """True if none of the `RECENT` looks is: somebody else has taken the place."""
    barred: set[str] = field(default_factory=set)
    """Names that belong to somebody seen at the same time."""
    found: bool = False
    """True if its face, lost from sight, has been found in another track."""

    def add(
        self, embedding: Embedding, weight: float, chip: Image | None = None, *, late: bool = True
    ) -> bool:
        """Take a look into account; False if the track has become somebody else's.

        `late` says that it was taken after the cut, if there was one.
        """
        look = Seen(embedding, weight, chip)
        if self.cut is not None and late and self.looks:
            self.since.append(look)
            if len(self.since) < 2:
                return True
            self.cut, since = None, self.since
            self.since = []
            if float(self.mean() @ mean(since)) < OTHERS:
                self.odd = since
                return False
            look = since.pop()
            self.looks += since
        if len(self.looks) >= 2 and float(self.mean() @ embedding) < STRANGE:
            self.odd.append(look)
            return len(self.odd) < 2
        self.odd.clear()
        self.looks.append(look)
        if len(self.looks) > LOOKS:
            # the weakest goes, not the oldest: a good view stays worth having
            # (by place: list.remove would compare arrays)
            del self.looks[min(range(len(self.looks)), key=lambda place: self.looks[place].weight)]
        return True

    def mean(self) -> Embedding:
        """All looks together, weighted by quality."""
        return mean(self.looks)

    def decide(self, matcher: Judge) -> None:
        """Call the track what its looks, together and one by one, say."""
        if not self.looks:
            return
        self.match, ballots = matcher.judge(self.looks)
        if len(self.looks) < FEWEST and self.match.score < matcher.threshold + CLEAR:
            return
        best = self.match.best
        weights = np.array([look.weight for look in self.looks])
        share, lately = 0.0, False
        if matcher.names:
            place = matcher.names.index(best)
            choice = ballots.argmax(axis=1)
            sure = ballots.max(axis=1) >= matcher.threshold - SLACK
            share = float(weights[sure & (choice == place)].sum() / weights.sum())
            like = ballots[-RECENT:, place] >= matcher.threshold - 2 * SLACK
            lately = bool(like.any())
            self.doubtful = self.name == best and not like[-1]
            self.usurped = self.name == best and not lately
            if self.usurped:
                self.odd, self.looks = self.looks[-RECENT:], self.looks[:-RECENT]
                return
        standing = self.name == best
        enough = lately and share >= (KEEP if standing else SHARE)
        close = self.match.score >= matcher.threshold - (SLACK if standing else 0.0)
        self.name = best if best and enough and close and best not in self.barred else UNKNOWN


class Tracker:
    """Follows the faces of one stream by where they are, and knows those that come back."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._left: list[Track] = []
        self._count = 0
        self._time: float | None = None
        """That of the last picture."""
        self._pauses: deque[float] = deque(maxlen=3)
        """Between the last pictures, in seconds."""

    def update(self, faces: Sequence[Face], time: float) -> tuple[list[Track], list[Track]]:
        """The tracks seen at `time` (seconds), and those that have ended since."""
        missing = self._missing(time)
        ended = [each for each in self.tracks if each.found or time - each.last > missing]
        for track in ended:
            self._leave(track)
        self._left = [track for track in self._left if time - track.last <= REMEMBER]
        seen = []
        free = set(range(len(faces)))
        for row, column in self._assign(faces, time):
            self._follow(self.tracks[row], faces[column], time)
            seen.append(self.tracks[row])
            free.discard(column)
        for column in sorted(free):
            if faces[column].score >= SURE:
                seen.append(self._begin(faces[column], time))
        return seen, ended

    def _missing(self, time: float) -> float:
        """Seconds that a face may be out of sight, in a stream with pictures as rare as these."""
        if self._time is not None:
            self._pauses.append(time - self._time)
        self._time = time
        if not self._pauses:
            return MISSING
        shortest = min(self._pauses)
        if len(self._pauses) == 1:
            shortest = min(shortest, UNUSUAL)
        return max(MISSING, BETWEEN * shortest)

    def identify(self, track: Track) -> None:
        """Give a track without a number its own, or that of the face which came back."""
        if track.number is not None or len(track.looks) < FEWEST - 1:
            return
        mean = track.mean()
        lost = self._lost(track.last)
        alike = sorted(
            ((float(mean @ other.mean()), other) for other in self._left + lost if other.looks),
            key=lambda pair: -pair[0],
        )
        others = {other.number: score for score, other in reversed(alike)}
        best = sorted(others.values(), reverse=True)
        clear = len(best) < 2 or best[0] - best[1] >= CLEARLY
        if alike and clear and best[0] >= RETURNED:
            # the number alone: what the face is called must be proved anew
            old = alike[0][1]
            track.number, old.found = old.number, True
            self._left = [each for each in self._left if each.number != old.number]
        elif len(track.looks) > FEWEST or not (self._left or lost):
            track.number = self._next()

    def _lost(self, time: float) -> list[Track]:
        """Tracks that have not ended, whose faces are out of sight at `time`."""
        return [track for track in self.tracks if track.last < time and not track.found]

    def split(self, track: Track, time: float) -> Track:
        """End a track whose face has become somebody else's; the new track of that face."""
        self._leave(track)
        new = self._begin(track.face, time)
        new.looks = list(track.odd)
        self.identify(new)
        return new

    def finish(self) -> list[Track]:
        """All that are left, at the end of the stream."""
        left = self.tracks
        for track in left:
            self._leave(track)
        return left

    def _begin(self, face: Face, time: float) -> Track:
        known = self._left or self._lost(time)
        track = Track(None if known else self._next(), face, time, time)
        self.tracks.append(track)
        return track

    def _leave(self, track: Track) -> None:
        self.tracks = [each for each in self.tracks if each is not track]
        if track.number is None:
            track.number = self._next()
        if track.looks:
            self._left.append(track)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _assign(self, faces: Sequence[Face], time: float) -> list[tuple[int, int]]:
        if not self.tracks or not faces:
            return []
        cost = np.full((len(self.tracks), len(faces)), NEVER, np.float32)
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
                if away <= REACH + DASH * min(gap, 0.5) and growth <= GROWTH * (1 + gap):
                    # a track out of sight yields to one that was there in the frame before
                    cost[row, column] = away + 0.5 * (growth - 1) + min(gap, 1.0)
        # the cheapest flow of one from each track to one face is the best assignment, as SciPy's
        # linear_sum_assignment finds it; but importing that takes half a second
        ones = np.ones(max(cost.shape), np.float32)
        _, _, flow = cv2.EMD(ones[: len(cost)], ones[: cost.shape[1]], cv2.DIST_USER, cost=cost)
        pairs = np.argwhere((np.asarray(flow) > 0.5) & (cost < NEVER))
        return [(int(row), int(column)) for row, column in pairs]

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
