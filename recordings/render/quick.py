"""Rendered hands in quantity: ``python -m recordings.render.quick words|set|idle``.

Plainer than the bundled recordings, but any text, at any speed, and each clip another signer:
proportions, handshapes, skin, sleeve, left or right hand, light, camera, distance, background and
noise are drawn at random from a seed.
"""

from __future__ import annotations

import argparse
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from .arm import Arm
from .camera import Camera
from .clip import Grain, Image, Truth, overlay, write_film, write_joints
from .mesh import PACKAGE, PARENTS, VERSION, Array, Hand, RestMesh, fetch, read_glb
from .motion import SECONDS, Gesturing, Moment, Pace, Spelling
from .poses import POSES, Pose
from .raster import Light, Raster, Rgb

FPS = 30
#: Standard deviations in degrees: how far a signer's joints and views lie from the poses in all
#: letters, and in each beside that. More, and a U becomes an R.
HABIT, OWN = (2.5, 6.0), (1.5, 4.0)
#: The share of it for what tells letters apart: the sideways turns of fingers, and the thumb.
SIDEWAYS, THUMB = 0.4, 0.6
#: Share of a letter's time that goes into reaching it.
TRANSITION = 0.36
#: From light to dark, linear RGB.
SKINS = np.array(
    [
        (0.80, 0.57, 0.46),
        (0.70, 0.44, 0.33),
        (0.56, 0.33, 0.22),
        (0.38, 0.20, 0.12),
        (0.19, 0.09, 0.05),
        (0.08, 0.037, 0.024),
    ]
)


@dataclass(frozen=True)
class Look:
    """One signer before one camera."""

    left: bool
    proportions: dict[str, tuple[float, float]]
    poses: dict[str, Pose]
    skin: Rgb
    sleeve: Rgb
    light: Light
    camera: Camera
    center: Array  #: (3,) where the hand signs, metres
    lean: tuple[float, float, float]
    background: Image
    noise: float
    blur: float  #: of the lens, standard deviation in pixels

    @classmethod
    def random(cls, rng: np.random.Generator, left: bool | None = None, width: int = 640) -> Look:
        """Draw one; ``left`` settles which hand, None leaves it to chance (three in ten)."""
        camera = Camera(width=width, height=width * 3 // 4, fov=rng.uniform(45, 68))
        depth = rng.uniform(0.34, 0.75)
        half_width = depth * camera.width / 2 / camera.focal
        half_height = depth * camera.height / 2 / camera.focal
        aside = max(half_width - 0.17, 0)
        low, high = -half_height + 0.12, half_height - 0.17
        center = np.array(
            [
                rng.uniform(-aside, aside),
                depth - camera.distance,
                rng.uniform(low, max(low, high)),
            ]
        )
        tone = rng.uniform(0, len(SKINS) - 1)
        skin = np.stack([np.interp(tone, range(len(SKINS)), SKINS[:, k]) for k in range(3)])
        skin = np.clip(skin * rng.uniform(0.92, 1.08, 3), 0, 1)
        return cls(
            left=bool(rng.random() < 0.3) if left is None else left,
            proportions=_proportions(rng),
            poses=_poses(rng),
            skin=_rgb(skin),
            sleeve=_rgb(rng.uniform(0.02, 0.6) * rng.dirichlet([3, 3, 3]) * 3),
            light=_light(rng),
            camera=camera,
            center=center,
            lean=(rng.uniform(-14, 14), rng.uniform(-14, 6), rng.uniform(-12, 12)),
            background=_background(rng, camera),
            noise=rng.uniform(0.5, 5),
            blur=rng.uniform(0, 0.9),
        )

    def finish(self, drawn: Image, grain: Grain) -> Image:
        """The picture a camera would give of the arm ``drawn`` (BGRA) in this place."""
        picture = overlay(drawn, self.background)
        if self.blur > 0.3:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur), dtype=np.uint8)
        return grain(picture)


class Movement(Protocol):
    """What a hand does over time."""

    duration: float

    def at(self, time: float) -> Moment:
        """The hand ``time`` seconds after the start."""


def film(
    movement: Movement, look: Look, rest: RestMesh, rng: np.random.Generator, fps: int
) -> Iterator[tuple[Image, Array]]:
    """Pictures of a ``movement``, each with its true (21, 2) landmarks."""
    arm = Arm(Hand(rest, look.proportions), look.left)
    grain = Grain(look.background.shape, look.noise, rng)
    with Raster(arm, look.camera, look.skin, look.sleeve) as raster:
        for i in range(round(movement.duration * fps)):
            moment = movement.at(i / fps)
            placed = arm.place(moment.pose, moment.turn, moment.center)
            drawn = raster.draw(placed, look.light)
            yield look.finish(drawn, grain), look.camera.project(placed.joints)


