"""What growth costs: more streams, more people enrolled, longer files (docs/scaling.md).

usage: python tests/benchmarks/growth.py streams | gallery | hour [--fps N]
"""

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from livevision import pipeline
from livevision.benchmark import measures, scenes
from livevision.benchmark.scenes import Scene
from livevision.benchmark.stopwatch import milliseconds
from livevision.frame import Frame, Result
from livevision.pipeline import Summary
from livevision.recognizers.faces.gallery import Gallery
from livevision.recognizers.faces.matching import matcher
from livevision.sinks import Sink
from livevision.sinks.overlay import annotate
from livevision.sources import Source, open_source

STREAMS = (1, 2, 4, 8)
PEOPLE = (10, 1_000, 10_000)
VIEWS = 3
HOUR = 3600
SUMMARY = re.compile(r"(\d+) frames, (\d+) dropped, ([\d.]+) fps, latency \d+ ms \(p95 (\d+) ms\)")


def resident() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def streams(folder: Path) -> None:
    """Live streams at 30 frames a second: threads of one process, and processes of their own."""
    gallery, clip = prepared(folder)
    for many in STREAMS:
        found: list[tuple[Summary, list[float]]] = []

        def one(found: list[tuple[Summary, list[float]]] = found) -> None:
            source = open_source(str(clip), realtime=True)
            summary, screen = measures.play(source, gallery, live=True)
            found.append((summary, screen.latencies))

        threads = [threading.Thread(target=one) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tell(
            many,
            "threads",
            sum(summary.frames for summary, _ in found),
            sum(summary.dropped for summary, _ in found),
            median(summary.fps for summary, _ in found),
            median(milliseconds(latencies)["p95"] for _, latencies in found),
        )
        words = [sys.executable, "-m", "livevision", "run", str(clip), "--realtime", "--no-window"]
        words += ["--signs", "--faces", "--gallery", str(gallery)]
        processes = [
            subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(many)
        ]
        lines = [process.communicate()[1] for process in processes]
        parts = [[float(each) for each in SUMMARY.findall(line)[-1]] for line in lines]
        frames, dropped, rates, late = np.array(parts).T
        tell(
            many,
            "processes",
            int(frames.sum()),
            int(dropped.sum()),
            float(np.median(rates)),
            float(np.median(late)),
        )


def tell(many: int, how: str, frames: int, dropped: int, fps: float, p95: float) -> None:
    print(
        f"{many} {how:9s}  {fps:5.1f} fps each, {dropped / (frames + dropped):4.0%} dropped, "
        f"p95 {p95:6.1f} ms",
        flush=True,
    )


def people(folder: Path) -> None:
    """Loading a gallery, and searching it; the people are random directions."""
    random = np.random.default_rng(0)
    for many in PEOPLE:
        path = folder / f"{many}.sqlite"
        vectors = random.normal(size=(many, VIEWS, 128)).astype(np.float32)
        fill(path, vectors)
        before = resident()
        begun = time.perf_counter()
        with Gallery(path) as gallery:
            found = matcher(gallery)
        loaded = time.perf_counter() - begun
        probe = vectors[many // 2, 0]
        spent = [timed(partial(found.match, probe)) for _ in range(200)]
        print(
            f"{many:6d} people, {VIEWS} views each: file {path.stat().st_size / 1e6:.1f} MB, "
            f"loaded in {loaded:.2f} s, {max(0.0, resident() - before):.0f} MB more, "
            f"search {median(spent) * 1000:.3f} ms",
            flush=True,
        )


def fill(path: Path, vectors: NDArray[np.float32]) -> None:
    """A gallery of people in one transaction: ten thousand of their own would take minutes."""
    with Gallery(path):
        pass
    now = datetime.now(UTC).isoformat()
    with closing(sqlite3.connect(path)) as db, db:
        for number, views in enumerate(vectors):
            db.execute(
                "INSERT INTO people (id, name, added) VALUES (?, ?, ?)",
                (number, f"person {number}", now),
            )
            db.executemany(
                "INSERT INTO faces (person, embedding, quality, source, added)"
                " VALUES (?, ?, 0.8, 'photo', ?)",
                [(number, view.tobytes(), now) for view in views],
            )


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class Looped(Source):
    """A recording over and over, as one file of an hour with `fps` frames a second."""

    name = "long file"

    def __init__(self, clip: Path, fps: int, told: Callable[[int], None]) -> None:
        self._source = open_source(str(clip))
        self._fps = fps
        self._told = told
        self._index = 0

    def __enter__(self) -> "Looped":
        self._source.__enter__()
        return self

    def read(self) -> Frame | None:
        if self._index == HOUR * self._fps:
            return None
        frame = self._source.read()
        if frame is None:
            self._source.__enter__()
            frame = self._source.read()
            assert frame is not None
        self._index += 1
        self._told(self._index)
        return Frame(frame.image, self._index - 1, (self._index - 1) / self._fps)

    def close(self) -> None:
        self._source.close()


class Drawn(Sink):
    """Draws every picture and remembers nothing."""

    def write(self, result: Result) -> None:
        annotate(result)


def hour(folder: Path, fps: int) -> None:
    """An hour's recording at full speed, and the memory it takes on the way."""
    gallery, clip = prepared(folder)
    step = HOUR * fps // 60

    def note(index: int) -> None:
        if index % step == 0:
            spent = time.monotonic() - begun
            print(f"{index} frames, {spent:.0f} s: {resident():.1f} MB", flush=True)

    begun = time.monotonic()
    recognizers = measures.load(gallery, live=False)
    summary = pipeline.run(Looped(clip, fps, note), recognizers, [Drawn()])
    spent = time.monotonic() - begun
    print(f"{summary.frames} frames in {spent:.0f} s, {summary.events.total()} events", flush=True)


def prepared(folder: Path) -> tuple[Path, Path]:
    """A gallery and a clip of ten seconds."""
    gallery = folder / "gallery.sqlite"
    scenes.enrol(gallery)
    return gallery, Scene((640, 480)).write(folder / "clip.mp4", fps=30, seconds=10.0)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("streams", "gallery", "hour"))
    parser.add_argument("--fps", type=int, default=30, help="of the long file")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        if arguments.what == "streams":
            streams(Path(name))
        elif arguments.what == "gallery":
            people(Path(name))
        else:
            hour(Path(name), arguments.fps)


if __name__ == "__main__":
    main()
