"""Finds the digits of a picture and reads them: components, joined, cut apart, classified."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.classifying import Classifier
from livevision.frame import Box, Image
from livevision.recognizers.digits import ink as inks
from livevision.recognizers.digits.ink import Mask
from livevision.recognizers.digits.lines import Read
from livevision.recognizers.digits.prepare import Ink, features, normalized

OTHER = "other"
"""The class of all that is no digit."""
LARGEST = 1600
"""Pixels of the longer side to which larger pictures are shrunk."""
LARGE = 100
"""Pixels of the shorter side from which on a picture of one sign may be one of paper."""
LOWEST = 10
"""Pixels of a digit's height below which it is not read."""
TALLEST = 0.75
"""Share of the picture's height that a digit may take at most."""
SPECK = 8
"""Pixels of ink below which a component is a speck."""
MOST = 1500
"""Components looked at in a picture, the tallest first: beyond that it is a pattern, no page."""
WIDEST = 1.6
"""Width to height from which on a component is no single digit."""
FLAT = 0.35
"""Height to width below which a component is a dash or a printed line: only a part of a digit."""
BESIDE = 0.25
"""How far apart, in heights, the parts of one digit may lie."""
RESERVE = 0.1
"""What the probability that it is no digit counts for, in what is held before a camera."""
MERGED = 0.55
"""Probability from which on parts that are none by themselves are one digit together."""
CUT = 0.6
"""Probability that each digit of a touching pair must have."""
DENSE = 0.75
"""Share of a component's box that is ink, from which on it is a blob or a filled shape; a "1" is
narrow."""
NARROW = 0.45
"""Width to height below which a digit may fill its box."""
DIFFERENT = 2.2
"""How many times higher or lower than its neighbours' median a digit may be."""
FAINT = 0.5
"""Strength of a digit, as a share of its page's darker digits', below which it is none."""
AROUND = 0.4
"""Heights around a digit in which the ground is looked at."""
WIDELY = 1.2
"""The same of a digit that stands alone: on a page there is paper, on a shirt there are folds."""
CLUTTER = 0.15
"""Share of that ground that may be marked."""
UNEVEN = 0.6
"""How far the ground's grey levels may spread, as a share of the stroke's depth below it."""
CLEAR = 0.16
"""Least depth of a stroke, as a share of the ground's brightness."""
ONE_GROUND = 0.5
"""Difference between the grounds left and right of a narrow stroke, as a share of its depth."""
COMPANY = 0.5
"""Share of the marks around a digit that must be digits as well, unless it is `CERTAIN`: letters
that look like digits stand among letters."""
CERTAIN = 0.97
ALONE = 2.5
"""Heights around a mark that count as its neighbourhood."""
WORD = 0.5
"""Heights between two marks within which they are of one word, or one number."""
LETTER = 0.7
"""Probability that it is no digit, from which on a mark of a word is a letter."""
LEAST_MARK = 0.5
"""Height of such a mark, as a share of the digits' median."""
LETTERS = 0.5
"""Share of a word's marks that are no digits, from which on none of them is one."""
AMONG_WORDS = 0.72
"""Beside words, height of a number's lowest digit as a share of its highest, and of the words'
highest letters: an "o" and an "s" are lower than digits are, and "t" and "o" differ."""

AT_ONCE = 256
"""Vectors that are classified at once: each takes 32 kB to compare, and each call its time."""
_SLOPE = 300
"""Pixels of ground, about, by which its slope is found."""
_RIM = np.ones((5, 5), np.uint8)
"""Around ink that is not counted as ground: its blurred edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stroke or several that may be a digit."""

    box: Box
    parts: tuple[int, ...]
    """Numbers of its components."""
    area: int
    """Pixels of ink."""
    shares: NDArray[np.float32] | None = None
    """Probabilities of the classes."""
    doubt: float = 0.0
    """Probability that it is none, before doubt was settled in favour of digits."""
    cut: bool = False
    """Whether it is a part of a component."""


