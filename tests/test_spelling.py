import itertools
import random

import numpy as np
import pytest
from numpy.typing import NDArray
from signing import LABELS, Signer, chances, hand, letters, read, shape_of, showing, steps

from livevision.recognizers.signs import passing
from livevision.recognizers.signs.drawings import Drawing
from livevision.recognizers.signs.hand import Letter, Showing, SigningHand
from livevision.recognizers.signs.letters import Decoder, Sign
from livevision.recognizers.signs.spelling import LONGEST_WORD, Speller
from livevision.recognizers.signs.thresholds import DEFAULT
from livevision.recognizers.signs.words import Words

WORDS = Words({"HELLO": 900, "HELP": 800, "CAB": 50, "THE": 20000, "BALL": 300})


@pytest.mark.parametrize(
    ("rate", "fps"), [(0.5, 30), (1, 15), (2, 10), (2, 30), (2, 60), (4, 25), (5, 25), (5, 60)]
)
def test_slow_and_quick_signers_are_read_at_any_rate(rate: float, fps: float) -> None:
    signer = Signer(rate=rate, fps=fps).spell("CAKEBOXLSU")
    assert letters(read(signer.frames, Speller(LABELS))) == "CAKEBOXLSU"


@pytest.mark.parametrize("fps", [1, 2, 3])
def test_letters_that_are_held_are_read_at_few_frames_a_second(fps: float) -> None:
    signer = Signer(rate=fps / 5, fps=fps).spell("CAKE")
    assert letters(read(signer.frames, Speller(LABELS))) == "CAKE"


def test_two_looks_at_a_hand_that_comes_and_goes_are_enough() -> None:
    signer = Signer(fps=1).leave(2.0)
    signer._letter, signer._points = "K", shape_of("K")
    signer.rest(2.0).leave(2.0)
    assert letters(read(signer.frames, Speller(LABELS))) == "K"


def test_nothing_is_drawn_below_four_frames_a_second() -> None:
    for fps in (2, 3):
        assert "J" not in letters(read(Signer(fps=fps).draw("J", 2.0).frames, Speller(LABELS)))


def test_few_frames_a_second_are_told() -> None:
    from livevision.recognizers.signs.recognizer import FEW, _Rate

    slow, usual = _Rate(), _Rate()
    assert slow.update(0.0) > FEW
    assert max(slow.update(index / 3) for index in range(1, 10)) < FEW
    usual.update(0.0)
    assert min(usual.update(index / 15) for index in range(1, 60)) > FEW


def test_dropped_frames_do_no_harm() -> None:
    signer = Signer(rate=2, fps=30).spell("CAKEBOXLSU")
    chance = random.Random(1)
    kept = [frame for frame in signer.frames if chance.random() > 0.4]
    assert letters(read(kept, Speller(LABELS))) == "CAKEBOXLSU"


@pytest.mark.parametrize("rate", [0.5, 1, 2, 4])
def test_double_letters_slide_or_open(rate: float) -> None:
    signer = Signer(rate=rate, fps=30).spell("BALLOON")
    assert letters(read(signer.frames, Speller(LABELS))) == "BALLOON"
    opened = Signer(rate=rate, fps=30).spell("BAL")
    opened.move(shape_of("X"), 0.2).move(shape_of("L"), 0.2).rest(max(0.3, 0.3 / rate))
    assert letters(read(opened.frames, Speller(LABELS))) == "BALL"


def test_a_held_letter_counts_once_whatever_drifts() -> None:
    signer = Signer(fps=30).spell("L").rest(8)
    drifting = [
        (
            time,
            showing(shape_of("L"), chances("L"), place=(320 + 40 * np.sin(time), 300 + 15 * time)),
        )
        for time, _ in signer.frames
    ]
    assert letters(read(drifting, Speller(LABELS))) == "L"


def test_flickering_between_two_letters_is_one_letter() -> None:
    frames = []
    for index in range(90):
        label = "M" if index % 3 else "N"
        frames.append((index / 30, showing(shape_of("M"), chances(label, 0.8))))
    assert letters(read(frames, Speller(LABELS))) == "M"


