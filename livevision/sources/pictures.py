"""A folder of pictures, or a single one."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from livevision import pictures
from livevision.errors import SourceError
from livevision.frame import Frame, Image
from livevision.pictures import PictureError
from livevision.sources.source import Source

log = logging.getLogger(__name__)

SUFFIXES = pictures.SUFFIXES

T = TypeVar("T")


def inside(folder: Path) -> list[Path]:
    """The pictures of a folder, by their endings, in no order. Raises OSError.

    Hidden files are none: macOS leaves a `._NAME` beside each NAME on disks of other systems.
    """
    return [
        each
        for each in folder.iterdir()
        if each.suffix.lower() in SUFFIXES and not each.name.startswith(".")
    ]


def read_picture(path: Path) -> Image | None:
    """The picture in a file, read-only; None, and a warning in the log, if it cannot be read."""
    try:
        image = pictures.load(path)
    except PictureError as error:
        log.warning("%s", error)
        return None
    image.flags.writeable = False
    return image


def readable(cases: Sequence[T], path: Callable[[T], Path]) -> Iterator[tuple[T, Image]]:
    """Each case with the picture in its file; cases without one that can be read are left out.

    The log names them, and says at the end how many they are. Raises SourceError if all are.
    """
    read = 0
    for case in cases:
        image = read_picture(path(case))
        if image is not None:
            read += 1
            yield case, image
    if cases and not read:
        raise SourceError("None of the pictures can be read. Try whether a viewer opens them.")
    if read < len(cases):
        log.warning("%d of %d pictures cannot be read: left out", len(cases) - read, len(cases))


class Pictures(Source):
    """The pictures of a folder, in natural order (2 before 10), `fps` a second.

    The default of one a second suits unrelated pictures; give the rate of a sequence of frames.
    A picture that cannot be read is left out with a warning, and its index and time with it.
    """

    def __init__(self, path: Path, *, fps: float = 1.0) -> None:
        """Raise SourceError if there is no such folder or picture."""
        self.name = str(path)
        self._path = path
        self._fps = fps
        self._frames: Iterator[Frame] = iter(())
        if not path.exists():
            raise SourceError(f"{path} does not exist. Check the name.")

    def __enter__(self) -> Self:
        if not self._path.exists():  # gone since
            raise SourceError(f"{self._path} does not exist. Check the name.")
        try:
            paths = sorted(self._found(), key=_natural)
        except OSError as error:
            raise SourceError(f"{self._path} cannot be listed: {error.strerror}.") from error
        if not paths:
            raise SourceError(
                f"{self._path} holds no pictures ({', '.join(sorted(SUFFIXES))}). "
                "Name another folder."
            )
        self._frames = self._decode(paths)
        return self

    def read(self) -> Frame | None:
        return next(self._frames, None)

    def close(self) -> None:
        self._frames = iter(())

    def _found(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        return inside(self._path)

    def _decode(self, paths: list[Path]) -> Iterator[Frame]:
        readable = False
        for index, path in enumerate(paths):
            image = read_picture(path)
            if image is None:
                continue
            readable = True
            yield Frame(image, index, index / self._fps, file=path.name)
        if not readable:
            raise SourceError(
                f"{self._path}: no picture in it can be read. Try whether a viewer opens them."
            )


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts "a2" before "a10"."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (0, part.casefold()) for part in parts]
