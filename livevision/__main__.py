"""The command line: every module in `commands` is one command."""

import argparse
import errno
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from livevision import (
    DOCUMENTATION,
    __version__,
    commands,
    files,
    logs,
    plugins,
    settings,
    signals,
    text,
)
from livevision.errors import LivevisionError, ModelError, OutputError, SourceError, UsageError
from livevision.signals import INTERRUPTED


def program() -> NoReturn:
    """What the console script and `python -m livevision` do: `main`, and nothing after it."""
    code = main()
    signals.ignored()  # there is nothing left to interrupt
    if any(each.daemon for each in threading.enumerate()):
        # something hangs and was left behind: the interpreter would end over its dead body
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the process's exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    files.protect(_own_files)
    ending = signals.Ending()
    try:
        with text.guarded(), signals.handled(ending):
            code = _guarded(words)
    except KeyboardInterrupt:  # in the first or the last instructions
        code = INTERRUPTED
    return ending.exit_code if code == INTERRUPTED else code


def _own_files() -> Iterator[Path]:
    """What no output may take the place of."""
    yield settings.path()
    for plugin in plugins.recognizers().values():
        yield from (kept.path for kept in plugin.personal())


def _guarded(words: Sequence[str]) -> int:
    try:
        try:
            return _execute(words)
        finally:
            print(end="", flush=True)  # at the interpreter's end it would be too late to tell
    except BrokenPipeError:  # e.g. `livevision replay ... | head`
        _drop_output()
        return 0
    except OSError as error:
        if error.errno == errno.EIO:  # the terminal was closed, and this comes before its signal
            _drop_output()
            return INTERRUPTED
        if error.errno != errno.ENOSPC:
            raise
        # what writes files says which; this is standard output, sent to a file on a full disk
        _drop_output()
        print(f"livevision: Cannot write what was asked for: {error.strerror}.", file=sys.stderr)
        return OutputError.exit_code


def _execute(words: Sequence[str]) -> int:
    try:
        arguments = parse(words)
        logs.begin(arguments.log_level)
        return int(arguments.execute(arguments))
    except LivevisionError as error:
        print(f"livevision: {text.printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except PermissionError as error:  # a folder that is somebody else's, or in one that is
        if not isinstance(error.filename, str):
            raise
        name = text.printable(error.filename)
        print(
            f"livevision: {name}: {error.strerror}. Change who may read it, or name another.",
            file=sys.stderr,
        )
        return SourceError.exit_code
    except ImportError as error:
        if "cannot open shared object file" not in str(error):
            raise
        from livevision.commands.doctor import library_cure

        print(f"livevision: {library_cure(error)}", file=sys.stderr)
        return ModelError.exit_code
    except KeyboardInterrupt:
        print("livevision: interrupted", file=sys.stderr)
        return INTERRUPTED


def _drop_output() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words of the command line as a namespace whose `execute` does the command.

    Without a command's name the words are those of `run`: `livevision clip.mp4` plays a clip.
    """
    words = list(words)
    names = commands.available()
    first = next((word for word in words if not word.startswith("-")), None)
    asks_help = any(word in ("-h", "--help", "--version") for word in words)
    # after an option it may be that one's value: `livevision --language de`
    typed = words if words and words[0] == first else []
    if typed and not Path(typed[0]).exists() and (meant := commands.meant(typed)):
        wrong = typed[0] if typed[0] not in names else " ".join(typed[:2])
        raise UsageError(
            f"There is no command {wrong!r}. Did you mean 'livevision {meant}'? "
            "'livevision --help' lists all."
        )
    if first not in names and not (asks_help and first is None):
        first = "run"
        words.insert(0, first)
    if first not in names:  # the list of commands is asked for, or the version
        return _parser("").parse_args(words)
    module = commands.module(first)
    if hasattr(module, "remembered") and not asks_help:
        place = words.index(first) + 1
        words[place:place] = module.remembered()
    return _parser(first).parse_args(words)


def _parser(wanted: str) -> argparse.ArgumentParser:
    """A parser of the words of the command `wanted`; of the list of commands if it is empty."""
    parser = commands.Parser(
        prog="livevision",
        description="Reads American Sign Language fingerspelling and names faces, "
        "live from a webcam or replayed from a recording.",
        epilog="example: livevision            (webcam 0; the same as 'livevision run 0')\n"
        "         livevision demo       (no camera needed)\n"
        "'livevision COMMAND --help' explains a command; more at\n"
        f"{DOCUMENTATION}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"livevision {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    if not wanted:
        for name in commands.available():  # what they are like need not be known
            subparsers.add_parser(name, help=commands.summary(name))
        return parser
    module = commands.module(wanted)
    child = commands.add_parser(subparsers, wanted, module)
    child.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default=None,
        help="log on stderr from this level on, a line of key=value pairs a record (default: "
        "warnings, in words)",
    )
    module.add_arguments(child)
    child.set_defaults(execute=module.execute)
    return parser


if __name__ == "__main__":
    program()
