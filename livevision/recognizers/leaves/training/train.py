"""Train what names leaves.

DIR holds ground/ (photos of leaves on a light ground; which is which, and which comes again in
another photo, is noted in ground.csv beside this module) and flavia/ (scans, a folder a species).
--photos names folders with pictures without leaves, --fonts one with fonts: what is cut out of
them is learnt as no leaf. Of both every fourth is kept for the test.

Before the shipped model learns from everything, five folds say how well leaves are named that it
has not seen: no leaf that comes again is in two folds.

example: livevision train leaves --data DIR --fonts FONTS --photos PHOTOS
"""

import argparse
import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files
from livevision.errors import UsageError
from livevision.recognizers.leaves import species
from livevision.training import gathering

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from livevision.frame import Image

SUMMARY = "species of leaves"
TAGS = "ground.csv"
EXAMPLES = "examples.npz"
FOLDS = 5
VARIANTS = 3
"""Pictures made of each leaf, in other light, nearer or farther, beside itself."""
PHOTOS = 120
"""Pictures of each folder of photos that are looked at."""
SHAPES = 900
"""Drawn shapes that are no leaves."""
GAMMA = 0.004
COST = 10.0
KEPT = 0.95
"""Share of the leaves that must be taken for leaves, where other shapes are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What was measured of a leaf or of something else."""

    vector: "NDArray[np.float32]"
    label: str
    source: str
    """ "ground", "flavia", "photo", "glyph" or "shape"."""
    group: str
    """The leaf; all pictures of it stand in one fold."""
    original: bool = True
    """False for a variant."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    gathering.add_arguments(parser, data="ground/ and flavia/")


def execute(arguments: argparse.Namespace) -> int:
    """Measure, train, write."""
    if arguments.data is None:
        raise UsageError("Give --data DIR with the folders ground and flavia.")
    files.check_reports(arguments.json)
    gathering.execute(arguments, "leaves", lambda output: train(arguments, output))
    return 0


def train(arguments: argparse.Namespace, output: Path) -> dict[str, Any]:
    """The model, and how it does on leaves it has not seen."""
    import numpy as np

    chance = np.random.default_rng(arguments.seed)

    def measured() -> gathering.Columns:
        return _columns(
            [
                *ground(arguments.data / "ground", chance),
                *flavia(arguments.data / "flavia", chance),
                *others(arguments.photos, arguments.fonts, chance),
            ]
        )

    columns = gathering.kept(arguments.examples, measured)
    gathering.save(output / EXAMPLES, columns)  # for `livevision teach`
    examples = _examples(columns)
    print(f"{len(examples)} examples")
    record = folds(examples)
    files.replace(output / "leaves.npz", fitted(examples).save)
    return record


def _columns(examples: Sequence[Example]) -> gathering.Columns:
    import numpy as np

    return {
        "vectors": np.array([each.vector for each in examples], np.float32),
        "labels": np.array([each.label for each in examples]),
        "sources": np.array([each.source for each in examples]),
        "groups": np.array([each.group for each in examples]),
        "originals": np.array([each.original for each in examples]),
    }


def _examples(columns: gathering.Columns) -> list[Example]:
    names = ("vectors", "labels", "sources", "groups", "originals")
    return [
        Example(vector, str(label), str(source), str(group), bool(original))
        for vector, label, source, group, original in zip(
            *(columns[name] for name in names), strict=True
        )
    ]


def ground(folder: Path, chance: Any) -> Iterator[Example]:
    """The tagged leaves of the photos, and variants of them."""
    from livevision.recognizers.leaves.segmenting import pieces
    from livevision.sources.pictures import read_picture

    with (Path(__file__).parent / TAGS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in sorted({row["photo"] for row in rows}):
        image = read_picture(folder / name)
        tags = [row for row in rows if row["photo"] == name]
        found = [] if image is None else pieces(image)
        if len(found) != len(tags):
            raise UsageError(f"{folder / name} shows {len(found)} pieces, not {len(tags)}.")
        for piece, tag in zip(found, tags, strict=True):
            for vector, original in _seen(piece.image, piece.mask, piece.ground, chance):
                yield Example(vector, tag["species"], "ground", tag["leaf"], original)


def flavia(folder: Path, chance: Any) -> Iterator[Example]:
    """Flavia's scans, one leaf each."""
    from livevision.recognizers.leaves.segmenting import pieces
    from livevision.sources.pictures import read_picture

    for each in sorted(folder.iterdir()):
        for path in sorted(each.glob("*.jpg")):
            image = read_picture(path)
            found = [] if image is None else pieces(image)
            if not found:
                print(f"no leaf found in {path}")
                continue
            piece = max(found, key=lambda one: int(one.mask.sum()))
            for vector, original in _seen(piece.image, piece.mask, piece.ground, chance, times=1):
                yield Example(vector, species.called(each.name), "flavia", path.stem, original)


