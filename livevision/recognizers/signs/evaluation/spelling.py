"""Read recordings of fingerspelling, and measure how far what was read is from what was signed.

CLIPS are videos or folders of videos, each with its truth beside it: NAME.json, a truth file as
docs/json.md describes it, or NAME.txt with the text alone. A clip whose truth has no letters counts
for false letters per minute. Videos of a folder without a truth are passed over.

With --fps, of every second only so many pictures are seen, as from a slow camera. With --join, the
clips that show one letter each are joined to words, for each folder (a signer): of a letter that
rests its stillest moments are taken, J and Z whole, and the hand goes from joint to joint between
them, as fast as --speed says. These ways are made up, the letters are as they were seen.

examples: livevision evaluate spelling recordings/ --json spelling.json
          livevision evaluate spelling bag.mp4 hello.mp4 --signs-model landmarks
          livevision evaluate spelling recordings/ --fps 10
          livevision evaluate spelling letters/ --join ABCDEFGHIJKLMNOPQRSTUVWXYZ HELLO --speed 2
"""

import argparse
import logging
import math
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files, recognizers
from livevision.errors import SourceError, UsageError
from livevision.recognizers.recognizer import Model, Session
from livevision.recognizers.signs.evaluation.clips import MOVING, Clip, Reading
from livevision.recognizers.signs.words import english
from livevision.truth import Truth
from livevision.truth import read as read_truth

if TYPE_CHECKING:
    from livevision.recognizers.signs.evaluation.sensitivity import Effect, Outcome, Seen
    from livevision.recognizers.signs.hand import Showing

log = logging.getLogger(__name__)

SUMMARY = "letters and words read from recordings of fingerspelling"
SCHEMA = 1
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv", ".m4v")


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
    def words(self) -> int:
        """How many were signed."""
        return sum(len(each.clip.text.split()) for each in self.signing)

    @property
    def word_error_rate(self) -> float | None:
        """Of the text, with the corrections that were made unasked."""
        return _share(sum(each.word_errors(each.text) for each in self.signing), self.words)

    @property
    def word_error_rate_as_read(self) -> float | None:
        return _share(sum(each.word_errors(each.as_read) for each in self.signing), self.words)

    @property
    def word_error_rate_proposed(self) -> float | None:
        """If all proposals that are offered are taken."""
        return _share(sum(each.word_errors(each.proposed) for each in self.signing), self.words)

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
            "words": self.words,
            "word_errors": sum(each.word_errors(each.text) for each in self.signing),
            "word_error_rate": _rounded(self.word_error_rate),
            "word_error_rate_as_read": _rounded(self.word_error_rate_as_read),
            "word_error_rate_proposed": _rounded(self.word_error_rate_proposed),
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
    parser.add_argument(
        "--sensitivity",
        action="store_true",
        help="move every threshold of the decoding down and up, and tell what comes of it",
    )
    parser.add_argument(
        "--fps", type=_positive, metavar="N", help="see no more than so many pictures a second"
    )
    parser.add_argument(
        "--join",
        nargs="+",
        type=_word,
        metavar="WORD",
        help="of the clips of single letters of each folder, join these words, and read them alone",
    )
    parser.add_argument(
        "--speed",
        type=_positive,
        default=2.0,
        metavar="N",
        help="letters a second of these words (default: %(default)g)",
    )
    recognizers.add_options(parser, "signs")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _word(text: str) -> str:
    if not re.fullmatch("[A-Za-z]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} has something else than the letters A-Z")
    return text.upper()


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
    told = partial(track, console=progress, transient=True, disable=not progress.is_terminal)
    keep = arguments.sensitivity or arguments.join
    found: list[tuple[Reading, Seen | None]] = []
    for clip in told(clips, "reading"):
        try:
            found.append(
                see(clip, model, arguments.fps)
                if keep
                else (read(clip, model, arguments.fps), None)
            )
        except SourceError as error:
            log.warning("%s", error)
    if not found:
        raise SourceError("None of the clips can be read. Try whether a video player opens them.")
    unreadable = len(clips) - len(found)
    if unreadable:
        log.warning("%d of %d clips cannot be read: left out", unreadable, len(clips))
    score = Score([reading for reading, _ in found])
    seen = [each for _, each in found if each is not None]
    if arguments.join:
        seen = join(seen, arguments.join, arguments.speed)
        score = Score([each.decode(words=english()) for each in seen])
    effects: list[Effect] = []
    if arguments.sensitivity:
        from livevision.recognizers.signs.evaluation import sensitivity

        now, effects = sensitivity.measure(
            seen, each=partial(told, description="moving thresholds")
        )
    if arguments.json:
        content = {"model": arguments.signs_model, **score.record(), "unreadable": unreadable}
        if effects:
            content["sensitivity"] = [effect.record() for effect in effects]
        files.replace_json(arguments.json, content)
    _print(score)
    if arguments.sensitivity:
        _print_effects(now, effects, len(seen))
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


