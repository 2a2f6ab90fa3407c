"""Learn what tells a Z that is drawn in the air from other ways of an index finger.

python -m livevision.recognizers.signs.evaluation.strokes CLIPS... prints the weights of
`thresholds.Zigzag`, learnt from videos or folders of videos with their truth beside them, and from
made-up ways: hands of the clips draw Z's and other things, small and large, slow and quick, with a
finger that is hooked, jitter, blurred and lost frames, at 8 to 60 frames a second. It tells for
each folder how many Z's would be found, and on how many hands one that is none, if the weights
were learnt from the other folders alone. Give each signer a folder.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import recognizers
from livevision.frame import Floats
from livevision.recognizers.signs import Options, thresholds
from livevision.recognizers.signs.drawings import EVEN, Drawings, z_chances
from livevision.recognizers.signs.evaluation.regression import logistic
from livevision.recognizers.signs.evaluation.sensitivity import Seen
from livevision.recognizers.signs.evaluation.spelling import find, see
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.motion import Motion, straightness

WAYS = 250
"""Made-up Z's, and as many other ways, for the hands of each folder."""
LETTER = "Z"
NEAR, SHARE = 0.15, 0.2
"""A way is the Z if both ends are within so many seconds, and this share of its time, of those."""
BESIDE = 0.3
"""Seconds around a Z in which what is neither it nor apart from it counts for nothing."""
CANDIDATES = 3
"""Of the ways that may be one Z, those that are learnt from."""
EVERY, HARDEST = 0.5, 2
"""Of all that is no Z in so many seconds, the likeliest ways are learnt from."""
REAL = 3.0
"""How much more a false Z of a clip counts than one of a made-up way."""
ROUNDS = 3
"""Of choosing what is learnt from by what was learnt, and learning anew."""
PENALTY = 1.0
"""Of the squares of the weights, where every number has a spread of 1."""
LED = 0.1
"""Lead of a straight index finger by which a hand of a clip may draw a Z."""
HANDS_EVERY = 3
"""Frames of a clip from one hand that is taken to the next."""
RATES = (8, 10, 12, 15, 20, 25, 30, 30, 60)
"""Frames a second; cameras give 30 most often."""
PIXELS, METRES = 90.0, 0.09
"""Of a palm."""
NAMES = tuple(each.name for each in fields(thresholds.Zigzag) if each.name != "bias")
IDLE = thresholds.changed(thresholds.DEFAULT.drawings, "every", np.inf)
"""Of one who only remembers what a finger did, and compares nothing."""
Way = NDArray[np.float64]
Hands = Sequence[tuple[Floats, Floats]]
"""(21, 3) landmarks in palms around the palm's middle and as in space, of right hands."""


@dataclass(slots=True, eq=False)
class Tracks:
    """Ways of one hand that may be a Z."""

    real: bool
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    features: Floats
    """(n, 7) of `drawings.strokes`."""
    true: NDArray[np.int8]
    """(n,): 1 for a Z, 0 for none, -1 where it cannot be told."""


@dataclass(slots=True, eq=False)
class Source:
    """What was seen in the clips of a folder, and made up with the hands in them."""

    tracks: list[Tracks] = field(default_factory=list)
    hands: list[tuple[Floats, Floats]] = field(default_factory=list)


def tracks_of(
    frames: Sequence[tuple[float, Sequence[Showing]]],
    spans: Sequence[tuple[float, float]],
    *,
    real: bool,
) -> list[Tracks]:
    """All ways in a clip that are a little like a Z; `spans` of the Z's in it, in seconds."""
    watched: dict[int, tuple[Drawings, Motion]] = {}
    rows: dict[int, list[tuple[float, float, Floats]]] = {}
    for time, hands in frames:
        for each in hands:
            if each.track not in watched:
                watched[each.track] = Drawings(IDLE), Motion(thresholds.DEFAULT.motion)
            drawings, motion = watched[each.track]
            motion.see(time, each.landmarks)
            drawings.see(time, each.landmarks, each.world, motion.size, right=each.right)
            starts, found = drawings.ways(time)
            like = z_chances(found, thresholds.Zigzag()) > 0 if len(found) else starts > 0
            rows.setdefault(each.track, []).extend(
                (start, time, row) for start, row in zip(starts[like], found[like], strict=True)
            )
    made = []
    for found_rows in rows.values():
        if found_rows:
            starts = np.array([row[0] for row in found_rows])
            ends = np.array([row[1] for row in found_rows])
            features = np.array([row[2] for row in found_rows], np.float32)
            made.append(Tracks(real, starts, ends, features, _true(starts, ends, spans)))
    return made


