"""Counts what was found and writes it at the end, `--tally FILE`: an example of a sink."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import files
from livevision.options import option
from livevision.plugins import RunContext, SinkPlugin
from livevision.sinks.sink import Sink

if TYPE_CHECKING:
    from livevision.frame import Result


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of it."""

    file: Path | None = option(None, flag="--tally", metavar="FILE", help="count what was found")


class Tally(Sink):
    """Numbers of detections, by kind and label."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()
        self._last = -1

    def write(self, result: "Result") -> None:
        if result.frame.index == self._last:
            return  # the last frame once more, with the events that were pending at the end
        self._last = result.frame.index
        self._counts.update(f"{each.kind} {each.label}" for each in result.detections)

    def close(self) -> None:
        lines = [f"{count} {what}\n" for what, count in sorted(self._counts.items())]
        files.replace_text(self._path, "".join(lines))


def _open(options: Options, run: RunContext) -> Iterable[Sink]:
    if options.file:
        yield Tally(options.file)


PLUGIN = SinkPlugin(
    name="tally",
    summary="counts what was found",
    open=_open,
    options=Options,
    outputs=lambda options: [options.file] if options.file else [],
)
