"""Rubbish in: no crash, no hang, only errors of our own."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import make_clip, picture

from livevision.errors import LivevisionError
from livevision.frame import Event, Frame, Result
from livevision.sinks.events import Events
from livevision.sinks.recorder import Recorder
from livevision.sources import open_source
from livevision.sources.pictures import read_picture

CLIPS = [
    ("a.mp4", "libx264", "yuv420p", {"movflags": "faststart"}),
    ("b.mp4", "libx264", "yuv420p", {"movflags": "hybrid_fragmented", "frag_duration": "100000"}),
    ("c.mov", "mjpeg", "yuvj420p", {}),
    ("d.avi", "mjpeg", "yuvj420p", {}),
    ("e.avi", "mpeg4", "yuv420p", {}),
    ("f.mkv", "libx264", "yuv420p10le", {}),
    ("g.webm", "libvpx-vp9", "yuv420p", {}),
    ("h.mp4", "libx265", "yuv420p", {"movflags": "faststart"}),
    ("i.gif", "gif", "bgr8", {}),
    ("j.ts", "libx264", "yuv420p", {}),
    ("k.mkv", "ffv1", "gray16le", {}),
    ("l.webm", "libvpx", "yuv420p", {}),
]
LONGEST = 60.0
"""Seconds that one damaged file may take."""


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """`data` cut off, with bits flipped, a stretch overwritten, or parts exchanged."""
    out = bytearray(data)
    way = rng.integers(0, 5)
    if way == 0:
        return bytes(out[: rng.integers(0, len(out))])
    if way == 1:
        for at in rng.integers(0, len(out), rng.integers(1, 40)):
            out[at] ^= 1 << rng.integers(0, 8)
    elif way == 2:  # headers are what hurts most
        for at in rng.integers(0, min(len(out), 1200), rng.integers(1, 6)):
            out[at] = rng.integers(0, 256)
    elif way == 3:
        start = rng.integers(0, len(out))
        stretch = rng.bytes(min(int(rng.integers(1, 400)), len(out) - int(start)))
        out[start : start + len(stretch)] = stretch
    else:
        one, other = sorted(rng.integers(0, len(out), 2))
        out = out[other:] + out[one:other] + out[:one]
    return bytes(out)


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    fast = {"libvpx": {"deadline": "realtime"}, "libvpx-vp9": {"deadline": "realtime"}}
    data = {}
    for name, codec, pixels, muxer in CLIPS:
        options = fast.get(codec, {"g": "5"} if codec == "libx264" else {})
        path = make_clip(folder / name, codec, pixels, count=12, options=options, muxer=muxer)
        data[name] = path.read_bytes()
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm"):
        data[f"p{suffix}"] = cv2.imencode(suffix, picture(0))[1].tobytes()
    return data


def endure(path: Path) -> int:
    """Read all of the file; how many frames it still gave."""
    started = time.monotonic()
    count = 0
    trouble = None
    try:
        with open_source(str(path)) as source:
            last = -1.0
            for frame in itertools.islice(source, 1000):
                assert frame.time > last
                assert frame.image.dtype == np.uint8
                assert frame.image.shape[2] == 3
                last = frame.time
                count += 1
    except LivevisionError as error:
        trouble = error
    assert trouble is None or (trouble.exit_code == 3 and "\n" not in str(trouble))
    assert time.monotonic() - started < LONGEST, path
    return count


def cases(count: int, originals: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for number, name in zip(range(count), itertools.cycle(originals), strict=False):
        yield name, damaged(originals[name], np.random.default_rng(number))


def fuzz(count: int, originals: dict[str, bytes], folder: Path) -> None:
    read = 0
    for number, (name, data) in enumerate(cases(count, originals)):
        path = folder / f"{number}{name}"
        path.write_bytes(data)
        read += bool(endure(path))
        path.unlink()
    assert count * 0.1 < read < count  # damage neither spares nor ruins all
    assert not list(folder.iterdir())


def test_damaged_videos_and_pictures(originals: dict[str, bytes], tmp_path: Path) -> None:
    fuzz(540, originals, tmp_path)


@pytest.mark.long
def test_thousands_of_damaged_videos_and_pictures(
    originals: dict[str, bytes], tmp_path: Path
) -> None:
    fuzz(10_000, originals, tmp_path)


@pytest.mark.parametrize("side", [9_000, 30_000, 60_000])
def test_a_picture_that_claims_to_be_enormous(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    data = bytearray(cv2.imencode(".png", picture(0))[1].tobytes())
    data[16:24] = side.to_bytes(4, "big") * 2
    path.write_bytes(data)
    assert read_picture(path) is None


NAMES = [
    "A\nB",
    "\x00\x1b[31m",
    "../../etc/passwd",
    "محمد",
    "\u202eevil",
    "李" * 10_000,
    "\ud800",
    '"},{"',
    "",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_any_name_makes_one_line_of_json_and_no_other_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "events.jsonl"
    with Events(path, source=name) as sink:
        event = Event("person", name, 0, 1, 1)
        sink.write(Result(Frame(picture(0), 0, 0), events=(event, event)))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1])["name"] == name
    assert list(tmp_path.iterdir()) == [path]


def test_the_recorder_takes_any_size_and_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    with Recorder(tmp_path / "out.mp4") as recorder:
        for index in range(60):
            shape = (*rng.integers(1, 200, 2), 3)[: rng.integers(2, 4)]
            image = rng.integers(0, 256, shape, np.uint8)
            jump = float(rng.choice([0.0, -5.0, 1e-9, 0.03, 3600.0]))
            recorder.write(Result(Frame(image, index, index / 30 + jump)))
    # after an hour without a picture a new file begins
    assert sum(endure(part) for part in tmp_path.glob("out*.mp4")) == 60
