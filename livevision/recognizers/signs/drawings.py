"""J and Z: letters that no picture shows, because they are drawn in the air.

The tip of the finger that draws leaves a track; the track of the last seconds, whatever its size
and speed, is compared with drawn letters as the $1 recogniser does (Wobbrock et al., 2007; angle
between normalised tracks as in Li's Protractor, 2010), but with its direction kept. Several spans
are tried at once, so that a letter is found that flows out of another one. The hand has to have the
shape that draws: the little finger alone for J, the index finger alone for Z. A J has to pass for
each of these. For a Z, whose fast strokes blur, they are weighed against each other: a logistic
regression, learnt from people's hands and made-up ways (`evaluation/strokes.py`).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

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
LED = 0.25
"""Seconds in which the finger that draws a Z led the others in one frame at least: blurred ones,
where it seems bent or others straight, do not end it."""
LIKE, SIDEWAYS = 0.8, 0.9
"""Tracks less like a Z (cosine) than this are none; shares of a stroke's way that are enough."""
FLAT, TALL = 0.1, 0.5
"""Heights in widths between which the height counts: a finger that is wagged draws no Z."""
EVEN = 0.5
"""Probability from which on a Z was drawn."""
_POINTS = np.array((20, 8, 5))
"""The tips that draw J and Z, and the index finger's knuckle, which moves with its tip."""
_TIP_J, _TIPS_Z = 0, (1, 2)
"""Places in _POINTS of the tracks that may show the letters."""
SPARSE = 0.26
"""Seconds from frame to frame, on the mean, beyond which nothing is drawn: four frames a second."""
FEWEST, FEATURES = 4, 7
"""Frames that a drawing takes at least; numbers that tell a Z."""
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


_Found = tuple[str, int, NDArray[np.int64], Floats]
"""A letter, the place in _POINTS of the track, where it may have begun, and how likely that is."""


