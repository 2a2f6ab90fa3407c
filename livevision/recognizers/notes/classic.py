"""The story's chain, to compare: lines by morphology, blobs by difference of Gaussians, pitch by
height, beat by a linear support vector classifier that learnt from nine tagged notes.

Hard thresholds and level lines are taken for granted; clefs, keys and accidentals are not read.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision import assets
from livevision.errors import ModelError
from livevision.frame import Image
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.cells import Symbol
from livevision.recognizers.notes.reader import Reading
from livevision.recognizers.notes.reading import read
from livevision.recognizers.notes.score import Sheet, StaffReading
from livevision.recognizers.notes.staffs import Staff

FILE = "classic.npz"
BEATS = (2, 4, 8)
"""What the nine tagged notes are: three halves, three quarters, three eighths."""
PATCH = (12, 36)
"""Width and height of the picture of a note that is classified, pixels."""
AROUND = (1.5, 4.5)
"""... and how much it shows to each side of the head, staff spaces."""
_LINE = 0.25
"""A line is black over this share of the picture's width."""
_STAFF = 5
_UNEVEN = 0.15
"""By how much the four distances of five lines may differ from their mean."""
_FINE, _COARSE = 0.35, 0.56
"""Standard deviations of the two Gaussians, staff spaces: a head is one space high."""
_BLOB = 0.16
"""Least difference of the two for a head; black on white is 1."""
_CLEF = 4.5
"""What stands nearer to the staff's beginning than this is clef and meter, staff spaces."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Five lines."""

    top: float
    space: float
    left: int
    right: int


class ClassicReader:
    """Reads level, clean, single-voiced sheets in the treble clef."""

    def __init__(self, models: Path) -> None:
        """Raise ModelError if the classifier is missing or none."""
        try:
            with np.load(assets.verified(models / FILE), allow_pickle=False) as file:
                self._weights = file["weights"].astype(np.float64)
                self._bias = file["bias"].astype(np.float64)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"Cannot load {models / FILE}: {error}. Install livevision anew."
            ) from error

    def read(self, grey: Image) -> Reading:
        """What stands on the sheet in `grey` (uint8)."""
        ink = binary(grey)
        found: list[Staff] = []
        sheet: list[StaffReading] = []
        seen: list[tuple[Symbol, ...]] = []
        without = unlined(ink, staffs := lines(ink))
        for each in staffs:
            staff = _staff(grey, each)
            symbols = []
            for x, y in heads(without, each):
                beat = self._beat(patch(without, x, y, each.space))
                name = "half" if beat == 2 else "filled"
                position = round((each.top + 4 * each.space - y) / (each.space / 2))
                along = (x - each.left) / each.space * grid.SPACE
                symbols.append(Symbol(name, along, position, 1.0, flags=int(beat == 8)))
            if symbols:
                found.append(staff)
                seen.append(tuple(symbols))
                sheet.append(read(staff, symbols, system=len(sheet)))
        return Reading(Sheet(tuple(sheet)), tuple(found), tuple(seen))

    def _beat(self, features: NDArray[np.float64]) -> int:
        return BEATS[int(np.argmax(self._weights @ features + self._bias))]


def binary(grey: Image) -> Image:
    """1 is ink, by Otsu's threshold."""
    way = cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU
    return np.asarray(cv2.threshold(grey, 0, 1, way)[1], np.uint8)


def lines(ink: Image) -> list[Lines]:
    """Staffs: long level marks are kept by a morphological opening, five at even distances."""
    width = ink.shape[1]
    long = cv2.getStructuringElement(cv2.MORPH_RECT, (max(10, width // 20), 1))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, long)
    full = level.sum(axis=1) > _LINE * width
    edges = np.flatnonzero(np.diff(np.concatenate([[0], full.astype(np.int8), [0]])))
    middles = (edges[::2] + edges[1::2] - 1) / 2
    found, first = [], 0
    while first + _STAFF <= len(middles):
        five = middles[first : first + _STAFF]
        gaps = np.diff(five)
        if np.abs(gaps - gaps.mean()).max() > _UNEVEN * gaps.mean():
            first += 1
            continue
        columns = np.flatnonzero(level[int(five[0]) : int(five[-1]) + 1].any(axis=0))
        found.append(
            Lines(float(five[0]), float(gaps.mean()), int(columns[0]), int(columns[-1]) + 1)
        )
        first += _STAFF
    return found


def unlined(ink: Image, staffs: list[Lines]) -> Image:
    """`ink` without the lines: an upright opening takes away what is thinner than a third space."""
    if not staffs:
        return ink
    thick = max(2, round(staffs[0].space / 3))
    upright = cv2.getStructuringElement(cv2.MORPH_RECT, (1, thick))
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, upright), np.uint8)


def heads(ink: Image, staff: Lines) -> list[tuple[float, float]]:
    """Middles (x, y) of the blobs around `staff`, from left to right."""
    space = staff.space
    top = max(0, int(staff.top - 4 * space))
    part = ink[top : int(staff.top + 8 * space)].astype(np.float32)
    fine = cv2.GaussianBlur(part, (0, 0), _FINE * space)
    blobs = fine - cv2.GaussianBlur(part, (0, 0), _COARSE * space)
    # a hollow head is a ring: its middle is light, and full once blurred
    side = int(space) | 1
    highest = cv2.dilate(blobs, np.ones((side, side), np.uint8))
    ys, xs = np.nonzero((blobs == highest) & (blobs > _BLOB) & (fine > 2 * _BLOB))
    found = [
        (float(x), float(y + top))
        for x, y in zip(xs, ys, strict=True)
        if x > staff.left + _CLEF * space and x < staff.right - space
    ]
    return sorted(found)


def patch(ink: Image, x: float, y: float, space: float) -> NDArray[np.float64]:
    """The note around (x, y) as PATCH numbers from 0 to 1, row by row."""
    wide, high = AROUND[0] * space, AROUND[1] * space
    scale = np.array([[2 * wide / PATCH[0], 0, x - wide], [0, 2 * high / PATCH[1], y - high]])
    blurred = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), max(0.3, space / 8))
    seen = cv2.warpAffine(blurred, scale, PATCH, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(seen, np.float64).ravel()


def _staff(grey: Image, staff: Lines) -> Staff:
    scale = staff.space / grid.SPACE
    count = max(1, int((staff.right - staff.left) / scale))
    xs = staff.left + (np.arange(count) + 0.5) * scale
    ys = staff.top + (np.arange(grid.HEIGHT) + 0.5 - grid.height_of(8)) * scale
    map_x = np.broadcast_to(xs, (grid.HEIGHT, count)).astype(np.float32)
    map_y = np.broadcast_to(ys[:, None], (grid.HEIGHT, count)).astype(np.float32)
    image = 255 - cv2.remap(
        grey, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(255,)
    )
    return Staff(np.asarray(image, np.uint8), map_x, map_y, staff.space, 0, count)
