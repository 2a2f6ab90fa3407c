import json
from pathlib import Path

import numpy as np
import pytest

from livevision.errors import OutputError
from livevision.frame import Box, Detection, Event, Frame, Result
from livevision.sinks.transcript import Transcript

BLANK = np.zeros((4, 4, 3), np.uint8)
ZOE = Detection("face", Box(100, 100, 180, 200), "Zoë", 0.9, 1)
LI = Detection("face", Box(420, 100, 500, 200), "李", 0.9, 2)


def hand(x: int, label: str, track: int) -> Detection:
    return Detection("hand", Box(x - 40, 220, x + 40, 320), label, 0.9, track)


def result(seconds: float, *detections: Detection, text: str = "", **more: object) -> Result:
    events = more.get("events", ())
    return Result(Frame(BLANK, 0, seconds), detections, events, text)  # type: ignore[arg-type]


def letter(label: str, start: float, end: float, **details: object) -> Event:
    return Event("letter", label, start, end, 0.9, {"hand": "right", **details})


def lines(path: Path, *results: Result) -> list[dict[str, object]]:
    with Transcript(path, source="clip") as transcript:
        for each in results:
            transcript.write(each)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def test_letters_with_times_and_alternatives(path: Path) -> None:
    event = letter("A", 0.5, 0.9, alternatives=[{"letter": "S", "confidence": 0.05}])
    header, first, text = lines(path, result(1.0, hand(150, "A", 1), text="A", events=(event,)))
    assert header["type"] == "header"
    assert first == {
        "type": "letter",
        "letter": "A",
        "kind": "letter",
        "label": "A",
        "start": 0.5,
        "end": 0.9,
        "confidence": 0.9,
        "hand": "right",
        "alternatives": [{"letter": "S", "confidence": 0.05}],
    }
    assert (text["type"], text["text"]) == ("text", "A")


@pytest.mark.parametrize("tracks", [False, True])
def test_who_signed_is_the_face_nearest_to_the_hand(path: Path, tracks: bool) -> None:
    one = {"track": 11} if tracks else {}
    other = {"track": 12} if tracks else {}
    frames = [
        result(index / 10, ZOE, LI, hand(200, "A", 11), hand(460, "B", 12)) for index in range(10)
    ]
    events = (letter("A", 0.2, 0.8, **one), letter("B", 0.3, 0.9, **other))
    read = lines(path, *frames, result(1.0, ZOE, LI, events=events))
    assert read[1]["signer"] == {"name": "Zoë", "track": 1}
    assert read[2]["signer"] == {"name": "李", "track": 2}


def test_a_name_that_comes_later_counts(path: Path) -> None:
    unknown = Detection("face", ZOE.box, "", 0.0, 1)
    frames = [result(0.1, unknown, hand(150, "A", 1)), result(0.2, ZOE, hand(150, "A", 1))]
    read = lines(path, *frames, result(0.3, ZOE, events=(letter("A", 0.0, 0.15),)))
    assert read[1]["signer"] == {"name": "Zoë", "track": 1}


def test_most_of_the_time_counts(path: Path) -> None:
    frames = [result(i / 10, ZOE, LI, hand(430 if i == 3 else 180, "A", 1)) for i in range(8)]
    read = lines(path, *frames, result(0.9, ZOE, LI, events=(letter("A", 0.0, 0.8),)))
    assert read[1]["signer"] == {"name": "Zoë", "track": 1}


def test_nobody_near(path: Path) -> None:
    read = lines(
        path,
        result(0.1, ZOE, hand(3000, "A", 1)),
        result(0.2, ZOE, events=(letter("A", 0.0, 0.15),)),
    )
    assert read[1]["signer"] is None


def test_people_pass_through_as_they_are(path: Path) -> None:
    person = Event("person", "Zoë", 0.0, 1.0, 0.9, {"track": 1})
    read = lines(path, result(1.0, ZOE, events=(person,)))
    assert read[1]["name"] == "Zoë"
    assert "signer" not in read[1]


def test_words_have_a_signer_too(path: Path) -> None:
    frames = [result(i / 10, ZOE, LI, hand(200, "HELLO"[i // 2], 5)) for i in range(10)]
    word = Event("word", "hello", 0.0, 0.9, 0.9, {"letters": "HELO"})
    read = lines(path, *frames, result(1.0, ZOE, LI, text="hello", events=(word,)))
    assert read[1]["word"] == "hello"
    assert read[1]["letters"] == "HELO"
    assert read[1]["signer"] == {"name": "Zoë", "track": 1}


def test_corrections_of_the_text_are_told(path: Path) -> None:
    texts = ["", "H", "HX", "H", "HI"]
    read = lines(path, *(result(float(i), text=text) for i, text in enumerate(texts)))
    told = [(each["text"], each["end"]) for each in read if each["type"] == "text"]
    assert told == [("H", 3.0), ("HI", 4.0)]


def test_every_line_is_there_at_once(path: Path) -> None:
    with Transcript(path, source="clip") as transcript:
        transcript.write(result(1.0, events=(letter("A", 0.0, 0.5),)))
        assert len(path.read_text().splitlines()) == 2


def test_nothing_grows_for_hours(path: Path) -> None:
    with Transcript(path, source="clip") as transcript:
        for second in range(3 * 3600):
            face = Detection("face", ZOE.box, f"guest {second}", 0.9, second)
            transcript.write(result(float(second), face, hand(200, "A", second)))
        assert len(transcript._near) < 100
        assert len(transcript._names) <= 1001


def test_a_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Transcript(tmp_path / "none" / "out.jsonl", source="clip").__enter__()
