"""The digits to learn from, and what looks like digits but is none."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from livevision.errors import UsageError
from livevision.recognizers.digits.prepare import INKED, Ink, features, normalized
from livevision.recognizers.digits.reading import OTHER, Reader
from livevision.recognizers.digits.training.pages import GROUNDS, Hand, Page, compose
from livevision.recognizers.digits.training.strokes import ALSO_DIGITS, Writer, draw, flagged, seven

HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
WHOLE = 0.7
"""Overlap of a piece's box with a digit's from which on it is that digit."""
PARTLY = 0.45
"""Overlap with every digit below which a piece is none; between the two it may be either."""
SMALL = 8
"""Pixels of height below which a piece is never asked about."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz&@#?%+=<>{}*"
USPS_SIDE = 16
OPTDIGITS_SIDE = 32


@dataclass(frozen=True, slots=True)
class Sample:
    """One digit's ink, what it is, and whose it is."""

    ink: Ink
    label: str
    source: str
    """Data set, or data set and writer: no source stands in training and test."""


def usps(path: Path) -> list[Sample]:
    """The digits of a file of the USPS data set (Hull, 1994): a label, then 256 values a line."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            rows = np.loadtxt(file, dtype=np.float32)
    except (OSError, ValueError) as error:
        raise UsageError(f"Cannot read {path} as digits of USPS: {error}.") from error
    pictures = (rows[:, 1:].reshape(-1, USPS_SIDE, USPS_SIDE) + 1.0) / 2.0
    return [
        Sample(_enlarged(picture, 4), str(int(label)), "usps")
        for picture, label in zip(pictures, rows[:, 0], strict=True)
    ]


def optdigits(path: Path) -> list[Sample]:
    """The digits of a file of optdigits-orig (Alpaydin and Kaynak, 1998): bitmaps as text."""
    samples, rows = [], []
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"Cannot read {path} as digits of optdigits: {error}.") from error
    for line in lines:
        bits = line.strip()
        if len(bits) == OPTDIGITS_SIDE and set(bits) <= {"0", "1"}:
            rows.append([float(bit) for bit in bits])
        elif len(rows) == OPTDIGITS_SIDE and bits.isdigit():
            picture = _enlarged(np.array(rows, np.float32), 2)
            soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.float32)
            samples.append(Sample(soft, bits, "optdigits"))
            rows = []
        else:
            rows = []
    return samples


def _enlarged(picture: Ink, times: int) -> Ink:
    """A small picture with a rim, `times` as large."""
    padded = np.pad(picture, 1)
    big = cv2.resize(padded, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(big, 0.0, 1.0), np.float32)


def lettered(path: Path, characters: str, size: int = 64) -> list[Sample]:
    """Characters as a font that imitates a hand draws them."""
    font = ImageFont.truetype(str(path), size)
    samples = []
    for character in characters:
        left, top, right, bottom = font.getbbox(character)
        if right - left < 2 or bottom - top < 2:
            continue
        canvas = Picture.new("L", (round(right - left) + 12, round(bottom - top) + 12), 0)
        ImageDraw.Draw(canvas).text((6 - left, 6 - top), character, font=font, fill=255)
        ink = np.asarray(canvas, np.float32) / 255.0
        if ink.max() < INKED:
            continue
        label = character if character.isdigit() else OTHER
        samples.append(Sample(ink, label, f"font {path.name.split('-latin')[0]}"))
    return samples


def printed(chance: np.random.Generator) -> list[Sample]:
    """Printed letters: those of OpenCV's plotter fonts, and of the fonts that matplotlib brings."""
    import matplotlib

    letters = [each for each in known_characters() if not each.isdigit()]
    samples = []
    for font in HERSHEY:
        for letter in letters:
            ink = np.zeros((110, 110), np.uint8)
            pen = int(chance.integers(2, 8))
            cv2.putText(ink, letter, (22, 80), font, 2.2, (255,), pen, cv2.LINE_AA)
            samples.append(Sample(_soft(ink), OTHER, f"hershey {font}"))
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono-Oblique"):
        samples += lettered(folder / f"{name}.ttf", "".join(letters))
    return samples


