"""Whether the picture stalls when faces appear: a new one every second, and none, by turns.

usage: python tests/benchmarks/entering.py [--passes N] [--seconds S]

Both clips show the same signing hand at 640x480; in one of them an enrolled person and a stranger
enter by turns, at changing places, for 0.7 of every second. Each is played at its own pace through
the whole program (signs, faces, overlay). The time of a picture is from when the source's clock had
it due until it was drawn.
"""

import argparse
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np

from livevision.benchmark import measures, scenes
from livevision.benchmark.scenes import Scene
from livevision.demo import astronaut, hopper
from livevision.frame import Image
from livevision.sources import open_source

SIZE = (640, 480)
FPS = 25
SHARES = (50, 95, 99)


def pictures(seconds: int, *, faces: bool) -> Iterator[Image]:
    """The hand on the left; on the right faces that come and go, or a wall."""
    left, right = SIZE[0] // 2, SIZE[0]
    sides = astronaut()[0:300, 90:390], hopper()[20:420, 60:460]
    portraits = [cv2.resize(side, (right - left, right - left)) for side in sides]
    for index, image in enumerate(Scene(SIZE).images(fps=FPS, count=seconds * FPS)):
        second, part = divmod(index, FPS)
        image[:, left:] = 127
        if faces and part < 0.7 * FPS:
            portrait = portraits[second % 2]
            top = (0, SIZE[1] - len(portrait))[second // 2 % 2]
            image[top : top + len(portrait), left:] = portrait
        yield image


def write(path: Path, seconds: int, *, faces: bool) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for image in pictures(seconds, faces=faces):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gallery = Path(folder) / "gallery.sqlite"
        person = scenes.enrol(gallery)
        clips = {
            faces: write(Path(folder) / f"{faces}.mp4", options.seconds, faces=faces)
            for faces in (False, True)
        }
        spent: dict[bool, list[list[float]]] = {False: [], True: []}
        for number in range(options.passes):
            for faces in (False, True) if number % 2 else (True, False):
                source = open_source(str(clips[faces]), realtime=True)
                _, screen = measures.play(source, gallery, live=True)
                spent[faces].append(screen.latencies[FPS:])  # the first second loads and warms up
                if faces and not screen.named(person):
                    raise SystemExit("The person who enters was never named.")
    told = {}
    for faces, words in ((False, "no face"), (True, "a face every second")):
        told[faces] = np.percentile(list(chain(*spent[faces])), SHARES) * 1000
        figures = ", ".join(f"p{s} {ms:.1f} ms" for s, ms in zip(SHARES, told[faces], strict=True))
        print(f"{words:20s} {figures}")
    more = 100 * (told[True] / told[False] - 1)
    print(
        "more                 "
        + ", ".join(f"p{s} {m:+.0f} %" for s, m in zip(SHARES, more, strict=True))
    )
    pairs = zip(spent[True], spent[False], strict=True)
    ratios = [np.percentile(a, SHARES) / np.percentile(b, SHARES) for a, b in pairs]
    medians = 100 * (np.median(ratios, axis=0) - 1)
    print(
        "median of the passes "
        + ", ".join(f"p{s} {m:+.0f} %" for s, m in zip(SHARES, medians, strict=True))
    )


if __name__ == "__main__":
    main()