class Reader:
    """Reads the digits of pictures with a classifier that knows what no digit looks like.

    One that was taught alone may not know it: then all that has a digit's place and size is one.
    """

    def __init__(self, classifier: Classifier, *, threshold: float = 0.5) -> None:
        self._classifier = classifier
        self._threshold = threshold
        self._classes = classifier.classes
        if OTHER not in self._classes:
            self._classes += (OTHER,)
        self._other = self._classes.index(OTHER)

    def read(self, image: Image) -> list[Read]:
        """All digits of `image` (BGR or grey), in no order."""
        longest = max(image.shape[:2])
        scale = min(1.0, LARGEST / longest)
        if scale < 1.0:
            size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        digits = self._digits(image)
        if scale < 1.0:
            digits = [replace(each, box=_scaled(each.box, 1 / scale)) for each in digits]
        return digits

    def read_one(self, image: Image) -> Read | None:
        """The digit of a picture that shows nothing else, whichever way it is cut; None if empty.

        Never answers that it is none.
        """
        ink = single(_grey(image))
        rows, columns = np.nonzero(ink)
        if not rows.size:
            return None
        box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        crop = np.ascontiguousarray(ink[box.top : box.bottom, box.left : box.right])
        shares = self._shares(features(normalized(crop))[None])[0]
        shares[self._other] = 0.0
        return self._named(Piece(box, (), 0, shares / max(float(shares.sum()), 1e-9)))

    def _digits(self, image: Image) -> list[Read]:
        ink = inks.strokes(image)
        sheet = _Sheet(ink, inks.mask(ink), image)
        pieces = self._judged(sheet, sheet.pieces())
        pieces = self._put_together(sheet, pieces)
        pieces = self._cut_apart(sheet, pieces)
        digits = [each for each in pieces if self._score(each) >= self._threshold]
        digits = [each for each in digits if sheet.stands_free(each) and sheet.on_paper(each)]
        if not digits:
            return []
        # what is much fainter than the rest is printed on the paper, or its grain
        strengths = {id(each): sheet.strength(each) for each in pieces}
        least = FAINT * float(np.quantile([strengths[id(each)] for each in digits], 0.6))
        digits = [each for each in digits if strengths[id(each)] >= least]
        boxes = _Boxes(pieces)
        digits = [each for each in digits if not _dashed(each, boxes)]
        digits = self._fitting(digits, pieces, boxes)
        # nor do a board's blotches make words
        digits = _outside_words(digits, [e for e in pieces if strengths[id(e)] >= least])
        boxes = _Boxes(digits)
        digits = [
            each
            for each in digits
            if np.count_nonzero(_together(each, boxes)) > 1  # itself is one of them
            or sheet.on_paper(each, alone=True)
        ]
        return [self._named(each) for each in digits]

    def candidates(self, image: Image) -> Iterator[tuple[Box, Ink]]:
        """Everything that may be a digit of `image`, and the ink that is looked at: to learn from.

        Pieces by themselves, pairs that may belong together, and what cuts would make.
        """
        ink = inks.strokes(image)
        sheet = _Sheet(ink, inks.mask(ink), image)
        pieces = sheet.pieces()
        for piece in pieces:
            yield piece.box, sheet.crop(piece)
            if piece.box.width > 0.75 * piece.box.height >= 0.75 * LOWEST:
                places = sheet.cuts(piece)
                for start, end in itertools.pairwise(places):
                    if 0.12 * piece.box.height < end - start < piece.box.width:
                        part = sheet.slice(piece, start, end)
                        yield part.box, sheet.crop(part)
        boxes = _Boxes(pieces)
        for one, first in enumerate(pieces):
            for two in _near(first, boxes):
                if two > one:
                    both = _union(first, pieces[two])
                    yield both.box, sheet.crop(both)

    def _shares(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, classes) of vectors, (n, LENGTH); 0 for what is no digit, where that is not known."""
        shares = np.concatenate(
            [
                self._classifier.probabilities(vectors[start : start + AT_ONCE])
                for start in range(0, len(vectors), AT_ONCE)
            ]
        )
        unknown = len(self._classes) - shares.shape[1]
        return np.pad(shares, ((0, 0), (0, unknown))) if unknown else shares

    def _score(self, piece: Piece) -> float:
        """Probability of the likeliest digit."""
        assert piece.shares is not None
        best = int(piece.shares.argmax())
        return 0.0 if best == self._other else float(piece.shares[best])

    def _judged(self, sheet: "_Sheet", pieces: Sequence[Piece]) -> list[Piece]:
        none = np.zeros(len(self._classes), np.float32)
        none[self._other] = 1.0
        judged = [replace(each, shares=none, doubt=1.0) for each in pieces]
        possible = [place for place, each in enumerate(pieces) if _possible(each)]
        if not possible:
            return judged
        vectors = [features(normalized(sheet.crop(pieces[place]))) for place in possible]
        shares = self._shares(np.array(vectors))
        doubts = shares[:, self._other].tolist()
        # a page is held up because digits are on it: doubt is settled in their favour
        shares[:, self._other] *= RESERVE
        shares /= shares.sum(axis=1, keepdims=True)
        for place, share, doubt in zip(possible, shares, doubts, strict=True):
            judged[place] = replace(pieces[place], shares=share, doubt=doubt)
        return judged

    def _named(self, piece: Piece) -> Read:
        assert piece.shares is not None
        order = np.argsort(-piece.shares)
        names = [(self._classes[i], float(piece.shares[i])) for i in order[:4]]
        label, confidence = names[0]
        others = tuple(each for each in names[1:] if each[0] != OTHER and each[1] >= 0.01)
        return Read(piece.box, label, confidence, others)

    def _put_together(self, sheet: "_Sheet", pieces: list[Piece]) -> list[Piece]:
        """Join parts of one digit that do not touch: the bar of a 5, both strokes of a 4."""
        pairs = []
        boxes = _Boxes(pieces)
        for one, first in enumerate(pieces):
            box = first.box
            beyond = boxes.top - box.bottom > box.height + boxes.height
            end = int(beyond.argmax()) if beyond.any() else len(pieces)  # sorted from the top
            pairs += [(one, two) for two in _near(first, boxes) if one < two < end]
        judged = self._judged(sheet, [_union(pieces[one], pieces[two]) for one, two in pairs])
        chosen: dict[int, Piece] = {}
        gone: set[int] = set()
        order = sorted(range(len(judged)), key=lambda place: -self._score(judged[place]))
        for place in order:
            one, two = pairs[place]
            score = self._score(judged[place])
            alone = max(self._score(pieces[one]), self._score(pieces[two]))
            both = min(self._score(pieces[one]), self._score(pieces[two]))
            free = one not in gone and two not in gone
            if free and score >= MERGED and both < MERGED and score > alone - 0.1:
                chosen[one] = judged[place]
                gone |= {one, two}
        return [chosen.get(i, p) for i, p in enumerate(pieces) if i in chosen or i not in gone]

    def _cut_apart(self, sheet: "_Sheet", pieces: list[Piece]) -> list[Piece]:
        """Cut what is no digit but as high as its neighbours and wider, between its digits."""
        spans = [self._spans(sheet, each) for each in pieces]
        slices = [
            sheet.slice(piece, start, end)
            for piece, own in zip(pieces, spans, strict=True)
            for start, end in own
        ]
        parts = iter(self._judged(sheet, slices))  # at once: a classifier takes its time each time
        done: list[Piece] = []
        for piece, own in zip(pieces, spans, strict=True):
            found = self._best_cut(own, [next(parts) for _ in own]) if own else []
            done += found or [piece]
        return done

    def _spans(self, sheet: "_Sheet", piece: Piece) -> list[tuple[int, int]]:
        """Columns from which and to which there may be a digit in `piece`, which is none itself."""
        height = piece.box.height
        if self._score(piece) >= CUT or height < LOWEST or piece.box.width <= 0.75 * height:
            return []
        places = sheet.cuts(piece)
        spans = [
            (a, b)
            for i, a in enumerate(places)
            for b in places[i + 1 :]
            if 0.12 * height < b - a < 1.3 * height
        ]
        reached = {a for a, _ in spans} | {b for _, b in spans} >= {places[0], places[-1]}
        return spans if reached and len(spans) <= 400 else []

    def _best_cut(self, spans: Sequence[tuple[int, int]], parts: Sequence[Piece]) -> list[Piece]:
        """Those of the parts of a piece that are surely digits, side by side; none if there are
        not."""
        places = sorted({place for span in spans for place in span})
        best: dict[int, tuple[float, list[Piece]]] = {places[0]: (0.0, [])}
        for end in places[1:]:
            for (a, b), part in zip(spans, parts, strict=True):
                score = self._score(part)
                if b != end or a not in best or score < CUT:
                    continue
                total = best[a][0] + float(np.log(score)) - 0.15
                if end not in best or total > best[end][0]:
                    best[end] = (total, [*best[a][1], part])
        found = best.get(places[-1], (0.0, []))[1]
        return found if len(found) > 1 else []

    def _fitting(
        self, digits: Sequence[Piece], pieces: Sequence[Piece], boxes: "_Boxes"
    ) -> list[Piece]:
        """The digits that stand among their like: of about their size, not in a word.

        They are some of the `pieces`, whose `boxes` are these.
        """
        likely = np.array([self._score(each) >= self._threshold for each in pieces])
        places = {id(each): place for place, each in enumerate(pieces)}
        found = []
        for digit in digits:
            height = digit.box.height
            x, y = digit.box.center
            near = boxes.height >= 0.45 * height
            near &= np.abs(boxes.x - x) - boxes.width / 2 <= ALONE * height
            near &= np.abs(boxes.y - y) <= 0.8 * height
            near[places[id(digit)]] = False
            marks = np.count_nonzero(near)
            heights = boxes.height[near & likely]
            if len(heights) < COMPANY * marks and self._score(digit) < CERTAIN:
                continue
            ratio = height / float(np.median(heights)) if len(heights) >= 2 else 1.0
            if 1 / DIFFERENT < ratio < DIFFERENT:
                found.append(digit)
        return found


class _Boxes:
    """The boxes of pieces in columns, (n,) each: one is compared with all of them at once."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        boxes = [each.box for each in pieces]
        sides = [(each.left, each.top, each.right, each.bottom) for each in boxes]
        self.left, self.top, self.right, self.bottom = np.array(sides, np.int32).reshape(-1, 4).T
        self.width, self.height = self.right - self.left, self.bottom - self.top
        self.x, self.y = (self.left + self.right) / 2, (self.top + self.bottom) / 2


