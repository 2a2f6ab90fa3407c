"""Show what livevision does, without a camera: a signing hand and a face in one picture.

The hand is a bundled recording. The portraits come with the packages that livevision needs;
one of the two people is enrolled in a gallery that lives only as long as the demo.
Other recognisers that you name follow, each with a scene of its own, composed while it plays.
With a display it plays in a window, which stays open at the end (l plays it once more, q closes
it); without one it writes demo.mp4.

examples: livevision demo
          livevision demo --record demo.mp4 --no-window
          livevision demo --no-signs --no-faces --notes --digits
"""

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import assets, options, plugins, recognizers
from livevision.commands import _output, _playing
from livevision.errors import ModelError, UsageError
from livevision.frame import Result
from livevision.sinks import Sink
from livevision.sinks import opening as sinks
from livevision.sources import Source

if TYPE_CHECKING:
    from livevision.demo import Scene
    from livevision.recognizers.recognizer import Session

SUMMARY = "see it work, without a camera"
CLIP = "jawsclub.mp4"
_WIDE = 10
"""Characters before what was read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-frames", type=_output.positive, metavar="N", help="end after N")
    sinks.add_arguments(parser)
    recognizers.add_arguments(parser)
    for name, plugin in plugins.recognizers().items():
        # a scene has its own, the user the last word
        options.leave_open(parser, plugin.options, name)


def execute(arguments: argparse.Namespace) -> int:
    return play(arguments)


class _Progress(Sink):
    """A bar while the video is written."""

    def __init__(self, total: int | None) -> None:
        """`total` pictures, None if nobody knows."""
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
    from livevision.demo import Demo, OwnScene
    from livevision.sinks.window import display_available
    from livevision.sources.realtime import Paced
    from livevision.sources.recording import Recording

    clip = Recording(assets.folder("recordings") / CLIP)
    more: list[Sink] = [seen := _Labels()]
    with tempfile.TemporaryDirectory() as folder:
        names, scenes = _shown(arguments, Path(folder))
        demo = Demo([clip] if len(names) > len(scenes) else [], scenes)
        source: Source = demo
        if arguments.window and display_available():
            source = Paced(source)  # a slow machine shows it slowly, and reads all of it
        else:
            arguments.window = False
            if arguments.record is None:
                arguments.record = Path("demo.mp4")
            more.append(_Progress(arguments.max_frames))

        def shown_by(session: "Session") -> "Session":
            scene = scenes.get(session.name)
            return session if scene is None else OwnScene(session, scene, demo)

        while True:
            summary = _playing.play(
                source, names, arguments, mirror=False, more=more, hold=True, shown_by=shown_by
            )
            if not summary.again:
                break
    _output.tell(summary, name="demo")
    if "signs" in names:
        print(f"{'signed:':{_WIDE}}{summary.text}")
    for kind, labels in seen.labels.items():
        print(f"{kind + ':':{_WIDE}}{', '.join(labels)}")
    if arguments.record:
        print(f"{'video:':{_WIDE}}{os.fspath(arguments.record)}")
    return _output.outcome(summary)


def _shown(arguments: argparse.Namespace, folder: Path) -> "tuple[list[str], dict[str, Scene]]":
    """What recognises: all that shows itself beside others, and what is asked for; their options
    are set where the user gave none. And the scenes of those that have one of their own."""
    names: list[str] = []
    scenes: dict[str, Scene] = {}
    for name, plugin in plugins.recognizers().items():
        wanted = getattr(arguments, name, None)
        showing = import_module(plugin.demo) if plugin.demo and wanted is not False else None
        scene = getattr(showing, "scene", None)
        if not (wanted or (showing and not scene and wanted is None)):
            continue
        if showing:
            try:
                options.fill(showing.prepare(folder), arguments, name)
            except ModelError as error:  # weights that are not ours to bundle: the others are shown
                _output.hint(str(error))
                continue
        if scene:
            scenes[name] = scene()
        names.append(name)
    if not names:
        raise UsageError("Nothing is left to show; leave out a --no-... or name a recogniser.")
    return names, scenes
