"""Source -> queue -> recognisers -> results -> sinks; only commands flow backwards."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from livevision import memory
from livevision.capture import Capture, EndOfStream
from livevision.errors import LivevisionError, ModelError, SinkClosed, SourceError
from livevision.frame import Findings, Frame, Result, Stats, Steps
from livevision.rate import FrameRate
from livevision.recognizers import Recognizer
from livevision.sinks import Sink
from livevision.sources import Source

log = logging.getLogger(__name__)

HEARTBEAT = 0.1
"""Seconds without a frame after which sinks may breathe."""
HISTORY = 150_000_000
"""Bytes of pictures kept for stepping back in a recording, of `LEAST` pictures at the least."""
LEAST = 30


class Controls:
    """Commands on their way from a window or a program to the loop, source, recognisers and sinks.

    The loop itself knows "quit", "pause", "back" and "forward"; it hands all others on.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()

    def send(self, command: str) -> None:
        """Queue a command; from any thread."""
        self._waiting.append(command)

    def take(self) -> Iterable[str]:
        """Every waiting command, in order."""
        while self._waiting:
            yield self._waiting.popleft()


@dataclass(slots=True)
class Summary:
    """What a run did."""

    frames: int = 0
    dropped: int = 0
    seconds: float = 0.0
    """Time of the last frame by the source's clock."""
    fps: float = 0.0
    """Frames worked on per second of wall time, from the first result to the last."""
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    """Seconds from a live frame's delivery until all sinks had it, for the last frames."""
    events: Counter[str] = field(default_factory=Counter)
    """How many events of each kind."""
    text: str = ""
    failed: dict[str, str] = field(default_factory=dict)
    """Recognisers that broke off, and why."""
    interrupted: bool = False
    """True after Ctrl-C."""
    error: LivevisionError | None = None
    """What ended the stream early; everything up to there reached the sinks."""


class _Panel:
    """The recognisers side by side: one thread each, fork and join for every frame."""

    def __init__(self, recognizers: Sequence[Recognizer], summary: Summary) -> None:
        self._active = list(recognizers)
        self._summary = summary
        # none on the caller's thread: Ctrl-C would break it off in the middle of a frame
        self._pool = ThreadPoolExecutor(max(1, len(recognizers)), "recognizer")

    def close(self) -> None:
        self._pool.shutdown()

    def command(self, name: str) -> None:
        for recognizer in self._active:
            recognizer.command(name)

    def recognize(self, frame: Frame) -> list[Findings]:
        return self._ask([(each, partial(each.recognize, frame)) for each in self._active])

    def finish(self) -> list[Findings]:
        return self._ask([(each, each.finish) for each in self._active])

    def _ask(self, calls: Sequence[tuple[Recognizer, Callable[[], Findings]]]) -> list[Findings]:
        waiting = [self._pool.submit(call) for _, call in calls]
        findings = []
        try:
            for (recognizer, _), answer in zip(calls, waiting, strict=True):
                try:
                    findings.append(answer.result())
                except Exception as error:  # one that fails must not take the others down
                    self._drop(recognizer, error)
        finally:
            wait(waiting)  # after Ctrl-C too: what comes next must not meet them at work
        return findings

    def _drop(self, recognizer: Recognizer, error: Exception) -> None:
        name = type(recognizer).__name__
        log.warning("%s failed and is switched off: %s", name, error, exc_info=error)
        self._summary.failed[name] = str(error) or type(error).__name__
        self._active.remove(recognizer)
        if not self._active:
            if isinstance(error, LivevisionError):
                raise error
            raise ModelError(f"{name} failed: {error!r}") from error


