"""From a source to the sinks, once."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from livevision.errors import LivevisionError, SinkClosed, SourceError
from livevision.pipeline.capture import Capture, EndOfStream
from livevision.pipeline.controls import Controls
from livevision.pipeline.fan_out import FanOut
from livevision.pipeline.loop import Loop
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
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Work through `source` until it ends, a sink is closed, "quit" comes, or Ctrl-C.

    `recognizers` are fresh sessions. Enters and leaves the source, them and the sinks. An error of
    the source does not raise: it ends the stream after the good frames and stands in
    `Summary.error`. Errors of a sink, and of the last recogniser, raise after everything was
    closed. However it ends, the sinks that are left get what was still pending.
    """
    summary = Summary()
    with ExitStack() as stack:
        for recognizer in recognizers:
            stack.enter_context(recognizer)
        panel = Panel(recognizers, summary)
        stack.callback(panel.close)
        for sink in sinks:
            stack.enter_context(sink)
        frames = stack.enter_context(Capture(source))
        loop = Loop(source, frames, panel, FanOut(sinks), controls, summary, clock)
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
