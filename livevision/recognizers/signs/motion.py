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

from livevision.frame import Points

Floats = NDArray[np.float32]

LONGEST = 2.4
"""Seconds that drawing a letter may take."""
SPANS = tuple(float(span) for span in np.geomspace(0.24, LONGEST, 18))
"""Seconds before now in which the drawing may have begun."""
POINTS = 24
"""Points of a track, equally far apart."""
LIKE = {"J": 0.972, "Z": 0.9}
"""Least cosine of the angle between a track and the letter."""
EXTENT = {"J": 0.6, "Z": 0.5}
"""Least size of the drawing, in palms: its wider side."""
HANDSHAPE = {"J": 0.12, "Z": 0.15}
"""How much straighter the finger that draws has to be than any other, on the mean over time."""
STRAIGHT = {"J": 0.9, "Z": 0.8}
"""How straight it has to be at the beginning: end to end over the length of its bones."""
RESTING = 0.9
"""Speed of the tip, in palms a second, at which a drawing is complete."""
LOOK_BACK = 0.07
"""Seconds over which that speed is taken."""
GONE = 0.3
"""Seconds after which a drawing that got no better is complete even if the hand goes on."""
HOOK = np.radians(75)
"""Least turn of a J: a hand that sinks or is lowered draws no hook."""
STROKE = 0.45
"""Least share of sideways movement in the first and last fifth of a Z: all strokes are there."""
TALL = 0.3
"""Least height of a Z, in its widths: a finger that is only wagged draws none."""
SHORTEST = 0.16
"""Seconds that drawing a letter takes at least."""
AGAIN = {"J": 0.5, "Z": 0.0}
"""Seconds after a letter before it can begin again; the hand comes back from a J much like a J."""
EVERY = 0.03
"""Least seconds between two comparisons."""

LETTERS = "JZ"
_POINTS = np.array((20, 8, 5))
"""The tips that draw J and Z, and the index finger's knuckle, which moves with its tip."""
_TRACKS = (("J", 0, 0), ("Z", 1, 1), ("Z", 1, 2))
"""Letter, its place in LETTERS, and the place in _POINTS of a track that may show it."""
_DRAWING = np.array((3, 0))
"""The fingers that draw: the little one and the index finger."""
_KNUCKLES = (5, 9, 13, 17)
_CHAINS = np.array(((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20)))


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


def straightness(world: Floats) -> Floats:
    """(4,): end to end over length of the bones, from the index to the little finger, 0 to 1.

    `world` is (21, 3), in metres.
    """
    bones = np.linalg.norm(np.diff(world[_CHAINS], axis=1), axis=2).sum(axis=1)
    ends = np.linalg.norm(world[_CHAINS[:, -1]] - world[_CHAINS[:, 0]], axis=1)
    return np.asarray(ends / np.maximum(bones, 1e-6), np.float32)


