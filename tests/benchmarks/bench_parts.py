"""The parts by themselves; not in the suite, because a figure is no test.

Run with: pytest tests/benchmarks/bench_parts.py
"""

from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from livevision import assets
from livevision.benchmark.scenes import Scene
from livevision.frame import Detection, Frame, Image, Result, Stats
from livevision.locators.faces import FaceLocator
from livevision.locators.hands import Hand, HandLocator
from livevision.recognizers.faces.embedding import FaceReader, views
from livevision.recognizers.faces.gallery import EnrolledFace
from livevision.recognizers.faces.matching import Matcher
from livevision.recognizers.signs.classifiers import load_classifier
from livevision.recognizers.signs.prepare import prepare
from livevision.sinks.overlay import Look, annotate
from livevision.sources.recording import Recording

SIZES = [(640, 480), (1280, 720)]


def shown(size: tuple[int, int] = (640, 480), hands: int = 1) -> Image:
    *_, image = Scene(size, hands).images(fps=30, count=60)
    return image


def hand_in(image: Image) -> Hand:
    """As in any frame but the first, whose hands are looked at again."""
    return replace(HandLocator().locate(image)[0], again=())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("hands", [1, 2])
def test_hands(benchmark: BenchmarkFixture, size: tuple[int, int], hands: int) -> None:
    image, locator, frames = shown(size, hands), HandLocator(), count()
    found = benchmark(lambda: locator.locate(image, next(frames) / 30))
    assert len(found) == hands


@pytest.mark.parametrize("size", SIZES)
def test_faces(benchmark: BenchmarkFixture, size: tuple[int, int]) -> None:
    image, locator = shown(size), FaceLocator()
    assert len(benchmark(locator.locate, image)) == 1


def test_align_face(benchmark: BenchmarkFixture) -> None:
    image, reader = shown(), FaceReader()
    face = reader.locator.locate(image)[0]
    assert benchmark(reader.aligner.pose, image, face).quality > 0.1


def test_embed_face(benchmark: BenchmarkFixture) -> None:
    image, reader = shown(), FaceReader()
    pose = reader.aligner.pose(image, reader.locator.locate(image)[0])
    chips = views(image, pose)
    assert benchmark(reader.embed, chips).shape == (128,)


@pytest.mark.parametrize("people", [10, 1_000, 10_000])
def test_name_face(benchmark: BenchmarkFixture, people: int) -> None:
    # random directions: what a search costs does not depend on whom it is among
    vectors = np.random.default_rng(0).normal(size=(people, 128)).astype(np.float32)
    now = datetime(2026, 1, 1)
    matcher = Matcher(
        [EnrolledFace(n, n, str(n), each, 1.0, "photo", now) for n, each in enumerate(vectors)]
    )
    assert benchmark(matcher.match, vectors[people // 2]).name == str(people // 2)


@pytest.mark.parametrize("model", ["cnn28", "landmarks", "fused"])
def test_classify(benchmark: BenchmarkFixture, model: str) -> None:
    image = shown()
    classifier = load_classifier(model, assets.folder("models") / "signs")
    reading = benchmark(classifier.classify, image, hand_in(image))
    assert reading.probabilities.sum() == pytest.approx(1.0, abs=1e-3)


def test_stages(benchmark: BenchmarkFixture) -> None:
    image = shown()
    hand = hand_in(image)
    steps = benchmark(prepare, image, hand.box, right=hand.right)
    assert steps[-1][1].shape == (28, 28)


@pytest.mark.parametrize("size", SIZES)
def test_overlay(benchmark: BenchmarkFixture, size: tuple[int, int]) -> None:
    image = shown(size)
    hand, face = hand_in(image), FaceLocator().locate(image)[0]
    found = (
        Detection("hand", hand.box, "A", 0.97, 1, hand.landmarks),
        Detection("face", face.box, "Zoë Müller", 0.99, 1, face.keypoints),
    )
    result = Result(Frame(image, 0, 0.0), found, text="HELLO", stats=Stats(30.0, 0.012, 0))
    assert benchmark(annotate, result, Look()).shape == image.shape


@pytest.mark.parametrize("size", SIZES)
def test_decode(benchmark: BenchmarkFixture, size: tuple[int, int], tmp_path: Path) -> None:
    """Thirty frames at once."""
    clip = Scene(size).write(tmp_path / "c.mp4", fps=30, seconds=1.0)

    def decode() -> int:
        with Recording(clip) as recording:
            return len(list(recording))

    assert benchmark(decode) == 30
