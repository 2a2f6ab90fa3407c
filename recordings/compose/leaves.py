"""Drawn leaves on white paper, under a camera that moves a little."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from recordings.compose import film

SEED = 4
SECONDS = 4.0
FINE = 4
"""Leaves are drawn so many times as large as they are shown, for smooth edges."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a leaf of a species is drawn: lengths in halves of its own length."""

    species: str
    width: float
    """Of the blade, at its widest."""
    widest: float
    """Where that is, from 0, at the stalk, to 1, at the tip."""
    tip: float
    """How pointed the tip is; 0.5 is round."""
    base: float
    """The same of the base."""
    lobes: int
    """To a side."""
    depth: float
    """Of the gaps between lobes, as a share of the width."""
    teeth: int
    """To a side."""
    bite: float
    """How deep they are."""
    color: tuple[float, float, float]
    """BGR."""


def outline(kind: Kind, chance: np.random.Generator) -> Points:
    """(n, 2): x to the side, y from the stalk, 0, to the tip, 2."""
    sides = []
    for side in (-1, 1):
        t = np.linspace(0, 1, 500)
        # a blade between two powers, as wide as it should be where it should be
        power = kind.base * kind.widest / (1 - kind.widest) if kind.lobes else kind.tip
        blade = t**kind.base * (1 - t) ** (power if kind.lobes else kind.tip)
        blade *= kind.width / blade.max()
        y = 2 * t
        if kind.lobes:
            phase = t**0.9 * kind.lobes + chance.normal(0, 0.06)
            gap = 1 - np.abs(np.sin(np.pi * phase)) ** 0.7
            blade *= 1 - kind.depth * gap * np.sqrt(np.sin(np.pi * t))
            y = y + 0.1 * (1 - gap) * np.sin(np.pi * t)  # lobes lean to the tip
        uneven = t + 0.25 / max(kind.teeth, 1) * np.sin(9 * t + chance.uniform(0, 6))
        saw = (uneven * kind.teeth + chance.uniform(0, 1)) % 1.0
        fine = (uneven * kind.teeth * 2.7) % 1.0
        blade = blade + kind.bite * (saw - 0.5 + 0.4 * (fine - 0.5)) * np.sqrt(np.sin(np.pi * t))
        blade *= 1 + 0.03 * chance.normal()
        sides.append(np.stack([side * np.maximum(blade, 0), y], axis=1))
    return np.concatenate([sides[0], sides[1][::-1]])


def palm(chance: np.random.Generator) -> Points:
    """The same of a maple: five lobes like a hand, each with teeth."""
    tips = np.radians((-150, -118, -88, -62, -30, 0, 30, 62, 88, 118, 150))
    reach = np.array((0.35, 0.62, 0.42, 0.95, 0.48, 1.12, 0.48, 0.95, 0.42, 0.62, 0.35))
    angles = np.linspace(-math.pi * 0.95, math.pi * 0.95, 900)
    radius = np.interp(angles, tips, reach)
    wave = np.abs(((angles * 9.0) % 1.0) - 0.5)
    radius = radius * (1 + 0.16 * (wave - 0.25)) * (1 + 0.02 * chance.normal())
    radius *= np.clip((math.pi - np.abs(angles)) * 6, 0.05, 1)
    return np.stack([radius * np.sin(angles), 0.75 + radius * np.cos(angles)], axis=1)


KINDS = (
    Kind("oak", 0.48, 0.52, 0.61, 0.5, 7, 0.91, 0, 0.0, (32, 173, 170)),
    Kind("hazel", 0.86, 0.544, 0.42, 0.42, 0, 0.0, 13, 0.13, (70, 125, 95)),
    Kind("maple", 1.0, 0.5, 0.5, 0.5, 0, 0.0, 0, 0.0, (60, 185, 190)),
)
"""Three that the recogniser names. Drawn birches and aspens it takes for none, or for hazels: what
is drawn shows that the chain works, not how well."""


