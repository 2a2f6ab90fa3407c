"""``python -m recordings.render.pictures``: still hands to train on, thousands of signers.

Each signer shows some letters in one of the many ways in which people make them, before another
camera, in another light. The truth is the folder's name: DIR/LETTER/*.jpg, with ``_NOTHING`` for
hands that sign nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from .arm import Arm, orientation
from .clip import Grain, Image
from .mesh import Array, Hand, RestMesh, fetch, read_glb
from .poses import Pose
from .quick import Look, own_side
from .raster import Raster
from .variants import KNOWN_FROM_BEHIND, LETTERS, NOTHING, variant

PER_SIGNER = 8
WIDTH = 480
SHOWN = (*LETTERS, *([NOTHING] * 5))
FISTS = "AEMNST"
"""A thumb between curled fingers bears less of a signer's habits before it shows another letter."""
STREAM = 99
"""Sets these signers apart from those of clips with the same seed."""


def show(seed: int, rest: RestMesh) -> Iterator[tuple[str, Image]]:
    """PER_SIGNER letters (or NOTHING) of signer ``seed``, each with its picture."""
    rng = np.random.default_rng([STREAM, seed])
    look = Look.random(rng, width=WIDTH)
    arm = Arm(Hand(rest, look.proportions), look.left)
    grain = Grain(look.background.shape, look.noise, rng)
    habit = rng.normal(0, 3, 26)
    lean = rng.normal(0, (16, 9, 9))
    with Raster(arm, look.camera, look.skin, look.sleeve) as raster:
        for letter in rng.choice(SHOWN, PER_SIGNER, replace=False):
            angles = variant(letter, rng).vector()
            angles[:26] += habit * (0.5 if letter in FISTS else 1) + rng.normal(0, 2.5, 26)
            angles[26:] += rng.normal(0, 5, 5)
            pose = Pose.from_vector(angles)
            turn = _turn(letter, pose, lean, rng)
            placed = arm.place(pose, turn, own_side(look) + rng.normal(0, 0.01, 3))
            picture = look.finish(raster.draw(placed, look.light), grain)
            yield str(letter), _spoiled(picture, rng)


def _turn(letter: str, pose: Pose, lean: Array, rng: np.random.Generator) -> Array:
    """(3, 3) how the forearm is held."""
    yaw, pitch, roll = lean + rng.normal(0, (8, 6, 7))
    behind = 0.0
    if letter in KNOWN_FROM_BEHIND and rng.random() < 0.15:
        behind, yaw = float(180 + rng.normal(0, 20)), 0.0
    upright = orientation((0, 0, 0)).T
    held = orientation((float(yaw), float(pitch), float(roll))) @ upright
    return np.asarray(held @ orientation((behind, 0, 0)) @ upright @ orientation(pose.view))


def _spoiled(picture: Image, rng: np.random.Generator) -> Image:
    """Three in ten as from a camera with fewer pixels."""
    if rng.random() < 0.3:
        height, width = picture.shape[:2]
        share = rng.uniform(0.24, 0.6)
        small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(small, (width, height)), np.uint8)
    return picture


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m recordings.render.pictures",
        description="Render still hands to train on (needs the render extra). Signers that are "
        "there already are left out, so an interrupted run can be repeated.",
    )
    parser.add_argument("signers", type=int, help=f"how many, {PER_SIGNER} pictures each")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first")
    given = parser.parse_args()
    try:
        rest = read_glb(fetch())
        for letter in sorted(set(SHOWN)):
            (given.output / letter).mkdir(parents=True, exist_ok=True)
        signers = range(given.first, given.first + given.signers)
        for signer in track(signers, "signers"):
            _write(given.output, signer, rest)
    except (OSError, RuntimeError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def _write(folder: Path, signer: int, rest: RestMesh) -> None:
    # the last picture tells that the signer is done
    if any(folder.glob(f"*/{signer:05d}_{PER_SIGNER - 1}.jpg")):
        return
    quality = np.random.default_rng(signer)
    for number, (letter, picture) in enumerate(show(signer, rest)):
        path = folder / letter / f"{signer:05d}_{number}.jpg"
        partial = path.with_suffix(".partial.jpg")
        setting = [cv2.IMWRITE_JPEG_QUALITY, int(quality.uniform(40, 95))]
        if not cv2.imwrite(str(partial), picture, setting):
            raise OSError(f"{path} cannot be written")
        partial.replace(path)


if __name__ == "__main__":
    main()
