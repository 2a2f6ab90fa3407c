import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import assets
from livevision.__main__ import main
from livevision.errors import OutputError, UsageError
from livevision.recognizers.signs.evaluation import signs
from livevision.recognizers.signs.evaluation.signs import (
    NO_HAND,
    NO_SIGN,
    NOTHING,
    Answer,
    Picture,
    Score,
)
from livevision.sources.pictures import read_picture

FRAMES = {"W": (50, 55), "L": (100, 105), "U": (120, 125), "B": (140, 145)}
"""Frames of the bundled clip and the letter they show."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DIR/<SOURCE>/<LETTER>/: frames of the bundled clip, as they are and mirrored."""
    root = tmp_path_factory.mktemp("pictures")
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames = []
    while (answer := capture.read())[0]:
        frames.append(answer[1])
    for letter, indices in FRAMES.items():
        for index in indices:
            for source, image in (("right", frames[index]), ("left", frames[index][:, ::-1])):
                save(root / source / letter / f"{index}.jpg", image)
    save(root / "right" / "J" / "still.jpg", frames[5])
    rng = np.random.default_rng(1)
    for index in range(3):
        noise = rng.integers(0, 256, (120, 160, 3), np.uint8)
        save(root / "right" / NOTHING / f"{index}.png", noise)
    (root / "right" / "B" / "notes.txt").write_text("no picture")
    return root


def save(path: Path, image: np.ndarray) -> None:  # type: ignore[type-arg]
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def answers(pairs: Sequence[tuple[str, str]], confidence: float = 0.9) -> list[Answer]:
    """(truth, answer) as answers."""
    return [
        Answer(Picture(Path(f"{i}.jpg"), "one", truth), label, confidence, 0.01)
        for i, (truth, label) in enumerate(pairs)
    ]


def test_both_layouts_are_understood(pictures: Path) -> None:
    both = list(signs.find(pictures))
    assert {each.source for each in both} == {"right", "left"}
    assert len(both) == 2 * 2 * len(FRAMES) + 3
    flat = list(signs.find(pictures / "left"))
    assert {each.source for each in flat} == {"left"}
    assert sorted({each.truth for each in flat}) == sorted(FRAMES)


def test_letters_that_move_are_passed_over(pictures: Path) -> None:
    assert "J" not in {each.truth for each in signs.find(pictures)}
    assert "J" in {each.truth for each in signs.find(pictures, moving=True)}


