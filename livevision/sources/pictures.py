"""A folder of pictures, or a single one."""

import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Self, cast

import cv2
import numpy as np
from PIL import Image as Pillow

from livevision.errors import SourceError
from livevision.frame import Frame, Image
from livevision.sources.decoding import MAX_PIXELS
from livevision.sources.source import Source

log = logging.getLogger(__name__)

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm"}
)


def read_picture(path: Path) -> Image | None:
    """The picture as (height, width, 3) BGR, uint8, read-only; None if it cannot be read.

    EXIF orientation is obeyed, grey becomes BGR, 16 bits become 8, transparency is dropped.
    """
    if not _has_sane_size(path):
        return None
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)  # what is wrong with a picture is ours to tell
    try:
        data = np.fromfile(path, np.uint8)  # not cv2.imread: it cannot open "Zoë.jpg" on Windows
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        return None
    finally:
        cv2.setLogLevel(level)
    if image is None:
        return None
    image.flags.writeable = False
    return cast(Image, image)


def _has_sane_size(path: Path) -> bool:
    """False for a header that is damaged, or claims more pixels than there is memory for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        try:
            with Pillow.open(path) as header:
                return header.width * header.height <= MAX_PIXELS
        except Exception:  # whatever Pillow's many parsers make of rubbish
            return False


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
        return [each for each in self._path.iterdir() if each.suffix.lower() in SUFFIXES]

    def _decode(self, paths: list[Path]) -> Iterator[Frame]:
        readable = False
        for index, path in enumerate(paths):
            image = read_picture(path)
            if image is None:
                log.warning("%s is not a picture that can be read; left out", path)
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