def _soft(ink: NDArray[np.uint8]) -> Ink:
    return np.asarray(ink, np.float32) / np.float32(255)


def known_characters() -> str:
    """Digits and all other characters that are not drawn like a digit by many."""
    return "0123456789" + "".join(each for each in LETTERS if each not in ALSO_DIGITS)


def made_up(writers: int, chance: np.random.Generator) -> list[Sample]:
    """All ten digits of so many made-up writers."""
    samples = []
    for number in range(writers):
        writer = Writer.random(chance)
        pen = float(chance.uniform(2.0, 9.0))
        for digit in "0123456789":
            ink = writer.write(digit, chance, 60, pen)
            samples.append(Sample(ink, digit, f"writer {number}"))
    return samples


def alike(count: int, chance: np.random.Generator) -> list[Sample]:
    """So many ones and sevens: what people's ways of writing mix up most.

    Each is drawn twice as often in a way of its own as in one of the made-up writers'.
    """
    samples = []
    for number in range(count):
        pen = float(chance.uniform(2.0, 9.0))
        digit = "17"[number % 2]
        writer = Writer.random(chance)
        if number % 6 < 2:
            ink = writer.write(digit, chance, 60, pen)
        else:
            glyph = (flagged if digit == "1" else seven)(chance)
            wide = float(chance.uniform(0.7, 1.1))
            ink = draw(glyph, chance, 60, pen, writer.slant, wide, writer.unrest)
        samples.append(Sample(ink, digit, f"alike {number}"))
    return samples


def vary(ink: Ink, chance: np.random.Generator) -> Ink:
    """The same digit by a like hand, seen by a camera: turned, stretched, bent, thinner or
    thicker, smaller, blurred, noisy; what is too faint to be told from paper is gone."""
    ink = np.pad(ink, 6)
    if chance.random() < 0.35:
        ink = thin(ink, float(chance.uniform(2.0, 6.0)))
    elif chance.random() < 0.4:
        reach = int(chance.integers(2, 5))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        thicker = chance.random() < 0.5
        changed = cv2.dilate(ink, kernel) if thicker else cv2.erode(ink, kernel)
        # thin strokes must not be rubbed out
        if thicker or float((changed > INKED).sum()) > 0.5 * float((ink > INKED).sum()):
            ink = np.asarray(changed, np.float32)
    height, width = ink.shape
    target = float(chance.uniform(14, 48)) if chance.random() < 0.8 else 64.0
    scale = target / max(height, width)
    wide = scale * float(np.exp(chance.normal(0.0, 0.12)))
    turn, shear = chance.normal(0.0, 0.1), chance.normal(0.0, 0.12)
    bend = np.array([[wide, -shear * scale], [turn * scale, scale]])
    center = np.array([width, height]) / 2
    side = int(target * 1.7) + 6
    shift = np.array([side, side]) / 2 - bend @ center
    if scale < 0.6:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.35 / scale), np.float32)
    matrix = np.concatenate([bend, shift[:, None]], axis=1)
    small: Any = cv2.warpAffine(ink, matrix, (side, side))
    small = _bent(small, chance, float(chance.uniform(0.0, 0.045)) * target)
    small = cv2.GaussianBlur(small, (0, 0), float(chance.uniform(0.3, 0.9)))
    small += chance.normal(0.0, chance.uniform(0.01, 0.08), small.shape).astype(np.float32)
    return masked(np.clip(small, 0.0, 1.0))


def masked(ink: Ink) -> Ink:
    """What the live chain keeps of the ink: the darker pixels, and those next to them."""
    smooth = cv2.GaussianBlur(ink, (3, 3), 0)
    kept = smooth > 0.42 * float(smooth.max())
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        kept.astype(np.uint8), connectivity=8
    )
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count > 2:  # specks are left out, the parts of a broken stroke are put together
        kept = np.isin(labels, 1 + np.flatnonzero(areas > 0.04 * areas.sum()))
    wide = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(wide)
    if not rows.size:
        return ink
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(np.where(wide[part], ink[part], 0.0), np.float32)


