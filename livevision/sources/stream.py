"""A camera on the network: RTSP, or HTTP with MJPEG or any format that FFmpeg reads."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.error import ExitError, InvalidDataError
from av.video.stream import VideoStream

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.addresses import Allowed, safe_name
from livevision.sources.decoding import FAILURES, Converter, Video
from livevision.sources.gate import Gate
from livevision.sources.packets import Packets
from livevision.sources.reconnecting import Renewable
from livevision.sources.rhythm import Rhythm
from livevision.sources.rtsp_gate import RtspGate

log = logging.getLogger(__name__)

OPEN_TIMEOUT = 12.0
"""Seconds for opening: FFmpeg wants two pictures, and some cameras send one in five seconds."""
PLAYLIST_TIMEOUT = 30.0
"""Seconds between two segments of a stream that comes in segments; ten are usual."""
RECORDED_TIMEOUT = 10.0
"""Seconds for the next part of a recording behind a URL."""
DAMAGED = 100
"""So many packets in a row that cannot be decoded are no video."""
UNREADABLE = 10.0
"""Seconds of nothing but such packets, `SOME` at least: rubbish can make few and large ones."""
SOME = 5
LEAVING = 0.5
"""Seconds in which a thread that reads from the network comes to its end, once that was cut."""

_OPTIONS = {"analyzeduration": "1000000"}
# no "file": what a server sends must not make us read files of this machine
_HTTP = {
    "protocol_whitelist": "http,https,httpproxy,tcp,tls,crypto",
    "http_persistent": "0",  # one request a connection: that is what the gate understands
}
_RTSP = {
    "protocol_whitelist": "tcp,tls,udp,rtp,rtsp,rtsps,crypto",
    "rtsp_flags": "prefer_tcp",  # lost packets are grey smears; some servers have nothing else
}
_SEGMENTED = ("hls", "dash")
"""Formats that come in bursts, a segment at a time."""


class Stream(Video, Renewable):
    """Frames of a URL as they arrive; time is that of their arrival.

    Packets are taken from the network at once, and where decoding can't keep up, left out up to the
    newest key frame. A stream that comes in segments is played at its own pace. How long it may
    give nothing depends on how often it gave something.

    A URL that says how long it lasts, or how large it is, is a recording: not live, every frame
    kept, its own times. Over HTTP no server can send us to an address of the local network, unless
    its host was named, or `allow_local` is set.
    """

    live = True

    def __init__(
        self,
        url: str,
        *,
        allow_local: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = safe_name(url)
        self._url = url
        self._allow_local = allow_local
        self._clock = clock
        self._rhythm = Rhythm()
        self._timeout = _Timeout(lambda: self._rhythm.patience if self.live else RECORDED_TIMEOUT)
        self._gate: Gate | None = None
        self._asked = url
        """The address that FFmpeg is given."""
        self._packets: Packets | None = None

    @property
    def patience(self) -> float:  # type: ignore[override]
        """By the stream's own rhythm, should FFmpeg not keep to it."""
        return self._rhythm.patience + 0.6 if self.live else RECORDED_TIMEOUT + 1.0

    def renew(self) -> "Stream":
        return Stream(self._url, allow_local=self._allow_local, clock=self._clock)

    def _open(self) -> InputContainer:
        options = _OPTIONS | (_HTTP if self._url[:4].lower() == "http" else _RTSP)
        host = urlsplit(self._url).hostname or "" if _is_plain(self._url) else ""
        allowed = Allowed(host, local=self._allow_local)
        self._asked = self._url
        if not _has_port(self._url):
            reason = _hinted("its port is no number up to 65535.", self._url)
            raise SourceError(f"{self.name} cannot be opened: {reason}")
        if self._url[:4].lower() == "http" and not _has_own_proxy():
            os.environ.pop("no_proxy", None)  # FFmpeg would pass by the gate; there is no proxy
            self._gate = Gate(allowed).__enter__()
            options["http_proxy"] = self._gate.url
        elif self._url[:4].lower() == "rtsp":
            try:
                self._gate = RtspGate(allowed, self._url).__enter__()
            except ValueError:
                reason = _hinted("it is no address", self._url)
                raise SourceError(f"{self.name} cannot be opened: {reason}") from None
            self._asked = self._gate.url
        try:
            try:
                container = self._attempt(options, None)
            except InvalidDataError:
                if "http_proxy" not in options:
                    raise
                container = self._attempt(options, "mjpeg")  # without a boundary before the first
        except FAILURES as error:
            reason = self._reason(error)
            self.close()
            raise SourceError(f"{self.name} cannot be opened: {reason}") from None
        kind = container.format.name
        segmented = any(each in kind for each in _SEGMENTED)
        # RTSP has no size, and that of a playlist is its own
        whole = container.duration is not None or (not segmented and _size(container) >= 0)
        self.live = not whole
        self._rhythm = Rhythm()
        return container

    def _attempt(self, options: dict[str, str], kind: str | None) -> InputContainer:
        return av.open(
            self._asked,
            format=kind,
            options=options,
            timeout=(OPEN_TIMEOUT, cast(float, self._timeout)),
            metadata_errors="replace",
        )

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        if not self.live:
            return self._decode_recorded(container, stream)
        segmented = any(each in container.format.name for each in _SEGMENTED)
        self._rhythm = Rhythm(PLAYLIST_TIMEOUT) if segmented else Rhythm()
        self._packets = Packets(
            container,
            stream,
            paced=segmented,
            rhythm=self._rhythm,
            explain=lambda error: SourceError(f"{self.name} broke off: {self._reason(error)}"),
            clock=self._clock,
            failures=FAILURES,
        )
        return self._decode_live(self._packets, stream)

    def _decode_live(self, packets: Packets, stream: VideoStream) -> Iterator[Frame]:
        converter = Converter(stream)
        first: float | None = None
        last = -1.0
        index = damaged = 0
        since = 0.0
        while damaged < DAMAGED:
            arrived = packets.take()
            if arrived is None:
                break
            try:
                images = [converter.image(each) for each in arrived.packet.decode()]
            except FAILURES:
                since = since if damaged else self._clock()
                damaged += 1
                if damaged >= SOME and self._clock() - since > UNREADABLE:
                    damaged = DAMAGED
                continue
            for image in images:
                damaged = 0
                first = arrived.due if first is None else first
                last = max(arrived.due - first, last + 1e-6)
                yield Frame(image, index + packets.dropped, last, arrived.due)
                index += 1
        self._check(damaged)
        if not packets.stopped:
            raise SourceError(f"{self.name} ended.")

    def _decode_recorded(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
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
                reason = self._reason(error)
                if not index:  # what tells where the pictures are may stand at a file's end
                    reason += " If its server sends no parts of files, get the file and read that."
                raise SourceError(f"{self.name} broke off: {reason}") from None
            if packet is None:
                break
            try:
                images = [(converter.image(each), each.pts) for each in packet.decode()]
            except FAILURES:
                damaged += 1
                continue
            for image, pts in images:
                damaged = 0
                now = (pts or 0) * unit
                first = now if first is None else first
                last = max(now - first, last + 1e-6)
                yield Frame(image, index, last)
                index += 1
        self._check(damaged)
        if not index:
            raise SourceError(
                f"{self.name} gives no pictures: what it sends is no video. Check the address."
            )
        if index == 1:  # as from a camera's address of a snapshot
            log.warning(
                "%s gave one picture alone, and what is read has to last. Name the address of a "
                "stream, or get the picture and read that file.",
                self.name,
            )

    def _check(self, damaged: int) -> None:
        if damaged >= DAMAGED:
            raise SourceError(f"{self.name} sends nothing that can be decoded. Check the address.")

    def interrupt(self) -> None:
        if self._packets is not None:
            self._packets.stop()
        if self._gate is not None:
            self._gate.close()

    def close(self) -> None:
        packets, self._packets = self._packets, None
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.close()
        if packets is None:
            super().close()
        else:
            self._frames = iter(())
            self._container = None  # its own thread closes it
            packets.close()
            packets.join(LEAVING)
        if gate is not None:
            gate.join(LEAVING)

    def _reason(self, error: Exception) -> str:
        gate = self._gate
        if gate is not None and gate.refused:
            return (
                f"it leads to {gate.refused}, an address of this machine's own network. "
                "Use --allow-local if that is meant."
            )
        if gate is not None and gate.failed:
            reason = (
                f"{gate.failed[0].lower()}{gate.failed[1:]}. "
                "Check the address and port, and that the server runs."
            )
        else:
            reason = _reason(error)
        return _hinted(reason, self._url)


class _Timeout:
    """A number that PyAV asks for again at every packet."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    def __float__(self) -> float:
        return self._seconds()


def _has_own_proxy() -> bool:
    """Whether FFmpeg goes through a proxy of the user's, which decides what may be asked."""
    return bool(os.environ.get("http_proxy"))


def _has_port(url: str) -> bool:
    """Whether the port in `url`, if it names one, can be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _is_plain(url: str) -> bool:
    """Whether user and password, if any, are written as they have to be."""
    rest = url.partition("://")[2]
    first = rest.partition("?")[0]
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and "@" not in parts.path and first.count("@") <= 1
    except ValueError:
        return False


def _hinted(reason: str, url: str) -> str:
    """`reason`, and how to write what cannot stand in `url` as it is."""
    if "#" in url or not _is_plain(url):
        reason += ' In a user\'s name or password write "#" as %23, "/" as %2F, "@" as %40.'
    return reason


def _size(container: InputContainer) -> int:
    """Bytes that the server announced; none if it did not."""
    try:
        return int(container.size)
    except (OSError, ValueError):
        return -1


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
