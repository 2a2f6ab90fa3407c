"""Digits put in reading order: lines, and in each line its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Box

REACH = 4.0
"""Heights to the right within which the next digit of a line is looked for."""
LEVEL = 0.6
"""How far, in heights, the next digit's middle may lie above or below."""
APART = 0.55
"""Heights between two lines, at least."""
GAP = 1.1
"""Heights between two digits from which on they are of two numbers."""
STEEP = 0.5
"""Slope of a line, at most: about 27 degrees."""


@dataclass(frozen=True, slots=True)
class Read:
    """A digit that was read."""

    box: Box
    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


def lines(digits: Sequence[Read]) -> list[list[Read]]:
    """The digits of each line from left to right, lines from the top."""
    if not digits:
        return []
    height = float(np.median([each.box.height for each in digits]))
    middles = np.array([each.box.center for each in digits])
    slope, bend = _slopes(middles, height)
    # how high above the lower edge each digit would stand if the page were level
    level = middles[:, 1] - (slope + bend * middles[:, 1]) * middles[:, 0]
    order = np.argsort(level)
    rows: list[list[int]] = [[int(order[0])]]
    for place in order[1:]:
        last = float(np.mean([level[each] for each in rows[-1][-4:]]))
        if level[place] - last > APART * height:
            rows.append([])
        rows[-1].append(int(place))
    return [[digits[each] for each in sorted(row, key=lambda i: middles[i, 0])] for row in rows]


def _slopes(middles: NDArray[np.float64], height: float) -> tuple[float, float]:
    """How steep the lines run at the top, and how much steeper for each pixel down."""
    found = []
    for place, (x, y) in enumerate(middles):
        right, down = middles[:, 0] - x, middles[:, 1] - y
        near = (right > 0.3 * height) & (right < REACH * height)
        near &= np.abs(down) < np.minimum(LEVEL * height + 0.15 * right, STEEP * right)
        near[place] = False
        if near.any():
            next_one = int(np.flatnonzero(near)[np.argmin(right[near])])
            found.append((down[next_one] / right[next_one], y))
    if not found:
        return 0.0, 0.0
    slopes, heights = np.array(found).T
    slope = float(np.median(slopes))
    if len(found) < 12 or np.ptp(heights) < 3 * height:
        return slope, 0.0
    sure = np.abs(slopes - slope) < 0.15
    if sure.sum() < 8:
        return slope, 0.0
    bend, start = np.polyfit(heights[sure], slopes[sure], 1)
    return float(start), float(bend)


def numbers(line: Sequence[Read]) -> list[list[Read]]:
    """The numbers of a line: digits with no wide gap between them."""
    found: list[list[Read]] = []
    for digit in line:
        if found:
            last = found[-1][-1].box
            height = max(last.height, digit.box.height)
            if digit.box.left - last.right <= GAP * height:
                found[-1].append(digit)
                continue
        found.append([digit])
    return found
