"""The gate for RTSP: a relay on this machine between FFmpeg and the camera.

FFmpeg follows a camera's redirect to any address, and sends to whatever address its answer names.
So until the stream plays, every answer is taken apart here and written anew: a redirect leads back
to the relay, which looks at the new address before it is asked.
"""

import ipaddress
import re
import selectors
import socket
import ssl
from contextlib import suppress
from typing import Any, Self

from livevision.sources.addresses import Allowed
from livevision.sources.gate import CONNECTING, Gate

_PORTS = {"rtsp": 554, "rtsps": 322}
_URL = re.compile(
    r"(rtsps?)://(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^/?#@:\[\]]*)(?::(\d{1,5}))?([/?#].*)?",
    re.IGNORECASE,
)
_STATUS = re.compile(rb"RTSP/1\.\d +(\d{3})(?: +([ -~]*))?")
_MOST_HEAD = 1 << 16
_MOST_BODY = 1 << 20
_MOST_LINE = 4096
"""Bytes; FFmpeg cuts off longer ones."""
_PART = 1 << 16
_MOST_REDIRECTS = 5
_GLANCE = 0.5
"""Seconds between two looks whether the gate was closed."""


class UnreadableError(OSError):
    """What came is not RTSP."""


def parts(url: str) -> tuple[bool, str, str, int, str] | None:
    """Whether by TLS, user and password with "@", host, port and the rest of an RTSP address.

    The host is the one that FFmpeg would ask. None for no such address.
    """
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme, user, host, port, rest = found.groups()
    scheme = scheme.lower()
    number = int(port or _PORTS[scheme])
    return scheme == "rtsps", f"{user}@" if user else "", host.strip("[]"), number, rest or ""


