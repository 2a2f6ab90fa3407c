"""Waiting for what must happen, however busy the machine is."""

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which it did not happen; far more than it takes, so that no load fails a test."""


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once `what()` is true; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
