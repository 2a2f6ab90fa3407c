"""From symbols to music: clef, key, accidentals, chords, beats."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livevision.recognizers.notes import grid
from livevision.recognizers.notes.cells import SURE, Symbol
from livevision.recognizers.notes.score import (
    SHARPS_ORDER,
    STEPS,
    Bar,
    Chord,
    Clef,
    Item,
    Note,
    Rest,
    Sounding,
    StaffReading,
)
from livevision.recognizers.notes.staffs import Staff
from livevision.recognizers.notes.symbols import ACCIDENTALS, CLEFS, HEADS, METERS, RESTS

_TOGETHER = 0.75
"""Heads nearer than this (staff spaces) sound together; a second in a chord stands 1.2 off."""
_SECOND = 1.42
"""... up to this if they are neighbours in height: the heads of a second stand side by side."""
_WIDER = 1.3
"""Whole notes are so many times as wide as others."""
_REACH = 5.0
"""An accidental stands at most this far before its head, staff spaces: others may stand between."""
_SIGNATURE = 13.0
"""The meter stands at most this far after the clef, behind seven sharps or flats."""
_AHEAD = 4.6
"""A key signature begins at most this far after its clef's middle, staff spaces."""
_NEXT = 1.7
"""... and its accidentals stand at most this far apart."""
_BEFORE, _BEYOND = 1.0, 0.8
"""What stands further than this before or after the lines is none of the staff, staff spaces."""
_OPENING = 5.0
"""A clef this near to the lines' beginning is the one that the staff begins with."""
_CLEF = 1.3
"""Half its width at least: heads begin later."""
_OUT_OF_QUESTION = -3.5
"""Logarithm of the probability of a number of flags that is not to be argued about."""
_SHAPES = {"clef G": "G", "clef F": "F", "clef C": "C"}
_METERS = {"meter C": (4, 4), "meter cut": (2, 2)}


def opening(staff: Staff) -> tuple[float, float]:
    """Between which pixels of `staff` the clef stands that it begins with."""
    return staff.begin - 0.5 * grid.SPACE, staff.begin + _OPENING * grid.SPACE


def signature(staff: Staff) -> tuple[float, float]:
    """Between which pixels of `staff` its key signature stands."""
    return float(staff.begin), staff.begin + (_OPENING + _SIGNATURE) * grid.SPACE


def read(
    staff: Staff,
    symbols: Sequence[Symbol],
    *,
    first: Symbol | None = None,
    clef: Clef | None = None,
    faint: Sequence[Symbol] = (),
    key: int | None = None,
    system: int = 0,
) -> StaffReading:
    """What `symbols` on `staff` mean.

    `first` is the clef that it begins with, `clef` holds where it shows none. `faint` are sharps
    and flats that may belong to the key signature; `key` is it, if it is known.
    """
    begin = clef or Clef()
    space = grid.SPACE
    left, right = staff.begin - _BEFORE * space, staff.end + _BEYOND * space
    symbols = [symbol for symbol in symbols if left < symbol.x < right]
    start = float(staff.begin)
    if first is not None:
        begin = clef_of(first, begin)
        start = first.x
        # what is seen inside of the clef is none
        symbols = [symbol for symbol in symbols if symbol.x > start + _CLEF * space]
        symbols = [s for s in symbols if s.name not in CLEFS or s.x > opening(staff)[1]]
        # a meter may look like a clef, but no second one comes before the first note
        music = min((s.x for s in symbols if s.name in HEADS or s.name in RESTS), default=start)
        symbols = [s for s in symbols if s.name not in CLEFS or s.x > music]
    first_head = min((s.x for s in symbols if s.name in HEADS), default=float("inf"))
    meters = [s.x for s in symbols if s.name in METERS and s.x < start + _SIGNATURE * space]
    if meters:  # no note comes before the meter
        symbols = [s for s in symbols if s.name not in HEADS or s.x > max(meters)]
        first_head = min((s.x for s in symbols if s.name in HEADS), default=float("inf"))
    seen, used = _key(_with(symbols, faint, first_head), start, begin)
    key = seen if key is None else key
    meter = _meter(symbols, first_head)
    heads = [symbol for symbol in symbols if symbol.name in HEADS]
    accidentals = _owners(heads, [s for s in symbols if s.name in ACCIDENTALS and s not in used])
    current = begin
    items: list[Item] = []
    for group in _groups(symbols):
        symbol = group[0]
        if symbol.name in CLEFS:
            current = clef_of(symbol, current)
            items.append(current)
        elif symbol.name == "bar":
            if not items or not isinstance(items[-1], Bar):
                items.append(Bar())
        elif symbol.name in RESTS:
            items.append(Rest(RESTS[symbol.name], symbol.dots))
        else:
            chord = []
            flags = _flags(group)
            for head in sorted(group, key=lambda each: each.position):
                octave, step = divmod(current.bottom + head.position, 7)
                x, y = staff.point(head.x, grid.height_of(head.position))
                beat = {"whole": 1, "half": 2}.get(head.name, 4 * 2 ** flags[id(head)])
                chord.append(
                    Note(
                        step,
                        octave,
                        printed=accidentals.get(id(head)),
                        beat=beat,
                        dots=head.dots,
                        tied=head.tied,
                        x=x,
                        y=y,
                        space=staff.space,
                        confidence=head.probability,
                    )
                )
            items.append(tuple(chord))
    return StaffReading(_whole_bars(_sounded(items, key)), begin, key, meter, system)