class RtspGate(Gate):
    """A relay for one address, to be asked at `url`."""

    def __init__(self, allowed: Allowed, address: str) -> None:
        """ValueError if `address` is none of RTSP."""
        super().__init__(allowed)
        found = parts(address)
        if found is None:
            raise ValueError("not an address of RTSP")
        self._tls, self._user, self._host, self._port, self._rest = found
        self._redirects = 0

    def __enter__(self) -> Self:
        super().__enter__()
        self._own = self.url.rpartition("/")[2]
        self.url = f"rtsp://{self._user}{self._own}{self._rest}"
        return self

    def moved(self, address: str) -> str:
        """The address that FFmpeg is told instead of one to which a camera leads.

        Raises UnreadableError for one that cannot be asked, or too many of them.
        """
        found = parts(address.strip())
        self._redirects += 1
        if found is None or self._redirects > _MOST_REDIRECTS:
            raise UnreadableError("led astray")
        self._tls, user, self._host, self._port, rest = found
        return f"rtsp://{user}{self._own}{rest}"

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        try:
            try:
                server = self._connect(self._host, self._port)
                if server is not None and self._tls:
                    server = self._sealed(server)
            except OSError as error:
                self.failed = error.strerror or str(error)
                return
            if server is not None:
                self._relay(client, server)
        except OSError:
            pass  # whoever hung up knows
        finally:
            self._drop(client, *([server] if server else []))

    def _sealed(self, server: socket.socket) -> ssl.SSLSocket:
        """By TLS, as FFmpeg does it: cameras sign their certificates themselves."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        server.settimeout(CONNECTING)
        try:
            sealed = context.wrap_socket(server, server_hostname=self._host)
        finally:
            self._drop(server)  # its connection belongs to the sealed one
        self._keep(sealed)
        sealed.settimeout(None)
        return sealed

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        """Both ways on one thread: a TLS connection is not for two."""
        answers = Answers(self, str(server.getpeername()[0]))
        plays = False
        """From then on FFmpeg follows no redirect."""
        with selectors.DefaultSelector() as selector:
            for each in (client, server):
                selector.register(each, selectors.EVENT_READ)
            while not self._closed:
                if isinstance(server, ssl.SSLSocket) and server.pending():
                    ready: list[Any] = [server]
                else:  # a socket that another thread closes wakes nobody for certain
                    ready = [key.fileobj for key, _ in selector.select(_GLANCE)]
                for each in ready:
                    data = each.recv(_PART)
                    if not data:
                        return
                    if each is client:
                        plays = plays or data.startswith(b"PLAY ")
                        server.sendall(data)
                    else:
                        client.sendall(data if plays and not answers.rest else answers.feed(data))


class Answers:
    """What a camera answers, taken apart and written anew.

    FFmpeg reads lines leniently (without "\\r", up to a zero byte), so nothing is handed on that
    could be read otherwise than it was here.
    """

    def __init__(self, gate: RtspGate, address: str) -> None:
        """`address` is the camera's, to which alone anything is sent by UDP."""
        self.rest = b""
        """The beginning of an answer whose end has yet to come."""
        self._gate = gate
        self._address = address

    def feed(self, data: bytes) -> bytes:
        """What FFmpeg is to get; UnreadableError for what is no RTSP."""
        self.rest += data
        ready = []
        while (done := self._next()) is not None:
            ready.append(done)
        return b"".join(ready)

    def _next(self) -> bytes | None:
        if self.rest.startswith(b"$"):  # a packet between two answers
            size = 4 + int.from_bytes(self.rest[2:4])
            if len(self.rest) < max(4, size):
                return None
            packet, self.rest = self.rest[:size], self.rest[size:]
            return packet
        end = re.search(rb"\r?\n\r?\n", self.rest)
        if end is None:
            if len(self.rest) > _MOST_HEAD:
                raise UnreadableError("an answer without an end")
            return None
        lines = self.rest[: end.start()].replace(b"\r", b"").split(b"\n")
        size = _length(lines)
        if len(self.rest) < end.end() + size:
            return None
        body = self.rest[end.end() : end.end() + size]
        self.rest = self.rest[end.end() + size :]
        while lines and not lines[0]:
            del lines[0]  # an empty line before an answer is none
        return self._anew(lines, body) if lines else b""

    def _anew(self, lines: list[bytes], body: bytes) -> bytes:
        first, heads = lines[0].strip(), lines[1:]
        status = _STATUS.fullmatch(first)
        if (status is None and first.startswith(b"RTSP/")) or not _clean(first):
            raise UnreadableError("an answer without a number")
        kept, leads = [], b""
        for line in heads:
            name, _, value = line.partition(b":")
            match name.strip().lower():
                case b"location":
                    leads = value
                case b"content-length":
                    pass
                case b"transport":
                    kept.append(name + b":" + self._transport(value))
                case _ if _clean(line):
                    kept.append(line)
        if status is not None and status[1].startswith(b"3"):
            kept.append(b"Location: " + self._gate.moved(leads.decode("latin-1")).encode("latin-1"))
        if body:
            kept.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join([first, *filter(_clean, kept), b"", b""]) + body

    def _transport(self, value: bytes) -> bytes:
        """With the camera's own address in place of whatever it names."""
        ways = []
        for way in value.strip().split(b","):
            words = [each for each in way.split(b";") if not _leads_elsewhere(each)]
            if b"/TCP" not in words[0].upper():
                words.append(b"source=" + self._address.partition("%")[0].encode())
            ways.append(b";".join(words))
        return b" " + b",".join(ways)


def _leads_elsewhere(word: bytes) -> bool:
    """Whether a part of a Transport header names an address that is no multicast group."""
    name, _, value = word.strip().partition(b"=")
    if name.lower() != b"destination":
        return name.lower() == b"source"
    try:
        return not ipaddress.ip_address(value.decode("latin-1")).is_multicast
    except ValueError:
        return True


def _clean(line: bytes) -> bool:
    """Whether a line is one to FFmpeg as well."""
    return len(line) < _MOST_LINE and not re.search(rb"[\x00-\x08\x0a-\x1f]", line)


def _length(lines: list[bytes]) -> int:
    """Bytes of the answer's body."""
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            with suppress(ValueError):
                if 0 <= (length := int(value)) <= _MOST_BODY:
                    return length
            raise UnreadableError("an answer of a length that cannot be")
    return 0
