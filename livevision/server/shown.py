"""The host's own cameras, files and URLs, for everyone who may look; and pictures of any stream."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import cv2
import numpy as np

from livevision import records
from livevision.frame import Image, Result
from livevision.server import messages, wire
from livevision.server.roles import Role
from livevision.server.streams import Newest, Outbox, Stream, Streams
from livevision.sinks.overlay import Look, annotate

log = logging.getLogger(__name__)

QUALITY = 80
"""Of JPEGs, 0 to 100."""
FASTEST = 1 / 30
"""Seconds between two pictures for one who looks on."""
BREATH = 15.0
"""Seconds after which a silent stream of events says that it is alive."""
GONE = 0.5
"""Seconds between two looks for a stream to follow."""
BOUNDARY = b"frame"


def jpeg(image: Image) -> bytes:
    """`image` as a JPEG."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError("the picture cannot be encoded")
    return cast("np.ndarray[tuple[int], np.dtype[np.uint8]]", data).tobytes()


async def pictures(
    choose: Callable[[], Stream | None], role: Role, look: Look, over: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """A stream's pictures with their overlay, as parts of multipart/x-mixed-replace."""
    yield b"--%b\r\n" % BOUNDARY
    while not over():
        stream = choose()
        if stream is None:
            await asyncio.sleep(GONE)
            continue
        newest = Newest()
        stream.watch(newest)
        try:
            if stream.last is not None:
                yield _part(await asyncio.to_thread(_drawn, stream.last, role, look))
            while (result := await newest.get()) is not None:
                yield _part(await asyncio.to_thread(_drawn, result, role, look))
                await asyncio.sleep(FASTEST)
        finally:
            stream.leave(newest)
        await asyncio.sleep(GONE)


def _drawn(result: Result, role: Role, look: Look) -> bytes:
    return jpeg(annotate(result if role is Role.OWNER else messages.without_names(result), look))


def _part(data: bytes) -> bytes:
    """A picture, and the boundary after it: browsers show it only once that has come."""
    return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--%b\r\n" % (
        len(data),
        data,
        BOUNDARY,
    )


async def events(
    choose: Callable[[], Stream | None], role: Role, over: Callable[[], bool]
) -> AsyncIterator[str]:
    """What a stream reads, as server-sent events: `event` for each that is over, `text` for the
    running text whenever it changes, `hints` likewise, `stream` when another one is followed, with
    the id null when that is over."""
    yield "retry: 1000\n\n"
    followed: Stream | None = None
    while not over():
        stream = choose()
        if stream is None or (stream is followed and stream.gone.is_set()):
            if followed is not None and stream is not followed:
                followed = None
                yield _event("stream", {"id": None})
            yield ": alive\n\n"
            await asyncio.sleep(GONE)
            continue
        followed = stream
        yield _event("stream", {"id": stream.id, "name": stream.name})
        teller = _Teller(role)
        outbox = Outbox(teller.tell)
        if stream.last is not None:
            yield teller.tell(stream.last, again=True)
        stream.watch(outbox)
        try:
            while True:
                try:
                    message = await asyncio.wait_for(outbox.get(), BREATH)
                except TimeoutError:
                    yield ": alive\n\n"
                    continue
                if message is None:
                    break
                yield message
        finally:
            stream.leave(outbox)
        if stream.gone.is_set() and not stream.waits:
            yield _event("stream", {"id": None})


class _Teller:
    """Tells of a result what is new."""

    def __init__(self, role: Role) -> None:
        self._role = role
        self._text: str | None = None
        self._hints: Sequence[str] = ()

    def tell(self, result: Result, *, again: bool = False) -> str:
        """With `again` its events were told before."""
        if self._role is not Role.OWNER:
            result = messages.without_names(result)
        parts = []
        if not again:
            parts = [_event("event", records.event(each)) for each in result.events]
        if result.text != self._text:
            self._text = result.text
            parts.append(_event("text", {"text": result.text, "time": result.frame.time}))
        if result.hints != self._hints:
            self._hints = result.hints
            parts.append(_event("hints", {"hints": list(result.hints)}))
        return "".join(parts)


def _event(name: str, content: object) -> str:
    return f"event: {name}\ndata: {wire.dumps(cast(dict[str, object], content))}\n\n"


def listed(streams: Streams, role: Role) -> list[dict[str, object]]:
    """The host's own sources, for the page."""
    return [
        {"id": each.id, "name": each.name, "live": each.source.live, "ended": each.gone.is_set()}
        for each in streams.all()
        if each.shared
    ]
