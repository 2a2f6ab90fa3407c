"""Whether a letter was signed, or only passed through on the way from one to another.

Hands pass through other letters' shapes, flicker between two, and slip in the one that they hold.
What tells such a letter is how little it was held beside its neighbours, whatever the pace, how
unsure it was, and whether a neighbour is the same letter. A logistic regression weighs the four;
its weights are learnt from people and rendered hands (`evaluation/passing.py`).
"""

import math
from collections.abc import Sequence
from typing import Protocol

from livevision.recognizers.signs import thresholds

NO_WORTH = 0.005
"""Seconds that are added to how much a letter is held, so that there is a logarithm of none."""
LEAST, MOST = -4.0, 1.5
"""Bounds of the logarithm of how much more a letter is held than its neighbour."""
UNSURE, SURE = -3.0, 4.0
"""Bounds of the logarithm of the odds of a letter."""
NEVER = 0.002
"""Least probability that it is another."""


class Held(Protocol):
    """A letter, how sure it is, and how much it was held."""

    @property
    def label(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def held(self) -> float: ...
    @property
    def confidence(self) -> float: ...


Features = tuple[float, float, float, float]


def features(letter: Held, before: Sequence[Held], after: Sequence[Held], near: float) -> Features:
    """What tells a letter that was passed through.

    How much more it is held than its lesser and than its greater neighbour (logarithms; 0 for
    none), its odds (logarithm), and whether the one before or after is the same letter. Neighbours
    are those of `before` and `after` that are at most `near` seconds away, on either side the one
    that was held longest.
    """
    before = [each for each in before if each.end > letter.start - near]
    after = [each for each in after if each.start < letter.end + near]
    ratios = [_ratio(letter, max(each.held for each in side)) for side in (before, after) if side]
    lesser, greater = max(ratios, default=0.0), min(ratios, default=0.0)
    odds = max(letter.confidence, NEVER) / max(1.0 - letter.confidence, NEVER)
    twin = letter.label in {each.label for each in (*before[-1:], *after[:1])}
    return lesser, greater, min(max(math.log(odds), UNSURE), SURE), float(twin)


def stands(found: Features, at: thresholds.Passing) -> bool:
    """Whether a letter of these features was signed."""
    weights = (at.lesser, at.greater, at.odds, at.twin)
    return at.bias + sum(map(float.__mul__, weights, found)) >= 0


def _ratio(letter: Held, other: float) -> float:
    ratio = math.log((letter.held + NO_WORTH) / (other + NO_WORTH))
    return min(max(ratio, LEAST), MOST)
