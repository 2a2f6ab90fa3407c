"""Classifiers of feature vectors that are numbers in a file and nothing else: no pickle, no
scikit-learn at run time.

Four kinds, as scikit-learn trains them (`livevision.training.choosing` writes the files): support
vector machine, k nearest neighbours, random forest, logistic regression. Each answers a whole batch
of vectors at once.
"""

import io
import zipfile
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from livevision.errors import ModelError

Vectors = NDArray[np.float32]
"""(n, d)"""
Parts = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Where vectors are compared: centred, scaled, and turned to fewer dimensions."""

    mean: Vectors
    """(d,), taken from each vector."""
    scale: Vectors
    """(d,), divided out of it."""
    axes: Vectors | None = None
    """(d, k): the principal axes that it is projected on, if it is."""

    def place(self, vectors: Vectors) -> Vectors:
        """(n, d) to (n, d), or (n, k) if there are `axes`."""
        placed = (vectors - self.mean) / self.scale
        return placed if self.axes is None else np.asarray(placed @ self.axes, np.float32)

    def parts(self) -> Parts:
        kept: Parts = {
            "mean": self.mean.astype(np.float32),
            "scale": self.scale.astype(np.float32),
        }
        if self.axes is not None:
            kept["axes"] = self.axes.astype(np.float32)
        return kept


class Classifier(ABC):
    """Says how probable each class is for each vector."""

    KIND: ClassVar[str]

    def __init__(self, classes: tuple[str, ...], space: "Space") -> None:
        self.classes = classes
        self.space = space

    @property
    def length(self) -> int:
        """Numbers of a vector."""
        return int(self.space.mean.shape[0])

    def probabilities(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n, classes), rows that add up to 1."""
        if not len(vectors):
            return np.zeros((0, len(self.classes)), np.float32)
        return self._probabilities(self.space.place(vectors)).astype(np.float32)

    @abstractmethod
    def _probabilities(self, vectors: Vectors) -> NDArray[np.floating[Any]]: ...

    @abstractmethod
    def parts(self) -> Parts:
        """The arrays it is made of, for `save`."""

    def save(self, path: Path) -> None:
        """Write it as an npz without objects."""
        # in memory: on a full disk an archive tells of itself on stderr when it is dropped
        file = io.BytesIO()
        np.savez_compressed(
            file,
            kind=np.array(self.KIND),
            classes=np.array(self.classes),
            **self.space.parts(),
            **self.parts(),
        )
        path.write_bytes(file.getvalue())


class SupportVectors(Classifier):
    """A machine with a radial kernel for every pair of classes (Cortes and Vapnik, 1995)."""

    KIND = "svm"

    def __init__(
        self,
        classes: tuple[str, ...],
        space: Space,
        vectors: Vectors,
        weights: Vectors,
        offsets: Vectors,
        gamma: float,
        steepness: float,
    ) -> None:
        """`vectors`, (m, d); `weights`, (m, pairs), and `offsets`, (pairs,), of the decisions
        for classes (0, 1), (0, 2), ...; `steepness` makes decisions into odds."""
        super().__init__(classes, space)
        self.vectors = vectors
        self.weights = weights
        self.offsets = offsets
        self.gamma = gamma
        self.steepness = steepness
        self._squares = (vectors**2).sum(axis=1)

    def decisions(self, vectors: Vectors) -> NDArray[np.floating[Any]]:
        """(n, pairs), of vectors already scaled."""
        squares = (vectors**2).sum(axis=1)
        away = squares[:, None] - 2.0 * (vectors @ self.vectors.T) + self._squares
        return np.asarray(np.exp(-self.gamma * np.maximum(away, 0.0)) @ self.weights + self.offsets)

    def _probabilities(self, vectors: Vectors) -> NDArray[np.floating[Any]]:
        return coupled(self.decisions(vectors) * self.steepness, len(self.classes))

    def parts(self) -> Parts:
        return {
            "vectors": self.vectors.astype(np.float16),
            "weights": self.weights.astype(np.float16),
            "offsets": self.offsets.astype(np.float32),
            "gamma": np.array(self.gamma, np.float32),
            "steepness": np.array(self.steepness, np.float32),
        }


def coupled(odds: NDArray[np.floating[Any]], classes: int) -> NDArray[np.floating[Any]]:
    """Probabilities of classes from the log odds of all pairs, (n, pairs).

    A class gets the product of the probabilities with which it wins each of its pairs.
    """
    lost = np.logaddexp(0.0, -odds)
    won = np.logaddexp(0.0, odds)
    total = np.zeros((len(odds), classes))
    place = 0
    for first in range(classes):
        for second in range(first + 1, classes):
            total[:, first] -= lost[:, place]
            total[:, second] -= won[:, place]
            place += 1
    total -= total.max(axis=1, keepdims=True)
    shares = np.exp(total)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


