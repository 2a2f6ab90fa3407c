"""The same archive by Ray's workers; minutes, since a Ray takes ten seconds to start."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fleet_jobs
import pytest
from ports import free_port
from programs import descendants
from test_fleet_replay import RUN, done, texts, until

from livevision import assets
from livevision.__main__ import main
from livevision.errors import ModelError, UsageError
from livevision.fleet import archive, identity, on_ray
from livevision.fleet.job import Done, Reading, Task, content_of
from livevision.fleet.ledger import Ledger

# clusters of these tests and those who ask them have one token, whatever this machine's Ray has;
# Ray looks for it when it is imported
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
ray: Any = pytest.importorskip("ray", reason="needs the extra fleet")

pytestmark = [
    pytest.mark.long,
    # Ray leaves the processes that it began, and their pipes, to the collector of garbage
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
TESTS = str(Path(__file__).parent)
CLIP = assets.folder("recordings") / "cloudy.mp4"
LIMIT = 600.0
"""Seconds that a run may take."""


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("PYTHONPATH", TESTS)  # Ray's workers have to find `fleet_jobs`
    for name, value in on_ray._ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield
    ray.shutdown()


def read(clips: list[str], folder: Path, out: Path) -> archive.Progress:
    job = fleet_jobs.Light({}, folder=folder)
    with Ledger(out) as ledger, on_ray.Ray(job, workers=2) as engine:
        planned = archive.plan(clips, job, ledger, retry=False)
        return archive.read(planned, len(clips), engine, ledger)


def test_workers_that_are_killed_cost_no_clip(tmp_path: Path) -> None:
    folder, out = tmp_path / "attempts", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    clips = texts(
        tmp_path / "in",
        **{f"clip{number}": f"good {number}" for number in range(20)},
        **{f"once{number}": f"once {number}" for number in range(4)},
        poison="poison",
        damaged="damaged",
    )
    progress = read([*clips, str(tmp_path / "none.mp4")], folder, out)
    assert set(done(out).values()) == {1}
    assert len(done(out)) == 24
    failed = {Path(clip).stem: reason for clip, reason in progress.failed}
    assert failed.keys() == {"poison", "damaged", "none"}
    assert "attempt 3" in failed["poison"]
    assert fleet_jobs.attempts(folder, "poison") == archive.ATTEMPTS
    assert all(fleet_jobs.attempts(folder, f"once{number}") == 2 for number in range(4))
    assert all(fleet_jobs.attempts(folder, f"clip{number}") == 1 for number in range(20))


def test_what_a_machine_has_otherwise_is_told_before_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = texts(tmp_path / "in", a="good")
    (tmp_path / "out").mkdir()
    packages = identity.packages()
    monkeypatch.setattr(identity, "packages", lambda: packages | {"livevision": "9.9"})
    with pytest.raises(UsageError, match=r"livevision is 0.* there and 9\.9 here"):
        read(clips, tmp_path, tmp_path / "out")
    assert not list(tmp_path.glob("*.attempt-*"))


def test_a_file_that_a_worker_does_not_have_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker on another machine: its side of the work, in this process."""
    monkeypatch.setattr(on_ray, "PIECE", 1000)
    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(os.urandom(2500))
    one = tmp_path / "clip.mp4"
    one.write_bytes(os.urandom(2500))

    class Copied(Reading):
        def read(self, task: Task, at: str | None = None) -> Done:
            return Done({".json": f"{at}"})

    for clip in (str(one), str(folder)):
        pieces: on_ray.Pieces = [
            (path.name, [ray.put(each) for each in on_ray._cut(path)])
            for path in on_ray._files(clip)
        ]
        assert len(pieces[0][1]) == 3
        task = Task("key", f"/elsewhere/{Path(clip).name}", content_of(clip), 0, 0)
        assert on_ray._read(Copied({}), task, None) == on_ray.Missing()
        answer = on_ray._read(Copied({}), task, pieces)
        assert isinstance(answer, Done)
        assert answer.outputs[".json"].endswith(f"/{Path(clip).name}")
        other = Task("key", task.clip, "another content", 0, 0)
        changed = on_ray._read(Copied({}), other, pieces)
        assert isinstance(changed, Done)
        assert "was changed while it was sent" in changed.reason


