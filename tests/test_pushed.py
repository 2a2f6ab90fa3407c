import threading
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from until import PATIENCE, until

from livevision import pipeline
from livevision.sources.pushed import RECORDED_WAITING, Pushed


def image(level: int = 0) -> NDArray[Any]:
    return np.full((6, 8, 3), level, np.uint8)


def test_of_a_recording_every_frame_is_kept_and_who_pushes_waits() -> None:
    source = Pushed("upload", live=False)
    pushed: list[bool] = []

    def push() -> None:
        pushed.extend(source.push(image(), index / 10) for index in range(50))
        source.end()

    thread = threading.Thread(target=push)
    thread.start()
    with source:
        until(lambda: len(pushed) == RECORDED_WAITING)
        time.sleep(0.02)
        assert len(pushed) == RECORDED_WAITING
        frames = list(source)
    thread.join()
    assert [frame.index for frame in frames] == list(range(50))
    assert [frame.time for frame in frames] == [index / 10 for index in range(50)]
    assert frames[0].captured is None
    assert not frames[0].image.flags.writeable
    assert not source.push(image())


def test_live_the_newest_wins_and_the_gap_shows() -> None:
    now = [100.0]
    with Pushed("browser", clock=lambda: now[0]) as source:
        for level in range(5):
            now[0] += 0.5
            assert source.push(image(level))
        frame = source.read()
        assert frame is not None
        assert (frame.index, frame.time, frame.captured) == (4, 2.0, 102.5)
        assert frame.image[0, 0, 0] == 4
        source.push(image(), time=1.0, captured=now[0])
        frame = source.read()
        assert frame is not None
        assert 2.0 < frame.time < 2.1  # backwards it never goes


def test_what_was_pushed_before_it_opened_counts_and_it_opens_again() -> None:
    source = Pushed("upload", live=False)
    source.push(image(1))
    source.push(image(2))
    source.end()
    assert pipeline.run(source, [], []).frames == 2
    assert not source.push(image())
    with source:
        source.push(image(3), 7.0)
        source.end()
        assert not source.push(image())
        assert [(frame.index, frame.time) for frame in source] == [(0, 7.0)]


@pytest.mark.parametrize("live", [True, False])
def test_who_waits_is_freed(live: bool) -> None:
    source = Pushed("browser", live)
    ends: list[object] = []
    with source:
        reader = threading.Thread(target=lambda: ends.append(source.read()))
        reader.start()
        source.interrupt()
        reader.join(PATIENCE)
    assert ends == [None]
    with source:
        for _ in range(RECORDED_WAITING):
            source.push(image())
        pusher = threading.Thread(target=lambda: ends.append(source.push(image())))
        pusher.start()
        pusher.join(PATIENCE if live else 0.02)
    pusher.join(PATIENCE)
    assert ends[1] is live  # it waited for room, and there was none
    if not live:
        with source:
            for _ in range(RECORDED_WAITING):
                source.push(image())
            assert not source.push(image(), timeout=0.01)


@pytest.mark.parametrize(
    "bad", [np.zeros((6, 8), np.uint8), np.zeros((6, 8, 3)), np.zeros((0, 8, 3), np.uint8), None]
)
def test_what_is_no_picture_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="picture"):
        Pushed("browser").push(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_time_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Pushed("browser").push(image(), time=bad)
    with pytest.raises(ValueError, match="finite"):
        Pushed("browser").push(image(), captured=bad)
