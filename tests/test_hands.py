import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livevision import assets, settings
from livevision.errors import ModelError
from livevision.frame import Box, Image
from livevision.locators import hands, mediapipe_files, ssd
from livevision.locators.hand_networks import LandmarkFinder, Look, Palm, PalmFinder, Region, _at
from livevision.locators.hands import HandLocator
from livevision.locators.mediapipe_solutions import solutions

FPS = 15


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """The first seconds of the bundled clip: one right hand, 640x480."""
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames: list[Image] = []
    while len(frames) < 45:
        good, image = capture.read()
        assert good
        frames.append(np.asarray(image, np.uint8))
    return frames


@pytest.fixture(scope="module")
def shared_locator() -> HandLocator:
    return HandLocator()


@pytest.fixture
def locator(shared_locator: HandLocator) -> HandLocator:
    shared_locator.reset()
    return shared_locator


def empty(like: Image) -> Image:
    return np.full_like(like, 90)


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def beside(left: Image, right: Image) -> Image:
    return np.ascontiguousarray(np.hstack((left, right)))


def test_every_frame_of_the_clip_has_one_right_hand(
    clip: list[Image], locator: HandLocator
) -> None:
    for index, image in enumerate(clip):
        (hand,) = locator.locate(image, index / FPS)
        assert hand.right
        assert hand.track == 1
        assert hand.score > 0.9
        assert hand.landmarks.shape == hand.world.shape == (21, 3)
        assert hand.landmarks.dtype == hand.world.dtype == np.float32
        assert 0 <= hand.box.left < hand.box.right <= 640
        assert 0.03 < np.linalg.norm(hand.world[0] - hand.world[9]) < 0.15


def test_hands_of_a_first_picture_are_looked_at_again(
    clip: list[Image], locator: HandLocator
) -> None:
    (hand,) = locator.locate(clip[0], 0.0)
    assert len(hand.again) == 2
    for other in hand.again:
        assert (other.track, other.right, other.again) == (hand.track, hand.right, ())
        assert abs(other.angle - hand.angle) > 0.05
        apart = np.linalg.norm((other.landmarks - hand.landmarks)[:, :2], axis=1)
        assert 0 < apart.mean() < 0.1 * max(hand.box.width, hand.box.height)
    (later,) = locator.locate(clip[1], 1 / FPS)
    assert later.again == ()


def test_a_mirrored_clip_shows_a_left_hand(clip: list[Image], locator: HandLocator) -> None:
    for index, image in enumerate(clip[:10]):
        (hand,) = locator.locate(mirrored(image), index / FPS)
        assert not hand.right


def test_landmarks_are_those_of_mediapipes_own_graph(
    clip: list[Image], locator: HandLocator
) -> None:
    errors: list[float] = []
    if find_spec("mediapipe") is None:
        pytest.skip("MediaPipe has no package for this Python or machine")
    with solutions().hands.Hands(max_num_hands=1, model_complexity=1) as graph:
        for index, image in enumerate(clip[:20]):
            (hand,) = locator.locate(image, index / FPS)
            answer = graph.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            theirs = answer.multi_hand_landmarks[0].landmark
            points = np.array([(p.x * 640, p.y * 480, p.z * 640) for p in theirs])
            world = np.array(
                [(p.x, p.y, p.z) for p in answer.multi_hand_world_landmarks[0].landmark]
            )
            palm = np.linalg.norm(points[0] - points[9])
            errors.append(float(np.abs(points - hand.landmarks).mean() / palm))
            np.testing.assert_allclose(hand.world, world, atol=0.01)
    assert np.median(errors) < 0.02
    assert max(errors[1:]) < 0.06  # in the first, we look twice


def test_two_hands_are_both_followed(clip: list[Image], locator: HandLocator) -> None:
    for index in range(20):
        image = beside(clip[index], mirrored(clip[index + 20]))
        hands = locator.locate(image, index / FPS)
        if index < 0.3 * FPS:
            continue
        assert [hand.track for hand in hands] == [1, 2]
        sides = {hand.right: hand.box.center[0] for hand in hands}
        assert sides[True] < 640 < sides[False]


@pytest.mark.parametrize("fps", [10, 15, 30])
def test_a_second_hand_is_found_within_300_ms(
    clip: list[Image], locator: HandLocator, fps: int
) -> None:
    enters = 10
    for index in range(enters + fps):
        other = mirrored(clip[3]) if index >= enters else empty(clip[0])
        hands = locator.locate(beside(clip[0], other), index / fps)
        if index - enters >= 0.3 * fps:
            assert [hand.track for hand in hands] == [1, 2]
        elif index < enters:
            assert len(hands) == 1


