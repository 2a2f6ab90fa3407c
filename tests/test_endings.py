"""Videos that break off, of kinds that FFmpeg reads to their end without a word."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from clips import make_clip, picture, video_track

from livevision.errors import SourceError
from livevision.sources.recording import Recording


def said(path: Path) -> str:
    """What reading all of the file ends with; empty if all is well."""
    try:
        with Recording(path) as source:
            for _ in source:
                pass
    except SourceError as error:
        return str(error)
    return ""


def with_sound(path: Path, video: str, audio: str) -> Path:
    """Two seconds that compress badly."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        pictures = video_track(container, video)
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        sound = container.add_stream(audio, rate=44_100)
        assert isinstance(sound, AudioStream)
        sound.layout, sound.bit_rate = "stereo", 128_000
        for index in range(60):
            image = picture(index)
            image[50:70] = rng.integers(0, 256, (20, 160, 3))
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(pictures.encode(frame.reformat(format="yuv420p")))
            wave = rng.normal(0, 3000, (1, 2 * 1470)).astype(np.int16)
            part = av.AudioFrame.from_ndarray(wave, "s16", "stereo")
            part.rate, part.pts, part.time_base = 44_100, index * 1470, Fraction(1, 44_100)
            container.mux(sound.encode(part))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [
        ("a.avi", "mpeg4", "mp2"),
        ("a.flv", "flv1", "aac"),
        ("a.mkv", "libx264", "aac"),
        ("a.mpg", "mpeg2video", "mp2"),
        ("a.vob", "mpeg2video", "ac3"),
        ("a.wmv", "wmv2", "wmav2"),
    ],
)
def test_a_video_with_sound_is_whole_or_cut_off(
    tmp_path: Path, name: str, video: str, audio: str
) -> None:
    whole = with_sound(tmp_path / name, video, audio)
    assert said(whole) == ""
    data = whole.read_bytes()
    cut = tmp_path / f"cut-{name}"
    for size in np.linspace(0.3, 0.9, 15) * len(data):
        cut.write_bytes(data[: int(size) | 1])  # between two packets of even size nobody can tell
        assert "cut off" in said(cut), size


@pytest.mark.parametrize(
    ("name", "mark", "after", "unknown"),
    [
        ("a.avi", b"RIFF", 4, bytes(4)),
        ("a.avi", b"RIFF", 4, b"\xff" * 4),
        ("a.mkv", b"\x18\x53\x80\x67", 4, b"\x01" + b"\xff" * 7),
    ],
)
def test_what_was_written_into_a_pipe_announces_no_size(
    tmp_path: Path, name: str, mark: bytes, after: int, unknown: bytes
) -> None:
    path = make_clip(tmp_path / name, "mjpeg", "yuvj420p", count=5)
    data = bytearray(path.read_bytes())
    at = data.index(mark) + after
    for length in (unknown, data[at : at + len(unknown)]):
        data[at : at + len(unknown)] = length
        path.write_bytes(data + bytes(99))  # filled up
        assert said(path) == ""


@pytest.mark.parametrize("codec", ["mpeg1video", "mpeg2video"])
def test_a_program_stream_cut_anywhere_is_cut_off(tmp_path: Path, codec: str) -> None:
    data = make_clip(tmp_path / "whole.mpg", codec, count=90).read_bytes()
    assert said(tmp_path / "whole.mpg") == ""
    path = tmp_path / "cut.mpg"
    for size in (*range(3001, len(data) - 1, 999), len(data) - 1):
        path.write_bytes(data[:size])
        assert "cut off" in said(path), size
    pack = 10_240  # nothing but the last picture shows a cut between two packs
    assert data[pack : pack + 4] == b"\0\0\1\xba"
    path.write_bytes(data[:pack])
    assert "cut off" in said(path)
    for fill in (bytes(4096), b"\0\0\1\xb9", b"\0\0\1\xb9" + b"\xff" * 99):
        path.write_bytes(data + fill)
        assert said(path) == ""


def test_a_windows_video_written_as_it_came_in_announces_no_size(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "live.wmv", "wmv2", count=90)
    data = bytearray(path.read_bytes())
    properties = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    assert int.from_bytes(data[properties + 40 : properties + 48], "little") == len(data)
    data[properties + 88] |= 1
    path.write_bytes(data[: len(data) * 6 // 10])
    assert said(path) == ""
