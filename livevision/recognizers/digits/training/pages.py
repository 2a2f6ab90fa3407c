"""Pages with handwritten numbers, as a camera sees them: composed, so that the truth is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.digits.prepare import Ink
from livevision.recognizers.digits.training.strokes import Writer

Hand = Callable[[str, np.random.Generator, int], Ink]
"""Writes a character about so many pixels high."""

PENS = ((60, 40, 30), (25, 25, 25), (140, 50, 20), (40, 30, 150), (60, 90, 30), (90, 90, 95))
"""Blue-black, black, blue, red, green, pencil: BGR."""
GROUNDS = ("plain", "ruled", "checkered", "dotted", "board")


@dataclass(frozen=True, slots=True)
class Page:
    """A picture of a page and what is written on it."""

    image: Image
    lines: tuple[str, ...]
    """What each line says, from the top, without spaces."""
    places: NDArray[np.float32]
    """(n, 4): left, top, right, bottom of each digit in the picture, in reading order."""


def own_hand(writer: Writer, pen: float) -> Hand:
    """A made-up writer's hand, whose pen is `pen` heights wide."""

    def write(character: str, chance: np.random.Generator, size: int) -> Ink:
        return writer.write(character, chance, size, max(1.5, pen * size))

    return write


def compose(
    hand: Hand,
    lines: Sequence[str],
    chance: np.random.Generator,
    *,
    size: tuple[int, int] = (640, 480),
    ground: str = "plain",
    height: int = 44,
    tilt: float = 0.0,
    hard: float = 0.5,
) -> Page:
    """`lines` (a space is a gap) on paper, photographed: (height, width, 3).

    `size` is the picture's (width, height), `height` that of the digits in pixels, `tilt` in
    degrees; `hard`, from 0 to 1, is how much light, lens and paper disturb.
    """
    width, tall = size
    dark = ground == "board"
    shade = chance.uniform(30, 70) if dark else chance.uniform(200, 250)
    tint = chance.uniform(0.94, 1.0, 3)
    paper = np.full((tall, width, 3), shade, np.float32) * tint.astype(np.float32)
    for cell in (2, 9, 40):
        grain = chance.normal(0, 2.0, (tall // cell + 2, width // cell + 2)).astype(np.float32)
        paper += cv2.resize(grain, size, interpolation=cv2.INTER_CUBIC)[..., None] * hard
    _rule(paper, ground, chance, height)
    cover = np.zeros((tall, width), np.float32)
    places: list[tuple[float, float, float, float]] = []
    step = height * chance.uniform(1.5, 2.0)
    block = step * (len(lines) - 1) + height
    top = max(height * 0.4, (tall - block) * chance.uniform(0.3, 0.7))
    written = []
    for number, line in enumerate(lines):
        x = chance.uniform(0.8, 2.0) * height
        y = top + number * step
        said = ""
        for character in line:
            if character == " ":
                x += height * chance.uniform(1.8, 2.4)
                continue
            ink = hand(character, chance, round(height * chance.uniform(0.88, 1.1)))
            place = _put(cover, ink, x, y + chance.normal(0, 0.04) * height + height / 2)
            if place is None:
                continue
            places.append(place)
            said += character
            x = place[2] + height * max(0.1, chance.normal(0.28, 0.1))
        written.append(said)
    pen = np.array(PENS[chance.integers(len(PENS))], np.float32)
    if dark:
        pen = np.array((225, 235, 235), np.float32)
    pressure = cv2.resize(
        chance.uniform(1 - 0.4 * hard, 1.0, (tall // 6 + 1, width // 6 + 1)).astype(np.float32),
        size,
        interpolation=cv2.INTER_CUBIC,
    )
    alpha = (np.clip(cover, 0, 1) * np.clip(pressure, 0, 1))[..., None]
    picture = np.asarray(paper * (1 - alpha) + pen * alpha, np.float32)
    image, matrix = _photograph(picture, chance, tilt, hard)
    return Page(image, tuple(written), _moved(places, matrix))


def _put(
    cover: NDArray[np.float32], ink: Ink, x: float, middle: float
) -> tuple[float, float, float, float] | None:
    """Write `ink` with its left edge at `x`; where it is, or None if it does not fit."""
    rows, columns = np.nonzero(ink > 0.3)
    if not rows.size:
        return None
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    left, top = round(x), round(middle - ink.shape[0] / 2)
    right, bottom = left + ink.shape[1], top + ink.shape[0]
    if left < 0 or top < 0 or right > cover.shape[1] - 4 or bottom > cover.shape[0] - 4:
        return None
    part = cover[top:bottom, left:right]
    np.maximum(part, ink, out=part)
    return float(left), float(top), float(right), float(bottom)


def _rule(
    paper: NDArray[np.float32], ground: str, chance: np.random.Generator, height: int
) -> None:
    """Draw the lines that are printed on the paper."""
    tall, width = paper.shape[:2]
    color = np.array((200, 160, 140) if chance.random() < 0.7 else (150, 150, 150), np.float32)
    strength = chance.uniform(0.4, 0.9)
    if ground == "ruled":
        gap = int(height * chance.uniform(1.2, 1.9))
        for y in range(int(chance.integers(gap)), tall - 2, gap):
            paper[y : y + 2] += (color - paper[y : y + 2]) * strength
        x = int(width * 0.1)
        red = np.array((120, 120, 220), np.float32)
        paper[:, x : x + 2] += (red - paper[:, x : x + 2]) * strength
    elif ground == "checkered":
        gap = int(height * chance.uniform(0.5, 0.9))
        for y in range(int(chance.integers(gap)), tall - 1, gap):
            paper[y : y + 1] += (color - paper[y : y + 1]) * strength
        for x in range(int(chance.integers(gap)), width - 1, gap):
            paper[:, x : x + 1] += (color - paper[:, x : x + 1]) * strength
    elif ground == "dotted":
        gap = int(height * chance.uniform(0.5, 0.9))
        paper[::gap, ::gap] = color
        paper[1::gap, ::gap] = color


def _photograph(
    picture: NDArray[np.float32], chance: np.random.Generator, tilt: float, hard: float
) -> tuple[Image, NDArray[np.float64]]:
    """The page before a desk, in uneven light; and where its points have gone."""
    tall, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, tall], [0, tall]], np.float32)
    angle = np.deg2rad(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, tall]) / 2
    moved = (corners - middle) @ turn.T * (1 - 0.06 * hard) + middle
    moved += chance.uniform(-0.05, 0.05, (4, 2)) * hard * (width, tall)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    desk = chance.uniform(40, 160, 3).astype(np.float32)
    seen = cv2.warpPerspective(
        picture, matrix, (width, tall), borderMode=cv2.BORDER_CONSTANT, borderValue=desk.tolist()
    )
    rows, columns = np.mgrid[0:tall, 0:width].astype(np.float32)
    slope = chance.uniform(-0.45, 0.45, 2) * hard
    light = 1 + slope[0] * (columns / width - 0.5) + slope[1] * (rows / tall - 0.5)
    if chance.random() < 0.5 * hard:  # a shadow, as of the hand that holds the camera
        edge = columns * chance.normal() + rows * chance.normal()
        middle_edge = float(np.quantile(edge[::20, ::20], chance.uniform(0.2, 0.8)))
        soft = chance.uniform(5, 60)
        light *= 1 - chance.uniform(0.1, 0.4) / (
            1 + np.exp(np.clip((middle_edge - edge) / soft, -30, 30))
        )
    seen = seen * light[..., None] * chance.uniform(0.75, 1.05)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.4 + 0.7 * hard * chance.random())
    seen += chance.normal(0, 1 + 4 * hard, seen.shape).astype(np.float32)
    image = np.clip(seen, 0, 255).astype(np.uint8)
    quality = int(chance.integers(95 - round(35 * hard), 96))
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), np.asarray(matrix)


def _moved(
    places: Sequence[tuple[float, float, float, float]], matrix: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The rectangles around where the rectangles `places` have gone."""
    if not places:
        return np.zeros((0, 4), np.float32)
    boxes = np.array(places, np.float32)
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    gone = cv2.perspectiveTransform(corners.reshape(1, -1, 2), matrix).reshape(-1, 4, 2)
    return np.asarray(np.concatenate([gone.min(axis=1), gone.max(axis=1)], axis=1), np.float32)
