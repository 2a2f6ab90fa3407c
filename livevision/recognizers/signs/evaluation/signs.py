"""Read pictures of signs as the live program would, and count what was right.

DIR holds folders named by letters, DIR/A, DIR/B ..., or one more level, DIR/SOURCE/A ...; a folder
_NOTHING holds pictures without a sign. Each picture is the first frame of a fresh stream. A hand
that is not found counts as wrong, and so does "no sign". J and Z are movements: pictures of them
are passed over unless --include-moving is given.

examples: livevision evaluate signs pictures/ --json signs.json
          livevision evaluate signs pictures/ --signs-model cnn28
"""

import argparse
import string
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files, recognizers
from livevision.errors import UsageError
from livevision.frame import Findings, Frame, Image

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

SUMMARY = "letters read from pictures of hands"
SCHEMA = 1
LETTERS = tuple(string.ascii_uppercase)
MOVING = ("J", "Z")
NOTHING = "_NOTHING"
NO_HAND = "no_hand"
NO_SIGN = "no_sign"
BINS = 15


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be read."""

    path: Path
    source: str
    truth: str
    """A letter, or NOTHING."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read in a picture."""

    picture: Picture
    label: str
    """A letter, NO_SIGN or NO_HAND."""
    confidence: float
    """Probability of the label, 0 to 1; 0 for NO_HAND."""
    seconds: float

    @property
    def right(self) -> bool:
        return self.label == self.picture.truth


@dataclass(slots=True)
class Score:
    """What a set of answers comes to; pictures of NOTHING count in the false alarms alone."""

    answers: Sequence[Answer]
    signs: list[Answer] = field(init=False)
    nothing: list[Answer] = field(init=False)
    confusion: dict[str, Counter[str]] = field(init=False)
    """How often a letter got an answer."""

    def __post_init__(self) -> None:
        self.signs = [each for each in self.answers if each.picture.truth != NOTHING]
        self.nothing = [each for each in self.answers if each.picture.truth == NOTHING]
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in self.signs:
            counts[each.picture.truth][each.label] += 1
        self.confusion = {truth: counts[truth] for truth in sorted(counts)}

    @property
    def accuracy(self) -> float:
        return _share(self.signs)

    def recall(self, letter: str) -> float:
        """Share of the letter's pictures that were read as it."""
        row = self.confusion.get(letter, Counter())
        return row[letter] / row.total() if row else 0.0

    def precision(self, letter: str) -> float:
        """Share of the answers `letter` that were right; 0 if there were none."""
        answered = sum(row[letter] for row in self.confusion.values())
        return self.confusion[letter][letter] / answered if answered else 0.0

    def f1(self, letter: str) -> float:
        """Harmonic mean of precision and recall."""
        precision, recall = self.precision(letter), self.recall(letter)
        both = precision + recall
        return 2 * precision * recall / both if both else 0.0

    def per_source(self) -> dict[str, float]:
        """Accuracy on the pictures of each source."""
        groups: defaultdict[str, list[Answer]] = defaultdict(list)
        for each in self.signs:
            groups[each.picture.source].append(each)
        return {source: _share(groups[source]) for source in sorted(groups)}

    def calibration_error(self) -> float:
        """Expected calibration error (Naeini et al., 2015) of the letters named, in 15 bins."""
        named = [each for each in self.signs if each.label not in (NO_HAND, NO_SIGN)]
        bins: defaultdict[int, list[Answer]] = defaultdict(list)
        for each in named:
            bins[min(int(each.confidence * BINS), BINS - 1)].append(each)
        gaps = (
            abs(sum(each.confidence for each in group) - sum(each.right for each in group))
            for group in bins.values()
        )
        return sum(gaps) / len(named) if named else 0.0

    def record(self) -> dict[str, Any]:
        """The score as JSON."""
        labels = Counter(each.label for each in self.signs)
        letters = list(self.confusion)
        seconds = sum(each.seconds for each in self.answers)
        return {
            "schema": SCHEMA,
            "pictures": len(self.signs),
            "right": sum(each.right for each in self.signs),
            "accuracy": round(self.accuracy, 5),
            "no_hand": labels[NO_HAND],
            "no_sign": labels[NO_SIGN],
            "per_letter": _rounded({letter: self.recall(letter) for letter in letters}),
            "per_source": _rounded(self.per_source()),
            "precision": _rounded({letter: self.precision(letter) for letter in letters}),
            "f1": _rounded({letter: self.f1(letter) for letter in letters}),
            "confusion": {truth: dict(row) for truth, row in self.confusion.items()},
            "calibration_error": round(self.calibration_error(), 5),
            "false_alarms": {
                "pictures": len(self.nothing),
                "named": sum(each.label not in (NO_HAND, NO_SIGN) for each in self.nothing),
            },
            "ms_per_picture": round(1000 * seconds / max(len(self.answers), 1), 2),
            "wrong": [
                {
                    "file": str(each.picture.path),
                    "truth": each.picture.truth,
                    "answer": each.label,
                    "confidence": round(each.confidence, 4),
                }
                for each in self.signs
                if not each.right
            ],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="folders of pictures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--matrix",
        type=Path,
        metavar="FILE.png",
        help="draw the confusion matrix (default: beside the JSON file)",
    )
    parser.add_argument(
        "--include-moving", action="store_true", help="count pictures of J and Z too"
    )
    recognizers.add_options(parser, "signs")


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    from livevision.sources.pictures import readable

    pictures = list(find(arguments.directory, moving=arguments.include_moving))
    matrix = arguments.matrix
    if matrix is None and arguments.json and str(arguments.json) != "-":
        matrix = arguments.json.with_suffix(".png")
    files.check_reports(arguments.json, matrix, inputs=[picture.path for picture in pictures])
    progress = Console(stderr=True)
    answers: list[Answer] = []
    model = recognizers.load("signs", recognizers.values("signs", arguments))
    for picture, image in track(
        readable(pictures, lambda each: each.path),
        "reading",
        len(pictures),
        console=progress,
        transient=True,
        disable=not progress.is_terminal,
    ):
        answers.append(read(model, picture, image))
    score = Score(answers)
    if arguments.json:
        unreadable = len(pictures) - len(answers)
        content = {"model": arguments.signs_model, **score.record(), "unreadable": unreadable}
        files.replace_json(arguments.json, content)
    if matrix:
        files.replace(matrix, lambda draft: draw(score, draft))
    _print(score, Console())
    return 0


