"""The network that reads a straightened staff, and its training. Needs TensorFlow."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.errors import UsageError
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.cells import DOTS, FLAGS, OUTPUTS
from livevision.recognizers.notes.symbols import SYMBOLS
from livevision.recognizers.notes.training import samples
from livevision.recognizers.notes.training.dataset import Strip

BATCH = 16
FOCUS = 1.5
"""Exponent of the focal loss (Lin et al. 2017): most cells are empty and soon easy."""
LIGHTER = {"flags": 1.0, "dots": 0.5, "ties": 0.3}
"""Weights of the losses beside the symbols' own."""
RATE = 2e-3
"""Adam's at the beginning."""
TOLD = 100
"""Steps between two reports."""


def build(width: int = samples.WIDTH, *, batch: int | None = None) -> Any:
    """Fully convolutional: half size, quarter size (a cell), an eighth for context, and back."""
    import keras
    from keras import layers

    def block(x: Any, channels: int, kernel: Any = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.97)(x)
        return layers.ReLU()(x)

    def residual(x: Any, channels: int, kernel: tuple[int, int]) -> Any:
        y = layers.Conv2D(channels, kernel, padding="same", use_bias=False)(x)
        y = layers.BatchNormalization(momentum=0.97)(y)
        return layers.ReLU()(layers.Add()([x, y]))

    picture = keras.Input((grid.HEIGHT, width, 1), batch_size=batch)
    x = block(picture, 8, 5, 2)
    x = block(x, 24, 3, 2)
    fine = residual(x, 24, (3, 3))
    x = block(fine, 40, 3, 2)
    for kernel in ((5, 3), (3, 5), (5, 3), (3, 5)):
        x = residual(x, 40, kernel)
    x = block(x, 24, 1)
    x = layers.UpSampling2D(2, interpolation="nearest")(x)
    x = layers.Concatenate()([x, fine])
    x = block(x, 40, 3)
    return keras.Model(picture, layers.Conv2D(OUTPUTS, 1)(x))


Batch = tuple[NDArray[np.float32], NDArray[np.uint8]]


def batches(strips: Sequence[Strip], seed: int) -> Iterator[Batch]:
    """Without end: pictures (BATCH, HEIGHT, WIDTH, 1), 0 to 1; labels (BATCH, ROWS, columns, 4)."""
    rng = np.random.default_rng(seed)
    while True:
        made: list[samples.Sample] = []
        while len(made) < BATCH:
            made += samples.samples(rng, strips[int(rng.integers(len(strips)))], 2)
        pictures = np.stack([each.image for each in made])[..., None].astype(np.float32) / 255
        labels = np.stack([np.stack([e.symbols, e.flags, e.dots, e.ties], -1) for e in made])
        yield pictures, labels


def _ahead(source: Iterator[Batch], count: int, waiting: int = 8) -> Iterator[Batch]:
    """The first `count` of `source`, made on a thread of its own; up to `waiting` lie ready."""
    queue: Queue[Batch] = Queue(waiting)

    def work() -> None:
        for each in islice(source, count):
            queue.put(each)

    threading.Thread(target=work, daemon=True).start()
    for _ in range(count):
        yield queue.get()


def losses(labels: Any, outputs: Any) -> Any:
    """The sum that is made small: focal loss of the symbols, cross-entropy of flags, dots, ties."""
    import tensorflow as tf

    labels = tf.cast(labels, tf.int32)
    begin = 0

    def part(size: int) -> Any:
        nonlocal begin
        begin += size
        return outputs[..., begin - size : begin]

    symbols, flags, dots, ties = part(len(SYMBOLS)), part(FLAGS), part(DOTS), part(1)
    asked = labels[..., 0] != samples.IGNORED
    target = tf.where(asked, labels[..., 0], 0)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(target, symbols)
    focal = entropy * tf.pow(1 - tf.exp(-entropy), FOCUS)
    count = tf.reduce_sum(tf.cast(asked & (target > 0), tf.float32)) + 1
    total = tf.reduce_sum(tf.where(asked, focal, 0.0)) / count
    for name, logits, index in (("flags", flags, 1), ("dots", dots, 2)):
        there = labels[..., index] != samples.IGNORED
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.where(there, labels[..., index], 0), logits
        )
        number = tf.reduce_sum(tf.cast(there, tf.float32)) + 1
        total += LIGHTER[name] * tf.reduce_sum(tf.where(there, entropy, 0.0)) / number
    there = labels[..., 3] != samples.IGNORED
    truth = tf.cast(tf.where(there, labels[..., 3], 0), tf.float32)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(truth, ties[..., 0])
    number = tf.reduce_sum(tf.cast(there, tf.float32)) + 1
    return total + LIGHTER["ties"] * tf.reduce_sum(tf.where(there, entropy, 0.0)) / number


def fit(
    model: Any,
    strips: Sequence[Strip],
    *,
    steps: int,
    seed: int = 0,
    rate: float = RATE,
    tell: Callable[[str], None] = print,
) -> float:
    """Train for `steps`; the learning rate falls along a cosine. Returns the loss of late.

    The same strips, steps and seed give the same weights on the same machine.
    """
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(rate, clipnorm=1.0)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(pictures: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = losses(labels, model(pictures, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    mean = 0.0
    ahead = _ahead(batches(strips, seed), steps)
    for number, (pictures, labels) in enumerate(ahead):
        gone = number / steps
        optimizer.learning_rate.assign(rate * max(0.01, 0.5 * (1 + math.cos(math.pi * gone))))
        loss = float(step(tf.constant(pictures), tf.constant(labels)))
        mean = 0.98 * mean + 0.02 * loss if number else loss
        if number % TOLD == TOLD - 1:
            tell(f"step {number + 1} of {steps}: loss {mean:.4f}")
    return mean


def keep(model: Any, path: Path) -> None:
    """Write the weights, in 16-bit floats."""
    weights = [np.asarray(each, np.float16) for each in model.get_weights()]
    with path.open("wb") as file:
        np.savez_compressed(file, *weights)


def restore(model: Any, path: Path) -> None:
    """Take the weights that `keep` wrote; UsageError if they are none of this network."""
    try:
        with np.load(path, allow_pickle=False) as file:
            weights = [file[f"arr_{place}"].astype(np.float32) for place in range(len(file.files))]
        model.set_weights(weights)
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(f"{path} holds no weights of this network: {error}.") from error


def converted(model: Any, width: int) -> bytes:
    """`model` as a .tflite for strips `width` pixels wide, weights in 16-bit floats."""
    import tensorflow as tf

    fixed = build(width, batch=1)
    fixed.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())
