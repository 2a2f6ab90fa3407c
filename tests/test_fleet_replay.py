"""An archive is read once, every clip of it, whatever dies meanwhile."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fleet_jobs
import pytest
from programs import descendants

from livevision import assets, replaying
from livevision.__main__ import main
from livevision.errors import GalleryError, OutputError, UsageError
from livevision.fleet import archive, finding, identity, traces
from livevision.fleet.engine import Engine
from livevision.fleet.job import Done, Lost, Reading, Task, content_of
from livevision.fleet.ledger import Ledger
from livevision.pipeline import Summary

CLIP = assets.folder("recordings") / "cloudy.mp4"
RUN = re.compile(r'"run": \{[^}]*\}')
PATIENCE = 120.0
"""Seconds after which a test gives up on something that should have happened long since."""


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def texts(folder: Path, **contents: str) -> list[str]:
    """Files with these contents; their paths."""
    folder.mkdir(exist_ok=True)
    made = []
    for name, content in contents.items():
        path = folder / f"{name}.mp4"
        path.write_text(content, encoding="utf-8")
        made.append(str(path))
    return made


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]


def done(out: Path) -> Counter[str]:
    """How often each clip is told as done."""
    return Counter(Path(str(each["file"])).stem for each in lines(out) if each["type"] == "done")


class Scripted(Engine):
    """An engine in this process that answers as it is told: by content, one word an attempt."""

    def __init__(self, places: int = 2) -> None:
        self.places = places
        self.given: deque[Task] = deque()
        self.attempts: Counter[str] = Counter()
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1

    @property
    def free(self) -> int:
        return self.places - len(self.given)

    @property
    def busy(self) -> int:
        return len(self.given)

    def give(self, task: Task) -> None:
        assert task.key not in [each.key for each in self.given], "two attempts at a time"
        self.given.append(task)

    def answers(self, timeout: float) -> list[tuple[Task, Done | Lost]]:
        task = self.given.popleft()
        words = Path(task.clip).read_text(encoding="utf-8").split()
        word = words[min(self.attempts[task.key], len(words) - 1)]
        self.attempts[task.key] += 1
        if word == "lost":
            return [(task, Lost("Its worker died."))]
        return [(task, Done({".json": word}, "It is damaged." if word == "damaged" else ""))]


def read(
    clips: Iterable[str], out: Path, *, retry: bool = False
) -> tuple[archive.Progress, Scripted]:
    out.mkdir(exist_ok=True)
    listed = list(clips)
    job = Reading({})
    with Ledger(out) as ledger, Scripted() as engine:
        planned = archive.plan(listed, job, ledger, retry=retry)
        return archive.read(planned, len(listed), engine, ledger), engine


def test_each_content_is_read_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    clips = texts(tmp_path / "in", a="one", b="two", c="one")
    progress, _ = read(clips, out)
    assert (progress.done, progress.same, progress.failed) == (2, 1, [])
    again, engine = read([*clips, *texts(tmp_path / "in", d="three")], out)
    assert (again.done, again.earlier, again.same) == (1, 2, 1)
    assert done(out) == {"a": 1, "b": 1, "d": 1}
    assert len(list(out.glob("*.json"))) == 3
    assert engine.begun


def test_no_worker_is_started_for_nothing(tmp_path: Path) -> None:
    clips = texts(tmp_path / "in", a="one")
    read(clips, tmp_path / "out")
    _, engine = read(clips, tmp_path / "out")
    assert not engine.begun


def test_a_lost_clip_is_tried_again_and_not_for_ever(tmp_path: Path) -> None:
    clips = texts(tmp_path / "in", a="lost good", b="lost", c="good")
    progress, engine = read(clips, tmp_path / "out")
    assert progress.done == 2
    ((clip, reason),) = progress.failed
    assert clip.endswith("b.mp4")
    assert "attempt 3" in reason
    assert max(engine.attempts.values()) == archive.ATTEMPTS


def test_what_failed_is_told_again_and_retried_if_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    clips = texts(tmp_path / "in", a="damaged", b="good")
    assert len(read(clips, out)[0].failed) == 1
    progress, engine = read(clips, out)
    assert [reason for _, reason in progress.failed] == ["It is damaged."]
    assert not engine.attempts
    _, engine = read(clips, out, retry=True)
    assert sum(engine.attempts.values()) == 1


def test_a_result_that_is_gone_is_made_again(tmp_path: Path) -> None:
    clips = texts(tmp_path / "in", a="good", b="fine")
    out = tmp_path / "out"
    read(clips, out)
    next(out.glob("a.*.json")).unlink()
    assert read(clips, out)[0].done == 1
    assert len(list(out.glob("*.json"))) == 2


def test_a_clip_that_changed_is_another_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    clips = texts(tmp_path / "in", a="good")
    read(clips, out)
    texts(tmp_path / "in", a="better")
    assert read(clips, out)[0].done == 1
    assert sorted(each.read_text() for each in out.glob("*.json")) == ["better", "good"]


def test_a_line_that_was_not_finished_is_cut_off(tmp_path: Path) -> None:
    out = tmp_path / "out"
    clips = texts(tmp_path / "in", a="good", b="fine")
    read(clips, out)
    ledger = out / "ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:-20])
    assert read(clips, out)[0].done == 1
    assert {each["type"] for each in lines(out)} == {"header", "done"}
    assert done(out) == {"a": 1, "b": 1}


def test_only_one_program_writes_a_ledger_and_only_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path), pytest.raises(UsageError, match="another run"), Ledger(tmp_path):
        pass
    other = tmp_path / "other"
    other.mkdir()
    (other / "ledger.jsonl").write_text('{"mine": 1}\n')
    with pytest.raises(UsageError, match="no ledger"), Ledger(other):
        pass
    assert (other / "ledger.jsonl").read_text() == '{"mine": 1}\n'


def test_clips_are_found_in_folders_patterns_and_lists(tmp_path: Path) -> None:
    deep = tmp_path / "school" / "2026"
    deep.mkdir(parents=True)
    (deep / "a.MP4").touch()
    (deep / "notes.txt").touch()
    (tmp_path / "school" / "photo.jpg").touch()
    listed = tmp_path / "list.txt"
    listed.write_text(f"{deep}/a.MP4\nmore.mkv\n", encoding="utf-8")
    school, clip = str(tmp_path / "school"), str(deep / "a.MP4")
    assert finding.clips([school]) == [school, clip]
    assert finding.clips([f"{tmp_path}/**/*.MP4", f"@{listed}"]) == [clip, "more.mkv"]


def test_hidden_files_are_no_clips_and_a_list_is_a_text(tmp_path: Path) -> None:
    for name in ("a.MTS", "._a.MTS", "photos/b.jpg", "mac/._b.jpg", ".hidden/c.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clip, photos = str(tmp_path / "a.MTS"), str(tmp_path / "photos")
    assert finding.clips([str(tmp_path)]) == [clip, photos]
    assert replaying.found([str(tmp_path)]) == [clip]
    listed = tmp_path / "list.txt"
    listed.write_text("\ufeffa\u2028b.mp4\r\nc.mp4\r\n", encoding="utf-8")  # as Windows writes it
    assert finding.clips([f"@{listed}"]) == ["a\u2028b.mp4", "c.mp4"]
    listed.write_bytes(b"ftyp\0\0")
    with pytest.raises(UsageError, match="is no list"):
        finding.clips([f"@{listed}"])
    listed.write_text(f"more.mp4\n@{listed}\n")
    with pytest.raises(UsageError, match="names itself"):
        finding.clips([f"@{listed}"])


@pytest.mark.parametrize("word", ["rtsp://camera.example/1", "0"])
def test_cameras_and_streams_are_referred_to_those_who_read_them(word: str) -> None:
    with pytest.raises(UsageError, match="'livevision fleet watch'"):
        finding.clips([word])


def test_nothing_that_was_named_is_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern that fits nothing, a folder that is shut, what could be read for ever."""
    shut = tmp_path / "in" / "shut"
    shut.mkdir(parents=True)
    pattern = str(tmp_path / "*.mkv")
    clips = texts(tmp_path / "in", a="one")
    os.mkfifo(tmp_path / "in" / "pipe.mp4")
    scandir = os.scandir

    def refused(folder: str) -> object:
        if str(folder) == str(shut):
            raise PermissionError(13, "Permission denied", str(shut))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    found = finding.clips([pattern, str(tmp_path / "in")])
    assert sorted(found) == sorted([pattern, str(shut), *clips, str(tmp_path / "in" / "pipe.mp4")])
    monkeypatch.setattr(Path, "iterdir", lambda folder: refused(str(folder)))
    progress, _ = read(found, tmp_path / "out")
    assert progress.done == 1
    reasons = {Path(clip).name: reason for clip, reason in progress.failed}
    assert reasons.keys() == {"*.mkv", "shut", "pipe.mp4"}
    assert "No such file" in reasons["*.mkv"]
    assert "Permission denied" in reasons["shut"]
    assert "neither a file nor a folder" in reasons["pipe.mp4"]