@pytest.mark.parametrize("fps", [10, 30])
@pytest.mark.parametrize("gap", [0.0, 0.4])
def test_a_letter_that_another_turns_into_slowly_is_read(fps: float, gap: float) -> None:
    # M and N of one shape: no step between frames is quick, and no distance large
    shown = [("M", 1.0), ("", gap), ("N", 1.0), ("", gap), ("M", 1.0)]
    labels = [label for label, seconds in shown for _ in range(round(seconds * fps))]
    frames = [
        (index / fps, showing(shape_of("M"), chances(label, 0.98)))
        for index, label in enumerate(labels)
    ]
    assert letters(read(frames, Speller(LABELS))) == "MNM"


def test_a_letter_that_cannot_be_told_for_a_while_counts_once() -> None:
    labels = ["N"] * 30 + [""] * 15 + ["N"] * 30
    frames = [
        (index / 30, showing(shape_of("N"), chances(label, 0.98)))
        for index, label in enumerate(labels)
    ]
    assert letters(read(frames, Speller(LABELS))) == "N"


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_a_letter_is_in_the_text_300_ms_after_the_hand_rests(fps: float) -> None:
    signer = Signer(fps=fps, rate=1).spell("CAKEBOX")
    speller = Speller(LABELS)
    texts = {time: speller.text for time, _ in steps(signer.frames, speller)}
    for count, (_, start, _) in enumerate(signer.truth, 1):
        shown = min(time for time, text in texts.items() if len(text) >= count)
        assert start - 0.5 < shown <= start + 0.3


def test_a_letter_knows_its_times_its_rivals_and_its_hand() -> None:
    signer = Signer(fps=30, rate=1, right=False, track=4).spell("A").spell("M", most=0.7, rival="N")
    events = [each for each in read(signer.frames, Speller(LABELS)) if each.kind == "letter"]
    for event, (label, start, end) in zip(events, signer.truth, strict=True):
        assert event.label == label
        assert event.start == pytest.approx(start, abs=0.3)
        assert event.end == pytest.approx(end, abs=0.2)
        assert start - 0.3 < float(str(event.details["shown"])) <= start + 0.3
        assert event.details["hand"] == "left"
        assert event.details["track"] == 4
    alternatives = events[1].details["alternatives"]
    assert isinstance(alternatives, list)
    assert alternatives[0]["letter"] == "N"
    assert 0.1 < alternatives[0]["confidence"] < 0.5
    assert 0.5 < events[1].confidence < 0.9


def test_doubtful_and_empty_frames_are_no_letters() -> None:
    frames = [(i / 30, showing(shape_of("A"), chances("A", 0.25))) for i in range(90)]
    frames += [(3 + i / 30, showing(shape_of("A"), chances(""))) for i in range(90)]
    assert read(frames, Speller(LABELS)) == []


def test_a_hand_that_gestures_does_not_spell() -> None:
    signer = Signer(fps=25, seed=5)
    rng = np.random.default_rng(5)
    for _ in range(60):
        letter = str(rng.choice(list("ACFLVO")))
        signer.move(shape_of(letter), 0.25, signer._place + rng.normal(0, 0.8, 2))
        signer._letter = letter
        signer.rest(0.04, most=0.6)
        signer._letter = ""
        signer.rest(0.04)
        signer.move(shape_of(""), 0.4, rng.normal(0, 0.8, 2))
        signer.rest(1.2)
    minutes = signer.time / 60
    assert minutes > 1.5
    assert len(letters(read(signer.frames, Speller(LABELS)))) <= minutes


def test_a_letter_passed_through_between_two_that_were_held_is_none() -> None:
    signer = Signer(fps=25, rate=1).spell("B")
    signer.move(shape_of("C"), 0.1)
    signer._letter = "C"
    signer.rest(0.12, most=0.6).spell("AG")
    assert letters(read(signer.frames, Speller(LABELS))) == "BAG"
    quick = Signer(fps=25, rate=5).spell("BCAG")
    assert letters(read(quick.frames, Speller(LABELS))) == "BCAG"


def shown(frames: list[tuple[float, str]], speller: Speller) -> list[str]:
    """What is shown beside a hand that seems to show these letters at these times."""
    found = []
    for time, letter in frames:
        speller.see([showing(shape_of(letter), chances(letter))], time)
        found.append(LABELS[speller.probabilities(1).argmax()])
    return found


def test_what_a_stream_begins_with_is_shown_at_once() -> None:
    assert shown([(0.0, "A")], Speller(LABELS)) == ["A"]


