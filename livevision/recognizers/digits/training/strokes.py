"""Digits (and what is none) drawn by made-up writers, stroke by stroke.

The shapes are our own: the ways in which people write each digit, as points that a smooth curve
runs through (Catmull and Rom, 1974). A writer keeps his ways, slant and proportions from digit to
digit; every digit is drawn a little differently all the same.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.digits.prepare import Ink

Stroke = tuple[tuple[float, float], ...]
"""Points (x, y) from 0 to 1, y downwards; a point given twice is a corner."""
Glyph = tuple[Stroke, ...]

DIGITS: dict[str, tuple[Glyph, ...]] = {
    "0": (
        (((0.5, 0), (0.15, 0.2), (0.1, 0.6), (0.4, 1), (0.8, 0.8), (0.88, 0.35), (0.5, 0)),),
        (((0.6, 0.05), (0.25, 0.1), (0.1, 0.5), (0.3, 0.95), (0.7, 0.9), (0.9, 0.5), (0.7, 0.08)),),
        (((0.45, 0.03), (0.2, 0.3), (0.2, 0.75), (0.45, 1), (0.7, 0.7), (0.7, 0.3), (0.4, 0)),),
    ),
    "1": (
        (((0.5, 0), (0.5, 0), (0.5, 1)),),
        (((0.2, 0.3), (0.55, 0), (0.55, 0), (0.52, 1)),),
        (((0.1, 0.42), (0.6, 0), (0.6, 0), (0.6, 1)),),
        (((0.3, 0.2), (0.5, 0), (0.5, 0), (0.5, 1)), ((0.2, 1), (0.2, 1), (0.8, 1))),
        (((0.62, 0), (0.62, 0), (0.42, 1)),),
        (((0.32, 0.17), (0.5, 0), (0.5, 0), (0.5, 1)),),
        (((0.15, 0.2), (0.4, 0.12), (0.55, 0), (0.55, 0), (0.5, 1)),),
        (((0.0, 0.5), (0.55, 0), (0.55, 0), (0.5, 1)),),
    ),
    "2": (
        (((0.1, 0.25), (0.45, 0), (0.85, 0.25), (0.5, 0.65), (0.1, 1), (0.1, 1), (0.95, 1)),),
        (
            (
                (0.15, 0.2),
                (0.5, 0),
                (0.8, 0.25),
                (0.45, 0.7),
                (0.15, 0.95),
                (0.1, 0.8),
                (0.35, 0.82),
                (0.7, 0.98),
                (1, 0.9),
            ),
        ),
        (((0.05, 0.1), (0.6, 0), (0.85, 0.3), (0.1, 1), (0.1, 1), (0.5, 0.93), (0.9, 1)),),
    ),
    "3": (
        (
            (
                (0.1, 0.12),
                (0.5, 0),
                (0.85, 0.22),
                (0.4, 0.46),
                (0.4, 0.46),
                (0.9, 0.7),
                (0.5, 1),
                (0.08, 0.88),
            ),
        ),
        (
            (
                (0.1, 0),
                (0.1, 0),
                (0.85, 0),
                (0.85, 0),
                (0.42, 0.4),
                (0.42, 0.4),
                (0.88, 0.65),
                (0.5, 1),
                (0.05, 0.88),
            ),
        ),
        (
            (
                (0.2, 0.1),
                (0.6, 0),
                (0.8, 0.2),
                (0.45, 0.45),
                (0.3, 0.46),
                (0.5, 0.46),
                (0.85, 0.7),
                (0.55, 0.97),
                (0.15, 0.95),
            ),
        ),
    ),
    "4": (
        (
            ((0.25, 0), (0.1, 0.6), (0.1, 0.6), (0.95, 0.6)),
            ((0.7, 0.2), (0.7, 0.2), (0.65, 1)),
        ),
        (((0.7, 1), (0.7, 1), (0.7, 0), (0.7, 0), (0.05, 0.68), (0.05, 0.68), (0.98, 0.68)),),
        (
            ((0.15, 0.02), (0.1, 0.45), (0.25, 0.55), (0.8, 0.5)),
            ((0.82, 0), (0.82, 0), (0.72, 1)),
        ),
        (((0.6, 0), (0.6, 0), (0.05, 0.6), (0.05, 0.6), (0.95, 0.57)), ((0.65, 0.35), (0.6, 1))),
    ),
    "5": (
        (
            ((0.25, 0), (0.25, 0), (0.2, 0.42), (0.55, 0.38), (0.88, 0.68), (0.5, 1), (0.08, 0.9)),
            ((0.25, 0.02), (0.25, 0.02), (0.9, 0)),
        ),
        (
            (
                (0.88, 0),
                (0.88, 0),
                (0.28, 0.02),
                (0.28, 0.02),
                (0.2, 0.45),
                (0.2, 0.45),
                (0.6, 0.4),
                (0.85, 0.7),
                (0.5, 1),
                (0.05, 0.92),
            ),
        ),
        (
            ((0.3, 0.06), (0.22, 0.45), (0.6, 0.45), (0.8, 0.75), (0.45, 1), (0.1, 0.9)),
            ((0.4, 0.0), (0.4, 0.0), (0.95, -0.02)),
        ),
    ),
    "6": (
        (
            (
                (0.75, 0),
                (0.3, 0.3),
                (0.12, 0.7),
                (0.4, 1),
                (0.8, 0.8),
                (0.6, 0.52),
                (0.2, 0.68),
            ),
        ),
        (
            (
                (0.5, 0),
                (0.2, 0.4),
                (0.15, 0.8),
                (0.5, 1),
                (0.85, 0.78),
                (0.55, 0.55),
                (0.18, 0.75),
            ),
        ),
        (
            (
                (0.85, 0.1),
                (0.55, 0.02),
                (0.2, 0.4),
                (0.2, 0.85),
                (0.6, 1),
                (0.85, 0.72),
                (0.5, 0.5),
                (0.2, 0.7),
            ),
        ),
    ),
    "7": (
        (((0.05, 0), (0.05, 0), (0.9, 0), (0.9, 0), (0.35, 1)),),
        (((0.05, 0.02), (0.05, 0.02), (0.9, 0), (0.9, 0), (0.4, 1)), ((0.25, 0.5), (0.8, 0.47))),
        (
            (
                (0.05, 0.18),
                (0.08, 0.02),
                (0.08, 0.02),
                (0.9, 0.04),
                (0.9, 0.04),
                (0.5, 0.5),
                (0.4, 1),
            ),
        ),
        (((0.05, 0.1), (0.4, 0), (0.85, 0.06), (0.6, 0.5), (0.42, 1)), ((0.3, 0.5), (0.75, 0.5))),
    ),
    "8": (
        (
            (
                (0.78, 0.1),
                (0.4, 0),
                (0.2, 0.22),
                (0.5, 0.48),
                (0.85, 0.75),
                (0.5, 1),
                (0.15, 0.75),
                (0.5, 0.48),
                (0.82, 0.22),
                (0.7, 0.05),
            ),
        ),
        (
            ((0.5, 0), (0.22, 0.22), (0.5, 0.46), (0.78, 0.22), (0.5, 0)),
            ((0.5, 0.46), (0.15, 0.72), (0.5, 1), (0.85, 0.72), (0.5, 0.46)),
        ),
        (
            (
                (0.5, 0.47),
                (0.25, 0.2),
                (0.5, 0),
                (0.78, 0.2),
                (0.5, 0.47),
                (0.12, 0.8),
                (0.5, 1),
                (0.85, 0.8),
                (0.5, 0.47),
            ),
        ),
    ),
    "9": (
        (
            (
                (0.8, 0.15),
                (0.45, 0),
                (0.15, 0.25),
                (0.4, 0.5),
                (0.8, 0.25),
                (0.82, 0.1),
                (0.82, 0.1),
                (0.75, 1),
            ),
        ),
        (
            (
                (0.82, 0.2),
                (0.5, 0),
                (0.15, 0.22),
                (0.45, 0.48),
                (0.82, 0.2),
                (0.8, 0.6),
                (0.55, 1),
                (0.15, 0.92),
            ),
        ),
        (((0.75, 0.25), (0.45, 0), (0.2, 0.3), (0.5, 0.5), (0.8, 0.2), (0.72, 0.6), (0.5, 1)),),
    ),
}
"""The ways in which each digit is written."""

ALSO_DIGITS = "OoQDlIiSsZzbgqBy|/!"
"""Characters that many writers draw as they draw a digit: nobody can tell, and nothing is learnt
from them."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What stays the same from digit to digit of one made-up writer."""

    ways: tuple[int, ...]
    """Which of the shapes of each digit he writes."""
    slant: float
    """Widths to the right a height up."""
    proportion: float
    """Width to height."""
    unrest: float
    """How far points stray, in heights."""

    @classmethod
    def random(cls, chance: np.random.Generator) -> "Writer":
        ways = tuple(int(chance.integers(len(DIGITS[str(digit)]))) for digit in range(10))
        slant, proportion = chance.normal(0.08, 0.12), chance.uniform(0.45, 0.85)
        return cls(ways, float(slant), float(proportion), float(chance.uniform(0.01, 0.04)))

    def write(self, digit: str, chance: np.random.Generator, size: int, pen: float) -> Ink:
        """`digit` about `size` pixels high, with a pen `pen` pixels wide."""
        glyph = DIGITS[digit][self.ways[int(digit)]]
        return draw(glyph, chance, size, pen, self.slant, self.proportion, self.unrest)


