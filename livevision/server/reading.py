"""A picture or a clip in, what is read in it out: `POST /api/read`."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from livevision import files, pictures, records
from livevision.errors import LivevisionError, OutputError, SourceError
from livevision.frame import Event, Result
from livevision.server import messages, traces
from livevision.server.readers import Readers
from livevision.server.roles import Role
from livevision.server.sessions import problem, read_body
from livevision.server.streams import FullError, Stream, Streams
from livevision.sources import Source, open_source
from livevision.sources.pushed import Pushed

MOST_PICTURE = 20_000_000
"""Bytes of a picture."""
MOST_CLIP = 200_000_000
"""Bytes of a clip: some ten minutes of a phone's."""
MOST_PIXELS = 4096 * 3072
"""Of a picture or a clip's frame: what is larger is refused before it is decoded."""
UPLOAD = 120.0
"""Seconds that sending it may take."""
WORK = 600.0
"""Seconds that reading it may take."""
LEFT = 1.0
"""Seconds between two looks whether whoever asked is still there."""


def clip_suffix(data: bytes) -> str:
    """The file name ending of a clip by its first bytes; empty for anything else.

    Only containers that hold everything themselves: a playlist could name files and addresses.
    """
    if data[4:8] == b"ftyp":
        return ".mp4"
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return ".mkv"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return ".avi"
    return ""


@dataclass(slots=True)
class _Collected:
    """A stream's reader that keeps all events, and the last result."""

    events: list[Event] = field(default_factory=list)
    last: Result | None = None
    frames: int = 0
    error: str = ""
    over: Flag = field(default_factory=Flag)

    def put(self, result: Result) -> None:
        self.events += result.events
        self.frames += self.last is None or result.frame is not self.last.frame
        self.last = result

    def ended(self, error: str) -> None:
        self.error = error
        self.over.set()


@dataclass(slots=True)
class Reading:
    """Answers `POST /api/read`; takes a session's place while it works."""

    streams: Streams
    readers: Readers

    def __post_init__(self) -> None:
        traces.sweep()

    async def read(self, request: Request) -> Response:
        body = await read_body(request, MOST_CLIP, UPLOAD)
        if body is None:
            return problem(413, f"A clip may have {MOST_CLIP:,} bytes, sent in {UPLOAD:g} s.")
        role: Role = request.scope["role"]
        try:
            if size := await asyncio.to_thread(pictures.size, body):
                return await self._picture(request, body, size, role)
            if suffix := clip_suffix(body):
                return await self._clip(request, body, suffix, role)
        except FullError as full:
            return problem(429, str(full), {"retry-after": "5"})
        except SourceError as error:
            return problem(422, str(error))
        return problem(415, "Send a picture (JPEG, PNG, HEIC) or a clip (MP4, MKV, WebM, AVI).")

    async def _picture(
        self, request: Request, body: bytes, size: tuple[int, int], role: Role
    ) -> Response:
        if len(body) > MOST_PICTURE or size[0] * size[1] > MOST_PIXELS:
            return problem(413, f"A picture may have {MOST_PIXELS:,} pixels.")
        image = await asyncio.to_thread(pictures.decode, body)
        source = Pushed("upload", live=False)
        source.push(image, 0.0)
        source.end()
        found = await self._run(request, source, role)
        if found is None or found.last is None:
            return _failed(found)
        return JSONResponse({"frames": 1, **messages.record(found.last), "events": _told(found)})

    async def _clip(self, request: Request, body: bytes, suffix: str, role: Role) -> Response:
        try:
            path = await asyncio.to_thread(_kept, body, suffix)
        except (LivevisionError, OSError) as error:
            return problem(507, f"The clip cannot be kept while it is read: {error}")
        try:
            await asyncio.to_thread(_check_clip, path)
            found = await self._run(request, open_source(str(path)), role)
        except LivevisionError as error:
            if isinstance(error, FullError):
                raise
            return problem(422, str(error).replace(str(path), "the clip"))
        finally:
            with contextlib.suppress(OutputError):
                await asyncio.to_thread(files.erase, path)
        if found is None or found.last is None:
            return _failed(found)
        return JSONResponse(
            {
                "schema": records.SCHEMA,
                "frames": found.frames,
                "seconds": round(found.last.frame.time, 3),
                "events": _told(found),
                "text": found.last.text,
                "error": found.error.replace(str(path), "the clip"),
            }
        )

    async def _run(self, request: Request, source: Source, role: Role) -> _Collected | None:
        """What was found; None if it took too long or nobody waits for it any more."""
        found = _Collected()
        stream = Stream(
            source,
            lambda: self.readers.open(role, live=False),
            name="upload",
            role=role,
            listed=False,
            done=self.streams.forget,
        )
        stream.watch(found)
        self.streams.add(stream)
        try:
            async with asyncio.timeout(WORK):
                while not await asyncio.to_thread(found.over.wait, LEFT):
                    if await request.is_disconnected():
                        return None
        except TimeoutError:
            return None
        finally:
            stream.stop()
            await asyncio.to_thread(stream.join)
        return found


def _failed(found: _Collected | None) -> Response:
    if found is None:
        return problem(503, "Reading it took too long. Send a shorter clip.")
    return problem(422, "Nothing could be read from it.")


def _told(found: _Collected) -> list[dict[str, Any]]:
    return [records.event(each) for each in found.events]


def _kept(body: bytes, suffix: str) -> Path:
    """The clip as a file for its owner alone, for as long as it is being read."""
    folder = traces.prepare()
    number, name = tempfile.mkstemp(suffix, f"{traces.UPLOAD}{os.getpid()}-", folder)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(body)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _check_clip(path: Path) -> None:
    """Raises SourceError for frames that are too large, before one is decoded."""
    import av

    opened: Callable[..., Any] = av.open
    try:
        with opened(str(path)) as container:
            sizes = [each.width * each.height for each in container.streams.video]
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceError("The clip is damaged.") from error
    if not sizes:
        raise SourceError("The clip has no picture.")
    if max(sizes) > MOST_PIXELS:
        raise SourceError(f"A clip's pictures may have {MOST_PIXELS:,} pixels.")
