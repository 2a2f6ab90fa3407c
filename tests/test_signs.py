import argparse
import itertools
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest

from livevision import assets, recognizers
from livevision.frame import Event, Findings, Frame, Image
from livevision.recognizers.signs import MODELS
from livevision.recognizers.signs.classifiers import LABELS
from livevision.recognizers.signs.recognizer import SignRecognizer
from livevision.recognizers.signs.spelling import Showing, Speller

FPS = 15


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """The bundled clip: a right hand spells JAWSCLUB, 640x480."""
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames = []
    while (answer := capture.read())[0]:
        frames.append(np.asarray(answer[1], np.uint8))
    return frames


@pytest.fixture(scope="module")
def loaded() -> Iterator[SignRecognizer]:
    with recognizers.load("signs") as recognizer:
        assert isinstance(recognizer, SignRecognizer)
        yield recognizer


@pytest.fixture
def recognizer(loaded: SignRecognizer) -> SignRecognizer:
    loaded.reset()
    return loaded


def play(
    recognizer: SignRecognizer, images: Sequence[Image], fps: float = FPS
) -> tuple[list[Findings], list[Event]]:
    """All findings, and all events up to the end of the stream."""
    findings = [
        recognizer.recognize(Frame(image, index, index / fps)) for index, image in enumerate(images)
    ]
    findings.append(recognizer.finish())
    return findings, [event for each in findings for event in each.events]


def test_the_bundled_clip_is_read(recognizer: SignRecognizer, clip: list[Image]) -> None:
    findings, events = play(recognizer, clip)
    assert "".join(event.label for event in events[1:]) == "AWSCLUB"  # J is a movement
    assert findings[-1].text.endswith("AWSCLUB")
    for before, after in itertools.pairwise(events):
        assert before.start < before.end <= after.start
    for event in events:
        assert event.kind == "letter"
        assert event.details["hand"] == "right"
        assert 0.5 < event.confidence <= 1.0
        record = event.record()
        assert record["letter"] == event.label
        assert len(record["alternatives"]) == 3  # type: ignore[arg-type]


def test_a_mirrored_clip_is_read_as_a_left_hand(
    recognizer: SignRecognizer, clip: list[Image]
) -> None:
    _, events = play(recognizer, [np.ascontiguousarray(image[:, ::-1]) for image in clip[45:]])
    assert "".join(event.label for event in events) == "WSCLUB"
    assert {event.details["hand"] for event in events} == {"left"}


def test_two_replays_agree(recognizer: SignRecognizer, clip: list[Image]) -> None:
    _, first = play(recognizer, clip[:75])
    recognizer.reset()
    _, second = play(recognizer, clip[:75])
    assert [event.record() for event in first] == [event.record() for event in second]


def test_a_finding_holds_all_that_is_shown(recognizer: SignRecognizer, clip: list[Image]) -> None:
    findings = recognizer.recognize(Frame(clip[52], 0, 0.0))
    (hand,) = findings.detections
    assert hand.kind == "hand"
    assert hand.label == "W"
    assert hand.track == 1
    assert hand.landmarks is not None
    assert hand.landmarks.shape == (21, 3)
    inside = hand.landmarks[:, :2]
    assert (inside > (hand.box.left, hand.box.top)).all()
    assert (inside < (hand.box.right, hand.box.bottom)).all()
    assert len(hand.alternatives) == 3
    chances = [hand.confidence, *(chance for _, chance in hand.alternatives)]
    assert chances == sorted(chances, reverse=True)
    assert findings.stages[0][0] == "crop"
    assert findings.stages[-1][1].shape == (28, 28)


@pytest.mark.parametrize("model", MODELS)
def test_each_model_reads_clear_letters(model: str, clip: list[Image]) -> None:
    options = argparse.Namespace(signs_model=model)
    with recognizers.load("signs", options=options) as recognizer:
        for index, letter in ((52, "W"), (102, "L"), (142, "B")):
            assert isinstance(recognizer, SignRecognizer)
            recognizer.reset()
            (hand,) = recognizer.recognize(Frame(clip[index], 0, 0.0)).detections
            assert hand.label == letter


def test_hints_come_late_and_stay(recognizer: SignRecognizer, clip: list[Image]) -> None:
    dark = (clip[52] * 0.1).astype(np.uint8)
    shown = [
        recognizer.recognize(Frame(dark if index < 45 else clip[52], index, index / FPS)).hints
        for index in range(75)
    ]
    too_dark = [any("dark" in hint for hint in hints) for hints in shown]
    assert not any(too_dark[:FPS])
    assert all(too_dark[FPS : 45 + FPS - 2])
    assert not any(too_dark[45 + FPS :])
    changes = sum(a != b for a, b in itertools.pairwise(too_dark))
    assert changes == 2


