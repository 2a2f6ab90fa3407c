"""Two gestures that are no letters: an open hand that is held, and one that is waved."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from livevision.frame import Floats, Points
from livevision.recognizers.signs import thresholds
from livevision.recognizers.signs.motion import KNUCKLES, straightness


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something the signer asks for with an open hand."""

    command: str
    """"accept" or "delete"."""
    time: float


class Gestures:
    """Watches one hand for two gestures that are no letters: held open, and waved open."""

    def __init__(self, at: thresholds.Gestures) -> None:
        self._at = at
        self._open_since: float | None = None
        self._done = False
        self._turns: deque[float] = deque(maxlen=at.wave_strokes)
        self._waved = -at.wave_again
        self._from = 0.0
        self._way = 0.0

    def see(
        self, time: float, landmarks: Points, world: Floats, size: float, speed: float
    ) -> list[Gesture]:
        """Take in a frame, with the palm's `speed` in palms a second; gestures complete with it."""
        if not spread_open(world, self._at):
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
        if speed > self._at.accept_still:
            self._open_since = time
        if not self._done and time - self._open_since >= self._at.accept_hold:
            self._done = True
            return [Gesture("accept", time)]
        return []

    def _wave(self, time: float, x: float) -> bool:
        """Whether the last strokes from side to side make a wave."""
        way = x - self._from
        if way * self._way >= 0 and abs(way) >= abs(self._way):
            self._way = way
            return False
        if abs(x - (self._from + self._way)) < self._at.wave_stroke:
            return False
        if abs(self._way) >= self._at.wave_stroke:
            self._turns.append(time)
        self._from, self._way = self._from + self._way, 0.0
        if len(self._turns) < self._at.wave_strokes or time - self._turns[0] > self._at.wave_time:
            return False
        self._turns.clear()
        if time - self._waved < self._at.wave_again:
            return False
        self._waved = time
        return True


def spread_open(world: Floats, at: thresholds.Gestures) -> bool:
    """Whether all five fingers are straight and apart; `world` is (21, 3), in metres."""
    if straightness(world).min() < 0.9:
        return False
    palm = max(float(np.linalg.norm(world[KNUCKLES, :] - world[0], axis=1).mean()), 1e-6)
    tips = world[[8, 12, 16, 20]]
    gaps = np.linalg.norm(np.diff(tips, axis=0), axis=1) / palm
    thumb = float(np.linalg.norm(world[4] - world[5])) / palm
    return bool(
        np.median(gaps) >= at.spread and gaps.min() >= at.spread / 2 and thumb >= at.thumb_out
    )
