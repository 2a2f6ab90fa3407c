"""Leaves: cut from the ground, measured, named; on things that are drawn here."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livevision import __main__, assets, classifying, recognizers
from livevision.errors import UsageError
from livevision.frame import Box, Event, Frame, Image
from livevision.recognizers.leaves import Options, species
from livevision.recognizers.leaves.evaluation.leaves import photos_in
from livevision.recognizers.leaves.features import (
    LENGTH,
    NAMES,
    SIDE,
    measure,
    thumbnail,
    upright,
)
from livevision.recognizers.leaves.naming import Leaf, Namer
from livevision.recognizers.leaves.recognizer import LeafSession
from livevision.recognizers.leaves.segmenting import Piece, pieces
from livevision.recognizers.leaves.training.shapes import shapes

GROUND = Path(__file__).parents[1] / ".." / "shared" / "data" / "seeds" / "leaves" / "ground"
WHITE = (238, 246, 250)


def lobed(image: Image, center: tuple[int, int], size: float, turn: float, lobes: int = 3) -> None:
    """Draw something long with lobes, as an oak's leaf is."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    reach = 1 + 0.16 * np.cos(2 * lobes * angles)
    points = np.stack([0.55 * reach * np.cos(angles), reach * np.sin(angles)], axis=1) * size
    cos, sin = np.cos(turn), np.sin(turn)
    points = points @ np.array([[cos, sin], [-sin, cos]]) + center
    cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], (60, 150, 90), cv2.LINE_AA, 4)


def paper(height: int = 480, width: int = 640) -> Image:
    return np.full((height, width, 3), WHITE, np.uint8)


@pytest.fixture(scope="module")
def namer() -> Namer:
    model = assets.verified(assets.folder("models") / "leaves" / "leaves.npz")
    return Namer(classifying.load(model))


def test_every_leaf_on_the_ground_is_a_piece() -> None:
    image = paper()
    for place, center in enumerate([(120, 120), (330, 130), (520, 330), (160, 350)]):
        lobed(image, center, 60 + 10 * place, 0.7 * place)
    cv2.circle(image, (300, 300), 2, (40, 40, 40), -1)  # a crumb
    found = pieces(image)
    assert [piece.box.left for piece in found] == sorted(each.box.left for each in found)
    assert len(found) == 4
    assert all(piece.whole for piece in found)
    assert all(piece.image.shape[:2] == piece.mask.shape for piece in found)


def test_a_pale_leaf_beside_dark_ones_is_cut_out_whole() -> None:
    image = paper()
    lobed(image, (150, 240), 110, 0.0)
    pale = paper()
    lobed(pale, (480, 240), 110, 0.0)
    differs = (pale != paper()).any(axis=2)
    image[differs] = (200, 222, 214)
    found = pieces(image)
    assert len(found) == 2
    assert found[1].mask.sum() == pytest.approx(found[0].mask.sum(), rel=0.05)


