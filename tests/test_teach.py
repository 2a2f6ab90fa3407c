"""Teaching by examples: classifiers that are exported, chosen, reported; the command."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import __main__, classifying, plugins, recognizers, settings
from livevision.classifying import Space
from livevision.errors import ModelError
from livevision.recognizers.digits import Options
from livevision.recognizers.digits.recognizer import DigitModel
from livevision.recognizers.digits.training.strokes import draw
from livevision.recognizers.signs import classifiers, personal
from livevision.training import choosing, reporting
from livevision.training.choosing import Table, Trial
from livevision.training.exporting import exported

pytest.importorskip("sklearn")


def clouds(count: int, classes: int = 3, seed: int = 0) -> Table:
    chance = np.random.default_rng(seed)
    centers = np.random.default_rng(1).normal(0, 2, (classes, 6))
    labels = np.arange(count) % classes
    vectors = centers[labels] + chance.normal(0, 1, (count, 6))
    return Table(vectors.astype(np.float32), np.array([f"class {each}" for each in labels]))


@pytest.mark.parametrize("kind", choosing.KINDS)
@pytest.mark.parametrize("classes", [2, 4])
def test_exported_answers_are_those_of_scikit_learn(
    kind: str, classes: int, tmp_path: Path
) -> None:
    table, others = clouds(80, classes), clouds(60, classes, seed=5)
    space = Space(np.zeros(6, np.float32), np.ones(6, np.float32))
    for make in choosing.estimators(kind).values():
        estimator = make().fit(table.vectors, table.labels)
        made = exported(estimator, space, table.vectors, table.labels)
        if isinstance(made, classifying.SupportVectors):
            made.steepness = 8.0  # so that pairs won count, as in libsvm's votes
        made.save(tmp_path / "a.npz")
        classifier = classifying.load(tmp_path / "a.npz")
        shares = classifier.probabilities(others.vectors)
        assert shares.sum(axis=1) == pytest.approx(1.0, abs=1e-3)
        answers = np.array(classifier.classes)[shares.argmax(axis=1)]
        assert np.mean(answers == estimator.predict(others.vectors)) >= 0.95
        assert classifier.probabilities(others.vectors[:0]).shape == (0, classes)
        if kind in ("forest", "logistic"):
            assert shares == pytest.approx(estimator.predict_proba(others.vectors), abs=2e-2)


@pytest.mark.parametrize("kind", choosing.KINDS)
def test_classes_may_be_called_by_digits(kind: str) -> None:
    table, others = clouds(120, 3), clouds(60, 3, seed=5)
    digits = Table(table.vectors, np.array([each[-1] for each in table.labels]))
    for make in choosing.estimators(kind).values():
        classifier = choosing.fit(make, digits)
        assert classifier.classes == ("0", "1", "2")
        answers = classifier.probabilities(others.vectors).argmax(axis=1)
        assert np.mean(answers == np.arange(60) % 3) > 0.8


def test_the_best_kind_is_chosen_and_learns_everything() -> None:
    own = clouds(60)
    known = Table(own.vectors + 40, np.array(["far away"] * len(own)))
    trials = choosing.tried(own, known, ("knn", "logistic"), lambda line: None)
    assert trials[0].accuracy == max(each.accuracy for each in trials) > 0.8
    assert trials[0].classes == ("class 0", "class 1", "class 2", "far away")
    classifier = choosing.final(trials[0], own, known)
    answers = np.array(classifier.classes)[classifier.probabilities(known.vectors).argmax(axis=1)]
    assert (answers == "far away").all()


def test_figures_of_a_trial_known_by_hand() -> None:
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]], np.float32)
    trial = Trial("knn", "k=1", ("a", "b"), shares, np.array(["a", "a", "b", "b"]))
    record = reporting.figures(trial)
    assert record["accuracy"] == 0.75
    assert record["confusion"] == {"a": {"a": 2}, "b": {"a": 1, "b": 1}}
    assert record["classes"]["a"]["precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert record["classes"]["b"]["recall"] == 0.5
    assert record["classes"]["a"]["roc_area"] == 0.75
    assert record["classes"]["a"]["average_precision"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)


def test_a_class_that_is_taken_for_another_is_told() -> None:
    labels = np.array(["a", "a", "b", "b"])
    own = Table(np.zeros((4, 1), np.float32), labels)
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]], np.float32)
    told = choosing.cautions(own, Trial("knn", "k=1", ("a", "b"), shares, labels))
    assert told[0].startswith("2 of 2 pictures of b are taken for a. Give them that name")
    assert not any("of a are taken" in each for each in told)


def test_equal_scores_are_one_step() -> None:
    x, y = reporting.roc(np.zeros(4), np.array([True, False, True, False]))
    assert (x.tolist(), y.tolist()) == ([0.0, 1.0], [0.0, 1.0])


def test_an_interval_says_how_little_few_pictures_say() -> None:
    low, high = choosing.interval(20, 20)
    assert 0.83 < low < 0.85
    assert high == pytest.approx(1.0)
    assert choosing.interval(0, 0) == (0.0, 1.0)


SIGNS = {
    "plus": (((0.5, 0.0), (0.5, 0.0), (0.5, 1.0)), ((0.0, 0.5), (0.0, 0.5), (1.0, 0.5))),
    "tick": (((0.0, 0.5), (0.35, 1.0), (0.35, 1.0), (1.0, 0.0)),),
}


def written(folder: Path, count: int) -> Path:
    """A folder of pictures of each of two signs that are no digits."""
    chance = np.random.default_rng(4)
    for name, glyph in SIGNS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            ink = np.pad(draw(glyph, chance, 60, 5.0, unrest=0.04), 20)
            picture = np.asarray(230 - 190 * ink + chance.normal(0, 2, ink.shape), np.float32)
            cv2.imwrite(
                str(folder / name / f"{number:02}.png"), np.clip(picture, 0, 255).astype(np.uint8)
            )
    return folder


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")
    return tmp_path


def test_teaches_signs_of_ones_own_and_forgets_them(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(own_folder / "signs", 8)
    report, figure = own_folder / "out.json", own_folder / "out.png"
    words = ["teach", "digits", str(folder), "--alone", "--classifier", "knn"]
    words += ["--json", str(report), "--report", str(figure)]
    assert __main__.main(words) == 0
    said = capsys.readouterr().out
    assert "Few pictures of plus (8), tick (8)" in said
    record = json.loads(report.read_text("utf-8"))
    assert record["accuracy"] >= 0.8
    assert figure.stat().st_size > 1000
    kept = own_folder / "data" / "digits.npz"
    assert classifying.load(kept).classes == ("plus", "tick")
    assert [each.state for each in plugins.recognizer("digits").checks()] == ["ok"]
    read = recognizers.load("digits", Options(hold=0.62))
    assert isinstance(read, DigitModel)
    picture = np.asarray(cv2.imread(str(folder / "plus" / "00.png")), np.uint8)
    assert {each.label for each in read.reader.read(picture)} == {"plus"}
    one = read.reader.read_one(picture)
    assert one is not None
    assert one.label == "plus"
    assert kept.stat().st_mode & 0o077 == 0
    assert __main__.main(["teach", "digits", "--forget"]) == 0
    assert not kept.exists()
    assert __main__.main(["teach", "digits", "--forget"]) == 2


def test_too_few_pictures_are_refused(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(own_folder / "signs", 3)
    assert __main__.main(["teach", "digits", str(folder)]) == 2
    assert "Too few pictures of plus (3), tick (3)" in capsys.readouterr().err
    assert not (own_folder / "data").exists()


def test_a_clip_can_take_the_cameras_place(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(own_folder / "signs", 12)
    keep = own_folder / "kept"
    words = ["teach", "digits", str(keep), "--camera", str(folder / "plus"), "--classes", "plus,x"]
    assert __main__.main([*words, "--pictures", "6", "--alone"]) == 0
    assert len(list((keep / "plus").iterdir())) == 6
    assert __main__.main([*words, "--pictures", "7"]) == 3
    assert "before 7 were taken" in capsys.readouterr().err


def test_pictures_that_are_there_are_not_written_over(own_folder: Path) -> None:
    folder = written(own_folder / "signs", 6)
    keep = own_folder / "kept"
    (keep / "plus").mkdir(parents=True)
    (keep / "plus" / "002.png").write_bytes(b"my own")
    (keep / "plus" / "cover.png").write_bytes(b"my own")
    words = ["teach", "digits", str(keep), "--camera", str(folder / "plus"), "--classes", "plus"]
    assert __main__.main([*words, "--pictures", "3"]) == 2  # too few to learn from
    assert len(list((keep / "plus").iterdir())) == 2  # and none was asked for in vain
    assert __main__.main([*words, "--pictures", "5", "--alone"]) == 2  # one class
    assert (keep / "plus" / "002.png").read_bytes() == b"my own"
    assert sorted(each.name for each in (keep / "plus").iterdir()) == [
        "002.png", "003.png", "004.png", "005.png", "006.png", "007.png", "cover.png",
    ]  # fmt: skip
    for name in ("../plus", "/plus", ".."):
        assert __main__.main([*words[:-1], name, "--pictures", "5"]) == 2
    assert sorted(each.name for each in own_folder.iterdir()) == ["kept", "signs"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["teach", "digits"], "Give a FOLDER"),
        (["teach", "digits", "nowhere"], "There is no folder"),
        (["teach", "digits", "--camera", "0"], "--classes A,B"),
    ],
)
def test_says_what_is_missing(
    words: list[str], said: str, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["digits", "signs"])
def test_a_damaged_file_of_ones_own_is_told_and_nothing_else(own_folder: Path, name: str) -> None:
    """Cut off anywhere, or with bits turned."""
    file = own_folder / f"{name}.npz"
    if name == "digits":
        choosing.fit(choosing.estimators("knn")["k=1"], clouds(20)).save(file)
    else:
        points = np.zeros((21, 3), np.float32)
        chances = np.zeros(len(classifiers.LABELS), np.float32)
        example = personal.Example("A", points, points, True, chances, 1)
        personal.write(personal.Layer((example,) * 5, 0.5), file)
    whole = file.read_bytes()
    chance = np.random.default_rng(0)
    damaged = [whole[:size] for size in (0, 1, 4, 30, len(whole) // 2, len(whole) - 1)]
    for _ in range(60):
        turned = bytearray(whole)
        for at in chance.integers(0, len(whole), 3):
            turned[at] ^= 1 << int(chance.integers(8))
        damaged.append(bytes(turned))
    told = 0
    for data in damaged:
        file.write_bytes(data)
        try:
            classifying.load(file) if name == "digits" else personal.read(file)
        except ModelError:
            told += 1
    assert told > 50


def test_what_was_taught_to_another_version_is_told(own_folder: Path) -> None:
    table = clouds(20)
    classifier = choosing.fit(choosing.estimators("knn")["k=1"], table)
    (own_folder / "data").mkdir()
    classifier.save(own_folder / "data" / "digits.npz")
    with pytest.raises(ModelError, match="anew"):
        recognizers.load("digits", Options(hold=0.61))
    (check,) = plugins.recognizer("digits").checks()
    assert (check.name, check.state) == ("taught digits", "broken")
    assert "teach digits --forget" in check.cure
    assert recognizers.load("digits", Options(hold=0.61, taught=False))