def own_side(look: Look) -> Array:
    """(3,) where to place an arm so that it appears at ``look.center``.

    A left arm is mirrored together with its place.
    """
    return look.center * [-1, 1, 1] if look.left else look.center


def _rgb(values: Array) -> Rgb:
    r, g, b = np.clip(values, 0, 1).tolist()
    return r, g, b


def _proportions(rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    thickness, length = rng.uniform(0.92, 1.22), rng.uniform(0.86, 1.05)
    fingers = {
        name: rng.uniform(0.95, 1.05) for name in ("thumb", "index", "middle", "ring", "pinky")
    }
    proportions = {}
    for name in PARENTS:
        own = fingers.get(name.split("-")[0])
        if own and not name.endswith("metacarpal"):
            proportions[name] = (thickness, length * own)
    return proportions


def _poses(rng: np.random.Generator) -> dict[str, Pose]:
    """The letters as one signer makes them."""

    shares = [*([1, 1, 1, SIDEWAYS, SIDEWAYS] * 4), *([THUMB] * 6), *([1] * 5)]

    def draw(deviations: tuple[float, float]) -> Array:
        return rng.normal(0, np.repeat(deviations, (26, 5)) * shares)

    habit = draw(HABIT)
    return {
        letter: Pose.from_vector(pose.vector() + habit + draw(OWN))
        for letter, pose in POSES.items()
    }


def _light(rng: np.random.Generator) -> Light:
    warm = rng.uniform(-0.2, 0.2)
    tint = np.array([1 + warm, 1.0, 1 - warm])
    around = rng.uniform(0.2, 0.7)
    return Light(
        key_direction=(rng.uniform(-1, 1), rng.uniform(-1, -0.15), rng.uniform(-0.1, 1)),
        key_color=_linear(rng.uniform(0.5, 1.8) * tint),
        fill_direction=(rng.uniform(-1, 1), rng.uniform(-1, 0.6), rng.uniform(-0.5, 0.6)),
        fill_color=_linear(rng.uniform(0.05, 0.6) * rng.uniform(0.85, 1.15, 3)),
        sky=_linear(around * rng.uniform(0.9, 1.1, 3)),
        ground=_linear(around * rng.uniform(0.4, 0.9) * rng.uniform(0.9, 1.1, 3)),
    )


def _linear(values: Array) -> Rgb:
    r, g, b = values.tolist()
    return r, g, b


def _background(rng: np.random.Generator, camera: Camera) -> Image:
    """A wall with shades, and out-of-focus things before it."""
    size = (camera.width, camera.height)
    shades = rng.uniform(30, 225) + rng.normal(0, 22, (3, 3, 1)) + rng.normal(0, 9, (3, 3, 3))
    picture: NDArray[np.float32] = np.asarray(
        cv2.resize(shades.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), np.float32
    )
    for _ in range(rng.integers(0, 40)):
        middle = rng.uniform(0, 1, 2) * size
        extent = rng.exponential(0.08, 2) * size + 4
        angle = rng.choice([0, 0, 0, rng.uniform(0, 90)])
        color = (rng.uniform(0, 255) + rng.normal(0, 28, 3)).tolist()
        corners = cv2.boxPoints((middle.tolist(), extent.tolist(), float(angle)))
        cv2.fillConvexPoly(picture, corners.astype(np.int32), color, cv2.LINE_AA)
    texture = rng.normal(0, 1, (camera.height // 4, camera.width // 4)).astype(np.float32)
    picture = picture + rng.uniform(0, 12) * cv2.resize(texture, size)[..., None]
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 12)), np.float32)
    return np.asarray(np.clip(picture, 0, 255).astype(np.uint8))


def _words(given: argparse.Namespace) -> None:
    rest = read_glb(fetch())
    for i, text in enumerate(given.text):
        path = given.output / f"{i:03d}_{_name(text)}.mp4"
        _spell(text, given.speed, path, given.seed + i, rest, given)


def _set(given: argparse.Namespace) -> None:
    rest = read_glb(fetch())
    for i, text in enumerate(_mixed(given.number, given.seed)):
        speed = given.speed[i % len(given.speed)]
        folder = given.output / f"{speed:g}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{i:03d}_{_name(text)}.mp4"
        _spell(text, speed, path, given.seed + i, rest, given)


