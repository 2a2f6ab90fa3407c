"""From the letters that a hand shows frame by frame to the letters that were signed.

A sequential test (the cumulative sum of Page, 1954) runs for every letter: its evidence grows while
the letter is likely and the hand rests, and shrinks while another is or the hand moves. A letter
is signed once its sum is high enough: sooner the clearer it is, so that quick and slow signers are
read alike. A next letter needs a movement in between; the same letter twice needs the hand to open
or to slide aside. Goes by time alone, whatever the frame rate, and remembers nothing but sums.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Points

Floats = NDArray[np.float32]

EVEN = 0.42
"""The probability that speaks neither for nor against a letter."""
FOR, AGAINST = 0.85, -2.0
"""Most and least that a frame's probability can say, in nats a second."""
REST = 1.2
"""A change of shape, in palms a second on the mean over all landmarks, as of a hand that still
forms a sign; at rest it is 0.1 to 0.6, between letters 2 to 10."""
MOVE_SHARE = 0.35
"""How much moving the whole hand counts beside changing its shape."""
STILL, MOVING = 0.3, -1.6
"""Most and least that rest or movement can say, in nats a second."""
ENOUGH = 0.06
"""Sum at which a letter is signed: a clear letter of a still hand takes 55 ms."""
FRAMES = 2
"""Frames that have to agree: at low rates one frame on the way from sign to sign would do."""
UNSURE = 0.3
"""A probability that is worth nothing."""
QUIET = 0.6
"""Change of shape at which holding a sign counts half, in palms a second."""
UNQUIET = 0.1
"""What it counts at least: landmarks that jitter move as well."""
FULL = 0.22
"""The sums grow no further, so that they forget as quickly."""
LONGEST_STEP, SLOW_STEP = 0.1, 0.3
"""Seconds that one frame can stand for, and where all frames are that far apart."""
FEW = 2.5
"""The same in times from frame to frame, as of the last ones, where these are long: cameras in the
dark, or a busy machine, give three frames a second."""
SLOWEST = 1.1
"""Seconds between frames up to which they show one hand."""
LAG = 0.03
"""Least seconds between two looks that are compared, so that jitter is no movement."""
RELEASE = 0.3
"""Seconds without evidence after which a sign is over."""
APART = 0.12
"""Distance between two shapes that are surely two, in palms on the mean over all landmarks."""
NEAR, PEAK, UNREST = 0.03, 0.32, 1.8
"""Shapes nearer than the first are one; between them, two if the change was as fast as the second
(in palms a second), and so many times as fast as the hand's unrest while it held the last letter: M
and N, S and T, U and V differ by little."""
SETTLED = 0.8
"""Change of shape at which the hand has come to rest in a sign, in palms a second."""
CLEAR = 0.55
"""Mean probability of a letter whose shape differs by so little."""
SURE, APART_SLOWLY = 0.9, 0.045
"""The same, and least distance between shapes, where the hand went from one to the other slowly."""
OPENING = 0.8
"""Least change of shape on the way between two equal letters, in palms a second."""
NO_SIGN_TIME = 0.8
"""Time constant of the running mean of the probability of no sign, in seconds of rest."""
UNREST_TIME = 0.25
"""Time constant of the running mean of the unrest, in seconds."""
OPENED = 0.16
"""Change of shape and back between two equal letters, likewise."""
SLIDE = 0.26
"""Way of the hand between two equal letters of one shape, in palms: rendered signers slide by 0.35,
a real hand that holds a letter for a second drifts by 0.2."""
SLIDE_SPEED, SLIDE_REST = 1.0, 0.55
"""Its least speed on the way, and its greatest before and after, in palms a second."""
SIZE_TIME = 0.3
"""Time constant of the running mean of a hand's size, in seconds."""

_PALM = (0, 5, 9, 13, 17)
_KNUCKLES = (5, 9, 13, 17)


