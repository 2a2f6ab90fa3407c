"""Train the network that reads sheet music, on sheets engraved for it, and the story's classifier.

Needs the train extra and rsvg-convert (Debian: librsvg2-bin). Nothing is downloaded: Verovio
engraves random music in three of its fonts, which is bent, shaded, blurred and compressed anew for
every step. The two other fonts are kept apart for 'livevision evaluate notes'.

examples: livevision train notes --minutes 90 --output models/notes
          python -m livevision.recognizers.notes.training.sheets DIR --camera
"""

import argparse
from pathlib import Path

from livevision.assets import write_checksums
from livevision.options import between

SUMMARY = "the network that reads sheet music"
PAGES = 700
"""About 4,500 staffs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="where the models are written"
    )
    parser.add_argument(
        "--minutes",
        type=between(0.1, None),
        default=90.0,
        metavar="N",
        help="how long the network is trained (default: 90)",
    )
    parser.add_argument(
        "--pages", type=int, default=PAGES, metavar="N", help=f"pages engraved (default: {PAGES})"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is random")
    parser.add_argument("--only", choices=("network", "classic"), help="train one of the two")


def execute(arguments: argparse.Namespace) -> int:
    import numpy as np

    from livevision import files
    from livevision.recognizers.notes.network import FILE, WIDTH
    from livevision.recognizers.notes.training import classic, dataset, network
    from livevision.recognizers.notes.training.engrave import TRAINING_FONTS

    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.only != "network":
        tagged = classic.train(arguments.output)
        print(f"classic: learnt from {tagged} tagged notes")
    if arguments.only != "classic":
        rng = np.random.default_rng(arguments.seed)
        strips = dataset.draw(rng, TRAINING_FONTS, arguments.pages)
        print(f"engraved {arguments.pages} pages, {len(strips)} staffs")
        model = network.build()
        steps = network.fit(model, strips, seconds=arguments.minutes * 60, seed=arguments.seed)
        files.replace_bytes(arguments.output / FILE, network.converted(model, WIDTH))
        print(f"trained {steps} steps of {network.BATCH} pictures")
    write_checksums(arguments.output)
    return 0
