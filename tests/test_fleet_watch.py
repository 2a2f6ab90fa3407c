"""Cameras of a site, a process each: what happens to one is no business of the others."""

import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import fleet_camera
import numpy as np
import pytest
from servers import MjpegServer

from livevision import assets, machine
from livevision.__main__ import main
from livevision.commands import _cameras, _measuring
from livevision.errors import OutputError, SinkClosed, UsageError
from livevision.fleet import site as sites
from livevision.frame import Event, Frame, Result, Stats
from livevision.sources import kinds
from livevision.sources.recording import Recording

if sys.platform == "win32":
    pytest.skip("needs Linux or macOS", allow_module_level=True)

from livevision.fleet import door, pulse, supervisor, traces
from livevision.fleet.gauges import Gauges
from livevision.fleet.pulse import EVERY, Pulse
from livevision.fleet.supervisor import Supervisor

COMMAND = [sys.executable, fleet_camera.__file__]
PATIENCE = 120.0
STEP = supervisor.SILENT / 2
"""Seconds of a test's own time that pass at once."""


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="lv") as folder:
        yield Path(folder)


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def cameras(**deeds: str) -> str:
    """A file of cameras that do so."""
    text = "[fleet]\nlimit = 9\n"
    for name, deed in deeds.items():
        text += f'[cameras.{name}]\nsource = "http://{name}.example/{deed}"\n'
    return text


class Watching:
    """A supervisor whose time the test makes."""

    def __init__(self, file: Path) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.supervisor = Supervisor(
            _cameras.checked(file),
            COMMAND,
            read=lambda: _cameras.checked(file),
            tell=self.lines.append,
            clock=lambda: self.now,
        )

    def __enter__(self) -> "Watching":
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.close()

    def of(self, name: str) -> dict[str, object]:
        return next(each for each in self.supervisor.told() if each["camera"] == name)

    def number(self, name: str, key: str) -> int:
        return int(str(self.of(name)[key]))

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            self.supervisor.work()
            assert time.monotonic() < end, self.supervisor.told()

    def restarted(self, name: str, **reasons: int) -> None:
        self.until(lambda: self.of(name)["restarts"] == reasons)

    def running(self, *names: str) -> None:
        self.until(lambda: all(self.of(name)["state"] == "running" for name in names))

    def seconds(self, seconds: float, *alive: str) -> None:
        """Let time go by in steps, in each of which the cameras that are alive are heard."""
        end = self.now + seconds
        while self.now < end:
            self.now += STEP
            self.further(*alive)

    def further(self, *names: str) -> None:
        """Wait until each has worked on more frames."""
        before = {name: self.number(name, "frames") for name in names}
        self.until(lambda: all(self.number(name, "frames") > before[name] for name in names))


