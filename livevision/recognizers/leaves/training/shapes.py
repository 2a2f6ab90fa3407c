"""Things that lie on a light ground and are no leaves: drawn ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from livevision.frame import Image
from livevision.training import gathering

SIDE = 320
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789&@#?"


def shapes(count: int, chance: np.random.Generator) -> Iterator[tuple[str, Image]]:
    """So many drawn shapes, (SIDE, SIDE, 3) BGR, each on a light ground, and their kind."""
    kinds = {
        "box": _box,
        "ellipse": _ellipse,
        "polygon": _polygon,
        "star": _star,
        "blob": _blob,
        "tool": _tool,
        "ring": _ring,
    }
    for number in range(count):
        kind = list(kinds)[number % len(kinds)]
        mask = np.zeros((SIDE, SIDE), np.uint8)
        kinds[kind](mask, chance)
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), float(chance.uniform(0, 360)), 1.0)
        yield kind, _painted(cv2.warpAffine(mask, turn, (SIDE, SIDE)), chance)


def glyphs(fonts: Path | None, chance: np.random.Generator) -> Iterator[tuple[str, Image]]:
    """Letters of the fonts of a folder, bold as paper cut-outs."""
    for path in gathering.fonts(fonts):
        font = ImageFont.truetype(str(path), 190)
        for letter in chance.permutation(list(LETTERS))[:16]:
            canvas = Picture.new("L", (SIDE, SIDE), 0)
            ImageDraw.Draw(canvas).text((SIDE / 2, SIDE / 2), letter, 255, font=font, anchor="mm")
            reach = int(chance.integers(1, 14))
            mask = cv2.dilate(np.asarray(canvas), np.ones((reach, reach), np.uint8))
            turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), float(chance.uniform(0, 360)), 0.9)
            yield path.stem, _painted(cv2.warpAffine(mask, turn, (SIDE, SIDE)), chance)


def _painted(mask: NDArray[Any], chance: np.random.Generator) -> Image:
    """The shape in a colour and a texture of its own on a light ground."""
    base = chance.uniform(20, 210, 3)
    if chance.random() < 0.5:  # green, yellow, brown: what leaves are
        hue, value = chance.uniform(8, 45), chance.uniform(60, 220)
        pixel = np.array([[[hue, chance.uniform(60, 220), value]]], np.uint8)
        base = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64)
    paint = np.full((SIDE, SIDE, 3), base, np.float32)
    for cell in (2, 6, 30):
        grain = chance.normal(0, chance.uniform(0, 9), (SIDE // cell + 2, SIDE // cell + 2))
        big = cv2.resize(grain.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        paint += big[..., None]
    ground = np.full((SIDE, SIDE, 3), chance.uniform(215, 252), np.float32)
    ground *= chance.uniform(0.94, 1.0, 3).astype(np.float32)
    alpha = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.8)[..., None]
    seen = paint * alpha + ground * (1 - alpha)
    seen += chance.normal(0, 1.5, seen.shape).astype(np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)


def _box(mask: NDArray[Any], chance: np.random.Generator) -> None:
    width, height = (int(each) for each in chance.integers(30, 180, 2))
    corner = (SIDE // 2 - width // 2, SIDE // 2 - height // 2)
    cv2.rectangle(mask, corner, (corner[0] + width, corner[1] + height), (255,), -1)


def _ellipse(mask: NDArray[Any], chance: np.random.Generator) -> None:
    axes = tuple(int(each) for each in chance.integers(18, 95, 2))
    cv2.ellipse(mask, (SIDE // 2, SIDE // 2), axes, 0, 0, 360, (255,), -1)


def _polygon(mask: NDArray[Any], chance: np.random.Generator) -> None:
    count = int(chance.integers(3, 8))
    angles = np.sort(chance.uniform(0, 2 * np.pi, count))
    reach = chance.uniform(40, 100, count)
    points = SIDE / 2 + np.stack([np.cos(angles) * reach, np.sin(angles) * reach], axis=1)
    cv2.fillPoly(mask, [points.astype(np.int32)], (255,))


def _star(mask: NDArray[Any], chance: np.random.Generator) -> None:
    tips = int(chance.integers(4, 13))
    outer, inner = chance.uniform(60, 110), chance.uniform(15, 60)
    angles = np.arange(2 * tips) * np.pi / tips
    reach = np.where(np.arange(2 * tips) % 2, inner, outer)
    points = SIDE / 2 + np.stack([np.cos(angles) * reach, np.sin(angles) * reach], axis=1)
    cv2.fillPoly(mask, [points.astype(np.int32)], (255,))


def _blob(mask: NDArray[Any], chance: np.random.Generator) -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    reach = np.full(200, chance.uniform(45, 85))
    for wave in range(2, 9):
        swing = chance.normal(0, 14 / wave)
        reach += swing * np.cos(wave * angles + chance.uniform(0, 2 * np.pi))
    points = SIDE / 2 + np.stack([np.cos(angles) * reach, np.sin(angles) * reach], axis=1)
    cv2.fillPoly(mask, [points.astype(np.int32)], (255,))


def _tool(mask: NDArray[Any], chance: np.random.Generator) -> None:
    """Rods and round ends: keys, pens, spoons, scissors, more or less."""
    for _ in range(int(chance.integers(1, 4))):
        a, b = (tuple(int(x) for x in chance.integers(70, 250, 2)) for _ in range(2))
        cv2.line(mask, a, b, (255,), int(chance.integers(6, 34)))
        if chance.random() < 0.6:
            cv2.circle(mask, b, int(chance.integers(12, 45)), (255,), -1)


def _ring(mask: NDArray[Any], chance: np.random.Generator) -> None:
    axes = tuple(int(each) for each in chance.integers(30, 90, 2))
    pen = int(chance.integers(6, 30))
    cv2.ellipse(
        mask, (SIDE // 2, SIDE // 2), axes, 0, 0, int(chance.integers(200, 361)), (255,), pen
    )
