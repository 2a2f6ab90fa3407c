"""Pictures from files: the one door for all of them, whatever made them; and into frames.

JPEG, PNG, BMP, WebP, TIFF, PNM, AVIF and HEIC come in as upright 8-bit BGR: turned as their EXIF
data says, grey and CMYK as colours, 16 bits as 8, what is transparent on white.
"""

import io
import logging
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from livevision.errors import SourceError
from livevision.frame import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Pillow

log = logging.getLogger(__name__)

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm"}
    | {".heic", ".heif", ".avif"}
)
"""Endings of files that are taken for pictures in a folder."""
MOST_PIXELS = 1 << 26
"""67 million, twice 7680x4320: damaged headers claim more, and would take all memory."""
MOST_SIDE = (1 << 15) - 2
"""Pixels of a side: OpenCV turns and warps no longer ones."""
MOST_BYTES = 1 << 29
"""Half a gigabyte; 67 million pixels of 8 bytes."""
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "PPM", "GIF", "AVIF")
_DIRECT = {"JPEG": ("RGB", "L"), "MPO": ("RGB", "L"), "PNG": ("RGB", "L"), "BMP": ("RGB", "L")}
"""What OpenCV decodes as Pillow does, and faster, by format and kind of pixels."""
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_ORIENTATION = 0x0112
_TAIL = 1024
"""Bytes at a PNG's end, among which the chunk is that ends it; some programs add a few more."""
_TURNS: dict[int, tuple[int, ...]] = {
    2: (1,),
    3: (-1,),
    4: (0,),
    5: (cv2.ROTATE_90_CLOCKWISE, 1),
    6: (cv2.ROTATE_90_CLOCKWISE,),
    7: (cv2.ROTATE_90_COUNTERCLOCKWISE, 1),
    8: (cv2.ROTATE_90_COUNTERCLOCKWISE,),
}
"""How EXIF's eight orientations are undone: turns, flips. See `_upright`."""


class PictureError(SourceError):
    """A file that is no picture, or none that can be read; the message says why, for one line."""


