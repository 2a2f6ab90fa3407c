"""Run for as long as wanted on looped clips at a camera's pace, and watch what grows.

    python tests/soak.py --minutes 60 [--fps 30] [--no-signs] [--no-faces] [--json soak.json]

Everything is on as in a session before the camera: live queue at 30 frames a second (fewer where
the machine has other work: `--fps`), signs and faces, overlay, an annotated recording that is
split, event lines. Every ten seconds it notes memory
(this process and its workers), open handles, threads, frames per second and dropped frames. It
exits with 1 if memory grew by more than 1 % after the first five minutes (a tenth of the time, if
it runs for less than fifty), if handles, threads or child processes did at all, if the frame rate
sank by more than 5 %, or was below 24 of 30 a second, if half of the frames came later than 100 ms
after they were due by the source's clock, or one in twenty later than 300 ms, or if the source's
clock stood more than a second behind the one on the wall. The time that it runs is the source's.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any, Self

import numpy as np

from livevision import assets, pipeline, recognizers
from livevision.demo import ENROLLED, Demo, astronaut
from livevision.frame import Frame, Result
from livevision.recognizers.faces import Options
from livevision.recognizers.faces.enrolment import enrol
from livevision.recognizers.faces.gallery import Gallery
from livevision.sinks import Sink
from livevision.sinks.events import Events
from livevision.sinks.overlay import annotate
from livevision.sinks.recorder import Recorder
from livevision.sources import Source
from livevision.sources.realtime import Realtime
from livevision.sources.recording import Recording

EVERY = 10.0
"""Seconds between two measurements."""
PAGE = 4096
FPS = 30.0
"""Frames a second of the clips, and of a camera."""
LEAST_SHARE = 0.8
"""Share of the source's frames that a session before the camera must reach: 24 of 30 a second."""
MOST_LATENCY = {50: 0.1, 95: 0.3}
"""Seconds from when a frame was due until all sinks had it, by percentiles."""
MOST_LAG = 1.0
"""Seconds that the source's clock may stand behind."""


@dataclass
class Sample:
    """One measurement."""

    minutes: float
    rss_mb: float
    workers: int
    workers_mb: float
    handles: int
    threads: int
    fps: float
    dropped: int
    p50: float
    """Seconds from when a frame was due until all sinks had it: the median since the last one."""
    p95: float
    lag: float
    """Seconds that the source's clock stands behind the one on the wall."""


class Looped(Source):
    """A recording of 30 frames a second again and again, every `step`-th frame of it."""

    def __init__(self, source: Source, step: int = 1) -> None:
        self.name = f"{source.name}, looped"
        self._source = source
        self._step = step
        self._index = 0

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def read(self) -> Frame | None:
        for _ in range(self._step):
            frame = self._source.read()
            if frame is None:
                self._source.close()
                self._source.__enter__()
                frame = self._source.read()
        self._index += 1
        assert frame is not None
        return Frame(frame.image, self._index - 1, (self._index - 1) * self._step / FPS)

    def close(self) -> None:
        self._source.close()


class Watch(Sink):
    """Measures the process from a thread of its own; stops the run when time is up."""

    def __init__(self, controls: pipeline.Controls, seconds: float, recorder: Recorder) -> None:
        self.samples: list[Sample] = []
        self._controls = controls
        self._seconds = seconds
        self._recorder = recorder
        self._frames = 0
        self._dropped = 0
        self._latencies: deque[float] = deque(maxlen=10_000)
        self._began: float | None = None
        """What the clock on the wall said when the source's stood at 0."""
        self._time = 0.0
        """What the source's clock says."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def write(self, result: Result) -> None:
        now = time.monotonic()
        self._frames += 1
        self._dropped = result.stats.dropped
        self._time = result.frame.time
        if self._began is None:
            self._began = now - self._time
        if result.frame.captured is not None:
            self._latencies.append(now - result.frame.captured)

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        last = time.monotonic()
        frames = 0
        while not self._done.wait(EVERY):
            now = time.monotonic()
            fps, frames, last = (self._frames - frames) / (now - last), self._frames, now
            workers = descendants()
            late = [self._latencies.popleft() for _ in range(len(self._latencies))] or [inf]
            stands = 0.0 if self._began is None else now - self._began
            sample = Sample(
                minutes=round(self._time / 60, 2),
                rss_mb=round(rss("self"), 1),
                workers=len(workers),
                workers_mb=round(sum(rss(str(pid)) for pid in workers), 1),
                handles=len(list(Path("/proc/self/fd").iterdir())),
                threads=len(list(Path("/proc/self/task").iterdir())),
                fps=round(fps, 2),
                dropped=self._dropped,
                p50=float(np.percentile(late, 50)),
                p95=float(np.percentile(late, 95)),
                lag=round(stands - self._time, 2),
            )
            self.samples.append(sample)
            print(
                f"{sample.minutes:7.2f} min  {sample.rss_mb:7.1f} MB  {sample.workers_mb:7.1f} MB  "
                f"{sample.handles:4d} handles  {sample.threads:3d} threads  {sample.fps:6.2f} fps  "
                f"{sample.dropped} dropped  {sample.p50 * 1000:6.0f} ms  "
                f"{sample.lag:5.1f} s behind",
                flush=True,
            )
            for path in self._recorder.written[:-2]:  # an hour of it need not be kept
                path.unlink(missing_ok=True)
            if self._time >= self._seconds or stands > 2 * self._seconds:
                self._controls.send("quit")


def rss(process: str) -> float:
    """Resident memory in MB; 0 for a process that is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / 1e6
    except OSError:
        return 0.0