def run(
    source: Source,
    recognizers: Sequence[Recognizer],
    sinks: Sequence[Sink],
    *,
    controls: Controls | None = None,
    max_frames: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Work through `source` until it ends, a sink is closed, "quit" comes, or Ctrl-C.

    Enters and leaves the source, the recognisers and the sinks. An error of the source does not
    raise: it ends the stream after the good frames and stands in `Summary.error`. Errors of a sink,
    and of the last recogniser, raise after everything was closed. However it ends, the sinks that
    are left get what was still pending.
    """
    summary = Summary()
    with ExitStack() as stack:
        for recognizer in recognizers:
            stack.enter_context(recognizer)
        panel = _Panel(recognizers, summary)
        stack.callback(panel.close)
        for sink in sinks:
            stack.enter_context(sink)
        frames = stack.enter_context(Capture(source))
        loop = _Loop(source, frames, panel, sinks, controls, summary, clock)
        log.info("reading %s: %s to %s", source.name, _names(recognizers), _names(sinks))
        try:
            loop.work(max_frames)
        except (EndOfStream, SinkClosed):
            pass
        except LivevisionError as error:
            summary.error = error
        except KeyboardInterrupt:
            summary.interrupted = True
        try:
            loop.finish()
        except SinkClosed:
            pass
        except LivevisionError as error:
            if summary.error is None or isinstance(summary.error, SourceError):
                summary.error = error
        except KeyboardInterrupt:
            summary.interrupted = True
        reason = "interrupted" if summary.interrupted else summary.error or "no error"
        log.info("read %d frames of %s: %s", summary.frames, source.name, reason)
        if summary.error is not None and not isinstance(summary.error, SourceError):
            raise summary.error
    return summary


def _names(parts: Sequence[object]) -> str:
    return ", ".join(type(each).__name__ for each in parts) or "nothing"


class _Loop:
    """The main thread's work between a frame and the sinks."""

    def __init__(
        self,
        source: Source,
        frames: Capture,
        panel: _Panel,
        sinks: Sequence[Sink],
        controls: Controls | None,
        summary: Summary,
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._frames = frames
        self._panel = panel
        self._sinks = list(sinks)
        """Those that still take results."""
        self._controls = controls or Controls()
        self._summary = summary
        self._clock = clock
        self._rate = FrameRate()
        self._history: deque[Result] = deque()
        self._can_step = not source.live and controls is not None
        self._shown = 0
        """How many results back from the newest the user is looking."""
        self._paused = False
        self._told = ""
        """The source's status that the sinks were last told."""
        self._first: float | None = None
        self._given_back = clock()

    def work(self, max_frames: int | None) -> None:
        while max_frames is None or self._summary.frames < max_frames:
            step = self._obey()
            if self._paused and not step:
                self._rest()
                continue
            frame = self._frames.get(HEARTBEAT)
            if frame is None:
                self._idle()
            else:
                self._show(frame, self._panel.recognize(frame))

    def finish(self) -> None:
        """Hand on what the recognisers still hold, with the last frame."""
        if not self._history:
            return
        last = self._history[-1]
        result = self._result(last.frame, self._panel.finish(), last)
        if result.events or result.text != last.text:
            self._give(result)

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
        stats = Stats(self._rate.add(now), latency, summary.dropped)
        result = self._result(frame, findings, Result(frame, stats=stats))
        self._give(result)
        if frame.captured is not None:
            summary.latencies.append(self._clock() - frame.captured)
        if now - self._given_back > memory.EVERY:
            self._given_back = now
            memory.give_back()

    def _result(self, frame: Frame, findings: list[Findings], base: Result) -> Result:
        texts = [each.text for each in findings if each.text is not None]
        return Result(
            frame,
            tuple(found for each in findings for found in each.detections) or base.detections,
            tuple(event for each in findings for event in each.events),
            "\n".join(filter(None, texts)) if texts else base.text,
            Steps(lambda: tuple(step for each in findings for step in each.stages) or base.stages),
            tuple(hint for each in findings for hint in each.hints),
            base.stats,
        )

    def _give(self, result: Result) -> None:
        self._summary.events.update(event.kind for event in result.events)
        for event in result.events:
            log.debug("%s %s from %.2f s on", event.kind, event.label, event.start)
        self._summary.text = result.text
        self._history.append(result)
        kept = max(LEAST, HISTORY // result.frame.image.nbytes) if self._can_step else 1
        while len(self._history) > kept:
            self._history.popleft()
        self._shown = 0
        self._tell(lambda sink: sink.write(result))

    def _tell(self, what: Callable[[Sink], None]) -> None:
        """Do it with every sink; one that fails or was closed gets no more, and ends the run."""
        ends: LivevisionError | None = None
        for sink in self._sinks.copy():
            try:
                what(sink)
            except LivevisionError as error:
                self._sinks.remove(sink)
                ends = ends or error
        if ends is not None:
            raise ends

    def _idle(self) -> None:
        status = self._source.status
        if status != self._told and self._history and not self._paused:
            last = self._history[-1]
            shown = replace(last, hints=(status, *last.hints) if status else last.hints)
            self._tell(lambda sink: sink.review(shown))
        self._told = status
        self._tell(lambda sink: sink.idle())

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
            self._hand_on(command)
        return step

    def _hand_on(self, command: str) -> None:
        self._source.command(command)
        self._panel.command(command)
        self._tell(lambda sink: sink.command(command))

    def _step(self, back: bool) -> bool:
        """Look at an earlier or later result of a recording; True if it has yet to be made."""
        if self._source.live or not self._history:
            return False
        if not self._paused:
            self._paused = True
            self._tell(lambda sink: sink.command("pause"))
        if not back and self._shown == 0:
            return True
        self._shown = min(self._shown + 1, len(self._history) - 1) if back else self._shown - 1
        result = self._history[-1 - self._shown]
        self._tell(lambda sink: sink.review(result))
        return False