def _true(
    starts: NDArray[np.float64], ends: NDArray[np.float64], spans: Sequence[tuple[float, float]]
) -> NDArray[np.int8]:
    true = np.zeros(len(starts), np.int8)
    for start, end in spans:
        most = SHARE * (end - start) + NEAR
        inside = np.minimum(ends, end + BESIDE) - np.maximum(starts, start - BESIDE)
        begun = ends < end - most  # a Z that is not yet complete is none
        true[(inside > BESIDE * (ends - starts)) & (true == 0) & ~begun] = -1
        true[(np.abs(starts - start) <= most) & (np.abs(ends - end) <= most)] = 1
    return true


def hands_of(seen: Seen) -> list[tuple[Floats, Floats]]:
    """Hands of a clip whose index finger is up, as right hands."""
    found = []
    for _, hands in seen.frames[::HANDS_EVERY]:
        for each in hands:
            fingers = straightness(each.world)
            if fingers[0] - fingers[1:].max() < LED:
                continue
            motion = Motion(thresholds.DEFAULT.motion)
            motion.see(0.0, each.landmarks)
            side = np.array((1 if each.right else -1, 1, 1), np.float32)
            middle = np.array((*motion.place, 0.0), np.float32)
            points = (each.landmarks - middle) / np.float32(motion.size)
            found.append((points * side, each.world * side))
    return found


def made_up(
    hands: Hands, rng: np.random.Generator, *, z: bool
) -> tuple[list[tuple[float, Sequence[Showing]]], list[tuple[float, float]]]:
    """Frames of a hand that draws a Z, or something else, and when it draws the Z."""
    points, world = hands[int(rng.integers(len(hands)))]
    corners = _z(rng) if z else OTHERS[int(rng.integers(len(OTHERS)))](rng)
    angle = np.radians(rng.normal(0, 9))
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    corners = (corners - corners.mean(axis=0)) @ turn
    seconds = float(np.exp(rng.uniform(np.log(0.4), np.log(2.0))))
    rate = float(rng.choice(RATES))
    seconds = max(seconds, 8 / rate)
    before, after = rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.7)
    times = np.arange(0.0, before + seconds + after, 1 / rate) + rng.uniform(0, 1 / rate)
    place = _along(corners, (times - before) / seconds, rng)
    place *= np.exp(rng.uniform(np.log(0.5), np.log(2.0))) / np.ptp(corners, axis=0).max()
    late = times > before + seconds
    if rng.random() < 0.5:  # and goes on to somewhere else
        gone = np.clip((times[late] - before - seconds - rng.uniform(0, 0.3)) / 0.3, 0, 1)
        place[late] += rng.normal(0, 0.8, 2) * gone[:, None]
    shown = _shown(points, world, place, times, rng)
    frames: list[tuple[float, Sequence[Showing]]] = list(zip(times.tolist(), shown, strict=True))
    return frames, [(before, before + seconds)] if z else []


def _along(corners: Way, share: NDArray[np.float64], rng: np.random.Generator) -> Way:
    """Where on the way a hand is at each share of its time, its corners more or less round."""
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1) + 0.05
    parts = lengths ** rng.uniform(0.3, 1.0) * np.exp(rng.normal(0, 0.2, len(lengths)))
    ends = np.concatenate(([0.0], np.cumsum(parts))) / parts.sum()
    fine = np.linspace(0, 1, 400)
    gentle, part = (
        rng.uniform(0, 1),
        np.minimum(np.searchsorted(ends, fine, "right") - 1, len(parts) - 1),
    )
    done = (fine - ends[part]) / (ends[part + 1] - ends[part])
    done = (1 - gentle) * done + gentle * done * done * (3 - 2 * done)
    way = corners[part] * (1 - done)[:, None] + corners[part + 1] * done[:, None]
    reach = int(rng.uniform(0, 24))
    window = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(way, ((reach, reach), (0, 0)), mode="edge")
    smooth = [np.convolve(padded[:, axis], window / window.sum(), "valid") for axis in (0, 1)]
    return np.stack([np.interp(share, fine, each) for each in smooth], axis=1)


