"""Segments: each quick method against scikit-image's call, regions, strokes, the stream."""

import itertools
import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data
from until import until

from livevision import __main__, recognizers
from livevision.errors import UsageError
from livevision.frame import Detection, Frame, Image
from livevision.recognizers.segments import Options, methods
from livevision.recognizers.segments.evaluation import references, textures
from livevision.recognizers.segments.methods import Labels
from livevision.recognizers.segments.recognizer import MOST, SegmentModel
from livevision.recognizers.segments.regions import PROPERTIES, kinds, regions
from livevision.recognizers.segments.strokes import (
    Stroke,
    StrokeSegmenter,
    energies_of,
    features,
    parse,
)


@pytest.fixture(scope="module")
def coffee() -> Image:
    cup = data.coffee()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(cv2.resize(cup[..., ::-1], (320, 240)), np.uint8)


def test_otsu_is_scikit_images(coffee: Image) -> None:
    assert references.agreement(methods.otsu(coffee), references.otsu(coffee)) > 0.999


@pytest.mark.parametrize("lightness", [True, False])
def test_kmeans_agrees_with_scipys(coffee: Image, lightness: bool) -> None:
    labels, centers = methods.kmeans(coffee, 4, lightness=lightness)
    assert centers.shape == (4, 3 if lightness else 2)
    reference = references.kmeans(coffee, 4, lightness=lightness)
    assert references.agreement(labels, reference) > 0.85


def test_kmeans_keeps_a_colours_label_from_picture_to_picture(coffee: Image) -> None:
    first, centers = methods.kmeans(coffee, 4)
    darker = np.asarray(coffee * 0.9, np.uint8)
    second, _ = methods.kmeans(darker, 4, centers=centers)
    assert (first == second).mean() > 0.9
    again, _ = methods.kmeans(coffee, 4)
    assert (first == again).all()


def test_superpixels_agree_with_scikit_images(coffee: Image) -> None:
    labels = methods.superpixels(coffee)
    assert references.rand(labels, references.superpixels(coffee)) > 0.97
    assert 40 < labels.max() < 120


def test_slic_agrees_with_its_reference(coffee: Image) -> None:
    labels, _ = methods.slic(coffee, 4)
    assert references.agreement(labels, references.slic(coffee, 4)) > 0.7


def test_felzenszwalb_agrees_with_scikit_images(coffee: Image) -> None:
    ours, reference = methods.felzenszwalb(coffee), references.felzenszwalb(coffee)
    assert references.rand(ours, reference) > 0.9


def test_corners_and_keypoints_are_where_scikit_image_has_them() -> None:
    board = np.kron(np.indices((6, 8)).sum(0) % 2, np.ones((40, 40))).astype(np.uint8) * 255
    smooth = cv2.GaussianBlur(cv2.cvtColor(board, cv2.COLOR_GRAY2BGR), (3, 3), 0)
    found = methods.harris(np.asarray(smooth, np.uint8))
    crossings = [(40 * x - 0.5, 40 * y - 0.5) for x in range(1, 8) for y in range(1, 6)]
    assert references.near(np.array(crossings), found, 2) == 1
    assert references.near(found, references.harris(np.asarray(smooth, np.uint8)), 3) > 0.9
    chelsea = data.chelsea()  # type: ignore[no-untyped-call]
    cat = np.ascontiguousarray(chelsea[..., ::-1])
    assert references.near(methods.orb(cat), references.orb(cat), 5) > 0.5
    assert not len(methods.harris(np.zeros((50, 50, 3), np.uint8)))


def test_gabor_filters_are_scikit_images(coffee: Image) -> None:
    for ours, reference in zip(energies_of(coffee), references.gabor(coffee), strict=True):
        assert np.corrcoef(ours.ravel(), reference.ravel())[0, 1] > 0.98