def test_a_clip_that_changes_while_it_is_read_is_as_good_as_unread(tmp_path: Path) -> None:
    class Touching(Scripted):
        def answers(self, timeout: float) -> list[tuple[Task, Done | Lost]]:
            answers = super().answers(timeout)
            for task, _ in answers:
                if Path(task.clip).stem == "growing":
                    Path(task.clip).write_text("more of it")
                elif Path(task.clip).stem == "gone":
                    Path(task.clip).unlink()
            return answers

    out = tmp_path / "out"
    out.mkdir()
    clips = texts(tmp_path / "in", growing="begun", gone="damaged", whole="whole")
    job = Reading({})
    with Ledger(out) as ledger, Touching() as engine:
        progress = archive.read(archive.plan(clips, job, ledger, retry=False), 3, engine, ledger)
    assert [Path(clip).stem for clip, _ in progress.failed] == ["growing", "gone"]
    assert "was changed while it was read" in progress.failed[0][1]
    assert [each["type"] for each in lines(out)] == ["header", "done"]
    assert [each.name.split(".")[0] for each in out.glob("*.json")] == ["whole"]
    assert read(clips[:1], out)[0].done == 1


def test_what_was_read_under_another_name_needs_no_digest_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (clip,) = texts(tmp_path / "in", Ada="one")
    read([clip], out)
    renamed = Path(clip).rename(tmp_path / "in" / "Zoë.mp4")
    for _ in range(2):
        assert read([str(renamed)], out)[0].earlier == 1
    assert [each["type"] for each in lines(out)] == ["header", "done", "same"]
    state = renamed.stat()
    with Ledger(out) as ledger:
        assert ledger.content(str(renamed), state.st_size, state.st_mtime_ns)
    traces.forget(out / "ledger.jsonl", datetime.now(UTC) + timedelta(days=1))
    double = renamed.with_name("double.mp4")
    double.write_text("one")
    assert read([str(renamed), str(double)], out)[0].earlier == 1  # and no name comes back
    assert [each["type"] for each in lines(out)] == ["header", "erased"]


