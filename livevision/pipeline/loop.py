"""The main thread's work between a frame and the sinks."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from livevision import memory, signals
from livevision.frame import Findings, Frame, Result, Stats, Steps
from livevision.pipeline.capture import Capture, EndOfStream
from livevision.pipeline.controls import Controls
from livevision.pipeline.fan_out import FanOut
from livevision.pipeline.panel import Panel
from livevision.pipeline.stepping import Stepping
from livevision.pipeline.summary import Summary
from livevision.rate import FrameRate
from livevision.sources import Source

log = logging.getLogger(__name__)

PACE = 3.0
"""Seconds over which a stream's pictures are counted."""
SEVERAL = 5
"""Pictures in a row that come too seldom before it is told: one gap in a stream is no pace."""
END = "the end; l: once more, q: quit"
"""The hint beside a last picture that is held."""
HEARTBEAT = 0.1
"""Seconds without a frame after which sinks may breathe."""


class Loop:
    """The main thread's work between a frame and the sinks."""

    def __init__(
        self,
        source: Source,
        frames: Capture,
        panel: Panel,
        sinks: FanOut,
        controls: Controls | None,
        summary: Summary,
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._frames = frames
        self._panel = panel
        self._sinks = sinks
        self._controls = controls or Controls()
        self._summary = summary
        self._clock = clock
        self._rate = FrameRate()
        self._pace = FrameRate(PACE)
        """The stream's own."""
        self._given = FrameRate(PACE)
        """The source's, dropped frames too."""
        self._jumps = 0
        """How often the user went elsewhere in a recording."""
        self._due = False
        """True if a picture is to be shown although the stream is paused."""
        self._slow: dict[str, int] = {}
        """Of how many pictures in a row there were too few for a recogniser."""
        self._told_slow: set[str] = set()
        """Recognisers of which the log says that pictures come too seldom for them."""
        self._stepping = Stepping(back=not source.live and controls is not None)
        self._paused = False
        self.ended = False
        """True once the stream has ended by itself."""
        self._told = ""
        """The source's status that the sinks were last told."""
        self._first: float | None = None
        self._origin: float | None = None
        """`time.time()` at the live stream's time 0."""
        self._given_back = clock()

    def work(self, max_frames: int | None) -> None:
        while max_frames is None or self._summary.frames < max_frames:
            signals.check()
            self._due |= self._obey()
            if self._paused and not self._due:
                self._rest()
                continue
            try:
                frame = self._frames.get(HEARTBEAT)
            except EndOfStream:
                self.ended = True
                raise
            if frame is None:
                self._idle()
            elif frame.place is None or frame.place.jumps >= self._jumps:
                self._due = False
                stamped = self._stamped(frame)
                self._show(stamped, self._panel.recognize(stamped))

    def finish(self) -> None:
        """Hand on what the recognisers still hold, with the last frame."""
        last = self._stepping.newest
        if last is None:
            return
        result = self._result(last.frame, self._panel.finish(), last)
        if result.events or result.text != last.text:
            self._give(result)

    def hold(self) -> None:
        """Keep the end on view and obey commands; returns after "again" and "seek", raises
        EndOfStream after "quit"."""
        last = self._stepping.newest
        if last is None:
            return
        self._paused = True  # looking back needs no pause of its own
        self._sinks.review(replace(last, hints=(END, *last.hints)))
        while True:
            signals.check()
            for command in self._controls.take():
                if command == "quit":
                    raise EndOfStream
                if command == "again":
                    self._summary.again = True
                    return
                if command.startswith("seek "):
                    self._hand_on(command)
                    self._summary.again = True
                    return
                if command in ("back", "forward"):
                    self._step(command == "back")
                elif command != "pause":
                    self._hand_on(command)
            self._sinks.idle()
            time.sleep(HEARTBEAT / 4)

    def _stamped(self, frame: Frame) -> Frame:
        """The frame with its stream's name, and of a live one when that began by the wall clock."""
        if frame.captured is not None and self._origin is None:
            age = time.monotonic() - frame.captured
            self._origin = time.time() - age - frame.time
        origin = self._origin if frame.captured is not None else None
        return replace(
            frame,
            stream=frame.stream or self._source.name,
            origin=origin if frame.origin is None else frame.origin,
        )

    def _show(self, frame: Frame, findings: list[Findings]) -> None:
        now = self._clock()
        summary = self._summary
        summary.frames += 1
        summary.dropped = self._frames.dropped
        summary.seconds = frame.time
        if self._first is None:
            self._first = now
        elif now > self._first:
            summary.fps = (summary.frames - 1) / (now - self._first)
        latency = None if frame.captured is None else now - frame.captured
        given = 0.0 if frame.file else self._given.add(frame.time, frame.index)
        stats = Stats(self._rate.add(now), latency, summary.dropped, given, tuple(summary.failed))
        result = self._result(frame, findings, Result(frame, stats=stats))
        if slow := self._too_slow(frame):
            result = replace(result, hints=(*result.hints, *slow))
        self._give(result)
        if frame.captured is not None:
            summary.latencies.append(self._clock() - frame.captured)
        if now - self._given_back > memory.EVERY:
            self._given_back = now
            memory.give_back()

    def _too_slow(self, frame: Frame) -> list[str]:
        """What the user should know if there are too few pictures for a recogniser."""
        rate = self._pace.add(frame.time)
        if frame.file:  # pictures have no pace
            return []
        needs = self._panel.too_slow(rate)
        self._slow = {name: self._slow.get(name, 0) + 1 for name in needs}
        slow = {
            name: f"{rate:.2g} pictures a second are too few for {name}, which needs {least:g}"
            for name, least in needs.items()
            if self._slow[name] >= SEVERAL
        }
        for name in slow.keys() - self._told_slow:
            log.warning("%s: %s.", self._source.name, slow[name])
        self._told_slow |= slow.keys()
        return list(slow.values())

    def _result(self, frame: Frame, findings: list[Findings], base: Result) -> Result:
        texts = [each.text for each in findings if each.text is not None]
        events = [event for each in findings for event in each.events]
        pictures = {name: image for each in findings for name, image in each.pictures.items()}
        return Result(
            frame,
            tuple(found for each in findings for found in each.detections) or base.detections,
            tuple(replace(each, stream=frame.stream, origin=frame.origin) for each in events),
            "\n".join(filter(None, texts)) if texts else base.text,
            Steps(lambda: tuple(step for each in findings for step in each.stages) or base.stages),
            tuple(hint for each in findings for hint in each.hints),
            base.stats,
            pictures or base.pictures,
        )

    def _give(self, result: Result) -> None:
        self._summary.events.update(event.kind for event in result.events)
        for event in result.events:
            log.debug("%s %s from %.2f s on", event.kind, event.label, event.start)
        self._summary.text = result.text
        self._stepping.add(result)
        self._sinks.write(result)

    def _idle(self) -> None:
        status = self._source.status
        last = self._stepping.newest
        if status != self._told and last is not None and not self._paused:
            shown = replace(last, hints=(status, *last.hints) if status else last.hints)
            self._sinks.review(shown)
        self._told = status
        self._sinks.idle()

    def _rest(self) -> None:
        """While paused: a live source goes on unseen, a recording waits."""
        if self._source.live:
            self._frames.get(HEARTBEAT)
        else:
            time.sleep(HEARTBEAT / 4)
        self._idle()

    def _obey(self) -> bool:
        """Carry out waiting commands; True if one asks for the next frame of a paused stream."""
        step = False
        for command in self._controls.take():
            if command == "quit":
                raise EndOfStream
            if command == "pause":
                self._paused = not self._paused
            elif command in ("back", "forward"):
                step |= self._step(command == "back")
                continue
            elif command.startswith("seek "):
                newest = self._stepping.newest
                if newest is None or newest.frame.place is None:
                    continue
                self._jumps += 1
                step = True
                self._hand_on("clear")  # the text was that of another place
            self._hand_on(command)
        return step

    def _hand_on(self, command: str) -> None:
        try:
            self._source.command(command)
        except Exception as error:  # a wish that cannot be fulfilled ends no run
            log.warning("%s cannot %s: %s", self._source.name, command, error, exc_info=error)
        self._panel.command(command)
        self._sinks.command(command)

    def _step(self, back: bool) -> bool:
        """Look at an earlier or later result of a recording; True if it has yet to be made."""
        if self._source.live or self._stepping.newest is None:
            return False
        if not self._paused:
            self._paused = True
            self._sinks.command("pause")
        result = self._stepping.step(back=back)
        if result is None:
            return True
        self._sinks.review(result)
        return False
