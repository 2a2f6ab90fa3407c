"""Every path of the program that writes, with its n-th write, sync ... failing, for every n.

Run by tests/test_faults_injected.py in a process that has failing.so loaded before libc:

    LD_PRELOAD=failing.so python driver.py FOLDER [--step N] [--only SCENARIO]

After each failure: what is there is the old state or the new one, whole; nothing else is left
that holds a face or a name; an error is one of ours, in one line, and says why. Prints a
line of figures for each scenario; exit code 1 if something was wrong.
"""

import argparse
import ctypes
import errno
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision import files, settings
from livevision.errors import LivevisionError
from livevision.frame import Box, Detection, Event, Frame, Result
from livevision.recognizers.faces import encryption
from livevision.recognizers.faces.backup import restore
from livevision.recognizers.faces.gallery import Gallery
from livevision.recognizers.signs import coach, personal
from livevision.recognizers.signs.commands import practice
from livevision.sinks.captions import Captions
from livevision.sinks.events import Events
from livevision.sinks.recorder import Recorder
from livevision.sinks.transcript import Transcript

KINDS = ("write", "sync", "rename", "unlink", "create", "truncate")
ERRORS = {
    "write": errno.ENOSPC,
    "sync": errno.EIO,
    "rename": errno.EACCES,
    "unlink": errno.EACCES,
    "create": errno.ENOSPC,
    "truncate": errno.EIO,
}
ADA = b"Ada Lovelace"


def embedding(seed: int) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=128).astype(np.float32)


@dataclass(frozen=True)
class Scenario:
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]
    state: Callable[[Path], object]
    """What there is; it raises if that is not whole."""
    secret: bool = False
    """Whether nothing readable may be left after a success."""
    growing: bool = False
    """Whether what was written before a failure may be there, being whole."""


# --- the gallery


def gallery(folder: Path) -> Path:
    return folder / "gallery.sqlite"


def begin(folder: Path) -> None:
    with Gallery(gallery(folder)) as opened:
        opened.add("Ada Lovelace", [(embedding(n), 1.0, "a.jpg") for n in range(3)], note="a note")
        opened.add("Bob", [(embedding(9), 1.0, "b.jpg")])


def begin_sealed(folder: Path) -> None:
    begin(folder)
    with Gallery(gallery(folder)) as opened:
        opened.encrypt()


def begin_copy(folder: Path) -> None:
    begin(folder)
    with Gallery(gallery(folder)) as opened:
        opened.backup(folder / "copy.db")
        opened.add("Eve", [(embedding(8), 1.0, "e.jpg")])


def change(*words: Any) -> Callable[[Path], object]:
    def act(folder: Path) -> None:
        with Gallery(gallery(folder)) as opened:
            getattr(opened, words[0])(*words[1:])

    return act


def people(folder: Path) -> object:
    if not gallery(folder).exists():
        return None
    sealed = encryption.is_encrypted(gallery(folder))
    with Gallery(gallery(folder)) as opened:
        views = sorted((face.name, face.embedding.tobytes()) for face in opened.faces())
        return sealed, [(each.name, each.faces) for each in opened.people()], views


def backup(folder: Path) -> None:
    with Gallery(gallery(folder)) as opened:
        opened.backup(folder / "new.db")


def backup_state(folder: Path) -> object:
    copy = folder / "new.db"
    if not copy.exists():
        return people(folder)
    with closing(Gallery(copy)) as opened:
        return people(folder), len(opened.faces())


NEW = ("add", "Zoë", [(embedding(5), 1.0, "z.jpg"), (embedding(6), 1.0, "z.jpg")])


# --- the other files


def signs(folder: Path, count: int) -> None:
    chance = np.random.default_rng(count)
    examples = tuple(
        personal.Example(
            "AB"[number % 2],
            chance.random((21, 3), np.float32),
            chance.random((21, 3), np.float32),
            True,
            np.full(27, 1 / 27, np.float32),
        )
        for number in range(count)
    )
    personal.write(personal.Layer(examples), folder / "signs.npz")


