"""Read signs and name faces, live.

SOURCE is a camera's number, a video file, an rtsp:// or http:// URL, a folder of pictures, or
'demo'. With a display a window shows the picture (press h in it for the keys); without one,
what is read is printed.

examples: livevision                            webcam 0
          livevision run 1 --size 1280x720
          livevision run clip.mp4 --record annotated.mp4
          livevision run rtsp://camera/stream --events letters.jsonl --no-window
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import files, options, plugins, recognizers, settings
from livevision.commands import _output
from livevision.plugins import RunContext
from livevision.sinks import opening as sinks

if TYPE_CHECKING:
    from livevision.pipeline import Summary
    from livevision.sinks import Sink
    from livevision.sources import Source

SUMMARY = "read signs and name faces from a camera, stream or file (the default)"


def remembered() -> list[str]:
    """The user's settings, as words of the command line."""
    from livevision.commands import config

    values = settings.read()
    config.check(values, file=settings.path())
    return settings.words(values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help=f"{', '.join(kind.summary for kind in plugins.sources().values())}, or 'demo' "
        "(default: camera 0, or what 'livevision config camera=N' says)",
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Everything but SOURCE; `livevision config` takes these as settings too."""
    source = parser.add_argument_group("source")
    source.add_argument("--size", type=_output.size, metavar="WxH", help="ask the camera for it")
    source.add_argument("--fps", type=_output.positive, metavar="N", help="ask the camera for it")
    source.add_argument(
        "--realtime", action="store_true", help="play a file at its own speed, like a camera"
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


def execute(arguments: argparse.Namespace) -> int:
    if arguments.source == "demo":
        from livevision.commands import demo

        return demo.play(arguments)
    spec = arguments.source
    if spec is None:
        spec = settings.source()
    from livevision.sources import open_source

    source = open_source(
        spec,
        size=arguments.size,
        fps=arguments.fps,
        realtime=arguments.realtime,
        reconnect=arguments.reconnect,
        options={
            name: options.values(kind.options, arguments, name)
            for name, kind in plugins.sources().items()
        },
    )
    if arguments.blur_others:
        recognizers.look_for_people(arguments)  # with nobody enrolled, too: then all are blurred
    names, hints = recognizers.chosen(arguments)
    for text in hints:
        _output.hint(text)
    mirror = spec.isdigit() if arguments.mirror is None else arguments.mirror
    summary = play(source, names, arguments, mirror=mirror, inputs=(spec,))
    _output.tell(summary)
    return _output.outcome(summary)


def play(
    source: "Source",
    names: Sequence[str],
    arguments: argparse.Namespace,
    *,
    mirror: bool = False,
    more: "Sequence[Sink]" = (),
    inputs: Sequence[str | Path] = (),
) -> "Summary":
    """Run `source` through the recognisers `names` into the outputs asked for, and `more`.

    Raises UsageError if an output would take the place of one of the `inputs` or of the gallery.
    """
    from livevision import pipeline
    from livevision.sinks.window import display_available

    written = sinks.outputs(arguments)
    files.check_outputs(*written, inputs=(*inputs, *recognizers.files_read(arguments)))
    controls = pipeline.Controls()
    shown = arguments.window and display_available()
    if arguments.window and not shown:
        _output.hint("there is no display, so no window; what is read is printed.")
    context = RunContext(
        source.name,
        source.live,
        sinks.look(arguments),
        shown=shown,
        mirror=mirror,
        controls=controls,
    )
    opened = [*more, *sinks.open_sinks(arguments, context)]
    loaded = recognizers.sessions(names, arguments, live=source.live)
    with files.reserved(*written):
        return pipeline.run(
            source,
            loaded,
            opened,
            controls=controls if shown else None,
            max_frames=getattr(arguments, "max_frames", None),
        )
