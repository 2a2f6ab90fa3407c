"""A hand's landmarks as numbers that do not depend on whose hand it is or where it is held.

Used live and in training, on many hands at once.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats
from livevision.locators.joints import FINGERS, KNUCKLES, PARENTS, WRIST

_PAIRS = np.triu_indices(21, 2)


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def canonical(points: Floats, right: NDArray[np.bool_]) -> Floats:
    """(n, 21, 3) landmarks as those of right hands, wrist at 0, the palm 1 long on the mean."""
    points = points - points[:, :1]
    points = np.where(right[:, None, None], points, points * np.array((-1, 1, 1), np.float32))
    size = np.linalg.norm(points[:, KNUCKLES], axis=-1).mean(axis=1)
    return np.asarray(points / np.maximum(size, 1e-6)[:, None, None], np.float32)


def palm_axes(points: Floats) -> Floats:
    """(n, 3, 3): rows are the palm's directions across, along (to the fingers) and outward."""
    along = _unit(points[:, KNUCKLES].mean(axis=1) - points[:, WRIST])
    across = points[:, 5] - points[:, 17]
    across = _unit(across - (across * along).sum(axis=-1, keepdims=True) * along)
    return np.stack((across, along, np.cross(across, along)), axis=1)


def features(landmarks: Floats, world: Floats, right: NDArray[np.bool_]) -> Floats:
    """(n, F) features, about -3 to 3.

    `landmarks` (n, 21, 3) in pixels (any scale, square pixels), `world` (n, 21, 3) in metres, both
    with x to the right and y down; `right` (n,) False for left hands, which are mirrored.
    """
    picture, space = canonical(landmarks, right), canonical(world, right)
    axes = palm_axes(space)
    turned = np.einsum("nij,nkj->nki", axes, space)
    bones = space[:, 1:] - space[:, PARENTS]
    lengths = np.linalg.norm(bones, axis=-1)
    directions = bones / np.maximum(lengths, 1e-6)[..., None]
    turned_directions = np.einsum("nij,nkj->nki", axes, directions)
    bends = (directions[:, _BEND[0]] * directions[:, _BEND[1]]).sum(axis=-1)
    distances = np.linalg.norm(space[:, _PAIRS[0]] - space[:, _PAIRS[1]], axis=-1)
    flat = np.linalg.norm(picture[:, _NEAR[0], :2] - picture[:, _NEAR[1], :2], axis=-1)
    picture_bones = _unit((picture[:, 1:] - picture[:, PARENTS])[..., :2])
    parts = (
        picture[:, 1:],
        space[:, 1:],
        turned[:, 1:],
        directions,
        turned_directions,
        picture_bones,
        lengths,
        bends,
        distances,
        flat,
        axes,
    )
    count = len(landmarks)
    rows = [part.reshape(count, -1) for part in parts]
    return np.asarray(np.concatenate(rows, axis=1), np.float32)


def with_traits(
    shape: Floats,
    traits: NDArray[np.floating[Any]],
    local: NDArray[np.floating[Any]],
    angle: Floats,
    right: NDArray[np.bool_],
) -> Floats:
    """(n, F + 1154 + 6384): `features` and what the landmark network made of the picture.

    `traits` (n, 1152) and `local` (n, 21, 304) are of an upright right hand; `angle` (n,) in
    radians says how it was turned for that, and `right` whether it was mirrored.
    """
    heading = np.where(right, angle, -angle)
    turn = np.stack((np.cos(heading), np.sin(heading)), axis=1)
    flat = local.reshape(len(local), -1)
    return np.concatenate((shape, traits, turn, flat), axis=1, dtype=np.float32)


_BEND = (
    np.array(
        [(joint - 1, joint) for finger in FINGERS for joint in finger[1:]]
        + [(4, joint) for joint in (5, 6, 7, 8, 9, 10, 11, 12, 14, 18)]
        + [(6, 10), (7, 11), (8, 12), (10, 14), (11, 15), (12, 16), (14, 18), (15, 19), (16, 20)]
    ).T
    - 1
)
"""Pairs of bones whose angle matters: along a finger, thumb to fingers, finger to finger."""

_NEAR = np.array(
    [(4, joint) for joint in range(5, 21)]
    + [(3, joint) for joint in range(5, 21)]
    + [(8, 12), (12, 16), (16, 20), (7, 11), (11, 15), (6, 10), (8, 5), (12, 9), (16, 13), (20, 17)]
).T
"""Pairs of joints whose distance in the picture matters."""
