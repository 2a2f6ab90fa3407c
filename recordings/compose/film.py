"""A flat thing moved and tilted before a background, as if held up: film and truth."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from livevision.frame import Image

RATE = 15
SIZE = (640, 480)
"""Width and height of a clip in pixels."""


def held(
    sheet: Image, chance: np.random.Generator, *, seconds: float, share: float = 0.92
) -> Iterator[Image]:
    """The sheet, (height, width, 3) BGR, brought in, held nearly still, and taken away.

    It takes up `share` of the picture's height while it is held.
    """
    width, height = SIZE
    background = desk(chance)
    corners = np.array(
        [[0, 0], [sheet.shape[1], 0], [sheet.shape[1], sheet.shape[0]], [0, sheet.shape[0]]],
        np.float32,
    )
    scale = share * height / sheet.shape[0]
    base = (corners - corners.mean(axis=0)) * scale
    swing = chance.uniform(0, 2 * math.pi, 6)
    count = round(seconds * RATE)
    for number in range(count):
        time = number / RATE
        away = max(1.0 - time / 0.8, 1.0 - (seconds - time) / 0.8, 0.0)
        angle = math.radians(3.0 * math.sin(0.7 * time + swing[0]) + 8.0 * away)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        tilt = 0.05 * np.array(
            [math.sin(0.5 * time + swing[1] + each) for each in range(4)], np.float32
        )
        seen = (base @ turn.T) * (1.0 + tilt[:, None])
        seen += (width / 2, height / 2)
        seen += (
            4 * math.sin(0.9 * time + swing[2]),
            3 * math.sin(1.1 * time + swing[3]) + 1.2 * height * away**2,
        )
        matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
        picture = background.copy()
        cv2.warpPerspective(sheet, matrix, SIZE, picture, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT)
        grain = chance.normal(0, 2.0, picture.shape)
        yield np.clip(cv2.GaussianBlur(picture, (0, 0), 0.5) + grain, 0, 255).astype(np.uint8)


def desk(chance: np.random.Generator) -> Image:
    """A plain, unevenly lit background, a little grained: (480, 640, 3) BGR."""
    width, height = SIZE
    color = np.array((70.0, 95.0, 120.0)) * chance.uniform(0.8, 1.1)
    picture = np.full((height, width, 3), color, np.float32)
    for cell, strength in ((160, 10.0), (40, 4.0)):
        grain = chance.normal(0, strength, (height // cell + 2, width // 8 // cell + 2))
        picture += cv2.resize(grain.astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)[
            ..., None
        ]
    return np.clip(picture, 0, 255).astype(np.uint8)


def write(path: Path, pictures: Iterator[Image], truth: Mapping[str, Any]) -> None:
    """The clip as H.264 in MP4, and its truth as JSON beside it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "26"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    text = json.dumps(dict(truth), indent=1, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")
