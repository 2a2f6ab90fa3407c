"""Train what reads handwritten digits: a support vector machine and nearest neighbours.

DIR holds optdigits-orig.tra, optdigits-orig.tes (UCI), usps.train.gz and usps.test.gz; nothing is
learnt from the .tes and .test files. --fonts names a folder with fonts that imitate handwriting
(npm's @fontsource packages do): every fourth is kept for the test, letters are learnt as what is no
digit. --photos names folders with pictures in which nothing is written.

With --story, sklearn's load_digits is halved instead, as in scikit-learn's own example: an SVM and
k-NN on 8x8 pixels learn from its first half and read the second.

examples: livevision train digits --data DIR --fonts node_modules --photos PHOTOS
          livevision train digits --story
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files
from livevision.errors import UsageError
from livevision.training import gathering

if TYPE_CHECKING:
    from livevision.recognizers.digits.training.dataset import Sample

SUMMARY = "handwritten digits"
OTHER = "other"
LEARNT = "learnt"
AXES = 96
"""Dimensions to which the features are turned: 99 % of what they vary."""
GAMMA = 3.0
COST = 10.0
OTHER_WEIGHT = 0.4
"""What a mistake about what is no digit costs, of one about a digit."""
STORY_NEIGHBOURS = 3
ALIKE = 1500
"""Ones and sevens of made-up writers."""
NEIGHBOURS = 5
COMPARED = 14000
"""Examples among which the nearest are sought: of all of them, 9 MB, a third."""
STORY_GAMMA = 0.001
"""The example's."""
PHOTOS = 80
"""Pictures of each folder of photos that are looked at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    gathering.add_arguments(parser, data="optdigits and USPS")
    parser.add_argument("--pages", type=int, default=160, help="composed pages to learn from")
    parser.add_argument("--story", action="store_true", help="the story's halves instead")


def execute(arguments: argparse.Namespace) -> int:
    """Train, test, write."""
    files.check_reports(arguments.json)
    if arguments.story:
        record = story()
        print(f"SVM {record['svm']:.1%}, k-NN {record['knn']:.1%} of {record['digits']} digits")
        if arguments.json is not None:
            files.replace_json(arguments.json, record)
        return 0
    if arguments.data is None:
        raise UsageError("Give --data DIR with optdigits and USPS, or --story.")
    gathering.execute(arguments, "digits", lambda output: train(arguments, output))
    return 0


def story() -> dict[str, Any]:
    """scikit-learn's example: half of load_digits learnt, the other half read."""
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    digits = load_digits()
    half = len(digits.data) // 2
    shares = {}
    for name, estimator in (
        ("svm", SVC(gamma=STORY_GAMMA)),
        ("knn", KNeighborsClassifier(STORY_NEIGHBOURS)),
    ):
        estimator.fit(digits.data[:half], digits.target[:half])
        shares[name] = float(estimator.score(digits.data[half:], digits.target[half:]))
    return {**shares, "digits": len(digits.data) - half}


def train(arguments: argparse.Namespace, output: Path) -> dict[str, Any]:
    """Both models, and how they do on data they have not seen."""
    import numpy as np
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    from livevision.classifying import Space, SupportVectors
    from livevision.training.exporting import calibrate, exported

    vectors, labels, unseen = _described(arguments, np.random.default_rng(arguments.seed))
    print(f"{len(labels)} samples")
    mean = vectors.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((vectors - mean).T))
    space = Space(mean, np.ones_like(mean), np.asarray(axes[:, ::-1][:, :AXES], np.float32))
    placed = space.place(vectors)
    record: dict[str, Any] = {"samples": len(labels), "seed": arguments.seed}
    weights = {OTHER: OTHER_WEIGHT}
    for name, estimator in (
        ("svm", SVC(C=COST, gamma=GAMMA, class_weight=weights, cache_size=1500)),
        ("knn", KNeighborsClassifier(NEIGHBOURS, weights="distance")),
    ):
        some = np.arange(len(labels))
        if name == "knn":
            some = np.random.default_rng(0).permutation(some)[:COMPARED]
        estimator.fit(placed[some], labels[some])
        classifier = exported(estimator, space, placed[some], labels[some])
        if isinstance(classifier, SupportVectors):
            # by the digits of other people, and what is none
            calibrate(
                classifier,
                np.concatenate([unseen[each][0] for each in ("varied", "nothing")]),
                np.concatenate([unseen[each][1] for each in ("varied", "nothing")]),
            )
        files.replace(output / f"{name}.npz", classifier.save)
        record[name] = {
            test: _score(classifier, *unseen[test], digits_alone=False) for test in unseen
        }
        record[name] |= {
            f"{test}_digits_alone": _score(classifier, *unseen[test], digits_alone=True)
            for test in unseen
            if test != "nothing"
        }
        for test, share in record[name].items():
            print(f"{name} {test} {share:.2%}")
    return record


