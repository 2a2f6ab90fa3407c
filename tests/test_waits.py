"""Every wait has an end: whatever hangs is given up, told, and left behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_pipeline import Keep, Level, Live
from until import PATIENCE, until

from livevision import signals
from livevision.commands import _output
from livevision.errors import LivevisionError, ModelError, OutputError, SourceError
from livevision.frame import Event, Findings, Frame, Result
from livevision.pipeline import capture, panel, run
from livevision.sinks.background import WAITING, Background
from livevision.sinks.events import Events
from livevision.sources import Source
from livevision.sources.recording import Recording
from livevision.sources.synthetic import Synthetic

SOON = 0.5
"""Seconds of patience in here."""


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What hangs goes on when it is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "CLOSING", SOON)
    monkeypatch.setattr(capture, "LEAVING", SOON)
    monkeypatch.setattr(panel, "CLOSING", SOON)
    monkeypatch.setattr(panel, "LEAVING", SOON)


class Asleep(Keep):
    """Hangs in `where`; in `write`, with the third result."""

    name = "asleep"
    patience = SOON

    def __init__(self, where: str, release: threading.Event) -> None:
        super().__init__()
        self._where = where
        self._release = release

    def _hang(self, where: str) -> None:
        if where == self._where:
            self._release.wait(PATIENCE)

    def __enter__(self) -> "Asleep":
        self._hang("open")
        return self

    def write(self, result: Result) -> None:
        super().write(result)
        if len(self.results) == 3:
            self._hang("write")

    def close(self) -> None:
        super().close()
        self._hang("close")


def test_a_slow_sink_drops_no_frame_of_a_camera_and_loses_no_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Slow(Keep):
        name = "slow"

        def write(self, result: Result) -> None:
            until(lambda: len(quick.results) >= min(45, 10 * (len(self.results) + 1)))
            super().write(result)

    class Every(Level):
        def recognize(self, frame: Frame) -> Findings:
            return Findings(events=(Event("letter", str(frame.index), 0, 1, 1),))

    class Camera(Live):
        def read(self) -> Frame | None:
            until(lambda: len(quick.results) >= self._next)  # nobody else is slow
            return super().read()

    slow, quick = Slow(), Keep()
    summary = run(Camera(45), [Every()], [slow, quick])
    assert summary.dropped == 0
    assert summary.frames == 45
    assert quick.indices[:45] == list(range(45))
    assert 0 < len(slow.results) < 35
    assert summary.skipped == {"slow": 46 - len(slow.results)}
    _output.tell(summary)
    assert f"{summary.skipped['slow']} too fast for slow" in capsys.readouterr().err
    told = [event.label for result in slow.results for event in result.events]
    assert told == [*map(str, range(45)), "level"]
    assert slow.indices == sorted(slow.indices)


def test_of_a_recording_a_slow_sink_gets_everything() -> None:
    class Slow(Keep):
        def write(self, result: Result) -> None:
            time.sleep(0.02)
            super().write(result)

    slow = Slow()
    assert not run(Synthetic(WAITING * 3), [], [slow]).skipped
    assert slow.indices == list(range(WAITING * 3))


def test_a_background_sink_stands_alone_and_opens_again() -> None:
    kept = Keep()
    background = Background(kept)
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, 0.0)
    for round_ in range(2):
        with background:
            background.write(Result(frame))
            background.review(Result(frame))
            background.idle()
            background.command("record")
            assert len(kept.results) == len(kept.reviewed) == round_ + 1
            background.close()
        assert kept.closed == round_ + 1
    background.close()
    assert kept.closed == 2
    assert kept.commands == ["record"] * 2


def test_a_sink_that_hangs_is_switched_off_and_told(release: threading.Event) -> None:
    asleep, other = Asleep("write", release), Keep()
    summary = run(Synthetic(20), [Level()], [asleep, other])
    assert other.indices == [*range(20), 19]
    assert "no longer answers" in summary.failed["asleep"]
    assert asleep.closed == 0  # never in the middle of something
    release.set()
    until(lambda: asleep.closed)
    assert asleep.closed == 1


def test_a_sink_that_hangs_in_closing_is_told(release: threading.Event) -> None:
    asleep, other = Asleep("close", release), Keep()
    summary = run(Synthetic(3), [], [asleep, other])
    assert "did not close" in summary.failed["asleep"]
    assert other.closed == 1


def test_a_sink_that_hangs_in_opening_ends_the_run_before_it_begins(
    release: threading.Event,
) -> None:
    other, level = Keep(), Level()
    with pytest.raises(OutputError, match="did not open"):
        run(Synthetic(3), [level], [other, Asleep("open", release)])
    assert (other.closed, level.closed, other.results) == (1, 1, [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_events_into_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    events = Events(pipe, source="x")
    events.patience = SOON
    with pytest.raises(OutputError, match="did not open"):
        run(Synthetic(3), [], [events])
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # it may go now


class Sleeper(Level):
    def __init__(self, where: str, release: threading.Event, *, most: float = SOON) -> None:
        super().__init__("sleeper")
        self.hangs = threading.Event()
        self.patience = most
        self._where = where
        self._release = release

    def _hang(self, where: str) -> None:
        if where == self._where:
            self.hangs.set()
            self._release.wait(PATIENCE)

    def recognize(self, frame: Frame) -> Findings:
        if frame.index == 3:
            self._hang("recognize")
        return super().recognize(frame)

    def finish(self) -> Findings:
        self._hang("finish")
        return super().finish()

    def close(self) -> None:
        super().close()
        self._hang("close")


@pytest.mark.parametrize("where", ["recognize", "finish", "close"])
def test_a_recogniser_that_hangs_is_switched_off_and_told(
    where: str, release: threading.Event
) -> None:
    sink, good = Keep(), Level("good")
    summary = run(Synthetic(20), [Sleeper(where, release), good], [sink])
    assert good.seen == list(range(20))
    assert list(summary.failed) == ["sleeper"]
    assert [event.label for event in sink.results[-1].events][-1] == "good"


def test_the_only_recogniser_hangs(release: threading.Event) -> None:
    with pytest.raises(ModelError, match="no answer"):
        run(Synthetic(20), [Sleeper("recognize", release)], [Keep()])


def test_ctrl_c_while_a_recogniser_hangs(release: threading.Event) -> None:
    sleeper, sink = Sleeper("recognize", release, most=PATIENCE), Keep()

    def interrupt() -> None:
        sleeper.hangs.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    started = time.monotonic()
    with signals.handled() as ending:
        summary = run(Synthetic(20), [Level("good"), sleeper], [sink])
    assert time.monotonic() - started < PATIENCE / 2
    assert ending.number == signal.SIGINT
    assert summary.interrupted
    assert sink.closed == 1
    assert [event.label for event in sink.results[-1].events] == ["good"]


class Hung(Synthetic):
    def __init__(self, where: str, release: threading.Event) -> None:
        super().__init__(5)
        self.opening = SOON if where == "open" else PATIENCE
        self._where = where
        self._release = release
        self.closed = 0

    def __enter__(self) -> "Hung":
        if self._where == "open":
            self._release.wait(PATIENCE)
        return super().__enter__()

    def close(self) -> None:
        self.closed += 1
        if self._where == "close":
            self._release.wait(PATIENCE)


def test_a_source_that_hangs_in_opening_is_given_up(release: threading.Event) -> None:
    source, sink, level = Hung("open", release), Keep(), Level()
    with pytest.raises(SourceError, match="did not open within"):
        run(source, [level], [sink])
    assert (sink.closed, level.closed, source.closed) == (1, 1, 0)
    release.set()
    until(lambda: source.closed)
    assert source.closed == 1


def test_a_source_that_hangs_in_closing_is_left_behind(release: threading.Event) -> None:
    assert run(Hung("close", release), [], [Keep()]).frames == 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\npipe\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile pipe\n"),
    ],
)
def test_a_playlist_that_names_a_pipe_does_not_hang(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / name).write_text(content)
    source = Recording(tmp_path / name)
    source.opening = source.patience = SOON
    started = time.monotonic()
    try:
        with pytest.raises(SourceError):
            raise run(source, [], [Keep()]).error or AssertionError
        assert time.monotonic() - started < PATIENCE / 2
    finally:
        for _ in range(100):  # whoever waits at the pipe may go now
            try:
                os.close(os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                break
            time.sleep(0.02)


BLANK = np.zeros((4, 4, 3), np.uint8)


class Odd(Source):
    """Gives one good frame, and then `frame`."""

    name = "odd"

    def __init__(self, frame: object) -> None:
        self._frames: list[Any] = [Frame(BLANK, 0, 1.0), frame, None]

    def __enter__(self) -> "Odd":
        return self

    def read(self) -> Frame | None:
        frame: Frame | None = self._frames.pop(0)
        return frame

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "frame",
    [
        Frame(None, 1, 2.0),  # type: ignore[arg-type]
        Frame(BLANK[:0], 1, 2.0),
        Frame(BLANK[:, :0], 1, 2.0),
        Frame(BLANK[..., 0], 1, 2.0),
        Frame(BLANK.astype(np.float32), 1, 2.0),
        Frame(np.zeros((4, 4, 4), np.uint8), 1, 2.0),
        Frame(BLANK, 1, float("nan")),
        Frame(BLANK, 1, float("inf")),
        Frame(BLANK, 1, 0.5),
        Frame(BLANK, 1, 1.0),
        Frame(BLANK, 1, 2.0, float("nan")),
        "frame",
    ],
    ids=str,
)
def test_frames_are_checked_at_the_door(frame: object) -> None:
    sink = Keep()
    summary = run(Odd(frame), [Level()], [sink])
    assert sink.indices == [0, 0]
    assert sink.results[-1].events
    assert isinstance(summary.error, SourceError)
    assert "odd gave a frame that cannot be used" in str(summary.error)


def test_pictures_become_read_only_at_the_door() -> None:
    source = Odd(Frame(np.zeros((4, 4, 3), np.uint8), 1, 2.0))
    sink = Keep()
    run(source, [], [sink])
    assert not any(result.frame.image.flags.writeable for result in sink.results)


NAN = float("nan")
NOT_A_FLOAT: Any = np.float32("nan")


@pytest.mark.parametrize(
    "found",
    [
        None,
        (),
        Findings(events=(Event("letter", "A", NAN, 1.0, 1.0),)),
        Findings(events=(Event("letter", "A", 0.0, float("inf"), 1.0),)),
        Findings(events=(Event("letter", "A", 0.0, 1.0, NOT_A_FLOAT),)),
        Findings(events=(Event("letter", "A", 0.0, 1.0, 1.0, {"alternatives": [["B", NAN]]}),)),
        Findings(events=("letter",)),  # type: ignore[arg-type]
        Findings(detections=("hand",)),  # type: ignore[arg-type]
        Findings(text=7),  # type: ignore[arg-type]
        Findings(hints=(None,)),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_findings_are_checked_at_the_door(found: Any) -> None:
    class Strange(Level):
        def recognize(self, frame: Frame) -> Findings:
            odd: Findings = found
            return odd if frame.index == 2 else super().recognize(frame)

    sink = Keep()
    summary = run(Synthetic(5), [Strange("strange"), Level("good")], [sink])
    assert list(summary.failed) == ["strange"]
    assert sink.results[-1].events[-1].label == "good"
    with pytest.raises(LivevisionError, match="level"):
        run(Synthetic(5), [Strange()], [Keep()])
