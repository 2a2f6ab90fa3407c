"""Read whole archives of recordings, and watch many cameras, with many processes.

examples:
  livevision fleet replay recordings/ --out read/            (go on after any end: the same again)
  livevision fleet replay recordings/ --out read/ --captions srt --transcript
  livevision fleet watch cameras.toml
  livevision fleet status
  livevision fleet reload                   (after cameras.toml was changed)

docs/fleet.md tells how it works, and what becomes of it when something dies meanwhile.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import commands, files, recognizers, settings, signals
from livevision.commands import _output
from livevision.errors import LivevisionError, OutputError, UsageError

if TYPE_CHECKING:
    from livevision.fleet.archive import Progress
    from livevision.fleet.engine import Engine
    from livevision.fleet.job import Reading

SUMMARY = "read archives of recordings, watch many cameras"
FAILED = 1
"""Exit code if a clip could not be read."""
MOST_WORKERS = 10_000
"""More than any cluster has; who asks for more has mistyped it."""
EVERY = 30.0
"""Seconds between two lines about how far it is, where there is no terminal for a bar."""
_EXAMPLES = {
    "replay": """examples: livevision fleet replay recordings/ --out read/
          livevision fleet replay 'school/**/*.mp4' @more.txt --out read/ --captions vtt
          livevision fleet replay recordings/ --out read/ --retry-failed
          livevision fleet replay recordings/ --out read/ --on ray --address ray://head:10001

A source is a file, a folder with all below it, a pattern, or @LIST with one clip a line. DIR gets a
JSON file for each clip, as 'livevision replay --json' writes it, and a ledger of what was done: a
clip that is in it is not read again, unless it, the options or the models have changed. Exit code 1
if a clip could not be read.""",
    "watch": """example of cameras.toml:

[fleet]
folder = "/srv/livevision"      # files of the cameras, a folder each
keep_days = 30                  # older ones are erased

[defaults]                      # of all cameras: options of 'livevision run', and
events = true                   # events, transcript, record, raw = true; captions = "vtt"

[cameras.door]
source = "rtsp://door.example/stream"
faces = true
mqtt = "mqtt://broker.example"

docs/fleet.md lists all.""",
    "status": "example: livevision fleet status --json",
    "measure": """example: livevision fleet measure

