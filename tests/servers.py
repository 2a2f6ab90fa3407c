"""Servers on loopback that tests can slow down, stop, restart, and make talk rubbish."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from ports import free_port


def jpeg(level: int, size: tuple[int, int] = (64, 48)) -> bytes:
    picture = np.full((size[1], size[0], 3), level % 256, np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


class MjpegServer:
    """A camera as most network cameras are: HTTP, one JPEG after the other.

    `rate` and `silent` may be changed while it runs; `stop` and `start` keep the port.
    """

    def __init__(
        self,
        *,
        rate: float = 50.0,
        rubbish: bool = False,
        password: str = "",
        last: int | None = None,
        pictures: Sequence[bytes] = (),
    ) -> None:
        self.rate = rate
        self.silent = False
        self.rubbish = rubbish
        self.password = password
        self.last = last
        """After so many pictures every connection is cut."""
        self.pictures = pictures
        """JPEGs to show over and over, instead of plain ones."""
        self.served = 0
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/video"
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._going = threading.Event()

    def __enter__(self) -> "MjpegServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        ThreadingHTTPServer.daemon_threads = False
        self._going.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._going.clear()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            assert self._thread is not None
            self._thread.join()
            self._server = None

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.password and handler.headers.get("Authorization") is None:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="camera"')
            handler.end_headers()
            return
        with suppress(OSError):
            handler.send_response(200)
            handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            handler.end_headers()
            rng = np.random.default_rng(0)
            while self._going.is_set() and self.served != self.last:
                if self.silent:
                    time.sleep(0.02)
                    continue
                data = rng.bytes(2000) if self.rubbish else self._picture()
                handler.wfile.write(
                    b"--frame\r\nContent-Type: image/jpeg\r\n"
                    b"Content-Length: %d\r\n\r\n%b\r\n" % (len(data), data)
                )
                self.served += 1
                time.sleep(1 / self.rate)

    def _picture(self) -> bytes:
        if self.pictures:
            return self.pictures[self.served % len(self.pictures)]
        return jpeg(self.served)


_RTSP = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import Gst, GstRtsp, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1"); server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(); factory.set_shared(True)
factory.set_launch("( videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 "
    "! x264enc tune=zerolatency key-int-max=15 speed-preset=ultrafast ! rtph264pay name=pay0 )")
if sys.argv[2:] == ["udp"]:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
server.get_mount_points().add_factory("/cam", factory); server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
"""


def rtsp_python() -> str | None:
    """A Python that has GStreamer's RTSP server, or None."""
    probe = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); "
        "from gi.repository import GstRtspServer, Gst; Gst.init(None); "
        "raise SystemExit(Gst.ElementFactory.find('x264enc') is None)"
    )
    for python in (shutil.which("python3", path="/usr/bin"), sys.executable):
        if python and not subprocess.run([python, "-c", probe], capture_output=True).returncode:
            return python
    return None


class RtspServer:
    """GStreamer's RTSP server with a moving test picture, in a process of its own."""

    def __init__(self, python: str, *, udp: bool = False) -> None:
        """With `udp` it sends by UDP alone, as some cameras do."""
        self._python = python
        self._words = ["udp"] if udp else []
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self._python, "-c", _RTSP, str(self.port), *self._words],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def __enter__(self) -> "RtspServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Receiver:
    """Answers as told, one status after the other, the last one for ever; notes what came."""

    def __init__(self, *statuses: int, lie: bytes = b"") -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        answers = list(statuses)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.paths.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests.append((dict(self.headers), body))
                status = answers.pop(0) if len(answers) > 1 else answers[0]
                if lie:
                    self.wfile.write(lie)
                    return
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?room=1"

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
