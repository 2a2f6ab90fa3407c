"""The one door for pictures: whatever made them, they come in upright, as 8-bit BGR."""

import io
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from heic import heic
from PIL import Image as Pillow
from PIL import ImageFile

from livevision import pictures
from livevision.__main__ import main
from livevision.frame import Frame, Image
from livevision.pictures import PictureError
from livevision.pipeline.door import checked_frame

WIDTH, HEIGHT = 64, 48


def sample() -> Image:
    """Another colour in each quarter: top left red, top right green, bottom left blue, white."""
    image = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = (40, 40, 200)
    image[: HEIGHT // 2, WIDTH // 2 :] = (40, 200, 40)
    image[HEIGHT // 2 :, : WIDTH // 2] = (200, 40, 40)
    return image


def saved(image: Image, kind: str, *, mode: str = "RGB", **more: object) -> bytes:
    file = io.BytesIO()
    picture = Pillow.fromarray(np.ascontiguousarray(image[:, :, ::-1])).convert(mode)
    picture.save(file, kind, **more)
    return file.getvalue()


def error(image: Image, expected: Image) -> float:
    """Mean difference in the quarters' insides, in grey levels; infinite for another shape."""
    if image.shape != expected.shape:
        return float("inf")
    difference = np.abs(image.astype(int) - expected.astype(int))
    return float(difference[4:-4, 4:-4].mean())


TURNED: dict[int, Callable[[Image], Image]] = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, 1),
    7: lambda image: image.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda image: np.rot90(image, -1),
}
"""How a camera that writes an orientation has the picture in the file."""


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "TIFF", "AVIF"])
def test_pictures_are_turned_as_their_exif_data_says(kind: str, orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    quality: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 95},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95},
    }
    stored = np.ascontiguousarray(TURNED[orientation](sample()))
    data = saved(stored, kind, exif=exif, **quality.get(kind, {}))
    assert error(pictures.decode(data), sample()) < 6


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "P", "1", "LA", "YCbCr"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_every_kind_of_pixels_comes_in_as_bgr(kind: str, mode: str) -> None:
    fits = {"JPEG": ("L", "CMYK", "YCbCr"), "PNG": ("L", "RGBA", "P", "1", "LA")}
    fits["TIFF"] = (*fits["PNG"], "CMYK")
    if mode not in fits.get(kind, (mode,)):
        pytest.skip("there is no such file")
    image = pictures.decode(saved(sample(), kind, mode=mode))
    expected = sample()
    if mode in ("L", "LA"):
        expected = np.repeat(cv2.cvtColor(expected, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    assert image.dtype == np.uint8
    assert error(image, expected) < {"1": 130, "P": 30}.get(mode, 8)


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    grey = np.arange(0, 65536, 1024, np.uint16).reshape(8, 8)
    for suffix in (".png", ".tiff", ".pgm"):
        for deep in (grey, np.dstack([grey, grey // 2, grey // 4])):
            if deep.ndim == 3 and suffix == ".pgm":
                continue
            data = cv2.imencode(suffix, deep)[1].tobytes()
            got = pictures.decode(data)
            expected = np.atleast_3d(deep // 256).astype(int)
            assert np.abs(got.astype(int) - expected).max() <= 1, suffix


def test_what_is_transparent_is_white() -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[2:6, 2:6] = (10, 20, 30, 255)
    image = pictures.decode(cv2.imencode(".png", clear)[1].tobytes())
    assert (image[0, 0] == 255).all()
    assert image[3, 3].tolist() == [10, 20, 30]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_heic_is_read(turn: int) -> None:
    image = pictures.decode(heic(sample(), turn=turn))
    assert error(image, np.rot90(sample(), turn)) < 8


def test_heic_without_its_package_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_knows_heif", lambda: False)
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(heic(sample()))
    with pytest.raises(PictureError, match="pi-heif"):
        pictures.load(path)


def bomb(side: int) -> bytes:
    """A PNG of `side` x `side` pixels, grey, in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    head = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    pressed = zlib.compress(bytes(3 * side + 1) * 200)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pressed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("command", [["add", "Zoë"], ["reject", "Ada"], ["--folder"]])
def test_an_enormous_picture_is_refused_before_it_is_decoded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    (tmp_path / "Zoe").mkdir()
    path = tmp_path / "Zoe" / "photo.png"
    path.write_bytes(bomb(30_000))
    if command[0] == "reject":
        from livevision.recognizers.faces.gallery import Gallery

        with Gallery() as gallery:
            gallery.add("Ada", [(np.ones(128, np.float32), 1.0, "a")])
    words = ["add", "--folder", str(tmp_path)] if command == ["--folder"] else [*command, str(path)]
    tracemalloc.start()
    try:
        assert main(["faces", *words]) == 5
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "67 million pixels" in capsys.readouterr().err
    assert peak < 300e6


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"no picture", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\xff\xd8\xff", "not a picture"),
    ],
)
def test_what_is_none_is_called_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=message):
        pictures.load(path)


def test_a_side_longer_than_opencv_warps_is_refused() -> None:
    with pytest.raises(PictureError, match="40000x2 pixels; a side may have 32,766"):
        pictures.decode(saved(np.zeros((2, 40_000, 3), np.uint8), "PNG"))
    with pytest.raises(ValueError, match="40000x2 pixels"):
        checked_frame(Frame(np.zeros((2, 40_000, 3), np.uint8), 0, 0.0), -1.0)


def test_a_png_that_was_cut_off_is_told_of_once(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as face_recognition leaves it
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    data = saved(noise, "PNG")
    with pytest.raises(PictureError, match="damaged"):
        pictures.decode(data[: len(data) * 3 // 4])
    assert capfd.readouterr().err == ""  # libpng tells the terminal, past Python


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PictureError, match="not a file"):
        pictures.load(tmp_path / "a.jpg")
    with pytest.raises(PictureError, match="no such file"):
        pictures.load(tmp_path / "b.jpg")


def test_photos_are_decoded_as_opencv_does() -> None:
    """What was measured with OpenCV's decoder holds."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    data = cv2.imencode(".jpg", cv2.GaussianBlur(noise, (0, 0), 2))[1]
    assert np.array_equal(pictures.decode(data.tobytes()), cv2.imdecode(data, cv2.IMREAD_COLOR))


def test_a_damaged_tiff_is_no_error_of_the_program() -> None:
    """Pillow logs one for so many samples a pixel; conftest.py fails tests that do."""
    header = b"II*\0" + (8).to_bytes(4, "little")
    tags = [(256, 3, 8), (257, 3, 8), (258, 3, 8), (262, 3, 2), (277, 3, 1024)]
    entries = b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, value in tags
    )  # fmt: skip
    data = header + len(tags).to_bytes(2, "little") + entries + bytes(4)
    with pytest.raises(PictureError, match="not a picture"):
        pictures.decode(data)
