import logging
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import make_clip
from numpy.typing import NDArray
from until import PATIENCE, until

from livevision.errors import ModelError, OutputError, SinkClosed, SourceError
from livevision.frame import Box, Detection, Event, Findings, Frame, Place, Result
from livevision.pipeline import Controls, run, stepping
from livevision.pipeline.capture import RECORDED_QUEUE
from livevision.pipeline.stepping import LEAST
from livevision.recognizers.recognizer import Session
from livevision.sinks import Sink
from livevision.sinks.recorder import Recorder
from livevision.sources import Source
from livevision.sources.realtime import Paced
from livevision.sources.recording import Recording
from livevision.sources.synthetic import Synthetic


class Keep(Sink):
    """Remembers everything that happens to it; raises `error` with the result number `at`."""

    def __init__(self, at: int | None = None, error: BaseException | None = None) -> None:
        self.results: list[Result] = []
        self.reviewed: list[Result] = []
        self.commands: list[str] = []
        self.idled = 0
        self.closed = 0
        self._at = at
        self._error = error or SinkClosed()

    def write(self, result: Result) -> None:
        self.results.append(result)
        if len(self.results) == self._at:
            raise self._error

    def review(self, result: Result) -> None:
        self.reviewed.append(result)

    def idle(self) -> None:
        self.idled += 1

    def command(self, name: str) -> None:
        self.commands.append(name)

    def close(self) -> None:
        self.closed += 1

    @property
    def indices(self) -> list[int]:
        return [result.frame.index for result in self.results]


class Level(Session):
    """Finds the brightness of the picture; fails at frame `fails`."""

    def __init__(self, name: str = "level", fails: int | None = None) -> None:
        self.name = name
        self.seen: list[int] = []
        self.commands: list[str] = []
        self.closed = 0
        self._fails = fails

    def recognize(self, frame: Frame) -> Findings:
        self.seen.append(frame.index)
        if frame.index == self._fails:
            raise ValueError("bad picture")
        box = Detection(self.name, Box(0, 0, 9, 9), str(frame.image[0, 0, 0]))
        return Findings((box,), text=f"{self.name} {frame.index}", hints=(self.name,))

    def finish(self) -> Findings:
        return Findings(events=(Event("letter", self.name, 0, 1, 1),))

    def command(self, name: str) -> None:
        self.commands.append(name)

    def close(self) -> None:
        self.closed += 1


class Breaking(Synthetic):
    def read(self) -> Frame | None:
        if self._next == 3:
            raise SourceError("unplugged")
        return super().read()


class Live(Synthetic):
    live = True
    pause = 0.004

    def read(self) -> Frame | None:
        time.sleep(self.pause)
        frame = super().read()
        return frame and Frame(frame.image, frame.index, frame.time, time.monotonic())


def test_every_frame_of_a_recording_reaches_recognisers_and_sinks_in_order() -> None:
    sink, one, other = Keep(), Level("one"), Level("other")
    summary = run(Synthetic(100), [one, other], [sink])
    assert one.seen == other.seen == list(range(100))
    assert sink.indices == [*range(100), 99]  # the last again, with what was pending
    assert [each.kind for each in sink.results[5].detections] == ["one", "other"]
    assert sink.results[5].text == "one 5\nother 5"
    assert [event.label for event in sink.results[-1].events] == ["one", "other"]
    assert sink.results[-1].text == "one 99\nother 99"
    assert summary.frames == 100
    assert summary.dropped == 0
    assert summary.seconds == pytest.approx(99 / 30)
    assert summary.events == {"letter": 2}
    assert (sink.closed, one.closed, other.closed) == (1, 1, 1)


def test_a_text_that_is_taken_back_at_the_end_is_gone() -> None:
    class Unsure(Level):
        def finish(self) -> Findings:
            return Findings(text="")

    sink = Keep()
    assert run(Synthetic(3), [Unsure()], [sink]).text == ""
    assert [each.text for each in sink.results] == ["level 0", "level 1", "level 2", ""]


def test_the_log_tells_what_is_read_and_how_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run(Synthetic(3), [Level()], [])
    run(Breaking(9), [], [])
    said = [
        each.getMessage() for each in caplog.records if each.name == "livevision.pipeline.running"
    ]
    assert said == [
        "reading synthetic frames: level to nothing",
        "read 3 frames of synthetic frames: no error",
        "reading synthetic frames: nothing to nothing",
        "read 3 frames of synthetic frames: unplugged",
    ]


