"""What a hand's features depend on, and what they don't."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livevision import assets
from livevision.locators.hands import Hand, HandLocator
from livevision.recognizers.signs.features import features, with_traits


@pytest.fixture(scope="module")
def hand() -> Hand:
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 40)
    image = np.asarray(capture.read()[1], np.uint8)
    capture.release()
    return HandLocator().locate(image)[0]


def of(hand: Hand, landmarks: NDArray[Any], world: NDArray[Any], *, right: bool) -> NDArray[Any]:
    row: NDArray[Any] = features(landmarks[None], world[None], np.array([right]))[0]
    return row


def test_place_and_size_do_not_matter(hand: Hand) -> None:
    here = of(hand, hand.landmarks, hand.world, right=True)
    there = of(hand, hand.landmarks * 2.5 + 300, hand.world * 1.3, right=True)
    assert np.isfinite(here).all()
    assert here.dtype == np.float32
    np.testing.assert_allclose(here, there, atol=1e-3)


def test_a_left_hand_is_a_mirrored_right_hand(hand: Hand) -> None:
    mirror = np.array([-1, 1, 1], np.float32)
    right = of(hand, hand.landmarks, hand.world, right=True)
    left = of(hand, hand.landmarks * mirror, hand.world * mirror, right=False)
    np.testing.assert_allclose(right, left, atol=1e-4)
    wrong = of(hand, hand.landmarks * mirror, hand.world * mirror, right=True)
    assert np.abs(right - wrong).max() > 0.1


def test_a_turn_changes_some_features_and_leaves_others(hand: Hand) -> None:
    """H is a U on its side: what tells them apart must turn with the hand, the rest must not."""
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    upright = of(hand, hand.landmarks, hand.world, right=True)
    lying = of(hand, hand.landmarks @ turn.T, hand.world @ turn.T, right=True)
    same = np.isclose(upright, lying, atol=1e-3)
    assert 0.4 < same.mean() < 0.8


def test_hands_are_independent_of_each_other(hand: Hand) -> None:
    other = hand.landmarks * np.array([1, 2, 1], np.float32)
    both = features(
        np.stack((hand.landmarks, other)), np.stack((hand.world,) * 2), np.array([True, False])
    )
    np.testing.assert_allclose(both[0], of(hand, hand.landmarks, hand.world, right=True), atol=1e-5)
    np.testing.assert_allclose(both[1], of(hand, other, hand.world, right=False), atol=1e-5)


def test_traits_carry_how_the_hand_was_turned(hand: Hand) -> None:
    shape = features(hand.landmarks[None], hand.world[None], np.array([True]))
    angle = np.array([0.5], np.float32)
    right = with_traits(shape, hand.traits[None], hand.local[None], angle, np.array([True]))
    left = with_traits(shape, hand.traits[None], hand.local[None], -angle, np.array([False]))
    assert right.shape == (1, shape.shape[1] + 1152 + 2 + 21 * 304)
    np.testing.assert_allclose(right, left)
    np.testing.assert_allclose(
        right[0, shape.shape[1] + 1152 :][:2], (np.cos(0.5), np.sin(0.5)), atol=1e-6
    )
