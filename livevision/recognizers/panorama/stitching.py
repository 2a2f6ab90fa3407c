"""Pictures whose places are known become one: flat or round, evenly lit, without seams.

Gains and blending are those of Brown and Lowe (2007), with OpenCV's parts. Its own stitcher looks
for the places anew, less exactly than ours are, and fails where they are clear enough.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision import pictures
from livevision.errors import SourceError, UsageError
from livevision.frame import Image
from livevision.recognizers.panorama.matching import Homography, corners, moved

_cv2: Any = cv2
"""Its stubs know little of what is made for stitching."""

FLATTEST = 3.0
"""How many times its size a picture may become in a flat panorama: a wide sweep stretches its ends
without bound, and goes on a sphere instead."""
LARGEST = 40_000_000
"""Pixels of a panorama."""
_SEAM = 400_000
"""Pixels of all pictures together at which seams are looked for: they need no finer look."""
_FOCALS = np.geomspace(0.4, 5.0, 120)
"""Focal lengths that are tried, in widths of the picture: 100 to 11 degrees across."""
_TURNED = 0.1
"""How far a homography may be from one of a camera that only turned (the norm of what is left of
its matrix times its transpose, without 1)."""


def check_name(path: Path) -> None:
    """Raises UsageError if OpenCV writes no pictures of colours with such an ending."""
    if encoded(np.zeros((8, 8, 3), np.uint8), path.suffix) is None:
        raise UsageError(f"{path} is no picture's name; call it .jpg or .png.")


def encoded(image: Image, suffix: str) -> bytes | None:
    """A picture as the bytes of a file with such an ending; None if OpenCV cannot make that."""
    with pictures.quiet():
        try:
            written, data = cv2.imencode(suffix, image)
        except cv2.error:  # none such, one that is switched off, or too large a picture for it
            return None
    return data.tobytes() if written else None


def joined(images: Sequence[Image], places: Sequence[Homography]) -> Image:
    """One picture of all; `places` take each to a common plane. What none shows is black.

    Raises SourceError if it would be too large, or if the camera did more than turn on a wide
    sweep, so that neither a plane nor a sphere can take it.
    """
    laid = _flat(images, places)
    if laid is None:
        laid = _round(images, places)
    return _blended(*laid)


_Tiles = tuple[list[Image], list[Image], list[tuple[int, int]]]
"""Pictures laid out, their masks (0, 255), and where their left top corners are."""


def _flat(images: Sequence[Image], places: Sequence[Homography]) -> _Tiles | None:
    """Laid into one plane, where straight lines stay straight; None if the sweep is too wide."""
    tiles, masks, spots = [], [], []
    for image, place in zip(images, places, strict=True):
        height, width = image.shape[:2]
        square = corners((width, height))
        if (square @ place[2, :2] + place[2, 2] <= 0).any():
            return None
        quad = moved(square, place)
        if abs(cv2.contourArea(quad.astype(np.float32))) > FLATTEST * width * height:
            return None
        left, top = np.floor(quad.min(axis=0)).astype(int)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int)
        shift = np.array(((1, 0, -left), (0, 1, -top), (0, 0, 1.0)))
        size = max(int(right - left), 1), max(int(bottom - top), 1)
        tiles.append(_warped(image, shift @ place, size, cv2.INTER_LINEAR))
        whole = np.full((height, width), 255, np.uint8)
        masks.append(_warped(whole, shift @ place, size, cv2.INTER_NEAREST))
        spots.append((int(left), int(top)))
    return tiles, masks, spots


def _round(images: Sequence[Image], places: Sequence[Homography]) -> _Tiles:
    """Laid on a sphere around the camera."""
    height, width = images[0].shape[:2]
    camera, turns = _turns(places, (width, height))
    warper = _cv2.PyRotationWarper("spherical", float(camera[0, 0]))
    tiles, masks, spots = [], [], []
    lens = np.asarray(camera, np.float32)
    for image, turn in zip(images, turns, strict=True):
        rotation = np.asarray(turn, np.float32)
        spot, tile = warper.warp(image, lens, rotation, cv2.INTER_LINEAR, cv2.BORDER_REFLECT)
        whole = np.full(image.shape[:2], 255, np.uint8)
        _, mask = warper.warp(whole, lens, rotation, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
        tiles.append(np.asarray(tile, np.uint8))
        masks.append(np.asarray(mask, np.uint8))
        spots.append((int(spot[0]), int(spot[1])))
    return tiles, masks, spots


def _turns(
    places: Sequence[Homography], size: tuple[int, int]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """The camera's matrix, and how it was turned for each picture.

    Of all focal lengths it is the one with which the homographies come nearest to rotations.
    """
    width, height = size
    steps = [np.linalg.inv(one) @ other for one, other in pairwise(places)]
    # two steps at once turn farther, and say more
    steps += [one @ other for one, other in pairwise(steps)]

    def lens(focal: float) -> NDArray[np.float64]:
        pixels = focal * width
        return np.array(((pixels, 0, width / 2), (0, pixels, height / 2), (0, 0, 1.0)))

    def rays(step: Homography, camera: NDArray[np.float64]) -> NDArray[np.float64]:
        turn = np.linalg.inv(camera) @ step @ camera
        return np.asarray(turn / np.cbrt(np.linalg.det(turn)), np.float64)

    def misses(focal: float) -> list[float]:
        turns = [rays(step, lens(focal)) for step in steps]
        return [float(np.linalg.norm(turn @ turn.T - np.eye(3))) for turn in turns]

    errors = [float(np.median(misses(focal))) for focal in _FOCALS]
    if min(errors) > _TURNED:
        raise SourceError(
            "The sweep cannot be joined: the camera did more than turn. Turn it on one spot, or "
            "take less at once."
        )
    camera = lens(float(_FOCALS[int(np.argmin(errors))]))
    turns = []
    for place in places:
        left, _, right = np.linalg.svd(rays(place, camera))
        turns.append(np.asarray(left @ right, np.float64))
    return camera, turns


def _blended(tiles: list[Image], masks: list[Image], spots: Sequence[tuple[int, int]]) -> Image:
    low = np.min(spots, axis=0)
    ends = [
        (x + tile.shape[1], y + tile.shape[0]) for (x, y), tile in zip(spots, tiles, strict=True)
    ]
    width, height = (int(each) for each in np.max(ends, axis=0) - low)
    if width * height > LARGEST:
        raise SourceError(f"The panorama would have {width}x{height} pixels. Take less at once.")
    places = [(int(x - low[0]), int(y - low[1])) for x, y in spots]
    lit = _cv2.detail.ExposureCompensator.createDefault(_cv2.detail.ExposureCompensator_GAIN_BLOCKS)
    lit.feed(corners=places, images=tiles, masks=masks)
    even = [
        np.asarray(lit.apply(index, places[index], tile, masks[index]), np.uint8)
        for index, tile in enumerate(tiles)
    ]
    blender = _cv2.detail_MultiBandBlender()
    blender.prepare((0, 0, width, height))
    for tile, seam, spot in zip(even, _seams(even, masks, places), places, strict=True):
        blender.feed(_cv2.UMat(np.asarray(tile, np.int16)), seam, spot)
    result, _ = blender.blend(None, None)
    return np.asarray(np.clip(_plain(result), 0, 255), np.uint8)


def _seams(
    tiles: Sequence[Image], masks: Sequence[Image], spots: Sequence[tuple[int, int]]
) -> list[Image]:
    """For each tile the part that is shown of it: cut where two tiles differ least."""
    total = sum(tile.shape[0] * tile.shape[1] for tile in tiles)
    scale = min(1.0, (_SEAM / total) ** 0.5)

    def small(image: Image, way: int) -> Image:
        size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
        return np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)

    finder = _cv2.detail_DpSeamFinder("COLOR")
    found = finder.find(
        [np.asarray(small(tile, cv2.INTER_AREA), np.float32) for tile in tiles],
        [(round(x * scale), round(y * scale)) for x, y in spots],
        [small(mask, cv2.INTER_NEAREST) for mask in masks],
    )
    result = []
    for part, mask in zip(found, masks, strict=True):
        # a pixel more: two parts that were cut at a small size must not leave a gap
        grown = cv2.dilate(_plain(part), np.ones((3, 3), np.uint8))
        whole = cv2.resize(grown, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
        result.append(np.asarray(np.where(whole > 0, mask, 0), np.uint8))
    return result


def _warped(image: Image, by: Homography, size: tuple[int, int], way: int) -> Image:
    return np.asarray(cv2.warpPerspective(image, by, size, flags=way), np.uint8)


def _plain(image: object) -> Image:
    """An array of what OpenCV gives."""
    return np.asarray(image.get() if isinstance(image, cv2.UMat) else image)