def _described(arguments: argparse.Namespace, chance: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Features and labels of what is learnt, and of the tests by name; from a file if there is."""
    import numpy as np

    from livevision.recognizers.digits.training import dataset

    def measured() -> gathering.Columns:
        learnt, tests = _samples(arguments, chance)
        columns: dict[str, Any] = {}
        for name, samples in {LEARNT: learnt, **tests}.items():
            columns[f"{name} vectors"] = dataset.described([each.ink for each in samples])
            columns[f"{name} labels"] = np.array([each.label for each in samples])
        return columns

    stored = gathering.kept(arguments.examples, measured)
    pairs = {
        name.removesuffix(" labels"): (stored[name.replace(" labels", " vectors")], stored[name])
        for name in stored
        if name.endswith(" labels")
    }
    vectors, labels = pairs.pop(LEARNT)
    return vectors, labels, pairs


def _score(classifier: Any, vectors: Any, labels: Any, *, digits_alone: bool) -> float:
    """Share of the labels that are right; if `digits_alone`, it must answer a digit."""
    import numpy as np

    shares = classifier.probabilities(vectors)
    names = np.array(classifier.classes)
    if digits_alone:
        shares = shares * (names != OTHER)
    return float(np.mean(names[shares.argmax(axis=1)] == labels))


def _samples(
    arguments: argparse.Namespace, chance: Any
) -> tuple["list[Sample]", "dict[str, list[Sample]]"]:
    """What is learnt, and tests by name."""
    from livevision.recognizers.digits.training import dataset
    from livevision.recognizers.digits.training.pages import own_hand
    from livevision.recognizers.digits.training.strokes import Writer

    data = arguments.data
    usps = dataset.usps(data / "usps.train.gz")
    optdigits = dataset.optdigits(data / "optdigits-orig.tra")
    fonts = gathering.fonts(arguments.fonts)
    characters = dataset.known_characters()
    drawn = [
        [each for path in fonts[part::4] for each in dataset.lettered(path, characters)]
        for part in range(4)
    ]
    unseen_font = drawn[0]
    known_font = [each for part in drawn[1:] for each in part]
    font_digits = [each for each in known_font if each.label != OTHER]
    letters = [each for each in known_font if each.label == OTHER]
    made = dataset.made_up(500, chance)
    whole = [*usps, *optdigits]
    learnt = [
        *whole,
        *_varied(usps, 1, chance),
        *_varied(optdigits, 3, chance),
        *_varied(font_digits, 10, chance),
        *_varied(letters, 4, chance),
        *_varied(dataset.printed(chance), 4, chance),
        *_varied(made, 1, chance),
        *_varied(dataset.alike(ALIKE, chance), 1, chance),
        *_varied(dataset.spoiled([*whole, *made], 2500, chance), 1, chance),
    ]
    by_font: dict[str, list[Sample]] = {}
    for each in font_digits:
        by_font.setdefault(each.source, []).append(each)
    hands = [*by_font.values(), usps, optdigits]
    print(f"{len(learnt)} samples without pages and photos")
    reader = _looking()
    for number in range(arguments.pages):
        pen = float(chance.uniform(0.04, 0.13))
        if number % 2:
            hand = own_hand(Writer.random(chance), pen)
        else:
            hand = dataset.set_hand(
                hands[chance.integers(len(hands))] if number % 4 else whole,
                pen if chance.random() < 0.4 else None,
            )
        found = list(dataset.harvested(reader, dataset.random_page(hand, chance)))
        learnt += _some(found, 40, 25, chance)
    learnt += _harvested_photos(reader, arguments.photos, chance)
    others = dataset.optdigits(data / "optdigits-orig.tes")
    strangers = dataset.made_up(60, chance)
    tests = {
        "usps": dataset.usps(data / "usps.test.gz"),
        "optdigits": others,
        "varied": list(
            _varied([*others, *(e for e in unseen_font if e.label != OTHER)], 2, chance)
        ),
        "nothing": [
            *_varied((e for e in unseen_font if e.label == OTHER), 2, chance),
            *_varied(dataset.spoiled(strangers, 400, chance), 1, chance),
        ],
    }
    return learnt, tests


def _varied(samples: "Iterable[Sample]", times: int, chance: Any) -> "Iterable[Sample]":
    from livevision.recognizers.digits.training.dataset import Sample, vary

    for each in samples:
        for _ in range(times):
            yield Sample(vary(each.ink, chance), each.label, each.source)


def _some(samples: "Sequence[Sample]", digits: int, others: int, chance: Any) -> "list[Sample]":
    """At most so many digits and others of one page, so that no page counts for all."""
    chosen: list[Sample] = []
    for most, wanted in ((digits, False), (others, True)):
        some = [each for each in samples if (each.label == OTHER) == wanted]
        order = chance.permutation(len(some))[:most]
        chosen += [some[place] for place in order]
    return chosen


def _harvested_photos(reader: Any, folders: Sequence[Path], chance: Any) -> "list[Sample]":
    """Pieces of pictures in which nothing is written: a few of each."""
    from livevision.recognizers.digits.reading import LOWEST
    from livevision.recognizers.digits.training.dataset import Sample

    samples: list[Sample] = []
    for _, image in gathering.pictures(folders, PHOTOS, chance):
        found = [
            Sample(ink, OTHER, "photo")
            for box, ink in reader.candidates(image)
            if box.height >= LOWEST
        ]
        samples += _some(found, 0, 8, chance)
    return samples


def _looking() -> Any:
    """A reader that only looks for pieces: it has learnt nothing yet."""
    import numpy as np

    from livevision.classifying import Logistic, Space
    from livevision.recognizers.digits.prepare import LENGTH
    from livevision.recognizers.digits.reading import Reader

    space = Space(np.zeros(LENGTH, np.float32), np.ones(LENGTH, np.float32))
    return Reader(
        Logistic((OTHER,), space, np.zeros((LENGTH, 1), np.float32), np.zeros(1, np.float32))
    )
