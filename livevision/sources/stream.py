"""A camera on the network: RTSP, or HTTP with MJPEG or any format that FFmpeg reads."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.error import ExitError
from av.video.stream import VideoStream

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.decoding import FAILURES, Converter, Video
from livevision.sources.reconnecting import Renewable

OPEN_TIMEOUT = 5.0
READ_TIMEOUT = 1.5
DAMAGED = 100
"""So many packets in a row that cannot be decoded are no video."""

_OPTIONS = {
    # no "file": what a server sends must not make us read files of this machine
    "protocol_whitelist": "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,rtsps,crypto",
    "rtsp_transport": "tcp",  # lost packets are grey smears otherwise
    "analyzeduration": "1000000",
}


def safe_name(url: str) -> str:
    """`url` without user, password and query, all of which may hold secrets."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return f"{url.partition('://')[0]}://(an address that cannot be read)"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path}"


class Stream(Video, Renewable):
    """Frames of a URL as they arrive; time is that of their arrival.

    A URL that says how long it lasts is a recording: not live, every frame kept, its own times.
    """

    live = True
    patience = 1.8  # should FFmpeg not keep to its own time

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = safe_name(url)
        self._url = url
        self._clock = clock

    def renew(self) -> "Stream":
        return Stream(self._url, clock=self._clock)

    def _open(self) -> InputContainer:
        try:
            container = av.open(
                self._url,
                options=_OPTIONS,
                timeout=(OPEN_TIMEOUT, READ_TIMEOUT),
                metadata_errors="replace",
            )
        except FAILURES as error:
            raise SourceError(f"{self.name} cannot be opened: {_reason(error)}") from None
        self.live = container.duration is None
        return container

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        converter = Converter(stream)
        unit = float(stream.time_base or 0) or 1e-3
        first: float | None = None
        last = -1.0
        index = damaged = 0
        packets = container.demux(stream)
        while damaged < DAMAGED:
            try:
                packet = next(packets, None)
            except FAILURES as error:
                raise SourceError(f"{self.name} broke off: {_reason(error)}") from None
            if packet is None:
                break
            try:
                images = [(converter.image(each), each.pts) for each in packet.decode()]
            except FAILURES:
                damaged += 1
                continue
            for image, pts in images:
                damaged = 0
                captured = self._clock() if self.live else None
                now = (pts or 0) * unit if captured is None else captured
                first = now if first is None else first
                last = max(now - first, last + 1e-6)
                yield Frame(image, index, last, captured)
                index += 1
        if damaged >= DAMAGED:
            raise SourceError(f"{self.name} sends nothing that can be decoded. Check the address.")
        if self.live:
            raise SourceError(f"{self.name} ended.")


def _reason(error: Exception) -> str:
    """What went wrong, in words of our own.

    FFmpeg's repeat the address with its password; for the same reason its errors are not chained.
    """
    if isinstance(error, ExitError | TimeoutError):
        return "no answer in time. Check the address, and that the camera is switched on."
    if isinstance(error, ConnectionRefusedError):
        return "connection refused. Check the address and port, and that the server runs."
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return "user or password is wrong. Write them as scheme://user:password@host/..."
    if isinstance(error, av.error.HTTPNotFoundError):
        return "there is nothing at this address. Check its path."
    if isinstance(error, av.error.InvalidDataError):
        return "what it sends is no video. Check the address."
    return f"{getattr(error, 'strerror', None) or type(error).__name__}. Check the address."
