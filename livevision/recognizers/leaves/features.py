"""What a leaf's outline, margin, colour and texture say, in numbers; the same live as in training.

The story's measures of a region (length to width, eccentricity, extent, Hu's moments) come first.
Outline and margin are those of the leaf drawn to one area and turned along its longer axis, so that
neither the camera's distance nor the leaf's direction matters.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.leaves.segmenting import Mask

SIZE = 110.0
"""Square root of the area, in pixels, to which each leaf is scaled before it is measured."""
SIDE = 100
"""Pixels of the side of the upright picture, the story's."""
POINTS = 512
"""Points of the outline."""
HARMONICS = 12
"""Fourier descriptors of the outline on either side."""
SCALES = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Points over which the outline is smoothed to see its margin's teeth and lobes."""
WIDTHS = 10
"""Places along the axis at which the leaf's width is measured."""
PATTERNS = 10
"""Local binary patterns that look the same from all sides (Ojala et al., 2002)."""

STORY = ("length_width", "eccentricity", "extent", *(f"hu{i}" for i in range(1, 8)))
OUTLINE = (
    "solidity",
    "circularity",
    *(f"fourier{i:+d}" for i in range(-HARMONICS, HARMONICS + 1) if i not in (0, 1)),
    *(f"width{i}" for i in range(WIDTHS)),
    "defects",
    "deepest",
    "depths",
    "centre_off",
)
MARGIN = tuple(
    f"{what}{scale:g}"
    for scale in SCALES
    for what in ("teeth", "tooth_skew", "tooth_count", "bending")
)
COLOR = (
    *(f"mean_{each}" for each in ("l", "a", "b")),
    *(f"spread_{each}" for each in ("l", "a", "b")),
    *(f"{each}_low" for each in ("l", "a", "b")),
    *(f"{each}_high" for each in ("l", "a", "b")),
)
TEXTURE = (
    *(f"pattern{i}" for i in range(PATTERNS)),
    *(f"coarse{i}" for i in range(PATTERNS)),
    "detail1",
    "detail2",
    "detail4",
    "ridges",
    "holes",
)
NAMES = STORY + OUTLINE + MARGIN + COLOR + TEXTURE
LENGTH = len(NAMES)


def upright(image: Image, mask: Mask) -> tuple[Image, Mask]:
    """The leaf turned so that its longer axis is vertical and its heavier end below, on one scale:
    the square root of its area is `SIZE`; the picture just holds it."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    area = max(moments["m00"], 1.0)
    x, y = moments["m10"] / area, moments["m01"] / area
    angle = 0.5 * np.arctan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"])
    turn = np.pi / 2 - angle
    rows, columns = np.nonzero(mask)
    along = (columns - x) * np.sin(turn) + (rows - y) * np.cos(turn)
    if float((along**3).mean()) > 0:  # the thin end is the far one: it belongs on top
        turn += np.pi
    scale = SIZE / np.sqrt(area)
    if scale < 0.6:
        blur = 0.4 / scale
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    across = (columns - x) * cos - (rows - y) * sin
    down = (columns - x) * sin + (rows - y) * cos
    pad = 6
    width = int(np.ceil(across.max() - across.min())) + 2 * pad
    height = int(np.ceil(down.max() - down.min())) + 2 * pad
    matrix = np.array(
        [
            [cos, -sin, pad - across.min() - cos * x + sin * y],
            [sin, cos, pad - down.min() - sin * x - cos * y],
        ]
    )
    size = (width, height)
    turned = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    soft: NDArray[Any] = mask.astype(np.float32)
    if scale < 0.6:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.4 / scale)
    own = cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_LINEAR) > 0.5
    return np.asarray(turned, np.uint8), own


def thumbnail(image: Image, mask: Mask) -> Image:
    """The upright leaf on white in SIDE x SIDE pixels."""
    shown = np.where(mask[..., None], image, np.uint8(255))
    height, width = shown.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def measure(image: Image, mask: Mask) -> NDArray[np.float32]:
    """(LENGTH,): the features `NAMES` of a leaf in a picture (BGR), cut out along `mask`."""
    image, mask = upright(image, mask)
    filled = _filled(mask)
    line = _outline(filled)
    if line is None:
        return np.zeros(LENGTH, np.float32)
    values = [
        *_story(filled),
        *_shape(filled, line),
        *_margin(line),
        *_color(image, mask),
        *_texture(image, mask, filled),
    ]
    return np.nan_to_num(np.array(values, np.float32))


def _filled(mask: Mask) -> Mask:
    """The mask's largest part, without the holes that beetles eat."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros(mask.shape, np.uint8)
    if contours:
        cv2.drawContours(drawn, [max(contours, key=cv2.contourArea)], -1, (1,), cv2.FILLED)
    return drawn > 0


