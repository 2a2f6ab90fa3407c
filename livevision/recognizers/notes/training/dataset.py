"""Engraved staffs for training: drawn once, then bent, shaded and blurred anew each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from livevision.frame import Image
from livevision.recognizers.notes.training.engrave import (
    EngravedStaff,
    Mark,
    Outlines,
    Page,
    random_page,
)

ABOVE, BELOW, BESIDE = 8.5, 8.0, 4.0
"""How much of the page is kept around a staff's lines, in staff spaces: more than the network sees,
since the staff is bent and moved."""


@dataclass(slots=True)
class Strip:
    """One engraved staff, cut from its page."""

    png: bytes
    left: float
    """x of the beginning of the lines in the picture."""
    right: float
    top: float
    """y of the top line."""
    space: float
    marks: list[Mark]


def strips(page: Page) -> list[Strip]:
    """The staffs of `page`, each with its surroundings."""
    found = []
    for staff in page.staffs:
        found.append(_cut(page, staff))
    return found


def _cut(page: Page, staff: EngravedStaff) -> Strip:
    space = staff.space
    x0, x1 = int(staff.left - BESIDE * space), int(staff.right + BESIDE * space)
    y0, y1 = int(staff.top - ABOVE * space), int(staff.top + (4 + BELOW) * space)
    height, width = page.image.shape
    inside = page.image[max(y0, 0) : y1, max(x0, 0) : x1]
    padded = cv2.copyMakeBorder(
        inside,
        max(-y0, 0),
        max(y1 - height, 0),
        max(-x0, 0),
        max(x1 - width, 0),
        cv2.BORDER_CONSTANT,
        value=(255,),
    )
    marks = [
        Mark(m.symbol, m.x - x0, m.position, m.flags, m.dots, m.tied, m.name) for m in staff.marks
    ]
    png = cv2.imencode(".png", padded)[1].tobytes()
    return Strip(png, staff.left - x0, staff.right - x0, staff.top - y0, space, marks)


def draw(
    rng: Generator,
    fonts: Sequence[str],
    pages: int,
    *,
    hands: Sequence[Outlines] = (),
    tell: Callable[[int], None] = lambda drawn: None,
) -> list[Strip]:
    """Strips of `pages` random pages, in `fonts` by turns, or with symbols of `hands`."""
    found: list[Strip] = []
    for number in range(pages):
        space = float(rng.uniform(11, 16))
        found += strips(random_page(rng, fonts[number % len(fonts)], space=space, hands=hands))
        tell(number + 1)
    return found


def picture(strip: Strip) -> Image:
    """Its pixels, grey."""
    return np.asarray(
        cv2.imdecode(np.frombuffer(strip.png, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8
    )
