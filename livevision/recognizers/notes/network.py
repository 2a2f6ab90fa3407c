"""The network as the live program runs it: a straightened staff in, its cells out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import assets, litert
from livevision.frame import Image
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.cells import OUTPUTS

FILE = "staff.tflite"
WIDTH = 512
"""Pixels of a staff that the network sees at a time."""
OVERLAP = 96
"""Pixels that two such stretches share: each is trusted up to the middle of them."""


class StaffNetwork:
    """Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raise ModelError if there is no network at `path`, or another than was shipped."""
        self._network = litert.network(
            assets.verified(path),
            name="the music-reading network",
            cure="Install livevision again.",
        )

    def cells(self, staff: Image) -> NDArray[np.float32]:
        """Logits (ROWS, columns, OUTPUTS) of a staff (HEIGHT, width), uint8, ink is 255."""
        width = staff.shape[1]
        columns = -(-width // grid.CELL)
        result = np.zeros((grid.ROWS, columns, OUTPUTS), np.float32)
        half = OVERLAP // 2 // grid.CELL
        for begin in range(0, max(width - OVERLAP, 1), WIDTH - OVERLAP):
            stretch = np.zeros((1, grid.HEIGHT, WIDTH, 1), np.float32)
            part = staff[:, begin : begin + WIDTH]
            stretch[0, :, : part.shape[1], 0] = part / np.float32(255)
            seen = self._network(stretch)[0][0]
            first = begin // grid.CELL
            skip = half if begin else 0
            room = columns - first - skip
            result[:, first + skip : first + seen.shape[1]] = seen[:, skip : skip + room]
        return result
