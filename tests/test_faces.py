"""Finding, embedding, following and naming faces, with the real models on real pictures."""

import warnings
from concurrent.futures import Future
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livevision import demo, records
from livevision.errors import GalleryError, ModelError
from livevision.frame import Box, Findings, Frame, Image
from livevision.locators.faces import Face, FaceLocator, roll, turned_back
from livevision.recognizers import faces as folder
from livevision.recognizers import session
from livevision.recognizers.faces import UNKNOWN, network
from livevision.recognizers.faces import recognizer as recognizer_module
from livevision.recognizers.faces.embedding import FaceReader
from livevision.recognizers.faces.enrolment import enrol
from livevision.recognizers.faces.gallery import EnrolledFace, Gallery
from livevision.recognizers.faces.matching import Matcher, Seen, default_threshold, template, unit
from livevision.recognizers.faces.recognizer import FaceRecognizer, _Look
from livevision.recognizers.faces.tracks import MISSING, Tracker, share_out
from livevision.recognizers.recognizer import Session


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return FaceReader()


@pytest.fixture(scope="module")
def astronaut() -> Image:
    return demo.astronaut()


def shifted(image: Image, right: float, down: float, scale: float = 1.0) -> Image:
    """The picture moved within a frame of 640x480."""
    matrix = np.array([[scale, 0, right], [0, scale, down]])
    return np.asarray(cv2.warpAffine(image, matrix, (640, 480)), np.uint8)


# --- finding


def test_locates_the_face_and_its_features(astronaut: Image) -> None:
    (face,) = FaceLocator().locate(astronaut)
    assert face.box.overlap(Box(178, 81, 272, 175)) > 0.8
    assert face.score > 0.8
    left_eye, right_eye, nose, mouth, left_ear, right_ear = face.keypoints
    assert left_ear[0] < left_eye[0] < nose[0] < right_eye[0] < right_ear[0]
    assert left_eye[1] < nose[1] < mouth[1]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_locates_far_and_near_faces(astronaut: Image, width: int) -> None:
    scale = width / 94
    image = np.zeros((720, 1280, 3), np.uint8)
    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = small[:600, :800]
    image[100 : 100 + small.shape[0], 400 : 400 + small.shape[1]] = small
    faces = FaceLocator().locate(image, thorough=True)
    assert len(faces) == 1
    assert abs(faces[0].box.width - width) < 0.25 * width


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 500, 3), (480, 640, 3), (4320, 7680, 3)])
def test_finds_nothing_where_nothing_is(shape: tuple[int, int, int]) -> None:
    assert FaceLocator().locate(np.full(shape, 90, np.uint8), thorough=True) == []


def test_several_faces_come_largest_first(astronaut: Image) -> None:
    image = np.zeros((512, 1024, 3), np.uint8)
    image[:, :512] = astronaut
    image[:300, 512:812] = cv2.resize(astronaut, (300, 300))
    faces = FaceLocator().locate(image)
    assert [face.box.left < 512 for face in faces] == [True, False]


def test_a_face_far_behind_a_near_one_is_found_when_it_is_expected(astronaut: Image) -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    image[100:400, 30:330] = cv2.resize(astronaut[0:200, 120:320], (300, 300))
    image[60:170, 480:590] = cv2.resize(
        astronaut[0:200, 120:320], (110, 110), interpolation=cv2.INTER_AREA
    )
    locator = FaceLocator()
    assert len(locator.locate(image)) == 1
    faces = locator.locate(image, expected=2)
    assert [face.box.left < 330 for face in faces] == [True, False]


def test_everybody_in_a_large_photo_is_found(astronaut: Image) -> None:
    chance = np.random.default_rng(0)
    ground = chance.integers(60, 130, (27, 48, 3), np.uint8)
    image = np.asarray(cv2.resize(ground, (1920, 1080)), np.uint8)
    portraits = [astronaut[20:240, 110:330], cv2.resize(demo.hopper()[30:330, 100:400], (220, 220))]
    places = [(x, y) for y in (60, 400, 740) for x in range(60, 1800, 250)]
    for number, (x, y) in enumerate(places):
        small = cv2.resize(portraits[number % 2], (180, 180), interpolation=cv2.INTER_AREA)
        image[y : y + 180, x : x + 180] = small
    faces = FaceLocator().locate(image, thorough=True)
    for x, y in places:
        assert any(x < f.box.center[0] < x + 180 and y < f.box.center[1] < y + 180 for f in faces)
    assert len(faces) == len(places)


