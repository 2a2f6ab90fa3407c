"""The demo's pictures: a signing hand beside a moving portrait, then a scene for each recogniser.

The hand is one of the bundled recordings. The portraits come with the dependencies: scikit-image's
astronaut (Eileen Collins, NASA, public domain), who is enrolled, and matplotlib's sample portrait
(Grace Hopper, US Navy, public domain), who is the stranger. No picture of them is part of
livevision. Scenes are made by the recognisers' `showing` modules.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from livevision import pictures
from livevision.errors import SourceError
from livevision.frame import Findings, Frame, Image
from livevision.recognizers.recognizer import Session
from livevision.sources import Source

ENROLLED = "Eileen Collins"
_STRIP = 320
"""Width of the portrait's part of the picture, in pixels."""
_FACE = 130.0
"""About how wide the head is shown, in pixels."""


def astronaut() -> Image:
    """scikit-image's portrait of Eileen Collins: (512, 512, 3) BGR."""
    import skimage.data

    image = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(image[:, :, ::-1])


def hopper() -> Image:
    """matplotlib's portrait of Grace Hopper: (600, 512, 3) BGR; SourceError if it is missing."""
    import matplotlib

    file = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    image = cv2.imread(str(file))
    if image is None:
        raise SourceError(f"{file} is missing. Install livevision again.")
    return np.asarray(image, np.uint8)


_SLIDE = 0.6
"""Seconds in which one portrait makes room for the next."""


class Portraits:
    """Portraits that drift, nod and come nearer, one after the other."""

    def __init__(self, size: tuple[int, int] = (_STRIP, 480), *, change: float = 6.0) -> None:
        """`size` is (width, height) in pixels; `change` the seconds that each one stays."""
        self._size = size
        self._change = change
        # centre of the face and its width, in pixels of the portrait
        self._pictures = [(astronaut(), (224.0, 115.0), 110.0), (hopper(), (256.0, 190.0), 190.0)]

    def draw(self, time: float) -> Image:
        """The picture at `time` seconds: (height, width, 3) BGR."""
        turn, phase = divmod(time, self._change)
        picture = self._posed(int(turn), time)
        left = phase - (self._change - _SLIDE)
        if left <= 0:
            return picture
        # the next one pushes this one out
        width = self._size[0]
        both = np.hstack([picture, self._posed(int(turn) + 1, time)])
        begin = round(width * left / _SLIDE)
        return np.ascontiguousarray(both[:, begin : begin + width])

    def _posed(self, number: int, time: float) -> Image:
        width, height = self._size
        image, (x, y), face = self._pictures[number % len(self._pictures)]
        scale = _FACE * height / 480 / face * (1 + 0.12 * math.sin(0.9 * time))
        turn = cv2.getRotationMatrix2D((x, y), 4 * math.sin(1.3 * time), scale)
        turn[0, 2] += width / 2 - x + 0.07 * width * math.sin(1.1 * time)
        turn[1, 2] += 0.42 * height - y + 0.04 * height * math.sin(0.7 * time)
        drawn = cv2.warpAffine(
            image, turn, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(drawn, np.uint8)


SIZE = (960, 480)
"""Width and height of the demo's pictures, in pixels."""
FPS = 15.0
"""Pictures a second of a scene."""
_WALL = (90, 90, 90)
"""BGR of what is beside a scene that is narrower than the picture."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Pictures that show one recogniser, and that only it looks at, `FPS` a second."""

    pictures: Callable[[], Iterator[Image]]
    """Makes them, from the first one on: (height, width, 3) BGR, all of one size, any size."""
    commands: tuple[tuple[float, str], ...] = ()
    """Seconds of the scene, and the commands that the user would give then."""


class Demo(Source):
    """Every frame of the recordings `clips` in turn, beside a portrait; then every scene."""

    name = "demo"

    def __init__(self, clips: Sequence[Source], scenes: "dict[str, Scene] | None" = None) -> None:
        """`scenes` by the name of their recogniser."""
        self._clips = clips
        self._scenes = scenes or {}
        self._portraits = Portraits()
        self._open: Source | None = None
        self._frames: Iterator[tuple[float, Image]] = iter(())
        self._whose: list[tuple[int, str, float]] = []
        """First frame of each clip or scene, the scene's name, and its time in seconds."""
        self._index = 0

    def __enter__(self) -> Self:
        self._whose, self._index = [], 0
        frames = self._all()
        first = list(islice(frames, 1))  # a clip that cannot be opened is told now
        self._frames = chain(first, frames)
        return self

    def read(self) -> Frame | None:
        for time, image in self._frames:
            image.flags.writeable = False
            self._index += 1
            return Frame(image, self._index - 1, time)
        return None

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def whose(self, frame: Frame) -> tuple[str, float]:
        """The name of the scene that a frame is of, "" if of none, and its time in there."""
        for first, name, begin in reversed(self._whose):
            if frame.index >= first:
                return name, frame.time - begin
        return "", frame.time

    def _all(self) -> Iterator[tuple[float, Image]]:
        """Times and pictures."""
        last, step = 0.0, 0.0
        for name, frames in self._parts():
            begin = last + step
            self._whose.append((self._index, name, begin))
            for time, image in frames:
                if self._index:
                    step = begin + time - last
                last = begin + time
                yield last, image

    def _parts(self) -> Iterator[tuple[str, Iterator[tuple[float, Image]]]]:
        for clip in self._clips:
            yield "", self._beside_portrait(clip)
        for name, scene in self._scenes.items():
            yield name, ((at / FPS, fitted(each)) for at, each in enumerate(scene.pictures()))

    def _beside_portrait(self, clip: Source) -> Iterator[tuple[float, Image]]:
        before = self._whose[-1][2]
        self._open = clip
        clip.__enter__()
        while (frame := clip.read()) is not None:
            hand = cv2.resize(frame.image, (640, 480), interpolation=cv2.INTER_AREA)
            portrait = self._portraits.draw(before + frame.time)
            yield frame.time, np.asarray(np.hstack([hand, portrait]), np.uint8)
        self.close()


def recorded(name: str) -> Iterator[Image]:
    """The pictures of a bundled clip; `FPS` a second, as all of them."""
    from livevision import assets
    from livevision.sources.recording import Recording

    with Recording(assets.folder("recordings") / name) as clip:
        while (frame := clip.read()) is not None:
            yield frame.image


def fitted(image: Image) -> Image:
    """A picture as large as it can be in the demo's, in the middle."""
    return pictures.fitted(image, SIZE, _WALL)


class OwnScene(Session):
    """Shows a recogniser its own scene alone; what was pending is told when that ends."""

    def __init__(self, session: Session, scene: Scene, demo: Demo) -> None:
        self.name, self.patience = session.name, session.patience
        self._session = session
        self._demo = demo
        self._commands = list(scene.commands)
        self._state = "before"

    def recognize(self, frame: Frame) -> Findings:
        name, time = self._demo.whose(frame)
        if name != self.name:
            return self.finish()
        self._state = "in"
        while self._commands and time >= self._commands[0][0]:
            self._session.command(self._commands.pop(0)[1])
        return self._session.recognize(frame)

    def finish(self) -> Findings:
        if self._state != "in":
            return Findings()
        self._state = "after"
        return self._session.finish()

    def command(self, name: str) -> None:
        self._session.command(name)

    def close(self) -> None:
        self._session.close()
