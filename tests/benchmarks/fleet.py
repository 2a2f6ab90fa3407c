"""What the fleet costs: archives, scheduling, a site of cameras (docs/scaling.md).

usage: python tests/benchmarks/fleet.py archive [--clips N] [--rounds N] [--ray]
       python tests/benchmarks/fleet.py scheduling [--clips N] [--results]
       python tests/benchmarks/fleet.py site [--cameras N] [--fps N] [--minutes N]

Other programs on the machine disturb the seconds; the processor time they hardly do.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2

sys.path.insert(0, str(Path(__file__).parents[1]))
from servers import MjpegServer

from livevision import assets
from livevision.fleet import archive, door
from livevision.fleet.job import Done, Reading, Task, Work
from livevision.fleet.ledger import NAME, Ledger
from livevision.fleet.local import Local
from livevision.sources.recording import Recording

PROGRAM = [sys.executable, "-m", "livevision"]


@dataclass(frozen=True)
class Nothing(Reading):
    """No work at all."""

    results: bool = False
    """Whether each clip has a small result, which is written and synchronised."""

    def prepare(self) -> Work:
        return self.do

    def do(self, task: Task) -> Done:
        return Done({".json": "{}\n"} if self.results else {})


def scheduling(arguments: argparse.Namespace) -> None:
    """Clips of no work: what the driver can hand out, what it needs, how the ledger grows."""
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name, "in"), Path(name, "out")
        folder.mkdir()
        out.mkdir()
        clips = []
        for number in range(arguments.clips):
            path = folder / f"{number:06d}.mp4"
            path.write_text(str(number))
            clips.append(str(path))
        job = Nothing({}, results=arguments.results)
        for what in ("all new", "all done"):
            before = resident()
            begun, spent = time.monotonic(), time.process_time()
            with Ledger(out) as ledger, Local(job, 2) as engine:
                planned = archive.plan(clips, job, ledger, retry=False)
                progress = archive.read(planned, len(clips), engine, ledger)
                grown = resident() - before
            seconds = time.monotonic() - begun
            print(
                f"{what}: {progress.over} clips in {seconds:.1f} s, {progress.over / seconds:.0f} "
                f"a second, driver's processor {time.process_time() - spent:.1f} s, "
                f"{grown:.0f} MB more, ledger {(out / NAME).stat().st_size / 1e6:.1f} MB",
                flush=True,
            )


def archives(arguments: argparse.Namespace) -> None:
    """The same clips by one process, by the fleet with one and two workers, and by Ray."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        pictures = 60
        for number in range(arguments.clips):  # two seconds each, of one content each
            make_part(folder / f"{number:03d}.mp4", number, pictures)
        clips = sorted(str(each) for each in folder.iterdir())
        ways: dict[str, Sequence[str]] = {
            "replay": ["replay", *clips, "--json", f"{name}/alone.json"],
            "1 worker": ["fleet", "replay", str(folder), "--workers", "1"],
            "2 workers": ["fleet", "replay", str(folder), "--workers", "2"],
        }
        if arguments.ray:
            ways["ray, 2"] = [*ways["2 workers"], "--on", "ray"]
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for turn in range(arguments.rounds):
            for way, words in ways.items():
                more = ["--out", f"{name}/{way} {turn}"] if words[0] == "fleet" else []
                found[way].append(timed([*PROGRAM, *words, *more, "--signs"]))
        for way, times in found.items():
            seconds, spent = (median(each) for each in zip(*times, strict=True))
            print(
                f"{way:10s} {len(clips)} clips of {pictures} frames: {seconds:6.1f} s "
                f"({seconds / len(clips) * 1000:.0f} ms a clip), processor {spent:6.1f} s "
                f"({spent / len(clips) * 1000:.0f} ms a clip)",
                flush=True,
            )


def make_part(path: Path, number: int, count: int) -> None:
    """`count` pictures of the bundled recordings, from another place in each clip."""
    recordings = [assets.folder("recordings") / f"{each}.mp4" for each in ("jawsclub", "cloudy")]
    with Recording(recordings[number % len(recordings)]) as clip:
        images = [frame.image for frame in clip]
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (width, height))
    for index in range(count):
        writer.write(images[(number + index) % len(images)])
    writer.release()


