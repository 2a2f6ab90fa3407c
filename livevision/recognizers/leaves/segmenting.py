"""Cuts leaves out of a picture: whatever differs from an even, light ground."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Box, Image

Mask = NDArray[np.bool_]

LONGEST = 1600
"""Pixels of the longer side to which larger pictures are shrunk."""
GRID = 48
"""Cells along the longer side of the picture in which the ground is looked for."""
LIGHT = 120.0
"""Lightness (CIE L* from 0 to 255) of the ground, at least."""
PALE = 45.0
"""Chroma (CIE a*, b*) of the ground, at most: paper, a table, a wall, not a lawn."""
EVEN = 9.0
"""How far, in CIE Lab, a cell may be from the ground's colour and belong to it."""
SHARE = 0.3
"""Share of the picture that the ground must take up."""
LEAST = 7.0
MOST = 20.0
"""Between these differences from the ground (CIE Lab) lies the edge of a leaf."""
NOISY = 5.0
"""Times the unevenness of the quietest part of the ground that a leaf must stand out."""
SHADED = 0.3
"""How much a difference in lightness alone counts: a shadow is no leaf."""
SHADOW = 60.0
"""Lightness (0 to 255) that a shadow takes from the ground at most."""
SMALLEST = 0.0006
"""Share of the picture below which a piece is a crumb."""
CRUMB = 0.06
"""Share of the pieces' median area below which a piece is a crumb."""
LARGEST = 0.85
"""Share of the picture above which what stands before the ground is no leaf."""
LEAVES = 60
"""Pieces of a picture at most: more is a pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Something that lies on the ground."""

    box: Box
    """In the picture as it was given."""
    image: Image
    """(height, width, 3) BGR, cut out along `mask`'s box with a rim; at the size worked at."""
    mask: Mask
    """(height, width): which of its pixels are the piece."""
    whole: bool
    """False if the picture's edge cuts it off."""
    ground: NDArray[np.float32]
    """(3,) CIE Lab of what it lies on."""


def pieces(image: Image) -> list[Piece]:
    """What lies on the ground of `image` (BGR), from left to right; nothing without a ground."""
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    work = image
    if scale < 1.0:
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        work = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = np.asarray(cv2.cvtColor(work, cv2.COLOR_BGR2LAB), np.uint8)
    ground = _ground(lab)
    if ground is None:
        return []
    away = difference(lab, ground)
    edge = _edge(away)
    mask = np.asarray(cv2.medianBlur((away > edge).astype(np.uint8), 3), np.uint8)
    return _cut(work, mask, ground, scale)


def difference(lab: Image, ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width): how far each pixel is from the ground, (height, width, 3), in CIE Lab."""
    apart = lab.astype(np.float32) - ground
    apart[..., 0] *= np.where(np.abs(apart[..., 0]) < SHADOW, SHADED, 1.0)
    return np.asarray(np.sqrt((apart**2).sum(axis=2)), np.float32)


def _ground(lab: Image) -> NDArray[np.float32] | None:
    """The ground's colour everywhere, (height, width, 3); None if there is no even, light one.

    The colour that most cells share, and a slope of light across the picture.
    """
    height, width = lab.shape[:2]
    step = max(1.0, max(height, width) / GRID)
    size = (max(4, round(width / step)), max(4, round(height / step)))
    cells = cv2.resize(lab, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    flat = cells.reshape(-1, 3)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    terms = np.stack(
        [np.ones(flat.shape[0]), columns.ravel() / size[0] - 0.5, rows.ravel() / size[1] - 0.5],
        axis=1,
    ).astype(np.float32)
    light = flat[(flat[:, 0] >= LIGHT) & (_chroma(flat) <= PALE)]
    if len(light) < SHARE * len(flat):
        return None
    # the mode of the lightness, not the median: leaves may take more room than paper
    counts = np.convolve(np.bincount(light[:, 0].astype(int), minlength=256), np.ones(9), "same")
    near = light[np.abs(light[:, 0] - counts.argmax()) <= 8]
    center = np.median(near, axis=0)
    fit = np.zeros((3, 3), np.float32)
    fit[0] = center
    reach = 3 * EVEN
    for reach in (4 * EVEN, 2.5 * EVEN, 1.5 * EVEN, EVEN):
        inside = np.abs(flat - terms @ fit).max(axis=1) <= reach
        if inside.sum() < SHARE * len(flat):
            return None
        fit = np.linalg.lstsq(terms[inside], flat[inside], rcond=None)[0].astype(np.float32)
    even = np.abs(flat - terms @ fit).max(axis=1) <= EVEN
    level = (terms @ fit).reshape(size[1], size[0], 3)
    if even.mean() < SHARE or level[..., 0].min() < LIGHT * 0.8:
        return None
    return np.asarray(cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR))


def _chroma(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.hypot(lab[..., 1] - 128, lab[..., 2] - 128))


def _edge(away: NDArray[np.float32]) -> float:
    """The difference from the ground that is more than the ground's own unevenness, in CIE Lab.

    Not Otsu's threshold: a dark leaf beside it would leave nothing but veins of a pale one.
    """
    flat = np.sort(away[::4, ::4], axis=None)
    quiet = flat[: max(1, int(len(flat) * SHARE))]  # as much as there is ground for certain
    return min(max(NOISY * float(quiet[-1]), LEAST), MOST)


def _cut(
    image: Image, mask: NDArray[np.uint8], ground: NDArray[np.float32], scale: float
) -> list[Piece]:
    """The mask's components as pieces, without crumbs."""
    height, width = mask.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    large = [i for i in range(1, len(areas)) if areas[i] >= SMALLEST * mask.size]
    if not large or len(large) > LEAVES:
        return []
    middle = float(np.median(areas[large]))
    found = []
    for number in large:
        left, top, wide, tall, area = (int(each) for each in stats[number])
        if area < CRUMB * middle or area > LARGEST * mask.size:
            continue
        rim = 4
        part = np.s_[
            max(0, top - rim) : min(height, top + tall + rim),
            max(0, left - rim) : min(width, left + wide + rim),
        ]
        box = (left, top, left + wide, top + tall)
        found.append(
            Piece(
                Box(*(round(side / scale) for side in box)),
                np.ascontiguousarray(image[part]),
                labels[part] == number,
                left > 0 and top > 0 and left + wide < width and top + tall < height,
                np.median(ground[part].reshape(-1, 3), axis=0).astype(np.float32),
            )
        )
    return sorted(found, key=lambda piece: piece.box.left)