def test_a_hint_says_that_no_hand_is_in_view(recognizer: SignRecognizer) -> None:
    image = np.full((48, 64, 3), 120, np.uint8)
    shown = [recognizer.recognize(Frame(image, i, i / 10)).hints for i in range(40)]
    assert shown[0] == ()
    assert any("hand" in hint for hint in shown[-1])


# spelling, on made-up probabilities -----------------------------------------------------------

OPEN = np.random.default_rng(3).uniform(0, 100, (21, 3)).astype(np.float32)
OTHER = np.random.default_rng(4).uniform(0, 100, (21, 3)).astype(np.float32)


def showing(label: str, chance: float = 0.95, *, track: int = 1, right: bool = True) -> Showing:
    rest = (1.0 - chance) / (len(LABELS) - 1)
    chances = np.full(len(LABELS), rest, np.float32)
    chances[LABELS.index(label)] = chance
    return Showing(track, right, OPEN, chances)


def spell(
    frames: Sequence[Showing | None], fps: float, make: Callable[[], Speller] | None = None
) -> tuple[str, list[Event]]:
    speller = make() if make else Speller(LABELS)
    events = []
    for index, each in enumerate(frames):
        events += speller.see([each] if each else [], index / fps)
    events += speller.finish()
    return speller.text, events


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_held_letters_count_once_at_any_rate(fps: int) -> None:
    second = fps
    frames = [showing(letter) for letter in "ABC" for _ in range(second)]
    text, events = spell(frames, fps)
    assert text == "ABC"
    assert [event.label for event in events] == ["A", "B", "C"]
    assert events[1].start == pytest.approx(1.0, abs=0.25)
    assert events[1].end == pytest.approx(2.0, abs=0.25)


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_a_letter_is_in_the_text_within_300_ms(fps: int) -> None:
    speller = Speller(LABELS)
    for index in range(fps):
        speller.see([showing("") if index < fps // 2 else showing("L")], index / fps)
        if index / fps >= 0.5 + 0.3:
            assert speller.text == "L"


def test_short_flickers_are_no_letters() -> None:
    frames = [showing("A")] * 15 + [showing("S")] * 2 + [showing("A")] * 15
    assert spell(frames, 30)[0] == "A"


def test_unsure_and_empty_frames_are_no_letters() -> None:
    assert spell([showing("A", 0.45)] * 30 + [showing("", 0.9)] * 30, 30) == ("", [])


def test_a_hand_that_changes_shape_does_not_sign() -> None:
    frames = []
    for index in range(30):
        part = np.float32((index % 10) / 10)
        moving = OPEN * (1 - part) + OTHER * part
        frames.append(Showing(1, True, moving, showing("A").probabilities))
    assert spell(frames, 30)[0] == ""


def test_a_hand_that_moves_as_a_whole_signs() -> None:
    frames = [
        Showing(1, True, OPEN + np.float32(8 * index), showing("A").probabilities)
        for index in range(30)
    ]
    assert spell(frames, 30)[0] == "A"


def test_the_same_letter_comes_again_after_a_pause() -> None:
    frames = [showing("A")] * 15 + [showing("")] * 15 + [showing("A")] * 15
    assert spell(frames, 30)[0] == "AA"
    assert spell([showing("A")] * 15 + [None] * 15 + [showing("A")] * 15, 30)[0] == "AA"


def test_a_letter_survives_lost_frames() -> None:
    frames = [showing("A")] * 15 + [None] * 4 + [showing("A")] * 15
    text, events = spell(frames, 30)
    assert text == "A"
    assert events[0].end > 1.0


def test_two_hands_spell_beside_each_other() -> None:
    speller = Speller(LABELS)
    events = []
    for index in range(30):
        hands = [showing("A"), showing("B", track=2, right=False)]
        events += speller.see(hands, index / 30)
    events += speller.finish()
    assert {(event.label, event.details["hand"]) for event in events} == {
        ("A", "right"),
        ("B", "left"),
    }


def test_letters_can_be_taken_back() -> None:
    speller = Speller(LABELS)
    for index in range(60):
        speller.see([showing("A" if index < 30 else "B")], index / 30)
    assert speller.text == "AB"
    speller.command("backspace")
    assert speller.text == "A"
    speller.command("unknown")
    assert speller.text == "A"
    speller.command("clear")
    assert speller.text == ""
    speller.command("backspace")
    assert speller.text == ""


def test_memory_does_not_grow() -> None:
    speller = Speller(LABELS)
    for index in range(2000):
        speller.see([showing("A", track=index)], index / 2)
    assert len(speller._hands) == 1