def blobs() -> Labels:
    """Small and large discs, small and large bars."""
    image = np.zeros((400, 600), np.uint8)
    for place in range(4):
        cv2.circle(image, (80 + 140 * place, 60), 15 + 10 * (place % 2), (1,), cv2.FILLED)
        left, top = 30 + 140 * place, 150 + 120 * (place % 2)
        long, wide = (100, 14) if place % 2 else (60, 9)
        cv2.rectangle(image, (left, top), (left + long, top + wide), (1,), cv2.FILLED)
    return np.asarray(image, np.int32)


def test_regions_have_scikit_images_properties() -> None:
    found = [each for each in regions(blobs(), most=20) if each.label == 1]
    assert len(found) == 8
    for region in found:
        assert set(region.properties) == set(PROPERTIES)
        assert region.mask.shape == (region.box.height, region.box.width)
        assert region.mask.sum() == region.properties["area"]
    (largest, *_) = regions(blobs(), most=1)
    assert largest.label == 0


def test_scaling_lets_shape_count_beside_size() -> None:
    found = [each for each in regions(blobs(), most=20) if each.label == 1]
    round_ones = [each.properties["eccentricity"] < 0.5 for each in found]
    scaled, plain = kinds(found, 2), kinds(found, 2, scaled=False)
    assert [each == scaled[0] for each in scaled] == [each == round_ones[0] for each in round_ones]
    # the area outweighs all else: large and small are told apart, not discs and bars
    assert [each == plain[0] for each in plain] != [each == round_ones[0] for each in round_ones]
    assert kinds([], 2) == []


@pytest.mark.parametrize("seed", range(2))
def test_strokes_colour_textures(seed: int) -> None:
    assert textures.accuracy(seed) > 0.79


def test_strokes_are_parsed_or_refused() -> None:
    assert parse("1 2 3.5 4 tall grass") == Stroke(1, 2, 3.5, 4, "tall grass")
    for words in ("1 2 3 4", "1 2 3 x grass", "", "nan 2 3 4 grass", "1 2 inf 4 grass"):
        with pytest.raises(UsageError, match="is no stroke"):
            parse(words)


def halves() -> Image:
    """Blue on the left, red on the right."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[:, :80, 0] = 200
    image[:, 80:, 2] = 200
    return image


def test_strokes_are_forgotten() -> None:
    segmenter = StrokeSegmenter()
    assert features(halves()).shape == (30, 40, 19)
    segmenter.add(halves(), Stroke(10, 10, 10, 100, "left"), Stroke(500, 500, 600, 600, "beyond"))
    assert not segmenter.ready
    with pytest.raises(ValueError, match="two names"):
        segmenter.segment(halves())
    segmenter.add(halves(), Stroke(140, 10, 140, 100, "right"))
    labels = segmenter.segment(halves())
    assert segmenter.names == ["left", "right"]
    assert (labels[:, :60] == 0).all()
    assert (labels[:, 100:] == 1).all()
    segmenter.undo()
    assert not segmenter.ready
    segmenter.clear()
    segmenter.undo()
    assert segmenter.names == []


def read(options: Options, *images: Image, live: bool = False) -> list[tuple[Detection, ...]]:
    """What each picture's frame shows."""
    shown = []
    with SegmentModel(options).session(live=live) as session:
        for index, image in enumerate(images):
            captured = time.monotonic() if live else None
            shown.append(session.recognize(Frame(image, index, index / 30, captured)).detections)
    return shown


@pytest.mark.parametrize("method", ["otsu", "kmeans", "slic"])
def test_labels_cover_the_picture_once(coffee: Image, method: str) -> None:
    (found,) = read(Options(method=method), coffee)  # type: ignore[arg-type]
    covered = np.zeros(coffee.shape[:2], int)
    for each in found:
        assert each.mask is not None
        assert each.mask.shape == (each.box.height, each.box.width)
        covered[each.box.top : each.box.bottom, each.box.left : each.box.right] += each.mask
    assert (covered == 1).all()
    total = sum(share for each in found if isinstance(share := each.details["share"], float))
    assert total == pytest.approx(1, abs=1e-3)


def test_regions_are_shown_with_their_numbers(coffee: Image) -> None:
    (found,) = read(Options(method="felzenszwalb"), coffee)
    assert 1 < len(found) <= MOST
    assert set(PROPERTIES) < set(found[0].details)


