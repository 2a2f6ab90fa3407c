"""Runs the server until it is told to end."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

import uvicorn

from livevision import signals
from livevision.errors import UsageError
from livevision.server.guard import App
from livevision.server.wire import MOST_BYTES

CONNECTIONS = 200
"""At a time: pages have a handful each."""
GRACE = 3
"""Seconds that open connections get at the end."""
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Door:
    """One address at which an application is served."""

    app: App
    socket: socket.socket
    """Listening (`listen`)."""
    certificate: str | None = None
    """Files in PEM form, for https."""
    key: str | None = None
    lifespan: bool = True
    """Whether starting and ending it starts and ends the application."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError if the address is taken, or not ours."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"Cannot listen at {host}: {error.strerror}. Check --bind.") from error
    try:
        if os.name == "posix":  # elsewhere it would let two programs have one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        raise UsageError(
            f"Cannot listen at {host}, port {port}: {error.strerror}. "
            "Choose another with --port, or end the program that has it."
        ) from error
    return found


class _Server(uvicorn.Server):
    """One that leaves signals alone: one of several must not take them all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(doors: Sequence[Door], ready: Callable[[], None], leave: Callable[[], None]) -> None:
    """Serve all doors until Ctrl-C, or another of the signals that end the program.

    `ready` is called once they are open; `leave` once it ends, to let go of whoever is connected.
    Raises KeyboardInterrupt once all are closed, if a signal ended it.
    """

    async def until_told() -> None:
        with _told_by_signals() as told:
            await serving(doors, ready, leave, told)

    with signals.deferred():
        asyncio.run(until_told())
        signals.check()


async def serving(
    doors: Sequence[Door],
    ready: Callable[[], None],
    leave: Callable[[], None],
    told: asyncio.Event,
) -> None:
    """The same until `told` is set."""
    servers = [_Server(_config(door)) for door in doors]
    tasks = [
        asyncio.create_task(server.serve(sockets=[door.socket]))
        for server, door in zip(servers, doors, strict=True)
    ]
    waiting = asyncio.create_task(told.wait())
    try:
        while not all(server.started for server in servers) and not any(t.done() for t in tasks):
            await asyncio.sleep(0.01)
        ready()
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        leave()
        waiting.cancel()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, waiting, return_exceptions=True)


@contextlib.contextmanager
def _told_by_signals() -> Iterator[asyncio.Event]:
    """An event that what ends the program sets too; waiting for it breaks off nothing else."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    earlier: dict[int, Callable[[int, FrameType | None], object]] = {}

    def tell(number: int, frame: FrameType | None) -> None:
        earlier[number](number, frame)  # within `signals.deferred` it but takes note
        loop.call_soon_threadsafe(told.set)

    for each in signals.ENDING:
        handler = signal.getsignal(each)
        if callable(handler):  # not under nohup
            earlier[each] = handler
            signal.signal(each, tell)
    try:
        yield told
    finally:
        for each, handler in earlier.items():
            signal.signal(each, handler)


def _config(door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        door.app,
        log_config=None,
        log_level="warning",  # below it addresses and headers are logged, which hold keys
        access_log=False,  # addresses may hold keys
        server_header=False,
        proxy_headers=False,
        lifespan="on" if door.lifespan else "off",
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES + 1024,
        ws_max_queue=4,
        ws_per_message_deflate=False,  # JPEGs do not get smaller, and bombs would get larger
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        limit_concurrency=CONNECTIONS,
        backlog=_BACKLOG,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=door.certificate,
        ssl_keyfile=door.key,
    )
