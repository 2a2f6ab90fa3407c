"""A page's own camera: pictures in, results out, over a WebSocket or one POST a picture."""

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from livevision.frame import Result
from livevision.recognizers.recognizer import Session
from livevision.server import messages, wire
from livevision.server.camera import PageCamera
from livevision.server.doing import Doing, offered
from livevision.server.readers import Readers
from livevision.server.roles import Role
from livevision.server.streams import FullError, Outbox, Stream, Streams

IDLE = 60.0
"""Seconds without a picture after which a session ends, so that a forgotten tab holds no place."""
IDLE_POST = 10.0
"""The same where nothing tells that a tab was closed."""
SWEEP = 1.0
"""Seconds between two looks at who is idle."""
ANSWER = 5.0
"""Seconds that a posted picture waits for its result."""
MOST_COMMAND = 1000
"""Characters of a text message."""
_COMMAND = re.compile(r"[a-z][a-z-]{0,39}|stroke (?:undo|clear|(?:[0-9]{1,4} ){4}[1-9])")
"""One word; or a stroke over the picture: from where to where, in its pixels, and the number of
what it is drawn over."""
_OWN = frozenset({"quit", "pause", "back", "forward", "record", "raw"})
"""Commands that are not a page's to give."""
_SESSION = re.compile(r"[A-Za-z0-9_-]{8,64}")

BAD, IDLE_CODE, FULL, FAILED = 4400, 4408, 4429, 4500
"""Codes with which a WebSocket is closed: what was sent is wrong; nothing was sent for too long, or
the results were not read; all sessions are taken; the session broke off."""


@dataclass(slots=True)
class Sessions:
    """Opens and ends the sessions of pages."""

    streams: Streams
    readers: Readers
    idle: float = IDLE
    _posted: dict[str, "_Posted"] = field(default_factory=dict)

    def open(self, role: Role, identity: str | None = None) -> "Opened":
        """A new session, its thread running. Raises FullError."""
        camera = PageCamera("browser")

        def made() -> Sequence[Session]:
            sessions = self.readers.open(role)
            doing.placed(sessions)
            return sessions

        def done(stream: Stream) -> None:
            doing.close()
            self.streams.forget(stream)

        stream = Stream(camera, made, name="browser", role=role, identity=identity, done=done)
        doing = Doing(
            offered(self.readers.names(role), role), lambda command: stream.controls.send(command)
        )
        self.streams.add(stream)
        return Opened(stream, camera, doing)

    async def socket(self, socket: WebSocket) -> None:
        """`/api/stream`: binary messages are pictures, text ones commands; results come back."""
        await socket.accept()
        try:
            opened = self.open(socket.scope["role"])
        except FullError as full:
            await socket.close(FULL, str(full))
            return
        stream, camera = opened.stream, opened.camera
        outbox = Outbox(opened.message)
        stream.watch(outbox)
        telling = asyncio.create_task(_tell(socket, outbox))
        hearing = asyncio.create_task(self._hear(socket, opened))
        code, reason = 1000, ""
        try:
            done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing in done:
                code, reason = hearing.result()
                if code == 1000:  # what is still pending is told before the end
                    camera.end()
                    await asyncio.wait({telling}, timeout=ANSWER)
            else:
                code, reason = _ending(outbox) if telling.result() else (0, "")
        finally:
            stream.stop()
            for task in (telling, hearing):
                task.cancel()
            await asyncio.gather(telling, hearing, return_exceptions=True)
            stream.leave(outbox)
        if code:
            await _close(socket, code, reason)

    async def _hear(self, socket: WebSocket, opened: "Opened") -> tuple[int, str]:
        """Take in what the page sends; the code and reason to close with, 0 if it has gone."""
        try:
            while True:
                try:
                    message = await asyncio.wait_for(socket.receive(), self.idle)
                except TimeoutError:
                    return IDLE_CODE, "No picture came for a while."
                if message["type"] == "websocket.disconnect":
                    return 0, ""
                opened.stream.touched = time.monotonic()
                if message.get("bytes") is not None:
                    opened.camera.offer(message["bytes"])
                elif not opened.obey(message.get("text") or ""):
                    return 1000, ""
        except wire.BadFrameError as error:
            return BAD, str(error)
        except WebSocketDisconnect:
            return 0, ""

    async def post(self, request: Request) -> Response:
        """`/api/frame?session=`: one picture in, its result out."""
        identity = request.query_params.get("session", "")
        if not _SESSION.fullmatch(identity):
            return problem(400, "Give a session of your own making: 8 to 64 letters and digits.")
        body = await read_body(request, wire.MOST_BYTES)
        if body is None:
            return problem(413, f"A picture may have {wire.MOST_BYTES:,} bytes.")
        role: Role = request.scope["role"]
        posted = self._posted.get(identity)
        if posted is not None and posted.stream.gone.is_set():
            del self._posted[identity]
            posted = None
        if posted is not None and posted.stream.role is not role:
            return problem(403, "This session is somebody else's.")
        if posted is None:
            try:
                posted = self._posted[identity] = _Posted(self.open(role, identity))
            except FullError as full:
                return problem(429, str(full), {"retry-after": "5"})
        try:
            content = await posted.ask(body)
        except wire.BadFrameError as error:
            return problem(400, str(error))
        return JSONResponse(content)

    async def leave(self, request: Request) -> Response:
        """DELETE of the same: the session ends."""
        posted = self._own(request)
        if posted is not None:
            posted.stream.stop()
        return Response(status_code=204)

    async def command(self, request: Request) -> Response:
        """`/api/command?session=`: a button was pressed."""
        body = await read_body(request, MOST_COMMAND)
        posted = self._own(request)
        if posted is None:
            return problem(404, "There is no such session.")
        try:
            posted.opened.obey((body or b"").decode())
        except (wire.BadFrameError, UnicodeDecodeError) as error:
            return problem(400, str(error))
        return Response(status_code=204)

    def _own(self, request: Request) -> "_Posted | None":
        posted = self._posted.get(request.query_params.get("session", ""))
        mine = posted is not None and posted.stream.role is request.scope["role"]
        return posted if mine else None

    async def sweep(self) -> None:
        """End what nobody uses, for ever."""
        while True:
            await asyncio.sleep(SWEEP)
            now = time.monotonic()
            for identity, posted in list(self._posted.items()):
                if posted.stream.gone.is_set():
                    del self._posted[identity]
                elif now - posted.stream.touched > min(IDLE_POST, self.idle):
                    posted.stream.stop()


