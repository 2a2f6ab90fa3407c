"""From the network's cells to symbols: peaks, each kept once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.notes import grid
from livevision.recognizers.notes.symbols import ACCIDENTALS, CLEFS, HEADS, METERS, RESTS, SYMBOLS

FLAGS, DOTS = grid.MOST_FLAGS + 1, grid.MOST_DOTS + 1
OUTPUTS = len(SYMBOLS) + FLAGS + DOTS + 1
"""Numbers for each cell: the symbols, how many flags and dots, whether a tie begins."""

SURE = 0.5
"""A cell holds a symbol rather than nothing if that is likelier than not."""

UNSURE = 0.05
"""For the clef that a staff begins with this is enough: hardly anything else is there."""
FAINT = 0.15
"""And this for a sharp or flat of a key signature, if it stands where it belongs."""
_PLACES = {2: ("clef G",), 4: ("clef C",), 6: ("clef F", "clef C")}
"""Positions on which a staff's first clef stands, and which ones may."""
_LEAST = 1e-4
"""No probability is taken for less."""
_APART = 0.8
"""A head and an accidental stand at least this far apart, staff spaces."""

_FAMILIES: tuple[tuple[Sequence[str], float, float], ...] = (
    # symbols, and how near along and across (staff spaces, positions) two may not stand
    (HEADS, 0.75, 1),
    (tuple(ACCIDENTALS), 0.6, 1),
    (tuple(RESTS), 1.0, 4),
    (CLEFS, 1.5, 4),
    (("bar",), 0.35, 99),
    (METERS, 0.6, 2),
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol on a straightened staff."""

    name: str
    x: float
    """Pixels from the staff's left edge."""
    position: int
    probability: float
    flags: int = 0
    dots: int = 0
    tied: bool = False
    doubts: tuple[float, ...] = ()
    """Of a head: the logarithms of the probabilities of 0, 1, ... flags."""


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def symbols(outputs: NDArray[np.float32], sure: float = SURE) -> list[Symbol]:
    """The symbols in `outputs`, (ROWS, columns, OUTPUTS) logits, from left to right."""
    count = len(SYMBOLS)
    shares = _softmax(outputs[..., :count])
    found: list[Symbol] = []
    for names, along, across in _FAMILIES:
        indices = [SYMBOLS.index(name) for name in names]
        found += _family(outputs, shares, indices, along, across, sure)
    kept = [symbol for symbol in found if not any(_beats(other, symbol) for other in found)]
    return sorted(kept, key=lambda symbol: (symbol.x, symbol.position))


def openings(outputs: NDArray[np.float32], begin: float, end: float) -> list[Symbol]:
    """What the clef between `begin` and `end` (pixels) may be, the likeliest first.

    By its height more than by its looks: unheard-of fonts draw clefs in strange ways, but on the
    lines where they belong.
    """
    shares = _softmax(outputs[..., : len(SYMBOLS)])
    first, last = max(0, int(begin / grid.CELL)), max(1, int(end / grid.CELL))
    indices = [SYMBOLS.index(name) for name in CLEFS]
    part = shares[:, first:last][..., indices]
    found: list[Symbol] = []
    for position, names in _PLACES.items():
        total = part[grid.HIGHEST - position].sum(axis=-1)
        if not total.size:
            continue
        column = int(total.argmax())
        strength = float(total[column])
        kinds = part[grid.HIGHEST - position, column]
        name = max(names, key=lambda each: kinds[CLEFS.index(each)])
        if len(names) > 1 and kinds[CLEFS.index("clef C")] < 0.5 * strength:
            name = "clef F"
        found.append(Symbol(name, (first + column + 0.5) * grid.CELL, position, strength))
    return sorted(found, key=lambda symbol: -symbol.probability)


def signature(outputs: NDArray[np.float32], begin: float, end: float) -> list[Symbol]:
    """Sharps and flats between `begin` and `end` (pixels), faint ones too, from left to right."""
    shares = _softmax(outputs[..., : len(SYMBOLS)])
    names, along, across = _FAMILIES[1]
    indices = [SYMBOLS.index(name) for name in names]
    found = _family(outputs, shares, indices, along, across, FAINT)
    inside = [s for s in found if begin < s.x < end and s.name in ("sharp", "flat")]
    return sorted(inside, key=lambda symbol: symbol.x)


def _beats(other: Symbol, symbol: Symbol) -> bool:
    """Whether a surer head or accidental stands where `symbol`, the other of the two, does."""
    return (
        {symbol.name in HEADS, other.name in HEADS} == {True, False}
        and {symbol.name in ACCIDENTALS, other.name in ACCIDENTALS} == {True, False}
        and abs(other.x - symbol.x) < _APART * grid.SPACE
        and abs(other.position - symbol.position) <= 1
        and other.probability > symbol.probability
    )


def _family(
    outputs: NDArray[np.float32],
    shares: NDArray[np.float32],
    indices: list[int],
    along: float,
    across: float,
    sure: float,
) -> list[Symbol]:
    total = shares[..., indices].sum(axis=-1)
    rows, columns = np.nonzero(total > sure / 2)
    order = np.argsort(-total[rows, columns])
    kept: list[Symbol] = []
    count = len(SYMBOLS)
    for index in order:
        row, column = int(rows[index]), int(columns[index])
        low, high = max(0, column - 2), column + 3
        near = total[row, low:high]
        strength = float(total[row, column])
        if strength < sure:
            continue
        x = float((near * (np.arange(low, low + len(near)) + 0.5)).sum() / near.sum()) * grid.CELL
        position = grid.HIGHEST - row
        if any(
            abs(other.x - x) < along * grid.SPACE and abs(other.position - position) <= across
            for other in kept
        ):
            continue
        kinds = (shares[row, low:high][:, indices] * near[:, None]).sum(axis=0)
        name = SYMBOLS[indices[int(kinds.argmax())]]
        # the neighbours that see the same symbol have their say about its flags and dots
        inside = (near > 0.5 * strength)[:, None]
        told = np.where(inside, outputs[row, low:high, count:], 0).sum(axis=0)
        flags = int(told[:FLAGS].argmax())
        dots = int(told[FLAGS : FLAGS + DOTS].argmax())
        tied = bool(told[FLAGS + DOTS] > 0)
        doubts = np.log(np.maximum(_softmax(told[:FLAGS] / inside.sum()), _LEAST))
        kept.append(Symbol(name, x, position, strength, flags, dots, tied, tuple(doubts.tolist())))
    return kept