def test_regions_are_sorted_into_kinds() -> None:
    picture = np.repeat((blobs() * 255).astype(np.uint8)[..., None], 3, axis=2)
    (found,) = read(Options(method="otsu", kinds=3), picture)
    assert {each.label for each in found} == {"kind 1", "kind 2", "kind 3"}


@pytest.mark.parametrize("points", ["harris", "orb"])
def test_points_are_shown(coffee: Image, points: str) -> None:
    (found,) = read(Options(points=points), coffee)  # type: ignore[arg-type]
    assert found[-1].kind == "points"
    assert found[-1].landmarks is not None
    assert len(found[-1].landmarks) > 10


def test_nothing_is_told_apart_where_nothing_is() -> None:
    noise = np.random.default_rng(0).normal(120, 2, (120, 160, 3))
    blank = np.asarray(noise.clip(0, 255), np.uint8)
    for method in ("otsu", "kmeans", "slic", "felzenszwalb", "strokes"):
        assert read(Options(method=method), blank) == [()]


def test_strokes_of_the_options_and_of_commands() -> None:
    options = Options(stroke=("10 10 10 100 left", "140 10 140 100 right"))
    for found in read(options, halves(), halves()):
        assert [(each.label, each.track) for each in found] == [("left", 1), ("right", 2)]
    with pytest.raises(UsageError, match="is no stroke"):
        recognizers.load("segments", Options(stroke=("left",)))
    with SegmentModel(Options(method="strokes")).session() as session:
        session.command("stroke 1 1 2 2 early")  # there is no picture yet
        findings = session.recognize(Frame(halves(), 0, 0.0))
        assert not findings.detections
        assert "strokes" in findings.hints[0]
        session.command("stroke 10 10 10 100 left")
        session.command("stroke nonsense")
        session.command("stroke 140 10 140 100 right")
        findings = session.recognize(Frame(halves(), 1, 0.1))
        assert [each.label for each in findings.detections] == ["left", "right"]
        assert not findings.hints
        session.command("stroke undo")
        assert session.recognize(Frame(halves(), 2, 0.2)).hints
        session.command("stroke clear")
        session.command("other")
        assert not session.recognize(Frame(halves(), 3, 0.3)).detections


@pytest.mark.parametrize("method", ["otsu", "kmeans", "slic", "felzenszwalb"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (7, 5), (16, 640), (480, 22)])
def test_small_pictures_end_nothing(method: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    options = Options(method=method, kinds=3, points="orb")  # type: ignore[arg-type]
    with SegmentModel(options).session() as session:
        for index in range(2):
            session.recognize(Frame(image, index, index / 10))


def test_thin_pictures_have_square_superpixels() -> None:
    found = methods.superpixels(np.zeros((20, 128, 3), np.uint8))
    assert found.shape == (20, 128)
    assert np.unique(found).tolist() == [0, 1, 2, 3]


def test_a_picture_of_one_region_has_one_kind() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    with SegmentModel(Options(method="felzenszwalb", kinds=3)).session() as session:
        found = session.recognize(Frame(ramp, 0, 0.0)).detections
    assert [each.label for each in found] == ["kind 1"]


def test_a_live_stream_goes_on_and_gets_its_segments(coffee: Image) -> None:
    with SegmentModel(Options()).session(live=True) as session:
        index = itertools.count()

        def see() -> bool:
            number = next(index)
            frame = Frame(coffee, number, number / 30, time.monotonic())
            return bool(session.recognize(frame).detections)

        until(see)


def test_evaluation_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "segments", "--seeds", "1", "--strokes-only", "--json", "-"]
    assert __main__.main(words) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.79


@pytest.mark.long
def test_the_whole_evaluation(tmp_path: Path) -> None:
    report = tmp_path / "segments.json"
    assert __main__.main(["evaluate", "segments", "--json", str(report)]) == 0
    figures = json.loads(report.read_text())
    assert figures["accuracy"] >= 0.79
    assert all(row["agreement"] > 0.6 for row in figures["methods"].values())
