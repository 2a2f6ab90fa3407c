"""Read pictures of sheet music, and measure how many notes, pitches and beats are right.

DIR holds pictures, each with its notes beside it: NAME.png (or .jpg) and NAME.txt. A truth file
lists the notes of each staff from left to right, d1/4 for D of the octave on the treble staff and a
quarter, chords in braces, accidentals # and & (flat), dots after the number:

  [ c1/4 e&1/8. {e1/4,g1/4} f#2/16 ]

The shares: `found`, of the notes there; `pitch` (step, octave and accidental) and `beat`, of those
found; `false`, of those read: what stands nowhere. `height` is the pitch without accidentals.

example: livevision evaluate notes sheets/ --json notes.json
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livevision import files
from livevision.errors import UsageError
from livevision.recognizers.notes.evaluation.comparing import Comparison, compare
from livevision.recognizers.notes.score import Chord, Sheet, parse

SUMMARY = "notes, pitches and beats read from pictures of sheet music"
SCHEMA = 1
SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A picture and the chords of its staffs."""

    path: Path
    staffs: list[list[Chord]]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of one."""

    case: Case
    sheet: Sheet
    comparison: Comparison
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="pictures and their truth files")
    parser.add_argument("--json", metavar="FILE", help="write all figures (- for stdout)")
    parser.add_argument(
        "--method", choices=("network", "classic"), default="network", help="what reads the notes"
    )


def execute(arguments: argparse.Namespace) -> int:
    import json

    cases = find(arguments.folder)
    report = None if arguments.json in (None, "-") else Path(arguments.json)
    inputs = [file for case in cases for file in (case.path, case.path.with_suffix(".txt"))]
    files.check_reports(report, inputs=inputs)
    outcomes = evaluate(cases, arguments.method)
    content = {
        **record(outcomes, arguments.method),
        "unreadable": len(cases) - len(outcomes),
    }
    if arguments.json == "-":
        print(json.dumps(content, indent=2))
        return 0
    if report is not None:
        files.replace_json(report, content)
    _print(outcomes, content)
    return 0


def find(folder: Path) -> list[Case]:
    """The pictures of `folder` that have a truth file beside them. Raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Name one with NAME.png and NAME.txt in it.")
    found = []
    for path in sorted(folder.iterdir()):
        truth = path.with_suffix(".txt")
        if path.suffix.lower() in SUFFIXES and truth.is_file():
            try:
                text = truth.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"Cannot read the truth file {truth}: {error}.") from error
            found.append(Case(path, parse(text, name=str(truth))))
    if not found:
        raise UsageError(
            f"No picture in {folder} has its notes beside it: put NAME.txt beside NAME.png; "
            "'livevision evaluate notes --help' tells how it is written."
        )
    return found


def evaluate(cases: Sequence[Case], method: str) -> list[Outcome]:
    """Read every picture with a model that is loaded once; SourceError if none can be."""
    from livevision.recognizers.notes.methods import reader
    from livevision.sources.pictures import readable
    from livevision.stages import grayscale

    reads = reader(method)
    outcomes = []
    for case, image in readable(cases, lambda each: each.path):
        begin = time.perf_counter()
        sheet = reads.read(grayscale(image)).sheet
        seconds = time.perf_counter() - begin
        read = [staff.chords for staff in sheet.staffs]
        outcomes.append(Outcome(case, sheet, compare(case.staffs, read), seconds))
    return outcomes


def record(outcomes: Sequence[Outcome], method: str) -> dict[str, Any]:
    """All figures as JSON."""
    total = sum((each.comparison for each in outcomes), Comparison())
    return {
        "schema": SCHEMA,
        "method": method,
        **total.shares(),
        "notes": total.there,
        "read": total.read,
        "pictures": [
            {
                "file": each.case.path.name,
                "notes": each.comparison.there,
                "read": each.comparison.read,
                **each.comparison.shares(),
                "seconds": round(each.seconds, 3),
                "text": each.sheet.guido,
            }
            for each in outcomes
        ],
    }


def _print(outcomes: Sequence[Outcome], content: dict[str, Any]) -> None:
    def line(name: str, shares: dict[str, Any]) -> str:
        cells = [
            f"{shares[key]:8.1%}" if shares[key] is not None else "       -"
            for key in ("found", "pitch", "beat", "false")
        ]
        return f"{name:24} {shares['notes']:6} {shares['read']:6} " + " ".join(cells)

    print(f"{'picture':24} {'notes':>6} {'read':>6}    found    pitch     beat    false")
    for each in content["pictures"]:
        print(line(each["file"], each))
    print(line("all", content))
