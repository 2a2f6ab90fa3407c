"""The page's server on loopback, in this process, for tests to talk to."""

import asyncio
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
from uvicorn import server as uvicorn_server
from websockets.sync.client import ClientConnection, connect

from livevision.frame import Box, Detection, Event, Findings, Frame
from livevision.recognizers.recognizer import Session
from livevision.server import keys as door_keys
from livevision.server.app import Server
from livevision.server.guard import LOOPBACK
from livevision.server.roles import Role
from livevision.server.running import Door, listen, serving

HEADER = struct.Struct("<IdB3x")
PATIENCE = 180.0
"""Seconds that anything may take before a test gives it up, on a machine that has much to do."""


class _Hurried:
    """asyncio, but for its sleep: a server looks every 10 ms, not every 100, whether it shall end.

    With a server for almost every test that is a quarter of a minute in all.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


vars(uvicorn_server)["asyncio"] = _Hurried()


class Finder(Session):
    """Finds a hand and a face in every picture; a letter and a person end with each."""

    def __init__(self, *, go: threading.Event | None = None) -> None:
        """It waits for `go` with every picture."""
        self.go = go
        self.text = ""
        self.commands: list[str] = []

    def recognize(self, frame: Frame) -> Findings:
        assert self.go is None or self.go.wait(PATIENCE)
        self.text += "A"
        height, width = frame.image.shape[:2]
        return Findings(
            (
                Detection("hand", Box(1, 2, width // 2, height // 2), "A", 0.9, 1),
                Detection("face", Box(0, 0, width, height), "Ada", 0.8, 2),
            ),
            (
                Event("letter", "A", frame.time, frame.time, 0.9),
                Event("person", "Ada", 0.0, frame.time, 0.8),
            ),
            self.text,
        )

    def finish(self) -> Findings:
        return Findings(events=(Event("word", self.text, 0.0, 1.0, 0.9),), text=self.text)

    def command(self, name: str) -> None:
        self.commands.append(name)
        if name == "clear":
            self.text = ""


class Readers:
    """Stands in for the program's own where no model is needed."""

    def __init__(
        self,
        make: Callable[[Role], Sequence[Session]] | None = None,
        names: Sequence[str] = ("signs",),
    ) -> None:
        self._make = make or (lambda role: [Finder()])
        self._names = list(names)

    def names(self, role: Role) -> list[str]:
        return self._names

    def open(self, role: Role, *, live: bool = True) -> Sequence[Session]:
        return self._make(role)


class Running:
    """A server that answers."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def key(self, role: Role = Role.OWNER) -> str:
        return self.server.keys.of(role)

    def bearer(self, role: Role = Role.OWNER) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(role)}"}

    def cookie(self, role: Role = Role.OWNER) -> dict[str, str]:
        name = f"livevision-{self.port}-{role.value}"
        return {"Cookie": f"{name}={self.server.keys.cookie(role)}"}

    def get(self, path: str, role: Role | None = Role.OWNER, **more: Any) -> httpx.Response:
        headers = {**({} if role is None else self.bearer(role)), **more.pop("headers", {})}
        return httpx.get(self.base + path, headers=headers, timeout=PATIENCE, **more)

    def post(self, path: str, role: Role | None = Role.OWNER, **more: Any) -> httpx.Response:
        headers = {**({} if role is None else self.bearer(role)), **more.pop("headers", {})}
        return httpx.post(self.base + path, headers=headers, timeout=PATIENCE, **more)

    def stream(self, role: Role | None = Role.OWNER, **more: Any) -> ClientConnection:
        headers = {**({} if role is None else self.bearer(role)), **more.pop("headers", {})}
        address = f"ws://127.0.0.1:{self.port}/api/stream"
        made: ClientConnection = connect(
            address,
            additional_headers=headers,
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            **more,
        )
        return made

    def sessions(self) -> int:
        return int(self.get("/api/health", None).json()["sessions"])

    def empty(self) -> float:
        """Wait until no session is open; the seconds that it took."""
        began = time.monotonic()
        until(lambda: not self.sessions(), "a session was not freed")
        return time.monotonic() - began


def until(what: Callable[[], object], failure: str = "it did not happen") -> None:
    """Wait for a condition, with AssertionError after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, failure
        time.sleep(0.01)


@contextmanager
def running(readers: Any = None, *, limit: int = 2, **more: Any) -> Iterator[Running]:
    """A server in a thread of this process."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    hosts = LOOPBACK | frozenset(more.pop("hosts", ()))
    reading: Any = readers or Readers()
    server = Server(reading, door_keys.fresh(), limit, port, hosts=hosts, **more)
    with _going(Door(server.app(), listening), server.leave):
        yield Running(server, port)


@contextmanager
def served(app: Any) -> Iterator[int]:
    """Another application in a thread of this process; its port."""
    listening = listen("127.0.0.1", 0)
    with _going(Door(app, listening, lifespan=False), lambda: None):
        yield listening.getsockname()[1]


@contextmanager
def _going(door: Door, leave: Callable[[], None]) -> Iterator[None]:
    told: list[Any] = []
    ready = threading.Event()

    async def main() -> None:
        told.extend((asyncio.get_running_loop(), asyncio.Event()))
        await serving([door], ready.set, leave, told[1])

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield
    finally:
        told[0].call_soon_threadsafe(told[1].set)
        thread.join(PATIENCE)
        door.socket.close()
        assert not thread.is_alive()


def jpeg(size: tuple[int, int] = (64, 48), level: int = 90) -> bytes:
    picture = np.full((size[1], size[0], 3), level, np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def message(sequence: int, milliseconds: float, picture: bytes) -> bytes:
    return HEADER.pack(sequence, milliseconds, 0) + picture


def ask(socket: ClientConnection, sequence: int, milliseconds: float, picture: bytes) -> Any:
    """Send a picture, and wait for its result."""
    socket.send(message(sequence, milliseconds, picture))
    while True:
        answer = json.loads(socket.recv(timeout=PATIENCE))
        if answer["sequence"] == sequence:
            return answer


def pictures(clip: Path) -> Iterator[tuple[float, bytes]]:
    """Times in milliseconds, and JPEGs, of a clip."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="bgr24")
            yield float(frame.time) * 1000, cv2.imencode(".jpg", image)[1].tobytes()
