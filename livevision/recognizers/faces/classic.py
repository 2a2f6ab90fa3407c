"""The classic recognisers, for comparison: Eigenfaces, Fisherfaces and LBPH, as OpenCV has them.

Turk and Pentland, 1991; Belhumeur, Hespanha and Kriegman, 1997; Ahonen, Hadid and Pietikainen,
2006. They compare the aligned pictures themselves, and pictures are not kept in a gallery: they can
be trained where photos are at hand, in `livevision evaluate faces --faces-model NAME`.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image

MODELS = ("lbph", "eigen", "fisher")
_KINDS = {"lbph": "LBPH", "eigen": "Eigen", "fisher": "Fisher"}
SIDE = 100
"""Of the pictures compared, in pixels."""


class ClassicMatcher:
    """Compares aligned views, (150, 150, 3) RGB, with those of the enrolled people."""

    def __init__(self, model: str, people: Sequence[tuple[str, Image]]) -> None:
        """Train `model`, one of MODELS, on (name, view) pairs of at least two people."""
        self.names = list(dict.fromkeys(name for name, _ in people))
        self._model = getattr(cv2.face, f"{_KINDS[model]}FaceRecognizer_create")()
        labels = np.array([self.names.index(name) for name, _ in people], np.int32)
        self._model.train([prepared(view) for _, view in people], labels)

    def scores(self, view: Image) -> NDArray[np.float64]:
        """(people,): minus the distance to each person's nearest view."""
        collector = cv2.face.StandardCollector.create()
        self._model.predict_collect(prepared(view), collector)
        scores = np.full(len(self.names), -np.inf)
        for label, distance in collector.getResults():
            scores[label] = max(scores[label], -distance)
        return scores


def prepared(view: Image) -> Image:
    """Grey, smaller, its light evened out."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.equalizeHist(small), np.uint8)