def test_a_hand_back_within_a_second_keeps_its_number(
    clip: list[Image], locator: HandLocator
) -> None:
    def see(image: Image, time: float) -> list[int]:
        return [hand.track for hand in locator.locate(image, time)]

    assert see(clip[0], 0.0) == [1]
    assert see(empty(clip[0]), 0.1) == []
    assert see(clip[0], 0.8) == [1]
    assert see(empty(clip[0]), 0.9) == []
    assert see(clip[0], 2.5) == [2]


def test_one_hand_leaving_does_not_disturb_the_other(
    clip: list[Image], locator: HandLocator
) -> None:
    for index in range(20):
        left = clip[index] if index < 8 else empty(clip[0])
        hands = locator.locate(beside(left, mirrored(clip[5])), index / FPS)
        right = next(hand for hand in hands if hand.box.center[0] > 640)
        assert len(hands) == (2 if index < 8 else 1)
        assert right.track == next(iter({right.track}))
        assert not right.right


def test_one_hand_is_never_counted_twice(clip: list[Image], locator: HandLocator) -> None:
    for index in range(45):
        assert len(locator.locate(clip[index], index / FPS)) == 1


@pytest.mark.parametrize("touching", [True, False])
def test_hands_that_meet_stay_apart_or_become_one(
    touching: bool, clip: list[Image], locator: HandLocator
) -> None:
    """Two hands slide over each other: never two tracks on one place.

    Cut out closely they touch first; with more around it, one covers the other before, and what is
    left is framed in two ways.
    """
    (alone,) = locator.locate(clip[0])
    locator.reset()
    margin = alone.box.height // 10
    box = alone.box.square(0.2)
    if touching:
        near = alone.box
        box = Box(near.left - margin, near.top - margin, near.right + margin, near.bottom + margin)
    piece = box.clip(clip[0]).crop(clip[0])
    height, width = piece.shape[:2]
    joined = False
    for index in range(30):
        image = np.full((480, 640, 3), 110, np.uint8)
        for x, part in ((index * 15, piece), (640 - width - index * 15, mirrored(piece))):
            x = int(np.clip(x, 0, 640 - width))
            image[120 : 120 + height, x : x + width] = part
        hands = locator.locate(image, index / 30)
        if index == 0:
            assert not any(hand.joined for hand in hands)
        if len(hands) == 2:
            assert hands[0].track != hands[1].track
            apart = np.abs(hands[0].landmarks - hands[1].landmarks)[:, :2].mean()
            assert apart > 0.05 * width
        joined |= any(hand.joined for hand in hands)
    assert joined == touching
    assert not any(hand.joined for hand in locator.locate(image, 1.5))
    assert len(locator.locate(image, 1.6)) == 2