def read(clip: Clip, model: Model, fps: float | None = None) -> Reading:
    """Read a clip with a fresh session, every frame of it or `fps` a second."""
    return _read(clip, model.session(), fps)


def see(clip: Clip, model: Model, fps: float | None = None) -> "tuple[Reading, Seen]":
    """The same, and what was seen in every frame."""
    from livevision.recognizers.signs.evaluation.sensitivity import Seen
    from livevision.recognizers.signs.recognizer import SignRecognizer

    session = model.session()
    assert isinstance(session, SignRecognizer)
    frames: list[tuple[float, Sequence[Showing]]] = []
    session.watch = lambda time, hands: frames.append((time, hands))
    reading = _read(clip, session, fps)
    return reading, Seen(clip, session.labels, frames, reading.seconds)


def join(seen: "Sequence[Seen]", words: Sequence[str], speed: float) -> "list[Seen]":
    """These words joined of the letters of each folder; tells of those that lack letters.

    UsageError if all do.
    """
    from livevision.recognizers.signs.evaluation import variants

    found = []
    lacks = ""
    for folder, letters in variants.singles(seen).items():
        for word in words:
            absent = variants.missing(word, letters)
            if absent:
                lacks = f"{folder} has no clip that shows {' or '.join(absent)} alone"
                print(f"livevision: {word} is passed over: {lacks}.", file=sys.stderr)
            else:
                found.append(variants.joined(word, letters, speed))
    if not found:
        raise UsageError(f"No word can be joined: {lacks}. Give other words, or more clips.")
    return found


def _read(clip: Clip, session: Session, fps: float | None) -> Reading:
    from livevision import pipeline
    from livevision.recognizers.signs.evaluation.variants import Thinned
    from livevision.sinks.events import Collector
    from livevision.sources import open_source

    collector = Collector()
    source = open_source(str(clip.path))
    summary = pipeline.run(Thinned(source, fps) if fps else source, [session], [collector])
    if summary.error is not None:
        print(f"livevision: {summary.error}", file=sys.stderr)
    if summary.interrupted:
        raise KeyboardInterrupt
    return Reading.of(clip, collector.events, summary.text, summary.seconds)


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
        print(
            f"words as they were read: {score.word_error_rate_as_read:.1%} errors; with what is "
            f"corrected unasked: {score.word_error_rate:.1%}; if every proposal is taken: "
            f"{score.word_error_rate_proposed:.1%}"
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


def _print_effects(now: "Outcome", effects: "Sequence[Effect]", clips: int) -> None:
    from rich.console import Console
    from rich.table import Table

    print(
        f"\nAs they are: {now.errors} errors in the letters signed, {now.false} letters in clips "
        f"without signs. What becomes of that, and in how many of {clips} clips something else "
        "is read, if one threshold is moved:"
    )
    table = Table(box=None, pad_edge=False)
    for head in ("threshold", "value", "unit", "down to", "errors", "false", "clips"):
        table.add_column(head, no_wrap=True)
    for head in ("up to", "errors", "false", "clips"):
        table.add_column(head, no_wrap=True)
    for effect in effects:
        cells = [effect.name, f"{effect.value:g}", effect.unit]
        for outcome in (effect.down, effect.up):
            cells += [
                f"{outcome.value:.3g}",
                f"{outcome.errors - now.errors:+d}" if outcome.changed else "",
                f"{outcome.false - now.false:+d}" if outcome.changed else "",
                str(outcome.changed or ""),
            ]
        table.add_row(*cells)
    console = Console(width=120, highlight=False, markup=False)
    console.print(table)
    idle = [effect.name for effect in effects if effect.idle]
    told = ", ".join(idle) if idle else "none"
    console.print(f"Without effect on these clips: {told}")


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