class _Sheet:
    """A picture's ink and the components that it falls into."""

    def __init__(self, ink: Ink, mask: Mask, image: Image) -> None:
        self._ink = ink
        self._grey = image if image.ndim == 2 else image.mean(axis=2, dtype=np.float32)
        _, self._labels, self._stats, _ = cv2.connectedComponentsWithStats(
            mask.astype(np.uint8), connectivity=8
        )
        self._slices: dict[int, Ink] = {}
        self._kept: list[Piece] = []

    def pieces(self) -> list[Piece]:
        """The components that may be digits or parts of them, from the top."""
        height, width = self._ink.shape
        stats = self._stats[1:]
        left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
        wide, tall = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
        area = stats[:, cv2.CC_STAT_AREA]
        kept = (area >= SPECK) & (np.maximum(wide, tall) >= 5)
        kept &= (tall <= TALLEST * height) & (wide <= 0.9 * width)
        # what the picture's edge cuts off is the desk, or half a digit
        kept &= (left > 0) & (top > 0) & (left + wide < width) & (top + tall < height)
        places = np.flatnonzero(kept)
        if len(places) > MOST:
            places = places[np.argsort(-tall[places], kind="stable")[:MOST]]
        places = places[np.argsort(top[places], kind="stable")]
        return [
            Piece(
                Box(int(left[i]), int(top[i]), int(left[i] + wide[i]), int(top[i] + tall[i])),
                (int(i) + 1,),
                int(area[i]),
            )
            for i in places
        ]

    def crop(self, piece: Piece) -> Ink:
        """The piece's own ink, and none of what stands beside it."""
        if id(piece) in self._slices:
            return self._slices[id(piece)]
        box = piece.box
        part = np.s_[
            max(0, box.top - 1) : box.bottom + 1,
            max(0, box.left - 1) : box.right + 1,
        ]
        labels = self._labels[part]
        own = labels == piece.parts[0]
        for other in piece.parts[1:]:
            own |= labels == other
        wide = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        wide &= own | (labels == 0)
        return np.where(wide, self._ink[part], np.float32(0))

    def on_paper(self, piece: Piece, *, alone: bool = False) -> bool:
        """Whether the ground around it is even, and the stroke stands out from it clearly.

        Of what stands alone, further around, and hardly anything may be there.
        """
        box = piece.box
        reach = max(4, round((WIDELY if alone else AROUND) * box.height))
        rows = slice(max(0, box.top - reach), box.bottom + reach)
        columns = slice(max(0, box.left - reach), box.right + reach)
        grey = self._grey[rows, columns]
        inked = cv2.dilate((self._labels[rows, columns] > 0).astype(np.uint8), _RIM) > 0
        ground = grey[~inked]
        if ground.size < 0.25 * grey.size:
            return False
        if not alone:  # among others, on the edge of a shadow
            ground = _levelled(grey, ~inked)
        area = box.width * box.height
        if alone and inked.sum() - area > CLUTTER * (grey.size - area):
            return False
        crop = self.crop(piece)
        own = self._labels[box.top : box.bottom, box.left : box.right] > 0
        inside = self._ink[box.top : box.bottom, box.left : box.right][own]
        shade = self._grey[box.top : box.bottom, box.left : box.right][own]
        if not shade.size or not crop.any():
            return False
        darkest = shade[inside >= np.quantile(inside, 0.6)]
        low, middle, high = np.quantile(ground, (0.04, 0.5, 0.96))
        depth = abs(float(np.median(darkest)) - float(middle))
        return float(high - low) < UNEVEN * depth and depth > CLEAR * max(float(middle), 60.0)

    def strength(self, piece: Piece) -> float:
        """How dark its strokes are, 0 to 1."""
        crop = self.crop(piece)
        inked = crop[crop > 0]
        return float(np.quantile(inked, 0.75)) if inked.size else 0.0

    def stands_free(self, piece: Piece) -> bool:
        """Whether there is ground of one kind on both sides: not so at the edge of a sheet."""
        box = piece.box
        if box.width > NARROW * box.height:
            return True
        reach = max(3, round(0.3 * box.width))
        rows = slice(box.top, box.bottom)
        left = self._grey[rows, max(0, box.left - 1 - reach) : max(0, box.left - 1)]
        right = self._grey[rows, box.right + 1 : box.right + 1 + reach]
        own = self._grey[rows, box.left : box.right]
        if not left.size or not right.size:
            return False
        inside = self._ink[rows, box.left : box.right]
        stroke = float(own[inside >= np.quantile(inside, 0.8)].mean())
        beside = float(np.median(left)), float(np.median(right))
        depth = min(abs(beside[0] - stroke), abs(beside[1] - stroke))
        same = (beside[0] > stroke) == (beside[1] > stroke)
        return same and abs(beside[0] - beside[1]) < ONE_GROUND * depth

    def cuts(self, piece: Piece) -> list[int]:
        """Columns of the piece's crop between which digits may lie, both ends included."""
        crop = self.crop(piece)
        profile = (crop > 0.3 * crop.max()).sum(axis=0).astype(np.float32)
        profile = np.convolve(profile, (0.25, 0.5, 0.25), "same")
        width = len(profile)
        inner = np.arange(2, width - 2)
        low = inner[
            (profile[inner] <= profile[inner - 1])
            & (profile[inner] <= profile[inner + 1])
            & (profile[inner] < 0.55 * crop.shape[0])
        ]
        apart = max(2, crop.shape[0] // 10)
        chosen: list[int] = []
        for place in sorted(low, key=lambda i: float(profile[i])):
            if all(abs(int(place) - other) >= apart for other in chosen):
                chosen.append(int(place))
        return [0, *sorted(chosen[:14]), width]

    def slice(self, piece: Piece, start: int, end: int) -> Piece:
        """The part of the piece between two columns of its crop."""
        crop = self.crop(piece)[:, start:end]
        rows, columns = np.nonzero(crop > 0.3 * max(float(crop.max()), 1e-6))
        if not rows.size:
            rows = columns = np.array([0])
        crop = crop[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        left = max(0, piece.box.left - 1) + start + int(columns.min())
        top = max(0, piece.box.top - 1) + int(rows.min())
        box = Box(left, top, left + crop.shape[1], top + crop.shape[0])
        part = Piece(box, piece.parts, int((crop > 0.3).sum()), cut=True)
        self._slices[id(part)] = np.ascontiguousarray(crop)
        self._kept.append(part)  # its id must stay its own
        return part


def _levelled(grey: NDArray[Any], ground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The grey levels of the `ground` pixels without their slope, of the same mean."""
    rows, columns = np.nonzero(ground)
    levels = np.asarray(grey[ground], np.float32)
    sides = np.stack([np.ones_like(levels), rows, columns], axis=1).astype(np.float32)
    few = slice(None, None, max(1, len(levels) // _SLOPE))
    slope, *_ = np.linalg.lstsq(sides[few], levels[few], rcond=None)
    return np.asarray(levels - sides @ slope + levels.mean(), np.float32)


def _possible(piece: Piece) -> bool:
    """Whether a piece has the outer form of a digit at all."""
    box = piece.box
    if box.height < LOWEST or box.width > WIDEST * box.height:
        return False
    return piece.area < DENSE * box.width * box.height or box.width < NARROW * box.height


def _dashed(piece: Piece, boxes: _Boxes) -> bool:
    """Whether a narrow upright stroke is a bit of a printed line: others of its kind stand exactly
    above and below it. It is one of those whose `boxes` these are."""
    box = piece.box
    if box.width > min(NARROW * box.height, 8):
        return False
    x, y = box.center
    away = np.abs(boxes.y - y)
    lined = boxes.width <= np.minimum(np.maximum(NARROW * boxes.height, box.width + 2), 8)
    lined &= (away < 12 * box.height) & (np.abs(boxes.x - x) < np.maximum(2.0, 0.04 * away))
    return np.count_nonzero(lined) > 3  # itself is one of them


def _together(digit: Piece, boxes: _Boxes) -> Mask:
    """Which digits stand side by side with one as those of one line do; it does so with itself."""
    box = digit.box
    tall = np.maximum(boxes.height, box.height)
    gap = np.maximum(boxes.left, box.left) - np.minimum(boxes.right, box.right)
    beside: Mask = (np.abs(boxes.y - box.center[1]) < 0.6 * tall) & (gap < ALONE * tall)
    beside &= 2 * np.minimum(boxes.height, box.height) > tall
    return beside


@dataclass(eq=False)
class _Word:
    """Marks that stand together: a word, or a number."""

    marks: list[Piece]
    letters: bool = False

    @cached_property
    def highest(self) -> int:
        return max(each.box.height for each in self.marks)

    @cached_property
    def box(self) -> Box:
        boxes = [each.box for each in self.marks]
        return Box(
            min(each.left for each in boxes),
            min(each.top for each in boxes),
            max(each.right for each in boxes),
            max(each.bottom for each in boxes),
        )


def _outside_words(digits: list[Piece], pieces: Sequence[Piece]) -> list[Piece]:
    """The digits that stand in no word, and are none of its letters that look like digits."""
    if not digits:
        return []
    usual = float(np.median([each.box.height for each in digits]))
    # what is higher by far is the edge of a board, and would join the lines that it runs along
    marks = [e for e in pieces if LEAST_MARK * usual <= e.box.height <= DIFFERENT * usual]
    words = _words(marks)
    for word in words:
        whole = [each for each in word.marks if not each.cut] or word.marks
        word.letters = sum(each.doubt > LETTER for each in whole) >= LETTERS * len(whole)
        word.letters |= word.box.width > 2 * WIDEST * word.box.height and len(word.marks) == 1
    told = [word for word in words if word.letters and _is_writing(word, usual)]
    written = 2 * len(told) > sum(_is_writing(word, usual) for word in words)  # mostly words
    kept: set[int] = set()
    for word in words:
        if word.letters:
            continue
        beside = told if written else [other for other in told if _one_line(word, other)]
        own = [each.box.height for each in word.marks]
        least = AMONG_WORDS * max(max(own), *(min(o.highest, 1.3 * usual) for o in beside), 0)
        if beside and (min(own) < least or all(each.cut for each in word.marks)):
            continue  # letters of one stroke, cut where digits came out
        kept |= {id(each) for each in word.marks}
    return [each for each in digits if id(each) in kept or each.box.height > DIFFERENT * usual]


def _is_writing(word: _Word, usual: float) -> bool:
    """Whether what is no number is a word: of about the digits' size, not a drawing."""
    return len(word.marks) > 1 and 0.6 * usual < word.highest < 3 * usual


def _words(pieces: Sequence[Piece]) -> list[_Word]:
    """Marks by the words that they stand in: each stands beside the next, as letters do."""
    boxes = _Boxes(pieces)
    left, top, right, bottom, tall = boxes.left, boxes.top, boxes.right, boxes.bottom, boxes.height
    words: list[_Word] = []
    free = np.ones(len(pieces), bool)
    while free.any():
        waiting = [int(free.argmax())]
        free[waiting[0]] = False
        marks: list[int] = []
        while waiting:
            at = waiting.pop()
            marks.append(at)
            shared = np.minimum(bottom, bottom[at]) - np.maximum(top, top[at])
            gap = np.maximum(left, left[at]) - np.minimum(right, right[at])
            beside = (shared > 0.3 * np.minimum(tall, tall[at])) & (
                gap < WORD * np.maximum(tall, tall[at])
            )
            more = np.flatnonzero(beside & free)
            free[more] = False
            waiting += more.tolist()
        words.append(_Word([pieces[each] for each in marks]))
    return words


def _one_line(first: _Word, second: _Word) -> bool:
    """Whether two words stand on one line, next to each other."""
    a, b = first.box, second.box
    tall = max(a.height, b.height)
    gap = max(a.left, b.left) - min(a.right, b.right)
    return abs(a.center[1] - b.center[1]) < 0.6 * tall and gap < 2 * ALONE * tall


def _near(piece: Piece, boxes: _Boxes) -> list[int]:
    """Places of the pieces that may be parts of one digit together with `piece`; itself is one."""
    box = piece.box
    tall = np.maximum(boxes.height, box.height)
    gap_x = np.maximum(boxes.left, box.left) - np.minimum(boxes.right, box.right)
    gap_y = np.maximum(boxes.top, box.top) - np.minimum(boxes.bottom, box.bottom)
    reach = BESIDE * np.maximum(tall, 0.7 * np.maximum(boxes.width, box.width))
    reach[(gap_x > 0) & (gap_y > 0)] *= 0.6
    width = np.maximum(boxes.right, box.right) - np.minimum(boxes.left, box.left)
    height = np.maximum(boxes.bottom, box.bottom) - np.minimum(boxes.top, box.top)
    near = np.maximum(gap_x, gap_y) <= reach
    near &= (width <= WIDEST * height) & (height <= 2.4 * tall)
    places: list[int] = np.flatnonzero(near).tolist()
    return places


def _union(first: Piece, second: Piece) -> Piece:
    a, b = first.box, second.box
    box = Box(
        min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom)
    )
    return Piece(box, first.parts + second.parts, first.area + second.area)


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (
        round(side * scale) for side in (box.left, box.top, box.right, box.bottom)
    )
    return Box(left, top, right, bottom)


def single(grey: Image) -> Ink:
    """The ink of a picture with one digit on an even ground; light or dark, its rim is ground."""
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(rim))
    away = np.abs(grey.astype(np.float32) - ground)
    peak = float(away.max())
    if peak < 8.0:  # grey levels: nothing but noise
        return np.zeros(grey.shape, np.float32)
    ink = np.pad(away / np.float32(peak), 2)
    if max(ink.shape) < 64:  # tiny pictures (8x8 to 32x32) lie between the pixels
        times = -(-64 // max(ink.shape))
        ink = cv2.resize(ink, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    level, _ = cv2.threshold(np.clip(ink * 255, 0, 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    return np.where(ink > 0.7 * level / 255, np.clip(ink, 0, 1), 0).astype(np.float32)


def largest(image: Image) -> Ink | None:
    """The ink of the one sign that a picture shows, cut out or on paper; None if it is empty."""
    if min(image.shape[:2]) >= LARGE:
        ink = inks.strokes(image)
        sheet = _Sheet(ink, inks.mask(ink), image)
        found = [each for each in sheet.pieces() if each.box.height >= LOWEST]
        if found:
            return sheet.crop(max(found, key=lambda each: each.box.height * each.area))
    ink = single(_grey(image))
    rows, columns = np.nonzero(ink)
    if not rows.size:
        return None
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.ascontiguousarray(ink[part])


def _grey(image: Image) -> Image:
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
