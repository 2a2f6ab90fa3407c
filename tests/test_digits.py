"""Handwritten numbers: ink, pieces, lines, the stream; on pages that are composed here."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import __main__, assets, classifying, recognizers
from livevision.errors import ModelError
from livevision.frame import Box, Event, Frame, Image
from livevision.recognizers.digits import Options, ink
from livevision.recognizers.digits.evaluation.digits import Counts, aligned, found_in
from livevision.recognizers.digits.lines import Read, lines, numbers
from livevision.recognizers.digits.prepare import LENGTH, SIDE, Ink, features, normalized
from livevision.recognizers.digits.reading import Reader
from livevision.recognizers.digits.training.dataset import lettered
from livevision.recognizers.digits.training.pages import Page, compose, own_hand
from livevision.recognizers.digits.training.strokes import Writer

MODELS = assets.folder("models") / "digits"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(classifying.load(assets.verified(MODELS / "svm.npz")))


def page(seed: int, *rows: str, **more: object) -> Page:
    chance = np.random.default_rng(seed)
    hand = own_hand(Writer.random(chance), 0.09)
    return compose(hand, rows, chance, **more)  # type: ignore[arg-type]


def read(reader: Reader, image: Image) -> list[str]:
    return ["".join(each.label for each in line) for line in lines(reader.read(image))]


def test_a_thin_one_does_not_vanish() -> None:
    stroke = np.ones((40, 2), np.float32)
    picture = normalized(stroke)
    assert picture.shape == (SIDE, SIDE)
    assert picture.sum() > 15


def test_normalising_takes_back_slant_size_and_place() -> None:
    chance = np.random.default_rng(1)
    writer = Writer((0,) * 10, 0.0, 0.6, 0.0)
    upright = writer.write("5", chance, 60, 5.0)
    matrix = np.array([[1.0, -0.3, 40.0], [0.0, 1.0, 10.0]])
    slanted = cv2.warpAffine(upright, matrix, (140, 100))
    apart = np.abs(normalized(upright) - normalized(np.asarray(slanted, np.float32))).mean()
    assert apart < 0.03


def test_features_are_of_unit_length_and_nothing_has_none() -> None:
    empty = features(normalized(np.zeros((20, 20), np.float32)))
    assert empty.shape == (LENGTH,)
    assert not empty.any()
    some = features(normalized(np.eye(20, dtype=np.float32)))
    assert np.linalg.norm(some) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(("ground", "seed"), [("plain", 3), ("checkered", 4), ("board", 7)])
def test_reads_a_composed_page(reader: Reader, ground: str, seed: int) -> None:
    composed = page(seed, "3141592", "27182", "16180", ground=ground, tilt=4.0)
    counts = Counts()
    counts.add("".join(composed.lines), "".join(read(reader, composed.image)))
    assert counts.right >= counts.digits - 1
    assert counts.extra <= 1


def test_reads_light_on_dark_as_dark_on_light(reader: Reader) -> None:
    composed = page(11, "8024", "1357", hard=0.1)
    inverted = np.asarray(255 - composed.image, np.uint8)
    assert read(reader, inverted) == read(reader, composed.image) == ["8024", "1357"]


def test_reads_nothing_where_nothing_is_written(reader: Reader) -> None:
    chance = np.random.default_rng(2)
    grain = chance.normal(0, 6, (480, 640, 3))
    assert reader.read(np.clip(210 + grain, 0, 255).astype(np.uint8)) == []
    assert reader.read(np.zeros((480, 640, 3), np.uint8)) == []
    assert reader.read(np.full((3, 3, 3), 255, np.uint8)) == []
    ruled = page(5, "", ground="ruled")
    assert reader.read(ruled.image) == []


def test_a_number_among_words_is_read_and_the_words_are_not(reader: Reader) -> None:
    import matplotlib

    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    own = own_hand(Writer.random(np.random.default_rng(3)), 0.09)

    def hand(character: str, chance: np.random.Generator, size: int) -> Ink:
        if character.isdigit():
            return own(character, chance, size)
        letters = lettered(font, character, size)
        return letters[0].ink

    chance = np.random.default_rng(1)
    page = compose(hand, ("have 274 kept", "each year"), chance, height=40, hard=0.0)
    assert read(reader, page.image) == ["274"]


def test_a_large_picture_is_read_in_its_own_pixels(reader: Reader) -> None:
    composed = page(13, "60", size=(640, 480), height=90, hard=0.2)
    large = np.asarray(cv2.resize(composed.image, (2560, 1920)), np.uint8)
    boxes = [each.box for each in reader.read(large)]
    assert len(boxes) == 2
    assert all(250 < box.height < 500 for box in boxes)


def test_a_cut_digit_of_any_kind_is_read(reader: Reader) -> None:
    chance = np.random.default_rng(3)
    writer = Writer((0,) * 10, 0.0, 0.6, 0.01)
    drawn = np.pad(writer.write("3", chance, 40, 5.0), 8)
    light = np.asarray(drawn * 255, np.uint8)
    tiny = np.asarray(cv2.resize(light, (16, 16), interpolation=cv2.INTER_AREA), np.uint8)
    for picture in (light, np.asarray(255 - light, np.uint8), tiny):
        found = reader.read_one(picture)
        assert found is not None
        assert found.label == "3"
    assert reader.read_one(np.full((20, 20), 200, np.uint8)) is None


def digit(label: str, left: int, top: int, height: int = 40) -> Read:
    return Read(Box(left, top, left + 24, top + height), label, 0.9)


def test_tilted_lines_are_read_line_by_line() -> None:
    digits = [
        digit(str((row + place) % 10), 50 + 60 * place, 60 + 80 * row + 12 * place)
        for row in range(3)
        for place in range(8)
    ]
    found = lines(digits[::-1])
    assert [len(line) for line in found] == [8, 8, 8]
    assert [line[0].label for line in found] == ["0", "1", "2"]


def test_a_wide_gap_begins_another_number() -> None:
    line = [digit("1", 0, 0), digit("2", 40, 0), digit("7", 160, 0)]
    assert [[each.label for each in number] for number in numbers(line)] == [["1", "2"], ["7"]]
    assert lines([]) == []


def frames(image: Image, count: int, start: int = 0) -> list[Frame]:
    return [Frame(image, index, index / 10) for index in range(start, start + count)]


def test_a_number_counts_once_it_was_held_still() -> None:
    composed = page(11, "8024", hard=0.1)
    blank = np.full_like(composed.image, 220)
    model = recognizers.load("digits", Options())
    events: list[Event] = []
    with model.session() as session:
        for frame in [*frames(composed.image, 12), *frames(blank, 10, 12)]:
            findings = session.recognize(frame)
            events += findings.events
        assert findings.detections == ()
        events += session.finish().events
    assert [event.label for event in events] == ["8024"]
    assert events[0].kind == "number"
    assert events[0].end - events[0].start >= 0.6


def test_a_number_shown_briefly_does_not_count() -> None:
    composed = page(11, "8024", hard=0.1)
    blank = np.full_like(composed.image, 220)
    model = recognizers.load("digits", Options())
    with model.session() as session:
        events = [
            event
            for frame in [*frames(composed.image, 4), *frames(blank, 10, 4)]
            for event in session.recognize(frame).events
        ]
        events += session.finish().events
    assert events == []


def test_a_replay_gives_the_same_answers_twice() -> None:
    composed = page(17, "19", "840")
    model = recognizers.load("digits", Options(method="knn"))
    runs = []
    for _ in range(2):
        with model.session() as session:
            found = [session.recognize(frame) for frame in frames(composed.image, 8)]
            runs.append([[(d.label, d.box) for d in each.detections] for each in found])
    assert runs[0] == runs[1]
    assert any(runs[0])


def test_alignment_counts_missed_and_extra() -> None:
    assert aligned("123", "13") == [("1", "1"), ("2", ""), ("3", "3")]
    counts = Counts()
    counts.add("12", "172")
    record = counts.record()
    assert (record["found"], record["right"], record["extra"]) == (1.0, 1.0, 1.0)


def test_evaluates_pages_and_cut_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    composed = page(11, "8024", "1357", hard=0.1)
    pages = tmp_path / "pages"
    pages.mkdir()
    cv2.imwrite(str(pages / "one.png"), composed.image)
    (pages / "one.txt").write_text("8 0 2 4\n1357\n", "utf-8")
    (pages / "two.jpg").write_bytes(b"rubbish")
    (pages / "two.txt").write_text("5", "utf-8")
    assert __main__.main(["evaluate", "digits", str(pages), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["found"], record["right"], record["extra"]) == (1.0, 1.0, 0.0)
    assert (record["pictures"], record["unreadable"]) == (1, 1)
    cut = tmp_path / "cut" / "8"
    cut.mkdir(parents=True)
    box = composed.places[0].astype(int)
    crop = composed.image[box[1] - 4 : box[3] + 4, box[0] - 4 : box[2] + 4]
    cv2.imwrite(str(cut / "a.png"), crop)
    out = tmp_path / "cut.json"
    assert __main__.main(["evaluate", "digits", str(cut.parent), "--json", str(out)]) == 0
    assert json.loads(out.read_text("utf-8"))["right"] == 1.0
    assert found_in(cut.parent)[0] == [(cut / "a.png", "8")]


def test_says_what_is_wrong_with_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["evaluate", "digits", str(tmp_path)]) == 2
    assert "no folders 0 to 9" in capsys.readouterr().err


def test_a_damaged_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "svm.npz").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be checked"):
        recognizers.load("digits", Options(), models=tmp_path)
    with pytest.raises(ModelError, match="train or install"):
        classifying.load(tmp_path / "digits" / "svm.npz")


def test_the_ink_of_ruled_paper_is_the_pens() -> None:
    composed = page(21, "77", ground="ruled", hard=0.2)
    found = ink.mask(ink.strokes(composed.image))
    inside = np.zeros(found.shape, bool)
    for left, top, right, bottom in composed.places.astype(int):
        inside[top - 2 : bottom + 2, left - 2 : right + 2] = True
    assert found[inside].mean() > 3 * found[~inside].mean()
