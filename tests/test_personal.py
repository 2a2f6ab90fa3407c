import io
import stat
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import half_a_hand, some

from livevision import assets, recognizers
from livevision.__main__ import main
from livevision.errors import ModelError, SourceError, UsageError
from livevision.frame import Floats, Frame, Image, Result
from livevision.locators.hands import HandLocator
from livevision.recognizers.signs import Options, handshapes, personal
from livevision.recognizers.signs.classifiers import LABELS, Classifier, load_classifier
from livevision.recognizers.signs.commands.signs import Page
from livevision.recognizers.signs.features import features
from livevision.recognizers.signs.lesson import APART, COUNTDOWN, Lesson
from livevision.recognizers.signs.personal import (
    SURE,
    WEIGHTS,
    Example,
    Layer,
    PersonalClassifier,
)
from livevision.recognizers.signs.recognizer import SignModel, SignRecognizer
from livevision.sinks.overlay import Look, Status
from livevision.sources import Source

SHOWN = {"A": (30, 38), "W": (48, 58), "S": (65, 75), "L": (98, 110), "U": (117, 128)}
"""Frames of the bundled clip, and what they show."""


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames = []
    while (answer := capture.read())[0]:
        frames.append(np.asarray(answer[1], np.uint8))
    return frames


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("landmarks", assets.folder("models") / "signs")


@pytest.fixture(scope="module")
def examples(clip: list[Image], classifier: Classifier) -> list[Example]:
    """Looks at the letters of the clip."""
    locator = HandLocator(max_hands=1)
    found = []
    for letter, (first, last) in SHOWN.items():
        for index in range(first, last):
            for hand in locator.locate(clip[index], index / 15):
                chances = classifier.classify(clip[index], hand).probabilities
                found.append(Example.of(letter, hand, chances))
    return found


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "signs.npz"


def unsure(truth: str, rival: str, margin: float) -> Floats:
    """Probabilities of a classifier that prefers `rival` by `margin`."""
    chances = np.full(len(LABELS), 0.02 / (len(LABELS) - 2), np.float32)
    chances[LABELS.index(truth)] = 0.49 - margin / 2
    chances[LABELS.index(rival)] = 0.49 + margin / 2
    return chances


def confused(examples: Sequence[Example], truth: str, rival: str) -> list[Example]:
    """The same examples, of a classifier that takes every `truth` for `rival`, by a little."""
    return [
        Example(e.label, e.landmarks, e.world, e.right, unsure(truth, rival, 0.1))
        if e.label == truth
        else e
        for e in examples
    ]


def look(example: Example) -> Floats:
    found = features(example.landmarks[None], example.world[None], np.array([example.right]))
    return np.asarray(found[0], np.float32)


def test_a_systematic_error_is_mended(examples: list[Example]) -> None:
    layer = Layer().with_examples(confused(examples, "A", "S"))
    assert layer.weight > 0
    for example in examples:
        if example.label == "A":
            adapted = layer.adapt(unsure("A", "S", 0.1), look(example))
            assert LABELS[int(adapted.argmax())] == "A"
        if example.label == "S":
            adapted = layer.adapt(unsure("A", "S", 0.1), look(example))
            assert LABELS[int(adapted.argmax())] == "S"


def test_what_is_sure_stays_as_it_is(examples: list[Example]) -> None:
    layer = Layer().with_examples(confused(examples, "A", "S"))
    rng = np.random.default_rng(0)
    for example in examples:
        chances = rng.dirichlet(np.full(len(LABELS), 0.02)).astype(np.float32)
        adapted = layer.adapt(chances, look(example))
        assert adapted.sum() == pytest.approx(1.0, abs=1e-4)
        if chances.max() >= SURE:
            np.testing.assert_array_equal(adapted, chances)


def test_impossible_and_unknown_letters_keep_their_probability(examples: list[Example]) -> None:
    layer = Layer().with_examples(confused(examples, "A", "S"))
    rng = np.random.default_rng(1)
    known = [LABELS.index(letter) for letter in layer.letters]
    for example in examples:
        chances = rng.dirichlet(np.full(len(LABELS), 0.3)).astype(np.float32)
        adapted = layer.adapt(chances, look(example))
        others = [i for i in range(len(LABELS)) if i not in known or chances[i] < personal.POSSIBLE]
        np.testing.assert_array_equal(adapted[others], chances[others])


