import importlib.util
import unicodedata
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livevision.sinks import lettering

NAMES = ["Zoë", "李", "محمد"]


def tofu(count: int, size: int = 40) -> NDArray[Any]:
    """What a font draws for characters it does not have."""
    return lettering._draw("\ue123" * count, size)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_drawn_and_not_as_empty_boxes(name: str) -> None:
    mask = lettering.mask(name, 40)
    assert mask.max() > 200
    empty = tofu(len(name))
    width = min(mask.shape[1], empty.shape[1])
    assert np.abs(mask[:, :width].astype(int) - empty[:, :width]).mean() > 10
    assert not np.array_equal(mask, lettering.mask("\ue123" * len(name), 40))


def test_han_needs_no_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(character: str) -> None:
        raise AssertionError(f"asked the system for {character}")

    monkeypatch.setattr(lettering, "_system_font", none)
    lettering._font_for.cache_clear()
    if importlib.util.find_spec("noto_cjk_sans_otc") is None:
        pytest.skip("the font package noto-cjk-sans-otc is not installed")
    for text in ("李", "陈", "김철수", "さくら", "鄭"):
        assert lettering.mask(text, 20).max() > 200


def test_every_character_has_a_shape_of_its_own() -> None:
    masks = [lettering.mask(character, 40) for character in "李陈佐محد"]
    for index, one in enumerate(masks):
        for other in masks[index + 1 :]:
            assert one.shape != other.shape or not np.array_equal(one, other)


def test_arabic_letters_are_joined_and_run_from_the_right() -> None:
    joined = lettering.mask("محمد", 40)
    apart = lettering.mask("م\u200cح\u200cم\u200cد", 40)
    assert joined.shape[1] < apart.shape[1]
    # dal, the last letter, stands to the left: alone it looks the same there
    last = lettering.mask("د", 40)
    edge = last.shape[1] - 4
    assert np.array_equal(lettering.mask("ود", 40)[:, :edge], last[:, :edge])


def ends(text: str, width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The left and right ends of a line."""
    mask = lettering.mask(text, 40)
    return mask[:, :width], mask[:, -width:]


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("Zoë محمد", "Zoë", "محمد"),
        ("محمد Zoë", "Zoë", "محمد"),
        ("李 محمد Zoë", "李", "Zoë"),
        ("محمد 李", "李", "محمد"),
    ],
)
def test_the_first_letter_sets_the_direction(text: str, left: str, right: str) -> None:
    at_left, at_right = ends(text, 30)
    assert np.abs(at_left.astype(int) - ends(left, 30)[0]).mean() < 12
    for shift in range(-3, 4):  # a pixel or two of space may stand at the end
        moved = np.roll(at_right, shift, axis=1)[:, 4:-4].astype(int)
        if np.abs(moved - ends(right, 30)[1][:, 4:-4]).mean() < 12:
            break
    else:
        raise AssertionError(f"{right} is not at the right")


def test_a_letter_and_its_accent_may_be_one_character_or_two() -> None:
    two = unicodedata.normalize("NFD", "Zoë")
    assert len(two) == 4
    assert np.array_equal(lettering.mask(two, 30), lettering.mask("Zoë", 30))


def test_all_masks_of_a_size_share_height_and_baseline() -> None:
    texts = ["A", "g", "李", "محمد", "Zoë 李", ""]
    assert len({lettering.mask(text, 24).shape[0] for text in texts}) == 1
    alone = lettering.mask("H", 24).max(axis=1).nonzero()[0][-1]
    beside = lettering.mask("H李", 24)[:, :18].max(axis=1).nonzero()[0][-1]
    assert abs(int(alone) - int(beside)) <= 1


def test_names_cannot_break_lines_or_turn_the_text_around() -> None:
    assert np.array_equal(lettering.mask("a\nb\u202ec", 20), lettering.mask("a bc", 20))


def test_a_script_without_font_is_told_and_shown_as_such(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.font_manager import fontManager

    monkeypatch.setattr(fontManager, "ttflist", [])
    lettering._font_for.cache_clear()
    mask = lettering.mask("\N{DEVANAGARI LETTER NA}", 40)
    lettering._font_for.cache_clear()
    assert mask.max() > 200
    assert "DEVANAGARI LETTER NA" in caplog.text


@pytest.mark.parametrize("size", [1, 8, 200])
@pytest.mark.parametrize("text", ["", " ", "A", "李", "د", "\u0301", "\u200d", "\ud800"])
def test_odd_texts_and_sizes(text: str, size: int) -> None:
    mask = lettering.mask(text, size)
    assert mask.dtype == np.uint8
    assert mask.shape[0] > 0
    assert mask.shape[1] > 0