# --- embedding


def test_embedding_of_a_box_is_that_of_face_recognition(
    reader: FaceReader, astronaut: Image
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses pkg_resources, which warns
        import face_recognition
    for image, box in (
        (astronaut, Box(178, 81, 272, 175)),
        (demo.hopper(), Box(170, 95, 350, 275)),
    ):
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        place = (box.top, box.right, box.bottom, box.left)
        (expected,) = face_recognition.face_encodings(rgb, [place], model="small")
        ours = reader.embed_plain(reader.aligner.plain(image, box))
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_converted_network_equals_dlib_on_noise(reader: FaceReader) -> None:
    import dlib

    model = network.model_file("dlib_face_recognition_resnet_model_v1.dat")
    reference = dlib.face_recognition_model_v1(str(model))
    chip = np.random.default_rng(1).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    expected = np.array(reference.compute_face_descriptor(chip))
    np.testing.assert_allclose(reader.embed_plain(chip), expected, atol=1e-6)


def test_embedding_is_steady_and_tells_people_apart(reader: FaceReader, astronaut: Image) -> None:
    (first,) = reader.read(astronaut)
    assert np.linalg.norm(first.embedding) == pytest.approx(1, abs=1e-5)
    variants = (
        np.ascontiguousarray(astronaut[:, ::-1]),
        cv2.convertScaleAbs(astronaut, alpha=0.6),
        cv2.resize(astronaut, None, fx=3, fy=3),
        shifted(astronaut, 40, -20, 0.8),
    )
    for variant in variants:
        (look,) = reader.read(np.asarray(variant, np.uint8))
        assert first.embedding @ look.embedding > 0.97
    (other,) = reader.read(demo.hopper())
    assert first.embedding @ other.embedding < 0.9


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_photos_on_their_side_are_those_of_the_same_person(
    reader: FaceReader, astronaut: Image, turns: int
) -> None:
    for portrait in (astronaut, demo.hopper()):
        (upright,) = reader.read(portrait)[:1]
        (other,) = reader.read(np.ascontiguousarray(np.rot90(portrait, turns)))[:1]
        assert float(upright.embedding @ other.embedding) > 0.995
    turned = np.ascontiguousarray(np.rot90(astronaut, turns))
    shown, (face, *_), back = reader.locator.locate_upright(turned)
    assert (turns + back) % 4 == 0
    (plain,) = reader.locator.locate(astronaut)
    assert turned_back(face.box, shown, back).overlap(_turned_box(plain.box, turns)) > 0.8


def _turned_box(box: Box, turns: int) -> Box:
    """Where a box of a square picture of 512 pixels is once that is turned anticlockwise."""
    for _ in range(turns):
        box = Box(box.top, 512 - box.right, box.bottom, 512 - box.left)
    return box


@pytest.mark.parametrize("degrees", [-45, -30, 30, 50])
def test_tilted_heads_are_read_as_upright_ones(
    reader: FaceReader, astronaut: Image, degrees: int
) -> None:
    turn = cv2.getRotationMatrix2D((224, 130), degrees, 1.0)
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    (face,) = reader.locator.locate(np.asarray(tilted, np.uint8))
    (plain,) = reader.locator.locate(astronaut)
    assert roll(face) - roll(plain) == pytest.approx(-degrees, abs=12)
    look = reader.look(np.asarray(tilted, np.uint8), face)
    assert float(look.embedding @ reader.look(astronaut, plain).embedding) > 0.98


def test_grey_pictures_are_read(reader: FaceReader, astronaut: Image) -> None:
    grey = np.asarray(cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY), np.uint8)
    (look,) = reader.read(grey)
    assert look.embedding @ reader.read(astronaut)[0].embedding > 0.95