@pytest.mark.parametrize("fps", [4, 10, 30, 60])
def test_a_hand_that_comes_into_view_shows_its_letter_within_half_a_second(fps: float) -> None:
    speller = Speller(LABELS)
    speller.see([], 0.0)
    times = [index / fps for index in range(1, round(1.5 * fps))]
    found = dict(zip(times, shown([(time, "A") for time in times], speller), strict=True))
    assert {letter for time, letter in found.items() if time - times[0] < 0.15} == {""}
    assert {letter for time, letter in found.items() if time - times[0] > 0.5} == {"A"}


def test_a_hand_that_rests_shows_no_letter_that_flickers() -> None:
    speller = Speller(LABELS)
    letters = [""] * 30 + (["A"] * 3 + [""] * 25) * 2
    for index, letter in enumerate(letters):
        assert shown([(index / 30, letter)], speller) == [""]
        assert speller.text == ""


def test_a_hand_missed_for_a_moment_goes_on_showing_its_letter() -> None:
    speller = Speller(LABELS)
    shown([(index / 30, "A") for index in range(30)], speller)
    for index in range(30, 33):
        speller.see([], index / 30)
    assert shown([(33 / 30, "A")], speller) == ["A"]


def test_a_hand_that_was_away_has_to_show_its_letter_anew() -> None:
    speller = Speller(LABELS)
    shown([(index / 30, "A") for index in range(30)], speller)
    for index in range(30, 57):
        speller.see([], index / 30)
    found = shown([(index / 30, "A") for index in range(57, 90)], speller)
    assert found[:3] == [""] * 3
    assert found[15:] == ["A"] * 18


def test_each_of_unrelated_pictures_shows_its_letter() -> None:
    """They come once a second, each with a hand of its own."""
    speller = Speller(LABELS)
    for number, letter in enumerate("CAB"):
        hand = showing(shape_of(letter), chances(letter), track=number)
        speller.see([hand], float(number))
        assert LABELS[speller.probabilities(number).argmax()] == letter


@pytest.mark.parametrize("rate", [2, 4, 5])
@pytest.mark.parametrize("most", [0.95, 0.8])
def test_the_text_grows_letter_by_letter(rate: float, most: float) -> None:
    signer = Signer(rate=rate, fps=30)
    for letter in "CAKEBOX":
        signer.spell(letter, most=most)
    speller = Speller(LABELS)
    texts = [speller.text for _ in steps(signer.frames, speller)]
    assert all("CAKEBOX".startswith(text) for text in texts), texts
    lengths = sorted({len(text) for text in texts})
    assert lengths in ([*range(8)], [0, *range(2, 8)]), lengths


@pytest.mark.parametrize("rate", [1, 4])
def test_a_letter_says_when_it_came_into_the_text(rate: float) -> None:
    signer = Signer(rate=rate, fps=30).spell("CAKEBOX")
    speller = Speller(LABELS)
    came: dict[int, float] = {}
    told: list[float] = []
    for time, events in steps(signer.frames, speller):
        for count in range(1, len(speller.text) + 1):
            came.setdefault(count, time)
        told += [float(str(each.details["shown"])) for each in events if each.kind == "letter"]
    assert told == pytest.approx([came[count] for count in range(1, 8)], abs=0.001)


def test_letters_that_follow_each_other_are_shown_at_once() -> None:
    letters = "A" * 15 + "B" * 15
    found = shown([(index / 30, letter) for index, letter in enumerate(letters)], Speller(LABELS))
    assert found[:15] == ["A"] * 15
    assert found[18:] == ["B"] * 12


def test_letters_among_rests_without_a_sign_have_to_be_worth_more() -> None:
    def talk(none: str) -> str:
        signer = Signer(fps=25, seed=3)
        for letter in "COMCOL":
            signer.move(shape_of("X"), 0.3)
            signer._letter = none
            signer.rest(0.6)
            signer.move(shape_of(letter), 0.3)
            signer._letter = letter
            signer.rest(0.28, most=0.75)
        return letters(read(signer.frames, Speller(LABELS)))

    assert talk("") == ""
    assert talk("X") == "XCXOXMXCXOXL"


def test_a_hand_that_comes_back_shows_its_letter_once() -> None:
    signer = Signer(fps=25).spell("BLOB").leave(0.7)
    signer.move(shape_of("B"), 0.04, np.add(signer._place, (0.0, -1.5)))
    signer._letter = "B"
    signer.rest(0.04).move(shape_of("B"), 0.1, np.add(signer._place, (0.0, 1.5))).rest(0.3)
    signer.spell("Y")
    assert letters(read(signer.frames, Speller(LABELS))) == "BLOBBY"


