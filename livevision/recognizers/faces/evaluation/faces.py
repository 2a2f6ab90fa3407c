"""Measure how well faces are named: people who are enrolled, and strangers.

DIR/<Person>/*.jpg for --gallery and --probes, the same or flat for --strangers. Every picture goes
through the whole pipeline: finding, aligning, embedding, deciding. Of several faces the one nearest
the middle of the picture is meant. A face not found counts as a person not found; files that cannot
be read are named and left out.

With --clips, the people of --gallery are looked for in videos instead: TRUTH.csv has the columns
file and photos_folder, the name of the person's folder, empty where nobody may be named.

examples:
  livevision evaluate faces --gallery enrolled/ --probes probes/ --strangers strangers/ --json -
  livevision evaluate faces --gallery enrolled/ --clips videos/ --truth truth.csv
"""

import argparse
import csv
import itertools
import json
import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from livevision import files
from livevision.errors import GalleryError, OutputError, UsageError
from livevision.frame import Event, Frame, Image
from livevision.recognizers.faces import CLASSIC, UNKNOWN

if TYPE_CHECKING:
    from livevision.locators.faces import Face
    from livevision.recognizers.faces.embedding import FaceReader, Look
    from livevision.recognizers.faces.gallery import EnrolledFace
    from livevision.recognizers.faces.recognizer import FaceRecognizer

SUMMARY = "name enrolled people and strangers in photos"

RATES = (0.01, 0.00333)
"""Shares of the strangers that may be named, for `fnir_at_fpir`."""
NO_FACE = -1.0
"""The score where no face was found: less than any other."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="who is enrolled")
    parser.add_argument("--probes", type=Path, metavar="DIR", help="other photos of them")
    parser.add_argument(
        "--strangers", type=Path, metavar="DIR", nargs="+", help="photos of other people"
    )
    parser.add_argument("--clips", type=Path, metavar="DIR", help="videos to name people in")
    parser.add_argument("--truth", type=Path, metavar="TRUTH.csv", help="who is in which video")
    parser.add_argument(
        "--faces-model",
        choices=("dlib", *CLASSIC),
        default="dlib",
        help="what compares the faces: dlib's network, or a classic for comparison",
    )
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="least score of a name")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - for the screen")
    parser.add_argument("--curve", type=Path, metavar="PNG", help="draw missed against named")


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print, write."""
    files.check_reports(arguments.json, arguments.curve, inputs=(arguments.truth,))
    if arguments.clips is not None:
        return _execute_clips(arguments)
    if None in (arguments.gallery, arguments.probes, arguments.strangers):
        raise UsageError("Give --gallery DIR, --probes DIR and --strangers DIR.")
    gallery = people_of(arguments.gallery)
    probes = people_of(arguments.probes)
    unknown = sorted(set(probes) - set(gallery))
    if unknown:
        raise UsageError(f"{unknown[0]} has probes but is not in the gallery. Move the folder.")
    strangers = [file for folder in arguments.strangers for file in pictures_below(folder)]
    if arguments.faces_model == "dlib":
        result, scores = measure(gallery, probes, strangers, threshold=arguments.threshold)
    else:
        result, scores = measure_classic(arguments.faces_model, gallery, probes, strangers)
    write(result, arguments.json)
    if arguments.curve:
        draw(scores, arguments.curve)
    return 0


@dataclass(slots=True)
class Scores:
    """The best match's score of every probe and stranger."""

    probes: NDArray[np.float64]
    right: NDArray[np.bool_]
    """Whether a probe's best match is the right person."""
    strangers: NDArray[np.float64]

    def missed(self, rate: float) -> float:
        """Share of the probes not found when `rate` of the strangers may be named (FNIR)."""
        # 1 in 300 of 300 strangers is one of them, though 0.00333 * 300 is a little less
        allowed = math.floor(rate * len(self.strangers) + 0.01)
        ordered = np.sort(self.strangers)[::-1]
        bar = ordered[allowed] if allowed < len(ordered) else -np.inf
        return float(1 - np.mean(self.right & (self.probes > bar)))


