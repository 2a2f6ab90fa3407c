"""The commands of the command line: every module here is one.

Its docstring is the help page: what it does, then, after an empty line, examples. It has

    SUMMARY: str                              one line for the list of commands
    def add_arguments(parser) -> None
    def execute(arguments) -> int             the exit code; heavy imports happen in here
"""

import argparse
import ast
import difflib
import pkgutil
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from livevision import plugins
from livevision.errors import UsageError


class Bare(argparse.ArgumentParser):
    """Of options that no command line gave: raises UsageError with argparse's message."""

    def error(self, message: str) -> NoReturn:
        if switch := re.fullmatch(
            r"argument (\S+?)(?:/\S+)?: ignored explicit argument (.*)", message
        ):
            message = f"{switch[1].removeprefix('--')} is true or false, not {switch[2]}."
        raise UsageError(message)


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, and where help is, instead of listing all that there is."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError with argparse's `message` in plain words."""
        if choice := re.fullmatch(r"argument (\S+): invalid choice: '(.*)' \(.*\)", message):
            message = self._no_choice(choice[1], choice[2])
        elif missing := re.fullmatch(r"the following arguments are required: (.*)", message):
            message = f"{missing[1]} {'are' if ', ' in missing[1] else 'is'} missing"
            if actions := self._actions_by_name():
                message += f"; there are: {', '.join(actions)}"
        message = message.removeprefix("argument ")
        end = "" if message.endswith(("?", ".")) else "."
        raise UsageError(f"{message}{end} See: {self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is not known is told by the command that it was meant for."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self._unknown(left[0])
        return found, left

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """As argparse does, but nothing is not taken for the folder where we are: "$UNSET"."""
        is_place = action.type is Path or not action.option_strings
        # a command's action is given all the words that follow it, too
        if not arg_string and is_place and action.nargs != argparse.PARSER:
            name = argparse._get_action_name(action)
            self.error(f"{name} is empty; is a variable not set?")
        return super()._get_value(action, arg_string)

    def _unknown(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            self.error(f"{word!r} is one word too many")
        name = word.split("=")[0]
        near = difflib.get_close_matches(name, self._option_string_actions, n=1, cutoff=0.7)
        self.error(f"there is no option {name}" + (f"; did you mean {near[0]}?" if near else ""))

    def _no_choice(self, name: str, word: str) -> str:
        """What to say if `word` is no choice for an option or an action."""
        known = [str(each) for each in self._actions_by_name()]
        for action in self._actions:
            called = (*action.option_strings, "/".join(action.option_strings), action.metavar)
            if name in called and action.choices:
                known = [str(each) for each in action.choices]
        near = difflib.get_close_matches(word, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        return f"{name}: {word!r} is none of {', '.join(known)}{meant}"

    def _actions_by_name(self) -> list[str]:
        """The names of a command's actions that its help lists, if it has some."""
        return [
            listed.dest
            for each in self._actions
            if isinstance(each, argparse._SubParsersAction)
            for listed in each._choices_actions
        ]


def _found() -> dict[str, str]:
    """Names of the commands, and of their modules."""
    own = (module.name for module in pkgutil.iter_modules(__path__))
    names = {name: f"{__name__}.{name}" for name in own if not name.startswith("_")}
    return names | plugins.rooms("commands")


def available() -> list[str]:
    """Names of the commands."""
    return sorted(_found())


_SYNONYMS = {
    "version": "--version",
    "help": "--help",
    "webcam": "run 0",
    "camera": "run 0",
    "cam": "run 0",
    "start": "run 0",
    "live": "run 0",
    "record": "run 0 --record clip.mp4",
    "cameras": "devices",
    "settings": "config",
    "preferences": "config",
    "browser": "serve",
    "web": "serve",
    "check": "doctor",
    "diagnose": "doctor",
    "benchmark": "bench",
    "speed": "bench",
    "erase": "privacy --erase",
    "download": "models setup",
    "setup": "models setup",
    "install": "models setup",
}


def meant(words: Sequence[str]) -> str | None:
    """What somebody who typed `words` may have meant, if the first is no command but near one."""
    synonyms = _SYNONYMS | plugins.rooms("synonyms")
    if (both := " ".join(words[:2]).lower()) in synonyms and len(words) > 1:
        return synonyms[both]
    known = {name: name for name in available()}
    word = words[0].lower()
    if words[0] in known or not re.fullmatch(r"[a-z][a-z-]*", word):
        return None
    known |= {each: meaning for each, meaning in synonyms.items() if " " not in each}
    near = [word] if word in known else difflib.get_close_matches(word, known, n=1)
    return known[near[0]] if near else None


def module(name: str) -> ModuleType:
    """The command `name` as a module."""
    return import_module(_found()[name])


def summary(name: str) -> str:
    """What a command's module says of itself in one line, without importing it if possible.

    Each would import what it needs, and the list of commands should be there at once.
    """
    spec = find_spec(_found()[name])
    if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        source = Path(spec.origin).read_text(encoding="utf-8")
        if found := re.search(r'^SUMMARY = (".*")$', source, re.MULTILINE):
            return str(ast.literal_eval(found[1]))
    return str(module(name).SUMMARY)


def add_action(
    actions: Any,
    name: str,
    help_: str,
    act: Callable[[argparse.Namespace], int],
    examples: str,
) -> argparse.ArgumentParser:
    """A parser for what a command does by that name, among its `actions`."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(act=act)
    return parser


def add_parser(subparsers: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A parser for `module`, whose docstring is its help page, among the `subparsers`."""
    description, _, example = (module.__doc__ or "").partition("\n\n")
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=module.SUMMARY,
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser
