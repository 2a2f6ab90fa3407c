"""Faces that are rolled, many, small, or none at all: the figures of docs/faces.md.

    python -m tests.benchmarks.faces rolled --people FACES/people [--photos 40]
    python -m tests.benchmarks.faces upright --people FACES/people [--photos 754]
    python -m tests.benchmarks.faces many --people FACES/people --things SEEDS
    python -m tests.benchmarks.faces nobody --things SEEDS
    python -m tests.benchmarks.faces doubted --people FACES/people --things HANDS [--photos 40]
    python -m tests.benchmarks.faces cuts --clips FACES/videos
    python -m tests.benchmarks.faces live --people FACES/people [--frames 300]

FACES and SEEDS are folders as the project's data has them: people/<Name>/*.jpg, each about one
face; leaves/ground, notes/scores, and objects with labels, of which those that name a person are
left out. HANDS is a folder of pictures in which there are hands and no faces.
"""

import argparse
import itertools
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livevision import pictures
from livevision.frame import Box, Frame, Image
from livevision.locators.faces import DOUBTFUL, FaceLocator, overlapping, roll
from livevision.recognizers.faces import alignment, recognizer
from livevision.recognizers.faces.embedding import FaceReader, views
from livevision.recognizers.faces.enrolment import SMALLEST
from livevision.recognizers.faces.gallery import Embedding
from livevision.recognizers.faces.matching import Matcher, unit
from livevision.recognizers.faces.tracks import OTHERS
from livevision.sources.recording import Recording

ROLLS = (30, 40, 50, 60, 75, 90)
"""Degrees."""
SCENES = ((30, 80, (1920, 1080), 4), (30, 110, (3000, 2000), 4), (8, 80, (1920, 1080), 4))
"""Faces, their height in pixels, the picture's size, pictures."""
HEAD = (65, 55, 185, 195)
"""Where a head is in a photo of 250x250 of Labeled Faces in the Wild: left, top, right, bottom."""
FACE = 95
"""Pixels from brows to chin there."""
LIVE = ((1280, 720), (1920, 1080))
PERSON = "0"
"""COCO's class of people, in the labels of pictures of objects."""


def photos_of(people: Path, count: int) -> list[Path]:
    """So many photos, of as many people as there are."""
    each = [sorted(folder.glob("*.jpg")) for folder in sorted(people.iterdir())]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*each))
    return [photo for photo in turns if photo is not None][:count]


def things(seeds: Path) -> list[Path]:
    """Pictures in which nobody is."""
    found = sorted((seeds / "leaves" / "ground").glob("*.jpg"))
    found += sorted(each for each in (seeds / "notes" / "scores").rglob("*") if is_picture(each))
    for image in sorted((seeds / "objects" / "images").iterdir()):
        labels = seeds / "objects" / "labels" / f"{image.stem}.txt"
        lines = labels.read_text("utf-8").splitlines() if labels.exists() else []
        if not any(line.split()[0] == PERSON for line in lines if line.strip()):
            found.append(image)
    return found


def is_picture(file: Path) -> bool:
    return file.suffix.lower() in pictures.SUFFIXES


def rolled(people: Path, count: int) -> None:
    """One view of a face rolled in the picture's plane, and the same upright."""
    reader = FaceReader()
    alike: dict[tuple[str, int], list[float]] = {}
    done = 0
    for photo in photos_of(people, 4 * count):
        image = pictures.load(photo)
        faces = reader.locator.locate(image)
        if not faces or abs(roll(faces[0])) > 5:
            continue
        upright = one_view(reader, image)
        if upright is None:
            continue
        for degrees in ROLLS:
            height, width = image.shape[:2]
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
            turned = np.asarray(cv2.warpAffine(image, turn, (width, height)), np.uint8)
            for way, level in (("as it is", 1000.0), ("turned upright first", alignment.LEVEL)):
                before, alignment.LEVEL = alignment.LEVEL, level
                try:
                    view = one_view(reader, turned)
                finally:
                    alignment.LEVEL = before
                if view is not None:
                    alike.setdefault((way, degrees), []).append(float(view @ upright))
        done += 1
        if done == count:
            break
    print(f"{done} photos; cosine with the upright one: mean, least (found)")
    for (way, degrees), values in sorted(alike.items()):
        print(
            f"{way:22} {degrees:3} degrees  {statistics.mean(values):.3f}  {min(values):.3f}  "
            f"({len(values)})"
        )


def one_view(reader: FaceReader, image: Image) -> Embedding | None:
    """The largest face's embedding from a single view, where the stream's search finds it."""
    faces = reader.locator.locate(image, expected=sys.maxsize)
    if not faces:
        return None
    pose = reader.aligner.pose(image, faces[0])
    return np.asarray(unit(reader.embed_plain(views(image, pose)[0])), np.float32)


