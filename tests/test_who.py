"""Lists of who is in photos, and folders of people."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import livevision
from livevision import demo
from livevision.__main__ import main
from livevision.errors import SourceError
from livevision.recognizers.faces.enrolment import load_people
from livevision.recognizers.faces.gallery import Gallery


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    for name in ("known", "party"):
        (tmp_path / name).mkdir()
    save(tmp_path / "known" / "Eileen_Collins.png", demo.astronaut())
    both = np.hstack([demo.astronaut(), demo.hopper()[:512]])
    save(tmp_path / "party" / "both.png", both)
    save(tmp_path / "party" / "side.png", np.rot90(demo.astronaut(), 1))
    save(tmp_path / "party" / "nobody.png", np.full((200, 300, 3), 80, np.uint8))
    return tmp_path


def save(path: Path, image: NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_who_is_in_photos(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["faces", "who", str(home / "party"), "--known", str(home / "known")]
    assert main(words) == 0
    found = rows(capsys.readouterr().out)
    assert [(Path(row["file"]).name, row["name"]) for row in found] == [
        ("both.png", "unknown"),
        ("both.png", "Eileen Collins"),
        ("nobody.png", ""),
        ("side.png", "Eileen Collins"),
    ]
    left, top, right, bottom = (int(edge) for edge in found[1]["box"].split())
    assert 150 < left < right < 300
    assert 60 < top < bottom < 200
    sideways = [int(edge) for edge in found[3]["box"].split()]
    assert sideways[1] > 200  # lower in a picture that was turned to the left
    assert float(found[1]["confidence"]) > 0.8
    assert not (home / "data").exists()
    assert main([*words, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == ["unknown", "Eileen Collins", None, "Eileen Collins"]
    assert lines[1]["box"] == [left, top, right, bottom]
    assert lines[2]["box"] is None


def test_photos_that_cannot_be_read_are_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faces", "add", "Zoë", str(home / "known")]) == 0
    capsys.readouterr()
    (home / "bad.jpg").write_bytes(b"rubbish")
    assert main(["faces", "who", str(home / "bad.jpg"), str(home / "party" / "side.png")]) == 5
    out, told = capsys.readouterr()
    assert [row["name"] for row in rows(out)] == ["Zoë"]
    assert "bad.jpg: not a picture" in told
    assert main(["faces", "who", str(home / "bad.jpg"), "--known", str(home / "party")]) == 5


def test_folders_that_come_to_one_name_are_one_person(tmp_path: Path) -> None:
    names = ["Zoe_M", "Zoe M", "Zoë", "Zoe\u0308", ".thumbnails", "Ada", "empty", "unknown"]
    for number, name in enumerate(names):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / f"{number}.jpg").touch()
    (tmp_path / "Ada" / "._5.jpg").touch()
    (tmp_path / "Ada" / "IMG_1.HEIC").touch()
    (tmp_path / "Ada" / "notes.txt").touch()
    (tmp_path / "Ada" / "2019").mkdir()
    tree = load_people(tmp_path)
    assert {name: len(photos) for name, photos in tree.people.items()} == {
        "Ada": 2,
        "Zoe M": 2,
        "Zoë": 2,
    }
    told = "\n".join(tree.remarks)
    assert told.count("are one name") == 2
    assert "notes.txt" in told
    assert "2019" in told
    assert len(tree.refused) == 2


def test_one_photo_counts_once_and_one_person_under_two_names_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = home / "known" / "Eileen_Collins.png"
    again = save(home / "again.png", demo.astronaut())
    assert main(["faces", "add", "Eileen", str(photo), str(again)]) == 0
    assert "1 photo added (1 there already), 1 in all" in capsys.readouterr().out
    assert main(["faces", "add", "Eileen", str(photo), "--note", "x"]) == 0
    assert "0 photos added (1 there already), 1 in all" in capsys.readouterr().out
    assert main(["faces", "list"]) == 0
    assert "1 person is enrolled" in capsys.readouterr().out
    brighter = save(home / "brighter.png", cv2.convertScaleAbs(demo.astronaut(), alpha=1.1))
    assert main(["faces", "add", "Zoë", str(brighter)]) == 0
    assert "Zoë looks like Eileen" in capsys.readouterr().err
    with Gallery() as gallery:
        assert gallery.person("Eileen").note == "x"
        assert len(gallery.people()) == 2


def test_one_picture_is_read_from_an_array_or_a_file(tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 127, np.uint8))
    assert livevision.read(str(picture)).frame.file == "grey.png"
    assert livevision.read(np.full((64, 64, 3), 127, np.uint8)).detections == ()
    grey = demo.astronaut()[..., 1]
    assert [each.kind for each in livevision.read(grey, ["signs", "faces"]).detections] == ["face"]
    picture.write_bytes(b"none")
    for bad in (picture, tmp_path / "none.jpg"):
        with pytest.raises(SourceError):
            livevision.read(bad)
    transparent, flat = np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 1), np.uint8)
    nothing = np.zeros((0, 0, 3), np.uint8)
    for other in (None, 3, np.zeros((4, 4)), nothing, transparent, flat, np.zeros(9, np.uint8)):
        with pytest.raises(ValueError, match="no picture"):
            livevision.read(other)  # type: ignore[arg-type]
