"""The story's model: a small convolutional network on 28x28 grey pictures.

Its 28 outputs are the 26 labels of Sign Language MNIST (9 and 25 never occur; 19 is that set's own
"T"), then ASL's T, then no sign. The last two are learnt from photos alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

OUTPUTS = 28
ASL_T = 26
NO_SIGN = 27

_PERCENTILES = (50.0, 60.0, 70.0, 80.0, 90.0, 99.0)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """`images` (n, 28, 28) uint8; `labels` (n,) int64, an output each; `weights` (n,) of a draw."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


def network() -> Any:
    """Untrained: (n, 28, 28, 1) float32 from 0 to 255 -> (n, 28) probabilities."""
    layers = tf.keras.layers

    def block(x: Any, filters: int) -> Any:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    inputs = tf.keras.Input((28, 28, 1), name="grey")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = layers.MaxPooling2D()(block(x, 32))
    x = layers.MaxPooling2D()(block(block(x, 48), 64))
    x = layers.MaxPooling2D()(block(block(x, 96), 96))
    x = layers.Dropout(0.35)(layers.Flatten()(x))
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.35)(x)
    outputs = layers.Dense(OUTPUTS, activation="softmax", name="labels")(x)
    return tf.keras.Model(inputs, outputs, name="cnn28")