@pytest.mark.parametrize("there", [True, False], ids=["a hand", "what is none"])
def test_in_bad_light_a_hand_that_touches_is_looked_for_in_a_better_one(
    there: bool, clip: list[Image], locator: HandLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a palm alone speaks for, an elbow or a fist's other side, is no second hand."""
    (alone,) = locator.locate(clip[0])
    piece = alone.box.square(0.2).clip(clip[0]).crop(clip[0])
    height, width = piece.shape[:2]
    image = np.full((480, 640, 3), 110, np.uint8)
    if there:
        beside = 100 + 7 * width // 10
        image[120 : 120 + height, beside : beside + width] = mirrored(piece)
    image[120 : 120 + height, 100 : 100 + width] = piece
    alone_there = image.copy()
    alone_there[:, 100 + width :] = 110
    palm = PalmFinder()(alone_there)[0]
    other = replace(palm, region=replace(palm.region, x=palm.region.x + 0.7 * width))
    dark = (image // 3).astype(np.uint8)

    class TwoInGoodLight:
        seen = staticmethod(lambda image, *, border: lambda threshold: [palm])

        def __call__(self, image: Image, *, threshold: float = 0.5) -> list[Palm]:
            assert threshold < palm.score
            return [palm, other] if image.mean() > 1.2 * dark.mean() else [palm]

    monkeypatch.setattr(locator, "_find_palms", TwoInGoodLight())
    locator.reset()
    (touched,) = locator.locate(dark)
    assert touched.joined == there


def test_a_picture_is_read_the_same_whatever_came_before(
    clip: list[Image], locator: HandLocator
) -> None:
    locator.locate(clip[30])
    before = locator.locate(clip[31], 0.1)
    locator.reset()
    first = locator.locate(clip[10])
    locator.reset()
    locator.locate(mirrored(clip[5]))
    locator.reset()
    (again,) = locator.locate(clip[10])
    assert before
    np.testing.assert_array_equal(first[0].landmarks, again.landmarks)
    assert again.track == 1


def test_a_replay_gives_the_same_answer(clip: list[Image], locator: HandLocator) -> None:
    runs: list[NDArray[np.float32]] = []
    for _ in range(2):
        locator.reset()
        runs.append(
            np.array([locator.locate(image, i / FPS)[0].landmarks for i, image in enumerate(clip)])
        )
    np.testing.assert_array_equal(runs[0], runs[1])


@pytest.mark.parametrize("margin", [-0.02, 0.05, 0.15])
def test_a_hand_that_fills_the_picture_is_found(
    clip: list[Image], locator: HandLocator, margin: float
) -> None:
    for index in range(0, 45, 9):
        locator.reset()
        (hand,) = locator.locate(clip[index])
        close = hand.box.square(margin).crop(clip[index])
        locator.reset()
        (found,) = locator.locate(np.ascontiguousarray(close))
        shift = np.array(hand.box.square(margin).clip(clip[index]).center)
        shift -= np.array(close.shape[1::-1]) / 2
        error = np.abs(found.landmarks[:, :2] + shift - hand.landmarks[:, :2]).mean()
        assert error < 0.15 * hand.box.width


def test_a_fingertip_gives_way_to_the_hand_it_belongs_to(
    clip: list[Image], locator: HandLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the hand is followed as if it were one; the next searches find the whole."""
    (hand,) = locator.locate(clip[0])
    track = locator._tracks[0]
    tip = hand.landmarks[12]
    small = replace(track.look, landmarks=tip + (hand.landmarks - tip) * np.float32(0.25))
    genuine = LandmarkFinder.__call__

    def fooled(self: LandmarkFinder, image: Image, region: Region, **named: Any) -> Look:
        return small if region.size < 150 else genuine(self, image, region, **named)

    monkeypatch.setattr(LandmarkFinder, "__call__", fooled)
    track.look = small
    for index in range(1, 8):
        (found,) = locator.locate(clip[0], index / FPS)
        if found.box.width > 0.8 * hand.box.width:
            break
    assert found.box.overlap(hand.box) > 0.7


def test_a_hand_that_hangs_is_found_though_no_palm_is_seen(
    clip: list[Image], locator: HandLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for where nothing else showed a hand."""
    (hand,) = locator.locate(clip[0])
    close = hand.box.square(0.5).crop(clip[0])

    def a_trace(_: PalmFinder, image: Image, **named: Any) -> Callable[[float], list[Palm]]:
        height, width = image.shape[:2]
        faint = Palm(hands.TRACE, Region(width / 2, height / 2, 9.0))
        return lambda threshold: [faint] if threshold <= faint.score else []

    monkeypatch.setattr(PalmFinder, "seen", a_trace)
    monkeypatch.setattr(hands, "_LIKELIER", ())
    monkeypatch.setattr(hands, "_LAST", hands._LAST[:1])
    locator.reset()
    (found,) = locator.locate(np.ascontiguousarray(close[::-1, ::-1]))
    assert abs(abs(found.angle) - np.pi) < 0.3
    assert found.box.height > 0.8 * hand.box.height


@pytest.mark.parametrize("angle", [-60, 60])
def test_a_tilted_hand_is_found(clip: list[Image], locator: HandLocator, angle: int) -> None:
    turn = cv2.getRotationMatrix2D((320, 240), angle, 1.0)
    image = cv2.warpAffine(clip[0], turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    assert len(locator.locate(np.asarray(image, np.uint8))) == 1


@pytest.mark.parametrize("angle", [-60, 60])
def test_a_hand_that_turned_is_looked_at_where_it_is_now(
    clip: list[Image], locator: HandLocator, angle: int
) -> None:
    for index in range(2):
        (hand,) = locator.locate(clip[34], index / FPS)
    points = hand.landmarks[:, :2]
    x, y = points.mean(axis=0).tolist()
    turn = cv2.getRotationMatrix2D((x, y), angle, 1.0)
    image = cv2.warpAffine(clip[34], turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    (turned,) = locator.locate(np.asarray(image, np.uint8), 2 / FPS)
    off = turned.landmarks[:, :2] - (points @ turn[:, :2].T + turn[:, 2])
    size = max(hand.box.width, hand.box.height)
    assert np.linalg.norm(off, axis=1).mean() < 0.04 * size  # 0.07 and 0.11 where it was


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((2, 900, 3), np.uint8),
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640, 3), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8),
        np.zeros((4320, 7680, 3), np.uint8),
    ],
    ids=["1x1", "900x2", "black", "white", "noise", "8k"],
)
def test_nothing_is_found_where_nothing_is(image: Image, locator: HandLocator) -> None:
    for index in range(3):
        assert locator.locate(image, index / FPS) == []


def test_following_a_hand_costs_one_look_a_frame(
    clip: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {"palms": 0, "landmarks": 0}

    def counted(kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            runs[kind] += 1
            return call(*arguments, **named)

        return run

    monkeypatch.setattr(PalmFinder, "seen", counted("palms", PalmFinder.seen))
    monkeypatch.setattr(LandmarkFinder, "__call__", counted("landmarks", LandmarkFinder.__call__))
    locator = HandLocator()
    locator.locate(clip[0])
    runs.update(palms=0, landmarks=0)
    for index in range(1, 31):
        locator.locate(clip[index], index / 30)
    assert runs["landmarks"] == 30
    assert runs["palms"] <= 7  # one every 0.14 s

    runs.update(palms=0, landmarks=0)
    locator.reset()
    locator.locate(empty(clip[0]))
    assert runs["palms"] + runs["landmarks"] <= 20  # all places: under 150 ms
    runs.update(palms=0, landmarks=0)
    for index in range(1, 31):
        locator.locate(empty(clip[0]), index / 30)
    assert runs["palms"] + runs["landmarks"] <= 30 + 3 * 5


def test_a_region_and_its_crop_agree() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:84, 200:204] = 255
    region = Region(190.0, 90.0, 80.0, 0.7)
    crop = region.crop(image, 160)
    y, x = np.unravel_index(crop[..., 0].argmax(), crop.shape[:2])
    point = np.array([[(x + 0.5) / 160, (y + 0.5) / 160, 0.0]], np.float32)
    np.testing.assert_allclose(region.outward(point)[0, :2], (202, 82), atol=2.5)


def test_maps_are_read_where_the_joints_are() -> None:
    side = 7
    middles = (np.arange(side, dtype=np.float32) + 0.5) / side
    ramp = np.stack(np.meshgrid(middles, middles), axis=-1)  # each cell holds where it is
    places = np.array([[0.5, 0.5], [0.2, 0.7], [0.93, 0.08], [-1.0, 2.0]], np.float32)
    inside = np.clip(places, middles[0], middles[-1])
    np.testing.assert_allclose(_at(ramp, places), inside, atol=1e-6)


def test_a_look_tells_of_the_picture_at_each_joint(clip: list[Image], locator: HandLocator) -> None:
    (hand,) = locator.locate(clip[0])
    assert hand.local.shape == (21, 304)
    assert hand.local.std() > 0.1
    locator.reset()
    (other,) = locator.locate(mirrored(clip[0]))
    assert not other.right
    alike = np.corrcoef(hand.local.ravel(), other.local.ravel())[0, 1]
    assert alike > 0.9  # the network sees a left hand as a right one


def test_the_networks_are_taken_out_of_a_wheel_where_there_is_no_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clip: list[Image]
) -> None:
    names = [*mediapipe_files.HANDS, *mediapipe_files.FACES]
    contents = {name: mediapipe_files.path(name).read_bytes() for name in names}
    wheel, other = tmp_path / "mediapipe.whl", tmp_path / "other.whl"
    for file, spoilt in ((wheel, b""), (other, b"!")):
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in contents.items():
                archive.writestr(f"mediapipe/modules/{name}", content + spoilt)
    monkeypatch.setattr(mediapipe_files, "find_spec", lambda name: None)
    monkeypatch.setattr(mediapipe_files, "folders", lambda: (tmp_path / "kept",))
    told: list[str] = []
    with pytest.raises(ModelError, match="is not that of"):
        mediapipe_files.setup(other, told.append)
    with pytest.raises(ModelError, match="is not the wheel"):
        mediapipe_files.setup(tmp_path / "none.whl", told.append)
    mediapipe_files.setup(wheel, told.append)
    assert told == [f"4 networks are in {mediapipe_files.folders()[0]}."]
    assert settings.is_ours(tmp_path / "data")  # else `privacy --erase` would not touch it
    ssd.network.cache_clear()
    locator = HandLocator()
    assert locator.locate(clip[0])
    locator.close()
    mediapipe_files.path(names[0]).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="gets it anew"):
        mediapipe_files.path(names[0])
    ssd.network.cache_clear()


