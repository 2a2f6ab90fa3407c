"""Commands of signs."""

import argparse

from livevision import languages, options, settings
from livevision.errors import UsageError
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
_SIZE = next(options.spec(each) for each in options.declared(Look) if each.name == "text_size")
_text_size = options.between(_SIZE.low, _SIZE.high)


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


def look(arguments: argparse.Namespace, *, mirror: bool = False) -> Look:
    """What was asked for, else what the settings say. Raises UsageError if these are none."""
    known = settings.read()
    language = arguments.language or str(known.get("language", "en"))
    size = arguments.text_size
    if size is None:
        try:
            size = _text_size(str(known.get("text_size", 1.0)))
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"The settings {settings.path()}: text_size {error}.") from error
    return Look(text_size=size, language=language, mirror=mirror)  # type: ignore[arg-type]
