"""MediaPipe's two networks for hands, run directly on LiteRT: one finds palms, one landmarks.

The models are those of MediaPipe 0.10 (Zhang et al., "MediaPipe Hands: On-device Real-time Hand
Tracking", 2020) and so is the geometry between them. MediaPipe's own graph hides the steps: it
cannot be told where to look, takes tens of milliseconds to forget a stream, and with two hands
allowed and one in view it searches for palms in every frame.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import cv2
import numpy as np

from livevision import tflite
from livevision.frame import Floats, Image, Points
from livevision.locators import ssd
from livevision.locators.ssd import anchors, blend

PALM_INPUT = 192
LANDMARK_INPUT = 224
_RIGID = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Landmarks whose box is tracked: all but the outer joints, which move most."""
_Z_SCALE = 0.4
_TRAITS = "model_1/model/global_average_pooling2d/Mean"
_MAPS = ("model_1/model/add_8/add", "model_1/model/add_5/add")
"""The last maps of 7x7 and of 14x14 places before that layer, in the finer network."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square part of a picture, turned so that the hand in it points up."""

    x: float
    """Middle, in pixels."""
    y: float
    size: float
    """Side in pixels."""
    angle: float = 0.0
    """Radians; clockwise on the screen, 0 when the square is upright."""

    def crop(self, image: Image, side: int) -> Image:
        """The region as an upright (side, side) picture, edges of `image` repeated outside it."""
        cos, sin = self._turn()
        step = self.size / side
        half = self.size / 2
        matrix = np.array(
            [
                [cos * step, -sin * step, self.x - cos * half + sin * half],
                [sin * step, cos * step, self.y - sin * half - cos * half],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpAffine(
            image, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(crop, np.uint8)

    def outward(self, points: Floats) -> Floats:
        """Points (n, 3) given in sides of the region, as pixels of the picture."""
        cos, sin = self._turn()
        u, v = points[:, 0] - 0.5, points[:, 1] - 0.5
        x = self.x + self.size * (cos * u - sin * v)
        y = self.y + self.size * (sin * u + cos * v)
        return np.stack((x, y, points[:, 2] * self.size), axis=1)

    def turned(self, points: Floats) -> Floats:
        """Points (n, 3) around the origin, from the region's axes to the picture's."""
        cos, sin = self._turn()
        x, y = points[:, 0], points[:, 1]
        return np.stack((cos * x - sin * y, sin * x + cos * y, points[:, 2]), axis=1)

    def _turn(self) -> tuple[float, float]:
        return float(np.cos(self.angle)), float(np.sin(self.angle))


@dataclass(frozen=True, slots=True)
class Palm:
    """Where a palm seems to be."""

    score: float
    """0 to 1."""
    region: Region
    """Where the whole hand should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the landmark network says of a region."""

    presence: float
    """Probability that a hand is in it, 0 to 1."""
    right: float
    """Probability that it is a right hand, in a picture that is not mirrored, 0 to 1."""
    landmarks: Points
    """(21, 3), pixels of the picture."""
    world: Floats
    """(21, 3), metres around the hand's middle; x to the right, y down, z away."""
    traits: Floats
    """(1152,) from 0 to 6: the layer that the landmarks are read from; it knows more than they say
    of how the fingers lie. Of a picture turned upright, and mirrored if asked for."""
    angle: float
    """By how much the picture was turned for it, in radians, clockwise on the screen."""
    local: Floats
    """(21, 304) about -20 to 20: the maps before `traits`, 192 and 112 channels, read at the
    joints; of the picture that the network saw. Empty with complexity 0."""
    mirrored: bool
    """Whether that picture was mirrored, as it is for a left hand."""

    def region(self) -> Region:
        """Where to look for the same hand in the next frame."""
        return around(self.landmarks)


def around(landmarks: Points) -> Region:
    """The region of a hand with these (21, 3) landmarks, in pixels."""
    points = landmarks[:, :2].astype(np.float64)
    wrist, index, middle, ring = points[[0, 5, 9, 13]]
    direction = ((index + ring) / 2 + middle) / 2 - wrist
    angle = _upright(direction[0], direction[1])
    rigid = points[list(_RIGID)]
    middle_of_box = (rigid.min(axis=0) + rigid.max(axis=0)) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    along = (rigid - middle_of_box) @ turn
    low, high = along.min(axis=0), along.max(axis=0)
    width, height = high - low
    x, y = middle_of_box + turn @ ((low + high) / 2 + (0.0, -0.1 * height))
    return Region(float(x), float(y), 2.0 * float(max(width, height, 1.0)), angle)


class PalmFinder:
    """Finds palms anywhere in a picture."""

    def __init__(self) -> None:
        self._network = _Network("palm_detection/palm_detection_full.tflite")
        self._anchors = anchors(((24, 2), (12, 6)))

    def __call__(self, image: Image, *, threshold: float = 0.5, border: float = 0.0) -> list[Palm]:
        """Palms with a score of `threshold` (0 to 1) or more, best first; else as `seen`."""
        return self.seen(image, border=border)(threshold)

    def seen(self, image: Image, *, border: float = 0.0) -> Callable[[float], list[Palm]]:
        """What gives, by one look at `image` (BGR), the palms with any score or more, best first.

        With a `border`, in sides of the picture, its edges are repeated so far around it: a hand
        that fills the picture becomes smaller, as the network knows hands.
        """
        height, width = image.shape[:2]
        scale = PALM_INPUT / (max(height, width) * (1.0 + 2.0 * border))
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (PALM_INPUT - inner[0]) // 2, (PALM_INPUT - inner[1]) // 2
        small = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
        square = cv2.copyMakeBorder(
            small,
            top,
            PALM_INPUT - inner[1] - top,
            left,
            PALM_INPUT - inner[0] - left,
            cv2.BORDER_REPLICATE if border else cv2.BORDER_CONSTANT,
        )
        boxes, scores = self._network(np.asarray(square, np.uint8))[:2]
        chance = 1.0 / (1.0 + np.exp(-np.clip(scores.reshape(-1), -100.0, 100.0)))
        raw = boxes.reshape(-1, 9, 2) / PALM_INPUT

        def palms(threshold: float) -> list[Palm]:
            kept = np.flatnonzero(chance >= threshold)
            values = raw[kept]
            values[:, 0] += self._anchors[kept]
            values[:, 2:] += self._anchors[kept, None]
            found = []
            for score, each in blend(values, chance[kept]):
                each = (each * PALM_INPUT - (left, top)) / scale
                each[1] += np.array((left, top)) / scale  # the second row is a size, not a place
                found.append(Palm(score, _around_palm(each)))
            return found

        return palms


class LandmarkFinder:
    """Finds the landmarks of the hand in a region."""

    def __init__(self, complexity: int) -> None:
        name = ("lite", "full")[complexity]
        taps = (_TRAITS, *(_MAPS if complexity else ()))
        self._network = _Network(f"hand_landmark/hand_landmark_{name}.tflite", taps=taps)

    def __call__(self, image: Image, region: Region, *, mirrored: bool = False) -> Look:
        """Look for a hand in `region` of `image` (BGR).

        With `mirrored` the network sees a left hand as a right one; all but `Look.traits` and
        `Look.local` is told of the picture as it is.
        """
        crop = region.crop(image, LANDMARK_INPUT)
        points, presence, right, world, traits, *maps = self._network(
            crop[:, ::-1] if mirrored else crop
        )
        relative, metres = points.reshape(21, 3) / LANDMARK_INPUT, world.reshape(21, 3)
        local = [_at(each[0], relative[:, :2]) for each in maps]
        relative[:, 2] /= _Z_SCALE
        chance = float(right.item())
        if mirrored:
            relative[:, 0] = 1.0 - relative[:, 0]
            metres[:, 0] *= -1.0
            chance = 1.0 - chance
        return Look(
            float(presence.item()),
            chance,
            region.outward(relative),
            region.turned(metres),
            traits.reshape(-1),
            region.angle,
            np.concatenate(local, axis=1) if local else np.zeros((21, 0), np.float32),
            mirrored,
        )


class _Network:
    """A model from MediaPipe's package: BGR picture in, tensors out."""

    def __init__(self, name: str, *, taps: tuple[str, ...] = ()) -> None:
        """`taps` names inner tensors that become further outputs, the last."""
        self._network = ssd.network(name, _tapping(taps) if taps else None)

    def __call__(self, image: Image) -> list[Floats]:
        pixels = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return self._network(pixels[None].astype(np.float32) / 255.0)


@cache
def _tapping(taps: tuple[str, ...]) -> Callable[[bytes], bytes]:
    """What lets a model tell of its tensors `taps`; the same function each time."""
    return partial(tflite.tapped, taps=taps)


def _at(values: Floats, places: Floats) -> Floats:
    """(n, channels) of the map `values` (side, side, channels) at `places` (n, 2), x first, in
    sides of the map: between the middles of four cells; at the edge where they lie beyond it.
    """
    side = len(values)
    spots = np.clip(places * side - 0.5, 0.0, side - 1.0)
    low = np.minimum(spots.astype(np.int64), side - 2)
    x, y = (spots - low).T[..., None]
    column, row = low.T
    upper = values[row, column] * (1.0 - x) + values[row, column + 1] * x
    lower = values[row + 1, column] * (1.0 - x) + values[row + 1, column + 1] * x
    return np.asarray(upper * (1.0 - y) + lower * y, np.float32)


def _around_palm(values: Floats) -> Region:
    """The region of the whole hand from a palm's middle, size and seven points, in pixels."""
    middle, size, wrist, knuckle = values[0], values[1], values[2], values[4]
    angle = _upright(knuckle[0] - wrist[0], knuckle[1] - wrist[1])
    up = 0.5 * float(size[1])
    return Region(
        float(middle[0] + up * np.sin(angle)),
        float(middle[1] - up * np.cos(angle)),
        2.6 * float(max(size.max(), 1.0)),
        angle,
    )


def _upright(x: float, y: float) -> float:
    """The angle of a region in which the direction (x, y) points up, -pi to pi."""
    return float(np.arctan2(x, -y))