@dataclass(slots=True, eq=False)
class Sign:
    """A letter while it is being signed, and afterwards."""

    labels: tuple[str, ...]
    start: float
    end: float
    shown: float
    """When it was first sure, in seconds."""
    votes: Floats
    """Sums of the labels' probabilities over its time."""
    right: bool
    shape: Floats
    """(21, 2): its landmarks around the palm's middle, in palms, on the mean."""
    worth: float = 0.0
    """How much it was held still and clear, in seconds."""
    no_sign: float = 0.0
    """Mean probability of no sign up to its end, while the hand was at rest."""

    @property
    def label(self) -> str:
        """The letter it is by what was seen so far."""
        return self.labels[int(np.argmax(self.votes[:-1]))]

    @property
    def confidence(self) -> float:
        """Mean probability of the letter, 0 to 1."""
        return float(self.votes[:-1].max() / max(float(self.votes.sum()), 1e-9))

    def alternatives(self, count: int = 3) -> list[tuple[str, float]]:
        """The next likeliest letters and their mean probabilities."""
        shares = self.votes / max(float(self.votes.sum()), 1e-9)
        order = np.argsort(-shares[:-1])[1 : count + 1]
        return [(self.labels[index], float(shares[index])) for index in order]


@dataclass(slots=True, eq=False)
class _Look:
    time: float
    shape: Floats
    """(21, 2): landmarks around the palm's middle, in palms."""
    place: Floats
    """(2,): the palm's middle, in pixels."""


@dataclass(slots=True, eq=False)
class Motion:
    """How a hand moves in the picture, in its own size."""

    size: float = 0.0
    """Pixels from wrist to knuckles, about."""
    shape: Floats = field(default_factory=lambda: np.zeros((21, 2), np.float32))
    """(21, 2): landmarks around the palm's middle, in palms."""
    place: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    """(2,): the palm's middle, in pixels."""
    speed: float = 0.0
    """Change of shape and direction, in palms a second on the mean over the landmarks."""
    way: float = 0.0
    """Speed of the palm's middle, in palms a second."""
    step: float = 0.0
    """Seconds since the look before, 0 at the first."""
    interval: float = 0.0
    """Running mean of the same."""
    away: bool = False
    """Whether that was so long that the hand begins anew."""
    _time: float = 0.0
    _looks: list[_Look] = field(default_factory=list)

    @property
    def release(self) -> float:
        """Seconds without evidence after which a sign is over."""
        return max(RELEASE, FEW * min(self.interval, SLOWEST))

    def see(self, time: float, landmarks: Points) -> None:
        """Take in the (21, 2 or 3) landmarks, in pixels."""
        points = landmarks[:, :2]
        place = points[_PALM, :].mean(axis=0)
        size = max(
            float(np.linalg.norm(points[_KNUCKLES, :] - points[0], axis=1).mean()),
            1.6 * float(np.linalg.norm(points[5] - points[17])),
            1.0,
        )
        self.step = time - self._time if self._looks else 0.0
        self._time = time
        self.away = self.step > (self.release if self.interval else SLOWEST)
        if self.step > 2 * (self.release if self.interval else SLOWEST):
            self._looks.clear()
        if self.step > 0:  # a hand that was lost for a moment makes no slow camera
            most = 2 * self.interval + LAG if self.interval else self.step
            self.interval += (min(self.step, most) - self.interval) * (0.5 if self.interval else 1)
        share = 1.0 - np.exp(-self.step / SIZE_TIME) if self._looks else 1.0
        self.size += (size - self.size) * share
        self.shape = np.asarray((points - place) / self.size, np.float32)
        self.place = np.asarray(place, np.float32)
        before = next((each for each in reversed(self._looks) if time - each.time >= LAG), None)
        if before is None and self._looks:
            before = self._looks[0]
        if before is not None and time > before.time:
            passed = time - before.time
            self.speed = float(np.linalg.norm(self.shape - before.shape, axis=1).mean() / passed)
            self.way = float(np.linalg.norm(place - before.place) / self.size / passed)
        else:
            self.speed = self.way = 0.0
        self._looks.append(_Look(time, self.shape, self.place))
        while len(self._looks) > 2 and time - self._looks[1].time >= LAG:
            del self._looks[0]