def timed(words: Sequence[str]) -> tuple[float, float]:
    """Seconds that a program took, and the processor's, its children's included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, spent


def site(arguments: argparse.Namespace) -> None:
    """Loopback streams of signing hands, watched for a while."""
    with Recording(assets.folder("recordings") / "jawsclub.mp4") as clip:
        step = max(1, round(30 / arguments.fps))
        images = [frame.image for frame in clip if frame.index % step == 0]
    pictures = [cv2.imencode(".jpg", each)[1].tobytes() for each in images]
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="lv"))
        text = f'[fleet]\nlimit = {arguments.cameras}\nfolder = "{name}"\n'
        text += "[defaults]\nsigns = true\nevents = true\n"
        servers = []
        for number in range(arguments.cameras):
            server = stack.enter_context(MjpegServer(rate=arguments.fps, pictures=pictures))
            servers.append(server)
            text += f'[cameras.c{number}]\nsource = "{server.url}"\n'
        file = Path(name, "cameras.toml")
        file.write_text(text, encoding="utf-8")
        socket = Path(name, "fleet.sock")
        program = subprocess.Popen(
            [*PROGRAM, "fleet", "watch", str(file), "--socket", str(socket)],
            stderr=subprocess.DEVNULL,
        )
        try:
            watched(program, socket, servers, arguments.minutes)
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait()


def watched(
    program: "subprocess.Popen[bytes]", socket: Path, servers: list[MjpegServer], minutes: float
) -> None:
    told: list[dict[str, Any]] = []
    while not told or any(each["state"] != "running" or not each["frames"] for each in told):
        time.sleep(1)
        if program.poll() is not None:
            raise SystemExit("it has ended")
        if socket.exists():
            told = door.ask(socket, "status")
    first = {each["camera"]: each for each in told}
    served = [each.served for each in servers]
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < minutes * 60:
        time.sleep(min(60.0, minutes * 60 - gone))
        told = door.ask(socket, "status")
        frames = [each["frames"] - first[each["camera"]]["frames"] for each in told]
        dropped = [each["dropped"] - first[each["camera"]]["dropped"] for each in told]
        sent = [now.served - then for now, then in zip(servers, served, strict=True)]
        events = sum(sum(each["events"].values()) for each in told)
        print(
            f"{(time.monotonic() - begun) / 60:.1f} min, {len(told)} cameras: {sum(frames)} frames "
            f"of {sum(sent)} sent, {sum(dropped)} dropped "
            f"({sum(dropped) / max(1, sum(frames) + sum(dropped)):.2%}), "
            f"p95 {median(each['p95_ms'] or 0 for each in told):.0f} ms, "
            f"{min(each['rss_mb'] for each in told)} to {max(each['rss_mb'] for each in told)} MB, "
            f"supervisor {resident(program.pid):.0f} MB, {events} events, "
            f"restarts {json.dumps([each['restarts'] for each in told if each['restarts']])}, "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


def resident(pid: int | None = None) -> float:
    """Resident memory of a process, this one unless named, in MB (Linux)."""
    text = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("archive")
    one.add_argument("--clips", type=int, default=20)
    one.add_argument("--rounds", type=int, default=3)
    one.add_argument("--ray", action="store_true")
    one.set_defaults(act=archives)
    two = what.add_parser("scheduling")
    two.add_argument("--clips", type=int, default=100_000)
    two.add_argument("--results", action="store_true")
    two.set_defaults(act=scheduling)
    three = what.add_parser("site")
    three.add_argument("--cameras", type=int, default=8)
    three.add_argument("--fps", type=float, default=3.0)
    three.add_argument("--minutes", type=float, default=10.0)
    three.set_defaults(act=site)
    arguments = parser.parse_args()
    arguments.act(arguments)


if __name__ == "__main__":
    main()