def test_two_runs_give_the_same_results(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", count=20)
    sinks = [Keep(), Keep()]
    for sink in sinks:
        run(Recording(path), [Level("one"), Level("other")], [sink])
    for one, other in zip(sinks[0].results, sinks[1].results, strict=True):
        assert np.array_equal(one.frame.image, other.frame.image)
        assert one.text == other.text
        assert one.frame.time == other.frame.time


def test_live_frames_are_dropped_and_counted() -> None:
    source = Live(60)

    class Slow(Level):
        def recognize(self, frame: Frame) -> Findings:
            until(lambda: source._next >= min(60, frame.index + 4))
            time.sleep(0.02)
            return super().recognize(frame)

    sink = Keep()
    summary = run(source, [Slow()], [sink])
    assert summary.dropped > 20
    assert summary.frames + summary.dropped == 60
    assert sink.results[-1].stats.dropped == summary.dropped
    assert np.median(summary.latencies) > 0.015
    assert summary.fps > 0


def test_an_error_of_the_source_comes_after_the_good_frames() -> None:
    sink, level = Keep(), Level()
    summary = run(Breaking(10), [level], [sink])
    assert sink.indices == [0, 1, 2, 2]
    assert str(summary.error) == "unplugged"
    assert sink.results[-1].events
    assert (sink.closed, level.closed) == (1, 1)


def test_a_source_that_does_not_open_closes_all_the_rest(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no video")
    sink, level = Keep(), Level()
    with pytest.raises(SourceError):
        run(Recording(tmp_path / "bad.mp4"), [level], [sink])
    assert (sink.closed, level.closed) == (1, 1)


def test_one_failing_recogniser_is_reported_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink, bad, good = Keep(), Level("bad", fails=5), Level("good")
    with caplog.at_level(logging.WARNING):
        summary = run(Synthetic(20), [bad, good], [sink])
    assert good.seen == list(range(20))
    assert bad.seen == list(range(6))
    assert summary.failed == {"bad": "bad picture"}
    assert caplog.text.count("switched off") == 1
    assert (bad.closed, good.closed) == (1, 1)
    assert sink.results[10].text == "good 10"
    assert [sink.results[at].stats.failed for at in (4, 10)] == [(), ("bad",)]


@pytest.mark.parametrize("error", [SinkClosed(), OutputError("disk full"), KeyboardInterrupt()])
def test_the_end_by_a_sink(error: BaseException) -> None:
    sink, first, other, level = Keep(5, error), Keep(), Keep(), Level()
    sink.essential = True
    started = time.monotonic()
    if isinstance(error, OutputError):
        with pytest.raises(OutputError, match="disk full"):
            run(Synthetic(10_000), [level], [first, sink, other])
    else:
        summary = run(Synthetic(10_000), [level], [first, sink, other])
        assert summary.interrupted == isinstance(error, KeyboardInterrupt)
        assert summary.frames == 5
    assert time.monotonic() - started < PATIENCE / 2
    assert (sink.closed, first.closed, other.closed, level.closed) == (1, 1, 1, 1)
    assert first.indices == [0, 1, 2, 3, 4, 4]
    assert [event.label for event in first.results[-1].events] == ["level"]
    assert [each.events for each in other.results] == [each.events for each in first.results]
    if not isinstance(error, KeyboardInterrupt):
        assert len(sink.results) == 5


FAULTS = [
    OutputError("disk full"),
    ConnectionError("reset"),
    BrokenPipeError(),
    ValueError("a bug"),
    ZeroDivisionError(),
    SystemExit(3),
    MemoryError(),
]


@pytest.mark.parametrize("main_thread", [False, True])
@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_one_sink_that_fails_takes_nothing_from_the_others(
    error: BaseException, main_thread: bool
) -> None:
    sink, first, other = Keep(5, error), Keep(), Keep()
    sink.main_thread = main_thread
    summary = run(Synthetic(20), [Level()], [first, sink, other])
    assert list(summary.failed) == ["Keep"]
    assert summary.failure is not None
    assert summary.failure.exit_code == OutputError.exit_code
    assert sink.indices == [0, 1, 2, 3, 4]
    assert first.indices == other.indices == [*range(20), 19]
    assert [event.label for event in other.results[-1].events] == ["level"]
    assert (sink.closed, first.closed, other.closed) == (1, 1, 1)


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_the_run_ends_with_the_last_sink_that_was_asked_for(error: BaseException) -> None:
    class Console(Keep):
        asked = False

    one, two, console = Keep(3, error), Keep(5, error), Console()
    with pytest.raises(OutputError):
        run(Synthetic(10_000), [Level()], [one, console, two])
    assert (one.indices[-1], two.indices[-1]) == (2, 4)
    assert console.indices == [0, 1, 2, 3, 4, 4]


def test_what_fails_in_closing_is_told_and_takes_nothing_from_the_others() -> None:
    class Bad(Keep):
        name = "bad"

        def close(self) -> None:
            super().close()
            raise OSError("gone")

    class Worse(Level):
        def close(self) -> None:
            super().close()
            raise OSError("gone")

    bad, other, level = Bad(), Keep(), Worse()
    summary = run(Synthetic(3), [level], [bad, other])
    assert summary.failed == {"bad": "gone", "level": "gone"}
    assert (bad.closed, other.closed, level.closed) == (1, 1, 1)
    with pytest.raises(OutputError, match="bad"):
        run(Synthetic(3), [], [Bad()])


def test_ctrl_c_waits_for_the_recognisers_at_work() -> None:
    working: list[str] = []

    class Slow(Level):
        def recognize(self, frame: Frame) -> Findings:
            working.append(self.name)
            if frame.index == 3 and self.name == "first":
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(0.2 if frame.index == 3 else 0.0)
            working.remove(self.name)
            return super().recognize(frame)

        def finish(self) -> Findings:
            assert not working
            return super().finish()

    sink = Keep()
    summary = run(Synthetic(10_000), [Slow("first"), Slow("second"), Slow("third")], [sink])
    assert summary.interrupted
    assert not summary.failed
    assert [event.label for event in sink.results[-1].events] == ["first", "second", "third"]


@pytest.mark.parametrize(("rate", "told"), [(1.0, True), (3.9, True), (4.1, False), (30.0, False)])
def test_it_is_told_when_pictures_come_too_seldom(
    rate: float, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Movement(Level):
        least_fps = 4.0

    sink = Keep()
    run(Synthetic(12, rate=rate), [Movement("movement"), Level()], [sink])
    hints = [hint for result in sink.results for hint in result.hints if "too few" in hint]
    assert bool(hints) == told
    assert caplog.text.count("too few for movement, which needs 4") == told


@pytest.mark.parametrize(("gaps", "told"), [((6,), 0), (range(12), 1)])
def test_a_gap_is_no_pace_and_a_slow_pace_has_a_figure(
    gaps: Sequence[int], told: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Movement(Level):
        least_fps = 4.0

    class Gaps(Synthetic):
        def read(self) -> Frame | None:
            frame = super().read()
            missing = 100.0 * sum(gap <= frame.index for gap in gaps) if frame else 0.0
            return frame and replace(frame, time=frame.time + missing)

    run(Gaps(12), [Movement("movement")], [Keep()])
    assert caplog.text.count("0.01 pictures a second are too few for movement") == told
    assert caplog.text.count("too few") == told


def test_when_the_last_recogniser_fails_the_run_ends() -> None:
    sink = Keep()
    with pytest.raises(ModelError, match="bad picture"):
        run(Synthetic(10_000), [Level(fails=3)], [sink])
    assert sink.indices == [0, 1, 2]
    assert sink.closed == 1


def test_max_frames() -> None:
    sink = Keep()
    assert run(Synthetic(10_000), [], [sink], max_frames=7).frames == 7
    assert sink.indices == list(range(7))


class Scripted(Keep):
    """Sends commands after given results, or after so many idle moments."""

    def __init__(self, controls: Controls, script: dict[int, str], idle: list[str]) -> None:
        super().__init__()
        self._controls = controls
        self._script = script
        self._idle = idle

    def write(self, result: Result) -> None:
        super().write(result)
        if result.frame.index in self._script:
            self._controls.send(self._script[result.frame.index])

    def idle(self) -> None:
        super().idle()
        if self._idle:
            self._controls.send(self._idle.pop(0))


def test_quit_and_other_commands() -> None:
    heard: list[str] = []

    class Listening(Synthetic):
        def command(self, name: str) -> None:
            heard.append(name)

    controls, level = Controls(), Level()
    sink = Scripted(controls, {3: "record", 5: "quit"}, [])
    summary = run(Listening(10_000), [level], [sink], controls=controls)
    assert heard == level.commands == sink.commands == ["record"]
    assert summary.frames == 6


def test_pausing_and_stepping_through_a_recording() -> None:
    controls, level = Controls(), Level()
    steps = ["back", "back", "forward", "forward", "forward", "pause", "quit"]
    sink = Scripted(controls, {4: "pause"}, steps)
    run(Synthetic(6, rate=30), [level], [sink], controls=controls)
    assert [result.frame.index for result in sink.reviewed] == [3, 2, 3, 4]
    assert level.seen == [0, 1, 2, 3, 4, 5]  # nothing was computed twice
    assert sink.indices[:6] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(("controls", "kept"), [(None, 1), (Controls(), LEAST)])
def test_pictures_are_kept_only_for_who_can_step_back(
    controls: Controls | None, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Count(Keep):
        """Forgets the results, and counts those that somebody else keeps."""

        def write(self, result: Result) -> None:
            alive.append(weakref.ref(result.frame.image))
            self.most = max(self.most, sum(each() is not None for each in alive))

        most = 0

    alive: list[weakref.ref[NDArray[Any]]] = []
    monkeypatch.setattr(stepping, "HISTORY", 0)
    sink = Count()
    run(Synthetic(LEAST + 40), [Level()], [sink], controls=controls)
    waiting = RECORDED_QUEUE + 2  # one being read, one being worked on
    assert kept <= sink.most <= kept + waiting


def test_while_a_live_source_is_away_the_sinks_breathe_and_are_told_why() -> None:
    sink = Keep()

    class Away(Live):
        def read(self) -> Frame | None:
            if self._next == 3:
                self.status = "Lost camera 0: reconnecting"
                until(lambda: sink.reviewed and sink.idled >= 3)
                self.status = ""
            return super().read()

    run(Away(5), [Level()], [sink])
    assert sink.idled >= 3
    assert sink.reviewed[0].hints == ("Lost camera 0: reconnecting", "level")
    assert sink.reviewed[0].frame.index == 2
    assert 4 in sink.indices


def test_a_hung_camera_ends_the_run_and_what_was_recorded_can_be_played(tmp_path: Path) -> None:
    release = threading.Event()

    class Hung(Live):
        hangs = False

        @property
        def patience(self) -> float:  # type: ignore[override]
            return 0.3 if self.hangs else PATIENCE

        def read(self) -> Frame | None:
            if self._next == 20:
                self.hangs = True
                release.wait(PATIENCE)
            return super().read()

    summary = run(Hung(30, shape=(48, 64)), [], [Recorder(tmp_path / "out.mp4")])
    assert "no picture for 0.3 s" in str(summary.error)
    with Recording(tmp_path / "out.mp4") as recorded:
        count = len(list(recorded))
    release.set()
    # a recorder that is too slow for a camera is given fewer
    assert count + sum(summary.skipped.values()) == summary.frames
    assert count > 0


def test_clocks_that_jump_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    sink = Keep()
    summary = run(Live(30), [Level()], [sink], clock=lambda: float(rng.normal(0, 1e6)))
    assert summary.frames + summary.dropped == 30


class Quick(Live):
    pause = 0.0003


@pytest.mark.parametrize("kind", [Synthetic, Quick])
def test_200_rounds_leave_nothing_behind(kind: Callable[[int], Source]) -> None:
    rng = np.random.default_rng(2)
    threads = threading.active_count()
    for number in range(200):
        sink = Keep(int(rng.integers(1, 8)), KeyboardInterrupt() if number % 3 else None)
        run(kind(int(rng.integers(0, 12))), [Level(), Level("other")], [sink])
        assert sink.closed == 1
        assert threading.active_count() == threads


class Watching(Keep):
    """At the held end it sends what is next in `wishes`, each time that it may breathe."""

    def __init__(self, controls: Controls, *wishes: str) -> None:
        super().__init__()
        self._controls = controls
        self._wishes = list(wishes)

    def idle(self) -> None:
        super().idle()
        if self.reviewed and self._wishes:
            self._controls.send(self._wishes.pop(0))


@pytest.mark.parametrize("last", ["quit", "again"])
def test_a_held_end_stays_on_view_and_obeys(last: str) -> None:
    controls = Controls()
    sink = Watching(controls, "back", "pause", "mirror", last)
    one = Level("one")
    source = Synthetic(10)
    summary = run(source, [one], [sink], controls=controls, hold=True)
    assert summary.again == (last == "again")
    assert sink.indices == [*range(10), 9]
    first, *looked_at = sink.reviewed
    assert first.frame.index == 9
    assert first.hints[0].startswith("the end")
    assert first.events == sink.results[-1].events  # what was pending is on it
    assert [each.frame.index for each in looked_at] == [9]  # the one before the pending's result
    assert sink.commands == ["mirror"]
    assert not run(source, [Level()], [Keep()]).again  # it can be played again


def test_what_ends_otherwise_is_not_held() -> None:
    assert run(Synthetic(10), [], [Keep(at=3)], hold=True).frames == 3
    assert run(Synthetic(10), [], [Keep()], max_frames=4, hold=True).frames == 4
    assert run(Breaking(10), [], [Keep()], hold=True).error is not None
    controls = Controls()
    controls.send("quit")
    assert run(Synthetic(10), [], [Keep()], controls=controls, hold=True).frames == 0


def test_a_paced_recording_slows_down_and_loses_nothing() -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    paced = Paced(Synthetic(8), clock=clock)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        clock.now += seconds
        return False

    paced._stop.wait = wait  # type: ignore[assignment, method-assign]
    indices = []
    with paced:
        while (frame := paced.read()) is not None:
            indices.append(frame.index)
            assert frame.captured is None  # no frame may be dropped for it
            clock.now += 1.0 if frame.index == 3 else 0.01  # once the reader is late
    assert indices == list(range(8))
    assert waits == pytest.approx([1 / 30 - 0.01] * 6)  # not before the first, nor the late one
    assert not Paced(Synthetic(1)).live


class Jumping(Synthetic):
    """A recording in which one can go to and fro; it still gives three pictures from before."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.commands: list[str] = []
        self._jumps = 0
        self._left = 0

    def command(self, name: str) -> None:
        self.commands.append(name)
        if name.startswith("seek "):
            self._left = 3

    def read(self) -> Frame | None:
        frame = super().read()
        self._left -= 1
        if self._left == 0:
            self._jumps += 1
        return frame and replace(frame, place=Place(frame.time, 10.0, self._jumps))


@pytest.mark.parametrize("paused", [False, True])
def test_pictures_from_before_a_jump_are_not_shown(paused: bool) -> None:
    controls, source = Controls(), Jumping(60)

    class Viewer(Keep):
        def write(self, result: Result) -> None:
            super().write(result)
            if result.frame.index == 5:
                for command in (*(["pause"] if paused else []), "seek 4.0"):
                    controls.send(command)
            elif len(self.results) == 7 and paused:
                controls.send("quit")

    viewer = Viewer()
    run(source, [], [viewer], controls=controls)
    jumps = [result.frame.place.jumps for result in viewer.results if result.frame.place]
    assert jumps[:6] == [0] * 6
    assert set(jumps[6:]) == {1}
    assert len(jumps) == 7 if paused else len(jumps) > 20
    assert "clear" in source.commands  # the text was that of another place


def test_one_may_go_elsewhere_from_the_end_that_is_held() -> None:
    controls, source = Controls(), Jumping(5)

    class Viewer(Keep):
        def review(self, result: Result) -> None:
            controls.send("seek 1.0")

    summary = run(source, [], [Viewer()], controls=controls, hold=True)
    assert summary.again
    assert source.commands == ["seek 1.0"]


def test_a_sink_that_the_user_closes_at_the_very_end_is_no_failure() -> None:
    class Late(Keep):
        def close(self) -> None:
            super().close()
            raise SinkClosed("The user has had enough.")

    summary = run(Synthetic(3), [], [Late()])
    assert summary.frames == 3
    assert not summary.failed
