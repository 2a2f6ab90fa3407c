"""The whole program when things go wrong: one clear line, the right exit code, nothing left."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from clips import make_clip
from servers import MjpegServer
from until import PATIENCE, until

from livevision import __main__ as cli
from livevision import signals
from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.sources.recording import Recording

ROOT = Path(__file__).resolve().parent.parent
BARE = ("--no-signs", "--no-faces", "--no-window")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def ends(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code of the program, and what it said last on stderr."""
    code = cli.main(["run", *words, *BARE])
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said.strip().splitlines()[-1]


def frames(path: Path) -> list[float]:
    """Times of the frames that can be played; the end may be missing."""
    times = []
    with suppress(SourceError), Recording(path) as source:
        for frame in source:
            times.append(frame.time)
    return times


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("missing.mp4", "does not exist"),
        ("empty.mp4", "is empty"),
        ("text.mp4", "not a video"),
        ("97", "no camera 97"),
        ("http://127.0.0.1:1/", "refused"),
        ("rtsp://me:secret@127.0.0.1:1/", "refused"),
    ],
)
def test_bad_sources_exit_with_3(
    source: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if source == "97" and sys.platform != "linux":
        says = "cannot be opened"
    monkeypatch.chdir(tmp_path)
    Path("empty.mp4").touch()
    Path("text.mp4").write_text("hello " * 1000)
    code, said = ends(capsys, source, "--record", "out.mp4", "--events", "out.jsonl")
    assert code == 3
    assert says in said
    assert "secret" not in said
    assert not Path("out.mp4").exists()


def test_a_clip_that_is_cut_off_exits_with_3_and_is_recorded_up_to_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(tmp_path / "a.avi", "mjpeg", "yuvj420p", count=60)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    code, said = ends(capsys, str(clip), "--raw", str(tmp_path / "out.mp4"))
    assert code == 3
    assert "cut off" in said
    assert 20 < len(frames(tmp_path / "out.mp4")) < 40


@pytest.mark.parametrize("option", ["--record", "--raw", "--events"])
def test_outputs_that_cannot_be_written_exit_with_6(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=60)
    suffix = ".jsonl" if option == "--events" else ".mp4"
    code, said = ends(capsys, str(clip), option, str(tmp_path / "no" / f"out{suffix}"))
    assert code == 6
    assert "no/out" in said
    if Path("/dev/full").exists():
        full = tmp_path / f"full{suffix}"
        full.symlink_to("/dev/full")
        code, said = ends(capsys, str(clip), option, str(full))
        assert code == 6
        assert "No space left" in said


def test_an_unforeseen_failure_of_a_source_is_named_and_exits_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=30)
    good = Recording.read

    def read(self: Recording) -> Frame | None:
        frame = good(self)
        if frame is not None and frame.index == 20:
            raise cv2.error("what nobody thought of")
        return frame

    monkeypatch.setattr(Recording, "read", read)
    code, said = ends(capsys, str(clip), "--raw", str(tmp_path / "out.mp4"))
    assert code == 3
    assert "what nobody thought of" in said
    monkeypatch.undo()
    assert len(frames(tmp_path / "out.mp4")) == 20


def test_a_stream_that_dies_without_reconnecting_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MjpegServer(last=40) as server:
        url = server.url.replace("//", "//me:secret@")
        code, said = ends(
            capsys, url, "--no-reconnect", "--raw", str(tmp_path / "out.mp4"),
            "--events", str(tmp_path / "out.jsonl"), "--log-level", "debug",
        )  # fmt: skip
    assert code == 3
    assert "ended" in said or "broke off" in said
    assert len(frames(tmp_path / "out.mp4")) > 20
    for path in tmp_path.iterdir():
        assert path.is_dir() or b"secret" not in path.read_bytes()


def test_a_stream_that_comes_back_goes_on_in_the_same_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    with MjpegServer(rate=40, last=40) as server:  # counted, whatever the speed

        def restart() -> None:
            until(lambda: server.served == 40)
            time.sleep(0.8)  # how long it is away
            server.last = None

        meanwhile = threading.Thread(target=restart)
        meanwhile.start()
        code, said = ends(capsys, server.url, "--raw", str(out), "--max-frames", "80")
        meanwhile.join()
    assert code == 0
    assert said.startswith("80 frames")
    times = frames(out)
    assert len(times) == 80
    assert max(b - a for a, b in itertools.pairwise(times)) > 0.7  # time went on


def start(*words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "livevision", "run", *words, *BARE],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        **more,
    )


def children(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == pid:
                found.add(int(status.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGKILL,
        # the others are sent in tests/test_signals.py
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in signals.ENDING
            if each != signal.SIGINT
        ),
    ],
)
def test_signals_in_mid_recording(number: signal.Signals, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=3600, size=(64, 48))  # more than it is waited for
    out, events = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    process = start(str(clip), "--realtime", "--raw", str(out), "--events", str(events))
    try:
        until(lambda: out.exists() and len(frames(out)) >= 25)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    offspring = children(process.pid)
    process.send_signal(number)
    said = process.communicate(timeout=PATIENCE)[1]
    assert "Traceback" not in said
    assert len(frames(out)) >= 25
    assert events.read_text().startswith('{"type": "header"')
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert "frames, " in said
        assert b"moof" not in out.read_bytes()[:200]
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in offspring))


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
def test_a_full_disk_exits_with_6_and_what_was_recorded_can_be_played(tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    rng = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(100):
        noise = rng.integers(0, 256, (96, 128, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), noise)
    out = tmp_path / "out.mp4"
    process = start(str(folder), "--raw", str(out), preexec_fn=limit)
    said = process.communicate(timeout=2 * PATIENCE)[1]
    assert process.returncode == 6, said
    assert "Traceback" not in said
    assert "make room" in said
    assert out.stat().st_size <= 100_000
    assert len(frames(out)) > 3


def test_standard_output_that_nobody_reads(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=30)
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [sys.executable, "-m", "livevision", "run", str(clip), *BARE, "--events", "-"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    said = process.communicate(timeout=2 * PATIENCE)[1]
    assert process.returncode == 0
    assert "Traceback" not in said
