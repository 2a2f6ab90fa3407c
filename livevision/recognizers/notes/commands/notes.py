"""Read a picture of sheet music, write it as music, and play it.

PICTURE is a scan or a photo. Without options the tune is printed, a line a staff: D4/8. is a dotted
eighth D of the octave that begins with middle C.

examples: livevision notes sheet.jpg --output tune.mid --output tune.musicxml
          livevision notes sheet.jpg --play --tempo 90
"""

import argparse
from pathlib import Path

from livevision import files, pictures
from livevision.errors import SourceError, UsageError
from livevision.options import between

LEVEL = "The five lines of a staff should be level and 6 pixels apart."
SUMMARY = "read sheet music: MIDI, MusicXML, ABC, sound"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", type=Path, metavar="PICTURE", help="a scan or photo of a sheet")
    parser.add_argument(
        "--output",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write the music: .mid, .musicxml, .abc, .wav or .txt; may be given again",
    )
    parser.add_argument("--play", action="store_true", help="play it")
    parser.add_argument(
        "--tempo",
        type=between(10, 600),
        default=100.0,
        metavar="N",
        help="quarters a minute when played (default: 100)",
    )
    parser.add_argument(
        "--method", choices=("network", "classic"), default="network", help="what reads the notes"
    )


def execute(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.notes import export, playing
    from livevision.recognizers.notes.methods import reader
    from livevision.stages import grayscale

    export.check(arguments.output)
    files.check_outputs(*arguments.output, inputs=[arguments.picture])
    player = playing.player() if arguments.play else None
    if arguments.play and player is None:
        raise UsageError(f"No player found; {playing.CURE} Or write --output tune.wav.")
    grey = grayscale(pictures.load(arguments.picture))
    sheet = reader(arguments.method).read(grey).sheet
    if not sheet.notes:
        none = f"{arguments.picture}: no notes found. " + LEVEL
        if arguments.output:
            raise SourceError(f"{none} Nothing was written.")
        print(none)
        return 0
    print(sheet.text)
    for path in arguments.output:
        export.save(sheet, path, tempo=arguments.tempo)
    if player is not None:
        playing.play(export.wav(sheet, tempo=arguments.tempo), player)
    return 0
