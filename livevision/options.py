"""Options are frozen dataclasses: the command line, the settings file and Python share them.

A field made by `option` knows how it is told and checked; `add_arguments` makes command-line
options of a dataclass, `values` an instance of what was parsed, and `check` looks at one that was
made in Python.

Of the libraries that do as much (simple-parsing, tyro, jsonargparse, cyclopts), each takes 70 to
140 ms to import, more than everything else that `livevision --help` needs.
"""

import argparse
import math
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from livevision.errors import UsageError

Options = TypeVar("Options")
_KEY = "option"


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Of what has nothing to choose."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of an option beside its type and default."""

    help: str
    metavar: str | None = None
    flag: str | None = None
    """Its name on the command line, "--gallery"; made of the owner's and the field's names if
    None."""
    parse: Callable[[str], Any] | None = None
    """Makes a value of a word; raises argparse.ArgumentTypeError."""
    low: float | None = None
    high: float | None = None
    turns_on: bool = False
    """Whoever gives it wants the recogniser that it belongs to, unless told otherwise."""
    reads: bool = False
    """It names a file that is read from: no output may take its place."""
    private: bool = False
    """Its value is a secret: never printed."""


def option(default: Any, *, help: str, **more: Any) -> Any:
    """A field of a dataclass of options, with a `default` and the fields of `Spec`."""
    return field(default=default, metadata={_KEY: Spec(help, **more)})


def declared(options: Any) -> "list[Field[Any]]":
    """The fields of a dataclass, or of an instance, that are options."""
    return [each for each in fields(options) if _KEY in each.metadata]


def spec(each: "Field[Any]") -> Spec:
    """What is known of an option."""
    found: Spec = each.metadata[_KEY]
    return found


def flag(each: "Field[Any]", owner: str) -> str:
    """The name of an option of `owner` on the command line; "" is the owner of common ones."""
    name = each.name.replace("_", "-")
    return spec(each).flag or (f"--{owner}-{name}" if owner else f"--{name}")


def destination(each: "Field[Any]", owner: str) -> str:
    """Where argparse puts it, and its name in the settings file."""
    return flag(each, owner).removeprefix("--").replace("-", "_")


def add_arguments(group: argparse._ActionsContainer, options: type, owner: str = "") -> None:
    """Declare every field of the dataclass `options` as an option of the command line."""
    for each in declared(options):
        known = spec(each)
        kind, _ = _kind(options, each)
        words: dict[str, Any] = {"default": _default(each), "help": _help(each, known)}
        if kind is bool:
            words["action"] = argparse.BooleanOptionalAction
        else:
            if known.metavar:
                words["metavar"] = known.metavar
            if get_origin(kind) is Literal:
                words["choices"] = get_args(kind)
                words["type"] = type(get_args(kind)[0])
                words.pop("metavar", None)
            else:
                words["type"] = known.parse or _parser(kind, known)
            if get_origin(kind) is tuple and known.parse is None:
                words["action"] = _Append
        group.add_argument(flag(each, owner), dest=destination(each, owner), **words)


def values(options: type[Options], namespace: argparse.Namespace, owner: str = "") -> Options:
    """The options as they were parsed; defaults for those that the namespace does not have."""
    given = {}
    for each in declared(options):
        value = getattr(namespace, destination(each, owner), MISSING)
        if value is not MISSING:
            given[each.name] = value
    return options(**given)


def leave_open(parser: argparse.ArgumentParser, options: type, owner: str = "") -> None:
    """Let `parser` say nothing of the options that nobody gives: `values` takes their defaults, and
    `fill` can tell them from those that were given."""
    parser.set_defaults(**{destination(each, owner): MISSING for each in declared(options)})


def fill(chosen: object, namespace: argparse.Namespace, owner: str = "") -> None:
    """Put an instance's values where `values` finds them, but for options that were given.

    Whoever gives one of those that turn their owner on has said what it shall do: none of them is
    filled then.
    """
    open_ = [
        each
        for each in declared(chosen)
        if getattr(namespace, destination(each, owner), MISSING) is MISSING
    ]
    told = any(spec(each).turns_on for each in declared(chosen) if each not in open_)
    for each in open_:
        if not (told and spec(each).turns_on):
            setattr(namespace, destination(each, owner), getattr(chosen, each.name))


def check(chosen: object) -> None:
    """Raises UsageError if a value is not among its choices, or out of its range."""
    for each in declared(chosen):
        value, known = getattr(chosen, each.name), spec(each)
        kind, optional = _kind(type(chosen), each)
        if value is None and optional:
            continue
        if get_origin(kind) is Literal and value not in get_args(kind):
            listed = ", ".join(str(one) for one in get_args(kind))
            raise UsageError(f"{each.name} cannot be {value!r}; choose one of: {listed}.")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not _within(value, known):
            raise UsageError(f"{each.name} cannot be {value!r}; it is {_range(known)}.")


def turned_on(options: type, namespace: argparse.Namespace, owner: str) -> bool:
    """Whether an option was given that asks for its owner."""
    return any(
        spec(each).turns_on
        and getattr(namespace, destination(each, owner), _default(each)) != _default(each)
        for each in declared(options)
    )


def files_read(chosen: object) -> list[Path]:
    """The files that options name to be read from."""
    named = [getattr(chosen, each.name) for each in declared(chosen) if spec(each).reads]
    return [each for each in named if each is not None]


def between(low: float | None, high: float | None) -> Callable[[str], float]:
    """A number from `low` to `high`, for argparse."""
    return typing.cast(Callable[[str], float], _parser(float, Spec("", low=low, high=high)))


class _Append(argparse.Action):
    """Each time it is given, one more value of a tuple; the first takes the default's place."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        so_far = getattr(namespace, self.dest)
        fresh = so_far is None or so_far is self.default
        setattr(namespace, self.dest, (values,) if fresh else (*so_far, values))


@cache
def _hints(options: type) -> dict[str, Any]:
    return typing.get_type_hints(options)


def _kind(options: type, each: "Field[Any]") -> tuple[Any, bool]:
    """A field's type without None, and whether None is among its values."""
    hint = _hints(options)[each.name]
    if get_origin(hint) in (typing.Union, types.UnionType):
        left = [one for one in get_args(hint) if one is not type(None)]
        return left[0], len(left) < len(get_args(hint))
    return hint, False


def _default(each: "Field[Any]") -> Any:
    if each.default is not MISSING:
        return each.default
    return None if each.default_factory is MISSING else each.default_factory()


def _help(each: "Field[Any]", known: Spec) -> str:
    default = _default(each)
    told = default is None or default == () or isinstance(default, bool) or "default" in known.help
    return known.help.replace("%", "%%") + ("" if told else f" (default: {default})")


def _parser(kind: Any, known: Spec) -> Callable[[str], Any]:
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
    if kind not in (int, float):
        return typing.cast(Callable[[str], Any], kind)

    def number(word: str) -> Any:
        try:
            value = kind(word)
        except ValueError:
            value = math.nan
        if not _within(value, known):
            raise argparse.ArgumentTypeError(f"{word!r} is not {_range(known, kind)}")
        return value

    return number


def _within(value: float, known: Spec) -> bool:
    low = -math.inf if known.low is None else known.low
    high = math.inf if known.high is None else known.high
    return low <= value <= high


def _range(known: Spec, kind: type = float) -> str:
    what = "a whole number" if kind is int else "a number"
    if known.low is not None and known.high is not None:
        return f"{what} from {known.low:g} to {known.high:g}"
    if known.low is not None:
        return f"{what}, {known.low:g} or more"
    return f"{what}, {known.high:g} or less" if known.high is not None else what
