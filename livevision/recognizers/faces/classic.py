"""The classic recognisers, for comparison: Eigenfaces, Fisherfaces and LBPH, as OpenCV has them.

Turk and Pentland, 1991; Belhumeur, Hespanha and Kriegman, 1997; Ahonen, Hadid and Pietikainen,
2006. They compare small pictures of the faces themselves, which a gallery keeps only where that was
asked for.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.errors import GalleryError
from livevision.frame import Floats, Image
from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.matching import Match, Seen, probability

_KINDS = {"lbph": "LBPH", "eigen": "Eigen", "fisher": "Fisher"}
_THRESHOLD = 0.95
"""Where the scale of the scores has the threshold; the enrolled are at 1 in the middle."""


class ClassicMatcher:
    """Compares chips (see `embedding.chip`) with those of the enrolled people."""

    def __init__(
        self, model: str, people: Sequence[tuple[str, Image]], *, threshold: float | None = None
    ) -> None:
        """Train `model`, "lbph", "eigen" or "fisher", on (name, chip) pairs.

        Raises GalleryError with fewer than two people. The default threshold is the best score that
        a chip of one of them reaches with another.
        """
        self.names = list(dict.fromkeys(name for name, _ in people))
        if len(self.names) < 2:
            raise GalleryError(
                f"{model} needs pictures of at least two people, and the gallery keeps those of "
                f"{len(self.names)}. Enrol with 'livevision faces add NAME PHOTO --keep-chips'."
            )
        self.threshold = _THRESHOLD if threshold is None else threshold
        self._model = getattr(cv2.face, f"{_KINDS[model]}FaceRecognizer_create")()
        labels = np.array([self.names.index(name) for name, _ in people], np.int32)
        self._model.train([chip for _, chip in people], labels)
        self._zero, self._scale = 0.0, 1.0
        strange, own = [], []
        for (_, chip), label in zip(people, labels, strict=True):
            results = self._distances(chip)
            strange.append(-min(distance for other, distance in results if other != label))
            # the nearest of a person's own is the chip itself
            own += [
                -distance
                for other, distance in sorted(results, key=lambda r: r[1])[1:]
                if other == label
            ][:1]
        bar = max(strange)
        middle = float(np.median(own)) if own else 0.0
        self._scale = (1 - _THRESHOLD) / max(middle - bar, abs(bar) / 10, 1e-9)
        self._zero = _THRESHOLD - self._scale * bar

    def scores(self, chip: Image) -> NDArray[np.float64]:
        """(people,): minus the distance to each person's nearest chip, on a scale of its own."""
        scores = np.full(len(self.names), -np.inf)
        for label, distance in self._distances(chip):
            scores[label] = max(scores[label], -distance)
        return self._zero + self._scale * scores

    def judge(self, looks: Sequence[Seen]) -> tuple[Match, Floats]:
        """Who all the looks show, and the (looks, people) scores of each; see `Matcher.judge`."""
        ballots = np.array([self.scores(look.chip) for look in looks if look.chip is not None])
        weights = np.array([look.weight for look in looks])
        mean = weights @ ballots / weights.sum()
        best, score = self.names[int(mean.argmax())], float(mean.max())
        chance = probability(score - self.threshold)
        named = score >= self.threshold
        match = Match(best if named else UNKNOWN, score, best, chance if named else 1 - chance)
        return match, ballots.astype(np.float32)

    def _distances(self, chip: Image) -> list[tuple[int, float]]:
        collector = cv2.face.StandardCollector.create()
        self._model.predict_collect(chip, collector)
        return list(collector.getResults())
