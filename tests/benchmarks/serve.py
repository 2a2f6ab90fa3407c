"""What a page costs: latency, sessions a core, memory, start. Not a test: a figure is none.

On a machine that does nothing else: python tests/benchmarks/serve.py [--json FILE]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browsing import Tab, browser, fake_camera
from serving import Running, ask, jpeg, message, pictures, running
from websockets.sync.client import connect

from livevision import recognizers
from livevision.frame import Findings, Frame
from livevision.recognizers.recognizer import Session
from livevision.server import readers as real
from livevision.server.roles import Role

RECORDINGS = Path(__file__).parents[2] / "recordings"
FPS = 30
SECONDS = 10.0
MOST_DROPPED = 0.01


class Nothing(Session):
    """Finds nothing, at once: what is left is the way there and back."""

    def recognize(self, frame: Frame) -> Findings:
        return Findings()


class Nobody:
    def names(self, role: Role) -> list[str]:
        return []

    def open(self, role: Role, *, live: bool = True) -> list[Session]:
        return [Nothing()]


def signs() -> real.Readers:
    parser = argparse.ArgumentParser()
    recognizers.add_arguments(parser)
    return real.Readers(["signs"], parser.parse_args(["--no-signs-personal"]))


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


_MEASURE = """async ({ frames }) => {
    const { Camera } = await import("/page/camera.js");
    const { Link } = await import("/page/link.js");
    const video = document.createElement("video");
    video.muted = video.playsInline = true;
    document.body.append(video);
    const sent = new Map();
    const measured = [];
    let open = false, number = 0, done;
    const over = new Promise((resolve) => (done = resolve));
    const link = new Link({
        open: () => (open = true),
        closed: () => done(),
        result: (one) => {
            const began = sent.get(one.sequence);
            const whole = performance.now() - began;
            if (began !== undefined) measured.push([whole, one.stats.latency * 1000]);
            if (measured.length >= frames) done();
        },
    });
    link.open();
    let began = 0;
    const camera = new Camera(video, () => {
        const free = open && link.free;
        if (free) began = performance.now();
        return free;
    }, (blob, time) => {
        sent.set(number++, began);
        return link.send(blob, time);
    });
    await camera.start("");
    await over;
    camera.stop();
    link.close();
    return measured;
}"""


def latency(camera: Path) -> dict[str, Any]:
    """From the picture in the page to its result there, without a recogniser; and of that the
    pipeline's own part, from the picture's arrival to its result."""
    with running(Nobody()) as server, browser(camera) as chrome:
        page = Tab(chrome, f"{server.base}/?token={server.key()}").page
        measured = page.evaluate(_MEASURE, {"frames": int(FPS * SECONDS)})[FPS:]
    whole = [each[0] for each in measured]
    own = [each[1] for each in measured]
    added = [one - other for one, other in measured]
    return {
        "page_to_page_ms": [median(whole), percentile(whole, 0.95)],
        "pipeline_ms": [median(own), percentile(own, 0.95)],
        "added_ms": [median(added), percentile(added, 0.95)],
    }


def jawsclub(camera: Path) -> dict[str, Any]:
    """The recording as it was signed, through Chromium's camera; and how soon its tab's session is
    free once it is closed."""
    with running(signs()) as server, browser(camera) as chrome:
        server.server.readers.warm()
        tab = Tab(chrome, f"{server.base}/?token={server.key()}")
        tab.page.click("#start-button")
        words: list[str] = []
        deadline = time.monotonic() + 60
        while "JAWSCLUB" not in tab.page.inner_text("#text") and time.monotonic() < deadline:
            time.sleep(0.1)
        words = tab.page.inner_text("#text").split()
        tab.close()
        return {"text": words[0] if words else "", "freed_s": server.empty()}


def start() -> dict[str, Any]:
    """Seconds from a connection to its first result."""
    picture = jpeg((640, 480))
    times = []
    with running(signs(), limit=4) as server:
        server.server.readers.warm()
        for _ in range(10):
            began = time.monotonic()
            with server.stream() as socket:
                ask(socket, 0, 0.0, picture)
                times.append(time.monotonic() - began)
            server.empty()
    return {"session_start_s": [median(times), max(times)]}


def _feed(server: Running, clip: Sequence[tuple[float, bytes]], seconds: float) -> tuple[int, int]:
    """Send the clip as a page would, at 30 a second, newest first; sent and answered."""
    waiting, answered = 0, 0
    lock = threading.Lock()
    with connect(
        f"ws://127.0.0.1:{server.port}/api/stream",
        additional_headers=server.bearer(),
        compression=None,
    ) as socket:

        def hear() -> None:
            nonlocal waiting, answered
            for each in socket:
                last = json.loads(each)["sequence"]
                with lock:
                    waiting = number - last
                    answered += 1

        number = -1
        hearing = threading.Thread(target=hear)
        hearing.start()
        began = time.monotonic()
        due = 0
        while time.monotonic() - began < seconds:
            time.sleep(max(0.0, began + due / FPS - time.monotonic()))
            if waiting < 2:
                number += 1
                waiting += 1
                socket.send(message(number, due * 1000 / FPS, clip[due // 2 % len(clip)][1]))
            due += 1
        time.sleep(0.3)
    hearing.join()
    return due, answered


def _note(results: list[tuple[int, int]], server: Running, clip: Any) -> None:
    results.append(_feed(server, clip, SECONDS))


def sessions() -> dict[str, Any]:
    """How many pages at 30 pictures a second, until 1 in 100 is dropped; pages are a process."""
    clip = list(pictures(RECORDINGS / "jawsclub.mp4"))
    found: dict[str, Any] = {"cores": len(os.sched_getaffinity(0)), "dropped": {}}
    with running(signs(), limit=16) as server:
        server.server.readers.warm()
        for count in range(1, 9):
            results: list[tuple[int, int]] = []
            threads = [
                threading.Thread(target=_note, args=(results, server, clip)) for _ in range(count)
            ]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            due, answered = (sum(column) for column in zip(*results, strict=True))
            share = 1 - answered / due
            found["dropped"][count] = round(share, 4)
            if share > 5 * MOST_DROPPED:
                break
    clean = [count for count, share in found["dropped"].items() if share < MOST_DROPPED]
    found["clean"] = max(clean, default=0)
    return found


def memory() -> dict[str, Any]:
    """Megabytes of a server with one page, and of each further one."""
    clip = list(pictures(RECORDINGS / "jawsclub.mp4"))
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LIVEVISION_DATA": folder}
        port = 18765
        process = subprocess.Popen(
            [sys.executable, "-m", "livevision", "serve", "--port", str(port), "--sessions", "8"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            assert process.stdout is not None
            token = process.stdout.readline().strip().partition("token=")[2]
            sizes = []
            headers = {"Authorization": f"Bearer {token}"}
            address = f"ws://127.0.0.1:{port}/api/stream"
            open_ = []
            for _ in range(5):
                open_.append(connect(address, additional_headers=headers, compression=None))
                for number, (milliseconds, picture) in enumerate(clip[:60]):
                    for each in open_:
                        if number or each is open_[-1]:
                            ask(each, len(open_) * 100 + number, milliseconds, picture)
                sizes.append(_resident(process.pid))
            for each in open_:
                each.close()
        finally:
            process.terminate()
            process.wait(10)
    further = [late - early for early, late in pairwise(sizes)]
    return {"first_mb": round(sizes[0]), "further_mb": [round(each, 1) for each in further]}


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LIVEVISION_DATA"] = folder
        camera = Path(folder) / "camera.y4m"
        fake_camera(RECORDINGS / "jawsclub.mp4", camera, rate=15)
        fast = Path(folder) / "fast.y4m"
        fake_camera(RECORDINGS / "jawsclub.mp4", fast, rate=FPS)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "latency": lambda: latency(fast),
            "jawsclub": lambda: jawsclub(camera),
            "start": start,
            "sessions": sessions,
            "memory": memory,
        }
        content = {}
        for name, part in parts.items():
            if not arguments.only or name in arguments.only:
                content[name] = part()
                print(json.dumps({name: content[name]}), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
