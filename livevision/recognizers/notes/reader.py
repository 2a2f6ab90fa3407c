"""From a picture to a sheet of music."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livevision.frame import Image
from livevision.recognizers.notes import cells, grid, reading, staffs, stems
from livevision.recognizers.notes.cells import Symbol
from livevision.recognizers.notes.network import FILE, StaffNetwork
from livevision.recognizers.notes.score import Clef, Sheet, StaffReading
from livevision.recognizers.notes.staffs import Staff
from livevision.recognizers.notes.symbols import HEADS

_SAME = 0.6
"""Heads of two staffs nearer than this (staff spaces) are one head, seen from both."""
_BRACKET = 1.5
"""The line that joins the staffs of a system stands this near their beginning, staff spaces."""
_INKED = 90
"""Of 255: ink enough for that line, which is thin and may be blurred."""
_CLEAR = 0.9
"""A staff without a clef counts if it has at least `_FEW` heads as sure as this."""
_FEW = 3
_DOUBTED = 0.9
"""A clef less probable than this gives way to the one that the other staffs of its part have,"""
_TRACE = 0.02
"""if that is as probable as this."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A sheet and where it was seen."""

    sheet: Sheet
    staffs: tuple[Staff, ...]
    """Those of `sheet`, in its order."""
    symbols: tuple[tuple[Symbol, ...], ...]


class Reader:
    """The default method: straightened staffs, a network, and the rules of notation."""

    def __init__(self, models: Path, *, sure: float = cells.SURE) -> None:
        """`models` holds the network; `sure` is the least probability of a symbol."""
        self._network = StaffNetwork(models / FILE)
        self._sure = sure

    def read(self, grey: Image) -> Reading:
        """What stands on the sheet in `grey` (uint8); nothing if there is none."""
        found = staffs.find(grey)
        outputs = [self._network.cells(staff.image) for staff in found]
        seen = [
            stems.settled(staff.image, cells.symbols(each, self._sure))
            for each, staff in zip(outputs, found, strict=True)
        ]
        seen = _once(found, seen)
        first = [
            cells.openings(each, *reading.opening(staff))
            for each, staff in zip(outputs, found, strict=True)
        ]
        faint = [
            cells.signature(each, *reading.signature(staff))
            for each, staff in zip(outputs, found, strict=True)
        ]
        kept = [n for n, symbols in enumerate(seen) if _is_music(symbols, _clef(first[n]))]
        return _reading(
            [found[n] for n in kept],
            [seen[n] for n in kept],
            [first[n] for n in kept],
            [faint[n] for n in kept],
        )


def _is_music(symbols: Sequence[Symbol], first: Symbol | None) -> bool:
    """Whether lines are a staff: it has heads or rests, and a clef or several clear heads."""
    heads = [symbol for symbol in symbols if symbol.name in HEADS]
    clear = sum(symbol.probability > _CLEAR for symbol in heads)
    clefs = first is not None and first.probability > cells.SURE
    return clear >= _FEW or (clefs and (clear >= 1 or any(s.name == "bar" for s in symbols)))


def _reading(
    found: Sequence[Staff],
    seen: Sequence[Sequence[Symbol]],
    openings: Sequence[Sequence[Symbol]],
    faint: Sequence[Sequence[Symbol]],
) -> Reading:
    systems = _systems(found)
    places = _places(systems)
    first = _agreed(openings, places)
    readings: list[StaffReading] = []
    # where no clef was seen on a part's first staff, its next one tells
    clefs = {
        place: reading.clef_of(symbol, Clef())
        for place, symbol in reversed(list(zip(places, first, strict=True)))
        if symbol is not None
    }
    for number, (staff, symbols) in enumerate(zip(found, seen, strict=True)):
        place = places[number]
        read = reading.read(
            staff,
            symbols,
            first=first[number],
            clef=clefs.get(place),
            faint=faint[number],
            system=systems[number],
        )
        clefs[place] = read.clef
        readings.append(read)
    for number, key in _mistaken([read.key for read in readings]).items():
        readings[number] = reading.read(
            found[number],
            seen[number],
            first=first[number],
            clef=readings[number].clef,
            key=key,
            system=systems[number],
        )
    return Reading(Sheet(tuple(readings)), tuple(found), tuple(tuple(each) for each in seen))