@pytest.mark.parametrize("letter", "JZ")
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("seconds", "size"), [(0.4, 0.8), (0.9, 1.0), (1.6, 2.0)])
def test_a_drawn_letter_takes_the_place_of_its_handshape(
    letter: str, right: bool, seconds: float, size: float
) -> None:
    signer = Signer(fps=30, right=right).spell("CA").draw(letter, seconds, size).spell("KE")
    assert letters(read(signer.frames, Speller(LABELS))) == f"CA{letter}KE"


def test_i_before_j_is_kept_if_it_was_held_as_long_as_other_letters() -> None:
    signer = Signer(fps=30, rate=1.5).spell("FGHI").rest(0.2).draw("J").spell("KL")
    assert letters(read(signer.frames, Speller(LABELS))) == "FGHIJKL"


def waiting(*letters: tuple[str, float, float, float]) -> SigningHand:
    """A hand whose letters (label, start, end, held) wait to be reported."""
    signing = SigningHand(LABELS, showing(shape_of("A"), chances("A")), 0.0, DEFAULT)
    signing.company = True
    signing.waiting = [
        Letter(label, start, end, end, 0.9, [], "right", 1, held, held)
        for label, start, end, held in letters
    ]
    return signing


def test_what_lies_before_another_letter_does_not_begin_a_drawing() -> None:
    signing = waiting(("L", 0.5, 0.63, 0.1), ("A", 0.67, 0.83, 0.05), ("D", 0.9, 1.2, 0.05))
    signing._draw(Drawing("Z", 0.88, 1.2, 0.9, 1.3))
    assert [each.label for each in signing.waiting] == ["L", "A", "Z"]


@pytest.mark.parametrize(("held", "read_as"), [(0.04, "CZ"), (0.07, "CROP")])
def test_a_hand_that_rests_in_other_letters_draws_none(held: float, read_as: str) -> None:
    rest = (("R", 0.5, 0.63, held), ("O", 0.7, 0.83, held), ("P", 0.9, 1.03, held))
    signing = waiting(("C", 0.0, 0.4, 0.28), *rest)
    signing._draw(Drawing("Z", 0.43, 1.17, 0.9, 1.2))
    assert "".join(each.label for each in signing.waiting) == read_as


def test_a_letter_that_a_hand_shakes_into_two_is_one() -> None:
    signing = waiting(("M", 0.0, 0.3, 0.033), ("M", 0.33, 0.43, 0.014), ("P", 0.5, 0.67, 0.071))
    signing.waiting.append(Letter("G", 0.7, 1.0, 1.0, 1.0, [], "right", 1, 0.187, 0.187))
    assert not signing._stands(0)
    settled = signing.settle(2.0, finally_=True)
    assert [(each.label, each.start, each.end) for each in settled][:1] == [("M", 0.0, 0.43)]
    assert [each.label for each in settled] == ["M", "P", "G"]


def test_the_shape_that_drew_is_no_letter_in_the_text_while_it_rests() -> None:
    shape = shape_of("I")
    signing = SigningHand(LABELS, showing(shape, chances("I")), 0.0, DEFAULT)
    signing.company, signing.drawn = True, "J"
    sign = Sign(signing.decoder.labels, 0.0, 0.1, 0.1, chances("I"), True, shape[:, :2])
    signing.decoder.sign = sign
    texts = []
    for sign.worth in (0.05, 0.2):
        texts.append([each.label for each in signing.showing()])
    assert texts == [[], ["I"]]


@pytest.mark.parametrize(("likeness", "read_as"), [(0.975, ""), (0.998, "J")])
def test_a_hand_that_held_a_y_and_sinks_draws_no_j(likeness: float, read_as: str) -> None:
    shape = shape_of("Y")
    signing = SigningHand(LABELS, showing(shape, chances("Y")), 0.0, DEFAULT)
    sign = Sign(signing.decoder.labels, 0.0, 1.5, 0.1, chances("Y"), True, shape[:, :2])
    sign.worth = 0.9
    signing.decoder.sign = sign
    signing._draw(Drawing("J", 1.4, 1.7, likeness, 1.7))
    assert "".join(each.label for each in signing.waiting) == read_as


