"""The page's server: what goes in, what comes out."""

import argparse
import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

starlette = pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from clips import make_clip, some  # noqa: E402
from serving import (  # noqa: E402
    PATIENCE,
    Finder,
    Readers,
    Running,
    ask,
    jpeg,
    message,
    pictures,
    running,
    until,
)
from websockets.exceptions import ConnectionClosed  # noqa: E402

from livevision import recognizers  # noqa: E402
from livevision.__main__ import main, parse  # noqa: E402
from livevision.frame import Findings, Frame  # noqa: E402
from livevision.server import assembly, capacity, qr, wire  # noqa: E402
from livevision.server import readers as real  # noqa: E402
from livevision.server import running as doors  # noqa: E402
from livevision.server.roles import Role  # noqa: E402
from livevision.server.sessions import _COMMAND  # noqa: E402
from livevision.server.streams import Stream  # noqa: E402
from livevision.sinks.events import Collector  # noqa: E402
from livevision.sources import open_source  # noqa: E402
from livevision.sources.pushed import Pushed  # noqa: E402

RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running() as server:
        yield server


def test_a_picture_goes_in_and_its_result_comes_out() -> None:
    with running() as server, server.stream() as socket:
        answer = ask(socket, 7, 1000.0, jpeg((64, 48)))
        assert answer["schema"] == 2
        assert (answer["index"], answer["time"], answer["sequence"]) == (0, 0.0, 7)
        hand = answer["detections"][0]
        assert (hand["kind"], hand["label"], hand["box"]) == ("hand", "A", [1, 2, 32, 24])
        assert answer["events"][0]["kind"] == "letter"
        assert answer["text"] == "A"
        # the page's clock, not the network's
        assert ask(socket, 9, 1250.0, jpeg())["time"] == 0.25
        assert ask(socket, 10, 1250.0, jpeg())["index"] == 3


def test_the_end_brings_what_was_pending() -> None:
    with running() as server, server.stream() as socket:
        ask(socket, 0, 0.0, jpeg())
        socket.send('{"command": "end"}')
        assert [each["kind"] for each in json.loads(socket.recv(timeout=PATIENCE))["events"]] == [
            "word"
        ]
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 1000


def test_buttons_reach_the_recognisers() -> None:
    with running() as server, server.stream() as socket:
        ask(socket, 0, 0.0, jpeg())
        socket.send('{"command": "clear"}')
        assert ask(socket, 1, 40.0, jpeg())["text"] in ("A", "AA")
        assert ask(socket, 2, 80.0, jpeg())["text"] in ("A", "AA")


def test_strokes_of_the_agreed_form_alone_are_commands() -> None:
    finder = Finder()
    good = ["stroke 0 12 639 479 1", "stroke 1 2 3 4 9", "stroke undo", "stroke clear"]
    with running(Readers(lambda role: [finder])) as server, server.stream() as socket:
        ask(socket, 0, 0.0, jpeg())
        for each in good:
            socket.send(json.dumps({"command": each}))
        ask(socket, 1, 40.0, jpeg())
        ask(socket, 2, 80.0, jpeg())
        until(lambda: finder.commands == good)
    numbers = ("1 2 3 4 0", "1 2 3 4 10", "1 2 3 4", "-1 2 3 4 1", "1e9 2 3 4 1", "nan 2 3 4 1")
    for bad in (*(f"stroke {each}" for each in numbers), "stroke over 2", "stroke  undo"):
        assert _COMMAND.fullmatch(bad) is None, bad


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"command": 1}', '{"command": "quit"}'])
def test_what_is_no_command_ends_the_session(text: str, shared: Running) -> None:
    with shared.stream() as socket:
        socket.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 4400
    shared.empty()


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"short",
        message(0, float("nan"), jpeg()),
        message(0, float("inf"), jpeg()),
        message(0, 0.0, b"no picture at all"),
        message(0, 0.0, b"\xff\xd8\xff\xe0" + bytes(100)),
        message(0, 0.0, jpeg((2000, 1200))),
        message(0, 0.0, jpeg((8, 8))),
        message(0, 0.0, jpeg()[:40]),
    ],
)
def test_a_bad_picture_ends_the_session(bad: bytes, shared: Running) -> None:
    with shared.stream() as socket:
        socket.send(bad)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 4400
    shared.empty()


