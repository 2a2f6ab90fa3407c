"""What is really in a clip, and how a reading of it differs.

A truth file is a JSON object; each of its keys may be left out::

    schema       2
    events       [{"kind": "letter", "label": "A", "start": 0.2, "end": 0.9, "hand": "right"},
                 {"kind": "person", "label": "Ada", "start": 0.0, "end": 4.0}, ...]
    kinds        ["letter", ...] what it speaks of, for kinds of which there is no event at all
    text         what a person would read
    tolerance_s  seconds that times may differ (default 0.5)

Files of schema 1, with lists of their own ("letters", "people"), are read as well, and what
`replay --json` wrote of one clip.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from livevision import plugins
from livevision.errors import UsageError
from livevision.plugins import Kind

TOLERANCE = 0.5
SCHEMA = 2
"""The newest form of a truth file."""


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

    events: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """What was there of each kind that the file speaks of."""
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
        if content.get("schema", SCHEMA) > SCHEMA:
            raise UsageError(
                f"The truth file {path} has the schema {content['schema']}, which is newer than "
                "this program. Bring livevision up to date."
            )
        if "clips" in content:  # of `replay --json`: is it read in the same way still?
            if len(clips := content["clips"]) != 1:
                raise UsageError(
                    f"The truth file {path} tells of {len(clips)} clips. Make one for each, "
                    "by 'livevision replay CLIP --json FILE'."
                )
            content = clips[0]
        tolerance = _seconds(content.get("tolerance_s", TOLERANCE))
        text = content.get("text")
        return Truth(_events(content), None if text is None else str(text), tolerance)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else error
        raise UsageError(
            f"The truth file {path} is not as it should be ({why}): an event needs 'kind', "
            "'label', 'start' and 'end'."
        ) from error


def _events(content: Mapping[str, Any]) -> dict[str, tuple[Span, ...]]:
    """What `content`, a truth or a clip's reading of either schema, says of each kind."""
    found: dict[str, list[Span]] = {str(kind): [] for kind in content.get("kinds", ())}
    for each in content.get("events", ()):
        found.setdefault(str(each["kind"]), []).append(_span(each, "label"))
    if "events" not in content:
        for kind in plugins.kinds().values():
            if kind.view in content and kind.view:
                label = kind.key or kind.name
                found[kind.name] = [_span(each, label) for each in content[kind.view]]
    return {kind: tuple(spans) for kind, spans in found.items()}


def _span(each: Mapping[str, Any], label: str) -> Span:
    return Span(str(each[label]), _seconds(each["start"]), _seconds(each["end"]))


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):  # no time would ever differ from it
        raise ValueError(f"{value} is no time")
    return seconds


def compare(truth: Truth, clip: Mapping[str, Any], *, ignore: Collection[str] = ()) -> Comparison:
    """How `clip`, one entry of replay's JSON, differs from `truth`.

    Kinds that are captioned are compared one by one in their order, others by who or what was there
    at all. Labels in `ignore` are passed over, with whatever was read at their time.
    """
    result = Comparison()
    read_events = _events(clip)
    for name, expected in truth.events.items():
        kind, found = plugins.kind(name), read_events.get(name, ())
        if kind.caption:
            _compare_order(kind, expected, found, truth.tolerance, ignore, result)
        else:
            _compare_presence(kind, expected, found, truth.tolerance, result)
    if truth.text is not None and not ignore and truth.text != clip["text"]:
        result.differences.append(f"text: {truth.text!r} was read as {clip['text']!r}")
    return result


def _compare_order(
    kind: Kind,
    signed: Sequence[Span],
    found: Sequence[Span],
    tolerance: float,
    ignore: Collection[str],
    result: Comparison,
) -> None:
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
                f"{kind.many}: {other.label} read at {other.start:.2f} s, but not signed"
            )
        elif other is None and one is not None:
            result.differences.append(f"{kind.many}: {one.label} at {one.start:.2f} s was not read")
        elif one is not None and other is not None:
            if one.label != other.label:
                result.differences.append(
                    f"{kind.many}: {one.label} at {one.start:.2f} s was read as {other.label}"
                )
            elif not one.meets(other, tolerance):
                result.differences.append(
                    f"{kind.many}: {one.label} signed {one.start:.2f}-{one.end:.2f} s "
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


def _compare_presence(
    kind: Kind,
    expected: Sequence[Span],
    found: Sequence[Span],
    tolerance: float,
    result: Comparison,
) -> None:
    for one in expected:
        if not any(each.label == one.label and each.meets(one, tolerance) for each in found):
            result.differences.append(
                f"{kind.many}: {one.label} was not seen between {one.start:.2f} and {one.end:.2f} s"
            )
    labels = {each.label for each in expected}
    for each in found:
        if each.label not in labels and each.label not in kind.unknown:
            result.differences.append(
                f"{kind.many}: {each.label} was named at {each.start:.2f} s, but was not there"
            )
