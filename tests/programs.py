"""Several programs at once, and programs that are killed, as forks of the test's own process."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def together(programs: Sequence[Callable[[], object]]) -> list[int]:
    """Begin all at one moment; their exit codes: 0, 1 after an exception, -9 if killed."""
    start, go = os.pipe()
    children = []
    for program in programs:
        child = os.fork()
        if not child:
            code = 1
            try:
                os.close(go)
                os.read(start, 1)
                program()
                code = 0
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        children.append(child)
    os.close(start)
    os.close(go)  # now
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def alone(program: Callable[[], object]) -> int:
    """Its exit code in a process of its own."""
    return together([program])[0]


def killed_at(line: int, program: Callable[[], object], modules: Sequence[Any]) -> int:
    """Run it until it comes to the `line`-th line, counted as they run, of the modules.

    -9 if it was killed there, by a signal that no program can catch; 0 if it ended before.
    """
    files = {module.__file__ for module in modules}
    left = line

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def traced() -> None:
        sys.settrace(trace)
        try:
            program()
        finally:
            sys.settrace(None)

    return alone(traced)


def descendants(pid: int) -> list[int]:
    """Processes that it began, and those that they began (Linux)."""
    parents: dict[int, list[int]] = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(each.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found
