"""The picture with its overlay as a camera for other programs (Linux, v4l2loopback)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import av

from livevision import pictures
from livevision.errors import OutputError
from livevision.frame import Image, Result
from livevision.sinks.sink import Sink

CURE = (
    "Make one: sudo apt install v4l2loopback-dkms && "
    "sudo modprobe v4l2loopback video_nr=10 exclusive_caps=1 card_label=livevision"
)
FPS = 30
"""What the device says of itself; pictures come as they come."""


class VirtualCamera(Sink):
    """Writes every picture to a video device, in the size of the first; others are fitted into it.

    Through FFmpeg's `v4l2` muxer; `form` names another one, "rawvideo" for a plain file.
    """

    def __init__(
        self, path: Path, annotate: Callable[[Result], Image], *, form: str = "v4l2"
    ) -> None:
        self.name = "virtual camera"
        self._path = path
        self._annotate = annotate
        self._form = form
        self._size: tuple[int, int] | None = None
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        self._size = None
        if self._form == "v4l2":
            if not re.fullmatch(r"/dev/video\d+", str(self._path)):
                raise OutputError(f"{self._path} is no video device. Name one like /dev/video10.")
            if not self._path.exists():
                raise OutputError(f"There is no device {self._path}. {CURE}")
        return self

    def write(self, result: Result) -> None:
        self._put(self._annotate(result))

    def review(self, result: Result) -> None:
        self._put(self._annotate(result))

    def close(self) -> None:
        container, self._container, self._stream = self._container, None, None
        if container is not None:
            container.close()

    def _put(self, image: Image) -> None:
        if self._size is None:
            self._open(image)
        assert self._size is not None
        frame = av.VideoFrame.from_ndarray(pictures.fitted(image, self._size), format="bgr24")
        try:
            for packet in self._stream.encode(frame.reformat(format="yuv420p")):
                self._container.mux(packet)
        except (OSError, av.FFmpegError) as error:
            raise OutputError(f"{self._path} takes no picture any more: {error}.") from error

    def _open(self, image: Image) -> None:
        height, width = image.shape[:2]
        self._size = width // 2 * 2, height // 2 * 2  # as chroma is halved
        try:
            self._container = av.open(str(self._path), "w", format=self._form)
            self._stream = self._container.add_stream("rawvideo", rate=FPS)
            self._stream.width, self._stream.height = self._size
            self._stream.pix_fmt = "yuv420p"
        except (OSError, av.FFmpegError, ValueError) as error:
            raise OutputError(
                f"Cannot write pictures to {self._path}: {error}. Is it of v4l2loopback? {CURE}"
            ) from error
