"""Training: its parts on small examples, and the whole on a folder made of the recordings."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from signing import hand, shape_of

from livevision import assets
from livevision.__main__ import main
from livevision.locators.hands import HandLocator
from livevision.recognizers.signs.classifiers import LABELS, NO_SIGN, load_classifier
from livevision.recognizers.signs.features import features
from livevision.recognizers.signs.training import (
    dataset,
    personal,
    signmnist,
    strangers,
    train,
    validation,
)
from livevision.recognizers.signs.training.dataset import Hands
from livevision.recognizers.signs.training.poses import Changes, changed
from livevision.recognizers.signs.training.spoilt import spoilt
from livevision.recognizers.signs.training.validation import Answers, Calibration, calibrate
from livevision.sources.recording import Recording


@pytest.fixture(scope="module")
def poses() -> tuple[NDArray[Any], NDArray[Any]]:
    """Landmarks of the right hand of a recording, (n, 21, 3) in the picture and in space."""
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    locator = HandLocator()
    found = []
    for index in range(60):
        image = np.asarray(capture.read()[1], np.uint8)
        if index % 10 == 0:
            found += locator.locate(image, index / 15)
    capture.release()
    return (
        np.stack([hand.landmarks for hand in found]),
        np.stack([hand.world for hand in found]),
    )


def test_unchanged_poses_are_the_hands_themselves(poses: tuple[NDArray[Any], NDArray[Any]]) -> None:
    rows = np.arange(len(poses[0]))
    none = Changes(share=0.0, turn=0.0, finger=0.0, stretch=0.0, jitter=0.0)
    same = changed(*poses, rows[::-1], rows, np.random.default_rng(1), none)
    everyone = np.ones(len(rows), np.bool_)
    np.testing.assert_allclose(
        features(*same, everyone), features(*poses, everyone), atol=2e-3, rtol=0
    )


def test_changed_poses_are_other_hands_of_the_same_seed(
    poses: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    rows = np.zeros(200, np.int64)
    partners = np.full(200, len(poses[0]) - 1)
    first = changed(*poses, partners, rows, np.random.default_rng(1))
    again = changed(*poses, partners, rows, np.random.default_rng(1))
    np.testing.assert_array_equal(first[0], again[0])
    assert np.isfinite(first[0]).all()
    tips = first[1][:, [4, 8, 12, 16, 20]]
    assert (tips.std(axis=0) > 0.05).all()
    assert (np.abs(first[1]) < 6).all()


def test_photos_do_not_straddle_the_split() -> None:
    generator = np.random.default_rng(3)
    photos = generator.integers(0, 255, (40, 28, 28))
    photos = np.stack([cv2.GaussianBlur(p.astype(np.float32), (0, 0), 2) for p in photos])
    photos = (photos - photos.min()) / np.ptp(photos) * 180
    photo = np.repeat(np.arange(40), 5)
    light = generator.uniform(0.8, 1.2, (200, 1, 1))
    images = (photos[photo] * light + generator.normal(0, 2, (200, 28, 28))).clip(0, 255)
    pictures = signmnist.Pictures(images.astype(np.uint8), np.where(photo < 20, 0, 3))
    known, held = signmnist.split(pictures, share=0.2, seed=1)
    assert sorted([*known, *held]) == list(range(200))
    assert not set(photo[known]) & set(photo[held])
    assert 30 <= len(held) <= 60
    assert set(pictures.labels[held]) == {0, 3}


def answers(rows: list[tuple[str, str, str, float]]) -> Answers:
    """From (source, truth, answer, its probability); the answer "none" is a hand not found."""
    chances = np.zeros((len(rows), len(LABELS)), np.float32)
    for row, (_, _, answer, chance) in enumerate(rows):
        if answer != "none":
            rest = NO_SIGN if answer else 0
            chances[row, rest] = 1 - chance
            chances[row, LABELS.index(answer)] = chance
    return Answers(
        np.array([str(row) for row in range(len(rows))]),
        np.array([row[0] for row in rows]),
        np.array([LABELS.index(row[1]) for row in rows]),
        np.array([row[2] != "none" for row in rows]),
        chances,
    )


def test_figures_count_misses_as_wrong_and_sources_alike() -> None:
    found = answers(
        [("a", "B", "B", 0.9)] * 3
        + [("a", "B", "none", 0)]
        + [("b", "B", "B", 0.8), ("b", "C", "B", 0.7)]
        + [("b", "", "C", 0.6), ("b", "", "", 0.9)]
        + [("billy_gray64px", "C", "B", 0.9)]
    )
    assert validation.per_source(found)["a"] == (4, 0.75, 0.75)
    assert validation.per_source(found)["b"] == (2, 1.0, 0.5)
    assert validation.mean_accuracy(found) == pytest.approx((0.75 + 0.5) / 2)
    assert validation.mean_accuracy(found, of_found=True) == pytest.approx((1 + 0.5) / 2)
    assert validation.false_letters(found) == (2, 2, 1)
    table = validation.confusion(found)
    assert table[1, 1] == 4
    assert table[1, 27] == 1
    assert table[2, 1] == 1
    assert table.sum() == 6
    assert validation.per_letter(found)["B"][1] == pytest.approx((0.75 + 1) / 2)


@pytest.mark.tensorflow
@pytest.mark.long
def test_the_report_shows_letters_read_where_nobody_signs(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from livevision.recognizers.signs.training.report import write_html

    rows = [("a", "B", "C", 0.9), ("a", "", "C", 0.6), ("b", "", "C", 0.7), ("b", "", "", 0.9)]
    write_html(tmp_path / "page.html", {"fused": answers([*rows, ("b", "", "none", 0)])}, tmp_path)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h3>B read as C, pictures of a: 1</h3>" in page
    assert "<h3>read as C, hands: 2</h3>" in page.partition("nobody signs")[2]


def test_calibration_finds_the_temperature_and_the_caution() -> None:
    generator = np.random.default_rng(5)
    count = 4000
    scores = generator.normal(0, 2, (count, 27)).astype(np.float32)
    scores[:, [9, 25, NO_SIGN]] = -30  # J, Z and no sign
    soft = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    drawn = generator.random((count, 1)) > np.cumsum(soft, axis=1)
    truth = drawn.sum(axis=1).clip(0, NO_SIGN - 1)
    sharp = Calibration(0.5).apply(soft)
    everyone = np.ones(count, np.bool_)
    names = np.array([str(row) for row in range(count)])
    source = np.where(np.arange(count) % 2, "a", "b")
    found = Answers(names, source, truth, everyone, sharp)
    chosen = calibrate(found)
    assert chosen.temperature == pytest.approx(2.0, rel=0.15)
    better = found.calibrated(chosen)
    assert validation.calibration_error(better) < 0.03 < validation.calibration_error(found)


def test_caution_is_as_little_as_keeps_false_letters_within_two_pictures_in_a_hundred() -> None:
    """Of 100 pictures without a sign hands are found in five, all read as a letter at first."""
    letters = [("a", "B", "B", 0.9)] * 90 + [("a", "B", "C", 0.9)] * 10
    empty = [("f", "", "none", 0.0)] * 95
    hands = [("f", "", "C", sure) for sure in (0.6, 0.65, 0.7, 0.8, 0.85)]
    found = answers([*letters, *empty, *hands])
    found = replace(found, name=np.arange(len(found.name)).astype(str))
    chosen = calibrate(found)
    assert validation.false_letters(found.calibrated(chosen)) == (100, 5, 2)
    bolder = replace(chosen, caution=chosen.caution - 0.1)
    assert validation.false_letters(found.calibrated(bolder))[2] > 2


def test_own_examples_are_measured_on_later_pictures_and_on_others(
    poses: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    """The model takes two poses of Ann's for one letter, by a little; of Bob's it is sure."""
    count = 60
    pose = np.arange(count) % 2 * (len(poses[0]) - 1)
    generator = np.random.default_rng(7)
    hands = Hands(
        name=np.array([str(row) for row in range(2 * count)]),
        source=np.repeat(["ann", "bob"], count),
        letter=np.tile(["A", "S"], count),
        view=np.zeros(2 * count, np.int64),
        landmarks=(poses[0][np.tile(pose, 2)] + generator.normal(0, 0.3, (2 * count, 21, 3))),
        world=(poses[1][np.tile(pose, 2)] + generator.normal(0, 5e-4, (2 * count, 21, 3))),
        presence=np.ones(2 * count, np.float32),
        traits=np.zeros((2 * count, 1), np.float16),
        local=np.zeros((2 * count, 21, 0), np.float16),
        angle=np.zeros(2 * count, np.float32),
        right=np.ones(2 * count, np.bool_),
        grey=np.zeros((2 * count, 28, 28), np.uint8),
    )
    unsure = [("ann", letter, "S", 0.5) for letter in hands.letter[:count]]
    sure = [("bob", letter, letter, 0.99) for letter in hands.letter[count:]]
    found = answers(unsure + sure)
    found.probabilities[:count:, LABELS.index("A")] = 0.49
    found.probabilities[:count:, NO_SIGN] = 0.01
    gained = personal.gains(hands, found)
    ann, bob = gained["ann"], gained["bob"]
    assert ann.later == count - 2 * personal.LOOKS
    assert (ann.without, ann.with_layer) == (0.5, 1.0)
    assert ann.others == (0.0, 0.0), "changed what was sure"
    assert (bob.without, bob.with_layer) == (1.0, 1.0)
    assert bob.weight == 0.0


def test_worse_pictures_cut_hands_and_tell_where_they_are() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    landmarks = hand() * np.float32(50.0) + np.array((160, 120, 0), np.float32)
    for x, y, _ in landmarks:
        cv2.circle(image, (round(float(x)), round(float(y))), 3, (255, 255, 255), -1)
    cut = whole = 0
    for seed in range(60):
        made = spoilt(image, landmarks, np.random.default_rng(seed))
        assert made is not None
        picture, places = made
        again = spoilt(image, landmarks, np.random.default_rng(seed))
        assert again is not None
        np.testing.assert_array_equal(picture, again[0])
        height, width = picture.shape[:2]
        within = ((places[:, :2] > 2) & (places[:, :2] < (width - 3, height - 3))).all(axis=1)
        cut += not within.all()
        whole += bool(within.all())
        columns, rows = np.round(places[within, :2]).astype(int).T
        level = picture.mean(axis=2)
        assert level[rows, columns].mean() > level.mean() + 5, "the joints are where it is said"
    assert cut > 20 < whole
    assert spoilt(image[:20, :20], landmarks - (150, 110, 0), np.random.default_rng(1)) is None


def test_strangers_spell_what_is_read_in_their_pictures() -> None:
    word = "ABEKLMORSTUX"
    shapes = np.stack([shape_of(letter) for letter in word])
    hands = Hands(
        name=np.array([str(row) for row in range(len(word))]),
        source=np.full(len(word), "ann"),
        letter=np.array(list(word)),
        view=np.zeros(len(word), np.int64),
        landmarks=shapes * np.float32(60.0),
        world=shapes * np.float32(0.09),
        presence=np.ones(len(word), np.float32),
        traits=np.zeros((len(word), 1), np.float16),
        local=np.zeros((len(word), 21, 0), np.float16),
        angle=np.zeros(len(word), np.float32),
        right=np.ones(len(word), np.bool_),
        grey=np.zeros((len(word), 28, 28), np.uint8),
    )
    clear = answers([("ann", letter, letter, 0.9995) for letter in word])
    found = strangers.spelt(hands, clear, clear)
    assert [(each.letters, each.misread, each.errors) for each in found] == [(12, 0, 0)] * 4

    misread = answers([("ann", letter, letter.replace("S", "E"), 0.9995) for letter in word])
    vague = [("ann", letter, letter, 0.93 if letter == "K" else 0.9995) for letter in word]
    found = strangers.spelt(hands, misread, misread)
    assert [(each.misread, each.errors) for each in found] == [(1, 1)] * 4
    *spelling, alone = strangers.spelt(hands, answers(vague), answers(vague))
    assert [(each.misread, each.errors) for each in spelling] == [(0, 0)] * 3
    assert (alone.misread, alone.errors) == (0, 1), "a hand that idles may look so"


def test_needs_tensorflow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(train, "find_spec", lambda name: None)
    assert main(["train", "signs", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "livevision[train]" in said
    assert said.count("\n") == 1


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources of photos and a folder of rendered hands, all out of the recordings."""
    root = tmp_path_factory.mktemp("data")
    for clip, below in (
        ("jawsclub", "signs/photos/jawsclub"),
        ("cloudy", "signs/photos/cloudy"),
        ("alphabet", "rendered"),
    ):
        folder = assets.folder("recordings")
        truth = json.loads((folder / f"{clip}.json").read_text(encoding="utf-8"))
        with Recording(folder / f"{clip}.mp4") as frames:
            images = {frame.time: frame.image for frame in frames}
        for letter, part in itertools.product(truth["events"], (0.4, 0.6)):
            if letter["label"] in "JZ":
                continue
            when = letter["start"] + part * (letter["end"] - letter["start"])
            nearest = min(images, key=lambda time: abs(time - when))
            place = root / below / letter["label"]
            place.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place / f"{part}.jpg"), images[nearest])
    return root


