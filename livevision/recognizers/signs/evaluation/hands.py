"""Find the hands in pictures as the live program would in the first of a stream, by source.

DIR holds DIR/SOURCE/LETTER/*.jpg or DIR/LETTER/*.jpg; a folder _NOTHING holds pictures without a
sign. Of each picture with a letter the largest hand counts. It is steady if two further looks, each
a little turned, put its joints where the first did; where SOURCE/boxes.csv (file, letter, cx, cy,
w, h in shares of the picture) says where the hand is, it is framed if both boxes share half of what
they cover. With --no-hands all pictures below a folder, of portraits say, are without hands.

examples: livevision evaluate hands pictures/ --json hands.json
          livevision evaluate hands portraits/ --no-hands
"""

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from livevision import files
from livevision.frame import Box, Image
from livevision.locators.hands import CERTAIN_PRESENCE, Hand, HandLocator
from livevision.recognizers.signs.evaluation.signs import NOTHING, Picture, find

SUMMARY = "hands found, and rightly framed, in pictures"
SCHEMA = 1
STEADY = 0.08
"""Mean distance of the joints between two looks at a hand, in sides of its box, up to which both
are of the same hand and framing."""
FRAMED = 0.5
"""Least intersection over union of the hand's box and the true one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a picture."""

    picture: Picture
    hands: int
    presence: float
    """Probability of the hand that counts, 0 to 1; 0 without one."""
    steady: bool
    right: bool
    framed: bool | None
    """None where the true box is not known."""
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="folders of pictures")
    parser.add_argument(
        "--no-hands", action="store_true", help="there are no signing hands in any picture"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth picture alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    from livevision.sources.pictures import SUFFIXES, readable

    directory: Path = arguments.directory
    if arguments.no_hands:
        pictures = [
            Picture(path, directory.name, NOTHING)
            for path in sorted(directory.rglob("*"))
            if path.suffix.lower() in SUFFIXES
        ]
    else:
        pictures = list(find(directory, moving=True))
    pictures = pictures[:: max(1, arguments.every)]
    files.check_reports(arguments.json, inputs=[picture.path for picture in pictures])
    boxes = _boxes({picture.path.parents[1] for picture in pictures})
    locator = HandLocator()
    console = Console(stderr=True)
    found = []
    try:
        for picture, image in track(
            readable(pictures, lambda each: each.path),
            "looking",
            len(pictures),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ):
            found.append(look(locator, picture, image, boxes.get(picture.path)))
    finally:
        locator.close()
    table = by_source(found)
    if arguments.json:
        unreadable = len(pictures) - len(found)
        content = {"schema": SCHEMA, "sources": table, "unreadable": unreadable}
        files.replace_json(arguments.json, content)
    _print(table, Console())
    return 0


def look(
    locator: HandLocator, picture: Picture, image: Image, true: tuple[float, ...] | None = None
) -> Found:
    """What is found in a picture, the first of a stream.

    `true` is the box of its hand: middle and size in shares of the picture.
    """
    locator.reset()
    start = time.perf_counter()
    hands = locator.locate(image)
    seconds = time.perf_counter() - start
    if not hands:
        return Found(picture, 0, 0.0, False, False, None if true is None else False, seconds)
    hand = max(hands, key=lambda each: each.box.width * each.box.height)
    framed = None
    if true is not None:
        height, width = image.shape[:2]
        x, y, w, h = np.array(true) * (width, height, width, height)
        box = Box(round(x - w / 2), round(y - h / 2), round(x + w / 2), round(y + h / 2))
        framed = hand.box.overlap(box) >= FRAMED
    return Found(picture, len(hands), hand.score, is_steady(hand), hand.right, framed, seconds)


def is_steady(hand: Hand) -> bool:
    """Whether all further looks at a hand put its joints where the first did."""
    size = max(hand.box.width, hand.box.height, 1)
    return bool(hand.again) and all(
        np.linalg.norm((each.landmarks - hand.landmarks)[:, :2], axis=1).mean() < STEADY * size
        for each in hand.again
    )


def by_source(found: Iterable[Found]) -> dict[str, dict[str, Any]]:
    """The figures of each source, and the mean of all."""
    groups: defaultdict[str, list[Found]] = defaultdict(list)
    for each in found:
        groups[each.picture.source].append(each)
    table = {}
    for source in sorted(groups):
        signs = [each for each in groups[source] if each.picture.truth != NOTHING]
        nothing = [each for each in groups[source] if each.picture.truth == NOTHING]
        known = [each.framed for each in signs if each.framed is not None]
        table[source] = {
            "pictures": len(signs),
            "found": _share([each.hands > 0 for each in signs]),
            "certain": _share([each.presence >= CERTAIN_PRESENCE for each in signs]),
            "steady": _share([each.steady for each in signs]),
            "framed": _share(known),
            "right": _share([each.right for each in signs if each.hands]),
            "without_a_sign": len(nothing),
            "hands_in_them": sum(each.hands > 0 for each in nothing),
            "ms": round(1000 * float(np.mean([each.seconds for each in groups[source]])), 1),
        }
    return table


def _share(values: list[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _boxes(sources: Iterable[Path]) -> Mapping[Path, tuple[float, ...]]:
    """The true boxes that there are, by picture."""
    boxes = {}
    for source in sources:
        path = source / "boxes.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    box = tuple(float(row[name]) for name in ("cx", "cy", "w", "h"))
                    boxes[source / row["file"]] = box
    return boxes


def _print(sources: Mapping[str, Mapping[str, Any]], console: Any) -> None:
    from rich.table import Table

    table = Table("source", title="hands", title_justify="left")
    names = ["pictures", "found", "certain", "steady", "framed", "right"]
    names += ["without_a_sign", "hands_in_them", "ms"]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for source, figures in sources.items():
        cells = [figures[name] for name in names]
        table.add_row(
            source,
            *(
                ""
                if each is None
                else f"{each:.1%}"
                if isinstance(each, float) and name != "ms"
                else str(each)
                for name, each in zip(names, cells, strict=True)
            ),
        )
    console.print(table)
    signing = [each for each in sources.values() if each["pictures"]]
    for name in ("found", "certain", "steady"):
        if signing:
            mean = float(np.mean([each[name] for each in signing]))
            console.print(f"{name}: {mean:.2%}, mean of {len(signing)} sources", highlight=False)
