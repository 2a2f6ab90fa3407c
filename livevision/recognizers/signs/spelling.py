"""From the letters that hands show in single frames to the letters that were signed.

A letter is signed when its smoothed probability stays high while the hand keeps its shape; it
counts once, for as long as it is held. Goes by the frames' times alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Event, Points

Floats = NDArray[np.float32]

SMOOTHING = 0.08
"""Time constant of the running means of probabilities and speed, in seconds."""
SURE = 0.6
"""Least smoothed probability of a letter that is signed."""
STILL = 2.5
"""Fastest change of shape of a hand that signs, on the mean over its landmarks, in palms a
second."""
HOLD = 0.15
"""Seconds that both must last."""
RELEASE = 0.3
"""Seconds without the letter after which its sign is over and the same one can come again."""
ALTERNATIVES = 3

_KNUCKLES = (5, 9, 13, 17)


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """What a hand shows in one frame."""

    track: int
    right: bool
    landmarks: Points
    """(21, 3), pixels."""
    probabilities: Floats
    """(n,), of the labels, sum 1."""


@dataclass(slots=True, eq=False)
class _Sign:
    """A letter while it is being signed."""

    label: str
    start: float
    end: float
    votes: Floats
    """Sum of the smoothed probabilities over its frames."""
    frames: int = 1


class _Hand:
    """What is remembered of one hand."""

    def __init__(self, showing: Showing, time: float) -> None:
        self.side = "right" if showing.right else "left"
        self.seen = time
        self.probabilities = showing.probabilities.astype(np.float32)
        self.speed = 0.0
        self.candidate = -1
        self.since = time
        self.sign: _Sign | None = None
        self._shape = _shape(showing.landmarks)

    def see(self, showing: Showing, time: float) -> None:
        elapsed = time - self.seen
        shape = _shape(showing.landmarks)
        if elapsed > 0:
            moved = float(np.linalg.norm(shape - self._shape, axis=1).mean())
            weight = 1.0 - float(np.exp(-elapsed / SMOOTHING))
            self.probabilities += np.float32(weight) * (showing.probabilities - self.probabilities)
            self.speed += weight * (moved / elapsed - self.speed)
        self._shape = shape
        self.seen = time
        self.side = "right" if showing.right else "left"
        best = int(self.probabilities.argmax())
        sure = self.probabilities[best] >= SURE and self.speed <= STILL
        if not sure:
            self.candidate = -1
        elif best != self.candidate:
            self.candidate, self.since = best, time


class Speller:
    """Collects the letters signed by all hands of one stream, as events and as a text."""

    def __init__(self, labels: Sequence[str]) -> None:
        """`labels` are what the probabilities are of; "" is no sign."""
        self.text = ""
        """All letters so far, each as soon as it is sure."""
        self._labels = tuple(labels)
        self._hands: dict[int, _Hand] = {}

    def see(self, hands: Sequence[Showing], time: float) -> list[Event]:
        """Take in the hands of the frame at `time` seconds; the letters that ended with it."""
        ended = []
        for showing in hands:
            hand = self._hands.get(showing.track)
            if hand is None:
                hand = self._hands[showing.track] = _Hand(showing, time)
            hand.see(showing, time)
            ended += self._commit(hand, time)
        for hand in self._hands.values():
            if hand.sign and time - hand.sign.end > RELEASE:
                ended += self._end(hand)
        self._hands = {
            track: hand for track, hand in self._hands.items() if time - hand.seen <= RELEASE
        }
        return ended

    def probabilities(self, track: int) -> Floats:
        """Smoothed probabilities, (n,), of the hand's labels."""
        return self._hands[track].probabilities

    def finish(self) -> list[Event]:
        """The letters that were still being signed when the stream ended."""
        ended = [event for hand in self._hands.values() for event in self._end(hand)]
        self._hands.clear()
        return ended

    def command(self, name: str) -> None:
        """ "backspace" takes away the last letter of the text, "clear" all; others do nothing."""
        if name == "backspace":
            self.text = self.text[:-1]
        elif name == "clear":
            self.text = ""

    def _commit(self, hand: _Hand, time: float) -> list[Event]:
        """Begin or go on with the sign that the hand shows; the one that this replaces."""
        label = self._labels[hand.candidate] if hand.candidate >= 0 else ""
        if not label:
            return []
        if hand.sign and hand.sign.label == label:
            hand.sign.end = time
            hand.sign.votes += hand.probabilities
            hand.sign.frames += 1
            return []
        if time - hand.since < HOLD:
            return []
        ended = self._end(hand)
        hand.sign = _Sign(label, hand.since, time, hand.probabilities.copy())
        self.text += label
        return ended

    def _end(self, hand: _Hand) -> list[Event]:
        sign = hand.sign
        if sign is None:
            return []
        hand.sign = None
        shares = sign.votes / sign.frames
        others = [
            {"letter": self._labels[index], "confidence": round(float(shares[index]), 4)}
            for index in np.argsort(-shares, kind="stable")
            if self._labels[index] not in ("", sign.label)
        ]
        confidence = float(shares[self._labels.index(sign.label)])
        details = {"hand": hand.side, "alternatives": others[:ALTERNATIVES]}
        return [Event("letter", sign.label, sign.start, sign.end, confidence, details)]


def _shape(landmarks: Points) -> Floats:
    """(21, 2) landmarks from the wrist, in palms: where the hand is does not matter."""
    points = landmarks[:, :2] - landmarks[0, :2]
    palm = np.linalg.norm(points[list(_KNUCKLES)], axis=1).mean()
    return np.asarray(points / max(float(palm), 1e-6), np.float32)
