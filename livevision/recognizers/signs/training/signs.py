"""From a data folder to the models of signs, with their card; what was done once is kept."""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from livevision.assets import write_checksums
from livevision.errors import UsageError
from livevision.recognizers.signs.classifiers import LABELS, STILL, letters_of_cnn28
from livevision.recognizers.signs.classifiers import NO_SIGN as NO_SIGN_PLACE
from livevision.recognizers.signs.classifiers import mean as mean_of_looks
from livevision.recognizers.signs.training import cnn28, landmark_files, letters, signmnist
from livevision.recognizers.signs.training.dataset import (
    AGAIN,
    BYSTANDERS,
    LIGHTS,
    LIT,
    MOVING,
    NOTHING,
    RENDERED,
    Hands,
    collect,
    person,
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


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a network answers to people that it has not seen."""

    answers: Answers
    """One look at each picture, as in the frames of a stream."""
    first: Answers | None = None
    """The mean of several looks, as in a stream's first picture."""
    lights: Mapping[str, Answers] = field(default_factory=dict)
    """One look at some of the pictures, as they are and in each other light."""

    def calibrated(self, calibration: Calibration) -> "Measured":
        """The same with calibrated probabilities."""
        return Measured(
            self.answers.calibrated(calibration),
            None if self.first is None else self.first.calibrated(calibration),
            {name: each.calibrated(calibration) for name, each in self.lights.items()},
        )


def cross_validate(request: Request, hands: Hands, name: str, progress: Progress) -> Measured:
    """What network `name` answers to each source when trained on others alone.

    Not yet calibrated. Sources are held out in `FOLDS` parts. By a single network, where the mean
    of all is shipped, and `cnn28` by one that was trained more shortly: that is quicker and
    flatters nobody. Folds that are done already are taken from the cache.
    """
    fold = folds(hands, request.held_out)
    held = range(int(fold.max()) + 1)
    answers = np.zeros((len(hands), len(LABELS)), np.float32)
    looks = (hands.view == 0) | (hands.view == AGAIN) | (hands.view >= LIT)
    looks &= ~np.isin(hands.letter, MOVING) & (hands.presence > 0)
    if name != "cnn28":
        _train_networks(request, name, hands, fold, progress)
    for at in held:
        out = fold == at
        rows = np.flatnonzero(out & looks)
        if not len(rows):
            continue
        if name != "cnn28":
            model = _mean_of_networks(request, name, hands, fold, [at])
            found = _answers_of_letters(model, hands[rows], traits=name == "fused")
            answers[rows[:, None], list(STILL)] = found
            continue
        rows = rows[hands.view[rows] == 0]
        known, seen = hands[~out], hands[rows]
        progress(f"{name}, people held out", at, len(held))
        key = _key_of_cnn28((_fold_epochs(request), request.seed), photo_examples(known), seen)
        path = request.cache / "folds" / f"{name}-{at + 1}of{len(held)}-{key}.npy"
        if not path.is_file():
            _keep(path, _answers_of_cnn28(request, known, seen))
        answers[rows[:, None], list(STILL)] = np.load(path)
    progress(f"{name}, people held out", len(held), len(held))
    measured = asked(request, hands)
    plain = _answers(hands, measured, answers)
    if name == "cnn28":
        return Measured(plain)
    lit = {}
    of_lit = measured & np.isin(hands.name, hands.name[hands.view == LIT])
    for light, rows in [
        ("as they are", of_lit & (hands.source != BYSTANDERS)),
        *((light, (fold >= 0) & (hands.view == LIT + at)) for at, light in enumerate(LIGHTS)),
    ]:
        if rows.any():
            lit[light] = _answers(hands, rows, answers)
    return Measured(plain, _answers(hands, measured, _of_first_pictures(hands, answers)), lit)


def _answers(hands: Hands, rows: NDArray[np.bool_], answers: NDArray[np.float32]) -> Answers:
    place = {letter: place for place, letter in enumerate(LABELS)} | {NOTHING: NO_SIGN_PLACE}
    return Answers(
        hands.name[rows],
        hands.source[rows],
        np.array([place[letter] for letter in hands.letter[rows]], np.int64),
        hands.presence[rows] > 0,
        answers[rows],
    )


def _of_first_pictures(hands: Hands, answers: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 27): of rows of the view 0, the mean of all looks at that hand."""
    owner = np.maximum.accumulate(np.where(hands.view == 0, np.arange(len(hands)), 0))
    means = answers.copy()
    looks: dict[int, list[int]] = {}
    for row in np.flatnonzero(hands.view == AGAIN):
        looks.setdefault(int(owner[row]), []).append(int(row))
    still = list(STILL)
    for row, others in looks.items():
        if answers[row].any():
            means[row, still] = mean_of_looks(answers[[row, *others]][:, still])
    return means


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
        fold[row] = zlib.crc32(person(str(hands.name[row])).encode()) % FOLDS
    return fold


def _answers_of_letters(answer: Any, seen: Hands, *, traits: bool) -> NDArray[np.float32]:
    """(m, 25) to the hands `seen`, by the model `answer`."""
    looked = letters.examples(seen)
    parts = np.array_split(np.arange(len(seen)), len(seen) // _AT_ONCE + 1)
    inputs = (looked.inputs(rows, traits=traits) for rows in parts)
    return np.concatenate([answer(each, training=False).numpy() for each in inputs])


def _mean_of_networks(
    request: Request, name: str, hands: Hands, fold: NDArray[np.int64], parts: Iterable[int]
) -> Any:
    """The mean of the networks that have not seen one of the `parts` of the people."""
    paths = [_path_of_network(request, name, hands, fold, at) for at in parts]
    return letters.ensemble([tf.keras.models.load_model(path) for path in paths])


def _train_networks(
    request: Request, name: str, hands: Hands, fold: NDArray[np.int64], progress: Progress
) -> None:
    """Train the networks that are not in the cache, each on all but a part of the people.

    As many at once as there are cores, each by one thread: so that the same come out each time.
    """
    jobs = [
        at
        for at in range(int(fold.max()) + 1)
        if not _path_of_network(request, name, hands, fold, at).is_file()
    ]
    if not jobs:
        return
    workers = min(os.cpu_count() or 1, len(jobs))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_one_thread) as pool:
        running = [pool.submit(_train_network, request, name, at) for at in jobs]
        for number, job in enumerate(running):
            progress(f"{name}, networks", number, len(running))
            job.result()
    progress(f"{name}, networks", len(jobs), len(jobs))


def _one_thread() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _train_network(request: Request, name: str, at: int) -> None:
    """The network that has not seen part `at` of the people; runs in a worker process."""
    hands = _all_hands(request)
    fold = folds(hands, request.held_out)
    path = _path_of_network(request, name, hands, fold, at)
    known = letters.examples(hands[letters.usable(hands) & (fold != at)])
    plan = _plan(request, name)
    _keep(path, letters.fit(known, replace(plan, seed=plan.seed + at)))


@cache
def _all_hands(request: Request) -> Hands:
    return load(request, lambda *_: None)


def _path_of_network(
    request: Request, name: str, hands: Hands, fold: NDArray[np.int64], at: int
) -> Path:
    number = f"{at + 1}of{int(fold.max()) + 1}"
    key = _key(_plan(request, name), hands, fold)
    return request.cache / "folds" / f"{name}-{number}-{key}.keras"


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
    fold = folds(hands)
    model = _mean_of_networks(request, name, hands, fold, range(int(fold.max()) + 1))
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
    total.update(hands.view.tobytes() + hands.presence.tobytes())
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
