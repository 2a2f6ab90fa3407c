"""Teach a recogniser by examples: its own classes as you write or collect them, and new ones.

FOLDER holds a folder of pictures for each class, FOLDER/CLASS/*.jpg. Or show them to a camera, or
in a clip: --camera SOURCE takes pictures of each of --classes, and keeps them in FOLDER if you name
one.

Every picture is brought to one format, what is to be learnt is cut out of it and measured, and a
classifier is chosen by cross-validation among support vector machine, nearest neighbours, random
forest and logistic regression. What was known before stays known, unless --alone. The report says
how well pictures are named that were not learnt from, and how much that can be trusted.

No picture is kept but those you ask for: numbers in one file that only you can read.

examples:
  livevision teach leaves my-leaves/ --report leaves.png
  livevision teach leaves --camera 0 --classes ivy,rose
  livevision teach digits my-digits/
  livevision teach leaves --forget
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, files, plugins
from livevision.commands import _output
from livevision.errors import OutputError, SourceError, UsageError

if TYPE_CHECKING:
    from livevision.frame import Image
    from livevision.training.choosing import Table

SUMMARY = "teach a recogniser by examples"
PICTURES = 20
"""Pictures taken of each class, unless told otherwise."""
EVERY = 0.3
"""Seconds of the stream between two of them, so that they are not all alike."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "recognizer", choices=sorted(_teachable()), metavar="RECOGNISER", help=_known()
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="a folder of pictures a class"
    )
    parser.add_argument("--camera", metavar="SOURCE", help="take the pictures there")
    parser.add_argument("--classes", metavar="A,B", help="what will be shown to the camera")
    parser.add_argument(
        "--pictures",
        type=_output.positive,
        default=PICTURES,
        metavar="N",
        help="taken of each class (default: %(default)s)",
    )
    parser.add_argument(
        "--classifier",
        choices=("best", "svm", "knn", "forest", "logistic"),
        default="best",
        help="which one (default: the one that does best in cross-validation)",
    )
    parser.add_argument(
        "--alone", action="store_true", help="forget what the recogniser knew before"
    )
    parser.add_argument("--forget", action="store_true", help="erase what you taught")
    parser.add_argument("--report", type=Path, metavar="PNG", help="draw confusion and curves")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures; - for stdout")


def execute(arguments: argparse.Namespace) -> int:
    """Look, choose, report, keep."""
    lesson = import_module(_teachable()[arguments.recognizer])
    kept: Path = lesson.taught_file()
    if arguments.forget:
        if not kept.is_file():
            raise UsageError(f"Nothing was taught to {arguments.recognizer}.")
        files.erase(kept)
        print(f"forgotten: what was taught to {arguments.recognizer}")
        return 0
    files.check_reports(arguments.json, arguments.report, inputs=(arguments.folder,))
    if arguments.camera is not None:
        own = _shown(lesson, arguments)
    elif arguments.folder is not None:
        own = _read(lesson, arguments.folder)
    else:
        raise UsageError("Give a FOLDER with a folder of pictures for each class, or --camera.")
    record = _learn(lesson, own, arguments, kept)
    if arguments.json is not None:
        files.replace_json(arguments.json, record)
    return 0


def _teachable() -> dict[str, str]:
    return {name: each.teaching for name, each in plugins.recognizers().items() if each.teaching}


def _known() -> str:
    return f"who learns: {', '.join(sorted(_teachable()))}"


def _read(lesson: Any, folder: Path) -> "Table":
    """What is measured of the pictures of a folder tree."""
    from livevision.sources.pictures import SUFFIXES, read_picture

    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Check the name.")
    vectors, labels = [], []
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        passed = 0
        for path in sorted(each.iterdir()):
            if path.suffix.lower() not in SUFFIXES:
                continue
            image = read_picture(path)
            vector = None if image is None else lesson.measured(image)
            if vector is None:
                passed += 1
                continue
            vectors.append(vector)
            labels.append(lesson.called(each.name))
        if passed:
            _output.hint(f"{passed} pictures of {each.name} show nothing that could be cut out")
    return _checked(vectors, labels, str(folder))