def test_a_slope_of_light_and_a_shadow_are_no_pieces() -> None:
    image = paper().astype(np.float32)
    image *= np.linspace(0.75, 1.0, 640)[None, :, None]
    image *= 1 - 0.12 / (1 + np.exp((np.arange(640)[None, :, None] - 200) / 8))
    grain = np.random.default_rng(0).normal(0, 2, image.shape)
    assert pieces(np.clip(image + grain, 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("value", [0, 60, 255])
def test_nothing_on_even_ground_or_without_light(value: int) -> None:
    assert pieces(np.full((480, 640, 3), value, np.uint8)) == []


def test_no_ground_no_pieces() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert pieces(np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)) == []


def one(turn: float, size: float, mirrored: bool = False) -> NDArray[np.float32]:
    image = paper(720, 720)
    lobed(image, (360, 360), size, turn)
    if mirrored:
        image = np.asarray(cv2.flip(image, 1), np.uint8)
    piece = pieces(image)[0]
    return measure(piece.image, piece.mask)


def test_neither_size_nor_direction_matters() -> None:
    first = one(0.3, 150)
    assert first.shape == (LENGTH,) == (len(set(NAMES)),)
    for other in (one(2.0, 150), one(0.3, 90), one(0.3, 150, mirrored=True)):
        for name in ("length_width", "eccentricity", "solidity", "circularity", "extent"):
            place = NAMES.index(name)
            assert other[place] == pytest.approx(first[place], abs=0.04, rel=0.05), name


def test_the_upright_picture_is_the_storys() -> None:
    image = paper(720, 720)
    lobed(image, (360, 360), 150, 1.1)
    piece = pieces(image)[0]
    turned, mask = upright(piece.image, piece.mask)
    rows, columns = np.nonzero(mask)
    assert np.ptp(rows) > 1.4 * np.ptp(columns)
    assert thumbnail(turned, mask).shape == (SIDE, SIDE, 3)


def test_drawn_shapes_are_no_leaves(namer: Namer) -> None:
    drawn = list(shapes(28, np.random.default_rng(99)))
    named = sum(len(namer.name(image)) for _, image in drawn)
    assert named <= 2


class Fixed(Namer):
    """Finds the same leaf in every picture that is not white."""

    def __init__(self) -> None:
        pass

    def name(self, image: Image) -> list[Leaf]:
        if image.min() > 200:
            return []
        blank = paper(20, 20)
        piece = Piece(
            Box(100, 100, 200, 200), blank, np.ones((20, 20), bool), True, np.zeros(3, np.float32)
        )
        return [Leaf(piece.box, "oak", 0.9, (("maple", 0.1),), piece)]


def run(session: LeafSession, seconds: tuple[float, float]) -> list[Event]:
    shown, total = seconds
    events: list[Event] = []
    dark, white = np.zeros((300, 300, 3), np.uint8), paper(300, 300)
    with session:
        for index in range(round(total * 10)):
            frame = Frame(dark if index / 10 < shown else white, index, index / 10)
            events += session.recognize(frame).events
        events += session.finish().events
    return events


def test_a_leaf_counts_once_it_has_lain_still() -> None:
    events = run(LeafSession(Fixed(), hold=0.8), (2.0, 4.0))
    assert [(event.kind, event.label) for event in events] == [("leaf", "oak")]
    assert events[0].end - events[0].start > 0.8
    assert run(LeafSession(Fixed(), hold=0.8), (0.5, 3.0)) == []


def test_the_shipped_model_is_loaded_and_silent_on_paper() -> None:
    model = recognizers.load("leaves", Options())
    with model.session() as session:
        findings = [session.recognize(Frame(paper(), i, i / 10)) for i in range(6)]
    assert not any(each.detections or each.events for each in findings)


def test_names_of_species() -> None:
    assert species.called("04") == species.called("Cercis chinensis") == "Chinese redbud"
    assert species.called("Oak") == "oak"
    assert species.called("triffid") == "triffid"
    assert species.called("aspen") == "aspen"


def test_evaluates_both_layouts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = paper()
    lobed(image, (320, 240), 110, 0.4)
    (tmp_path / "oak").mkdir()
    cv2.imwrite(str(tmp_path / "oak" / "a.png"), image)
    (tmp_path / "oak" / "b.png").write_bytes(b"rubbish")
    assert __main__.main(["evaluate", "leaves", str(tmp_path), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {"count_right", "species_right"} <= set(record)
    assert (record["leaves"], record["photos"], record["unreadable"]) == (1, 1, 1)
    ground = tmp_path / "ground"
    ground.mkdir()
    cv2.imwrite(str(ground / "0001.jpg"), paper())
    (ground / "counts.json").write_text('{"0001.jpg": {"oak": 0, "birch": 1}}', "utf-8")
    out = tmp_path / "out.json"
    assert __main__.main(["evaluate", "leaves", str(ground), "--json", str(out)]) == 0
    record = json.loads(out.read_text("utf-8"))
    assert (record["count_right"], record["species_right"]) == (0.0, 0.0)
    assert record["wrong"] == [{"file": "0001.jpg", "truth": {"birch": 1}, "read": {}}]


def test_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no counts\.json and no folders"):
        photos_in(tmp_path)
    (tmp_path / "counts.json").write_text("[1]", "utf-8")
    with pytest.raises(UsageError, match="no table"):
        photos_in(tmp_path)


@pytest.mark.skipif(not GROUND.is_dir(), reason="the photos of shared/ are not there")
def test_the_number_of_leaves_is_right_in_photos() -> None:
    from livevision.sources.pictures import read_picture

    counts = json.loads((GROUND / "counts.json").read_text("utf-8"))
    for name in sorted(counts)[::4]:
        image = read_picture(GROUND / name)
        assert image is not None
        assert len(pieces(image)) == sum(counts[name].values()), name
