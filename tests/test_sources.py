import gc
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from cameras import Cameras, FakeCapture, plugged
from clips import make_clip, picture, some, turn, video_track
from numpy.typing import NDArray
from PIL import Image as Pillow
from servers import MjpegServer, RtspServer, rtsp_python
from until import PATIENCE, until

from livevision import __main__ as cli
from livevision import assets, pipeline, recognizers
from livevision.errors import LivevisionError, SourceError, UsageError
from livevision.frame import Findings, Frame, Image, Result
from livevision.pipeline.capture import Capture
from livevision.recognizers.recognizer import Session
from livevision.recognizers.signs import Options
from livevision.sinks import Sink
from livevision.sinks.overlay import annotate
from livevision.sources import Source, camera, open_source, realtime, reconnecting
from livevision.sources import stream as live
from livevision.sources.addresses import safe_name
from livevision.sources.camera import Camera
from livevision.sources.decoding import Converter
from livevision.sources.pictures import Pictures, readable
from livevision.sources.realtime import Paced, Realtime
from livevision.sources.reconnecting import Reconnecting, Renewable
from livevision.sources.recording import Recording
from livevision.sources.stream import Stream
from livevision.sources.synthetic import Synthetic

CLIPS = [
    ("h264.mp4", "libx264", "yuv420p"),
    ("h264.mov", "libx264", "yuv420p"),
    ("h264.mkv", "libx264", "yuv420p"),
    ("h264.avi", "libx264", "yuv420p"),
    ("h264.ts", "libx264", "yuv420p"),
    ("h264-444.mp4", "libx264", "yuv444p"),
    ("h264-10bit.mp4", "libx264", "yuv420p10le"),
    ("hevc.mp4", "libx265", "yuv420p"),
    ("hevc-10bit.mp4", "libx265", "yuv420p10le"),
    ("vp8.webm", "libvpx", "yuv420p"),
    ("vp9.webm", "libvpx-vp9", "yuv420p"),
    ("mjpeg.avi", "mjpeg", "yuvj420p"),
    ("mpeg4.avi", "mpeg4", "yuv420p"),
    ("rgb.gif", "gif", "bgr8"),
    ("lossless.mkv", "ffv1", "bgr0"),
    ("gray.mkv", "ffv1", "gray"),
    ("gray16.mkv", "ffv1", "gray16le"),
    ("raw.avi", "rawvideo", "bgr24"),
]


def read(source: Source) -> tuple[list[Frame], SourceError | None]:
    """All frames, and the error that ended them."""
    frames: list[Frame] = []
    try:
        with source:
            frames.extend(source)
    except SourceError as error:
        return frames, error
    return frames, None


def is_good(frames: list[Frame], count: int, *, live: bool = False) -> None:
    indices = [frame.index for frame in frames]
    if live:  # a busy machine may drop some
        assert len(indices) == count
        assert indices == sorted(set(indices))
        assert indices[-1] < 10 * count
    else:
        assert indices == list(range(count))
    times = [frame.time for frame in frames]
    assert times[0] == 0
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    for frame in frames:
        assert frame.image.dtype == np.uint8
        assert frame.image.ndim == 3
        assert frame.image.shape[2] == 3
        assert not frame.image.flags.writeable
        assert frame.image.flags.c_contiguous


