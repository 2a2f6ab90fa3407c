"""Streams as they are in the wild: too fast, too slow, in bursts, and leading astray."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from clips import make_clip, some
from servers import MjpegServer, RtspServer, jpeg, rtsp_python
from until import PATIENCE

from livevision.errors import SourceError
from livevision.frame import Image
from livevision.sources import addresses, gate, open_source, packets, rhythm, rtsp_gate
from livevision.sources.addresses import Allowed, is_public, safe_name
from livevision.sources.decoding import Converter
from livevision.sources.gate import Gate
from livevision.sources.kinds import StreamOptions
from livevision.sources.packets import Packets
from livevision.sources.rhythm import Rhythm
from livevision.sources.rtsp_gate import Answers, RtspGate
from livevision.sources.stream import Stream

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer, host: str = "127.0.0.1") -> Iterator[str]:
    """A web server; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer((host, 0), Handler)
    httpd.daemon_threads = False
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://{host}:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def redirect(to: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.end_headers()

    return answer


def content(data: bytes, kind: str = "application/octet-stream", *, size: bool = True) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        if size:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


# Never behind


def levels(path: Path, count: int, *, gop: int) -> list[tuple[float, bytes]]:
    """A transport stream of `count` pictures, 30 a second, each a level of grey; when to send what.

    The level of picture n is 20 + 2 (n mod 100).
    """
    parts: list[tuple[float, bytes]] = []
    with av.open(str(path), "w", format="mpegts", options={"flush_packets": "1"}) as container:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(gop), "bf": "0"}
        video = container.add_stream("libx264", rate=30, options=options)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        done = 0
        for index in range(count):
            image = np.full((48, 64, 3), 20 + 2 * (index % 100), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(video.encode(frame))
            size = path.stat().st_size
            data = path.read_bytes()[done:size]
            done = size
            parts.append((index / 30, data))
        container.mux(video.encode(None))
    parts.append((count / 30, path.read_bytes()[done:]))
    return parts


class FakePacket:
    """Packet number `number` of a stream of 30 a second, as far as anybody looks at it."""

    size = 1

    def __init__(self, number: int, gop: int) -> None:
        self.dts = self.pts = number
        self.is_keyframe = number % gop == 0


class FakeContainer:
    """Gives packets as the test puts them in."""

    def __init__(self) -> None:
        self.packets: SimpleQueue[FakePacket | None] = SimpleQueue()

    def demux(self, stream: object) -> Iterator[FakePacket]:
        packet = self.packets.get()
        if packet is not None:
            yield packet

    def close(self) -> None:
        pass


def fake_packets(container: FakeContainer, rate: int, clock: Callable[[], float]) -> Packets:
    """Of a live stream of `rate` pictures a second, by a clock of its own."""
    stream: Any = SimpleNamespace(time_base=Fraction(1, rate))
    return Packets(
        container,  # type: ignore[arg-type]
        stream,
        paced=False,
        rhythm=Rhythm(),
        explain=lambda error: SourceError(str(error)),
        clock=clock,
        failures=(OSError,),
    )


@pytest.mark.parametrize("gop", [1, 15, 60])
def test_a_decoder_five_times_too_slow_is_never_behind(gop: int) -> None:
    """20 s by a clock of its own; before, what is given at the end was 16 s old."""
    now = [0.0]
    container = FakeContainer()
    arriving = fake_packets(container, 30, lambda: now[0])
    behind: list[float] = []

    def come(number: int) -> None:
        now[0] = number / 30
        container.packets.put(FakePacket(number, gop))
        with arriving._changed:
            assert arriving._changed.wait_for(
                lambda: arriving.dropped + len(behind) + len(arriving._waiting) > number, PATIENCE
            )

    for first in range(0, 600, 5):
        for number in range(first, first + 5):  # while one is decoded
            come(number)
        now[0] += 0.02
        with arriving._changed:
            arriving._catch_up()
            waits = bool(arriving._waiting)
        if waits:  # else the picture stands still
            arrived = some(arriving.take())
            behind.append(now[0] + 5 / 30 - arrived.due)
    container.packets.put(None)
    arriving.close()
    assert arriving.join(PATIENCE)
    assert max(behind) < 1.0
    assert len(behind) > 20
    assert arriving.dropped > 300


def test_a_stream_without_a_pause_begins() -> None:
    """Of 200 pictures a second none tells whether it was there when the stream was opened."""
    now = [0.0]
    container = FakeContainer()
    arriving = fake_packets(container, 200, lambda: now[0])
    for number in range(400):
        now[0] = number / 200
        container.packets.put(FakePacket(number, 1))
        with arriving._changed:
            assert arriving._changed.wait_for(lambda: len(arriving._waiting) > number, PATIENCE)  # noqa: B023
    taken: list[Any] = []
    taking = threading.Thread(target=lambda: taken.append(arriving.take()), daemon=True)
    taking.start()  # while the next one could come at any moment
    taking.join(PATIENCE)
    container.packets.put(None)
    arriving.close()
    assert arriving.join(PATIENCE)
    assert some(taken[0]).packet.pts == 399


def slow(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make decoding take that long."""
    quick = Converter.image

    def image(self: Converter, frame: av.VideoFrame) -> Image:
        time.sleep(seconds)
        return quick(self, frame)

    monkeypatch.setattr(Converter, "image", image)


@pytest.mark.long  # by the clock on the wall; what is left out, the one above sees
def test_motion_jpeg_five_times_too_fast_is_never_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch, 5 / 30)
    behind = []
    with MjpegServer(rate=30) as camera, Stream(camera.url) as source:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            frame = some(source.read())
            behind.append(((camera.served - int(frame.image[0, 0, 0])) % 256) / 30)
            assert time.monotonic() - some(frame.captured) < 1.0
    assert max(behind) < 1.0
    assert len(behind) > 8
    assert frame.index > 40  # what was left out shows as a gap


@pytest.mark.long
@pytest.mark.parametrize(("gop", "count"), [(15, 110), (60, 300)])  # some groups of pictures
def test_h264_five_times_too_fast_is_never_behind(
    gop: int, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, it was four fifths of the time behind: 3.2 s after 4."""
    parts = levels(tmp_path / "a.ts", count, gop=gop)
    slow(monkeypatch, 5 / 30)
    begun: list[float] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        start = time.monotonic()
        begun.append(start)
        for due, data in parts:
            time.sleep(max(0.0, start + due - time.monotonic()))
            handler.wfile.write(data)

    behind = []
    with server(answer) as url, Stream(url) as source, suppress(SourceError):
        assert source.live
        while True:
            frame = some(source.read())
            sent = (time.monotonic() - begun[-1]) * 30
            number = (float(frame.image.mean()) - 20) / 2
            behind.append((sent - number) % 100 / 30)
    # opening takes what it takes; from then on
    assert max(behind[3:]) < 1.0, behind
    assert len(behind) > 6


# Slow ones


def test_the_rhythm_says_how_long_to_wait() -> None:
    learned = Rhythm()
    assert learned.patience == rhythm.UNKNOWN
    for beat in range(10):
        learned.beat(beat * 4.0)
    assert learned.patience == float(learned) == 16.0
    for beat in range(1000):
        learned.beat(40 + beat * 0.03)
    assert learned.patience == rhythm.LEAST
    learned.beat(1e6)
    assert learned.patience == rhythm.MOST


def test_a_camera_with_long_pauses_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture every 0.5 s where 0.2 s are the least: as one every 5 s for the real ones."""
    monkeypatch.setattr(rhythm, "LEAST", 0.2)
    monkeypatch.setattr(Rhythm.__init__, "__defaults__", (0.2,))
    with MjpegServer(rate=2) as camera, Stream(camera.url) as source:
        frames = [some(source.read()) for _ in range(6)]
        assert source.patience > 1.0
    assert frames[-1].time > 1.5
    assert frames[-1].index == 5


@pytest.mark.long
def test_a_picture_every_three_seconds() -> None:
    """pytest -m long tests/test_streams.py"""
    with MjpegServer(rate=1 / 3) as camera, open_source(camera.url) as source:
        for index in range(5):
            frame = some(source.read())
            assert frame.index == index
            assert source.status == ""


# In segments


class Playlist:
    """HLS, live: segments of `seconds`, the newest three of them in the list."""

    def __init__(self, folder: Path, *, seconds: float = 1.0, count: int = 8) -> None:
        frames = round(seconds * 30)
        self.start = time.monotonic()
        self.seconds = seconds
        self.asked = 0
        self.segments: list[bytes] = []
        data = levels(folder / "all.ts", frames * count, gop=frames)
        for number in range(count):
            part = data[number * frames : (number + 1) * frames]
            self.segments.append(b"".join(each for _, each in part))

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path.endswith(".ts"):
            content(self.segments[int(handler.path.strip("/s.t"))], "video/mp2t")(handler)
            return
        self.asked += 1
        ready = 2 + int((time.monotonic() - self.start) / self.seconds)
        last = min(ready, len(self.segments))
        first = max(0, last - 3)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{self.seconds:.0f}"]
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
        for number in range(first, last):
            lines += [f"#EXTINF:{self.seconds},", f"{number}.ts"]
        content("\n".join([*lines, ""]).encode(), "application/vnd.apple.mpegurl")(handler)


def test_segments_are_waited_for_and_played_at_their_own_pace(tmp_path: Path) -> None:
    """Before, every wait for a segment was a lost stream, and its pictures came all at once."""
    playlist = Playlist(tmp_path, seconds=1.0, count=5)
    playlist.start = time.monotonic()
    with server(playlist) as url, Stream(f"{url}/live.m3u8") as source:
        begun = time.monotonic()
        times = [some(source.read()).time for _ in range(100)]  # of 60 that are there at first
        took = time.monotonic() - begun
        assert source.live
    assert times == sorted(times)
    assert times[-1] > 2.5
    assert took > 2.5


# Files without a duration


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.ts", "mpeg2video", "yuv420p"), ("a.gif", "gif", "rgb8"), ("a.webm", "libvpx", "yuv420p")],
)
def test_a_file_behind_a_url_is_no_camera(
    name: str, codec: str, pixels: str, tmp_path: Path
) -> None:
    muxer = {"live": "1"} if name == "a.webm" else {}  # Matroska says nothing of its length then
    clip = make_clip(tmp_path / name, codec, pixels, count=20, muxer=muxer)
    with server(content(clip.read_bytes())) as url, open_source(f"{url}/{name}") as source:
        assert not source.live
        frames = list(source)
    assert len(frames) == 20
    assert frames[0].captured is None


def test_motion_jpeg_that_begins_without_a_boundary() -> None:
    """As the camera module ESP32-CAM sends it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace;boundary=123456789")
        handler.end_headers()
        for level in range(60):
            picture = jpeg(level)
            head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
            handler.wfile.write(head + picture + b"\r\n--123456789\r\n")
            time.sleep(0.02)

    with server(answer) as url, Stream(url) as source:
        assert source.live
        for _ in range(20):
            frame = some(source.read())
        assert frame.image.shape == (48, 64, 3)


@pytest.mark.skipif(rtsp_python() is None, reason="needs GStreamer's RTSP server")
def test_rtsp_by_udp_alone() -> None:
    python = rtsp_python()
    assert python is not None
    with RtspServer(python, udp=True) as camera, Stream(camera.url) as source:
        frames = [some(source.read()) for _ in range(20)]
    assert frames[-1].image.shape == (120, 160, 3)
    assert frames[-1].time > 0.1


# Where a server may send us


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        *[(each, False) for each in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1")],
        *[(each, False) for each in ("169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1")],
        *[(each, False) for each in ("::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::")],
        ("nonsense", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_only_the_named_host_may_be_local(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"camera.local": [(2, "192.168.1.5")], "camera.local.": [(2, "192.168.1.5")]}
    monkeypatch.setattr(addresses, "resolved", lambda host, port: names[host])
    allowed = Allowed("Camera.local", local=False)
    assert allowed.of("camera.LOCAL", [(2, "192.168.1.5")])
    assert allowed.of("192.168.1.5", [(2, "192.168.1.5")])  # the camera calls itself so
    assert not allowed.of("router", [(2, "192.168.1.1")])
    assert not allowed.of("rebound.example", [(2, "127.0.0.1")])
    assert allowed.of("cdn.example", [(2, "127.0.0.1"), (2, "8.8.8.8")]) == [(2, "8.8.8.8")]
    assert Allowed("x", local=True).of("router", [(2, "192.168.1.1")])


@pytest.mark.parametrize("without_proxy", ["", "127.0.0.2,localhost", "*"])
def test_a_redirect_into_the_local_network_is_not_followed(
    without_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", without_proxy)
    asked: list[str] = []

    def inside(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        content(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg(7) + b"\r\n--frame\r\n")(
            handler
        )

    with server(inside, "127.0.0.2") as private:
        with server(redirect(private + "/admin")) as url:
            with pytest.raises(SourceError, match=r"127\.0\.0\.2.*--allow-local"):
                Stream(url).__enter__()
            assert asked == []
            with open_source(
                url, options={"stream": StreamOptions(allow_local=True)}, reconnect=False
            ) as source:
                assert source.read() is not None
        with MjpegServer() as camera, server(redirect(camera.url)) as url, Stream(url) as source:
            assert source.read() is not None  # the host that the user named


class Rtsp:
    """A camera that answers each request with what `answer` makes of it; what it was asked."""

    def __init__(self, answer: Callable[[str, int], bytes], host: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        self._answer = answer
        self._server = socket.create_server((host, 0))
        self.url = f"rtsp://{host}:{self._server.getsockname()[1]}/cam"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Rtsp":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client, suppress(OSError):
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        data = b""
        while part := client.recv(1 << 16):
            data += part
            while b"\r\n\r\n" in data:
                head, _, data = data.partition(b"\r\n\r\n")
                lines = head.decode().split("\r\n")
                self.asked.append(lines[0].split(" ")[0])
                (number,) = (each[5:].strip() for each in lines if each.startswith("CSeq:"))
                client.sendall(self._answer(self.asked[-1], int(number)))


def leads(to: str, *, status: bytes = b"RTSP/1.0 302 Moved", name: bytes = b"Location") -> bytes:
    return b"%s\r\nCSeq: 1\r\n%s: %s\r\n\r\n" % (status, name, to.encode())


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (b"RTSP/1.0 302 Moved", b"Location"),
        (b"RTSP/1.0 301 Moved", b"LOCATION"),
        (b" RTSP/1.0 302 Moved", b"Loc\ration"),  # as FFmpeg reads it, too
    ],
)
def test_an_rtsp_redirect_into_the_local_network_is_not_followed(
    status: bytes, name: bytes
) -> None:
    """FFmpeg follows each of them by itself, though none of its own protocols is HTTP."""
    with (
        Rtsp(lambda method, number: b"RTSP/1.0 404 Not Found\r\nCSeq: %d\r\n\r\n" % number,
             "127.0.0.2") as private,
        Rtsp(lambda method, number: leads(private.url, status=status, name=name)) as camera,
    ):  # fmt: skip
        with pytest.raises(SourceError) as caught:
            Stream(camera.url).__enter__()
        assert camera.asked
        assert private.asked == []
        if not name.startswith(b"Loc\r"):
            assert "127.0.0.2" in str(caught.value)
            assert "--allow-local" in str(caught.value)
        with pytest.raises(SourceError, match="nothing at this address"):
            Stream(camera.url, allow_local=True).__enter__()
        assert private.asked


def test_an_rtsp_redirect_is_looked_at_each_time_and_ends() -> None:
    with Rtsp(lambda method, number: leads(camera.url)) as camera:
        with pytest.raises(SourceError):
            Stream(camera.url).__enter__()
        assert 2 <= len(camera.asked) <= 6


def test_an_rtsp_redirect_to_the_named_camera_is_followed() -> None:
    python = rtsp_python()
    if python is None:
        pytest.skip("needs GStreamer's RTSP server")
    with (
        RtspServer(python) as camera,
        Rtsp(lambda method, number: leads(camera.url)) as first,
        Stream(first.url) as source,
    ):
        frames = [some(source.read()) for _ in range(5)]
    assert frames[-1].image.shape == (120, 160, 3)


@pytest.mark.parametrize(
    ("sent", "handed_on"),
    [
        (
            b"Transport: RTP/AVP;unicast;client_port=1-2;source=10.0.0.7;server_port=3-4",
            b"Transport: RTP/AVP;unicast;client_port=1-2;server_port=3-4;source=192.0.2.9",
        ),
        (
            b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1;source=10.0.0.7",
            b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1",
        ),
        (
            b"transport: RTP/AVP;multicast;destination=10.0.0.7;port=1-2",
            b"transport: RTP/AVP;multicast;port=1-2;source=192.0.2.9",
        ),
        (
            b"Transport: RTP/AVP;multicast;destination=239.0.0.7;port=1-2",
            b"Transport: RTP/AVP;multicast;destination=239.0.0.7;port=1-2;source=192.0.2.9",
        ),
    ],
)
def test_a_camera_names_no_address_to_send_to_but_its_own(sent: bytes, handed_on: bytes) -> None:
    with RtspGate(Allowed("", local=False), "rtsp://camera.example/x") as relay:
        answers = Answers(relay, "192.0.2.9")
        whole = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n" + sent + b"\r\n\r\n"
        packet = b"$\0\0\x03abc"
        got = b"".join(answers.feed(whole[at : at + 7]) for at in range(0, len(whole), 7))
        assert got == b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n" + handed_on + b"\r\n\r\n"
        assert answers.feed(packet + packet[:5]) == packet
        assert answers.rest == packet[:5]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("rtsp://host/a?b", (False, "", "host", 554, "/a?b")),
        ("RTSPS://me:pw@[::1]:8554", (True, "me:pw@", "::1", 8554, "")),
        ("rtsp://a@b@host:1/x", (False, "a@b@", "host", 1, "/x")),
        ("rtsp://me:p#w@host/x", None),
        ("http://host/", None),
    ],
)
def test_the_host_is_the_one_that_ffmpeg_would_ask(url: str, found: object) -> None:
    assert rtsp_gate.parts(url) == found


def test_a_playlist_does_not_lead_into_the_local_network(tmp_path: Path) -> None:
    asked: list[str] = []

    def inside(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        content(b"")(handler)

    with server(inside, "127.0.0.2") as private:
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXTINF:1,", f"{private}/secret.ts"]
        data = "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()
        with (
            server(content(data, "application/vnd.apple.mpegurl")) as url,
            suppress(SourceError),
            Stream(f"{url}/a.m3u8") as source,
        ):
            assert list(source) == []
    assert asked == []


def test_the_gate_refuses_names_that_resolve_to_the_local_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {"127.0.0.1": [(2, "127.0.0.1")], "harmless.example": [(2, "127.0.0.2")]}
    for module in (gate, addresses):
        monkeypatch.setattr(module, "resolved", lambda host, port: names[host])
    with (
        server(redirect("http://harmless.example/")) as url,
        pytest.raises(SourceError, match=r"harmless\.example"),
    ):
        Stream(url).__enter__()


def test_a_closed_gate_leaves_no_thread() -> None:
    before = threading.active_count()
    with Gate(Allowed("", local=True)) as opened:
        assert opened.url.startswith("http://127.0.0.1:")
    opened.close()
    opened.join(PATIENCE)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("rtsp://me:secret@host:554/a?pwd=secret", "rtsp://host:554/a"),
        ("rtsp://host/user=admin&password=secret&channel=1", "rtsp://host/..."),
        ("rtsp://host/live/ch1;pwd=secret", "rtsp://host/live/..."),
        ("rtsp://admin:p@secret@host/live", "rtsp://host/live"),
        ("rtsp://admin:p/secret@host/live", "rtsp://host/live"),
        ("rtsp://admin:p#secret@host/live", "rtsp://host/live"),
        ("rtsp://admin:p?secret@host/live", "rtsp://host/live"),
        ("http://me:secret@[::1]:80/", "http://[::1]:80/"),
        ("http://host/a#token=secret", "http://host/a"),
        ("http://host:secret/x", "http://(an address that cannot be read)"),
    ],
)
def test_urls_show_no_secret(url: str, name: str) -> None:
    assert safe_name(url) == name
    assert Stream(url).name == name
    with pytest.raises(SourceError) as caught:
        Stream(url.replace("host", "127.0.0.1:1") if "host" in url else url).__enter__()
    assert "secret" not in str(caught.value)
    if "#secret" in url:
        assert "%23" in str(caught.value)


def test_lag_is_counted_from_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch, 0.2)
    with MjpegServer(rate=30) as camera, Stream(camera.url) as source:
        source.read()
        frame = some(source.read())
        assert time.monotonic() - some(frame.captured) >= 0.19
    assert packets.LAG < 1


# What is no stream


@pytest.mark.parametrize("data", [b"", b"<html>hello</html>" * 500, b"\xff\xd8\xff\xe0 no picture"])
def test_what_is_no_video_is_not_read_as_an_empty_one(data: bytes) -> None:
    with (
        server(content(data)) as url,
        pytest.raises(SourceError, match="no video"),
        open_source(f"{url}/a.mp4") as source,
    ):
        source.read()


def test_an_address_of_one_picture_is_told(caplog: pytest.LogCaptureFixture) -> None:
    picture = jpeg(90)
    with server(content(picture, "image/jpeg")) as url, open_source(f"{url}/now.jpg") as source:
        assert source.read() is not None
        assert source.read() is None
    assert "gave one picture alone" in caplog.text


def test_a_file_whose_index_is_at_its_end_needs_a_server_that_sends_parts() -> None:
    clip = (Path(__file__).parents[1] / "recordings" / "jawsclub.mp4").read_bytes()
    assert clip.index(b"mdat") < clip.index(b"moov")
    with (
        server(content(clip)) as url,
        pytest.raises(SourceError, match="get the file"),
        open_source(f"{url}/a.mp4") as source,
    ):
        source.read()


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp"])
def test_a_port_that_there_cannot_be_is_told(scheme: str) -> None:
    with pytest.raises(SourceError, match="port is no number up to 65535"):
        Stream(f"{scheme}://127.0.0.1:99999/x").__enter__()


def test_a_redirect_to_a_port_that_there_cannot_be_is_told() -> None:
    with (
        server(redirect("http://127.0.0.1:99999/x")) as url,
        pytest.raises(SourceError, match="cannot be opened"),
        Stream(url),
    ):
        pass