class Drawings:
    """Watches one hand for letters drawn in the air; remembers the last seconds."""

    def __init__(self, at: thresholds.Drawings) -> None:
        self._at = at
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
        led = self._led(time)
        if bool((led & (speeds[: len(LETTERS)] >= self._at.resting)).any()):
            self._moved = time
        if time - self._moved > self._at.gone and self._best is None:
            return None
        if time - self._compared >= self._at.every:
            self._compared = time
            found = self._compare(time, led) if led.any() else None
            if found is not None and (
                self._best is None or found.confidence >= self._best.confidence
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
        self._not_before["J"] += self._at.j.again if best.letter == "J" else 0.0
        self._moved = -1.0
        kept = bool(lead[which] >= self._at.leads)
        end = max(best.end, time - self._at.look_back) if resting and kept else best.end
        return Drawing(best.letter, best.start, end, best.confidence, time, kept, resting)

    def busy(self, time: float) -> bool:
        """Whether something may be being drawn: a finger that can is moving, or was just now."""
        return time - self._moved <= self._at.gone

    def finish(self) -> Drawing | None:
        """The drawing that was complete but for its waiting time."""
        best, self._best = self._best, None
        return best

    def _led(self, time: float) -> NDArray[np.bool_]:
        """(2,): whether the finger that draws J leads the others, that for Z just now."""
        lead = self._moments[-1].lead.copy()
        index = LETTERS.index("Z")
        recent = takewhile(lambda each: each.time >= time - LED, reversed(self._moments))
        lead[index] = max(each.lead[index] for each in recent)
        return np.asarray(lead >= self._at.leads)

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

    def _compare(self, time: float, led: NDArray[np.bool_]) -> Drawing | None:
        past = _Past.of(self._moments, time, self._spans)
        if past is None:
            return None
        found: Drawing | None = None
        hooks = self._hooks(past) if led[LETTERS.index("J")] else ()
        zigzags = self._zigzags(past) if led[LETTERS.index("Z")] else ()
        for letter, point, firsts, chances in (*hooks, *zigzags):
            best = int(np.argmax(chances))
            confidence = float(chances[best])
            least = self._at.j.like if letter == "J" else EVEN
            if confidence < least or (found and confidence <= found.confidence):
                continue
            first = firsts[best]
            start = _begin(past.times[first:], past.tips[first:, point], past.size)
            if time - start >= self._at.shortest:
                found = Drawing(letter, start, time, min(confidence, 1.0), time)
        return found

    def _hooks(self, past: "_Past") -> Iterator[_Found]:
        at, little, firsts = self._at.j, LETTERS.index("J"), past.firsts
        halves = firsts + np.maximum(2, (len(past.times) - firsts) // 2)
        fits = past.times[firsts] >= self._not_before["J"]
        fits &= (past.mean(past.leads, little) >= at.lead) & (
            past.mean(past.leads, little, halves) >= at.lead
        )
        firsts = firsts[fits & (past.mean(past.straight, little, halves) >= at.straight)]
        if len(firsts):
            tracks = resample(past.tips[:, _TIP_J], firsts)
            whole = np.ptp(tracks, axis=1).max(axis=1) >= at.extent * past.size
            whole &= turn(tracks) >= np.radians(at.hook)
            yield "J", _TIP_J, firsts, likeness(tracks, "J") * whole

    def _zigzags(self, past: "_Past") -> Iterator[_Found]:
        for point, firsts, found in past.zigzags(self._not_before["Z"]):
            yield "Z", point, firsts, z_chances(found, self._at.z)

    def ways(self, time: float) -> tuple[NDArray[np.float64], Floats]:
        """What may be a Z that ends at `time`, for whoever learns from it.

        When each way begins, (n,) in seconds, and what tells a Z, (n, 7), of `strokes`.
        """
        past = _Past.of(self._moments, time, self._spans)
        found = [] if past is None else list(past.zigzags(-np.inf))
        if past is None or not found:
            return np.zeros(0), np.zeros((0, FEATURES), np.float32)
        firsts = np.concatenate([each for _, each, _ in found])
        return past.times[firsts], np.concatenate([each for _, _, each in found])


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """The last moments as arrays, and where something may have begun."""

    times: NDArray[np.float64]
    tips: Floats
    """(n, 3, 2) of `_POINTS`."""
    leads: NDArray[np.float64]
    """(n + 1, 2): running sums of the fingers' leads."""
    straight: NDArray[np.float64]
    size: float
    firsts: NDArray[np.int64]

    @classmethod
    def of(
        cls, moments: Sequence[_Moment], time: float, spans: NDArray[np.float64]
    ) -> "_Past | None":
        """None if there are too few."""
        times = np.array([each.time for each in moments])
        firsts = np.unique(np.searchsorted(times, time - spans))
        frames = len(times) - firsts
        firsts = firsts[(frames >= FEWEST) & (time - times[firsts] <= SPARSE * (frames - 1))]
        if not len(firsts):
            return None
        return cls(
            times,
            np.array([each.tips for each in moments]),
            _sums(np.array([each.lead for each in moments])),
            _sums(np.array([each.straight for each in moments])),
            float(np.median([each.size for each in moments])),
            firsts,
        )

    def mean(
        self,
        sums: NDArray[np.float64],
        finger: int,
        ends: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """(k,): from each of the firsts up to `ends`, or up to now."""
        to = np.full(len(self.firsts), len(self.times)) if ends is None else ends
        return np.asarray((sums[to, finger] - sums[self.firsts, finger]) / (to - self.firsts))

    def zigzags(self, since: float) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
        """For both points: its place in _POINTS, where a Z may begin, and what tells it."""
        lead = self.mean(self.leads, LETTERS.index("Z"))
        fits = (self.times[self.firsts] >= since) & (lead >= 0)
        firsts = self.firsts[fits]
        for point in _TIPS_Z if len(firsts) else ():
            tracks = resample(self.tips[:, point], firsts)
            yield point, firsts, strokes(tracks, lead[fits], self.size)


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


def likeness(tracks: Floats, letter: str) -> Floats:
    """(k,): cosine of the angle to the most like of the letter's templates."""
    return np.asarray((normalized(tracks) @ TEMPLATES[letter].T).max(axis=1), np.float32)


def sideways(tracks: Floats) -> Floats:
    """(k, 2): how much the first and the last fifth go to the left, as shares of their ways."""
    part = POINTS // 5
    ways = np.stack((tracks[:, part] - tracks[:, 0], tracks[:, -1] - tracks[:, -1 - part]), axis=1)
    lengths = np.maximum(np.linalg.norm(ways, axis=2), 1e-6)
    return np.asarray(-ways[..., 0] / lengths, np.float32)


def strokes(tracks: Floats, lead: NDArray[np.float64], size: float) -> Floats:
    """(k, 7): what tells a Z, in the order of the weights of `thresholds.Zigzag`.

    `tracks` (k, POINTS, 2) in pixels; `lead` (k,) of the index finger on the mean of the way;
    `size` of the palm in pixels.
    """
    sides = np.maximum(np.ptp(tracks, axis=1), 1e-3)
    extent = sides.max(axis=1)
    tall = np.clip(sides[:, 1] / sides[:, 0], FLAT, TALL)
    way = np.linalg.norm(np.diff(tracks, axis=1), axis=2).sum(axis=1)
    angle = np.arccos(np.clip(likeness(tracks, "Z"), -1.0, 1.0))
    top, bottom = np.minimum(sideways(tracks), SIDEWAYS).T
    turns = np.log(np.maximum(way, 1e-3) / extent)
    rows = (angle, top, bottom, np.log(extent / size), np.log(tall), turns, lead)
    return np.asarray(np.stack(rows, axis=1), np.float32)


def z_chances(found: Floats, at: thresholds.Zigzag) -> Floats:
    """(k,): the probabilities of Z; 0 for tracks that are not like one at all."""
    weights = (at.angle, at.top, at.bottom, at.extent, at.tall, at.way, at.lead)
    odds = found @ np.array(weights, np.float32) + at.bias
    like = found[:, 0] <= np.arccos(LIKE)
    return np.asarray(like / (1.0 + np.exp(-np.clip(odds, -30, 30))), np.float32)


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