class Cluster:
    """A Ray that was started by itself, as an administrator would."""

    def __init__(self, folder: Path) -> None:
        port, client_port = free_port(), free_port()
        self.addresses = {
            "cluster": f"127.0.0.1:{port}",
            "client": f"ray://127.0.0.1:{client_port}",
        }
        words = ["--head", f"--port={port}", "--num-cpus=2", "--block"]
        words += [f"--ray-client-server-port={client_port}", "--node-ip-address=127.0.0.1"]
        words += ["--include-dashboard=false", "--object-store-memory=200000000"]
        program = str(Path(sys.executable).with_name("ray"))
        for _ in range(3):  # on a busy machine it gives itself up after 30 s
            log = folder / f"ray-{time.monotonic_ns()}.log"
            with log.open("wb") as file:
                self.process = subprocess.Popen(
                    [program, "start", *words], stdout=file, stderr=file, start_new_session=True
                )
            until(partial(self._up_or_over, log), "no Ray", LIMIT)
            if self.process.poll() is None:
                return
        raise AssertionError(log.read_text())

    def _up_or_over(self, log: Path) -> bool:
        return b"Ray runtime started" in log.read_bytes() or self.process.poll() is not None

    def kill(self) -> None:
        """All that the head consists of, at once."""
        pids = [self.process.pid, *descendants(self.process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
@pytest.mark.parametrize("way", ["cluster", "client"])
def test_the_head_s_death_loses_nothing_and_doubles_nothing(tmp_path: Path, way: str) -> None:
    """The archive is read wholly after all, each clip once, as one process would read it."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(8):  # the same pictures, yet another content
        (folder / f"clip{number}.mp4").write_bytes(CLIP.read_bytes() + bytes(number))
    words = ["fleet", "replay", str(folder), "--out", str(out), "--on", "ray"]
    words += ["--signs", "--max-frames", "60"]
    first = Cluster(tmp_path)
    begun = time.monotonic()
    driver = subprocess.Popen(
        [sys.executable, "-m", "livevision", *words, "--address", first.addresses[way]],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(
            lambda: (
                ((out / "ledger.jsonl").exists() and len(done(out)) >= 2)
                or driver.poll() is not None
            ),
            "nothing was read",
            LIMIT,
        )
    finally:
        first.kill()
        killed = time.monotonic()
        _, told = driver.communicate(timeout=LIMIT)
    ended = time.monotonic()
    print(f"killed after {killed - begun:.0f} s, over {ended - killed:.0f} s later:\n{told}")
    if way == "client":
        assert driver.returncode == ModelError.exit_code, told
        assert "what was read is kept" in told
    else:  # Ray itself may end a process that has lost the head for a minute
        assert driver.returncode in (1, ModelError.exit_code), told
    before = dict(done(out))
    assert 2 <= len(before) < 8
    second = Cluster(tmp_path)
    try:
        again = [sys.executable, "-m", "livevision", *words, "--address", second.addresses[way]]
        assert subprocess.call(again, timeout=LIMIT) == 0
    finally:
        second.kill()
    assert done(out) == Counter({f"clip{number}": 1 for number in range(8)})
    for number in range(8):
        clip = folder / f"clip{number}.mp4"
        alone = tmp_path / "alone.json"
        assert main(["replay", str(clip), "--json", str(alone), *words[-3:]]) == 0
        (made,) = out.glob(f"clip{number}.mp4.*.json")
        assert RUN.sub("", made.read_text()) == RUN.sub("", alone.read_text())
    assert not re.search(r"Traceback", told)
