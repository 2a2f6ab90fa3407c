"""What can be recognised: every folder here is one recogniser.

Its `__init__` is light (it is imported for `--help`) and has

    SUMMARY: str                                  what it recognises, for `--help`
    def load(settings: Settings) -> Recognizer    heavy imports happen in here

and, where it needs them,

    def add_options(group) -> None                its own options, as argparse arguments
    def wanted() -> tuple[bool, str]              on by default? and a hint to print if not
"""

import argparse
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self, cast

from livevision import assets
from livevision.errors import UsageError
from livevision.frame import Findings, Frame


class Recognizer(ABC):
    """Finds things in the frames of one stream, in their order. May remember earlier ones.

    Anything with a memory goes by `frame.time` alone, so that a replay gives the same answer at
    any speed. Each recogniser is called from one thread at a time.
    """

    @abstractmethod
    def recognize(self, frame: Frame) -> Findings:
        """What is in this frame, and what came to its end with it."""

    def finish(self) -> Findings:
        """What was still pending when the stream ended."""
        return Findings()

    def command(self, name: str) -> None:  # noqa: B027 - most recognisers take no commands
        """React to a user's command, e.g. "backspace"; unknown ones are ignored."""

    def close(self) -> None:  # noqa: B027 - many recognisers hold nothing open
        """Release models, threads and processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a recogniser's `load` is told."""

    models: Path
    """The recogniser's own folder of models."""
    live: bool
    """True if the stream is expected to be live. `Frame.captured` tells for certain: no frame of a
    live stream may wait for a slow answer, and with a recording no answer may depend on speed."""
    options: argparse.Namespace = field(default_factory=argparse.Namespace)
    """Values of the options it declared."""


def available() -> list[str]:
    """Names of the recognisers, without loading any."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def module(name: str) -> ModuleType:
    """The folder `name` as a module; UsageError if there is none."""
    if name not in available():
        raise UsageError(f"No recogniser {name!r}; there are: {', '.join(available())}.")
    return import_module(f"{__name__}.{name}")


def rooms(kind: str) -> dict[str, str]:
    """Names of the modules in every recogniser's folder `kind`, and their full names."""
    found = {}
    for name in available():
        place = f"{__name__}.{name}.{kind}"
        if find_spec(place) is not None:
            for each in pkgutil.iter_modules(import_module(place).__path__):
                found[each.name] = f"{place}.{each.name}"
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--NAME/--no-NAME` and the options of every recogniser to `parser`."""
    for name in available():
        folder = module(name)
        group = parser.add_argument_group(name, folder.SUMMARY)
        group.add_argument(
            f"--{name}",
            action=argparse.BooleanOptionalAction,
            default=None,
            help=f"recognise {name}, or don't",
        )
        if hasattr(folder, "add_options"):
            folder.add_options(group)


def chosen(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Names of the recognisers asked for or on by default, and hints about those that are not."""
    names, hints = [], []
    for name in available():
        on = getattr(arguments, name, None)
        if on is None:
            folder = module(name)
            on, hint = folder.wanted() if hasattr(folder, "wanted") else (False, "")
            if hint and not on:
                hints.append(hint)
        if on:
            names.append(name)
    return names, hints


def load(
    name: str,
    *,
    models: Path | None = None,
    live: bool = False,
    options: argparse.Namespace | None = None,
) -> Recognizer:
    """The recogniser in the folder `name`, with its model from `models / name`.

    `models` is the bundled folder unless given; `options` are the folder's own defaults unless
    given. Raises UsageError for an unknown name, ModelError for a missing or damaged model.
    """
    folder = module(name)
    if options is None:
        parser = argparse.ArgumentParser(add_help=False)
        if hasattr(folder, "add_options"):
            folder.add_options(parser)
        options = parser.parse_args([])
    settings = Settings((models or assets.folder("models")) / name, live, options)
    return cast(Recognizer, folder.load(settings))


def load_all(names: Sequence[str], *, live: bool, options: argparse.Namespace) -> list[Recognizer]:
    """The recognisers `names`, in that order; those already loaded are closed if one fails."""
    loaded: list[Recognizer] = []
    try:
        for name in names:
            loaded.append(load(name, live=live, options=options))
    except BaseException:
        for recognizer in loaded:
            recognizer.close()
        raise
    return loaded
