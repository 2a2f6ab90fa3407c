import argparse
import itertools
from pathlib import Path

import numpy as np
import pytest

from livevision import assets
from livevision.__main__ import main
from livevision.errors import OutputError, SinkClosed, UsageError
from livevision.frame import Box, Detection, Frame, Image, Result
from livevision.pipeline import Controls
from livevision.recognizers.signs.coach import BEGINNINGS, DIFFERENCES, HOW, PATIENCE, Coach, tip
from livevision.recognizers.signs.commands import practice
from livevision.recognizers.signs.commands.practice import Lesson, Page
from livevision.sinks.overlay import Look, Status

CLIP = str(assets.folder("recordings") / "jawsclub.mp4")


def asked(*words: str, **options: object) -> argparse.Namespace:
    known = {"letters": "", "count": 10, "seed": 1}
    return argparse.Namespace(words=list(words), **{**known, **options})


def test_right_letters_lead_through_the_words() -> None:
    coach = Coach(["CAB", "Z"])
    assert (coach.letter, coach.word, coach.place) == ("C", "CAB", 0)
    assert not coach.see("", 0.0)
    assert not coach.see("C", 1.0)
    assert coach.good
    assert "C is right" in coach.message
    assert not coach.see("CA", 2.0)
    assert coach.see("CAB", 3.0)
    assert coach.word == "Z"
    coach.restarted()
    assert not coach.see("D", 4.0)
    assert not coach.see("D", 6.0)  # a hand that is about to draw Z
    assert coach.see("Z", 7.0)
    assert coach.done
    assert coach.right == 4
    assert coach.letters_per_minute == pytest.approx(60 * 4 / 7)


def test_a_wrong_letter_gets_a_tip_once_it_stays() -> None:
    coach = Coach(["A"])
    coach.see("S", 0.0)
    assert coach.message == ""
    coach.see("S", PATIENCE + 0.1)
    assert not coach.good
    assert coach.message == "Thumb across the fingers makes S; beside them makes A."
    coach.see("S", 5.0)
    assert coach.wrong == {"A": 1}
    assert coach.see("SA", 6.0)
    assert coach.right == 0
    assert coach.weak == ["A"]
    assert "0 of 1 letters right at once" in coach.report()
    assert "needs work: A" in coach.report()


def test_letters_passed_through_are_no_mistake() -> None:
    coach = Coach(["B"])
    coach.see("E", 0.0)
    coach.see("", 0.3)
    assert coach.see("B", 0.6)
    assert coach.right == 1
    assert not coach.wrong


def test_double_letters_have_to_be_signed_twice() -> None:
    coach = Coach(["LL"])
    coach.see("L", 1.0)
    assert not coach.see("L", 3.0)
    assert coach.place == 1
    assert coach.see("LL", 4.0)


def test_skipped_and_slow_letters_need_work() -> None:
    coach = Coach(["QX"])
    coach.see("", 0.0)
    coach.skip(1.0)
    assert "Q" in coach.message
    coach.see("", 1.0)
    coach.see("X", 9.0)
    assert coach.weak == ["Q", "X"]
    assert coach.right == 1
    assert not coach.skip(10.0)


def test_there_is_a_word_on_every_letter_and_every_mistake() -> None:
    assert len(HOW) == 26
    for expected, read in DIFFERENCES:
        assert expected != read
        assert read in tip(expected, read) or expected in tip(expected, read)
    for letter in HOW:
        assert tip(letter, "?").endswith(f"{letter}: {HOW[letter]}.")
    assert set(BEGINNINGS) == {"J", "Z"}


def test_lessons_are_what_was_asked_for() -> None:
    assert practice.lesson(asked("hello", "Jazz"), {}) == ["HELLO", "JAZZ"]
    assert practice.lesson(asked("hello Jazz", "x"), {}) == ["HELLO", "JAZZ", "X"]
    drawn = practice.lesson(asked(letters="mn", count=6), {})
    assert len(drawn) == 6
    assert set(drawn) == {"M", "N"}
    assert all(one != other for one, other in itertools.pairwise(drawn))
    usual = practice.lesson(asked(), {})
    assert len(usual) == 13
    assert all(len(each) == 1 for each in usual[:10])
    assert all(3 <= len(each) <= 6 for each in usual[10:])
    assert usual == practice.lesson(asked(), {})
    weak = practice.lesson(asked(letters="ABCDEFGH", count=100), {"C": 10})
    assert weak.count("C") > 25
    for wrong in (asked("HELLO!"), asked("naïve"), asked(""), asked(letters="A1")):
        with pytest.raises(UsageError, match="A to Z"):
            practice.lesson(wrong, {})


def test_progress_is_kept_if_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    assert practice.read_progress(file) == {}
    coach = Coach(["AB"])
    coach.see("", 0)
    coach.skip(0.5)
    coach.see("B", 1)
    practice.write_progress(file, {"B": 1, "C": 2}, coach)
    assert practice.read_progress(file) == {"A": 1, "C": 2}
    assert list(tmp_path.iterdir()) == [file]
    for broken in ("{", "[]", '{"needs_work": {"A": "x"}}'):
        file.write_text(broken)
        with pytest.raises(UsageError, match="progress"):
            practice.read_progress(file)
    with pytest.raises(OutputError):
        practice.write_progress(tmp_path / "none" / "p.json", {}, coach)


def test_a_letter_that_was_never_right_needs_work_too(tmp_path: Path) -> None:
    coach = Coach(["H"])
    for time in range(3):
        coach.see("U", time)
    assert not coach.done
    assert "needs work: H" in coach.report()
    assert "No letter was right yet." in coach.report()
    file = tmp_path / "progress.json"
    practice.write_progress(file, {}, coach)
    assert practice.read_progress(file) == {"H": 1}