class Drawings:
    """Watches one hand for letters drawn in the air; remembers the last seconds."""

    def __init__(self) -> None:
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
        while time - self._moments[0].time > LONGEST + 0.1:
            self._moments.popleft()
        for letter, ahead in zip(LETTERS, lead, strict=True):
            if ahead < 0:  # another handshape in between: it may come again at once
                self._not_before[letter] = min(self._not_before[letter], time)
        speeds = self._speeds()
        if any(
            lead[which] >= HANDSHAPE[letter] / 2 and speeds[which] >= RESTING
            for which, letter in enumerate(LETTERS)
        ):
            self._moved = time
        if time - self._moved > GONE and self._best is None:
            return None
        if time - self._compared >= EVERY:
            self._compared = time
            found = self._compare(time)
            if (
                found is not None
                and lead[LETTERS.index(found.letter)] >= HANDSHAPE[found.letter] / 2
                and (self._best is None or found.confidence >= self._best.confidence)
            ):
                self._best = found
        best = self._best
        if best is None:
            return None
        which = LETTERS.index(best.letter)
        resting = time > best.end and bool(speeds[which] < RESTING)
        if not resting and time - best.end < GONE:
            return None
        self._best = None
        self._not_before = dict.fromkeys(LETTERS, best.end)
        self._not_before[best.letter] += AGAIN[best.letter]
        self._moved = -1.0
        kept = bool(lead[which] >= HANDSHAPE[best.letter] / 2)
        end = max(best.end, time - LOOK_BACK) if resting and kept else best.end
        return Drawing(best.letter, best.start, end, best.confidence, time, kept, resting)

    def busy(self, time: float) -> bool:
        """Whether something may be being drawn: a finger that can is moving, or was just now."""
        return time - self._moved <= GONE

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
            if last.time - each.time >= LOOK_BACK:
                break
        passed = max(last.time - before.time, 1e-3)
        ways = np.linalg.norm(last.tips - before.tips, axis=1)
        return np.asarray(ways / max(last.size, 1.0) / passed, np.float32)

    def _compare(self, time: float) -> Drawing | None:
        moments = self._moments
        times = np.array([each.time for each in moments])
        firsts = np.unique(np.searchsorted(times, time - np.array(SPANS)))
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
            least = HANDSHAPE[letter]
            mean = (leads[count, which] - leads[firsts, which]) / (count - firsts)
            head = (leads[heads, which] - leads[firsts, which]) / (heads - firsts)
            line = (straight[heads, which] - straight[firsts, which]) / (heads - firsts)
            tail = (leads[count, which] - leads[tails, which]) / (count - tails)
            fits = (mean >= least) & (head >= least) & (line >= STRAIGHT[letter])
            if letter == "Z":  # or a straight finger that is bent seems to draw
                fits &= tail >= least
            fits &= times[firsts] >= self._not_before[letter]
            if not fits.any():
                continue
            tracks = resample(tips[:, point], firsts[fits])
            extents = np.ptp(tracks, axis=1)
            drawn = extents.max(axis=1) >= EXTENT[letter] * size
            if letter == "J":
                drawn &= turn(tracks) >= HOOK
            else:
                drawn &= (zigzag(tracks) >= STROKE) & (extents[:, 1] >= TALL * extents[:, 0])
            likeness = (normalized(tracks) @ TEMPLATES[letter].T).max(axis=1) * drawn
            best = int(np.argmax(likeness))
            confidence = float(likeness[best])
            if confidence < LIKE[letter] or (found and confidence <= found.confidence):
                continue
            first = firsts[fits][best]
            start = _begin(times[first:], tips[first:, point], size)
            if time - start >= SHORTEST:
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


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something the signer asks for with an open hand."""

    command: str
    """"accept" or "delete"."""
    time: float


ACCEPT_HOLD = 0.9
"""Seconds that an open, spread hand is held still to accept a proposal."""
ACCEPT_STILL = 0.5
"""Its greatest speed, in palms a second."""
WAVE_STROKE = 0.35
"""Least way of each of the strokes of a wave, in palms."""
WAVE_STROKES = 3
WAVE_TIME = 1.3
"""Seconds within which an open hand waves to delete a letter..."""
WAVE_AGAIN = 1.0
"""...and after which it waves for another one."""
SPREAD = 0.36
"""Least distance between the tips of neighbouring fingers of a spread hand, in palms."""
THUMB_OUT = 0.6
"""Least distance from the tip of the thumb to the index finger's knuckle, in palms."""


class Gestures:
    """Watches one hand for two gestures that are no letters: held open, and waved open."""

    def __init__(self) -> None:
        self._open_since: float | None = None
        self._done = False
        self._turns: deque[float] = deque(maxlen=WAVE_STROKES)
        self._waved = -WAVE_AGAIN
        self._from = 0.0
        self._way = 0.0

    def see(
        self, time: float, landmarks: Points, world: Floats, size: float, speed: float
    ) -> list[Gesture]:
        """Take in a frame, with the palm's `speed` in palms a second; gestures complete with it."""
        if not spread_open(world):
            self._open_since, self._done = None, False
            self._turns.clear()
            self._way = 0.0
            return []
        x = float(landmarks[9, 0]) / max(size, 1.0)
        if self._open_since is None:
            self._open_since, self._from = time, x
        if self._wave(time, x):
            self._done = True
            return [Gesture("delete", time)]
        if speed > ACCEPT_STILL:
            self._open_since = time
        if not self._done and time - self._open_since >= ACCEPT_HOLD:
            self._done = True
            return [Gesture("accept", time)]
        return []

    def _wave(self, time: float, x: float) -> bool:
        """Whether the last strokes from side to side make a wave."""
        way = x - self._from
        if way * self._way >= 0 and abs(way) >= abs(self._way):
            self._way = way
            return False
        if abs(x - (self._from + self._way)) < WAVE_STROKE:
            return False
        if abs(self._way) >= WAVE_STROKE:
            self._turns.append(time)
        self._from, self._way = self._from + self._way, 0.0
        if len(self._turns) < WAVE_STROKES or time - self._turns[0] > WAVE_TIME:
            return False
        self._turns.clear()
        if time - self._waved < WAVE_AGAIN:
            return False
        self._waved = time
        return True


def spread_open(world: Floats) -> bool:
    """Whether all five fingers are straight and apart; `world` is (21, 3), in metres."""
    if straightness(world).min() < 0.9:
        return False
    palm = max(float(np.linalg.norm(world[_KNUCKLES, :] - world[0], axis=1).mean()), 1e-6)
    tips = world[[8, 12, 16, 20]]
    gaps = np.linalg.norm(np.diff(tips, axis=0), axis=1) / palm
    thumb = float(np.linalg.norm(world[4] - world[5])) / palm
    return bool(np.median(gaps) >= SPREAD and gaps.min() >= SPREAD / 2 and thumb >= THUMB_OUT)
