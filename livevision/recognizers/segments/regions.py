"""Regions as numbers, and regions of one kind.

The story's blobs: every connected region has an area, a perimeter, a solidity and an eccentricity
(as `skimage.measure.regionprops`), and k-means finds the kinds among them. The numbers are scaled
first, each to a mean of 0 and a deviation of 1: an area of 5000 pixels would otherwise outweigh
everything that an eccentricity, 0 to 1, can say.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Box
from livevision.recognizers.segments.methods import Labels, clustered, nearest

PROPERTIES = ("area", "perimeter", "solidity", "eccentricity")
LEAST = 0.002
"""Share of the picture below which a region is passed over."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A connected region of one label."""

    label: int
    box: Box
    mask: NDArray[np.bool_]
    """Of the box's size."""
    properties: dict[str, float]
    """Area and perimeter in pixels, solidity and eccentricity from 0 to 1."""


def regions(labels: Labels, *, most: int) -> list[Region]:
    """The connected regions of each label, largest first, `most` at the most."""
    from skimage.measure import label, regionprops

    connected = label(labels + 1, connectivity=1)  # type: ignore[no-untyped-call]
    sizes = np.bincount(connected.ravel())
    large = np.flatnonzero(sizes >= LEAST * labels.size)
    chosen = large[np.argsort(-sizes[large], kind="stable")][:most]
    # numbered anew, so that nothing is reckoned for thousands of specks
    numbers = np.zeros(len(sizes), np.int32)
    numbers[chosen] = np.arange(1, len(chosen) + 1)
    found: list[Any] = regionprops(numbers[connected])  # type: ignore[no-untyped-call]
    return [_region(each, labels) for each in found]


def kinds(found: list[Region], count: int, *, scaled: bool = True) -> list[int]:
    """For each region the number of its kind, from 0 on: of `count` kinds, by their properties."""
    if not found:
        return []
    values = np.array([[each.properties[name] for name in PROPERTIES] for each in found])
    if scaled:
        spread = values.std(axis=0)
        values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    points = values.astype(np.float32)
    return [int(each) for each in nearest(points[None], clustered(points, count))[0]]


def _region(found: Any, labels: Labels) -> Region:
    top, left, bottom, right = (int(side) for side in found.bbox)
    mask = np.asarray(found.image, bool)
    y, x = found.coords[0]
    return Region(
        int(labels[y, x]),
        Box(left, top, right, bottom),
        mask,
        {name: float(getattr(found, name)) for name in PROPERTIES},
    )
