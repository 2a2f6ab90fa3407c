"""``python -m recordings.render.handshapes``: the sheet of hand pictures that practice shows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .arm import Arm, orientation
from .camera import Camera
from .mesh import Hand, fetch, read_glb
from .poses import POSES
from .raster import Light, Raster

SIDE, COLUMNS = 400, 6
SCALE = 4
"""Times the camera's usual size, so that a tile is reduced, not enlarged."""
BACKGROUND = (236, 232, 228)
LEAN = (0, -6, 4)


def main() -> None:
    """Draw A to Z, COLUMNS a row, each a square of SIDE pixels."""
    camera = Camera(width=SCALE * Camera.width, height=SCALE * Camera.height)
    arm = Arm(Hand(read_glb(fetch())))
    edge = 300 * SCALE
    tiles = []
    with Raster(arm, camera, (0.70, 0.43, 0.32), (0.10, 0.16, 0.28)) as raster:
        for letter in sorted(POSES):
            pose = POSES[letter]
            turn = orientation((pose.view[0], pose.view[1] + LEAN[1], pose.view[2] + LEAN[2]))
            placed = arm.place(pose, turn, np.array((0, -0.16, -0.02)))
            drawn = raster.draw(placed, Light()).astype(np.float32)
            cover = drawn[..., 3:] / 255
            picture = (drawn[..., :3] * cover + np.array(BACKGROUND) * (1 - cover)).astype(np.uint8)
            joints = camera.project(placed.joints)
            x, y = ((joints.min(0) + joints.max(0)) / 2).astype(int) + edge
            half = max(int(0.68 * np.ptp(joints, axis=0).max()), 110 * SCALE)
            wide = cv2.copyMakeBorder(
                picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=BACKGROUND
            )
            crop = wide[y - half : y + half, x - half : x + half]
            tiles.append(cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    while len(tiles) % COLUMNS:
        tiles.append(np.full((SIDE, SIDE, 3), 236, np.uint8))
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    target = Path(__file__).parents[1] / "handshapes.jpg"
    cv2.imwrite(str(target), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
