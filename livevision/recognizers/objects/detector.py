"""Finds COCO's objects in one picture.

The network sees 300x300 pixels, in which far things vanish, and one look at a picture errs more
often than two. So a picture is looked at as a whole and again: in its mirror image, or in four
parts that overlap, with more pixels for each thing. What the looks agree in is kept, its box their
mean and its score as well (weighted boxes fusion, Solovyev et al., 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision import litert
from livevision.frame import Box, Floats, Image
from livevision.recognizers.objects.names import SLOTS
from livevision.recognizers.objects.network import SIZE

SAME = 0.6
"""Overlap (intersection over union) from which on two boxes of one look are one object: the value
the network was trained and measured with."""
AGREED = 0.5
"""Overlap from which on boxes of two looks are the same object's."""
MOST = 100
"""Objects of one picture at the most, as COCO counts them."""
CANDIDATES = 1000
"""Boxes of a look that are compared at the most, the surest; real pictures have a few hundred."""
PART = 0.6
"""Side of a part, as a share of the picture's: two overlap by a fifth of it."""
MARGIN = 0.02
"""Share of a part's width at its inner edges: a box that reaches into it is cut off, and not
trusted."""
FAINT = 0.02
"""Score below which a look's box is passed over."""


@dataclass(frozen=True, slots=True)
class Object:
    """One thing in a picture."""

    kind: int
    """Its place in `names.NAMES`."""
    score: float
    """0 to 1."""
    box: tuple[float, float, float, float]
    """left, top, right, bottom in pixels, inside the picture."""


@dataclass(slots=True)
class _Found:
    """Boxes of a look: corners (n, 4) in pixels of the picture, kinds and scores (n,)."""

    corners: Floats
    kinds: NDArray[np.intp]
    scores: Floats


class Detector:
    """For any number of threads; holds Python's lock only for a moment."""

    def __init__(self, network: litert.Network, kinds: Sequence[int] | None = None) -> None:
        """`kinds` are the places in `names.NAMES` that are looked for; all unless given."""
        self._network = network
        self._kinds = np.arange(len(SLOTS)) if kinds is None else np.array(kinds, np.intp)
        # the network's table of scores has gaps, `names` has none
        self._slots = np.array(SLOTS)[self._kinds]

    def detect(self, image: Image, *, threshold: float, thorough: bool) -> list[Object]:
        """What is in a BGR picture, surest first, with scores above `threshold` (0 to 1).

        Takes two runs of the network, with `thorough` five, for things of half the size.
        """
        height, width = image.shape[:2]
        whole = Box(0, 0, width, height)
        first = self._look(image, whole)
        if thorough and min(width, height) >= 2:
            tiles = parts(width, height)
            second = _suppressed(_joined([self._look(image, each) for each in tiles]))
            return _fused(first, second, threshold, tiles, whole)
        return _fused(first, self._look(image, whole, mirrored=True), threshold, [whole], whole)

    def _look(self, image: Image, part: Box, *, mirrored: bool = False) -> _Found:
        """What the network sees in a part of the picture, without overlapping boxes."""
        view = part.crop(image)
        if mirrored:
            view = np.asarray(cv2.flip(view, 1), np.uint8)
        boxes, scores = self._network(prepare(view))
        wanted = scores[0][:, self._slots]
        faint = max(FAINT, np.partition(wanted, -CANDIDATES, axis=None)[-CANDIDATES])
        places, columns = np.nonzero(wanted > faint)
        y, x, tall, wide = boxes[0][places].T
        if mirrored:
            x = 1 - x
        shares = np.stack((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), axis=1)
        size = np.array((part.width, part.height) * 2, np.float32)
        corners = np.clip(shares, 0, 1) * size + np.array((part.left, part.top) * 2, np.float32)
        inner = _inner(part, Box(0, 0, image.shape[1], image.shape[0]))
        whole = (corners[:, :2] >= inner[:2]).all(axis=1) & (corners[:, 2:] <= inner[2:]).all(
            axis=1
        )
        return _suppressed(
            _Found(corners[whole], self._kinds[columns[whole]], wanted[places, columns][whole])
        )