@pytest.mark.parametrize(("sure", "read_as"), [(0.6, ""), (0.98, "Z")])
def test_a_hand_that_has_not_spelt_draws_only_what_is_beyond_doubt(
    sure: float, read_as: str
) -> None:
    signing = SigningHand(LABELS, showing(shape_of("D"), chances("D")), 0.0, DEFAULT)
    signing._draw(Drawing("Z", 0.4, 1.2, sure, 1.3))
    assert "".join(each.label for each in signing.settle(4.0, finally_=True)) == read_as


def test_no_sign_is_doubted_less_of_a_hand_that_spells_or_is_held_still() -> None:
    vague = {"most": 0.95, "rival": ""}  # an idle hand may look so for a moment

    def read_of(signer: Signer) -> str:
        return letters(read(signer.rest(0.1).leave(2.0).frames, Speller(LABELS)))

    assert read_of(Signer().spell("K", **vague)) == ""
    assert read_of(Signer().spell("CA").spell("K", **vague).spell("E")) == "CAKE"
    assert read_of(Signer(rate=0.2).spell("K", **vague)) == "K"


def test_still_i_and_d_stay_what_they_are() -> None:
    signer = Signer(fps=30, rate=1.5).spell("DIKID")
    assert letters(read(signer.frames, Speller(LABELS))) == "DIKID"


@pytest.mark.parametrize(("text", "rate"), [("OK", 1), ("OK", 1.7), ("HEY", 3), ("A", 1)])
def test_a_short_word_after_an_idle_hand(text: str, rate: float) -> None:
    signer = Signer(fps=30, rate=rate).rest(2.0).spell(text).leave(1.6)
    assert letters(read(signer.frames, Speller(LABELS))) == text


def test_a_pause_or_a_lowered_hand_ends_the_word() -> None:
    signer = Signer(fps=30).spell("CAB").move(shape_of(""), 0.2)
    signer._letter = ""
    signer.rest(2.0).spell("THE").leave(1.6).spell("BOX")
    speller = Speller(LABELS, WORDS)
    events = read(signer.frames, speller)
    assert speller.text == "CAB THE BOX"
    words = [each for each in events if each.kind == "word"]
    assert [each.label for each in words] == ["CAB", "THE", "BOX"]
    assert words[0].details["letters"] == "CAB"
    assert words[0].start < words[0].end < words[1].start


def test_a_hand_back_within_a_second_goes_on() -> None:
    signer = Signer(fps=30).spell("CA").leave(0.8).spell("B")
    speller = Speller(LABELS)
    read(signer.frames, speller)
    assert speller.text == "CAB"


def test_letters_in_doubt_are_mended_and_names_are_not() -> None:
    signer = Signer(fps=30).spell("HE").spell("Y", most=0.55, rival="L").spell("LO")
    speller = Speller(LABELS, WORDS)
    events = read(signer.frames, speller)
    assert letters(events) == "HEYLO"
    assert speller.text == "HELLO"
    assert events[-1].details["letters"] == "HEYLO"
    name = Signer(fps=30).spell("HEYLO")
    speller = Speller(LABELS, WORDS)
    events = read(name.frames, speller)
    assert speller.text == "HEYLO"
    assert "HEYLO" in str(events[-1].details)


def test_two_hands_have_a_text_each() -> None:
    one = Signer(fps=30, track=1).spell("CAB")
    two = Signer(fps=30, track=2, right=False, seed=3).spell("BOX")
    speller = Speller(LABELS)
    events = []
    for (time, first), (_, second) in zip(one.frames, two.frames, strict=False):
        events += speller.see([each for each in (first, second) if each], time)
    events += speller.finish()
    assert sorted(speller.text.split("\n")) == ["BOX", "CAB"]
    hands = {event.label: event.details["hand"] for event in events if event.kind == "letter"}
    assert hands["X"] == "left"
    assert hands["C"] == "right"


def test_commands_change_the_text_alone() -> None:
    speller = Speller(LABELS, WORDS)
    signer = Signer(fps=30).spell("CAB").leave(1.5).spell("HEL")
    shown = [
        each
        for _, events in itertools.islice(steps(signer.frames, speller), 0, None)
        for each in events
    ]
    assert speller.text == "CAB HEL"
    speller.command("backspace")
    speller.command("backspace")
    assert speller.text == "CAB HE"
    speller.command("delete-word")
    assert speller.text == "CAB"
    speller.command("unknown")
    assert speller.text == "CAB"
    speller.command("space")
    assert speller.text == "CAB"
    speller.command("clear")
    speller.command("backspace")
    speller.command("accept")
    assert speller.text == ""
    assert letters(shown) == "CABHEL"


