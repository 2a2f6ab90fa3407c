"""Ports of loopback for servers that are started, killed and started again."""

import itertools
import os
import socket
from collections import deque

FIRST, LAST = 20_000, 32_000
"""Below those that systems hand out to connections by themselves: no connection of another test
takes the port between two starts."""
_places = itertools.cycle(range(FIRST, LAST))
# several processes of tests run at a time, and each begins to look elsewhere
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_begin = (os.getppid() * 7 + _number * 1_000) % (LAST - FIRST)
deque(itertools.islice(_places, _begin), maxlen=0)


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    for port in itertools.islice(_places, LAST - FIRST):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
