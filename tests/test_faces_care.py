"""Looking after the gallery: thresholds, strangers, clips, and what is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from servers import MjpegServer

from livevision import assets, demo, pictures
from livevision.__main__ import main
from livevision.errors import GalleryError, SourceError, UsageError
from livevision.frame import Box, Frame, Image
from livevision.locators.faces import FaceLocator
from livevision.recognizers.faces import UNKNOWN, enrolment, tuning
from livevision.recognizers.faces.alignment import Pose
from livevision.recognizers.faces.embedding import FaceReader
from livevision.recognizers.faces.enrolment import best_views, misfits, undecided
from livevision.recognizers.faces.gallery import Gallery, default_path
from livevision.recognizers.faces.matching import default_threshold, matcher, unit
from livevision.recognizers.faces.strangers import group


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    return tmp_path


def people(
    count: int, views: int, *, spread: float = 0.35, seed: int = 0
) -> list[list[NDArray[Any]]]:
    """Directions in 128 dimensions: `views` around each of `count` that are alike in part."""
    chance = np.random.default_rng(seed)

    def drawn() -> NDArray[Any]:
        return chance.normal(size=128)

    common = drawn()
    result = []
    for _ in range(count):
        person = unit(common + 0.6 * drawn())
        result.append([unit(person + spread * unit(drawn())) for _ in range(views)])
    return [[view.astype(np.float32) for view in person] for person in result]


def fill(gallery: Gallery, everybody: list[list[NDArray[Any]]]) -> None:
    for number, views in enumerate(everybody):
        gallery.add(f"person {number}", [(view, 1.0, "photo") for view in views])


def test_tuned_threshold_names_as_many_strangers_as_was_said(home: Path) -> None:
    everybody = people(120, 4)
    with Gallery() as gallery:
        fill(gallery, everybody[:60])
        curve = tuning.measure(gallery.faces())
        ours = matcher(gallery)
    strange = np.array([view for person in everybody[60:] for view in person])
    scores = ours.scores(strange).max(axis=1)
    for rate in (0.3, 0.1, 0.03):
        assert np.mean(scores >= curve.threshold(rate)) == pytest.approx(rate, rel=0.6, abs=0.01)
        assert curve.named(curve.threshold(rate)) <= rate + 1e-9
    bars = [curve.threshold(rate) for rate in (0.3, 0.03, 0.01, 0.001, 1e-4)]
    assert bars == sorted(bars)
    assert curve.missed(bars[0]) <= curve.missed(bars[-1])


def test_tune_sets_the_threshold_and_takes_it_back(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gallery() as gallery:
        fill(gallery, people(20, 3))
    picture = home / "curve.png"
    assert main(["faces", "tune", "--strangers-named", "10", "--curve", str(picture)]) == 0
    assert "Threshold set to" in capsys.readouterr().out
    assert cv2.imread(str(picture)) is not None
    with Gallery() as gallery:
        expected = tuning.measure(gallery.faces()).threshold(0.01)
        assert matcher(gallery).threshold == pytest.approx(expected)
        assert matcher(gallery, 0.5).threshold == 0.5
    assert main(["faces", "tune", "--default"]) == 0
    with Gallery() as gallery:
        assert matcher(gallery).threshold == default_threshold(20)


def test_too_few_people_to_tune(home: Path) -> None:
    with Gallery() as gallery:
        fill(gallery, people(3, 3))
        with pytest.raises(GalleryError, match="takes 5"):
            tuning.measure(gallery.faces())


def test_strangers_are_told_apart_named_and_forgotten(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = people(3, 4, spread=0.2)
    with Gallery() as gallery:
        for sighting in range(4):
            for person in everybody[: 2 if sighting else 3]:
                gallery.note_sighting(person[sighting], UNKNOWN, 10.0)
        gallery.note_sighting(everybody[0][0], "Zoë", 10.0)
        found = group(gallery.sightings())
    assert [len(one.sightings) for one in found] == [4, 4, 1]
    assert found[0].seconds == 40
    assert main(["faces", "unknown"]) == 0
    assert "seen 4 times, 40 s" in capsys.readouterr().out
    assert main(["faces", "unknown", "--name", "9", "Li"]) == 2
    assert main(["faces", "unknown", "--name", "1", "Li"]) == 0
    with Gallery() as gallery:
        assert gallery.person("Li").faces == 4
        assert matcher(gallery).match(everybody[0][3]).name == "Li"
    assert main(["faces", "unknown", "--forget"]) == 0
    with Gallery() as gallery:
        assert [each.name for each in gallery.sightings()] == ["Zoë"]


def test_a_photo_of_somebody_else_is_found_out() -> None:
    ours, other = people(2, 4, spread=0.2)
    views = {"a": ours[0], "b": ours[1], "wrong": other[0], "c": ours[2]}
    assert misfits(views) == ["wrong"]
    assert misfits({"wrong": other[0]}, ours[:2]) == ["wrong"]
    assert misfits({"a": ours[0], "b": other[0]}) == []  # see `undecided`


def test_photos_of_two_people_in_halves_are_found_out() -> None:
    ours, theirs = people(2, 4, spread=0.2)
    for each in (1, 2, 4):
        views = {f"a{number}": view for number, view in enumerate(ours[:each])}
        views |= {f"b{number}": view for number, view in enumerate(theirs[:each])}
        found = undecided(views)
        assert {name for name, _, _ in found} == set(views)
        for name, alike, other in found:
            assert name[0] != other[0]
            assert alike[:1] in ("" if each == 1 else name[0],)
        assert undecided(views, ours[:1]) == []
        assert set(misfits(views, [ours[3]])) == {name for name in views if name[0] == "b"}
    assert undecided({str(number): view for number, view in enumerate(ours)}) == []
    more = {"a0": ours[0], "a1": ours[1], "a2": ours[2], "b0": theirs[0], "b1": theirs[1]}
    assert undecided(more) == []
    assert misfits(more) == ["b0", "b1"]


def test_nobody_is_enrolled_from_photos_of_two_people(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = []
    for number in range(4):
        portrait = (demo.astronaut, demo.hopper)[number % 2]()
        file = home / f"{number}.png"
        cv2.imwrite(str(file), np.roll(portrait, 3 * number, axis=1))
        photos.append(str(file))
    assert main(["faces", "add", "Zoë", *photos]) == GalleryError.exit_code
    error = capsys.readouterr().err
    assert error.count("two people") == 4
    assert "this one fits 2.png, 1.png shows somebody else" in error
    with Gallery() as gallery:
        assert gallery.people() == []


def clip(portrait: Image, frames: int = 20) -> list[Frame]:
    """A portrait that moves and turns a little, ten frames a second."""
    result = []
    for step in range(frames):
        turn = cv2.getRotationMatrix2D((224, 130), 6 * np.sin(step / 3), 0.8 + 0.01 * step)
        image = cv2.warpAffine(portrait, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
        result.append(Frame(np.asarray(image, np.uint8), step, step / 10))
    return result


def test_a_drawn_hand_is_nobody(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = pictures.load(assets.folder("recordings") / "handshapes.jpg")
    hand = tmp_path / "hand.png"
    cv2.imwrite(str(hand), sheet[:1200, 1200:])
    image, faces, _ = FaceLocator().locate_upright(pictures.load(hand))
    assert [FaceLocator().is_sure(image, each) for each in faces] == [False]
    assert main(["faces", "add", "Hand", str(hand)]) == GalleryError.exit_code
    assert "no face that is one for sure" in capsys.readouterr().err
    assert main(["faces", "list"]) == 0
    assert "Hand" not in capsys.readouterr().out
    portrait = tmp_path / "Eileen.png"
    cv2.imwrite(str(portrait), demo.astronaut())
    assert main(["faces", "add", "Eileen", str(portrait)]) == 0
    capsys.readouterr()
    assert main(["faces", "who", str(hand)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"{hand},,,"]


@pytest.mark.long
def test_best_views_of_a_clip() -> None:
    reader = FaceReader()
    views = best_views(clip(demo.astronaut()), reader)
    assert 3 <= len(views) <= 8
    assert all(view.pose.quality > 0.35 for view in views)
    seen: list[int] = []

    def enough(poses: "list[Pose]") -> bool:
        seen.append(len(poses))
        return len(poses) == 3

    assert len(best_views(clip(demo.astronaut()), reader, enough=enough)) == 3  # type: ignore[arg-type]
    assert seen == [1, 2, 3]
    with pytest.raises(GalleryError, match="not seen well"):
        best_views([Frame(np.zeros((480, 640, 3), np.uint8), 0, 0.0)], reader)
    both = [*clip(demo.astronaut(), 10), *clip(demo.hopper()[:512], 20)[10:]]
    with pytest.raises(GalleryError, match="More than one person"):
        best_views(both, reader)


def test_enrol_from_a_clip_and_reject(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "clip.mp4"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 10, (512, 512))
    for frame in clip(demo.astronaut()):
        writer.write(frame.image)
    writer.release()
    assert main(["faces", "add", "Eileen", "--clip", str(file)]) == 0
    assert "views added" in capsys.readouterr().out
    photo = home / "photo.png"
    cv2.imwrite(str(photo), demo.astronaut())
    look = FaceReader().read(demo.astronaut())[0]
    with Gallery() as gallery:
        assert matcher(gallery).match(look.embedding).name == "Eileen"
    assert main(["faces", "reject", "Eileen", str(photo)]) == 0
    with Gallery() as gallery:
        assert matcher(gallery).match(look.embedding).name == UNKNOWN
    assert main(["faces", "add", "Eileen", "--clip", str(home / "missing.mp4")]) == 3
    capsys.readouterr()
    assert main(["faces", "add", "Eileen", str(file)]) == 5
    assert f"faces add 'Eileen' --clip {str(file)!r}" in capsys.readouterr().err


def test_folder_of_people(home: Path) -> None:
    for name, picture in (("Eileen_Collins", demo.astronaut()), ("Grace_Hopper", demo.hopper())):
        (home / "staff" / name).mkdir(parents=True)
        cv2.imwrite(str(home / "staff" / name / "1.png"), picture)
    assert main(["faces", "add", "--folder", str(home / "staff")]) == 0
    with Gallery() as gallery:
        assert [person.name for person in gallery.people()] == ["Eileen Collins", "Grace Hopper"]
    assert main(["faces", "add", "--folder", str(home / "nowhere")]) == 5
    assert main(["faces", "backup", str(home / "copy.sqlite")]) == 0
    assert main(["faces", "backup", str(home / "nowhere" / "copy.sqlite")]) == 6
    assert main(["faces", "backup", str(default_path())]) == 2
    assert main(["faces", "list", "--gallery", str(home / "mistyped.sqlite")]) == 5
    clip = str(assets.folder("recordings") / "jawsclub.mp4")
    assert main(["replay", clip, "--gallery", str(home / "mistyped.sqlite")]) == 5
    assert not (home / "mistyped.sqlite").exists()
    new = ["--remember-strangers", "--gallery", str(home / "new.sqlite"), "--no-signs"]
    assert main(["replay", clip, *new, "--max-frames", "2"]) == 0
    assert main(["faces", "merge", "Eileen Collins", "Grace Hopper"]) == 0
    assert main(["faces", "restore", str(home / "copy.sqlite")]) == 0
    with Gallery() as gallery:
        assert len(gallery.people()) == 2


def test_privacy_shows_and_erases_all(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["privacy"]) == 0
    assert "keeps no personal data" in capsys.readouterr().out
    with Gallery() as gallery:
        fill(gallery, people(2, 2))
        path = gallery.path
    (home / "settings.toml").write_text("camera = 1\n")
    assert main(["privacy"]) == 0
    out = capsys.readouterr().out
    assert str(path) in out
    assert f"{path.stat().st_size:,} bytes" in out
    assert "settings.toml" in out
    assert main(["privacy", "--erase"]) == UsageError.exit_code  # nobody there to ask
    assert path.exists()
    assert main(["privacy", "--erase", "--yes"]) == 0
    assert not path.exists()
    assert not (home / "settings.toml").exists()


def test_privacy_tells_of_pictures_and_of_encryption(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = home / "photo.png"
    cv2.imwrite(str(photo), demo.astronaut())
    told = []
    for words in ([], ["--keep-chips"]):
        assert main(["faces", "add", "Eileen", str(photo), *words]) == 0
        capsys.readouterr()
        assert main(["privacy"]) == 0
        told.append(capsys.readouterr().out)
    assert ["with 1 picture" in each for each in told] == [False, True]
    monkeypatch.setenv("LIVEVISION_PASSPHRASE", "x")
    assert main(["faces", "encrypt"]) == 0
    monkeypatch.delenv("LIVEVISION_PASSPHRASE")
    capsys.readouterr()
    assert main(["privacy"]) == 0
    assert "people who are enrolled, encrypted" in capsys.readouterr().out


def test_guide_asks_for_what_is_missing() -> None:
    from types import SimpleNamespace

    from livevision.recognizers.faces.enrolment import Guide

    told: list[str] = []
    guide = Guide(told.append)
    seen: list[Pose] = []
    for turn in (0.0, 0.05, -0.2, -0.3, 0.0, 0.2, 0.25):
        seen.append(SimpleNamespace(turn=turn))  # type: ignore[arg-type]
        done = guide.enough(seen)
        assert done == (turn == 0.25)
    assert told == [
        "Look at the camera.",
        "Turn your head a little to one side.",
        "And to the other.",
    ]
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), n, 25.0 * n) for n in range(5)]
    assert len(list(guide.until(frames))) == 3  # patience ends after a minute


def turned(portrait: Image, box: Box) -> Image:
    """The face as on a cylinder that is turned a little."""
    middle, radius = box.center[0], 0.8 * box.width
    x = np.arange(portrait.shape[1], dtype=np.float32)
    angle = np.arcsin(np.clip((x - middle) / radius, -0.999, 0.999))
    source = np.where(
        abs(x - middle) < radius, middle + radius * np.sin(angle + 0.45 * np.cos(angle)), x
    )
    columns = np.tile(source.astype(np.float32), (len(portrait), 1))
    rows = np.indices(columns.shape)[0].astype(np.float32)
    return np.asarray(cv2.remap(portrait, columns, rows, cv2.INTER_LINEAR), np.uint8)


class Obedient(MjpegServer):
    """A camera before somebody who does what was `told`, and nothing else."""

    def __init__(self, poses: Sequence[bytes], told: list[str]) -> None:
        super().__init__(rate=10)
        self._poses = poses
        self._told = told

    def _picture(self) -> bytes:
        asked = [any(word in each for each in self._told) for word in ("head", "other")]
        return self._poses[sum(asked)]


def test_enrol_before_a_camera(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    portrait = demo.astronaut()
    aside = turned(portrait, FaceLocator().locate(portrait)[0].box)
    poses = (portrait, aside, cv2.flip(aside, 1))
    shown = [cv2.imencode(".jpg", pose)[1].tobytes() for pose in poses]
    heard: list[str] = []
    say = enrolment.Guide._tell

    def tell(guide: enrolment.Guide, words: str) -> None:
        heard.append(words)
        say(guide, words)

    monkeypatch.setattr(enrolment.Guide, "_tell", tell)
    with Obedient(shown, heard) as camera:
        assert main(["faces", "add", "Zoë", "--camera", camera.url]) == 0
    out, told = capsys.readouterr()
    assert "views added" in out
    assert [line for line in told.splitlines() if "head" in line or "other" in line] == [
        "Turn your head a little to one side.",
        "And to the other.",
    ]
    with Gallery() as gallery:
        assert gallery.person("Zoë").faces >= 3  # of one picture one counts
        assert {face.source for face in gallery.faces()} == {"camera"}
        views = np.array([face.embedding for face in gallery.faces()])
        assert (views @ FaceReader().read(portrait)[0].embedding).min() > 0.95


def test_without_a_camera_nothing_is_enrolled(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faces", "add", "Zoë", "--camera", "99"]) == SourceError.exit_code
    assert len(capsys.readouterr().err.splitlines()) <= 2
    (home / "settings.toml").write_text("camera = 98\n")
    assert main(["faces", "add", "Zoë", "--camera"]) == SourceError.exit_code
    assert "camera 98" in capsys.readouterr().err
    with Gallery() as gallery:
        assert gallery.people() == []
    assert main(["faces", "add", "Zoë", "--camera", "front door"]) == 2
