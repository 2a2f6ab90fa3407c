"""Hands known by their landmarks alone: two more signers, to train on but not to be measured on."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision.recognizers.signs.training.dataset import LOCAL, MOVING, TRAITS, Hands

LANDMARKS_ALONE = 9
"""The view of such hands."""

_WIDTH = 4 / 3
"""Their coordinates are parts of the picture's width and height; both cameras were 4:3."""
_EVERY = 6
"""Frames of a sequence from one that is taken to the next."""
_NOT_ASL = ("G", "T")
"""Letters that the Filipino alphabet shows another way."""


def collect(data: Path) -> Hands | None:
    """The hands of the files that there are; None if there are none."""
    folder = data / "signs" / "landmarks"
    parts = []
    table = folder / "nejohnson2_asl_landmarks.csv"
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        points = np.array([row[2:] for row in rows], np.float32).reshape(-1, 21, 3)
        # mirrored, as a selfie picture is
        letters = np.array([row[0] for row in rows])
        parts.append(_hands("nejohnson2", letters, points * np.array([-1, 1, 1], np.float32)))
    sequences = folder / "yumenin_fsl_sequences_26x30x30x63.npz"
    if sequences.is_file():
        with np.load(sequences) as stored:
            frames = stored["X"][:, :, ::_EVERY].astype(np.float32).reshape(26, -1, 21, 3)
        letters = np.repeat([chr(ord("A") + place) for place in range(26)], frames.shape[1])
        points = frames.reshape(-1, 21, 3)
        there = np.abs(points).sum(axis=(1, 2)) > 0
        there &= ~np.isin(letters, _NOT_ASL)
        parts.append(_hands("yumenin", letters[there], points[there]))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else parts[0].joined(parts[1])


def _hands(source: str, letters: NDArray[np.str_], points: NDArray[np.float32]) -> Hands:
    kept = ~np.isin(letters, MOVING)
    letters, points = letters[kept], points[kept]
    square = points * np.array([_WIDTH, 1.0, _WIDTH], np.float32)
    count = len(letters)
    return Hands(
        np.array([f"{source}#{row}" for row in np.flatnonzero(kept)]),
        np.full(count, source),
        letters,
        np.full(count, LANDMARKS_ALONE),
        np.ones(count, np.float32),
        square,
        square,
        np.zeros((count, TRAITS), np.float16),
        np.zeros((count, *LOCAL), np.float16),
        np.zeros(count, np.float32),
        np.ones(count, np.bool_),
        np.zeros((count, 28, 28), np.uint8),
    )
