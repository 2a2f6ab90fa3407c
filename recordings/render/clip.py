"""Clips: the pictures of a recording, their film and their truth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from .mesh import Array
from .motion import Span

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Truth:
    """What a clip shows; ``write`` makes the JSON file that stands beside it.

    Keys: ``description``, ``made_with``, ``text``, ``letters`` (each with ``letter``, ``start``,
    ``end`` in seconds, ``hand`` = the signer's own, ``moving`` for J and Z, whose span is that of
    the movement; a resting letter's span leaves the transitions out), ``people`` (nobody) and
    ``tolerance_s``.
    """

    description: str
    made_with: str
    text: str
    spans: Iterable[Span]
    left: bool
    tolerance: float = 0.4

    def write(self, path: Path) -> None:
        """Write it, one letter a line."""
        hand = "left" if self.left else "right"
        letters = [
            {
                "kind": "letter",
                "label": span.letter,
                "start": round(span.start, 3),
                "end": round(span.end, 3),
                "hand": hand,
                "moving": span.moving,
            }
            for span in self.spans
        ]
        content: dict[str, Any] = {
            "schema": 2,
            "description": self.description,
            "made_with": self.made_with,
            "text": self.text,
            "kinds": ["letter", "person"],
            "events": letters,
            "tolerance_s": self.tolerance,
        }
        lines = json.dumps(content, indent=1)
        for letter in letters:  # one letter a line
            lines = lines.replace(
                json.dumps(letter, indent=1).replace("\n", "\n  "), json.dumps(letter)
            )
        path.write_text(lines + "\n")


def write_joints(path: Path, fps: int, frames: Iterable[Array]) -> None:
    """Write the true landmarks, frames of (21, 2) pixels in MediaPipe's order."""
    rows = [
        json.dumps(frame.round().astype(int).tolist(), separators=(",", ":")) for frame in frames
    ]
    path.write_text(f'{{"fps": {fps}, "joints_px": [\n' + ",\n".join(rows) + "\n]}\n")


def read_picture(path: Path) -> Image:
    """BGR, or BGRA where the file has an alpha channel.

    Raises:
        OSError: it cannot be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise OSError(f"{path} is not a picture")
    return np.asarray(picture, dtype=np.uint8)


def overlay(arm: Image, room: Image) -> Image:
    """Lay the arm (BGRA) over the room (BGR)."""
    picture = room.copy()
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(arm[..., 3]))
    part = np.s_[top : top + height, left : left + width]
    cover = arm[part][..., 3:].astype(np.float32) / 255
    picture[part] = arm[part][..., :3] * cover + room[part] * (1 - cover) + 0.5
    return picture


class Grain:
    """The noise of a sensor of one size; ``deviation`` in grey levels."""

    def __init__(self, shape: tuple[int, ...], deviation: float, rng: np.random.Generator) -> None:
        height, width = shape[:2]
        field = rng.standard_normal((height + 97, width + 101, 3), dtype=np.float32) * deviation
        # A camera's noise is not white: its demosaicing spreads it over neighbours.
        field = cv2.GaussianBlur(field, (0, 0), 0.7) * 1.5
        self._field = np.rint(field).astype(np.int16)
        self._rng = rng

    def __call__(self, picture: Image) -> Image:
        """The picture with noise: another part of one field each time, which is cheap."""
        y, x = self._rng.integers(97), self._rng.integers(101)
        noise = self._field[y : y + picture.shape[0], x : x + picture.shape[1]]
        return np.asarray(np.clip(picture + noise, 0, 255).astype(np.uint8))


def write_film(path: Path, pictures: Iterable[Image], fps: int, crf: int = 23) -> None:
    """Write BGR pictures of one size as H.264 in MP4, at a constant rate.

    ``crf`` is libx264's quality: 18 is nearly lossless, 28 is small.
    """
    partial = path.with_suffix(".part.mp4")
    with av.open(str(partial), "w") as container:
        stream = container.add_stream(
            "libx264", rate=fps, options={"crf": str(crf), "preset": "slow"}
        )
        stream.pix_fmt = "yuv420p"
        for i, picture in enumerate(pictures):
            if i == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    partial.replace(path)