def test_a_full_disk_ends_the_work_and_fails_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "attempts", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    clips = texts(tmp_path / "in", full="disk", good="good")
    with pytest.raises(OutputError, match="disk is full"):
        fleet_jobs.run(clips, folder, out, processes=1)
    assert [each["type"] for each in lines(out)] == ["header"]

    task = Task("key", clips[0], "content", 4, 0)
    with pytest.raises(OutputError, match="Cannot write in"):
        Reading({}, work=tmp_path / "none").read(task)
    summary = Summary()
    monkeypatch.setattr(replaying, "replay", lambda *words, **more: (summary, {}))
    full = OutputError("Cannot write captions.srt: No space left on device.")
    full.__cause__ = OSError(28, "No space left on device")
    summary.note("captions", str(full), full)
    with pytest.raises(OutputError, match="No space"):
        Reading({}, work=tmp_path).read(task)
    full.__cause__ = ValueError("a bug that one clip brings to light")
    assert "captions failed" in Reading({}, work=tmp_path).read(task).reason

    def locked(*words: object, **more: object) -> object:
        raise GalleryError("The gallery is encrypted.")

    monkeypatch.setattr(replaying, "replay", locked)
    with pytest.raises(GalleryError):
        Reading({}, work=tmp_path).read(task)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["attempts", "in", "out"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--gallery", "nosuch.db"], "nosuch.db does not exist"),
        (["--no-signs", "--no-faces"], "Nothing is to be recognised"),
        (["--out", "{clip}"], "is no folder. Give another --out."),
    ],
)
def test_what_would_fail_with_every_clip_is_told_before_any(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clip,) = texts(tmp_path / "in", a="one")
    words = [each.format(clip=clip) for each in words]
    assert main(["fleet", "replay", clip, "--out", str(tmp_path / "out"), *words]) in (2, 6)
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out" / "ledger.jsonl").exists()


