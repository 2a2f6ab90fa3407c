"""Ctrl-C, a closed terminal, and whatever else asks the program to end."""

import _thread
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

ENDING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)
"""What ends a run cleanly. A closed terminal sends SIGHUP, a closed console of Windows SIGBREAK."""
HARD = 3
"""With so many signals the program ends at once, whatever it is doing."""
LAST = 5.0
"""Seconds after the first signal until it does so by itself."""


INTERRUPTED = 128 + signal.SIGINT
"""What commands return after Ctrl-C, as shells have it; after other signals it becomes theirs."""


class Ending:
    """Whether, and by which signal, the program was asked to end."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The first signal."""

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it: 130 after Ctrl-C."""
        return 128 + (self.number or signal.SIGINT)


_deferring = 0
_pending = False
_spared: set[int] = set()
"""Signals that mean something else for a while."""
_again = 0
"""How often a signal was repeated by ourselves."""
_repeated = False
"""True when the next one is such a repetition."""


@contextmanager
def deferred() -> Iterator[None]:
    """In here a signal raises KeyboardInterrupt in `check` alone, not in the middle of anything.

    It does so only on the main thread, and if `handled` is in force: Python's own way with Ctrl-C
    stays what it is.
    """
    global _deferring
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _deferring += 1
    try:
        yield
    finally:
        _deferring -= 1


def check() -> None:
    """Raise KeyboardInterrupt if the program was asked to end; on other threads do nothing."""
    global _pending
    if _pending and threading.current_thread() is threading.main_thread():
        _pending = False
        raise KeyboardInterrupt


@contextmanager
def handled(ending: Ending | None = None) -> Iterator[Ending]:
    """Make all of `ENDING` end the program as cleanly as Ctrl-C, once; `ending` says which did.

    The first raises KeyboardInterrupt. What comes during the clean-up does not break it, but the
    third signal, or `LAST` seconds, end the program on the spot. On the main thread alone.
    """
    global _pending
    ending = ending or Ending()

    def handle(number: int, frame: FrameType | None) -> None:
        global _repeated
        if ending.number is not None and not _repeated:
            return
        _repeated = False
        ending.number = ending.number or number
        _interrupt(number, frame)

    numbers = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]  # nohup
    unraised = sys.unraisablehook

    def unraisable(what: "sys.UnraisableHookArgs") -> None:
        """A finalizer or a callback of a weak reference lets nothing through: once more."""
        if isinstance(what.exc_value, KeyboardInterrupt) and ending.number is not None:
            _thread.start_new_thread(_once_more, (ending.number,))
        else:
            unraised(what)

    waking, woken = socket.socketpair()
    for end in (waking, woken):
        end.setblocking(False)
    before = signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(woken, numbers), name="signals", daemon=True)
    watch.start()
    sys.unraisablehook = unraisable
    old = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        sys.unraisablehook = unraised
        signal.set_wakeup_fd(before)
        _pending = False
        waking.close()
        watch.join()
        woken.close()


@contextmanager
def instead(number: int, call: Callable[[], None]) -> Iterator[None]:
    """In here a signal of `ENDING` does not end the program, but has `call` called.

    On the main thread alone, within `handled`; `call` comes in the middle of anything.
    """
    _spared.add(number)
    before = signal.signal(number, lambda number, frame: call())
    try:
        yield
    finally:
        signal.signal(number, before)
        _spared.discard(number)


def ignored() -> None:
    """Turn a deaf ear to `ENDING`: the program is over but for its last instructions."""
    for number in ENDING:
        with suppress(ValueError):
            signal.signal(number, signal.SIG_IGN)


def _watch(woken: socket.socket, numbers: list[int]) -> None:
    """Count the signals, also while the main thread hangs in a driver, and end it hard."""
    came: list[int] = []
    own = _again
    last = float("inf")
    woken.setblocking(True)
    while True:
        left = last - time.monotonic()
        woken.settimeout(None if left == float("inf") else max(left, 0.001))
        try:
            data = woken.recv(64)
        except TimeoutError:
            break
        if not data:
            return
        came += [number for number in data if number in numbers and number not in _spared]
        if len(came) - (_again - own) >= HARD:
            break
        if came and last == float("inf"):
            last = time.monotonic() + LAST
    with suppress(OSError):
        os.write(2, b"livevision: ended at once; it did not end by itself\n")
    os._exit(128 + came[0])


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, once no import is going on.

    Within one it would come out as another error, or never: NumPy's own makes it an ImportError,
    extensions in C++ end the process.
    """
    global _pending
    if _deferring:
        _pending = True
        return
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            _thread.start_new_thread(_once_more, (number,))
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _once_more(number: int) -> None:
    global _again, _repeated
    time.sleep(0.02)
    _again += 1
    _repeated = True
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # which ends a sleep, too
    else:
        _thread.interrupt_main(signal.Signals(number))