def _mixed(number: int, seed: int) -> list[str]:
    """English words, and at the end a third of strings that are none."""
    # only here: rendering a given text needs no dictionary
    from livevision.recognizers.signs.words import english

    rng = np.random.default_rng(seed)
    common = [word for word in english().commonest(20000) if 3 <= len(word) <= 8]
    words = rng.choice(common, number - number // 3, replace=False).tolist()
    strings = [
        "".join(rng.choice(list(string.ascii_uppercase), rng.integers(4, 8)))
        for _ in range(number // 3)
    ]
    texts = words + strings
    return [texts[i] for i in rng.permutation(number)]


def _spell(
    text: str, speed: float, path: Path, seed: int, rest: RestMesh, given: argparse.Namespace
) -> None:
    rng = np.random.default_rng(seed)
    look = Look.random(rng, given.hand and given.hand == "left", given.width)
    pace = Pace(
        transition=TRANSITION / speed,
        rest=(1 - TRANSITION) / speed,
        j=1.2 / speed,
        z=1.6 / speed,
    )
    spelling = Spelling(
        text,
        own_side(look),
        pace,
        look.lean,
        rng.uniform(0.5, 1.6),
        seed,
        look.poses,
        given.raised,
    )
    joints = _film(spelling, look, path, rest, rng, given.fps)
    letters = "".join(span.letter for span in spelling.spans)
    made_with = f"python -m recordings.render.quick, seed {seed} ({PACKAGE} {VERSION})"
    description = f"The word {letters}, rendered"
    truth = Truth(description, made_with, letters, spelling.spans, look.left)
    truth.write(path.with_suffix(".json"))
    if given.joints:
        write_joints(path.with_name(f"{path.stem}_joints.json"), given.fps, joints)
    print(path, flush=True)


def _idle(given: argparse.Namespace) -> None:
    rest = read_glb(fetch())
    for i in range(given.number):
        seed = given.seed + i
        rng = np.random.default_rng(seed)
        look = Look.random(rng, given.hand and given.hand == "left", given.width)
        movement = Gesturing(given.seconds, own_side(look), seed)
        path = given.output / f"idle_{seed:03d}.mp4"
        _film(movement, look, path, rest, rng, given.fps)
        made_with = f"python -m recordings.render.quick, seed {seed} ({PACKAGE} {VERSION})"
        truth = Truth("A hand that gestures, rendered", made_with, "", (), look.left)
        truth.write(path.with_suffix(".json"))
        print(path, flush=True)


def _film(
    movement: Movement,
    look: Look,
    path: Path,
    rest: RestMesh,
    rng: np.random.Generator,
    fps: int,
) -> list[Array]:
    """Write the film; the true landmarks."""
    pictures, joints = [], []
    for picture, landmarks in film(movement, look, rest, rng, fps):
        pictures.append(picture)
        joints.append(landmarks)
    write_film(path, pictures, fps)
    return joints


def _name(text: str) -> str:
    """Of a file."""
    return "".join(each for each in text.lower() if each.isalpha())


def _letters(text: str) -> str:
    word = text.upper()
    if not word or not set(word) <= set(POSES):
        raise argparse.ArgumentTypeError(f"{text!r} has something else than the letters A-Z")
    return word


def _word(text: str) -> str:
    _letters("".join(each for each in text if each not in SECONDS))
    return text.upper()


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m recordings.render.quick",
        description="Render signing hands quickly, each another signer (needs the render extra).",
    )
    ways = parser.add_subparsers(required=True)
    words = ways.add_parser("words", help="one clip with its truth for each text given")
    words.add_argument(
        "text",
        nargs="+",
        type=_word,
        help="A-Z; a space lowers the hand for a pause, '_' for a moment; '!' holds the open hand "
        "(accept), '<' waves it (delete)",
    )
    words.add_argument("--speed", type=_positive, default=1.5, help="letters a second")
    words.set_defaults(act=_words)
    mixed = ways.add_parser("set", help="clips of words, a third of them strings that are none")
    mixed.add_argument("number", type=int, help="of clips, in a folder for each speed")
    mixed.add_argument(
        "--speed", type=_positive, nargs="+", default=[1.0, 2.0, 4.0], help="letters a second"
    )
    mixed.set_defaults(act=_set)
    for way in (words, mixed):
        way.add_argument("--joints", action="store_true", help="write the true landmarks too")
        way.add_argument(
            "--raised", action="store_true", help="the hand comes into the picture and leaves it"
        )
    idle = ways.add_parser("idle", help="clips of hands that gesture and sign nothing")
    idle.add_argument("number", type=int, help="of clips")
    idle.add_argument("--seconds", type=_positive, default=20.0, help="of each")
    idle.set_defaults(act=_idle)
    for way in (words, mixed, idle):
        way.add_argument("--fps", type=int, default=FPS, help="pictures a second")
    for way in (words, mixed, idle):
        way.add_argument("--output", type=Path, required=True, metavar="DIR")
        way.add_argument("--seed", type=int, default=0)
        way.add_argument("--hand", choices=("left", "right"), help="otherwise left to chance")
        way.add_argument("--width", type=int, default=640, help="of the pictures, in pixels")
    given = parser.parse_args()
    try:
        given.output.mkdir(parents=True, exist_ok=True)
        given.act(given)
    except (OSError, RuntimeError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
