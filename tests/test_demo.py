"""The demo: a scene for each recogniser that is asked for, which only it looks at."""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from livevision import plugins, recognizers
from livevision.commands import demo as command
from livevision.demo import FPS, SIZE, Demo, OwnScene, Scene, fitted
from livevision.errors import UsageError
from livevision.frame import Event, Findings, Frame, Image, Result
from livevision.recognizers.recognizer import Session
from livevision.sinks.overlay import annotate

OWN = ("digits", "leaves", "notes", "objects", "panorama", "segments")


class Counting(Session):
    """Remembers what it was shown."""

    name = "count"

    def __init__(self) -> None:
        self.times: list[float] = []
        self.commands: list[tuple[int, str]] = []

    def recognize(self, frame: Frame) -> Findings:
        self.times.append(frame.time)
        return Findings()

    def finish(self) -> Findings:
        return Findings(events=(Event("count", str(len(self.times)), 0, 1, 1),))

    def command(self, name: str) -> None:
        self.commands.append((len(self.times), name))


def grey(level: int, count: int) -> Scene:
    def pictures() -> Iterator[Image]:
        for _ in range(count):
            yield np.full((120, 160, 3), level, np.uint8)

    return Scene(pictures, commands=((2 / FPS, "go"),))


def test_a_recogniser_sees_its_own_scene_alone_and_ends_with_it() -> None:
    scenes = {"before": grey(10, 3), "count": grey(100, 5), "after": grey(200, 4)}
    counting = Counting()
    with Demo([], scenes) as demo:
        session = OwnScene(counting, scenes["count"], demo)
        events: list[Event] = []
        levels: list[int] = []
        while (frame := demo.read()) is not None:
            assert frame.image.shape == (SIZE[1], SIZE[0], 3)
            assert frame.index == len(levels)
            levels.append(int(frame.image[240, 480, 0]))
            found = session.recognize(frame)
            assert not found.events or len(levels) == 9  # with the next scene's first picture
            events += found.events
        events += session.finish().events
    assert levels == [10] * 3 + [100] * 5 + [200] * 4
    assert counting.times == pytest.approx([(3 + each) / FPS for each in range(5)])
    assert counting.commands == [(2, "go")]
    assert [each.label for each in events] == ["5"]


def test_a_demo_can_be_played_again() -> None:
    demo = Demo([], {"one": grey(5, 2), "two": grey(6, 2)})
    for _ in range(2):
        with demo:
            frames = []
            while (frame := demo.read()) is not None:
                frames.append((frame.index, demo.whose(frame)[0]))
        assert frames == [(0, "one"), (1, "one"), (2, "two"), (3, "two")]


def test_a_picture_is_fitted_whole() -> None:
    tall = fitted(np.full((200, 100, 3), 255, np.uint8))
    assert tall.shape == (SIZE[1], SIZE[0], 3)
    assert (tall[:, 480] == 255).all()
    assert (tall[:, 300] != 255).all()


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_scenes_are_shown_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    names, scenes = command._shown(arguments(), tmp_path)
    assert names == ["faces", "signs"]
    assert not scenes
    words = ["--no-signs", "--no-faces", "--digits", "--segments", "--objects"]
    names, scenes = command._shown(arguments(*words), tmp_path)
    assert names == list(scenes) == ["digits", "segments"]  # without weights objects say how to
    assert "livevision models setup objects" in capsys.readouterr().err
    with pytest.raises(UsageError, match="Nothing is left to show"):
        command._shown(arguments("--no-signs", "--no-faces"), tmp_path)


def test_options_that_are_given_win_over_the_scenes(tmp_path: Path) -> None:
    words = ["--no-signs", "--no-faces", "--digits", "--digits-method", "knn", "--segments"]
    given = arguments(*words, "--digits-taught", "--segments-method", "slic")
    command._shown(given, tmp_path)
    digits = recognizers.values("digits", given)
    assert (digits.method, digits.taught) == ("knn", True)
    segments = recognizers.values("segments", given)
    assert segments.method == "slic"
    assert not segments.stroke  # the scene's would make strokes the method
    given = arguments("--digits", "--panorama", "--segments")
    command._shown(given, tmp_path)
    assert not recognizers.values("digits", given).taught
    assert recognizers.values("panorama", given).start
    assert recognizers.values("segments", given).stroke


@pytest.mark.parametrize("name", OWN)
def test_scenes_are_pictures(name: str) -> None:
    plugin = plugins.recognizer(name)
    scene = __import__(plugin.demo, fromlist=["scene"]).scene()
    first, second = islice(scene.pictures(), 2)
    assert first.shape == second.shape
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.std() > 2


def test_strokes_of_the_demo_colour_its_textures(tmp_path: Path) -> None:
    from livevision.recognizers.segments.commands import showing

    with (
        Demo([], {"segments": showing.scene()}) as demo,
        recognizers.session("segments", showing.prepare(tmp_path)) as session,
    ):
        labels: set[str] = set()
        for _ in range(6):
            frame = demo.read()
            assert frame is not None
            found = session.recognize(frame)
            labels |= {each.label for each in found.detections}
            assert all(not each.confidence for each in found.detections)  # nobody measured it
    assert labels == {"brick", "grass", "gravel"}


def test_what_recognisers_made_is_drawn_in_small() -> None:
    black = Frame(np.zeros((240, 320, 3), np.uint8), 0, 0.0)
    wide = np.full((100, 400, 3), (0, 200, 0), np.uint8)
    drawn = annotate(Result(black, pictures={"panorama": wide}))
    assert (drawn == (0, 200, 0)).all(axis=2)[180:, 180:].sum() > 2000
    assert not (drawn == (0, 200, 0)).all(axis=2)[:120].any()