def test_quality_falls_with_blur_and_darkness(reader: FaceReader, astronaut: Image) -> None:
    def quality(image: object) -> float:
        return reader.read(np.asarray(image, np.uint8))[0].pose.quality

    good = quality(astronaut)
    assert good > 0.8
    assert quality(cv2.GaussianBlur(astronaut, (0, 0), 4)) < 0.6 * good
    assert quality(astronaut // 8) < 0.6 * good
    small = cv2.resize(astronaut, None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    assert quality(small) < 0.6 * good


def test_a_wrong_view_is_refused(reader: FaceReader) -> None:
    with pytest.raises(ValueError, match="150x150"):
        reader.embed_plain(np.zeros((100, 100, 3), np.uint8))


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "layers"])
def test_damaged_network_is_told_plainly(tmp_path: Path, damage: str) -> None:
    data = network.model_file("dlib_face_recognition_resnet_model_v1.dat").read_bytes()
    broken = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "text": b"not a network",
        "layers": data.replace(b"affine_", b"affinX_"),
    }[damage]
    path = tmp_path / "network.dat"
    path.write_bytes(broken)
    with pytest.raises(ModelError, match="reinstall"):
        network.convert(path)


# --- deciding


def enrolled(name: str, embedding: NDArray[Any], quality: float = 1.0) -> EnrolledFace:
    return EnrolledFace(1, 1, name, embedding.astype(np.float32), quality, "", datetime.now(UTC))


def around(seed: int, spread: float = 0.0, base: NDArray[Any] | None = None) -> NDArray[Any]:
    """A direction in 128 dimensions; with `base`, one `spread` away from it."""
    drawn = unit(np.random.default_rng(seed).normal(size=128).astype(np.float32))
    return drawn if base is None else unit(base + spread * drawn)


def test_matcher_names_the_nearest_and_calls_others_unknown() -> None:
    zoe, li = around(1), around(2)
    matcher = Matcher([enrolled("Zoë", zoe), enrolled("李", li)])
    match = matcher.match(around(3, 0.2, li))
    assert (match.name, match.best) == ("李", "李")
    assert match.confidence > 0.9
    stranger = matcher.match(around(4, 0.9, li))
    assert (stranger.name, stranger.best) == (UNKNOWN, "李")


def test_matcher_without_anybody_knows_nobody() -> None:
    match = Matcher([]).match(around(1))
    assert (match.name, match.best) == (UNKNOWN, "")


def test_template_weighs_good_views_more() -> None:
    good, poor = around(1), around(2)
    mean = template([enrolled("a", good, 1.0), enrolled("a", poor, 0.0)])
    assert mean @ good > 0.9 > 0.5 > mean @ poor


def test_a_crowd_makes_a_match_worth_less_and_loneliness_nothing_more() -> None:
    base = around(1)
    crowd = [enrolled(str(n), around(10 + n, 0.25, base)) for n in range(8)]
    probe = around(50, 0.25, base)
    among = Matcher(crowd).match(probe)
    alone = Matcher(crowd[:1]).match(probe)
    cosine = max(float(face.embedding @ probe) for face in crowd)
    assert among.score < cosine - 0.002
    assert alone.score == pytest.approx(float(crowd[0].embedding @ probe), abs=1e-6)
    far = [enrolled("x", base), *(enrolled(str(n), around(90 + n)) for n in range(8))]
    score = Matcher(far).match(probe).score
    assert score == pytest.approx(float(base @ probe), abs=1e-6)


def test_rejected_face_is_not_the_person_again() -> None:
    base = around(1)
    probe = around(2, 0.15, base)
    faces = [enrolled("Zoë", base)]
    assert Matcher(faces).match(probe).name == "Zoë"
    twin = around(3, 0.05, probe)
    assert Matcher(faces, rejected=[("Zoë", twin)]).match(probe).name == UNKNOWN
    assert Matcher(faces, rejected=[("Zoë", twin)]).match(base).name == "Zoë"


def test_threshold_grows_with_the_gallery() -> None:
    assert default_threshold(1) < default_threshold(10) < default_threshold(10_000) < 0.96


# --- following


def face_at(x: int, y: int = 100, width: int = 80, score: float = 0.9) -> Face:
    return Face(Box(x, y, x + width, y + width), np.zeros((6, 2), np.float32), score)


