"""Learn to spell: livevision asks for letters or words and says what to change.

A window shows the camera's picture and the sign to make; press h in it for the keys. Without a
display, or with --no-window, everything is told in the terminal. Nothing is stored unless
--progress names a file; letters that need work are then asked for more often the next time.

examples: livevision practice                       ten letters and three words
          livevision practice HELLO JAZZ
          livevision practice --letters MNST --count 20
          livevision practice --left-handed --progress progress.json
"""

import argparse
import json
import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files, languages, recognizers, settings
from livevision.commands import _output
from livevision.errors import SinkClosed, UsageError
from livevision.frame import Result
from livevision.recognizers.signs.coach import HOW, Coach
from livevision.recognizers.signs.commands import KEYS as LESSON_KEYS
from livevision.recognizers.signs.commands import add_look, look
from livevision.sinks import Sink

if TYPE_CHECKING:
    from livevision.frame import Image
    from livevision.recognizers.signs.commands.board import Card, Report
    from livevision.sinks.overlay import Look, Status

SUMMARY = "learn to spell with a coach"
MOST = 1000
"""Letters of a lesson, which takes half an hour then."""
COMMON = 3000
"""How many of the commonest words are asked for."""
EXPLAINED = 6
"""Letters that need work of which the last page says how they are made; more have no room."""
KEYS = LESSON_KEYS | {"l": "again", "w": "weak", "s": "snapshot"}
HELP = (
    ("Tab  →", "go on with the next letter"),
    ("Backspace  ←", "the last letter once more"),
    ("l", "the lesson from its beginning"),
    ("w", "at the end: only what needs work"),
    ("s", "save this page as a picture"),
    ("Space bar", "pause, go on"),
    ("m", "mirror"),
    ("+  -", "larger, smaller text"),
    ("q  Esc", "quit"),
    ("h", "this page"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="what to spell, A to Z")
    parser.add_argument(
        "--letters", default="", metavar="ABC", help="ask for these letters in any order"
    )
    parser.add_argument(
        "--count", type=_output.up_to(MOST), default=10, metavar="N", help="letters to ask for (10)"
    )
    add_look(parser)
    parser.add_argument("--left-handed", action="store_true", help="show left hands")
    parser.add_argument(
        "--progress", type=Path, metavar="FILE.json", help="remember which letters need work"
    )
    parser.add_argument("--seed", type=int, help="ask in the same order as another time")
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="camera number, file or URL (default: camera 0, or what "
        "'livevision config camera=N' says)",
    )
    parser.add_argument(
        "--window",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show the picture, where there is a display",
    )
    recognizers.add_options(parser, "signs")


def execute(arguments: argparse.Namespace) -> int:
    from livevision import pipeline
    from livevision.sinks.window import Window, display_available
    from livevision.sources import open_source

    known = read_progress(arguments.progress) if arguments.progress else {}
    files.check_writable(arguments.progress)
    coach = Coach(lesson(arguments, known))
    spec = arguments.source
    if spec is None:
        spec = settings.source()
    shown = arguments.window and display_available()
    source = open_source(spec, paced=shown)
    controls = pipeline.Controls()
    if arguments.window and not shown:
        _output.hint("there is no display, so no window; the coach writes.")
    mirror = spec.isdigit()
    seen = look(arguments, mirror=mirror)
    while True:
        sinks: list[Sink] = [Lesson(coach, controls, tell=not shown, language=seen.language)]
        if shown:
            # in a mirror a right hand looks like a left one
            page = Page(coach, flipped=mirror != arguments.left_handed)
            window = Window(
                controls, look=seen, page=page, keys=KEYS, help=HELP, title="livevision practice"
            )
            sinks.insert(0, window)
        loaded = recognizers.sessions(["signs"], arguments, live=source.live)
        summary = pipeline.run(source, loaded, sinks, controls=controls, hold=shown)
        if not summary.again:
            break
        coach.again()
    for line in coach.report().splitlines():
        print(languages.say(line, seen.language))
    if arguments.progress:
        write_progress(arguments.progress, known, coach)
    return _output.outcome(summary)


def lesson(arguments: argparse.Namespace, known: Mapping[str, int]) -> list[str]:
    """What to ask for. Raises UsageError for anything but letters."""
    chance = random.Random(arguments.seed)
    # a sentence in quotes is its words
    words = [word.upper() for given in arguments.words for word in given.split() or [given]]
    letters = arguments.letters.upper()
    for word in [*words, *([letters] if letters else [])]:
        if not word or not set(word) <= set(HOW):
            raise UsageError(f"{word!r} cannot be spelt here: write words with A to Z only.")
    asked = words
    if letters or not words:
        pool = sorted(set(letters or HOW))
        need = [1 + 2 * known.get(letter, 0) for letter in pool]
        drawn: list[str] = []
        while len(drawn) < arguments.count:
            letter = chance.choices(pool, need)[0]
            if len(pool) == 1 or letter != (drawn[-1] if drawn else ""):
                drawn.append(letter)
        asked = [*asked, *drawn]
    if not words and not letters:
        from livevision.recognizers.signs.words import english

        common = [word for word in english().commonest(COMMON) if 3 <= len(word) <= 6]
        asked = [*asked, *chance.sample(common, 3)]
    return asked