def test_a_key_knows_options_models_and_what_the_user_taught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livevision.recognizers.signs import Options

    def key(**more: object) -> str:
        return Reading({"signs": Options()}, **more).key("content")  # type: ignore[arg-type]

    assert key() == key(work=tmp_path)
    assert key() != key(frames=True)
    assert key() != Reading({"signs": Options(model="cnn28")}).key("content")
    before = key()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "signs.npz").write_bytes(b"taught")
    assert key() != before
    monkeypatch.setattr(identity, "models", lambda names: {})
    assert key() != before


def test_the_same_bytes_are_another_clip_as_a_picture(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "a.jpg"):
        (tmp_path / name).write_bytes(b"same")
    clip, double, picture = (content_of(str(tmp_path / n)) for n in ("a.mp4", "b.mp4", "a.jpg"))
    assert clip == double != picture


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_workers_that_die_are_replaced_and_a_driver_s_death_loses_nothing(tmp_path: Path) -> None:
    """The driver is killed while two clips are under way, then another one takes over."""
    folder, out = tmp_path / "attempts", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    clips = texts(
        tmp_path / "in",
        once="once",
        poison="poison",
        bug="bug",
        **{f"clip{number}": f"good {number}" for number in range(6)},
        **{f"slow{number}": f"wait {number}" for number in range(2)},
    )
    words = [sys.executable, fleet_jobs.__file__, str(folder), str(out), *reversed(clips)]
    driver = subprocess.Popen(words)
    try:
        until(
            lambda: all(fleet_jobs.attempts(folder, f"slow{number}") for number in range(2)),
            "the slow clips were never begun",
        )
        workers = {int(each.read_text() or 0) for each in folder.glob("slow*")}
    finally:
        driver.kill()
        driver.wait()
    until(lambda: not any(is_alive(pid) for pid in workers), "workers outlive their driver")
    assert not done(out)["slow0"]
    (folder / fleet_jobs.GATE).touch()
    progress = fleet_jobs.run(clips, folder, out)
    whole = {"once", *(f"clip{n}" for n in range(6)), *(f"slow{n}" for n in range(2))}
    assert done(out) == dict.fromkeys(whole, 1)
    reasons = {Path(clip).stem: reason for clip, reason in progress.failed}
    assert reasons.keys() == {"poison", "bug"}
    assert "SIGKILL" in reasons["poison"]
    assert "a bug" in reasons["bug"]
    assert fleet_jobs.attempts(folder, "poison") == archive.ATTEMPTS
    assert not list(out.glob(".livevision-*"))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:  # gone in between, or there is no such folder here
        return not Path("/proc/self").exists()
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def test_results_are_those_of_replay_to_the_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    clip = folder / "clip.mp4"
    clip.write_bytes(CLIP.read_bytes())
    (folder / "rubbish.mp4").write_bytes(b"rubbish")
    words = ["--signs", "--max-frames", "25"]
    command = ["fleet", "replay", str(folder), "--out", str(out), "--workers", "1", *words]
    assert main([*command, "--captions", "srt", "--transcript"]) == 1
    told = capsys.readouterr().err
    assert "1 of 2 clips read" in told
    assert "failed: " in told
    assert "rubbish.mp4 is not a video" in told
    (made,) = out.glob("clip.mp4.*.json")
    alone = tmp_path / "alone.json"
    captions = tmp_path / "alone.srt"
    outputs = ["--json", str(alone), "--captions", str(captions)]
    assert main(["replay", str(clip), *outputs, *words]) == 0
    assert RUN.sub("", made.read_text()) == RUN.sub("", alone.read_text())
    assert len(RUN.findall(made.read_text())) == 1
    assert made.with_suffix(".srt").read_bytes() == captions.read_bytes()
    assert made.with_suffix(".transcript.jsonl").read_text().startswith('{"type": "header"')
    assert not (out / ".livevision-work").exists()
    assert main([*command, "--captions", "srt", "--transcript"]) == 1  # nothing is read again
    assert "0 of 2 clips read" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
