"""From a data folder to the models of signs, with their card; what was done once is kept."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from livevision.assets import write_checksums
from livevision.errors import UsageError
from livevision.recognizers.signs.classifiers import LABELS, STILL, letters_of_cnn28
from livevision.recognizers.signs.classifiers import NO_SIGN as NO_SIGN_PLACE
from livevision.recognizers.signs.training import cnn28, landmark_files, letters, signmnist
from livevision.recognizers.signs.training.dataset import (
    BYSTANDERS,
    MOVING,
    NOTHING,
    RENDERED,
    Hands,
    collect,
)
from livevision.recognizers.signs.training.validation import Answers, Calibration

Progress = Callable[[str, int, int], None]

_PHOTO_SHARE = 0.4
"""Share of photos, as against Sign Language MNIST, in what `cnn28` is trained on."""
_VALIDATION_SHARE = 0.12
_EPOCHS = 24
"""Of `cnn28`; a quarter as many follow on everything."""
_LARGEST = 10_000_000
"""Bytes of a file that may stand beside the program."""
FOLDS = 5
"""In how many parts sources are held out: each network has seen some four fifths of them."""
_AT_ONCE = 500
"""Hands that are read at once, for the memory's sake."""
_FOLD_EPOCHS = 4
"""Of `cnn28` without a source."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to train, from what, to where."""

    data: Path
    cache: Path
    models: Path
    rendered: Path | None = None
    """A folder of rendered hands, to train `landmarks` and `fused` on as well."""
    networks: tuple[str, ...] = ("cnn28", "landmarks", "fused")
    seed: int = 1
    epochs: int | None = None
    """Fewer than the plans', for a trial."""
    beside: Path | None = None
    """The .keras file of an earlier `fused`, whose answer counts as much as all new networks'."""
    held_out: tuple[str, ...] = ()
    """Sources to hold out together and to measure on; none stands for each in turn."""
    without: tuple[str, ...] = ()
    """Steps of the live chain, each of which `cnn28` is also measured without."""


@dataclass(frozen=True, slots=True)
class Official:
    """Accuracy of `cnn28` on Sign Language MNIST."""

    validation: float
    test: float
    test_without_t: float


def load(request: Request, progress: Progress) -> Hands:
    """All hands of the data folder."""
    hands = collect(request.data, request.rendered, request.cache, progress)
    alone = landmark_files.collect(request.data)
    return hands if alone is None else hands.joined(alone)


def cross_validate(request: Request, hands: Hands, name: str, progress: Progress) -> Answers:
    """What network `name` answers to each source when trained on others alone.

    Not yet calibrated. Sources are held out in `FOLDS` parts. By a single network, where the mean
    of all is shipped, and `cnn28` by one that was trained more shortly: that is quicker and
    flatters nobody. Folds that are done already are taken from the cache.
    """
    plan = _plan(request, name)
    fold = folds(hands, request.held_out)
    held = range(int(fold.max()) + 1)
    answers = np.zeros((len(hands), len(LABELS)), np.float32)
    for at in held:
        out = fold == at
        rows = np.flatnonzero(out & ~np.isin(hands.letter, MOVING) & (hands.view == 0))
        if not len(rows):
            continue
        known, seen = hands[~out], hands[rows]
        progress(f"{name}, people held out", at, len(held))
        if name != "cnn28":
            network = _network_without(request, plan, hands, fold, at, progress)
            answers[rows[:, None], list(STILL)] = _answers_of_letters(network, plan, seen)
            continue
        key = _key_of_cnn28((_fold_epochs(request), request.seed), photo_examples(known), seen)
        path = request.cache / "folds" / f"{name}-{at + 1}of{len(held)}-{key}.npy"
        if not path.is_file():
            _keep(path, _answers_of_cnn28(request, known, seen))
        answers[rows[:, None], list(STILL)] = np.load(path)
    progress(f"{name}, people held out", len(held), len(held))
    measured = asked(request, hands)
    place = {letter: place for place, letter in enumerate(LABELS)} | {NOTHING: NO_SIGN_PLACE}
    return Answers(
        hands.name[measured],
        hands.source[measured],
        np.array([place[letter] for letter in hands.letter[measured]], np.int64),
        hands.view[measured] == 0,
        answers[measured],
    )