class Neighbours(Classifier):
    """What the k most alike examples are, the nearer the more it counts (Cover and Hart, 1967)."""

    KIND = "knn"

    def __init__(
        self,
        classes: tuple[str, ...],
        space: Space,
        vectors: Vectors,
        labels: NDArray[np.int16],
        count: int,
    ) -> None:
        """`vectors`, (m, d), already scaled; `labels`, (m,), are indices of `classes`."""
        super().__init__(classes, space)
        self.vectors = vectors
        self.labels = labels
        self.count = min(count, len(vectors))
        self._squares = (vectors**2).sum(axis=1)

    def _probabilities(self, vectors: Vectors) -> NDArray[np.floating[Any]]:
        squares = (vectors**2).sum(axis=1)
        away = squares[:, None] - 2.0 * (vectors @ self.vectors.T) + self._squares
        near = np.argpartition(away, self.count - 1, axis=1)[:, : self.count]
        rows = np.arange(len(vectors))[:, None]
        weights = 1.0 / np.maximum(np.sqrt(np.maximum(away[rows, near], 0.0)), 1e-6)
        votes = np.zeros((len(vectors), len(self.classes)))
        np.add.at(votes, (rows, self.labels[near]), weights)
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def parts(self) -> Parts:
        return {
            "vectors": self.vectors.astype(np.float16),
            "labels": self.labels.astype(np.int16),
            "count": np.array(self.count),
        }


class Forest(Classifier):
    """Many decision trees, their shares averaged (Breiman, 2001)."""

    KIND = "forest"

    def __init__(
        self,
        classes: tuple[str, ...],
        space: Space,
        feature: NDArray[np.int32],
        threshold: Vectors,
        children: NDArray[np.int32],
        shares: Vectors,
        roots: NDArray[np.int32],
        depth: int,
    ) -> None:
        """One row a node of all trees: `feature` (nodes,), -1 at a leaf, its `threshold`,
        `children` (nodes, 2), `shares` (nodes, classes); `roots` (trees,); the greatest `depth`."""
        super().__init__(classes, space)
        self.feature = feature
        self.threshold = threshold
        self.children = children
        self.shares = shares
        self.roots = roots
        self.depth = depth

    def _probabilities(self, vectors: Vectors) -> NDArray[np.floating[Any]]:
        node = np.tile(self.roots, (len(vectors), 1))
        rows = np.arange(len(vectors))[:, None]
        for _ in range(self.depth):
            feature = self.feature[node]
            right = vectors[rows, np.maximum(feature, 0)] > self.threshold[node]
            node = np.where(feature < 0, node, self.children[node, right.astype(np.int8)])
        return np.asarray(self.shares[node].mean(axis=1))

    def parts(self) -> Parts:
        return {
            "feature": self.feature.astype(np.int16),
            "threshold": self.threshold.astype(np.float32),
            "children": self.children.astype(np.int32),
            "shares": self.shares.astype(np.float16),
            "roots": self.roots.astype(np.int32),
            "depth": np.array(self.depth),
        }


class Logistic(Classifier):
    """A plane for each class, and their softmax."""

    KIND = "logistic"

    def __init__(
        self,
        classes: tuple[str, ...],
        space: Space,
        weights: Vectors,
        offsets: Vectors,
    ) -> None:
        """`weights`, (d, classes), and `offsets`, (classes,)."""
        super().__init__(classes, space)
        self.weights = weights
        self.offsets = offsets

    def _probabilities(self, vectors: Vectors) -> NDArray[np.floating[Any]]:
        scores = vectors @ self.weights + self.offsets
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def parts(self) -> Parts:
        return {
            "weights": self.weights.astype(np.float32),
            "offsets": self.offsets.astype(np.float32),
        }


_KINDS: dict[str, type[Classifier]] = {
    each.KIND: each for each in (SupportVectors, Neighbours, Forest, Logistic)
}
_WHOLE = {"labels", "feature", "children", "roots"}
_SINGLE = {"gamma", "steepness", "count", "depth"}


DAMAGE: tuple[type[Exception], ...] = (
    *(OSError, EOFError, LookupError, ValueError, TypeError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What NumPy raises for a file that is none, cut off or damaged."""


def load(path: Path, *, cure: str = "train or install it anew") -> Classifier:
    """The classifier in an npz file. Raises ModelError if it is missing or none of ours, which says
    that `cure` helps."""
    try:
        # opened here: NumPy leaves a file open that is no archive
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        kind = _KINDS[str(stored.pop("kind"))]
        classes = tuple(str(each) for each in stored.pop("classes"))
        axes = stored.pop("axes", None)
        space = Space(
            stored.pop("mean").astype(np.float32),
            stored.pop("scale").astype(np.float32),
            None if axes is None else axes.astype(np.float32),
        )
        arguments: dict[str, Any] = {}
        for name, value in stored.items():
            if name in _SINGLE:
                arguments[name] = value.item()
            elif name in _WHOLE:
                arguments[name] = value.astype(np.int32)
            else:
                arguments[name] = value.astype(np.float32)
        return kind(classes, space, **arguments)
    except DAMAGE as error:
        raise ModelError(f"Cannot read the classifier {path}: {cure}.") from error
