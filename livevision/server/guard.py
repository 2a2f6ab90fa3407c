"""The door: who may come in, by which name the server may be called, what pages may do.

Every request and WebSocket passes here before anything else looks at it (docs/security.md).
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from livevision.server.keys import Attempts, Keys
from livevision.server.roles import ALL, OWNER, PEOPLE, Role

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset({"/api/health"})
"""For everybody: counts alone."""
WATCHED = ("/overlay", "/video.mjpg", "/api/events", "/page/", "/languages/")
"""For watchers too."""
OWNED = ("/api/faces", "/api/share", "/api/read", "/api/openapi.json")
"""For the owner alone."""
DIRECT = frozenset({"/video.mjpg", "/api/events"})
"""Where a watcher's key may stay in the address: players of video keep no cookies."""
COOKIE_AGE = 180 * 24 * 3600
"""Seconds a browser keeps its cookie; new keys make it worthless at once."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>\d{1,5}))?")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), display-capture=(), "
    "usb=(), serial=(), hid=(), payment=(), browsing-topics=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>livevision</title>
<main><h1>{title}</h1><p>{text}</p><p><a href="{path}">Try again</a></p></main></html>
"""


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The door stays shut."""

    def __init__(self, status: HTTPStatus, text: str, *, wait: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.wait = wait


@dataclass(slots=True)
class Guard:
    """An ASGI application that lets others through to `app`; `scope["role"]` tells who they are."""

    app: App
    keys: Keys
    hosts: frozenset[str]
    """Names by which the server may be called, lower case, without a port."""
    port: int
    """Of the name of its cookies: browsers share them among all ports of a machine."""
    attempts: Attempts = field(default_factory=Attempts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        shielded = self._shielded(send) if scope["type"] == "http" else send
        try:
            self._check_names(scope, headers)
            scope["role"], redirect = self._admit(scope, headers)
        except Refused as refused:
            await _refuse(refused, scope, headers, shielded)
            return
        if redirect is not None:
            await _answer(shielded, HTTPStatus.SEE_OTHER, b"", redirect)
            return
        await self.app(scope, receive, shielded)

    def _check_names(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """No other name of ours (DNS rebinding), and no other site's request (CSRF)."""
        host = headers.get("host", "").lower()
        match = _HOST.fullmatch(host)
        if match is None or match["name"] not in self.hosts:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "The server is not known by this name. Start it with --allowed-host NAME.",
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin.lower()).netloc != host:
            raise Refused(HTTPStatus.FORBIDDEN, "Another site's pages may not come in.")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin"):
            # a link may lead here, but no other page may show or fetch anything of ours: cookies
            # are sent to every port of a machine, and its other ports are "same-site"
            top = headers.get("sec-fetch-dest") == "document" and scope.get("method") == "GET"
            if not top:
                raise Refused(HTTPStatus.FORBIDDEN, "Another site's pages may not come in.")

    def _admit(
        self, scope: Scope, headers: Mapping[str, str]
    ) -> tuple[Role | None, dict[str, str] | None]:
        """Who comes in; and where to send them first, to take their key out of the address."""
        path = scope["path"]
        allowed = _allowed(path)
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        token = next((value for name, value in query if name == "token"), None)
        bearer = headers.get("authorization", "")
        role = self._cookie_role(headers)
        redirect = None
        if token is not None or bearer:
            role = self._key_role(
                token if token is not None else bearer.removeprefix("Bearer ").strip(), scope
            )
            if token is not None and scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
                direct = role is Role.WATCH and path in DIRECT
                redirect = None if direct else self._redirect(scope, role, query)
            elif token is not None and (scope["type"] == "http" or "origin" in headers):
                raise Refused(
                    HTTPStatus.FORBIDDEN, "Send the key as 'Authorization: Bearer KEY' here."
                )
        if path in OPEN:
            return role, redirect
        if role is None:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "Open the link that livevision printed when it started: it holds the key.",
            )
        if role not in allowed and redirect is None:
            raise Refused(HTTPStatus.FORBIDDEN, "This key does not open that.")
        return role, redirect

    def _key_role(self, word: str, scope: Scope) -> Role:
        """Whose key it is; wrong ones are counted, and after some its address has to wait."""
        address = (scope.get("client") or ("unknown", 0))[0]
        wait = self.attempts.wait(address)
        if wait > 0:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong keys. Wait a minute.", wait=wait
            )
        role = self.keys.role(word)
        if role is None:
            self.attempts.wrong(address)
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "The key is wrong. Open the link that livevision printed when it started.",
            )
        return role

    def _cookie_name(self, role: Role) -> str:
        return f"livevision-{self.port}-{role.value}"

    def _cookie_role(self, headers: Mapping[str, str]) -> Role | None:
        """The strongest role whose cookie the browser has."""
        found: dict[str, str] = {}
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            found[name] = value
        for role in Role:
            cookie = found.get(self._cookie_name(role))
            if cookie is not None and self.keys.cookie_role(role, cookie):
                return role
        return None

    def _redirect(
        self, scope: Scope, role: Role, query: Iterable[tuple[str, str]]
    ) -> dict[str, str]:
        """Headers that set the cookie and lead to the same place without the key."""
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        path = "/" + scope["path"].lstrip("/")  # never //another.site
        if not re.fullmatch(r"[A-Za-z0-9/._-]*", path):
            path = "/"
        secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
        cookie = (
            f"{self._cookie_name(role)}={self.keys.cookie(role)}; Path=/; HttpOnly; "
            f"SameSite=Strict; Max-Age={COOKIE_AGE}{secure}"
        )
        return {"location": path + ("?" + rest if rest else ""), "set-cookie": cookie}

    def _shielded(self, send: Send) -> Send:
        """`send` that adds what browsers have to know to every answer."""

        async def shield(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                more = [
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in given
                ]
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        return shield


def _allowed(path: str) -> frozenset[Role]:
    if path.startswith(WATCHED):
        return ALL
    return OWNER if path.startswith(OWNED) else PEOPLE


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of one given twice nothing, for nobody can tell which counts."""
    found: dict[str, str] = {}
    for name, value in scope.get("headers", ()):
        key = name.decode("latin-1").lower()
        if key in found and key in ("host", "origin", "authorization"):
            found[key] = ""
        elif key == "cookie" and key in found:
            found[key] += "; " + value.decode("latin-1")
        else:
            found[key] = value.decode("latin-1")
    return found


async def _refuse(refused: Refused, scope: Scope, headers: Mapping[str, str], send: Send) -> None:
    if scope["type"] == "websocket":  # before it was accepted: reaches clients as HTTP 403
        await send({"type": "websocket.close", "code": 4403, "reason": refused.text[:100]})
        return
    more = {}
    if refused.wait:
        more["retry-after"] = str(int(refused.wait) + 1)
    if "text/html" in headers.get("accept", ""):
        more["content-type"] = "text/html; charset=utf-8"
        title = "livevision is locked"
        body = _REFUSED.format(title=title, text=refused.text, path="/").encode()
    else:
        more["content-type"] = "text/plain; charset=utf-8"
        body = f"{refused.text}\n".encode()
    await _answer(send, refused.status, body, more)


async def _answer(send: Send, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": raw})
    await send({"type": "http.response.body", "body": body})