def asked(request: Request, hands: Hands) -> NDArray[np.bool_]:
    """Which rows are measured on: pictures as they are; of two hands in one without a sign, both.

    Also those in which no hand was found.
    """
    whole = ((hands.view == 0) | (hands.view == -2)) & ~np.isin(hands.letter, MOVING)
    return np.asarray(whole & (folds(hands, request.held_out) >= 0), np.bool_)


def folds(hands: Hands, held_out: tuple[str, ...] = ()) -> NDArray[np.int64]:
    """The part in which each row is held out, from 0 on; -1 for what is never measured on.

    A source, and all that show the same people, is in one part; those in whose pictures nobody
    signs, strangers to each other, are in all parts, a person in one. With sources `held_out`,
    these are the only part. UsageError if one of them is not there.
    """
    pictures = (hands.view != landmark_files.LANDMARKS_ALONE) & (hands.source != RENDERED)
    there = [str(each) for each in np.unique(hands.source[pictures])]
    fold = np.full(len(hands), -1, np.int64)
    for source in held_out:
        if source not in there:
            raise UsageError(f"No source {source!r} to hold out; there are: {', '.join(there)}.")
        fold[hands.source == source] = 0
    if held_out:
        return fold
    for at, source in enumerate(each for each in there if each != BYSTANDERS):
        fold[hands.source == source] = at % FOLDS
    for row in np.flatnonzero(hands.source == BYSTANDERS):
        person = str(hands.name[row]).rsplit("/", 2)[-2]
        fold[row] = zlib.crc32(person.encode()) % FOLDS
    return fold


