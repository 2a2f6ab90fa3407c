import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import picture

from livevision import files
from livevision.errors import OutputError, SourceError, UsageError
from livevision.frame import Event, Frame, Result
from livevision.sinks.events import Collector, Events
from livevision.sinks.recorder import Recorder
from livevision.sources.recording import Recording


def results(times: Iterable[float], size: tuple[int, int] = (160, 120)) -> list[Result]:
    return [Result(Frame(picture(index, size), index, time)) for index, time in enumerate(times)]


def noise(count: int, size: tuple[int, int] = (320, 240)) -> list[Result]:
    """Pictures that compress badly."""
    rng = np.random.default_rng(0)
    shape = (size[1], size[0], 3)
    images = [rng.integers(0, 256, shape, np.uint8) for _ in range(10)]
    return [Result(Frame(images[i % 10], i, i / 30)) for i in range(count)]


def write(recorder: Recorder, what: Iterable[Result]) -> None:
    with recorder:
        for result in what:
            recorder.write(result)


def boxes(path: Path) -> list[str]:
    """The names of an MP4's parts."""
    data, names, at = path.read_bytes(), [], 0
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


def playable(path: Path) -> list[float]:
    """Times of the frames that can be read; the end may be missing."""
    times = []
    with Recording(path) as source, suppress(SourceError):
        for frame in source:
            times.append(frame.time)
    return times


def frames_of(path: Path) -> list[Frame]:
    with Recording(path) as source:
        return list(source)


def test_frames_are_recorded_at_their_own_times(tmp_path: Path) -> None:
    times = [0.2, 0.233, 0.3, 1.7, 1.72, 10.2]  # many were dropped; it still lasts ten seconds
    path = tmp_path / "out.mp4"
    write(Recorder(path), results(times))
    got = frames_of(path)
    assert [frame.time for frame in got] == pytest.approx([t - 0.2 for t in times], abs=0.001)
    for index, frame in enumerate(got):
        assert np.abs(frame.image.astype(int) - picture(index)).mean() < 8
    assert got[0].image.shape == (120, 160, 3)


def test_colours_survive(tmp_path: Path) -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 220), (10, 10, 10)]
    for column, colour in enumerate(colours):
        image[:, column * 19 : column * 19 + 19] = colour
    path = tmp_path / "out.mp4"
    write(Recorder(path), [Result(Frame(image, index, index / 30)) for index in range(3)])
    back = frames_of(path)[1].image
    for column, colour in enumerate(colours):
        assert back[32, column * 19 + 9].astype(int) == pytest.approx(colour, abs=8)


