"""Two gestures that are no letters: an open hand that is held, and one that is waved."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from livevision.frame import Floats, Points
from livevision.recognizers.signs.motion import KNUCKLES, straightness

ACCEPT_HOLD = 0.9
"""Seconds that an open, spread hand is held still to accept a proposal."""
ACCEPT_STILL = 0.5
"""Its greatest speed, in palms a second."""
WAVE_STROKE = 0.35
"""Least way of each of the strokes of a wave, in palms."""
WAVE_STROKES = 3
WAVE_TIME = 1.3
"""Seconds within which an open hand waves to delete a letter..."""
WAVE_AGAIN = 1.0
"""...and after which it waves for another one."""
SPREAD = 0.36
"""Least distance between the tips of neighbouring fingers of a spread hand, in palms."""
THUMB_OUT = 0.6
"""Least distance from the tip of the thumb to the index finger's knuckle, in palms."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something the signer asks for with an open hand."""

    command: str
    """"accept" or "delete"."""
    time: float


class Gestures:
    """Watches one hand for two gestures that are no letters: held open, and waved open."""

    def __init__(self) -> None:
        self._open_since: float | None = None
        self._done = False
        self._turns: deque[float] = deque(maxlen=WAVE_STROKES)
        self._waved = -WAVE_AGAIN
        self._from = 0.0
        self._way = 0.0

    def see(
        self, time: float, landmarks: Points, world: Floats, size: float, speed: float
    ) -> list[Gesture]:
        """Take in a frame, with the palm's `speed` in palms a second; gestures complete with it."""
        if not spread_open(world):
            self._open_since, self._done = None, False
            self._turns.clear()
            self._way = 0.0
            return []
        x = float(landmarks[9, 0]) / max(size, 1.0)
        if self._open_since is None:
            self._open_since, self._from = time, x
        if self._wave(time, x):
            self._done = True
            return [Gesture("delete", time)]
        if speed > ACCEPT_STILL:
            self._open_since = time
        if not self._done and time - self._open_since >= ACCEPT_HOLD:
            self._done = True
            return [Gesture("accept", time)]
        return []

    def _wave(self, time: float, x: float) -> bool:
        """Whether the last strokes from side to side make a wave."""
        way = x - self._from
        if way * self._way >= 0 and abs(way) >= abs(self._way):
            self._way = way
            return False
        if abs(x - (self._from + self._way)) < WAVE_STROKE:
            return False
        if abs(self._way) >= WAVE_STROKE:
            self._turns.append(time)
        self._from, self._way = self._from + self._way, 0.0
        if len(self._turns) < WAVE_STROKES or time - self._turns[0] > WAVE_TIME:
            return False
        self._turns.clear()
        if time - self._waved < WAVE_AGAIN:
            return False
        self._waved = time
        return True


def spread_open(world: Floats) -> bool:
    """Whether all five fingers are straight and apart; `world` is (21, 3), in metres."""
    if straightness(world).min() < 0.9:
        return False
    palm = max(float(np.linalg.norm(world[KNUCKLES, :] - world[0], axis=1).mean()), 1e-6)
    tips = world[[8, 12, 16, 20]]
    gaps = np.linalg.norm(np.diff(tips, axis=0), axis=1) / palm
    thumb = float(np.linalg.norm(world[4] - world[5])) / palm
    return bool(np.median(gaps) >= SPREAD and gaps.min() >= SPREAD / 2 and thumb >= THUMB_OUT)
