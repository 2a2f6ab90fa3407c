"""Makes panoramas of a stream, whenever it is told to begin and to end."""

import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livevision import files
from livevision.errors import LivevisionError, OutputError
from livevision.frame import Event, Findings, Frame, Image
from livevision.recognizers.beside import Beside
from livevision.recognizers.panorama import Options
from livevision.recognizers.panorama.stitching import check_name, encoded
from livevision.recognizers.panorama.sweep import State, Sweep
from livevision.recognizers.recognizer import Model, Session

log = logging.getLogger(__name__)

COMMAND = "panorama"
"""Begins a sweep, and ends it."""
_TURN = "Turn the camera slowly, and press a to make the picture."
_SHOWN = 10.0
"""Seconds that a finished panorama, or what was wrong with it, is shown."""


class PanoramaModel(Model):
    """What is asked for; there is nothing to learn."""

    def __init__(self, options: Options) -> None:
        """Raises UsageError for a file that is no picture, OutputError for one without a folder."""
        if options.file is not None:
            check_name(options.file)
            files.check_writable(options.file)
        self.options = options
        self._told = ""

    def session(self, *, live: bool = False) -> "PanoramaRecognizer":
        return PanoramaRecognizer(self.options, self._warn)

    def _warn(self, line: str) -> None:
        """Log why a recording gave no panorama; of pictures that are read one by one, once."""
        if line != self._told:
            log.warning("%s", line)
        self._told = line


@dataclass(frozen=True, slots=True)
class _Progress:
    """What the work on a frame came to."""

    hint: str = ""
    preview: Image | None = None
    joined: Image | None = None
    error: LivevisionError | None = None
    begin: float = 0.0


class PanoramaRecognizer(Session):
    """Follows the camera beside the stream; the command "panorama" begins a sweep, and ends it."""

    def __init__(self, options: Options, warn: Callable[[str], None] | None = None) -> None:
        """`warn` is given a line at the end of a recording of which no panorama was made."""
        self._file = options.file
        self._warn = warn
        self._working = Beside(self._work, delay=0.0, name="panorama")
        self._wanted = options.start
        """Whether a sweep should be going on; the other thread sees to it."""
        self._begun = options.start
        """Whether there was ever one."""
        self._seen = 0
        self._frame: Frame | None = None
        """The newest."""
        self._sweep: Sweep | None = None
        self._begin = 0.0
        self._progress = _Progress()
        self._until = 0.0
        self.picture: Image | None = None
        """The last panorama that was made, BGR."""
        self.error: LivevisionError | None = None
        """Why the last sweep made none."""

    def recognize(self, frame: Frame) -> Findings:
        self._seen += 1
        self._frame = frame
        # a sweep that has ended is worked on with the next frame, when nothing else is
        answer = self._working.look(frame, ask=self._wanted or self._sweep is not None)
        events: tuple[Event, ...] = ()
        if answer is not None:
            self._progress = answer.value
            if answer.value.joined is not None or answer.value.error is not None:
                events = self._done(answer.value, answer.frame.time)
                self._until = frame.time + _SHOWN
        if not self._wanted and frame.time > self._until:
            return Findings(events=events)
        shown = self._progress.joined if self._progress.joined is not None else None
        shown = self._progress.preview if shown is None else shown
        hint = self._progress.hint
        return Findings(
            events=events,
            hints=(hint,) if hint else (),
            pictures={} if shown is None else {"panorama": shown},
        )

    def finish(self) -> Findings:
        """At the end of the stream the sweep ends as well."""
        self._working.finish()
        if self._sweep is None:
            self._judge(None)
            return Findings()
        progress = self._join(self._sweep)
        self._sweep = None
        events = self._done(progress, progress.begin)
        self._judge(progress.error)
        pictures = {} if progress.joined is None else {"panorama": progress.joined}
        return Findings(events=events, pictures=pictures)

    def command(self, name: str) -> None:
        if name == COMMAND:
            self._wanted = not self._wanted
            self._begun = True

    def close(self) -> None:
        self._working.close()

    def _judge(self, error: LivevisionError | None) -> None:
        """Tell why a recording ends without a panorama, if it does."""
        last = self._frame
        if self._warn is None or last is None or last.captured is not None or not last.stream:
            return
        if not self._begun or (self._seen == 1 and last.file):  # pictures read one by one
            self._warn(
                f"{last.stream}: no panorama was begun. To make one of it: "
                f"livevision panorama {shlex.quote(last.stream)} OUT.jpg"
            )
        elif error is not None:
            self._warn(f"{last.stream}: {error}")

    def _work(self, frame: Frame) -> _Progress:
        """On the thread beside."""
        if not self._wanted:
            sweep, self._sweep = self._sweep, None
            return _Progress() if sweep is None else self._join(sweep)
        if self._sweep is None:
            self._sweep, self._begin = Sweep(), frame.time
        state = self._sweep.add(frame.image)
        trouble = state in (State.LOST, State.BLANK, State.FULL)
        preview = self._progress.preview
        if state is State.KEPT or preview is None:
            preview = self._sweep.preview() if self._sweep.images else None
        return _Progress(state.value if trouble else _TURN, preview, begin=self._begin)

    def _join(self, sweep: Sweep) -> _Progress:
        try:
            return _Progress(joined=sweep.finish(), begin=self._begin)
        except LivevisionError as error:
            return _Progress(str(error), error=error, begin=self._begin)

    def _done(self, progress: _Progress, time: float) -> tuple[Event, ...]:
        """The event of a panorama that was made, which is written if a file is named."""
        self.error, self.picture = progress.error, progress.joined
        if progress.joined is None:
            return ()
        if self._file is not None:
            write(progress.joined, self._file)
        height, width = progress.joined.shape[:2]
        label = f"{width}x{height}"
        details = {"width": width, "height": height}
        return (Event("panorama", label, progress.begin, time, 1.0, details),)


def write(image: Image, path: Path) -> None:
    """Write a picture, whose name was checked; OutputError if that fails."""
    content = encoded(image, path.suffix)
    if content is None:  # WebP ends at 16,383 pixels a side
        height, width = image.shape[:2]
        raise OutputError(f"{path}: no {path.suffix} holds {width}x{height} pixels. Name it .png.")
    files.replace(path, lambda draft: draft.write_bytes(content))
