"""Looks for the stems of heads in a straightened staff: in strange fonts the network needs it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livevision.frame import Image
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.cells import Symbol

NONE = 40.0
"""A stem is at least this much darker than what is beside it (of 255). In engraved sheets of fonts
not trained on, 268 of 269 half notes were above, 38 of 43 whole notes taken for halves below."""
_DOUBTED = 0.8
"""A head less probable than this needs a stem. Of 43 heads read in those sheets where none was, 22
had none; of 4,241 that were, 60, and nearly all of these were surer."""
_FROM, _TO = 7, 20
"""Pixels above or below the head's middle between which a stem is looked for, 8 to a space."""
_BESIDE = np.arange(1, 8)
"""... and to its left or right."""
_AROUND = 3
"""What is this far from a stem on both sides is paper."""
_SHARE = 25
"""Percentile: a stem may be interrupted, by noise, over a quarter of that length."""


def settled(staff: Image, symbols: Sequence[Symbol]) -> list[Symbol]:
    """`symbols` with what their stems say: a half note without one is a whole note, and a head that
    is in doubt without one is none."""
    kept = []
    for symbol in symbols:
        if symbol.name in ("filled", "half") and stem(staff, symbol.x, symbol.position) < NONE:
            if symbol.probability < _DOUBTED:
                continue
            if symbol.name == "half":
                symbol = replace(symbol, name="whole")
        kept.append(symbol)
    return kept


def stem(staff: Image, x: float, position: int) -> float:
    """How dark the likeliest stem of the head at `x` (pixels) is beside its surroundings."""
    height, width = staff.shape
    y = grid.height_of(position)
    best = 0.0
    for way in (-1, 1):
        rows = (y + way * np.arange(_FROM, _TO)).astype(int)
        rows = rows[(rows >= 0) & (rows < height)]
        if len(rows) < (_TO - _FROM) // 2:
            continue
        columns = (x + np.concatenate([-_BESIDE, _BESIDE])).astype(int)
        columns = columns[(columns >= _AROUND) & (columns < width - _AROUND)]
        if not len(columns):
            continue
        here = staff[np.ix_(rows, columns)].astype(np.int16)
        left = staff[np.ix_(rows, columns - _AROUND)].astype(np.int16)
        right = staff[np.ix_(rows, columns + _AROUND)].astype(np.int16)
        contrast = np.percentile(here - np.minimum(left, right), _SHARE, axis=0)
        best = max(best, float(contrast.max()))
    return best