def load(path: Path) -> Image:
    """The picture in a file as (height, width, 3) BGR, uint8, upright; PictureError.

    Its size is looked at before anything is decoded: more than 67 million pixels are refused, and
    sides of more than 32,766.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe would keep us waiting for ever
            raise PictureError(f"{path}: not a file. Name a picture.")
        if state.st_size > MOST_BYTES:
            raise PictureError(f"{path}: too large a file for a picture. Make it smaller.")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PictureError(f"{path}: there is no such file. Check the name.") from error
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror}).") from error
    return decode(data, name=str(path))


def decode(data: bytes, *, name: str = "picture") -> Image:
    """The same of a file's bytes, which the message calls `name`."""
    if not data:
        raise PictureError(f"{name}: not a picture, but empty. Copy it anew.")
    heif = _is_heif(data)
    if heif and not _knows_heif():
        raise PictureError(
            f"{name}: a HEIC picture, which this installation cannot read. Install the package "
            "pi-heif, or save it as JPEG."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow's, about what is wrong with a file
        return _decoded(data, name, ["HEIF"] if heif else _readable())


def size(data: bytes) -> tuple[int, int] | None:
    """(width, height) that a picture's header tells, without decoding; None for anything else."""
    from PIL import Image as Pillow

    heif = _is_heif(data)
    if not data or (heif and not _knows_heif()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Pillow.open(io.BytesIO(data), formats=["HEIF"] if heif else _readable()) as header:
                return header.size if header.width and header.height else None
        except Pillow.DecompressionBombError:
            return MOST_PIXELS, MOST_PIXELS  # too large for anybody; how large, it does not say
        except Exception as error:  # whatever Pillow's many parsers make of rubbish
            log.debug("%s", error)
            return None


def fitted(image: Image, size: tuple[int, int], ground: tuple[int, int, int] = (0, 0, 0)) -> Image:
    """`image` as large as it can be in the middle of a new picture of `size` (width, height).

    Both are BGR; `ground` is what is beside it.
    """
    width, height = size
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    if inner == image.shape[1::-1] == size:
        return image.copy()
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    whole = np.full((height, width, 3), ground, np.uint8)
    whole[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image, inner, interpolation=way
    )
    return whole


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF


def _decoded(data: bytes, name: str, formats: list[str]) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageFile

    # face_recognition sets it for the whole process: half of a picture would be read as a whole
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        header = Pillow.open(io.BytesIO(data), formats=formats)
    except Pillow.DecompressionBombError as error:
        raise PictureError(f"{name}: {_too_large()}") from error
    except Exception as error:  # whatever Pillow's many parsers make of rubbish
        log.debug("%s: %s", name, error)
        raise PictureError(f"{name}: not a picture. Use a JPEG, PNG or HEIC file.") from error
    with header:
        if header.width * header.height > MOST_PIXELS:
            raise PictureError(f"{name}: {header.width}x{header.height} pixels; {_too_large()}")
        if max(header.size) > MOST_SIDE:
            raise PictureError(
                f"{name}: {header.width}x{header.height} pixels; a side may have {MOST_SIDE:,}. "
                "Make it smaller."
            )
        turn = _orientation(header)
        image = None
        # of a file that was cut off, libpng tells on stderr, past `quiet`
        cut = header.format == "PNG" and b"IEND" not in data[-_TAIL:]
        plain = "transparency" not in header.info and not cut
        if plain and header.mode in _DIRECT.get(header.format or "", ()):
            image = _by_opencv(data)
        if image is None:
            try:
                header.load()
                turn = _orientation(header)  # TIFF, AVIF and HEIC are turned by now
                image = _by_pillow(header)
            except Exception as error:  # as above
                log.debug("%s: %s", name, error)
                raise PictureError(
                    f"{name}: a damaged picture. Copy it anew, or use another."
                ) from error
    if not image.size:
        raise PictureError(f"{name}: a picture without pixels. Use another.")
    return _upright(image, turn)


def _orientation(header: "Pillow") -> int:
    try:
        return int(header.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # whatever stands in the data
        log.debug("EXIF data: %s", error)
        return 1


def _too_large() -> str:
    return f"a picture may have {MOST_PIXELS // 1_000_000} million pixels. Make it smaller."


def _by_opencv(data: bytes) -> Image | None:
    with quiet():
        try:
            flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
            return cast("Image | None", cv2.imdecode(np.frombuffer(data, np.uint8), flags))
        except cv2.error as error:
            log.debug("%s", error)
            return None


def _by_pillow(header: "Pillow") -> Image:
    if header.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(header).astype(np.float32)
        # 16 bits lose the lower eight, as with OpenCV; what is no 16-bit grey is as good as none
        values = values / 256 if header.mode != "F" or values.max() > 255 else values
        grey = np.nan_to_num(values).clip(0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if "A" in header.getbands() or "transparency" in header.info:
        from PIL import Image as Pillow

        colours = header.convert("RGBA")
        ground = Pillow.new("RGBA", colours.size, "white")
        header = Pillow.alpha_composite(ground, colours)
    return np.ascontiguousarray(np.asarray(header.convert("RGB"), np.uint8)[:, :, ::-1])


def _upright(image: Image, turn: int) -> Image:
    """The picture as the camera that wrote the EXIF orientation `turn` meant it to be seen."""
    for number, step in enumerate(_TURNS.get(turn, ())):
        rotates = turn >= 5 and number == 0
        turned = cv2.rotate(image, step) if rotates else cv2.flip(image, step)
        image = cast(Image, turned)
    return image


@cache
def _readable() -> list[str]:
    """Of the formats those that this Pillow was built with."""
    from PIL import Image as Pillow

    # what it logs as an error of the program is a damaged file, of which our own message tells
    logging.getLogger("PIL.TiffImagePlugin").setLevel(logging.CRITICAL)
    Pillow.init()
    return [each for each in _FORMATS if each in Pillow.OPEN]


@cache
def _knows_heif() -> bool:
    """Whether pi-heif is there; Pillow reads HEIC from then on."""
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False)
    return True


@contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV from telling on stderr what our own messages say better."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