def _places(systems: Sequence[int]) -> list[int]:
    """Which staff of its system each is, from the top: 0, 1, ..."""
    counted: Counter[int] = Counter()
    places = []
    for system in systems:
        places.append(counted[system])
        counted[system] += 1
    return places


def _clef(openings: Sequence[Symbol]) -> Symbol | None:
    """The likeliest of `openings`, if there is one at all."""
    return openings[0] if openings and openings[0].probability >= cells.UNSURE else None


def _agreed(openings: Sequence[Sequence[Symbol]], places: Sequence[int]) -> list[Symbol | None]:
    """The clef that each staff begins with; where that is in doubt, what the others of its part
    have, the staffs at the same place of their systems."""
    agreed = [_clef(each) for each in openings]
    for place in set(places):
        part = [number for number, each in enumerate(places) if each == place]
        votes: Counter[tuple[str, int]] = Counter()
        for number in part:
            clef = agreed[number]
            if clef is not None:
                votes[clef.name, clef.position] += 1
        if not votes:
            continue
        usual, count = votes.most_common(1)[0]
        if count < 2 or 2 * count <= len(part):
            continue
        for number in part:
            clef = agreed[number]
            if clef is None or clef.probability < _DOUBTED:
                same = [s for s in openings[number] if (s.name, s.position) == usual]
                if same and same[0].probability >= _TRACE:
                    agreed[number] = same[0]
    return agreed


def _mistaken(keys: Sequence[int]) -> dict[int, int]:
    """Key signatures that were read short, by their staff's number: what most staffs have.

    A key that really changes stays so to the end, for more than two staffs.
    """
    usual, count = Counter(keys).most_common(1)[0] if keys else (0, 0)
    last = len(keys) - 1
    if count < 2 or 2 * count < len(keys):
        return {}
    return {
        number: usual
        for number, key in enumerate(keys)
        if key * usual >= 0
        and abs(key) < abs(usual)
        and (number < 2 or number > last - 2 or usual in keys[number + 1 :])
    }


def _once(found: Sequence[Staff], seen: Sequence[list[Symbol]]) -> list[list[Symbol]]:
    """Each head on one staff only: where two see it, the surer one has it."""
    kept = [list(symbols) for symbols in seen]
    for upper in range(len(found) - 1):
        lower = upper + 1
        for above in [s for s in kept[upper] if s.name in HEADS and s.position < 0]:
            x, y = found[upper].point(above.x, grid.height_of(above.position))
            for below in [s for s in kept[lower] if s.name in HEADS and s.position > 8]:
                u, v = found[lower].point(below.x, grid.height_of(below.position))
                if np.hypot(x - u, y - v) < _SAME * found[upper].space:
                    weaker = lower if above.probability >= below.probability else upper
                    gone = below if weaker == lower else above
                    kept[weaker] = [each for each in kept[weaker] if each is not gone]
    return kept


def _systems(found: Sequence[Staff]) -> list[int]:
    """The number of each staff's system: staffs joined by a line at their beginning share one."""
    numbers: list[int] = []
    for index, staff in enumerate(found):
        joined = index > 0 and _joined(found[index - 1], staff)
        numbers.append((numbers[-1] if joined else numbers[-1] + 1) if numbers else 0)
    return numbers


def _joined(upper: Staff, lower: Staff) -> bool:
    bottom = upper.point(upper.begin, grid.height_of(0))
    top = lower.point(lower.begin, grid.height_of(8))
    if abs(top[0] - bottom[0]) > 2 * upper.space:
        return False
    between = (top[1] - bottom[1]) / upper.space * grid.SPACE
    if between <= 0:
        return False
    begin = round(grid.height_of(0)) + grid.SPACE // 2
    end = min(grid.HEIGHT, begin + round(between) - grid.SPACE)
    first = round(grid.height_of(8)) - grid.SPACE // 2
    return _line(upper, begin, end) and _line(lower, max(0, first - (end - begin)), first)


def _line(staff: Staff, begin: int, end: int) -> bool:
    """True if an upright line near the staff's beginning runs from row `begin` to `end`."""
    if end - begin < grid.SPACE // 2:
        return False
    reach = round(_BRACKET * grid.SPACE)
    part = staff.image[begin:end, max(0, staff.begin - reach) : staff.begin + reach]
    wide = np.maximum(np.maximum(part[:, :-2], part[:, 1:-1]), part[:, 2:])
    return bool(((wide > _INKED).mean(axis=0) > 0.95).any())
