"""The letters of the ASL manual alphabet as joint angles of a right hand, in degrees."""

from __future__ import annotations

from dataclasses import astuple, dataclass
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
    """Flexion of ``cmc``, ``mcp``, ``ip``; turns: ``palmar``, ``twist`` (cmc), ``side`` (mcp)."""

    cmc: float = 0
    palmar: float = 0
    twist: float = 0
    mcp: float = 0
    ip: float = 0
    side: float = 0


@dataclass(frozen=True)
class Pose:
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
        return np.concatenate([np.asarray(part, dtype=float) for part in astuple(self)])

    @classmethod
    def from_vector(cls, vector: NDArray[np.float64]) -> Pose:
        """The inverse of ``vector``."""
        v = vector.tolist()
        index, middle, ring, pinky = (Finger(*v[5 * i : 5 * i + 5]) for i in range(4))
        view, wrist = (v[26], v[27], v[28]), (v[29], v[30])
        return cls(index, middle, ring, pinky, Thumb(*v[20:26]), view, wrist)


# Bent into the palm, out of the way.
_INDEX = Finger(88, 104, 70, -3)
_MIDDLE = Finger(92, 106, 72)
_RING = Finger(92, 106, 72, 4)
_PINKY = Finger(88, 104, 68, 8)

#: The thumbs, and the fingers that meet them, were fitted so that they touch what they should
#: without sinking into it (bones as capsules), then judged by eye against photos of signers.
POSES = {
    # fist, thumb upright beside it
    "A": Pose(
        _INDEX,
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(-8.4, 4.3, 25, 65, 14.9, -12),
    ),
    # flat hand, thumb across the palm
    "B": Pose(
        Finger(0, 0, 0, -5),
        Finger(0, 0, 0, 1),
        Finger(0, 0, 0, 9),
        Finger(0, 0, 0, 16),
        Thumb(31.9, 8, 25, 65, 80, -12),
    ),
    # the opening points to the side
    "C": Pose(
        Finger(30, 45, 30, -3),
        Finger(32, 48, 30, -2),
        Finger(34, 50, 32, 6),
        Finger(34, 52, 34, 12),
        Thumb(6, 50, 0, 25, 18),
        view=(55, 0, 0),
    ),
    # index up, the others meet the thumb
    "D": Pose(
        Finger(),
        Finger(52, 62, 36),
        Finger(58, 68, 40, 3),
        Finger(62, 72, 42, 6),
        Thumb(22.9, 38.6, 10.5, 44, 13.5, -9.3),
        view=(8, 0, 0),
    ),
    # fingertips down on the thumb
    "E": Pose(
        Finger(52, 109, 52, -3),
        Finger(52, 111, 53),
        Finger(52, 111, 53, 4),
        Finger(50, 106, 52, 8),
        Thumb(22, 24.1, 1.2, 65, 80, -12),
    ),
    # index meets thumb, three fingers spread
    "F": Pose(
        Finger(38.4, 72, 32, 14),
        Finger(5, 5, 5),
        Finger(0, 5, 5, -4),
        Finger(-5, 5, 5, -10),
        Thumb(21.4, 17.8, 10.9, 8.5, 37.5, -12),
        view=(12, 0, 0),
    ),
    # index and thumb level, pointing aside, the hand upright
    "G": Pose(
        Finger(62, 6, 4),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(18, 14, -5, 25, 15, 8),
        view=(98, 0, 10),
        wrist=(0, -20),
    ),
    # index and middle level, pointing aside
    "H": Pose(
        Finger(12, 0, 0, -5),
        Finger(12, 2, 0, 4),
        _RING,
        _PINKY,
        Thumb(23.3, 28.9, -0, 62.8, 44.5, -0.5),
        view=(165, 5, 60),
        wrist=(0, -20),
    ),
    # little finger up
    "I": Pose(
        _INDEX,
        _MIDDLE,
        _RING,
        Finger(0, 0, 0, -5),
        Thumb(11.7, 44.5, 20.8, 62.3, 72.9, -12),
    ),
    # the handshape of I; motion.py draws the hook
    "J": Pose(
        _INDEX,
        _MIDDLE,
        _RING,
        Finger(0, 0, 0, -5),
        Thumb(11.7, 44.5, 20.8, 62.3, 72.9, -12),
    ),
    # thumb between index and middle
    "K": Pose(
        Finger(0, 0, 0, 2),
        Finger(42, 8, 5, -4),
        _RING,
        _PINKY,
        Thumb(40.8, -20.8, 2.4, 9.5, 10.8, -3.7),
        view=(-5, 0, 0),
    ),
    # index up, thumb out
    "L": Pose(
        Finger(0, 0, 0, 4),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(-5, -5),
    ),
    # three fingers over the thumb
    "M": Pose(
        Finger(84, 78, 41, -1),
        Finger(80, 81, 39, 4),
        Finger(74, 86, 40, 9),
        Finger(92, 106, 70, 2),
        Thumb(45.9, -25, -5.7, 65, 35, -12),
    ),
    # two fingers over the thumb
    "N": Pose(
        Finger(79, 82, 40, 1),
        Finger(75, 86, 41, 6),
        Finger(94, 108, 74, -4),
        _PINKY,
        Thumb(31, -24.1, -10.2, 65, 77.6, -12),
    ),
    # all fingertips meet the thumb
    "O": Pose(
        Finger(48, 58, 42, -2),
        Finger(48, 62, 42, -2),
        Finger(52.3, 56.8, 44, 4),
        Finger(48, 68, 46, 8),
        Thumb(36, 31.5, 9.1, 12.7, 22.3, -5),
        view=(75, 0, 0),
    ),
    # K pointing down
    "P": Pose(
        Finger(0, 0, 0, 2),
        Finger(48, 8, 5, -4),
        _RING,
        _PINKY,
        Thumb(36.3, -12.2, 3.4, 14, 21.7, -12),
        view=(50, 10, 30),
        wrist=(70, 0),
    ),
    # G pointing down
    "Q": Pose(
        Finger(35, 8, 5, 3),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(7, -10.7, 25, 6.4, -10, 12),
        view=(8, 22, 10),
        wrist=(76, 0),
    ),
    # index and middle crossed
    "R": Pose(
        Finger(10, 4, 0, -15),
        Finger(-3, 2, 0, 13),
        _RING,
        _PINKY,
        Thumb(22.5, 28.8, 0.4, 65, 40.5, -0.7),
    ),
    # fist, thumb across its front
    "S": Pose(
        _INDEX,
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(12.7, 40, 2.5, 58.8, 66.5, -12),
    ),
    # thumb between index and middle
    "T": Pose(
        Finger(54.6, 74.7, 45, 14),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(9.8, -19, -20, 65, 35.3, -12),
    ),
    # two fingers up, together
    "U": Pose(
        Finger(0, 0, 0, -6),
        Finger(0, 2, 0, 4),
        _RING,
        _PINKY,
        Thumb(22.5, 28.8, 0.4, 65, 40.5, -0.7),
    ),
    # two fingers up, apart
    "V": Pose(
        Finger(0, 0, 0, 10),
        Finger(0, 0, 0, -12),
        _RING,
        _PINKY,
        Thumb(22.5, 28.8, 0.4, 65, 40.5, -0.7),
    ),
    # three fingers up
    "W": Pose(
        Finger(0, 0, 0, 12),
        Finger(),
        Finger(0, 0, 0, -12),
        _PINKY,
        Thumb(31.4, 46.4, -5.4, 65, 31.1, -5.3),
    ),
    # hooked index
    "X": Pose(
        Finger(20, 75, 45),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(12.6, 18.4, -4, 65, 66.8, -2.2),
        view=(35, 0, 0),
    ),
    # thumb and little finger out
    "Y": Pose(
        _INDEX,
        _MIDDLE,
        _RING,
        Finger(0, 0, 0, -20),
        Thumb(-10, -10, 0, -5),
    ),
    # index up; motion.py draws the Z
    "Z": Pose(
        Finger(),
        _MIDDLE,
        _RING,
        _PINKY,
        Thumb(11.9, 24.2, 1.1, 65, 66.2, -2.6),
        view=(5, 22, 0),
    ),
}

