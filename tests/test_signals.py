"""Signals at any moment: every file can be played, no traceback, an end within five seconds."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from clips import make_clip
from until import PATIENCE

from livevision import signals
from livevision.errors import SourceError
from livevision.sources.recording import Recording

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")

ROOT = Path(__file__).resolve().parent.parent


def start(clip: Path, out: Path, *, hang: bool = False) -> subprocess.Popen[str]:
    words = ["run", str(clip), "--realtime", "--no-signs", "--no-faces", "--no-window"]
    words += ["--raw", str(out)]
    program = ["-m", "livevision"]
    if hang:
        program = ["-c", HANGING]
    return subprocess.Popen(
        [sys.executable, *program, *words],
        cwd=ROOT,
        preexec_fn=heard,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def heard() -> None:
    """Hear the signals, though whoever started us (nohup) does not."""
    for number in signals.ENDING:
        signal.signal(number, signal.SIG_DFL)


HANGING = """
import os, sys, time
from livevision import __main__ as cli, signals
from livevision.sinks.console import Console
signals.LAST = float(os.environ["LAST"])
def write(self, result):
    print("hangs", file=sys.stderr, flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
Console.main_thread = True
Console.write = write
cli.program()
"""
"""A part that hangs on the main thread, and lets no signal through."""


def test_a_signal_that_comes_within_a_finalizer_is_not_lost() -> None:
    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def die() -> None:
        dying = Dying()
        del dying
        time.sleep(PATIENCE)

    with signals.handled() as ending, pytest.raises(KeyboardInterrupt):
        die()
    assert ending.number == signal.SIGTERM


def unplayable(out: Path) -> bool:
    """Whether there is a recording, and not one picture of it can be seen."""
    if not out.exists():
        return False
    with suppress(SourceError), Recording(out) as source:
        return source.read() is None
    return True


def kept_waiting(pid: int) -> float:
    """Seconds that the threads of a process were ready and had no processor; Linux tells it."""
    total = 0
    for each in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, IndexError):  # it has just ended
            total += int(each.read_text().split()[1])
    return total / 1e9


def one(
    clip: Path,
    out: Path,
    number: int,
    after: float,
    again: tuple[float, ...] = (),
    most: float = PATIENCE,
) -> str:
    """Send signals; what was wrong afterwards, empty if nothing was.

    It may take `most` seconds to end, and those that a busy machine lets it wait.
    """
    out.unlink(missing_ok=True)
    process = start(clip, out)
    time.sleep(after)
    begun = time.monotonic()
    before = kept_waiting(process.pid) + kept_waiting(os.getpid())
    process.send_signal(number)
    for pause in again:
        time.sleep(pause)
        process.send_signal(number)
    waited = 0.0
    while process.poll() is None and time.monotonic() < begun + 2 * PATIENCE:
        waited = max(waited, kept_waiting(process.pid) + kept_waiting(os.getpid()) - before)
        time.sleep(0.05)
    took = time.monotonic() - begun - waited
    if process.poll() is None:
        process.kill()
        return f"still there; {process.communicate()[1]}"
    said = process.communicate()[1]
    faults = []
    mine = "livevision/" in said
    """Whether it was our code that said it: Python itself takes a while to begin."""
    if mine and ("Traceback" in said or "Exception ignored" in said or "Fatal" in said):
        faults.append(said)
    if took > most:
        faults.append(f"took {took:.1f} s, and waited {waited:.1f} s for a processor")
    # negative: before Python runs our first line; 0: it had come to its end
    if process.returncode not in (128 + number, -number, 0) and (mine or "Traceback" not in said):
        faults.append(f"exit code {process.returncode}; {said}")
    if unplayable(out):
        faults.append("the recording cannot be played")
    return "; ".join(faults)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_and_another_while_it_cleans_up(number: int, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=300, size=(64, 48))
    assert one(clip, tmp_path / "out.mp4", number, 1.5, (0.02,)) == ""


@pytest.mark.long
def test_200_signals_at_random_moments(tmp_path: Path) -> None:
    """pytest -m long tests/test_signals.py; COUNT and SEED in the environment change it."""
    count = int(os.environ.get("COUNT", "200"))
    rng = np.random.default_rng(int(os.environ.get("SEED", "1")))
    clip = make_clip(tmp_path / "a.mp4", count=300, size=(64, 48))
    faults = []
    for _ in range(count):
        number = int(rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        after = float(rng.uniform(0.0, 4.0))
        again = (float(rng.uniform(0.0, 0.3)),) if rng.random() < 0.5 else ()
        fault = one(clip, tmp_path / "out.mp4", number, after, again, most=signals.LAST + 1)
        if fault:
            faults.append(f"signal {number} after {after:.2f} s, again {again}: {fault}")
    print(f"{len(faults)} of {count} wrong")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("times", [1, 3])
def test_what_hangs_on_the_main_thread_is_ended_hard(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=300, size=(64, 48))
    # one signal waits for a clean end, three do not
    monkeypatch.setenv("LAST", "1" if times == 1 else str(4 * PATIENCE))
    process = start(clip, tmp_path / "out.mp4", hang=True)
    try:
        assert process.stderr is not None
        while "hangs" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while times > 1 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)  # two that come at once count as one
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM


def test_a_run_is_interrupted_at_a_safe_place_alone() -> None:
    with signals.handled() as ending, signals.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)  # nothing is raised in here
        with pytest.raises(KeyboardInterrupt):
            signals.check()
        signals.check()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        signals.check()
    assert ending.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