def _shown(
    points: Floats,
    world: Floats,
    place: Way,
    times: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[list[Showing]]:
    """The hand at each place, as a tracker finds it: it jitters, blurs and gets lost."""
    steps = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=1)
    quick = np.minimum(steps * len(times) / max(times[-1] - times[0], 1e-3) / 4, 1.0)
    whole = rng.uniform(0.25, 1.0)  # the rest of the way the hand turns about its wrist
    reach = np.linalg.norm(points[:, :2] - points[0, :2], axis=1)
    part = whole + (1 - whole) * reach / max(float(reach[8]), 0.3)
    hooked = rng.uniform(0, 0.75) * (rng.random() < 0.35)
    jitter = rng.uniform(0.004, 0.025)
    blurs = rng.uniform(0, 0.5) * (rng.random() < 0.6)
    lost = rng.uniform(0, 0.4) * (rng.random() < 0.4)
    bent, flat = _bent(points), _bent(world)
    blurred, noise = 0.0, np.zeros((21, 3))
    found: list[list[Showing]] = []
    for way, fast in zip(place, quick, strict=True):
        blurred = rng.uniform(0.2, 0.6) if rng.random() < blurs * fast else 0.4 * blurred
        bend = max(hooked, blurred)
        noise = 0.5 * noise + rng.normal(0, jitter * (1 + 6 * fast * blurs), (21, 3))
        hand = points * (1 - bend) + bent * bend + noise
        hand[:, :2] += way * part[:, None]
        space = world * (1 - bend) + flat * bend + noise * METRES
        shown = Showing(
            1,
            True,
            np.asarray(hand * PIXELS + (320, 240, 0), np.float32),
            np.asarray(space, np.float32),
            np.zeros(0, np.float32),
        )
        found.append([] if rng.random() < lost * (0.3 + fast) else [shown])
    return found


def _bent(points: Floats) -> Floats:
    """The hand with its index finger as its middle finger is."""
    bent = points.copy()
    bent[6:9] = points[5] + (points[10:13] - points[9])
    return bent


def _z(rng: np.random.Generator) -> Way:
    height, low = np.exp(rng.uniform(np.log(0.35), np.log(1.5))), rng.uniform(0.6, 1.4)
    aside, first, last = (
        rng.uniform(-0.35, 0.35),
        rng.uniform(-0.12, 0.12),
        rng.uniform(-0.12, 0.12),
    )
    return np.array(
        ((1, 0), (0, first), (1 + aside, height), (1 + aside - low, height + last)), float
    )


def _seven(rng: np.random.Generator) -> Way:
    return _z(rng)[:3]


def _angle(rng: np.random.Generator) -> Way:
    return _z(rng)[1:]


def _mirrored(rng: np.random.Generator) -> Way:
    return _z(rng) * (-1, 1)


def _upside_down(rng: np.random.Generator) -> Way:
    return _z(rng) * (1, -1)


def _lying(rng: np.random.Generator) -> Way:
    return _z(rng)[:, ::-1] * (1, rng.choice((-1, 1)))


def _stroke(rng: np.random.Generator) -> Way:
    return np.array(((0, 0), rng.choice((-1, 1), 2) * rng.uniform(0.1, 1.3, 2)), float)


def _wag(rng: np.random.Generator) -> Way:
    count = int(rng.integers(3, 7))
    ways = np.stack((np.arange(count) % 2, rng.uniform(-0.12, 0.12, count)), axis=1)
    return np.asarray(ways[:, :: rng.choice((-1, 1))] * rng.choice((-1, 1)), float)


def _circle(rng: np.random.Generator) -> Way:
    angles = np.linspace(0, rng.choice((-1, 1)) * rng.uniform(4, 9), 24) + rng.uniform(0, 6)
    return np.stack((np.cos(angles), np.sin(angles)), axis=1)