def find(directory: Path, *, moving: bool = False) -> Iterable[Picture]:
    """The pictures in `directory`, in order. Raises UsageError if there are none."""
    if not directory.is_dir():
        raise UsageError(f"There is no folder {directory}. Name one with a folder for each letter.")
    from livevision.pictures import SUFFIXES

    groups = [directory, *(child for child in sorted(directory.iterdir()) if child.is_dir())]
    found = [
        Picture(path, folder.resolve().name, truth)
        for folder in groups
        for truth, inside in _letters(folder)
        if moving or truth not in MOVING
        for path in sorted(inside.iterdir())
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]
    if not any(picture.truth != NOTHING for picture in found):
        raise UsageError(
            f"{directory} has no pictures in folders named by letters: "
            f"expected {directory / 'A'}/*.jpg or {directory / 'SOURCE' / 'A'}/*.jpg."
        )
    return found


def _letters(folder: Path) -> Iterable[tuple[str, Path]]:
    for child in sorted(folder.iterdir()):
        name = child.name.upper()
        if child.is_dir() and (name in LETTERS or name == NOTHING):
            yield name, child


def read(model: "Model", picture: Picture, image: Image) -> Answer:
    """Read a picture as the only frame of a stream."""
    with model.session() as session:
        start = time.perf_counter()
        findings = session.recognize(Frame(image, 0, 0.0))
        seconds = time.perf_counter() - start
    label, confidence = _answer(findings)
    return Answer(picture, label, confidence, seconds)


def _answer(findings: Findings) -> tuple[str, float]:
    """The surest letter of all hands; what to say if there is none."""
    hands = [each for each in findings.detections if each.kind == "hand"]
    if not hands:
        return NO_HAND, 0.0
    best = max(hands, key=lambda each: (bool(each.label), each.confidence))
    return best.label or NO_SIGN, best.confidence


def draw(score: Score, path: Path) -> None:
    """The confusion matrix as a picture, rows in percent of the letter's pictures."""
    import numpy as np
    from matplotlib.figure import Figure

    rows = list(score.confusion)
    answers = {answer for row in score.confusion.values() for answer in row}
    columns = [*sorted(answers.union(rows) - {NO_SIGN, NO_HAND}), NO_SIGN, NO_HAND]
    counts = np.array([[score.confusion[row][column] for column in columns] for row in rows])
    shares = 100.0 * counts / counts.sum(axis=1, keepdims=True)
    figure = Figure(figsize=(0.42 * len(columns) + 1.5, 0.36 * len(rows) + 1.8), layout="tight")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(columns)), [name.replace("_", " ") for name in columns])
    axes.tick_params(axis="x", labelrotation=90)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("read as")
    axes.set_ylabel("signed")
    axes.set_title(f"{len(score.signs)} pictures, {score.accuracy:.1%} right; % of each row")
    for y, x in zip(*np.nonzero(counts), strict=True):
        share = shares[y, x]
        text = f"{share:.0f}" if share >= 1 else "<1"
        color = "white" if share > 60 else "black"
        axes.text(x, y, text, ha="center", va="center", color=color, fontsize=7)
    figure.savefig(path, dpi=120)


def _print(score: Score, console: Any) -> None:
    from rich.table import Table

    table = Table("letter", title="signs", title_justify="left")
    for name in ("pictures", "precision", "recall", "F1"):
        table.add_column(name, justify="right")
    table.add_column("most often taken for")
    for letter, row in score.confusion.items():
        wrong = [(name, count) for name, count in row.most_common() if name != letter][:3]
        table.add_row(
            letter,
            str(row.total()),
            f"{score.precision(letter):.1%}",
            f"{score.recall(letter):.1%}",
            f"{score.f1(letter):.1%}",
            ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in wrong),
        )
    console.print(table)
    for source, accuracy in score.per_source().items():
        console.print(f"{accuracy:7.1%}  {source}", highlight=False, markup=False)
    content = score.record()
    console.print(
        f"{content['right']} of {content['pictures']} right: {score.accuracy:.2%}; "
        f"no hand found {content['no_hand']}, no sign {content['no_sign']}; "
        f"calibration error {score.calibration_error():.1%}; "
        f"{content['ms_per_picture']:.1f} ms a picture",
        highlight=False,
    )
    if score.nothing:
        alarms = content["false_alarms"]
        console.print(
            f"{alarms['named']} of {alarms['pictures']} pictures without a sign got a letter",
            highlight=False,
        )


def _share(answers: Sequence[Answer]) -> float:
    return sum(each.right for each in answers) / len(answers) if answers else 0.0


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 5) for key, value in values.items()}
