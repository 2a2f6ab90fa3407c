"""A run with the outputs that the command line asks for, for `run`, `demo` and the settings."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import files, options, plugins, recognizers
from livevision.commands import _output
from livevision.plugins import RunContext
from livevision.sinks import opening as sinks

if TYPE_CHECKING:
    from livevision.pipeline import Summary
    from livevision.recognizers.recognizer import Session
    from livevision.sinks import Sink
    from livevision.sources import Source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Everything but SOURCE; `livevision config` takes these as settings too."""
    source = parser.add_argument_group("source")
    source.add_argument("--size", type=_output.size, metavar="WxH", help="ask the camera for it")
    source.add_argument("--fps", type=_output.positive, metavar="N", help="ask the camera for it")
    source.add_argument(
        "--realtime", action="store_true", help="play a file at its own speed, like a camera"
    )
    source.add_argument(
        "--fast",
        action="store_true",
        help="play a file in a window as fast as it can be read, and close that at its end",
    )
    source.add_argument(
        "--reconnect",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="wait for a camera or URL that went away to come back",
    )
    source.add_argument("--max-frames", type=_output.positive, metavar="N", help="end after N")
    for name, kind in plugins.sources().items():
        options.add_arguments(source, kind.options, name)
    sinks.add_arguments(parser)
    recognizers.add_arguments(parser)


def play(
    source: "Source",
    names: Sequence[str],
    arguments: argparse.Namespace,
    *,
    mirror: bool = False,
    camera: bool = False,
    more: "Sequence[Sink]" = (),
    inputs: Sequence[str | Path] = (),
    hold: bool = False,
    shown_by: "Callable[[Session], Session]" = lambda session: session,
    hints: Sequence[str] = (),
) -> "Summary":
    """Run `source` through the recognisers `names` into the outputs asked for, and `more`.

    `mirror` shows it so in a window; `camera` tells that it is a camera of this machine;
    with `hold` the window stays open at the end (`Summary.again`: it is wanted once more);
    `shown_by` puts something between a session and the source. The `hints` are printed with the
    first result. Pictures are read each by itself where no window shows them one after the other.
    Raises UsageError if an output would take the place of one of the `inputs` or of the gallery.
    """
    from livevision import pipeline, replaying
    from livevision.sinks.window import display_available
    from livevision.sources.pictures import Pictures

    written = sinks.outputs(arguments)
    files.check_outputs(*written, inputs=(*inputs, *recognizers.files_read(arguments)))
    controls = pipeline.Controls()
    shown = arguments.window and display_available()
    hints = list(hints)
    if arguments.window and not shown:
        hints.append("there is no display, so no window; what is read is printed.")
    context = RunContext(
        source.name,
        source.live,
        sinks.look(arguments),
        shown=shown,
        mirror=mirror,
        camera=camera,
        recognizers=tuple(names),
        controls=controls,
    )
    opened = [*more, _output.Hints(hints), *sinks.open_sinks(arguments, context)]
    if isinstance(source, Pictures) and not shown and not getattr(arguments, "fps", None):
        with files.reserved(*written):
            chosen = {name: recognizers.values(name, arguments) for name in names}
            return replaying.read_pictures(source, chosen, opened, arguments.max_frames)
    loaded = recognizers.sessions(names, arguments, live=source.live)
    with files.reserved(*written):
        return pipeline.run(
            source,
            [shown_by(each) for each in loaded],
            opened,
            controls=controls if shown else None,
            max_frames=getattr(arguments, "max_frames", None),
            hold=hold and shown,
        )
