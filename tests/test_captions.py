import re
import stat
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from clips import some

from livevision.errors import OutputError, UsageError
from livevision.frame import Event, Frame, Result
from livevision.sinks import captions as module
from livevision.sinks.captions import LINE, Captions, Character, Cue, cues

BLANK = np.zeros((4, 4, 3), np.uint8)


def result(seconds: float, text: str, *events: Event) -> Result:
    return Result(Frame(BLANK, round(seconds * 30), seconds), text=text, events=events)


def letter(label: str, start: float, end: float) -> Event:
    return Event("letter", label, start, end, 0.9, {"hand": "right"})


def written(path: Path, *results: Result) -> str:
    with Captions(path) as captions:
        for each in results:
            captions.write(each)
    return path.read_text(encoding="utf-8")


def spelled(text: str, start: float = 0.0, step: float = 0.5) -> list[Result]:
    """Each letter appears while it is signed; its event comes when it is over."""
    results = []
    for index, label in enumerate(text):
        begin = start + index * step
        results.append(result(begin + 0.15, text[: index + 1]))
        event = [] if label == " " else [letter(label, begin, begin + 0.4)]
        results.append(result(begin + 0.45, text[: index + 1], *event))
    return results


def test_srt(tmp_path: Path) -> None:
    text = written(tmp_path / "out.srt", *spelled("HI YOU", 1.0))
    assert text == "1\n00:00:01,000 --> 00:00:05,900\nHI YOU\n\n"


def test_vtt_is_escaped(tmp_path: Path) -> None:
    text = written(tmp_path / "out.vtt", result(3661.5, "A<B & 李"))
    assert text == "WEBVTT\n\n01:01:01.500 --> 01:01:03.500\nA&lt;B &amp; 李\n\n"


def test_txt_is_the_text(tmp_path: Path) -> None:
    assert written(tmp_path / "out.txt", *spelled("HI YOU")) == "HI YOU\n"


@pytest.mark.parametrize(("ending", "empty"), [(".srt", ""), (".vtt", "WEBVTT\n\n"), (".txt", "")])
def test_nothing_signed_is_a_valid_file(tmp_path: Path, ending: str, empty: str) -> None:
    assert written(tmp_path / f"out{ending}") == empty


def test_players_read_it(tmp_path: Path) -> None:
    text = "MANY WORDS " * 12
    for ending in (".srt", ".vtt"):
        path = tmp_path / f"out{ending}"
        written(path, *spelled(text.strip()))
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux() if packet.size]
        assert len(packets) >= 3
        starts = [some(packet.pts) * packet.time_base for packet in packets]
        assert starts == sorted(starts)
        assert float(starts[0]) == 0.0
        assert "MANY WORDS" in bytes(packets[0]).decode()


def test_what_was_taken_back_goes_from_the_file(tmp_path: Path) -> None:
    steps = [result(0.0, "H"), result(1.0, "HX"), result(2.0, "H"), result(3.0, "HI")]
    assert written(tmp_path / "out.srt", *steps) == "1\n00:00:00,000 --> 00:00:05,000\nHI\n\n"
    assert written(tmp_path / "out.txt", *steps, result(4.0, "")) == ""


def test_an_accepted_proposal_keeps_the_time_of_what_it_replaces(tmp_path: Path) -> None:
    steps = [*spelled("SEE HELO"), result(8.0, "SEE HELLO"), result(9.0, "SEE HELLO YOU")]
    text = written(tmp_path / "out.vtt", *steps)
    assert "SEE HELLO" in text
    assert re.search(r"00:00:00\.000 --> ", text)
    steps = [*spelled("CAT", 1.0), result(8.0, "DOG")]
    assert written(tmp_path / "out.vtt", *steps).splitlines()[2:4] == [
        "00:00:01.000 --> 00:00:04.400",
        "DOG",
    ]


def test_a_word_that_comes_at_once_has_its_own_times(tmp_path: Path) -> None:
    word = Event("word", "hello", 2.0, 4.5, 0.9, {"letters": "HELO"})
    text = written(tmp_path / "out.vtt", result(5.5, "hello", word))
    assert "00:00:02.000 --> 00:00:06.500\nhello" in text


def test_a_letter_that_is_drawn_has_not_the_time_of_the_one_it_replaces(tmp_path: Path) -> None:
    """A hand that rests as I, and again, before it draws a J."""
    steps = [result(0.1, "I"), result(0.8, "II"), result(1.4, "J", letter("J", 0.7, 1.3))]
    text = written(tmp_path / "out.vtt", *steps)
    assert "00:00:00.700 --> 00:00:03.300\nJ" in text


def test_a_double_letter_is_two(tmp_path: Path) -> None:
    path = tmp_path / "out.vtt"
    text = written(path, *spelled("LL", 1.0, 1.0))
    assert "00:00:01.000 --> 00:00:04.400\nLL" in text


def test_captions_break_between_words_and_at_pauses() -> None:
    def signed(text: str, start: float) -> list[Character]:
        return [Character(each, start + i / 10, start + i / 10) for i, each in enumerate(text)]

    long = cues(signed("WORD " * 30, 0.0))
    assert all(len(cue.text) <= LINE for cue in long)
    assert " ".join(cue.text for cue in long).split() == ["WORD"] * 30
    paused = cues([*signed("ONE ", 0.0), *signed("TWO", 10.0)])
    assert [cue.text for cue in paused] == ["ONE", "TWO"]
    assert paused[0] == Cue("ONE", 0.0, pytest.approx(2.2))  # type: ignore[arg-type]