def test_backspace_takes_back_the_letter_that_is_being_held() -> None:
    speller = Speller(LABELS)
    signer = Signer(fps=30).spell("CAB").rest(1)
    for time, each in signer.frames[:-20]:
        speller.see([each] if each else [], time)
    assert speller.text == "CAB"
    speller.command("backspace")
    assert speller.text == "CA"
    for time, each in signer.frames[-20:]:
        speller.see([each] if each else [], time)
    assert speller.text == "CA"


def test_a_proposal_can_be_accepted() -> None:
    speller = Speller(LABELS, WORDS)
    signer = Signer(fps=30).spell("HELO")
    for time, each in signer.frames:
        speller.see([each] if each else [], time)
    assert speller.proposal is not None
    assert speller.proposal.word == "HELLO"
    speller.command("accept")
    assert speller.text == "HELLO"
    events = speller.see([], signer.time)
    assert [event.label for event in events] == ["O", "HELLO"]


def test_arrows_go_through_what_a_word_may_be() -> None:
    speller = Speller(LABELS, WORDS)
    signer = Signer(fps=30).spell("HELO")
    for time, each in signer.frames:
        speller.see([each] if each else [], time)
    words = []
    for _ in range(4):
        assert speller.proposal is not None
        words.append(speller.proposal.word)
        speller.command("next-word")
    assert words[0] == "HELLO"
    assert set(words) >= {"HELLO", "HELO", "HELP"}
    speller.command("previous-word")
    while speller.proposal is not None and speller.proposal.word != "HELP":
        speller.command("next-word")
    speller.command("accept")
    assert speller.text == "HELP"
    words = []
    for _ in range(4):
        speller.command("previous-word")
        words.append(speller.text)
    assert "HELO" in words
    assert "HELLO" in words
    events = speller.finish()
    assert [event.label for event in events if event.kind == "word"] == ["HELP"]


def test_memory_does_not_grow() -> None:
    speller = Speller(LABELS)
    time = 0.0
    for track in range(300):
        signer = Signer(fps=10, track=track).spell("A")
        for offset, each in signer.frames:
            speller.see([each] if each else [], time + offset)
        time += 3
    assert len(speller._hands) <= 2
    assert len(speller._lines) <= 2
    decoder = Decoder(LABELS, DEFAULT)
    for index in range(500):
        decoder.see(index / 100, chances("A"), shape_of("A"), right=True)
    assert len(decoder.motion._looks) < 10


def test_where_the_empty_label_stands_does_not_matter() -> None:
    labels = ("", *LABELS[:-1], "HELLO")
    speller = Speller(labels)
    signer = Signer(fps=30).spell("CAB")
    for time, each in signer.frames:
        assert each is not None
        moved = np.concatenate((each.probabilities[-1:], each.probabilities[:-1], [0]))
        speller.see([showing_with(each, moved.astype(np.float32))], time)
    speller.finish()
    assert speller.text == "CAB"


def showing_with(each: Showing, probabilities: NDArray[np.float32]) -> Showing:
    from dataclasses import replace

    return replace(each, probabilities=probabilities)


def test_an_open_hand_that_is_held_takes_the_proposal() -> None:
    signer = Signer(fps=30).spell("HELO")
    signer._letter = ""
    signer.move(hand((1, 1, 1, 1), spread=0.3), 0.2).rest(1.1)
    speller = Speller(LABELS, WORDS)
    for time, each in signer.frames:
        speller.see([each] if each else [], time)
    assert speller.text == "HELLO"


def test_an_open_hand_that_waves_takes_a_letter_back() -> None:
    signer = Signer(fps=30).spell("CAB")
    signer._letter = ""
    open_hand = hand((1, 1, 1, 1), spread=0.3)
    signer.move(open_hand, 0.2)
    for place in (0.7, 0.0, 0.7, 0.0):
        signer.move(open_hand, 0.2, (place, 0))
    speller = Speller(LABELS)
    for time, each in signer.frames:
        speller.see([each] if each else [], time)
    assert speller.text == "CA"
    assert letters(speller.finish()) == ""


