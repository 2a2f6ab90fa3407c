"""What a classifier is worth: figures, and the curves behind them."""

from pathlib import Path
from typing import Any

import numpy as np

from livevision import files
from livevision.errors import OutputError
from livevision.training.choosing import Trial, interval

STEPS = 200
"""Points of a curve at most."""


def figures(trial: Trial) -> dict[str, Any]:
    """Accuracy, and each class's precision, recall, F1, areas under its curves; the confusion."""
    answers = trial.answers
    right = int((answers == trial.labels).sum())
    low, high = interval(right, len(trial.labels))
    shown = sorted(set(trial.labels))
    per_class = {}
    for name in shown:
        true, said = trial.labels == name, answers == name
        both = int((true & said).sum())
        precision, recall = both / max(int(said.sum()), 1), both / max(int(true.sum()), 1)
        scores = trial.shares[:, trial.classes.index(name)]
        per_class[name] = {
            "pictures": int(true.sum()),
            "precision": round(precision, 5),
            "recall": round(recall, 5),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 5),
            "roc_area": round(area(*roc(scores, true)), 5),
            "average_precision": round(average_precision(scores, true), 5),
        }
    confusion = {
        name: {
            other: int(count)
            for other, count in zip(
                *np.unique(answers[trial.labels == name], return_counts=True), strict=True
            )
        }
        for name in shown
    }
    keys = ("precision", "recall", "f1", "roc_area", "average_precision")
    return {
        "classifier": trial.kind,
        "setting": trial.setting,
        "pictures": len(trial.labels),
        "accuracy": round(trial.accuracy, 5),
        "accuracy_95": [round(low, 5), round(high, 5)],
        **{
            f"mean_{key}": round(float(np.mean([each[key] for each in per_class.values()])), 5)
            for key in keys
        },
        "classes": per_class,
        "confusion": confusion,
    }


def roc(scores: Any, true: Any) -> tuple[Any, Any]:
    """Share of the others taken for the class, and share of the class found, at each score."""
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(true[order]) / max(int(true.sum()), 1)
    wrong = np.cumsum(~true[order]) / max(int((~true).sum()), 1)
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are one step
    return np.append(0.0, wrong[last]), np.append(0.0, found[last])


def precision_recall(scores: Any, true: Any) -> tuple[Any, Any]:
    """Recall and precision at each score."""
    order = np.argsort(-scores, kind="stable")
    both = np.cumsum(true[order])
    last = np.append(np.diff(scores[order]) != 0, True)
    precision = both / np.arange(1, len(order) + 1)
    return both[last] / max(int(true.sum()), 1), precision[last]


def area(x: Any, y: Any) -> float:
    """Under a curve, by trapezoids."""
    # NumPy has called its own trapz and trapezoid
    return float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)


def average_precision(scores: Any, true: Any) -> float:
    """Precision, averaged over the steps of recall."""
    recall, precision = precision_recall(scores, true)
    return float((np.diff(np.append(0.0, recall)) * precision).sum())


def draw(trial: Trial, path: Path) -> None:
    """Confusion, ROC and precision-recall curves as one picture; OutputError if that fails."""
    from matplotlib.figure import Figure

    shown = sorted(set(trial.labels))
    figure = Figure(figsize=(15, 5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    answers = trial.answers
    columns = sorted(set(answers) | set(shown))
    counts = np.array(
        [[int(((trial.labels == a) & (answers == b)).sum()) for b in columns] for a in shown]
    )
    left.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0)
    left.set_xticks(range(len(columns)), columns, rotation=90)
    left.set_yticks(range(len(shown)), shown)
    left.set_xlabel("answer")
    left.set_ylabel("truth")
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            if count:
                left.text(column, row, str(count), ha="center", va="center", fontsize=7)
    for name in shown:
        scores, true = trial.shares[:, trial.classes.index(name)], trial.labels == name
        middle.plot(*_thinned(*roc(scores, true)), label=name)
        right.plot(*_thinned(*precision_recall(scores, true)), label=name)
    middle.set_xlabel("others taken for it")
    middle.set_ylabel("found")
    right.set_xlabel("recall")
    right.set_ylabel("precision")
    right.set_ylim(0, 1.02)
    right.legend(fontsize=7)
    try:
        files.replace(path, lambda draft: figure.savefig(draft, dpi=100))
    except ValueError as error:  # an ending that matplotlib does not know
        raise OutputError(f"Cannot write {path}: {error}.") from error


def _thinned(x: Any, y: Any) -> tuple[Any, Any]:
    step = max(1, len(x) // STEPS)
    return np.append(x[:-1:step], x[-1:]), np.append(y[:-1:step], y[-1:])
