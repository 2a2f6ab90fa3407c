"""The gate through which FFmpeg reaches the network: an HTTP proxy inside the program.

FFmpeg follows redirects, and the addresses in playlists, wherever they lead. Here every connection
is looked at after its host was resolved, and before it is made.
"""

import logging
import re
import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from livevision.closing import Closing
from livevision.sources.addresses import Allowed, resolved

log = logging.getLogger(__name__)

CONNECTING = 5.0
"""Seconds that a server has to take a connection."""
_MOST_HEAD = 1 << 16
_PART = 1 << 16
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FAILED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Gate(Closing):
    """A proxy on this machine for one stream, at `url`; `close` cuts all that runs through it."""

    def __init__(self, allowed: Allowed) -> None:
        self.refused = ""
        """The last host that may not be asked."""
        self.failed = ""
        """Why the last connection that may be made was not."""
        self._allowed = allowed
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._keep(self._server)
        self._start(self._accept)
        return self

    def close(self) -> None:
        """Cut every connection and end; harmless when that was done before."""
        with self._lock:
            self._closed = True
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    each.close()
            self._sockets.clear()

    def join(self, timeout: float) -> None:
        """Wait for its threads."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _start(self, work: object, *about: object) -> None:
        thread = threading.Thread(target=work, args=about, name="gate", daemon=True)  # type: ignore[arg-type]
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _keep(self, each: socket.socket) -> None:
        with self._lock:
            if self._closed:
                each.close()
                raise OSError("the gate is closed")
            self._sockets.add(each)

    def _drop(self, *these: socket.socket) -> None:
        for each in these:
            with self._lock:
                self._sockets.discard(each)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._keep(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        try:
            request = self._request(client)
            if request is None:
                return
            host, port, head, tunnel = request
            try:
                server = self._connect(host, port)
            except OSError as error:
                self.failed = error.strerror or str(error)
                client.sendall(_FAILED)
                return
            if server is None:
                client.sendall(_REFUSED)
                return
            if tunnel:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            server.sendall(head)
            self._start(self._pump, client, server)
            self._pump(server, client)
        except OSError:
            pass  # whoever hung up knows
        except ValueError:  # a redirect or a playlist to a port that there cannot be
            self.failed = "it leads to an address that is none"
        finally:
            self._drop(client, *([server] if server else []))

    def _request(self, client: socket.socket) -> tuple[str, int, bytes, bool] | None:
        """Host, port, what to send there first, and whether it is a tunnel; None for no request."""
        client.settimeout(CONNECTING)
        data = b""
        while b"\r\n\r\n" not in data:
            part = client.recv(_PART)
            if not part or len(data) > _MOST_HEAD:
                return None
            data += part
        client.settimeout(None)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.rpartition(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            return host.strip("[]"), int(port), body, True
        parts = urlsplit(target)
        if parts.scheme != "http" or parts.hostname is None:
            return None
        path = target[len("http://") :]
        path = path[re.match(r"[^/?#]*", path).end() :]  # type: ignore[union-attr]
        kept = [line for line in lines if not line.lower().startswith("proxy-")]
        whole = "\r\n".join([f"{method} {path or '/'} {version}", *kept, "", ""])
        return parts.hostname, parts.port or 80, whole.encode("latin-1") + body, False

    def _connect(self, host: str, port: int) -> socket.socket | None:
        """A connection to `host`; None if it may not be asked. OSError."""
        addresses = self._allowed.of(host, resolved(host, port))
        if not addresses:
            self.refused = host
            log.warning("%s is an address of the local network, and is not asked", host)
            return None
        trouble: OSError = OSError("no address")
        for family, address in addresses:
            server = socket.socket(socket.AddressFamily(family), socket.SOCK_STREAM)
            self._keep(server)
            try:
                server.settimeout(CONNECTING)
                server.connect((address, port))  # the address that was looked at, no other
                server.settimeout(None)
                self.failed = ""
                return server
            except OSError as error:
                trouble = error
                self._drop(server)
        raise trouble

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(_PART):
                target.sendall(data)
        except OSError:
            pass
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
