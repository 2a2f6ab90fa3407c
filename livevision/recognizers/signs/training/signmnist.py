"""Sign Language MNIST: the data set of the story, 28x28 grey, 24 letters.

Its train and test parts are both augmentations of about 1,700 pictures of the same hands, so the
official figure says little about hands that were never seen; the cross-validation over photo
sources does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.ndimage import gaussian_filter

from livevision.errors import UsageError

DATA_SET_T = 19
"""Label of class "T": index finger sideways, thumb up, which is not the ASL letter."""

_NEAR_DUPLICATE = 0.04
"""Correlation distance of two blurred pictures below which they are taken for one photo's."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """`images` (n, 28, 28) uint8 grey, `labels` (n,) int64: 0-25 for A-Z, no 9 and no 25."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def read(path: Path) -> Pictures:
    """The pictures of `train.npz` or `test.npz`; UsageError if it is not one of them."""
    try:
        with np.load(path) as data:
            return Pictures(data["images"], data["labels"].astype(np.int64))
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(f"{path} does not hold images and labels: {error}") from error


def photo_groups(pictures: Pictures) -> NDArray[np.int64]:
    """A number per picture, the same for those that seem augmentations of one photo.

    Single linkage over the correlation of blurred pictures within a letter: it errs towards large
    groups, so that near duplicates do not straddle a split.
    """
    groups = np.zeros(len(pictures.labels), np.int64)
    first = 0
    for letter in np.unique(pictures.labels):
        rows = np.flatnonzero(pictures.labels == letter)
        blurred = gaussian_filter(pictures.images[rows].astype(np.float32), (0, 1, 1))
        tree = linkage(blurred.reshape(len(rows), -1), "single", metric="correlation")
        found = fcluster(tree, _NEAR_DUPLICATE, "distance")
        groups[rows] = first + found
        first += int(found.max()) + 1
    return groups


def split(
    pictures: Pictures, *, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows for training and for validation, about `share` of each letter, by whole photo groups."""
    groups = photo_groups(pictures)
    generator = np.random.default_rng(seed)
    held: list[NDArray[np.int64]] = []
    for letter in np.unique(pictures.labels):
        rows = np.flatnonzero(pictures.labels == letter)
        wanted, taken = share * len(rows), 0
        for group in generator.permutation(np.unique(groups[rows])):
            members = rows[groups[rows] == group]
            if taken + len(members) <= 1.5 * wanted:
                held.append(members)
                taken += len(members)
            if taken >= wanted:
                break
    validation = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(pictures.labels)), validation), validation