def _seen(
    image: "Image", mask: Any, ground: Any, chance: Any, times: int = VARIANTS
) -> "Iterator[tuple[NDArray[np.float32], bool]]":
    """What is measured of a leaf as it is, and of variants: smaller, blurred, in other light."""
    import cv2
    import numpy as np

    from livevision.recognizers.leaves.features import measure

    yield measure(image, mask), True
    for _ in range(times):
        turned, own = _turned(image, mask, float(chance.uniform(0, 360)))
        scale = float(np.exp(chance.uniform(np.log(50), np.log(200)))) / np.sqrt(own.sum())
        scale = min(scale, 1.3)
        size = (max(20, round(own.shape[1] * scale)), max(20, round(own.shape[0] * scale)))
        small: Any = cv2.resize(turned, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        soft = cv2.resize(own.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        light = chance.uniform(0.75, 1.1) * chance.normal(1.0, 0.03, 3)
        small = small * light
        small = cv2.GaussianBlur(small, (0, 0), float(chance.uniform(0.2, 1.0)))
        small = small + chance.normal(0.0, chance.uniform(0.0, 4.0), small.shape)
        cut = soft > float(chance.uniform(0.35, 0.65))
        yield measure(np.clip(small, 0, 255).astype(np.uint8), cut), False


def _turned(image: "Image", mask: Any, degrees: float) -> tuple["Image", Any]:
    import cv2
    import numpy as np

    height, width = mask.shape
    side = int(np.hypot(height, width)) + 8
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix = np.asarray(turn, np.float64)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    own = cv2.warpAffine(mask.astype(np.float32), matrix, (side, side)) > 0.5
    return np.asarray(turned, np.uint8), own


def others(photos: Sequence[Path], fonts: Path | None, chance: Any) -> Iterator[Example]:
    """What is cut out of pictures without leaves, letters, and drawn shapes."""
    import numpy as np

    from livevision.recognizers.leaves.features import measure
    from livevision.recognizers.leaves.segmenting import pieces
    from livevision.recognizers.leaves.training.shapes import glyphs, shapes

    for folder, image in gathering.pictures(photos, PHOTOS, chance):
        for piece in pieces(image)[:4]:
            vector = measure(piece.image, piece.mask)
            yield Example(vector, species.OTHER, "photo", folder.name)
    for kind, drawn in (("glyph", glyphs(fonts, chance)), ("shape", shapes(SHAPES, chance))):
        for group, image in drawn:
            for piece in pieces(image)[:3]:
                vector = np.asarray(measure(piece.image, piece.mask))
                yield Example(vector, species.OTHER, kind, group)


def fitted(examples: Sequence[Example]) -> Any:
    """The classifier that learns from all of `examples`."""
    import numpy as np
    from sklearn.svm import SVC

    from livevision.classifying import Space, SupportVectors
    from livevision.training.exporting import exported

    vectors = np.array([each.vector for each in examples])
    labels = np.array([each.label for each in examples])
    space = Space(vectors.mean(axis=0), vectors.std(axis=0) + np.float32(1e-3))
    placed = space.place(vectors)
    estimator = SVC(C=COST, gamma=GAMMA, class_weight="balanced").fit(placed, labels)
    classifier = exported(estimator, space, placed, labels)
    assert isinstance(classifier, SupportVectors)
    classifier.steepness = STEEPNESS
    return classifier


STEEPNESS = 2.0
"""By which the machine's decisions become odds; chosen on the folds."""


def folds(examples: Sequence[Example]) -> dict[str, Any]:
    """Five folds; no group of pictures stands in two."""
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    from livevision.recognizers.leaves.naming import LEAF

    labels = np.array([each.label for each in examples])
    groups = np.array([f"{each.source} {each.group}" for each in examples])
    sources = np.array([each.source for each in examples])
    originals = np.array([each.original for each in examples])
    answers = np.empty(len(examples), dtype=object)
    likely = np.zeros(len(examples))
    chances = np.zeros(len(examples))
    splits = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for learnt, held in splits.split(labels, labels, groups):
        classifier = fitted([examples[place] for place in learnt])
        shares = classifier.probabilities(np.array([examples[place].vector for place in held]))
        names = np.array(classifier.classes)
        leaf = np.where(names == species.OTHER, 0.0, shares)
        likely[held] = leaf.sum(axis=1)
        refused = likely[held] < LEAF
        answers[held] = np.where(refused, species.OTHER, names[leaf.argmax(axis=1)])
        own = np.searchsorted(names, labels[held])
        chances[held] = shares[np.arange(len(held)), own]
    record: dict[str, Any] = {}
    for source in ("ground", "flavia"):
        part = (sources == source) & originals
        record[f"{source}_right"] = float((answers[part] == labels[part]).mean())
        record[f"{source}_leaves"] = int(part.sum())
    leaves = labels != species.OTHER
    bar = float(np.quantile(likely[leaves & originals], 1 - KEPT))
    record["others"] = int((~leaves).sum())
    record["others_taken_for_leaves"] = float((answers[~leaves] != species.OTHER).mean())
    record["others_passing_at_95"] = float((likely[~leaves] >= bar).mean())
    for source in ("photo", "glyph", "shape"):
        part = sources == source
        if part.any():
            record[f"{source}_passing_at_95"] = float((likely[part] >= bar).mean())
    record["leaves_refused"] = float((answers[leaves & originals] == species.OTHER).mean())
    record["log_loss"] = float(-np.log(np.maximum(chances, 1e-6)).mean())
    wrong = [
        (examples[i].group, labels[i], answers[i])
        for i in np.flatnonzero((answers != labels) & originals & leaves)
    ]
    record |= flavia_alone(examples)
    for name, value in record.items():
        print(f"{name} {value:.4g}")
    record["wrong"] = [list(map(str, each)) for each in wrong]
    return record


def flavia_alone(examples: Sequence[Example]) -> dict[str, float]:
    """Flavia's scans as the story has them: five folds, all ten species, then every five of them.

    The story's measures of a region and its random forest, then all measures and our machine.
    """
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold
    from sklearn.svm import SVC

    from livevision.recognizers.leaves.features import NAMES, STORY

    chosen = [each for each in examples if each.source == "flavia" and each.original]
    vectors = np.array([each.vector for each in chosen])
    labels = np.array([each.label for each in chosen])
    vectors = (vectors - vectors.mean(axis=0)) / (vectors.std(axis=0) + 1e-3)
    story = vectors[:, [NAMES.index(name) for name in STORY]]
    record = {}
    makers: tuple[tuple[str, Any, Any], ...] = (
        ("story", story, lambda: RandomForestClassifier(100, random_state=0)),
        ("ours", vectors, lambda: SVC(C=COST, gamma=GAMMA)),
    )
    for name, measured, make in makers:
        for count in (10, 5):
            shares = []
            for some in itertools.combinations(np.unique(labels), count):
                part = np.isin(labels, some)
                splits = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
                right = 0
                for learnt, held in splits.split(measured[part], labels[part]):
                    fitted_to = make().fit(measured[part][learnt], labels[part][learnt])
                    answers = fitted_to.predict(measured[part][held])
                    right += int((answers == labels[part][held]).sum())
                shares.append(right / int(part.sum()))
            record[f"flavia_{count}_{name}"] = float(np.mean(shares))
    return record
