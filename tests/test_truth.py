import json
from pathlib import Path
from typing import Any

import pytest

from livevision import truth
from livevision.errors import UsageError
from livevision.truth import Span, Truth


def clip(letters: str = "", people: str = "", step: float = 1.0) -> dict[str, Any]:
    return {
        "letters": [
            {"letter": letter, "start": index * step, "end": index * step + 0.6}
            for index, letter in enumerate(letters)
        ],
        "people": [{"name": name, "start": 0.0, "end": 2.0} for name in people],
        "text": letters,
    }


def expected(letters: str) -> Truth:
    spans = [Span(letter, float(index), index + 0.6) for index, letter in enumerate(letters)]
    return Truth({"letter": tuple(spans)})


def test_the_same_letters_at_the_same_times_agree() -> None:
    assert truth.compare(expected("SIGN"), clip("SIGN")).differences == []


@pytest.mark.parametrize(
    ("read", "says"),
    [
        ("SIXN", "G at 2.00 s was read as X"),
        ("SIN", "G at 2.00 s was not read"),
        ("SIGGN", "G read at"),
    ],
)
def test_a_wrong_a_missing_and_a_false_letter_are_told_apart(read: str, says: str) -> None:
    differences = truth.compare(expected("SIGN"), clip(read)).differences
    assert any(says in line for line in differences)


def test_a_letter_at_the_wrong_time_is_a_difference() -> None:
    late = clip("SIGN", step=3.0)
    assert truth.compare(expected("SIGN"), late).differences


def test_the_listing_is_aligned() -> None:
    top, bottom = truth.compare(expected("SIGN"), clip("SIN")).listing
    assert top.split()[1:] == ["S", "I", "G", "N"]
    assert bottom.split()[1:] == ["S", "I", "-", "N"]


def test_what_is_read_while_an_ignored_letter_is_signed_is_ignored_too() -> None:
    assert truth.compare(expected("AJB"), clip("AIB"), ignore="J").differences == []
    assert truth.compare(expected("AJB"), clip("AIX"), ignore="J").differences


def test_people_have_to_be_seen_and_no_others_named() -> None:
    someone = Truth({"person": (Span("A", 0.0, 2.0),)})
    assert truth.compare(someone, clip(people="A")).differences == []
    assert truth.compare(someone, {"people": []}).differences
    assert truth.compare(someone, clip(people="AB")).differences
    unknown = {"people": [{"name": "unknown", "start": 0, "end": 1}]}
    assert truth.compare(Truth({"person": ()}), unknown).differences == []


def test_keys_that_are_left_out_are_not_compared(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    file.write_text("{}")
    assert truth.compare(truth.read(file), clip("ABC", people="X")).differences == []


@pytest.mark.parametrize(
    "content",
    [
        *("", "[1]", "null", '{"letters": 3}', '{"letters": [{"letter": "A"}]}', "[" * 100_000),
        '{"letters": [{"letter": "A", "start": NaN, "end": 2}]}',
        '{"tolerance_s": Infinity}',
        *('{"schema": 9}', '{"schema": "2"}', '{"clips": []}', '{"clips": [{}, {}]}'),
        *('{"clips": 3}', '{"clips": [3]}'),
    ],
)
def test_a_file_that_is_no_truth_is_a_usage_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "truth.json"
    file.write_text(content)
    with pytest.raises(UsageError, match="truth file"):
        truth.read(file)


def test_what_replay_wrote_of_a_clip_is_a_truth(tmp_path: Path) -> None:
    file = tmp_path / "read.json"
    file.write_text(json.dumps({"schema": 2, "clips": [clip("ABC")]}))
    assert truth.compare(truth.read(file), clip("ABC")).differences == []
    assert truth.compare(truth.read(file), clip("AXC")).differences


def test_both_schemas_of_a_truth_say_the_same(tmp_path: Path) -> None:
    new = {
        "schema": 2,
        "kinds": ["letter", "person"],
        "events": [
            {"kind": "letter", "label": label, "start": index, "end": index + 0.6}
            for index, label in enumerate("AB")
        ],
    }
    old = clip("AB")
    del old["text"]
    files = tmp_path / "old.json", tmp_path / "new.json"
    for file, content in zip(files, (old, new), strict=True):
        file.write_text(json.dumps(content))
    assert truth.read(files[0]) == truth.read(files[1])


def test_reading_a_truth_file(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    file.write_text(json.dumps({**clip("AB"), "tolerance_s": 0.2}))
    found = truth.read(file)
    assert found.events["letter"] == (Span("A", 0.0, 0.6), Span("B", 1.0, 1.6))
    assert found.events["person"] == ()
    assert found.tolerance == 0.2
