import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
import pytest
from clips import half_a_hand
from signing import LABELS, chances, shape_of, showing

from livevision import assets, recognizers, records
from livevision.frame import Box, Event, Findings, Frame, Image
from livevision.locators.hands import Hand
from livevision.recognizers.signs import Options
from livevision.recognizers.signs.classifiers import Reading
from livevision.recognizers.signs.recognizer import SignRecognizer

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
    with recognizers.session("signs") as recognizer:
        assert isinstance(recognizer, SignRecognizer)
        yield recognizer


@pytest.fixture
def recognizer(loaded: SignRecognizer) -> SignRecognizer:
    loaded.reset()
    return loaded


def play(
    recognizer: SignRecognizer, images: Sequence[Image], fps: float = FPS
) -> tuple[list[Findings], list[Event]]:
    """All findings, and all letters up to the end of the stream."""
    findings = [
        recognizer.recognize(Frame(image, index, index / fps)) for index, image in enumerate(images)
    ]
    findings.append(recognizer.finish())
    events = [event for each in findings for event in each.events]
    return findings, [event for event in events if event.kind == "letter"]


def test_the_bundled_clip_is_read(recognizer: SignRecognizer, clip: list[Image]) -> None:
    findings, events = play(recognizer, clip)
    assert "".join(event.label for event in events) == "JAWSCLUB"
    assert findings[-1].text == "JAWSCLUB"
    for before, after in itertools.pairwise(events):
        assert before.start < before.end <= after.start
    for event in events:
        assert event.details["hand"] == "right"
        assert 0.5 < event.confidence <= 1.0
        record = records.event(event)
        assert record["label"] == event.label
        assert event.label == "J" or record["alternatives"]  # a movement has none


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
    assert [records.event(event) for event in first] == [records.event(event) for event in second]


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


@pytest.mark.parametrize("model", ["fused", "landmarks", "cnn28"])
def test_each_model_reads_clear_letters(
    model: Literal["fused", "landmarks", "cnn28"], clip: list[Image]
) -> None:
    with recognizers.session("signs", Options(model=model)) as recognizer:
        for index, letter in ((34, "A"), (70, "S"), (105, "L")):
            assert isinstance(recognizer, SignRecognizer)
            recognizer.reset()
            (hand,) = recognizer.recognize(Frame(clip[index], 0, 0.0)).detections
            assert hand.label == letter


@pytest.mark.long
def test_half_a_hand_is_hardly_ever_read(recognizer: SignRecognizer, clip: list[Image]) -> None:
    """Of a hand that leaves the picture, the joints outside are guesses."""

    def label(image: Image) -> str | None:
        recognizer.reset()
        hands = recognizer.recognize(Frame(image, 0, 0.0)).detections
        return hands[0].label if hands else None

    halves = []
    for index in (28, 36, 44, 52, 60, 68, 76, 84):
        recognizer.reset()
        whole = recognizer.recognize(Frame(clip[index], 0, 0.0)).detections[0]
        assert whole.label
        assert whole.landmarks is not None
        x, y = whole.landmarks[:, :2].min(axis=0) / 2 + whole.landmarks[:, :2].max(axis=0) / 2
        parts = clip[index][:, int(x) :], clip[index][:, : int(x)], clip[index][int(y) :]
        halves += [label(np.ascontiguousarray(part)) for part in parts]
    found = [each for each in halves if each is not None]
    assert len(found) >= 12, "hardly any half was found: this shows nothing"
    assert sum(map(bool, found)) <= len(found) / 3


@pytest.mark.parametrize("touched", [True, False])
@pytest.mark.parametrize(("apart", "text"), [((2, 3), "N"), ((0, 1, 2, 3, 4), "")])
def test_a_hand_that_is_cut_off_or_touched_signs_nothing_only_if_it_stays_so(
    apart: Sequence[int], text: str, touched: bool
) -> None:
    """In the frames `apart` of every five, another hand touches it, or the picture ends in it."""
    shown = showing(shape_of("N"), chances("N"))
    traits = np.zeros(1152, np.float32)
    box = Box.around(shown.landmarks)
    hand = Hand(box, shown.landmarks, shown.world, True, 1.0, 1, traits, 0.0)

    class Found:
        labels = LABELS

        def locate(self, image: Image, time: float) -> list[Hand]:
            return [replace(hand, joined=touched and round(time * FPS) % 5 in apart)]

        def reset(self) -> None: ...

        def classify(self, image: Image, hand: Hand) -> Reading:
            return Reading(chances("N"), ())

    recognizer = SignRecognizer(Found(), Found())  # type: ignore[arg-type]
    for index in range(FPS):
        cut = not touched and index % 5 in apart
        width = (box.left + box.right) // 2 if cut else 640
        image = np.full((480, width, 3), 120, np.uint8)
        recognizer.recognize(Frame(image, index, index / FPS))
    assert recognizer.finish().text == text


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


def test_a_hint_says_once_that_a_grey_camera_reads_worse(
    recognizer: SignRecognizer, clip: list[Image], caplog: pytest.LogCaptureFixture
) -> None:
    def told(change: Callable[[Image], Image], count: int = 60) -> list[bool]:
        recognizer.reset()
        caplog.clear()
        hints = [
            recognizer.recognize(Frame(change(clip[28 + i % 20]), i, i / 5)).hints
            for i in range(count)
        ]
        return [any("grey camera" in hint for hint in each) for each in hints]

    def grey(image: Image) -> Image:
        flat = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        lossy = cv2.imdecode(cv2.imencode(".jpg", flat)[1], cv2.IMREAD_COLOR)
        return np.asarray(lossy, np.uint8)

    shown = told(grey)
    first, last = shown.index(True), 59 - shown[::-1].index(True)
    assert first / 5 >= 2.0  # decided over several pictures
    assert all(shown[first : last + 1])
    assert 4.0 < (last - first) / 5 < 8.0  # and then not again
    assert caplog.text.count("grey camera") == 1  # in replay's words, too
    assert not any(told(grey, count=8))
    assert not any(told(lambda image: image))
    assert not any(told(lambda image: (image * 0.45).astype(np.uint8)))  # a dim room
    assert not any(told(lambda image: (image * 0.2).astype(np.uint8)))


def test_a_hint_says_that_no_hand_is_in_view(recognizer: SignRecognizer) -> None:
    image = np.full((48, 64, 3), 120, np.uint8)
    shown = [recognizer.recognize(Frame(image, i, i / 10)).hints for i in range(40)]
    assert shown[0] == ()
    assert any("hand" in hint for hint in shown[-1])


def test_a_hint_says_that_half_the_hand_is_out_of_view(
    recognizer: SignRecognizer, clip: list[Image]
) -> None:
    points = recognizer.recognize(Frame(clip[68], 0, 0.0)).detections[0].landmarks
    assert points is not None
    half, whole = half_a_hand(clip[68], points), clip[68]
    recognizer.reset()
    shown = [
        recognizer.recognize(Frame(half if i < 25 else whole, i, i / 10)).hints for i in range(50)
    ]
    told = [any("out of view" in hint for hint in hints) for hints in shown]
    assert not any(told[:7])
    assert all(told[10:25])
    assert not any(told[40:])
