"""Learn to spell: livevision asks for letters or words and says what to change.

A window shows the camera's picture and the sign to make; without a display, or with --no-window,
everything is told in the terminal. In the window Tab goes on with the next letter. Nothing is
stored unless --progress names a file; letters that need work are then asked for more often the next
time.

examples: livevision practice                       ten letters and three words
          livevision practice HELLO JAZZ
          livevision practice --letters MNST --count 20
          livevision practice --left-handed --progress progress.json
"""

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from livevision import files, recognizers, settings
from livevision.commands import _output
from livevision.errors import SinkClosed, UsageError
from livevision.frame import Image, Result
from livevision.recognizers.signs.coach import HOW, Coach
from livevision.sinks import Sink

SUMMARY = "learn to spell with a coach"
COMMON = 3000
"""How many of the commonest words are asked for."""
_INK, _PALE, _GOOD, _BAD = (40, 36, 32), (236, 232, 228), (60, 140, 40), (40, 60, 200)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="what to spell, A to Z")
    parser.add_argument(
        "--letters", default="", metavar="ABC", help="ask for these letters in any order"
    )
    parser.add_argument(
        "--count", type=_output.positive, default=10, metavar="N", help="letters to ask for (10)"
    )
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
    from livevision.sinks.overlay import Look
    from livevision.sinks.window import Window, display_available
    from livevision.sources import open_source

    known = read_progress(arguments.progress) if arguments.progress else {}
    files.check_writable(arguments.progress)
    coach = Coach(lesson(arguments, known))
    spec = arguments.source
    if spec is None:
        spec = settings.source()
    source = open_source(spec)
    controls = pipeline.Controls()
    shown = arguments.window and display_available()
    if arguments.window and not shown:
        _output.hint("there is no display, so no window; the coach writes.")
    sinks: list[Sink] = []
    if shown:
        mirror = spec.isdigit()
        # in a mirror a right hand looks like a left one
        board = Board(coach, flipped=mirror != arguments.left_handed)
        look = Look(mirror=mirror)
        sinks.append(Window(controls, look=look, compose=board.draw, title="livevision practice"))
    sinks.append(Lesson(coach, controls, tell=not shown))
    loaded = recognizers.sessions(["signs"], arguments, live=source.live)
    summary = pipeline.run(source, loaded, sinks, controls=controls)
    print(coach.report())
    if arguments.progress:
        write_progress(arguments.progress, known, coach)
    return _output.outcome(summary)


def lesson(arguments: argparse.Namespace, known: Mapping[str, int]) -> list[str]:
    """What to ask for. Raises UsageError for anything but letters."""
    chance = random.Random(arguments.seed)
    words = [word.upper() for word in arguments.words]
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

    def __init__(self, coach: Coach, controls: Any, *, tell: bool) -> None:
        """With `tell`, the coach's part is printed."""
        self._coach = coach
        self._controls = controls
        self._tell = tell
        self._time = 0.0
        self._told = ("", "", -1)

    def write(self, result: Result) -> None:
        self._time = result.frame.time
        self._ask()
        if self._coach.see(result.text, self._time):
            self._word_ended()
        self._ask()
        if self._coach.done:
            raise SinkClosed("The lesson is over.")

    def command(self, name: str) -> None:
        if name == "accept" and self._coach.skip(self._time):
            self._word_ended()
        elif name == "clear":
            self._coach.restarted()

    def _word_ended(self) -> None:
        self._controls.send("clear")

    def _ask(self) -> None:
        """Print what is new: praise or a tip, and the letter that is due."""
        coach = self._coach
        now = (coach.message, coach.word, coach.place)
        if not self._tell or now == self._told:
            return
        if coach.message and coach.message != self._told[0]:
            print(f"  {coach.message}", flush=True)
        if coach.letter and now[1:] != self._told[1:]:
            word = f" ({coach.word})" if len(coach.word) > 1 else ""
            print(f"{coach.letter}{word}: {HOW[coach.letter]}", flush=True)
        self._told = now


class Board:
    """Draws the coach's part beside the camera's picture."""

    def __init__(self, coach: Coach, *, flipped: bool) -> None:
        """`flipped` mirrors the pictures of hands, which show a right hand from before it."""
        self._coach = coach
        self._flipped = flipped

    def picture(self, letter: str) -> Image:
        """The sign of `letter`: a square of BGR, with an arrow if it moves."""
        from livevision.recognizers.signs import handshapes

        tile = handshapes.picture(letter)
        return np.ascontiguousarray(tile[:, ::-1] if self._flipped else tile)

    def draw(self, picture: Image) -> Image:
        """`picture` with the coach's part to its right."""
        import cv2

        from livevision.sinks import lettering

        coach = self._coach
        height = picture.shape[0]
        width = max(200, height // 2)
        part = np.full((height, width, 3), _PALE, np.uint8)
        top = 10
        if coach.letter:
            side = min(width - 20, height // 2)
            tile = cv2.resize(
                self.picture(coach.letter), (side, side), interpolation=cv2.INTER_CUBIC
            )
            left = (width - side) // 2
            part[top : top + side, left : left + side] = tile
            top += side + 8
            size = max(14, height // 16)
            spelt, rest = coach.word[: coach.place], coach.word[coach.place + 1 :]
            line = f"{spelt}[{coach.letter}]{rest}" if len(coach.word) > 1 else coach.letter
            top = _write(part, lettering, line, size, _INK, top)
            top = _write(part, lettering, HOW[coach.letter], max(11, size // 2), _INK, top)
        color = _GOOD if coach.good else _BAD
        top = _write(part, lettering, coach.message, max(11, height // 30), color, top + 6)
        total = coach.asked.total()
        score = f"{coach.right} of {total} right, {coach.letters_per_minute:.0f} a minute"
        _write(part, lettering, score if total else "", max(11, height // 34), _INK, height - 24)
        return np.hstack((picture, part))


def _write(
    part: Image, lettering: Any, text: str, size: int, color: Sequence[int], top: int
) -> int:
    """Letter `text` on `part` from `top` on, broken to its width; where the next line begins."""
    for line in lettering.broken(text, size, part.shape[1] - 16) if text else ():
        ink = lettering.mask(line, size)
        height = min(ink.shape[0], part.shape[0] - top)
        if height <= 0:
            break
        width = min(ink.shape[1], part.shape[1] - 8)
        cover = ink[:height, :width, None].astype(np.float32) / 255
        place = part[top : top + height, 8 : 8 + width]
        place[:] = (place * (1 - cover) + np.array(color) * cover).astype(np.uint8)
        top += ink.shape[0]
    return top
