"""What recordings and streams share: pictures decoded by FFmpeg, as upright BGR images."""

import gc
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Self, cast

import cv2
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import SideData, Type
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from livevision.errors import SourceError
from livevision.frame import Frame, Image
from livevision.sources.source import Source

FAILURES = (FFmpegError, OSError, ValueError, MemoryError)
"""What PyAV raises when FFmpeg cannot go on."""
MAX_PIXELS = 1 << 26
"""67 million, twice 7680x4320: damaged headers claim more, and would take all memory."""


class Video(Source):
    """The first video in what `_open` opens, decoded by `_decode`."""

    _container: InputContainer | None = None
    _frames: Iterator[Frame] = iter(())

    @abstractmethod
    def _open(self) -> InputContainer:
        """Open the file or connection, or raise SourceError; from then on `live` is right."""

    @abstractmethod
    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        """The frames; SourceError if they break off."""

    def __enter__(self) -> Self:
        self.close()
        self._container = container = self._open()
        try:
            stream = _main(container)
            _prepare(stream, low_delay=self.live)
        except (*FAILURES, RuntimeError) as error:
            self.close()
            raise SourceError(
                f"{self.name} gives no pictures: {error}. Try another video."
            ) from error
        self._frames = self._decode(container, stream)
        return self

    def read(self) -> Frame | None:
        return next(self._frames, None)

    def close(self) -> None:
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None


def _main(container: InputContainer) -> VideoStream:
    """The video that the file is about: neither its cover nor its thumbnails; ValueError if none.

    Of several, the one with the most pixels in all, the first of equals.
    """
    aside = Disposition.attached_pic | Disposition.timed_thumbnails
    found = [each for each in container.streams.video if not each.disposition & aside]
    if not found:
        raise ValueError("it holds none")
    return max(found, key=_pixels)


def _pixels(stream: VideoStream) -> int:
    """How many there are in all, as far as its header says; 0 if FFmpeg does not know the codec."""
    if stream.codec_context is None:  # though its type hints say otherwise
        return 0
    return stream.width * stream.height * max(stream.frames, 1)


def _prepare(stream: VideoStream, *, low_delay: bool) -> None:
    """Set up the stream's decoder; `low_delay` forgoes the threads that hold pictures back.

    Raises ValueError if FFmpeg does not know the codec.
    """
    if stream.codec_context is None:  # though its type hints say otherwise
        raise ValueError("their codec is unknown")
    stream.thread_type = "SLICE" if low_delay else "AUTO"
    options = {"max_pixels": str(MAX_PIXELS)}
    if low_delay:
        options["flags"] = "low_delay"
    stream.codec_context.options = options


class Converter:
    """Turns decoded frames of any pixel format, bit depth and orientation into images.

    Colours follow the stream's own matrix and range. Pixels that are not square are made so, and
    the display matrix that phones write (rotated, mirrored) is obeyed.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._reformatter = VideoReformatter()  # keeps its tables from frame to frame
        self._stream = stream
        self._ratio = float(stream.sample_aspect_ratio or 1)
        """Width of a pixel by its height, as the container has it."""
        self._coded: Fraction | None = None
        """The same as the pictures themselves had it at first."""
        self._rotation: int | None = None
        self._matrix: NDArray[np.int32] | None = None
        self._entangled = False
        """True if the last frame was asked for its matrix, so only garbage collection frees it."""

    def image(self, frame: VideoFrame) -> Image:
        """(height, width, 3) BGR, uint8, read-only."""
        converted = self._reformatter.reformat(
            frame,
            width=max(1, round(frame.width * self._widen())),
            format="bgr24",
            interpolation="BILINEAR",
        )
        picture = cast(Image, converted.to_ndarray())
        if self._entangled:
            gc.collect(1)
            self._entangled = False
        if frame.rotation != self._rotation:
            self._rotation, self._matrix = frame.rotation, _display_matrix(frame)
            self._entangled = True
        if self._matrix is not None:
            picture = _upright(picture, self._matrix)
        image: Image = np.ascontiguousarray(picture)
        image.flags.writeable = False
        return image

    def _widen(self) -> float:
        """Width of a pixel by its height. A broadcast's may change from programme to programme."""
        coded = self._stream.codec_context.sample_aspect_ratio
        if coded and coded != self._coded:
            if self._coded is not None:
                self._ratio = float(coded)
            self._coded = coded
        return self._ratio if 0.2 < self._ratio < 5 else 1.0  # else nonsense of a damaged file


def _display_matrix(frame: VideoFrame) -> NDArray[np.int32] | None:
    """The frame's display matrix, nine numbers, if it has one.

    Not to be asked for with every frame: PyAV's object for it and the frame hold each other, so
    that garbage collection alone frees the frame's memory, which it knows nothing of.
    """
    for extra in cast(Iterable[SideData], frame.side_data):  # its type hints say Iterable[str]
        if extra.type == Type.DISPLAYMATRIX:
            return np.frombuffer(bytes(extra), np.int32)
    return None


def _upright(image: Image, matrix: NDArray[np.int32]) -> Image:
    """Apply the nearest of the eight turns and flips.

    ISO/IEC 14496-12 section 6.2.2: x' = a x + c y, y' = b x + d y for (a, b, u, c, d, ...).
    """
    a, b, _, c, d = (int(value) for value in matrix[:5])
    across, down = (a, d)
    if abs(b) > abs(a):
        image = cast(Image, cv2.transpose(image))
        across, down = (c, b)
    if across < 0 or down < 0:
        code = -1 if across < 0 and down < 0 else int(across < 0)
        image = cast(Image, cv2.flip(image, code))
    return image