def _flags(heads: Sequence[Symbol]) -> dict[int, int]:
    """How many flags each has, by its `id`: heads on one stem decide together.

    Where two voices meet, heads are sure of different things, and each keeps its own.
    """
    filled = [head for head in heads if head.name == "filled" and head.doubts]
    flags = {id(head): head.flags for head in heads}
    if len(filled) > 1:
        together = np.sum([head.doubts for head in filled], axis=0)
        best = int(together.argmax())
        for head in filled:
            if head.doubts[best] > _OUT_OF_QUESTION:
                flags[id(head)] = best
    return flags


def _sounded(items: Sequence[Item], key: int) -> list[Item]:
    """Ties only where the next chord has the same head; then what everything sounds."""
    sounding = Sounding(key)
    chords = [index for index, item in enumerate(items) if isinstance(item, tuple)]
    following = dict(itertools.pairwise(chords))
    result: list[Item] = []
    for index, item in enumerate(items):
        if isinstance(item, Bar):
            sounding.bar()
        if not isinstance(item, tuple):
            result.append(item)
            continue
        after = items[following[index]] if index in following else ()
        assert isinstance(after, tuple)
        places = {(note.step, note.octave) for note in after}
        chord: Chord = tuple(
            sounding.note(replace(note, tied=note.tied and (note.step, note.octave) in places))
            for note in item
        )
        result.append(chord)
    return result


def _whole_bars(items: Sequence[Item]) -> tuple[Item, ...]:
    """A whole rest alone between bar lines lasts as long as the bar."""
    result = list(items)
    for index, item in enumerate(result):
        if isinstance(item, Rest) and item.beat == 1:
            before = result[index - 1] if index else Bar()
            after = result[index + 1] if index + 1 < len(result) else Bar()
            if isinstance(before, Bar) and isinstance(after, Bar):
                result[index] = replace(item, whole_bar=True)
    return tuple(result)


def clef_of(symbol: Symbol, before: Clef) -> Clef:
    """The clef that `symbol` draws; `before` if it stands on no line of the staff."""
    line = symbol.position // 2 + 1
    if not 1 <= line <= 5:
        return before
    shape = _SHAPES[symbol.name]
    # a G clef on another line than the second, an F clef off the fourth: centuries ago
    return Clef(shape, {"G": 2, "F": 4}.get(shape, line))


def _with(symbols: Sequence[Symbol], faint: Sequence[Symbol], first_head: float) -> list[Symbol]:
    """`symbols`, and of the faint ones those that are not among them and come before all heads."""
    near = 0.5 * grid.SPACE
    fresh = [
        each
        for each in faint
        if each.x < first_head - grid.SPACE and all(abs(each.x - s.x) > near for s in symbols)
    ]
    return sorted([*symbols, *fresh], key=lambda symbol: symbol.x)