def exactly(raw: socket.socket, count: int) -> bytes:
    """The next `count` bytes, in however many pieces they come."""
    data = b""
    while len(data) < count:
        part = raw.recv(count - len(data))
        assert part, "the connection ended"
        data += part
    return data


def test_a_message_that_is_too_long_is_not_taken_in() -> None:
    with (
        running() as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as raw,
    ):
        raw.sendall(
            b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Authorization: Bearer %b\r\n\r\n" % server.key().encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(raw, 1)
        assert head.startswith(b"HTTP/1.1 101")
        # the head of a message alone, masked as a client's: its length is too much already
        raw.sendall(b"\x82\xff" + (wire.MOST_BYTES * 2).to_bytes(8, "big") + bytes(4))
        kind = b""
        while kind != b"\x88":  # a close; a ping may come before
            kind, size = exactly(raw, 1), exactly(raw, 1)[0]
            content = exactly(raw, size)
        assert int.from_bytes(content[:2], "big") == 1009


def test_the_newest_picture_wins_and_the_others_count_as_dropped() -> None:
    go = threading.Event()
    with running(Readers(lambda role: [Finder(go=go)])) as server, server.stream() as socket:
        socket.send(message(0, 0.0, jpeg()))
        until(server.server.streams.all)
        camera: Any = server.server.streams.all()[0].source
        until(lambda: camera._first is not None and not camera._waiting)  # it is being read
        for number in range(1, 8):
            socket.send(message(number, number * 10.0, jpeg()))
        until(lambda: camera._last == 70.0 and not camera._waiting)  # all have come in
        go.set()
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["sequence"] != 7:
            seen.append(json.loads(socket.recv(timeout=PATIENCE)))
        assert len(seen) <= 3  # the first, perhaps one on its way, and the newest
        assert seen[-1]["stats"]["dropped"] == 8 - len(seen)


def test_the_next_session_is_told_that_all_are_taken() -> None:
    with running(limit=2) as server:
        with server.stream() as one, server.stream() as two:
            ask(one, 0, 0.0, jpeg())
            ask(two, 0, 0.0, jpeg())
            with server.stream() as three, pytest.raises(ConnectionClosed) as closed:
                three.recv(timeout=PATIENCE)
            assert some(closed.value.rcvd).code == 4429
            answer = server.post("/api/frame?session=abcdefgh", content=message(0, 0.0, jpeg()))
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            assert server.sessions() == 2
        server.empty()
        with server.stream() as again:
            assert ask(again, 0, 0.0, jpeg())["text"] == "A"


def test_an_idle_session_ends() -> None:
    with running() as server, server.stream() as socket:
        ask(socket, 0, 0.0, jpeg())
        server.server.sessions.idle = 0.05  # from the next picture on
        socket.send(message(1, 40.0, jpeg()))
        assert json.loads(socket.recv(timeout=PATIENCE))["sequence"] == 1
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 4408
        server.empty()


def test_pictures_can_be_posted_where_a_socket_is_refused() -> None:
    with running() as server:
        path = "/api/frame?session=my-session-1"
        for number in range(3):
            answer = server.post(path, content=message(number, number * 40.0, jpeg()))
            assert answer.status_code == 200
            content = answer.json()
            assert (content["sequence"], content["text"]) == (number, "A" * (number + 1))
            assert [each["kind"] for each in content["events"]] == ["letter", "person"]
        assert server.sessions() == 1
        sent = server.post("/api/command?session=my-session-1", content='{"command": "clear"}')
        assert sent.status_code == 204
        gone = httpx.delete(server.base + path, headers=server.bearer(), timeout=PATIENCE)
        assert gone.status_code == 204
        server.empty()
        assert server.post("/api/frame?session=x", content=b"").status_code == 400
        assert server.post(path, content=message(0, 0.0, b"nothing")).status_code == 400
        server.server.sessions.idle = 0.05
        server.empty()  # nobody says good-bye: idle


def test_a_posted_session_is_its_owners_alone() -> None:
    with running() as server:
        path = "/api/frame?session=my-session-1"
        assert server.post(path, content=message(0, 0.0, jpeg())).status_code == 200
        theirs = server.post(path, Role.GUEST, content=message(1, 40.0, jpeg()))
        assert theirs.status_code == 403
        command = server.post(
            "/api/command?session=my-session-1", Role.GUEST, content='{"command": "clear"}'
        )
        assert command.status_code == 404


def test_guests_get_no_names() -> None:
    with running() as server:
        with server.stream(Role.GUEST) as socket:
            answer = ask(socket, 0, 0.0, jpeg())
        assert [each["kind"] for each in answer["detections"]] == ["hand"]
        assert [each["kind"] for each in answer["events"]] == ["letter"]
        with server.stream() as socket:
            assert "Ada" in json.dumps(ask(socket, 0, 0.0, jpeg()))


def test_a_recogniser_that_fails_ends_the_session_with_a_reason() -> None:
    class Broken(Finder):
        def recognize(self, frame: Frame) -> Findings:
            raise RuntimeError("lamp")

    with running(Readers(lambda role: [Broken()])) as server, server.stream() as socket:
        socket.send(message(0, 0.0, jpeg()))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 4500
        server.empty()


def _pushed() -> tuple[Pushed, Stream]:
    source = Pushed("door")
    stream = Stream(source, lambda: [Finder()], name="door", role=Role.OWNER, shared=True)
    return source, stream


def test_the_hosts_camera_is_shown_to_whoever_may_look() -> None:
    source, stream = _pushed()
    with running(sources=[lambda: stream]) as server:
        source.push(np.full((48, 64, 3), 90, np.uint8))
        me = server.get("/api/me", Role.GUEST).json()
        assert [each["name"] for each in me["sources"]] == ["door"]
        for role, named in ((Role.OWNER, True), (Role.GUEST, False), (Role.WATCH, False)):
            with httpx.stream(
                "GET", f"{server.base}/api/events", headers=server.bearer(role), timeout=PATIENCE
            ) as events:
                lines: list[str] = []
                for line in events.iter_lines():
                    lines.append(line)
                    if line.startswith("data") and '"text"' in line:
                        break
                    source.push(np.full((48, 64, 3), 90, np.uint8))
            assert "event: stream" in lines
            with httpx.stream(
                "GET", f"{server.base}/video.mjpg", headers=server.bearer(role), timeout=PATIENCE
            ) as video:
                assert "multipart/x-mixed-replace" in video.headers["content-type"]
                start = next(video.iter_bytes())
                assert start.startswith(b"--frame")
            assert named or "Ada" not in "".join(lines)
        assert server.sessions() == 0


def test_a_source_of_the_hosts_that_breaks_off_is_told_where_the_server_was_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = tmp_path / "a.mp4"
    clip.touch()
    for shared in (True, False):
        source = open_source(str(clip))
        stream = Stream(source, lambda: [Finder()], name="a", role=Role.OWNER, shared=shared)
        stream.start()
        stream.join(PATIENCE)
    (told,) = (each for each in caplog.records if each.levelno == logging.WARNING)
    assert told.getMessage().startswith(f"a is not being read: {clip} is empty.")


def test_a_terminal_without_blocks_gets_no_code_of_them() -> None:
    assert qr.terminal("https://host/", "utf-8").count("\n") > 10
    assert qr.terminal("https://host/", "ascii") == ""


def test_an_unknown_stream_is_not_shown() -> None:
    with running() as server:
        assert server.get("/video.mjpg?stream=nothing").status_code == 404
        assert server.get("/api/events?stream=nothing").status_code == 404


def test_health_tells_counts_alone() -> None:
    with running() as server, server.stream() as socket:
        ask(socket, 0, 0.0, jpeg())
        health = server.get("/api/health", None).json()
        assert health.keys() == {"status", "version", "sessions", "limit", "sources", "seconds"}
        assert (health["status"], health["sessions"], health["limit"]) == ("ok", 1, 2)


@pytest.mark.long
def test_a_recording_is_read_through_the_socket() -> None:
    """pytest -m long tests/test_serve.py; through a browser it is read in tests/test_page.py."""
    parser = argparse.ArgumentParser()
    recognizers.add_arguments(parser)
    signs = real.Readers(["signs"], parser.parse_args(["--no-signs-personal"]))
    letters = []
    with running(signs) as server, server.stream() as socket:
        for number, (milliseconds, picture) in enumerate(pictures(RECORDINGS / "jawsclub.mp4")):
            answer = ask(socket, number, milliseconds, picture)
            letters += [each["label"] for each in answer["events"] if each["kind"] == "letter"]
            for each in answer["detections"]:
                left, top, right, bottom = each["box"]
                assert left < right
                assert top < bottom
        socket.send('{"command": "end"}')
        ends = json.loads(socket.recv(timeout=PATIENCE))["events"]
        letters += [each["label"] for each in ends if each["kind"] == "letter"]
    assert "".join(letters) == "JAWSCLUB"
    assert [each["label"] for each in ends if each["kind"] == "word"] == ["JAWSCLUB"]


def test_a_file_begins_when_somebody_looks_and_again_after_its_end(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", count=6)
    make = assembly.shown(str(clip), Readers())  # type: ignore[arg-type]
    with running(sources=[make]) as server:
        stream = server.server.streams.all()[0]
        assert server.get("/api/health", None).json()["sources"] == 1
        assert stream.last is None
        with httpx.stream(
            "GET", f"{server.base}/video.mjpg", headers=server.bearer(), timeout=PATIENCE
        ) as video:
            parts = 0
            for data in video.iter_bytes():
                parts += data.count(b"Content-Length")
                if parts > 8:  # more than the clip has
                    break
        assert parts > 8
    assert not some(stream._thread).is_alive()


def test_how_many_sessions_fit_is_measured() -> None:
    # docs/performance.md: two cores, 10 ms a picture: three were read with 0.7 % left out
    assert capacity.sessions(2, 0.010, 0) == 3
    assert capacity.sessions(2, 0.010, 1) == 2
    assert capacity.sessions(1, 0.080, 3) == 1
    assert capacity.sessions(64, 0.010, 0) == capacity.SEVERAL
    assert capacity.sessions(2, 0.0, 0) == capacity.SEVERAL

    class Busy(Finder):
        seen = 0

        def recognize(self, frame: Frame) -> Findings:
            Busy.seen += 1
            began = time.process_time()
            while time.process_time() - began < 0.002:
                pass
            return super().recognize(frame)

    cost = capacity.frame_cost(Readers(lambda role: [Busy()]))  # type: ignore[arg-type]
    assert cost >= 0.002
    assert Busy.seen == capacity.LOOKS
    with running(limit=1) as server:
        server.server.allow(3)
        assert server.get("/api/health", None).json()["limit"] == 3


def test_the_hosts_sources_go_to_other_programs_too(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", count=4)
    read = Collector()
    named: list[str] = []

    def sinks(name: str) -> list[Collector]:
        named.append(name)
        return [read]

    make = assembly.shown(str(clip), Readers(), sinks)  # type: ignore[arg-type]
    with running(sources=[make]) as server:
        with httpx.stream(
            "GET", f"{server.base}/video.mjpg", headers=server.bearer(), timeout=PATIENCE
        ) as video:
            next(data for data in video.iter_bytes() if b"Content-Length" in data)
        until(lambda: len(read.events) >= 4)
    assert named == [str(clip)]
    assert {each.kind for each in read.events} >= {"letter", "person"}
    arguments = parse(["serve", "clip.mp4", "--mqtt", "mqtt://broker", "--webhook", "http://x/"])
    assert arguments.mqtt == "mqtt://broker"


@pytest.mark.skipif(os.name == "nt", reason="needs the signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_the_exit_code_that_all_commands_have_then(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left: list[int] = []

    def serve(*_: object, **__: object) -> None:
        listening = doors.listen("127.0.0.1", 0)
        page = doors.Door(starlette.applications.Starlette(), listening)
        with listening:
            doors.serve([page], lambda: os.kill(os.getpid(), number), lambda: left.append(1))

    monkeypatch.setattr(assembly, "serve", serve)
    assert main(["serve"]) == 128 + number
    assert left == [1]
    assert capsys.readouterr().err == "livevision: the page is closed\n"
