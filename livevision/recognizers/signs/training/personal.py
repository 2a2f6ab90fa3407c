"""What a user's own examples bring, and whether they cost anybody anything.

Every source in turn is the user: the first looks at each of its letters become the layer that
`livevision signs calibrate` makes, and its later pictures are read with and without it. So are all
pictures of the others, who lend each other a machine now and then.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.signs.classifiers import LABELS, NO_SIGN
from livevision.recognizers.signs.features import features
from livevision.recognizers.signs.personal import Example, Layer
from livevision.recognizers.signs.training.dataset import APART, Hands
from livevision.recognizers.signs.training.validation import Answers

LOOKS = 12
"""At each letter; where a source has fewer than twice as many, half of them."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Shares of hands that are read right."""

    later: int
    """The user's own pictures that were read."""
    without: float
    with_layer: float
    weight: float
    """How much the layer chose to count."""
    others: tuple[float, float]
    """By how much the share of the other sources changes with it: the mean and the worst."""


def gains(hands: Hands, answers: Answers) -> dict[str, Gain]:
    """Of each source, from `answers` (to its hands by a model without it) and the `hands`, whose
    rows are the answers'."""
    found = features(hands.landmarks, hands.world, hands.right)
    read = (answers.truth != NO_SIGN) & answers.found
    people = [str(each) for each in np.unique(answers.source[read]) if each not in APART]
    gained = {}
    for user in people:
        own = read & (answers.source == user)
        shown = own & _first_looks(answers, own)
        layer = Layer().with_examples(
            [
                Example(
                    LABELS[answers.truth[row]],
                    hands.landmarks[row],
                    hands.world[row],
                    bool(hands.right[row]),
                    answers.probabilities[row],
                )
                for row in np.flatnonzero(shown)
            ]
        )

        def both(rows: NDArray[np.bool_], layer: Layer = layer) -> tuple[float, float]:
            truth, chances = answers.truth[rows], answers.probabilities[rows]
            adapted = [
                layer.adapt(each, hand).argmax()
                for each, hand in zip(chances, found[rows], strict=True)
            ]
            return (
                float((chances.argmax(axis=1) == truth).mean()),
                float((np.array(adapted) == truth).mean()),
            )

        later = own & ~shown
        if not later.any():
            continue
        changes = [
            after - before
            for before, after in (
                both(read & (answers.source == other)) for other in people if other != user
            )
        ]
        others = (float(np.mean(changes)), float(np.min(changes))) if changes else (0.0, 0.0)
        gained[user] = Gain(int(later.sum()), *both(later), layer.weight, others)
    return gained


def _first_looks(answers: Answers, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    first = np.zeros(len(own), np.bool_)
    for truth in np.unique(answers.truth[own]):
        rows = np.flatnonzero(own & (answers.truth == truth))
        first[rows[: min(LOOKS, len(rows) // 2)]] = True
    return first