def _walk(rng: np.random.Generator) -> Way:
    return np.asarray(np.cumsum(rng.normal(0, 0.5, (int(rng.integers(3, 7)), 2)), axis=0))


OTHERS: tuple[Callable[[np.random.Generator], Way], ...] = (
    _seven,
    _angle,
    _mirrored,
    _upside_down,
    _lying,
    _stroke,
    _wag,
    _circle,
    _walk,
)
"""What else an index finger draws: parts of a Z, a Z turned about, and ways of other kinds."""


def learn(known: Sequence[Tracks]) -> thresholds.Zigzag:
    """The weights: logistic regression, each Z by its likeliest ways, all else by the likeliest."""
    at = thresholds.Zigzag()
    for _ in range(ROUNDS):
        rows, true, counts = [], [], []
        for each in known:
            chances = z_chances(each.features, at)
            ways = np.flatnonzero(each.true == 1)
            ways = ways[np.argsort(-chances[ways])[:CANDIDATES]]
            none = np.flatnonzero(each.true == 0)
            parts = (each.ends[none] / EVERY).astype(int)
            hardest = [
                place
                for part in np.unique(parts)
                for place in none[parts == part][
                    np.argsort(-chances[none[parts == part]])[:HARDEST]
                ]
            ]
            rows.append(each.features[[*ways, *hardest]])
            true += [1.0] * len(ways) + [0.0] * len(hardest)
            counts += [1 / max(len(ways), 1)] * len(ways)
            counts += [(REAL if each.real else 1.0) / HARDEST] * len(hardest)
        at = _regression(np.concatenate(rows).astype(float), np.array(true), np.array(counts))
    return at


def _regression(
    x: NDArray[np.float64], true: NDArray[np.float64], counts: NDArray[np.float64]
) -> thresholds.Zigzag:
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    weights, bias = logistic((x - middle) / spread, true, counts, penalty=PENALTY)
    learnt = weights / spread
    return thresholds.Zigzag(
        bias=round(float(bias - learnt @ middle), 2),
        **{name: round(float(each), 2) for name, each in zip(NAMES, learnt, strict=True)},
    )


def judge(known: Sequence[Tracks], at: thresholds.Zigzag) -> tuple[int, int, int, int]:
    """Z's found, Z's, hands that are said to draw one where there is none, and hands."""
    found = true = false = others = 0
    for each in known:
        chances = z_chances(each.features, at) >= EVEN
        ways, none = each.true == 1, each.true == 0
        found, true = found + bool(chances[ways].any()), true + bool(ways.any())
        false, others = false + bool(chances[none].any()), others + bool(none.any())
    return found, true, false, others


def main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIPS")
    sources: dict[Path, Source] = {}
    model = recognizers.load("signs", Options())
    for clip in find(parser.parse_args().clips):
        seen = see(clip, model)[1]
        add(sources.setdefault(clip.path.parent, Source()), seen)
    rng = np.random.default_rng(0)
    for source in sources.values():
        make_up(source, rng)
    for folder, source in sources.items():
        rest = [each for name, other in sources.items() if name != folder for each in other.tracks]
        at = learn(rest or source.tracks)
        for real, told in ((True, "clips"), (False, "made-up ways")):
            counts = judge([each for each in source.tracks if each.real == real], at)
            print(
                "{}, {}: {} of {} Z's found; one that is none on {} of {} hands".format(
                    folder, told, *counts
                )
            )
    print(learn([each for source in sources.values() for each in source.tracks]))


def add(source: Source, seen: Seen) -> None:
    """Take in what was seen in a clip."""
    spans = [(span.start, span.end) for span in seen.clip.spans or () if span.label == LETTER]
    if LETTER in seen.clip.letters and not spans:
        return  # nobody knows where it is
    source.tracks += tracks_of(seen.frames, spans, real=True)
    source.hands += hands_of(seen)


def make_up(source: Source, rng: np.random.Generator) -> None:
    """Let the hands of a folder draw."""
    for z in (True, False) if source.hands else ():
        for _ in range(WAYS):
            source.tracks += tracks_of(*made_up(source.hands, rng, z=z), real=False)


if __name__ == "__main__":
    main()