#: The open hand, fingers spread.
OPEN = Pose(
    Finger(0, 0, 0, 12),
    Finger(0, 0, 0, 2),
    Finger(0, 0, 0, -8),
    Finger(0, 0, 0, -20),
    Thumb(-14, -8, 0, -8),
)
#: A hand that hangs or gestures without meaning.
RELAXED = Pose(
    Finger(22, 26, 14, 3),
    Finger(28, 32, 16),
    Finger(34, 38, 20, -3),
    Finger(38, 40, 22, -8),
    Thumb(8, 18, 0, 14, 18),
)
#: What hands show that gesture: no letters. Counting shows a few that are letters as well (V, W),
#: so it is not among them.
GESTURES = {
    "open": OPEN,
    "relaxed": RELAXED,
    "loose fist": Pose(
        Finger(62, 72, 44, -2),
        Finger(66, 76, 46),
        Finger(70, 78, 46, 4),
        Finger(72, 76, 44, 8),
        Thumb(14, 24, 4, 36, 34, -8),
        view=(40, 10, 20),
    ),
    "half open": Pose(
        Finger(10, 30, 18, 8),
        Finger(14, 34, 20),
        Finger(16, 36, 22, -6),
        Finger(14, 34, 20, -16),
        Thumb(-4, 10, 0, 6, 10),
        view=(30, 20, 15),
    ),
    "offering": Pose(
        Finger(14, 12, 8, 6),
        Finger(16, 14, 8),
        Finger(18, 14, 8, -4),
        Finger(18, 14, 8, -12),
        Thumb(-10, -4, 0, 4, 8),
        view=(20, 70, 35),
    ),
    "back": Pose(
        Finger(16, 18, 10, 5),
        Finger(20, 20, 12),
        Finger(22, 22, 14, -4),
        Finger(24, 22, 14, -12),
        Thumb(4, 10, 0, 10, 12),
        view=(165, 10, 20),
    ),
    "pinch": Pose(
        Finger(42, 60, 30, 8),
        Finger(36, 40, 22),
        Finger(42, 44, 26, -2),
        Finger(46, 46, 28, -6),
        Thumb(22, 22, 8, 12, 30, -8),
        view=(50, 20, 10),
    ),
    "pointing": Pose(
        Finger(8, 10, 6, 2),
        Finger(60, 78, 46),
        Finger(66, 80, 48, 4),
        Finger(68, 78, 46, 8),
        Thumb(12, 20, 2, 34, 36, -6),
        view=(70, 15, 50),
    ),
}