def _quantiles(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    flat = np.sort(images.reshape(len(images), -1), axis=1)
    columns = [min(int(flat.shape[1] * p / 100), flat.shape[1] - 1) for p in _PERCENTILES]
    return np.maximum(flat[:, columns], 1).astype(np.float32)


def augmented(images: Any, white: Any, seeds: Any) -> Any:
    """A batch changed at random: pose, framing, light, blur, noise, holes.

    `images` (n, 28, 28, 1) float32 0-255; `white` (n, 6): their percentiles, one of which becomes
    white in half of the pictures, as `stages.normalize` does it; `seeds` (2,) int.
    """
    n = tf.shape(images)[0]
    count = iter(range(100))

    def uniform(shape: Sequence[Any], low: float, high: float) -> Any:
        return tf.random.stateless_uniform(shape, seeds + next(count), low, high)

    def chance(share: float, rank: int) -> Any:
        return tf.reshape(uniform([n], 0.0, 1.0) < share, [n] + [1] * (rank - 1))

    angle = uniform([n], -0.22, 0.22)
    scale = tf.exp(uniform([n], -0.16, 0.16))
    ratio = tf.exp(uniform([n], -0.08, 0.08))
    shear = uniform([n], -0.1, 0.1)
    a, b = tf.cos(angle) * scale * ratio, -tf.sin(angle) * scale + shear
    c, d = tf.sin(angle) * scale, tf.cos(angle) * scale / ratio
    shift_x, shift_y = uniform([n], -2.5, 2.5), uniform([n], -2.5, 2.5)
    zero = tf.zeros([n])
    half = 13.5
    transforms = tf.stack(
        [
            a, b, half - a * half - b * half + shift_x,
            c, d, half - c * half - d * half + shift_y,
            zero, zero,
        ],
        axis=1,
    )  # fmt: skip
    images = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[28, 28],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    column = tf.random.stateless_uniform([n], seeds + next(count), 0, white.shape[1], tf.int32)
    level = tf.reshape(tf.gather(white, column, batch_dims=1), [n, 1, 1, 1])
    images = tf.where(chance(0.5, 4), tf.minimum(images * 255.0 / level, 255.0), images)
    gamma = tf.exp(uniform([n, 1, 1, 1], -0.35, 0.35))
    images = 255.0 * (tf.maximum(images, 0.0) / 255.0) ** gamma
    mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
    images = (images - mean) * tf.exp(uniform([n, 1, 1, 1], -0.35, 0.3)) + mean
    images = images + uniform([n, 1, 1, 1], -35.0, 35.0)
    blurred = tf.nn.avg_pool2d(images, 3, 1, "SAME")
    images = tf.where(chance(0.2, 4), blurred, images)
    noise = tf.random.stateless_normal([n, 28, 28, 1], seeds + next(count))
    images = images + noise * uniform([n, 1, 1, 1], 0.0, 8.0)
    # a hole of up to 8x8 pixels: something in front of the hand
    grid = tf.range(28, dtype=tf.float32)
    center, extent = uniform([n, 2, 1], 0.0, 28.0), uniform([n, 2, 1], 1.0, 4.0)
    inside = tf.abs(grid - center) < extent
    hole = tf.logical_and(inside[:, 0, :, None, None], inside[:, 1, None, :, None])
    filled = tf.where(hole, uniform([n, 1, 1, 1], 0.0, 255.0), images)
    images = tf.where(chance(0.3, 4), filled, images)
    return tf.clip_by_value(images, 0.0, 255.0)


def batches(examples: Examples, *, size: int, seed: int) -> Any:
    """Endless (images, labels) batches, drawn by weight and augmented; the same for a seed."""
    share = examples.weights / examples.weights.sum()
    white = _quantiles(examples.images)

    def draw() -> Any:
        generator = np.random.default_rng(seed)
        edges = np.cumsum(share)
        while True:
            rows = np.minimum(np.searchsorted(edges, generator.random(size)), len(edges) - 1)
            yield (
                examples.images[rows, :, :, None].astype(np.float32),
                white[rows],
                examples.labels[rows],
                generator.integers(0, 2**31 - 1000, 2, np.int32),
            )

    signature = (
        tf.TensorSpec((size, 28, 28, 1), tf.float32),
        tf.TensorSpec((size, white.shape[1]), tf.float32),
        tf.TensorSpec((size,), tf.int64),
        tf.TensorSpec((2,), tf.int32),
    )
    data = tf.data.Dataset.from_generator(draw, output_signature=signature)
    changed = data.map(
        lambda images, white, labels, seeds: (
            augmented(images, white, seeds),
            tf.one_hot(labels, OUTPUTS),
        )
    )
    return changed.prefetch(4)


def fit(
    examples: Examples,
    *,
    epochs: int,
    seed: int,
    validation: Examples | None = None,
    start: Any = None,
    rate: float = 2e-3,
    steps: int = 215,
    batch: int = 128,
    progress: Callable[[int, dict[str, float]], None] = lambda epoch, figures: None,
) -> Any:
    """A trained network, from the weights of `start` if given; `rate` is the highest learning rate.

    With `validation`, it has the weights of its best epoch by cross-entropy.
    """
    tf.keras.utils.set_random_seed(seed)
    model = network()
    if start is not None:
        model.set_weights(start.get_weights())
    schedule = tf.keras.optimizers.schedules.CosineDecay(
        0.0, steps * epochs, alpha=0.002, warmup_target=rate, warmup_steps=steps
    )
    model.compile(
        optimizer=tf.keras.optimizers.AdamW(schedule, weight_decay=1e-4),
        loss=tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
    )

    class Report(tf.keras.callbacks.Callback):  # type: ignore[misc]
        best = np.inf
        weights: list[NDArray[np.float32]] | None = None

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            figures = dict(logs or {})
            if validation is not None:
                figures |= score(model, validation)
                if figures["cross_entropy"] < self.best:
                    self.best = figures["cross_entropy"]
                    self.weights = model.get_weights()
            progress(epoch, figures)

    report = Report()
    data = batches(examples, size=batch, seed=seed)
    model.fit(data, steps_per_epoch=steps, epochs=epochs, verbose=0, callbacks=[report])
    bare = network()  # without the optimizer, whose state would triple the file
    bare.set_weights(report.weights or model.get_weights())
    return bare


def predict(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 28) probabilities."""
    parts = [
        model(images[i : i + 512, :, :, None].astype(np.float32), training=False).numpy()
        for i in range(0, len(images), 512)
    ]
    return np.concatenate(parts)


def score(model: Any, examples: Examples) -> dict[str, float]:
    """Accuracy and cross-entropy on unchanged pictures."""
    found = predict(model, examples.images)
    truth = found[np.arange(len(found)), examples.labels]
    return {
        "held_accuracy": float((found.argmax(axis=1) == examples.labels).mean()),
        "cross_entropy": float(-np.log(np.maximum(truth, 1e-7)).mean()),
    }
