"""COCO's average precision, counted as pycocotools does (a test holds it to that).

Of one class, all boxes of all pictures are taken surest first; each is right if a box of the truth
that nobody took yet overlaps it enough. Precision, never rising again, is read off at 101 recalls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RECALLS = np.linspace(0.0, 1.0, 101)
HALF = 0.5
"""Overlap (intersection over union) that AP50 asks for."""
OVERLAPS = np.arange(0.5, 0.96, 0.05)
"""Those over which COCO's AP is the mean."""

Corners = NDArray[np.float64]
"""(n, 4): left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one picture: corners, kinds (n,), and scores (n,) of what was found."""

    corners: Corners
    kinds: NDArray[np.intp]
    scores: NDArray[np.float64]


def average_precision(
    truths: Sequence[Boxes], found: Sequence[Boxes], overlap: float = HALF
) -> dict[int, float]:
    """AP of every class that is in the truth, 0 to 1; one `Boxes` each for every picture."""
    kinds = np.unique(np.concatenate([each.kinds for each in truths]))
    return {int(kind): _of_class(truths, found, int(kind), overlap) for kind in kinds}


def matched(truth: Boxes, found: Boxes, overlap: float = HALF) -> NDArray[np.bool_]:
    """Which of the boxes found in a picture are right, (n,)."""
    right = np.zeros(len(found.kinds), bool)
    for kind in np.unique(found.kinds):
        places = np.flatnonzero(found.kinds == kind)
        places = places[np.argsort(-found.scores[places], kind="stable")]
        right[places] = _matched(found.corners[places], truth.corners[truth.kinds == kind], overlap)
    return right


def _of_class(truths: Sequence[Boxes], found: Sequence[Boxes], kind: int, overlap: float) -> float:
    scores, right, total = [], [], 0
    for truth, answer in zip(truths, found, strict=True):
        total += int(np.sum(truth.kinds == kind))
        chosen = answer.kinds == kind
        part = Boxes(answer.corners[chosen], answer.kinds[chosen], answer.scores[chosen])
        scores.append(part.scores)
        right.append(matched(truth, part, overlap))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hits = np.cumsum(np.concatenate(right)[order])
    if not len(hits):
        return 0.0
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(hits / total, RECALLS, side="left")
    reached = np.append(precision, 0.0)[places]
    return float(reached.mean())


def _matched(found: Corners, truth: Corners, overlap: float) -> NDArray[np.bool_]:
    """`found` surest first."""
    right = np.zeros(len(found), bool)
    free = np.ones(len(truth), bool)
    for place, box in enumerate(found):
        overlaps = np.where(free, _overlaps(box, truth), -1.0)
        if len(truth) and overlaps.max() >= overlap:
            # of equals the last, as pycocotools takes it
            best = len(truth) - 1 - int(overlaps[::-1].argmax())
            free[best] = False
            right[place] = True
    return right


def _overlaps(box: NDArray[np.float64], others: Corners) -> NDArray[np.float64]:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0.0, None), axis=1)
    areas = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    return np.asarray(shared / np.maximum(areas - shared, 1e-12), np.float64)
