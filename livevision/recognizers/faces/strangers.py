"""People whom cameras saw again and again, though nobody has enrolled them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.gallery import Gallery, Person, Sighting

ALIKE = 0.94
"""Mean cosine from which on two groups of sightings are one person's."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Sightings of, as it seems, one person."""

    sightings: tuple[Sighting, ...]

    @property
    def seconds(self) -> float:
        """How long the person was seen, all in all."""
        return sum(each.seconds for each in self.sightings)


def group(sightings: Sequence[Sighting]) -> list[Stranger]:
    """Strangers, those seen most often first (clustering by average linkage)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    unknown = [each for each in sightings if each.name == UNKNOWN]
    if len(unknown) < 2:
        return [Stranger((each,)) for each in unknown]
    tree = linkage(np.array([each.embedding for each in unknown]), "average", metric="cosine")
    labels = fcluster(tree, 1 - ALIKE, "distance")
    groups = [
        Stranger(tuple(each for each, label in zip(unknown, labels, strict=True) if label == one))
        for one in np.unique(labels)
    ]
    return sorted(groups, key=lambda one: (-len(one.sightings), one.sightings[0].id))


def enrol_stranger(gallery: Gallery, stranger: Stranger, name: str) -> Person:
    """Make a stranger a person of the gallery; the sightings are erased."""
    # a track's mean is worth a good photo
    views = [(each.embedding, 1.0, "seen by a camera") for each in stranger.sightings]
    person = gallery.add(name, views)
    gallery.forget_sightings([each.id for each in stranger.sightings])
    return person
