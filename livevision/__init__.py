"""Reads American Sign Language fingerspelling and names faces, live or from recordings."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livevision.still import read as read

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """`livevision.read`, which is imported when somebody asks for it."""
    if name == "read":
        return import_module("livevision.still").read
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
