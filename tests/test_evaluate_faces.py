"""The measurements of naming, on faces that come with the dependencies."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import demo
from livevision.__main__ import main
from livevision.frame import Image
from livevision.recognizers.faces import CLASSIC
from livevision.recognizers.faces.evaluation import faces, pairs


def save(path: Path, image: Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def varied(image: Image, seed: int) -> Image:
    """Another photo, as it were, of the same person."""
    chance = np.random.default_rng(seed)
    turn = cv2.getRotationMatrix2D((224, 160), chance.uniform(-8, 8), chance.uniform(0.7, 1.0))
    turned = cv2.warpAffine(image, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.convertScaleAbs(turned, alpha=chance.uniform(0.7, 1.1)), np.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("faces")
    for seed in range(2):
        save(root / f"gallery/Collins/{seed}.png", varied(demo.astronaut(), seed))
        save(root / f"probes/Collins/{seed}.png", varied(demo.astronaut(), 10 + seed))
        save(root / f"strangers/{seed}.png", varied(demo.hopper(), 20 + seed))
    save(root / "probes/Collins/nobody.png", np.full((300, 300, 3), 90, np.uint8))
    (root / "probes/Collins/rubbish.png").write_bytes(b"rubbish")
    return root


def test_evaluate_faces_counts_every_answer(folders: Path, tmp_path: Path) -> None:
    file, curve = tmp_path / "faces.json", tmp_path / "curve.png"
    words = ["--gallery", "gallery", "--probes", "probes", "--strangers", "strangers"]
    words = [str(folders / word) if not word.startswith("--") else word for word in words]
    assert main(["evaluate", "faces", *words, "--json", str(file), "--curve", str(curve)]) == 0
    result = json.loads(file.read_text())
    assert (result["probes"], result["right"], result["wrong_name"]) == (3, 2, 0)
    assert (result["unknown"], result["no_face"]) == (0, 1)
    assert (result["strangers"], result["strangers_named"], result["unreadable"]) == (2, 0, 1)
    assert 0.9 < result["threshold"] < 0.96
    assert result["fnir_at_fpir"] == {"0.01": pytest.approx(1 / 3, abs=1e-4), "0.00333": 0.33333}
    low, high = result["intervals_95"]["right"]
    assert low < 2 / 3 < high
    assert cv2.imread(str(curve)) is not None


def test_json_on_the_screen_is_json_alone(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(folders / "gallery")
    words = ["--gallery", place, "--probes", place, "--strangers", str(folders / "strangers")]
    assert main(["evaluate", "faces", *words, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["right"] == 2


def test_share_of_strangers_sets_the_bar() -> None:
    strangers = np.linspace(0, 1, 301)[:300]
    scores = faces.Scores(np.array([0.5, 0.9905, 0.9955, 1.0]), np.ones(4, bool), strangers)
    assert scores.missed(0.01) == 0.25  # three of 300 may be named
    assert scores.missed(0.00333) == 0.5  # one may
    scores.right[3] = False
    assert scores.missed(0.00333) == 0.75


def test_wilson_interval_is_that_of_the_books() -> None:
    assert faces.interval(8, 10) == [pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3)]
    assert faces.interval(0, 0) == [0.0, 1.0]


def test_clips_are_followed(folders: Path, tmp_path: Path) -> None:
    for name, portrait in (("collins.mp4", demo.astronaut()), ("hopper.mp4", demo.hopper())):
        writer = cv2.VideoWriter(
            str(tmp_path / name), cv2.VideoWriter.fourcc(*"mp4v"), 10, (512, 512)
        )
        for step in range(15):
            writer.write(np.roll(portrait[:512], 2 * step, axis=1))
        writer.release()
    truth = tmp_path / "truth.csv"
    truth.write_text("file,person,photos_folder\ncollins.mp4,x,Collins\nhopper.mp4,y,\n")
    file = tmp_path / "clips.json"
    words = ["--gallery", str(folders / "gallery"), "--clips", str(tmp_path), "--truth", str(truth)]
    assert main(["evaluate", "faces", *words, "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert (result["clips_right"], result["of"]) == (2, 2)
    (named,), (stranger,) = (clip["tracks"] for clip in result["clips"])
    assert named["name"] == "Collins"
    assert 0 <= named["seconds_until_named"] < 0.7
    assert named["share_named"] > 0.5
    assert stranger["name"] == "unknown"
    assert stranger["seconds_until_named"] is None


@pytest.mark.parametrize("words", [[], ["--gallery", "x"], ["--clips", "x"]])
def test_missing_folders_are_usage_errors(words: list[str]) -> None:
    assert main(["evaluate", "faces", *words]) == 2


def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    for words in (["faces"], ["pairs", str(tmp_path / "pairs.csv")]):
        (tmp_path / "pairs.csv").write_text("file_a,file_b,same\na,a,1\na,a,0\n")
        (tmp_path / "a").touch()
        assert main(["evaluate", *words, "--json", str(tmp_path / "none" / "x.json")]) == 6
        assert main(["evaluate", *words, "--curve", str(tmp_path)]) == 6


def test_probes_of_people_not_enrolled_are_refused(folders: Path) -> None:
    words = ["--gallery", "gallery", "--probes", "", "--strangers", "strangers"]
    words = [str(folders / word) if not word.startswith("--") else word for word in words]
    assert main(["evaluate", "faces", *words]) == 2


# --- pairs


@pytest.fixture
def pairs_file(folders: Path, tmp_path: Path) -> Path:
    a, b = folders / "gallery/Collins/0.png", folders / "probes/Collins/0.png"
    c, nobody = folders / "strangers/0.png", folders / "probes/Collins/nobody.png"
    file = tmp_path / "pairs.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file_a", "file_b", "same", "fold"])
        for fold in (1, 2):
            writer.writerows([(a, b, 1, fold), (a, c, 0, fold), (c, b, 0, fold)])
        writer.writerow([a, nobody, 0, 2])
        writer.writerow([a, nobody.with_name("rubbish.png"), 1, 2])
    return file


@pytest.mark.parametrize("more", [[], ["--plain"]])
def test_evaluate_pairs(pairs_file: Path, tmp_path: Path, more: list[str]) -> None:
    file, curve = tmp_path / "pairs.json", tmp_path / "roc.png"
    words = [str(pairs_file), "--json", str(file), "--curve", str(curve), *more]
    assert main(["evaluate", "pairs", *words]) == 0
    result = json.loads(file.read_text())
    assert result["pairs"] == 7
    assert (result["no_face"], result["unreadable"]) == (1, 1)
    assert result["accuracy"] == pytest.approx((1 + 3 / 4) / 2)  # no face counts as wrong
    assert result["std"] == pytest.approx(0.125)
    assert cv2.imread(str(curve)) is not None


def test_threshold_of_a_fold_comes_from_the_others() -> None:
    def pair(same: bool, fold: str) -> pairs.Pair:
        return pairs.Pair(Path(), Path(), same, fold)

    listed = [pair(True, "1"), pair(False, "1"), pair(True, "2"), pair(False, "2")]
    result = pairs.measure(listed, np.array([0.9, 0.8, 0.5, 0.4]))
    assert result["accuracy"] == 0.5  # 0.45 is too low for the first, 0.85 too high for the second
    single = pairs.measure([pair(each.same, "") for each in listed[:2]], np.array([0.9, 0.8]))
    assert single["accuracy"] == 1.0
    assert single["threshold"] == pytest.approx(0.85)


def test_best_threshold_makes_the_fewest_errors() -> None:
    chance = np.random.default_rng(0)
    for _ in range(20):
        same = chance.random(40) < 0.5
        scores = chance.normal(size=40) + same
        threshold = pairs.best_threshold(same, scores)
        errors = np.sum((scores >= threshold) != same)
        every = [np.sum((scores >= bar) != same) for bar in [*scores, scores.max() + 1]]
        assert errors == min(every)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "file_a,file_b,same\nx.png,y.png,1\n"])
def test_files_that_are_no_pairs_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    assert main(["evaluate", "pairs", str(file)]) == 2


@pytest.mark.parametrize("model", CLASSIC)
def test_classic_models_for_comparison(folders: Path, tmp_path: Path, model: str) -> None:
    for seed in range(2):
        save(tmp_path / f"gallery/Collins/{seed}.png", varied(demo.astronaut(), seed))
        save(tmp_path / f"gallery/Hopper/{seed}.png", varied(demo.hopper(), seed))
    file = tmp_path / "classic.json"
    words = ["--gallery", str(tmp_path / "gallery"), "--probes", str(folders / "probes")]
    words += ["--strangers", str(folders / "strangers"), "--json", str(file)]
    assert main(["evaluate", "faces", "--faces-model", model, *words]) == 0
    result = json.loads(file.read_text())
    assert result["model"] == model
    assert (result["probes"], result["nearest_is_right"]) == (3, 2)
