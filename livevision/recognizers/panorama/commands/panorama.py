"""Make one picture of a sweep: of a camera that is turned, or of a clip of one.

With a camera, turn it slowly, on one spot, and press q when you are done; without a display it ends
after --seconds, or with Ctrl-C. Every view must show at least half of the one before.

examples: livevision panorama clip.mp4 wide.jpg
          livevision panorama 0 wide.jpg              webcam 0, in a window
          livevision panorama photos/ wide.png        pictures in the order of their names
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import files
from livevision.errors import SinkClosed, SourceError
from livevision.options import between

if TYPE_CHECKING:
    from livevision.frame import Result
    from livevision.sinks import Sink

SUMMARY = "make one picture of a sweep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a camera's number, a clip, a folder")
    parser.add_argument("output", type=Path, metavar="OUT.jpg", help="the picture (.jpg, .png)")
    parser.add_argument(
        "--seconds",
        type=between(0.1, 86_400),
        metavar="S",
        help="end after so many seconds of the stream",
    )
    parser.add_argument(
        "--window",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the picture meanwhile (default: with a camera, where there is a display)",
    )


def execute(arguments: argparse.Namespace) -> int:
    from livevision import pipeline, replaying
    from livevision.recognizers.panorama import Options
    from livevision.recognizers.panorama.recognizer import PanoramaRecognizer, write
    from livevision.recognizers.panorama.stitching import check_name
    from livevision.sinks import Sink
    from livevision.sources import open_source

    output: Path = arguments.output
    check_name(output)
    spec = replaying.bundled(arguments.source)
    files.check_reports(output, inputs=[spec])
    source = open_source(spec)
    controls = pipeline.Controls()
    session = PanoramaRecognizer(Options(start=True))
    sinks: list[Sink] = [_end(arguments.seconds)]
    shown = arguments.window
    if shown or (shown is None and source.live):
        from livevision.sinks.window import Window, display_available

        if shown or display_available():
            sinks.append(Window(controls, title="livevision: panorama"))
    summary = pipeline.run(source, [session], sinks, controls=controls)
    if session.picture is None:
        raise summary.error or session.error or SourceError("There were no pictures to join.")
    write(session.picture, output)
    height, width = session.picture.shape[:2]
    print(f"{output}: {width}x{height}")
    return 0


def _end(seconds: float | None) -> "Sink":
    """A sink that ends the run after so many seconds of the stream, if any."""
    from livevision.sinks import Sink

    class End(Sink):
        def write(self, result: "Result") -> None:
            if seconds is not None and result.frame.time >= seconds:
                raise SinkClosed("The time is over.")

    return End()
