"""The programs in `examples`, as a reader would run them."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from livevision import assets
from livevision.sources.recording import Recording

EXAMPLES = Path(__file__).parents[1] / "examples"
CLIP = assets.folder("recordings") / "cloudy.mp4"


def run(name: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *words],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["read_a_clip.py", "many_clips.py", "pushed_frames.py"])
def test_a_clip_is_read(name: str) -> None:
    assert run(name, str(CLIP)).splitlines()[-1].endswith("CLOUDY")


def test_an_own_sink_counts_hands() -> None:
    assert "1 hands: " in run("own_sink.py", str(CLIP))


def test_photos_are_read(tmp_path: Path) -> None:
    with Recording(CLIP) as clip:
        image = next(frame.image for frame in clip if frame.time > 1.6)
    photo = tmp_path / "photo.jpg"
    cv2.imwrite(str(photo), image)
    assert "hand L" in run("read_photos.py", str(photo))


def test_all_examples_are_listed_and_run() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    source = Path(__file__).read_text(encoding="utf-8")
    for program in EXAMPLES.glob("*.py"):
        assert program.name in listed
        assert program.name in source