def _answers_of_letters(network: Any, plan: letters.Plan, seen: Hands) -> NDArray[np.float32]:
    """(m, 25) to the hands `seen`, by a network that has not seen their people."""
    answer, looked = letters.ensemble([network]), letters.examples(seen)
    parts = np.array_split(np.arange(len(seen)), len(seen) // _AT_ONCE + 1)
    inputs = (looked.inputs(rows, traits=plan.traits) for rows in parts)
    return np.concatenate([answer(each, training=False).numpy() for each in inputs])


def _network_without(
    request: Request,
    plan: letters.Plan,
    hands: Hands,
    fold: NDArray[np.int64],
    at: int,
    progress: Progress,
) -> Any:
    """The network trained on all but part `at` of the people, from the cache if it is there."""
    name = "fused" if plan.traits else "landmarks"
    number = f"{at + 1}of{int(fold.max()) + 1}"
    path = request.cache / "folds" / f"{name}-{number}-{_key(plan, hands, fold)}.keras"
    if not path.is_file():
        known = letters.examples(hands[letters.usable(hands) & (fold != at)])
        own = replace(plan, seed=plan.seed + at)
        _keep(path, letters.fit(known, own, partial(progress, f"{name}, network {number}")))
    return tf.keras.models.load_model(path)


def _answers_of_cnn28(request: Request, known: Hands, seen: Hands) -> NDArray[np.float32]:
    pictures = signmnist.read(request.data / "signs" / "signmnist" / "train.npz")
    everything = _mixed(pictures, np.arange(len(pictures.labels)), photo_examples(known))
    model = cnn28.fit(everything, epochs=_fold_epochs(request), seed=request.seed)
    return letters_of_cnn28(cnn28.predict(model, seen.grey))[:, list(STILL)]


def train_letters(
    request: Request, hands: Hands, name: str, calibration: Calibration, progress: Progress
) -> None:
    """Write `landmarks` or `fused`: the mean of the networks that were measured.

    Each was trained without another part of the people, all together on everybody; none has to be
    trained for this alone.
    """
    plan = _plan(request, name)
    fold = folds(hands)
    members = [
        _network_without(request, plan, hands, fold, at, progress)
        for at in range(int(fold.max()) + 1)
    ]
    model = letters.ensemble(members)
    if name == "fused" and request.beside is not None:
        model = letters.beside(model, tf.keras.models.load_model(request.beside))
    model = letters.calibrated(model, calibration)
    _export(model, request.models / name)


def train_cnn28(request: Request, hands: Hands, progress: Progress) -> Official:
    """Train `cnn28`, write it, and look at the official test.

    The best epoch is chosen on the validation part; then some epochs follow on that part as well.
    """
    folder = request.data / "signs" / "signmnist"
    pictures = signmnist.read(folder / "train.npz")
    known, held = signmnist.split(pictures, share=_VALIDATION_SHARE, seed=request.seed)
    validation = cnn28.Examples(pictures.images[held], pictures.labels[held], np.ones(len(held)))
    photos = photo_examples(hands)
    epochs = request.epochs or _EPOCHS
    key = _key_of_cnn28((epochs, request.seed), photos)
    chosen_path = request.cache / "final" / f"cnn28-chosen-{key}.keras"
    path = request.cache / "final" / f"cnn28-{key}.keras"
    if not chosen_path.is_file():
        model = cnn28.fit(
            _mixed(pictures, known, photos),
            epochs=epochs,
            seed=request.seed,
            validation=validation,
            progress=lambda epoch, figures: progress("cnn28", epoch + 1, epochs),
        )
        _keep(chosen_path, model)
    chosen = tf.keras.models.load_model(chosen_path)
    if not path.is_file():
        more = max(1, epochs // 4)
        model = cnn28.fit(
            _mixed(pictures, np.arange(len(pictures.labels)), photos),
            epochs=more,
            seed=request.seed + 1,
            start=chosen,
            rate=5e-4,
            progress=lambda epoch, figures: progress("cnn28, on everything", epoch + 1, more),
        )
        _keep(path, model)
    model = tf.keras.models.load_model(path)
    _export(model, request.models / "cnn28")
    test = signmnist.read(folder / "test.npz")
    right = cnn28.predict(model, test.images).argmax(axis=1) == test.labels
    return Official(
        cnn28.score(chosen, validation)["held_accuracy"],
        float(right.mean()),
        float(right[test.labels != signmnist.DATA_SET_T].mean()),
    )


def _mixed(
    pictures: signmnist.Pictures, rows: NDArray[np.int64], photos: cnn28.Examples
) -> cnn28.Examples:
    return cnn28.Examples(
        np.concatenate((pictures.images[rows], photos.images)),
        np.concatenate((pictures.labels[rows], photos.labels)),
        np.concatenate(
            (np.full(len(rows), (1 - _PHOTO_SHARE) / len(rows)), photos.weights * _PHOTO_SHARE)
        ),
    )


def photo_examples(hands: Hands) -> cnn28.Examples:
    """The photos' crops, from the live chain; sources weigh by the root of their size, sum 1."""
    rows = letters.usable(hands) & (hands.view == 0) & (hands.source != RENDERED)
    output = {letter: place for place, letter in enumerate(LABELS[:-1])}
    output |= {"T": cnn28.ASL_T, NOTHING: cnn28.NO_SIGN}
    chosen = hands[rows]
    weights = np.zeros(len(chosen))
    for source in np.unique(chosen.source):
        of_source = chosen.source == source
        weights[of_source] = 1.0 / np.sqrt(of_source.sum())
    return cnn28.Examples(
        chosen.grey,
        np.array([output[letter] for letter in chosen.letter], np.int64),
        weights / weights.sum(),
    )


def _plan(request: Request, name: str) -> letters.Plan:
    plan = letters.Plan(traits=name == "fused", seed=request.seed)
    if request.epochs is None:
        return plan
    return replace(plan, epochs=request.epochs)


def _key(plan: object, hands: Hands, fold: NDArray[np.int64]) -> str:
    total = hashlib.sha256(repr(plan).encode())
    total.update(fold.tobytes())
    total.update("\n".join(hands.name).encode())
    total.update(hands.view.tobytes())
    return total.hexdigest()[:12]


def _fold_epochs(request: Request) -> int:
    return request.epochs or _FOLD_EPOCHS


def _key_of_cnn28(plan: object, photos: cnn28.Examples, *more: Hands) -> str:
    """Changes with the pictures, so that a changed chain of stages never meets an older answer."""
    total = hashlib.sha256(repr(plan).encode())
    total.update(photos.images.tobytes() + photos.labels.tobytes() + photos.weights.tobytes())
    for hands in more:
        total.update(hands.grey.tobytes())
    return total.hexdigest()[:12]


def _keep(path: Path, what: Any) -> None:
    """Write a model or an array, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"partial-{path.name}")
    if isinstance(what, np.ndarray):
        np.save(partial, what)
    else:
        what.save(partial)
    partial.replace(path)


def _export(model: Any, stem: Path) -> None:
    """Write `stem`.tflite, and `stem`.keras where it is small, and renew the checksums."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    whole = stem.with_suffix(".keras")
    model.save(whole)
    if whole.stat().st_size > _LARGEST:
        whole.unlink()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]  # weights of 8 bits
    stem.with_suffix(".tflite").write_bytes(converter.convert())
    write_checksums(stem.parent)
