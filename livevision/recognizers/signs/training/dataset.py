"""The labelled hands of a data folder: found once by the live locator, then kept in a cache.

Expects `signs/photos/SOURCE/LETTER/*.jpg` (a folder `_NOTHING` holds pictures without a sign) and
takes, where they are there, `signs/videos/closeup_LETTER.mp4` and portraits, in which nobody signs
either: `faces/people/NAME/*.jpg`, `faces/strangers/NAME_NUMBER.jpg`. Rendered hands, LETTER/*.jpg,
may come from another folder.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

import livevision.locators
from livevision import pictures
from livevision.errors import UsageError
from livevision.frame import Box, Image
from livevision.locators.hand_networks import LandmarkFinder, Look, Region, around
from livevision.locators.hands import TURNS, Hand, HandLocator
from livevision.pictures import PictureError
from livevision.recognizers.signs import prepare
from livevision.recognizers.signs.training.spoilt import GREY, spoilt

Progress = Callable[[str, int, int], None]
"""Is told what is done, and how many of how many."""

NOTHING = "_NOTHING"
MOVING = ("J", "Z")
CLOSEUPS = "closeup_videos"
BYSTANDERS = "faces"
RENDERED = "rendered"
"""Hands that were drawn: to train on, never to measure with."""
SAME_PEOPLE = {"keptsecret_desk": "keptsecret", "adi_b": "adi_a"}
"""Sources whose people are those of another."""
FLAWED = {("massey_2524", "F"), ("longhong_left", "F")}
"""Letters of a source that show another sign: F drawn with closed fingers."""
APART = ("billy_gray64px",)
"""Neither trained on nor measured with: 64 grey pixels, too few for a palm to be found."""

TRAITS = 1152
"""How many traits a hand has."""
LOCAL = (21, 304)
"""The shape of what the landmark network's maps hold at the joints."""
CHANGED = 2
"""How many further views of a hand are trained on, in changed light, framing and perspective."""
WORSE = 3
"""How many worse pictures are made of one to train on, cut through the hand or moved; in these it
is looked for anew."""
MOST = 30
"""Most pictures of a letter that are taken of a source, spread over all that there are: each has as
many near duplicates as it has more, and sources count alike however large."""
AGAIN = 10
"""The view of the further looks that the program takes at a hand in a stream's first picture."""
LIT = 20
"""The view of pictures in the first of `LIGHTS`; the others follow. A hand is looked for anew."""
ALSO_LIT = 10
"""Every so manyth picture of a letter is also measured, never trained on, in `LIGHTS`."""
SPOILED = 0.35
"""Share of hands that are also looked at where they are not, as examples of no sign."""

