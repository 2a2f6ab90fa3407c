"""How many live streams this machine reads without losing frames."""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from livevision import machine
from livevision.errors import ModelError

LOST = 0.01
"""Share of dropped frames from which on a machine has too much to do."""
BEYOND = 4
"""Streams a processor after which no more are tried."""
FPS = 30
SIZE = (640, 480)
_SUMMARY = re.compile(r"(\d+) frames, (\d+) dropped")


def measure(arguments: argparse.Namespace) -> int:
    """Try more and more, print what was found, and keep it."""
    most = 0
    with tempfile.TemporaryDirectory() as folder:
        words = scene(Path(folder), arguments.seconds)
        for many in range(1, BEYOND * machine.cores() + 1):
            frames, dropped = watched(many, words)
            share = dropped / max(1, frames + dropped)
            print(f"{many} at {FPS} frames a second: {share:.1%} dropped", flush=True)
            if share >= LOST:
                break
            most = many
    path = machine.keep_streams(max(1, most))
    if not most:
        print("This machine loses frames with a single stream; it is allowed one all the same.")
    print(f"{'1 stream' if most < 2 else f'{most} streams'}: kept in {path}")
    return 0


def scene(folder: Path, seconds: float) -> list[str]:
    """A clip with a hand and a known face, and the words that have it read as if it were live."""
    from livevision.benchmark import scenes

    gallery = folder / "gallery.sqlite"
    scenes.enrol(gallery)
    clip = scenes.Scene(SIZE).write(folder / "scene.mp4", fps=FPS, seconds=seconds)
    words = ["run", str(clip), "--realtime", "--no-window", "--signs", "--faces"]
    return [*words, "--gallery", str(gallery)]


def watched(many: int, words: Sequence[str]) -> tuple[int, int]:
    """Frames read and dropped by so many processes at once. Raises ModelError if one fails."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "livevision", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(many)
    ]
    frames = dropped = 0
    try:
        for process in processes:
            _, told = process.communicate()
            found = _SUMMARY.search(told)
            if process.returncode or found is None:
                last = told.strip().splitlines()[-1:] or ["it says nothing"]
                raise ModelError(f"A stream could not be read: {last[0]}")
            frames += int(found[1])
            dropped += int(found[2])
    finally:
        for process in processes:
            process.kill()
            with process:  # closes its pipe, and waits for it
                pass
    return frames, dropped
