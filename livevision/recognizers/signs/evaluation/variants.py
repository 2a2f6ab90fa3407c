"""Variants of clips to measure with: fewer pictures a second, and letters joined to words."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from livevision.frame import Floats, Frame
from livevision.recognizers.signs.evaluation.clips import MOVING, Clip
from livevision.recognizers.signs.evaluation.sensitivity import Seen
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.motion import PALM, Motion
from livevision.recognizers.signs.thresholds import DEFAULT
from livevision.sources.source import Source
from livevision.truth import Span

EARLY = 1e-3
"""Seconds that a picture may come before its time: files round times."""
WAY = 0.36
"""Share of a letter's time that goes into reaching it."""
AROUND = 0.15
"""Seconds around a drawn letter that are kept with it, where the truth says when it is drawn."""
FADE = 1 / 3
"""Share of the way in which the letter before, and the next, are still or already seen."""
ASIDE = 0.4
"""Palms that a hand slides aside for a letter that comes twice."""
SIZE, PLACE = 90.0, (320.0, 240.0)
"""Pixels of every hand's palm, and where it is at first."""

Part = list[tuple[float, Showing]]


class Thinned(Source):
    """A recording of which only so many pictures a second are seen, each at its own time."""

    def __init__(self, source: Source, fps: float) -> None:
        self.name, self.patience = source.name, source.patience
        self._source = source
        self._interval = 1.0 / fps

    def __enter__(self) -> Self:
        self._due = -math.inf
        self._source.__enter__()
        return self

    def read(self) -> Frame | None:
        for frame in self._source:
            if frame.time >= self._due - EARLY:
                self._due = max(self._due, frame.time) + self._interval
                return frame
        return None

    def close(self) -> None:
        self._source.close()


def joined(word: str, letters: Mapping[str, Seen], speed: float) -> Seen:
    """What would have been seen if one hand had signed `word` of the letters of clips.

    `letters` has for each what was seen of it alone; `speed` in letters a second. Of a letter that
    rests its stillest moments are taken, J and Z whole. The ways between are made up: from joint to
    joint, and no sign is seen there.
    """
    frames: list[tuple[float, Sequence[Showing]]] = []
    spans: list[Span] = []
    time, before, aside = 0.0, "", 0.0
    for letter in word:
        seen = letters[letter]
        aside = aside + ASIDE if letter == before else 0.0
        part = _placed(_part(seen, letter, (1 - WAY) / speed), aside)
        step = _step(seen)
        if frames:
            way = _way(frames[-1][1][0], part[0][1], round(WAY / speed / step), seen)
            frames += [(time + step * place, [each]) for place, each in enumerate(way, 1)]
            time += step * (len(way) + 1)
        first = part[0][0]
        frames += [(time + at - first, [each]) for at, each in part]
        spans.append(Span(letter, time, frames[-1][0]))
        time, before = frames[-1][0], letter
    path = next(iter(letters.values())).clip.path.parent / word
    clip = Clip(path, word, tuple(spans), word)
    return Seen(clip, seen.labels, frames, time)


def missing(word: str, letters: Mapping[str, Seen]) -> str:
    """The letters of `word` of which there is no clip, or none with a hand in it."""
    return "".join(sorted({each for each in word if each not in letters}))


def singles(every: Sequence[Seen]) -> dict[Path, dict[str, Seen]]:
    """The first clip of each letter alone in which a hand is seen, by folder."""
    found: dict[Path, dict[str, Seen]] = {}
    for seen in every:
        folder = found.setdefault(seen.clip.path.parent, {})
        if len(seen.clip.letters) == 1 and any(hands for _, hands in seen.frames):
            folder.setdefault(seen.clip.letters, seen)
    return found


def _part(seen: Seen, letter: str, seconds: float) -> Part:
    """What is taken of a clip: of the hand that signs most, where it rests most, or draws."""
    signs: defaultdict[int, float] = defaultdict(float)
    for _, hands in seen.frames:
        for hand in hands:
            signs[hand.track] += 1.0 - float(hand.probabilities[seen.labels.index("")])
    track = max(signs, key=lambda each: signs[each])
    part = [(time, hand) for time, hands in seen.frames for hand in hands if hand.track == track]
    moving = letter in MOVING
    if seen.clip.spans:
        around = AROUND if moving else 0.0
        start, end = seen.clip.spans[0].start - around, seen.clip.spans[0].end + around
        part = [each for each in part if start <= each[0] <= end] or part
    return part if moving else _stillest(part, seconds)


def _stillest(part: Part, seconds: float) -> Part:
    """The `seconds` in which the hand moves least."""
    motion = Motion(DEFAULT.motion)
    unrest = [0.0]
    for time, hand in part:
        motion.see(time, hand.landmarks)
        unrest.append(unrest[-1] + motion.step * (motion.speed + motion.way))
    times = [time for time, _ in part]
    ends = np.searchsorted(times, np.array(times) + seconds, side="right")
    whole = [first for first in range(len(part)) if times[-1] >= times[first] + seconds] or [0]
    best = min(whole, key=lambda first: unrest[ends[first]] - unrest[first])
    return part[best : ends[best]]


def _step(seen: Seen) -> float:
    """Seconds from picture to picture."""
    return float(np.median(np.diff([time for time, _ in seen.frames])))


def _placed(part: Part, aside: float) -> Part:
    """The same in a place and size that all letters share, `aside` palms away."""
    points = part[0][1].landmarks
    scale = np.float32(SIZE / max(float(np.linalg.norm(points[9, :2] - points[0, :2])), 1.0))
    middle = points[PALM, :].mean(axis=0) * scale
    goal = np.array((PLACE[0] + aside * SIZE, PLACE[1], middle[2]), np.float32)
    return [
        (time, replace(hand, track=1, landmarks=hand.landmarks * scale + (goal - middle)))
        for time, hand in part
    ]


def _way(before: Showing, after: Showing, count: int, seen: Seen) -> list[Showing]:
    """The hand on its way from one letter to the next, in `count` - 1 pictures."""
    none = np.array([not label for label in seen.labels], np.float32)
    found = []
    for place in range(1, count):
        share = place / count
        gentle = np.float32(share * share * (3 - 2 * share))

        def mixed(old: Floats, new: Floats, part: np.float32 = gentle) -> Floats:
            return np.asarray(old * (1 - part) + new * part, np.float32)

        chances = before.probabilities * max(1 - share / FADE, 0.0)
        chances = chances + after.probabilities * max(1 - (1 - share) / FADE, 0.0)
        chances = np.asarray(chances + none * (1 - chances.sum()), np.float32)
        found.append(
            Showing(
                1,
                after.right,
                mixed(before.landmarks, after.landmarks),
                mixed(before.world, after.world),
                chances,
            )
        )
    return found
