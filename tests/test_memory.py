"""Freed memory goes back."""

import sys
from pathlib import Path

import numpy as np
import pytest

from livevision import memory


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_was_freed_below_what_is_kept_is_given_back() -> None:
    if memory._malloc_trim() is None:
        pytest.skip("needs glibc")
    memory.give_back()
    small = [np.ones(12_500) for _ in range(1000)]  # below the size that is mapped on its own
    last = np.ones(12_500)
    full = resident()
    del small
    memory.give_back()
    assert full - resident() > 80e6
    assert last.sum() == 12_500
