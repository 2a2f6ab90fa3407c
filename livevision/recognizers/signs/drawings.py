"""J and Z: letters that no picture shows, because they are drawn in the air.

The tip of the finger that draws leaves a track; the track of the last seconds, whatever its size
and speed, is compared with drawn letters as the $1 recogniser does (Wobbrock et al., 2007; angle
between normalised tracks as in Li's Protractor, 2010), but with its direction kept. Several spans
are tried at once, so that a letter is found that flows out of another one. The hand has to have the
shape that draws: the little finger alone for J, the index finger alone for Z.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats, Points
from livevision.recognizers.signs import thresholds
from livevision.recognizers.signs.motion import straightness

POINTS = 24
"""Points of a track, equally far apart."""
SHORTEST_SPAN, SPANS = 0.24, 18
"""The drawing may have begun so many seconds before now, up to the longest that it takes; how many
beginnings are tried."""
LETTERS = "JZ"
_POINTS = np.array((20, 8, 5))
"""The tips that draw J and Z, and the index finger's knuckle, which moves with its tip."""
_TRACKS = (("J", 0, 0), ("Z", 1, 1), ("Z", 1, 2))
"""Letter, its place in LETTERS, and the place in _POINTS of a track that may show it."""
_DRAWING = np.array((3, 0))
"""The fingers that draw: the little one and the index finger."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A letter that was drawn."""

    letter: str
    start: float
    end: float
    confidence: float
    shown: float
    kept: bool = True
    """Whether the hand still has its shape at `shown`; if not, it went on with something else."""
    resting: bool = True
    """Whether it had come to rest by then."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    time: float
    tips: Floats
    """(3, 2) of `_POINTS`, in pixels, as of a right hand."""
    straight: Floats
    """(2,) of the fingers that draw."""
    lead: NDArray[np.float64]
    """(2,): how much straighter these are than the straightest other finger."""
    size: float


class Drawings:
    """Watches one hand for letters drawn in the air; remembers the last seconds."""

    def __init__(self, at: thresholds.Drawings) -> None:
        self._at = at
        self._drawn = {"J": at.j, "Z": at.z}
        self._spans = np.geomspace(SHORTEST_SPAN, at.longest, SPANS)
        self._moments: deque[_Moment] = deque()
        self._best: Drawing | None = None
        self._compared = -1.0
        self._moved = -1.0
        """When a finger that can draw last moved, in seconds."""
        self._not_before = dict.fromkeys(LETTERS, -1.0)

    def see(
        self, time: float, landmarks: Points, world: Floats, size: float, *, right: bool
    ) -> Drawing | None:
        """Take in a frame; the drawing that turns out to be complete with it.

        `landmarks` (21, 2 or 3) in pixels, `world` (21, 3) in metres, `size` of the palm in pixels.
        """
        side = np.array((1 if right else -1, 1), np.float32)
        tips = np.asarray(landmarks[_POINTS, :2] * side, np.float32)
        fingers = straightness(world)
        lead = np.array([fingers[finger] - _others(fingers, finger) for finger in _DRAWING])
        self._moments.append(_Moment(time, tips, fingers[_DRAWING], lead, size))
        while time - self._moments[0].time > self._at.longest + 0.1:
            self._moments.popleft()
        for letter, ahead in zip(LETTERS, lead, strict=True):
            if ahead < 0:  # another handshape in between: it may come again at once
                self._not_before[letter] = min(self._not_before[letter], time)
        speeds = self._speeds()
        if any(
            lead[which] >= self._drawn[letter].lead / 2 and speeds[which] >= self._at.resting
            for which, letter in enumerate(LETTERS)
        ):
            self._moved = time
        if time - self._moved > self._at.gone and self._best is None:
            return None
        if time - self._compared >= self._at.every:
            self._compared = time
            found = self._compare(time)
            if (
                found is not None
                and lead[LETTERS.index(found.letter)] >= self._drawn[found.letter].lead / 2
                and (self._best is None or found.confidence >= self._best.confidence)
            ):
                self._best = found
        best = self._best
        if best is None:
            return None
        which = LETTERS.index(best.letter)
        resting = time > best.end and bool(speeds[which] < self._at.resting)
        if not resting and time - best.end < self._at.gone:
            return None
        self._best = None
        self._not_before = dict.fromkeys(LETTERS, best.end)
        self._not_before[best.letter] += self._drawn[best.letter].again
        self._moved = -1.0
        kept = bool(lead[which] >= self._drawn[best.letter].lead / 2)
        end = max(best.end, time - self._at.look_back) if resting and kept else best.end
        return Drawing(best.letter, best.start, end, best.confidence, time, kept, resting)

    def busy(self, time: float) -> bool:
        """Whether something may be being drawn: a finger that can is moving, or was just now."""
        return time - self._moved <= self._at.gone

    def finish(self) -> Drawing | None:
        """The drawing that was complete but for its waiting time."""
        best, self._best = self._best, None
        return best

    def _speeds(self) -> Floats:
        """(3,) of the tips, in palms a second, over the last moments."""
        last = self._moments[-1]
        before = last
        for each in reversed(self._moments):
            before = each
            if last.time - each.time >= self._at.look_back:
                break
        passed = max(last.time - before.time, 1e-3)
        ways = np.linalg.norm(last.tips - before.tips, axis=1)
        return np.asarray(ways / max(last.size, 1.0) / passed, np.float32)

    def _compare(self, time: float) -> Drawing | None:
        moments = self._moments
        times = np.array([each.time for each in moments])
        firsts = np.unique(np.searchsorted(times, time - self._spans))
        firsts = firsts[len(times) - firsts >= 4]
        if not len(firsts):
            return None
        leads = _sums(np.array([each.lead for each in moments]))
        straight = _sums(np.array([each.straight for each in moments]))
        tips = np.array([each.tips for each in moments])
        size = float(np.median([each.size for each in moments]))
        count = len(times)
        heads = firsts + np.maximum(2, (count - firsts) // 2)
        tails = count - np.maximum(2, (count - firsts) // 3)
        found: Drawing | None = None
        for letter, which, point in _TRACKS:
            drawn = self._drawn[letter]
            mean = (leads[count, which] - leads[firsts, which]) / (count - firsts)
            head = (leads[heads, which] - leads[firsts, which]) / (heads - firsts)
            line = (straight[heads, which] - straight[firsts, which]) / (heads - firsts)
            tail = (leads[count, which] - leads[tails, which]) / (count - tails)
            fits = (mean >= drawn.lead) & (head >= drawn.lead) & (line >= self._at.straight)
            if letter == "Z":  # or a straight finger that is bent seems to draw
                fits &= tail >= drawn.lead
            fits &= times[firsts] >= self._not_before[letter]
            if not fits.any():
                continue
            tracks = resample(tips[:, point], firsts[fits])
            extents = np.ptp(tracks, axis=1)
            whole = extents.max(axis=1) >= drawn.extent * size
            if letter == "J":
                whole &= turn(tracks) >= np.radians(self._at.hook)
            else:
                whole &= (zigzag(tracks) >= self._at.stroke) & (
                    extents[:, 1] >= self._at.tall * extents[:, 0]
                )
            likeness = (normalized(tracks) @ TEMPLATES[letter].T).max(axis=1) * whole
            best = int(np.argmax(likeness))
            confidence = float(likeness[best])
            if confidence < drawn.like or (found and confidence <= found.confidence):
                continue
            first = firsts[fits][best]
            start = _begin(times[first:], tips[first:, point], size)
            if time - start >= self._at.shortest:
                found = Drawing(letter, start, time, min(confidence, 1.0), time)
        return found


def _others(fingers: Floats, finger: int) -> float:
    return float(max(each for index, each in enumerate(fingers) if index != finger))


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sums from 0, one row more than `values` has."""
    return np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))


