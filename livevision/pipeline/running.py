"""From a source to the sinks, once."""

import logging
import time
from collections.abc import Callable, Sequence

from livevision import signals
from livevision.errors import LivevisionError, SinkClosed, SourceError
from livevision.pipeline.capture import Capture, EndOfStream
from livevision.pipeline.controls import Controls
from livevision.pipeline.fan_out import FanOut
from livevision.pipeline.loop import Loop
from livevision.pipeline.names import name_of
from livevision.pipeline.panel import Panel
from livevision.pipeline.summary import Summary
from livevision.recognizers.recognizer import Session
from livevision.sinks import Sink
from livevision.sources import Source

log = logging.getLogger(__name__)


def run(
    source: Source,
    recognizers: Sequence[Session],
    sinks: Sequence[Sink],
    *,
    controls: Controls | None = None,
    max_frames: int | None = None,
    hold: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Work through `source` until it ends, a sink is closed, "quit" comes, or Ctrl-C.

    With `hold` the end of the stream stays on view and commands are obeyed until "quit" or "again"
    comes, or a sink is closed; `Summary.again` tells which.

    `recognizers` are fresh sessions. Enters and leaves the source, them and the sinks. An error of
    the source does not raise: it ends the stream after the good frames and stands in
    `Summary.error`. A recogniser or a sink that fails or hangs is switched off and stands in
    `Summary.failed`; the run goes on without it. Errors of the last recogniser, of a sink that is
    essential (a window), and of the last sink that was asked for, raise after everything was
    closed. However it ends, the sinks that are left get what was still pending.
    """
    summary = Summary(recognizers=[each.name for each in recognizers if each.name])
    with signals.deferred():
        with (
            Panel(recognizers, summary) as panel,
            FanOut(sinks, summary) as outputs,
            Capture(source) as frames,
        ):
            loop = Loop(source, frames, panel, outputs, controls, summary, clock)
            log.info("reading %s: %s to %s", source.name, _names(recognizers), _names(sinks))
            _guarded(lambda: loop.work(max_frames), summary)
            _guarded(loop.finish, summary)
            if hold and loop.ended and summary.error is None and not summary.interrupted:
                _guarded(loop.hold, summary)
        _guarded(signals.check, summary)
    reason = "interrupted" if summary.interrupted else summary.error or "no error"
    log.info("read %d frames of %s: %s", summary.frames, source.name, reason)
    if summary.error is not None and not isinstance(summary.error, SourceError):
        raise summary.error
    return summary


def _guarded(work: Callable[[], None], summary: Summary) -> None:
    """Do a part of the run, and note what ends it."""
    try:
        work()
    except (EndOfStream, SinkClosed):
        pass
    except LivevisionError as error:
        summary.ended_by(error)
    except KeyboardInterrupt:
        summary.interrupted = True


def _names(parts: Sequence[object]) -> str:
    return ", ".join(name_of(each) for each in parts) or "nothing"