def measure(
    gallery: dict[str, list[Path]],
    probes: dict[str, list[Path]],
    strangers: Sequence[Path],
    *,
    threshold: float | None = None,
) -> tuple[dict[str, object], Scores]:
    """The figures that `--json` writes, and the scores behind them."""
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.matching import Matcher

    start = time.monotonic()
    reader = FaceReader()
    shown = read_all(files_of(gallery), reader)
    matcher = Matcher(enrolled_faces(gallery, shown), threshold=threshold)
    looks = read_all(files_of(probes), reader) | read_all(strangers, reader)
    given = [*files_of(gallery), *files_of(probes), *strangers]
    read = shown | looks
    unreadable = sum(file not in read for file in given)
    files = [file for file in files_of(probes) if file in looks]
    strangers = [file for file in strangers if file in looks]
    truth = {file: name for name, each in probes.items() for file in each}

    def best(file: Path) -> tuple[float, str]:
        look = looks[file]
        if look is None:
            return NO_FACE, ""
        match = matcher.match(look.embedding)
        return match.score, match.best

    found = [best(file) for file in files]
    strange = [best(file)[0] for file in strangers]
    scores = Scores(
        np.array([score for score, _ in found]),
        np.array([name == truth[file] for file, (_, name) in zip(files, found, strict=True)]),
        np.array(strange),
    )
    named = scores.probes >= matcher.threshold
    right = int(np.sum(named & scores.right))
    no_face = sum(looks[file] is None for file in files)
    strangers_named = int(np.sum(scores.strangers >= matcher.threshold))
    missed = {f"{rate:g}": round(scores.missed(rate), 5) for rate in RATES}
    intervals = {
        "right": interval(right, len(files)),
        "strangers_named": interval(strangers_named, len(strangers)),
    }
    for rate, value in missed.items():
        intervals[f"fnir_at_fpir {rate}"] = interval(round(value * len(files)), len(files))
    return {
        "people": len(matcher.names),
        "photos_without_face": sum(look is None for look in shown.values()),
        "probes": len(files),
        "right": right,
        "wrong_name": int(np.sum(named & ~scores.right)),
        "unknown": int(np.sum(~named)) - no_face,
        "no_face": no_face,
        "strangers": len(strangers),
        "strangers_named": strangers_named,
        "strangers_no_face": sum(looks[file] is None for file in strangers),
        "unreadable": unreadable,
        "threshold": round(matcher.threshold, 5),
        "fnir_at_fpir": missed,
        "intervals_95": intervals,
        "seconds": round(time.monotonic() - start, 1),
    }, scores


def measure_classic(
    model: str,
    gallery: dict[str, list[Path]],
    probes: dict[str, list[Path]],
    strangers: Sequence[Path],
) -> tuple[dict[str, object], Scores]:
    """The same figures for a classic recogniser, which has no threshold of its own."""
    from livevision.recognizers.faces.classic import ClassicMatcher
    from livevision.recognizers.faces.embedding import FaceReader, chip, views
    from livevision.sources.pictures import readable

    start = time.monotonic()
    reader = FaceReader()

    def chip_of(photo: Image) -> Image | None:
        found = middle_face(reader, photo)
        if found is None:
            return None
        image, face = found
        return chip(views(image, reader.aligner.pose(image, face))[0])

    def chips(files: Sequence[Path]) -> dict[Path, Image | None]:
        return {file: chip_of(photo) for file, photo in readable(files, lambda each: each)}

    shown = chips(files_of(gallery))
    asked, strange = chips(files_of(probes)), chips(strangers)
    faces = [(name, shown.get(file)) for name, files in gallery.items() for file in files]
    given = [*files_of(gallery), *files_of(probes), *strangers]
    read = shown | asked | strange
    unreadable = sum(file not in read for file in given)
    matcher = ClassicMatcher(model, [(name, each) for name, each in faces if each is not None])
    spent = 0.0

    def best(seen: Image | None) -> tuple[float, str]:
        nonlocal spent
        if seen is None:
            return -np.inf, ""
        before = time.perf_counter()
        scores = matcher.scores(seen)
        spent += time.perf_counter() - before
        return float(scores.max()), matcher.names[int(scores.argmax())]

    found = [
        (best(asked[file]), name)
        for name, files in probes.items()
        for file in files
        if file in asked
    ]
    scores = Scores(
        np.array([score for (score, _), _ in found]),
        np.array([answer == name for (_, answer), name in found]),
        np.array([best(strange[file])[0] for file in strangers if file in strange]),
    )
    return {
        "model": model,
        "people": len(matcher.names),
        "probes": len(found),
        "nearest_is_right": int(scores.right.sum()),
        "strangers": len(scores.strangers),
        "unreadable": unreadable,
        "fnir_at_fpir": {f"{rate:g}": round(scores.missed(rate), 5) for rate in RATES},
        "ms_per_comparison": round(1000 * spent / (len(found) + len(scores.strangers)), 2),
        "seconds": round(time.monotonic() - start, 1),
    }, scores


