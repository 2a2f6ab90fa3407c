"""What was read, to a web address: JSON of schema 2, signed.

Each request has `X-Livevision-Id`, the same when it is tried again; with a secret also
`X-Livevision-Signature: t=SECONDS,v1=HEX`, the HMAC-SHA256 of "SECONDS." and the body.
"""

import hashlib
import hmac
import http.client
import json
import logging
import queue
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

from livevision import __version__, records
from livevision.frame import Result
from livevision.sinks.secrets import address, secret
from livevision.sinks.sink import Sink

log = logging.getLogger(__name__)

WAITING = 200
"""Requests that may wait; then new ones are left out and counted."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between one try and the next; after the last, the request is given up."""
PATIENCE = 10.0
"""Seconds that an answer may take."""
LAST = 5.0
"""Seconds that all that waits may take at the end."""
VARIABLE = "LIVEVISION_WEBHOOK_SECRET"
_TOO_MANY = 429
_AS_IT_IS = "%/:?#[]@!$&'()*+,;="
"""What a path and its query are written with (RFC 3986); all else is written as %XX."""
_LONGEST = 4096
"""Bytes of an answer that are read; nothing is made of them."""


def sign(body: bytes, key: str, seconds: int) -> str:
    """The signature of a body that is sent at `seconds` since 1970."""
    content = str(seconds).encode() + b"." + body
    return f"t={seconds},v1={hmac.new(key.encode(), content, hashlib.sha256).hexdigest()}"


class Webhook(Sink):
    """Posts the events of every result that has some, in their order, from a thread of its own.

    A server that is slow, down or in trouble (5xx, 429) is tried again; one that refuses (other
    4xx, a redirect) is not. Redirects are never followed: they would lead where nobody asked.
    """

    def __init__(
        self,
        url: str,
        *,
        source: str,
        secret_file: Path | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Raises UsageError if `url` is no http or https address. `wait` stands for `sleep`."""
        how = f"use a secret (--webhook-secret-file, or the variable {VARIABLE})"
        self._url = address(url, "--webhook", ("http", "https"), how)
        self.name = "webhook"
        self._source = source
        self._key = secret(secret_file, VARIABLE)
        self._requests: queue.Queue[tuple[str, bytes] | None] = queue.Queue(WAITING)
        self._ends = threading.Event()
        self._wait = wait or self._ends.wait
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Requests that were left out or given up."""

    def __enter__(self) -> Self:
        self._ends.clear()
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()
        return self

    def write(self, result: Result) -> None:
        if not result.events:
            return
        content = {
            "schema": records.SCHEMA,
            "source": self._source,
            "events": [records.event(each) for each in result.events],
        }
        body = json.dumps(records.finite(content)).encode()
        try:
            self._requests.put_nowait((str(uuid.uuid4()), body))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        deadline = time.monotonic() + LAST
        with suppress(queue.Full):
            self._requests.put(None, timeout=LAST)
        thread.join(max(0.0, deadline - time.monotonic()))
        self._ends.set()  # no more patience with a server that is away
        thread.join(PATIENCE + LAST)
        if self.dropped:
            log.warning("%d requests to the webhook were left out", self.dropped)

    def _work(self) -> None:
        while not self._ends.is_set():
            try:
                request = self._requests.get(timeout=0.5)
            except queue.Empty:
                continue
            if request is None:
                return
            if not self._deliver(*request):
                self.dropped += 1

    def _deliver(self, identity: str, body: bytes) -> bool:
        """Try until it is taken, refused, or hopeless."""
        for pause in (*PAUSES, None):
            try:
                status = self._post(identity, body)
            except (OSError, ValueError, http.client.HTTPException) as error:
                why = str(error) or type(error).__name__
            else:
                if 200 <= status < 300:
                    return True
                if status < 500 and status != _TOO_MANY:
                    log.warning("The webhook refuses with status %d; not tried again", status)
                    return False
                why = f"status {status}"
            log.info("the webhook does not take it (%s)", why)
            if pause is None or self._ends.is_set():
                break
            self._wait(pause)
        log.warning("The webhook did not take what was read: %s", why)
        return False

    def _post(self, identity: str, body: bytes) -> int:
        """One try; the answer's status."""
        url = self._url
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=PATIENCE)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"livevision/{__version__}",
            "X-Livevision-Id": identity,
        }
        if self._key:
            headers["X-Livevision-Signature"] = sign(body, self._key, int(time.time()))
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        target = quote(target, safe=_AS_IT_IS)
        # each part of an answer that drips has its own time; this is for all of it
        enough = threading.Timer(PATIENCE, _cut, (connection,))
        enough.daemon = True
        enough.start()
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(_LONGEST)
            return answer.status
        finally:
            enough.cancel()
            connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    """Let whoever reads from a connection go on."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
