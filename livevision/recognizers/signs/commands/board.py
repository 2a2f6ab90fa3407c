"""The page of a lesson in a window: the camera's picture, the sign to make, how it goes.

Pure functions: what to show, and how large the page is, comes from outside. A page is drawn in the
window's own pixels, so that nothing of it is ever enlarged or reduced.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np

from livevision import languages
from livevision.frame import Box, Image, Result, Stats, Steps
from livevision.recognizers.signs import handshapes
from livevision.sinks import lettering, overlay
from livevision.sinks.look import Look

Color: TypeAlias = tuple[int, int, int]
"""Blue, green, red."""

# each of the inks has a contrast of 4.5 or more to the paper (WCAG 2.2, 1.4.3)
PAPER: Color = (236, 232, 228)
"""The ground of the pictures of hands, too."""
SHADE: Color = (212, 206, 200)
INK: Color = (40, 36, 32)
FAINT: Color = (104, 96, 88)
GOOD: Color = (40, 100, 20)
BAD: Color = (30, 40, 180)
ACCENT: Color = (150, 90, 0)

UNIT = 1280, 720
"""The page, in pixels, on which sizes below are as they are written."""
_MARGIN, _HEAD, _FOOT, _BAR = 24, 64, 44, 8
_SMALL, _PLAIN, _LARGE, _HUGE = 17, 21, 54, 84
"""Sizes of letters."""
_LEAST = 10
"""Pixels below which letters cannot be read."""
_HAND = 0.36
"""Share of the page's part beside the picture that the hand keeps, however much is written."""
_GROWTH, _SHRUNK = 1.5, 0.4
"""Times the usual size that letters get at the most where there is room, and at the least."""
_SPLIT = 0.56
"""Share of the page's width that the picture has."""
_LINES = 5
"""Of words below a sign on the last page, at the most."""
_APART = " " * 5
"""Between keys in the line that tells of them."""
_TITLE = 1.4
"""Times its usual size that the score gets at the most: it is large as it is."""
_WIDE = 1.15
"""Width by height of a page from which on the picture stands beside the rest, not above it."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the page says."""

    letter: str
    """Whose sign is shown; empty for none."""
    spelt: str = ""
    """Of the word, what is done ..."""
    rest: str = ""
    """... and what is yet to come after `letter`."""
    how: str = ""
    message: str = ""
    good: bool = True
    """Whether the message is praise."""
    plain: bool = False
    """Whether it is neither praise nor blame."""
    place: int = 0
    """Letters that are done ..."""
    count: int = 1
    """... of so many."""
    part: float = 0.0
    """How much of the letter that is due is done, 0 to 1."""
    score: str = ""
    keys: str = ""
    """What keys do, in one line."""
    flipped: bool = False
    """Whether the hand is drawn as a left one, or a right one in a mirror."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a lesson went."""

    title: str
    """In few letters, "21 of 24"."""
    lines: tuple[str, ...]
    """What else is to be told."""
    letters: tuple[tuple[str, str, bool], ...] = ()
    """Letters whose signs are shown, with a word on each, and whether all was well with it."""
    heading: str = ""
    """Over the letters."""
    good: bool = True
    """Whether the heading is praise."""
    keys: str = ""
    flipped: bool = False


def draw(
    card: Card, result: Result, look: Look, status: overlay.Status, size: tuple[int, int]
) -> Image:
    """The page of a sign that is asked for: (height, width, 3) BGR, `size` is (width, height)."""
    page = _Page(size, look)
    head = f"{min(card.place + 1, card.count)} / {card.count}"
    page.head(head, card.score, (card.place + card.part) / max(1, card.count))
    page.foot(status.notice or card.keys, notice=bool(status.notice))
    area = page.body
    if area.width >= _WIDE * area.height:
        middle = area.left + round(area.width * _SPLIT)
        seen = Box(area.left, area.top, middle, area.bottom)
        said = Box(middle + page.margin, area.top, area.right, area.bottom)
    else:
        middle = area.top + round(area.height * (1 - _SPLIT))
        seen = Box(area.left, area.top, area.right, middle)
        said = Box(area.left, middle + page.margin, area.right, area.bottom)
    page.picture(result, seen, status, _edge(card))
    page.card(card, said, result.hints)
    page.panel(status)
    return page.image


def draw_report(report: Report, look: Look, status: overlay.Status, size: tuple[int, int]) -> Image:
    """The page at the end: (height, width, 3) BGR, `size` is (width, height)."""
    page = _Page(size, look)
    page.foot(status.notice or report.keys, notice=bool(status.notice))
    page.report(report)
    page.panel(status)
    return page.image


def _edge(card: Card) -> Color:
    if not card.message or card.plain:
        return SHADE
    return GOOD if card.good else BAD