def read_progress(file: Path) -> dict[str, int]:
    """How much each letter needs work; empty if there is no file yet. UsageError if it is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(letter): max(0, int(need))
            for letter, need in content["needs_work"].items()
            if letter in HOW
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"Cannot read the progress in {file}: {error}. Mend the file or delete it."
        ) from error


def write_progress(file: Path, known: Mapping[str, int], coach: Coach) -> None:
    """Note which letters need work, whole or not at all. Raises OutputError."""
    need = dict(known)
    for letter in {*coach.asked, *coach.wrong, *coach.skipped}:
        missed = coach.wrong[letter] + coach.skipped[letter]
        need[letter] = min(need.get(letter, 0) + missed, 10) if missed else need.get(letter, 0) - 1
    content: dict[str, Any] = {
        "schema": 1,
        "needs_work": {letter: count for letter, count in sorted(need.items()) if count > 0},
    }
    files.replace_text(file, json.dumps(content, indent=2) + "\n", private=True)


class Lesson(Sink):
    """Takes what was read to the coach; ends the run when the coach is done."""

    main_thread = True  # as the window, which asks the coach what to show

    def __init__(self, coach: Coach, controls: Any, *, tell: bool, language: str = "en") -> None:
        """With `tell`, the coach's part is printed; else the last page stays until it is closed."""
        self._coach = coach
        self._controls = controls
        self._tell = tell
        self._language = language
        self._time = 0.0
        self._told = ("", "", -1)

    def write(self, result: Result) -> None:
        self._time = result.frame.time
        self._ask()
        if self._coach.see(result.text, self._time):
            self._word_ended()
        self._ask()
        if self._coach.done and self._tell:
            raise SinkClosed("The lesson is over.")

    def command(self, name: str) -> None:
        coach = self._coach
        if name == "skip" and coach.skip(self._time):
            self._word_ended()
        elif name == "redo":
            coach.redo()
        elif name == "again" or (name == "weak" and coach.done):
            coach.again(coach.weak if name == "weak" else ())
            self._word_ended()
        elif name == "clear":
            coach.restarted()

    def _word_ended(self) -> None:
        self._controls.send("clear")

    def _ask(self) -> None:
        """Print what is new: praise or a tip, and the letter that is due."""
        coach = self._coach
        now = (coach.message, coach.word, coach.place)
        if not self._tell or now == self._told:
            return
        if coach.message and coach.message != self._told[0]:
            print(f"  {languages.say(coach.message, self._language)}", flush=True)
        if coach.letter and now[1:] != self._told[1:]:
            word = f" ({coach.word})" if len(coach.word) > 1 else ""
            how = languages.say(HOW[coach.letter], self._language)
            print(f"{coach.letter}{word}: {how}", flush=True)
        self._told = now


class Page:
    """What the window shows: the sign that is due, and at the end how it went."""

    def __init__(self, coach: Coach, *, flipped: bool) -> None:
        """`flipped` mirrors the pictures of hands, which show a right hand from before it."""
        self._coach = coach
        self._flipped = flipped

    def __call__(
        self, result: Result, look: "Look", status: "Status", size: tuple[int, int]
    ) -> "Image":
        """The page, (height, width, 3) BGR; `size` is (width, height)."""
        from livevision.recognizers.signs.commands import board

        if self._coach.done:
            return board.draw_report(self.report(), look, status, size)
        return board.draw(self.card(), result, look, status, size)

    def card(self) -> "Card":
        """What to say while a letter is due."""
        from livevision.recognizers.signs.commands.board import Card

        coach = self._coach
        asked = coach.asked.total()
        return Card(
            coach.letter,
            coach.word[: coach.place],
            coach.word[coach.place + 1 :],
            HOW[coach.letter],
            coach.message,
            coach.good,
            place=coach.number,
            count=coach.count,
            score=f"{coach.right} right at once" if asked else "",
            keys="Tab: next     Backspace: once more     h: all keys     q: quit",
            flipped=self._flipped,
        )

    def report(self) -> "Report":
        """What to say at the end."""
        from livevision.recognizers.signs.commands.board import Report

        coach = self._coach
        weak = coach.weak
        words = " ".join(coach.words)
        lines = (
            f"right at once: {coach.right / max(1, coach.count):.0%}, at "
            f"{coach.letters_per_minute:.0f} letters a minute",
            f"{date.today():%Y-%m-%d}: {words}",
        )
        heading = (
            f"These need work: {', '.join(weak)}" if weak else "Nothing needs work. Well done!"
        )
        letters = dict.fromkeys([*weak, *"".join(coach.words)])
        again = "     w: these once more" if weak else ""
        return Report(
            f"{coach.right} / {coach.count}",
            lines,
            tuple(
                (
                    each,
                    HOW[each] if each in weak and len(weak) <= EXPLAINED else "",
                    each not in weak,
                )
                for each in letters
            ),
            heading,
            not weak,
            f"s: save as a picture{again}     l: the whole lesson once more     q: quit",
            self._flipped,
        )
