"""What is really in a clip, and how a reading of it differs.

A truth file is a JSON object; each of its keys may be left out:

    letters      [{"letter": "A", "start": 0.2, "end": 0.9, "hand": "right"}, ...] as signed
    people       [{"name": "Ada", "start": 0.0, "end": 4.0}, ...] who is in the picture, and when
    text         what a person would read
    tolerance_s  seconds that times may differ (default 0.5)
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from livevision.errors import UsageError

TOLERANCE = 0.5
UNKNOWN = ("", "unknown")


@dataclass(frozen=True, slots=True)
class Span:
    """A letter or a name, and the seconds it stands for."""

    label: str
    start: float
    end: float

    def distance(self, time: float) -> float:
        """Seconds from `time` to the span; 0 inside."""
        return max(self.start - time, time - self.end, 0.0)

    def meets(self, other: "Span", tolerance: float) -> bool:
        """True if the two overlap or lie no more than `tolerance` seconds apart."""
        return self.start <= other.end + tolerance and other.start <= self.end + tolerance


@dataclass(frozen=True, slots=True)
class Truth:
    """A truth file's content; None where it says nothing."""

    letters: tuple[Span, ...] | None = None
    people: tuple[Span, ...] | None = None
    text: str | None = None
    tolerance: float = TOLERANCE


@dataclass(slots=True)
class Comparison:
    """How a reading differs from the truth."""

    differences: list[str] = field(default_factory=list)
    """One line each; none if they agree."""
    listing: list[str] = field(default_factory=list)
    """What was signed above what was read, aligned."""


def read(path: Path) -> Truth:
    """A truth file; UsageError if it is missing or is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read the truth file {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The truth file {path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise UsageError(f"The truth file {path} is not as it should be: it has no {{...}} around.")
    try:
        tolerance = _seconds(content.get("tolerance_s", TOLERANCE))
        text = content.get("text")
        return Truth(
            _spans(content, "letters", "letter"),
            _spans(content, "people", "name"),
            None if text is None else str(text),
            tolerance,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else error
        raise UsageError(
            f"The truth file {path} is not as it should be ({why}): letters need 'letter', "
            "'start' and 'end', people 'name', 'start' and 'end'."
        ) from error


def _spans(content: Mapping[str, Any], key: str, label: str) -> tuple[Span, ...] | None:
    if key not in content:
        return None
    return tuple(
        Span(str(each[label]), _seconds(each["start"]), _seconds(each["end"]))
        for each in content[key]
    )


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):  # no time would ever differ from it
        raise ValueError(f"{value} is no time")
    return seconds


def compare(truth: Truth, clip: Mapping[str, Any], *, ignore: Collection[str] = ()) -> Comparison:
    """How `clip`, one entry of replay's JSON, differs from `truth`.

    Letters in `ignore` are passed over, with whatever was read at their time.
    """
    result = Comparison()
    if truth.letters is not None:
        read_letters = _spans(clip, "letters", "letter") or ()
        _compare_letters(truth, read_letters, ignore, result)
    if truth.text is not None and not ignore and truth.text != clip["text"]:
        result.differences.append(f"text: {truth.text!r} was read as {clip['text']!r}")
    if truth.people is not None:
        _compare_people(truth, _spans(clip, "people", "name") or (), result)
    return result


def _compare_letters(
    truth: Truth, found: Sequence[Span], ignore: Collection[str], result: Comparison
) -> None:
    signed = truth.letters or ()
    if ignore and signed:
        found = [each for each in found if _nearest(signed, each).label not in ignore]
        signed = tuple(each for each in signed if each.label not in ignore)
    top, bottom = [], []
    for signed_index, read_index in align(
        [each.label for each in signed], [each.label for each in found]
    ):
        one = None if signed_index is None else signed[signed_index]
        other = None if read_index is None else found[read_index]
        top.append("-" if one is None else one.label)
        bottom.append("-" if other is None else other.label)
        if one is None and other is not None:
            result.differences.append(
                f"letters: {other.label} read at {other.start:.2f} s, but not signed"
            )
        elif other is None and one is not None:
            result.differences.append(f"letters: {one.label} at {one.start:.2f} s was not read")
        elif one is not None and other is not None:
            if one.label != other.label:
                result.differences.append(
                    f"letters: {one.label} at {one.start:.2f} s was read as {other.label}"
                )
            elif not one.meets(other, truth.tolerance):
                result.differences.append(
                    f"letters: {one.label} signed {one.start:.2f}-{one.end:.2f} s "
                    f"was read {other.start:.2f}-{other.end:.2f} s"
                )
    result.listing += [f"signed  {' '.join(top)}", f"read    {' '.join(bottom)}"]


def _nearest(spans: Sequence[Span], found: Span) -> Span:
    middle = (found.start + found.end) / 2
    return min(spans, key=lambda span: span.distance(middle))


def align(signed: Sequence[str], found: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Pairs of indices (signed, found) with the fewest edits; None where one has no partner."""
    pairs: list[tuple[int | None, int | None]] = []
    for operation in Levenshtein.opcodes(list(signed), list(found)):
        ones: list[int | None] = list(range(operation.src_start, operation.src_end))
        others: list[int | None] = list(range(operation.dest_start, operation.dest_end))
        length = max(len(ones), len(others))
        ones += [None] * (length - len(ones))
        others += [None] * (length - len(others))
        pairs += zip(ones, others, strict=True)
    return pairs


def _compare_people(truth: Truth, found: Sequence[Span], result: Comparison) -> None:
    expected = truth.people or ()
    for person in expected:
        if not any(
            each.label == person.label and each.meets(person, truth.tolerance) for each in found
        ):
            result.differences.append(
                f"people: {person.label} was not seen between {person.start:.2f} "
                f"and {person.end:.2f} s"
            )
    names = {person.label for person in expected}
    for each in found:
        if each.label not in names and each.label not in UNKNOWN:
            result.differences.append(
                f"people: {each.label} was named at {each.start:.2f} s, but was not there"
            )
