"""Train the network that reads sheet music, on sheets engraved for it, and the story's classifier.

Needs the train extra and rsvg-convert (Debian: librsvg2-bin). Nothing is downloaded: Verovio
engraves random music in three of its fonts, which is bent, shaded, blurred and compressed anew for
every step. The two other fonts are kept apart for 'livevision evaluate notes'. With --hands every
second page has the symbols of a font that looks handwritten: any laid out as SMuFL says. The same
fonts, pages, steps and seed give the same network on the same machine. With --start it goes on from
weights that were kept, such as models/notes/weights.npz.

examples: npm install @vexflow-fonts/musejazz @vexflow-fonts/finalejazz
          livevision train notes --hands node_modules/@vexflow-fonts/*/*.otf --output models/notes
          python -m livevision.recognizers.notes.training.sheets DIR --camera
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.assets import write_checksums
from livevision.options import between

if TYPE_CHECKING:
    from livevision.recognizers.notes.training.dataset import Strip

SUMMARY = "the network that reads sheet music"
PAGES = 700
"""About 4,500 staffs."""
STEPS = 3600
"""An hour of one core, where nothing else runs."""
WEIGHTS = "weights.npz"
"""What --start goes on from."""
TOLD = 50
"""Pages between two reports."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="where the models are written"
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=STEPS,
        metavar="N",
        help=f"steps of the network's training (default: {STEPS})",
    )
    parser.add_argument(
        "--pages", type=int, default=PAGES, metavar="N",
        help=f"pages engraved (default: {PAGES})",
    )  # fmt: skip
    parser.add_argument(
        "--hands", nargs="+", type=Path, default=[], metavar="FONT",
        help="fonts of music that look handwritten, .otf files, laid out as SMuFL says",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="go on from these weights (.npz)"
    )
    parser.add_argument(
        "--rate", type=between(1e-6, 0.1), default=None, metavar="X",
        help="Adam's learning rate at the beginning",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is random")
    parser.add_argument("--only", choices=("network", "classic"), help="train one of the two")


def execute(arguments: argparse.Namespace) -> int:
    import keras
    import tensorflow

    from livevision import files
    from livevision.recognizers.notes.network import FILE, WIDTH
    from livevision.recognizers.notes.training import classic, network

    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.only != "network":
        tagged = classic.train(arguments.output)
        print(f"classic: learnt from {tagged} tagged notes")
    if arguments.only != "classic":
        strips = _engraved(arguments)
        print(f"engraved {arguments.pages} pages, {len(strips)} staffs", flush=True)
        keras.utils.set_random_seed(arguments.seed)
        tensorflow.config.experimental.enable_op_determinism()
        model = network.build()
        if arguments.start is not None:
            network.restore(model, arguments.start)
        loss = network.fit(
            model,
            strips,
            steps=arguments.steps,
            seed=arguments.seed,
            rate=arguments.rate or network.RATE,
            tell=_tell,
        )
        files.replace(arguments.output / WEIGHTS, lambda draft: network.keep(model, draft))
        files.replace_bytes(arguments.output / FILE, network.converted(model, WIDTH))
        print(f"trained {arguments.steps} steps of {network.BATCH} pictures, loss {loss:.3f}")
    write_checksums(arguments.output)
    return 0


def _engraved(arguments: argparse.Namespace) -> "list[Strip]":
    """What is learnt from."""
    import numpy as np

    from livevision.recognizers.notes.training import dataset
    from livevision.recognizers.notes.training.engrave import TRAINING_FONTS, outlines

    def tell(drawn: int) -> None:
        if drawn % TOLD == 0:
            _tell(f"engraved {drawn} pages")

    rng = np.random.default_rng(arguments.seed)
    hands = [outlines(each) for each in arguments.hands]
    return dataset.draw(rng, TRAINING_FONTS, arguments.pages, hands=hands, tell=tell)


def _tell(line: str) -> None:
    print(line, flush=True)
