"""What letter a hand shows: three models behind one interface.

`cnn28` is the story's network on 28x28 grey pixels, `landmarks` goes by the joints alone, `fused`
by the joints and the picture together.
"""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from livevision import litert
from livevision.assets import verified
from livevision.errors import ModelError, UsageError
from livevision.frame import Floats, Image, Step, Steps
from livevision.locators.hands import Hand
from livevision.recognizers.signs.features import features, with_traits
from livevision.recognizers.signs.prepare import prepare

LABELS = (*string.ascii_uppercase, "")
"""What the probabilities are of; the last is no sign. J and Z, being movements, get none."""

NO_SIGN = len(LABELS) - 1
STILL = tuple(index for index, label in enumerate(LABELS) if label not in ("J", "Z"))
"""Places in `LABELS` that a still picture can show: the outputs of `landmarks` and `fused`."""

_DATA_SET_T, _ASL_T, _NOTHING = 19, 26, 27
"""Outputs of `cnn28` beside the letters; Sign Language MNIST's own "T" is not ASL's."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a hand seems to show."""

    probabilities: Floats
    """(27,) of `LABELS`, sum 1."""
    stages: Sequence[Step]
    """Names and pictures of the story's steps, from the crop to the 28x28 pixels of `cnn28`."""


class Classifier(Protocol):
    """Reads one hand in one picture; remembers nothing."""

    labels: Sequence[str]

    def classify(self, image: Image, hand: Hand) -> Reading:
        """What `hand` shows in `image`, the whole frame in BGR."""


def load_classifier(name: str, models: Path) -> Classifier:
    """The classifier `name` with its model from the folder `models`.

    Raises UsageError for an unknown name, ModelError for a missing or damaged model.
    """
    if name not in _CLASSIFIERS:
        raise UsageError(f"No model {name!r} for signs; there are: {', '.join(_CLASSIFIERS)}.")
    return _CLASSIFIERS[name](models)


class Cnn28:
    """The story's network."""

    labels: Sequence[str] = LABELS

    def __init__(self, models: Path) -> None:
        self._network = _Network(models / "cnn28.tflite", (28, 28, 1))

    def classify(self, image: Image, hand: Hand) -> Reading:
        stages = prepare(image, hand.box, right=hand.right)
        found = self._network(stages[-1][1][None, :, :, None].astype(np.float32))
        return Reading(letters_of_cnn28(found)[0], stages)


def letters_of_cnn28(found: Floats) -> Floats:
    """(n, 28) outputs of the network as (n, 27) probabilities of `LABELS`."""
    letters = np.zeros((len(found), len(LABELS)), np.float32)
    letters[:, STILL[:-1]] = found[:, STILL[:-1]]
    letters[:, _DATA_SET_T] = found[:, _ASL_T]
    letters[:, NO_SIGN] = 1.0 - letters.sum(axis=1)
    return np.maximum(letters, 0.0)


class Landmarks:
    """A network on where the joints are, whoever's hand it is."""

    labels: Sequence[str] = LABELS

    def __init__(self, models: Path) -> None:
        self._network = _Network(models / "landmarks.tflite")

    def classify(self, image: Image, hand: Hand) -> Reading:
        return _reading([self._network(_shape(look)) for look in _looks(hand)], image, hand)


class Fused:
    """A network on where the joints are and on what the picture of the hand looks like.

    The picture speaks through the layer that the landmarks were read from, and through the maps
    before it, read at the joints; they are there already, and that network has seen far more hands
    and rooms than any picture of signs shows.
    """

    labels: Sequence[str] = LABELS

    def __init__(self, models: Path) -> None:
        self._network = _Network(models / "fused.tflite")

    def classify(self, image: Image, hand: Hand) -> Reading:
        return _reading([self._network(self._inputs(look)) for look in _looks(hand)], image, hand)

    @staticmethod
    def _inputs(hand: Hand) -> Floats:
        angle, right = np.array([hand.angle], np.float32), np.array([hand.right])
        return with_traits(_shape(hand), hand.traits[None], hand.local[None], angle, right)


def _shape(hand: Hand) -> Floats:
    return features(hand.landmarks[None], hand.world[None], np.array([hand.right]))


def _looks(hand: Hand) -> tuple[Hand, ...]:
    return hand, *hand.again


def mean(looks: Floats) -> Floats:
    """Probabilities (k,) from those of several looks (n, k) at one hand: their geometric mean."""
    product = np.exp(np.log(np.maximum(looks, 1e-9)).mean(axis=0))
    return np.asarray(product / product.sum(), np.float32) if len(looks) > 1 else looks[0]


def _reading(looks: Sequence[Floats], image: Image, hand: Hand) -> Reading:
    letters = np.zeros(len(LABELS), np.float32)
    letters[list(STILL)] = mean(np.concatenate(looks))
    return Reading(letters, Steps(partial(prepare, image, hand.box, right=hand.right)))


class _Network:
    """A .tflite file of one input and one output."""

    def __init__(self, path: Path, shape: tuple[int, ...] | None = None) -> None:
        self._network = litert.network(
            verified(path), name=str(path), cure="Train it anew with 'livevision train signs'."
        )
        taken = self._network.shape
        if shape is not None and taken[1:] != shape:
            raise ModelError(f"{path} takes {taken}, not {shape}: it is another model.")

    def __call__(self, values: Floats) -> Floats:
        (found,) = self._network(values)
        return np.asarray(found, np.float32)


_CLASSIFIERS: dict[str, Callable[[Path], Classifier]] = {
    "cnn28": Cnn28,
    "landmarks": Landmarks,
    "fused": Fused,
}
