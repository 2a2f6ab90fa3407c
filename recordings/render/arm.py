"""Hand, forearm and sleeve as one body that both renderers draw.

World axes: +X to the right of the picture, +Y away from the camera, +Z up; metres. The camera of
both renderers looks along +Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mesh import LANDMARKS, Array, Hand, Indices, rotation
from .poses import FINGERS, Pose

FOREARM = 0.27
FOREARM_RINGS = 14
SLEEVE_GAP = 0.062  #: from the wrist's rim to the cuff
SLEEVE_SIDES = 40
PALM = [0, 5, 9, 13, 17]  #: landmarks around the palm
#: (distance from the cuff, radius): a hem turned in, a seam, then a widening tube.
SLEEVE_PROFILE = (
    (0.000, 0.0385),
    (0.000, 0.0415),
    (0.004, 0.0425),
    (0.026, 0.0435),
    (0.029, 0.0420),
    (0.033, 0.0445),
    (0.070, 0.0490),
    (0.110, 0.0530),
    (0.170, 0.0570),
    (0.400, 0.0650),
)


@dataclass(frozen=True)
class Placed:
    """A body in the world: (N, 3) skin and (M, 3) sleeve vertices, (21, 3) landmarks."""

    skin: Array
    sleeve: Array
    joints: Array


@dataclass(frozen=True)
class Details:
    """What the skin shaders need to know of each vertex, at rest; N rows each.

    tint: redness 0-1. nail: across, along, facing (|across|, |along| < 1 on the nail).
    wrist_mm: position in the wrist's frame. finger_mm: signed distance past the second, third and
    first joint's crease. dorsal: -1 palm side of the finger to +1 back. palm: 1 on the palm.
    """

    tint: Array
    nail: Array
    wrist_mm: Array
    finger_mm: Array
    dorsal: Array
    palm: Array


def orientation(view: tuple[float, float, float]) -> Array:
    """(3, 3) wrist to world.

    ``view`` = yaw about the vertical, pitch of the fingertips to the camera, roll in the picture's
    plane (degrees). At zero the fingers point up and a right palm faces the camera.
    """
    yaw, pitch, roll = view
    turn = rotation("y", roll) @ rotation("z", yaw) @ rotation("x", pitch)
    return np.asarray(turn[:3, :3] @ np.diag([-1.0, 1.0, -1.0]))


class Arm:
    """A right or left arm with a hand that takes poses."""

    def __init__(self, hand: Hand, left: bool = False) -> None:
        self.hand = hand
        self.left = left
        vertices = hand.rest.vertices
        self.hand_triangles, rim = _open_wrist(vertices, hand.rest.triangles)
        self.center = vertices[rim].mean(0)
        rings, self.forearm_quads = _forearm(vertices, rim)
        self.rest = np.vstack([vertices, rings])
        self.sleeve_rest, self.sleeve_quads = _sleeve(self.center)
        self.details = _details(hand, self.rest)

    def place(self, pose: Pose, turn: Array, center: Array) -> Placed:
        """Bend into ``pose`` and put the middle of the palm at ``center``, (3,) in the world.

        ``turn`` is the forearm's (3, 3) ``orientation``; the pose's own ``view`` is not looked at.
        A left arm is the mirror image (x negated) of the right arm that stands there.
        """
        frames = self.hand.forward(pose)
        to_wrist = np.linalg.inv(self.hand.frame("wrist"))
        bend = rotation("y", pose.wrist[1]) @ rotation("x", -pose.wrist[0])
        landmarks = [self.hand.index[name] for name in LANDMARKS]
        joints = (bend @ to_wrist @ frames[landmarks])[:, :3, 3]
        forearm = np.eye(4)
        forearm[:3, :3] = turn
        forearm[:3, 3] = center - turn @ joints[PALM].mean(0)

        vertices = self.rest.copy()
        vertices[: len(self.hand.rest.vertices)] = self.hand.skin(frames)
        straight = _apply(to_wrist, vertices)
        share = np.clip((self.rest[:, 1] - self.hand.frame("wrist")[1, 3] + 0.012) / 0.030, 0, 1)
        share = (share * share * (3 - 2 * share))[:, None]  # 1 on the forearm, which stays
        skin = _apply(forearm, _apply(bend, straight) * (1 - share) + straight * share)
        sleeve = _apply(forearm @ to_wrist, self.sleeve_rest)
        joints = _apply(forearm, joints)
        if self.left:
            flip = np.array([-1.0, 1.0, 1.0])
            skin, sleeve, joints = skin * flip, sleeve * flip, joints * flip
        return Placed(skin, sleeve, joints)


def _apply(matrix: Array, points: Array) -> Array:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _open_wrist(vertices: Array, triangles: Indices) -> tuple[Indices, Indices]:
    """The triangles without the cap that closes the wrist, and its rim in order of angle."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    face /= np.linalg.norm(face, axis=1, keepdims=True) + 1e-12
    cap = (vertices[triangles][:, :, 1].min(1) > 0.06) & (face[:, 1] > 0.7)
    disc = vertices[np.unique(triangles[cap])]
    normal = np.linalg.svd(disc - disc.mean(0))[2][2]
    off_plane = np.abs((vertices - disc.mean(0)) @ normal)
    rim = np.flatnonzero((off_plane < 0.002) & (vertices[:, 1] > 0.06))
    triangles = triangles[~np.isin(triangles, rim).all(1)]
    offset = vertices[rim] - vertices[rim].mean(0)
    return triangles, rim[np.argsort(np.arctan2(offset[:, 0], offset[:, 2]))]