def descendants() -> set[int]:
    """Process numbers of all children, and theirs."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def verdict(samples: list[Sample], settled: float, fps: float = FPS) -> dict[str, Any]:
    """How it went after `settled` minutes with a source of `fps` frames a second.

    Changes are between the first and the last fifth.
    """
    after = [sample for sample in samples if sample.minutes >= settled]
    if not after:
        return {"settled_minutes": settled, "failed": ["never settled"]}
    fifth = max(1, len(after) // 5)

    def medians(name: str) -> tuple[float, float]:
        values = [float(getattr(sample, name)) for sample in after]
        return float(np.median(values[:fifth])), float(np.median(values[-fifth:]))

    growth = {}
    for name in ("rss_mb", "workers", "workers_mb", "handles", "threads", "fps"):
        first, last = medians(name)
        growth[name] = {"first": first, "last": last, "change": last / first - 1 if first else 0.0}
    bad = [name for name in ("rss_mb", "workers_mb") if growth[name]["change"] > 0.01]
    constant = ("workers", "handles", "threads")
    bad += [name for name in constant if growth[name]["last"] > growth[name]["first"]]
    typical = {
        name: float(np.median([getattr(each, name) for each in after]))
        for name in ("fps", "p50", "p95")
    }
    if growth["fps"]["change"] < -0.05 or typical["fps"] < LEAST_SHARE * fps:
        bad.append("fps")
    if typical["p50"] > MOST_LATENCY[50] or typical["p95"] > MOST_LATENCY[95]:
        bad.append("latency")
    if max(each.lag for each in after) > MOST_LAG:
        bad.append("lag")
    minutes: dict[int, list[float]] = {}
    for sample in samples:
        minutes.setdefault(int(sample.minutes), []).append(sample.fps)
    rates = [round(float(np.mean(each)), 2) for each in minutes.values()]
    return {
        "settled_minutes": settled,
        "growth": growth,
        "typical": typical,
        "most_behind": max(each.lag for each in after),
        "fps_by_minute": rates,
        "failed": bad,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument(
        "--fps", type=float, default=FPS, help="frames a second: 30, 15, 10, 7.5, 6 or 5"
    )
    parser.add_argument("--signs", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--faces", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if platform.system() != "Linux":
        parser.error("it reads /proc, so it runs on Linux alone")
    step = round(FPS / arguments.fps)
    if not 1 <= step <= 6:
        parser.error("from 5 to 30 frames a second")

    clips = sorted(assets.folder("recordings").glob("*.mp4"))
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "gallery.sqlite"
        with Gallery(known) as gallery:
            enrol(gallery, ENROLLED, astronaut())
        loaded = []
        if arguments.signs:
            loaded.append(recognizers.session("signs", live=True))
        if arguments.faces:
            loaded.append(recognizers.session("faces", Options(gallery=known), live=True))
        source = Realtime(Demo([Looped(Recording(clips[0]), step)]))
        controls = pipeline.Controls()
        recorder = Recorder(Path(folder) / "out.mp4", annotate, split_seconds=60)
        watch = Watch(controls, arguments.minutes * 60, recorder)
        sinks = [recorder, Events(Path(folder) / "events.jsonl", source=source.name), watch]
        summary = pipeline.run(source, loaded, sinks, controls=controls)
    result = verdict(watch.samples, min(5.0, arguments.minutes / 10), FPS / step)
    result |= {
        "frames": summary.frames,
        "dropped": summary.dropped,
        "events": dict(summary.events),
        "latency_ms": {
            f"p{level}": round(float(np.percentile(summary.latencies, level)) * 1000, 1)
            for level in (50, 95, 99)
        },
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        samples = [asdict(sample) for sample in watch.samples]
        arguments.json.write_text(json.dumps(result | {"samples": samples}, indent=1) + "\n")
    return int(bool(result["failed"] or summary.error or summary.failed))


if __name__ == "__main__":
    sys.exit(main())
