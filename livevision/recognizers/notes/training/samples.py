"""Crops of engraved staffs as a camera or a scanner would show them, with what is in each cell."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.darkness import darkness, inked
from livevision.recognizers.notes.symbols import HEADS, SYMBOLS
from livevision.recognizers.notes.training.dataset import Strip, picture

WIDTH = 256
"""Pixels of a crop: 32 staff spaces."""
NEAR, UNSURE = 3.0, 6.5
"""A cell holds a symbol if the middles are this near (pixels along the staff); up to the second
distance it is not asked."""
IGNORED = 255
_NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS)}


@dataclass(slots=True)
class Sample:
    """What one crop shows."""

    image: Image
    """(HEIGHT, WIDTH) uint8, 255 is ink."""
    symbols: NDArray[np.uint8]
    """(ROWS, columns): number in SYMBOLS, or IGNORED."""
    flags: NDArray[np.uint8]
    dots: NDArray[np.uint8]
    ties: NDArray[np.uint8]
    """(ROWS, columns) each, IGNORED where there is nothing to have them."""


def samples(rng: Generator, strip: Strip, count: int) -> list[Sample]:
    """`count` different looks at `strip`."""
    grey = picture(strip)
    return [sample(rng, strip, grey) for _ in range(count)]


def sample(rng: Generator, strip: Strip, grey: Image) -> Sample:
    """One look at a stretch of `strip`, whose picture is `grey`."""
    space = strip.space
    grey = _thickness(rng, grey) if rng.random() < 0.6 else grey
    span = WIDTH / grid.SPACE
    stretch = float(rng.uniform(0.86, 1.16))
    length = (strip.right - strip.left) / space
    begin = float(rng.uniform(-3, max(length - span * stretch + 3, -2)))
    if rng.random() < 0.35:
        begin = float(rng.uniform(-3, 0))  # clefs and meters are rarer than notes
    scale = float(rng.uniform(0.965, 1.035))
    shift = float(rng.normal(0, 0.07))
    shear = float(rng.normal(0, 0.05 if rng.random() < 0.8 else 0.12))
    slope = float(rng.normal(0, 0.002))
    wave, phase = float(rng.normal(0, 0.04)), float(rng.uniform(0, 6.28))
    # a camera sees a line that fills its picture at 5 or 6 pixels a space
    detail = 1.0 if rng.random() < 0.3 else float(rng.uniform(0.58, 1.5))
    rows, columns = round(grid.HEIGHT * detail), round(WIDTH * detail)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    # continuous coordinates of the straightened staff, in spaces: v down from the middle line
    u = (x + 0.5) / detail / grid.SPACE
    v = ((y + 0.5) / detail - grid.height_of(4)) / grid.SPACE
    # hand-set ledger lines are seldom as far apart as the staff's: they are to be counted
    beyond = float(rng.uniform(0.88, 1.1)) if rng.random() < 0.6 else 1.0
    past = np.maximum(np.abs(v) - 2, 0)
    v = np.sign(v) * (np.minimum(np.abs(v), 2) + past * beyond)
    bend = shift + slope * (u - span / 2) + wave * np.sin(u / 5 + phase)
    map_x = strip.left + (begin + u * stretch + shear * v) * space - 0.5
    map_y = strip.top + (2 + v * scale + bend) * space - 0.5
    fine = space / grid.SPACE / detail
    blur = abs(float(rng.normal(0, 0.25))) * max(1.0, 1 / detail)
    sigma = max(0.25, 0.35 * fine) + blur * space / grid.SPACE
    left = max(0, int(map_x.min()) - 8)
    right = max(left + 2, int(map_x.max()) + 8)
    window = cv2.GaussianBlur(grey[:, left:right], (0, 0), sigma)
    if window.shape[1] < 2:
        window = np.full((grey.shape[0], 2), 255, np.uint8)
    image = cv2.remap(
        window,
        (map_x - left).astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255,),
    )
    image = lit(rng, np.asarray(image, np.uint8))
    if image.shape != (grid.HEIGHT, WIDTH):
        way = cv2.INTER_AREA if detail > 1 else cv2.INTER_CUBIC
        image = cv2.resize(image, (WIDTH, grid.HEIGHT), interpolation=way)
    dark = darkness(np.asarray(image, np.uint8), float(rng.uniform(3, 7)) * grid.SPACE) * float(
        rng.uniform(0.85, 1.15)
    )
    seen = inked(dark)
    if rng.random() < 0.5:
        seen = np.clip(seen * float(rng.uniform(0.75, 1.2)), 0, 255).astype(np.uint8)
    return _labelled(strip, seen, begin, stretch, shear)


def _thickness(rng: Generator, grey: Image) -> Image:
    """Fatter or thinner ink."""
    kernel = np.ones((3, 3), np.uint8)
    other = cv2.erode(grey, kernel) if rng.random() < 0.65 else cv2.dilate(grey, kernel)
    share = float(rng.uniform(0.1, 0.8)) * (1.0 if rng.random() < 0.65 else 0.6)
    return np.asarray(cv2.addWeighted(other, share, grey, 1 - share, 0), np.uint8)


def lit(rng: Generator, image: Image) -> Image:
    """`image` under other light: paper's and ink's brightness, shade, noise, JPEG."""
    height, width = image.shape
    bright = float(rng.uniform(120, 255))
    ink = bright * float(rng.uniform(0.05, 0.55))
    result = ink + image.astype(np.float32) * ((bright - ink) / 255)
    if rng.random() < 0.6:
        across = np.linspace(-1, 1, width, dtype=np.float32)[None] * float(rng.normal(0, 0.15))
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * float(rng.normal(0, 0.15))
        result *= np.clip(1 + across + down, 0.35, 1.2)
    if rng.random() < 0.7:
        noise = rng.standard_normal((height, width), dtype=np.float32)
        if rng.random() < 0.3:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.8) * 1.6
        result += noise * float(rng.uniform(0, 9))
    seen = np.clip(result, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))]
        pixels = cv2.imencode(".jpg", seen, quality)[1]
        seen = np.asarray(cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def _labelled(strip: Strip, seen: Image, begin: float, stretch: float, shear: float) -> Sample:
    shape = (grid.ROWS, WIDTH // grid.CELL)
    symbols = np.zeros(shape, np.uint8)
    flags, dots, ties = (np.full(shape, IGNORED, np.uint8) for _ in range(3))
    middles = (np.arange(shape[1]) + 0.5) * grid.CELL
    placed = []
    for mark in strip.marks:
        row = grid.HIGHEST - mark.position
        if not 0 <= row < grid.ROWS:
            continue
        v = (4 - mark.position) / 2
        u = ((mark.x - strip.left) / strip.space - begin - shear * v) / stretch
        away = np.abs(middles - u * grid.SPACE)
        placed.append((mark, row, away))
        near = symbols[row]
        near[(away <= UNSURE) & (near == 0)] = IGNORED
    for mark, row, away in placed:
        inside = away <= NEAR
        symbols[row, inside] = _NUMBERS[mark.symbol]
        if mark.symbol in HEADS:
            flags[row, inside] = min(mark.flags, grid.MOST_FLAGS)
            ties[row, inside] = mark.tied
        if mark.symbol in HEADS or mark.symbol.startswith("rest"):
            dots[row, inside] = min(mark.dots, grid.MOST_DOTS)
    return Sample(seen, symbols, flags, dots, ties)