def prepare(image: Image) -> Floats:
    """The network's input (1, 300, 300, 3), R, G, B from -1 to 1, of a BGR picture of any size.

    The picture is stretched to a square, as in training.
    """
    small = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    if small.ndim == 2:
        small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    scaled = cv2.dnn.blobFromImage(small, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True)
    return np.ascontiguousarray(scaled.transpose(0, 2, 3, 1), np.float32)


def parts(width: int, height: int) -> list[Box]:
    """Four parts of a picture, one for each corner, that overlap."""
    wide, tall = max(int(width * PART), 1), max(int(height * PART), 1)
    return [
        Box(left, top, left + wide, top + tall)
        for top in (0, height - tall)
        for left in (0, width - wide)
    ]


def _inner(part: Box, picture: Box) -> Floats:
    """left, top, right, bottom within which boxes of a part are trusted."""
    margin = MARGIN * part.width
    return np.array(
        (
            part.left + margin if part.left > picture.left else -np.inf,
            part.top + margin if part.top > picture.top else -np.inf,
            part.right - margin if part.right < picture.right else np.inf,
            part.bottom - margin if part.bottom < picture.bottom else np.inf,
        ),
        np.float32,
    )


def _joined(found: Sequence[_Found]) -> _Found:
    return _Found(
        np.concatenate([each.corners for each in found]),
        np.concatenate([each.kinds for each in found]),
        np.concatenate([each.scores for each in found]),
    )


def _suppressed(found: _Found) -> _Found:
    """Of the boxes of one kind that overlap, the surest alone; surest first."""
    if not len(found.scores):
        return found
    sizes = found.corners[:, 2:] - found.corners[:, :2]
    kept = cv2.dnn.NMSBoxesBatched(
        np.concatenate((found.corners[:, :2], sizes), axis=1).tolist(),
        found.scores.tolist(),
        found.kinds.tolist(),
        FAINT,
        SAME,
    )
    order = np.array(sorted(kept, key=lambda index: -found.scores[index])[:MOST], np.intp)
    return _Found(found.corners[order], found.kinds[order], found.scores[order])


def _fused(
    first: _Found, second: _Found, threshold: float, tiles: Sequence[Box], picture: Box
) -> list[Object]:
    """What two looks say together, surest first; `tiles` are what the second one looked at.

    An object's score is the mean of both; of what no tile can show whole, the first one's.
    """
    both = _joined((first, second))
    of_second = np.arange(len(both.scores)) >= len(first.scores)
    inners = np.stack([_inner(each, picture) for each in tiles])
    objects = []
    for kind in np.unique(both.kinds):
        chosen = np.flatnonzero(both.kinds == kind)
        chosen = chosen[np.argsort(-both.scores[chosen], kind="stable")]
        for group in _groups(both, chosen):
            scores = both.scores[group]
            box = (both.corners[group] * scores[:, None]).sum(0) / scores.sum()
            heard = [scores[of_second[group] == look].max(initial=0.0) for look in (False, True)]
            shown = (box[:2] >= inners[:, :2]).all(axis=1) & (box[2:] <= inners[:, 2:]).all(axis=1)
            looks = 2 if heard[1] > 0 or shown.any() else 1
            left, top, right, bottom = box.tolist()
            score = sum(heard) / looks
            if score > threshold:
                objects.append(Object(int(kind), float(score), (left, top, right, bottom)))
    return sorted(objects, key=lambda each: -each.score)[:MOST]


def _groups(found: _Found, chosen: NDArray[np.intp]) -> list[list[int]]:
    """The boxes of one kind, surest first, in groups that are one object each."""
    groups: list[list[int]] = []
    means = np.empty((len(chosen), 4), np.float32)
    for index in chosen:
        box = found.corners[index]
        overlaps = _overlaps(box, means[: len(groups)])
        best = int(overlaps.argmax()) if groups else -1
        if groups and overlaps[best] > AGREED:
            groups[best].append(int(index))
        else:
            best = len(groups)
            groups.append([int(index)])
        weights = found.scores[groups[best]]
        means[best] = (found.corners[groups[best]] * weights[:, None]).sum(0) / weights.sum()
    return groups


def _overlaps(box: Floats, others: Floats) -> Floats:
    """Intersection over union of a box with others, (n,)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    areas = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    return np.asarray(shared / np.maximum(areas - shared, 1e-9), np.float32)
