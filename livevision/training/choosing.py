"""A classifier chosen by cross-validation: support vectors, neighbours, forest or a plane."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.classifying import Classifier, Space, SupportVectors, Vectors
from livevision.training.exporting import calibrate, exported

Labels = NDArray[np.str_]

KINDS = ("svm", "knn", "forest", "logistic")
FOLDS = 5
FEWEST = 5
"""Pictures of a class below which no fold can be held out of it."""
FEW = 20
"""Pictures of a class below which a figure says little: of 20 right answers in 20, 95 % of chance
lies above 84 %."""
Z = 1.96
"""Standard deviations that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What was measured of pictures, and what they show."""

    vectors: Vectors
    """(n, d)"""
    labels: Labels
    """(n,)"""

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, places: Any) -> "Table":
        return Table(self.vectors[places], self.labels[places])

    def joined(self, other: "Table | None") -> "Table":
        """This one and `other` below it."""
        if other is None or not len(other):
            return self
        return Table(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.labels, other.labels]),
        )


@dataclass(slots=True)
class Trial:
    """How one kind of classifier did on examples that it had not seen."""

    kind: str
    setting: str
    classes: tuple[str, ...]
    shares: NDArray[np.float32]
    """(n, classes): probabilities for each of the user's examples, in their order."""
    labels: Labels
    accuracy: float = field(init=False)

    def __post_init__(self) -> None:
        answers = np.array(self.classes)[self.shares.argmax(axis=1)]
        self.accuracy = float(np.mean(answers == self.labels))

    @property
    def answers(self) -> Labels:
        return np.asarray(np.array(self.classes)[self.shares.argmax(axis=1)])


def estimators(kind: str) -> Mapping[str, Callable[[], Any]]:
    """The settings of a kind that are tried, by what they are called."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    if kind == "svm":
        return {
            f"C=10, gamma={gamma}": lambda gamma=gamma: SVC(  # type: ignore[misc]
                C=10.0, gamma=gamma, class_weight="balanced"
            )
            for gamma in (0.003, 0.01)
        }
    if kind == "knn":
        return {
            f"k={k}": lambda k=k: KNeighborsClassifier(k, weights="distance")  # type: ignore[misc]
            for k in (1, 5)
        }
    if kind == "forest":
        return {
            "200 trees": lambda: RandomForestClassifier(
                200, class_weight="balanced", random_state=0
            )
        }
    return {"C=1": lambda: LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000)}


def fit(make: Callable[[], Any], table: Table) -> Classifier:
    """One classifier, which has learnt `table`."""
    mean, scale = table.vectors.mean(axis=0), table.vectors.std(axis=0)
    # what hardly varies must not be blown up
    least = max(float(np.median(scale)) * 1e-2, 1e-6)
    space = Space(mean, np.maximum(scale, least).astype(np.float32))
    placed = space.place(table.vectors)
    # by their places: scikit-learn takes names that are digits for numbers, and then misses them
    names, places = np.unique(table.labels, return_inverse=True)
    classifier = exported(make().fit(placed, places), space, placed, places)
    classifier.classes = tuple(str(each) for each in names)
    return classifier


def tried(
    own: Table, known: Table | None, kinds: Sequence[str], tell: Callable[[str], None]
) -> list[Trial]:
    """Every setting of `kinds` in folds over the user's `own` examples, the best first.

    The `known` examples are learnt in every fold and never asked about.
    """
    from sklearn.model_selection import StratifiedKFold

    count = min(FOLDS, int(np.unique(own.labels, return_counts=True)[1].min()))
    splits = StratifiedKFold(count, shuffle=True, random_state=0)
    parts = list(splits.split(own.labels, own.labels))
    classes = tuple(sorted(set(own.joined(known).labels)))
    trials = []
    for kind in kinds:
        for setting, make in estimators(kind).items():
            shares = np.zeros((len(own), len(classes)), np.float32)
            for learnt, held in parts:
                classifier = fit(make, own.part(learnt).joined(known))
                columns = [classes.index(each) for each in classifier.classes]
                rows = classifier.probabilities(own.vectors[held])
                shares[np.ix_(held, columns)] = rows
            trials.append(Trial(kind, setting, classes, shares, own.labels))
            tell(f"{kind} ({setting}): {trials[-1].accuracy:.1%}")
    return sorted(trials, key=lambda trial: -trial.accuracy)


def final(best: Trial, own: Table, known: Table | None) -> Classifier:
    """The kind that did best, having learnt everything; its odds by the folds' answers."""
    table = own.joined(known)
    classifier = fit(estimators(best.kind)[best.setting], table)
    if isinstance(classifier, SupportVectors):
        # on what it has learnt the odds would be too good: some are left out for this alone
        chance = np.random.default_rng(0).permutation(len(table))
        held, learnt = chance[: len(table) // 5], chance[len(table) // 5 :]
        if set(table.labels[learnt]) == set(table.labels):
            half = fit(estimators(best.kind)[best.setting], table.part(learnt))
            assert isinstance(half, SupportVectors)
            calibrate(half, table.vectors[held], table.labels[held])
            classifier.steepness = half.steepness
    return classifier


def interval(right: int, count: int) -> tuple[float, float]:
    """Bounds of a share, 95 % (Wilson, 1927)."""
    if not count:
        return 0.0, 1.0
    share = right / count
    middle = share + Z**2 / (2 * count)
    spread = Z * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    under = 1 + Z**2 / count
    return max(0.0, float((middle - spread) / under)), min(1.0, float((middle + spread) / under))


def cautions(own: Table, best: Trial) -> list[str]:
    """What is to be said of classes that are taken for others and of too few pictures."""
    names, counts = np.unique(own.labels, return_counts=True)
    said = []
    for name, count in zip(names, counts, strict=True):
        answers, times = np.unique(best.answers[own.labels == name], return_counts=True)
        other, most = answers[times.argmax()], times.max()
        if other != name and 2 * most > count:
            said.append(
                f"{most} of {count} pictures of {name} are taken for {other}. Give them that name "
                "if that is what they show; --alone forgets what was known before."
            )
    few = [f"{name} ({n})" for name, n in zip(names, counts, strict=True) if n < FEW]
    low, high = interval(round(best.accuracy * len(own)), len(own))
    said.append(
        f"{len(own)} pictures: the true accuracy lies between {low:.0%} and {high:.0%} "
        "(19 times of 20), for pictures like these."
    )
    if few:
        said.append(
            f"Few pictures of {', '.join(few)}: {FEW} of each, of different things in different "
            "light, are the least that a figure can be trusted with."
        )
    if counts.max() > 5 * counts.min():
        said.append(
            f"{names[counts.argmax()]} has {counts.max()} pictures, {names[counts.argmin()]} "
            f"{counts.min()}: even them out."
        )
    said.append(
        "Pictures of one thing, or of one minute's film, are hardly more than one picture: if a "
        "class has only such, expect less of the next."
    )
    return said