def test_a_camera_that_is_killed_or_hangs_or_grows_is_started_again(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", cameras(good="good", hang="hang", grow="grow", end="end"))
    with Watching(file) as watching:
        watching.running("good", "hang")
        pid, frames = watching.of("good")["pid"], watching.number("good", "frames")
        watching.restarted("grow", memory=1)
        watching.restarted("end", ended=1)
        os.kill(watching.number("hang", "pid"), signal.SIGKILL)
        watching.restarted("hang", killed=1)
        watching.now += supervisor.PAUSES[0]
        watching.running("hang")
        watching.seconds(2 * supervisor.SILENT, "good")
        watching.restarted("hang", killed=1, hung=1)
        assert watching.of("good")["restarts"] == {}
        assert watching.of("good")["pid"] == pid
        assert watching.number("good", "frames") > frames
        assert watching.number("hang", "frames") == 60  # those of both processes
        assert 'camera="good" reading good as good' in watching.lines


def test_pauses_grow_and_are_forgiven(tmp_path: Path) -> None:
    with Watching(write(tmp_path / "c.toml", cameras(end="end"))) as watching:
        for number, pause in enumerate((*supervisor.PAUSES, supervisor.PAUSES[-1]), 1):
            watching.restarted("end", ended=number)
            watching.now += pause - 0.01
            watching.supervisor.work()
            assert watching.of("end")["pid"] is None
            watching.now += 0.02
    with Watching(write(tmp_path / "c.toml", cameras(good="good"))) as watching:
        for number in range(1, 4):
            watching.running("good")
            watching.seconds(supervisor.WELL + STEP, "good")
            os.kill(watching.number("good", "pid"), signal.SIGKILL)
            watching.restarted("good", killed=number)
            watching.now += supervisor.PAUSES[0]


def test_new_cameras_come_and_old_ones_go_while_the_others_go_on(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", cameras(stays="good", changes="good", goes="good"))
    with Watching(file) as watching:
        watching.running("stays", "changes", "goes")
        before = {name: watching.of(name)["pid"] for name in ("stays", "changes", "goes")}
        write(file, cameras(stays="good", changes="other", comes="good", broken=""))
        file.write_text(file.read_text().replace("http://broken.example/", "film.mp4"))
        assert "Nothing was changed: " in watching.supervisor.reload()
        watching.further("stays", "changes", "goes")
        write(file, cameras(stays="good", changes="other", comes="good"))
        told = watching.supervisor.reload()
        assert {"changes has changed", "goes is gone", "comes is new"} == set(told.split(", "))
        watching.until(lambda: len(watching.supervisor.told()) == 3)
        watching.until(lambda: watching.of("changes")["pid"] not in (None, before["changes"]))
        watching.running("stays", "changes", "comes")
        assert watching.of("stays")["pid"] == before["stays"]
        assert watching.of("changes")["restarts"] == {}
        assert watching.supervisor.reload() == "nothing has changed"


def test_processes_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    from test_fleet_replay import is_alive

    with Watching(write(tmp_path / "c.toml", cameras(good="good"))) as watching:
        watching.running("good")
        process = watching.supervisor._watched["good"].process
        assert process is not None
        assert process.stdout is not None
        watching.supervisor._selector.unregister(process.stdout)
        process.stdout.close()  # which is what its death would do
        process.wait(PATIENCE)
        assert not is_alive(process.pid)


def test_the_door_is_its_owners_alone_and_there_is_one(short: Path) -> None:
    path = short / "run" / "fleet.sock"
    with door.Door(path, {"status": lambda: [{"camera": "a"}]}) as listening:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        answering = threading.Thread(target=listening.answer, args=(listening.socket,))
        answering.start()
        assert door.ask(path, "status") == [{"camera": "a"}]
        answering.join()
        with pytest.raises(UsageError, match="Another"), door.Door(path, {}):
            pass
    assert not path.exists()
    with pytest.raises(UsageError, match="No 'livevision fleet watch' answers"):
        door.ask(path, "status")
    with socket.socket(socket.AF_UNIX) as left:  # as by one that was killed
        left.bind(str(path))
    with door.Door(path, {}):
        pass


def test_a_camera_that_is_not_begun_by_the_supervisor_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("garbage"))
    assert main(["fleet", "camera"]) == UsageError.exit_code
    assert "'livevision fleet watch' begins this" in capsys.readouterr().err


def test_the_door_has_a_place_where_no_runtime_folder_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert door.place().name == door.NAME  # no warning either, which would be an error here

    def somebody_elses(*_: object, **__: object) -> Path:
        raise PermissionError("runtime directory is a symlink; set XDG_RUNTIME_DIR instead")

    monkeypatch.setattr("platformdirs.user_runtime_path", somebody_elses)
    with pytest.raises(OutputError, match=r"is a symlink.*Give --socket"):
        door.place()


def test_numbers_of_each_camera_are_told_to_prometheus(tmp_path: Path) -> None:
    with Watching(write(tmp_path / "c.toml", cameras(good="good", poor="half"))) as watching:
        watching.running("good", "poor")
        told = watching.supervisor.told()
        with Gauges(0, lambda: told) as gauges:
            url = f"http://127.0.0.1:{gauges.port}/metrics"
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read().decode()
    assert 'livevision_camera_up{camera="good"} 1.0' in text
    assert 'livevision_camera_failed{camera="good"} 0.0' in text
    assert 'livevision_camera_failed{camera="poor"} 1.0' in text
    assert f'livevision_frames_total{{camera="good"}} {float(told[0]["frames"])}' in text
    assert 'livevision_events_total{camera="good",kind="letter"}' in text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[cameras.a]\nsource = 1\n[cameras.b]\nsource = 2\n[cameras.c]\nsource = 3", "3 cameras"),
        ('[cameras.a]\nsource = "film.mp4"', "film.mp4 is no camera"),
        ("[cameras.a]\nsource = 1\n[cameras.b]\nsource = 1", "a and b have one source"),
        ("[cameras.A]\nsource = 1", "camera A: a name has"),
        ("[cameras.a]\nevents = true", "camera a: it needs a source"),
        ('[cameras.a]\nsource = 1\nevents = "x.jsonl"', "events is true or false"),
        ("[cameras.a]\nsource = 1\nwindow = true", "window makes no sense"),
        ("[fleet]\nkeep = 3\n[cameras.a]\nsource = 1", "[fleet] knows no keep"),
        ("[fleet]\nkeep_days = 0\n[cameras.a]\nsource = 1", "keep_days is a number above 0"),
        ("[fleet]\nkeep_days = 999999999\n[cameras.a]\nsource = 1", "keep_days is 36500 at most"),
        ("[fleet]\nmetrics_port = 99999\n[cameras.a]\nsource = 1", "metrics_port is 65535 at"),
        ("[more]\n[cameras.a]\nsource = 1", "there is no part [more]"),
        ("", "there is no camera"),
        ("[cameras", "Cannot read the cameras"),
    ],
)
def test_a_file_that_is_wrong_is_told_before_anything_starts(
    text: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    with pytest.raises(UsageError) as error:
        _cameras.checked(write(tmp_path / "c.toml", text))
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_all_that_is_wrong_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(
        tmp_path / "c.toml",
        "[fleet]\nlimit = 3\n[defaults]\nsigns = true\n"
        "[cameras.a]\nsource = 1\nsize = 'big'\nfps = 'many'\nmqtt = 'http://x'\nwindow = true\n"
        "[cameras.b]\nsource = 2\nwindo = true\n[cameras.c]\nsource = 3\n",
    )
    assert main(["fleet", "watch", str(file), "--check"]) == 2
    told = capsys.readouterr().err.splitlines()
    for line, named in zip(
        told,
        ("a: window", "a: argument --size", "a: argument --fps", "a: --mqtt", "b: unrecognized"),
        strict=True,
    ):
        assert line.startswith(f"livevision: {file}: camera {named}"), line
    with pytest.raises(UsageError, match=r"camera a: .*camera b: ") as error:
        _cameras.checked(file)  # as a reload tells it
    assert "\n" not in str(error.value)
    file.write_text("[defaults]\nsigns = true\nevents = true\n[cameras.c]\nsource = 3\n")
    assert main(["fleet", "watch", str(file), "--check"]) == 0
    assert "can be used: c" in capsys.readouterr().out


def test_a_switch_is_true_or_false(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "c.toml", '[cameras.a]\nsource = 1\nfaces = "yes"\n')
    assert main(["fleet", "watch", str(file), "--check"]) == 2
    assert "camera a: faces is true or false, not 'yes'." in capsys.readouterr().err


def test_a_camera_that_is_not_plugged_in_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = str(tmp_path / "usb-Acme-video-index0")
    monkeypatch.setattr(kinds, "_NODE", re.compile(re.escape(node)))
    file = write(tmp_path / "c.toml", f'[cameras.a]\nsource = "{node}"\nevents = true\n')
    assert main(["fleet", "watch", str(file), "--check"]) == 0
    site, _ = sites.read(file)
    order = supervisor.order(site.cameras["a"], site)
    waited: list[str] = []

    def wait(number: int, seconds: float, why: str) -> None:
        waited.append(why)
        if len(waited) == 2:
            raise SinkClosed("The supervisor is gone.")

    monkeypatch.setattr(pulse, "wait", wait)
    reading, writing = os.pipe()
    try:
        with pytest.raises(SinkClosed):
            _cameras._watch(order, writing)
    finally:
        os.close(reading)
        os.close(writing)
    assert len(waited) == 2
    assert "is no camera" in waited[0]
    assert capsys.readouterr().err.count("is no camera") == 1  # told once, not every 8 s


def test_the_limit_is_what_was_measured_with_as_many_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    assert machine.streams() == 2
    machine.keep_streams(3)
    assert machine.streams() == 3
    monkeypatch.setattr(machine, "cores", lambda: 8)
    assert machine.streams() == 8


def test_what_a_machine_carries_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By programs that stand in for it, of which three are too many."""
    monkeypatch.setattr(machine, "cores", lambda: 2)
    found = {1: 0, 2: 8, 3: 11}
    monkeypatch.setattr(_measuring, "watched", lambda many, *rest: (1000, found[many]))
    monkeypatch.setattr(_measuring, "scene", lambda folder, seconds: [])
    assert main(["fleet", "measure"]) == 0
    told = capsys.readouterr().out
    assert "2 streams" in told
    assert machine.streams() == 2


IMAGE = np.zeros((4, 4, 3), np.uint8)


def test_a_pulse_tells_how_it_is_and_when_the_day_is_over() -> None:
    reading, writing = os.pipe()
    now, day = [0.0], [1]
    beat = Pulse(writing, lambda: "lost", clock=lambda: now[0], today=lambda: day[0])
    event = Event("letter", "A", 0.0, 1.0, 0.9)
    stats = Stats(29.9, 0.02, 3, failed=("faces",))
    beat.write(Result(Frame(IMAGE, 0, 0.0, 0.0), (), (event,), stats=stats))
    beat.idle()  # too soon for another one
    now[0] += EVERY
    day[0] = 2
    with pytest.raises(SinkClosed):
        beat.idle()
    assert beat.over
    os.close(writing)
    with os.fdopen(reading) as file:
        pulses = [json.loads(line) for line in file]
    assert len(pulses) == 2
    assert pulses[0] | {"rss_mb": 0} == {
        "state": "running",
        "frames": 1,
        "dropped": 3,
        "fps": 29.9,
        "p95_ms": 20,
        "rss_mb": 0,
        "events": {"letter": 1},
        "failed": ["faces"],
        "source": "lost",
    }
    assert pulses[0]["rss_mb"] > 10


def test_old_files_of_cameras_are_erased_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "door").mkdir(parents=True)
    name = traces.shift_name("events.jsonl", datetime(2026, 1, 2, 3, 4, 5, 6000, UTC))
    assert name == "20260102-030405-006-events.jsonl"
    old, other = folder / "door" / name, folder / "door" / "mine.jsonl"
    fresh = folder / "door" / traces.shift_name("record.mp4")
    for each in (old, other, fresh):
        each.touch()
    for each in (old, other):
        os.utime(each, (0, 0))
    text = (
        f'[fleet]\nfolder = "{folder}"\nkeep_days = 30\n[cameras.door]\nsource = "http://a/good"\n'
    )
    with Watching(write(tmp_path / "c.toml", text)) as watching:
        watching.supervisor.work()
    assert sorted(each.name for each in (folder / "door").iterdir()) == [fresh.name, other.name]
    traces.remember(folder)
    assert ("camera door", fresh) in list(traces.own())


class Program:
    """`livevision fleet watch` itself, and what it says of its cameras."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.socket = folder / "fleet.sock"
        words = ["fleet", "watch", str(file), "--socket", str(self.socket)]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "livevision", *words], stderr=log
            )

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def of(self, name: str) -> dict[str, Any]:
        told = door.ask(self.socket, "status")
        return next((each for each in told if each["camera"] == name), {})

    def until(self, condition: Callable[[], object], patience: float = PATIENCE) -> float:
        """Seconds until it is so."""
        begun = time.monotonic()
        while True:
            try:
                if condition():
                    return time.monotonic() - begun
            except UsageError:  # it does not listen yet
                assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - begun < patience, condition
            time.sleep(0.05)

    def running(self, name: str) -> bool:
        told = self.of(name)
        return told.get("state") == "running" and told["frames"] > 0

    def back(self, name: str, reason: str) -> bool:
        """Whether it works again after it was started anew for that reason."""
        return reason in self.of(name)["restarts"] and self.running(name)

    def events(self, name: str) -> int:
        return sum(self.of(name)["events"].values())

    def more(self, name: str, events: int) -> bool:
        return self.events(name) > events


