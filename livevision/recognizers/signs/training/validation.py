"""Figures on hands of people who were not trained on."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats
from livevision.recognizers.signs.classifiers import LABELS, NO_SIGN
from livevision.recognizers.signs.training.dataset import APART

BINS = 15
"""Bins of confidence for the calibration error, equally wide."""

LOOK_ALIKES = ("ASETMN", "RUVK", "DX", "GH", "CO", "PQN")
"""Letters that are taken for each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was answered for each picture, by a model that saw nobody of its source."""

    name: NDArray[np.str_]
    source: NDArray[np.str_]
    truth: NDArray[np.int64]
    """A place in `LABELS`."""
    found: NDArray[np.bool_]
    """Whether there was a hand; without one, the picture counts as wrong."""
    probabilities: Floats
    """(n, 27) of `LABELS`; zero where no hand was found."""

    @property
    def answer(self) -> NDArray[np.int64]:
        """Places in `LABELS`; -1 where no hand was found."""
        return np.where(self.found, self.probabilities.argmax(axis=1), -1)

    def calibrated(self, calibration: "Calibration") -> "Answers":
        """The same answers with calibrated probabilities."""
        chances = calibration.apply(self.probabilities) * self.found[:, None]
        return replace(self, probabilities=chances.astype(np.float32))

    @property
    def letters(self) -> NDArray[np.bool_]:
        """Which pictures show a letter, from a source that counts."""
        return np.asarray((self.truth != NO_SIGN) & ~np.isin(self.source, APART))

    @property
    def false(self) -> NDArray[np.bool_]:
        """Which hands sign nothing and were read as a letter."""
        read = self.found & (self.answer != NO_SIGN)
        return np.asarray((self.truth == NO_SIGN) & read, np.bool_)


def per_source(answers: Answers) -> dict[str, tuple[int, float, float]]:
    """Pictures of letters, share found, share right (misses are wrong), of each source."""
    table = {}
    for source in np.unique(answers.source):
        rows = (answers.source == source) & (answers.truth != NO_SIGN)
        if rows.any():
            right = answers.answer[rows] == answers.truth[rows]
            table[str(source)] = (
                int(rows.sum()),
                float(answers.found[rows].mean()),
                float(right.mean()),
            )
    return table


def mean_accuracy(answers: Answers, *, of_found: bool = False) -> float:
    """Mean over the sources that count; misses are wrong, or left out with `of_found`."""
    shares = []
    for source in np.unique(answers.source[answers.letters]):
        rows = answers.letters & (answers.source == source)
        if of_found:
            rows &= answers.found
        shares.append((answers.answer[rows] == answers.truth[rows]).mean())
    return float(np.mean(shares))


def per_letter(answers: Answers) -> dict[str, tuple[float, float, float]]:
    """Precision, recall (mean over sources, misses wrong) and F1 of each letter."""
    table = {}
    counted = answers.letters
    for place in np.unique(answers.truth[counted]):
        recalls, wrongs = [], []
        for source in np.unique(answers.source[counted]):
            rows = counted & (answers.source == source)
            of_letter = rows & (answers.truth == place)
            if of_letter.any():
                recalls.append((answers.answer[of_letter] == place).mean())
                others = rows & (answers.truth != place)
                # as many others as in a source where every letter is as frequent
                if others.any():
                    wrongs.append((answers.answer[others] == place).mean() * (len(LABELS) - 4))
        recall, wrong = float(np.mean(recalls)), float(np.sum(wrongs)) / max(len(wrongs), 1)
        precision = recall / max(recall + wrong, 1e-9)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        table[LABELS[place]] = (precision, recall, f1)
    return table


def confusion(answers: Answers) -> NDArray[np.int64]:
    """(26, 28): pictures of each letter (rows) by answer; the last two: no sign, no hand."""
    table = np.zeros((26, 28), np.int64)
    rows = answers.letters
    np.add.at(table, (answers.truth[rows], answers.answer[rows]), 1)  # -1 is the last column
    return table


def reliability(answers: Answers) -> tuple[Floats, Floats, Floats]:
    """Mean confidence, share right and share of answers in each bin, sources weighted alike."""
    rows = answers.letters & answers.found
    weights = _balanced(answers.source[rows])
    sure = answers.probabilities[rows].max(axis=1)
    right = answers.answer[rows] == answers.truth[rows]
    place = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    share = np.bincount(place, weights, BINS)
    safe = np.maximum(share, 1e-12)
    return (
        (np.bincount(place, weights * sure, BINS) / safe).astype(np.float32),
        (np.bincount(place, weights * right, BINS) / safe).astype(np.float32),
        share.astype(np.float32),
    )


def calibration_error(answers: Answers) -> float:
    """Expected calibration error (Naeini et al., 2015)."""
    sure, right, share = reliability(answers)
    return float((np.abs(sure - right) * share).sum())


def false_letters(answers: Answers) -> tuple[int, int, int]:
    """Pictures without a sign, hands found in them, letters read from those."""
    rows = answers.truth == NO_SIGN
    pictures = len(np.unique(answers.name[rows]))
    return pictures, int(answers.found[rows].sum()), int(answers.false.sum())


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a network's scores into probabilities that can be taken at their word."""

    temperature: float = 1.0
    caution: float = 0.0
    """Added to the score of no sign."""

    def apply(self, probabilities: Floats) -> Floats:
        """(n, k) probabilities, no sign last, made sharper or softer."""
        scores = np.log(np.maximum(probabilities, 1e-9)) / self.temperature
        scores[:, -1] += self.caution
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def calibrate(
    answers: Answers, *, most_false: float = 0.02, most_lost: float = 0.01
) -> Calibration:
    """Temperature with the least cross-entropy; then the least caution that keeps false letters
    within `most_false` of all pictures in which nobody signs, hands in sight or not, as far as it
    costs no more than `most_lost` of the letters.
    """
    letters = answers.letters & answers.found
    nothing = (answers.truth == NO_SIGN) & answers.found
    pictures = len(np.unique(answers.name[answers.truth == NO_SIGN]))
    weights = _balanced(answers.source[letters])
    truth = answers.truth[letters]

    def cross_entropy(temperature: float) -> float:
        chances = Calibration(temperature).apply(answers.probabilities[letters])
        of_truth = np.maximum(chances[np.arange(len(truth)), truth], 1e-6)
        return float(-(weights * np.log(of_truth)).sum())

    temperature = min(np.geomspace(0.3, 3.0, 60), key=cross_entropy)
    bold = answers.probabilities[letters][:, :NO_SIGN].argmax(axis=1)
    before = (bold == truth) @ weights
    if not nothing.any():
        return Calibration(float(temperature))
    chosen = Calibration(float(temperature), -4.0)
    for caution in np.arange(-4.0, 4.0, 0.1):
        tried = Calibration(float(temperature), float(caution))
        answer = tried.apply(answers.probabilities[letters]).argmax(axis=1)
        if (answer == truth) @ weights < before - most_lost:
            break
        chosen = tried
        read = tried.apply(answers.probabilities[nothing]).argmax(axis=1) != NO_SIGN
        if read.sum() <= most_false * pictures:
            break
    return chosen


def _balanced(source: NDArray[np.str_]) -> NDArray[np.float64]:
    _, place, count = np.unique(source, return_inverse=True, return_counts=True)
    weights = 1.0 / count[place]
    return np.asarray(weights / weights.sum(), np.float64)