def _begin(times: NDArray[np.float64], tips: Floats, size: float) -> float:
    """When the tip began to move, in seconds: a rest before the drawing is no part of it."""
    away = np.linalg.norm(tips - tips[0], axis=1) > 0.12 * size
    return float(times[max(int(np.argmax(away)) - 1, 0)]) if away.any() else float(times[0])


def resample(track: Floats, firsts: NDArray[np.int64]) -> Floats:
    """(n, 2) to (k, POINTS, 2): from each of the k `firsts` to the end, equally far apart."""
    steps = np.linalg.norm(np.diff(track, axis=0), axis=1)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.linspace(along[firsts], along[-1], POINTS, axis=1).ravel()
    found = np.stack([np.interp(at, along, track[:, axis]) for axis in (0, 1)], axis=1)
    return found.reshape(len(firsts), POINTS, 2).astype(np.float32)


def normalized(tracks: Floats) -> Floats:
    """(k, POINTS, 2) as k vectors of length 1 around 0: place and size no longer matter."""
    vectors = (tracks - tracks.mean(axis=1, keepdims=True)).reshape(len(tracks), -1)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors / lengths, np.float32)


def turn(tracks: Floats) -> Floats:
    """(k,): how far the direction turns counter-clockwise, in radians; y points down."""
    steps = tracks[:, 4:] - tracks[:, :-4]
    headings = np.unwrap(np.arctan2(steps[..., 1], steps[..., 0]), axis=1)
    return np.asarray(headings[:, :4].max(axis=1) - headings[:, -4:].min(axis=1), np.float32)


