"""Packets of a live stream, taken from the network as they come, however slow the decoder is."""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from livevision.errors import SourceError
from livevision.sources.rhythm import Rhythm

log = logging.getLogger(__name__)

LAG = 0.3
"""Seconds that decoding may lie behind before packets are left out, up to the newest key frame."""
FROZEN = 0.7
"""Seconds from which on, without a key frame in sight, the picture rather stands still until the
next one comes."""
PATCHED = 10.0
"""Seconds without any key frame after which a damaged picture is better than none."""
AT_ONCE = 0.01
"""Seconds within which a packet was there already, and not waited for."""
SETTLED = 1.0
"""Seconds after which none was: a hundred pictures a second leave no pause that would tell."""
AHEAD = 256
"""Packets of a paced stream that may wait for their time; a live one's are never so many."""
_GLANCE = 0.1


@dataclass(slots=True)
class Arrived:
    """A packet and the moment it stands for."""

    packet: "Packet[VideoStream]"
    due: float
    """When it came, or, in a stream that comes in bursts, when it is to be shown."""
    seconds: float | None
    """By the stream's own clock."""


class Packets:
    """Reads `container` on a thread of its own, which closes it.

    `paced` streams come in bursts (HLS: a segment at a time): their packets are due by their own
    times, counted from the first, or later if they are late.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        *,
        paced: bool,
        rhythm: Rhythm,
        explain: Callable[[Exception], SourceError],
        clock: Callable[[], float],
        failures: tuple[type[Exception], ...],
    ) -> None:
        self.dropped = 0
        """Packets that were left out."""
        self._container = container
        self._stream = stream
        self._paced = paced
        self._rhythm = rhythm
        self._explain = explain
        self._clock = clock
        self._failures = failures
        self._unit = float(stream.time_base or 0) or 1e-3
        self._begin: float | None = None
        """What the clock said at time 0 of a paced stream."""
        self._waiting: deque[Arrived] = deque()
        self._changed = Condition()
        self._over = False
        self.stopped = False
        self._free = False
        """True once nobody decodes any more: decoders need the container."""
        self._error: SourceError | None = None
        self._broken = False
        """True after packets were left out, until a key frame comes."""
        self._opened = clock()
        self._settling = not paced
        """True while packets come that were there when the stream was opened."""
        self._good = clock()
        """When the last packet was given away."""
        self.since = clock()
        """When the wait for the next packet began."""
        self._thread = Thread(target=self._work, name="packets", daemon=True)
        self._thread.start()

    def take(self) -> Arrived | None:
        """The next packet when it is due, None at the end; SourceError if the stream broke off.

        What lies too far behind is left out.
        """
        with self._changed:
            while not self.stopped:
                if self._is_settling(self._clock()):
                    self._changed.wait(AT_ONCE)
                    continue
                self._settling = False
                self._catch_up()
                if self._waiting:
                    wait = self._waiting[0].due - self._clock() if self._paced else 0.0
                    if wait <= 0:
                        self._changed.notify_all()
                        self._good = self._clock()
                        return self._waiting.popleft()
                    self._changed.wait(min(wait, _GLANCE))
                elif self._over:
                    if self._error is not None:
                        raise self._error
                    return None
                else:
                    self._changed.wait(_GLANCE)
                    if self._clock() - self.since > self._rhythm.patience + LAG:
                        raise self._explain(TimeoutError())
            return None

    def stop(self) -> None:
        """Give no more packets: `take` returns at once, and the thread reads no further."""
        with self._changed:
            self.stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Let the thread close the container. Nobody may be decoding any more."""
        self.stop()
        with self._changed:
            self._free = True
            self._changed.notify_all()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; False if it did not come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _is_settling(self, now: float) -> bool:
        """Whether a packet that comes now was there when the stream was opened."""
        return self._settling and now - self.since < AT_ONCE and now - self._opened < SETTLED

    def _catch_up(self) -> None:
        """Leave out what nobody can decode in time."""
        if not self._waiting:
            return
        now = self._clock()
        due = sum(each.due <= now for each in self._waiting)
        key = max((at for at in range(due) if self._waiting[at].packet.is_keyframe), default=None)
        lag = now - self._waiting[0].due
        if key is not None:
            if lag > LAG or self._broken:
                self._drop(key)
                self._broken = False
        elif self._broken and now - self._good > PATCHED:
            self._broken = False
        elif self._broken or lag > FROZEN:
            self._drop(due)
            self._broken = True

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        self.dropped += count

    def _work(self) -> None:
        try:
            while not self.stopped:
                # a new generator each time: its time-out is what the rhythm says by then
                packet = next(self._container.demux(self._stream), None)
                if packet is None or (not packet.size and packet.pts is None):
                    break
                if packet.size:
                    self._put(packet)
        except self._failures as error:
            self._error = self._explain(error)
        except BaseException as error:
            self._error = self._explain(OSError(str(error)))
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._free)
            with suppress(Exception):
                self._container.close()

    def _put(self, packet: "Packet[VideoStream]") -> None:
        now = self._clock()
        self._rhythm.beat(now)
        stamp = packet.dts if packet.dts is not None else packet.pts
        seconds = None if stamp is None else stamp * self._unit
        due = now
        if self._paced and seconds is not None:
            late = self._begin is not None and self._begin + seconds < now - LAG
            if self._begin is None or (late and not self._waiting):
                self._begin = now - seconds  # from here on by its own times
            due = self._begin + seconds
        with self._changed:
            if self._paced:
                self._changed.wait_for(lambda: self.stopped or len(self._waiting) < AHEAD)
            self._settling = self._is_settling(now)
            if self._settling and seconds is not None:  # those before it came so much earlier
                for each in self._waiting:
                    if each.seconds is not None:
                        each.due = min(each.due, now - (seconds - each.seconds))
            self._waiting.append(Arrived(packet, due, seconds))
            self.since = self._clock()
            self._changed.notify_all()
