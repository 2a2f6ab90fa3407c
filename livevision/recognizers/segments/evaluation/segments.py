"""Measure the segments: strokes over textures, and our quick methods against scikit-image's.

Strokes: brick, grass and gravel side by side with irregular borders, three strokes of 60 pixels
over each, seeds 0 to 9; the share of the pixels without strokes that get the right name.

Methods: on scikit-image's own photographs at 640x480, milliseconds of processor time of both
(single thread, median) and how far they agree: the share of pixels with the same label; for regions
in any number the share of pairs of pixels that are put together, or apart, by both (Rand's index);
for points the share that lies within 3 pixels of one of the other's; for Gabor filters the
correlation.

examples: livevision evaluate segments --json segments.json
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from livevision import files

SUMMARY = "strokes over textures, and methods against scikit-image's"

SEEDS = 10
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
SIZE = (640, 480)
COLORS = 4
REPEATS = 5
APART = 3.0
"""Pixels between two points that are called the same."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures; - for stdout")
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help="scenes of textures (default: 10)"
    )
    parser.add_argument(
        "--strokes-only", action="store_true", help="leave the methods out, which take a minute"
    )


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    files.check_reports(arguments.json)
    result = strokes(max(arguments.seeds, 1))
    if not arguments.strokes_only:
        result["methods"] = methods()
    if arguments.json:
        files.replace_json(arguments.json, result)
    console = Console(stderr=str(arguments.json) == "-")
    console.print(f"strokes: {result['accuracy']:.3f} of the pixels, least {result['least']:.3f}")
    table = Table("method", "agreement", "least", "ms", "ms, reference")
    for name, row in result.get("methods", {}).items():
        table.add_row(
            name,
            f"{row['agreement']:.3f}",
            f"{row['least']:.3f}",
            f"{row['ms']:.1f}",
            f"{row['ms_reference']:.0f}",
        )
    if not arguments.strokes_only:
        console.print(table)
    return 0


def strokes(seeds: int) -> dict[str, Any]:
    """The figures of the strokes."""
    from livevision.recognizers.segments.evaluation import textures

    shares = [textures.accuracy(seed) for seed in range(seeds)]
    return {
        "accuracy": round(statistics.fmean(shares), 4),
        "least": round(min(shares), 4),
        "scenes": [round(each, 4) for each in shares],
    }


def methods() -> dict[str, dict[str, float]]:
    """Agreement with, and time of, each method and its reference, over all photographs."""
    import cv2
    import numpy as np
    from skimage import data

    from livevision.recognizers.segments import methods as ours
    from livevision.recognizers.segments import strokes as trained
    from livevision.recognizers.segments.evaluation import references, textures

    images = [
        np.ascontiguousarray(cv2.resize(getattr(data, name)()[..., ::-1], SIZE))
        for name in PHOTOGRAPHS
    ]
    same, pairs = references.agreement, references.rand

    def points(one: Any, other: Any) -> float:
        return references.near(one, other, APART)

    pairings: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., float]]] = {
        "otsu": (ours.otsu, references.otsu, same),
        "kmeans": (
            lambda image: ours.kmeans(image, COLORS)[0],
            lambda image: references.kmeans(image, COLORS),
            same,
        ),
        "kmeans, no lightness": (
            lambda image: ours.kmeans(image, COLORS, lightness=False)[0],
            lambda image: references.kmeans(image, COLORS, lightness=False),
            same,
        ),
        "superpixels": (ours.superpixels, references.superpixels, pairs),
        "slic": (
            lambda image: ours.slic(image, COLORS)[0],
            lambda image: references.slic(image, COLORS),
            same,
        ),
        "felzenszwalb": (ours.felzenszwalb, references.felzenszwalb, pairs),
        "harris": (ours.harris, references.harris, points),
        "orb": (ours.orb, references.orb, points),
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        rows = {name: _row(images, *each) for name, each in pairings.items()}
        centers = ours.kmeans(images[0], COLORS)[1]
        rows["kmeans"]["ms_warm"] = _median(lambda: ours.kmeans(images[0], COLORS, centers=centers))
        scene = textures.compose(0)
        segmenter = trained.StrokeSegmenter()
        segmenter.add(scene.image, *scene.strokes)
        segmenter.segment(scene.image)
        rows["strokes"] = _row(images, trained.energies_of, references.gabor, _correlation)
        # the whole method, of which the reference is the filters alone
        rows["strokes"]["ms"] = _median(lambda: segmenter.segment(scene.image))
    finally:
        cv2.setNumThreads(threads)
    return rows


def _row(
    images: list[Any],
    ours: Callable[..., Any],
    reference: Callable[..., Any],
    compare: Callable[..., float],
) -> dict[str, float]:
    shares = [compare(ours(image), reference(image)) for image in images]
    return {
        "agreement": round(statistics.fmean(shares), 4),
        "least": round(min(shares), 4),
        "ms": _median(lambda: ours(images[0])),
        "ms_reference": _median(lambda: reference(images[0]), repeats=1),
    }


def _correlation(ours: Any, reference: Any) -> float:
    """Least correlation of a filter's energies with the reference's."""
    import numpy as np

    return min(
        float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
        for one, other in zip(ours, reference, strict=True)
    )


def _median(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Milliseconds of processor time, which other programs do not change much."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(1000 * statistics.median(times), 2)
