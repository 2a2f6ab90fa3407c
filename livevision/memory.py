"""Memory that was freed goes back to the system.

The pictures of a stream come and go on many threads, and glibc keeps what each of them freed: in an
hour a process grew by 5 % though what it used did not, and within a minute it swells by as much.
`malloc_trim` costs 2 to 5 ms here.
"""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

EVERY = 10.0
"""Seconds after which it is worth while."""


def give_back() -> None:
    """Hand back what can be; does nothing where the C library has no `malloc_trim`."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


def resident() -> int | None:
    """Bytes of this process that are in memory; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


@cache
def _malloc_trim() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