def thin(ink: Ink, pen: float) -> Ink:
    """The same strokes, drawn along their middle with a pen of that width."""
    from skimage import morphology

    drawn = morphology.skeletonize(ink > 0.5)  # type: ignore[no-untyped-call]
    line = np.asarray(drawn).astype(np.uint8) * 255
    away = cv2.distanceTransform(255 - line, cv2.DIST_L2, 5)
    return np.asarray(np.clip(pen / 2 + 0.5 - away, 0.0, 1.0), np.float32)


def _bent(ink: Ink, chance: np.random.Generator, reach: float) -> Ink:
    """Points moved smoothly by about `reach` pixels (Simard et al., 2003)."""
    height, width = ink.shape
    if reach < 0.2:
        return ink
    coarse = chance.normal(0.0, reach, (2, 4, 4)).astype(np.float32)
    field = [cv2.resize(each, (width, height), interpolation=cv2.INTER_CUBIC) for each in coarse]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(
        cv2.remap(ink, columns + field[0], rows + field[1], cv2.INTER_LINEAR), np.float32
    )


def spoiled(samples: Sequence[Sample], count: int, chance: np.random.Generator) -> Iterator[Sample]:
    """What is no digit but made of digits and pens: halves, touching pairs, crosses, scribbles."""
    for _ in range(count):
        kind = chance.choice(("part", "pair", "scribble", "shape"), p=(0.1, 0.4, 0.25, 0.25))
        if kind == "part":
            yield Sample(_part(samples[chance.integers(len(samples))].ink, chance), OTHER, "part")
        elif kind == "pair":
            first, second = (samples[place].ink for place in chance.integers(len(samples), size=2))
            yield Sample(_pair(first, second, chance), OTHER, "pair")
        elif kind == "scribble":
            points = chance.uniform(0, 1, (int(chance.integers(3, 9)), 2))
            path = tuple((float(x), float(y)) for x, y in points)
            ink = draw((path,), chance, 60, chance.uniform(2, 8), 0.0, chance.uniform(0.6, 1.6))
            yield Sample(ink, OTHER, "scribble")
        else:
            yield Sample(_shape(chance), OTHER, "shape")


def _part(ink: Ink, chance: np.random.Generator) -> Ink:
    """A bit of a digit that says too little to be read: less than half of it."""
    rows, columns = np.nonzero(ink > INKED)
    if rows.size < 10:
        return ink
    box = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = box.shape
    share = chance.uniform(0.3, 0.5)
    if chance.random() < 0.6:
        tall = max(3, int(height * share))
        box = box[:tall] if chance.random() < 0.5 else box[-tall:]
    else:
        wide = max(3, int(width * share))
        box = box[:, :wide] if chance.random() < 0.5 else box[:, -wide:]
    return np.ascontiguousarray(box)


def _pair(first: Ink, second: Ink, chance: np.random.Generator) -> Ink:
    """Two digits side by side that touch."""
    parts = []
    for ink in (first, second):
        rows, columns = np.nonzero(ink > INKED)
        if not rows.size:
            return first
        box = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        wide = max(6, round(box.shape[1] * 56 / box.shape[0]))
        parts.append(cv2.resize(box, (min(wide, 80), 56), interpolation=cv2.INTER_AREA))
    lap = int(chance.integers(0, 5))
    drop = int(chance.integers(-8, 9))
    width = parts[0].shape[1] + parts[1].shape[1] - lap
    ink = np.zeros((56 + 16, width), np.float32)
    ink[8:64, : parts[0].shape[1]] = parts[0]
    part = ink[8 + drop : 64 + drop, parts[0].shape[1] - lap :]
    np.maximum(part, parts[1], out=part)
    return ink


