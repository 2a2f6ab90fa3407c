"""Hands in bad light, in the bundled clip."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from livevision import assets
from livevision.frame import Image
from livevision.locators import light
from livevision.locators.hands import HandLocator

FPS = 15


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """Ten frames of the bundled clip from its fourth second on: one right hand, 640x480."""
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames: list[Image] = []
    while len(frames) < 70:
        good, image = capture.read()
        assert good
        frames.append(np.asarray(image, np.uint8))
    return frames[60:]


@pytest.fixture(scope="module")
def locator() -> Iterator[HandLocator]:
    locator = HandLocator(turns=())
    yield locator
    locator.close()


def dim(image: Image, share: float = 0.05) -> Image:
    return np.asarray(image * share, np.uint8)


def test_good_light_is_left_as_it_is(clip: list[Image]) -> None:
    assert light.table(clip[0]) is None


@pytest.mark.parametrize(
    "factors", [(0.2, 0.2, 0.2), (1.3, 0.75, 0.45)], ids=["dim", "lit by a screen"]
)
def test_bad_light_is_made_up_for(clip: list[Image], factors: tuple[float, ...]) -> None:
    bad = np.asarray(np.clip(clip[0] * np.array(factors), 0, 255), np.uint8)
    levels = light.table(bad)
    assert levels is not None
    truth = clip[0].reshape(-1, 3).mean(axis=0)
    before = np.abs(bad.reshape(-1, 3).mean(axis=0) - truth).max()
    after = np.abs(light.relit(bad, levels).reshape(-1, 3).mean(axis=0) - truth).max()
    assert after < before / 2


def test_a_picture_without_colours_gets_those_of_skin(clip: list[Image]) -> None:
    grey = np.repeat(cv2.cvtColor(clip[0], cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    levels = light.table(np.asarray(grey, np.uint8))
    assert levels is not None
    blue, green, red = light.relit(np.asarray(grey, np.uint8), levels).reshape(-1, 3).mean(axis=0)
    assert blue < green < red


def test_a_black_picture_has_no_light_to_make_up_for() -> None:
    levels = light.table(np.zeros((48, 64, 3), np.uint8))
    assert levels is not None
    assert not light.relit(np.zeros((48, 64, 3), np.uint8), levels).any()


def test_a_hand_in_the_dark_is_found_and_followed(clip: list[Image], locator: HandLocator) -> None:
    locator.reset()
    (there,) = locator.locate(clip[0])
    locator.reset()
    tracks = set()
    for index, image in enumerate(clip):
        (hand,) = locator.locate(dim(image), index / FPS)
        tracks.add(hand.track)
        if index == 0:
            assert hand.box.overlap(there.box) > 0.7
    assert tracks == {1}


def test_a_hand_in_the_dark_is_found_once_it_comes(clip: list[Image], locator: HandLocator) -> None:
    locator.reset()
    empty = np.full_like(clip[0], 8)
    for index in range(10):
        assert not locator.locate(empty, index / FPS)
    found = [bool(locator.locate(dim(clip[0]), (10 + index) / FPS)) for index in range(6)]
    assert found[-1]


def test_light_that_is_put_on_loses_no_hand(clip: list[Image], locator: HandLocator) -> None:
    locator.reset()
    assert locator.locate(dim(clip[0]), 0.0)
    hands = [locator.locate(image, index / FPS) for index, image in enumerate(clip, 1)]
    assert hands[-1]


def test_a_dark_room_without_a_hand_has_none(locator: HandLocator) -> None:
    noise = np.random.default_rng(1).integers(0, 12, (240, 320, 3)).astype(np.uint8)
    locator.reset()
    assert not [hand for index in range(4) for hand in locator.locate(noise, index * 0.3)]
