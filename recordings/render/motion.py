"""From a text to a hand that moves: which pose, where, at every moment.

Each letter is reached by a smooth transition and then rests; J and Z are drawn in the air by
their handshape. A doubled letter slides aside, as signers do. A little unrest keeps the hand alive.
Between letters the hand may leave the picture, or make one of livevision's own gestures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from .arm import orientation
from .mesh import Array
from .poses import GESTURES, OPEN, POSES, RELAXED, Pose

#: Z as the camera sees it, mirrored: corners in metres, to the right and up.
Z_CORNERS = np.array([[0.036, 0.030], [-0.036, 0.030], [0.036, -0.030], [-0.036, -0.030]])
Z_TIMES = np.array([0, 0.28, 0.68, 1.0])
#: J: the hand dips to the camera and rolls over, and the little finger comes up on the other side.
J_TIMES = np.array([0, 0.4, 0.7, 1.0])
J_VIEWS = ((0.0, 0.0, -4.0), (20.0, 42.0, -4.0), (85.0, 36.0, 30.0), (150.0, -4.0, 18.0))
J_CENTERS = np.array([[-0.01, 0, 0.03], [-0.01, 0, -0.03], [0.015, 0, -0.035], [0.04, 0, 0.005]])
#: What else than letters a text may hold, and its seconds: the hand leaves the picture
#: for a pause, or for a moment; held open it accepts a proposal, waved it deletes a letter.
PAUSE, ABSENCE, ACCEPT, DELETE = " ", "_", "!", "<"
SECONDS = {PAUSE: 1.9, ABSENCE: 0.3, ACCEPT: 1.4, DELETE: 1.5}
#: Least seconds to reach any of these and to come back; where a hand that is away is, in metres.
AWAY_TIME = 0.4
AWAY = np.array([0.0, 0, -0.45])
#: The wave: hertz, metres and degrees to each side.
WAVE = (2.6, 0.035, 14.0)


@dataclass(frozen=True)
class Pace:
    """Seconds: at the start and end, between letters, resting in one, drawing J and drawing Z."""

    margin: float = 0.3
    transition: float = 0.26
    rest: float = 0.6
    j: float = 0.9
    z: float = 1.2


@dataclass(frozen=True)
class Span:
    """A letter: it rests, or moves (J, Z), from ``start`` to ``end`` seconds; or a gesture."""

    letter: str
    start: float
    end: float

    @property
    def moving(self) -> bool:
        return self.letter in "JZ"


@dataclass(frozen=True)
class Moment:
    """What ``Arm.place`` needs: the shape, (3, 3) turn of the forearm, (3,) middle of the palm."""

    pose: Pose
    turn: Array
    center: Array


class Spelling:
    """A word as a movement around ``center``, (3,) metres in the world.

    ``text`` is of A-Z and of PAUSE, ABSENCE, ACCEPT and DELETE; ``lean`` (yaw, pitch, roll in
    degrees) is how this signer holds the whole arm; ``unrest`` scales the small involuntary
    movements (0 = none, 1 = about 5 mm and 2 degrees); ``seed`` varies them; ``poses`` are this
    signer's own; a hand that is ``raised`` comes into the picture first and leaves it at the end.

    Raises:
        ValueError: the text is empty or holds something else.
    """

    def __init__(
        self,
        text: str,
        center: Array,
        pace: Pace = Pace(),
        lean: tuple[float, float, float] = (0, -6, 4),
        unrest: float = 1,
        seed: int = 0,
        poses: Mapping[str, Pose] = POSES,
        raised: bool = False,
    ) -> None:
        if not text or not set(text) <= {*POSES, *SECONDS}:
            raise ValueError(f"a text of the letters A-Z is needed, not {text!r}")
        self._poses = {**poses, PAUSE: RELAXED, ABSENCE: RELAXED, ACCEPT: OPEN, DELETE: OPEN}
        self._spans: list[Span] = []
        if raised:
            text = ABSENCE + text + ABSENCE
        time, before = 0.0, ""
        for i, letter in enumerate(text):
            seconds = {"J": pace.j, "Z": pace.z, **SECONDS}.get(letter, pace.rest)
            way = pace.transition
            if before in SECONDS or letter in SECONDS:
                way = max(way, AWAY_TIME)
            start = time + (pace.margin if i == 0 else way)
            time = start + seconds
            self._spans.append(Span(letter, start, time))
            before = letter
        self.duration = time + pace.margin
        self._center = center
        self._lean = orientation(lean) @ orientation((0, 0, 0)).T
        self._unrest = unrest
        self._phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (9, 3))
        slide = 0.0
        self._slides = []
        for before, letter in zip("?" + text, text, strict=False):
            slide = slide + 0.035 if letter == before else 0.0
            self._slides.append(slide)

    @property
    def spans(self) -> list[Span]:
        """The letters, without pauses and gestures."""
        return [span for span in self._spans if span.letter not in SECONDS]

    def at(self, time: float) -> Moment:
        """The hand ``time`` seconds after the start."""
        spans = self._spans
        i = next((i for i, span in enumerate(spans) if time <= span.end), len(spans) - 1)
        moment = self._letter(i, time)
        if i > 0 and time < spans[i].start:
            last, span = spans[i - 1], spans[i]
            share = (time - last.end) / (span.start - last.end)
            moment = blend(self._letter(i - 1, last.end), self._letter(i, span.start), share)
        wave = self._waves(time) * self._unrest
        turn = orientation((1.6 * wave[0], 1.4 * wave[1], 1.6 * wave[2]))
        return Moment(
            replace(moment.pose, wrist=(moment.pose.wrist[0] + wave[3], moment.pose.wrist[1])),
            turn @ orientation((0, 0, 0)).T @ self._lean @ moment.turn,
            self._center + moment.center + 0.0028 * wave[4:7],
        )

    def _letter(self, i: int, time: float) -> Moment:
        span = self._spans[i]
        pose = self._poses[span.letter]
        aside = np.array([-self._slides[i], 0, 0])
        if span.letter == DELETE:
            rate, way, angle = WAVE
            swing = np.sin(2 * np.pi * rate * float(np.clip(time - span.start, 0, SECONDS[DELETE])))
            yaw, pitch, roll = pose.view
            turn = orientation((yaw, pitch, roll + angle * swing))
            return Moment(pose, turn, np.array([way * swing, 0, 0]))
        if span.letter in (PAUSE, ABSENCE):
            return Moment(pose, orientation(pose.view), AWAY)
        if not span.moving:
            return Moment(pose, orientation(pose.view), aside)
        share = float(np.clip((time - span.start) / (span.end - span.start), 0, 1))
        if span.letter == "J":
            share = share * share * (3 - 2 * share)
            views = Rotation.from_matrix([orientation(view) for view in J_VIEWS])
            turn = RotationSpline(J_TIMES, views)(share).as_matrix()
            return Moment(pose, turn, aside + CubicSpline(J_TIMES, J_CENTERS)(share))
        k = min(int(np.searchsorted(Z_TIMES, share, side="right")) - 1, 2)
        part = (share - Z_TIMES[k]) / (Z_TIMES[k + 1] - Z_TIMES[k])
        part = part * part * (3 - 2 * part)
        x, z = Z_CORNERS[k] * (1 - part) + Z_CORNERS[k + 1] * part
        yaw, pitch, roll = pose.view
        turn = orientation((yaw, pitch - 150 * z, roll + 200 * x))
        return Moment(pose, turn, aside + np.array([x, 0, z]))

    def _waves(self, time: float) -> Array:
        rates = np.array([0.23, 0.41, 0.9])
        waves = np.sin(2 * np.pi * rates * time + self._phase) / [1, 2, 3]
        return np.asarray(waves.sum(1))


class Gesturing:
    """A hand that goes with talk for ``duration`` seconds and signs nothing.

    It goes from one of ``GESTURES`` to the next, each never twice the same, mostly without a rest,
    around ``center``, (3,) metres; now and then it beats time, or leaves the picture.
    """

    def __init__(self, duration: float, center: Array, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.duration = duration
        self._center = center
        self._moments: list[tuple[float, float, Moment]] = []
        time = 0.0
        while time < duration:
            way, rest = rng.uniform(0.15, 0.6), rng.exponential(0.25)
            if rng.random() < 0.15:
                pose, place, way, rest = RELAXED, AWAY, 0.5, rng.uniform(0.3, 2)
            else:
                vector = GESTURES[rng.choice(list(GESTURES))].vector()
                vector[:26] += rng.normal(0, 6, 26)
                vector[26:] += rng.normal(0, 14, 5)
                pose = Pose.from_vector(vector)
                place = rng.normal(0, 1, 3) * (0.05, 0.02, 0.035)
            time += way if self._moments else 0.0
            moment = Moment(pose, orientation(pose.view), place)
            self._moments.append((time, time + rest, moment))
            time += rest
            if rng.random() < 0.3:
                for _ in range(rng.integers(1, 4)):
                    for down in (0.03, 0.0):
                        time += 0.14
                        beat = replace(moment, center=moment.center - (0, 0, down))
                        self._moments.append((time, time, beat))
        self._phase = rng.uniform(0, 2 * np.pi, 3)

    def at(self, time: float) -> Moment:
        """The hand ``time`` seconds after the start."""
        moments = self._moments
        i = next((i for i, (_, end, _) in enumerate(moments) if time <= end), len(moments) - 1)
        start, _, moment = moments[i]
        if i > 0 and time < start:
            _, left, before = moments[i - 1]
            moment = blend(before, moment, (time - left) / (start - left))
        drift = 0.006 * np.sin(2 * np.pi * np.array([0.23, 0.37, 0.31]) * time + self._phase)
        return replace(moment, center=self._center + moment.center + drift)


def blend(a: Moment, b: Moment, share: float) -> Moment:
    """Between two moments, ``share`` 0-1, starting and ending gently."""
    share = share * share * (3 - 2 * share)
    pose = Pose.from_vector(a.pose.vector() * (1 - share) + b.pose.vector() * share)
    both = Rotation.from_matrix(a.turn).inv() * Rotation.from_matrix(b.turn)
    turn = Rotation.from_matrix(a.turn) * Rotation.from_rotvec(both.as_rotvec() * share)
    return Moment(pose, turn.as_matrix(), a.center * (1 - share) + b.center * share)
