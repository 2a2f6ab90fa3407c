"""Clips to measure with, put together when they are needed: signing hands and moving portraits.

Hands are those of a bundled recording, portraits those of the demo; the second hand is the first
one's mirror image half a recording later, the third face the first one's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np

from livevision import assets
from livevision.demo import ENROLLED, Portraits, astronaut
from livevision.frame import Box, Frame, Image
from livevision.sources.recording import Recording

RECORDING = "jawsclub.mp4"
_MIDDLE = 300 / 640
"""Where the hand is in the recording, in its widths."""
_HOURS = 3600.0
"""Seconds for which a portrait stays: for good."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a clip shows."""

    size: tuple[int, int]
    """(width, height) in pixels."""
    hands: int = 1
    faces: int = 1
    enters: float = 0.0
    """Seconds until the faces appear."""

    @property
    def name(self) -> str:
        hands = "1 hand" if self.hands == 1 else f"{self.hands} hands"
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        return f"{self.size[0]}x{self.size[1]}, {hands}, {faces}"

    def images(self, *, fps: float, count: int) -> Iterator[Image]:
        """`count` pictures, (height, width, 3) BGR, `fps` of them a second."""
        with Recording(assets.folder("recordings") / RECORDING) as recording:
            hands = list(recording)
        hand_cells, face_cells = self._cells()
        portraits = [Portraits((cell.width, cell.height), change=_HOURS) for cell in face_cells]
        for index in range(count):
            time = index / fps
            image = np.empty((self.size[1], self.size[0], 3), np.uint8)
            for number, cell in enumerate(hand_cells):
                drawn = _hand(hands, time, cell, other=number % 2 == 1)
                image[cell.top : cell.bottom, cell.left : cell.right] = drawn
            for number, (cell, portrait) in enumerate(zip(face_cells, portraits, strict=True)):
                part = image[cell.top : cell.bottom, cell.left : cell.right]
                if time < self.enters:
                    part[:] = 127
                    continue
                drawn = portrait.draw(time + _HOURS * number)
                part[:] = drawn[:, ::-1] if number >= 2 else drawn
            yield image

    def write(self, path: Path, *, fps: int, seconds: float) -> Path:
        """The scene as a video file; `path` again."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
            stream.width, stream.height = self.size
            stream.pix_fmt = "yuv420p"
            for image in self.images(fps=fps, count=round(fps * seconds)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            container.mux(stream.encode(None))
        return path

    def _cells(self) -> tuple[list[Box], list[Box]]:
        """Where the hands are and where the faces."""
        width, height = self.size
        if self.hands == self.faces == 1:  # as somebody sits before a camera, signing beside
            return [Box(0, 0, width // 2, height)], [Box(width // 2, 0, width, height)]
        edge = height * 9 // 20
        faces = _columns(width, self.faces)
        return (
            [Box(left, edge, right, height) for left, right in _columns(width, self.hands)],
            [Box(left, 0, right, edge) for left, right in faces],
        )


def images(path: Path, count: int | None = None) -> list[Image]:
    """The first `count` pictures of a video file, or all of them."""
    with Recording(path) as recording:
        return [frame.image for frame in islice(recording, count)]


def enrol(gallery: Path) -> str:
    """Enrol the person whom the scenes show in a new `gallery`; the name."""
    from livevision.recognizers.faces import enrolment
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(gallery) as people:
        enrolment.enrol(people, ENROLLED, astronaut())
    return ENROLLED


def _columns(width: int, count: int) -> list[tuple[int, int]]:
    edges = [width * number // count for number in range(count + 1)]
    return list(pairwise(edges))


def _hand(frames: list[Frame], time: float, cell: Box, *, other: bool) -> Image:
    """The recording at `time`, as high as the cell, with the hand in its middle."""
    length = len(frames) * (frames[1].time - frames[0].time)
    place = (time / length + (0.5 if other else 0.0)) % 1.0
    image = frames[int(place * len(frames))].image
    scale = cell.height / image.shape[0]
    shift = cell.width / 2 - scale * _MIDDLE * image.shape[1]
    turn = np.array([[scale, 0.0, shift], [0.0, scale, 0.0]])
    drawn = cv2.warpAffine(image, turn, (cell.width, cell.height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn[:, ::-1] if other else drawn, np.uint8)