def test_the_command_is_killed_and_every_clip_is_read_once_all_the_same(tmp_path: Path) -> None:
    """A worker in mid-work, then the driver; what one process reads of each is what there is."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    names = [f"clip{number}" for number in range(8)]
    for number, name in enumerate(names):  # the same pictures, yet another content
        (folder / f"{name}.mp4").write_bytes(CLIP.read_bytes() + bytes(number))
    options = ["--signs", "--max-frames", "60"]
    words = ["fleet", "replay", str(folder), "--out", str(out), "--workers", "2", *options]
    program = [sys.executable, "-m", "livevision", *words]
    driver = subprocess.Popen(program)
    try:
        until(lambda: (out / "ledger.jsonl").exists() and len(done(out)) >= 1, "nothing was read")
        workers = [each for each in descendants(driver.pid) if b"spawn_main" in command(each)]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(done(out)) >= 4, "the work does not go on")
    finally:
        driver.kill()
        driver.wait()
    assert 4 <= len(done(out)) < len(names)
    assert subprocess.call(program) == 0
    assert done(out) == dict.fromkeys(names, 1)
    alone = tmp_path / "alone.json"
    for name in names:
        clip = str(folder / f"{name}.mp4")
        assert main(["replay", clip, "--json", str(alone), *options]) == 0
        (made,) = out.glob(f"{name}.mp4.*.json")
        assert RUN.sub("", made.read_text()) == RUN.sub("", alone.read_text())


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_privacy_shows_an_archive_and_erases_what_is_old_or_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    clips = texts(tmp_path / "in", **{"Ada": "good", "Zoë": "fine", "Ada\nagain": "two lines"})
    read(clips, out)
    traces.remember(out)
    (out / "mine.json").write_text("not theirs")
    assert main(["privacy"]) == 0
    told = capsys.readouterr().out
    assert "ledger of an archive" in told
    assert told.count("what was read of a clip") == 3

    age(out, "Ada", days=40)
    assert main(["privacy", "--keep-days", "30", "--yes"]) == 0
    assert "1 line of" in capsys.readouterr().out
    left = sorted(each.name.split(".")[0] for each in out.glob("*.json"))
    assert left == ["Ada\nagain", "Zoë", "mine"]
    assert "Ada.mp4" not in (out / "ledger.jsonl").read_text()
    assert read(clips, out)[0].earlier == 3  # and it is not read again

    moved = out.rename(tmp_path / "moved")
    assert main(["privacy"]) == 0
    assert f"{out}, where a fleet has written, is not there now" in capsys.readouterr().err
    moved.rename(out)
    with Ledger(out):  # what is read after that would be known to nobody
        assert main(["privacy", "--erase", "--yes"]) == 2
    assert f"A fleet writes to {out} now" in capsys.readouterr().err
    assert (out / "ledger.jsonl").exists()
    assert main(["privacy", "--erase", "--yes"]) == 0
    assert "is not there now" not in capsys.readouterr().err
    assert [each.name for each in out.iterdir()] == ["mine.json"]


def age(out: Path, clip: str, *, days: int) -> None:
    """Let a clip have been read so long ago."""
    when = datetime.now(UTC) - timedelta(days=days)
    (result,) = out.glob(f"{clip}.*.json")
    os.utime(result, (when.timestamp(), when.timestamp()))
    ledger = out / "ledger.jsonl"
    changed = []
    for line in lines(out):
        if Path(str(line.get("file", ""))).stem == clip:
            line["at"] = when.isoformat()
        changed.append(json.dumps(line) + "\n")
    ledger.write_text("".join(changed))
