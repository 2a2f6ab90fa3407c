"""The pinhole camera of both renderers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh import Array


@dataclass(frozen=True)
class Camera:
    """Stands at (0, -``distance``, 0) and looks along +Y; ``fov`` is horizontal, in degrees."""

    width: int = 640
    height: int = 480
    fov: float = 60
    distance: float = 0.5

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return float(self.width / 2 / np.tan(np.radians(self.fov) / 2))

    def project(self, points: Array) -> Array:
        """(N, 3) metres in the world -> (N, 2) pixels, x to the right and y down."""
        depth = points[:, 1] + self.distance
        x = self.width / 2 + self.focal * points[:, 0] / depth
        y = self.height / 2 - self.focal * points[:, 2] / depth
        return np.stack([x, y], 1)