def test_examples_that_help_nothing_count_nothing(examples: list[Example]) -> None:
    sure = [
        Example(e.label, e.landmarks, e.world, e.right, unsure(e.label, "X", -0.9))
        for e in examples
    ]
    layer = Layer().with_examples(sure)
    assert layer.weight == 0.0
    chances = unsure("A", "S", 0.1)
    np.testing.assert_array_equal(layer.adapt(chances, look(examples[0])), chances)


def test_mislabelled_examples_do_no_harm_to_their_own_cross_validation(
    examples: list[Example],
) -> None:
    """Labels shuffled: the layer never reads fewer of the user's examples than without it."""
    rng = np.random.default_rng(2)
    for _ in range(5):
        labels = rng.permutation([e.label for e in examples])
        wrong = [
            Example(str(label), e.landmarks, e.world, e.right, e.chances)
            for label, e in zip(labels, examples, strict=True)
        ]
        layer = Layer().with_examples(wrong)

        def right(weight: float, shown: Sequence[Example]) -> int:
            return sum(answer == e.label for answer, e in personal.answers(shown, weight))

        assert right(layer.weight, wrong) == max(right(weight, wrong) for weight in WEIGHTS)


def test_a_taught_sign_is_read_and_letters_stay(
    clip: list[Image], classifier: Classifier, examples: list[Example]
) -> None:
    taught = [
        Example("thanks", e.landmarks, e.world, e.right, e.chances)
        for e in examples
        if e.label == "L"
    ]
    layer = Layer().with_examples(taught[::2])
    assert layer.taught == ("thanks",)
    own = PersonalClassifier(classifier, layer)
    assert own.labels == (*LABELS, "thanks")
    locator = HandLocator(max_hands=1)
    for letter, (first, last) in SHOWN.items():
        for index in range(first, last, 2):
            locator.reset()
            (hand,) = locator.locate(clip[index])
            chances = own.classify(clip[index], hand).probabilities
            assert chances.sum() == pytest.approx(1.0, abs=1e-3)
            assert (own.labels[int(chances.argmax())] == "thanks") == (letter == "L")


def test_new_examples_replace_those_of_their_label(examples: list[Example]) -> None:
    layer = Layer().with_examples(examples)
    some = [e for e in examples if e.label == "A"][:3]
    again = layer.with_examples(some)
    assert sum(e.label == "A" for e in again.examples) == 3
    assert again.letters == layer.letters
    assert "A" not in again.without(["A"]).letters


def test_what_is_kept_is_what_was_shown(examples: list[Example], tmp_path: Path) -> None:
    file = tmp_path / "new" / "signs.npz"
    layer = Layer().with_examples(confused(examples, "A", "S"))
    personal.write(layer, file)
    again = personal.read(file)
    assert again.weight == layer.weight
    assert [e.label for e in again.examples] == [e.label for e in layer.examples]
    np.testing.assert_array_equal(again.examples[3].world, layer.examples[3].world)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["signs.npz"]
    personal.write(Layer(), file)
    assert not file.exists()
    assert personal.read(file).examples == ()


def test_what_an_earlier_reader_was_shown_is_kept_and_told(
    data: Path, examples: list[Example], caplog: pytest.LogCaptureFixture
) -> None:
    layer = Layer().with_examples(examples)
    personal.write(layer)
    assert personal.read().outdated == ()
    with np.load(data) as stored:  # as it was written before the reader was told
        earlier = {name: stored[name] for name in stored.files if name != "reader"}
    np.savez_compressed(data, **earlier)
    again = personal.read()
    assert again.outdated == layer.letters
    assert again.weight == layer.weight
    SignModel(Options(), assets.folder("models") / "signs")
    assert "earlier reader" in caplog.text
    renewed = [each for each in examples if each.label != "A"]
    assert again.with_examples(renewed).outdated == ("A",)


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_file_is_told_and_left_alone(
    damage: bytes | None, data: Path, examples: list[Example], capsys: pytest.CaptureFixture[str]
) -> None:
    personal.write(Layer().with_examples(examples))
    content = data.read_bytes()[:-200] if damage is None else damage
    data.write_bytes(content)
    with pytest.raises(ModelError, match="livevision signs forget"):
        personal.read()
    with recognizers.session("signs") as recognizer:  # runs without
        assert isinstance(recognizer, SignRecognizer)
    assert main(["signs", "list"]) == ModelError.exit_code
    assert data.read_bytes() == content
    assert main(["signs", "forget"]) == 0
    assert not data.exists()
    capsys.readouterr()


