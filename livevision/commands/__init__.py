"""The commands of the command line: every module here is one.

Its docstring is the help page: what it does, then, after an empty line, examples. It has

    SUMMARY: str                              one line for the list of commands
    def add_arguments(parser) -> None
    def execute(arguments) -> int             the exit code; heavy imports happen in here
"""

import argparse
import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any


def available() -> list[str]:
    """Names of the commands."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def module(name: str) -> ModuleType:
    """The command `name` as a module."""
    return import_module(f"{__name__}.{name}")


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