def _outline(mask: Mask) -> NDArray[np.float64] | None:
    """(POINTS, 2): the outline at even steps, in units of the square root of the area."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    line = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    if len(line) < 20:
        return None
    # the staircase of pixels is smoothed away before lengths are taken
    line = _smoothed(line, 1.5)
    steps = np.hypot(*(np.roll(line, -1, axis=0) - line).T)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    closed = np.concatenate([line, line[:1]])
    places = np.linspace(0.0, way[-1], POINTS, endpoint=False)
    even = np.stack([np.interp(places, way, closed[:, i]) for i in (0, 1)], axis=1)
    return np.asarray((even - even.mean(axis=0)) / np.sqrt(mask.sum()))


def _smoothed(line: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """A closed line through a Gaussian filter of `sigma` points."""
    count = len(line)
    frequency = np.fft.fftfreq(count)
    gain = np.exp(-2.0 * (np.pi * frequency * sigma) ** 2)
    return np.asarray(np.fft.ifft(np.fft.fft(line, axis=0) * gain[:, None], axis=0).real)


def _story(mask: Mask) -> list[float]:
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    area = max(moments["m00"], 1.0)
    xx, yy, xy = (moments[name] / area for name in ("mu20", "mu02", "mu11"))
    root = np.sqrt(max((xx - yy) ** 2 / 4 + xy**2, 0.0))
    longer, shorter = (xx + yy) / 2 + root, max((xx + yy) / 2 - root, 1e-6)
    rows, columns = np.nonzero(mask)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    hu = cv2.HuMoments(moments).ravel()
    logs = -np.sign(hu) * np.log10(np.maximum(np.abs(hu), 1e-12))
    return [
        float(height / width),
        float(np.sqrt(max(0.0, 1 - shorter / longer))),
        float(area / (height * width)),
        *(float(each) for each in logs),
    ]


def _shape(mask: Mask, line: NDArray[np.float64]) -> list[float]:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    area = float(mask.sum())
    hull = cv2.convexHull(contour)
    length = float(np.hypot(*(np.roll(line, -1, axis=0) - line).T).sum())
    complexes = np.fft.fft(line[:, 0] + 1j * line[:, 1]) / POINTS
    strength = np.abs(complexes)
    # of a line that runs the other way round, the first harmonic is the last
    if strength[-1] > strength[1]:
        strength = np.roll(strength[::-1], 1)
    base = max(float(strength[1]), 1e-9)
    fourier = [
        float(np.log10(strength[i % POINTS] / base + 1e-4))
        for i in range(-HARMONICS, HARMONICS + 1)
        if i not in (0, 1)
    ]
    rows = np.flatnonzero(mask.any(axis=1))
    bands = np.array_split(mask[rows.min() : rows.max() + 1].sum(axis=1), WIDTHS)
    widths = [float(band.mean() / np.sqrt(area)) for band in bands]
    depths = np.zeros(1)
    corners = cv2.convexHull(contour, returnPoints=False)
    try:
        defects = cv2.convexityDefects(contour, np.sort(corners, axis=0)[::-1])
    except cv2.error:  # an outline that crosses itself
        defects = None
    if defects is not None:
        depths = defects[:, 0, 3] / 256.0 / np.sqrt(area)
    columns_all = np.nonzero(mask)[1]
    middle = (columns_all.min() + columns_all.max()) / 2
    return [
        area / max(float(cv2.contourArea(hull)), 1.0),
        4 * np.pi / length**2,
        *fourier,
        *widths,
        float((depths > 0.06).sum()),
        float(depths.max()),
        float(depths[depths > 0.02].sum()),
        float(abs(columns_all.mean() - middle) / np.sqrt(area)),
    ]


def _margin(line: NDArray[np.float64]) -> list[float]:
    """At each scale: how far the teeth stand out, whether outwards, how many, how sharply."""
    values = []
    fine = _smoothed(line, 1.0)
    for scale in SCALES:
        coarse = _smoothed(line, scale)
        step = np.roll(coarse, -1, axis=0) - np.roll(coarse, 1, axis=0)
        normal = np.stack([step[:, 1], -step[:, 0]], axis=1)
        normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
        out = ((fine - coarse) * normal).sum(axis=1)
        if float((coarse * normal).sum()) < 0:  # the line ran the other way round
            out = -out
        spread = float(out.std())
        crossings = float((np.diff(np.sign(out)) != 0).sum())
        before = np.roll(coarse, 1, axis=0) - coarse
        after = np.roll(coarse, -1, axis=0) - coarse
        cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        angle = np.abs(np.arctan2(cross, -(before * after).sum(axis=1)))
        skew = float((out**3).mean()) / max(spread**3, 1e-12)
        values += [
            float(np.log10(spread + 1e-5)),
            skew,
            crossings / POINTS,
            float(np.log10(angle.mean() + 1e-5)),
        ]
    return values


def _color(image: Image, mask: Mask) -> list[float]:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    inner = inner if inner.any() else mask
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)[inner].astype(np.float32)
    low, high = np.percentile(lab, (10, 90), axis=0)
    return [*lab.mean(axis=0), *lab.std(axis=0), *low, *high]


def _texture(image: Image, mask: Mask, filled: Mask) -> list[float]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    inner = inner if inner.any() else mask
    level = max(float(grey[inner].mean()), 1.0)
    grey /= level
    fine = _patterns(cv2.GaussianBlur(grey, (0, 0), 0.8), inner, 1)
    coarse = _patterns(cv2.GaussianBlur(grey, (0, 0), 1.6), inner, 3)
    details = []
    for scale in (1.0, 2.0, 4.0):
        band = cv2.GaussianBlur(grey, (0, 0), scale) - cv2.GaussianBlur(grey, (0, 0), 2 * scale)
        details.append(float(np.log10(band[inner].std() + 1e-4)))
    # veins: how much darker or lighter thin lines are than the blade
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
    xx = cv2.Sobel(smooth, cv2.CV_32F, 2, 0)
    yy = cv2.Sobel(smooth, cv2.CV_32F, 0, 2)
    xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1)
    sharp = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    ridges = float(np.log10(np.percentile(sharp[inner], 90) + 1e-4))
    holes = float((filled & ~mask).sum() / max(filled.sum(), 1))
    return [*fine, *coarse, *details, ridges, holes]


def _patterns(grey: NDArray[Any], inner: Mask, reach: int) -> list[float]:
    """Shares of the rotation-invariant uniform patterns of 8 neighbours `reach` pixels away."""
    around = [
        (0, reach),
        (reach, reach),
        (reach, 0),
        (reach, -reach),
        (0, -reach),
        (-reach, -reach),
        (-reach, 0),
        (-reach, reach),
    ]
    bits = np.stack([np.roll(grey, shift, axis=(0, 1)) >= grey for shift in around])[:, inner]
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    kind = np.where(changes <= 2, bits.sum(axis=0), PATTERNS - 1)
    counts = np.bincount(kind, minlength=PATTERNS)
    return [float(each) for each in counts / max(counts.sum(), 1)]
