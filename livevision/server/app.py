"""The server as an ASGI application: which address does what."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from livevision import __version__
from livevision.assets import folder
from livevision.server import assets, qr, shown
from livevision.server.doing import offered
from livevision.server.guard import LOOPBACK, Guard
from livevision.server.keys import Keys
from livevision.server.readers import Readers
from livevision.server.reading import Reading
from livevision.server.roles import Role
from livevision.server.sessions import IDLE, Sessions, problem
from livevision.server.streams import Stream, Streams
from livevision.sinks.overlay import Look

PACKAGE = "livevision.server"
PICTURES = ("handshapes.jpg",)
"""Of the recordings: the page shows how signs are made."""
PAGE, LANGUAGES = "livevision.server.page", "livevision.languages"


@dataclass(frozen=True, slots=True)
class Link:
    """An address with a key in it, for the owner to hand on."""

    what: str
    """Who it is for, in English; the page says it in its own language."""
    address: str


@dataclass(slots=True)
class Server:
    """All that the addresses share."""

    readers: Readers
    keys: Keys
    limit: int
    """Sessions of pages at a time."""
    port: int
    hosts: frozenset[str] = LOOPBACK
    sources: Sequence[Callable[[], Stream]] = ()
    """Make the streams of the host's own sources."""
    idle: float = IDLE
    links: Sequence[Link] = ()
    """What the owner may hand on."""
    trust: tuple[str, str] | None = None
    """Address of the page that tells how to trust the authority, and its fingerprint."""
    look: Look = field(default_factory=Look)
    streams: Streams = field(init=False)
    sessions: Sessions = field(init=False)
    over: bool = field(init=False, default=False)
    """True once it ends: whoever looks on is let go."""
    _began: float = field(init=False, default_factory=time.monotonic)
    _page: dict[str, assets.Asset] = field(init=False)
    _languages: dict[str, assets.Asset] = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.limit)
        self.sessions = Sessions(self.streams, self.readers, self.idle)
        self._page = assets.read(PAGE) | assets.read(PACKAGE)
        for name in PICTURES:
            self._page[name] = assets.file(folder("recordings") / name)
        self._languages = assets.read(LANGUAGES)

    def app(self) -> Guard:
        """The application, behind its guard."""
        routes = [
            Route("/", self._file("index.html")),
            Route("/overlay", self._file("overlay.html")),
            Route("/page/{name}", self._part),
            Route("/languages/{name}", self._language),
            Route("/video.mjpg", self._video),
            WebSocketRoute("/api/stream", self.sessions.socket),
            Route("/api/frame", self.sessions.post, methods=["POST"]),
            Route("/api/frame", self.sessions.leave, methods=["DELETE"]),
            Route("/api/command", self.sessions.command, methods=["POST"]),
            Route("/api/me", self._me),
            Route("/api/events", self._events),
            Route("/api/health", self._health),
            Route("/api/read", Reading(self.streams, self.readers).read, methods=["POST"]),
            Route("/api/share", self._share),
            Route("/api/share/{number:int}.svg", self._code),
            Route("/api/openapi.json", self._file("openapi.json")),
        ]
        return Guard(
            Starlette(routes=routes, lifespan=self._living), self.keys, self.hosts, self.port
        )

    def allow(self, limit: int) -> None:
        """Let so many sessions of pages be open at a time."""
        self.limit = self.streams.limit = limit

    def leave(self) -> None:
        """Let go of whoever is connected; the streams come to their end."""
        self.over = True
        for each in self.streams.all():
            each.stop()

    @contextlib.asynccontextmanager
    async def _living(self, _: Starlette) -> AsyncIterator[None]:
        for make in self.sources:
            self.streams.add(make())
        sweeping = asyncio.create_task(self.sessions.sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
            await asyncio.to_thread(self.streams.close)

    def _file(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        # asynchronous, as the others: what is in memory needs no thread of the pool's
        async def answer(request: Request) -> Response:
            return _asset(request, self._page.get(name))

        return answer

    async def _part(self, request: Request) -> Response:
        return _asset(request, self._page.get(request.path_params["name"]))

    async def _language(self, request: Request) -> Response:
        return _asset(request, self._languages.get(request.path_params["name"]))

    async def _health(self, _: Request) -> Response:
        streams = self.streams.all()
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "sessions": len(self.streams),
                "limit": self.limit,
                "sources": sum(each.shared and not each.gone.is_set() for each in streams),
                "seconds": round(time.monotonic() - self._began, 1),
            }
        )

    async def _me(self, request: Request) -> Response:
        role: Role = request.scope["role"]
        return JSONResponse(
            {
                "role": role.value,
                "version": __version__,
                "recognizers": list(self.readers.names(role)),
                "activities": sorted(offered(self.readers.names(role), role)),
                "sources": shown.listed(self.streams, role),
                "languages": sorted(name.removesuffix(".json") for name in self._languages),
            }
        )

    async def _share(self, _: Request) -> Response:
        content: dict[str, object] = {
            "links": [
                {"what": each.what, "address": each.address, "qr": f"/api/share/{number}.svg"}
                for number, each in enumerate(self.links)
            ]
        }
        if self.trust is not None:
            content["trust"], content["fingerprint"] = self.trust
        return JSONResponse(content)

    async def _code(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(self.links):
            return problem(404, "There is no such link.")
        return Response(qr.svg(self.links[number].address), media_type="image/svg+xml")

    async def _video(self, request: Request) -> Response:
        role: Role = request.scope["role"]
        choose = self._chooser(request)
        if choose is None:
            return problem(404, "There is no such stream, or it is not yours to see.")
        return StreamingResponse(
            shown.pictures(choose, role, self.look, lambda: self.over),
            media_type=f"multipart/x-mixed-replace; boundary={shown.BOUNDARY.decode()}",
        )

    async def _events(self, request: Request) -> Response:
        role: Role = request.scope["role"]
        choose = self._chooser(request)
        if choose is None:
            return problem(404, "There is no such stream, or it is not yours to see.")
        return StreamingResponse(
            shown.events(choose, role, lambda: self.over), media_type="text/event-stream"
        )

    def _chooser(self, request: Request) -> Callable[[], Stream | None] | None:
        """What finds the stream that was asked for; None if it is not to be seen."""
        role: Role = request.scope["role"]
        identity = request.query_params.get("stream", "")
        if identity and self.streams.chosen(identity, role) is None:
            return None
        return lambda: self.streams.chosen(identity, role)


def _asset(request: Request, asset: assets.Asset | None) -> Response:
    if asset is None:
        return problem(404, "There is no such page.")
    headers = {"etag": asset.tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers={**headers, "content-type": asset.type})
