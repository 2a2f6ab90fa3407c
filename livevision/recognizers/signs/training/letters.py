"""The networks `landmarks` and `fused`: small ensembles on a hand's features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from livevision.frame import Floats
from livevision.recognizers.signs.classifiers import LABELS, STILL
from livevision.recognizers.signs.features import features, with_traits
from livevision.recognizers.signs.training.dataset import (
    FLAWED,
    LIT,
    LOCAL,
    MOVING,
    NOTHING,
    RENDERED,
    Hands,
)
from livevision.recognizers.signs.training.poses import Changes, changed
from livevision.recognizers.signs.training.validation import Calibration

NO_SIGN = len(STILL) - 1
"""The last output: no sign."""

_OUTPUT_OF = {LABELS[place]: output for output, place in enumerate(STILL)} | {NOTHING: NO_SIGN}
_CHANGES = Changes(turn=0.15)
_FILTERS = 32
"""Of the maps at each joint."""
_BATCH = 160
_STEPS_PER_EPOCH = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train."""

    traits: bool
    """True for `fused`, False for `landmarks`."""
    epochs: int = 64
    seed: int = 1
    changes: Changes = _CHANGES
    nothing: float = 0.15
    """Share of no-sign examples in a batch."""
    rendered: float = 0.4
    """Share of rendered hands in a batch, where there are any."""
    blind: float = 0.1
    """Share of hands whose traits are hidden, as those of hands known by landmarks alone are."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Hands as right hands, ready for training: `output` (n,) is an output of the network."""

    landmarks: Floats
    world: Floats
    traits: NDArray[np.float16]
    local: NDArray[np.float16]
    heading: Floats
    output: NDArray[np.int64]
    source: NDArray[np.str_]
    usual: Floats
    """(1152,) mean traits, which stand for those that are not known."""
    usual_local: Floats
    """(21, 304), likewise."""

    def inputs(self, rows: NDArray[np.int64], *, traits: bool) -> Floats:
        """What the network sees of unchanged hands."""
        return self._joined(self.landmarks[rows], self.world[rows], rows, traits=traits)

    def changed(
        self,
        rows: NDArray[np.int64],
        partners: NDArray[np.int64],
        generator: np.random.Generator,
        changes: Changes,
        *,
        traits: bool,
        blind: float,
    ) -> Floats:
        """What it sees of changed ones; a share `blind` of them without their traits."""
        made = changed(self.landmarks, self.world, partners, rows, generator, changes)
        hidden = generator.random(len(rows)) < blind
        return self._joined(*made, rows, traits=traits, hidden=hidden)

    def _joined(
        self,
        landmarks: Floats,
        world: Floats,
        rows: NDArray[np.int64],
        *,
        traits: bool,
        hidden: NDArray[np.bool_] | None = None,
    ) -> Floats:
        right = np.ones(len(rows), np.bool_)
        shape = features(landmarks, world, right)
        if not traits:
            return shape
        seen, local = self.traits[rows].astype(np.float32), self.local[rows].astype(np.float32)
        unknown = ~seen.any(axis=1)
        if hidden is not None:
            unknown |= hidden
        seen[unknown], local[unknown] = self.usual, self.usual_local
        heading = np.where(unknown, 0.0, self.heading[rows]).astype(np.float32)
        return with_traits(shape, seen, local, heading, right)


def examples(hands: Hands) -> Examples:
    """The hands that there are, of signs that stand still; left ones mirrored."""
    mirror = np.where(hands.right[:, None, None], 1.0, np.array([-1, 1, 1], np.float32))
    letters = np.where(hands.view == -1, NOTHING, hands.letter)
    seen = hands.traits.any(axis=1)
    return Examples(
        (hands.landmarks * mirror).astype(np.float32),
        (hands.world * mirror).astype(np.float32),
        hands.traits,
        hands.local,
        np.where(hands.right, hands.angle, -hands.angle).astype(np.float32),
        np.array([_OUTPUT_OF[letter] for letter in letters], np.int64),
        hands.source,
        hands.traits[seen].mean(axis=0, dtype=np.float32),
        hands.local[seen].mean(axis=0, dtype=np.float32),
    )


def usable(hands: Hands) -> NDArray[np.bool_]:
    """Which rows can be trained on: a hand is there, stands still and shows what is said."""
    flawed = np.zeros(len(hands), np.bool_)
    for source, letter in FLAWED:
        flawed |= (hands.source == source) & (hands.letter == letter)
    return np.asarray(
        (hands.view > -2) & (hands.view < LIT) & ~np.isin(hands.letter, MOVING) & ~flawed, np.bool_
    )


