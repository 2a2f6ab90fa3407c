"""What travels between a page and the server: pictures one way, results the other."""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from livevision.errors import SourceError
from livevision.frame import Image

HEADER = struct.Struct("<IdB3x")
"""Before each JPEG: its number (u32), when it was captured by the page's clock (f64, milliseconds),
flags (u8), three bytes of padding; little-endian."""
MOST_BYTES = 2_000_000
"""Of one message: a JPEG of 1920x1080 at the best quality."""
MOST_PIXELS = 1920 * 1080
LEAST_SIDE = 16
"""Pixels; nothing can be read in less."""
LONGEST_GAP = 86_400.0
"""Seconds between two pictures, at the most; a page asleep for longer begins anew."""
_SEGMENTS = 200
"""Of a JPEG before its picture: cameras write a dozen."""
_NO_SIZE = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a length: TEM, RSTn, SOI, EOI (SOS ends the search before)."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a picture (SOFn)."""


class BadFrameError(SourceError):
    """What came is no picture of the agreed form; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One picture as it came."""

    sequence: int
    """0 to 2**32 - 1, growing, then from 0 again."""
    milliseconds: float
    """By the page's clock."""
    jpeg: memoryview
    size: tuple[int, int]
    """(width, height) in pixels, as the JPEG says."""


def unpack(message: bytes) -> Sent:
    """A page's message in parts, without decoding the picture. Raises BadFrameError."""
    if len(message) > MOST_BYTES:
        raise BadFrameError(f"A picture may have {MOST_BYTES:,} bytes. Send a smaller one.")
    if len(message) <= HEADER.size:
        raise BadFrameError("A picture begins with 16 bytes: number, milliseconds, flags.")
    sequence, milliseconds, _ = HEADER.unpack_from(message)
    if not math.isfinite(milliseconds):
        raise BadFrameError("The time of a picture is a finite number of milliseconds.")
    jpeg = memoryview(message)[HEADER.size :]
    size = jpeg_size(jpeg)
    if size is None:
        raise BadFrameError("The picture is no JPEG.")
    if min(size) < LEAST_SIDE or size[0] * size[1] > MOST_PIXELS:
        raise BadFrameError(f"A picture may have {MOST_PIXELS:,} pixels, not {size[0]}x{size[1]}.")
    return Sent(sequence, milliseconds, jpeg, size)


def jpeg_size(data: bytes | memoryview) -> tuple[int, int] | None:
    """(width, height) that a JPEG's header tells, without decoding; None if it is none."""
    if bytes(data[:2]) != b"\xff\xd8":
        return None
    place = 2
    for _ in range(_SEGMENTS):
        if place + 9 > len(data) or data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:  # filling
            place += 1
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return (width, height) if width and height else None
        elif marker in _NO_SIZE:
            return None
        else:
            (length,) = struct.unpack_from(">H", data, place + 2)
            place += 2 + length
    return None


def decode(sent: Sent) -> Image:
    """The picture, (height, width, 3) BGR, read-only. Raises BadFrameError."""
    try:
        image = cv2.imdecode(np.frombuffer(sent.jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise BadFrameError("The picture is no JPEG that can be decoded.")
    image.flags.writeable = False
    return np.asarray(image, np.uint8)


def dumps(content: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON without blanks, in ASCII."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)
