"""Commands of signs."""

import argparse
import math
from typing import TYPE_CHECKING

from livevision import languages, settings
from livevision.errors import UsageError

if TYPE_CHECKING:
    from livevision.sinks.look import Look

KEYS = {
    "q": "quit",
    "escape": "quit",
    " ": "pause",
    "tab": "skip",
    "t": "skip",
    "right": "skip",
    "backspace": "redo",
    "left": "redo",
    "m": "mirror",
    "+": "larger",
    "=": "larger",
    "-": "smaller",
    "h": "help",
}
"""What the keys do in the windows of lessons."""
SMALLEST, LARGEST = 0.4, 4.0
"""Sizes of text, in usual ones, as for the window of `run`."""


def add_look(parser: argparse.ArgumentParser) -> None:
    """How a lesson speaks and how large it writes; `look` heeds it."""
    parser.add_argument(
        "--language",
        choices=languages.available(),
        help="that is spoken (default: en, or what 'livevision config language=CODE' says)",
    )
    parser.add_argument(
        "--text-size",
        type=_text_size,
        metavar="X",
        help="size of all that is written, 0.4 to 4 (default: 1, or what 'livevision config "
        "text_size=X' says)",
    )


def look(arguments: argparse.Namespace, *, mirror: bool = False) -> "Look":
    """What was asked for, else what the settings say. Raises UsageError if these are none."""
    from livevision.sinks.look import Look

    known = settings.read()
    language = arguments.language or str(known.get("language", "en"))
    size = arguments.text_size
    if size is None:
        try:
            size = _text_size(str(known.get("text_size", 1.0)))
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"The settings {settings.path()}: text_size {error}.") from error
    return Look(text_size=size, language=language, mirror=mirror)  # type: ignore[arg-type]


def _text_size(text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not SMALLEST <= size <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.4 to 4")
    return size
