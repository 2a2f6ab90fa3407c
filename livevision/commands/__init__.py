"""The commands of the command line: every module here is one.

Its docstring is the help page: what it does, then, after an empty line, examples. It has

    SUMMARY: str                              one line for the list of commands
    def add_arguments(parser) -> None
    def execute(arguments) -> int             the exit code; heavy imports happen in here
"""

import pkgutil
from importlib import import_module
from types import ModuleType


def available() -> list[str]:
    """Names of the commands."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def module(name: str) -> ModuleType:
    """The command `name` as a module."""
    return import_module(f"{__name__}.{name}")