def upright(people: Path, count: int) -> None:
    """Whether photos that are upright are left so, and their faces and points as they are."""
    reader = FaceReader()
    turned, moved, none = 0, [0.0], 0
    photos = photos_of(people, count)
    for photo in photos:
        image = pictures.load(photo)
        _, faces, turns = reader.locator.locate_upright(image)
        plain = reader.locator.locate(image, thorough=True)
        if not faces or not plain:
            none += 1
            continue
        if turns:
            turned += 1
            continue
        same = np.abs(faces[0].keypoints - plain[0].keypoints).max()
        if abs(roll(plain[0])) < alignment.LEVEL:
            level, alignment.LEVEL = alignment.LEVEL, 1000.0
            points = reader.aligner.points(image, plain[0])
            alignment.LEVEL = level
            same = max(same, np.abs(points - reader.aligner.points(image, faces[0])).max())
        moved.append(float(same))
    print(
        f"{len(photos)} photos: {turned} turned, {none} without a face; points moved by at most "
        f"{max(moved):.4f} pixels"
    )


def many(people: Path, seeds: Path) -> None:
    """Faces pasted into pictures without any: how many of them are found."""
    rng = random.Random(1)
    heads = photos_of(people, 300)
    grounds = [each for each in things(seeds) if not finds(each)]
    locator = FaceLocator()
    for count, face, size, scenes in SCENES:
        whole = parts = false = total = 0
        for _ in range(scenes):
            image, places = crowd(pictures.load(rng.choice(grounds)), size, count, face, heads, rng)
            total += len(places)
            at_first = locator.locate(image, expected=sys.maxsize)
            thorough = locator.locate(image, thorough=True)
            whole += sum(any(each.box.overlap(one) > 0.3 for each in at_first) for one in places)
            parts += sum(any(each.box.overlap(one) > 0.3 for each in thorough) for one in places)
            false += sum(all(each.box.overlap(one) <= 0.1 for one in places) for each in thorough)
        print(
            f"{count} of {face} pixels in {size[0]}x{size[1]}: {whole} of {total} found in the "
            f"whole, {parts} with its parts; {false} false"
        )


def finds(photo: Path) -> bool:
    return bool(FaceLocator().locate(pictures.load(photo), thorough=True))