def _execute_clips(arguments: argparse.Namespace) -> int:
    if arguments.gallery is None or arguments.truth is None:
        raise UsageError("Give --gallery DIR and --truth TRUTH.csv with --clips DIR.")
    gallery = people_of(arguments.gallery)
    expected = read_truth(arguments.truth, gallery)
    result = measure_clips(gallery, arguments.clips, expected, threshold=arguments.threshold)
    write(result, arguments.json)
    return 0


def read_truth(file: Path, gallery: Collection[str]) -> dict[str, str]:
    """The person each clip shows; "" where nobody of the gallery is in it."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"Cannot read {file}: {error}.") from error
    if not rows or "file" not in rows[0] or "photos_folder" not in rows[0]:
        raise UsageError(f"{file} needs the columns file and photos_folder.")
    folders = {row["file"]: row["photos_folder"] or "" for row in rows}
    return {name: folder if folder in gallery else "" for name, folder in folders.items()}


def measure_clips(
    gallery: dict[str, list[Path]],
    folder: Path,
    expected: dict[str, str],
    *,
    threshold: float | None = None,
) -> dict[str, object]:
    """Replay every clip and follow what each track is called; the figures that `--json` writes.

    A clip is right if the person expected was named and nobody else, or nobody where nobody may be.
    """
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.matching import Matcher
    from livevision.recognizers.faces.recognizer import FaceRecognizer
    from livevision.sources import open_source

    reader = FaceReader()
    enrolled = enrolled_faces(gallery, read_all(files_of(gallery), reader))
    matcher = Matcher(enrolled, threshold=threshold)
    clips = []
    for name, person in expected.items():
        with (
            open_source(str(folder / name)) as source,
            FaceRecognizer(matcher, live=False, reader=reader) as recognizer,
        ):
            tracks = _follow(recognizer, source)
        names = {str(track["name"]) for track in tracks} - {UNKNOWN}
        clips.append(
            {
                "file": name,
                "expected": person,
                "right": names == ({person} if person else set()),
                "tracks": tracks,
            }
        )
    return {
        "people": len(matcher.names),
        "threshold": round(matcher.threshold, 5),
        "clips_right": sum(bool(clip["right"]) for clip in clips),
        "of": len(clips),
        "clips": clips,
    }


def _follow(recognizer: "FaceRecognizer", frames: Iterable[Frame]) -> list[dict[str, object]]:
    """What each stay in a clip was called, and how steadily."""
    labels: dict[int, list[tuple[float, str]]] = {}
    events: list[Event] = []
    for frame in frames:
        findings = recognizer.recognize(frame)
        events += findings.events
        for found in findings.detections:
            if found.track is not None:
                labels.setdefault(found.track, []).append((frame.time, found.label))
    events += recognizer.finish().events
    tracks: list[dict[str, object]] = []
    for event in events:
        number = event.details["track"]
        assert isinstance(number, int)
        seen = [each for each in labels.get(number, []) if event.start <= each[0] <= event.end]
        named = [time for time, label in seen if label == event.label != UNKNOWN]
        called = [label for _, label in seen if label]
        changes = sum(a != b for a, b in itertools.pairwise(called))
        minutes = max(event.end - event.start, 1.0) / 60
        tracks.append(
            {
                "track": number,
                "name": event.label,
                "start": round(event.start, 3),
                "end": round(event.end, 3),
                "seconds_until_named": round(named[0] - event.start, 3) if named else None,
                "share_named": round(len(named) / max(1, len(seen)), 3),
                "changes_per_minute": round(changes / minutes, 2),
            }
        )
    return tracks


def files_of(people: dict[str, list[Path]]) -> list[Path]:
    """The pictures of all people."""
    return [file for files in people.values() for file in files]


def enrolled_faces(
    gallery: dict[str, list[Path]], looks: "dict[Path, Look | None]"
) -> "list[EnrolledFace]":
    """Everybody of the folders as a gallery has them; GalleryError if no face was found at all.

    `looks` are those of `read_all` at their pictures.
    """
    from livevision.recognizers.faces.gallery import EnrolledFace

    now = datetime.now(UTC)
    enrolled = [
        EnrolledFace(0, 0, name, look.embedding, look.pose.quality, file.name, now)
        for name, files in gallery.items()
        for file in files
        if (look := looks.get(file)) is not None
    ]
    if not enrolled:
        raise GalleryError("No face was found in the gallery's photos. Use others.")
    return enrolled


def read_all(files: Sequence[Path], reader: "FaceReader") -> "dict[Path, Look | None]":
    """The middle face of every picture that can be read, or None; with a bar on a terminal.

    Raises SourceError if no picture can be read.
    """
    from rich.console import Console
    from rich.progress import track

    from livevision.sources.pictures import readable

    distinct = list(dict.fromkeys(files))
    looks: dict[Path, Look | None] = {}
    pictures = readable(distinct, lambda each: each)
    screen = Console(stderr=True)
    for file, photo in track(
        pictures, "reading faces", len(distinct), transient=True, console=screen
    ):
        found = middle_face(reader, photo)
        looks[file] = None if found is None else reader.look(*found)
    return looks


def middle_face(reader: "FaceReader", image: Image) -> "tuple[Image, Face] | None":
    """The face nearest the middle of a picture (BGR), and the picture made upright; or None."""
    image, faces, _ = reader.locator.locate_upright(image)
    height, width = image.shape[:2]
    middle = width / 2, height / 2
    face = min(faces, key=lambda face: math.dist(face.box.center, middle), default=None)
    return None if face is None else (image, face)


def people_of(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each person in `folder/<Person>/`; UsageError if there are none."""
    from livevision.recognizers.faces.enrolment import pictures_of

    try:
        places = sorted(place for place in folder.iterdir() if place.is_dir())
        people = {place.name: files for place in places if (files := pictures_of(place))}
    except OSError as error:
        raise UsageError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    if not people:
        raise UsageError(f"{folder} has no folders with pictures. It should be <Person>/*.jpg")
    return people