def test_a_finished_recording_is_an_ordinary_mp4(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write(Recorder(path), results(index / 30 for index in range(90)))
    assert boxes(path) == ["ftyp", "free", "mdat", "moov"]  # no fragments
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize(
    ("size", "even"),
    [
        ((1, 1), (2, 2)),
        ((1, 9), (2, 10)),
        ((8, 2), (8, 2)),
        ((640, 1), (640, 2)),
        ((3, 7), (4, 8)),
        ((47, 33), (48, 34)),
        ((161, 121), (162, 122)),
    ],
    ids=lambda size: "{}x{}".format(*size),
)
def test_any_size_is_kept_but_made_even(
    tmp_path: Path, size: tuple[int, int], even: tuple[int, int]
) -> None:
    path = tmp_path / "out.mp4"
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    slope = (50 + 150 * (columns + rows) / sum(size)).astype(np.uint8)
    image = np.dstack([slope] * 3)
    write(Recorder(path), [Result(Frame(image, index, index / 10)) for index in range(3)])
    got = frames_of(path)
    assert len(got) == 3
    assert got[-1].image.shape == (even[1], even[0], 3)
    beyond = ((0, even[1] - size[1]), (0, even[0] - size[0]), (0, 0))
    want = np.pad(image.astype(int), beyond, mode="edge")  # no black bars
    assert np.abs(got[-1].image - want).max() < 12


@pytest.mark.long
def test_7680x4320_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    image = np.asarray(cv2.resize(picture(0), (7680, 4320)), np.uint8)
    write(Recorder(path), [Result(Frame(image, 0, 0))])
    assert frames_of(path)[0].image.shape == (4320, 7680, 3)


def test_gray_pictures_and_a_change_of_size(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    images = [np.full((120, 160), 90, np.uint8), picture(1, (640, 360)), picture(2, (50, 200))]
    write(Recorder(path), [Result(Frame(each, i, i / 10)) for i, each in enumerate(images)])
    got = frames_of(path)
    assert [frame.image.shape for frame in got] == [(120, 160, 3)] * 3
    assert got[0].image.mean() == pytest.approx(90, abs=3)
    assert got[1].image[2].mean() < 10  # bars above and below the wide one
    assert got[1].image[60].mean() > 30


def test_annotated_and_raw(tmp_path: Path) -> None:
    annotated = Recorder(
        tmp_path / "annotated.mp4", lambda result: np.full_like(result.frame.image, 200)
    )
    raw = Recorder(tmp_path / "raw.mp4")
    write(annotated, results([0, 0.1]))
    write(raw, results([0, 0.1]))
    assert frames_of(tmp_path / "annotated.mp4")[0].image.mean() == pytest.approx(200, abs=3)
    assert frames_of(tmp_path / "raw.mp4")[0].image.mean() < 100


def test_the_last_result_given_twice_is_recorded_once(tmp_path: Path) -> None:
    what = results([0, 0.1, 0.2])
    write(Recorder(tmp_path / "out.mp4"), [*what, what[-1]])
    assert len(frames_of(tmp_path / "out.mp4")) == 3


def test_r_starts_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = Recorder(None, lambda result: result.frame.image)
    what = results(index / 10 for index in range(10))
    with recorder:
        for number, result in enumerate(what):
            if number in (3, 5, 8):
                recorder.command("record")
            recorder.write(result)
        assert recorder.recording
    assert len(recorder.written) == 2
    assert [len(frames_of(path)) for path in recorder.written] == [2, 2]
    assert sorted(path.name for path in recorder.written) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert all(path.name.startswith("livevision-20") for path in recorder.written)


def test_nothing_to_record_makes_no_file(tmp_path: Path) -> None:
    write(Recorder(tmp_path / "out.mp4"), [])
    assert not list(tmp_path.iterdir())


def test_recordings_are_split(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mp4", split_seconds=1)
    write(recorder, results(index / 10 for index in range(25)))
    assert [path.name for path in recorder.written] == ["a.mp4", "a-2.mp4", "a-3.mp4"]
    assert [len(frames_of(path)) for path in recorder.written] == [10, 10, 5]
    recorder = Recorder(tmp_path / "b.mp4", split_bytes=1_000_000)
    write(recorder, noise(120))
    assert len(recorder.written) > 2
    assert sum(len(frames_of(path)) for path in recorder.written) == 120
    assert all(path.stat().st_size < 3_500_000 for path in recorder.written)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name it a\.mp4"):
        Recorder(tmp_path / "a.avi")
    with pytest.raises(OutputError, match="make the folder"), Recorder(tmp_path / "no" / "a.mp4"):
        pass
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"), Recorder(tmp_path / "folder.mp4"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "full.mp4").symlink_to("/dev/full")
    recorder = Recorder(tmp_path / "full.mp4")
    with pytest.raises(OutputError, match="No space left"):
        write(recorder, noise(90))
    (tmp_path / "full.jsonl").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left"):
        Events(tmp_path / "full.jsonl", source="x").__enter__()


CHILD = """
import os, resource, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from test_recorder import noise
from livevision.errors import OutputError
from livevision.sinks.recorder import Recorder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
mode, path = sys.argv[1], Path(sys.argv[2])
if mode == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
try:
    with Recorder(path) as recorder:
        for result in noise(150):
            recorder.write(result)
            if mode == "kill" and result.frame.index == 140:
                os.kill(os.getpid(), signal.SIGKILL)
except OutputError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def in_a_child(mode: str, path: Path) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    code = CHILD.format(paths=[str(here), str(here.parent)])
    return subprocess.run(
        [sys.executable, "-c", code, mode, str(path)], capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9 and limits on file sizes")
def test_after_kill_9_all_but_the_last_second_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "killed.mp4"
    assert in_a_child("kill", path).returncode == -signal.SIGKILL
    assert playable(path)[-1] > 140 / 30 - 1.2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
def test_when_the_disk_is_full_what_was_recorded_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "full.mp4"
    done = in_a_child("full", path)
    assert done.returncode == OutputError.exit_code, done.stderr
    assert "make room" in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert len(playable(path)) > 10


def test_events_are_json_lines_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.touch(0o644)
    name = 'Zoë\n"李"\u2028\ud800'
    events = (
        Event("letter", "A", 1.23456, 2, 0.98765, {"hand": "left"}),
        Event("person", name, 0, 3, 0.5, {"track": 1}),
    )
    with Events(path, source="clip.mp4") as sink:
        sink.write(Result(Frame(picture(0), 0, 0)))
        sink.write(Result(Frame(picture(1), 1, 0.1), events=events))
        lines = path.read_text(encoding="utf-8").splitlines()  # before it is closed
    assert [json.loads(line) for line in lines] == [
        {"type": "header", "schema": 2, "source": "clip.mp4"},
        {
            "type": "letter",
            "letter": "A",
            "kind": "letter",
            "label": "A",
            "start": 1.235,
            "end": 2,
            "confidence": 0.9877,
            "hand": "left",
        },
        {
            "type": "person",
            "name": name,
            "kind": "person",
            "label": name,
            "start": 0,
            "end": 3,
            "confidence": 0.5,
            "track": 1,
        },
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_events_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with Events(Path("-"), source="x") as sink:
        sink.write(Result(Frame(picture(0), 0, 0), events=(Event("letter", "B", 0, 1, 1),)))
    print("still open")
    assert capsys.readouterr().out.splitlines()[1:] == [
        '{"type": "letter", "letter": "B", "kind": "letter", "label": "B", "start": 0, "end": 1, '
        '"confidence": 1}',
        "still open",
    ]


def test_events_where_nothing_can_be_written(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "e.jsonl", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(OutputError, match="Cannot write events"), Events(path, source="x"):
            pass


def test_the_collector_keeps_all() -> None:
    event = Event("letter", "A", 0, 1, 1)
    with Collector() as sink:
        sink.write(Result(Frame(picture(0), 0, 0), events=(event,), text="A"))
        sink.write(Result(Frame(picture(0), 1, 1), text="AB"))
    assert sink.events == [event]
    assert sink.text == "AB"


def test_after_a_night_without_pictures_a_new_file_begins(tmp_path: Path) -> None:
    times = [0.0, 1.0, 2.0, 24_000.0, 24_001.0, 24_002.0]
    recorder = Recorder(tmp_path / "out.mp4")
    with recorder:
        for index, time in enumerate(times):
            recorder.write(Result(Frame(picture(index), index, time)))
    assert [path.name for path in recorder.written] == ["out.mp4", "out-2.mp4"]
    for path in recorder.written:
        with Recording(path) as source:
            assert [frame.time for frame in source] == [0.0, 1.0, 2.0]


def test_until_something_can_be_played_the_file_has_a_drafts_name(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"an earlier recording")
    with Recorder(path) as recorder:
        for index in range(90):
            recorder.write(Result(Frame(picture(index), index, index / 30)))
            if path.read_bytes() != b"an earlier recording":
                break
            assert len(files.drafts(path)) == 1
        assert 20 < index < 70
        with Recording(path) as source, suppress(SourceError):
            assert len([frame.time for frame in source]) > 20
    assert files.drafts(path) == []
    (tmp_path / ".livevision-1-0-out.mp4").write_bytes(b"what a killed program left")
    with Recorder(path) as recorder:
        recorder.write(Result(Frame(picture(0), 0, 0.0)))
        assert len(files.drafts(path)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["out.mp4"]
