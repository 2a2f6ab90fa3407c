"""Made-up hands that spell: landmarks and probabilities as a locator and a classifier give them."""

import string
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Event
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.spelling import Speller

LABELS = (*string.ascii_uppercase, "")
PALM = 80.0
"""Pixels from wrist to knuckles."""
_CHAINS = ((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
J_TRACK = np.array([[0, 0], [-0.1, 0.5], [0.15, 0.85], [0.55, 0.9], [0.8, 0.6]], np.float32)
"""The way of a right hand's little finger, in palms; y points down."""
Z_TRACK = np.array([[0, 0], [-1, 0], [0, 0.9], [-1, 0.9]], np.float32)


def hand(straight: Sequence[float] = (0, 0, 0, 0), spread: float = 0.0) -> NDArray[np.float32]:
    """(21, 3) landmarks in palms, fingers up, each from bent (0) to straight (1)."""
    points = np.zeros((21, 3), np.float32)
    for place, (chain, line) in enumerate(zip(_CHAINS, straight, strict=True)):
        x = 0.25 * (1.5 - place)
        points[chain[0]] = (x, -1.0, 0.0)
        for step, joint in enumerate(chain[1:], 1):
            up, back = line * 0.3, (1 - line) * 0.25
            turn = (-0.2, 0.8, 0.2)[step - 1]
            points[joint] = points[chain[step - 1]] + (
                spread * line * (1.5 - place) / 3,
                -up if line > 0.5 else back * turn,
                0 if line > 0.5 else -back * (1, 0.2, -0.9)[step - 1],
            )
    for step in range(1, 5):
        points[step] = (0.2 * step + spread * 0.4 * step, -0.22 * step, 0.0)
    return points


def shape_of(letter: str) -> NDArray[np.float32]:
    """(21, 3): some shape of its own for every letter."""
    if letter and letter in "IJ":
        return hand((0, 0, 0, 1))
    if letter and letter in "DZ":
        return hand((1, 0, 0, 0))
    points = hand()
    rng = np.random.default_rng(ord(letter) if letter else 7)
    points[5:, :2] += rng.normal(0, 0.2, (16, 2)).astype(np.float32)
    for finger, chain in enumerate(_CHAINS):  # bent, so that no finger seems to draw
        points[chain[3]] = points[chain[0]] + (0.05 * finger, -0.1, -0.1)
    return points


def chances(letter: str, most: float = 0.95, rival: str | None = None) -> NDArray[np.float32]:
    """(27,) probabilities with `most` for `letter`, and the rest for `rival` or for all alike.

    No sign gets 0.6 % of the rest, as measured: the median over letters of strangers that are not
    read for sure.
    """
    rest = (1 - most) / len(LABELS) if rival is None else 1e-3
    found = np.full(len(LABELS), rest, np.float32)
    if letter:
        found[LABELS.index("")] = 0.006 * (1 - most)
    if rival is not None:
        found[LABELS.index(rival)] += 1 - most
    found[LABELS.index(letter)] = most
    return np.asarray(found / found.sum(), np.float32)


def showing(
    points: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    *,
    track: int = 1,
    right: bool = True,
    place: Sequence[float] | NDArray[np.float64] = (320.0, 300.0),
    palm: float = PALM,
) -> Showing:
    side = np.array([1 if right else -1, 1, 1], np.float32)
    landmarks = points * side * np.float32(palm) + np.array([*place, 0], np.float32)
    return Showing(track, right, landmarks, points * side * np.float32(0.09), probabilities)


class Signer:
    """Spells letters one after the other; times in seconds, ways in palms."""

    def __init__(
        self, *, fps: float = 30, rate: float = 2, seed: int = 0, right: bool = True, track: int = 1
    ) -> None:
        self.fps = fps
        self.rate = rate
        self.right = right
        self.track = track
        self.time = 0.0
        self.frames: list[tuple[float, Showing | None]] = []
        self.truth: list[tuple[str, float, float]] = []
        self._rng = np.random.default_rng(seed)
        self._points = shape_of("")
        self._place = np.zeros(2)
        self._letter = ""

    def _show(
        self, points: NDArray[np.float32], probabilities: NDArray[np.float32], place: object
    ) -> None:
        noise = self._rng.normal(0, 0.004, points.shape).astype(np.float32)
        at = np.asarray(place, float) * PALM * (1 if self.right else -1, 1) + (320, 300)
        self.frames.append(
            (
                self.time,
                showing(
                    points + noise, probabilities, track=self.track, right=self.right, place=at
                ),
            )
        )
        self.time += 1 / self.fps

    def rest(self, seconds: float, **odds: Any) -> "Signer":
        for _ in range(max(1, round(seconds * self.fps))):
            found = chances(self._letter, **odds) if self._letter else chances("")
            self._show(self._points, found, self._place)
        return self

    def move(self, points: NDArray[np.float32], seconds: float, place: object = None) -> "Signer":
        goal = self._place if place is None else np.asarray(place, float)
        count = max(1, round(seconds * self.fps))
        before, start, old = self._points, self._place, self._letter
        for step in range(1, count):
            share = 0.5 - 0.5 * np.cos(np.pi * step / count)
            mixed = (before * (1 - share) + points * share).astype(np.float32)
            near = old if share < 0.25 else ""
            self._show(mixed, chances(near, 0.6), start * (1 - share) + goal * share)
        self._points, self._place = points, goal
        return self

    def spell(self, text: str, **odds: Any) -> "Signer":
        """Each letter takes 1 / rate seconds: 45 % to get there, 55 % at rest."""
        for letter in text:
            if letter == self._letter:
                self.move(
                    self._points, min(0.3, 0.45 / self.rate), self._place + np.array((0.6, 0))
                )
            else:
                self.move(shape_of(letter), 0.45 / self.rate)
            self._letter = letter
            start = self.time
            self.rest(0.55 / self.rate, **odds)
            self.truth.append((letter, start, self.time))
        return self

    def draw(
        self, letter: str, seconds: float = 0.9, size: float = 1.0, before: float = 0.1
    ) -> "Signer":
        """Draw J or Z."""
        track = {"J": J_TRACK, "Z": Z_TRACK}[letter] * size
        steps = np.linalg.norm(np.diff(track, axis=0), axis=1)
        along = np.concatenate(([0], np.cumsum(steps)))
        self.move(shape_of(letter), 0.2)
        self._letter = {"J": "I", "Z": "D"}[letter]
        self.rest(before)
        start, begin = self.time, self._place
        count = round(seconds * self.fps)
        for step in range(1, count + 1):
            share = 0.5 - 0.5 * np.cos(np.pi * step / count)
            at = [np.interp(share * along[-1], along, track[:, axis]) for axis in (0, 1)]
            self._show(self._points, chances(self._letter, 0.7), begin + at)
        self._place = begin + track[-1]
        self.truth.append((letter, start, self.time))
        self.rest(0.2)
        self._letter = ""
        return self

    def leave(self, seconds: float) -> "Signer":
        for _ in range(round(seconds * self.fps)):
            self.frames.append((self.time, None))
            self.time += 1 / self.fps
        return self


def read(frames: Sequence[tuple[float, Showing | None]], speller: Speller) -> list[Event]:
    """All that `speller` reports of `frames`."""
    return [event for _, events in steps(frames, speller) for event in events]


def steps(
    frames: Sequence[tuple[float, Showing | None]], speller: Speller
) -> Iterator[tuple[float, list[Event]]]:
    """The time of each frame and what was reported with it; at last what was left."""
    time = 0.0
    for time, each in frames:
        yield time, speller.see([each] if each else [], time)
    yield time, speller.finish()


def letters(events: Sequence[Event]) -> str:
    return "".join(event.label for event in events if event.kind == "letter")
