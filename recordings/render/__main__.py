"""``python -m recordings.render CLIP``: render a bundled recording anew, with Blender.

Two idle cores need about 1 s a picture. Pictures are kept in the user's cache folder or that of
``--frames``; a second call goes on where the first was stopped.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .arm import Arm
from .camera import Camera
from .clip import Grain, Truth, overlay, read_picture, write_film, write_joints
from .mesh import PACKAGE, VERSION, Hand, cache_folder, fetch, read_glb
from .motion import Pace, Spelling
from .scene import EVENING, STUDY, Colors, Quality, Room, Scene

FPS = 15


@dataclass(frozen=True)
class Recipe:
    """One bundled recording."""

    text: str
    description: str
    room: Room
    colors: Colors
    left: bool = False
    camera: Camera = field(default_factory=Camera)
    center: tuple[float, float, float] = (0.0, -0.12, -0.02)
    lean: tuple[float, float, float] = (0, -6, 4)
    pace: Pace = field(default_factory=Pace)
    noise: float = 3
    seed: int = 0


RECIPES = {
    "alphabet": Recipe(
        text="ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        description="The ASL manual alphabet, J and Z drawn in the air; a right hand by day",
        room=STUDY,
        colors=Colors(skin=(0.70, 0.43, 0.32)),
        seed=1,
    ),
    "cloudy": Recipe(
        text="CLOUDY",
        description="The word CLOUDY, spelt by a dark-skinned left hand in lamp light",
        room=EVENING,
        colors=Colors(skin=(0.17, 0.075, 0.04), sleeve=(0.40, 0.33, 0.22)),
        left=True,
        camera=Camera(fov=55),
        center=(-0.02, -0.10, -0.03),
        lean=(-4, -4, -3),
        pace=Pace(transition=0.3, rest=0.75),
        noise=4,
        seed=2,
    ),
}


def render(name: str, recipe: Recipe, folder: Path, frames: Path, quality: Quality) -> None:
    """Write ``NAME.mp4``, ``NAME.json`` and ``NAME_joints.json`` to ``folder``."""
    arm = Arm(Hand(read_glb(fetch())), recipe.left)
    spelling = Spelling(
        recipe.text, np.array(recipe.center), recipe.pace, recipe.lean, seed=recipe.seed
    )
    moments = [spelling.at(i / FPS) for i in range(round(spelling.duration * FPS))]
    places = [arm.place(moment.pose, moment.turn, moment.center) for moment in moments]

    frames.mkdir(parents=True, exist_ok=True)
    scene = Scene(arm, recipe.camera, recipe.room, recipe.colors, quality)
    partial = frames / "part.png"
    room = frames / "room.png"
    if not room.exists():
        scene.render_room(partial)
        partial.replace(room)
    start = time.monotonic()
    for i, placed in enumerate(places):
        path = frames / f"{i:04d}.png"
        if not path.exists():
            scene.render_arm(placed, partial)
            partial.replace(path)
            print(f"{name}: {i + 1}/{len(places)}, {time.monotonic() - start:.0f} s", flush=True)

    background = read_picture(room)
    grain = Grain(background.shape, recipe.noise, np.random.default_rng(recipe.seed))
    pictures = (
        grain(overlay(read_picture(frames / f"{i:04d}.png"), background))
        for i in range(len(places))
    )
    write_film(folder / f"{name}.mp4", pictures, FPS)
    made_with = f"python -m recordings.render {name} ({PACKAGE} {VERSION}, Blender Cycles)"
    truth = Truth(recipe.description, made_with, recipe.text, spelling.spans, recipe.left)
    truth.write(folder / f"{name}.json")
    joints = [recipe.camera.project(placed.joints) for placed in places]
    write_joints(folder / f"{name}_joints.json", FPS, joints)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m recordings.render",
        description="Render a bundled recording anew with Blender (needs the render extra).",
        epilog="example: python -m recordings.render cloudy --frames frames/",
    )
    parser.add_argument("clip", choices=sorted(RECIPES))
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1], metavar="DIR")
    parser.add_argument("--frames", type=Path, metavar="DIR", help="of the pictures")
    parser.add_argument("--samples", type=int, default=Quality.samples, help="a pixel of the arm")
    parser.add_argument("--threads", type=int, default=0, help="0 = all cores")
    given = parser.parse_args()
    frames = given.frames or cache_folder() / given.clip
    quality = Quality(samples=given.samples, threads=given.threads)
    try:
        render(given.clip, RECIPES[given.clip], given.output, frames, quality)
    except (OSError, RuntimeError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
