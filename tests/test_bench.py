import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from livevision import assets, plugins, recognizers
from livevision.__main__ import main
from livevision.benchmark import looks, measures, scenes, sessions
from livevision.benchmark.measures import Pass, Pictures
from livevision.benchmark.scenes import Scene
from livevision.benchmark.stopwatch import Stopwatch, milliseconds
from livevision.demo import ENROLLED
from livevision.errors import LivevisionError
from livevision.locators.faces import FaceLocator
from livevision.locators.hands import HandLocator
from livevision.sources.recording import Recording

MODELS = assets.folder("models") / "signs"
trained = pytest.mark.skipif(
    not (MODELS / "fused.tflite").is_file(), reason="the models for signs are not trained yet"
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Scene((640, 480)).write(tmp_path_factory.mktemp("bench") / "c.mp4", fps=30, seconds=0.5)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "gallery.sqlite"
    assert scenes.enrol(path) == ENROLLED
    return path


@pytest.mark.parametrize(("hands", "faces"), [(1, 1), (2, 1), (1, 2), (2, 3)])
def test_a_scene_shows_the_hands_and_faces_it_names(hands: int, faces: int) -> None:
    scene = Scene((640, 480), hands, faces)
    assert scene.name == f"640x480, {hands} hand{'s'[: hands - 1]}, {faces} face{'s'[: faces - 1]}"
    *_, image = scene.images(fps=30, count=8)
    assert image.shape == (480, 640, 3)
    assert len(HandLocator().locate(image)) == hands
    assert len(FaceLocator().locate(image)) == faces


def test_a_scene_moves_and_its_faces_may_come_later() -> None:
    first, second, third = Scene((320, 240), enters=0.15).images(fps=10, count=3)
    assert not np.array_equal(first[:, :160], third[:, :160])
    for image, shown in ((first, False), (second, False), (third, True)):
        assert (image[:, 160:] != 127).any() == shown


def test_a_scene_as_a_file_has_the_asked_rate_and_length(clip: Path) -> None:
    with Recording(clip) as recording:
        frames = list(recording)
    assert len(frames) == 15
    assert frames[-1].time == pytest.approx(14 / 30)
    assert len(scenes.images(clip, 4)) == 4


def test_pictures_come_from_memory_unchanged_and_again() -> None:
    images = [np.full((4, 6, 3), level, np.uint8) for level in range(3)]
    source = Pictures(images, 10.0)
    for _ in range(2):
        with source:
            frames = list(source)
        assert [frame.image[0, 0, 0] for frame in frames] == [0, 1, 2]
        assert frames[2].time == pytest.approx(0.2)


class Work:
    def outer(self) -> str:
        time.sleep(0.02)
        return self.inner()

    def inner(self) -> str:
        time.sleep(0.05)
        return "done"


def test_a_stopwatch_counts_each_call_without_those_inside_it() -> None:
    watch, work, own = Stopwatch(), Work(), Work.outer
    with watch.watching({"outer": (Work, "outer"), "inner": (Work, "inner")}):
        assert work.outer() == "done"
        other = threading.Thread(target=work.inner)
        other.start()
        other.join()
    assert Work.outer is own
    assert [len(watch.wall[name]) for name in ("outer", "inner")] == [1, 2]
    assert watch.wall["outer"][0] >= 0.02
    assert sum(watch.wall["inner"]) >= 0.1
    assert watch.wall["outer"][0] < sum(watch.wall["inner"])
    assert watch.cpu["outer"] < 0.02  # asleep


def test_a_stopwatch_lets_errors_through_and_puts_the_method_back() -> None:
    watch, own = Stopwatch(), FaceLocator.locate
    with (
        pytest.raises(AttributeError),
        watch.watching({"faces": (FaceLocator, "locate")}),
    ):
        FaceLocator.locate(object(), np.zeros((9, 9, 3), np.uint8))  # type: ignore[arg-type]
    assert FaceLocator.locate is own
    assert len(watch.wall["faces"]) == 1


def test_milliseconds_are_percentiles() -> None:
    figures = milliseconds([index / 1000 for index in range(101)])
    assert figures == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_pairs_are_compared_in_turn_and_by_their_median() -> None:
    order: list[str] = []
    costs = iter([4.0, 2.0, 5.0, 10.0, 6.0, 2.0])

    def one(name: str) -> Pass:
        order.append(name)
        return Pass([next(costs)] * 3)

    found = measures.in_turn(lambda: one("a"), lambda: one("b"), 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"ms": 6000, "other_ms": 2000, "ratio": 2.0, "least": 2.0, "most": 3.0}


def test_the_floor_sees_every_picture(clip: Path) -> None:
    if not measures.there_is_mediapipe():
        pytest.skip("MediaPipe has no package for this Python or machine")
    done = measures.bare(scenes.images(clip, 5))
    assert len(done.steps) == 4
    assert done.per_frame > 0.001


def test_a_process_that_fails_is_no_figure() -> None:
    with pytest.raises(LivevisionError, match="no such thing"):
        measures.peak_memory([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_the_peak_memory_of_a_process_is_its_own() -> None:
    mine = np.ones(300_000_000, np.uint8)
    peak = measures.peak_memory([sys.executable, "-c", "x = bytearray(60_000_000)"])
    assert peak is None or 60e6 < peak < 200e6
    assert mine[-1] == 1


def test_a_further_session_is_measured(
    clip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recognizers, "available", lambda: ["panorama", "no such thing"])
    target = tmp_path / "sessions.json"
    assert main(["bench", "--sessions", "--json", str(target)]) == 0
    (figures,) = json.loads(target.read_text(encoding="utf-8"))["sessions"].values()
    assert figures["load_ms"] > 0
    assert figures["session_ms"] >= 0
    assert "panorama" in capsys.readouterr().out
    mine = sessions.measure("panorama", clip)
    assert set(mine) == set(figures)


def test_a_look_of_each_recogniser_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = {name: plugins.recognizer(name) for name in ("signs", "panorama")}
    monkeypatch.setattr(plugins, "recognizers", lambda: some)
    monkeypatch.setattr(looks, "PICTURES", 4)
    monkeypatch.setattr(looks, "WARM", 1)
    target = tmp_path / "looks.json"
    assert main(["bench", "--looks", "--json", str(target)]) == 0
    figures = json.loads(target.read_text(encoding="utf-8"))["looks_ms"]
    assert list(figures) == ["panorama"]  # signs have no scene of their own
    assert figures["panorama"] > 0
    assert "panorama" in capsys.readouterr().out


def test_the_machine_is_named() -> None:
    machine = measures.machine()
    assert machine["cores"] >= 1
    assert machine["processor"]
    assert machine["mediapipe"] == ("0.10.21" if measures.there_is_mediapipe() else None)


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--json", str(tmp_path / "none" / "b.json")]) == 6
    assert "make the folder" in capsys.readouterr().err


@trained
def test_the_whole_pipeline_names_and_measures(clip: Path, gallery: Path) -> None:
    figures, screen = measures.live(clip, gallery)
    assert len(screen.latencies) + figures["dropped"] == 15
    assert min(screen.latencies) > 0
    done = measures.whole(scenes.images(clip), gallery, ENROLLED)
    assert len(done.steps) == 14
    assert done.named > 0
    found = measures.stages(clip, gallery)
    assert {"find hands", "find faces", "spell", "draw"} < set(found)
    assert sum(each["share"] for each in found.values()) == pytest.approx(1.0, abs=0.01)


@trained
@pytest.mark.long
def test_everything_is_measured(tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--json", str(target)]) == 0
    content = json.loads(target.read_text(encoding="utf-8"))
    assert not measures.there_is_mediapipe() or content["floor_ratio"] > 0
    assert set(content["live"]) == {"15", "30", "60"}
    for each in content["live"].values():
        assert {"dropped", "fps", "latency_ms"} <= set(each)
        assert {"p50", "p95", "p99"} <= set(each["latency_ms"])
    for each in content["stages"].values():
        assert {"median_ms", "p95_ms", "share"} <= set(each)
    for each in content["peers"].values():
        assert set(each) == {"ms_per_frame", "p95_ms", "frames_named"}
    assert content["start_s"] > 0
    assert content["rss_mb"] > 50
    assert content["machine"]["cores"] >= 1
