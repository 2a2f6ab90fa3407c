"""What all sources, recognisers and sinks keep to. A new one is one line in its list."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from broker import MOSQUITTO, Mosquitto
from cameras import plugged
from clips import make_clip, picture
from PIL import Image as Pillow
from servers import MjpegServer, Receiver
from until import PATIENCE
from xvfb import Xvfb

from livevision import assets, plugins, recognizers
from livevision.demo import Demo, astronaut
from livevision.errors import LivevisionError, ModelError, OutputError, SinkClosed
from livevision.frame import Box, Detection, Event, Frame, Result
from livevision.pipeline import Controls
from livevision.pipeline.door import checked_findings, checked_frame
from livevision.recognizers.recognizer import Model
from livevision.sinks import Sink
from livevision.sinks.background import Background
from livevision.sinks.captions import Captions
from livevision.sinks.console import Console
from livevision.sinks.events import Collector, Events
from livevision.sinks.metrics import Metrics
from livevision.sinks.mqtt import Broker, Mqtt
from livevision.sinks.recorder import Recorder
from livevision.sinks.speech import Speech
from livevision.sinks.transcript import Transcript
from livevision.sinks.virtual_camera import VirtualCamera
from livevision.sinks.webhook import Webhook
from livevision.sinks.window import Window
from livevision.sources import Source
from livevision.sources.camera import Camera
from livevision.sources.pictures import Pictures
from livevision.sources.pushed import Pushed
from livevision.sources.realtime import Paced, Realtime
from livevision.sources.reconnecting import Reconnecting
from livevision.sources.recording import Recording
from livevision.sources.stream import Stream
from livevision.sources.synthetic import Synthetic

# Sources


@dataclass
class Given:
    """A source to be tested, and how to take away what it reads, and to give it back."""

    source: Source
    take: Callable[[], None] | None = None
    give: Callable[[], None] = lambda: None
    feed: Callable[[], None] = lambda: None
    """To be called after every opening."""


def hidden(path: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """How to take a file or a folder away, and to give it back."""
    aside = path.with_name("aside")
    return (lambda: (path.rename(aside), None)[1], lambda: (aside.rename(path), None)[1])


def clip(folder: Path) -> Path:
    return make_clip(folder / "clip.mp4", count=8)


def folder_of_pictures(folder: Path) -> Path:
    (folder / "pictures").mkdir()
    for index in range(4):
        Pillow.fromarray(picture(index)).save(folder / "pictures" / f"{index}.png")
    return folder / "pictures"


@contextmanager
def synthetic(folder: Path) -> Iterator[Given]:
    yield Given(Synthetic(6))


@contextmanager
def recording(folder: Path) -> Iterator[Given]:
    path = clip(folder)
    yield Given(Recording(path), *hidden(path))


@contextmanager
def pictures(folder: Path) -> Iterator[Given]:
    path = folder_of_pictures(folder)
    yield Given(Pictures(path), *hidden(path))


@contextmanager
def real_time(folder: Path) -> Iterator[Given]:
    path = clip(folder)
    yield Given(Realtime(Recording(path)), *hidden(path))


@contextmanager
def paced(folder: Path) -> Iterator[Given]:
    path = clip(folder)
    yield Given(Paced(Recording(path)), *hidden(path))


@contextmanager
def demo(folder: Path) -> Iterator[Given]:
    path = clip(folder)
    yield Given(Demo([Recording(path), Recording(path)]), *hidden(path))


@contextmanager
def stream(folder: Path) -> Iterator[Given]:
    with MjpegServer() as server:
        yield Given(Stream(server.url), server.stop, server.start)


@contextmanager
def reconnecting(folder: Path) -> Iterator[Given]:
    with MjpegServer() as server:
        yield Given(Reconnecting(Stream(server.url)), server.stop, server.start)


@contextmanager
def pushed(folder: Path) -> Iterator[Given]:
    source = Pushed("hands", live=False)

    def feed() -> None:
        for index in range(3):
            source.push(picture(index), time=index / 10)
        source.end()

    yield Given(source, feed=feed)


@contextmanager
def webcam(folder: Path) -> Iterator[Given]:
    with plugged(folder) as plug:
        plug(c0="good")
        yield Given(Camera(0), plug, lambda: plug(c0="good"))


SOURCES = [
    synthetic,
    recording,
    pictures,
    real_time,
    paced,
    demo,
    stream,
    reconnecting,
    pushed,
    webcam,
]


@pytest.fixture(params=SOURCES, ids=lambda make: make.__name__)
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Given]:
    with request.param(tmp_path) as made:
        yield made


def some(source: Source) -> list[Frame]:
    """Its frames, of a live one the first five."""
    frames: list[Frame] = []
    while len(frames) < 5 or not source.live:
        frame = source.read()
        if frame is None:
            break
        frames.append(frame)
    return frames


def test_a_source_gives_frames_that_pass_the_door(given: Given) -> None:
    with given.source as source:
        given.feed()
        last = float("-inf")
        for frame in some(source):
            last = checked_frame(frame, last).time
            assert (frame.captured is not None) == source.live
            assert not frame.image.flags.writeable
        assert last > 0
        assert source.name
        assert source.patience > 0


def test_a_source_opens_again_and_closes_twice(given: Given) -> None:
    given.source.close()
    read = []
    for _ in range(2):
        with given.source as source:
            given.feed()
            read.append(some(source))
            if not isinstance(
                source, Reconnecting
            ):  # on a busy machine newer ones overtake the first
                assert read[-1][0].index == 0
            source.command("no such command")
            source.close()
        given.source.close()
    assert read[1][0].time == 0
    if not given.source.live:
        for one, other in zip(*read, strict=True):
            assert (one.index, one.time) == (other.index, other.time)
            assert np.array_equal(one.image, other.image)


def test_a_source_that_did_not_open_says_so_and_opens_later(given: Given) -> None:
    if given.take is None:
        pytest.skip("it reads nothing that could be away")
    given.take()
    before = threading.active_count()
    try:
        with pytest.raises(LivevisionError) as caught:
            given.source.__enter__()
        assert "\\n" not in str(caught.value)
        given.source.close()
    finally:
        given.give()
    assert threading.active_count() <= before + 2  # the server's
    with given.source as source:
        assert some(source)


def test_a_source_that_waits_can_be_interrupted(given: Given) -> None:
    with given.source as source:
        if isinstance(source, Pushed):
            threading.Timer(0.1, source.interrupt).start()
            assert source.read() is None
            return
        source.read()
        source.interrupt()

        def read() -> None:
            with suppress(LivevisionError):
                source.read()

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        reading.join(PATIENCE)
        assert not reading.is_alive()


# Recognisers: every folder is in the list by itself


@pytest.fixture(scope="module", params=sorted(plugins.recognizers()))
def model(request: pytest.FixtureRequest) -> tuple[str, Model]:
    try:
        return request.param, recognizers.load(request.param)
    except ModelError as error:
        pytest.skip(str(error))


def scenes() -> list[Frame]:
    """Nothing, noise, and somebody."""
    rng = np.random.default_rng(0)
    images = [
        np.full((240, 320, 3), 90, np.uint8),
        rng.integers(0, 256, (240, 320, 3)).astype(np.uint8),
        np.ascontiguousarray(astronaut()[:240, :320]),
    ]
    for image in images:
        image.flags.writeable = False
    return [Frame(image, index, index / 30) for index, image in enumerate(images)]


def answers(model: Model, frames: list[Frame], *, live: bool = False) -> list[object]:
    """What a new session says, without what is made when somebody looks at it."""
    said: list[object] = []
    with model.session(live=live) as session:
        for found in (*(session.recognize(frame) for frame in frames), session.finish()):
            checked_findings(found)
            seen = [(each.kind, each.box, each.label) for each in found.detections]
            said.append((seen, found.events, found.text, found.hints))
        session.close()
    return said


def test_a_session_keeps_to_its_docstring(model: tuple[str, Model]) -> None:
    name, loaded = model
    declared = {kind.name for kind in plugins.recognizer(name).kinds}
    session = loaded.session()
    session.command("no such command")
    for frame in scenes():
        found = checked_findings(session.recognize(frame))
        assert {each.kind for each in found.events} <= declared
        for each in found.detections:
            assert each.box.width >= 0
            assert each.box.height >= 0
    checked_findings(session.finish())
    session.close()
    session.close()


def test_a_session_takes_pictures_of_any_size(model: tuple[str, Model]) -> None:
    _, loaded = model
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 2), (3, 2), (2, 6_000), (20_000, 1), (16, 640), (31, 31)):
        for image in (
            np.full((*shape, 3), 255, np.uint8),
            rng.integers(0, 256, (*shape, 3)).astype(np.uint8),
        ):
            said = answers(loaded, [Frame(image, n, n * 1.0) for n in range(2)])
            assert len(said) == 3


def test_sessions_of_one_model_do_not_know_of_each_other(model: tuple[str, Model]) -> None:
    _, loaded = model
    frames = scenes()
    first = answers(loaded, frames)
    kept: list[list[object]] = []
    threads = [
        threading.Thread(target=lambda: kept.append(answers(loaded, frames))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == [first, first]


def test_a_session_of_a_live_stream(model: tuple[str, Model]) -> None:
    _, loaded = model
    frames = [Frame(f.image, f.index, f.time, time.monotonic()) for f in scenes()]
    assert len(answers(loaded, frames, live=True)) == len(frames) + 1


# Sinks


@dataclass
class Output:
    """A sink to be tested."""

    make: Callable[[Path], Sink]
    """With a folder to write to, that may not be there."""
    writes: bool = True
    """Whether it needs that folder."""


@contextmanager
def webhook(folder: Path) -> Iterator[Output]:
    with Receiver(200).running() as server:
        yield Output(lambda _: Webhook(server.url, source="x"), writes=False)
    told = [json.loads(body) for _, body in server.requests]
    assert all(each["events"] for each in told)


@contextmanager
def mqtt(folder: Path) -> Iterator[Output]:
    pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
    if MOSQUITTO is None:
        pytest.skip("no mosquitto here")
    broker = Mosquitto(folder)
    broker.start()
    try:
        address = Broker.of(f"mqtt://127.0.0.1:{broker.port}", None)
        yield Output(lambda _: Mqtt(address, name="test"), writes=False)
    finally:
        broker.kill()


@contextmanager
def shown(folder: Path) -> Iterator[Output]:
    if WINDOW not in os.environ:
        pytest.skip("it is run by test_a_window_keeps_to_it_all, in a process of its own")
    yield Output(lambda place: Window(Controls(), folder=place), writes=False)


WINDOW = "LIVEVISION_TEST_WINDOW"
"""Set in a process that may show a window: Qt ends the one whose display goes away."""


def named(make: Callable[[Path], Sink], file: str) -> Callable[[Path], Sink]:
    return lambda folder: make(folder / file)


SINKS: dict[str, Output | Callable[[Path], AbstractContextManager[Output]]] = {
    "recorder": Output(named(Recorder, "out.mp4")),
    "srt": Output(named(Captions, "out.srt")),
    "vtt": Output(named(Captions, "out.vtt")),
    "txt": Output(named(Captions, "out.txt")),
    "events": Output(lambda folder: Events(folder / "out.jsonl", source="x")),
    "transcript": Output(lambda folder: Transcript(folder / "out.jsonl", source="x")),
    "console": Output(lambda folder: Console(), writes=False),
    "collector": Output(lambda folder: Collector(), writes=False),
    "metrics": Output(lambda folder: Metrics(0), writes=False),
    "speech": Output(
        lambda folder: Speech((sys.executable, "-c", "import sys; sys.stdin.read()")), writes=False
    ),
    "background": Output(lambda folder: Background(Events(folder / "out.jsonl", source="x"))),
    "virtual camera": Output(
        lambda folder: VirtualCamera(
            folder / "out.yuv", lambda result: result.frame.image, form="rawvideo"
        )
    ),
    "webhook": webhook,
    "mqtt": mqtt,
    "window": shown,
}


@pytest.fixture(params=sorted(SINKS))
def output(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Output]:
    made = SINKS[request.param]
    if isinstance(made, Output):
        yield made
        return
    with made(tmp_path_factory.mktemp("beside")) as one:
        yield one


def results(*, live: bool = False) -> list[Result]:
    made = []
    for index in range(4):
        image = picture(index)
        image.flags.writeable = False
        frame = Frame(image, index, index / 30, time.monotonic() if live else None)
        hand = Detection("hand", Box(5, 5, 50, 50), "A", 0.9, track=1)
        face = Detection("face", Box(60, 5, 90, 50), "", 0.5, track=2)
        events = (Event("letter", "A", 0.0, index / 30, 0.9), Event("person", "Zoë", 0.0, 1.0, 0.8))
        made.append(Result(frame, (hand, face), events, "A" * index, hints=("more light",)))
    return [*made, Result(made[-1].frame, text="AAA")]  # the last picture comes twice


@pytest.mark.parametrize("live", [False, True])
def test_a_sink_takes_everything_and_opens_again(
    output: Output, live: bool, tmp_path: Path
) -> None:
    sink = output.make(tmp_path)
    for _ in range(2):
        with sink as opened:
            assert opened is sink
            for result in results(live=live):
                opened.write(result)
            opened.review(results()[0])
            opened.idle()
            opened.command("no such command")
            opened.command("record")
            opened.close()
    if output.writes:
        sizes = [path.stat().st_size for path in tmp_path.glob("out*")]
        assert sizes
        assert all(sizes)
        assert not list(tmp_path.glob(".*"))  # no draft is left


def test_a_sink_that_saw_nothing(output: Output, tmp_path: Path) -> None:
    with output.make(tmp_path):
        pass


def test_a_sink_that_cannot_write_says_so_and_opens_later(output: Output, tmp_path: Path) -> None:
    if not output.writes:
        pytest.skip("it writes no file")
    sink = output.make(tmp_path / "away")
    with pytest.raises(OutputError) as caught, sink:  # noqa: PT012
        for result in results():
            sink.write(result)
    assert "\\n" not in str(caught.value)
    (tmp_path / "away").mkdir()
    with sink:
        for result in results():
            sink.write(result)
    assert list((tmp_path / "away").iterdir())


def test_a_window_keeps_to_it_all() -> None:
    screen = Xvfb()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", __file__, "-k", "window and (takes or saw)"],
            env=os.environ | {"DISPLAY": screen.display, WINDOW: "yes"},
            capture_output=True,
            text=True,
        )
    finally:
        screen.close()
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout, done.stdout


def test_a_reader_that_has_had_enough_ends_console_and_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone:
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    for sink in (Console(), Events(Path("-"), source="x")):
        with pytest.raises(SinkClosed), sink:
            sink.write(results()[0])


def test_the_bundled_models_are_there() -> None:
    assert (assets.folder("models") / "signs").is_dir()
