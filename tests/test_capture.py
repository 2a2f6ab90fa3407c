import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clips import some
from until import PATIENCE, until

from livevision.errors import SourceError
from livevision.frame import Frame
from livevision.pipeline.capture import Capture, EndOfStream, FrameQueue
from livevision.sources import Source
from livevision.sources.realtime import Realtime
from livevision.sources.synthetic import Synthetic

IMAGE = np.zeros((4, 4, 3), np.uint8)
LONGEST = PATIENCE / 3
"""Seconds: what hangs here would do so for far longer."""


def frame(index: int) -> Frame:
    return Frame(IMAGE, index, index / 30)


class Live(Synthetic):
    """A camera's pace."""

    live = True
    pause = 0.002

    def read(self) -> Frame | None:
        time.sleep(self.pause)
        return super().read()


class Breaking(Synthetic):
    """Breaks off with `error` after three frames."""

    error: BaseException = SourceError("unplugged")

    def read(self) -> Frame | None:
        if self._next == 3:
            raise self.error
        return super().read()


class Hanging(Synthetic):
    """Its read hangs after three frames, until it is released."""

    def __init__(self) -> None:
        super().__init__(100)
        self.release = threading.Event()
        self.reading = False
        self.hangs = False
        self.closed: list[bool] = []
        """For every close, whether a read was under way."""

    @property
    def patience(self) -> float:  # type: ignore[override]
        """Little with what hangs, and with nothing that a busy machine holds up."""
        return 0.3 if self.hangs else PATIENCE

    def read(self) -> Frame | None:
        self.reading = True
        if self._next == 3:
            self.hangs = True
            self.release.wait(PATIENCE)
        self.reading = False
        return super().read()

    def close(self) -> None:
        self.closed.append(self.reading)


def take_all(frames: Capture, work: Callable[[int], None] = lambda index: None) -> list[int]:
    seen = []
    try:
        while True:
            got = frames.get(0.1)
            if got is not None:
                seen.append(got.index)
                work(got.index)
    except EndOfStream:
        return seen


class Slow:
    """Who works on a frame while the source gives `count` more of its `of`."""

    def __init__(self, source: Synthetic, count: int, of: int) -> None:
        self._source = source
        self._count = count
        self._of = of

    def __call__(self, index: int) -> None:
        until(lambda: self._source._next >= min(self._of, index + self._count))


def test_a_full_queue_drops_the_oldest() -> None:
    queue = FrameQueue(2, drop_oldest=True)
    assert all(queue.put(frame(index)) for index in range(5))
    assert [some(queue.get(0)).index for _ in range(2)] == [3, 4]
    assert queue.dropped == 3
    assert queue.get(0) is None


def test_a_full_queue_waits() -> None:
    queue = FrameQueue(2, drop_oldest=False)
    thread = threading.Thread(target=lambda: [queue.put(frame(index)) for index in range(5)])
    thread.start()
    time.sleep(0.05)
    assert thread.is_alive()
    assert [some(queue.get(PATIENCE)).index for _ in range(5)] == [0, 1, 2, 3, 4]
    thread.join()
    assert queue.dropped == 0


def test_a_closed_queue_gives_what_is_left_and_then_the_error() -> None:
    queue = FrameQueue(3, drop_oldest=False)
    queue.put(frame(0))
    queue.close(SourceError("gone"))
    queue.close()  # the first word counts
    assert not queue.put(frame(1))
    assert some(queue.get(0)).index == 0
    for _ in range(2):
        with pytest.raises(SourceError, match="gone"):
            queue.get(0)


def test_closing_frees_a_waiting_reader_and_writer() -> None:
    full, empty = FrameQueue(1, drop_oldest=False), FrameQueue(1, drop_oldest=False)
    full.put(frame(0))
    ends: list[object] = []

    def get() -> None:
        try:
            empty.get(PATIENCE)
        except EndOfStream:
            ends.append("reader")

    threads = [
        threading.Thread(target=get),
        threading.Thread(target=lambda: ends.append(full.put(frame(1)))),
    ]
    for thread in threads:
        thread.start()
    full.close()
    empty.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert set(ends) == {"reader", False}


