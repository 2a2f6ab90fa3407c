"""The one page that is served without a key and without encryption: how to trust the authority.

It holds no secret: the authority's certificate is public, and its fingerprint is compared with the
one that the program printed.
"""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livevision.server import assets
from livevision.server.authority import Authority
from livevision.server.guard import HEADERS, Message, Receive, Scope, Send

PAGE = "livevision.server.page"
CERTIFICATE = "/livevision.crt"


def app(authority: Authority, address: str, hosts: Sequence[str]) -> "TrustPage":
    """The page as an ASGI application; `address` is where livevision itself is found."""
    page = assets.read(PAGE)
    text = Template(page["trust.html"].content.decode()).substitute(
        fingerprint=escape(authority.fingerprint), address=escape(address), certificate=CERTIFICATE
    )

    def show(_: Request) -> Response:
        return Response(text, media_type="text/html")

    def certificate(_: Request) -> Response:
        return Response(
            authority.der,
            media_type="application/x-x509-ca-cert",
            headers={"content-disposition": 'attachment; filename="livevision.crt"'},
        )

    def style(_: Request) -> Response:
        return Response(page["trust.css"].content, media_type="text/css")

    routes = [
        Route("/", show),
        Route(CERTIFICATE, certificate),
        Route("/page/trust.css", style),
    ]
    return TrustPage(Starlette(routes=routes), frozenset(hosts))


class TrustPage:
    """Adds what browsers have to know, and answers by this host's own names alone."""

    def __init__(self, inner: Starlette, hosts: frozenset[str]) -> None:
        self._inner = inner
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found: Mapping[bytes, bytes] = dict(scope["headers"])
        host = found.get(b"host", b"").decode("latin-1").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name not in self._hosts:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"Not known by this name.\n"})
            return

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        await self._inner(scope, receive, shielded)