def flagged(chance: np.random.Generator) -> Glyph:
    """A "1" with an upstroke, as much of Europe writes it: steep or flat, short or long, straight
    or bent, sometimes with a foot."""
    length, steep = chance.uniform(0.2, 0.65), np.radians(chance.uniform(27, 70))
    apex, lean = 0.55, chance.normal(0.0, 0.04)
    x, y = apex - length * np.cos(steep), length * np.sin(steep)
    bow = chance.normal(0.0, 0.06)
    middle = (x + apex) / 2 + bow * np.sin(steep), y / 2 + bow * np.cos(steep)
    upright: Stroke = ((x, y), middle, (apex, 0), (apex, 0), (apex + lean, 1))
    if chance.random() < 0.6:
        return (upright,)
    left, right = chance.uniform(0.15, 0.5, 2)
    foot = (apex + lean - left, 1.0), (apex + lean + right, 1 + chance.normal(0, 0.03))
    return upright, (foot[0], *foot)


def seven(chance: np.random.Generator) -> Glyph:
    """A "7": its upper stroke is level or nearly so, at times with a serif, a bow or a bar."""
    wide, slope = chance.uniform(0.4, 0.85), np.radians(chance.uniform(-8, 13))
    right, low = 0.9, chance.uniform(0.15, 0.55)
    x, y = right - wide, wide * np.tan(slope)
    upper: Stroke = ((x, y), (x, y), (right, 0), (right, 0))
    if chance.random() < 0.3:
        upper = ((x, y + chance.uniform(0.08, 0.2)), (x, y), *upper[1:])
    bow = (right - low / 2 + chance.normal(0, 0.05), 0.5)
    stem = (
        (*upper, bow, (right - low, 1.0)) if chance.random() < 0.5 else (*upper, (right - low, 1))
    )
    if chance.random() < 0.5:
        return (stem,)
    left = right - low / 2 - chance.uniform(0.15, 0.35)
    return stem, ((left, 0.5), (left, 0.5), (right - low / 2 + chance.uniform(0.1, 0.3), 0.48))


