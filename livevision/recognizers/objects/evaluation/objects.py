"""Find objects in pictures, and count what was right.

DIR/images/*.jpg are the pictures, DIR/labels/*.txt say what is in them, a line for each object as
YOLO has it: class (0 to 79, COCO's in order), x and y of the centre, width, height, as shares of
the picture. Average precision is COCO's (boxes above 0.01); precision and recall are those of the
boxes above the threshold. A box is right if it has the right class and overlaps the truth by half
(intersection over union).

examples: livevision evaluate objects pictures/ --json objects.json
          livevision evaluate objects pictures/ --objects-looks quick
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import files, recognizers
from livevision.errors import UsageError

if TYPE_CHECKING:
    from livevision.frame import Image
    from livevision.recognizers.objects.detector import Object
    from livevision.recognizers.objects.evaluation.average_precision import Boxes

SUMMARY = "objects found in pictures"

LEAST = 0.01
"""Score from which on a box counts for the average precision."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="with images/ and labels/")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures; - for stdout")
    recognizers.add_options(parser, "objects")


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    from livevision.frame import Frame
    from livevision.recognizers.objects.recognizer import ObjectModel
    from livevision.sources.pictures import readable

    paths = find(arguments.directory)
    files.check_reports(arguments.json, inputs=paths)
    model = recognizers.load("objects", recognizers.values("objects", arguments))
    assert isinstance(model, ObjectModel)
    progress = Console(stderr=True)
    truths, answers = [], []
    seconds = 0.0
    for path, image in track(
        readable(paths, lambda each: each),
        "looking",
        len(paths),
        console=progress,
        transient=True,
        disable=not progress.is_terminal,
    ):
        labels = arguments.directory / "labels" / f"{path.stem}.txt"
        truths.append(read_labels(labels, image))
        start = time.perf_counter()
        objects = model.look(Frame(image, 0, 0.0), threshold=LEAST)
        seconds += time.perf_counter() - start
        answers.append(as_boxes(objects))
    result = {
        **measure(truths, answers, model.options.threshold),
        "unreadable": len(paths) - len(answers),
        "ms_per_picture": round(1000 * seconds / max(len(answers), 1), 1),
    }
    if arguments.json:
        files.replace_json(arguments.json, result)
    _print(result, Console(stderr=str(arguments.json) == "-"))
    return 0


def find(directory: Path) -> list[Path]:
    """The pictures of `directory / "images"`; UsageError if there are none."""
    from livevision.sources.pictures import SUFFIXES

    images = directory / "images"
    if not images.is_dir() or not (directory / "labels").is_dir():
        raise UsageError(f"{directory} needs the folders images and labels.")
    paths = [path for path in sorted(images.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise UsageError(f"There are no pictures in {images}.")
    return paths


def read_labels(path: Path, image: "Image") -> "Boxes":
    """What is in a picture; nothing if it has no file. Raises UsageError for a damaged one."""
    import numpy as np

    from livevision.recognizers.objects.evaluation.average_precision import Boxes
    from livevision.recognizers.objects.names import NAMES

    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        rows = [[float(word) for word in line.split()[:5]] for line in lines if line.strip()]
        values = np.array(rows, np.float64).reshape(-1, 5)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"Cannot read the labels {path}: each line has five numbers, a class and the middle, "
            "width and height of its box."
        ) from error
    kinds = values[:, 0].astype(np.intp)
    if ((kinds < 0) | (kinds >= len(NAMES))).any():
        raise UsageError(f"{path} has a class that is not one of 0 to {len(NAMES) - 1}.")
    height, width = image.shape[:2]
    size = np.array((width, height), np.float64)
    centers, sides = values[:, 1:3] * size, values[:, 3:5] * size
    corners = np.concatenate((centers - sides / 2, centers + sides / 2), axis=1)
    return Boxes(corners, kinds, np.ones(len(kinds)))


def as_boxes(objects: "list[Object]") -> "Boxes":
    import numpy as np

    from livevision.recognizers.objects.evaluation.average_precision import Boxes

    return Boxes(
        np.array([each.box for each in objects], np.float64).reshape(-1, 4),
        np.array([each.kind for each in objects], np.intp),
        np.array([each.score for each in objects], np.float64),
    )


def measure(truths: "list[Boxes]", answers: "list[Boxes]", threshold: float) -> dict[str, object]:
    """The figures; shares are from 0 to 1."""
    import numpy as np

    from livevision.recognizers.objects.evaluation import average_precision as ap
    from livevision.recognizers.objects.names import NAMES

    total = sum(len(each.kinds) for each in truths)
    if not total:
        raise UsageError("There are no labels to measure by.")
    by_class = ap.average_precision(truths, answers)
    means = [
        np.mean(list(ap.average_precision(truths, answers, float(each)).values()))
        for each in ap.OVERLAPS
    ]
    shown = [
        ap.Boxes(each.corners[sure], each.kinds[sure], each.scores[sure])
        for each in answers
        for sure in (each.scores > threshold,)
    ]
    right = sum(
        int(ap.matched(truth, each).sum()) for truth, each in zip(truths, shown, strict=True)
    )
    boxes = sum(len(each.kinds) for each in shown)
    return {
        "ap50": round(float(np.mean(list(by_class.values()))), 4),
        "ap": round(float(np.mean(means)), 4),
        "precision": round(right / boxes, 4) if boxes else 0.0,
        "recall": round(right / total, 4),
        "threshold": threshold,
        "pictures": len(truths),
        "objects": total,
        "boxes": boxes,
        "by_class": {NAMES[kind]: round(value, 4) for kind, value in by_class.items()},
    }


def _print(result: dict[str, object], console: "object") -> None:
    from rich.console import Console
    from rich.table import Table

    assert isinstance(console, Console)
    table = Table("figure", "value")
    for key, value in result.items():
        if key != "by_class":
            table.add_row(key, str(value))
    console.print(table)
