"""Who somebody is: scores of an embedding against everybody who is enrolled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from livevision.frame import Floats, Image
from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.gallery import Embedding, EnrolledFace, Gallery

THRESHOLD_SETTING = "threshold"
"""Where the gallery keeps the threshold that `faces tune` has set."""
CROWD = 5
"""How many of the others that are most alike make up a crowd."""
CROWDED = 0.93
"""Mean cosine to them from which on a face counts as one of a crowd."""
CROWD_WEIGHT = 0.9
"""How much a score loses by the crowd around both faces."""


@dataclass(frozen=True, slots=True)
class Match:
    """The enrolled person who is most like a face."""

    name: str
    """"unknown" if nobody is like enough."""
    score: float
    """Cosine with the best template, less what the crowd takes; -1 with nobody enrolled."""
    best: str
    """Who is most like it, like enough or not; empty with nobody enrolled."""
    confidence: float
    """Probability, 0 to 1, that `name` is right."""


class Seen(NamedTuple):
    """One look at a face that is followed."""

    embedding: Embedding
    """Of unit length."""
    weight: float
    """Its quality, 0 to 1."""
    chip: Image | None = None
    """For those who compare pictures: see `embedding.chip`."""


class Judge(Protocol):
    """Who decides whom a face that is followed shows."""

    names: list[str]
    threshold: float

    def judge(self, looks: Sequence[Seen]) -> tuple[Match, Floats]:
        """Who all the looks together show, and the (looks, people) scores of each."""


class Matcher:
    """Compares embeddings with a gallery.

    A person's template is the mean of the enrolled views, weighted by their quality. A score is the
    cosine with the template. Where several of the enrolled are like a face, though, one of them is
    no proof: dlib's embedding crowds some groups of people together. What the face and the template
    are alike to the `CROWD` nearest others, above `CROWDED`, is therefore taken off: a one-sided
    form of the normalisation by a cohort (Auckenthaler et al., 2000). One-sided, because a face
    unlike everybody enrolled must not gain by it: that would name strangers of groups of whom few
    are enrolled.
    """

    def __init__(
        self,
        faces: Sequence[EnrolledFace],
        *,
        threshold: float | None = None,
        rejected: Sequence[tuple[str, Embedding]] = (),
    ) -> None:
        """`threshold` is the least score of a name; the default suits the number of people."""
        views: dict[str, list[EnrolledFace]] = {}
        for face in faces:
            views.setdefault(face.name, []).append(face)
        self.names = list(views)
        self._templates = np.array([template(each) for each in views.values()], np.float32)
        self._templates = self._templates.reshape(-1, 128)
        self.threshold = default_threshold(len(self.names)) if threshold is None else threshold
        self._crowds = self._crowd_of_templates()
        index = {name: number for number, name in enumerate(self.names)}
        self._rejected = [(index[name], unit(e)) for name, e in rejected if name in index]

    def scores(self, embeddings: Floats) -> Floats:
        """(n, people) scores of (n, 128) embeddings."""
        probes = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        cosines = probes @ self._templates.T
        scores = cosines
        crowd = min(CROWD, len(self.names) - 1)
        if crowd > 0:
            nearest = -np.partition(-cosines, crowd, axis=1)[:, : crowd + 1]
            # the candidate itself is none of the others
            without = np.maximum(cosines, nearest.min(axis=1, keepdims=True))
            around = (nearest.sum(axis=1, keepdims=True) - without) / crowd
            excess = np.maximum(around - CROWDED, 0) + self._crowds
            scores = cosines - np.float32(CROWD_WEIGHT / 2) * excess
        for person, other in self._rejected:
            # a face more like one that is not the person than like the person is not the person
            worse = probes @ other >= cosines[:, person]
            scores[worse, person] = -1.0
        return np.asarray(scores, np.float32)

    def match(self, embedding: Embedding) -> Match:
        """Who the face is."""
        if not self.names:
            return Match(UNKNOWN, -1.0, "", 1.0)
        scores = self.scores(embedding[None])[0]
        best = int(scores.argmax())
        score = float(scores[best])
        chance = probability(score - self.threshold)
        if score >= self.threshold:
            return Match(self.names[best], score, self.names[best], chance)
        return Match(UNKNOWN, score, self.names[best], 1 - chance)

    def judge(self, looks: Sequence[Seen]) -> tuple[Match, Floats]:
        """Who the mean of the looks, weighted, shows; and the (looks, people) scores of each."""
        return self.match(mean(looks)), self.scores(np.array([look.embedding for look in looks]))

    def _crowd_of_templates(self) -> Floats:
        """(people,): how far each template is in a crowd of other templates."""
        count = len(self.names)
        crowd = min(CROWD, count - 1)
        if crowd <= 0:
            return np.zeros(count, np.float32)
        around = np.empty(count, np.float32)
        for start in range(0, count, 1024):  # ten thousand people make 400 MB at once
            part = self._templates[start : start + 1024] @ self._templates.T
            part[np.arange(len(part)), start + np.arange(len(part))] = -2.0
            around[start : start + 1024] = -np.partition(-part, crowd - 1, axis=1)[:, :crowd].mean(
                axis=1
            )
        return np.maximum(around - np.float32(CROWDED), 0)


def matcher(gallery: Gallery, threshold: float | None = None) -> Matcher:
    """The people of a gallery; its tuned threshold, if it has one, unless another is given."""
    tuned = gallery.setting(THRESHOLD_SETTING)
    if threshold is None and tuned is not None:
        threshold = float(tuned)
    return Matcher(gallery.faces(), threshold=threshold, rejected=gallery.rejected())


def unit(embedding: Embedding) -> Embedding:
    """The embedding scaled to length 1."""
    return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-9), np.float32)


def mean(looks: Sequence[Seen]) -> Embedding:
    """All looks together, weighted by quality, of unit length."""
    return unit(np.sum([look.embedding * look.weight for look in looks], axis=0))


def template(views: Sequence[EnrolledFace]) -> Embedding:
    """What stands for a person: the mean of the views, weighted by quality, of unit length."""
    weights = np.array([0.25 + view.quality for view in views], np.float32)
    return unit(weights @ np.array([unit(view.embedding) for view in views]))


# Fitted to Labeled Faces in the Wild (docs/faces.md): the score that one stranger in 300 exceeds
# when one person is enrolled, what every tenfold of people adds to it until what the crowd takes
# makes up for their number, and the steepness of the logistic curve from "wrong" to "right".
_THRESHOLD_OF_ONE = 0.932
_PER_TENFOLD = 0.0135
_THRESHOLD_OF_MANY = 0.954
_STEEPNESS = 150.0


def default_threshold(people: int) -> float:
    """Least score of a name when `people` are enrolled: about one stranger in 300 gets one."""
    grown = _THRESHOLD_OF_ONE + _PER_TENFOLD * math.log10(max(people, 1))
    return min(grown, _THRESHOLD_OF_MANY)


def probability(margin: float) -> float:
    """Probability that the best match is right, from its score less the threshold."""
    return 1.0 / (1.0 + math.exp(-_STEEPNESS * max(-1.0, min(1.0, margin + 0.01))))