def test_an_hour_leaves_memory_as_it_was() -> None:
    speller = Speller(LABELS, WORDS)
    signer = Signer(fps=8, rate=1.5).spell("CAB").move(shape_of(""), 0.2)
    signer._letter = ""
    signer.rest(1.8)
    sizes = []
    for turn in range(int(3600 / signer.time / 10)):
        for time, each in signer.frames:
            speller.see([each] if each else [], 10 * turn * signer.time + time)
        one = speller._hands[1]
        sizes.append(
            len(one.waiting) + len(one.dwell) + len(one.drawings._moments) + len(speller._lines)
        )
    assert max(sizes[-10:]) <= max(sizes[5:15])
    assert len(speller.text) <= 5000


def test_a_hand_within_a_hand_is_none() -> None:
    from livevision.frame import Box
    from livevision.locators.hands import Hand
    from livevision.recognizers.signs.recognizer import _distinct

    def seen(box: Box, track: int) -> Hand:
        points = np.zeros((21, 3), np.float32)
        return Hand(box, points, points, True, 0.9, track, np.zeros(1152, np.float32), 0.0)

    whole, part = seen(Box(62, 25, 149, 178), 1), seen(Box(52, 99, 128, 165), 2)
    other = seen(Box(120, 25, 220, 178), 3)
    assert _distinct([whole, part, other]) == [whole, other]


def test_a_word_without_end_is_ended() -> None:
    signer = Signer(rate=4, fps=25).spell("CAKEBOXLSU" * 12)
    speller = Speller(LABELS, WORDS)
    events = read(signer.frames, speller)
    assert len(letters(events)) == 120
    assert [len(each.label) for each in events if each.kind == "word"] == [
        LONGEST_WORD,
        20,
    ]


def test_a_letter_is_weighed_by_its_neighbours() -> None:
    def held(label: str, start: float, worth: float, confidence: float = 0.99) -> Letter:
        end = start + worth / 0.6
        return Letter(label, start, end, start, confidence, [], "right", 1, worth, worth)

    def stands(letter: Letter, before: list[Letter], after: list[Letter]) -> bool:
        return passing.stands(passing.features(letter, before, after, 0.6), DEFAULT.passing)

    slow, quick = held("T", 0.0, 0.6), [held("A", 0.8, 0.08), held("C", 1.2, 0.09)]
    assert stands(held("X", 1.05, 0.1), [], [])
    assert stands(quick[0], [slow], [quick[1]])  # a quick word after a letter that was held
    assert not stands(held("X", 1.05, 0.02), [slow], [held("T", 1.1, 0.6)])
    assert not stands(held("X", 1.05, 0.03, 0.6), [slow], [])  # the hand goes down
    assert stands(held("T", 1.05, 0.4), [slow], [])  # twice
    assert not stands(held("T", 1.05, 0.04), [slow], [])


def test_a_held_letter_that_may_be_another_is_no_less_held() -> None:
    signer = Signer(fps=30, rate=2).spell("CA")
    signer.move(shape_of("S"), 0.2)
    signer._letter = "S"
    signer.rest(0.5, most=0.55, rival="E").spell("KE")
    assert letters(read(signer.frames, Speller(LABELS))) == "CASKE"
    decoder = Decoder(LABELS, DEFAULT)
    worth, held = decoder._worths(chances("S", 0.55, "E")[decoder._order])
    place = decoder.labels.index("S")
    assert held[place] > 2 * worth[place] > 0
    assert held[decoder.labels.index("E")] == worth[decoder.labels.index("E")]


def test_a_first_letter_waits_for_what_shows_that_it_was_passed_through() -> None:
    signer = Signer(fps=30)
    signer.spell("K").rest(0.5)
    passed = Signer(fps=30, rate=9).spell("O")
    passed.rate = 1
    passed.spell("K").rest(1.0)
    speller = Speller(LABELS)
    assert letters(read(passed.frames, speller)) == "K"
    assert letters(read(signer.frames, Speller(LABELS))) == "K"


def test_an_i_that_is_held_before_a_j_is_read_by_a_slow_hand_too() -> None:
    signer = Signer(rate=0.37, fps=30).spell("HAB").draw("J", before=1.06)
    assert letters(read(signer.frames, Speller(LABELS))) == "HABIJ"
    signer = Signer(rate=0.37, fps=30).spell("HAB").draw("J", before=0.4)
    assert letters(read(signer.frames, Speller(LABELS))) == "HABJ"
