"""Measure how well two photos are told to show one person or two, as LFW's protocol does.

PAIRS.csv has the columns file_a, file_b and same (1 or 0), paths relative to the file's folder, and
where there is a column fold the threshold of each fold is chosen on the other folds alone. A face
that is not found counts as wrong, whatever the pair; pairs with a file that cannot be read are
left out.

example:
  livevision evaluate pairs pairs.csv --json - --curve roc.png
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from livevision import files
from livevision.errors import UsageError
from livevision.recognizers.faces.evaluation.faces import (
    interval,
    middle_face,
    read_all,
    save,
    write,
)

if TYPE_CHECKING:
    from livevision.recognizers.faces.embedding import FaceReader

SUMMARY = "tell whether two photos show one person"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pairs", metavar="PAIRS.csv", type=Path)
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - for the screen")
    parser.add_argument(
        "--curve", type=Path, metavar="PNG", help="draw ROC and precision over recall"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="for comparison: face_recognition's recipe (MediaPipe's box, one view, distance)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print, write."""
    from livevision.recognizers.faces.embedding import FaceReader

    pairs = read_pairs(arguments.pairs)
    photos = [file for pair in pairs for file in (pair.first, pair.second)]
    files.check_reports(arguments.json, arguments.curve, inputs=(arguments.pairs, *photos))
    reader = FaceReader()
    if arguments.plain:
        embeddings = plain(photos, reader)
    else:
        looks = read_all(photos, reader).items()
        embeddings = {file: None if look is None else look.embedding for file, look in looks}
    unreadable = len(set(photos) - embeddings.keys())
    pairs = [each for each in pairs if {each.first, each.second} <= embeddings.keys()]
    if len({pair.same for pair in pairs}) < 2:
        raise UsageError("No pair of one person, or none of two, can be read. Copy them anew.")
    scores = np.array([_score(embeddings[p.first], embeddings[p.second]) for p in pairs])
    result = {**measure(pairs, scores), "unreadable": unreadable}
    write(result, arguments.json)
    if arguments.curve:
        draw(np.array([pair.same for pair in pairs]), scores, arguments.curve)
    return 0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos."""

    first: Path
    second: Path
    same: bool
    fold: str


def read_pairs(file: Path) -> list[Pair]:
    """The pairs of a CSV file; UsageError if it is no such file or a photo is missing."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"Cannot read the pairs {file}: {why}.") from error
    pairs = []
    for number, row in enumerate(rows, start=2):
        first, second, same = row.get("file_a"), row.get("file_b"), row.get("same")
        if not first or not second or same not in ("0", "1"):
            raise UsageError(f"{file}, line {number}: needs file_a, file_b and same (0 or 1).")
        pair = Pair(file.parent / first, file.parent / second, same == "1", row.get("fold") or "")
        for photo in (pair.first, pair.second):
            if not photo.is_file():
                raise UsageError(f"{file}, line {number}: there is no file {photo}.")
        pairs.append(pair)
    if len({pair.same for pair in pairs}) < 2:
        raise UsageError(f"{file} needs pairs of one person and pairs of two.")
    return pairs


def measure(pairs: Sequence[Pair], scores: NDArray[np.float64]) -> dict[str, object]:
    """The figures that `--json` writes; `scores` has NaN where a face was not found."""
    same = np.array([pair.same for pair in pairs])
    folds = np.array([pair.fold for pair in pairs])
    found = ~np.isnan(scores)
    names = np.unique(folds)
    accuracies, thresholds, right = [], [], 0
    for fold in names:
        here = folds == fold
        others = ~here if len(names) > 1 else here
        threshold = best_threshold(same[others & found], scores[others & found])
        correct = found[here] & ((np.nan_to_num(scores[here]) >= threshold) == same[here])
        accuracies.append(float(correct.mean()))
        thresholds.append(threshold)
        right += int(correct.sum())
    return {
        "pairs": len(pairs),
        "accuracy": round(float(np.mean(accuracies)), 5),
        "std": round(float(np.std(accuracies)), 5),
        "interval_95": interval(right, len(pairs)),
        "no_face": int(np.sum(~found)),
        "threshold": round(float(np.mean(thresholds)), 5),
        "folds": len(names),
    }


def best_threshold(same: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The score from which on "same" makes the fewest errors: midway in the best gap."""
    order = np.argsort(-scores, kind="stable")
    ordered, truth = scores[order], same[order]
    # right answers if the first n are called "same"
    right = np.concatenate(([0], np.cumsum(truth))) + np.sum(~truth)
    right = right - np.concatenate(([0], np.cumsum(~truth)))
    count = int(right.argmax())
    above = ordered[count - 1] if count else ordered[0] + 1.0
    below = ordered[count] if count < len(ordered) else ordered[-1] - 1.0
    return float((above + below) / 2)


def plain(files: Sequence[Path], reader: "FaceReader") -> "dict[Path, NDArray[np.float32] | None]":
    """Embeddings by the plain recipe: MediaPipe's box, dlib's five points, one view."""
    from livevision.sources.pictures import readable

    embeddings: dict[Path, NDArray[np.float32] | None] = {}
    for file, photo in readable(list(dict.fromkeys(files)), lambda each: each):
        found = middle_face(reader, photo)
        chip = None if found is None else reader.aligner.plain(found[0], found[1].box)
        embeddings[file] = None if chip is None else reader.embed_plain(chip)
    return embeddings


def _score(a: NDArray[np.float32] | None, b: NDArray[np.float32] | None) -> float:
    """1 - d^2 / 2: the cosine of embeddings of unit length; of others, it falls with distance."""
    return float("nan") if a is None or b is None else float(1 - np.sum((a - b) ** 2) / 2)


def draw(same: NDArray[np.bool_], scores: NDArray[np.float64], file: Path) -> None:
    """Draw the ROC and precision over recall, as PNG; a face not found is never "same"."""
    from matplotlib.figure import Figure

    scores = np.nan_to_num(scores, nan=-2.0)
    order = np.argsort(-scores, kind="stable")
    hits, alarms = np.cumsum(same[order]), np.cumsum(~same[order])
    figure = Figure(figsize=(9, 4), layout="constrained")
    roc, precision = figure.subplots(1, 2)
    roc.step(alarms / max(1, alarms[-1]), hits / max(1, hits[-1]), where="post")
    roc.set_xscale("log")
    roc.set_xlabel("two people taken for one (false match rate)")
    roc.set_ylabel("one person recognised (true match rate)")
    precision.plot(hits / max(1, hits[-1]), hits / (hits + alarms))
    precision.set_xlabel("recall")
    precision.set_ylabel("precision")
    for axes in (roc, precision):
        axes.set_ylim(0.8, 1.002)
        axes.grid(True, alpha=0.3)
    save(figure, file)