def fit(
    known: Examples, plan: Plan, progress: Callable[[int, int], None] = lambda at, of: None
) -> Any:
    """A trained network: (n, inputs) float32 -> (n, 25) scores."""
    everyone = np.arange(len(known.output))
    sample = known.inputs(everyone[:: max(1, len(everyone) // 2000)], traits=plan.traits)
    return _fitted(known, plan, (sample.mean(axis=0), sample.std(axis=0) + 0.05), progress)


def ensemble(members: list[Any]) -> Any:
    """One model whose probabilities are the geometric mean of its members'."""
    inputs = tf.keras.Input(members[0].input_shape[1:], name="hand")
    scores = [
        tf.keras.Model(member.input, member.output, name=f"network_{number}")(inputs)
        for number, member in enumerate(members, 1)  # from files, all have one name
    ]
    mean = tf.keras.layers.Average()(scores) if len(scores) > 1 else scores[0]
    return tf.keras.Model(inputs, tf.keras.layers.Softmax(name="letters")(mean))


def calibrated(model: Any, calibration: Calibration) -> Any:
    """The same ensemble with its scores made probabilities that can be taken at their word."""
    scores = model.layers[-1].input
    caution = [0.0] * NO_SIGN + [calibration.caution]
    scaled = tf.keras.layers.Rescaling(1.0 / calibration.temperature, offset=caution)(scores)
    return tf.keras.Model(model.input, tf.keras.layers.Softmax(name="letters")(scaled))


def _network(mean: Floats, spread: Floats, shape: int) -> Any:
    """Untrained: the first `shape` inputs are of landmarks, then come traits, the last
    are of the maps at the joints."""
    layers = tf.keras.layers

    def dense(x: Any, units: int, dropout: float) -> Any:
        x = layers.BatchNormalization()(layers.Dense(units, use_bias=False)(x))
        return layers.Dropout(dropout)(layers.Activation("relu")(x))

    inputs = tf.keras.Input((len(mean),))
    scaled = layers.Normalization(mean=mean, variance=spread**2)(inputs)
    x = dense(layers.Dropout(0.1)(scaled[:, :shape]), 224, 0.3)
    if len(mean) > shape:
        joints, channels = LOCAL
        start = len(mean) - joints * channels
        seen = layers.GaussianNoise(0.1)(scaled[:, shape:start])
        # the same filters at every joint, as in a convolution
        local = layers.Reshape(LOCAL)(scaled[:, start:])
        local = layers.SpatialDropout1D(0.2)(local)
        local = layers.Flatten()(dense(local, _FILTERS, 0.2))
        parts = (x, dense(layers.Dropout(0.2)(seen), 224, 0.3), dense(local, 160, 0.3))
        x = layers.Concatenate()(parts)
    return tf.keras.Model(inputs, layers.Dense(NO_SIGN + 1)(dense(x, 128, 0.3)))


def _fitted(
    known: Examples,
    plan: Plan,
    scale: tuple[Floats, Floats],
    progress: Callable[[int, int], None],
) -> Any:
    tf.keras.utils.set_random_seed(plan.seed)
    generator = np.random.default_rng(plan.seed)
    shape = len(known.inputs(np.arange(1), traits=False)[0])
    model = _network(*scale, shape)
    steps = plan.epochs * _STEPS_PER_EPOCH
    schedule = tf.keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=3e-3, warmup_steps=_STEPS_PER_EPOCH
    )
    optimizer = tf.keras.optimizers.AdamW(schedule, weight_decay=2e-3)
    loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.08)

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[
            tf.TensorSpec((None, len(scale[0])), tf.float32),
            tf.TensorSpec((None, NO_SIGN + 1), tf.float32),
        ]
    )
    def step(inputs: Any, truth: Any) -> None:
        with tf.GradientTape() as tape:
            cost = loss(truth, model(inputs, training=True))
        gradients = tape.gradient(cost, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

    draw = _Draw(known, plan, generator)
    one_hot = np.eye(NO_SIGN + 1, dtype=np.float32)
    for number in range(steps):
        if number % _STEPS_PER_EPOCH == 0:
            progress(number // _STEPS_PER_EPOCH, plan.epochs)
        rows = draw(_BATCH)
        inputs = known.changed(
            rows,
            draw.partners(rows),
            generator,
            plan.changes,
            traits=plan.traits,
            blind=plan.blind,
        )
        step(inputs, one_hot[known.output[rows]])
    return model


class _Draw:
    """Draws hands: sources by the root of their size, letters of a source as they come."""

    def __init__(self, known: Examples, plan: Plan, generator: np.random.Generator) -> None:
        self._generator = generator
        self._output = known.output
        weights = np.zeros(len(known.output))
        for source in np.unique(known.source):
            rows = known.source == source
            weights[rows] = 1.0 / np.sqrt(rows.sum())
        empty, drawn = known.output == NO_SIGN, known.source == RENDERED
        for of_kind, share in ((empty, plan.nothing), (~empty, 1.0 - plan.nothing)):
            for of_origin, part in ((drawn, plan.rendered), (~drawn, 1.0 - plan.rendered)):
                rows = of_kind & of_origin
                weights[rows] *= share * part / max(weights[rows].sum(), 1e-9)
        self._edges = np.cumsum(weights)
        self._alike = {}
        for output in np.unique(known.output):
            alike = np.flatnonzero(known.output == output)
            self._alike[output] = alike, np.cumsum(weights[alike])

    def __call__(self, count: int) -> NDArray[np.int64]:
        return self._pick(self._edges, count)

    def partners(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the same output, drawn alike."""
        partners = np.empty_like(rows)
        for output in np.unique(self._output[rows]):
            wanted = self._output[rows] == output
            alike, edges = self._alike[output]
            partners[wanted] = alike[self._pick(edges, int(wanted.sum()))]
        return partners

    def _pick(self, edges: NDArray[np.float64], count: int) -> NDArray[np.int64]:
        places = np.searchsorted(edges, self._generator.random(count) * edges[-1])
        return np.asarray(np.minimum(places, len(edges) - 1), np.int64)