class _Page:
    """One page in the making."""

    def __init__(self, size: tuple[int, int], look: Look) -> None:
        self._width, self._height = size
        self._look = look
        self._unit = min(size[0] / UNIT[0], size[1] / UNIT[1])
        self.image: Image = np.full((size[1], size[0], 3), PAPER, np.uint8)
        self.margin = max(6, round(_MARGIN * self._unit))
        self.body = Box(self.margin, self.margin, size[0] - self.margin, size[1] - self.margin)

    def _size(self, size: float) -> int:
        """Of letters, in pixels."""
        return max(_LEAST, round(size * self._unit * self._look.text_size))

    def _say(self, text: str) -> str:
        """`text` in the language that is spoken."""
        return languages.say(text, self._look.language)

    def head(self, left: str, right: str, done: float) -> None:
        """How far the lesson is, in words and as a bar."""
        right = self._say(right)
        size = self._size(_PLAIN)
        room = self.body.width
        right = right if lettering.width(f"{left}   {right}", size) <= room else ""
        top = self.margin // 2
        self._text(left, size, INK, self.margin, top)
        wide = lettering.mask(right, size).shape[1] if right else 0
        self._text(right, size, FAINT, self._width - self.margin - wide, top)
        top += lettering.mask("x", size).shape[0] + self.margin // 4
        thick = max(4, round(_BAR * self._unit))
        end = self.margin + round(room * min(1.0, max(0.0, done)))
        self.image[top : top + thick, self.margin : self.margin + room] = SHADE
        self.image[top : top + thick, self.margin : end] = ACCENT
        self.body = replace(self.body, top=top + thick + self.margin // 2)

    def foot(self, text: str, *, notice: bool) -> None:
        """What keys do, or what has just been done."""
        size = self._size(_SMALL)
        # a key and what it does stay together
        keys = (each.replace(" ", "\u00a0") for each in self._say(text).split(_APART))
        whole = _APART.join(keys) if not notice else self._say(text)
        lines = lettering.broken(whole, size, self.body.width) if text else ()
        tall = lettering.mask("x", size).shape[0]
        top = self._height - self.margin // 2 - tall * len(lines)
        area = self.body
        for line in lines:
            self._line(line.strip(), size, ACCENT if notice else FAINT, area, top)
            top += tall
        bottom = self._height - self.margin // 2 - tall * len(lines) - self.margin // 2
        self.body = replace(self.body, bottom=bottom)

    def picture(self, result: Result, area: Box, status: overlay.Status, edge: Color) -> None:
        """The camera's picture with the hand that is seen, as large as it gets."""
        height, width = result.frame.image.shape[:2]
        line = max(2, round(4 * self._unit))
        scale = min((area.width - 2 * line) / width, (area.height - 2 * line) / height)
        wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
        # rates and the running text are of no use to a learner
        shown = replace(result, text="", hints=(), stats=Stats(), stages=Steps(tuple))
        drawn = overlay.annotate(
            overlay.resized(shown, wide, tall), self._look, overlay.Status(paused=status.paused)
        )
        left, top = area.left + (area.width - wide) // 2, area.top + line
        corners = (left - line, top - line), (left + wide + line - 1, top + tall + line - 1)
        cv2.rectangle(self.image, *corners, edge, line)
        _put(self.image, drawn, left, top)

    def card(self, card: Card, area: Box, hints: Sequence[str]) -> None:
        """The sign to make, large, and below it what is to be said of it."""
        hint = hints[0] if hints else ""
        said = self._say(card.message or hint)
        judged = bool(card.message) and not card.plain
        mark = ("\u2713 " if card.good else "! ") if judged else ""
        color = (GOOD if card.good else BAD) if judged else ACCENT
        shrink = _GROWTH
        while True:
            large, plain = (
                max(_LEAST, round(self._size(each) * shrink))
                for each in (_HUGE if not card.spelt + card.rest else _LARGE, _PLAIN)
            )
            word = card.spelt + card.letter + card.rest
            while large > _LEAST and lettering.width(word, large) > area.width:
                large -= 1
            how = lettering.broken(self._say(card.how), plain, area.width) if card.how else ()
            message = lettering.broken(mark + said, plain, area.width) if said else ()
            row = lettering.mask("x", plain).shape[0]
            gap = max(2, plain // 2)
            tall = lettering.mask("x", large).shape[0] + row * (len(how) + max(2, len(message)))
            side = min(area.width, area.height - tall - 2 * gap)
            least = area.width if shrink > 1 else _HAND * area.height
            if side >= least or shrink < _SHRUNK:
                break
            shrink *= 0.92
        top = area.top
        if card.letter and len(card.letter) == 1 and side > 0:
            hand = _hand(card.letter, side, card.flipped)
            _put(self.image, hand, area.left + (area.width - side) // 2, top)
        top += max(0, side)
        left = area.left
        parts = ((card.spelt, GOOD), (card.letter, ACCENT), (card.rest, FAINT))
        for part, ink in parts:
            self._text(part, large, ink, left, top)
            wide = round(lettering.width(part, large)) if part else 0
            if part is card.letter and card.spelt + card.rest:
                base = top + round(large * 1.16)
                self.image[base : base + max(2, large // 14), left : left + wide] = ACCENT
            left += wide
        top += lettering.mask("x", large).shape[0]
        for line in how:
            self._line(line, plain, INK, area, top)
            top += row
        top += gap
        for line in message:
            self._line(line, plain, color, area, top)
            top += row

    def report(self, report: Report) -> None:
        """The score, large, and the signs that it names."""
        area = self.body
        size = min(self._size(_HUGE), max(_LEAST, round(_HUGE * self._unit * _TITLE)))
        while size > _LEAST and lettering.width(report.title, size) > area.width:
            size -= 1
        top = area.top
        self._text(report.title, size, INK, area.left, top)
        top += lettering.mask("x", size).shape[0]
        plain = self._size(_PLAIN)
        row = lettering.mask("x", plain).shape[0]
        for text in report.lines:
            for line in lettering.broken(self._say(text), plain, area.width):
                self._line(line, plain, FAINT, area, top)
                top += row
        top += self.margin
        if report.heading:
            for line in lettering.broken(self._say(report.heading), plain, area.width):
                self._line(line, plain, GOOD if report.good else BAD, area, top)
                top += row
            top += self.margin // 2
        if report.letters:
            self._tiles(report, replace(area, top=top))

    def _tiles(self, report: Report, area: Box) -> None:
        """Signs in rows, each as large as all of them allow."""
        count = len(report.letters)
        small = self._size(_SMALL)
        row = lettering.mask("x", small).shape[0]
        gap = max(4, self.margin // 2)
        most = round(handshapes.SIDE * max(1.0, self._unit))
        said = [self._say(text) for _, text, _ in report.letters]
        if not any(said) or self._grid(count, said, small, area, gap, most)[0] < 2 * small:
            said = [""] * count  # no room for words: signs alone tell more than nothing
        side, across = self._grid(count, said, small, area, gap, most)
        if side < 2 * small:
            return
        words = any(said)
        pitch = (area.width + gap) // across if words else side + gap
        edge = max(2, round(3 * self._unit))
        tall = side + gap + row * max(len(_below(text, small, pitch - gap)) for text in said)
        for index, (letter, _, good) in enumerate(report.letters):
            left = area.left + index % across * pitch
            top = area.top + index // across * tall
            ink = GOOD if good else BAD
            _put(self.image, _hand(letter, side, report.flipped), left, top)
            corners = (left, top), (left + side - 1, top + side - 1)
            cv2.rectangle(self.image, *corners, ink, edge)
            self._text(letter, max(_LEAST, side // 6), ink, left + side // 16, top + side // 40)
            column = Box(left, top, left + pitch - gap, area.bottom)
            for number, line in enumerate(_below(said[index], small, pitch - gap)):
                self._line(line, small, INK, column, top + side + number * row)

    def _grid(
        self, count: int, said: Sequence[str], size: int, area: Box, gap: int, most: int
    ) -> tuple[int, int]:
        """The side of `count` squares in `area`, and how many stand side by side, so that they are
        as large as they can be with all that is `said` below them; (0, 1) if there is no room."""
        row = lettering.mask("x", size).shape[0]
        best = 0, 1
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            wide = (area.width - (columns - 1) * gap) // columns
            lines = [_below(text, size, wide) for text in said]
            cut = any(len(each) > _LINES for each in lines) or any(
                lettering.width(word, size) > wide for text in said for word in text.split()
            )
            words = max(map(len, lines), default=0) * row
            side = min(wide, most, area.height // rows - words - gap)
            if side > best[0] and not cut:
                best = side, columns
        return best

    def panel(self, status: overlay.Status) -> None:
        """The keys, as a page over this one."""
        if status.panel:
            overlay.draw_panel(self.image, status.panel, self._look)

    def _line(self, text: str, size: int, color: Color, area: Box, top: int) -> None:
        """One line of letters in `area`, at that side of it where its script begins."""
        wide = (
            lettering.mask(text, size).shape[1] if lettering.runs_from_right(text) else area.width
        )
        self._text(text, size, color, max(area.left, area.right - wide), top)

    def _text(self, text: str, size: int, color: Color, left: int, top: int) -> None:
        """One line of letters on the page, as far as they fit."""
        if not text:
            return
        ink = lettering.mask(text, size)
        _blend(self.image, ink, color, left, top)


def _below(text: str, size: int, room: int) -> tuple[str, ...]:
    return lettering.broken(text, size, room) if text else ()


def _hand(letter: str, side: int, flipped: bool) -> Image:
    """The sign of a letter, a square of `side` pixels."""
    picture = handshapes.picture(letter)
    method = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)
    return np.ascontiguousarray(picture[:, ::-1]) if flipped else picture


def _put(image: Image, part: Image, left: int, top: int) -> None:
    """Lay `part` on `image`, as far as it lies inside; neither `left` nor `top` is negative."""
    place = image[top : top + part.shape[0], left : left + part.shape[1]]
    place[:] = part[: place.shape[0], : place.shape[1]]


def _blend(image: Image, ink: lettering.Mask, color: Color, left: int, top: int) -> None:
    left, top = max(0, left), max(0, top)
    place = image[top : top + ink.shape[0], left : left + ink.shape[1]]
    cover = ink[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255
    place[:] = (place * (1 - cover) + np.array(color, np.float32) * cover).round().astype(np.uint8)