def crowd(
    ground: Image,
    size: tuple[int, int],
    count: int,
    face: int,
    heads: list[Path],
    rng: random.Random,
) -> tuple[Image, list[Box]]:
    """Heads side by side on a picture, and the boxes of their faces."""
    width, height = size
    image = np.ascontiguousarray(cv2.resize(ground, size, interpolation=cv2.INTER_AREA))
    left, top, right, bottom = HEAD
    scale = face / FACE
    wide, high = round((right - left) * scale), round((bottom - top) * scale)
    cells = [
        (x, y)
        for y in range(0, height - high, high + high // 4)
        for x in range(0, width - wide, wide + wide // 4)
    ]
    places = []
    for x, y in rng.sample(cells, count):
        head = pictures.load(rng.choice(heads))[top:bottom, left:right]
        image[y : y + high, x : x + wide] = cv2.resize(
            head, (wide, high), interpolation=cv2.INTER_AREA
        )
        middle, half = (x + wide // 2, y + high // 2), face // 2
        places.append(Box(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half))
    return np.asarray(image, np.uint8), places


def nobody(seeds: Path) -> None:
    """False finds in pictures in which nobody is."""
    locator = FaceLocator()
    photos = things(seeds)
    found = {"in the whole": 0, "thorough": 0, "of them doubtful ones": 0, "in a part (live)": 0}
    for photo in photos:
        image = pictures.load(photo)
        found["in the whole"] += len(locator.locate(image, expected=sys.maxsize))
        thorough = locator.locate(image, thorough=True)
        found["thorough"] += len(thorough)
        found["of them doubtful ones"] += sum(each.score < DOUBTFUL for each in thorough)
        found["in a part (live)"] += sum(
            len(locator.locate_in(image, part)) for part in overlapping(image, 2)
        )
    print(f"{len(photos)} pictures without anybody: {found}")


def doubted(people: Path, hands: Path, count: int) -> None:
    """How many portraits, and how many pictures of hands alone, could be enrolled."""
    reader = FaceReader()
    rng = random.Random(0)
    photos = sorted(each for each in hands.rglob("*") if is_picture(each))
    chosen = photos_of(people, sys.maxsize), rng.sample(photos, min(count, len(photos)))
    for words, files in zip(("portraits", "hands"), chosen, strict=True):
        found = sure = 0
        for photo in files:
            image, faces, _ = reader.locator.locate_upright(pictures.load(photo))
            found += bool(faces) and faces[0].box.width >= SMALLEST
            sure += bool(faces) and (
                faces[0].box.width >= SMALLEST and reader.locator.is_sure(image, faces[0])
            )
        print(f"{len(files)} {words}: a face in {found}, beyond doubt in {sure}")


def cuts(clips: Path) -> None:
    """Two looks at a face against those before: one person's of a clip, and two persons'."""
    reader = FaceReader()
    people = []
    for clip in sorted(each for each in clips.iterdir() if each.suffix in (".avi", ".wmv")):
        if clip.stem.startswith("multi"):
            continue
        looks = [reader.embed(views(image, pose)) for image, pose in looked(reader, clip)]
        if len(looks) >= 6:
            people.append((clip.stem, looks))
    same = [
        float(unit(np.mean(looks[:at], axis=0)) @ unit(np.mean(looks[at : at + 2], axis=0)))
        for _, looks in people
        for at in range(2, len(looks) - 1)
    ]
    other = [
        float(unit(np.mean(one, axis=0)) @ unit(np.mean(two[at : at + 2], axis=0)))
        for (_, one), (_, two) in itertools.permutations(people, 2)
        for at in range(0, len(two) - 1, 2)
    ]
    for words, values in (("one person's", same), ("two persons'", other)):
        below = np.mean([value < OTHERS for value in values])
        print(
            f"{words}: {len(values)} times, {below:.1%} below {OTHERS}; least {min(values):.3f}, "
            f"median {statistics.median(values):.3f}, most {max(values):.3f}"
        )


def looked(reader: FaceReader, clip: Path) -> Iterator[tuple[Image, alignment.Pose]]:
    """A look every 0.15 s, as the first ones of a track."""
    due = 0.0
    with Recording(clip) as source:
        for frame in source:
            if frame.time < due:
                continue
            due = frame.time + recognizer.AGAIN_EARLY
            faces = reader.locator.locate(frame.image)
            if not faces:
                continue
            pose = reader.aligner.pose(frame.image, faces[0])
            if pose.quality >= recognizer.POOR:
                yield frame.image, pose


def live(people: Path, frames: int) -> None:
    """What the search in parts costs a picture of a stream, with and without it by turns."""
    rng = random.Random(2)
    heads = photos_of(people, 300)
    reader = FaceReader()
    wall = np.full((300, 400, 3), (120, 130, 140), np.uint8)
    for size in LIVE:
        near = cv2.resize(pictures.load(heads[0]), (size[1], size[1]))
        one = cv2.resize(wall, size)
        one[:, : size[1]] = near
        scenes = {
            "nobody": cv2.resize(wall, size),
            "one near": one,
            "four of 80 pixels": crowd(wall, size, 4, 80, heads, rng)[0],
        }
        for name, image in scenes.items():
            spent: dict[bool, list[float]] = {True: [], False: []}
            before = recognizer.SPACIOUS
            sessions = {
                way: recognizer.FaceRecognizer(Matcher([]), live=True, reader=reader)
                for way in spent
            }
            try:
                for number in range(frames):
                    for way in (True, False) if number % 2 else (False, True):
                        recognizer.SPACIOUS = before if way else sys.maxsize
                        frame = Frame(np.asarray(image, np.uint8), number, number / 30, 0.0)
                        begun = time.thread_time()
                        sessions[way].recognize(frame)
                        spent[way].append(time.thread_time() - begun)
            finally:
                recognizer.SPACIOUS = before
                for each in sessions.values():
                    each.close()
            words = [
                f"{1000 * statistics.mean(spent[way]):.1f} (p95 "
                f"{1000 * float(np.percentile(spent[way], 95)):.1f})"
                for way in (False, True)
            ]
            print(f"{size[0]}x{size[1]}, {name}: {words[0]} ms without, {words[1]} ms with")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what", choices=("rolled", "upright", "many", "nobody", "doubted", "cuts", "live")
    )
    for name in ("people", "things", "clips"):
        parser.add_argument(f"--{name}", type=Path, metavar="DIR")
    parser.add_argument("--photos", type=int)
    parser.add_argument("--frames", type=int, default=300)
    values = parser.parse_args()
    match values.what:
        case "rolled":
            rolled(values.people, values.photos or 40)
        case "upright":
            upright(values.people, values.photos or 754)
        case "many":
            many(values.people, values.things)
        case "nobody":
            nobody(values.things)
        case "doubted":
            doubted(values.people, values.things, values.photos or 40)
        case "cuts":
            cuts(values.clips)
        case "live":
            live(values.people, values.frames)


if __name__ == "__main__":
    main()