def draw(kind: Kind, size: float, turn: float, chance: np.random.Generator) -> tuple[Image, Image]:
    """A leaf `size` pixels long, turned by `turn` degrees: its picture, BGR, and how much of each
    pixel it covers, 0 to 255."""
    side = round(size * 1.5)
    whole = side * FINE
    points = palm(chance) if kind.species == "maple" else outline(kind, chance)
    half = size * FINE / 2
    angle = math.radians(turn)
    spin = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def placed(some: Points) -> NDArray[np.int32]:
        flat = (some - (0, 1)) * half
        return np.asarray((flat @ spin.T + whole / 2).round(), np.int32)

    cover = np.zeros((whole, whole), np.uint8)
    cv2.fillPoly(cover, [placed(points)], (255,))
    stalk = np.array([[0.0, 0.2], [0.03, -0.12], [0.06, -0.3]])
    if kind.species == "maple":
        stalk += (0, 0.5)
    cv2.polylines(cover, [placed(stalk)], False, (255,), max(1, round(half * 0.045)))
    paint = np.full((whole, whole, 3), kind.color, np.float32)
    for cell, strength in ((60, 9.0), (16, 6.0), (6, 5.0)):
        count = whole // cell + 2
        grain = chance.normal(0, strength, (count, count)).astype(np.float32)
        paint += cv2.resize(grain, (whole, whole), interpolation=cv2.INTER_CUBIC)[..., None]
    veins = np.zeros((whole, whole), np.uint8)
    for vein, wide in veins_of(kind):
        cv2.polylines(veins, [placed(vein)], False, (255,), max(1, round(half * wide)))
    soft = cv2.GaussianBlur(veins, (0, 0), FINE * 0.6).astype(np.float32)[..., None] / 255
    paint += soft * (18, 30, 30)
    paint = np.clip(paint, 0, 255).astype(np.uint8)
    shape = (side, side)
    return (
        np.asarray(cv2.resize(paint, shape, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(cover, shape, interpolation=cv2.INTER_AREA), np.uint8),
    )


def veins_of(kind: Kind) -> Iterator[tuple[Points, float]]:
    """Lines of a leaf's veins and how wide they are."""
    if kind.species == "maple":
        for angle, length in ((-88, 0.8), (-62, 0.8), (0, 1.0), (62, 0.8), (88, 0.8)):
            turn = math.radians(angle)
            end = (length * math.sin(turn), 0.75 + length * math.cos(turn))
            yield np.array([(0.0, 0.7), end]), 0.02
        return
    yield np.array([(0.0, 0.0), (0.0, 1.9)]), 0.025
    count = kind.lobes or 7
    for number in range(count):
        at = 0.2 + 1.4 * number / count
        reach = 0.75 * kind.width * math.sin(math.pi * min(0.95, (at + 0.35) / 2.2))
        for side in (-1, 1):
            yield np.array([(0.0, at), (side * reach, at + 0.45)]), 0.014


def table(chance: np.random.Generator) -> Image:
    """A sheet with leaves of every kind: (440, 600, 3) BGR."""
    height, width = 440, 600
    sheet = np.full((height, width, 3), (236, 244, 246), np.float32)
    grain = chance.normal(0, 1.0, (height, width, 1)).astype(np.float32)
    sheet += grain
    for number, kind in enumerate((*KINDS, *KINDS)):
        x = 105 + 195 * (number % 3) + chance.normal(0, 6)
        y = 115 + 210 * (number // 3) + chance.normal(0, 6)
        leaf, cover = draw(kind, 125, chance.uniform(0, 360), chance)
        side = leaf.shape[0]
        left, top = round(x - side / 2), round(y - side / 2)
        part = sheet[max(top, 0) : top + side, max(left, 0) : left + side]
        cut = np.s_[
            max(-top, 0) : max(-top, 0) + part.shape[0],
            max(-left, 0) : max(-left, 0) + part.shape[1],
        ]
        share = cover[cut].astype(np.float32)[..., None] / 255
        part[:] = part * (1 - share) + leaf[cut] * share
    return np.clip(sheet, 0, 255).astype(np.uint8)


def compose(path: Path) -> None:
    """Write the clip `path` and its truth."""
    chance = np.random.default_rng(SEED)
    sheet = table(chance)
    truth = {
        "schema": 2,
        "description": "Six leaves that we drew, on paper that is held before a camera.",
        "made_with": "python -m recordings.compose leaves",
        "text": "",
        "kinds": ["leaf"],
        "events": [
            {"kind": "leaf", "label": kind.species, "start": 1.0, "end": SECONDS - 1.0}
            for kind in (*KINDS, *KINDS)
        ],
        "tolerance_s": 0.6,
    }
    film.write(path, film.held(sheet, chance, seconds=SECONDS), truth)
