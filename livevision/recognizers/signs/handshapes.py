"""Pictures of the letters' handshapes, from the sheet that comes with livevision."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from livevision import assets
from livevision.errors import OutputError
from livevision.frame import Image

SHEET = "handshapes.jpg"
SIDE, COLUMNS = 400, 6
"""Of the pictures on the sheet, in pixels and in a row."""
_ARROW = (40, 60, 200)
_ARROWS = {
    "J": ((85, 50), (75, 150), (100, 210), (165, 225), (210, 165)),
    "Z": ((375, 50), (240, 50), (375, 155), (240, 155)),
}
"""Where the finger goes on its picture, as seen by the person who is signed to."""
_STROKE = 5
"""Pixels that an arrow is wide."""


def picture(letter: str) -> Image:
    """How a right hand signs `letter`, A to Z: (SIDE, SIDE, 3) BGR, with an arrow if it moves.

    Raises OutputError if the sheet is missing.
    """
    row, column = divmod(ord(letter) - ord("A"), COLUMNS)
    tile = _sheet()[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE].copy()
    track = _ARROWS.get(letter, ())
    for begin, end in pairwise(track):
        if end is track[-1]:
            cv2.arrowedLine(tile, begin, end, _ARROW, _STROKE, cv2.LINE_AA, tipLength=0.3)
        else:
            cv2.line(tile, begin, end, _ARROW, _STROKE, cv2.LINE_AA)
    return tile


def pictures(signs: Iterable[str]) -> dict[str, Image]:
    """Pictures of those of `signs` that are letters."""
    return {each: picture(each) for each in signs if len(each) == 1 and "A" <= each <= "Z"}


@cache
def _sheet() -> Image:
    sheet = cv2.imread(str(assets.folder("recordings") / SHEET))
    if sheet is None:
        raise OutputError(f"{SHEET} is missing. Install livevision again.")
    return np.asarray(sheet, np.uint8)
