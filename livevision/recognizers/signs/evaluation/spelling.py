"""Read recordings of fingerspelling, and measure how far what was read is from what was signed.

CLIPS are videos or folders of videos, each with its truth beside it: NAME.json, a truth file as
docs/json.md describes it, or NAME.txt with the text alone. A clip whose truth has no letters counts
for false letters per minute. Videos of a folder without a truth are passed over.

examples: livevision evaluate spelling recordings/ --json spelling.json
          livevision evaluate spelling bag.mp4 hello.mp4 --signs-model landmarks
"""

import argparse
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from livevision import files, recognizers
from livevision.errors import UsageError
from livevision.frame import Event
from livevision.recognizers.recognizer import Model
from livevision.truth import Span, Truth, align
from livevision.truth import read as read_truth

SUMMARY = "letters and words read from recordings of fingerspelling"
SCHEMA = 1
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv", ".m4v")
MOVING = ("J", "Z")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A recording and what is signed in it."""

    path: Path
    letters: str
    spans: tuple[Span, ...] | None
    """When the letters are signed, if the truth says so."""
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read in a clip."""

    clip: Clip
    events: tuple[Event, ...]
    """Its letters, in the order signed."""
    text: str
    seconds: float

    @property
    def letters(self) -> str:
        return "".join(event.label for event in self.events)

    @property
    def errors(self) -> int:
        """Letters to change, add or take away."""
        return int(Levenshtein.distance(self.clip.letters, self.letters))

    @property
    def word_errors(self) -> int:
        return int(Levenshtein.distance(self.clip.text.upper().split(), self.text.upper().split()))

    def pairs(self) -> list[tuple[int | None, int | None]]:
        """Places of the letters signed and read that belong together."""
        return align(list(self.clip.letters), list(self.letters))

    def recalled(self, letter: str) -> tuple[int, int]:
        """How often `letter` was read where it was signed, and how often it was signed."""
        hits = sum(
            one is not None
            and other is not None
            and self.clip.letters[one] == self.letters[other] == letter
            for one, other in self.pairs()
        )
        return hits, self.clip.letters.count(letter)

    def delays(self) -> list[float]:
        """Seconds from the hand's rest in a letter to the letter in the text, for those read."""
        if self.clip.spans is None:
            return []
        found = []
        for one, other in self.pairs():
            if one is None or other is None:
                continue
            span, event = self.clip.spans[one], self.events[other]
            shown = event.details.get("shown")
            if span.label == event.label not in MOVING and isinstance(shown, float | int):
                found.append(float(shown) - span.start)
        return found

    def listing(self) -> tuple[str, str]:
        """What was signed and, aligned below it, what was read."""
        pairs = self.pairs()
        top = " ".join("-" if one is None else self.clip.letters[one] for one, _ in pairs)
        bottom = " ".join("-" if other is None else self.letters[other] for _, other in pairs)
        return top, bottom

    def record(self) -> dict[str, Any]:
        signed, read = self.listing()
        return {
            "file": str(self.clip.path),
            "seconds": round(self.seconds, 3),
            "letters": self.letters,
            "text": self.text,
            "signed_text": self.clip.text,
            "character_errors": self.errors,
            "word_errors": self.word_errors,
            "aligned": {"signed": signed, "read": read},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What a set of readings comes to."""

    readings: Sequence[Reading]

    @property
    def signing(self) -> list[Reading]:
        return [each for each in self.readings if each.clip.letters]

    @property
    def idle(self) -> list[Reading]:
        """Those in which nothing is signed."""
        return [each for each in self.readings if not each.clip.letters]

    @property
    def character_error_rate(self) -> float | None:
        """Edits a letter signed; None without any."""
        return _share(
            sum(each.errors for each in self.signing),
            sum(len(each.clip.letters) for each in self.signing),
        )

    @property
    def word_error_rate(self) -> float | None:
        return _share(
            sum(each.word_errors for each in self.signing),
            sum(len(each.clip.text.split()) for each in self.signing),
        )

    def recall(self, letter: str) -> float | None:
        """Share of a letter that was read; None if it was not signed."""
        counts = [each.recalled(letter) for each in self.signing]
        return _share(sum(hits for hits, _ in counts), sum(count for _, count in counts))

    @property
    def false_letters_per_minute(self) -> float | None:
        """Letters read where none is signed; None without such clips."""
        minutes = sum(each.seconds for each in self.idle) / 60
        return _share(sum(len(each.letters) for each in self.idle), minutes)

    def record(self) -> dict[str, Any]:
        """The score as JSON."""
        delays = sorted(delay for each in self.signing for delay in each.delays())
        return {
            "schema": SCHEMA,
            "letters": sum(len(each.clip.letters) for each in self.signing),
            "character_errors": sum(each.errors for each in self.signing),
            "character_error_rate": _rounded(self.character_error_rate),
            "words": sum(len(each.clip.text.split()) for each in self.signing),
            "word_errors": sum(each.word_errors for each in self.signing),
            "word_error_rate": _rounded(self.word_error_rate),
            "recall": {letter: _rounded(self.recall(letter)) for letter in MOVING},
            "idle_minutes": round(sum(each.seconds for each in self.idle) / 60, 3),
            "false_letters_per_minute": _rounded(self.false_letters_per_minute),
            "delay_s": {
                "letters": len(delays),
                "median": _rounded(statistics.median(delays)) if delays else None,
                "p95": _rounded(delays[int(0.95 * (len(delays) - 1))]) if delays else None,
            },
            "clips": [each.record() for each in self.readings],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clips", nargs="+", type=Path, metavar="CLIPS", help="videos, or folders of videos"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    recognizers.add_options(parser, "signs")


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    clips = find(arguments.clips)
    files.check_reports(
        arguments.json,
        inputs=[file for clip in clips for file in (clip.path, _truth_of(clip.path))],
    )
    progress = Console(stderr=True)
    model = recognizers.load("signs", recognizers.values("signs", arguments))
    readings = [
        read(clip, model)
        for clip in track(
            clips, "reading", console=progress, transient=True, disable=not progress.is_terminal
        )
    ]
    score = Score(readings)
    if arguments.json:
        content = {"model": arguments.signs_model, **score.record()}
        files.replace_json(arguments.json, content)
    _print(score)
    return 0


def find(paths: Iterable[Path]) -> list[Clip]:
    """The clips that `paths` name; UsageError for one without a truth, or if there is none."""
    found = []
    for path in paths:
        if path.is_dir():
            videos = sorted(each for each in path.iterdir() if each.suffix.lower() in VIDEOS)
            found += [load(each) for each in videos if _truth_of(each) is not None]
        elif not path.is_file():
            raise UsageError(f"There is no clip {path}. Name a video, or a folder of videos.")
        else:
            found.append(load(path))
    if not found:
        raise UsageError(
            f"No video here has a truth beside it: {', '.join(map(str, paths))}. "
            "Put NAME.json or NAME.txt beside NAME.mp4; 'livevision evaluate spelling --help' "
            "tells more."
        )
    return found


def _truth_of(video: Path) -> Path | None:
    sides = (video.with_suffix(".json"), video.with_suffix(".txt"))
    return next((each for each in sides if each.is_file()), None)


def load(video: Path) -> Clip:
    """A clip with its truth. Raises UsageError if that is missing or is none."""
    file = _truth_of(video)
    if file is None:
        raise UsageError(
            f"{video} has no truth: put {video.stem}.json or {video.stem}.txt beside it."
        )
    if file.suffix == ".txt":
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"Cannot read the truth file {file}: {error}.") from error
        truth = Truth(text=text)
    else:
        truth = read_truth(file)
    spans = truth.events.get("letter")
    if spans is not None:
        letters = "".join(span.label for span in spans).upper()
    elif truth.text is not None:
        letters = re.sub("[^A-Z]", "", truth.text.upper())
    else:
        raise UsageError(f"The truth file {file} has neither 'letters' nor 'text'.")
    text = letters if truth.text is None else truth.text
    return Clip(video, letters, spans, text)


def read(clip: Clip, model: Model) -> Reading:
    """Read a clip with a fresh session, every frame of it."""
    from livevision import pipeline
    from livevision.sinks.events import Collector
    from livevision.sources import open_source

    collector = Collector()
    summary = pipeline.run(open_source(str(clip.path)), [model.session()], [collector])
    if summary.error is not None:
        print(f"livevision: {summary.error}", file=sys.stderr)
    if summary.interrupted:
        raise KeyboardInterrupt
    letters = tuple(event for event in collector.events if event.kind == "letter")
    return Reading(clip, letters, summary.text, summary.seconds)


def _print(score: Score) -> None:
    for each in score.readings:
        signed, read = each.listing()
        print(f"{each.clip.path}\n  signed  {signed}\n  read    {read}\n  text    {each.text}")
    content = score.record()
    if score.signing:
        print(
            f"{content['character_errors']} errors in {content['letters']} letters: "
            f"{score.character_error_rate:.1%}; {content['word_errors']} errors in "
            f"{content['words']} words: {score.word_error_rate:.1%}"
        )
    for letter in MOVING:
        recall = score.recall(letter)
        if recall is not None:
            print(f"{letter} read where it was signed: {recall:.0%}")
    if score.false_letters_per_minute is not None:
        print(
            f"{score.false_letters_per_minute:.1f} false letters a minute "
            f"in {content['idle_minutes']:.1f} minutes without signs"
        )
    delay = content["delay_s"]
    if delay["letters"]:
        print(
            f"a letter is shown {delay['median'] * 1000:.0f} ms after the hand rests in it "
            f"(median; 95 %: {delay['p95'] * 1000:.0f} ms)"
        )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
