"""FlatBuffers, the format of .tflite files, as far as those need it: written in one go, and read.

A buffer is a tree of tables. A table has numbered slots; what a slot holds that is larger than a
number lies further on in the buffer, and the slot says how far
(https://flatbuffers.dev/internals). LiteRT brings a module with classes for all of its tables, and
importing that takes as long as all else that a start needs; here a table is a tuple, and what its
slots mean stands where it is made.
"""

import struct
from dataclasses import dataclass
from typing import TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 16
"""Bytes: where an array begins in the buffer, as LiteRT wants the weights."""


@dataclass(frozen=True, slots=True)
class Byte:
    """A number of one byte, as choices are kept; others take four."""

    value: int


Slot: TypeAlias = Union[int, Byte, NDArray[np.generic], "Table", list["Table"], None]
"""A number, an array (which becomes a vector of its numbers), another table, several, or nothing.
"""
Table: TypeAlias = tuple[Slot, ...]


def write(root: Table, identifier: bytes) -> bytes:
    """The buffer of `root`, with the four bytes that say what it is."""
    return _Writer().write(root, identifier)


class _Writer:
    """Tables first, each before what its slots refer to; then the arrays, which may be large."""

    def __init__(self) -> None:
        self._tables = bytearray(4)
        self._arrays: list[tuple[int, NDArray[np.generic]]] = []
        """Where the slot is that refers to it, and the array."""

    def write(self, root: Table, identifier: bytes) -> bytes:
        self._tables += identifier
        self._point(0, self._place(root))
        parts: list[bytes | bytearray | memoryview] = [self._tables]
        end = len(self._tables)
        for slot, array in self._arrays:
            array = np.ascontiguousarray(array)
            gap = -(end + 4) % _ALIGNED
            self._point(slot, end + gap)
            parts += [bytes(gap), struct.pack("<I", array.size), array.data]
            end += gap + 4 + array.nbytes
        return b"".join(parts)

    def _place(self, table: Table) -> int:
        """Append a table, and all that it refers to but arrays; where it is."""
        offsets, inline, end = [], [], 4
        for slot in table:
            if slot is None:
                offsets.append(0)
                continue
            size = 1 if isinstance(slot, Byte) else 4
            end += -end % size
            offsets.append(end)
            inline.append((end, slot))
            end += size
        end += -end % 4
        head = struct.pack(f"<{2 + len(table)}H", 4 + 2 * len(table), end, *offsets)
        self._pad(4, len(head))
        self._tables += head
        at = len(self._tables)
        self._tables += struct.pack("<i", len(head)) + bytes(end - 4)
        for offset, slot in inline:
            self._fill(at + offset, slot)
        return at

    def _fill(self, at: int, slot: Slot) -> None:
        if isinstance(slot, Byte):
            self._tables[at] = slot.value
        elif isinstance(slot, int):
            struct.pack_into("<i", self._tables, at, slot)
        elif isinstance(slot, tuple):
            self._point(at, self._place(slot))
        elif isinstance(slot, list):
            self._pad(4)
            start = len(self._tables)
            self._point(at, start)
            self._tables += struct.pack("<I", len(slot)) + bytes(4 * len(slot))
            for number, table in enumerate(slot, 1):
                self._point(start + 4 * number, self._place(table))
        elif slot is not None:
            self._arrays.append((at, slot))

    def _pad(self, size: int, before: int = 0) -> None:
        """Fill up so that what stands `before` bytes further on begins at a multiple of `size`."""
        self._tables += bytes(-(len(self._tables) + before) % size)

    def _point(self, at: int, target: int) -> None:
        struct.pack_into("<I", self._tables, at, target - at)


class Reader:
    """A table of a buffer. Whatever is wrong with the buffer raises ValueError."""

    def __init__(self, buffer: bytes, at: int | None = None) -> None:
        """The table at `at`; the root unless given."""
        self._buffer = buffer
        self._at = self._target(0) if at is None else at

    def place(self, slot: int) -> int:
        """Where the content of a slot is in the buffer."""
        head = self._at - self._number("<i", self._at)
        size = self._number("<H", head)
        place = 4 + 2 * slot
        offset = self._number("<H", head + place) if place < size else 0
        if not offset:
            raise ValueError(f"a table has no slot {slot}")
        return self._at + offset

    def tables(self, slot: int) -> "list[Reader]":
        """Those of a slot that has several."""
        start = self._target(self.place(slot))
        count = self._number("<I", start)
        return [
            Reader(self._buffer, self._target(start + 4 * number)) for number in range(1, count + 1)
        ]

    def array(self, slot: int, kind: type[np.generic]) -> NDArray[np.generic]:
        """The numbers of a slot that has a vector of them; read-only."""
        start = self._target(self.place(slot))
        return np.frombuffer(self._buffer, kind, self._number("<I", start), start + 4)

    def _target(self, at: int) -> int:
        return at + self._number("<I", at)

    def _number(self, form: str, at: int) -> int:
        try:
            (number,) = struct.unpack_from(form, self._buffer, at)
        except struct.error as error:
            raise ValueError("it is cut off") from error
        return int(number)