_VERSION = 5
"""To be raised when this module looks at hands in another way."""
_CLOSEUP_STEP = 6
_CHUNK = 24
LIGHTS: dict[str, Callable[[Any], Any]] = {
    "grey": lambda pixels: np.repeat(pixels @ GREY, 3, axis=2),
    "dim": lambda pixels: pixels * 0.2,
    "blue": lambda pixels: pixels * np.array((1.3, 0.75, 0.45), np.float32),
    "over-exposed": lambda pixels: pixels * 2.0 + 20.0,
}
"""What is measured beside pictures as they are: (h, w, 3) float32 pixels, 0 to 255, before they are
cut off to that range."""
_AROUND = 336
"""Pixels: side of the picture around a hand that is changed for a view."""


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """One row for each picture without a hand, and for each view of a hand there is.

    Landmarks are those of the picture as it is; of left hands, traits, local maps and the grey
    picture are mirrored.
    """

    name: NDArray[np.str_]
    """The file below the data folder; of a video, #FRAME after it."""
    source: NDArray[np.str_]
    """Who and where: rows of one source never lie on both sides of a split."""
    letter: NDArray[np.str_]
    """What the picture shows, or NOTHING."""
    view: NDArray[np.int64]
    """0 for what is seen live, AGAIN for further looks at the same hand (the last 0 before them), 1
    and on for changed views and worse pictures, LIT and on for other lights (of no presence where
    no hand was found), -1 for a look beside the hand, -2 for a picture in which no hand was found,
    or two that touch; what follows is then zero."""
    presence: NDArray[np.float32]
    """Probability of a hand, 0 to 1."""
    landmarks: NDArray[np.float32]
    """(n, 21, 3)."""
    world: NDArray[np.float32]
    """(n, 21, 3) metres."""
    traits: NDArray[np.float16]
    """(n, 1152)."""
    local: NDArray[np.float16]
    """(n, 21, 304)."""
    angle: NDArray[np.float32]
    right: NDArray[np.bool_]
    grey: NDArray[np.uint8]
    """(n, 28, 28): the end of the live chain; zero unless the view is 0."""

    def __len__(self) -> int:
        return len(self.name)

    def joined(self, *others: Self) -> Self:
        """These rows and those of `others`."""
        names = [each.name for each in fields(self)]
        every = (self, *others)
        columns = ([getattr(each, name) for each in every] for name in names)
        return type(self)(*map(np.concatenate, columns))

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        return type(self)(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def collect(
    data: Path,
    rendered: Path | None,
    cache: Path,
    progress: Progress = lambda name, at, of: None,
) -> Hands:
    """All hands below `data` and `rendered`, from `cache` where they are there already.

    Raises UsageError if there are no pictures.
    """
    found = {name: (data, files) for name, files in sources(data).items()}
    if rendered is not None:
        files = sorted(rendered.glob("*/*.jpg"))
        if not files:
            raise UsageError(f"No pictures below {rendered}: expected LETTER/*.jpg.")
        found[RENDERED] = rendered, files
    paths = {
        name: cache / f"{name}-{_fingerprint(folder, files)}.npz"
        for name, (folder, files) in found.items()
    }
    missing = {name: found[name] for name, path in paths.items() if not path.is_file()}
    if missing:
        # not forked: a fork of a process with threads (TensorFlow's, say) may wait for ever
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            for name, (folder, files) in missing.items():
                _write(paths[name], _locate(pool, folder, name, files, progress))
    parts = []
    for path in paths.values():
        with np.load(path) as stored:
            parts.append(Hands(**{each.name: stored[each.name] for each in fields(Hands)}))
    return parts[0].joined(*parts[1:])


def sources(data: Path) -> dict[str, list[Path]]:
    """The files of each source below `data`; UsageError if there are none."""
    photos = data / "signs" / "photos"
    if not photos.is_dir():
        raise UsageError(f"There is no {photos}: give --data a folder with signs/photos/SOURCE/A.")
    found = {
        folder.name: [path for letter in sorted(folder.iterdir()) for path in _spread(letter)]
        for folder in sorted(photos.iterdir())
        if folder.is_dir() and folder.name not in APART
    }
    found[CLOSEUPS] = sorted((data / "signs" / "videos").glob("closeup_?.mp4"))
    # all that there are: in one of seven there is a hand, and no other pictures show hands at rest
    faces = data / "faces"
    found[BYSTANDERS] = sorted((*faces.glob("people/*/*.jpg"), *faces.glob("strangers/*.jpg")))
    found = {name: files for name, files in found.items() if files}
    if not set(found) - {CLOSEUPS, BYSTANDERS}:
        raise UsageError(f"No pictures below {photos}: expected SOURCE/LETTER/*.jpg.")
    return found


def person(name: str) -> str:
    """Who is in the portrait `name`, a file below the data folder."""
    *_, folder, file = name.split("/")
    return file if folder == "strangers" else folder


def _spread(folder: Path) -> list[Path]:
    """`MOST` pictures of a folder, all parts of it alike; all of those without a sign."""
    files = sorted(folder.glob("*.jpg"))
    if len(files) <= MOST or folder.name == NOTHING:
        return files
    return [files[at * len(files) // MOST] for at in range(MOST)]


def without(step: str, hands: Hands, data: Path, progress: Progress) -> Hands:
    """The same hands, their grey pictures made anew by the live chain without one of its steps.

    Without denoise, say, or without the crop: then they are of the whole picture.
    """
    stages = {name: stage for name, stage in prepare.STAGES.items() if name != step}
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero((hands.view == 0) & (hands.source != RENDERED)):
        rows_of.setdefault(str(hands.name[row]), []).append(int(row))
    files = list(dict.fromkeys(name.partition("#")[0] for name in rows_of))
    grey = np.zeros_like(hands.grey)
    for at, file in enumerate(files):
        progress(f"without {step}", at, len(files))
        for index, image in _images(data / file):
            height, width = image.shape[:2]
            for row in rows_of.get(f"{file}#{index}", []) + rows_of.get(file, []):
                box = Box.around(hands.landmarks[row])
                if step == "crop":
                    box = Box(0, 0, width, height)
                right = bool(hands.right[row])
                grey[row] = prepare.prepare(image, box, right=right, stages=stages)[-1][1]
    progress(f"without {step}", len(files), len(files))
    return replace(hands, grey=grey)


def _fingerprint(data: Path, files: Sequence[Path]) -> str:
    """Changes with the files and with the code that looks at hands."""
    code = Path(livevision.locators.__path__[0])
    modules = [code / "hands.py", code / "hand_networks.py", Path(prepare.__file__)]
    modules.append(Path(__file__).with_name("spoilt.py"))
    names = [(path.relative_to(data).as_posix(), path.stat().st_size) for path in files]
    how = _VERSION, CHANGED, WORSE, SPOILED, ALSO_LIT
    total = hashlib.sha256(json.dumps((how, names)).encode())
    for path in modules:
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _locate(
    pool: ProcessPoolExecutor,
    data: Path,
    source: str,
    files: Sequence[Path],
    progress: Progress,
) -> Hands:
    chunks = [files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)]
    jobs = [pool.submit(_look_at, data, source, chunk) for chunk in chunks]
    parts = []
    for at, job in enumerate(jobs):
        progress(source, at * _CHUNK, len(files))
        parts.append(job.result())
    progress(source, len(files), len(files))
    return parts[0].joined(*parts[1:])


@cache
def _finders(*, again: bool) -> tuple[HandLocator, LandmarkFinder]:
    cv2.setNumThreads(1)
    return HandLocator(turns=TURNS if again else ()), LandmarkFinder(1)


def _look_at(data: Path, source: str, files: Sequence[Path]) -> Hands:
    """Runs in a worker process."""
    locator, finder = _finders(again=source != RENDERED)
    rows: list[tuple[object, ...]] = []
    for path in files:
        video = path.suffix == ".mp4"
        letter = path.stem.removeprefix("closeup_") if video else path.parent.name
        if source == BYSTANDERS:
            letter = NOTHING
        name = path.relative_to(data).as_posix()
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        generator = np.random.default_rng(seed)
        for index, image in _images(path):
            label = (f"{name}#{index}" if video else name, SAME_PEOPLE.get(source, source), letter)
            locator.reset()
            hands = locator.locate(image)
            if letter != NOTHING and hands:
                hands = [_largest(hands)]
            hands = [hand for hand in hands if not hand.joined]
            for hand in hands:
                grey = prepare.prepare(image, hand.box, right=hand.right)[-1][1]
                rows.append((*label, 0, *_columns(hand), hand.right, grey))
                if source == RENDERED:  # no two of them are alike as it is, nor measured with
                    continue
                for turned in hand.again:
                    rows.append((*label, AGAIN, *_columns(turned), hand.right, _NO_GREY))
                for view, look in _other_views(image, hand, finder, generator):
                    rows.append((*label, view, *_columns(look), hand.right, _NO_GREY))
                if not video and letter not in MOVING:
                    for view, worse in _in_worse_pictures(image, hand, name):
                        rows.append((*label, view, *_columns(worse), worse.right, _NO_GREY))
            if not hands:
                rows.append((*label, -2, *_NO_HAND, True, _NO_GREY))
            if source != RENDERED and not video and letter != NOTHING and seed % ALSO_LIT == 0:
                for view, light in enumerate(LIGHTS.values(), LIT):
                    locator.reset()
                    lit = np.clip(light(image.astype(np.float32)), 0, 255).astype(np.uint8)
                    found = [each for each in locator.locate(lit) if not each.joined]
                    if not found:
                        rows.append((*label, view, *_NO_HAND, True, _NO_GREY))
                        continue
                    hand = _largest(found)
                    rows.append((*label, view, *_columns(hand), hand.right, _NO_GREY))
    return Hands(*[np.array(column) for column in zip(*rows, strict=True)])


def _images(path: Path) -> Iterator[tuple[int, Image]]:
    if path.suffix != ".mp4":
        with suppress(PictureError):
            yield 0, pictures.load(path)
        return
    capture = cv2.VideoCapture(str(path))
    index = 0
    while True:
        good, image = capture.read()
        if not good:
            break
        if index % _CLOSEUP_STEP == 0:
            yield index, np.asarray(image, np.uint8)
        index += 1
    capture.release()


def _other_views(
    image: Image, hand: Hand, finder: LandmarkFinder, generator: np.random.Generator
) -> Iterator[tuple[int, Look]]:
    """Looks at a hand changed at random, and perhaps at where it is not."""
    where = around(hand.landmarks)
    wide = Region(where.x, where.y, where.size * _AROUND / 224)
    middle = Region(_AROUND / 2, _AROUND / 2, 224.0, where.angle)
    picture = wide.crop(image, _AROUND)
    normal = generator.normal
    for view in range(1, 1 + CHANGED):
        place = replace(
            middle,
            x=middle.x + normal(0.0, 9.0),
            y=middle.y + normal(0.0, 9.0),
            size=middle.size * float(np.exp(normal(0.0, 0.08))),
            angle=middle.angle + normal(0.0, 0.12),
        )
        look = finder(_changed(picture, generator), place, mirrored=not hand.right)
        if look.presence >= 0.3:
            yield view, look
    if generator.random() < SPOILED:
        turn = generator.choice((0.0, generator.uniform(0.7, 2 * np.pi - 0.7)))
        away = generator.uniform(0.3, 0.6) * 224.0 * (1.0 if turn == 0.0 else 0.3)
        heading = generator.uniform(0.0, 2 * np.pi)
        place = Region(
            middle.x + away * float(np.cos(heading)),
            middle.y + away * float(np.sin(heading)),
            middle.size * float(np.exp(generator.uniform(-0.6, 0.3))),
            middle.angle + float(turn),
        )
        look = finder(picture, place, mirrored=not hand.right)
        truth = (hand.landmarks[:, :2] - (where.x, where.y)) * (224.0 / where.size)
        error = np.linalg.norm(look.landmarks[:, :2] - _AROUND / 2 - truth, axis=1).mean()
        if look.presence >= 0.3 and error > 25.0:
            yield -1, look


def _in_worse_pictures(image: Image, hand: Hand, name: str) -> Iterator[tuple[int, Hand]]:
    """The hand as it is found in pictures made worse at random, where it is found in them."""
    locator, _ = _finders(again=False)
    drawn = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "little")
    for number in range(WORSE):
        made = spoilt(image, hand.landmarks, np.random.default_rng([1, number, drawn]))
        if made is None:
            continue
        picture, landmarks = made
        low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        locator.reset()
        found = []
        for each in locator.locate(picture):
            middle = each.landmarks[:, :2].mean(axis=0)
            if not each.joined and (middle > low).all() and (middle < high).all():
                found.append(each)
        if found:
            yield 1 + CHANGED + number, _largest(found)


def _largest(hands: Sequence[Hand]) -> Hand:
    return max(hands, key=lambda hand: hand.box.width * hand.box.height)


def _changed(picture: Image, generator: np.random.Generator) -> Image:
    """Another light, colour, sharpness and perspective."""
    uniform = generator.uniform
    pixels: Any = picture.astype(np.float32)
    if generator.random() < 0.15:  # no colours
        pixels = np.repeat(pixels @ GREY, 3, axis=2)
    elif generator.random() < 0.3:  # lit by a screen or a lamp
        pixels = pixels * uniform(0.4, 1.3, 3)
    else:
        pixels = pixels * uniform(0.75, 1.25, 3)
    kind = generator.random()
    if kind < 0.15:  # dim
        pixels = pixels * uniform(0.08, 0.4)
    elif kind < 0.3:  # over-exposed
        pixels = pixels * uniform(1.4, 2.6) + uniform(0.0, 40.0)
    else:
        pixels = pixels * uniform(0.5, 1.4)
    pixels = 255.0 * np.clip(pixels / 255.0, 0.0, 1.0) ** np.exp(generator.normal(0.0, 0.3))
    if generator.random() < 0.35:
        pixels = cv2.GaussianBlur(pixels, (0, 0), uniform(0.5, 3.0))
    if generator.random() < 0.5:
        pixels = pixels + generator.normal(0.0, uniform(1.0, 12.0), pixels.shape)
    if generator.random() < 0.7:
        size = picture.shape[0]
        corners = np.array([(0, 0), (size, 0), (size, size), (0, size)], np.float32)
        moved = corners + generator.normal(0.0, 0.06 * size, (4, 2)).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(corners, moved)
        pixels = cv2.warpPerspective(pixels, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(pixels, 0, 255), np.uint8)


def _columns(hand: Hand | Look) -> tuple[object, ...]:
    return (
        np.float32(hand.score if isinstance(hand, Hand) else hand.presence),
        hand.landmarks.astype(np.float32),
        hand.world.astype(np.float32),
        hand.traits.astype(np.float16),
        hand.local.astype(np.float16),
        np.float32(hand.angle),
    )


_NO_HAND = (
    np.float32(0.0),
    np.zeros((21, 3), np.float32),
    np.zeros((21, 3), np.float32),
    np.zeros(TRAITS, np.float16),
    np.zeros(LOCAL, np.float16),
    np.float32(0.0),
)
_NO_GREY = np.zeros((28, 28), np.uint8)


def _write(path: Path, hands: Hands) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{each.name: getattr(hands, each.name) for each in fields(Hands)})
    partial.replace(path)