def words_for(data: Path, folder: Path) -> list[str]:
    words = ["train", "signs", "--data", str(data), "--only", "fused", "--epochs", "1"]
    words += ["--rendered", str(data / "rendered"), "--cache", str(folder / "cache")]
    return [*words, "--output", str(folder / "models"), "--report", str(folder / "report.html")]


@pytest.mark.tensorflow
def test_trains_from_a_folder(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    assert main(words_for(data, tmp_path)) == 0
    table = capsys.readouterr().out
    assert "jawsclub" in table
    assert "cloudy" in table
    assert "rendered" not in table, "measured on hands that were drawn"
    assert "fused: strangers spell" in table
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 3
    wrong = re.findall(r"<h3>([A-Z]) read as", page)
    assert page.count("data:image/jpeg;base64") >= len(wrong)
    assert "http" not in page.replace("http-equiv", "")
    classifier = load_classifier("fused", tmp_path / "models")
    photo = next(data.glob("signs/photos/jawsclub/A/*.jpg"))
    picture = np.asarray(cv2.imread(str(photo)), np.uint8)
    reading = classifier.classify(picture, HandLocator().locate(picture)[0])
    assert reading.probabilities.sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.tensorflow
@pytest.mark.long
def test_training_continues_repeats_itself_and_holds_out(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    words = words_for(data, tmp_path)
    assert main(words) == 0
    photo = next(data.glob("signs/photos/jawsclub/A/*.jpg"))
    picture = np.asarray(cv2.imread(str(photo)), np.uint8)
    hand = HandLocator().locate(picture)[0]
    reading = load_classifier("fused", tmp_path / "models").classify(picture, hand)

    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.*")}
    assert main(words) == 0
    assert kept == {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.*")}
    same = load_classifier("fused", tmp_path / "models").classify(picture, hand)
    np.testing.assert_array_equal(same.probabilities, reading.probabilities)

    capsys.readouterr()
    assert main([*words, "--cross-validate", "--held-out", "cloudy"]) == 0
    table = capsys.readouterr().out
    assert "cloudy" in table
    assert "jawsclub" not in table
    assert main([*words, "--cross-validate", "--held-out", "rainy"]) == 2
    assert "cloudy, jawsclub" in capsys.readouterr().err
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.*")}
    assert kept.items() <= after.items(), "what was kept was made anew"


@pytest.mark.tensorflow
@pytest.mark.long
def test_every_person_is_held_out_once(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from livevision.recognizers.signs.training import letters, signs

    hands = dataset.collect(data, data / "rendered", tmp_path)
    fold = signs.folds(hands)
    drawn = hands.source == dataset.RENDERED
    assert (fold[drawn] == -1).all()
    assert (fold[~drawn] >= 0).all()
    for source in np.unique(hands.source[~drawn]):
        assert len(np.unique(fold[hands.source == source])) == 1
    assert (signs.folds(hands, ("cloudy",)) >= 0).sum() == (hands.source == "cloudy").sum()
    for view in (dataset.LIT, -2):
        assert not letters.usable(hands)[hands.view == view].any()
    seen = np.maximum.accumulate(np.where(hands.view == 0, np.arange(len(hands)), 0))
    again = hands.view == dataset.AGAIN
    assert again.sum() > 1.8 * ((hands.view == 0) & ~drawn).sum()
    np.testing.assert_array_equal(hands.name[again], hands.name[seen[again]])
    assert (hands.view == 1).sum() >= 0.9 * ((hands.view == 0) & ~drawn).sum()
    worse = (hands.view > dataset.CHANGED) & (hands.view <= dataset.CHANGED + dataset.WORSE)
    assert worse.sum() >= 2 * ((hands.view == 0) & ~drawn).sum()
    assert not worse[drawn].any()


@pytest.mark.long
def test_grey_pictures_can_be_made_anew_without_a_step(data: Path, tmp_path: Path) -> None:
    hands = dataset.collect(data, None, tmp_path)

    def without(step: str) -> NDArray[Any]:
        made = dataset.without(step, hands, data, lambda *_: None)
        return np.asarray(made.grey[hands.view == 0])

    live = hands.grey[hands.view == 0]
    np.testing.assert_array_equal(without("none of them"), live)
    # half of a normalized picture is white, or near it once areas are averaged
    assert (live > 200).mean() > 0.4
    changes = {step: np.abs(without(step).astype(int) - live).mean() for step in train.STEPS}
    assert changes["denoise"] < changes["normalize"]
    assert min(changes.values()) > 0.1


@pytest.mark.tensorflow
@pytest.mark.parametrize("more", [["--without", "crop"], ["--held-out", "cloudy"]])
def test_what_only_measures_trains_nothing(
    more: list[str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    assert main(["train", "signs", "--data", str(data), *more]) == 2
    assert "--cross-validate" in capsys.readouterr().err


@pytest.mark.tensorflow
def test_data_that_is_not_there_is_a_plain_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    words = ["train", "signs", "--data", str(tmp_path), "--output", str(tmp_path / "models")]
    assert main([*words, "--cache", str(tmp_path / "cache")]) == 2
    assert "signs/photos/SOURCE" in capsys.readouterr().err.replace("\\", "/")
