"""Measure how exactly pictures are joined: views cut of photographs by known homographies.

The views are those of a camera that turns by 15 to 40 % of a view's width, rolls and tilts a little
and changes its exposure meanwhile, with noise. What is measured is how far the second view's
corners, half of which lie outside the first one, are from where they should be.

examples: livevision evaluate panorama --json panorama.json
"""

import argparse
import statistics
import time
from pathlib import Path

from livevision import files

SUMMARY = "views joined whose places are known"

SEEDS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures; - for stdout")
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help="pairs a photograph (default: 12)"
    )


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    files.check_reports(arguments.json)
    result = measure(max(arguments.seeds, 1))
    if arguments.json:
        files.replace_json(arguments.json, result)
    console = Console(stderr=str(arguments.json) == "-")
    for key, value in result.items():
        console.print(f"{key}: {value}")
    return 0


def measure(seeds: int) -> dict[str, object]:
    """Errors in pixels, of the quick look while sweeping and of the one that is kept."""
    from livevision.recognizers.panorama.evaluation import views
    from livevision.recognizers.panorama.matching import register, view

    errors: dict[bool, list[float]] = {False: [], True: []}
    times: dict[bool, list[float]] = {False: [], True: []}
    pairs = 0
    for name in views.PHOTOGRAPHS:
        for seed in range(seeds):
            pair = views.pair(name, seed)
            pairs += 1
            for fine in (False, True):
                start = time.process_time()
                found = register(view(pair.one), view(pair.other), fine=fine)
                times[fine].append(time.process_time() - start)
                if found is not None:
                    errors[fine].append(views.error(found, pair))
    return {
        "pairs": pairs,
        "joined": len(errors[True]),
        "median": round(statistics.median(errors[True]), 3),
        "worst": round(max(errors[True]), 3),
        "median_while_sweeping": round(statistics.median(errors[False]), 3),
        "ms": round(1000 * statistics.median(times[True]), 1),
        "ms_while_sweeping": round(1000 * statistics.median(times[False]), 1),
    }