def test_faces_that_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker()
    numbers = []
    for step in range(40):
        faces = [face_at(20 + 12 * step, 60), face_at(500 - 12 * step, 190)]
        seen, _ = tracker.update(faces if step % 2 else faces[::-1], step / 30)
        numbers.append({track.number: track.face.box.top for track in seen})
    assert all(each == numbers[0] for each in numbers)
    assert len(numbers[0]) == 2


def test_a_short_absence_is_bridged_and_a_long_one_ends_the_track() -> None:
    tracker = Tracker()
    tracker.update([face_at(100)], 0.0)
    assert tracker.update([], 0.3) == ([], [])
    (seen,), _ = tracker.update([face_at(110)], 0.5)
    assert seen.number == 1
    _, (ended,) = tracker.update([], 0.5 + MISSING + 0.01)
    assert (ended.number, ended.start, ended.last) == (1, 0.0, 0.5)


@pytest.mark.parametrize("pause", [1.0, 2.0])
def test_at_a_picture_a_second_a_stay_is_one_stay(pause: float) -> None:
    """Before, it was a stay of no length with every picture."""
    tracker = Tracker()
    numbers = set()
    for step in range(10):
        (track,), ended = tracker.update([face_at(100 + step % 2)], step * pause)
        numbers.add(id(track))
        assert not ended
    assert len(numbers) == 1
    _, (stay,) = tracker.update([], 9 * pause + 4.0 * pause)
    assert stay.last - stay.start == 9 * pause


def test_who_comes_back_gets_the_old_number_and_others_a_new_one() -> None:
    tracker = Tracker()
    person = around(1)
    (track,), _ = tracker.update([face_at(100)], 0.0)
    for seed in range(3):
        track.add(around(10 + seed, 0.1, person), 1.0)
    tracker.update([], 5.0)
    for when, embedding, expected in ((6.0, person, 1), (12.0, around(2), 2)):
        (back,), _ = tracker.update([face_at(400)], when)
        assert back.number is None
        for seed in range(4):
            back.add(around(20 + seed, 0.1, embedding), 1.0)
            tracker.identify(back)
        assert back.number == expected
        tracker.update([], when + 3)


def test_a_face_that_jumps_keeps_its_number_while_its_old_track_still_waits() -> None:
    tracker = Tracker()
    person, other = around(1), around(2)
    (here, beside), _ = tracker.update([face_at(100), face_at(500)], 0.0)
    for track, embedding in ((here, person), (beside, other)):
        for seed in range(3):
            track.add(around(10 + seed, 0.1, embedding), 1.0)
    tracker.update([face_at(100), face_at(500)], 0.1)
    seen, _ = tracker.update([face_at(300), face_at(500)], 0.2)
    (jumped,) = (track for track in seen if track not in (here, beside))
    assert jumped.number is None
    for seed in range(2):
        jumped.add(around(20 + seed, 0.1, person), 1.0)
    tracker.identify(jumped)
    assert jumped.number == here.number
    seen, ended = tracker.update([face_at(300), face_at(500)], 0.3)
    assert ended == [here]
    assert {track.number for track in seen} == {1, 2}


def test_a_face_in_sight_lends_nobody_its_number() -> None:
    tracker = Tracker()
    person = around(1)
    (track,), _ = tracker.update([face_at(100)], 0.0)
    for seed in range(3):
        track.add(around(10 + seed, 0.1, person), 1.0)
    (_, twin), _ = tracker.update([face_at(100), face_at(400)], 0.1)
    for seed in range(3):
        twin.add(around(20 + seed, 0.1, person), 1.0)
        tracker.identify(twin)
    assert {track.number, twin.number} == {1, 2}


def test_a_track_that_becomes_somebody_else_is_split() -> None:
    tracker = Tracker()
    (track,), _ = tracker.update([face_at(100)], 0.0)
    person, other = around(1), around(2)
    assert all(track.add(around(10 + seed, 0.1, person), 1.0) for seed in range(4))
    assert track.add(other, 1.0)  # once may be chance
    assert not track.add(around(30, 0.1, other), 1.0)
    new = tracker.split(track, 1.0)
    assert new is not track
    assert len(track.looks) == 4


def test_unsure_faces_begin_no_track() -> None:
    tracker = Tracker()
    assert tracker.update([face_at(100, score=0.55)], 0.0) == ([], [])
    tracker.update([face_at(100, score=0.9)], 0.1)
    (seen,), _ = tracker.update([face_at(100, score=0.55)], 0.2)
    assert seen.number == 1