def pictures_below(folder: Path) -> list[Path]:
    """All pictures in a folder and in the folders in it; UsageError if there are none."""
    from livevision.recognizers.faces.enrolment import pictures_of

    try:
        places = [folder, *sorted(place for place in folder.iterdir() if place.is_dir())]
        files = [file for place in places for file in pictures_of(place)]
    except OSError as error:
        raise UsageError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    if not files:
        raise UsageError(f"{folder} has no pictures.")
    return files


def interval(count: int, total: int) -> list[float]:
    """95 % confidence interval of a rate (Wilson, 1927)."""
    if not total:
        return [0.0, 1.0]
    z = 1.96
    rate = count / total
    middle = rate + z * z / (2 * total)
    half = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return [
        round(max(0.0, (middle - half) / scale), 5),
        round(min(1.0, (middle + half) / scale), 5),
    ]


def write(result: dict[str, object], file: str | None) -> None:
    """Print the figures as a table, and as JSON to `file` if named ("-": standard output)."""
    from rich.console import Console
    from rich.table import Table

    if file != "-":
        table = Table("figure", "value")
        for key, value in result.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                continue  # the clips one by one are for the JSON
            table.add_row(key, json.dumps(value) if isinstance(value, dict) else str(value))
        Console(highlight=False, markup=False).print(table)
    text = json.dumps(result, indent=2) + "\n"
    if file == "-":
        print(text, end="")
    elif file:
        files.replace_text(Path(file), text)


def draw(scores: Scores, file: Path) -> None:
    """Draw the share of probes missed over the share of strangers named, as PNG."""
    from matplotlib.figure import Figure

    bars = np.unique(np.concatenate((scores.probes, scores.strangers)))
    named = [float(np.mean(scores.strangers >= bar)) for bar in bars]
    missed = [float(1 - np.mean(scores.right & (scores.probes >= bar))) for bar in bars]
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.step(named, missed, where="post")
    axes.set_xscale("log")
    axes.set_xlim(max(0.5 / max(len(scores.strangers), 1), 1e-5), 1)
    axes.set_ylim(0, min(1.0, max(0.05, scores.missed(1e-9) * 1.1)))
    axes.set_xlabel("strangers who get a name (FPIR)")
    axes.set_ylabel("enrolled people not found (FNIR)")
    axes.grid(True, which="both", alpha=0.3)
    save(figure, file)


def save(figure: object, file: Path) -> None:
    """Write a matplotlib figure; OutputError if that fails."""
    try:
        files.replace(file, lambda draft: figure.savefig(draft, dpi=120))  # type: ignore[attr-defined]
    except ValueError as error:  # an ending that matplotlib does not know
        raise OutputError(f"Cannot write {file}: {error}.") from error
