import random
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


def test_many_letters_in_doubt_are_mended_together(words: Words) -> None:
    doubts = {"p0": ("K", 0.35, 0.6), "p3": ("C", 0.4, 0.55), "p5": ("E", 0.3, 0.6)}
    found = words.propose(letters("VITOHSN", **doubts))
    assert found.word == "KITCHEN"
    assert found.sure
    assert not words.propose(letters("VITOHSN")).sure


LOOK_ALIKES = dict(zip("KVURMNTSEAODXPGH", "VKRUNMNASSEXDKQU", strict=True))


def misread(text: str, share: float, rng: random.Random) -> list[Letter]:
    """`text` with letters taken for others, and others in doubt, at that share."""
    found = []
    for true in text:
        rival = LOOK_ALIKES.get(true)
        own = rng.uniform(0.45, 0.85)
        if rival is not None and rng.random() < share:
            found.append(Letter(rival, own, ((true, (1 - own) * 0.65),)))
        elif rival is not None and rng.random() < share:
            found.append(Letter(true, own, ((rival, (1 - own) * 0.65),)))
        else:
            found.append(Letter(true, 0.96))
    return found


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_more_words_are_understood_than_letters_are_read(words: Words, share: float) -> None:
    rng = random.Random(1)
    chosen = rng.sample([each for each in words.commonest(20000) if 3 <= len(each) <= 9], 60)
    spelt = [misread(each, share, rng) for each in chosen]
    raw = sum(
        "".join(letter.label for letter in one) != true
        for true, one in zip(chosen, spelt, strict=True)
    )
    found = [words.propose(one) for one in spelt]
    wrong = sum(each.word != true for each, true in zip(found, chosen, strict=True))
    assert wrong < raw / 3
    assert (
        sum(each.sure and each.word != true for each, true in zip(found, chosen, strict=True)) <= 1
    )


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