@pytest.mark.parametrize(("above", "name"), [(-0.05, ""), (0.005, ""), (0.02, "Zoë")])
def test_a_single_look_names_only_whom_it_clearly_shows(above: float, name: str) -> None:
    base, look = around(1), around(2, 0.2, around(1))
    matcher = Matcher([enrolled("Zoë", base)], threshold=float(base @ look) - above)
    (track,), _ = Tracker().update([face_at(100)], 0.0)
    track.add(look, 1.0)
    track.decide(matcher)
    assert track.name == name
    for _ in range(2):
        track.add(look, 1.0)
    track.decide(matcher)
    assert track.name == ("Zoë" if above > 0 else UNKNOWN)


def test_unknown_is_a_vote() -> None:
    base = around(1)
    matcher = Matcher([enrolled("Zoë", base)], threshold=0.9)
    (track,), _ = Tracker().update([face_at(100)], 0.0)
    track.add(around(2, 0.2, base), 1.0)
    for seed in (3, 4):
        track.add(around(seed, 0.2, base), 1.0)
    track.decide(matcher)
    assert track.name == "Zoë"
    for seed in range(5, 12):  # most looks say: nobody
        track.looks.append(Seen(around(seed, 0.75, base), 1.0))
    track.looks.insert(-1, Seen(around(12, 0.2, base), 1.0))
    track.decide(matcher)
    assert track.name == UNKNOWN


def test_a_name_goes_with_its_bearer_when_another_face_takes_the_place() -> None:
    base = around(1)
    matcher = Matcher([enrolled("Zoë", base)], threshold=0.9)
    tracker = Tracker()
    (track,), _ = tracker.update([face_at(100)], 0.0)
    for seed in range(2, 12):
        track.add(around(seed, 0.2, base), 1.0)
    track.decide(matcher)
    assert track.name == "Zoë"
    track.looks.append(Seen(around(20, 0.75, base), 1.0))
    track.decide(matcher)
    assert (track.name, track.doubtful, track.usurped) == ("Zoë", True, False)
    track.looks.append(Seen(around(21, 0.75, base), 1.0))
    track.decide(matcher)
    assert track.usurped
    other = tracker.split(track, 1.0)
    other.decide(matcher)
    assert track.name == "Zoë"
    assert len(other.looks) == 2
    assert other.name == ""


def test_two_faces_never_bear_one_name() -> None:
    base = around(1)
    matcher = Matcher([enrolled("Zoë", base)], threshold=0.9)
    tracker = Tracker()
    seen, _ = tracker.update([face_at(100), face_at(400)], 0.0)
    for track, spread in zip(seen, (0.3, 0.1), strict=True):
        for seed in range(4):
            track.add(around(seed, spread, base), 1.0)
        track.decide(matcher)
    assert [track.name for track in seen] == ["Zoë", "Zoë"]
    share_out(seen)
    assert [track.name for track in seen] == [UNKNOWN, "Zoë"]
    seen[0].decide(matcher)
    assert seen[0].name == UNKNOWN


# --- the recogniser


@pytest.fixture
def gallery_file(tmp_path: Path, reader: FaceReader, astronaut: Image) -> Path:
    path = tmp_path / "gallery.sqlite"
    with Gallery(path) as gallery:
        enrol(gallery, demo.ENROLLED, astronaut, reader=reader)
    return path


def stream(recognizer: Session, images: list[Image], fps: float = 10.0) -> list[Findings]:
    found = [recognizer.recognize(Frame(image, n, n / fps)) for n, image in enumerate(images)]
    return [*found, recognizer.finish()]


def named(gallery: Path, **more: Any) -> Session:
    return session("faces", folder.Options(gallery=gallery, **more))