@dataclass(frozen=True, slots=True)
class Opened:
    """A page's session: its stream, where its pictures go in, and what else it does."""

    stream: Stream
    camera: PageCamera
    doing: Doing

    def message(self, result: Result) -> str:
        """What the page is told of a result; on the stream's thread."""
        shown = result if self.stream.role is Role.OWNER else messages.without_names(result)
        content = messages.record(shown)
        content["sequence"] = self.camera.sequence(result.frame)
        content["stats"]["dropped"] += self.camera.replaced
        content["pictures"] = messages.pictures(shown)
        new, activity = self.doing.see(result)
        if new:
            content["activity"] = activity
        return wire.dumps(content)

    def obey(self, text: str) -> bool:
        """Do what a text message asks for; False if it ends the session. Raises BadFrameError."""
        if len(text) > MOST_COMMAND:
            raise wire.BadFrameError("A command is a short JSON object.")
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, Mapping) and "command" not in content and self.doing.ask(content):
            return True
        command = content.get("command") if isinstance(content, Mapping) else None
        if not isinstance(command, str) or not _COMMAND.fullmatch(command) or command in _OWN:
            raise wire.BadFrameError('A command looks like this: {"command": "backspace"}')
        if command == "end":
            return False
        self.stream.controls.send(command)
        return True


class _Posted:
    """A session whose pictures are posted."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.stream = opened.stream
        self._camera = opened.camera
        self._outbox = Outbox(opened.message)
        self._told: list[dict[str, Any]] = []
        """Results that no answer has held yet."""
        self._lock = asyncio.Lock()
        self.stream.watch(self._outbox)

    async def ask(self, message: bytes) -> dict[str, Any]:
        """The result of this picture, or of a newer one that took its place; the events of others
        before it come along. Raises BadFrameError."""
        self.stream.touched = time.monotonic()
        sent = self._camera.offer(message)
        async with self._lock:
            try:
                async with asyncio.timeout(ANSWER):
                    while not self._told or _before(self._told[-1]["sequence"], sent.sequence):
                        text = await self._outbox.get()
                        if text is None:
                            raise wire.BadFrameError(self._outbox.error or "The session is over.")
                        self._told.append(json.loads(text))
            except TimeoutError:
                pass
            if not self._told:
                return dict(messages.empty(sequence=sent.sequence))
            last = self._told[-1]
            answer = {**last, "events": [each for one in self._told for each in one["events"]]}
            for one in self._told:
                if "activity" in one:
                    answer["activity"] = one["activity"]
                answer["pictures"] = {**answer["pictures"], **one["pictures"]}
            # kept for a picture that this result answers as well, what is new told but once
            self._told = [{**last, "events": [], "pictures": {}}]
            self._told[0].pop("activity", None)
            return answer


def _before(one: int, other: int) -> bool:
    """Whether number `one` comes before `other`, round the corner of 32 bits too."""
    return 0 < (other - one) % 2**32 < 2**31


async def _tell(socket: WebSocket, outbox: Outbox) -> bool:
    """Send everything; False if the page has gone meanwhile."""
    try:
        while (message := await outbox.get()) is not None:
            await socket.send_text(message)
    except (WebSocketDisconnect, RuntimeError):
        return False
    return True


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it was closed meanwhile
        await socket.close(code, reason[:100])


def _ending(outbox: Outbox) -> tuple[int, str]:
    if outbox.overflow:
        return IDLE_CODE, outbox.error or ""
    if outbox.error:
        return (BAD if "picture" in outbox.error else FAILED), outbox.error
    return 1000, ""


def problem(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """What went wrong, in one line that says what to do."""
    return JSONResponse({"error": text}, status, headers=dict(headers or {}))


async def read_body(request: Request, most: int, seconds: float = 10.0) -> bytes | None:
    """The body, or None if it has more than `most` bytes or takes longer than `seconds`."""
    try:
        if int(request.headers.get("content-length", "0")) > most:
            return None
    except ValueError:
        return None
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    return None
                parts.append(part)
    except TimeoutError:
        return None
    return b"".join(parts)
