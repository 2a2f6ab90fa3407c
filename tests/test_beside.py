import threading
import time

import numpy as np
import pytest

from livevision.frame import Frame
from livevision.recognizers import beside
from livevision.recognizers.beside import Beside

IMAGE = np.zeros((2, 2, 3), np.uint8)


def recorded(index: int) -> Frame:
    return Frame(IMAGE, index, index / 10)


def live(index: int) -> Frame:
    return Frame(IMAGE, index, index / 10, time.monotonic())


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.02])
def test_a_recording_gets_the_same_answers_however_slow_the_work_is(seconds: float) -> None:
    def work(frame: Frame) -> int:
        time.sleep(seconds)
        return frame.index

    taken = []
    with Beside(work, delay=0.3) as reading:
        for index in range(10):
            answer = reading.look(recorded(index))
            if answer is not None:
                taken.append((index, answer.frame.index, answer.value))
        last = reading.finish()
        assert reading.finish() is None
    assert taken == [(3, 0, 0), (6, 3, 3), (9, 6, 6)]
    assert last is not None
    assert last.value == 9


def test_a_recording_may_wait_for_the_very_frame() -> None:
    with Beside(lambda frame: frame.index, delay=0.0, every=0.2) as reading:
        answers = [reading.look(recorded(index)) for index in range(5)]
        assert reading.finish() is None
    assert [answer and answer.value for answer in answers] == [0, None, 2, None, 4]


def test_only_what_is_asked_about_is_worked_on() -> None:
    seen = []
    with Beside(lambda frame: seen.append(frame.index), delay=0.1) as reading:
        for index in range(6):
            reading.look(recorded(index), ask=index in (1, 4))
        assert not reading.busy
    assert seen == [1, 4]


def test_a_live_frame_never_waits_and_the_newest_is_next() -> None:
    go = threading.Semaphore(0)
    begun = threading.Semaphore(0)

    def work(frame: Frame) -> int:
        begun.release()
        go.acquire()
        return frame.index

    with Beside(work, delay=0.3) as reading:
        assert reading.look(live(0)) is None
        begun.acquire()
        for index in range(1, 20):  # far beyond the delay, yet nothing is there
            assert reading.look(live(index)) is None
        go.release()
        begun.acquire()  # the second piece of work has begun, so the first has ended
        answer = reading.look(live(20), ask=False)
        assert answer is not None
        assert answer.value == 0
        go.release()
        last = reading.finish()
        assert last is not None
        assert last.value == 19
        assert not reading.busy


@pytest.mark.parametrize("make", [recorded, live])
def test_an_error_is_raised_in_the_caller_and_work_goes_on(make) -> None:  # type: ignore[no-untyped-def]
    def work(frame: Frame) -> int:
        if frame.index == 0:
            raise ValueError("torn sheet")
        return frame.index

    with Beside(work, delay=0.1) as reading:
        reading.look(make(0))
        with pytest.raises(ValueError, match="torn sheet"):
            reading.finish()
        reading.look(make(1))
        answer = reading.finish()
        assert answer is not None
        assert answer.value == 1


def test_closing_without_use_twice_and_in_the_middle() -> None:
    Beside(lambda frame: None, delay=0.1).close()
    go = threading.Event()
    reading = Beside(lambda frame: go.wait(), delay=0.1)
    reading.look(live(0))
    reading.look(live(1))
    threading.Timer(0.05, go.set).start()
    reading.close()
    reading.close()
    with pytest.raises(RuntimeError, match="closed"):
        reading.look(live(2))


def test_work_that_never_ends_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beside, "PATIENCE", 0.05)
    go = threading.Event()
    reading = Beside(lambda frame: go.wait(), delay=0.1, name="endless")
    reading.look(live(0))
    reading.close()
    assert "endless did not end" in caplog.text
    go.set()


def test_seconds_are_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Beside(lambda frame: None, delay=-0.1)
