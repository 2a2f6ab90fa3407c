"""What MediaPipe's networks share: where their files are, and how their boxes are decoded.

Its detectors of palms and faces are single-shot detectors (Liu et al., 2016) with fixed anchors.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from livevision import litert
from livevision.errors import ModelError
from livevision.frame import Floats
from livevision.locators import mediapipe_files

SAME = 0.3
"""Intersection over union from which on two boxes show one thing."""


@cache
def network(name: str, edit: Callable[[bytes], bytes] | None = None) -> litert.Network:
    """The network in the file `name` below "modules" in the package mediapipe.

    `edit` may change the model before it is loaded. Raises ModelError if it is missing or damaged.
    """
    path = mediapipe_files.path(name)
    title = f"{path}, a model of the package mediapipe"
    cure = "Install mediapipe again."
    try:
        model = path.read_bytes()
        if edit is not None:
            model = edit(model)
    except (ValueError, OSError) as error:
        raise ModelError(f"Cannot read {title}: {error}. {cure}") from error
    return litert.network(model, name=title, cure=cure)


def anchors(cells: tuple[tuple[int, int], ...]) -> Floats:
    """(n, 2): middles of a detector's boxes, in sides of its input.

    `cells` has, for each of its grids, the cells in a row and the boxes in a cell.
    """
    grids = []
    for count, repeats in cells:
        middles = (np.arange(count, dtype=np.float32) + 0.5) / count
        x, y = np.meshgrid(middles, middles)
        grids.append(np.repeat(np.stack((x, y), axis=-1).reshape(-1, 2), repeats, axis=0))
    return np.concatenate(grids)


def blend(values: Floats, scores: Floats) -> list[tuple[float, Floats]]:
    """Scores and boxes, the best first; those that overlap become their mean, weighted by score.

    This is BlazeFace's form of non-maximum suppression (Bazarevsky et al., 2019). `values` is
    (n, k, 2): middle, size and k - 2 points of each box.
    """
    low, high = values[:, 0] - values[:, 1] / 2, values[:, 0] + values[:, 1] / 2
    area = np.prod(np.maximum(values[:, 1], 0.0), axis=1)
    left = np.argsort(-scores, kind="stable")
    blended = []
    while len(left):
        best = left[0]
        sides = np.minimum(high[best], high[left]) - np.maximum(low[best], low[left])
        shared = np.prod(np.maximum(sides, 0.0), axis=1)
        near = shared > SAME * (area[best] + area[left] - shared)
        near[0] = True
        group = left[near]
        weights = scores[group] / scores[group].sum()
        blended.append((float(scores[best]), np.tensordot(weights, values[group], axes=1)))
        left = left[~near]
    return blended
