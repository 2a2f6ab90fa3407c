"""Read signs and name faces, live.

SOURCE is a camera's number, a video file, an rtsp:// or http:// URL, a picture or a folder of
them, the name of a bundled clip (jawsclub, alphabet, cloudy), or 'demo'. With a display a window
shows the picture (press h in it for the keys); without one, what is read is printed. A file plays
at its own speed in a window, which stays open at its end.

examples: livevision                            webcam 0
          livevision run 1 --size 1280x720
          livevision run clip.mp4 --record annotated.mp4
          livevision run rtsp://camera/stream --events letters.jsonl --no-window
          livevision run photos/ --events - --no-window
"""

import argparse

from livevision import options, plugins, recognizers, settings
from livevision.commands import _output, _playing

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
    _playing.add_options(parser)


def execute(arguments: argparse.Namespace) -> int:
    if arguments.source == "demo":
        from livevision.commands import demo

        return demo.play(arguments)
    from livevision import replaying

    spec = settings.source() if arguments.source is None else replaying.bundled(arguments.source)
    from livevision.sinks.window import display_available
    from livevision.sources import open_source
    from livevision.sources.realtime import Paced

    watched = arguments.window and not arguments.fast and display_available()
    source = open_source(
        spec,
        size=arguments.size,
        fps=arguments.fps,
        realtime=arguments.realtime,
        paced=watched,
        reconnect=arguments.reconnect,
        options={
            name: options.values(kind.options, arguments, name)
            for name, kind in plugins.sources().items()
        },
    )
    if arguments.blur_others:
        recognizers.look_for_people(arguments)  # with nobody enrolled, too: then all are blurred
    names, hints = recognizers.chosen(arguments)
    mirror = spec.isdigit() if arguments.mirror is None else arguments.mirror
    camera = plugins.sources()["camera"].claims(spec)
    while True:
        summary = _playing.play(
            source,
            names,
            arguments,
            mirror=mirror,
            camera=camera,
            inputs=(spec,),
            hold=isinstance(source, Paced),
            hints=hints,
        )
        if not summary.again:
            break
        hints = []
    _output.tell(summary)
    return _output.outcome(summary)