class Decoder:
    """The letters of one hand.

    `labels` are what the probabilities are of; "" is no sign.
    """

    def __init__(self, labels: tuple[str, ...]) -> None:
        none = labels.index("")
        self._order = [index for index in range(len(labels)) if index != none] + [none]
        self.labels = tuple(labels[index] for index in self._order)
        self.motion = Motion()
        self.sign: Sign | None = None
        """The letter that is being signed."""
        self.clear = False
        """Whether the last frame showed a letter for sure."""
        self._no_sign = 0.0
        """Running mean of the probability of no sign while the hand rests."""
        self._sums = np.zeros(len(labels) - 1, np.float32)
        self._since = np.zeros(len(labels) - 1)
        """When each sum last rose from 0, in seconds."""
        self._pending = np.zeros((len(labels) - 1, len(labels)), np.float32)
        """For each letter the probabilities since then, summed over time."""
        self._worth = np.zeros(len(labels) - 1)
        """What it would be worth by then."""
        self._frames = np.zeros(len(labels) - 1, np.int64)
        """How many frames that were."""
        self._held: Floats | None = None
        """Mean shape of the last sign."""
        self._held_weight = 0.0
        self._place = np.zeros(2, np.float32)
        """Where the hand last rested in the last sign."""
        self._left = 0.0
        """Greatest distance from the held shape since it was last held."""
        self._peak = 0.0
        """Fastest change of shape since then."""
        self._slid = 0.0
        """Fastest way since the hand last rested."""
        self._settled = False
        """Whether the hand has come to rest in the last sign."""
        self._restarted = False
        """Whether the shape that is held is none of a sign."""
        self._unrest = 0.2
        """Running mean of the change of shape while signs are held, in palms a second."""

    def see(
        self, time: float, probabilities: Floats, landmarks: Points, *, right: bool
    ) -> list[Sign]:
        """Take in a frame, `time` in seconds; the signs that are over."""
        probabilities = probabilities[self._order]
        motion = self.motion
        motion.see(time, landmarks)
        step = min(motion.step, min(max(LONGEST_STEP, motion.interval), SLOW_STEP))
        self.clear = float(probabilities[:-1].max()) >= SURE
        if motion.away:  # the hand was away: it begins anew
            self._clear()
            step = 0.0
        weight = step * self._calm()
        if not self._restarted:  # a movement that was a letter looks like no sign
            share = 1.0 - float(np.exp(-step * self._rest() ** 2 / NO_SIGN_TIME))
            self._no_sign += share * (float(probabilities[-1]) - self._no_sign)
        self._add(time, step, probabilities)
        self._follow()
        ended: list[Sign] = []
        best = int(np.argmax(self._sums))
        enough = self._sums[best] >= ENOUGH and self._frames[best] >= FRAMES
        if enough and probabilities[best] >= EVEN / 2:
            ended += self._signed(best, time, right)
        sign = self.sign
        if sign is not None:
            index = self.labels.index(sign.label)
            if self._sums[index] > 0 and probabilities[index] >= EVEN / 2:
                sign.end = time
                sign.votes += probabilities * weight
                sign.no_sign = self._no_sign
                self._worth[index] = 0.0
                sign.worth += step * max(float(probabilities[index]) - UNSURE, 0.0) * self._rest()
                if self._sums[index] >= ENOUGH:
                    self._hold(step)
        return ended + self.wait(time)

    def wait(self, time: float) -> list[Sign]:
        """The sign that is over because nothing supported it until `time`."""
        if self.sign is not None and time - self.sign.end > self.motion.release:
            return self.finish()
        return []

    def finish(self) -> list[Sign]:
        """End the sign that is being made."""
        ended = [] if self.sign is None else [self.sign]
        self.sign = None
        return ended

    def restart(self) -> None:
        """Drop the sign that is being made, and what speaks for any; as after a movement."""
        self.sign = None
        self._clear()
        self._held = self.motion.shape
        self._held_weight = 0.0
        self._restarted = True
        self._no_sign = 0.0
        self._place = self.motion.place
        self._left = self._peak = self._slid = 0.0

    def _clear(self) -> None:
        self._sums[:] = 0
        self._pending[:] = 0
        self._worth[:] = 0
        self._frames[:] = 0

    def forget(self) -> None:
        """Drop the sign that is being made, and what its shape was: any letter may follow."""
        self.sign = None
        self._held = None
        self._left = self._peak = self._slid = 0.0

    def _calm(self) -> float:
        """How much a frame counts: 1 at rest, little in movement."""
        return 1.0 / (1.0 + (self._speed() / REST) ** 2)

    def _rest(self) -> float:
        """How much a frame says about a sign that is held: 1 if the hand is quite still."""
        return max(1.0 / (1.0 + (self._speed() / QUIET) ** 2), UNQUIET)

    def _speed(self) -> float:
        return max(self.motion.speed, MOVE_SHARE * self.motion.way, 0.05)

    def _add(self, time: float, step: float, probabilities: Floats) -> None:
        rest = float(np.clip(0.7 * np.log(REST / self._speed()), MOVING, STILL))
        says = np.clip(np.log(np.maximum(probabilities[:-1], 1e-6) / EVEN), AGAINST, FOR) + rest
        before = self._sums > 0
        self._sums = np.clip(self._sums + step * says, 0, FULL).astype(np.float32)
        rose = (self._sums > 0) & ~before
        self._since[rose] = time - step
        self._frames = np.where(self._sums > 0, self._frames + 1, 0)
        self._pending[self._sums == 0] = 0
        self._worth += step * np.maximum(probabilities[:-1] - UNSURE, 0.0) * self._rest()
        self._worth[self._sums == 0] = 0
        self._pending[self._sums > 0] += probabilities * (step * self._calm())

    def _follow(self) -> None:
        """Keep account of how far the hand went from the last sign."""
        if self._held is None:
            return
        motion = self.motion
        away = float(np.linalg.norm(motion.shape - self._held, axis=1).mean())
        self._left = max(self._left, away)
        self._peak = max(self._peak, motion.speed)
        self._slid = max(self._slid, motion.way)

    def _hold(self, step: float) -> None:
        """The hand shows the sign: learn its shape, and forget how it got there."""
        motion = self.motion
        if self._held is None or not self._settled:
            # the hand is still on its way into the sign
            self._held = motion.shape
            self._held_weight = 0.0
            self._place = motion.place
            self._left, self._slid, self._peak = 0.0, 0.0, motion.speed
            still = motion.speed < max(SETTLED, UNREST * self._unrest)
            self._settled = still and motion.way < SLIDE_SPEED
        weight = step * self._calm()
        self._held_weight = min(self._held_weight + weight, 0.5)
        self._held = self._held + (motion.shape - self._held) * min(
            1.0, weight / max(self._held_weight, 1e-6)
        )
        if self.sign is not None:
            self.sign.shape = self._held
        if motion.speed < max(PEAK, UNREST * self._unrest):
            self._left *= 0.5
            self._peak = motion.speed
            share = 1.0 - float(np.exp(-step / UNREST_TIME))
            self._unrest += share * (motion.speed - self._unrest)

    def _signed(self, best: int, time: float, right: bool) -> list[Sign]:
        """The letter `best` is shown clearly: go on with a sign, or begin a new one."""
        sign = self.sign
        if self._held is not None and not self._is_next(best, sign):
            if sign is not None and self.labels.index(sign.label) != best:
                sign.end = time
                sign.votes += self._pending[best]
                self._pending[best] = 0
            return []
        again = sign is not None and self.labels.index(sign.label) == best
        start = time if again else float(self._since[best])
        if sign is not None:
            start = max(start, sign.end)
        ended = self.finish()
        self._restarted = self._settled = False
        self.sign = Sign(
            self.labels, start, time, time, self._pending[best].copy(), right, self.motion.shape
        )
        self.sign.no_sign = self._no_sign
        self.sign.worth = 0.0 if again else float(self._worth[best])
        self._worth[:] = 0
        self._sums[np.arange(len(self._sums)) != best] = 0
        self._pending[:] = 0
        self._frames[:] = 0
        self._held = self.motion.shape
        self._held_weight = 0.0
        self._place = self.motion.place
        self._left = self._peak = self._slid = 0.0
        return ended

    def _is_next(self, best: int, sign: Sign | None) -> bool:
        """Whether the hand moved as it does from one letter to the next."""
        assert self._held is not None
        motion = self.motion
        if sign is None or self.labels[best] != sign.label:
            away = float(np.linalg.norm(motion.shape - self._held, axis=1).mean())
            if sign is None and self._left >= OPENED:
                return True
            if away >= APART:
                return True
            quick = self._peak >= max(PEAK, UNREST * self._unrest)
            pending = self._pending[best]
            share = float(pending[best]) / max(float(pending.sum()), 1e-9)
            if self._restarted or away < NEAR:
                return False
            # without haste, but then beyond doubt
            slow = share >= SURE and self._sums[best] >= FULL and away >= APART_SLOWLY
            return (quick and share >= CLEAR) or slow
        if self._left >= OPENED and self._peak >= OPENING and motion.speed < REST:
            return True
        rests = motion.way < SLIDE_REST and motion.speed < REST
        if not rests:
            return False
        way = float(np.linalg.norm(motion.place - self._place) / motion.size)
        slid = self._slid >= SLIDE_SPEED and way >= SLIDE
        self._place = motion.place
        self._slid = 0.0
        return slid