def test_every_frame_of_a_recording_is_kept() -> None:
    with Capture(Synthetic(300)) as frames:
        assert take_all(frames, lambda index: time.sleep(0.0005)) == list(range(300))
        assert frames.dropped == 0


def test_live_the_newest_frame_wins() -> None:
    source = Live(100)
    with Capture(source) as frames:
        seen = take_all(frames, Slow(source, 5, 100))
        assert seen == sorted(set(seen))
        assert seen[-1] == 99
        assert frames.dropped > 50
        assert len(seen) + frames.dropped == 100


@pytest.mark.parametrize("error", [SourceError("unplugged"), ValueError("a bug"), MemoryError()])
def test_an_error_crosses_the_thread_after_the_good_frames(error: BaseException) -> None:
    source = Breaking(10)
    source.error = error
    seen = []
    with Capture(source) as frames, pytest.raises(SourceError) as caught:  # noqa: PT012
        while True:
            seen.append(some(frames.get(PATIENCE)).index)
    assert error in (caught.value, caught.value.__cause__)
    assert str(error) in str(caught.value)
    assert seen == [0, 1, 2]


def test_a_source_that_does_not_open_starts_no_thread() -> None:
    class Missing(Synthetic):
        closed = 0

        def __enter__(self) -> "Missing":
            raise SourceError("not there")

        def close(self) -> None:
            self.closed += 1

    source = Missing(1)
    with pytest.raises(SourceError, match="not there"), Capture(source):
        pass
    assert source.closed == 1


def test_leaving_early_is_quick_and_releases_the_source() -> None:
    for source in (Synthetic(10**9), Live(10**9), Realtime(Synthetic(10, rate=0.01))):
        closed: list[int] = []

        def close(release: Callable[[], None] = source.close, closed: list[int] = closed) -> None:
            release()
            closed.append(1)

        source.close = close  # type: ignore[method-assign]
        started = time.monotonic()
        with Capture(source) as frames:
            frames.get(PATIENCE)
        assert time.monotonic() - started < LONGEST
        assert closed == [1]


def test_a_hung_read_is_given_up_and_the_source_never_released_in_mid_read() -> None:
    source = Hanging()
    started = time.monotonic()
    seen = []
    with (  # noqa: PT012
        Capture(source) as frames,
        pytest.raises(SourceError, match=r"no picture for 0\.3 s"),
    ):
        while True:
            got = frames.get(0.05)
            if got is not None:
                seen.append(got.index)
    assert time.monotonic() - started < LONGEST
    assert seen == [0, 1, 2]
    assert source.closed == []
    source.release.set()
    until(lambda: source.closed)
    assert source.closed == [False]


def test_leaving_during_a_hung_read_takes_no_longer_than_its_patience() -> None:
    source = Hanging()
    started = time.monotonic()
    with Capture(source) as frames:
        for _ in range(3):
            frames.get(PATIENCE)
        until(lambda: source.hangs)
    assert time.monotonic() - started < LONGEST
    assert source.closed == []
    source.release.set()


def test_a_source_that_learns_only_when_opened_that_it_is_live() -> None:
    class Late(Live):
        live = False

        def __enter__(self) -> "Late":
            super().__enter__()
            self.live = True
            return self

    source = Late(50)
    with Capture(source) as frames:
        take_all(frames, Slow(source, 5, 50))
        assert frames.dropped > 0


def open_handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Quick(Live):
    pause = 0.0003


@pytest.mark.parametrize("kind", [Synthetic, Quick])
def test_200_rounds_leave_nothing_behind(kind: Callable[[int], Source]) -> None:
    rng = np.random.default_rng(1)
    threads = threading.active_count()
    handles = open_handles() if Path("/proc").exists() else 0
    for _ in range(200):
        with Capture(kind(int(rng.integers(0, 30)))) as frames:
            for _ in range(int(rng.integers(0, 10))):
                try:
                    frames.get(0.1)
                except EndOfStream:
                    break
        assert threading.active_count() == threads
    if handles:
        assert open_handles() <= handles