def signs_state(folder: Path) -> object:
    return len(personal.read(folder / "signs.npz").examples)


def results(count: int) -> Iterator[Result]:
    text = ""
    for index in range(count):
        image = np.full((48, 64, 3), index % 250, np.uint8)
        events: tuple[Event, ...] = ()
        if index % 5 == 4:
            text += "AB "[index // 5 % 3]
            if text[-1] != " ":
                events = (Event("letter", text[-1], index / 10 - 0.3, index / 10, 0.9, {}),)
        face = Detection("face", Box(1, 1, 20, 20), "Ada Lovelace", 0.9, 1)
        yield Result(Frame(image, index, index / 10), (face,), events, text)


def sink(make: Callable[[Path], Any]) -> Callable[[Path], object]:
    def act(folder: Path) -> None:
        with make(folder) as opened:
            for result in results(40):
                opened.write(result)

    return act


def lines(name: str) -> Callable[[Path], object]:
    def state(folder: Path) -> object:
        file = folder / name
        if not file.exists():
            return 0
        content = file.read_text("utf-8")
        for line in content.splitlines()[: None if content.endswith("\n") else -1]:
            json.loads(line)
        return content

    return state


def frames(folder: Path) -> object:
    import av

    file = folder / "out.mp4"
    if not file.exists() or not file.stat().st_size:
        return 0
    try:
        with av.open(str(file)) as container:
            return sum(1 for _ in container.decode(video=0))
    except av.error.InvalidDataError:
        return 0 if file.stat().st_size < 2000 else "cannot be played"


def text(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).read_text("utf-8") if (folder / name).exists() else None


SCENARIOS = {
    "gallery: first use": Scenario(lambda folder: None, begin, people, growing=True),
    "gallery: add": Scenario(begin, change(*NEW), people),
    "gallery: remove": Scenario(begin, change("remove", "Ada Lovelace"), people),
    "gallery: rename": Scenario(begin, change("rename", "Bob", "Robert"), people),
    "gallery: forget strangers": Scenario(begin, change("forget_sightings", []), people),
    "encrypted gallery: add": Scenario(begin_sealed, change(*NEW), people, secret=True),
    "encrypted gallery: remove": Scenario(
        begin_sealed, change("remove", "Ada Lovelace"), people, secret=True
    ),
    "encrypt": Scenario(begin, change("encrypt"), people, secret=True),
    "decrypt": Scenario(begin_sealed, change("decrypt"), people),
    "backup": Scenario(begin, backup, backup_state),
    "backup, encrypted": Scenario(begin_sealed, backup, backup_state, secret=True),
    "restore": Scenario(
        begin_copy, lambda folder: restore(folder / "copy.db", gallery(folder)), people
    ),
    "settings": Scenario(
        lambda folder: settings.write({"camera": 1}, folder / "settings.toml"),
        lambda folder: settings.write({"camera": 2}, folder / "settings.toml"),
        lambda folder: settings.read(folder / "settings.toml"),
    ),
    "personal signs": Scenario(
        lambda folder: signs(folder, 4), lambda folder: signs(folder, 8), signs_state
    ),
    "personal signs: forget": Scenario(
        lambda folder: signs(folder, 4), lambda folder: signs(folder, 0), signs_state
    ),
    "progress": Scenario(
        lambda folder: practice.write_progress(folder / "p.json", {"A": 1}, coach.Coach("A")),
        lambda folder: practice.write_progress(folder / "p.json", {"B": 3}, coach.Coach("A")),
        text("p.json"),
    ),
    "JSON": Scenario(
        lambda folder: files.replace_json(folder / "a.json", {"a": 1}),
        lambda folder: files.replace_json(folder / "a.json", {"b": [1] * 5000}),
        text("a.json"),
    ),
    "captions": Scenario(
        lambda folder: None,
        sink(lambda folder: Captions(folder / "a.srt")),
        text("a.srt"),
        growing=True,
    ),
    "events": Scenario(
        lambda folder: None,
        sink(lambda folder: Events(folder / "a.jsonl", source="x")),
        lines("a.jsonl"),
        growing=True,
    ),
    "transcript": Scenario(
        lambda folder: None,
        sink(lambda folder: Transcript(folder / "a.jsonl", source="x")),
        lines("a.jsonl"),
        growing=True,
    ),
    "recording": Scenario(
        lambda folder: None,
        sink(lambda folder: Recorder(folder / "out.mp4")),
        frames,
        growing=True,
    ),
}


class Failing:
    """The library that makes calls fail."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def arm(self, folder: Path, kind: str, number: int, *, lasting: bool) -> None:
        self._library.failing_arm(
            os.fsencode(folder), KINDS.index(kind), number, ERRORS[kind], int(lasting)
        )

    def disarm(self) -> int:
        return int(self._library.failing_disarm())


def attempt(scenario: Scenario, folder: Path) -> str | None:
    """The error that the scenario ends with; raises what is none of ours."""
    try:
        scenario.act(folder)
    except LivevisionError as error:
        return str(error)
    return None


def fresh(folder: Path, scenario: Scenario) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    scenario.prepare(folder)


def run(name: str, scenario: Scenario, base: Path, step: int) -> tuple[int, list[str]]:
    """How many failures there were, and what was wrong."""
    failing = Failing()
    folder = base / "work"
    fresh(folder, scenario)
    old = scenario.state(folder)
    attempt(scenario, folder)
    new = scenario.state(folder)
    usual = {file.name for file in folder.iterdir()}
    count, wrong = 0, []
    for kind in KINDS:
        for lasting in (False, True):
            number = 1
            while True:
                fresh(folder, scenario)
                before = {file.name for file in folder.iterdir()}
                failing.arm(folder, kind, number, lasting=lasting)
                trouble = None
                try:
                    error = attempt(scenario, folder)
                except BaseException as other:
                    error, trouble = None, f"{type(other).__name__}: {other}"
                hits = failing.disarm()
                if not hits:
                    break
                count += 1
                where = f"{name}: {kind} {number}{' and all later' if lasting else ''}"
                if trouble:
                    wrong.append(f"{where}: {trouble}")
                if error is not None and ("\n" in error or len(error) < 20):
                    wrong.append(f"{where}: says {error!r}")
                sealed = gallery(folder).exists() and encryption.is_encrypted(gallery(folder))
                for file in folder.iterdir():
                    holds = file.read_bytes()
                    extra = file.name not in usual | before and not file.name.endswith("-journal")
                    if extra and holds:
                        wrong.append(f"{where}: {file.name} is left with {len(holds)} bytes")
                    if scenario.secret and sealed and ADA in holds:
                        wrong.append(f"{where}: {file.name} can be read")
                try:
                    state = scenario.state(folder)
                except Exception as other:
                    wrong.append(f"{where}: not whole, {type(other).__name__}: {other}")
                else:
                    if state not in (old, new) and not scenario.growing:
                        wrong.append(f"{where}: neither the old state nor the new one: {state}")
                    if error is None and not trouble and state != new:
                        wrong.append(f"{where}: called a success, and is none")
                number += step
    return count, wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--only", action="append", dest="scenarios", metavar="SCENARIO")
    arguments = parser.parse_args()
    os.environ[encryption.VARIABLE] = "three blind mice"
    encryption._COST = 1 << 10
    logging.disable(logging.WARNING)
    failed = False
    for name in arguments.scenarios or SCENARIOS:
        count, wrong = run(name, SCENARIOS[name], arguments.folder, arguments.step)
        print(f"{name}: {count} failures, {len(wrong)} wrong", flush=True)
        for line in wrong:
            print(f"  {line}", flush=True)
        failed |= bool(wrong) or not count
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