@pytest.mark.parametrize(("name", "codec", "pixels"), CLIPS)
def test_every_kind_of_clip_is_read(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    path = make_clip(tmp_path / name, codec, pixels, count=20)
    frames, error = read(open_source(str(path)))
    assert error is None
    is_good(frames, 20)
    assert frames[-1].time == pytest.approx(19 / 30, abs=0.05)
    assert frames[0].captured is None
    gray = pixels.startswith("gray")
    for index in (0, 7, 19):
        want = picture(index).astype(int)
        if gray:
            want = np.repeat(cv2.cvtColor(picture(index), cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
        palette = 12 if codec == "gif" else 0  # eight bits for a pixel are coarse
        assert np.abs(frames[index].image - want.astype(int)).mean() < 8 + palette


def test_the_same_clip_gives_the_same_pixels_twice(tmp_path: Path) -> None:
    source = Recording(make_clip(tmp_path / "clip.mp4"))
    first, _ = read(source)
    second, _ = read(source)
    assert [frame.time for frame in first] == [frame.time for frame in second]
    assert all(
        np.array_equal(one.image, other.image) for one, other in zip(first, second, strict=True)
    )


def test_times_are_the_containers_own(tmp_path: Path) -> None:
    times = [0, 0.04, 0.05, 0.5, 0.51, 2.0]
    frames, _ = read(Recording(make_clip(tmp_path / "vfr.mp4", times=times)))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.002)


def test_memory_of_frames_is_free_at_once(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", count=40)
    turn(path, 0, 1, -1, 0)
    gc.collect()
    before = sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
    gc.disable()  # frames that wait for it fill the memory, for it does not know their size
    try:
        with Recording(path) as source:
            for _ in source:
                pass
            held = sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
    finally:
        gc.enable()
    assert held - before <= 2


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4", "a.mov", "a.avi"])
@pytest.mark.parametrize(
    "times", [[5, 5.1, 5.2], [0, 0.1, 0.2, 5], [0, 4, 4.1]], ids=["late", "long last", "gap"]
)
def test_times_of_no_regular_kind(tmp_path: Path, name: str, times: list[float]) -> None:
    codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(name.split(".")[1], "libx264")
    frames, error = read(Recording(make_clip(tmp_path / name, codec, times=times)))
    assert error is None
    first = 0 if name == "a.avi" else times[0]  # AVI fills the gap before the first
    got = [frame.time for frame in frames]
    assert got[0] == 0
    assert got[1:] == pytest.approx([time - first for time in times[1:]], abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (47, 33), (120, 160)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    path = make_clip(tmp_path / "odd.mkv", "ffv1", "bgr0", count=3, size=size)
    frames, error = read(Recording(path))
    assert error is None
    is_good(frames, 3)
    assert frames[0].image.shape == (size[1], size[0], 3)


def test_7680x4320(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "8k.avi", "mjpeg", "yuvj420p", count=1, size=(7680, 4320))
    frames, error = read(Recording(path))
    assert error is None
    assert frames[0].image.shape == (4320, 7680, 3)


@pytest.mark.parametrize(
    ("matrix", "apply"),
    [
        ((0, 1, -1, 0), lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)),
        ((0, -1, 1, 0), lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE)),
        ((-1, 0, 0, -1), lambda image: cv2.rotate(image, cv2.ROTATE_180)),
        ((-1, 0, 0, 1), lambda image: cv2.flip(image, 1)),
        ((1, 0, 0, -1), lambda image: cv2.flip(image, 0)),
        ((0, 1, 1, 0), cv2.transpose),
    ],
    ids=["right", "left", "over", "mirrored", "upside down", "transposed"],
)
def test_turned_phone_videos_stand_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], apply: Callable[[Image], Image]
) -> None:
    path = make_clip(tmp_path / "phone.mp4", count=3)
    (straight, *_), _ = read(Recording(path))
    turn(path, *matrix)
    (turned, *_), _ = read(Recording(path))
    assert np.array_equal(turned.image, apply(straight.image))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mkv", "libx264"),
        ("a.avi", "mjpeg"),
        ("a.webm", "libvpx-vp9"),
        ("a.mp4", "libx264"),
        ("a.ts", "libx264"),
        ("a.gif", "gif"),
        ("a.wmv", "wmv2"),
        ("a.mpg", "mpeg1video"),
        ("b.mpg", "mpeg2video"),
        ("a.flv", "flv1"),
    ],
)
def test_a_clip_that_is_cut_off_gives_its_good_frames_first(
    tmp_path: Path, name: str, codec: str
) -> None:
    pixels = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
    options = {"libx264": {"g": "5"}, "libvpx-vp9": {"deadline": "realtime"}}.get(codec, {})
    muxer = {"movflags": "faststart"} if name.endswith("mp4") else {}
    path = make_clip(
        tmp_path / name, codec, pixels, count=90, times=None, options=options, muxer=muxer
    )
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    if name.endswith((".ts", ".gif", ".wmv", ".mpg", ".flv")):  # whole they end well
        whole = make_clip(tmp_path / f"whole-{name}", codec, pixels)
        assert read(Recording(whole))[1] is None
    frames, error = read(Recording(path))
    assert 20 < len(frames) < 80
    is_good(frames, len(frames))
    assert "cut off" in str(error)