def test_captions_of_one_hand_follow_each_other() -> None:
    characters = [
        Character(each, i * 0.7, i * 0.7 + 0.5) for i, each in enumerate("SOME WORDS " * 20)
    ]
    found = cues(characters)
    for one, other in pairwise(found):
        assert one.start < one.end <= other.start


def test_two_hands_texts(tmp_path: Path) -> None:
    steps = [result(0, "A"), result(1, "A\nX"), result(2, "AB\nX"), result(3, "AB\nXY")]
    text = written(tmp_path / "out.srt", *steps)
    assert "AB" in text
    assert "XY" in text


def test_the_file_is_whole_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "out.srt"
    pattern = re.compile(r"(\d+\n\S+ --> \S+\n.+\n\n)*")
    seen = set()
    with Captions(path) as captions:
        for each in spelled("ALL THE WORDS THAT ARE SIGNED IN A LONG TALK"):
            captions.write(each)
            content = path.read_text(encoding="utf-8")
            assert pattern.fullmatch(content)
            seen.add(content)
            assert [file.name for file in tmp_path.iterdir()] == ["out.srt"]
    assert len(seen) > 10
    assert "TALK" in path.read_text(encoding="utf-8")


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "out.srt"
    path.write_text("old")
    path.chmod(0o644)
    written(path, result(0, "A"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["out.doc", "out", "out.mp4"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.srt"):
        Captions(tmp_path / name)


def test_a_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Cannot write .*out\.srt: No such file"):
        Captions(tmp_path / "none" / "out.srt").__enter__()
    (tmp_path / "folder.srt").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        Captions(tmp_path / "folder.srt").__enter__()


def test_a_full_disk_leaves_the_last_good_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.srt"

    def full(old: Path, new: Path) -> None:
        raise OSError(28, "No space left on device")

    with Captions(path) as captions:
        captions.write(result(0, "GOOD"))
        monkeypatch.setattr("os.replace", full)
        with pytest.raises(OutputError, match="No space left"):
            captions.write(result(5, "GOOD AND MORE"))
    assert "GOOD\n" in path.read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["out.srt"]


WORDS = ("HELLO", "MY", "NAME", "IS", "ANNA", "AND", "YOURS", "PLEASED", "TO", "MEET", "YOU")


def signed(seconds: float, *, keep: int = 10**9) -> Iterator[Result]:
    """Two letters a second, words with a pause now and then; of the text the last `keep` stay."""
    text, time, number = "", 0.0, 0
    while time < seconds:
        word = WORDS[number % len(WORDS)]
        for label in word:
            text += label
            yield result(time + 0.15, text)
            yield result(time + 0.45, text, letter(label, time, time + 0.4))
            time += 0.5
        text = (text + " ")[-keep:]
        number += 1
        time += 4.0 if number % 7 == 0 else 0.5


@pytest.mark.parametrize("ending", [".srt", ".vtt", ".txt"])
def test_what_is_written_bit_by_bit_is_what_was_signed(ending: str, tmp_path: Path) -> None:
    """As if all were made anew from the whole text, though its beginning falls off."""
    whole, bits = tmp_path / f"whole{ending}", tmp_path / f"bits{ending}"
    with Captions(whole) as captions:
        for each in signed(600):
            captions.write(each)
    with Captions(bits) as captions:
        for each in signed(600, keep=400):
            captions.write(each)
        assert len(captions._characters) <= 410
    assert bits.read_text() == whole.read_text()
    everything = spelt(600)
    if ending == ".srt":
        said = [line for line in whole.read_text().splitlines() if line and line[0].isalpha()]
        assert " ".join(said) == everything
        numbers = [int(line) for line in whole.read_text().splitlines() if line.isdigit()]
        assert numbers == list(range(1, len(said) + 1))


def spelt(seconds: float) -> str:
    *_, last = signed(seconds)
    return last.text


def test_after_hours_a_second_costs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look is at what was signed of late alone; before, it was at all of it."""
    looked: list[int] = []
    real = module._groups

    def groups(characters: Sequence[Character]) -> list[module._Group]:
        looked.append(len(characters))
        return real(characters)

    monkeypatch.setattr(module, "_groups", groups)
    with Captions(tmp_path / "out.srt") as captions:
        for each in signed(1800, keep=5000):
            captions.write(each)
    assert max(looked) < 300
    assert max(looked[-300:]) <= max(looked[:300])


def test_what_is_cleared_goes_from_the_file_though_it_was_settled(tmp_path: Path) -> None:
    path = tmp_path / "out.srt"
    with Captions(path) as captions:
        for each in signed(300):
            captions.write(each)
        captions.command("clear")
        captions.write(result(302.0, ""))
        captions.write(result(304.0, "NEW"))
    assert path.read_text().splitlines()[2] == "NEW"
    assert "HELLO" not in path.read_text()
    with Captions(path) as captions:
        for each in signed(300):
            captions.write(each)
        captions.write(result(302.0, "HELLO"))  # all but the first word was taken back
    assert "NAME" not in path.read_text()


def test_an_hour_costs_little(tmp_path: Path) -> None:
    words = "WORD " * 2000
    with Captions(tmp_path / "out.srt") as captions:
        captions.write(result(0.0, words))
        times = []
        for index in range(300):
            start = time.perf_counter()
            captions.write(result(1.0 + index / 1000, words))
            times.append(time.perf_counter() - start)
        # the quickest tenth, so that a busy machine does not fail it
        assert sorted(times)[len(times) // 10] < 0.001
