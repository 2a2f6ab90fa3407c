"""Small videos, made when a test needs them."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from livevision.frame import Image

T = TypeVar("T")


def some(value: T | None) -> T:
    """`value`, which must be there."""
    assert value is not None
    return value


def video_track(
    container: OutputContainer,
    codec: str,
    rate: int | Fraction = 30,
    options: dict[str, str] | None = None,
) -> VideoStream:
    """A new track of pictures in `container`, `rate` of them a second."""
    track = container.add_stream(codec, rate=rate, options=options or {})
    assert isinstance(track, VideoStream)
    return track


def picture(index: int, size: tuple[int, int] = (160, 120)) -> Image:
    """A dark picture, bright red in the upper left, with a white bar that moves to the right."""
    width, height = size
    image = np.full((height, width, 3), 40, np.uint8)
    image[: height // 2, : width // 3] = (30, 30, 220)
    left = width // 3 + index * 2 % max(1, width // 2)
    image[:, left : left + max(1, width // 20)] = 255
    return image


def half_a_hand(image: Image, landmarks: NDArray[np.float32]) -> Image:
    """What of `image` is right of the middle of the hand with these landmarks (n, 2 or 3)."""
    middle = int(landmarks[:, 0].min() / 2 + landmarks[:, 0].max() / 2)
    return np.ascontiguousarray(image[:, middle:])


def make_clip(
    path: Path,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    *,
    count: int = 30,
    size: tuple[int, int] = (160, 120),
    times: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
) -> Path:
    """`count` pictures at 30 a second, or at `times` (seconds)."""
    options = dict(options or {})
    if codec == "libx265":
        options["x265-params"] = "log-level=none"
    with av.open(str(path), "w", options=muxer or {}) as container:
        stream = video_track(container, codec, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if not count:
            container.start_encoding()
        for index in range(count if times is None else len(times)):
            image = picture(index, size)
            if pixels.startswith("gray"):
                gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
                if pixels == "gray16le":
                    deep = np.asarray(gray.astype(np.uint16) * 257, np.uint16)
                    frame = av.VideoFrame.from_ndarray(deep, format=pixels)
                else:
                    frame = av.VideoFrame.from_ndarray(gray, format=pixels)
            else:
                frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pixels)
            if times is not None:
                frame.pts = round(times[index] * 1000)
                frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Write the display matrix (a, b, c, d) into an MP4, as phones do for what they filmed."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