@pytest.mark.parametrize("kind", ["locked", "pressed", "bomb", "cut", "pipe"])
def test_a_file_that_is_no_wheel_is_told_and_never_unpacked(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / "mediapipe.whl"
    if kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs pipes with names")
        os.mkfifo(wheel)
    else:
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (*mediapipe_files.HANDS, *mediapipe_files.FACES):
                size = (1 << 25) + 1 if kind == "bomb" else 5000
                archive.writestr(f"mediapipe/modules/{name}", bytes(size))
        data = bytearray(wheel.read_bytes())
        at = data.index(b"PK\1\2")
        if kind == "locked":
            data[at + 8] |= 1
        if kind == "pressed":  # in a way that there is not
            data[at + 10] = 77
        if kind == "cut":  # what is pressed is no stream
            data[100:110] = b"\xff" * 10
        wheel.write_bytes(data)
    monkeypatch.setattr(mediapipe_files, "find_spec", lambda name: None)
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    with pytest.raises(ModelError, match="is not the wheel of mediapipe"):
        mediapipe_files.setup(wheel, print)
    assert not (tmp_path / "data").exists()


def test_a_missing_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mediapipe_files, "find_spec", lambda name: None)
    monkeypatch.setattr(mediapipe_files, "folders", lambda: (tmp_path,))
    ssd.network.cache_clear()
    with pytest.raises(ModelError, match="livevision models setup signs"):
        HandLocator()


