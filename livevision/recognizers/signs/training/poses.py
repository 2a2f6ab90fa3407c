"""New hands from known ones, in the space of landmarks.

Sources differ in where the thumb rests or how far a finger is bent far more than pictures of one
source do. So a hand takes over some fingers, in part, from another source's hand that shows the
same letter; then it is turned, its fingers grow or shrink, and its joints are misplaced a little.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats
from livevision.recognizers.signs.features import canonical, palm_axes

_ROOTS = np.array([0, 0, 1, 1, 1, 0, 5, 5, 5, 0, 9, 9, 9, 0, 13, 13, 13, 0, 17, 17, 17])
"""The joint that each joint's finger hangs on."""
_FINGER = np.array([0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5])


@dataclass(frozen=True, slots=True)
class Changes:
    """How strongly hands are changed."""

    share: float = 0.5
    """Share of hands that take over fingers."""
    turn: float = 0.2
    """Standard deviation of the turns about each axis, in radians."""
    finger: float = 0.06
    """Standard deviation of the logarithm of finger lengths."""
    stretch: float = 0.06
    """Standard deviation of the logarithm of the picture's width to height."""
    jitter: float = 0.025
    """Standard deviation of a joint's place, in palms."""


def changed(
    landmarks: Floats,
    world: Floats,
    partners: NDArray[np.int64],
    rows: NDArray[np.int64],
    generator: np.random.Generator,
    changes: Changes = Changes(),
) -> tuple[Floats, Floats]:
    """Changed copies of the right hands `rows`, as (n, 21, 3) in the picture and in space.

    `landmarks` and `world` are all hands; `partners` (n,) are rows of hands that show the same.
    """
    count = len(rows)
    everyone = np.ones(count, np.bool_)
    lent = generator.random((count, 6)) < 0.35
    lent[:, 0] = False
    lent &= (generator.random(count) < changes.share)[:, None]
    amount = (lent * generator.random((count, 6)))[:, _FINGER, None].astype(np.float32)
    lengths = np.exp(generator.normal(0.0, changes.finger, (count, 6)))[:, _FINGER, None]
    turn = _rotations(generator.normal(0.0, changes.turn, (count, 3)))
    wide = np.exp(generator.normal(0.0, changes.stretch, (count, 1)))
    results = []
    for index, points in enumerate((landmarks, world)):
        own, other = canonical(points[rows], everyone), canonical(points[partners], everyone)
        axes = palm_axes(own)
        flat = np.einsum("nij,nkj->nki", axes, own)
        flat_other = np.einsum("nij,nkj->nki", palm_axes(other), other)
        reach = (flat - flat[:, _ROOTS]) * (1.0 - amount)
        reach += (flat_other - flat_other[:, _ROOTS]) * amount
        reach *= lengths
        made = np.zeros_like(flat)
        for joints in (np.flatnonzero(_ROOTS == 0), np.flatnonzero(_ROOTS != 0)):
            made[:, joints] = made[:, _ROOTS[joints]] + reach[:, joints]
        made = np.einsum("nji,nkj->nki", axes, made)
        made = np.einsum("nij,nkj->nki", turn, made)
        spread = changes.jitter * np.exp(generator.normal(0.0, 0.5, (count, 1, 1)))
        made += generator.normal(0.0, 1.0, made.shape) * spread * (1.0, 1.0, 1.5)
        if index == 0:
            made[..., 0] *= wide
        results.append(made.astype(np.float32))
    return results[0], results[1]


def _rotations(vectors: NDArray[np.float64]) -> Floats:
    """(n, 3, 3) rotations about (n, 3) axes by their length in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[:, 0], 1e-9)).T
    zero = np.zeros_like(x)
    cross = np.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=1).reshape(-1, 3, 3)
    turned = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return np.asarray(turned, np.float32)