def zigzag(tracks: Floats) -> Floats:
    """(k,): how much the first and last fifth go to the left and what is between to the right.

    The least of the three, as shares of their ways, -1 to 1; the way between may be steep.
    """
    part = POINTS // 5
    top = tracks[:, part] - tracks[:, 0]
    middle = tracks[:, -1 - part] - tracks[:, part]
    bottom = tracks[:, -1] - tracks[:, -1 - part]
    shares = [
        weight * way[:, 0] / np.maximum(np.linalg.norm(way, axis=1), 1e-6)
        for weight, way in ((-1, top), (3, middle), (-1, bottom))
    ]
    return np.asarray(np.minimum.reduce(shares), np.float32)


def _draw_j(first: float, last: float, stem: float, flat: float) -> Floats:
    """A stroke with the heading `first`, bending to the heading `last` (degrees, 90 is down)."""
    headings = np.radians(
        np.concatenate((np.full(round(30 * stem), first), np.linspace(first, last, 40)))
    )
    steps = np.stack((np.cos(headings), flat * np.sin(headings)), axis=1)
    return np.asarray(np.cumsum(steps, axis=0), np.float32)


def _draw_z(height: float, lower: float, shift: float) -> Floats:
    """A Z as a right hand draws it and the camera sees it: mirrored."""
    corners = ((1.0, 0.0), (0.0, 0.0), (1.0 + shift, height), (1.0 + shift - lower, height))
    return np.array(corners, np.float32)


_WHOLE = np.array([0])
TEMPLATES = {
    "J": normalized(
        np.stack(
            [
                resample(_draw_j(first, last, stem, flat), _WHOLE)[0]
                for first in (80, 110, 140, 165)
                for last in (0, -40, -80)
                for stem in (0.0, 0.6, 1.2)
                for flat in (0.6, 1.0)
            ]
        )
    ),
    "Z": normalized(
        np.stack(
            [
                resample(_draw_z(height, lower, shift), _WHOLE)[0]
                for height in (0.35, 0.6, 0.9, 1.3)
                for lower in (0.7, 1.0, 1.3)
                for shift in (-0.3, 0.0, 0.3)
            ]
        )
    ),
}
"""(t, 2 * POINTS): how the letters are drawn by a right hand, seen by a camera."""
