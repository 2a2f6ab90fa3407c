"""Jobs for workers that need no models, so that processes start at once."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from livevision.errors import OutputError
from livevision.fleet import archive
from livevision.fleet.job import Done, Reading, Task, Work
from livevision.fleet.ledger import Ledger
from livevision.fleet.local import Local

GATE = "gate"


@dataclass(frozen=True)
class Light(Reading):
    """Reads what stands in a file, and does what it says."""

    folder: Path = Path()
    """Where each attempt leaves a file with its process's number, and where the gate is."""

    def prepare(self) -> Work:
        return self.do

    def do(self, task: Task) -> Done:
        text = Path(task.clip).read_text(encoding="utf-8")
        stem = Path(task.clip).stem
        number = len(list(self.folder.glob(f"{stem}.attempt-*")))
        (self.folder / f"{stem}.attempt-{number}").write_text(str(os.getpid()))
        while "wait" in text and not (self.folder / GATE).exists():
            time.sleep(0.01)
        if "poison" in text or ("once" in text and number == 0):
            os.kill(os.getpid(), signal.SIGKILL)
        if "disk" in text:
            raise OutputError("Cannot write there: the disk is full.")
        if "bug" in text:
            raise ValueError("a bug")
        return Done({".json": f"{text}\n"}, "It is damaged." if "damaged" in text else "")


def attempts(folder: Path, clip: str) -> int:
    return len(list(folder.glob(f"{clip}.attempt-*")))


def run(
    clips: list[str], folder: Path, out: Path, *, processes: int = 2, retry: bool = False
) -> archive.Progress:
    """Have `clips` read by processes of this machine."""
    job = Light({}, folder=folder)
    with Ledger(out) as ledger, Local(job, processes) as engine:
        planned = archive.plan(clips, job, ledger, retry=retry)
        return archive.read(planned, len(clips), engine, ledger)


if __name__ == "__main__":  # a driver that a test can kill: folder, out, clips
    run(sys.argv[3:], Path(sys.argv[1]), Path(sys.argv[2]))
