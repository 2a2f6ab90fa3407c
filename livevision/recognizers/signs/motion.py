"""How a hand moves in the picture, in its own size, and how straight its fingers are."""

from dataclasses import dataclass, field

import numpy as np

from livevision.frame import Floats, Points
from livevision.recognizers.signs import thresholds

PALM = (0, 5, 9, 13, 17)
"""Landmarks around the palm: the wrist and the fingers' knuckles."""
KNUCKLES = PALM[1:]
_CHAINS = np.array(((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20)))
_LENGTH = 1.6
"""Length of a palm in its widths: a hand seen end-on is as large as it is wide."""


@dataclass(slots=True, eq=False)
class _Look:
    time: float
    shape: Floats
    """(21, 2): landmarks around the palm's middle, in palms."""
    place: Floats
    """(2,): the palm's middle, in pixels."""


@dataclass(slots=True, eq=False)
class Motion:
    """How a hand moves in the picture, in its own size."""

    at: thresholds.Motion
    size: float = 0.0
    """Pixels from wrist to knuckles, about."""
    shape: Floats = field(default_factory=lambda: np.zeros((21, 2), np.float32))
    """(21, 2): landmarks around the palm's middle, in palms."""
    place: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    """(2,): the palm's middle, in pixels."""
    speed: float = 0.0
    """Change of shape and direction, in palms a second on the mean over the landmarks."""
    way: float = 0.0
    """Speed of the palm's middle, in palms a second."""
    step: float = 0.0
    """Seconds since the look before, 0 at the first."""
    interval: float = 0.0
    """Running mean of the same."""
    away: bool = False
    """Whether that was so long that the hand begins anew."""
    _time: float = 0.0
    _looks: list[_Look] = field(default_factory=list)

    @property
    def release(self) -> float:
        """Seconds without evidence after which a sign is over."""
        return max(self.at.release, self.at.few * min(self.interval, self.at.slowest))

    def see(self, time: float, landmarks: Points) -> None:
        """Take in the (21, 2 or 3) landmarks, in pixels."""
        points = landmarks[:, :2]
        place = points[PALM, :].mean(axis=0)
        size = max(
            float(np.linalg.norm(points[KNUCKLES, :] - points[0], axis=1).mean()),
            _LENGTH * float(np.linalg.norm(points[5] - points[17])),
            1.0,
        )
        self.step = time - self._time if self._looks else 0.0
        self._time = time
        self.away = self.step > (self.release if self.interval else self.at.slowest)
        if self.step > 2 * (self.release if self.interval else self.at.slowest):
            self._looks.clear()
        if self.step > 0:  # a hand that was lost for a moment makes no slow camera
            most = 2 * self.interval + self.at.lag if self.interval else self.step
            self.interval += (min(self.step, most) - self.interval) * (0.5 if self.interval else 1)
        share = 1.0 - np.exp(-self.step / self.at.memory) if self._looks else 1.0
        self.size += (size - self.size) * share
        self.shape = np.asarray((points - place) / self.size, np.float32)
        self.place = np.asarray(place, np.float32)
        before = next(
            (each for each in reversed(self._looks) if time - each.time >= self.at.lag), None
        )
        if before is None and self._looks:
            before = self._looks[0]
        if before is not None and time > before.time:
            passed = time - before.time
            self.speed = float(np.linalg.norm(self.shape - before.shape, axis=1).mean() / passed)
            self.way = float(np.linalg.norm(place - before.place) / self.size / passed)
        else:
            self.speed = self.way = 0.0
        self._looks.append(_Look(time, self.shape, self.place))
        while len(self._looks) > 2 and time - self._looks[1].time >= self.at.lag:
            del self._looks[0]


def straightness(world: Floats) -> Floats:
    """(4,): end to end over length of the bones, from the index to the little finger, 0 to 1.

    `world` is (21, 3), in metres.
    """
    bones = np.linalg.norm(np.diff(world[_CHAINS], axis=1), axis=2).sum(axis=1)
    ends = np.linalg.norm(world[_CHAINS[:, -1]] - world[_CHAINS[:, 0]], axis=1)
    return np.asarray(ends / np.maximum(bones, 1e-6), np.float32)
