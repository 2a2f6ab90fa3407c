"""Read pictures of handwritten digits, and count what was found and right.

DIR holds either folders 0 to 9 with pictures of one digit each, cut out by hand or machine, or
pictures of pages, each with a text beside it: page.jpg with page.txt, its digits in reading order,
lines as lines. Pages are read as the live program reads a frame; what was read is laid beside the
truth with as few changes as possible.

In the figures, `found` is the share of the digits for which a digit was read at all, `right` the
share for which the right one was, `extra` the digits read where there is none, a picture.

examples: livevision evaluate digits pages/ --json -
          livevision evaluate digits cut/ --digits-method knn
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, files
from livevision.errors import UsageError

if TYPE_CHECKING:
    from livevision.recognizers.digits.reading import Reader

SUMMARY = "handwritten digits on pages, or cut out"
DIGITS = "0123456789"
MISSED = "missed"
LARGE = 100
"""Pixels of the shorter side from which on a picture of one digit is looked at as a page first."""


@dataclass(slots=True)
class Counts:
    """What was read, against the truth."""

    pictures: int = 0
    digits: int = 0
    found: int = 0
    right: int = 0
    extra: int = 0
    seconds: float = 0.0
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    worst: list[dict[str, Any]] = field(default_factory=list)

    def add(self, truth: str, read: str) -> None:
        """Count a picture's digits, both in reading order."""
        self.pictures += 1
        self.digits += len(truth)
        right = extra = 0
        for true, answer in aligned(truth, read):
            if true and answer:
                self.found += 1
                right += true == answer
            extra += not true
            if true:
                self.confusion[true][answer or MISSED] += 1
        self.right += right
        self.extra += extra

    def record(self) -> dict[str, Any]:
        """The figures as JSON."""
        digits, pictures = max(self.digits, 1), max(self.pictures, 1)
        return {
            "found": round(self.found / digits, 5),
            "right": round(self.right / digits, 5),
            "extra": round(self.extra / pictures, 5),
            "pictures": self.pictures,
            "digits": self.digits,
            "ms_per_picture": round(1000 * self.seconds / pictures, 2),
            "confusion": {
                true: dict(sorted(row.items())) for true, row in sorted(self.confusion.items())
            },
            "worst": self.worst,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pictures", type=Path, metavar="DIR", help="where the pictures are")
    parser.add_argument(
        "--digits-method", choices=("svm", "knn"), default="svm", help="what compares the digits"
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="another model than the one that is shipped"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures there; - for the screen"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print, write."""
    from livevision import classifying
    from livevision.recognizers.digits.reading import Reader

    files.check_reports(arguments.json)
    cut, pages = found_in(arguments.pictures)
    path = arguments.model or assets.verified(
        assets.folder("models") / "digits" / f"{arguments.digits_method}.npz"
    )
    reader = Reader(classifying.load(path))
    counts = read_cut(reader, cut) if cut else read_pages(reader, pages)
    record = {
        "what": "digits cut out" if cut else "pages",
        **counts.record(),
        "unreadable": len(cut or pages) - counts.pictures,
    }
    if arguments.json is not None:
        files.replace_json(arguments.json, record)
    if str(arguments.json) != "-":
        print(
            f"{record['pictures']} pictures, {record['digits']} digits: "
            f"found {record['found']:.1%}, right {record['right']:.1%}, "
            f"{record['extra']:.2f} false ones a picture, {record['ms_per_picture']:.0f} ms each"
        )
    return 0


def found_in(folder: Path) -> tuple[list[tuple[Path, str]], list[tuple[Path, str]]]:
    """Pictures of one digit with their digits, or pages with their text; UsageError if neither."""
    from livevision.sources.pictures import SUFFIXES

    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Check the name.")
    cut = [
        (path, digit)
        for digit in DIGITS
        if (folder / digit).is_dir()
        for path in sorted((folder / digit).iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    if cut:
        return cut, []
    pages = []
    for path in sorted(folder.iterdir()):
        text = path.with_suffix(".txt")
        if path.suffix.lower() in SUFFIXES and text.is_file():
            pages.append((path, _truth(text)))
    if not pages:
        raise UsageError(
            f"{folder} has no folders 0 to 9 with pictures, and no pictures with a text of the "
            "same name beside them."
        )
    return [], pages


def _truth(path: Path) -> str:
    """The digits of a text, in reading order."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"Cannot read {path}: {error}.") from error
    return "".join(each for each in text if each in DIGITS)


def read_pages(reader: "Reader", pages: Sequence[tuple[Path, str]]) -> Counts:
    """Read every page as a frame is read. Raises SourceError if none can be."""
    from livevision.recognizers.digits.lines import lines
    from livevision.sources.pictures import readable

    counts = Counts()
    for (path, truth), image in readable(pages, lambda each: each[0]):
        start = time.perf_counter()
        rows = lines(reader.read(image))
        counts.seconds += time.perf_counter() - start
        read = "".join(each.label for row in rows for each in row)
        before = counts.right, counts.extra
        counts.add(truth, read)
        missed, extra = len(truth) - counts.right + before[0], counts.extra - before[1]
        if missed or extra:
            counts.worst.append(
                {
                    "file": path.name,
                    "not_right": missed,
                    "extra": extra,
                    "read": ["".join(each.label for each in row) for row in rows],
                }
            )
    counts.worst.sort(key=lambda each: -(each["not_right"] + each["extra"]))
    return counts


def read_cut(reader: "Reader", pictures: Sequence[tuple[Path, str]]) -> Counts:
    """Read pictures that show one digit each. Raises SourceError if none can be.

    A large one is looked at as a page first: its digit may stand in the middle of paper.
    """
    from livevision.sources.pictures import readable

    counts = Counts()
    for (path, truth), image in readable(pictures, lambda each: each[0]):
        start = time.perf_counter()
        read = reader.read(image) if min(image.shape[:2]) >= LARGE else []
        if read:
            read.sort(key=lambda each: -each.box.height)
        else:
            one = reader.read_one(image)
            read = [] if one is None else [one]
        counts.seconds += time.perf_counter() - start
        counts.add(truth, "".join(each.label for each in read[:1]))
        counts.extra += len(read[1:])
        if not read or read[0].label != truth:
            answer = read[0].label if read else MISSED
            counts.worst.append({"file": f"{truth}/{path.name}", "read": answer})
    return counts


def aligned(truth: str, read: str) -> list[tuple[str, str]]:
    """Pairs of true and read digits with as few changes as possible (Levenshtein, 1966).

    A digit that was missed has "" beside it, as has one that is not there.
    """
    cost = [[0] * (len(read) + 1) for _ in range(len(truth) + 1)]
    for row in range(len(truth) + 1):
        for column in range(len(read) + 1):
            if not row or not column:
                cost[row][column] = row + column
                continue
            cost[row][column] = min(
                cost[row - 1][column - 1] + (truth[row - 1] != read[column - 1]),
                cost[row - 1][column] + 1,
                cost[row][column - 1] + 1,
            )
    pairs = []
    row, column = len(truth), len(read)
    while row or column:
        here = cost[row][column]
        differs = row and column and truth[row - 1] != read[column - 1]
        if row and column and here == cost[row - 1][column - 1] + bool(differs):
            row, column = row - 1, column - 1
            pairs.append((truth[row], read[column]))
        elif row and here == cost[row - 1][column] + 1:
            row -= 1
            pairs.append((truth[row], ""))
        else:
            column -= 1
            pairs.append(("", read[column]))
    return pairs[::-1]