def draw(
    glyph: Glyph,
    chance: np.random.Generator,
    size: int,
    pen: float,
    slant: float = 0.0,
    proportion: float = 0.7,
    unrest: float = 0.02,
) -> Ink:
    """The strokes as ink, a little differently each time; just as large as they need."""
    proportion *= float(chance.uniform(0.88, 1.14))
    turn = chance.normal(0.0, 0.05)
    lines = []
    for stroke in glyph:
        points = np.array(stroke, np.float64)
        moved = points + chance.normal(0.0, unrest, points.shape)
        twice = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))
        moved[twice + 1] = moved[twice]
        curve = smooth(moved) - 0.5
        x = curve[:, 0] * proportion - curve[:, 1] * (slant + turn)
        lines.append(np.stack([x, curve[:, 1] + curve[:, 0] * turn * proportion], axis=1) * size)
    reach = pen + 2.0
    low = np.min([line.min(axis=0) for line in lines], axis=0) - reach
    high = np.max([line.max(axis=0) for line in lines], axis=0) + reach
    width, height = np.ceil(high - low).astype(int)
    ink = np.zeros((height, width), np.uint8)
    bits = 4  # sub-pixel places, so that thin lines are even
    for line in lines:
        path = np.round((line - low) * (1 << bits)).astype(np.int32)
        cv2.polylines(ink, [path], False, (255,), max(1, round(pen)), cv2.LINE_AA, bits)
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.5), np.float32) / np.float32(255)


def smooth(points: NDArray[np.float64], steps: int = 10) -> NDArray[np.float64]:
    """A curve through all `points`, (n, 2), that is smooth but at points that come twice."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    share = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
    parts = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(
            start
            + 0.5 * share * (end - before)
            + share**2 * (before - 2.5 * start + 2 * end - 0.5 * after)
            + share**3 * (1.5 * (start - end) + 0.5 * (after - before))
        )
    return np.concatenate([*parts, points[-1:]])