def test_folders_may_be_lower_case(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.PNG", np.zeros((4, 4, 3), np.uint8))
    (picture,) = signs.find(tmp_path)
    assert picture.truth == "A"


@pytest.mark.parametrize("made", [[], ["readme"], ["del/x.jpg"], ["A/"], ["_NOTHING/x.jpg"]])
def test_a_directory_without_letters_is_an_error(tmp_path: Path, made: list[str]) -> None:
    for name in made:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(b"")
    with pytest.raises(UsageError, match="named by letters"):
        list(signs.find(tmp_path))
    with pytest.raises(UsageError, match="no folder"):
        list(signs.find(tmp_path / "missing"))


def test_misses_count_as_wrong() -> None:
    signed = [("A", "A"), ("A", NO_HAND), ("A", NO_SIGN), ("A", "S"), ("S", "S")]
    nothing = [(NOTHING, NO_HAND), (NOTHING, NO_SIGN), (NOTHING, "S")]
    score = Score(answers([*signed, *nothing]))
    record = score.record()
    assert record["pictures"] == 5
    assert record["right"] == 2
    assert record["accuracy"] == 0.4
    assert record["no_hand"] == record["no_sign"] == 1
    assert record["per_letter"] == {"A": 0.25, "S": 1.0}
    assert record["precision"] == {"A": 1.0, "S": 0.5}
    assert record["f1"] == {"A": 0.4, "S": pytest.approx(2 / 3, abs=1e-4)}
    assert record["per_source"] == {"one": 0.4}
    assert record["confusion"] == {
        "A": {"A": 1, NO_HAND: 1, NO_SIGN: 1, "S": 1},
        "S": {"S": 1},
    }
    assert record["false_alarms"] == {"pictures": 3, "named": 1}
    assert record["ms_per_picture"] == pytest.approx(10.0)
    assert [each["answer"] for each in record["wrong"]] == [NO_HAND, NO_SIGN, "S"]


def test_a_letter_never_answered_has_a_precision_of_0() -> None:
    score = Score(answers([("A", "S"), ("S", "S")]))
    assert score.precision("A") == score.recall("A") == score.f1("A") == 0.0


@pytest.mark.parametrize(
    ("pairs", "confidence", "error"),
    [
        ([("A", "A")] * 9 + [("A", "B")], 0.9, 0.0),
        ([("A", "A")] * 5 + [("A", "B")] * 5, 0.9, 0.4),
        ([("A", "A")] * 10, 0.6, 0.4),
        ([("A", NO_HAND)], 0.0, 0.0),
    ],
)
def test_calibration_error(pairs: list[tuple[str, str]], confidence: float, error: float) -> None:
    assert Score(answers(pairs, confidence)).calibration_error() == pytest.approx(error)


def test_everything_from_pictures_to_report(
    pictures: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damaged = pictures / "left" / "B" / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8 not a picture")
    try:
        code = main(["evaluate", "signs", str(pictures), "--json", str(tmp_path / "out.json")])
    finally:
        damaged.unlink()
    assert code == 0
    assert f"{damaged}: not a picture" in caplog.text
    assert "of 16 right" in capsys.readouterr().out
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["pictures"] == 16
    assert content["unreadable"] == 1
    assert content["accuracy"] >= 0.9
    assert set(content["per_source"]) == {"left", "right"}
    assert content["false_alarms"] == {"pictures": 3, "named": 0}
    assert sum(sum(row.values()) for row in content["confusion"].values()) == 16
    matrix = cv2.imread(str(tmp_path / "out.png"))
    assert min(matrix.shape[:2]) > 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "out.png"]


@pytest.mark.long
def test_an_answer_does_not_depend_on_the_pictures_before(pictures: Path) -> None:
    from livevision import recognizers

    found = list(signs.find(pictures))
    model = recognizers.load("signs")

    def confidences(order: Sequence[Picture]) -> dict[Path, float]:
        images = ((each, read_picture(each.path)) for each in order)
        return {
            each.path: signs.read(model, each, image).confidence
            for each, image in images
            if image is not None
        }

    assert confidences(found) == confidences(found[::-1])


@pytest.mark.parametrize("target", ["missing/out.json", "."])
def test_an_impossible_report_is_refused_before_the_work(
    pictures: Path, tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["evaluate", "signs", str(pictures), "--json", str(tmp_path / target)])
    assert code == OutputError.exit_code
    assert "folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_errors_of_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "signs", str(tmp_path / "missing")]) == UsageError.exit_code
    assert "no folder" in capsys.readouterr().err
    assert main(["evaluate"]) == UsageError.exit_code


def test_hands_are_counted_by_source(pictures: Path, tmp_path: Path) -> None:
    boxes = pictures / "right" / "boxes.csv"
    boxes.write_text("file,letter,cx,cy,w,h\nW/50.jpg,W,0.1,0.1,0.1,0.1\n", encoding="utf-8")
    file = tmp_path / "hands.json"
    assert main(["evaluate", "hands", str(pictures), "--json", str(file)]) == 0
    boxes.unlink()
    sources = json.loads(file.read_text(encoding="utf-8"))["sources"]
    assert sources["right"]["right"] == 1.0
    assert sources["left"]["right"] == 0.0
    assert sources["left"]["found"] == sources["left"]["steady"] == 1.0
    assert sources["right"]["framed"] == 0.0, "the box given is elsewhere"
    assert sources["left"]["framed"] is None
    assert (sources["right"]["without_a_sign"], sources["right"]["hands_in_them"]) == (3, 0)
    assert main(["evaluate", "hands", str(pictures / "left" / "B"), "--no-hands"]) == 0
