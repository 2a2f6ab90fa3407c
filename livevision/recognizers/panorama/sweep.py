"""Follows a camera that is turned, and keeps the pictures that a panorama needs."""

from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from livevision.errors import SourceError
from livevision.frame import Image
from livevision.recognizers.panorama import stitching
from livevision.recognizers.panorama.matching import (
    Homography,
    View,
    corners,
    moved,
    overlap,
    register,
    view,
)
from livevision.stages import grayscale

NEXT = 0.65
"""Overlap with the picture kept last at which the next one is kept."""
SOON = 0.85
"""Overlap from which on a picture is a candidate: the sharpest of them is kept."""
MOST = 40
"""Pictures of a panorama."""
SIDE = 1280
"""Longest side of a picture that is kept, in pixels."""
PREVIEW = 640
"""Width of the preview, in pixels."""
_LOWEST = 0.25
"""Scale of the preview's pictures at the most."""


class State(Enum):
    """What became of a picture of a sweep."""

    KEPT = ""
    FOLLOWED = " "
    LOST = "The picture does not fit to the last one: turn back a little, and go on slowly."
    BLANK = "There is too little to see here: too little texture, or too dark."
    FULL = "The panorama is full: press a to make the picture."


@dataclass(slots=True, eq=False)
class _Candidate:
    image: Image
    view: View
    place: Homography
    sharp: float
    shared: float


@dataclass(eq=False, slots=True)
class Sweep:
    """The pictures of one sweep so far. For one thread at a time."""

    images: list[Image] = field(default_factory=list)
    """Those kept, BGR."""
    places: list[Homography] = field(default_factory=list)
    """What takes each to the plane of the first one."""
    seen: int = 0
    """Pictures that were added."""
    blank: int = 0
    lost: int = 0
    """How many of them had too little texture, or did not fit."""
    _last: View | None = None
    _waiting: list[_Candidate] = field(default_factory=list)

    def add(self, image: Image) -> State:
        """Follow the camera to a BGR picture, which is kept if it is needed."""
        self.seen += 1
        image = _bounded(image)
        seen = view(image)
        if not seen.textured:
            self.blank += 1
            return State.BLANK
        if self._last is None:
            self._keep(image, seen, np.eye(3))
            return State.KEPT
        if len(self.images) >= MOST:
            return State.FULL
        found = register(self._last, seen, fine=False)
        if found is None and self._waiting:
            # it has left the last one behind: go on from the candidate that lies nearest to it
            self._keep_candidate(min(self._waiting, key=lambda each: each.shared))
            found = register(self._last, seen, fine=False)
        if found is None:
            self.lost += 1
            return State.LOST
        shared = overlap(found, self._last.size, seen.size)
        if shared < SOON:
            self._waiting.append(_Candidate(image, seen, found, _sharpness(image), shared))
        if shared < NEXT:
            sharpest = max(self._waiting, key=lambda each: each.sharp)
            return State.KEPT if self._keep_candidate(sharpest) else State.FOLLOWED
        return State.FOLLOWED

    def finish(self) -> Image:
        """The panorama. Raises SourceError, which says why there is none."""
        if self._waiting and len(self.images) < MOST:
            self._keep_candidate(min(self._waiting, key=lambda each: each.shared))
        if not self.seen:
            raise SourceError("There were no pictures to join.")
        if self.blank == self.seen:
            raise SourceError(f"No panorama: {State.BLANK.value}")
        if len(self.images) < 2:
            if self.lost:
                raise SourceError(
                    "No panorama: the pictures do not overlap. Turn the camera slowly, so that "
                    "each shows at least half of the one before."
                )
            raise SourceError(
                "No panorama: the camera did not turn. Sweep over what it shall show."
            )
        middle = np.linalg.inv(self.places[len(self.places) // 2])
        return stitching.joined(self.images, [middle @ place for place in self.places])

    def preview(self) -> Image:
        """The pictures kept so far, laid one upon the other, `PREVIEW` pixels wide or less."""
        quads = [
            moved(corners((image.shape[1], image.shape[0])), place)
            for image, place in zip(self.images, self.places, strict=True)
            if not _is_behind(image, place)
        ]
        if not quads:
            return np.zeros((1, 1, 3), np.uint8)
        low, high = np.concatenate(quads).min(axis=0), np.concatenate(quads).max(axis=0)
        scale = min(_LOWEST, PREVIEW / max(*(high - low), 1.0))
        size = tuple(max(int(each), 1) for each in np.ceil((high - low) * scale))
        shrink = np.array(((scale, 0, -low[0] * scale), (0, scale, -low[1] * scale), (0, 0, 1.0)))
        canvas = np.zeros((size[1], size[0], 3), np.uint8)
        for image, place in zip(self.images, self.places, strict=True):
            if not _is_behind(image, place):
                cv2.warpPerspective(
                    image, shrink @ place, (size[0], size[1]), canvas,
                    borderMode=cv2.BORDER_TRANSPARENT,
                )  # fmt: skip
        return canvas

    def _keep_candidate(self, chosen: _Candidate) -> bool:
        """False if it shows, looked at more closely, what the last one shows."""
        assert self._last is not None
        # the finer look is taken at the few pictures that are kept, not at all that are followed
        found = register(self._last, chosen.view)
        step = chosen.place if found is None else found
        if overlap(step, self._last.size, chosen.view.size) > SOON:
            self._waiting = []  # something moved before a camera that stands still
            return False
        place = self.places[-1] @ step
        self._keep(chosen.image, chosen.view, place / place[2, 2])
        return True

    def _keep(self, image: Image, seen: View, place: Homography) -> None:
        self.images.append(image)
        self.places.append(np.asarray(place, np.float64))
        self._last = seen
        self._waiting = []


def _is_behind(image: Image, place: Homography) -> bool:
    """Whether a part of it lies behind the plane's viewer."""
    square = corners((image.shape[1], image.shape[0]))
    return bool((square @ place[2, :2] + place[2, 2] <= 0.2).any())


def _bounded(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return image
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sharpness(image: Image) -> float:
    """Variance of the Laplacian: more is sharper."""
    return float(cv2.Laplacian(grayscale(image), cv2.CV_32F).var())
