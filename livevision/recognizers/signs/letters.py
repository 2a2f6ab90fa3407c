"""From the letters that a hand shows frame by frame to the letters that were signed.

A sequential test (the cumulative sum of Page, 1954) runs for every letter: its evidence grows while
the letter is likely and the hand rests, and shrinks while another is or the hand moves. A letter
is signed once its sum is high enough: sooner the clearer it is, so that quick and slow signers are
read alike. A next letter needs a movement in between; the same letter twice needs the hand to open
or to slide aside. Goes by time alone, whatever the frame rate, and remembers nothing but sums.
"""

from dataclasses import dataclass

import numpy as np

from livevision.frame import Floats, Points
from livevision.recognizers.signs import thresholds
from livevision.recognizers.signs.motion import Motion

RARE = 0.6
"""Seconds from frame to frame beyond which the first look at a hand counts like any other: there
may be one more of a letter that is held. With more looks, a first one is of a hand on its way."""
RIVAL = 0.8
"""Share of the next likeliest letter's probability that counts for the likeliest: a hand that is an
S or else an E is one of the two, and no less held."""


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
    held: float = 0.0
    """The same if most of its likeliest rival's probability is taken for its own, in seconds."""
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


class Decoder:
    """The letters of one hand.

    `labels` are what the probabilities are of; "" is no sign.
    """

    def __init__(self, labels: tuple[str, ...], at: thresholds.Thresholds) -> None:
        self._at = at.letters
        none = labels.index("")
        self._order = [index for index in range(len(labels)) if index != none] + [none]
        self.labels = tuple(labels[index] for index in self._order)
        self.motion = Motion(at.motion)
        self.sign: Sign | None = None
        """The letter that is being signed."""
        self.clear = False
        """Whether the last frame showed a letter for sure."""
        self._no_sign = 0.0
        """Running mean of the probability of no sign while the hand rests."""
        self._sums = np.zeros(len(labels) - 1)
        self._since = np.zeros(len(labels) - 1)
        """When each sum last rose from 0, in seconds."""
        self._pending = np.zeros((len(labels) - 1, len(labels)), np.float32)
        """For each letter the probabilities since then, summed over time."""
        self._worth = np.zeros((2, len(labels) - 1))
        """What it would be worth by then, and how much it would be held."""
        self._frames = np.zeros(len(labels) - 1, np.int64)
        """How many frames that were."""
        self._held: Floats | None = None
        """Mean shape of the last sign."""
        self._held_weight = 0.0
        self._last = ""
        """The letter of the last sign that is over."""
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
        self,
        time: float,
        probabilities: Floats,
        landmarks: Points,
        *,
        right: bool,
        passed: float = 0.0,
    ) -> list[Sign]:
        """Take in a frame, `time` in seconds; the signs that are over.

        `passed` are the seconds since the frame before, with or without the hand; infinite if this
        is the first.
        """
        probabilities = probabilities[self._order]
        motion = self.motion
        motion.see(time, landmarks)
        step = min(motion.step, self._at.longest_step)
        self.clear = float(probabilities[:-1].max()) >= self._at.sure
        if motion.away:  # the hand was away: it begins anew
            self._clear()
            step = 0.0
        if not step and RARE < passed < np.inf:
            step = min(passed, self._at.longest_step)
        weight = step * self._calm()
        if not self._restarted:  # a movement that was a letter looks like no sign
            share = 1.0 - float(np.exp(-step * self._rest() ** 2 / self._at.no_sign_time))
            self._no_sign += share * (float(probabilities[-1]) - self._no_sign)
        worths = self._worths(probabilities)
        self._add(time, step, probabilities, worths)
        self._follow()
        ended: list[Sign] = []
        best = int(np.argmax(self._sums))
        enough = self._sums[best] >= self._at.enough and self._frames[best] >= self._at.frames
        if enough and probabilities[best] >= self._at.even / 2:
            ended += self._signed(best, time, right)
        sign = self.sign
        if sign is not None:
            index = self.labels.index(sign.label)
            if self._sums[index] > 0 and probabilities[index] >= self._at.even / 2:
                sign.end = time
                sign.votes += probabilities * weight
                sign.no_sign = self._no_sign
                self._worth[:, index] = 0.0
                worth, held = worths[:, index]
                sign.worth += step * float(worth)
                sign.held += step * float(held)
                if self._sums[index] >= self._at.enough:
                    self._hold(step)
        return ended + self.wait(time)

    def wait(self, time: float) -> list[Sign]:
        """The sign that is over because nothing supported it until `time`."""
        if self.sign is not None and time - self.sign.end > self.motion.release:
            return self.finish()
        return []

    def finish(self) -> list[Sign]:
        """End the sign that is being made."""
        if self.sign is None:
            return []
        ended, self.sign = [self.sign], None
        self._last = ended[0].label
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
        return 1.0 / (1.0 + (self._speed() / self._at.rest) ** 2)

    def _rest(self) -> float:
        """How much a frame says about a sign that is held: 1 if the hand is quite still."""
        return max(1.0 / (1.0 + (self._speed() / self._at.quiet) ** 2), self._at.unquiet)

    def _speed(self) -> float:
        return max(self.motion.speed, self._at.move_share * self.motion.way, 0.05)

    def _add(self, time: float, step: float, probabilities: Floats, worths: Floats) -> None:
        rest = float(
            np.clip(0.7 * np.log(self._at.rest / self._speed()), self._at.least, self._at.still)
        )
        says = (
            np.clip(
                np.log(np.maximum(probabilities[:-1], 1e-6) / self._at.even),
                self._at.least,
                self._at.most,
            )
            + rest
        )
        before = self._sums > 0
        self._sums = np.clip(self._sums + step * says, 0, self._at.full)
        rose = (self._sums > 0) & ~before
        self._since[rose] = time - step
        self._frames = np.where(self._sums > 0, self._frames + 1, 0)
        self._pending[self._sums == 0] = 0
        self._worth += step * worths
        self._worth[:, self._sums == 0] = 0
        self._pending[self._sums > 0] += probabilities * (step * self._calm())

    def _worths(self, probabilities: Floats) -> Floats:
        """(2, n): what a second of it is worth for each letter, and how much it is held then."""
        worth = np.tile(probabilities[:-1], (2, 1))
        rival, best = np.argpartition(worth[1], -2)[-2:]
        worth[1, best] += RIVAL * worth[1, rival]
        return np.asarray(np.maximum(worth - self._at.unsure, 0.0) * self._rest(), np.float32)

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
            still = motion.speed < max(self._at.settled, self._at.unrest * self._unrest)
            self._settled = still and motion.way < self._at.slide_speed
        weight = step * self._calm()
        self._held_weight = min(self._held_weight + weight, 0.5)
        self._held = self._held + (motion.shape - self._held) * min(
            1.0, weight / max(self._held_weight, 1e-6)
        )
        if self.sign is not None:
            self.sign.shape = self._held
        if motion.speed < max(self._at.peak, self._at.unrest * self._unrest):
            self._left *= 0.5
            self._peak = motion.speed
            share = 1.0 - float(np.exp(-step / motion.at.memory))
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
        if not again:
            self.sign.worth, self.sign.held = map(float, self._worth[:, best])
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
            if sign is None and self._left >= self._at.opened:
                return True
            if away >= self._at.apart:
                return True
            quick = self._peak >= max(self._at.peak, self._at.unrest * self._unrest)
            pending = self._pending[best]
            share = float(pending[best]) / max(float(pending.sum()), 1e-9)
            if self._restarted:
                return False
            if quick and share >= self._at.clear:
                return True
            # without haste, but then beyond doubt, and not for a sign that was out of sight
            slow = share >= self._at.sure and bool(self._sums[best] >= self._at.full)
            return slow and (sign is not None or self.labels[best] != self._last)
        if self._left >= self._at.opened and motion.speed < self._at.rest:
            return True
        rests = motion.way < self._at.quiet and motion.speed < self._at.rest
        if not rests:
            return False
        way = float(np.linalg.norm(motion.place - self._place) / motion.size)
        slid = self._slid >= self._at.slide_speed and way >= self._at.slide
        self._place = motion.place
        self._slid = 0.0
        return slid
