"""Reads American Sign Language fingerspelling and names faces, live or from recordings."""

import sys

if "".join(sys.argv[:1]).rpartition("/")[2] in ("-m", "livevision"):
    # `livevision` begins: until it can say so itself, Ctrl-C ends it without a traceback
    import _signal  # type: ignore[import-not-found]  # not `signal`, which takes its time

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livevision.still import read as read

__version__ = "0.2.0"
DOCUMENTATION = "https://github.com/livevision/livevision/tree/main/docs"
"""Where the pages of docs/ can be read; the package does not carry them."""


def __getattr__(name: str) -> Any:
    """`livevision.read`, which is imported when somebody asks for it."""
    if name == "read":
        return import_module("livevision.still").read
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