def _shown(lesson: Any, arguments: argparse.Namespace) -> "Table":
    """What is measured of the pictures that a source shows."""
    from livevision.sources import open_source
    from livevision.training.choosing import FEWEST

    names = [each.strip() for each in (arguments.classes or "").split(",") if each.strip()]
    for name in names:
        if Path(name).name != name or name == "..":
            raise UsageError(f"{name!r} is no class's name, but a path. Name it without one.")
    if len(names) < 1:
        raise UsageError("Say with --classes A,B what will be shown to the camera.")
    if arguments.pictures < FEWEST:
        raise UsageError(
            f"With fewer than {FEWEST} pictures of each nothing can be said of how well it is "
            "learnt. Ask for more with --pictures."
        )
    vectors, labels = [], []
    with open_source(arguments.camera) as source:
        for name in names:
            if sys.stdin.isatty():
                input(f"Show {name}, turn it a little now and then; press Enter to begin. ")
            taken, due = 0, -1.0
            while taken < arguments.pictures:
                frame = source.read()
                if frame is None:
                    raise SourceError(
                        f"{arguments.camera} ended after {taken} pictures of {name}, before "
                        f"{arguments.pictures} were taken. Ask for fewer with --pictures."
                    )
                if frame.time < due:
                    continue
                vector = lesson.measured(frame.image)
                if vector is None:
                    continue
                due = frame.time + EVERY
                taken += 1
                vectors.append(vector)
                labels.append(lesson.called(name))
                if arguments.folder is not None:
                    _keep(frame.image, arguments.folder / name)
            print(f"{taken} pictures of {name}", file=sys.stderr)
    return _checked(vectors, labels, arguments.camera)


def _keep(image: "Image", folder: Path) -> None:
    """Write a picture under the first number that is free: what is there is the user's."""
    import cv2

    data = cv2.imencode(".png", image)[1].tobytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(each.stem) for each in folder.glob("*.png") if each.stem.isdecimal()]
    except OSError as error:
        raise OutputError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    files.replace_bytes(folder / f"{max(numbers, default=0) + 1:03}.png", data)


def _checked(vectors: list[Any], labels: list[str], where: str) -> "Table":
    """The table; UsageError where there is too little to learn from."""
    import numpy as np

    from livevision.training.choosing import FEWEST, Table

    names, counts = np.unique(np.array(labels, dtype=str), return_counts=True)
    if not len(names):
        raise UsageError(
            f"{where} shows nothing to learn: folders of pictures named by class are needed."
        )
    few = [f"{name} ({n})" for name, n in zip(names, counts, strict=True) if n < FEWEST]
    if few:
        raise UsageError(
            f"Too few pictures of {', '.join(few)}: with fewer than {FEWEST} nothing can be said "
            "of how well it is learnt. Take more."
        )
    return Table(np.array(vectors, np.float32), np.array(labels, dtype=str))


def _learn(lesson: Any, own: "Table", arguments: argparse.Namespace, kept: Path) -> dict[str, Any]:
    """Choose, tell, keep; the figures."""
    import numpy as np

    from livevision.settings import prepare_folder
    from livevision.training import choosing, reporting

    models = assets.folder("models") / arguments.recognizer
    known = None if arguments.alone else lesson.known(models)
    if len(set(own.joined(known).labels)) < 2:
        raise UsageError("One class alone cannot be told from anything. Add another.")
    kinds = choosing.KINDS if arguments.classifier == "best" else (arguments.classifier,)
    trials = choosing.tried(own, known, kinds, lambda line: print(line, file=sys.stderr))
    best = trials[0]
    record = reporting.figures(best)
    record["tried"] = {f"{each.kind}, {each.setting}": each.accuracy for each in trials}
    before = lesson.current(models)
    if set(own.labels) <= set(before.classes):
        names = np.array(before.classes)
        answers = names[before.probabilities(own.vectors).argmax(axis=1)]
        record["before"] = float(np.mean(answers == own.labels))
        if record["before"] >= best.accuracy and not arguments.alone:
            print(
                f"As it is, {record['before']:.1%} of your pictures are named right; taught, "
                f"{best.accuracy:.1%} of those held out. Nothing was changed."
            )
            return record
    classifier = choosing.final(best, own, known)
    prepare_folder(kept.parent)
    files.replace(kept, classifier.save, private=True)
    print(f"{best.kind} ({best.setting}): {best.accuracy:.1%} of pictures not learnt from")
    for name, each in record["classes"].items():
        print(
            f"  {name}: precision {each['precision']:.1%}, recall {each['recall']:.1%}, "
            f"F1 {each['f1']:.1%} ({each['pictures']} pictures)"
        )
    record["cautions"] = choosing.cautions(own, best)
    for line in record["cautions"]:
        print(line)
    if arguments.report is not None:
        reporting.draw(best, arguments.report)
    return record
