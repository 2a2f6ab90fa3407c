"""What `livevision fleet watch`, `status` and `reload` do, and the process of one camera."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from livevision import commands, files, options, plugins, recognizers, settings, signals
from livevision.commands import _output, _playing
from livevision.errors import LivevisionError, OutputError, SinkClosed, SourceError, UsageError
from livevision.fleet import door, traces
from livevision.fleet.site import Camera, Site
from livevision.fleet.site import read as read_site
from livevision.plugins import RunContext
from livevision.sinks import opening as sinks
from livevision.sources import open_source
from livevision.sources.reconnecting import PAUSES
from livevision.sources.source import Source
from livevision.text import printable

HANDOVER = 20.0
"""Seconds for which a camera's process waits for its predecessor's end, should that be orphaned."""
_OWN = ("events", "transcript", "captions", "record", "raw")
"""Outputs whose files get their names by themselves."""


def watch(arguments: argparse.Namespace) -> int:
    """Watch the cameras of a file until Ctrl-C or SIGTERM; SIGHUP has the file read again."""
    from livevision.fleet.gauges import Gauges
    from livevision.fleet.supervisor import Supervisor

    site, wrong = _looked_at(arguments.file)
    for each in wrong[:-1]:
        _say(f"livevision: {arguments.file}: {each}")
    if wrong:
        raise UsageError(f"{arguments.file}: {wrong[-1]}")
    if arguments.check:
        print(f"{arguments.file} can be used: {', '.join(site.cameras)}")
        return 0
    _prepare(site)
    command = [sys.executable, "-m", "livevision", "fleet"]
    if arguments.log_level:
        command += ["--log-level", arguments.log_level]
    asked_again = False

    def hung_up() -> None:
        nonlocal asked_again
        asked_again = True

    def read() -> Site:
        fresh = checked(arguments.file)
        if (fresh.folder, fresh.metrics_port) != (site.folder, site.metrics_port):
            raise UsageError("The folder and metrics_port of [fleet] need a fresh start.")
        _prepare(fresh)
        return fresh

    with ExitStack() as stack:
        stack.enter_context(signals.deferred())
        supervisor = stack.enter_context(
            Supervisor(site, [*command, "camera"], read=read, tell=_say)
        )
        answers = {"status": supervisor.told, "reload": supervisor.reload}
        listening = stack.enter_context(door.Door(arguments.socket or door.place(), answers))
        supervisor.listen(listening.socket, listening.answer)
        told: list[list[dict[str, Any]]] = [supervisor.told()]
        if site.metrics_port:
            stack.enter_context(Gauges(site.metrics_port, lambda: told[0]))
        if hasattr(signal, "SIGHUP"):
            stack.enter_context(signals.instead(signal.SIGHUP, hung_up))
        _say(f"watching {', '.join(site.cameras)}; 'livevision fleet status' tells more")
        while True:
            signals.check()
            if asked_again:
                asked_again = False
                _say(supervisor.reload())
            supervisor.work()
            told[0] = supervisor.told()


def status(arguments: argparse.Namespace) -> int:
    """Print how the cameras are doing; exit code 1 if one is not read, or not wholly."""
    told = door.ask(arguments.socket or door.place(), "status")
    if arguments.json:
        print(json.dumps(told, indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None)
        for column in ("camera", "state", "for", "fps", "dropped", "p95 ms", "MB", "restarts", ""):
            table.add_column(column, overflow="fold")
        for each in told:
            restarts = ", ".join(f"{n} {why}" for why, n in each["restarts"].items())
            numbers = ("" if each[key] is None else str(each[key]) for key in ("p95_ms", "rss_mb"))
            table.add_row(
                each["camera"],
                each["state"],
                f"{each['seconds']:.0f} s",
                "" if each["fps"] is None else f"{each['fps']:.1f}",
                f"{each['dropped_share']:.1%}",
                *numbers,
                restarts or "none",
                printable(_trouble(each)),
            )
        Console(markup=False, highlight=False).print(table)  # as rtsp://[fe80::1]/ would be
    return 0 if all(each["state"] == "running" and not _trouble(each) for each in told) else 1


def _trouble(camera: Mapping[str, Any]) -> str:
    """What keeps a camera from being read wholly; "" if nothing does."""
    if camera["failed"]:
        return f"{', '.join(camera['failed'])} broke off; the log says why"
    return str(camera["source"] or camera["why"] or "")


def reload(arguments: argparse.Namespace) -> int:
    """Have a running supervisor read its file again."""
    told = str(door.ask(arguments.socket or door.place(), "reload"))
    print(printable(told))
    return UsageError.exit_code if told.startswith("Nothing was changed: ") else 0


def checked(file: Path) -> Site:
    """The site that a file describes. Raises UsageError that names all that is wrong with it."""
    site, wrong = _looked_at(file)
    if wrong:
        raise UsageError(f"{file}: {' '.join(wrong)}")
    return site


def _looked_at(file: Path) -> tuple[Site, list[str]]:
    """The site that a file describes, and all that is wrong with it and with its cameras' options.

    Raises UsageError if the file is no TOML.
    """
    site, wrong = read_site(file)
    wrong = [f"{each}." for each in wrong]
    for camera in site.cameras.values():
        wrong += (f"camera {camera.name}: {each}" for each in _wrong(camera))
    return site, wrong


def camera(arguments: argparse.Namespace) -> int:
    """One camera: its order comes by standard input, its pulses go to standard output."""
    try:
        order = json.load(sys.stdin)
    except ValueError:
        raise UsageError(
            "'livevision fleet watch' begins this, one for each camera. Start that."
        ) from None
    number = os.dup(1)  # what prints to standard output must not get among the pulses
    os.set_blocking(number, False)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    folder = Path(order["folder"])
    try:
        with files.locked(folder / traces.CAMERA, patience=HANDOVER):
            return _watch(order, number)
    except SinkClosed:  # nobody is there to look after us
        return 0
    except files.Busy:
        raise OutputError(f"{folder} is being written by another process.") from None


def _watch(order: Mapping[str, Any], number: int) -> int:
    """Read the camera, day after day; while it is not there, wait for it with models loaded."""
    from livevision.fleet import pulse

    away = 0
    why = ""
    while True:
        pulse.tell(number, state="starting")
        parsed = _parsed(order["options"])
        files_of_shift = _named(order, parsed)
        beat = None
        try:
            source = _source(order["source"], parsed)
            beat = pulse.Pulse(number, _status_of(source))
            summary = _playing.play(source, _names(parsed), parsed, more=(beat,))
            if not beat.over:
                _output.tell(summary, name=order["name"])
            code = _output.outcome(summary)
        except SourceError as error:
            if beat is not None and beat.frames:
                raise
            if str(error) != why:
                why = str(error)
                _say(f"livevision: {why}")
            pulse.wait(number, PAUSES[min(away, len(PAUSES) - 1)], why)
            away += 1
            continue
        finally:
            if beat is None or not beat.frames:  # nothing but headers is in them
                for each in files_of_shift:
                    each.unlink(missing_ok=True)
        if not beat.over:
            return code
        away, why = 0, ""


def _status_of(source: Source) -> Callable[[], str]:
    return lambda: source.status


def _named(order: Mapping[str, Any], parsed: argparse.Namespace) -> list[Path]:
    """Have the outputs that are wanted go to files of their own; which."""
    parsed.window = False
    named = []
    for key in _OWN:
        if order[key]:
            ending = {"record": "mp4", "raw": "mp4", "captions": order[key]}.get(key, "jsonl")
            path = Path(order["folder"], traces.shift_name(f"{key}.{ending}"))
            setattr(parsed, key, path)
            named.append(path)
    return named


def _parsed(given: Mapping[str, settings.Value]) -> argparse.Namespace:
    """Options of `livevision run`. Raises UsageError."""
    parser = commands.Bare(add_help=False, allow_abbrev=False)
    _playing.add_options(parser)
    return parser.parse_args(settings.words(given))


def _source(spec: str, parsed: argparse.Namespace) -> Source:
    return open_source(
        spec,
        size=parsed.size,
        fps=parsed.fps,
        reconnect=parsed.reconnect,
        options={
            name: options.values(kind.options, parsed, name)
            for name, kind in plugins.sources().items()
        },
    )


def _names(parsed: argparse.Namespace) -> list[str]:
    if parsed.blur_others:
        recognizers.look_for_people(parsed)
    return recognizers.chosen(parsed)[0]


def _wrong(camera: Camera) -> list[str]:
    """What would end a camera's process at once, because of its options.

    That it is not plugged in now is no reason: it is waited for.
    """
    wrong: list[str] = []
    with _told(wrong):
        try:
            parsed = _parsed(camera.options)
        except UsageError:  # of the first; so each is looked at
            good: dict[str, settings.Value] = {}
            for key, value in camera.options.items():
                with _told(wrong):
                    _parsed({key: value})
                    good[key] = value
            parsed = _parsed(good)
        parsed.window = False
        name = camera.source
        with suppress(SourceError):
            name = _source(camera.source, parsed).name
        if not _names(parsed) and not wrong:
            wrong.append("Nothing is to be recognised; turn something on.")
        read = recognizers.files_read(parsed)
        wrong += (f"{path} does not exist." for path in read if not path.exists())
        context = RunContext(name, True, sinks.look(parsed))
        for kind in plugins.sinks():
            with _told(wrong):
                sinks.open_sinks(parsed, context, without=[*plugins.sinks().keys() - {kind}])
    return wrong


@contextmanager
def _told(wrong: list[str]) -> Iterator[None]:
    """Write down what is wrong, and go on."""
    try:
        yield
    except LivevisionError as error:
        wrong.append(str(error))


def _prepare(site: Site) -> None:
    """Make the folders. Raises OutputError."""
    traces.remember(site.folder)
    for each in (site.folder, *(site.folder / name for name in site.cameras)):
        try:
            settings.prepare_folder(each)
        except OSError as error:
            raise OutputError(f"Cannot make the folder {each}: {error.strerror}.") from error


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
