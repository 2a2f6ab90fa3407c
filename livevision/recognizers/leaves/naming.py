"""Names the leaves of a picture."""

from dataclasses import dataclass

import numpy as np

from livevision.classifying import Classifier
from livevision.frame import Box, Image
from livevision.recognizers.leaves.features import measure
from livevision.recognizers.leaves.segmenting import Piece, pieces
from livevision.recognizers.leaves.species import OTHER

LEAF = 0.3
"""Probability that it is a leaf, of whatever species, below which a piece is none. Of leaves held
out of training none was less likely, of other shapes one in fifty more (models/leaves/card.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A leaf in a picture."""

    box: Box
    label: str
    """Its species; "" if it is a leaf but of none that is known."""
    confidence: float
    """Probability of the species; that it is a leaf at all if the species is unknown."""
    alternatives: tuple[tuple[str, float], ...]
    piece: Piece


class Namer:
    """Cuts leaves out of pictures and names them."""

    def __init__(self, classifier: Classifier, *, threshold: float = 0.5) -> None:
        """`threshold` is the least probability of a species, given that it is a leaf."""
        self._classifier = classifier
        self._threshold = threshold
        names = np.array(classifier.classes)
        self._leaf = names != OTHER

    @property
    def species(self) -> tuple[str, ...]:
        """Those that are known."""
        return tuple(each for each in self._classifier.classes if each != OTHER)

    def name(self, image: Image) -> list[Leaf]:
        """The leaves of `image` (BGR) from left to right; nothing that is no leaf."""
        found = pieces(image)
        if not found:
            return []
        vectors = np.array([measure(each.image, each.mask) for each in found])
        shares = self._classifier.probabilities(vectors)
        leaves = []
        for piece, share in zip(found, shares, strict=True):
            some = float(share[self._leaf].sum())
            if some < LEAF:
                continue
            order = [i for i in np.argsort(-share) if self._leaf[i]][:4]
            named = [(self._classifier.classes[i], float(share[i]) / some) for i in order]
            label, confidence = named[0]
            if confidence < self._threshold:
                label, confidence = "", some
            others = tuple(each for each in named[1 if label else 0 :] if each[1] >= 0.01)
            leaves.append(Leaf(piece.box, label, confidence, others, piece))
        return leaves
