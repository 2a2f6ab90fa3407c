"""Measure how quick it is on this machine, beside what a user would pick instead.

The clips are put together from the bundled recording and the demo's portraits. The floor is
MediaPipe's hands and faces, called as anybody would, and nothing else. Takes some minutes;
close other programs first.

examples: livevision bench
          livevision bench --json bench.json
          livevision bench --quick
          livevision bench --sessions
          livevision bench --looks
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import files

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SUMMARY = "measure speed on this machine"

SCHEMA = 1
SMALL, LARGE = (640, 480), (1280, 720)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument(
        "--quick", action="store_true", help="a minute instead of several; rougher figures"
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        "--looks",
        action="store_true",
        help="only what a look at a picture of 640x480 costs each recogniser of the demo's scenes",
    )
    parts.add_argument(
        "--sessions",
        action="store_true",
        help="only what one more stream costs each recogniser: milliseconds and MB",
    )


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    files.check_writable(arguments.json)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        if arguments.sessions:
            status.update("a further session of each recogniser")
            content, show = measure_sessions(Path(folder)), _print_sessions
        elif arguments.looks:
            status.update("looks at pictures")
            content, show = measure_looks(), _print_looks
        else:
            content = measure(Path(folder), quick=arguments.quick, tell=status.update)
            show = _print
    show(content, Console())
    if arguments.json:
        files.replace_json(arguments.json, content)
    return 0


def measure(folder: Path, *, quick: bool, tell: Callable[[str], object]) -> dict[str, Any]:
    """All figures, as `--json` has them; clips and a gallery are made in `folder`.

    `tell` is told what is being measured.
    """
    from livevision.benchmark import measures, scenes
    from livevision.benchmark.scenes import Scene

    seconds, passes, peers = (3.0, 3, 30) if quick else (10.0, 7, 150)
    tell("putting clips together")
    gallery = folder / "gallery.sqlite"
    person = scenes.enrol(gallery)

    def clip(scene: Scene, fps: int = 30) -> Path:
        path = folder / f"{scene.name} {scene.enters:g} {fps}.mp4"
        return path if path.exists() else scene.write(path, fps=fps, seconds=seconds)

    small, large = Scene(SMALL), Scene(LARGE)
    tell("the floor, what others would do, and 1280x720")
    beside = _beside(clip(small), clip(large), gallery, person, passes=passes, peers=peers)
    tell("replay")
    shown = [(1, 1)] if quick else [(1, 1), (2, 1), (1, 2), (2, 3)]
    every = [Scene(size, *counts) for size in (SMALL, LARGE) for counts in shown]
    replay = {scene.name: measures.replay(clip(scene), gallery) for scene in every}
    live = {}
    for fps in (15, 30, 60):
        tell(f"live at {fps} fps")
        live[str(fps)] = measures.live(clip(small, fps), gallery)[0]
    tell("a face comes in")
    enters = seconds / 3
    entering = measures.entering(clip(Scene(SMALL, enters=enters)), gallery, enters)
    tell("the stages")
    stages = measures.stages(clip(small), gallery)
    tell("start-up and memory")
    return {
        "schema": SCHEMA,
        "machine": measures.machine(),
        "floor_ratio": beside["floor"] and beside["floor"]["ratio"],
        **beside,
        "replay": replay,
        "live": live,
        "entering": entering,
        "stages": stages,
        "start_s": measures.start(clip(small), gallery, folder, times=2 if quick else 5),
        "rss_mb": measures.memory(clip(small), gallery, folder),
    }


def measure_sessions(folder: Path) -> dict[str, Any]:
    """What one more session of each recogniser costs; a clip is made in `folder`."""
    from livevision.benchmark import measures
    from livevision.benchmark.scenes import Scene

    scene = Scene(SMALL)
    clip = scene.write(folder / f"{scene.name}.mp4", fps=30, seconds=1.0)
    return {
        "schema": SCHEMA,
        "machine": measures.machine(),
        "sessions": measures.sessions(clip),
    }


def measure_looks() -> dict[str, Any]:
    """What one look at a picture costs each recogniser that has a scene in the demo."""
    from livevision.benchmark import looks, measures

    before = measures.machine()
    return {"schema": SCHEMA, "machine": before, "looks_ms": looks.measure()}


def _beside(
    small: Path, large: Path, gallery: Path, person: str, *, passes: int, peers: int
) -> dict[str, Any]:
    """What is compared pass by pass, on pictures in memory."""
    from livevision.benchmark import measures, scenes

    images = scenes.images(small)
    floor = None
    if measures.there_is_mediapipe():
        floor = measures.in_turn(
            lambda: measures.whole(images, gallery, person), lambda: measures.bare(images), passes
        )
    few = images[:peers]
    wide = scenes.images(large, len(few))
    large_to_small = measures.in_turn(
        lambda: measures.whole(wide, gallery, person),
        lambda: measures.whole(few, gallery, person),
        passes,
    )
    others = measures.peers(images[:peers], gallery, person)
    return {"floor": floor, "large_to_small": large_to_small, "peers": others}


def _print_sessions(content: Mapping[str, Any], console: "Console") -> None:
    columns = ("ms to load", "ms a further session", "MB a further session")
    sessions = _table("Sessions that share a model", "", *columns)
    for name, each in content["sessions"].items():
        grown = "?" if each["session_mb"] is None else f"{each['session_mb']:.1f}"
        sessions.add_row(name, f"{each['load_ms']:.0f}", f"{each['session_ms']:.1f}", grown)
    console.print(sessions)


def _print_looks(content: Mapping[str, Any], console: "Console") -> None:
    looks = _table("A look at a picture of 640x480", "", "ms of processor time")
    for name, ms in content["looks_ms"].items():
        looks.add_row(name, f"{ms:.1f}")
    console.print(looks)
    console.print(f"load of the machine before: {content['machine']['load']}")


def _table(title: str, *columns: str) -> "Table":
    """An empty table; the first column holds names, the others numbers."""
    from rich.table import Table

    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def _print(content: Mapping[str, Any], console: "Console") -> None:
    floor, growth = content["floor"], content["large_to_small"]
    summary = _table("Whole pipeline, ms a frame", "", "ours", "the other", "ratio", "from - to")
    for name, pair in (
        ("beside the floor, 640x480", floor),
        ("1280x720 beside 640x480", growth),
    ):
        if pair is None:  # MediaPipe has no package for this Python or machine
            continue
        ends = f"{pair['least']:.2f} - {pair['most']:.2f}"
        summary.add_row(
            name, f"{pair['ms']:.1f}", f"{pair['other_ms']:.1f}", f"{pair['ratio']:.2f}", ends
        )
    replay = _table("Replay of a file", "", "fps", "ms a frame")
    for name, each in content["replay"].items():
        replay.add_row(name, f"{each['fps']:.0f}", f"{each['ms_per_frame']:.1f}")
    columns = ("dropped", "fps", "p50 ms", "p95 ms", "p99 ms", "cores")
    live = _table("Live, from the source's clock to the drawn picture", "", *columns)
    for name, each in content["live"].items():
        latency = [f"{each['latency_ms'][key]:.1f}" for key in ("p50", "p95", "p99")]
        row = (str(each["dropped"]), f"{each['fps']:.1f}", *latency, f"{each['cores']:.2f}")
        live.add_row(f"{name} fps", *row)
    entering = content["entering"]
    latency = [f"{entering['latency_ms'][key]:.1f}" for key in ("p50", "p95", "p99")]
    live.add_row("30 fps, 2 s after a face came in", str(entering["dropped"]), "", *latency, "")
    stages = _table("Stages, live at 30 fps", "", "median ms", "p95 ms", "share of processor")
    for name, each in content["stages"].items():
        stages.add_row(
            name, f"{each['median_ms']:.2f}", f"{each['p95_ms']:.2f}", f"{each['share']:.0%}"
        )
    peers = _table("What others would do", "", "ms a frame", "p95 ms", "frames named")
    for name, each in content["peers"].items():
        named = str(each["frames_named"])
        peers.add_row(name, f"{each['ms_per_frame']:.1f}", f"{each['p95_ms']:.1f}", named)
    for made in (summary, replay, live, stages, peers):
        console.print(made)
    memory = content["rss_mb"]
    console.print(f"start to the first annotated picture and out again: {content['start_s']:.2f} s")
    console.print(f"peak memory: {'not known here' if memory is None else f'{memory:.0f} MB'}")
    machine = content["machine"]
    console.print(f"machine: {machine['cores']} cores, {machine['processor']}")
