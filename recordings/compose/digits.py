"""Two pages with handwritten numbers, held up one after the other."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from livevision.recognizers.digits.training import pages
from livevision.recognizers.digits.training.strokes import Writer
from recordings.compose import film

SEED = 7
PAGES = (("plain", ("2026", "314 159")), ("checkered", ("1024", "77 840")))
SECONDS = 3.5


def compose(path: Path) -> None:
    """Write the clip `path` and its truth."""
    chance = np.random.default_rng(SEED)
    parts, numbers = [], []
    for place, (ground, lines) in enumerate(PAGES):
        hand = pages.own_hand(Writer.random(chance), 0.09)
        page = pages.compose(hand, lines, chance, size=(600, 440), ground=ground, height=62, hard=0)
        parts.append(film.held(page.image, chance, seconds=SECONDS))
        start = place * SECONDS
        numbers += [
            {"kind": "number", "label": number, "start": start + 0.8, "end": start + SECONDS - 0.8}
            for line in lines
            for number in line.split()
        ]
    truth = {
        "schema": 2,
        "description": "Two pages with handwritten numbers, drawn by us, held before a camera.",
        "made_with": "python -m recordings.compose digits",
        "text": "",
        "kinds": ["number"],
        "events": numbers,
        "tolerance_s": 0.4,
    }
    film.write(path, itertools.chain(*parts), truth)
