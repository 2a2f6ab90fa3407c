"""The models of signs: on the bundled recordings, and with files that are not what they seem."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from livevision import assets
from livevision.digests import DIGESTS
from livevision.errors import ModelError, UsageError
from livevision.frame import Image
from livevision.locators.hands import Hand, HandLocator
from livevision.recognizers.signs.classifiers import LABELS, load_classifier
from livevision.recognizers.signs.prepare import LARGEST, prepare

MODELS = assets.folder("models") / "signs"
NAMES = ("cnn28", "landmarks", "fused")
CLIPS = ("jawsclub", "cloudy")


def held_letters(clip: str) -> Iterator[tuple[str, Image, Hand]]:
    """Each letter of a clip that stands still, in the middle of its time."""
    folder = assets.folder("recordings")
    truth = json.loads((folder / f"{clip}.json").read_text(encoding="utf-8"))
    capture = cv2.VideoCapture(str(folder / f"{clip}.mp4"))
    locator = HandLocator()
    for letter in truth["events"]:
        if letter["label"] in "JZ":
            continue
        capture.set(cv2.CAP_PROP_POS_MSEC, 500 * (letter["start"] + letter["end"]))
        image = np.asarray(capture.read()[1], np.uint8)
        locator.reset()
        yield letter["label"], image, locator.locate(image)[0]
    capture.release()


@pytest.fixture(scope="module")
def samples() -> list[tuple[str, Image, Hand]]:
    return [sample for clip in CLIPS for sample in held_letters(clip)]


@pytest.mark.parametrize("name", ["landmarks", "fused"])
def test_reads_the_recordings(name: str, samples: list[tuple[str, Image, Hand]]) -> None:
    classifier = load_classifier(name, MODELS)
    read = [
        LABELS[classifier.classify(image, hand).probabilities.argmax()]
        for _, image, hand in samples
    ]
    truth = [letter for letter, _, _ in samples]
    assert sum(a == b for a, b in zip(read, truth, strict=True)) >= len(truth) - 1, (read, truth)


@pytest.mark.parametrize("name", NAMES)
def test_a_reading_is_a_distribution(name: str, samples: list[tuple[str, Image, Hand]]) -> None:
    classifier = load_classifier(name, MODELS)
    for _, image, hand in samples[::3]:
        reading = classifier.classify(image, hand)
        chances = dict(zip(LABELS, reading.probabilities, strict=True))
        assert reading.probabilities.dtype == np.float32
        assert reading.probabilities.min() >= 0
        assert sum(chances.values()) == pytest.approx(1, abs=1e-4)
        assert chances["J"] == chances["Z"] == 0
        steps = dict(reading.stages)
        assert list(steps) == ["crop", "denoise", "normalize", "grayscale", "downscale"]
        assert steps["downscale"].shape == (28, 28)


@pytest.mark.parametrize("name", ["landmarks", "fused"])
def test_several_looks_give_one_answer(name: str, samples: list[tuple[str, Image, Hand]]) -> None:
    classifier = load_classifier(name, MODELS)
    (_, image, hand), (_, _, other) = samples[:2]
    alone = replace(hand, again=())
    first, second = (
        classifier.classify(image, replace(each, again=())).probabilities for each in (hand, other)
    )
    assert first.argmax() != second.argmax()
    both = classifier.classify(image, replace(alone, again=(other,))).probabilities
    product = np.sqrt(np.maximum(first, 1e-9) * np.maximum(second, 1e-9))
    np.testing.assert_allclose(both, product / product.sum(), atol=1e-3)
    thrice = classifier.classify(image, replace(alone, again=(alone, alone))).probabilities
    np.testing.assert_allclose(thrice, first, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_mirrored_picture_reads_the_same(
    name: str, samples: list[tuple[str, Image, Hand]]
) -> None:
    classifier = load_classifier(name, MODELS)
    locator = HandLocator()
    same = 0
    for _, image, hand in samples:
        locator.reset()
        mirrored = np.ascontiguousarray(image[:, ::-1])
        other = locator.locate(mirrored)[0]
        assert other.right is not hand.right
        here = classifier.classify(image, hand).probabilities.argmax()
        same += here == classifier.classify(mirrored, other).probabilities.argmax()
    # a box that is a pixel wider is another picture to the story's network
    assert same >= (len(samples) / 2 if name == "cnn28" else len(samples) - 1)


def test_crops_are_square_and_bounded_wherever_the_hand_is() -> None:
    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    from livevision.frame import Box

    for box in (
        Box(10, 10, 90, 50),
        Box(-300, -300, 900, 700),
        Box(700, 500, 760, 540),
        Box(0, 0, 1, 1),
    ):
        steps = dict(prepare(image, box, right=True))
        height, width = steps["crop"].shape[:2]
        assert height == width <= LARGEST
        assert steps["downscale"].shape == (28, 28)
    right, left = (
        dict(prepare(image, Box(50, 60, 150, 160), right=side)) for side in (True, False)
    )
    np.testing.assert_array_equal(right["crop"], left["crop"][:, ::-1])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="cnn28, landmarks, fused"):
        load_classifier("bert", MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_and_missing_models_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_classifier(name, tmp_path)
    models = tmp_path / "copy"
    shutil.copytree(MODELS, models)
    file = models / f"{name}.tflite"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="checksum"):
        load_classifier(name, models)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fused.tflite").write_bytes(b"nothing of the kind")
    assets.write_checksums(tmp_path)
    with pytest.raises(ModelError, match="Train it anew"):
        load_classifier("fused", tmp_path)


def test_models_are_small() -> None:
    assert sum(path.stat().st_size for path in MODELS.glob("*.tflite")) < 10e6
    for path in (MODELS / "cnn28.keras", MODELS / "cnn28.tflite"):
        assert path.stat().st_size < 2e6


def test_tensorflow_stays_away() -> None:
    code = (
        "import sys\n"
        "from livevision import recognizers\n"
        "recognizers.session('signs').close()\n"
        "assert not any(name.split('.')[0] in ('tensorflow', 'keras') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_bundled_model_that_was_exchanged_with_its_checksum_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SHA256SUMS lies beside the models: whoever can change these can change that."""
    models = tmp_path / "models"
    shutil.copytree(MODELS, models / "signs")
    monkeypatch.setattr(assets, "folder", lambda name: tmp_path / name)
    assets.verified(models / "signs" / "cnn28.tflite")
    other = models / "signs" / "landmarks.tflite"
    other.write_bytes((models / "signs" / "cnn28.tflite").read_bytes())
    assets.write_checksums(models / "signs")
    with pytest.raises(ModelError, match="not the one that this version came with"):
        assets.verified(other)


def test_the_digests_in_the_code_are_those_of_the_models() -> None:
    for name, digest in DIGESTS.items():
        assert assets.digest(MODELS.parent / name) == digest, "python scripts/digests.py"
