"""Compares the notes that were read with those that stand there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.notes.score import Chord, Note

_BOTH, _PITCH, _BEAT = 3, 2, 1
"""What a pair is worth to the alignment: pitch and beat agree, or the pitch, or the beat alone."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts over one picture, or over several."""

    there: int = 0
    """Notes that stand there."""
    read: int = 0
    found: int = 0
    """Notes that stand there and were read: those paired by the alignment."""
    heights: int = 0
    """Of these: step and octave right,"""
    pitches: int = 0
    """and the accidental too;"""
    beats: int = 0
    """the beat (and the dots, where the truth writes any) right;"""
    right: int = 0
    """and both."""

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(
            self.there + other.there,
            self.read + other.read,
            self.found + other.found,
            self.heights + other.heights,
            self.pitches + other.pitches,
            self.beats + other.beats,
            self.right + other.right,
        )

    def shares(self) -> dict[str, float | None]:
        """`found` of the notes there; `pitch`, `beat` of those found; `false` of those read."""

        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 5) if whole else None

        return {
            "found": share(self.found, self.there),
            "pitch": share(self.pitches, self.found),
            "beat": share(self.beats, self.found),
            "false": share(self.read - self.found, self.read) if self.read else 0.0,
            "height": share(self.heights, self.found),
            "right": share(self.right, self.there),
        }


def compare(truth: Sequence[Sequence[Chord]], read: Sequence[Sequence[Chord]]) -> Comparison:
    """Align the notes of all staffs in their order, and count.

    Truth files write the accidental that stands before a note, or the one that sounds (key
    signatures and bars counted): one of the two for a whole file, whichever fits it better. Dots
    are compared only if the file writes any.
    """
    there = [note for staff in truth for chord in staff for note in chord]
    seen = [note for staff in read for chord in staff for note in chord]
    dotted = any(note.dots for note in there)
    ways: tuple[Callable[[Note], int], ...] = (lambda note: note.alter, lambda n: n.printed or 0)
    results = [_compare(there, seen, way, dotted=dotted) for way in ways]
    return max(results, key=lambda result: (result.pitches, result.right, result.found))


def _compare(
    there: Sequence[Note], seen: Sequence[Note], alter: Callable[[Note], int], *, dotted: bool
) -> Comparison:
    def beat(note: Note) -> tuple[int, int]:
        return note.beat, note.dots if dotted else 0

    heights = [[_height(a) == _height(b) for b in seen] for a in there]
    pitches = [[_height(a) == _height(b) and a.alter == alter(b) for b in seen] for a in there]
    beats = [[beat(a) == beat(b) for b in seen] for a in there]
    shape = (len(there), len(seen))
    high = np.array(heights, bool).reshape(shape)
    same = np.array(pitches, bool).reshape(shape)
    long = np.array(beats, bool).reshape(shape)
    worth = np.where(high & long, _BOTH, np.where(high, _PITCH, np.where(long, _BEAT, 0)))
    pairs = _aligned(worth * 4 + same)
    return Comparison(
        there=len(there),
        read=len(seen),
        found=len(pairs),
        heights=sum(bool(high[pair]) for pair in pairs),
        pitches=sum(bool(same[pair]) for pair in pairs),
        beats=sum(bool(long[pair]) for pair in pairs),
        right=sum(bool(same[pair] and long[pair]) for pair in pairs),
    )


def _height(note: Note) -> tuple[int, int]:
    return note.octave, note.step


def _aligned(worth: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs (row, column), both rising, with the greatest sum of `worth`; 0 pairs nothing.

    Needleman and Wunsch 1970, without a price for gaps.
    """
    rows, columns = worth.shape
    best = np.zeros((rows + 1, columns + 1), np.int64)
    for row in range(rows):
        taken = best[row, :-1] + worth[row]
        best[row + 1, 1:] = np.maximum.accumulate(np.maximum(taken, best[row, 1:]))
    pairs = []
    row, column = rows, columns
    while row and column:
        if best[row, column] == best[row, column - 1]:
            column -= 1
        elif best[row, column] == best[row - 1, column]:
            row -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]
