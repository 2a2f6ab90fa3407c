"""The letters of the ASL manual alphabet as joint angles of a right hand, in degrees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FINGERS = ("index", "middle", "ring", "pinky")


class Finger(NamedTuple):
    """Flexion of the three joints; sideways turn (+ to the thumb) and twist of the first."""

    mcp: float = 0
    pip: float = 0
    dip: float = 0
    spread: float = 0
    twist: float = 0


class Thumb(NamedTuple):
    """``cmc``, ``mcp``, ``ip`` flexion; ``palmar``, ``twist`` turn the base, ``side`` the middle."""

    cmc: float = 0
    palmar: float = 0
    twist: float = 0
    mcp: float = 0
    ip: float = 0
    side: float = 0


class Pose(NamedTuple):
    """A hand shape and how it is held.

    ``view`` turns the forearm: about the vertical, to the camera, in the picture's plane.
    At (0, 0, 0) the fingers point up and the palm faces the camera. ``wrist`` bends the hand
    against the forearm: flexion, deviation (+ to the thumb).
    """

    index: Finger
    middle: Finger
    ring: Finger
    pinky: Finger
    thumb: Thumb
    view: tuple[float, float, float] = (0, 0, 0)
    wrist: tuple[float, float] = (0, 0)

    def vector(self) -> NDArray[np.float64]:
        """(31,) all angles in the order of the fields."""
        return np.concatenate([np.asarray(part, dtype=float) for part in self])

    @classmethod
    def from_vector(cls, vector: NDArray[np.float64]) -> Pose:
        """The inverse of ``vector``."""
        v = vector.tolist()
        fingers = [Finger(*v[5 * i : 5 * i + 5]) for i in range(4)]
        return cls(*fingers, Thumb(*v[20:26]), (v[26], v[27], v[28]), (v[29], v[30]))
