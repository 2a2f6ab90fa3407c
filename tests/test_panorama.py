"""Panoramas: pictures joined by known places, whole sweeps, clear words where there is none."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import __main__
from livevision.errors import OutputError, SourceError, UsageError
from livevision.frame import Findings, Frame, Image
from livevision.recognizers.panorama import Options
from livevision.recognizers.panorama.evaluation import views
from livevision.recognizers.panorama.matching import (
    Homography,
    corners,
    is_sound,
    moved,
    overlap,
    register,
    view,
)
from livevision.recognizers.panorama.recognizer import PanoramaModel, PanoramaRecognizer, write
from livevision.recognizers.panorama.sweep import State, Sweep
from livevision.sources import open_source

SIZE = (320, 240)
HAND = Path(__file__).parents[1] / "recordings" / "cloudy.mp4"


def sweep(span: float, count: int, name: str = "coffee") -> Iterator[tuple[Image, Homography]]:
    """What a camera sees that turns by `span` degrees, and what took the scene to each picture."""
    scene = cv2.resize(views.scene(name), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(0)
    shrink = np.diag((SIZE[0] / views.SIZE[0], SIZE[1] / views.SIZE[1], 1.0))
    for index in range(count):
        angle = span * (index / max(count - 1, 1) - 0.5)
        turn = views.turned(angle, np.sin(index / 9), 1.5 * np.sin(index / 13))
        left, top = (scene.shape[1] - views.SIZE[0]) / 2, (scene.shape[0] - views.SIZE[1]) / 2
        place = shrink @ turn @ np.array(((1, 0, -left), (0, 1, -top), (0, 0, 1.0)))
        seen = cv2.warpPerspective(scene, place, SIZE, borderMode=cv2.BORDER_REFLECT)
        light = 1 + 0.08 * np.sin(index / 7)
        noisy = np.clip(seen * light + rng.normal(0, 2, seen.shape), 0, 255)
        yield noisy.astype(np.uint8), place


def test_views_are_joined_to_a_fraction_of_a_pixel() -> None:
    errors = []
    for seed in range(2):
        for name in ("astronaut", "coffee", "brick"):
            pair = views.pair(name, seed)
            found = register(view(pair.one), view(pair.other))
            assert found is not None
            errors.append(views.error(found, pair))
    assert np.median(errors) < 0.5
    assert max(errors) < 2


def test_the_quick_look_is_good_enough_to_follow() -> None:
    pair = views.pair("coffee", 0)
    found = register(view(pair.one), view(pair.other), fine=False)
    assert found is not None
    assert views.error(found, pair) < 20


def test_pictures_of_other_things_are_not_joined() -> None:
    one, other = view(views.pair("coffee", 0).one), view(views.pair("brick", 0).one)
    assert register(one, other) is None
    blank = view(np.full((100, 100, 3), 90, np.uint8))
    assert not blank.textured
    assert register(one, blank) is None


def test_overlap_and_soundness() -> None:
    shift = np.array(((1, 0, 80), (0, 1, 0), (0, 0, 1.0)))
    assert overlap(shift, (160, 120), (160, 120)) == pytest.approx(0.5)
    assert overlap(np.eye(3), (160, 120), (160, 120)) == pytest.approx(1)
    assert is_sound(shift, (160, 120))
    assert not is_sound(np.diag((-1.0, 1, 1)), (160, 120))  # a mirror
    assert not is_sound(np.diag((4.0, 4, 1)), (160, 120))
    assert not is_sound(np.full((3, 3), np.nan), (160, 120))


@pytest.mark.parametrize(("span", "flat"), [(25, True), (75, False)])
def test_a_sweep_becomes_one_picture(span: float, flat: bool) -> None:
    frames = list(sweep(span, 16 if flat else 30))
    made = Sweep()
    states = [made.add(image) for image, _ in frames]
    assert State.LOST not in states
    truth = {id(image): place for image, place in frames}
    # each picture that was kept lies where the camera was turned to
    first = truth[id(made.images[0])]
    square = corners(SIZE)
    for image, place in zip(made.images, made.places, strict=True):
        expected = moved(square, first @ np.linalg.inv(truth[id(image)]))
        if flat:
            assert np.abs(moved(square, place) - expected).max() < 3
    joined = made.finish()
    height, width = joined.shape[:2]
    assert width > (1.4 if flat else 2.2) * SIZE[0]
    assert 0.9 * SIZE[1] < height < 2 * SIZE[1]
    middle = joined[height // 2 - 40 : height // 2 + 40]
    assert (middle.sum(axis=2) > 0).mean() > 0.95
    preview = made.preview()
    assert preview.any()
    assert preview.shape[1] <= 640
    again = Sweep()
    for image, _ in frames:
        again.add(image)
    assert (again.finish() == joined).all()


def test_a_flat_panorama_is_the_scene() -> None:
    frames = list(sweep(20, 12))
    made = Sweep()
    for image, _ in frames:
        made.add(image)
    joined = made.finish()
    # each kept picture is found again in it, pixel for pixel but for the light
    whole = view(joined)
    found = register(whole, view(made.images[len(made.images) // 2]), fine=False)
    assert found is not None
    laid = cv2.warpPerspective(joined, np.linalg.inv(found), SIZE)
    one = cv2.cvtColor(laid, cv2.COLOR_BGR2GRAY).astype(float)
    other = cv2.cvtColor(made.images[len(made.images) // 2], cv2.COLOR_BGR2GRAY).astype(float)
    inner = np.s_[20:-20, 20:-20]
    assert np.corrcoef(one[inner].ravel(), other[inner].ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([np.full((240, 320, 3), 255, np.uint8)] * 3, "too little texture"),
        ([views.pair("coffee", 0).one] * 3, "did not turn"),
        ([views.pair("coffee", 0).one, views.pair("brick", 0).one], "do not overlap"),
        ([], "no pictures"),
    ],
)
def test_why_there_is_no_panorama(images: list[Image], words: str) -> None:
    made = Sweep()
    for image in images:
        made.add(image)
    with pytest.raises(SourceError, match=words):
        made.finish()


def test_a_camera_that_jumps_is_told_to_turn_back() -> None:
    made = Sweep()
    assert made.add(views.pair("coffee", 0).one) is State.KEPT
    assert made.add(views.pair("brick", 0).one) is State.LOST
    assert made.add(np.zeros((100, 100, 3), np.uint8)) is State.BLANK
    assert made.add(views.pair("coffee", 0).one) is State.FOLLOWED


def test_what_moves_before_a_camera_that_stands_still_is_no_sweep() -> None:
    made = Sweep()
    with open_source(str(HAND)) as source:
        for frame in source:
            if frame.index % 3 == 0:
                made.add(frame.image)
    with pytest.raises(SourceError, match="did not turn"):
        made.finish()


def play(session: PanoramaRecognizer, images: list[Image], begin: int = 0) -> list[Findings]:
    return [
        session.recognize(Frame(image, begin + index, (begin + index) / 30))
        for index, image in enumerate(images)
    ]


def test_the_command_begins_and_ends_a_sweep(tmp_path: Path) -> None:
    frames = [image for image, _ in sweep(25, 16)]
    out = tmp_path / "wide.png"
    with PanoramaModel(Options(file=out)).session() as session:
        assert play(session, frames[:2]) == [Findings(), Findings()] or session.picture is None
        session.command("panorama")
        session.command("other")
        findings = play(session, frames, 2)
        assert "slowly" in findings[0].hints[0]
        assert findings[-1].pictures["panorama"].any()
        session.command("panorama")
        (last,) = play(session, frames[-1:], 20)
        (event,) = last.events
        assert event.kind == "panorama"
        written = cv2.imread(str(out))
        assert (written == last.pictures["panorama"]).all()
        assert event.label == f"{written.shape[1]}x{written.shape[0]}"
        assert not session.finish().events


def test_the_end_of_the_stream_ends_the_sweep() -> None:
    with PanoramaModel(Options(start=True)).session() as session:
        play(session, [image for image, _ in sweep(25, 16)])
        findings = session.finish()
    assert [event.kind for event in findings.events] == ["panorama"]
    assert session.picture is not None


def test_a_blank_sweep_says_why() -> None:
    blank = [np.full((120, 160, 3), 250, np.uint8)] * 3
    with PanoramaModel(Options(start=True)).session() as session:
        assert "too little" in play(session, blank)[-1].hints[0]
        session.command("panorama")
        (last,) = play(session, blank[:1], 3)
        assert not last.events
        assert last.hints[0].startswith("No panorama")
        assert not play(session, blank[:1], 600)[0].hints


def test_a_live_stream_goes_on_meanwhile() -> None:
    frames = [image for image, _ in sweep(25, 16)]
    with PanoramaModel(Options(start=True)).session(live=True) as session:
        for index, image in enumerate(frames):
            session.recognize(Frame(image, index, index / 30, time.monotonic()))
        assert session.finish().hints == ()


def write_frames(folder: Path, images: list[Image]) -> Path:
    folder.mkdir()
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index:03}.png"), image)
    return folder


def test_the_command_line_makes_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_frames(tmp_path / "views", [image for image, _ in sweep(25, 12)])
    out = tmp_path / "wide.jpg"
    assert __main__.main(["panorama", str(folder), str(out)]) == 0
    image = cv2.imread(str(out))
    assert f"{image.shape[1]}x{image.shape[0]}" in capsys.readouterr().out
    assert image.shape[1] > 1.3 * SIZE[0]


def test_pictures_too_small_for_keypoints_show_too_little() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4000, 200, 3)).astype(np.uint8)
    sweep = Sweep()
    for height, width in ((1, 1), (1, 200), (4000, 2), (30, 200)):
        assert sweep.add(np.ascontiguousarray(noise[:height, :width])) is State.BLANK


def test_the_command_line_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = [np.full((120, 160, 3), 250, np.uint8)] * 2
    folder = write_frames(tmp_path / "blank", blank)
    out = tmp_path / "wide.jpg"
    assert __main__.main(["panorama", str(folder), str(out)]) == SourceError.exit_code
    assert "too little texture" in capsys.readouterr().err
    assert not out.exists()
    words = ["panorama", str(folder), str(tmp_path / "wide.doc")]
    assert __main__.main(words) == UsageError.exit_code
    for seconds in ("nan", "-3", "inf"):
        assert __main__.main(["panorama", str(folder), str(out), "--seconds", seconds]) == 2
    for name in ("wide.doc", "wide", "wide.pgm", "wide.exr"):
        with pytest.raises(UsageError, match=r"\.jpg or \.png"):
            PanoramaModel(Options(file=Path(name)))
    with pytest.raises(OutputError, match="make the folder"):
        PanoramaModel(Options(file=tmp_path / "nowhere" / "wide.jpg"))
    strip = np.zeros((2, 20_000, 3), np.uint8)
    with pytest.raises(OutputError, match=r"20000x2 pixels\. Name it \.png"):
        write(strip, tmp_path / "wide.webp")
    assert not (tmp_path / "wide.webp").exists()


def test_a_recording_that_gives_none_says_how(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_frames(tmp_path / "views", [image for image, _ in sweep(25, 3)])
    for words in (["--panorama"], ["--panorama-start"]):
        caplog.clear()
        assert __main__.main(["replay", str(folder), "--no-signs", "--panorama", *words]) == 0
        assert "0 panoramas" in capsys.readouterr().err
        (told,) = caplog.messages
        assert told.endswith(f": livevision panorama {folder} OUT.jpg")


def test_evaluation_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["evaluate", "panorama", "--seeds", "1", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["median"] < 2
    assert figures["worst"] < 20


@pytest.mark.long
def test_the_whole_evaluation(tmp_path: Path) -> None:
    report = tmp_path / "panorama.json"
    assert __main__.main(["evaluate", "panorama", "--json", str(report)]) == 0
    figures = json.loads(report.read_text())
    assert figures["median"] < 2
    assert figures["worst"] < 20
    assert figures["joined"] >= 0.95 * figures["pairs"]
