"""The letters as people really make them: other handshapes, other ways to hold the hand.

``poses.POSES`` has one standard form of each letter. Signers differ far more: M and N with the
fingers hanging down, D with a closed fist, P held level with the middle finger on the thumb, G and
H with the palm to the camera. The ranges were set by what photos of signers show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .poses import POSES, Finger, Pose, Thumb

NOTHING = "_NOTHING"
"""No letter: open and half-curled hands, counting and other gestures."""
LETTERS = tuple(letter for letter in POSES if letter not in "JZ")
KNOWN_FROM_BEHIND = "BDFIKLRUVWY"

_FIST = POSES["A"]
_CURLED = (_FIST.index, _FIST.middle, _FIST.ring, _FIST.pinky)

Draw = Callable[[float, float], float]


def variant(letter: str, rng: np.random.Generator) -> Pose:
    """One way of making ``letter``, or of a hand that makes none (``NOTHING``)."""

    def draw(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    if letter == NOTHING:
        return _nothing(draw)
    make = _VARIANTS.get(letter)
    return make(POSES[letter], draw) if make else POSES[letter]


def _a(pose: Pose, draw: Draw) -> Pose:
    if draw(0, 1) < 0.3:
        return replace(pose, view=(draw(-60, 60), draw(-10, 30), 0))
    return pose


def _b(pose: Pose, draw: Draw) -> Pose:
    return replace(pose, thumb=_scaled_thumb(pose.thumb, draw(0.75, 1.02)))


def _c(pose: Pose, draw: Draw) -> Pose:
    if draw(0, 1) < 0.35:  # a flat beak
        mcp, pip = draw(40, 68), draw(10, 40)
        spreads = (-3, -2, 5, 10)
        fingers = [Finger(mcp + i, pip + i, pip * 0.6, spreads[i]) for i in range(4)]
        thumb = Thumb(draw(0, 14), draw(40, 58), 0, draw(10, 28), draw(5, 20))
        return _hand(fingers, thumb, (draw(20, 95), 0, 0))
    return replace(_bent(pose, draw(0.6, 1.2)), view=(draw(-10, 90), 0, 0))


def _d(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    index = Finger(draw(-5, 14), draw(0, 12), draw(0, 8))
    if kind < 0.35:  # the other fingers closed to a fist, the thumb across or up beside it
        share = draw(0.25, 1)
        thumb = _between(_FIST.thumb, POSES["Z"].thumb, share)
        return replace(POSES["Z"], index=index, thumb=thumb, view=(draw(-30, 45), 0, 0))
    if kind < 0.55:  # the middle finger on the thumb, the others closed
        bent = _bent(pose, draw(0.85, 1.2))
        ring = _towards(pose.ring, _FIST.ring, draw(0.4, 1))
        pinky = _towards(pose.pinky, _FIST.pinky, draw(0.4, 1))
        return replace(bent, index=index, ring=ring, pinky=pinky, view=(draw(-20, 70), 0, 0))
    if kind < 0.9:
        return replace(_bent(pose, draw(0.8, 1.15)), index=index, view=(draw(-10, 85), 0, 0))
    return pose


def _e(pose: Pose, draw: Draw) -> Pose:
    if draw(0, 1) < 0.4:  # a claw, the fingertips above the thumb
        mcp, pip = draw(5, 45), draw(95, 112)
        fingers = [Finger(mcp + draw(-4, 4), pip, draw(40, 70), 4 * i - 3) for i in range(4)]
        thumb = Thumb(draw(22, 34), draw(8, 24), draw(0, 20), 65, draw(50, 80), -12)
        return _hand(fingers, thumb, pose.view)
    return _bent(pose, draw(0.85, 1.08))


def _f(pose: Pose, draw: Draw) -> Pose:
    bend = draw(0, 35)
    return replace(
        pose,
        middle=Finger(5 + bend * 0.5, 5 + bend, 5 + bend * 0.4),
        ring=Finger(bend * 0.4, 5 + bend, 5 + bend * 0.4, draw(-8, -2)),
        pinky=Finger(-5 + bend * 0.4, 5 + bend, 5 + bend * 0.4, draw(-16, -6)),
        view=(draw(-5, 60), 0, 0),
    )


def _g(pose: Pose, draw: Draw) -> Pose:
    if draw(0, 1) < 0.5:  # palm to the camera
        return replace(
            pose,
            index=Finger(draw(-5, 25), draw(0, 12), 4),
            thumb=Thumb(draw(5, 20), draw(0, 20), -5, draw(5, 30), draw(0, 15), draw(0, 8)),
            view=(draw(-25, 45), draw(-10, 10), draw(-105, -55)),
            wrist=(draw(-10, 15), draw(-20, 5)),
        )
    index = Finger(draw(45, 70), 6, 4)
    return replace(pose, index=index, view=(draw(60, 125), draw(-10, 10), draw(0, 20)))


def _h(pose: Pose, draw: Draw) -> Pose:
    if draw(0, 1) < 0.5:  # palm to the camera
        view = draw(-40, 45), draw(-10, 10), draw(-105, -50)
        return replace(pose, view=view, wrist=(draw(-10, 15), draw(-15, 5)))
    return replace(pose, view=(draw(110, 185), draw(-5, 10), draw(40, 75)))


def _i(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    pinky = Finger(draw(-8, 18), draw(0, 18), draw(0, 10), draw(-16, 3))
    if kind < 0.6:  # the thumb anywhere across the fist
        thumb = _between(POSES["S"].thumb, pose.thumb, draw(-0.1, 1.1))
    elif kind < 0.8:  # up beside it
        thumb = _between(_FIST.thumb, pose.thumb, draw(0, 0.5))
    else:
        thumb = pose.thumb
    return replace(pose, pinky=pinky, thumb=thumb, view=(draw(-45, 50), draw(-8, 12), 0))


def _k(pose: Pose, draw: Draw) -> Pose:
    thumb = pose.thumb
    return replace(
        pose,
        index=Finger(draw(-5, 8), draw(0, 8), 0, draw(0, 8)),
        middle=Finger(draw(0, 50), draw(0, 10), 5, draw(-14, -3)),
        thumb=thumb._replace(
            cmc=thumb.cmc + draw(-6, 4),
            palmar=thumb.palmar + draw(-4, 10),
            mcp=draw(5, 30),
            ip=draw(5, 30),
        ),
        view=(draw(-25, 35), 0, 0),
    )


def _l(pose: Pose, draw: Draw) -> Pose:
    return replace(pose, thumb=Thumb(draw(-12, 5), draw(-10, 8)))


def _m(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    if kind < 0.3:
        return _hanging(pose, 3, draw)
    if kind < 0.6:  # tight: the thumb is hardly seen
        thumb = Thumb(draw(38, 52), draw(-25, 0), -5, 65, draw(20, 60), -12)
        tight = replace(_closed(pose, 3, draw(0.3, 1)), thumb=thumb)
        return replace(tight, view=(draw(-35, 35), draw(-15, 25), 0))
    if kind < 0.75:  # the fingertips on the palm, the thumb's tip beyond the ring finger
        thumb = Thumb(draw(42, 54), draw(-25, -8), -5, 65, draw(0, 35), -12)
        return replace(_closed(pose, 3, draw(0.7, 1)), thumb=thumb, view=(draw(-25, 25), 0, 0))
    return replace(pose, view=(draw(-35, 35), draw(-10, 20), 0))


def _n(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    if kind < 0.3:
        return _hanging(pose, 2, draw)
    if kind < 0.65:
        closed = _closed(pose, 2, draw(0.2, 0.8))
        return replace(closed, view=(draw(-35, 35), draw(-10, 20), 0))
    return replace(pose, view=(draw(-35, 35), draw(-10, 20), 0))


def _o(pose: Pose, draw: Draw) -> Pose:
    view = draw(-15, 95), draw(-8, 15), 0
    kind = draw(0, 1)
    if kind < 0.3:  # rolled in: the fingertips below the thumb's, in the palm
        share = draw(1.08, 1.4)
        rolled = _bent(pose, share)
        thumb = pose.thumb
        thumb = thumb._replace(palmar=thumb.palmar - draw(0, 14), ip=thumb.ip + draw(0, 30))
        return replace(rolled, thumb=thumb, view=view)
    if kind < 0.5:  # flat, the fingers straight down on the thumb
        mcp, pip = draw(55, 72), draw(20, 45)
        fingers = [Finger(mcp + 2 * i, pip + i, pip * 0.5, (-2, 0, 4, 8)[i]) for i in range(4)]
        thumb = Thumb(draw(26, 38), draw(26, 36), 9, draw(8, 24), draw(5, 25), -5)
        return _hand(fingers, thumb, view)
    return replace(pose, view=view)


def _p(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    if kind < 0.2:  # level, the middle finger on the thumb as in D
        like_d = POSES["D"]
        middle = like_d.middle
        others = like_d if draw(0, 1) < 0.3 else _FIST
        return replace(
            like_d,
            index=Finger(draw(-5, 15), draw(0, 15), draw(0, 8)),
            middle=Finger(middle.mcp + draw(-8, 8), middle.pip + draw(-25, 5), middle.dip, -3),
            ring=others.ring,
            pinky=others.pinky,
            view=(draw(-120, -40), draw(-10, 15), draw(-105, -70)),
            wrist=(draw(-5, 50), draw(-10, 10)),
        )
    index = Finger(draw(-8, 14), draw(0, 10), draw(0, 6), draw(0, 6))
    middle = Finger(draw(25, 80), draw(2, 25), draw(0, 15), draw(-10, 0))
    if draw(0, 1) < 0.3:  # ring and little finger only half closed
        half = POSES["D"]
        ring = _towards(half.ring, _FIST.ring, draw(0.5, 1))
        pose = replace(pose, ring=ring, pinky=_towards(half.pinky, _FIST.pinky, draw(0.5, 1)))
    pose = replace(pose, index=index, middle=middle)
    if kind < 0.4:  # level, pointing the other way
        view = draw(-115, -35), draw(-10, 15), draw(-100, -60)
        return replace(pose, view=view, wrist=(draw(10, 60), 0))
    if kind < 0.6:  # hanging, the back of the hand to the camera
        view = draw(-150, -85), draw(-10, 20), draw(-85, 5)
        return replace(pose, view=view, wrist=(draw(40, 85), draw(-15, 15)))
    if kind < 0.75:  # the index finger at the camera
        view = draw(-35, 20), draw(-15, 35), draw(-30, 25)
        return replace(pose, view=view, wrist=(draw(45, 85), draw(-10, 10)))
    view = draw(15, 95), draw(-5, 25), draw(0, 40)
    return replace(pose, view=view, wrist=(draw(50, 85), 0))


def _q(pose: Pose, draw: Draw) -> Pose:
    kind = draw(0, 1)
    if kind < 0.35:  # a beak that points aside and down
        return replace(
            POSES["G"],
            index=Finger(draw(38, 60), draw(5, 40), draw(5, 25)),
            thumb=Thumb(draw(0, 22), draw(8, 25), -5, draw(5, 28), draw(0, 20), draw(0, 10)),
            view=(draw(-120, -40), draw(-10, 15), draw(-100, -60)),
            wrist=(draw(20, 55), draw(-15, 10)),
        )
    index = Finger(draw(30, 55), draw(5, 30), draw(3, 20), 3)
    if kind < 0.6:
        view = draw(-130, -40), draw(-10, 15), draw(-70, -30)
        return replace(pose, index=index, view=view, wrist=(draw(55, 80), draw(-10, 10)))
    view = draw(-10, 80), draw(5, 30), draw(-5, 25)
    return replace(pose, index=index, view=view, wrist=(draw(60, 85), 0))


def _r(pose: Pose, draw: Draw) -> Pose:
    index = Finger(draw(4, 14), draw(0, 12), draw(0, 8), draw(-18, -10))
    middle = Finger(draw(-8, 2), draw(0, 8), draw(0, 6), draw(8, 16))
    thumb = pose.thumb
    kind = draw(0, 1)
    if kind < 0.2:  # out
        thumb = Thumb(draw(-10, 5), draw(-8, 10), 0, draw(-5, 15), draw(-5, 20))
    elif kind < 0.45:  # up beside the fist
        thumb = _between(_FIST.thumb, thumb, draw(0, 0.6))
    elif kind < 0.7:
        thumb = _between(thumb, POSES["W"].thumb, draw(0, 0.8))
    view = draw(-40, 45), draw(-8, 12), 0
    return replace(pose, index=index, middle=middle, thumb=thumb, view=view)


def _s(pose: Pose, draw: Draw) -> Pose:
    thumb = pose.thumb
    thumb = thumb._replace(
        cmc=thumb.cmc + draw(-4, 10),
        palmar=thumb.palmar + draw(-4, 6),
        mcp=thumb.mcp + draw(-14, 6),
        ip=thumb.ip + draw(-25, 12),
    )
    return replace(pose, thumb=thumb, view=(draw(-40, 55), draw(-15, 25), draw(-10, 10)))


def _t(pose: Pose, draw: Draw) -> Pose:
    index = _towards(pose.index, _FIST.index, draw(-0.15, 0.2))
    thumb = pose.thumb
    thumb = thumb._replace(cmc=thumb.cmc + draw(-4, 4), ip=thumb.ip + draw(-20, 10))
    return replace(pose, index=index, thumb=thumb, view=(draw(-35, 45), draw(-10, 20), 0))


def _u(pose: Pose, draw: Draw) -> Pose:
    index = Finger(draw(-6, 10), draw(0, 8), draw(0, 6), draw(-9, -5))
    middle = Finger(index.mcp + draw(-3, 3), draw(0, 8), draw(0, 6), draw(3, 6))
    thumb = pose.thumb
    kind = draw(0, 1)
    if kind < 0.12:  # out
        thumb = Thumb(draw(-8, 8), draw(-4, 12), 0, draw(0, 20), draw(0, 20))
    elif kind < 0.35:
        thumb = _between(_FIST.thumb, thumb, draw(0, 0.6))
    elif kind < 0.6:
        thumb = _between(thumb, POSES["W"].thumb, draw(0, 0.8))
    view = draw(-40, 40), draw(-8, 12), draw(-12, 12)
    return replace(pose, index=index, middle=middle, thumb=thumb, view=view)


def _v(pose: Pose, draw: Draw) -> Pose:
    index = Finger(0, draw(0, 15), draw(0, 10), draw(6, 14))
    return replace(pose, index=index, middle=Finger(0, draw(0, 15), draw(0, 10), draw(-16, -8)))


def _w(pose: Pose, draw: Draw) -> Pose:
    spread = draw(7, 15)
    return replace(pose, index=Finger(spread=spread), ring=Finger(spread=-spread))


def _x(pose: Pose, draw: Draw) -> Pose:
    share = draw(0.55, 1.15)
    index = Finger(draw(-5, 35), 75 * share, 45 * share)
    return replace(pose, index=index, view=(draw(-20, 60), 0, 0))


def _y(pose: Pose, draw: Draw) -> Pose:
    pinky = Finger(draw(-8, 15), draw(0, 15), draw(0, 8), draw(-30, -8))
    thumb = Thumb(draw(-16, 2), draw(-14, 14), 0, draw(-8, 15), draw(-8, 18))
    view = draw(-55, 55), draw(-10, 15), draw(-40, 25)
    return replace(pose, pinky=pinky, thumb=thumb, view=view)


_VARIANTS: dict[str, Callable[[Pose, Draw], Pose]] = {
    "A": _a,
    "B": _b,
    "C": _c,
    "D": _d,
    "E": _e,
    "F": _f,
    "G": _g,
    "H": _h,
    "I": _i,
    "K": _k,
    "L": _l,
    "M": _m,
    "N": _n,
    "O": _o,
    "P": _p,
    "Q": _q,
    "R": _r,
    "S": _s,
    "T": _t,
    "U": _u,
    "V": _v,
    "W": _w,
    "X": _x,
    "Y": _y,
}


def _hanging(pose: Pose, count: int, draw: Draw) -> Pose:
    """The first ``count`` fingers hang over the thumb, nearly straight."""
    mcp, pip, dip = draw(55, 92), draw(5, 50), draw(0, 25)
    spreads = (-1, 3, 6)
    fingers = [
        Finger(mcp + draw(-6, 6), pip + draw(-8, 8), dip, spreads[i]) for i in range(count)
    ] + [pose.ring, pose.pinky][count - 2 :]
    wrist = draw(0, 85), draw(-15, 15)
    pitch = draw(-25, 30) if wrist[0] < 40 else draw(-20, 10)
    return _hand(fingers, pose.thumb, (draw(-30, 30), pitch, draw(-15, 15)), wrist)


def _closed(pose: Pose, count: int, share: float) -> Pose:
    """The first ``count`` fingers bent on towards those of a fist."""
    own = (pose.index, pose.middle, pose.ring, pose.pinky)
    fingers = [
        Finger(*np.multiply(own[i], 1 - share) + np.multiply(_CURLED[i], share))
        if i < count
        else own[i]
        for i in range(4)
    ]
    return _hand(fingers, pose.thumb, pose.view, pose.wrist)


def _towards(start: Finger, end: Finger, share: float) -> Finger:
    """A finger bent ``share`` of the way from one to the other."""
    return Finger(*(np.multiply(start, 1 - share) + np.multiply(end, share)).tolist())


def _between(start: Thumb, end: Thumb, share: float) -> Thumb:
    """A thumb ``share`` of the way from one to the other."""
    return Thumb(*(np.multiply(start, 1 - share) + np.multiply(end, share)).tolist())


def _bent(pose: Pose, share: float) -> Pose:
    """All fingers bent ``share`` times as much."""
    fingers = [
        Finger(each.mcp * share, each.pip * share, each.dip * share, each.spread)
        for each in (pose.index, pose.middle, pose.ring, pose.pinky)
    ]
    return _hand(fingers, pose.thumb, pose.view, pose.wrist)


def _hand(
    fingers: Sequence[Finger],
    thumb: Thumb,
    view: tuple[float, float, float],
    wrist: tuple[float, float] = (0, 0),
) -> Pose:
    index, middle, ring, pinky = fingers
    return Pose(index, middle, ring, pinky, thumb, view, wrist)


def _scaled_thumb(thumb: Thumb, share: float) -> Thumb:
    return Thumb(*np.multiply(thumb, share).tolist())


def _nothing(draw: Draw) -> Pose:
    kind = draw(0, 1)
    if kind < 0.25:  # open
        spread, bend = draw(4, 14), draw(0, 25)
        fingers = [
            Finger(bend, bend * draw(0.3, 1), bend * 0.5, spread * share)
            for share in (1, 0.2, -0.7, -1.3)
        ]
        thumb = Thumb(draw(-10, 10), draw(-5, 30), 0, draw(0, 15), draw(0, 15))
        view = draw(-180, 180), draw(-40, 40), draw(-60, 60)
        return _hand(fingers, thumb, view, (draw(-30, 50), draw(-15, 15)))
    if kind < 0.6:  # half curled
        bend = draw(15, 60)
        fingers = [
            Finger(
                bend * draw(0.5, 1) + 5 * i,
                bend * draw(0.7, 1.3) + 7 * i,
                bend * draw(0.3, 0.7),
                4 - 3 * i,
            )
            for i in range(4)
        ]
        thumb = Thumb(draw(-5, 20), draw(5, 40), 0, draw(5, 30), draw(0, 35))
        # not upright with the palm or the thumb to the camera, where it would be a loose C
        view = (
            (draw(110, 250), draw(-50, 50), draw(-80, 80))
            if draw(0, 1) < 0.5
            else (draw(-180, 180), draw(-40, 40), (80 + draw(0, 80)) * (1 if bend < 37 else -1))
        )
        return _hand(fingers, thumb, view, (draw(-30, 60), draw(-20, 20)))
    if kind < 0.7:  # thumb out, fist from the side
        thumb = Thumb(draw(-15, -5), draw(-10, 10), 10, draw(-10, 10), draw(-15, 10))
        side = 1 if draw(0, 1) < 0.5 else -1
        view = side * draw(60, 120), draw(-20, 20), draw(-100, 100)
        return _hand(_CURLED, thumb, view)
    straight = [Finger(draw(-5, 10), draw(0, 12), draw(0, 8), each) for each in (4, 1, -3, -7)]
    across, out = POSES["U"].thumb, Thumb(-8, -8, 0, -3)
    index, middle, ring, pinky = straight
    curled = _CURLED
    shapes = (
        ((index, *curled[1:3], pinky), across),  # horns
        ((index, *curled[1:3], pinky), out),
        ((curled[0], middle, *curled[2:]), across),
        ((index, middle, ring, pinky), POSES["B"].thumb),  # four
        ((index, Finger(60, 60, 30), ring, pinky), POSES["D"].thumb),  # eight
    )
    if kind < 0.95:
        shown, thumb = shapes[int(draw(0, len(shapes)))]
        return _hand(shown, thumb, (draw(-60, 60), draw(-30, 30), draw(-40, 40)))
    pointing = Finger(draw(20, 70), draw(0, 20), 5)  # at the camera
    return _hand((pointing, *curled[1:]), across, (draw(-60, 60), draw(30, 70), draw(-40, 40)))