def _key(symbols: Sequence[Symbol], start: float, clef: Clef) -> tuple[int, list[Symbol]]:
    """Sharps or, negative, flats after the clef, and the symbols that say so."""
    space = grid.SPACE
    run: list[Symbol] = []
    for symbol in symbols:
        if symbol.x <= start + 0.5 * space or symbol.name in CLEFS:
            continue
        if symbol.name not in ("sharp", "flat"):
            break
        reach = _NEXT if run else _AHEAD
        if symbol.x - (run[-1].x if run else start) > reach * space:
            break
        if run and symbol.name != run[0].name:
            break
        if symbol.probability < SURE:
            order = SHARPS_ORDER if symbol.name == "sharp" else SHARPS_ORDER[::-1]
            wanted = order[len(run) : len(run) + 1]
            if STEPS[(clef.bottom + symbol.position) % 7] != wanted:
                continue
        run.append(symbol)
    if not run:
        return 0, []
    order = SHARPS_ORDER if run[0].name == "sharp" else SHARPS_ORDER[::-1]
    steps = [STEPS[(clef.bottom + symbol.position) % 7] for symbol in run]
    count = _prefix(steps, order)
    heads = [symbol for symbol in symbols if symbol.name in HEADS]
    if count and heads:
        last = run[:count][-1]  # one may have been missed
        follower = min(heads, key=lambda head: head.x)
        near = follower.x - last.x < 2.0 * space and follower.position == last.position
        between = any(
            s.name in METERS or s.name == "bar" for s in symbols if last.x < s.x < follower.x
        )
        if near and not between and count == 1:
            count = 0
    if not count:
        return 0, []
    return (count if run[0].name == "sharp" else -count), run[:count]


def _prefix(steps: Sequence[str], order: str) -> int:
    """How many of the signs in `order` a signature has that was read as `steps`.

    One may have been missed, or its height mistaken.
    """
    best, count = 0.0, 0
    for number in range(1, len(order) + 1):
        alike = sum(a == b for a, b in zip(steps, order[:number], strict=False))
        if number > 1:
            missed = [
                sum(
                    a == b
                    for a, b in zip(steps, order[:gone] + order[gone + 1 : number], strict=False)
                )
                for gone in range(number)
            ]
            alike = max(alike, *missed)
        worth = alike - 0.6 * abs(number - alike) - 0.3 * abs(len(steps) - number)
        if worth > best:
            best, count = worth, number
    return count


def _meter(symbols: Sequence[Symbol], first_head: float) -> tuple[int, int] | None:
    signs = [s for s in symbols if s.name in METERS and s.x < first_head]
    for sign in signs:
        if sign.name in _METERS:
            return _METERS[sign.name]
    upper = "".join(s.name[-1] for s in signs if s.position > 4)
    lower = "".join(s.name[-1] for s in signs if s.position < 4)
    if upper.isdigit() and lower in ("1", "2", "4", "8", "16") and 0 < int(upper) <= 32:
        return int(upper), int(lower)
    return None


def _owners(heads: Sequence[Symbol], accidentals: Sequence[Symbol]) -> dict[int, int]:
    """Semitones by the `id` of the head that each accidental stands before."""
    space = grid.SPACE
    found: dict[int, int] = {}
    for sign in sorted(accidentals, key=lambda each: -each.probability):
        after = [
            head
            for head in heads
            if 0.4 * space < head.x - sign.x < _REACH * space and id(head) not in found
        ]
        same = [head for head in after if head.position == sign.position]
        beside = [
            head
            for head in after
            if abs(head.position - sign.position) == 1 and head.x - sign.x < 2.4 * space
        ]
        for choice in (same, beside):
            if choice:
                nearest = min(choice, key=lambda head: head.x)
                found[id(nearest)] = ACCIDENTALS[sign.name]
                break
    return found


def _groups(symbols: Sequence[Symbol]) -> list[list[Symbol]]:
    """Heads that sound together, and every other symbol that matters by itself; left to right."""
    columns: list[list[Symbol]] = []
    for head in sorted((s for s in symbols if s.name in HEADS), key=lambda each: each.x):
        if columns and head.x - columns[-1][0].x < _TOGETHER * grid.SPACE:
            columns[-1].append(head)
        else:
            columns.append([head])
    chords: list[list[Symbol]] = []
    for column in columns:
        if chords and _second(chords[-1], column):
            chords[-1] = chords[-1] + column
        else:
            chords.append(column)
    others = [[s] for s in symbols if s.name in RESTS or s.name in CLEFS or s.name == "bar"]
    return sorted(chords + others, key=lambda group: group[0].x)


def _second(left: Sequence[Symbol], right: Sequence[Symbol]) -> bool:
    """Whether the heads side by side are those of one chord: neighbours in height, one beat."""
    away = min(each.x for each in right) - max(each.x for each in left)
    most = _SECOND * grid.SPACE * (_WIDER if left[0].name == "whole" else 1.0)
    return (
        min(each.x for each in right) - min(each.x for each in left) < most
        and away < most
        and any(abs(a.position - b.position) == 1 for a in left for b in right)
        and {each.name for each in left} == {each.name for each in right}
    )