@pytest.mark.parametrize("name", ["", " ", "a", "Z", "x" * 41, "a\nb", "a\x1b[31m"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError):
        personal.checked_name(name)


# the lesson and the commands ------------------------------------------------------------------


def lead(lesson: Lesson, images: Sequence[Image], fps: float = 15) -> list[str]:
    """What the lesson says, frame by frame."""
    return [some(lesson.recognize(Frame(im, i, i / fps)).text) for i, im in enumerate(images)]


def test_a_lesson_leads_through_the_signs(clip: list[Image], classifier: Classifier) -> None:
    finished: list[bool] = []
    picture = np.zeros((8, 8, 3), np.uint8)
    lesson = Lesson(
        ["W", "L"],
        classifier,
        HandLocator(max_hands=1),
        count=4,
        pictures={"W": picture},
        done=lambda: finished.append(True),
    )
    first = lesson.recognize(Frame(clip[50], 0, 0.0))
    assert "W" in some(first.text)
    assert "3" in some(first.text)
    assert first.stages[0][1] is picture
    wait = int(15 * (COUNTDOWN + 5 * APART + 1))
    said = lead(lesson, [clip[50 + i % 6] for i in range(wait)])
    assert any("W" in text and "/4" in text for text in said)
    assert "L" in said[-1]
    for index in range(wait, 2 * wait):
        lesson.recognize(Frame(clip[100 + index % 6], index, index / 15))
    assert finished == [True]
    assert [e.label for e in lesson.examples] == ["W"] * 4 + ["L"] * 4
    assert LABELS[int(lesson.examples[-1].chances.argmax())] == "L"


@pytest.mark.parametrize("comes", ["nothing", pytest.param("half a hand", marks=pytest.mark.long)])
def test_a_lesson_goes_on_when_no_hand_comes(
    comes: str, clip: list[Image], classifier: Classifier
) -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    if comes == "half a hand":
        image = half_a_hand(clip[68], HandLocator().locate(clip[68])[0].landmarks)
        assert HandLocator().locate(image)
    finished: list[bool] = []
    lesson = Lesson(
        ["W"],
        classifier,
        HandLocator(max_hands=1),
        count=4,
        pictures={},
        done=lambda: finished.append(True),
    )
    lead(lesson, [image] * 160, fps=10)
    assert finished
    assert lesson.examples == []


class Camera(Source):
    """The clip's frames of one letter after the other, over and over: somebody who does as told."""

    live = False

    def __init__(self, images: Sequence[Image], hold: int, rate: float = 15) -> None:
        self._images = images
        self._hold = hold
        self._rate = rate
        self._next = 0

    def __enter__(self) -> "Camera":
        return self

    def read(self) -> Frame | None:
        index = self._next
        self._next += 1
        letter = index // self._hold % len(self._images)
        image = np.roll(self._images[letter], index % 3, axis=1)  # nobody holds quite still
        return Frame(image, index, index / self._rate)

    def close(self) -> None:
        pass


@pytest.fixture
def camera(clip: list[Image], monkeypatch: pytest.MonkeyPatch) -> None:
    images = [clip[52], clip[103]]

    def opened(spec: str, **options: object) -> Source:
        return Camera(images, hold=int(15 * (COUNTDOWN + 1.2)))

    monkeypatch.setattr("livevision.sources.open_source", opened)
    monkeypatch.setattr("livevision.recognizers.signs.handshapes.pictures", lambda signs: {})


@pytest.mark.usefixtures("camera")
def test_calibrating_at_the_camera(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--letters", "WL", "--examples", "4", "--no-window"]
    assert main(["signs", "calibrate", "0", *options]) == 0
    said = capsys.readouterr().out
    assert "Get ready for W: 3" in said
    assert "Of your own letters" in said
    assert personal.read().letters == ("L", "W")
    assert main(["signs", "forget", "w"]) == 0
    assert personal.read().letters == ("L",)
    assert main(["signs", "forget", "w"]) == UsageError.exit_code


def test_teaching_from_a_clip_and_reading_it(
    clip: list[Image], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "thanks"
    folder.mkdir()
    for index in range(98, 110):
        cv2.imwrite(str(folder / f"{index}.png"), clip[index])
    assert main(["signs", "teach", "thanks", str(folder), "--examples", "8"]) == 0
    assert "thanks is taught from 8 looks" in capsys.readouterr().out
    assert main(["signs", "list"]) == 0
    assert "thanks" in capsys.readouterr().out
    for on, label in ((True, "thanks"), (False, "L")):
        with recognizers.session("signs", Options(personal=on)) as recognizer:
            (hand,) = recognizer.recognize(Frame(clip[104], 0, 0.0)).detections
            assert hand.label == label


def test_calibrating_from_pictures(
    clip: list[Image], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for letter in "WU":
        (tmp_path / letter).mkdir()
        for index in range(*SHOWN[letter]):
            cv2.imwrite(str(tmp_path / letter / f"{index}.jpg"), clip[index])
    assert main(["signs", "calibrate", str(tmp_path), "--examples", "6"]) == 0
    said = capsys.readouterr().out
    assert "Not seen clearly enough: A" in said
    assert personal.read().letters == ("U", "W")


def test_what_is_mostly_read_as_another_letter_is_asked_about(
    clip: list[Image],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for letter, shown in (("W", "W"), ("A", "U")):  # somebody shows U for A
        (tmp_path / letter).mkdir()
        for index in range(*SHOWN[shown]):
            cv2.imwrite(str(tmp_path / letter / f"{index}.jpg"), clip[index])
    words = ["signs", "calibrate", str(tmp_path), "--letters", "WA", "--examples", "6"]
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody who could be asked
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "A read as U" in said
    assert "Left out: A" in said
    assert "Not seen" not in said
    assert personal.read().letters == ("W",)
    assert main([*words, "--yes"]) == 0
    assert personal.read().letters == ("A", "W")


def test_the_page_of_a_lesson_follows_it(clip: list[Image], classifier: Classifier) -> None:
    lesson = Lesson(
        ["W", "thanks"],
        classifier,
        HandLocator(max_hands=1),
        count=4,
        pictures={},
        done=lambda: None,
    )
    page = Page(lesson, ["W", "thanks"], 4, flipped=True)
    lesson.recognize(Frame(clip[50], 0, 0.0))
    card = page.card()
    assert (card.letter, card.place, card.count, card.part) == ("W", 0, 2, 0.0)
    assert card.message == "Get ready: 3"
    for index in range(1, 60):
        found = lesson.recognize(Frame(clip[100 + index % 6], index, index / 15))
        if page.card().part == 0.75:
            break
    card = page.card()
    assert (card.message, card.good) == ("3 of 4 looks, read as L so far", False)
    drawn = page(Result(Frame(clip[100], 0, 0.0), found.detections), Look(), Status(), (1280, 720))
    assert drawn.shape == (720, 1280, 3)
    lesson.command("redo")  # this one from its beginning
    assert (page.card().place, page.card().part) == (0, 0.0)
    lesson.command("skip")
    assert (page.card().place, page.card().letter) == (1, "thanks")
    lesson.command("redo")  # it had not begun: the one before
    assert page.card().place == 0
    lesson.command("skip")
    lesson.command("skip")
    assert lesson.over
    lesson.command("redo")
    assert page.card().message == "Thank you"
    assert page(Result(Frame(clip[100], 0, 0.0)), Look(), Status(), (640, 480)).std() > 5


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("words", [["calibrate", "--letters", "A"], ["teach", "thanks"]])
def test_the_camera_is_that_of_the_settings(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def opened(spec: str) -> Source:
        asked.append(spec)
        raise SourceError("none")

    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setattr("livevision.sources.open_source", opened)
    monkeypatch.setattr("livevision.recognizers.signs.handshapes.pictures", lambda signs: {})
    for camera in ("1", "rtsp://door/stream"):
        assert main(["config", f"camera={camera}"]) == 0
        assert main(["signs", *words, "--no-window"]) == SourceError.exit_code
    assert main(["signs", *words, "7", "--no-window"]) == SourceError.exit_code
    assert asked == ["1", "rtsp://door/stream", "7"]


@pytest.mark.parametrize(
    "words",
    [
        ["calibrate", "missing"],
        ["calibrate", "."],
        ["calibrate", "--letters", "JZ"],
        ["forget", "Q"],
    ],
)
@pytest.mark.usefixtures("data")
def test_errors_of_use(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["signs", *words]) == UsageError.exit_code


def test_pictures_of_signs_come_from_the_sheet() -> None:
    found = handshapes.pictures(["W", "L", "?", "thanks"])
    assert set(found) == {"W", "L"}
    assert all(picture.shape == (400, 400, 3) for picture in found.values())


@pytest.fixture(autouse=True)
def _private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the signs of whoever runs it."""
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