def _shape(chance: np.random.Generator) -> Ink:
    """A box, a cross, an arrow, a dash, a blob."""
    size, pen = 64, int(chance.integers(2, 9))
    ink = np.zeros((size, size), np.uint8)
    kind = chance.integers(6)
    a, b = (int(each) for each in chance.integers(8, 24, 2))
    if kind == 0:
        cv2.rectangle(ink, (a, b), (size - b, size - a), (255,), pen)
    elif kind == 1:
        cv2.line(ink, (a, b), (size - a, size - b), (255,), pen)
        cv2.line(ink, (size - a, b), (a, size - b), (255,), pen)
    elif kind == 2:
        cv2.arrowedLine(
            ink, (6, 32), (58, int(chance.integers(10, 54))), (255,), pen, tipLength=0.4
        )
    elif kind == 3:
        cv2.line(ink, (4, 32), (60, int(chance.integers(26, 39))), (255,), pen)
    elif kind == 4:
        points = chance.integers(8, 56, (6, 2)).astype(np.int32)
        cv2.fillConvexPoly(ink, cv2.convexHull(points), (255,))
    else:
        cv2.ellipse(
            ink, (32, 32), (int(a + 4), int(b + 4)), int(chance.integers(180)), 0, 360, (255,), -1
        )
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.7), np.float32) / np.float32(255)


def set_hand(samples: Sequence[Sample], pen: float | None) -> Hand:
    """Writes digits of a data set; with a pen that many heights wide, if it is given."""
    inks: dict[str, list[Ink]] = {}
    for sample in samples:
        inks.setdefault(sample.label, []).append(sample.ink)

    def write(character: str, chance: np.random.Generator, size: int) -> Ink:
        ink = inks[character][chance.integers(len(inks[character]))]
        if pen is not None:
            ink = thin(np.pad(ink, 6), max(1.5, pen * max(ink.shape)))
        rows, columns = np.nonzero(ink > INKED)
        ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        ratio = size / ink.shape[0]
        way = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
        wide = max(2, round(ink.shape[1] * ratio))
        return np.asarray(cv2.resize(ink, (wide, size), interpolation=way), np.float32)

    return write


def random_page(hand: Hand, chance: np.random.Generator) -> Page:
    """A page with random numbers, of random size, paper, light and tilt."""
    scale = float(chance.choice((1.0, 1.0, 1.5, 2.5)))
    size = (int(640 * scale), int(480 * scale))
    if chance.random() < 0.3:
        size = size[::-1]
    height = int(chance.uniform(20, 64) * scale)
    rows = max(1, min(8, int(size[1] / height / 2)))
    count = max(2, min(12, int(size[0] / height / 1.3)))
    signs = list("0123456789" * 3 + " ")
    written = ["".join(chance.choice(signs, count)).strip() for _ in range(rows)]
    return compose(
        hand,
        written,
        chance,
        size=size,
        ground=str(chance.choice(GROUNDS)),
        height=height,
        tilt=float(chance.normal(0.0, 4.0)),
        hard=float(chance.uniform(0.0, 1.0)),
    )


def harvested(reader: Reader, page: Page) -> Iterator[Sample]:
    """What the live chain cuts out of a page: whole digits, and bits of them that are none."""
    if not len(page.places):
        return
    labels = "".join(page.lines)
    left, top, right, bottom = page.places.T
    areas = (right - left) * (bottom - top)
    for box, ink in reader.candidates(page.image):
        wide = np.minimum(right, box.right) - np.maximum(left, box.left)
        tall = np.minimum(bottom, box.bottom) - np.maximum(top, box.top)
        shared = np.maximum(wide, 0) * np.maximum(tall, 0)
        union = areas + box.width * box.height - shared
        overlap = shared / np.maximum(union, 1)
        best = int(overlap.argmax())
        if overlap[best] >= WHOLE:
            yield Sample(ink, labels[best], "page")
        elif overlap[best] < PARTLY and box.height >= SMALL:
            yield Sample(ink, OTHER, "page")


def described(inks: Sequence[Ink]) -> NDArray[np.float32]:
    """(n, LENGTH): the features of each, by the chain that the live program uses."""
    return np.array([features(normalized(ink)) for ink in inks], np.float32)
