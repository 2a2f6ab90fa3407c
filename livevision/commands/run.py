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
from dataclasses import replace
from pathlib import Path

from livevision import files, recognizers, settings
from livevision.commands import _output
from livevision.pipeline import Controls, Summary
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
        help="camera number, file, URL, folder of pictures, or 'demo' (default: camera 0, "
        "or what 'livevision config camera=N' says)",
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
    add_output_options(parser)
    recognizers.add_arguments(parser)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Where what was read goes; for `run` and `demo`."""
    output = parser.add_argument_group("output")
    output.add_argument(
        "--window",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show the picture, where there is a display",
    )
    output.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="show the picture as in a mirror (default: for cameras; never recorded so)",
    )
    output.add_argument("--record", type=Path, metavar="OUT.mp4", help="write the picture as shown")
    output.add_argument("--raw", type=Path, metavar="OUT.mp4", help="write the camera's picture")
    output.add_argument("--events", type=Path, metavar="OUT.jsonl", help="write what was read")
    output.add_argument(
        "--captions", type=Path, metavar="OUT", help="write the text as .srt, .vtt or .txt"
    )
    output.add_argument(
        "--transcript", type=Path, metavar="OUT.jsonl", help="write what was read, and who signed"
    )
    output.add_argument(
        "--speak",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="say finished words aloud, off line",
    )
    output.add_argument(
        "--metrics-port",
        type=_output.port,
        metavar="N",
        help="serve rates, latencies and counts to Prometheus at 127.0.0.1:N (default: off)",
    )
    for unit, meaning in (("minutes", "after N minutes"), ("megabytes", "after N MB")):
        output.add_argument(
            f"--split-{unit}",
            type=_output.positive,
            metavar="N",
            help=f"begin a new file of --record and --raw {meaning}",
        )
    look = parser.add_argument_group("look")
    look.add_argument(
        "--text-size",
        type=_output.between(0.4, 4.0),
        default=1.0,
        metavar="X",
        help="size of the running text, 0.4 to 4 (default: %(default)s)",
    )
    look.add_argument(
        "--contrast",
        type=_output.between(0.0, 1.0),
        default=0.7,
        metavar="X",
        help="how dark the ground behind text is, 0 to 1 (default: %(default)s)",
    )
    look.add_argument(
        "--captions-at",
        choices=("top", "bottom"),
        default="bottom",
        help="where the running text stands (default: %(default)s)",
    )
    look.add_argument(
        "--blur-others",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="make faces without a name unrecognisable, in the window and in --record",
    )


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
    )
    if arguments.blur_others and arguments.faces is None:
        arguments.faces = True  # also with nobody enrolled: then everybody is blurred
    names, hints = recognizers.chosen(arguments)
    for text in hints:
        _output.hint(text)
    mirror = spec.isdigit() if arguments.mirror is None else arguments.mirror
    summary = play(source, names, arguments, mirror=mirror, inputs=(spec,))
    _output.tell(summary)
    return _output.outcome(summary)


def play(
    source: Source,
    names: Sequence[str],
    arguments: argparse.Namespace,
    *,
    mirror: bool = False,
    more: Sequence[Sink] = (),
    inputs: Sequence[str | Path] = (),
) -> Summary:
    """Run `source` through the recognisers `names` into the outputs asked for, and `more`.

    Raises UsageError if an output would take the place of one of the `inputs` or of the gallery.
    """
    from livevision import pipeline
    from livevision.sinks.captions import Captions
    from livevision.sinks.console import Console
    from livevision.sinks.events import Events
    from livevision.sinks.overlay import Look, annotate
    from livevision.sinks.recorder import Recorder
    from livevision.sinks.speech import Speech
    from livevision.sinks.transcript import Transcript
    from livevision.sinks.window import Window, display_available

    files.check_outputs(
        *(arguments.record, arguments.raw, arguments.events),
        *(arguments.captions, arguments.transcript),
        inputs=(*inputs, *recognizers.files_read(arguments)),
    )
    look = Look(
        text_size=arguments.text_size,
        contrast=arguments.contrast,
        captions=arguments.captions_at,
        blur_others=arguments.blur_others,
    )
    controls = Controls()
    sinks: list[Sink] = [*more]
    limits = {
        "split_seconds": arguments.split_minutes and arguments.split_minutes * 60,
        "split_bytes": arguments.split_megabytes and arguments.split_megabytes * 1_000_000,
    }
    if arguments.raw:
        sinks.append(Recorder(arguments.raw, **limits))
    if arguments.events:
        sinks.append(Events(arguments.events, source=source.name))
    if arguments.captions:
        sinks.append(Captions(arguments.captions))
    if arguments.transcript:
        sinks.append(Transcript(arguments.transcript, source=source.name))
    if arguments.speak:
        sinks.append(Speech())
    shown = arguments.window and display_available()
    recorder = Recorder(arguments.record, annotate=lambda result: annotate(result, look), **limits)
    if arguments.record or shown:  # in a window the key r starts one at any time
        sinks.append(recorder)
    if shown:
        seen = replace(look, mirror=mirror)
        sinks.append(Window(controls, look=seen, recording=lambda: recorder.recording))
    else:
        if arguments.window:
            _output.hint("there is no display, so no window; what is read is printed.")
        sinks.append(Console())
    if arguments.metrics_port:
        from livevision.sinks.metrics import Metrics

        sinks.append(Metrics(arguments.metrics_port))
    loaded = recognizers.sessions(names, arguments, live=source.live)
    with files.reserved(
        *(arguments.record, arguments.raw, arguments.events),
        *(arguments.captions, arguments.transcript),
    ):
        return pipeline.run(
            source,
            loaded,
            sinks,
            controls=controls if shown else None,
            max_frames=getattr(arguments, "max_frames", None),
        )