def _forearm(vertices: Array, rim: Indices) -> tuple[Array, Indices]:
    """Rings of vertices that carry the wrist's rim on to the elbow, and their quads."""
    center = vertices[rim].mean(0)
    offset = vertices[rim] - center
    angle = np.arctan2(offset[:, 0], offset[:, 2])
    rings = []
    for k in range(1, FOREARM_RINGS + 1):
        along = (k / FOREARM_RINGS) ** 1.2
        swell = np.sin(min(along * 1.3, 1) * np.pi / 2)
        ellipse = np.stack(
            [
                center[0] + (0.0195 + 0.022 * swell) * np.sin(angle),
                np.full(len(rim), center[1] + along * FOREARM),
                center[2] + (0.0262 + 0.020 * swell) * np.cos(angle),
            ],
            1,
        )
        blend = min(1.0, along * 4)
        straight = vertices[rim] + [0, along * FOREARM, 0]
        rings.append(straight * (1 - blend) + ellipse * blend)
    first = len(vertices) + np.arange(FOREARM_RINGS)[:, None] * len(rim) + np.arange(len(rim))
    return np.vstack(rings), _tube(np.vstack([rim, first]))


def _sleeve(center: Array) -> tuple[Array, Indices]:
    angle = 2 * np.pi * np.arange(SLEEVE_SIDES) / SLEEVE_SIDES
    rings = []
    for k, (along, radius) in enumerate(SLEEVE_PROFILE):
        folds = 1 + 0.02 * np.sin(5 * angle + k * 0.9) * (k > 4)
        rings.append(
            np.stack(
                [
                    center[0] + radius * 0.93 * folds * np.sin(angle),
                    np.full(SLEEVE_SIDES, center[1] + SLEEVE_GAP + along),
                    center[2] + radius * 1.03 * folds * np.cos(angle),
                ],
                1,
            )
        )
    count = len(SLEEVE_PROFILE)
    return np.vstack(rings), _tube(np.arange(count * SLEEVE_SIDES).reshape(count, -1))


def _tube(rings: NDArray[np.int64]) -> Indices:
    """(M, 4) quads between neighbouring rows of (rings, sides) vertex numbers."""
    onward = np.roll(rings, -1, 1)
    quads = np.stack([rings[:-1], onward[:-1], onward[1:], rings[1:]], 2)
    return np.asarray(quads.reshape(-1, 4))


def _details(hand: Hand, rest: Array) -> Details:
    bare = hand.rest.vertices
    weights = hand.rest.weights
    count, total = len(bare), len(rest)
    normal = hand.normals(bare)

    def local(name: str) -> Array:
        return _apply(np.linalg.inv(hand.frame(name)), bare)

    outward = np.clip(normal @ hand.frame("wrist")[:3, 1], -1, 1)
    tint = np.clip(-outward, 0, 1) * 0.22
    nail = np.zeros((total, 3))
    nail[:, 0] = 9
    finger_mm = np.full((total, 3), -60.0)
    dorsal = np.zeros(total)
    for name in ("thumb", *FINGERS):
        thumb = name == "thumb"
        prefix = name if thumb else f"{name}-finger"
        second = f"{prefix}-phalanx-{'distal' if thumb else 'intermediate'}"
        third = f"{prefix}-phalanx-distal"
        here = local(third)
        share = weights[:, hand.index[third]]
        mainly = weights.argmax(1) == hand.index[third]
        tip = -here[mainly, 2].min()
        half_width = np.abs(here[mainly, 0]).max()
        on = np.flatnonzero(share > 0.2)
        nail[on, 0] = here[on, 0] / (half_width * 0.78)
        middle, half_length = (0.0110, 0.0092) if thumb else (0.0095, 0.0078)
        nail[on, 1] = (-here[on, 2] - tip + middle) / half_length
        nail[on, 2] = np.clip((normal[on] @ hand.frame(third)[:3, 1] - 0.1) * 3, 0, 1)
        pad = np.exp(-(((-here[:, 2] - tip) / 0.012) ** 2)) * share * 0.5
        tint = np.maximum(tint, pad)
        own = [i for joint, i in hand.index.items() if joint.startswith(name)]
        mine = np.flatnonzero(weights[:, own].sum(1) >= 0.5)
        finger_mm[mine, 0] = -local(second)[mine, 2] * 1000
        if not thumb:
            finger_mm[mine, 1] = -here[mine, 2] * 1000
        web = 2 if thumb else 22  # the crease lies this far past the joint, where the web ends
        finger_mm[mine, 2] = -local(f"{prefix}-phalanx-proximal")[mine, 2] * 1000 - web
        dorsal[mine] = normal[mine] @ hand.frame(second)[:3, 1]
    for name in hand.index:
        if name.endswith(("proximal", "intermediate", "distal")):
            away = np.linalg.norm(bare - hand.frame(name)[:3, 3], axis=1)
            size = 0.013 if name.endswith("proximal") else 0.009
            knuckle = np.exp(-((away / size) ** 2)) * 0.45 * np.clip(outward + 0.4, 0, 1)
            tint = np.maximum(tint, knuckle)
    dorsal[:count] = np.where(dorsal[:count] == 0, outward, dorsal[:count])
    palm = np.zeros(total)
    palm[:count] = np.clip(-outward * 2 - 0.3, 0, 1)
    wrist = np.linalg.inv(hand.frame("wrist"))
    return Details(
        tint=np.pad(tint, (0, total - count)),
        nail=nail,
        wrist_mm=_apply(wrist, rest) * [1000, 1000, -1000],
        finger_mm=finger_mm,
        dorsal=dorsal,
        palm=palm,
    )