def test_enrolled_person_is_named_and_stranger_is_not(gallery_file: Path, astronaut: Image) -> None:
    hopper = demo.hopper()
    images = [shifted(astronaut, 40 + 3 * n, 10 * (n % 2), 0.9) for n in range(12)]
    images += [np.zeros((480, 640, 3), np.uint8)] * 12
    images += [shifted(hopper, 40 + 3 * n, -60, 0.8) for n in range(12)]
    runs = []
    for _ in range(2):
        with named(gallery_file) as recognizer:
            found = stream(recognizer, images)
        events = [event for each in found for event in each.events]
        assert [(event.kind, event.label) for event in events] == [
            ("person", demo.ENROLLED),
            ("person", UNKNOWN),
        ]
        assert events[0].start == 0.0
        assert events[0].end == pytest.approx(1.1)
        assert all(event.confidence > 0.9 for event in events)
        assert events[0].label == demo.ENROLLED
        assert {each.detections[0].label for each in found[:12]} == {demo.ENROLLED}
        runs.append([records.event(event) for event in events])
    assert runs[0] == runs[1]


LONG = [pytest.param(name, marks=pytest.mark.long) for name in ("eigen", "fisher")]


@pytest.mark.parametrize("model", ["lbph", *LONG])
def test_classic_models_name_live_who_was_enrolled_with_pictures(
    tmp_path: Path, reader: FaceReader, model: str
) -> None:
    path = tmp_path / "gallery.sqlite"
    portraits = {"Eileen": demo.astronaut(), "Grace": demo.hopper()}
    with Gallery(path) as gallery:
        for name, portrait in portraits.items():
            looks = [reader.read(shifted(portrait, 3 * n, n))[0] for n in range(3)]
            views = [(look.embedding, look.pose.quality, "test") for look in looks]
            gallery.add(name, views, chips=[look.chip for look in looks])
    for name, portrait in portraits.items():
        with named(path, model=model) as recognizer:
            found = stream(recognizer, [shifted(portrait, 2 * n, 0, 1.02) for n in range(12)])
        assert [event.label for result in found for event in result.events] == [name]
        assert {each.label for result in found for each in result.detections} <= {name, ""}


def test_classic_models_need_pictures(gallery_file: Path) -> None:
    with pytest.raises(GalleryError, match="--keep-chips"):
        named(gallery_file, model="lbph")


def test_a_stream_on_its_side_names_nobody(gallery_file: Path, astronaut: Image) -> None:
    turned = np.ascontiguousarray(np.rot90(demo.hopper()))
    with named(gallery_file) as recognizer:
        found = stream(recognizer, [turned] * 12)
    assert {each.label for one in found for each in one.detections} <= {""}


def test_at_a_cut_the_name_does_not_pass_to_the_next_face(
    gallery_file: Path, astronaut: Image
) -> None:
    images = [shifted(astronaut, 40, 0, 0.9)] * 30 + [shifted(demo.hopper(), 40, -60, 0.8)] * 30
    with named(gallery_file) as recognizer:
        found = stream(recognizer, images)
    events = [event for each in found for event in each.events]
    assert [event.label for event in events] == [demo.ENROLLED, UNKNOWN]
    assert events[0].end < 30 / 10 + 1.3
    assert all(each.detections[0].label != demo.ENROLLED for each in found[44:60])


def test_a_small_face_in_a_large_picture_is_found_and_followed(astronaut: Image) -> None:
    chance = np.random.default_rng(0)
    noise = chance.integers(60, 130, (27, 48, 3), np.uint8)
    ground = np.asarray(cv2.resize(noise, (1920, 1080)), np.uint8)
    small = cv2.resize(astronaut[20:240, 110:330], (180, 180), interpolation=cv2.INTER_AREA)
    images = []
    for step in range(25):
        image = ground.copy()
        image[700:880, 1300 + 4 * step : 1480 + 4 * step] = small
        images.append(image)
    assert FaceLocator().locate(images[0], expected=9) == []
    with FaceRecognizer(Matcher([]), live=False) as recognizer:
        found = stream(recognizer, images)
    counts = [len(each.detections) for each in found[:-1]]
    assert counts[8:] == [1] * 17
    assert max(counts) == 1
    assert len([event for each in found for event in each.events]) == 1