def seen(image: Image | None = None) -> Result:
    image = np.full((480, 640, 3), 77, np.uint8) if image is None else image
    hand = Detection("hand", Box(200, 100, 300, 250), "S", 0.9)
    return Result(Frame(image, 0, 0.0), (hand,), text="HE")


@pytest.mark.parametrize("text_size", [1.0, 2.0])
@pytest.mark.parametrize("size", [(854, 480), (640, 480), (1280, 720), (1920, 1080), (480, 900)])
def test_the_page_holds_all_of_it_at_any_size(size: tuple[int, int], text_size: float) -> None:
    look, coach = Look(text_size=text_size), Coach(["HELLO"])
    page = Page(coach, flipped=False)
    first = page(seen(), look, Status(), size)
    assert first.shape == (size[1], size[0], 3)
    assert first.std() > 15
    coach.see("", 0)
    coach.see("S", 1)
    coach.see("S", 3)
    assert len(coach.message) > 20
    second = page(seen(), look, Status(), size)
    rows = np.abs(first.astype(int) - second).max(axis=(1, 2)).nonzero()[0]
    # what is said ends above the line of keys
    keys = np.abs(page(seen(), look, Status(notice="Saved"), size).astype(int) - second)
    assert rows.max() < keys.max(axis=(1, 2)).nonzero()[0].min()
    assert not np.array_equal(second, page(seen(), look, Status(panel=practice.HELP), size))
    for index, text in enumerate(("SH", "SHE", "SHEL", "SHELL", "SHELLO")):
        coach.see(text, 4 + index)
    assert coach.done
    last = page(seen(), look, Status(), size)
    assert last.shape == first.shape
    assert not np.array_equal(last, second)


def test_the_page_tells_how_far_the_lesson_is() -> None:
    coach = Coach(["HI", "A"])
    page = Page(coach, flipped=False)
    assert (page.card().place, page.card().count, page.card().letter) == (0, 3, "H")
    coach.see("H", 1)
    card = page.card()
    assert (card.spelt, card.letter, card.rest, card.place) == ("H", "I", "", 1)
    coach.see("HI", 2)
    coach.skip(3)
    report = page.report()
    assert report.title == "2 / 3"
    assert report.letters == (("A", HOW["A"], False), ("H", "", True), ("I", "", True))


def test_hands_are_turned_for_a_mirror() -> None:
    one, other = (
        Page(Coach(["L"]), flipped=flipped)(seen(), Look(), Status(), (1280, 720))
        for flipped in (False, True)
    )
    assert not np.array_equal(one, other)
    assert np.array_equal(one[:, :700], other[:, :700])


def test_the_last_letter_is_asked_for_once_more() -> None:
    coach = Coach(["AB", "C"])
    assert not coach.redo()
    coach.see("A", 1)
    coach.see("AS", 2)
    coach.see("AS", 4)  # B is missed
    coach.skip(5)
    coach.see("ASC", 6)
    assert coach.done
    assert (coach.right, coach.weak) == (2, ["B"])
    assert coach.redo()
    assert (coach.letter, coach.number, coach.right) == ("C", 2, 1)
    assert coach.redo()
    assert (coach.letter, coach.word, coach.number) == ("B", "AB", 1)
    assert not coach.wrong
    assert not coach.skipped
    assert not coach.see("ASC", 7)  # what was there before does not count
    assert coach.see("ASCB", 8)
    assert coach.see("ASCBC", 9)
    assert (coach.right, coach.weak, coach.asked.total()) == (3, [], 3)


def test_a_lesson_is_begun_again_or_with_what_needs_work() -> None:
    coach, controls = Coach(["AB"]), Controls()
    lesson = Lesson(coach, controls, tell=False)
    lesson.command("weak")  # at the end alone
    lesson.write(seen())
    lesson.command("skip")
    lesson.command("skip")
    assert coach.done
    lesson.command("weak")
    assert coach.words == ["A", "B"]
    assert (coach.done, coach.number) == (False, 0)
    lesson.command("skip")
    lesson.command("redo")
    assert coach.number == 0
    lesson.command("again")
    assert (coach.words, coach.message) == (["A", "B"], "")


def test_a_lesson_ends_the_run_and_clears_the_text_between_words() -> None:
    coach, controls = Coach(["A", "B"]), Controls()
    lesson = Lesson(coach, controls, tell=True)
    image = np.zeros((4, 4, 3), np.uint8)
    lesson.write(Result(Frame(image, 0, 0.0), text="A"))
    assert list(controls.take()) == ["clear"]
    lesson.command("clear")
    with pytest.raises(SinkClosed):
        lesson.write(Result(Frame(image, 1, 1.0), text="B"))
    assert coach.done


def test_a_word_is_practised_with_a_clip(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["practice", "JAWSCLUB", "--source", CLIP, "--no-window"]
    assert main([*words, "--signs-model", "landmarks"]) == 0
    out = capsys.readouterr().out
    assert "W (JAWSCLUB): " in out
    assert "8 of 8 letters right at once (100%)" in out


@pytest.mark.long
def test_what_is_not_signed_is_not_praised(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["practice", "JAB", "--source", CLIP, "--no-window", "--signs-model", "landmarks"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "A is right." in out
    assert "That was W. B: four straight fingers" in out
    assert "2 of 3 letters right at once" in out


def test_bad_input_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", "a1", "--source", CLIP]) == 2
    assert main(["practice", "A", "--source", str(tmp_path / "none.mp4"), "--no-window"]) == 3
    progress = str(tmp_path / "none" / "progress.json")
    assert main(["practice", "A", "--source", CLIP, "--no-window", "--progress", progress]) == 6
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert len([line for line in error.splitlines() if line.startswith("livevision:")]) == 3