def test_damage_in_the_middle_costs_only_the_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_clip(tmp_path / "a.avi", "mjpeg", "yuvj420p", count=40)
    data = bytearray(path.read_bytes())
    middle = data.index(b"\xff\xd8\xff", len(data) // 2)
    after = data.index(b"\xff\xd8\xff", middle + 3) - 8
    data[middle:after] = bytes(after - middle)
    path.write_bytes(data)
    frames, error = read(Recording(path))
    assert error is None
    assert 30 <= len(frames) < 40
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("missing.mp4", lambda path: None, "does not exist"),
        ("empty.mp4", lambda path: path.touch(), "is empty"),
        ("text.mp4", lambda path: path.write_text("hello\n" * 1000), "not a video"),
        ("noise.mp4", lambda path: path.write_bytes(np.random.default_rng(0).bytes(9999)), "not a"),
        ("no-frames.mp4", lambda path: make_clip(path, count=0), "no picture"),
        ("no-moov.mp4", lambda path: path.write_bytes(make_clip(path).read_bytes()[:800]), "cut"),
    ],
)
def test_what_is_no_video_is_named_so(
    tmp_path: Path, name: str, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / name
    make(path)
    try:
        frames, error = read(open_source(str(path)))
    except SourceError as raised:
        frames, error = [], raised
    assert not frames
    assert says in str(error)
    assert "\n" not in str(error)
    assert str(path) in str(error)


def test_a_source_without_a_name_is_not_the_folder_one_is_in() -> None:
    with pytest.raises(SourceError, match="has no name"):
        open_source("")


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(SourceError, match="no pictures"), Recording(path):
        pass


@pytest.mark.parametrize(
    "name", ["http:clip.mp4", "concat:x|y.mp4", "per%03dcent.mp4", "Zoë 李.mp4"]
)
def test_a_file_name_is_never_a_protocol(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "a.mp4", count=3).rename(tmp_path / name)
    frames, error = read(open_source(name))
    assert error is None
    assert len(frames) == 3


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    with MjpegServer() as server:
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{server.url}\n")
        frames, error = read(Recording(path))
        assert not frames
        assert error is not None
        assert server.served == 0


@pytest.mark.parametrize("spec", ["a\0b", "x" * 5000, "", ".", "\x1b[2J.mp4"])
def test_odd_names_are_source_errors(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LivevisionError) as caught, open_source(spec):
        pass
    assert caught.value.exit_code == 3


def test_which_source_a_name_means(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=1)
    cv2.imwrite(str(tmp_path / "a.png"), picture(0))
    assert isinstance(open_source("0", reconnect=False), Camera)
    assert open_source("/dev/video3", reconnect=False).name == "camera 3"
    assert isinstance(open_source("0"), Reconnecting)
    assert open_source("0").live
    assert isinstance(open_source("rtsp://host/x", reconnect=False), Stream)
    assert isinstance(open_source(str(clip)), Recording)
    assert isinstance(open_source(str(clip), realtime=True), Realtime)
    assert isinstance(open_source(clip), Recording)
    assert isinstance(open_source(0, reconnect=False), Camera)
    with pytest.raises(TypeError, match="not NoneType"):
        open_source(None)  # type: ignore[arg-type]
    assert isinstance(open_source(str(tmp_path)), Pictures)
    assert isinstance(open_source(str(tmp_path / "a.png")), Pictures)
    with pytest.raises(UsageError, match="ftp://"):
        open_source("ftp://host/x")


# --- pictures


def test_pictures_come_in_natural_order_and_upright(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small = np.zeros((8, 12, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "p10.png"), small + 100)
    cv2.imwrite(str(tmp_path / "p2.png"), small[:, :, 0] + 20)
    cv2.imwrite(str(tmp_path / "p1.png"), (small[:, :, 0].astype(np.uint16) + 10) * 257)
    cv2.imwrite(str(tmp_path / "p3.png"), np.full((8, 12, 4), (30, 30, 30, 255), np.uint8))
    (tmp_path / "p4.png").write_bytes(b"rubbish")
    (tmp_path / "notes.txt").write_text("no picture")
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Pillow.new("RGB", (12, 8), (50, 50, 50)).save(tmp_path / "p5.jpg", exif=exif)
    frames, error = read(Pictures(tmp_path, fps=2))
    assert error is None
    assert [int(frame.image.mean()) for frame in frames] == [10, 20, 30, 50, 100]
    assert [frame.index for frame in frames] == [0, 1, 2, 4, 5]
    assert [frame.time for frame in frames] == [0, 0.5, 1, 2, 2.5]
    assert frames[3].image.shape == (12, 8, 3)
    assert all(frame.image.shape[2] == 3 and not frame.image.flags.writeable for frame in frames)
    assert "p4.png" in caplog.text


def test_what_cannot_be_read_is_named_counted_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, gone = (tmp_path / name for name in ("good.png", "bad.png", "gone.png"))
    cv2.imwrite(str(good), np.zeros((8, 12, 3), np.uint8))
    bad.write_bytes(b"rubbish")
    cases = [(bad, "a"), (good, "b"), (gone, "c")]
    ((case, image),) = readable(cases, lambda each: each[0])
    assert (case, image.shape) == ((good, "b"), (8, 12, 3))
    *named, counted = caplog.messages
    assert [str(path) in line for path, line in zip((bad, gone), named, strict=True)] == [True] * 2
    assert counted == "2 of 3 pictures cannot be read: left out"
    with pytest.raises(SourceError, match="None of the pictures"):
        list(readable([bad, gone], lambda each: each))
    assert list(readable([], lambda each: gone)) == []


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"), Pictures(tmp_path):
        pass
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    assert "can be read" in str(read(Pictures(tmp_path))[1])


# --- odd files


def streams(path: Path, *tracks: tuple[str, str, tuple[int, int], int, int]) -> Path:
    """A file with these tracks: codec, pixels, size, pictures, and the level of grey of all."""
    with av.open(str(path), "w") as container:
        made = []
        for codec, pixels, (width, height), _, _ in tracks:
            track = video_track(container, codec)
            track.width, track.height, track.pix_fmt = width, height, pixels
            made.append(track)
        for track, (_, pixels, (width, height), count, level) in zip(made, tracks, strict=True):
            for _ in range(count):
                image = np.full((height, width, 3), level, np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                container.mux(track.encode(frame.reformat(format=pixels)))
            container.mux(track.encode(None))
    return path


def test_a_thumbnail_is_not_the_video(tmp_path: Path) -> None:
    path = streams(
        tmp_path / "a.mp4",
        ("mjpeg", "yuvj420p", (64, 48), 1, 200),
        ("libx264", "yuv420p", (160, 120), 30, 50),
    )
    frames, error = read(Recording(path))
    assert error is None
    assert len(frames) == 30
    assert frames[0].image.shape == (120, 160, 3)
    assert abs(int(frames[0].image.mean()) - 50) < 5


def test_pixels_that_change_their_shape_are_made_square(tmp_path: Path) -> None:
    """As from one programme of a broadcast to the next."""
    parts = []
    for number, ratio in enumerate((Fraction(1), Fraction(4, 3), Fraction(1))):
        path = tmp_path / f"{number}.ts"
        with av.open(str(path), "w") as container:
            track = video_track(container, "mpeg2video")
            track.width, track.height, track.pix_fmt = 160, 120, "yuv420p"
            track.codec_context.sample_aspect_ratio = ratio
            for index in range(20):
                frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
                container.mux(track.encode(frame.reformat(format="yuv420p")))
            container.mux(track.encode(None))
        parts.append(path.read_bytes())
    (tmp_path / "all.ts").write_bytes(b"".join(parts))
    widths = [frame.image.shape[1] for frame in read(Recording(tmp_path / "all.ts"))[0]]
    assert len(widths) == 60
    for middle, width in ((10, 160), (30, 213), (50, 160)):
        assert widths[middle] == width


@pytest.mark.parametrize(("name", "codec"), [("a.wmv", "wmv2"), ("a.avi", "mpeg4")])
def test_a_video_with_less_than_a_picture_a_second_is_whole_or_cut_off(
    tmp_path: Path, name: str, codec: str
) -> None:
    noise = np.random.default_rng(0)  # so that pictures are what the file is full of
    with av.open(str(tmp_path / name), "w") as container:
        track = video_track(container, codec, Fraction(1, 3))
        track.width, track.height, track.pix_fmt = 160, 120, "yuv420p"
        for _ in range(8):
            image = noise.integers(0, 256, (120, 160, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(track.encode(frame.reformat(format="yuv420p")))
        container.mux(track.encode(None))
    frames, error = read(Recording(tmp_path / name))
    assert len(frames) == 8
    assert error is None
    data = (tmp_path / name).read_bytes()
    for share in (0.4, 0.6, 0.8):
        (tmp_path / name).write_bytes(data[: int(share * len(data))])
        frames, error = read(Recording(tmp_path / name))
        assert 0 < len(frames) < 8
        assert "cut off" in str(error)


@pytest.mark.parametrize("step", [188, 192, 204])
def test_a_transport_stream_that_ends_in_the_middle_of_a_packet(tmp_path: Path, step: int) -> None:
    """It is cut off where some of a picture is missing; else it is a broadcast, and whole."""
    data = make_clip(tmp_path / "a.ts", "mpeg2video", count=30).read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    if step == 192:  # a time before each
        packets = [bytes(4) + each for each in packets]
    if step == 204:  # a checksum after each
        packets = [each + bytes(16) for each in packets]
    header = 4 if step == 192 else 0
    of_video = [
        at
        for at, each in enumerate(packets)
        if int.from_bytes(each[header + 1 : header + 3]) & 0x1FFF == 256
    ]
    path = tmp_path / "b.ts"
    whole = b"".join(packets)
    for more in (b"", b"\x47", b"\x47" + bytes(99), b"\x47\x1f\xff\x10" + bytes(99)):
        path.write_bytes(whole + bytes(header if more else 0) + more)
        frames, error = read(Recording(path))
        assert len(frames) == 30
        assert error is None
    for at in (of_video[len(of_video) // 2], of_video[-10], of_video[-1]):
        for size in (10, 60, 180):
            path.write_bytes(b"".join(packets[:at]) + packets[at][: header + size])
            frames, error = read(Recording(path))
            assert 0 < len(frames) <= 30
            assert "cut off" in str(error), (at, size)


# --- a recording in real time


def test_a_picture_in_real_time_keeps_its_name(tmp_path: Path) -> None:
    Pillow.fromarray(picture(0)).save(tmp_path / "one.png")
    with Realtime(Pictures(tmp_path)) as source:
        frame = some(source.read())
    assert frame.file == "one.png"
    assert frame.captured is not None


def test_realtime_keeps_the_recordings_own_times(tmp_path: Path) -> None:
    started = time.monotonic()
    frames, _ = read(Realtime(Synthetic(10, rate=50)))
    assert time.monotonic() - started >= 9 / 50
    assert all(frame.captured is not None for frame in frames)
    assert [some(frame.captured) - some(frames[0].captured) for frame in frames] == pytest.approx(
        [frame.time for frame in frames]
    )


def test_realtime_does_not_wait_for_those_who_are_late() -> None:
    now = [100.0]
    source = Realtime(Synthetic(5, rate=1), clock=lambda: now[0])
    with source:
        assert some(source.read()).captured == 100
        now[0] = 103.2
        assert some(source.read()).captured == 103
        assert source.patience == Synthetic.patience  # without a wait


def test_realtime_skips_what_is_overdue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder with a fifth of the speed that it needs; before, it was 3.2 s behind after 4."""
    clip = make_clip(tmp_path / "a.mp4", count=90, options={"g": "10"})
    quick = Converter.image
    now = [0.0]

    def image(self: Converter, frame: av.VideoFrame) -> Image:
        now[0] += 5 / 30
        return quick(self, frame)

    def wait(seconds: float) -> bool:
        now[0] += seconds
        return False

    monkeypatch.setattr(Converter, "image", image)
    behind, times = [], []
    realtime = Realtime(Recording(clip), clock=lambda: now[0])
    monkeypatch.setattr(realtime._stop, "wait", wait)
    with realtime as source:
        for frame in source:
            behind.append(now[0] - some(frame.captured))
            times.append(frame.time)
    assert max(behind) < 1.0
    assert times == sorted(times)
    assert times[-1] > 2.0
    assert len(times) > 8


def test_realtime_does_not_stand_still_over_a_jump_of_hours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(realtime, "STANDSTILL", 0.1)
    started = time.monotonic()
    with Realtime(Synthetic(3, rate=1 / 7200)) as source:
        frames = list(source)
    assert time.monotonic() - started < PATIENCE
    assert [frame.time for frame in frames] == [0, 7200, 14400]


def test_a_wait_can_be_interrupted_and_is_no_hang() -> None:
    source = Realtime(Synthetic(3, rate=0.01))
    with source:
        source.read()
        timer = threading.Timer(0.1, source.interrupt)
        timer.start()
        started = time.monotonic()
        assert source.read() is None
        assert time.monotonic() - started < PATIENCE  # of 100 s
        assert source.patience > 9
        timer.join()


# --- cameras


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[Cameras]:
    with plugged(tmp_path) as plug:
        yield plug


def test_a_camera_gives_frames_with_their_time(cameras: Cameras) -> None:
    cameras(c0="slow")
    with Camera(0, size=(1280, 720), fps=30) as source:
        frames = [some(source.read()) for _ in range(3)]
        asked = FakeCapture.opened[-1].asked
    is_good(frames, 3)
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert asked[cv2.CAP_PROP_FPS] == 30
    assert some(frames[2].captured) - some(frames[0].captured) == pytest.approx(frames[2].time)


def test_a_gray_camera_is_bgr(cameras: Cameras) -> None:
    cameras(c0="gray")
    with Camera(0) as source:
        assert some(source.read()).image.shape == (48, 64, 3)


def test_a_camera_has_a_name_for_good(cameras: Cameras, tmp_path: Path) -> None:
    cameras(c4="good")
    folder = tmp_path / "by-id"
    folder.mkdir()
    node = folder / "usb-Acme_Camera-video-index0"
    node.symlink_to("../video4")
    with Camera.at(node) as source:
        assert source.number == 4
        assert source.read() is not None
        cameras(c7="good")  # plugged in again
        node.unlink()
        node.symlink_to("../video7")
        with source.renew() as again:
            assert again.read() is not None
            assert again.name == "camera 7"
    with pytest.raises(SourceError, match="Acme"):
        Camera.at(folder / "usb-Other-video-index0")
    with pytest.raises(SourceError, match="is no camera"):
        open_source("/dev/v4l/by-id/usb-None-video-index0")


def test_a_camera_that_exposes_for_seconds_is_not_lost(cameras: Cameras) -> None:
    cameras(c0="good")
    now = [0.0]
    with Camera(0, clock=lambda: now[0]) as source:
        for _ in range(4):
            now[0] += 3.0
            source.read()
        assert source.patience == 12.0


def test_a_camera_that_is_not_there(cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="no camera 7") as caught, open_source("7"):
        pass
    assert "\n" not in str(caught.value)
    for system, says in (("darwin", "Privacy & Security"), ("win32", "desktop apps")):
        monkeypatch.setattr(sys, "platform", system)
        with pytest.raises(SourceError, match=says), Camera(7):
            pass


def test_a_camera_that_gives_nothing(cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "WARM_UP", 0.05)
    cameras(c0="black")
    with pytest.raises(SourceError, match="no picture"), Camera(0):
        pass


def test_a_camera_unplugged_in_mid_stream(cameras: Cameras) -> None:
    cameras(c0="good")
    with Camera(0) as source:
        assert source.read() is not None
        cameras(c0="black")
        with pytest.raises(SourceError, match="stopped giving pictures"):
            source.read()


def test_next_camera_goes_round(cameras: Cameras) -> None:
    cameras(c0="good", c2="good", c5="black")
    with Camera(0) as source:
        levels = [int(some(source.read()).image[0, 0, 0])]
        for _ in range(2):
            source.command("next-camera")
            levels.append(int(some(source.read()).image[0, 0, 0]))
            if _ == 0:
                cameras(c0="good", c2="good")
        assert levels == [0, 20, 0]
        times = [some(source.read()).time for _ in range(3)]
        assert times == sorted(times)
        assert source.name == "camera 0"


def test_an_unplugged_camera_comes_back(cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting, "PAUSES", (0.05,))
    cameras(c0="good")
    with open_source("0") as source:
        before = [some(source.read()) for _ in range(3)]
        cameras()  # gone
        timer = threading.Timer(0.4, cameras, kwargs={"c0": "good"})
        timer.start()
        after = [some(source.read()) for _ in range(200)]
        timer.join()
    is_good(before + after, 203, live=True)
    assert max(b.time - a.time for a, b in itertools.pairwise(before + after)) > 0.3


class Counting(Session):
    """Adds a letter to the text with each frame."""

    text = ""

    def recognize(self, frame: Frame) -> Findings:
        self.text += "abcdefghij"[len(self.text) % 10]
        return Findings(text=self.text, hints=("show a hand",))


class Screen(Sink):
    """Keeps what a window would show; pulls the plug at the tenth frame, and puts it back later."""

    def __init__(self, cameras: Cameras) -> None:
        self.results: list[Result] = []
        self.reviewed: list[Result] = []
        self._cameras = cameras
        self._looks = 0

    def write(self, result: Result) -> None:
        self.results.append(result)
        if len(self.results) == 10:
            self._cameras()

    def review(self, result: Result) -> None:
        self.reviewed.append(result)

    def idle(self) -> None:
        if self.reviewed and self._looks < 4:
            self._looks += 1
            if self._looks == 4:
                self._cameras(c0="good")


def test_a_run_goes_on_when_its_camera_is_plugged_in_again(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnecting, "PAUSES", (0.05,))
    cameras(c0="good")
    screen = Screen(cameras)
    summary = pipeline.run(open_source("0"), [Counting()], [screen], max_frames=25)
    assert summary.error is None
    assert summary.frames == 25
    assert [len(each.text) for each in screen.results] == list(range(1, 26))  # nothing was lost
    times = [each.frame.time for each in screen.results]
    assert max(b - a for a, b in itertools.pairwise(times)) > 0.25  # time went on
    told = screen.reviewed[0]
    assert told.text == screen.results[len(told.text) - 1].text
    assert len(told.text) >= 10
    lost, own = told.hints
    assert lost.startswith("Lost camera 0: reconnecting (attempt ")
    assert own == "show a hand"
    told = replace(told, text="")  # in so small a picture many letters leave no room for hints
    assert (annotate(told) != annotate(replace(told, hints=(own,)))).any()
    assert all(each.hints == (own,) for each in screen.results)


def test_without_reconnecting_an_unplugged_camera_ends_the_program_with_3(
    cameras: Cameras,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    cameras(c0="good")
    good = FakeCapture.grab

    def grab(self: FakeCapture) -> bool:
        if self.grabs == 12:
            cameras()
        return good(self)

    monkeypatch.setattr(FakeCapture, "grab", grab)
    out = tmp_path / "out.mp4"
    words = ("0", "--no-reconnect", "--no-window", "--no-signs", "--no-faces", "--raw", str(out))
    assert cli.main(["run", *words]) == 3
    said = capsys.readouterr().err.strip().splitlines()
    assert "Camera 0 stopped giving pictures. Check its cable" in said[-1]
    assert "frames, " in said[-2]
    frames, error = read(Recording(out))
    assert error is None
    assert 0 < len(frames) <= 11  # what was given so far, less what was dropped


def test_the_next_camera_can_be_chosen_while_one_is_away(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnecting, "PAUSES", (0.05,))
    cameras(c0="good")
    with open_source("0") as source:
        source.read()
        cameras(c1="good")
        timer = threading.Timer(0.2, source.command, args=("next-camera",))
        timer.start()
        while some(source.read()).image[0, 0, 0] != 10:
            pass
        timer.join()
        assert source.name == "camera 1"


def test_a_camera_that_never_comes_back_does_not_keep_the_program(cameras: Cameras) -> None:
    cameras(c0="good")
    with Capture(open_source("0")) as frames:
        assert frames.get(1) is not None
        cameras()
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            frames.get(0.05)
        started = time.monotonic()
    assert time.monotonic() - started < PATIENCE / 3


def test_devices_lists_cameras_with_names_and_sizes(cameras: Cameras) -> None:
    cameras(c0="good", c3="good")
    found = camera.devices()
    assert [(each.number, each.name) for each in found] == [(0, "Webcam 0"), (3, "Webcam 3")]
    assert (1280, 720, 30.0) in found[0].modes
    assert str(found[0]).startswith("0  Webcam 0: 320x240 at 30 fps, ")


# --- streams


def test_urls_show_no_secret() -> None:
    assert safe_name("rtsp://me:secret@host:554/a?pwd=secret") == "rtsp://host:554/a"
    assert safe_name("http://me:secret@[::1]:80/") == "http://[::1]:80/"
    assert "secret" not in safe_name("http://me:secret@host:port/")
    password = "hunter" + str(2)
    url = f"http://me:{password}@127.0.0.1:1/x"
    with pytest.raises(SourceError) as caught, open_source(url):
        pass
    assert password not in "".join(traceback.format_exception(caught.value))
    assert "refused" in str(caught.value)


def test_http_mjpeg_is_live() -> None:
    with MjpegServer() as server, open_source(server.url, reconnect=False) as source:
        frames = [some(source.read()) for _ in range(10)]
        assert source.live
    is_good(frames, 10, live=True)
    assert frames[0].image.shape == (48, 64, 3)
    assert some(frames[-1].captured) - some(frames[0].captured) == pytest.approx(frames[-1].time)


def test_a_slow_server_is_no_dead_one() -> None:
    with MjpegServer(rate=2) as server, open_source(server.url) as source:
        frames = [some(source.read()) for _ in range(4)]
        assert source.status == ""
    is_good(frames, 4, live=True)


def test_a_password_in_the_url_is_used() -> None:
    with MjpegServer(password="secret") as server:
        with pytest.raises(SourceError, match="password"), open_source(server.url):
            pass
        url = server.url.replace("//", "//me:secret@")
        with open_source(url) as source:
            assert source.read() is not None
            assert "secret" not in source.name


def test_a_silent_server_is_noticed() -> None:
    with MjpegServer() as server, Stream(server.url) as source:
        for _ in range(10):  # until its rhythm is known
            source.read()
        server.silent = True
        with pytest.raises(SourceError, match="no answer"):
            list(source)


def test_a_server_that_talks_rubbish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "UNREADABLE", 0.5)
    with (
        MjpegServer(rate=2000, rubbish=True) as server,
        pytest.raises(SourceError, match="decoded"),
        Stream(server.url) as source,
    ):
        source.read()


def test_a_stream_comes_back_and_time_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with MjpegServer() as server, open_source(server.url) as source:
        before = [some(source.read()) for _ in range(5)]
        server.stop()

        def start_again() -> None:
            until(lambda: "reconnecting" in source.status)
            time.sleep(0.5)  # how long it is away
            server.start()

        starting = threading.Thread(target=start_again)
        starting.start()
        after = [some(source.read()) for _ in range(20)]
        starting.join()
        assert source.status == ""
    frames = before + after
    is_good(frames, 25, live=True)
    assert max(b.time - a.time for a, b in itertools.pairwise(frames)) > 0.5
    assert caplog.text.count("Trying to reconnect") == 1


def test_a_silent_stream_is_left_and_opened_again() -> None:
    with MjpegServer() as server, open_source(server.url) as source:
        source.read()
        server.silent = True
        threading.Timer(1.9, setattr, (server, "silent", False)).start()
        started = time.monotonic()
        frames = [some(source.read()) for _ in range(10)]
        assert time.monotonic() - started < PATIENCE
    assert frames[-1].index >= 10


@pytest.mark.long  # two sessions of one model in two threads: tests/test_contracts.py
def test_a_file_and_a_stream_are_read_at_once_and_apart() -> None:
    """Two runs in one process, as docs/scaling.md measures them: neither hears of the other."""
    clip = assets.folder("recordings") / "cloudy.mp4"
    with Recording(clip) as recording:
        shown = [frame.image for frame in recording if 0.5 < frame.time < 0.9]
    own = Options(personal=False)
    letter = [cv2.imencode(".jpg", image)[1].tobytes() for image in shown]

    def start(source: Source, most: int | None) -> tuple[threading.Thread, list[pipeline.Summary]]:
        found: list[pipeline.Summary] = []

        def work() -> None:
            signs = recognizers.session("signs", own, live=source.live)
            found.append(pipeline.run(source, [signs], [], max_frames=most))

        thread = threading.Thread(target=work)
        thread.start()
        return thread, found

    with MjpegServer(rate=15, pictures=letter) as server:
        file = start(open_source(str(clip)), None)
        stream = start(open_source(server.url), 30)
        for thread, _ in (file, stream):
            thread.join()
    of_file, of_stream = file[1][0], stream[1][0]
    assert of_file.error is None
    assert of_file.dropped == 0
    assert of_file.text == "CLOUDY"
    assert of_stream.error is None
    assert of_stream.frames == 30
    assert set(of_stream.text) <= {"C"}  # the letter that it shows, if it was quick enough


def test_a_recording_behind_a_url_is_not_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    make_clip(tmp_path / "clip.mp4", count=30)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/clip.mp4"
        source = open_source(address)
        frames, error = read(source)
        begun = time.monotonic()
        monkeypatch.setattr(realtime, "LAG", PATIENCE)  # or a busy machine would leave some out
        played, _ = read(open_source(address, realtime=True))
        lasted = time.monotonic() - begun
        with pytest.raises(SourceError, match="nothing at this address"):
            open_source(f"http://127.0.0.1:{server.server_port}/other.mp4").__enter__()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert error is None
    assert not source.live
    is_good(frames, 30)
    assert frames[-1].time == pytest.approx(29 / 30, abs=0.01)
    assert frames[-1].captured is None
    assert [each.time for each in played] == [each.time for each in frames]
    assert played[-1].captured is not None
    assert lasted > 29 / 30


def test_a_pause_is_not_taken_for_a_stuck_recording() -> None:
    class Far(Synthetic, Renewable):
        patience = 0.05

        def renew(self) -> "Far":
            return Far(self.count)

    with Reconnecting(Far(6)) as source:
        for index in range(6):
            frame = source.read()
            assert frame is not None
            assert frame.index == index
            time.sleep(0.1)
        assert source.read() is None


def test_rtsp_is_read_and_comes_back() -> None:
    python = rtsp_python()
    if python is None:
        pytest.skip("needs GStreamer's RTSP server (gir1.2-gst-rtsp-server-1.0 and plugins)")
    with RtspServer(python) as server:
        with pytest.raises(SourceError, match="nothing at this address"):
            open_source(server.url + "x").__enter__()
        with open_source(server.url) as source:
            before = [some(source.read()) for _ in range(10)]
            server.stop()
            server.start()
            after = [some(source.read()) for _ in range(10)]
    is_good(before + after, 20, live=True)
    assert before[0].image.shape == (120, 160, 3)


# --- reads that never return


class Hanging(Renewable):
    """Gives three frames, then its read hangs until `release` is set."""

    live = True
    release = threading.Event()
    made = 0
    closed_in_mid_read = False

    def __init__(self) -> None:
        self.reading = False
        self.given = 0

    @property
    def patience(self) -> float:  # type: ignore[override]
        """Little with what hangs, and with nothing that a busy machine holds up."""
        return 0.2 if self.given == 3 else PATIENCE

    def renew(self) -> "Hanging":
        return type(self)()

    def __enter__(self) -> "Hanging":
        type(self).made += 1
        return self

    def read(self) -> Frame:
        self.reading = True
        time.sleep(0.01)
        if self.given == 3:
            self.release.wait(PATIENCE)
        self.reading = False
        self.given += 1
        return Frame(np.zeros((4, 4, 3), np.uint8), self.given - 1, 0, time.monotonic())

    def close(self) -> None:
        type(self).closed_in_mid_read |= self.reading


def test_a_driver_that_fails_in_its_own_way_is_opened_again(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reconnecting, "PAUSES", (0.01,))
    cameras(c0="good")
    good, failures = FakeCapture.retrieve, iter([False] * 5 + [True] + [False] * 1000)

    def retrieve(self: FakeCapture) -> tuple[bool, NDArray[Any]]:
        if next(failures):
            raise cv2.error("out of buffers")
        return good(self)

    monkeypatch.setattr(FakeCapture, "retrieve", retrieve)
    with open_source("0") as source:
        frames = [some(source.read()) for _ in range(20)]
    is_good(frames, 20, live=True)
    assert "out of buffers" in caplog.text


def test_a_read_that_never_returns_is_left_alone_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnecting, "PAUSES", (0.01,))
    Hanging.release.clear()
    Hanging.made, Hanging.closed_in_mid_read = 0, False
    try:
        with Reconnecting(Hanging()) as source:
            frames = [some(source.read()) for _ in range(7)]
    finally:
        Hanging.release.set()
    assert Hanging.made == 3
    assert not Hanging.closed_in_mid_read
    assert len({frame.index for frame in frames}) == 7


def test_files_alone_are_paced_for_a_window(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip)
    assert isinstance(open_source(str(clip), paced=True), Paced)
    assert isinstance(open_source(str(clip), paced=True, realtime=True), Realtime)
    assert not isinstance(open_source(str(clip)), Paced)
    assert not isinstance(open_source("0", paced=True), Paced)
    assert not isinstance(open_source("rtsp://127.0.0.1/none", paced=True), Paced)


@pytest.mark.parametrize("ending", ["mp4", "avi", "mkv"])
def test_any_moment_of_a_file_can_be_gone_to(ending: str, tmp_path: Path) -> None:
    clip = tmp_path / f"clip.{ending}"
    make_clip(clip, count=60)
    with Recording(clip) as source:
        whole = list(source)
        assert source.length == pytest.approx(60 / 30, abs=0.1)
    with Recording(clip) as source:
        some(source.read())
        for wanted in (1.5, 0.4, 1.0, 0.0):
            source.seek(wanted)
            there = some(source.read())
            assert there.time == pytest.approx(wanted, abs=0.02)
            same = min(whole, key=lambda each: abs(each.time - wanted))
            assert np.abs(there.image.astype(int) - same.image).mean() < 3
            assert some(source.read()).time == pytest.approx(wanted + 1 / 30, abs=0.02)
        source.seek(99.0)  # to its end, which is no damage
        assert len(list(source)) <= 3
    with Recording(clip) as source:  # before the first picture
        source.seek(1.0)
        assert some(source.read()).time == pytest.approx(1.0, abs=0.02)


def test_the_time_goes_on_where_one_jumps_to_and_fro(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip, count=60)
    late = iter(range(10_000))  # a reader that is always late: nothing waits
    with Paced(Recording(clip), clock=lambda: float(next(late))) as source:
        frames = [some(source.read())]
        for wanted in (1.5, 0.5):
            source.command(f"seek {wanted}")
            frames += [some(source.read()), some(source.read())]
        places = [some(each.place) for each in frames]
    assert [each.seconds for each in places] == pytest.approx(
        [0, 1.5, 1.5 + 1 / 30, 0.5, 0.5 + 1 / 30], abs=0.02
    )
    assert [each.jumps for each in places] == [0, 1, 1, 2, 2]
    assert places[0].length == pytest.approx(2.0, abs=0.1)
    steps = np.diff([each.time for each in frames])
    assert steps == pytest.approx([1 / 30] * 4, abs=0.01)
    source.command("seek 1.0")  # at the end: there it begins anew
    with source:
        first = some(source.read())
        assert first.time == pytest.approx(1.0, abs=0.02)
        assert some(first.place).jumps == 0
