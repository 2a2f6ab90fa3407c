"""Engraved sheets with their truth, clean or as a camera sees them: what `evaluate notes` reads."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from livevision.frame import Image
from livevision.recognizers.notes.training.engrave import UNSEEN_FONTS, random_page, text_of

FRAME = (1280, 960)
"""Width and height of a camera's picture, pixels."""
STAFFS = 10
"""Pages with more are not held up as a whole: their lines would lie too near for any camera."""


def camera(rng: Generator, page: Image, frame: tuple[int, int] = FRAME) -> Image:
    """`page` (grey) lying before a camera: tilted, in perspective, bent, shaded, noisy. BGR."""
    width, height = frame
    rows, columns = page.shape
    fit = min(0.93 * width / columns, 0.93 * height / rows)
    smooth = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.4 / fit))
    wide, high = columns * fit, rows * fit
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2
    angle = np.radians(rng.normal(0, 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = corners @ turn.T + rng.uniform(-0.03, 0.03, (4, 2)) * [wide, min(high, wide)]
    placed += np.array([width, height]) / 2 + rng.normal(0, 6, 2)
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    back = cv2.getPerspectiveTransform(placed.astype(np.float32), source)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = float(rng.normal(0, 2.0)) * np.sin(x / width * float(rng.uniform(1.5, 4)) + 1)
    points = np.stack([x, y + bend.astype(np.float32)], -1).reshape(-1, 1, 2)
    moved = cv2.perspectiveTransform(points, back).reshape(height, width, 2)
    ink = float(rng.uniform(20, 80))
    seen = cv2.remap(smooth, moved[..., 0], moved[..., 1], cv2.INTER_LINEAR, borderValue=(255,))
    paper = np.array([0.95, 0.98, 1.0]) * float(rng.uniform(170, 245))
    sheet = ink + seen[..., None].astype(np.float32) / 255 * (paper - ink)
    inside = (
        (moved[..., 0] >= 0)
        & (moved[..., 0] < columns)
        & (moved[..., 1] >= 0)
        & (moved[..., 1] < rows)
    )
    ground = (
        np.array(rng.uniform(40, 170, 3))
        + cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 9)[
            ..., None
        ]
        * 60
    )
    picture = np.where(inside[..., None], sheet, ground)
    gradient = (
        1
        + rng.normal(0, 0.16) * (x / width - 0.5) * 2
        + rng.normal(0, 0.16) * (y / height - 0.5) * 2
    )
    picture *= np.clip(gradient, 0.35, 1.25)[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 0.8)))
    picture = picture + rng.standard_normal((height, width, 1), dtype=np.float32) * float(
        rng.uniform(1, 6)
    )
    frame_ = np.clip(picture, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 93))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", frame_, quality)[1], cv2.IMREAD_COLOR))


def make(folder: Path, fonts: Sequence[str], count: int, *, seen: bool, seed: int = 7) -> None:
    """Write `count` sheets into `folder`: NAME.png and NAME.txt; `seen` by a camera, or clean."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    while number < count:
        rng = np.random.default_rng([seed, number, 1])
        font = fonts[number % len(fonts)]
        # two voices on a staff have no order in a line of text
        page = random_page(rng, font, space=float(rng.uniform(9, 18)), voices=False)
        while len(page.staffs) > STAFFS:
            page = random_page(rng, font, space=float(rng.uniform(9, 18)), voices=False)
        picture = camera(rng, page.image) if seen else page.image
        name = f"{number:03}-{font.lower()}"
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        (folder / f"{name}.txt").write_text(text_of(page.staffs), encoding="utf-8")
        number += 1


def main() -> None:
    """`python -m livevision.recognizers.notes.training.sheets DIR --camera`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--fonts", nargs="+", default=UNSEEN_FONTS, metavar="FONT")
    parser.add_argument("--count", type=int, default=40, metavar="N")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    parser.add_argument("--camera", action="store_true", help="as a camera sees them")
    values = parser.parse_args()
    make(values.folder, values.fonts, values.count, seen=values.camera, seed=values.seed)


if __name__ == "__main__":
    main()
