"""A video file, decoded by FFmpeg through PyAV.

PyAV rather than OpenCV: exact times of frames, all eight orientations, and word of damage.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.decoding import FAILURES, Converter, Video
from livevision.sources.endings import ends_well

log = logging.getLogger(__name__)

MISSING_END = 0.5
"""Seconds of pictures less than the file announces that count as cut off."""


class Recording(Video):
    """The pictures of a video file, each once, at the container's own times from 0 on.

    Times always grow, whatever the file says. Damaged pictures inside are left out with a warning;
    a file that breaks off gives its good frames and then raises SourceError. What
    `endings.ends_well` cannot tell from the file is noticed only if the last picture is damaged.
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

    def __enter__(self) -> Self:
        self._skip_to = 0.0
        self._seek_to: float | None = None
        self.length = None
        return super().__enter__()

    def skip(self, seconds: float) -> None:
        self._skip_to = seconds

    def seek(self, seconds: float) -> None:
        self._seek_to = max(0.0, seconds)

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
        skipped = False
        """True if packets were left out since the last one that was decoded."""
        torn = False
        """True if a part of the last picture is missing."""
        self.length = clock.announced(container) or None
        """Of a file that does not say how long it is no moment can be gone to."""
        begin = 0.0
        """Pictures before it come from the nearest key frame on, and are not wanted."""
        packets = container.demux(stream)
        while True:
            if self._seek_to is not None:
                begin, self._seek_to = clock.inside(self._seek_to, self.length), None
                with suppress(*FAILURES):  # where it cannot be gone to, it goes on
                    container.seek(clock.stamp(begin), stream=stream)
                    packets = container.demux(stream)
                    clock.jumped()
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
                if self._skip_to > max(0.0, clock.now) and clock.begun:
                    if not (packet.is_keyframe and clock.of(packet) >= self._skip_to):
                        skipped = True
                        continue
                    self._skip_to = 0.0
                if skipped:
                    stream.codec_context.flush_buffers()
                    skipped = False
            try:
                pictures = packet.decode()
            except FAILURES:
                damaged += 1
                broken = True
                continue
            for picture in pictures:
                if self._seek_to is not None:  # the rest of them is from before the jump
                    break
                torn = picture.is_corrupt
                stamp = picture.dts if in_order else picture.pts
                if clock.before(stamp, begin):
                    continue
                try:
                    image = converter.image(picture)
                except FAILURES:
                    damaged += 1
                    continue
                yield Frame(image, index, clock.time(stamp))
                index += 1
        if not index:
            raise SourceError(f"{self._path} holds no picture that can be read. Record it again.")
        missing = clock.missing(container) > MISSING_END
        tracks = {each.id for each in container.streams}
        if broken or torn or missing or not ends_well(self._path, container.format.name, tracks):
            raise SourceError(
                f"{self._path} is cut off or damaged: it ends after {clock.now:.1f} s. "
                "All of it up to there was used; copy or record it again for the rest."
            )
        if damaged:
            log.warning("%s: %d damaged pictures were left out", self._path, damaged)


class _Clock:
    """Seconds since the first picture, strictly growing."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._unit = float(stream.time_base or 0) or 1e-3
        rate = float(stream.average_rate or 0)
        self._step = 1 / rate if 1 <= rate <= 1000 else 1 / 30
        self._first: int | None = None
        self._end = 0.0
        self._stamp: int | None = None
        self._longest = 0.0
        """Seconds that a picture was seen at most, where packets don't say for how long."""
        self.now = -1.0

    def time(self, pts: int | None) -> float:
        if self._first is None:
            self._first = pts or 0
            self.now = 0.0
            return 0.0
        time = -1.0 if pts is None else (pts - self._first) * self._unit
        self.now = time if time > self.now else self.now + self._step
        return self.now

    @property
    def begun(self) -> bool:
        """Whether there was a picture yet."""
        return self._first is not None

    def of(self, packet: "Packet[VideoStream]") -> float:
        """When a packet's picture is due, in seconds since the first one."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None or self._first is None:
            return self.now + self._step
        return (stamp - self._first) * self._unit

    def saw(self, packet: "Packet[VideoStream]") -> None:
        """Note how far the file has been read."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None:
            return
        if not packet.duration and self._stamp is not None:
            self._longest = max(self._longest, (stamp - self._stamp) * self._unit)
        self._stamp = stamp
        self._end = max(self._end, (stamp + (packet.duration or 0)) * self._unit)

    def stamp(self, seconds: float) -> int:
        """What the file calls a time."""
        return round(seconds / self._unit) + (self._first or self._stream.start_time or 0)

    def inside(self, seconds: float, length: float | None) -> float:
        """`seconds`, but not after the last picture of a file of that `length`."""
        return seconds if length is None else max(0.0, min(seconds, length - 2 * self._step))

    def before(self, pts: int | None, seconds: float) -> bool:
        """Whether a picture belongs before that time."""
        if pts is None or self._first is None or not seconds:
            return False
        return (pts - self._first) * self._unit < seconds - self._step / 2

    def jumped(self) -> None:
        """What comes next may be earlier."""
        if self._first is None:
            self._first = self._stream.start_time or 0
        self.now = -1.0
        self._stamp = None

    def missing(self, container: InputContainer) -> float:
        """Seconds between the end of what was read and the end that the file announces.

        Where pictures don't say how long they are seen, the last one may be seen as long as any.
        """
        return self.announced(container) - self._end - self._longest

    def announced(self, container: InputContainer) -> float:
        """Seconds at which the file says that it ends; 0 if it says nothing."""
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
        return announced
