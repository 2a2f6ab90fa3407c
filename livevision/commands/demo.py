"""Show what livevision does, without a camera: a signing hand and a face in one picture.

The hand is a bundled recording. The portraits come with the packages that livevision needs;
one of the two people is enrolled in a gallery that lives only as long as the demo.
With a display it plays in a window, which stays open at the end (l plays it once more, q closes
it); without one it writes demo.mp4.

examples: livevision demo
          livevision demo --record demo.mp4 --no-window
"""

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path

from livevision import assets, options, plugins, recognizers
from livevision.commands import _output, _playing
from livevision.frame import Result
from livevision.sinks import Sink
from livevision.sinks import opening as sinks
from livevision.sources import Source

SUMMARY = "see it work, without a camera"
CLIP = "jawsclub.mp4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-frames", type=_output.positive, metavar="N", help="end after N")
    sinks.add_arguments(parser)
    recognizers.add_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    return play(arguments)


class _Progress(Sink):
    """A bar while the video is written."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("writing", total=total)

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def write(self, result: Result) -> None:
        self._bar.advance(self._task)

    def close(self) -> None:
        self._bar.stop()


class _Labels(Sink):
    """Remembers what was read of each kind that is not captioned: who was seen."""

    def __init__(self) -> None:
        self.labels: dict[str, dict[str, None]] = {}

    def write(self, result: Result) -> None:
        for event in result.events:
            kind = plugins.kind(event.kind)
            if kind.counted and not kind.caption:
                self.labels.setdefault(kind.name, {})[event.label] = None


def play(arguments: argparse.Namespace) -> int:
    """The demo with the outputs that `arguments` ask for."""
    from livevision.demo import Demo
    from livevision.sinks.window import display_available
    from livevision.sources.realtime import Paced
    from livevision.sources.recording import Recording

    clip = Recording(assets.folder("recordings") / CLIP)
    source: Source = Demo([clip])
    more: list[Sink] = [seen := _Labels()]
    if arguments.window and display_available():
        source = Paced(source)  # a slow machine shows it slowly, and reads all of it
    else:
        arguments.window = False
        if arguments.record is None:
            arguments.record = Path("demo.mp4")
        more.append(_Progress(arguments.max_frames or 150))
    with tempfile.TemporaryDirectory() as folder:
        names = _shown(arguments, Path(folder))
        while True:
            summary = _playing.play(source, names, arguments, mirror=False, more=more, hold=True)
            if not summary.again:
                break
    _output.tell(summary, name="demo")
    print(f"{'signed:':8}{summary.text}")
    for kind, labels in seen.labels.items():
        print(f"{kind + ':':8}{', '.join(labels)}")
    if arguments.record:
        print(f"{'video:':8}{os.fspath(arguments.record)}")
    return _output.outcome(summary)


def _shown(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """What recognises: all that can show itself, and what is asked for; their options are set."""
    names = []
    for name, plugin in plugins.recognizers().items():
        wanted = getattr(arguments, name, None)
        if not (wanted or (plugin.demo and wanted is None)):
            continue
        if plugin.demo:
            prepared = import_module(plugin.demo).prepare(folder)
            options.store(prepared, arguments, name)
        names.append(name)
    return names