def test_a_hand_seen_the_wrong_way_round_is_no_second_hand(
    clip: list[Image], locator: HandLocator
) -> None:
    locator.locate(clip[0])
    look = locator._tracks[0].look
    middle = look.landmarks.mean(axis=0)
    turned = replace(look, landmarks=(2 * middle - look.landmarks).astype(np.float32))
    locator._admit(turned, clip[0], 0.0)
    assert len(locator._tracks) == 1


def test_one_hand_framed_in_two_ways_is_one(clip: list[Image], locator: HandLocator) -> None:
    """Where a first look is doubtful, others follow: together they would be hands that touch."""
    locator.locate(clip[0])
    (track,) = locator._tracks
    doubtful = replace(track.look, presence=0.9)

    def admitted(times: float, aside: float, presence: float) -> list[Look]:
        """The looks that are followed once another is there: larger, and so many widths aside."""
        track.look = doubtful
        locator._tracks, locator._first = [track], True
        middle = doubtful.landmarks.mean(axis=0)
        points = middle + times * (doubtful.landmarks - middle)
        points[:, 0] += aside * np.ptp(points[:, 0])
        other = replace(doubtful, landmarks=points.astype(np.float32), presence=presence)
        locator._admit(other, clip[0], 0.0)
        return [each.look for each in locator._tracks]

    (kept,) = admitted(1.5, 0.1, 0.95)
    assert kept.presence == 0.95
    assert admitted(1.5, 0.1, 0.86) == [doubtful]
    (kept,) = admitted(2.5, 0.0, 0.86)
    assert kept.presence == 0.86, "the doubtful one was a part of it"
    assert len(admitted(1.0, 0.6, 0.95)) == 2, "another hand that touches it"


def test_never_more_hands_than_asked_for(clip: list[Image]) -> None:
    locator = HandLocator(max_hands=1)
    image = beside(clip[7], mirrored(clip[27]))
    for index in range(8):
        assert len(locator.locate(image, index / FPS)) == 1
    look = locator._tracks[0].look
    other = replace(look, landmarks=look.landmarks + np.float32(400), presence=1.0)
    locator._admit(other, image, 1.0)
    (track,) = locator._tracks
    assert track.look is other
    locator._admit(replace(look, presence=0.9), image, 1.0)
    assert [track.look for track in locator._tracks] == [other]
