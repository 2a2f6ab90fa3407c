import time
from dataclasses import dataclass

import pytest

from livevision.recognizers.signs.words import Words, channel, english


@dataclass
class Letter:
    label: str
    confidence: float = 0.95
    alternatives: tuple[tuple[str, float], ...] = ()


def letters(text: str, **doubts: tuple[str, float, float]) -> list[Letter]:
    """`text` with doubts: place -> rival, its probability, and that of the letter."""
    found = [Letter(label) for label in text]
    for place, (rival, chance, own) in doubts.items():
        found[int(place[1:])] = Letter(text[int(place[1:])], own, ((rival, chance),))
    return found


@pytest.fixture(scope="module")
def words() -> Words:
    return english()


@pytest.mark.parametrize("text", ["HELLO", "COFFEE", "A", "JAZZ", "KANGAROO"])
def test_words_stay(words: Words, text: str) -> None:
    found = words.propose(letters(text))
    assert (found.word, found.raw, found.sure) == (text, text, False)
    assert found.confidence > 0.8


@pytest.mark.parametrize("text", ["JAWSCLUB", "MIRA", "QZXW", "HYXO", "ANYA", "OSWIN", "XY"])
def test_names_and_strings_are_never_changed_unasked(words: Words, text: str) -> None:
    assert not words.propose(letters(text)).sure


@pytest.mark.parametrize(
    ("text", "place", "rival", "word"),
    [
        ("TEACHEP", "p6", "R", "TEACHER"),
        ("SUNNER", "p2", "M", "SUMMER"),
        ("NOUSE", "p0", "M", "MOUSE"),
    ],
)
def test_letters_in_doubt_are_mended(
    words: Words, text: str, place: str, rival: str, word: str
) -> None:
    doubts = {place: (rival, 0.4, 0.5)}
    if text == "SUNNER":
        doubts["p3"] = (rival, 0.4, 0.5)
    found = words.propose(letters(text, **doubts))
    assert found.word == word
    assert found.sure
    assert text in [each[0] for each in found.alternatives]
    assert not words.propose(letters(text)).sure


def test_a_lost_letter_is_proposed_but_not_put_in_unasked(words: Words) -> None:
    found = words.propose(letters("HELO"))
    assert found.word == "HELLO"
    assert not found.sure


def test_probabilities_are_probabilities(words: Words) -> None:
    found = words.propose(letters("TEACHEP"))
    chances = [found.confidence, *(each[1] for each in found.alternatives)]
    assert all(0 <= chance <= 1 for chance in chances)
    assert sum(chances) <= 1.0001
    assert chances[1:] == sorted(chances[1:], reverse=True)


def test_nothing_gives_no_word(words: Words) -> None:
    found = words.propose([])
    assert (found.word, found.sure, found.raw) == ("", False, "")


def test_what_no_word_is_near_is_quickly_told(words: Words) -> None:
    endless = letters("JAWSCLUB" * 250)
    begun = time.process_time()
    proposal = words.propose(endless)
    assert time.process_time() - begun < 0.5
    assert (proposal.word, proposal.confidence, proposal.sure) == (proposal.raw, 1.0, False)


def test_the_channel_prefers_what_was_read() -> None:
    read = letters("CAT", p1=("O", 0.3, 0.6))
    assert channel("CAT", read) > channel("COT", read) > channel("CUT", read)
    assert channel("CAT", read) > channel("CATS", read)
    assert channel("CAAT", read) > channel("CBAT", read)


def test_the_list_is_english(words: Words) -> None:
    for word in ("THE", "SCHOOL", "ZEBRA"):
        assert word in words
    assert "JAWSCLUB" not in words
