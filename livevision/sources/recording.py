"""A video file, decoded by FFmpeg through PyAV.

PyAV rather than OpenCV: exact times of frames, all eight orientations, and word of damage.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.decoding import FAILURES, Converter, Video

log = logging.getLogger(__name__)

MISSING_END = 0.5
"""Seconds of pictures less than the file announces that count as cut off."""
_TAIL = 4096
"""Bytes at the end of a GIF among which its last mark is looked for; some are filled up with 0."""
_PACKETS = (188, 192, 204)
"""Bytes of a transport stream's packets: plain, with times (Blu-ray), with parity."""
_PACKS = 1 << 18
"""Bytes at the end of a program stream among which its last pack begins."""
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER = 1 << 16
"""Bytes at the start of an ASF file that hold its properties."""
_ASF_BROADCAST = 1
"""The flag of a file written as it came in, which knows no size."""
_ASF_PART = 0.95
"""FFmpeg believes the length that an ASF file announces if this part of the file is there."""


class Recording(Video):
    """The pictures of a video file, each once, at the container's own times from 0 on.

    Times always grow, whatever the file says. Damaged pictures inside are left out with a warning;
    a file that breaks off gives its good frames and then raises SourceError. Only bare pictures
    without a container (.m2v, .h264, .hevc, .mjpeg, .y4m) may break off unnoticed, between two of
    them: such a file holds no word of its length, nor a mark at its end.
    """

    patience = 30.0  # a sleeping disk, a share on the network

    def __init__(self, path: Path) -> None:
        """Raise SourceError if there is no such file."""
        self.name = str(path)
        self._path = path
        if not path.exists():
            raise SourceError(f"{path} does not exist. Check the name.")
        if not path.is_file():
            raise SourceError(f"{path} is not a file. Give a video file or a folder of pictures.")

    def _open(self) -> InputContainer:
        try:
            if self._path.stat().st_size == 0:
                raise SourceError(f"{self._path} is empty. Record or copy it again.")
            # "file:" and the whitelist: neither a name nor a playlist inside reaches the network
            return av.open(
                f"file:{self._path}",
                options={"protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        except PermissionError as error:
            raise SourceError(
                f"{self._path} may not be read. Change its permissions (chmod u+r)."
            ) from error
        except FAILURES as error:
            raise SourceError(
                f"{self._path} is not a video, or is cut off. Try whether a video player opens it."
            ) from error

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        converter = Converter(stream)
        clock = _Clock(stream)
        in_order = "avi" in container.format.name  # AVI knows only the order, not the times
        index = 0
        damaged = 0
        broken = False
        """True if the last thing read was damaged: nothing good came after it."""
        torn = False
        """True if a part of the last picture is missing."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except FAILURES:  # the container itself is damaged from here on
                broken = True
                break
            if packet is None:
                break
            if packet.size:
                broken = packet.is_corrupt
                clock.saw(packet)
            try:
                pictures = packet.decode()
            except FAILURES:
                damaged += 1
                broken = True
                continue
            for picture in pictures:
                torn = picture.is_corrupt
                try:
                    image = converter.image(picture)
                except FAILURES:
                    damaged += 1
                    continue
                yield Frame(image, index, clock.time(picture.dts if in_order else picture.pts))
                index += 1
        if not index:
            raise SourceError(f"{self._path} holds no picture that can be read. Record it again.")
        missing = clock.missing(container) > MISSING_END
        if broken or torn or missing or not _ends_well(self._path, container.format.name):
            raise SourceError(
                f"{self._path} is cut off or damaged: it ends after {clock.now:.1f} s. "
                "All of it up to there was used; copy or record it again for the rest."
            )
        if damaged:
            log.warning("%s: %d damaged pictures were left out", self._path, damaged)


def _ends_well(path: Path, kind: str) -> bool:
    """False for a file that its end or size shows to be cut, of a kind that FFmpeg just reads."""
    size = path.stat().st_size
    if kind == "gif":
        return _part(path, size - _TAIL).rstrip(b"\0").endswith(b";")
    if kind == "mpegts":
        return any(size % packet == 0 for packet in _PACKETS)
    if kind == "mpeg":
        return _last_pack_is_whole(_part(path, size - _PACKS))
    if kind == "asf":
        return size >= _ASF_PART * _asf_size(_part(path, 0, _ASF_HEADER))
    return True


def _part(path: Path, start: int, count: int = -1) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, start))
        return file.read(count)


def _last_pack_is_whole(data: bytes) -> bool:
    """True if the last pack's packets are as long as they say (ISO/IEC 13818-1, 2.5.3)."""
    at = data.rfind(b"\0\0\1\xba")
    if at < 0:
        return True
    pack = data[at:]
    at = 12  # MPEG-1
    if len(pack) > 13 and pack[4] >> 6 == 1:  # MPEG-2
        at = 14 + (pack[13] & 7)
    while pack[at : at + 3] == b"\0\0\1" and pack[at + 3 : at + 4] != b"\xb9":
        at += 6 + int.from_bytes(pack[at + 4 : at + 6])
    return at <= len(pack)


def _asf_size(header: bytes) -> int:
    """Bytes of the whole file by its File Properties Object (ASF 3.2); 0 if it does not say."""
    at = header.find(_ASF_PROPERTIES)
    if at < 0 or header[at + 88 : at + 89] == b"" or header[at + 88] & _ASF_BROADCAST:
        return 0
    return int.from_bytes(header[at + 40 : at + 48], "little")


class _Clock:
    """Seconds since the first picture, strictly growing."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._unit = float(stream.time_base or 0) or 1e-3
        rate = float(stream.average_rate or 0)
        self._step = 1 / rate if 1 <= rate <= 1000 else 1 / 30
        self._first: int | None = None
        self._end = 0.0
        self.now = -1.0

    def time(self, pts: int | None) -> float:
        if self._first is None:
            self._first = pts or 0
            self.now = 0.0
            return 0.0
        time = -1.0 if pts is None else (pts - self._first) * self._unit
        self.now = time if time > self.now else self.now + self._step
        return self.now

    def saw(self, packet: "Packet[VideoStream]") -> None:
        """Note how far the file has been read."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None:
            self._end = max(self._end, (stamp + (packet.duration or 0)) * self._unit)

    def missing(self, container: InputContainer) -> float:
        """Seconds between the end of what was read and the end that the file announces."""
        stream = self._stream
        announced = 0.0
        if written := stream.metadata.get("DURATION"):  # Matroska: "00:00:02.000000000"
            with suppress(ValueError):
                hours, minutes, seconds = (float(part) for part in written.split(":"))
                announced = hours * 3600 + minutes * 60 + seconds
        elif stream.duration is not None:
            announced = ((stream.start_time or 0) + stream.duration) * self._unit
        elif len(container.streams) == 1 and container.duration is not None:
            announced = container.duration / av.time_base
        return announced - self._end
