"""A composed clip: a sheet is held up before a camera, moved, tilted, and taken away.

python -m livevision.recognizers.notes.training.clip clip.mp4
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livevision import assets, pictures
from livevision.frame import Image

FRAME = (1280, 720)
"""Width and height, pixels."""
FPS = 30.0
SECONDS = 6.0
_AWAY = 0.15
"""Share of the clip at its beginning and its end in which there is no sheet."""
_MARGIN = 20
"""White around the sheet's content, pixels of the sheet."""


def frames(
    sheet: Image, count: int, *, size: tuple[int, int] = FRAME, seed: int = 0
) -> Iterator[Image]:
    """`count` pictures (BGR) of `sheet` (grey) before a dim, blurred room."""
    rng = np.random.default_rng(seed)
    width, height = size
    sheet = np.pad(sheet, _MARGIN, constant_values=255)
    rows, columns = sheet.shape
    room = cv2.GaussianBlur(rng.uniform(0, 255, (height, width, 3)).astype(np.float32), (0, 0), 40)
    room = 90 + (room - room.mean(axis=(0, 1))) * 12 + np.array([10, 0, -10], np.float32)
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    fit = 0.88 * min(width / columns, height / rows)
    for number in range(count):
        share = number / max(1, count - 1)
        light = 1 + 0.04 * np.sin(9 * share)
        picture = room * light
        shown = min(share, 1 - share) / _AWAY
        if shown > 0.2:
            fall = max(0.0, 1 - shown) * height
            angle = np.radians(4 * np.sin(5 * share))
            lean = 0.05 * np.sin(7 * share + 1)
            wide, high = columns * fit / 2, rows * fit / 2
            corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]])
            corners[:2] *= 1 - lean
            corners[2:] *= 1 + lean
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            middle = [width / 2 + 14 * np.sin(6 * share), height / 2 + fall + 8 * np.cos(8 * share)]
            placed = (corners @ turn.T + middle).astype(np.float32)
            there = cv2.getPerspectiveTransform(source, placed)
            smooth = cv2.GaussianBlur(sheet, (0, 0), max(0.3, 0.4 / fit))
            paper = cv2.warpPerspective(smooth, there, size, flags=cv2.INTER_LINEAR)
            whole = np.full(sheet.shape, 255, np.uint8)
            mask = cv2.warpPerspective(whole, there, size)[..., None] / np.float32(255)
            tinted = (25 + paper[..., None] * (200 / 255)) * np.array([0.92, 0.97, 1.0])
            shade = 1.05 - 0.25 * np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
            picture = picture * (1 - mask) + tinted * shade * light * mask
        picture = picture + rng.standard_normal((height, width, 1), dtype=np.float32) * 3
        yield np.clip(picture, 0, 255).astype(np.uint8)


def write(path: Path, sheet: Image, *, seconds: float = SECONDS) -> None:
    """The clip as a video file."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, FRAME)
    try:
        for picture in frames(sheet, round(seconds * FPS)):
            writer.write(picture)
    finally:
        writer.release()


def main() -> None:
    """Write a clip of the bundled sheet, or of another picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path, metavar="CLIP.mp4")
    parser.add_argument("--sheet", type=Path, default=assets.folder("recordings") / "notes.png")
    values = parser.parse_args()
    sheet = cv2.cvtColor(pictures.load(values.sheet), cv2.COLOR_BGR2GRAY)
    write(values.clip, np.asarray(sheet, np.uint8))


if __name__ == "__main__":
    main()
