"""Name leaves in pictures, and count what is right.

DIR holds either a folder for each species with pictures of one leaf each, named by species (aspen,
"Cercis chinensis") or by Flavia's numbers (02, 03, ...), or photos of several leaves with
counts.json beside them: {"0001.jpg": {"aspen": 2, "oak": 1}, ...}.

`count_right` is the share of the photos in which as many pieces were found as there are leaves;
`species_right` the share of all leaves whose species is right, by the counts of each photo.

examples: livevision evaluate leaves ground/ --json -
          livevision evaluate leaves flavia/
"""

import argparse
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, files
from livevision.errors import UsageError
from livevision.recognizers.leaves import species

if TYPE_CHECKING:
    from livevision.recognizers.leaves.naming import Namer

log = logging.getLogger(__name__)

SUMMARY = "species and number of leaves in photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pictures", type=Path, metavar="DIR", help="where the pictures are")
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="another model than the one that is shipped"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures there; - for the screen"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print, write."""
    from livevision import classifying
    from livevision.recognizers.leaves.naming import Namer

    files.check_reports(arguments.json)
    photos = photos_in(arguments.pictures)
    path = arguments.model or assets.verified(assets.folder("models") / "leaves" / "leaves.npz")
    record = measure(Namer(classifying.load(path)), photos)
    if arguments.json is not None:
        files.replace_json(arguments.json, record)
    if str(arguments.json) != "-":
        print(
            f"{record['photos']} photos, {record['leaves']} leaves: number right in "
            f"{record['count_right']:.1%}, species {record['species_right']:.1%}, "
            f"{record['ms_per_photo']:.0f} ms a photo"
        )
    return 0


Photo = tuple[Path, Mapping[str, int]]
"""A picture, and how many leaves of which species it shows."""


def photos_in(folder: Path) -> list[Photo]:
    """The pictures of DIR and what they show; UsageError if that cannot be told."""
    from livevision.sources.pictures import SUFFIXES

    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Check the name.")
    counts = folder / "counts.json"
    if counts.is_file():
        return _counted(folder, counts)
    found: list[Photo] = [
        (path, {species.called(each.name): 1})
        for each in sorted(folder.iterdir())
        if each.is_dir()
        for path in sorted(each.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise UsageError(f"{folder} has no counts.json and no folders of species with pictures.")
    return found


def _counted(folder: Path, counts: Path) -> list[Photo]:
    try:
        content = json.loads(counts.read_text(encoding="utf-8-sig"))
        found: list[Photo] = [
            (folder / name, {species.called(each): int(n) for each, n in of.items() if int(n)})
            for name, of in sorted(content.items())
        ]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{counts} is no table of photos and their leaves: {error}.") from error
    if not found:
        raise UsageError(f"{counts} names no photo.")
    return found


def measure(namer: "Namer", photos: Sequence[Photo]) -> dict[str, Any]:
    """The figures that `--json` writes. Raises SourceError if no photo can be read."""
    from livevision.sources.pictures import readable

    strange = {name for _, truth in photos for name in truth} - set(namer.species)
    if strange:
        log.warning(
            "%s: no such species is known, so its leaves are counted and never right; known are %s",
            ", ".join(sorted(strange)),
            ", ".join(namer.species),
        )
    seen = counted = right = leaves = 0
    spent = 0.0
    confusion: dict[str, Counter[str]] = {}
    wrong = []
    for (path, truth), image in readable(photos, lambda each: each[0]):
        seen += 1
        start = time.perf_counter()
        read = namer.name(image)
        spent += time.perf_counter() - start
        answers = Counter(each.label or species.UNKNOWN for each in read)
        total = sum(truth.values())
        leaves += total
        counted += len(read) == total
        agree = sum(min(n, answers[name]) for name, n in truth.items())
        right += agree
        if len(truth) == 1 and total == 1:
            name = next(iter(truth))
            answer = read[0].label or species.UNKNOWN if read else "not found"
            confusion.setdefault(name, Counter())[answer] += 1
        if agree < total or len(read) != total:
            wrong.append({"file": path.name, "truth": dict(truth), "read": dict(answers)})
    return {
        "count_right": round(counted / max(seen, 1), 5),
        "species_right": round(right / max(leaves, 1), 5),
        "photos": seen,
        "unreadable": len(photos) - seen,
        "leaves": leaves,
        "ms_per_photo": round(1000 * spent / max(seen, 1), 2),
        "confusion": {name: dict(row) for name, row in sorted(confusion.items())},
        "wrong": wrong,
    }
