"""A user's own hand, and signs of their own: a small layer over a general classifier.

It can do no harm by construction. What the general classifier is sure of stays as it is. Where it
is not, only the letters that it holds possible and that the user has shown compete anew, for the
probability they had together, by how near the user's own examples are; it counts the less the
further all of them are. How much it counts at most is found by cross-validation on the examples,
and is nothing unless it makes more of them right. A sign that was taught is answered only very near
its examples, and never where the classifier is sure of a letter for which it did not already take
these examples.

Kept are landmarks, never pictures.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import classifying, files, settings
from livevision.errors import ModelError, OutputError, UsageError
from livevision.frame import Floats, Image
from livevision.locators.hands import Hand
from livevision.recognizers.signs.classifiers import LABELS, Classifier, Reading
from livevision.recognizers.signs.features import features

SURE = 0.95
"""A probability from which on an answer stays as it is."""
POSSIBLE = 0.01
"""A probability below which a letter does not compete."""
SHARPNESS = 5.0
"""How much nearer examples speak for a letter, in nats per unit of distance."""
WEIGHTS = (0.0, 0.2)
"""How much the user's examples may count beside the general classifier. With 0.2 and 12 looks at
each letter, sources held out from `fused` gained 0 to 4.3 points of accuracy on their later
pictures and none lost any, see its card; at 0.5 several people lost up to 2 with an earlier one."""
NEAR = 0.7
"""Distance to the nearest letter's examples up to which they count in full; e times less for each
unit more. Without it, somebody else's hands lost 1.0 points on the mean, with it they lose 0.1."""
FOLDS = 4
LETTER_SPREAD, SIGN_SPREAD = 0.1, 0.15
"""The least spread of a feature within a letter, and within a taught sign."""
RADIUS = 0.7
"""Distance from a taught sign's examples at which its probability is a half."""
SOFTNESS = 0.08
"""Change of distance that changes the odds by a factor of e."""
FAR = 4.0
"""Most spreads that one feature can be away: a single joint gone wrong must not decide."""
LONGEST_NAME = 40
READER = 4
"""Raised whenever `fused` is trained anew: what an earlier one made of the examples may no longer
be what is made of them today. 1: files that do not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One look at the user's hand, and what it was meant to show."""

    label: str
    landmarks: Floats
    """(21, 3), pixels."""
    world: Floats
    """(21, 3), metres."""
    right: bool
    chances: Floats
    """(27,): what the general classifier made of it."""
    reader: int = READER
    """Which generation of it."""

    @classmethod
    def of(cls, label: str, hand: Hand, chances: Floats) -> "Example":
        return cls(label, hand.landmarks, hand.world, hand.right, chances)


@dataclass(frozen=True)
class Layer:
    """All that is known of the user. Immutable."""

    examples: tuple[Example, ...] = ()
    weight: float = 0.0
    """How much examples of letters count, one of WEIGHTS."""

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters with examples."""
        return tuple(sorted({each.label for each in self.examples} & set(LABELS)))

    @property
    def taught(self) -> tuple[str, ...]:
        """The signs that are no letters."""
        return tuple(sorted({each.label for each in self.examples} - set(LABELS)))

    @property
    def outdated(self) -> tuple[str, ...]:
        """The labels whose examples were shown to an earlier general classifier."""
        return tuple(sorted({each.label for each in self.examples if each.reader != READER}))

    def with_examples(self, examples: Sequence[Example]) -> "Layer":
        """With these in place of all earlier examples of their labels, its weight found anew."""
        labels = {each.label for each in examples}
        kept = tuple(each for each in self.examples if each.label not in labels)
        return self._weighed((*kept, *examples))

    def without(self, labels: Sequence[str]) -> "Layer":
        """Without the examples of `labels`, its weight found anew."""
        return self._weighed(tuple(each for each in self.examples if each.label not in labels))

    def adapt(self, chances: Floats, hand: Floats) -> Floats:
        """Probabilities (27,) of a hand with these features (F,) as (27 + taught,)."""
        adapted = self._letters.adapt(chances, hand, self.weight) if self._letters else chances
        others = np.zeros(len(self._signs), np.float32)
        best, top = int(chances.argmax()), float(chances.max())
        for index, sign in enumerate(self._signs):
            if top < SURE or best in sign.shadows:
                others[index] = sign.chance(hand)
        if len(others):
            others[others < others.max()] = 0.0  # one hand shows one sign
        return np.concatenate((adapted * (1.0 - others.sum()), others), dtype=np.float32)

    @cached_property
    def _letters(self) -> "_Letters | None":
        shown = [each for each in self.examples if each.label in LABELS]
        return _Letters(shown) if shown and self.weight else None

    @cached_property
    def _signs(self) -> tuple["_Sign", ...]:
        return tuple(
            _Sign([each for each in self.examples if each.label == label]) for label in self.taught
        )

    @staticmethod
    def _weighed(examples: tuple[Example, ...]) -> "Layer":
        right = [
            sum(a == each.label for a, each in answers(examples, weight) if each.label in LABELS)
            for weight in WEIGHTS
        ]
        return Layer(examples, WEIGHTS[int(np.argmax(right))])


def answers(examples: Sequence[Example], weight: float) -> list[tuple[str, Example]]:
    """What the layer with `weight` answers to each letter's example when it has not seen it.

    Cross-validated: a letter's examples are parted in the order they were made, so that those
    left out are not neighbours of those seen.
    """
    shown = [each for each in examples if each.label in LABELS]
    fold = np.zeros(len(shown), int)
    for label in {each.label for each in shown}:
        places = [index for index, each in enumerate(shown) if each.label == label]
        fold[places] = np.arange(len(places)) * FOLDS // len(places)
    answered: dict[int, str] = {}
    for part in range(FOLDS):
        seen = [each for each, of in zip(shown, fold, strict=True) if of != part]
        letters = _Letters(seen) if seen and weight else None
        for index in np.flatnonzero(fold == part):
            chances = shown[index].chances
            if letters:
                hand = _features([shown[index]])[0]
                chances = letters.adapt(chances, hand, weight)
            answered[int(index)] = LABELS[int(chances.argmax())]
    return [(answered[index], each) for index, each in enumerate(shown)]


class PersonalClassifier:
    """A general classifier with a user's layer over it."""

    def __init__(self, general: Classifier, layer: Layer) -> None:
        self._general = general
        self._layer = layer
        self.labels: Sequence[str] = (*general.labels, *layer.taught)

    def classify(self, image: Image, hand: Hand) -> Reading:
        reading = self._general.classify(image, hand)
        found = features(hand.landmarks[None], hand.world[None], np.array([hand.right]))[0]
        return Reading(self._layer.adapt(reading.probabilities, found), reading.stages)


