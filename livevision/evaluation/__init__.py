"""How well it does: every module here measures one thing, as `livevision evaluate NAME`.

It has what a command has: a docstring as help page, SUMMARY, `add_arguments` and `execute`.
"""

import pkgutil
from importlib import import_module
from types import ModuleType


def available() -> list[str]:
    """Names of what can be evaluated."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def module(name: str) -> ModuleType:
    """The evaluation `name` as a module."""
    return import_module(f"{__name__}.{name}")
