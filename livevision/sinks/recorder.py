"""Results as an MP4 file."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Self, cast

import av
import cv2
from av.error import FFmpegError
from av.video.reformatter import Colorspace, VideoReformatter

from livevision import files
from livevision.errors import OutputError, UsageError
from livevision.frame import Image, Result
from livevision.sinks import Sink

SUFFIXES = (".mp4", ".m4v", ".mov")

_TICKS = 90_000
"""Units of time in a second: every usual frame rate is a whole number of them."""
_FRAGMENT_MARK = b"moof"
_FRAGMENT = "1000000"
"""Microseconds of pictures that may be lost when the process is killed."""
GAP = 3600.0
"""Seconds without a picture after which a new file begins. MP4 cannot say of a picture that it
lasts for 2^31 ticks (6.6 hours) or more, and all after such a one would be over in a flash."""
_MUXER = {
    # playable at every moment, and an ordinary MP4 once it is closed
    "movflags": "hybrid_fragmented",
    "frag_duration": _FRAGMENT,
    "flush_packets": "1",
}
_ENCODER = {
    "preset": "superfast",
    "crf": "20",  # no letter or name is read differently from it
    "tune": "zerolatency",  # nothing is held back that a crash could take
    "g": "60",
}


class Recorder(Sink):
    """Writes H.264 in MP4, every frame at its own time, readable by its owner alone.

    With `annotate` the pictures are what it returns, without it those of the source, unmirrored.
    The file can be played at any moment, also after the process was killed (all but the last
    second). Sizes are the pictures' own, but even: an odd one has its last row or column twice.
    Frames of another size than the first are fitted in, with black bars.

    With a `path` it records from the start; a file of that name is replaced as soon as a second of
    the new one can be played, and until then the new one has a draft's name.
    With None it waits for the command "record", which starts and stops an annotated recording, each
    in a file of its own named after the date. After `split_seconds` or `split_bytes`, and after an
    hour without a picture, it goes on in NAME-2.mp4, NAME-3.mp4, ...
    """

    def __init__(
        self,
        path: Path | None,
        annotate: Callable[[Result], Image] | None = None,
        *,
        split_seconds: float | None = None,
        split_bytes: int | None = None,
    ) -> None:
        """Raise UsageError if the name is not that of an MP4 file."""
        if path is not None and path.suffix.lower() not in SUFFIXES:
            raise UsageError(f"Recordings are MP4 files: name it {path.stem}.mp4, not {path.name}.")
        self.written: list[Path] = []
        """The files made so far, the current one last."""
        self.asked = path is not None
        self._path = path
        self._annotate = annotate
        self._split_seconds = split_seconds
        self._split_bytes = split_bytes
        self._on = path is not None
        self._part: _Part | None = None
        self._last_index = -1

    @property
    def recording(self) -> bool:
        """True while frames are written."""
        return self._on

    def __enter__(self) -> Self:
        if self._path is not None:
            _check(self._path)
        return self

    def write(self, result: Result) -> None:
        frame = result.frame
        if not self._on or frame.index == self._last_index:  # the end repeats the last frame
            return
        if self._part is not None and self._is_full(self._part, frame.time):
            self._finish()
        image = self._annotate(result) if self._annotate else frame.image
        if self._part is None:
            path = self._next_path()
            self._part = _Part(path, image, frame.time)
            self.written.append(path)
        try:
            self._part.add(image, frame.time)
        except OutputError:
            self._on = False
            self._part = None
            raise
        self._last_index = frame.index

    def command(self, name: str) -> None:
        if name != "record" or self._annotate is None:
            return
        if self._on:
            self._on = False
            self._finish()
        else:
            self._on = True

    def close(self) -> None:
        self._finish()

    def _finish(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.finish()

    def _is_full(self, part: "_Part", time: float) -> bool:
        if time - part.last > GAP:
            return True
        if self._split_seconds is not None and time - part.start >= self._split_seconds:
            return True
        return self._split_bytes is not None and part.size >= self._split_bytes

    def _next_path(self) -> Path:
        if self._path is not None and not self.written:
            return self._path
        path = self._path or Path(f"livevision-{datetime.now():%Y%m%d-%H%M%S}.mp4")
        if self._path is None and not path.exists():
            return path
        number = 2
        while (other := path.with_stem(f"{path.stem}-{number}")).exists():
            number += 1
        return other


class _Part:
    """One file."""

    def __init__(self, path: Path, image: Image, start: float) -> None:
        self.start = self.last = start
        """Times of the first and of the newest picture."""
        self._path = path
        height, width = image.shape[:2]
        self._width = width + width % 2  # H.264 halves the colours
        self._height = height + height % 2
        self._last = -1
        self._converter = VideoReformatter()
        with _explained(path):
            self._file = _File(path)
        try:
            with _explained(path):
                self._open()
        except OutputError:
            self._file.close()
            raise

    def _open(self) -> None:
        file = self._file
        self._container = av.open(file, "w", format="mp4", options=_MUXER)
        self._stream = self._container.add_stream("libx264", rate=30, options=_ENCODER)
        context = self._stream.codec_context
        context.width, context.height = self._width, self._height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, _TICKS)
        context.colorspace = int(Colorspace.SMPTE170M)  # said, since players guess by size
        context.color_range = 1

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    def add(self, image: Image, time: float) -> None:
        with self._guarded():
            frame = av.VideoFrame.from_ndarray(self._fit(image), format="bgr24")
            frame = self._converter.reformat(
                frame, format="yuv420p", dst_colorspace=Colorspace.SMPTE170M
            )
            frame.pts = self._last = max(self._last + 1, round((time - self.start) * _TICKS))
            frame.time_base = Fraction(1, _TICKS)
            self._container.mux(self._stream.encode(frame))
            self._file.publish()
        self.last = time

    def finish(self) -> None:
        with self._guarded():
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._file.publish(whole=True)
        self._file.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with _explained(self._path):
                yield
        except OutputError:
            self._file.freeze()  # closing would overwrite the start of what is still playable
            with suppress(Exception):
                self._container.close()
            self._file.close()
            raise

    def _fit(self, image: Image) -> Image:
        """The image in the size of the file, BGR."""
        if image.ndim == 2:
            image = cast(Image, cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
        height, width = image.shape[:2]
        right, below = self._width - width, self._height - height
        if right in (0, 1) and below in (0, 1):
            border = cv2.BORDER_REPLICATE
        else:
            scale = min(self._width / width, self._height / height)
            size = (max(1, int(width * scale)), max(1, int(height * scale)))
            image = cast(Image, cv2.resize(image, size, interpolation=cv2.INTER_AREA))
            right, below = self._width - size[0], self._height - size[1]
            border = cv2.BORDER_CONSTANT
        if not right and not below:
            return image
        left, above = (right // 2, below // 2) if border == cv2.BORDER_CONSTANT else (0, 0)
        return cast(
            Image, cv2.copyMakeBorder(image, above, below - above, left, right - left, border)
        )


class _File:
    """What FFmpeg writes into: a file whose first failure is its last change.

    It has a draft's name until its first fragment is whole: what has none cannot be played.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.size = 0
        self._frozen = False
        self._target = Path(os.path.realpath(path))
        self._draft: Path | None = None
        self._playable = False
        """True once a fragment was written."""
        self._closing = ExitStack()
        device = self._target.exists() and not self._target.is_file()
        if device or sys.platform == "win32":  # where an open file cannot be renamed
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            number = os.open(path, flags, 0o600)
            self._closing.callback(os.close, number)
        else:
            files.sweep(self._target)
            self._draft, number = self._closing.enter_context(files.new_draft(self._target, 0o600))
        self._file = self._closing.enter_context(os.fdopen(number, "wb", 0, closefd=False))
        if not device:
            (self._draft or path).chmod(0o600)  # one that was there may have been open to others

    def publish(self, *, whole: bool = False) -> None:
        """Give it its name, if it is `whole` or what there is can be played."""
        if self._draft is not None and (whole or self._playable):
            self._draft.replace(self._target)
            self._draft = None

    def write(self, data: bytes) -> int:
        if self._frozen:
            return len(data)
        left = memoryview(data)
        self._playable |= _FRAGMENT_MARK in data
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._frozen = True
            raise
        self.size = max(self.size, self._file.tell())
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return offset if self._frozen else self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def freeze(self) -> None:
        """Change nothing any more."""
        self._frozen = True

    def close(self) -> None:
        with suppress(OSError):
            self.publish()
        with suppress(OSError):
            if self._draft is not None:  # nothing of it can be played, or it cannot get its name
                self._draft.unlink()
        with suppress(OSError):
            self._closing.close()


def _check(path: Path) -> None:
    """Raise OutputError if `path` obviously cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"Cannot record to {path}: make the folder {folder} first.")
    if path.is_dir():
        raise OutputError(f"Cannot record to {path}: it is a folder. Give the name of a file.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise OutputError(f"Cannot record to {path}: no permission to write there.")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (FFmpegError, OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise OutputError(
            f"Cannot record to {path}: {reason}. What was recorded before can be played; "
            "make room or choose another place."
        ) from error
