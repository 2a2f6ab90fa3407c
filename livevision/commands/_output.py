"""What `run`, `replay` and `demo` have in common: options for outputs, and the summary."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from livevision import plugins
from livevision.errors import ModelError
from livevision.frame import Result
from livevision.plugins import Kind
from livevision.signals import INTERRUPTED
from livevision.sinks import Sink

if TYPE_CHECKING:
    from livevision.pipeline import Summary


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT as numbers, for argparse."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write e.g. 640x480")
    return int(width), int(height)


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def up_to(most: int) -> Callable[[str], int]:
    """What reads a whole number from 1 to `most`, for argparse."""

    def number(text: str) -> int:
        if positive(text) > most:
            raise argparse.ArgumentTypeError(f"{text} is more than {most}, the most that may be")
        return int(text)

    return number


def port(text: str) -> int:
    """A TCP port, for argparse."""
    number = positive(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; choose one from 1024 to 65535")
    return number


def is_camera(word: str) -> bool:
    """Whether `word` is a camera's number or address, not a file's name."""
    return word.isdigit() or "://" in word


def tell(summary: "Summary", *, name: str = "") -> None:
    """The one-line summary at the end of every run, on stderr."""
    frames = f"{summary.frames} frame{'' if summary.frames == 1 else 's'}"
    words = [frames, f"{summary.dropped} dropped", f"{summary.fps:.1f} fps"]
    if summary.latencies:
        ordered = sorted(summary.latencies)
        words.append(
            f"latency {ordered[len(ordered) // 2] * 1000:.0f} ms "
            f"(p95 {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms)"
        )
    words += [f"{count} too fast for {sink}" for sink, count in summary.skipped.items()]
    words += [told(kind, summary.events[kind.name]) for kind in counted(summary)]
    print(f"{name + ': ' if name else ''}{', '.join(words)}", file=sys.stderr)


def counted(summary: "Summary") -> list[Kind]:
    """The kinds of events that a summary counts: those of its recognisers, then any others."""
    declared = [
        kind
        for name in summary.recognizers
        if name in plugins.recognizers()
        for kind in plugins.recognizer(name).kinds
    ]
    others = [plugins.kind(name) for name in sorted(summary.events)]
    return [kind for kind in dict.fromkeys([*declared, *others]) if kind.counted]


def told(kind: Kind, count: int) -> str:
    """A number of events of a kind, in words."""
    return f"{count} {kind.one if count == 1 else kind.many}"


def outcome(summary: "Summary") -> int:
    """The exit code of a run; raises what ended it early, after the summary was told."""
    if summary.error is not None:
        raise summary.error
    if summary.failed:
        first = "; ".join(f"{name} failed: {why}" for name, why in summary.failed.items())
        kind = ModelError if summary.failure is None else type(summary.failure)
        raise kind(f"{first.rstrip('.')}. The rest went on; '--log-level info' tells more.")
    return INTERRUPTED if summary.interrupted else 0


class Hints(Sink):
    """Prints hints once there is something to see; before an error they would only distract."""

    asked = False

    def __init__(self, texts: Sequence[str]) -> None:
        self._left = list(texts)

    def write(self, result: Result) -> None:
        while self._left:
            hint(self._left.pop(0))


def hint(text: str) -> None:
    """Something the user may want to know, on stderr."""
    print(f"hint: {text}", file=sys.stderr)