def digits(rate: float) -> MjpegServer:
    """A camera before which numbers are shown, over and over."""
    with Recording(assets.folder("recordings") / "digits.mp4") as clip:
        step = round(30 / rate)
        images = [frame.image for frame in clip if frame.index % step == 0]
    pictures = [cv2.imencode(".jpg", each)[1].tobytes() for each in images]
    return MjpegServer(rate=rate, pictures=pictures)


def test_the_program_waits_for_a_camera_reads_it_tells_and_ends(
    tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = MjpegServer(rate=10)
    text = f'[fleet]\nfolder = "{tmp_path}"\n[cameras.door]\nsource = "{camera.url}"\n'
    file = write(tmp_path / "c.toml", text + "signs = false\ndigits = true\nevents = true\n")
    with Program(file, short) as program:
        program.until(lambda: "cannot be opened" in (program.of("door").get("source") or ""))
        pid = program.of("door")["pid"]
        with camera:
            program.until(lambda: program.running("door"))
            assert program.of("door")["pid"] == pid
            assert main(["fleet", "status", "--socket", str(program.socket)]) == 0
            assert "running" in capsys.readouterr().out
            assert main(["fleet", "reload", "--socket", str(program.socket)]) == 0
            assert "nothing has changed" in capsys.readouterr().out
            program.process.send_signal(signal.SIGTERM)
            assert program.process.wait(PATIENCE) == 128 + signal.SIGTERM
    (events,) = (tmp_path / "door").iterdir()
    assert json.loads(events.read_text().splitlines()[0])["type"] == "header"


def events_of(folder: Path) -> list[dict[str, Any]]:
    """All events of a camera, from all its files."""
    parts = [path.read_text().splitlines()[1:] for path in sorted(folder.glob("*-events.jsonl"))]
    return [json.loads(line) for part in parts for line in part]


@pytest.mark.long
def test_a_camera_is_back_within_20_s_and_no_event_comes_twice(tmp_path: Path, short: Path) -> None:
    """Killed, hung, and out of memory by its limit, beside one that never notices."""
    with ExitStack() as stack:
        streams = {name: stack.enter_context(digits(6)) for name in ("door", "hall")}
        text = f'[fleet]\nlimit = 2\nfolder = "{tmp_path}"\n'
        text += "[defaults]\nsigns = false\ndigits = true\nevents = true\n"
        for name, each in streams.items():
            text += f'[cameras.{name}]\nsource = "{each.url}"\n'
        file = write(tmp_path / "c.toml", text)
        program = stack.enter_context(Program(file, short))
        program.until(lambda: all(program.running(name) for name in streams))
        program.until(lambda: all(program.events(name) for name in streams))
        other = program.of("hall")
        back = {}
        for how, number in (("killed", signal.SIGKILL), ("hung", signal.SIGSTOP)):
            os.kill(program.of("door")["pid"], number)
            seen = program.events("door")
            back[how] = program.until(partial(program.back, "door", how), 20.0)
            program.until(partial(program.more, "door", seen + 1))
        after = program.of("hall")
        assert (after["pid"], after["restarts"]) == (other["pid"], {})
        assert after["frames"] > other["frames"]
        write(file, text.replace("[fleet]\n", "[fleet]\nmemory_mb = 20\n"))
        program.process.send_signal(signal.SIGHUP)
        program.until(lambda: program.of("door")["restarts"].get("memory"))
        write(file, text)
        program.process.send_signal(signal.SIGHUP)
        back["memory"] = program.until(lambda: program.running("door"), 20.0)
        print(f"back after: {back}")
        program.process.send_signal(signal.SIGTERM)
        program.process.wait(PATIENCE)
    door_events, hall_events = (events_of(tmp_path / name) for name in ("door", "hall"))
    assert len(list((tmp_path / "door").glob("*-events.jsonl"))) >= 4
    for found in (door_events, hall_events):
        assert found
        spans = sorted((each["at"], each["label"]) for each in found)
        assert len(set(spans)) == len(spans)