Reads one stream of 30 frames a second, then two and so on, until more than 1 in 100 frames are
dropped. 'fleet watch' and 'serve' go by what was found. Close other programs first.""",
    "reload": "example: livevision fleet reload      (the same as SIGHUP; other cameras go on)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, help_: str, act: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        return commands.add_action(actions, name, help_, act, _EXAMPLES[name])

    replay = action("replay", "read every clip of an archive, each once", _replay)
    replay.add_argument("sources", nargs="+", metavar="SOURCE", help="clips, folders, patterns")
    replay.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where results and ledger go"
    )
    replay.add_argument(
        "--on",
        choices=("local", "ray"),
        default="local",
        help="processes of this machine, or Ray's on many (default: %(default)s)",
    )
    replay.add_argument(
        "--address",
        metavar="ADDRESS",
        help="with --on ray: ray://HOST:10001, HOST:6379, or 'auto' for the cluster that this "
        "machine is in (default: a Ray of its own)",
    )
    replay.add_argument(
        "--workers",
        type=_output.up_to(MOST_WORKERS),
        metavar="N",
        help="clips read at a time (default: one a processor core)",
    )
    replay.add_argument(
        "--captions", choices=("srt", "vtt", "txt"), help="write the text of each clip, too"
    )
    replay.add_argument(
        "--transcript", action="store_true", help="write what was read, and who signed, too"
    )
    replay.add_argument(
        "--frames", action="store_true", help="write what was found in every frame, too"
    )
    replay.add_argument("--max-frames", type=_output.positive, metavar="N", help="end after N")
    replay.add_argument(
        "--retry-failed", action="store_true", help="read clips again that failed before"
    )
    recognizers.add_arguments(replay)

    watch = action("watch", "read the cameras of a site, each in a process of its own", _watch)
    watch.add_argument("file", type=Path, metavar="CAMERAS.toml", help="what to watch")
    watch.add_argument(
        "--check", action="store_true", help="only say whether the file can be used, and end"
    )
    status = action("status", "tell how the cameras are doing", _status)
    status.add_argument("--json", action="store_true", help="all of it, for programs")
    reload = action("reload", "have the cameras' file read again", _reload)
    for each in (watch, status, reload):
        each.add_argument(
            "--socket", type=Path, metavar="PATH", help="another than the runtime folder's"
        )
    measure = action("measure", "find out how many cameras this machine carries", _measure)
    measure.add_argument(
        "--seconds",
        type=_output.positive,
        default=20,
        metavar="N",
        help="for each number of cameras (default: %(default)s)",
    )
    # without help it is not listed: the supervisor begins it
    camera = actions.add_parser("camera", description="One camera of 'livevision fleet watch'.")
    camera.set_defaults(act=_camera)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.act(arguments))


def _replay(arguments: argparse.Namespace) -> int:
    from livevision.fleet import archive, finding, traces
    from livevision.fleet.ledger import Ledger

    if arguments.address and arguments.on != "ray":
        raise UsageError("--address belongs to --on ray.")
    clips = finding.clips(arguments.sources)
    if not clips:
        raise UsageError("There is no clip in what was named. Name folders with videos in them.")
    for path in recognizers.files_read(arguments):
        if not path.exists():
            raise UsageError(f"{path} does not exist. Check the name.")
    names, hints = recognizers.chosen(arguments)
    for text in hints:
        _output.hint(text)
    if not names:
        raise UsageError("Nothing is to be recognised; turn something on.")
    out: Path = arguments.out
    try:
        settings.prepare_folder(out)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder {out}: {error.strerror}. Give another --out."
        ) from error
    if not out.is_dir():
        raise OutputError(f"{out} is no folder. Give another --out.")
    files.check_outputs(out / traces.LEDGER, inputs=(*clips, *recognizers.files_read(arguments)))
    traces.remember(out)
    with Ledger(out) as ledger, traces.work_folder(out) as work:
        job = _job(arguments, names, work)
        plan = archive.plan(clips, job, ledger, retry=arguments.retry_failed)
        try:
            with (
                signals.deferred(),
                _engine(arguments, job, len(clips)) as engine,
                _told(len(clips)) as tell,
            ):
                progress = archive.read(plan, len(clips), engine, ledger, tell=tell)
        except (KeyboardInterrupt, LivevisionError):
            print(f"What was read is in {out}; the same command goes on.", file=sys.stderr)
            raise
    print(_summary(progress), file=sys.stderr)
    for clip, reason in progress.failed:
        print(f"failed: {clip}: {reason}", file=sys.stderr)
    return FAILED if progress.failed else 0


def _watch(arguments: argparse.Namespace) -> int:
    _check_system()
    from livevision.commands import _cameras

    return _cameras.watch(arguments)


def _status(arguments: argparse.Namespace) -> int:
    _check_system()
    from livevision.commands import _cameras

    return _cameras.status(arguments)


def _reload(arguments: argparse.Namespace) -> int:
    _check_system()
    from livevision.commands import _cameras

    return _cameras.reload(arguments)


def _measure(arguments: argparse.Namespace) -> int:
    from livevision.commands import _measuring

    return _measuring.measure(arguments)


def _camera(arguments: argparse.Namespace) -> int:
    from livevision.commands import _cameras

    return _cameras.camera(arguments)


def _check_system() -> None:
    if sys.platform == "win32":
        raise UsageError("'livevision fleet watch' needs Linux or macOS.")


def _job(arguments: argparse.Namespace, names: list[str], work: Path) -> "Reading":
    from livevision.fleet.job import Reading

    return Reading(
        {name: recognizers.values(name, arguments) for name in names},
        frames=arguments.frames,
        captions=f".{arguments.captions}" if arguments.captions else None,
        transcript=arguments.transcript,
        max_frames=arguments.max_frames,
        work=work,
    )


def _engine(arguments: argparse.Namespace, job: "Reading", clips: int) -> "Engine":
    from livevision.machine import cores

    if arguments.on == "ray":
        from livevision.fleet.on_ray import Ray

        return Ray(dataclasses.replace(job, work=None), arguments.address, arguments.workers)
    from livevision.fleet.local import Local

    return Local(job, min(arguments.workers or cores(), clips), arguments.log_level)


def _summary(progress: "Progress") -> str:
    words = [f"{progress.done} of {progress.clips} clips read in {progress.seconds:.1f} s"]
    if progress.earlier:
        words.append(f"{progress.earlier} were read before")
    if progress.same:
        words.append(f"{progress.same} hold what another does")
    if progress.lost:
        words.append(f"{progress.lost} times a worker was lost")
    failed = f"{len(progress.failed)} failed"
    if progress.before:
        failed += f" ({progress.before} of them before; --retry-failed tries those again)"
    words.append(failed)
    return ", ".join(words)


@contextmanager
def _told(clips: int) -> "Iterator[Callable[[Progress], None]]":
    """What tells how far it is: a bar, or a line now and then where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.2f} a second"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
    )
    with Bar(*columns, console=console, transient=True, speed_estimate_period=600.0) as bar:
        task = bar.add_task("", total=clips, rate=0.0, failed=0)

        def tell(progress: "Progress") -> None:
            rate = progress.done / max(progress.seconds, 1e-9)
            bar.update(task, completed=progress.over, rate=rate, failed=len(progress.failed))

        yield tell


def _lines() -> "Callable[[Progress], None]":
    last = time.monotonic()

    def tell(progress: "Progress") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < EVERY:
            return
        last = now
        rate = (progress.done + len(progress.failed)) / max(progress.seconds, 1e-9)
        left = (progress.clips - progress.over) / rate if rate else 0.0
        print(
            f"{progress.over} of {progress.clips} clips, {rate:.2f} a second, "
            f"{left / 60:.0f} minutes left, {len(progress.failed)} failed",
            file=sys.stderr,
        )

    return tell
