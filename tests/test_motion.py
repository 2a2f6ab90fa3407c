import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from signing import LABELS, PALM, Signer, hand, shape_of

from livevision.recognizers.signs.drawings import Drawing, Drawings
from livevision.recognizers.signs.gestures import Gestures, spread_open
from livevision.recognizers.signs.motion import Motion, straightness
from livevision.recognizers.signs.thresholds import DEFAULT

SHARED = Path(os.environ.get("LIVEVISION_SHARED", Path(__file__).parents[2] / "shared"))


def drawn(signer: Signer) -> list[Drawing]:
    drawings, motion, found = Drawings(DEFAULT.drawings), Motion(DEFAULT.motion), []
    for time, each in signer.frames:
        if each is not None:
            motion.see(time, each.landmarks)
            one = drawings.see(time, each.landmarks, each.world, motion.size, right=each.right)
            found += [one] if one else []
    last = drawings.finish()
    return found + ([last] if last else [])


@pytest.mark.parametrize("letter", "JZ")
@pytest.mark.parametrize("fps", [10, 15, 30, 60])
@pytest.mark.parametrize("right", [True, False])
def test_drawn_letters_are_found_with_their_times(letter: str, fps: float, right: bool) -> None:
    signer = Signer(fps=fps, right=right).spell("A").draw(letter, seconds=1.0).spell("B")
    (found,) = drawn(signer)
    _, start, end = signer.truth[1]
    assert found.letter == letter
    assert found.start == pytest.approx(start, abs=0.35)
    assert found.end == pytest.approx(end, abs=0.35)
    assert found.shown <= end + 0.35
    assert found.confidence > 0.9


@pytest.mark.parametrize("letter", "JZ")
@pytest.mark.parametrize("size", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("seconds", [0.4, 1.0, 1.8])
def test_size_and_speed_do_not_matter(letter: str, size: float, seconds: float) -> None:
    signer = Signer(fps=25).draw(letter, seconds=seconds, size=size)
    assert [each.letter for each in drawn(signer)] == [letter]


def test_the_way_of_the_other_hand_is_no_letter() -> None:
    for letter in "JZ":
        signer = Signer(right=True).draw(letter)
        for _time, each in signer.frames:
            assert each is not None
            each.landmarks[:, 0] = 640 - each.landmarks[:, 0]
        assert drawn(signer) == [], letter


@pytest.mark.parametrize("letter", "IDLAY")
def test_a_still_hand_draws_nothing(letter: str) -> None:
    assert drawn(Signer(fps=30).spell(letter).rest(3)) == []


def test_straight_ways_circles_and_lowering_draw_nothing() -> None:
    angles = np.linspace(0, 4 * np.pi, 60)
    ways = (
        np.stack((np.linspace(0, 2, 60), np.zeros(60)), 1),
        np.stack((np.zeros(60), np.linspace(0, 3, 60)), 1),
        np.stack((np.sin(3 * angles), np.zeros(60)), 1),
    )
    for letter in "IDZ":
        for index, way in enumerate(ways):
            signer = Signer(fps=30)
            signer.move(shape_of(letter), 0.2).rest(0.3)
            for place in way - way[0]:
                signer._show(signer._points, np.full(len(LABELS), 1 / 27, np.float32), place)
            signer.rest(0.5)
            assert drawn(signer) == [], (letter, index)


def test_another_handshape_draws_nothing() -> None:
    for shape in ((0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 0, 0)):
        for letter in "JZ":
            signer = Signer(fps=30).draw(letter)
            points = hand(shape)
            for _, each in signer.frames:
                assert each is not None
                move = each.landmarks[0] - shape_of(letter)[0] * PALM
                each.landmarks[:] = points * np.float32(PALM) + move
                each.world[:] = points * np.float32(0.09)
            assert drawn(signer) == [], (letter, shape)


def test_memory_holds_the_last_seconds_alone() -> None:
    signer = Signer(fps=60).spell("I").rest(10)
    drawings, motion = Drawings(DEFAULT.drawings), Motion(DEFAULT.motion)
    for time, each in signer.frames:
        assert each is not None
        motion.see(time, each.landmarks)
        drawings.see(time, each.landmarks, each.world, motion.size, right=True)
    assert len(drawings._moments) < 2.6 * 60


def test_straight_fingers_are_told_from_bent_ones() -> None:
    found = straightness(hand((1, 0, 1, 0)))
    assert found[[0, 2]] == pytest.approx([1, 1], abs=0.01)
    assert (found[[1, 3]] < 0.8).all()


def z_sequences() -> list[list[tuple[float, NDArray[np.float32]]]]:
    file = SHARED / "data/signs/landmarks/yumenin_fsl_sequences_26x30x30x63.npz"
    if not file.is_file():
        pytest.skip(f"{file.name} is not here")
    frames = np.load(file)["X"].reshape(26, 30, 30, 21, 3).astype(np.float32)[25]
    size = np.array([640, 480, 640], np.float32)
    return [
        [(index / 20, points * size) for index, points in enumerate(one) if np.abs(points).sum()]
        for one in frames
    ]


def test_a_real_signers_z_is_found() -> None:
    hits = 0
    for frames in z_sequences():
        drawings, motion = Drawings(DEFAULT.drawings), Motion(DEFAULT.motion)
        found = []
        for time, points in frames:
            motion.see(time, points)
            found.append(drawings.see(time, points, points / 1000, motion.size, right=True))
        found.append(drawings.finish())
        letters = {each.letter for each in found if each}
        assert "J" not in letters
        hits += "Z" in letters
    # jerky tracks: up to 18 of the 30 frames of a sequence have no hand
    assert hits >= 15


def test_an_open_hand_held_accepts_and_waved_deletes() -> None:
    open_hand = hand((1, 1, 1, 1), spread=0.3)
    assert spread_open(open_hand * 0.09)
    assert not spread_open(hand((1, 1, 1, 1)) * 0.09)
    near = open_hand * 0.09
    near[4] += 0.15 * (near[5] - near[4])  # a thumb less far out
    assert spread_open(near)
    assert not spread_open(hand((1, 0, 0, 0), spread=0.3) * 0.09)
    held, waved = Gestures(), Gestures()
    asked: dict[str, list[str]] = {"held": [], "waved": []}
    for index in range(90):
        time = index / 30
        still = open_hand * PALM
        moved = still + np.array([PALM * 0.5 * np.sin(time * 9), 0, 0], np.float32)
        asked["held"] += [g.command for g in held.see(time, still, open_hand * 0.09, PALM, 0.1)]
        asked["waved"] += [g.command for g in waved.see(time, moved, open_hand * 0.09, PALM, 3.0)]
    assert asked["held"] == ["accept"]
    assert set(asked["waved"]) == {"delete"}
    assert 1 <= len(asked["waved"]) <= 4
