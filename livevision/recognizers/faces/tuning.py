"""Which threshold: what a gallery's own faces say of false names and missed names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.errors import GalleryError
from livevision.recognizers.faces.gallery import EnrolledFace
from livevision.recognizers.faces.matching import Matcher, default_threshold

FEWEST = 5
"""People without whom nothing can be measured."""
PLENTY = 5
"""Strangers above a threshold from which on they are counted; fewer are estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What every enrolled view scores when it is not enrolled."""

    own: NDArray[np.float64]
    """Against its own person's other views: what it takes to be named. Empty if nobody has two."""
    strange: NDArray[np.float64]
    """Best score against all the others, with its own person taken out: a stranger's."""
    people: int

    def missed(self, threshold: float) -> float:
        """Share of the views whose person would not be named."""
        return float(np.mean(self.own < threshold)) if len(self.own) else float("nan")

    def named(self, threshold: float) -> float:
        """Share of strangers who would get a name: counted, or from the tail's fitted shape."""
        above = int(np.sum(self.strange >= threshold))
        if above >= PLENTY:
            return above / len(self.strange)
        start, share, excess = self._tail()
        return float(share * np.exp(-max(0.0, threshold - start) / excess))

    def threshold(self, rate: float) -> float:
        """The least threshold at which no more than `rate` (0 to 1) of strangers get a name."""
        if rate * len(self.strange) >= PLENTY:
            bar = np.sort(self.strange)[::-1][int(rate * len(self.strange))]
            return float(np.nextafter(bar, 2.0))
        start, share, excess = self._tail()
        return float(np.clip(start + excess * np.log(share / rate), start, 1.0))

    def _tail(self) -> tuple[float, float, float]:
        """Where the highest tenth begins, its share, and its mean excess: an exponential tail.

        Peaks over a threshold (Pickands, 1975); cosines end at 1, so this errs on the safe side.
        """
        start = float(np.quantile(self.strange, 0.9))
        above = self.strange[self.strange > start]
        if not len(above):
            return start, 0.1, 1e-3
        return start, len(above) / len(self.strange), max(float(np.mean(above - start)), 1e-4)


def measure(faces: Sequence[EnrolledFace]) -> Curve:
    """Take each view out of the gallery in turn; GalleryError with fewer than `FEWEST` people."""
    people: dict[str, list[EnrolledFace]] = {}
    for face in faces:
        people.setdefault(face.name, []).append(face)
    if len(people) < FEWEST:
        raise GalleryError(
            f"{len(people)} people are enrolled; it takes {FEWEST} to measure a threshold. "
            f"Until then {default_threshold(len(people)):.3f} is used, which suits most galleries."
        )
    own, strange = [], []
    for name, views in people.items():
        others = [face for face in faces if face.name != name]
        without = Matcher(others)
        scores = without.scores(np.array([view.embedding for view in views]))
        strange += scores.max(axis=1).tolist()
        for view in views if len(views) > 1 else ():
            rest = [each for each in views if each is not view]
            matcher = Matcher([*rest, *others])
            own.append(float(matcher.scores(view.embedding[None])[0, 0]))
    return Curve(np.array(own), np.array(strange), len(people))
