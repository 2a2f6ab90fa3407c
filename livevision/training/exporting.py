"""Estimators of scikit-learn as classifiers that do without it (`livevision.classifying`)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision import classifying
from livevision.classifying import Classifier, Space, Vectors

STEEPNESSES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
"""Among which the one is chosen that makes the decisions of a machine the best odds."""


def exported(estimator: Any, space: Space, vectors: Vectors, labels: NDArray[Any]) -> Classifier:
    """A fitted SVC (one against one), KNeighborsClassifier, RandomForestClassifier or
    LogisticRegression as a classifier; `vectors`, (n, d), and `labels` are what it was fitted to,
    the vectors already in `space`."""
    kind = type(estimator).__name__
    classes = tuple(str(each) for each in estimator.classes_)
    if kind == "SVC":
        return _machine(estimator, classes, space)
    if kind == "KNeighborsClassifier":
        places = np.searchsorted(estimator.classes_, labels)
        return classifying.Neighbours(
            classes,
            space,
            np.asarray(vectors, np.float32),
            places.astype(np.int32),
            int(estimator.n_neighbors),
        )
    if kind in ("RandomForestClassifier", "ExtraTreesClassifier"):
        return _forest(estimator, classes, space)
    if kind == "LogisticRegression":
        weights, offsets = estimator.coef_, estimator.intercept_
        if len(classes) == 2:
            weights = np.concatenate([np.zeros_like(weights), weights])
            offsets = np.concatenate([np.zeros_like(offsets), offsets])
        return classifying.Logistic(
            classes, space, weights.T.astype(np.float32), offsets.astype(np.float32)
        )
    raise ValueError(f"cannot export {kind}")


def _machine(estimator: Any, classes: tuple[str, ...], space: Space) -> Classifier:
    """libsvm keeps the vectors of each class together, and the weights of class i against class j
    in row j - 1 (i < j) or j of the coefficients."""
    ends = np.cumsum(estimator.n_support_)
    starts = ends - estimator.n_support_
    count = len(classes)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    weights = np.zeros((len(estimator.support_vectors_), len(pairs)), np.float32)
    for place, (i, j) in enumerate(pairs):
        own, others = slice(starts[i], ends[i]), slice(starts[j], ends[j])
        weights[own, place] = estimator.dual_coef_[j - 1, own]
        weights[others, place] = estimator.dual_coef_[i, others]
    offsets = np.asarray(estimator.intercept_, np.float32)
    if count == 2:  # with two classes alone scikit-learn turns the sign
        weights, offsets = -weights, -offsets
    return classifying.SupportVectors(
        classes,
        space,
        np.asarray(estimator.support_vectors_, np.float32),
        weights,
        offsets,
        float(estimator._gamma),
        1.0,
    )


def _forest(estimator: Any, classes: tuple[str, ...], space: Space) -> Classifier:
    features, thresholds, children, shares, roots, depth = [], [], [], [], [], 0
    start = 0
    for each in estimator.estimators_:
        tree = each.tree_
        count = tree.node_count
        roots.append(start)
        leaf = tree.children_left < 0
        features.append(np.where(leaf, -1, tree.feature))
        # float64 thresholds lie between two float32 values: rounded down, no vector changes sides
        down = tree.threshold.astype(np.float32)
        above = down.astype(np.float64) > tree.threshold
        down[above] = np.nextafter(down[above], np.float32(-np.inf))
        thresholds.append(down)
        both = np.stack([tree.children_left, tree.children_right], axis=1)
        children.append(np.where(both < 0, 0, both + start))
        value = tree.value[:, 0, :]
        shares.append(value / value.sum(axis=1, keepdims=True))
        depth = max(depth, int(tree.max_depth))
        start += count
    return classifying.Forest(
        classes,
        space,
        np.concatenate(features).astype(np.int32),
        np.concatenate(thresholds),
        np.concatenate(children).astype(np.int32),
        np.concatenate(shares).astype(np.float32),
        np.array(roots, np.int32),
        depth,
    )


def calibrate(
    machine: classifying.SupportVectors, vectors: Vectors, labels: NDArray[np.str_]
) -> float:
    """Choose the steepness by which unseen `vectors`, (n, d), get the best odds (log loss)."""
    places = np.searchsorted(np.array(machine.classes), labels)
    best, least = machine.steepness, np.inf
    for steepness in STEEPNESSES:
        machine.steepness = steepness
        shares = machine.probabilities(vectors)[np.arange(len(labels)), places]
        loss = float(-np.log(np.maximum(shares, 1e-6)).mean())
        if loss < least:
            best, least = steepness, loss
    machine.steepness = best
    return least
