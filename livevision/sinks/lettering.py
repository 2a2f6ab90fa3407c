"""Text as pixels, in any script, without a window and without the network."""

import logging
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

log = logging.getLogger(__name__)

Mask: TypeAlias = NDArray[np.uint8]
"""(height, width), 255 where a letter is and 0 where it is not."""

_FONT = "DejaVuSans-Bold.ttf"
_LAST_RESORT = "LastResortHE-Regular.ttf"
_SIMPLIFIED_CHINESE = 2
"""Index of that face in the collection: no face suits all readers of Han characters."""
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
"""Marks without ink that set the direction of what follows."""
_shaping = Lock()
"""A font object does one thing at a time; a window and a recording draw on two threads."""
_ASCENT = 0.97
_DESCENT = 0.27


def mask(text: str, size: int) -> Mask:
    """`text` in one line, letters `size` pixels high.

    All masks of one size have the same height and the same baseline. What is common in European
    text comes from Pillow at once; all else is shaped (bidirectional text, joined letters) by the
    engine in matplotlib's wheel, because Pillow's needs a library of the system that many machines
    lack. A character that no font on the machine has becomes the sign of its script, and is logged.
    """
    text = _printable(text)
    if all(_is_plain(character) for character in text):
        return _draw(text, size)
    return _shape(text, size)


def width(text: str, size: int) -> float:
    """Pixels that `text` takes, near enough for breaking lines."""
    return float(_font(size).getlength(text))


def _printable(text: str) -> str:
    """`text` with letters and accents joined, and without line breaks and direction overrides."""
    kept = (
        " " if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in unicodedata.normalize("NFC", text)
        if not "\u202a" <= character <= "\u202e" and not "\u2066" <= character <= "\u2069"
    )
    return "".join(kept)


def _is_plain(character: str) -> bool:
    return (
        character < "\u02b0"
        or "\u0370" <= character < "\u0526"
        or "\u2010" <= character <= "\u2044"
    ) and not unicodedata.category(character).startswith("M")


def _height(size: int) -> tuple[int, int]:
    """Height of a line and its baseline, in pixels from the top."""
    above = int(np.ceil(size * _ASCENT))
    return above + int(np.ceil(size * _DESCENT)), above


@cache
def _folder() -> Path:
    """Where matplotlib keeps its fonts; it need not be imported (0.3 s) for that."""
    spec = find_spec("matplotlib")
    assert spec is not None  # a dependency
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_folder() / _FONT), size, layout_engine=ImageFont.Layout.BASIC)


def _draw(text: str, size: int) -> Mask:
    font = _font(size)
    height, baseline = _height(size)
    canvas = Picture.new("L", (int(np.ceil(font.getlength(text))) + 1, height))
    ImageDraw.Draw(canvas).text((0, baseline), text, 255, font=font, anchor="ls")
    return np.asarray(canvas)


def _shape(text: str, size: int) -> Mask:
    """Every stretch that one font can draw, shaped by itself, in the direction of the text."""
    height, baseline = _height(size)
    mark = _RIGHT_TO_LEFT if runs_from_right(text) else _LEFT_TO_RIGHT
    pieces = [
        _shape_run(mark + run if _has(font, mark) else run, font, size) for run, font in _runs(text)
    ]
    if mark == _RIGHT_TO_LEFT:
        pieces.reverse()
    canvas = np.zeros((height, max(1, sum(advance for _, _, advance in pieces))), np.uint8)
    left = 0
    for ink, above, advance in pieces:
        top = baseline - above
        shown = ink[max(0, -top) : height - top, : canvas.shape[1] - left]
        area = canvas[max(0, top) : max(0, top) + len(shown), left : left + shown.shape[1]]
        np.maximum(area, shown, out=area)
        left += advance
    return canvas


def _shape_run(text: str, font: "FT2Font", size: int) -> tuple[Mask, int, int]:
    """The ink of `text`, the number of its rows above the baseline, and its width with spaces."""
    from matplotlib.ft2font import LoadFlags

    with _shaping:
        font.set_size(size, 72)
        font.set_text(text, 0.0, flags=LoadFlags.DEFAULT)
        font.draw_glyphs_to_bitmap(antialiased=True)
        ink = np.array(font.get_image(), np.uint8)
        bearing = max(0, font.get_bitmap_offset()[0] // 64)
        ink = np.pad(ink, ((0, 0), (bearing, 0)))
        above = len(ink) - 1 - round(font.get_descent() / 64)
        return ink, above, max(ink.shape[1], font.get_width_height()[0] // 64 + 1)


def runs_from_right(text: str) -> bool:
    """True if the first letter that has a direction is of a script that runs from the right."""
    directions = map(unicodedata.bidirectional, text)
    return next((each for each in directions if each in ("L", "R", "AL")), "L") != "L"


def _runs(text: str) -> list[tuple[str, "FT2Font"]]:
    """`text` cut where the font changes; marks and spaces stay with what stands before them."""
    runs: list[tuple[str, FT2Font]] = []
    for character in text:
        if runs:
            before, font = runs[-1]
            joins = unicodedata.category(character)[0] in "MZ" or character in "\u200c\u200d"
            if _font_for(character) is font or (joins and _has(font, character)):
                runs[-1] = (before + character, font)
                continue
        runs.append((character, _font_for(character)))
    return runs


@lru_cache(maxsize=4096)
def _font_for(character: str) -> "FT2Font":
    """The first font that has `character`."""
    for font in _fonts():
        if _has(font, character):
            return font
    return _system_font(character)


def _has(font: "FT2Font", character: str) -> bool:
    """True if `font` draws `character` itself, and not a sign of its script."""
    return bool(font.get_char_index(ord(character))) and _LAST_RESORT not in str(font.fname)


@cache
def _fonts() -> list["FT2Font"]:
    """The fonts that come with the dependencies."""
    from matplotlib.ft2font import FT2Font

    fonts = [FT2Font(_folder() / _FONT)]
    package = find_spec("noto_cjk_sans_otc")
    if package is not None and package.submodule_search_locations:
        collection = Path(package.submodule_search_locations[0]) / "NotoSansCJK-Regular.ttc"
        fonts.append(FT2Font(collection, face_index=_SIMPLIFIED_CHINESE))
    return fonts


def _system_font(character: str) -> "FT2Font":
    """A font of this machine that has `character`, or else the one that names its script."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    # fonts made to fill gaps first
    entries = sorted(
        fontManager.ttflist, key=lambda entry: ("Sans" not in entry.name, entry.name, entry.fname)
    )
    for entry in entries:
        try:
            font = FT2Font(entry.fname)
            if font.scalable and _has(font, character):
                return _kept(entry.fname)
        except (OSError, RuntimeError) as error:
            log.debug("font %s cannot be read: %s", entry.fname, error)
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    log.warning("No font on this machine has %s; install one, e.g. from fonts.google.com", name)
    return _kept(str(_folder() / _LAST_RESORT))


@cache
def _kept(path: str) -> "FT2Font":
    """One object for each font, so that neighbouring characters are shaped together."""
    from matplotlib.ft2font import FT2Font

    return FT2Font(path)


@lru_cache(maxsize=8)
def broken(text: str, size: int, room: int) -> tuple[str, ...]:
    """`text` in lines of at most `room` pixels, broken between words where that is possible."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer, size) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and width(lines[-1] + character, size) > room:
                lines.append("")
            lines[-1] += character
    if runs_from_right(text):  # a line that begins with a word in Latin letters is no other text
        lines = [line if runs_from_right(line) else _RIGHT_TO_LEFT + line for line in lines]
    return tuple(lines)