@pytest.mark.parametrize("seconds", [3, 11])
def test_who_comes_after_a_cut_is_named_at_once(
    gallery_file: Path, astronaut: Image, seconds: int
) -> None:
    images = [shifted(demo.hopper(), 40, -60, 0.8)] * (10 * seconds)
    images += [shifted(astronaut, 40, 0, 0.9)] * 15
    with named(gallery_file) as recognizer:
        found = stream(recognizer, images)
    names = [each.detections[0].label for each in found[:-1]]
    assert demo.ENROLLED not in names[: 10 * seconds]
    assert set(names[10 * seconds + 5 :]) == {demo.ENROLLED}
    assert [event.label for each in found for event in each.events] == [UNKNOWN, demo.ENROLLED]


def test_a_live_stream_never_waits(
    gallery_file: Path, reader: FaceReader, astronaut: Image
) -> None:
    with Gallery(gallery_file) as gallery:
        matcher = Matcher(gallery.faces())
    waiting: list[Future[_Look | None]] = []

    class Slow:
        def submit(self, *_: object) -> Future[_Look | None]:
            waiting.append(Future())
            return waiting[-1]

        def shutdown(self, **_: object) -> None: ...

    recognizer = FaceRecognizer(matcher, live=True, reader=reader)
    recognizer.close()
    recognizer._pool = Slow()  # type: ignore[assignment]
    for n in range(5):
        (face,) = recognizer.recognize(Frame(astronaut, n, n / 5, captured=n / 5)).detections
        assert face.label == ""
    assert len(waiting) == 1  # no second question before the first is answered
    for n in range(5, 12):
        if not waiting[-1].done():
            waiting[-1].set_result(
                _Look(0.8, reader.read(astronaut)[0].embedding, np.zeros((100, 100), np.uint8))
            )
        (face,) = recognizer.recognize(Frame(astronaut, n, n / 5, captured=n / 5)).detections
    assert face.label == demo.ENROLLED


def test_off_with_a_hint_until_somebody_is_enrolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    on, hint = folder.wanted()
    assert not on
    assert "livevision faces add" in hint
    with Gallery() as gallery:
        gallery.add("Zoë", [])
    assert not folder.wanted()[0]
    with Gallery() as gallery:
        gallery.add("Zoë", [(around(1), 1.0, "photo")])
    assert folder.wanted() == (True, "")


def test_expired_people_are_forgotten_at_the_start(gallery_file: Path, reader: FaceReader) -> None:
    with Gallery(gallery_file) as gallery:
        gallery.add(demo.ENROLLED, [], expires=date(2020, 1, 1))
    named(gallery_file).close()
    with Gallery(gallery_file) as gallery:
        assert gallery.people() == []


def test_sessions_share_what_was_loaded_until_the_gallery_changes(
    gallery_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(gallery_file).close()
    opened: list[Path] = []

    class Counted(Gallery):
        def __init__(self, path: Path, *, create: bool = True) -> None:
            opened.append(path)
            super().__init__(path, create=create)

    monkeypatch.setattr(recognizer_module, "Gallery", Counted)
    with named(gallery_file) as one, named(gallery_file) as other:
        assert isinstance(one, FaceRecognizer)
        assert isinstance(other, FaceRecognizer)
        assert opened == []
        assert one._matcher is other._matcher
        assert one._reader is other._reader
    with Gallery(gallery_file) as gallery:
        gallery.add("Zoë", [(around(1), 1.0, "photo")])
    with named(gallery_file) as later:
        assert isinstance(later, FaceRecognizer)
        assert later._matcher.names == [demo.ENROLLED, "Zoë"]
    assert opened == [gallery_file]


def test_damaged_gallery_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    path = tmp_path / "gallery.sqlite"
    path.write_bytes(b"no gallery" * 100)
    with pytest.raises(GalleryError, match="kept as"):
        named(path)
    assert not path.exists()
    (aside,) = tmp_path.glob("gallery.damaged-*.sqlite")
    assert aside.read_bytes() == b"no gallery" * 100
    assert str(aside) in folder.wanted()[1]


def test_a_strangers_face_is_held_for_a_moment(reader: FaceReader, astronaut: Image) -> None:
    nothing = np.zeros((480, 640, 3), np.uint8)
    with FaceRecognizer(Matcher([]), live=False, reader=reader) as recognizer:
        found = stream(recognizer, [astronaut] * 6 + [nothing] * 6)
    assert [len(each.detections) for each in found] == [1] * 6 + [1, 1] + [0] * 5
    assert found[7].detections[0].label == UNKNOWN