class _Letters:
    """The user's letters as means of features, with one spread for all."""

    def __init__(self, examples: Sequence[Example]) -> None:
        found = _features(examples)
        labels = np.array([LABELS.index(each.label) for each in examples])
        self._known = np.unique(labels)
        self._means = np.stack([found[labels == label].mean(axis=0) for label in self._known])
        rest = found - self._means[np.searchsorted(self._known, labels)]
        self._spread = rest.std(axis=0) + LETTER_SPREAD

    def adapt(self, chances: Floats, hand: Floats, weight: float) -> Floats:
        """Probabilities (27,), those of possible letters shared out anew."""
        possible = np.flatnonzero(chances[self._known] >= POSSIBLE)
        if chances.max() >= SURE or len(possible) < 2:
            return chances
        places = self._known[possible]
        away = (((self._means[possible] - hand) / self._spread) ** 2).mean(axis=1)
        weight *= min(1.0, float(np.exp(NEAR - away.min())))  # a hand unlike all is another's
        score = (1.0 - weight) * np.log(chances[places]) - weight * SHARPNESS * (away - away.min())
        share = np.exp(score - score.max())
        adapted = chances.copy()
        adapted[places] = share / share.sum() * chances[places].sum()
        return adapted


class _Sign:
    """A sign that was taught."""

    def __init__(self, examples: Sequence[Example]) -> None:
        found = _features(examples)
        self._mean = found.mean(axis=0)
        self._spread = np.sqrt(found.var(axis=0) + SIGN_SPREAD**2)
        self.shadows = {int(each.chances.argmax()) for each in examples}
        """What the general classifier takes the examples for."""

    def chance(self, hand: Floats) -> float:
        """Probability that a hand with these features shows it."""
        spreads = np.minimum(np.abs(hand - self._mean) / self._spread, FAR)
        return float(1.0 / (1.0 + np.exp((np.mean(spreads**2) - RADIUS) / SOFTNESS)))


def _features(examples: Sequence[Example]) -> Floats:
    return features(
        np.stack([each.landmarks for each in examples]),
        np.stack([each.world for each in examples]),
        np.array([each.right for each in examples]),
    )


def checked_name(name: str) -> str:
    """`name` as the name of a taught sign; UsageError if it cannot be one."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A sign's name is 1 to {LONGEST_NAME} printable characters.")
    if name.upper() in LABELS:
        raise UsageError(f"{name} is a letter: show yours with 'livevision signs calibrate'.")
    return name


def path() -> Path:
    """Where the user's layer is kept."""
    return settings.data_folder() / "signs.npz"


def read(file: Path | None = None) -> Layer:
    """The user's layer; an empty one if there is none. Raises ModelError if it is damaged."""
    file = file or path()
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            labels = content["labels"]
            readers = content["reader"] if "reader" in content else np.ones(len(labels), np.int64)
            examples = tuple(
                Example(str(label), landmarks, world, bool(right), chances, int(reader))
                for label, landmarks, world, right, chances, reader in zip(
                    labels,
                    _array(content["landmarks"], (21, 3)),
                    _array(content["world"], (21, 3)),
                    content["right"],
                    _array(content["chances"], (len(LABELS),)),
                    readers,
                    strict=True,
                )
            )
            return Layer(examples, float(content["weight"]))
    except FileNotFoundError:
        return Layer()
    except classifying.DAMAGE as error:
        raise ModelError(
            f"Your own signs in {file} cannot be read. Erase them with 'livevision signs forget'."
        ) from error


def write(layer: Layer, file: Path | None = None) -> None:
    """Keep the layer, readable by the user alone; an empty one erases the file. OutputError."""
    file = file or path()
    examples = layer.examples
    try:
        if not examples:
            file.unlink(missing_ok=True)
            return
        settings.prepare_folder(file.parent)
    except OSError as error:
        raise OutputError(f"Cannot write {file}: {error.strerror}.") from error

    content = (
        io.BytesIO()
    )  # on a full disk a ZipFile would complain for itself when it is collected
    np.savez_compressed(
        content,
        labels=np.array([each.label for each in examples]),
        landmarks=np.stack([each.landmarks for each in examples]),
        world=np.stack([each.world for each in examples]),
        right=np.array([each.right for each in examples]),
        chances=np.stack([each.chances for each in examples]),
        reader=np.array([each.reader for each in examples]),
        weight=np.array(layer.weight),
    )
    files.replace_bytes(file, content.getvalue(), private=True)


def _array(values: NDArray[np.float32], shape: tuple[int, ...]) -> Floats:
    if values.shape[1:] != shape or not np.isfinite(values).all():
        raise ValueError(f"expected {shape}, finite")
    return values.astype(np.float32)
