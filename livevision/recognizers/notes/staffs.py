"""Finds the staffs of a picture, bent or tilted, and straightens them.

Staff lines are thin, five, and evenly spaced: in narrow upright blocks their darkness makes a
comb. Combs are looked for in every block, joined from block to block, and all lines of all staffs
are then fitted at once: a sheet is one surface, so its staffs bend alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats, Image
from livevision.recognizers.notes import grid
from livevision.recognizers.notes.darkness import Darkness, darkness, inked

LARGEST = 2000
"""Pictures with a longer side (pixels) are looked at smaller; a page still has 10 a space."""
SPACES = (4.0, 20.0)
"""Distances of lines looked for at one scale (pixels); wider ones are found at half size."""
_STEP = 1.05
"""From one distance tried to the next: a comb of five lines is blurred by less than a line."""
_BLOCK = 12
"""Width of the blocks, pixels: two heads at most, so lines outweigh them."""
_THICKEST = 5
"""Marks at least this high are no lines at this scale (pixels)."""
_FINE = 2
"""Heights are looked at in steps of 1 / this pixels."""
_STEEPEST = 40.0
"""How far the sheet may be turned, degrees."""
_LEVEL = 0.3
"""Degrees that need no turning: the fit follows them."""
_FAINTEST = 0.045
"""A comb must be this much darker than the gaps between its lines (share of the paper's light)."""
_UNEVEN = 0.35
"""The faintest of five lines has this share of their mean."""
_SEED = 0.15
"""... and this share of the best one for a staff to begin with,"""
_WEAKER = 0.3
"""and this share of the mean along its own staff to belong to it."""
_GAPS = 6.0
"""Staff spaces in a row in which a staff may be lost: a clef, accidentals, a finger's shadow."""
_SHORTEST = 9.0
"""Staff spaces: a clef and two notes need more."""
_LONGER = 1.5
"""A staff takes the place of one across it that was found before if it is so many times as long."""
_VOID = 70.0
"""Two pieces this far apart at most (staff spaces) may be one staff,"""
_ALIKE = 0.08
"""if the distances of their lines differ by no more (share);"""
_END = 8
"""so many blocks at their ends say where they are heading."""
_ROUGHEST = 0.13
"""How far lines may stray from their fit, in staff spaces (root of the mean square)."""
_FURTHER = 60.0
"""How far beyond its blocks a staff's ends are looked for, staff spaces."""
_MOST = 40
"""Staffs on a picture: an orchestra's page."""
_BESIDE = 3.0
"""How much is kept before and after a staff, in staff spaces."""
_LEANING = 0.5
"""Uprights lean by no more columns a row,"""
_UPRIGHT = 0.02
"""and by less than this they stand upright."""
_LEAN_STEP = 0.01
_LEAN_WINDOW = 9
"""Steps of the smoothing: stems are few in a short line."""
_STRIPES = 0.6
"""More than five lines are a blind or a shirt: a sixth and a seventh this strong give it away,"""
_ASTRAY = 4
"""A comb may have caught the staff's edge and lines of text: so many lines off."""
_STEADY = 0.4
"""in the share of the blocks in which they are weakest."""


@dataclass(frozen=True, slots=True, eq=False)
class Staff:
    """Where a staff runs in the picture, and the staff made straight."""

    image: Image
    """(grid.HEIGHT, length) uint8, ink is 255, `grid.SPACE` pixels from line to line."""
    map_x: Floats
    map_y: Floats
    """(grid.HEIGHT, length): where each pixel of `image` lies in the picture."""
    space: float
    """Pixels of the picture between two lines, in the middle of the staff."""
    begin: int
    end: int
    """Columns of `image` between which the lines run."""

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where (x, y) of `image` lies in the picture, pixels."""
        height, width = self.map_x.shape
        row = int(np.clip(round(y - 0.5), 0, height - 1))
        column = int(np.clip(round(x - 0.5), 0, width - 1))
        return float(self.map_x[row, column]), float(self.map_y[row, column])


def find(grey: Image) -> list[Staff]:
    """The staffs in `grey` (uint8), from top to bottom. Empty if there are none."""
    scale = min(1.0, LARGEST / max(grey.shape))
    best: tuple[float, float, list[_Track], NDArray[np.float64]] | None = None
    while min(grey.shape) * scale > 12 * SPACES[0]:
        tracks, turn = _tracks(grey, scale)
        support = sum(track.score * len(track.blocks) for track in tracks) / scale
        if tracks and (best is None or support > best[0]):
            best = support, scale, tracks, turn
        scale /= 2
    if best is None:
        return []
    _, scale, tracks, turn = best
    fits = _joint(tracks)
    return _straightened(grey, fits, turn, scale)


@dataclass(slots=True, eq=False)
class _Track:
    """A staff as it was followed from block to block."""

    blocks: NDArray[np.int64]
    middle: NDArray[np.float64]
    """y of the middle line in each block."""
    space: NDArray[np.float64]
    score: float
    x: NDArray[np.float64]
    """Of every line seen: where,"""
    k: NDArray[np.float64]
    """which of the five (-2 to 2),"""
    y: NDArray[np.float64]
    """and how high."""
    length: float
    """In staff spaces."""


@dataclass(slots=True)
class _Fit:
    """y of the line k at x: (base + k gap + c1 x + c2 x^2 + c3 x^3) / (1 - e1 x - e2 x^2)."""

    base: float
    gap: float
    curve: NDArray[np.float64]
    fan: NDArray[np.float64]
    begin: float
    end: float
    """x in pixels of the turned picture."""
    unit: float
    """Pixels of one x."""
    origin: float

    def line(self, x: NDArray[np.float64], k: float) -> NDArray[np.float64]:
        u = np.clip((x - self.origin) / self.unit, -1.3, 1.3)
        top = self.base + k * self.gap + self.curve[0] * u
        top = top + self.curve[1] * u**2 + self.curve[2] * u**3
        return np.asarray(top / (1 - self.fan[0] * u - self.fan[1] * u**2))


def resized(grey: Image, scale: float) -> Image:
    """`grey` smaller, each pixel the mean of what it covers."""
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _angle(dark: Darkness) -> float:
    """The direction of most long, level edges, degrees."""
    smooth = cv2.GaussianBlur(dark, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    power = across**2 + down**2
    strong = power > np.float32(0.02)
    angles = np.degrees(
        np.arctan(-across[strong] / np.where(down[strong] == 0, 1e-6, down[strong]))
    )
    bins = np.arange(-_STEEPEST, _STEEPEST + 0.25, 0.25)
    counts, _ = np.histogram(angles, bins, weights=np.minimum(power[strong], 1.0))
    if not counts.any():
        return 0.0
    smoothed = np.convolve(counts, np.hanning(9), "same")
    return float(bins[int(smoothed.argmax())] + 0.125)


def _tracks(grey: Image, scale: float) -> tuple[list[_Track], NDArray[np.float64]]:
    """Staffs at one scale, and the 2x3 map from the turned, scaled picture to `grey`."""
    small = grey
    if scale < 1:
        small = resized(grey, scale)
    height, width = small.shape
    dark = darkness(small, 4 * SPACES[1])
    turned, back = dark, np.array([[1.0, 0, 0], [0, 1.0, 0]])
    angle = _angle(dark)
    if abs(angle) > _LEVEL:
        there = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        cos, sin = abs(there[0, 0]), abs(there[0, 1])
        wide, high = int(height * sin + width * cos) + 1, int(height * cos + width * sin) + 1
        there = np.asarray(there, np.float64)
        there = there + np.array([[0, 0, (wide - width) / 2], [0, 0, (high - height) / 2]])
        turned = np.asarray(
            cv2.warpAffine(dark, there, (wide, high), flags=cv2.INTER_CUBIC), np.float32
        )
        back = cv2.invertAffineTransform(there)
    upright = cv2.getStructuringElement(cv2.MORPH_RECT, (1, _THICKEST))
    thick = np.asarray(cv2.morphologyEx(turned, cv2.MORPH_OPEN, upright), np.float32)
    thin = turned - thick
    profiles = _profiles(thin)
    found = _follow(profiles)
    found.sort(key=lambda track: float(np.median(track.middle)))
    return found, back


def _profiles(thin: Darkness) -> Floats:
    """(blocks, heights * _FINE): mean darkness of thin marks in each block."""
    blocks = max(1, thin.shape[1] // _BLOCK)
    cut = thin[:, : blocks * _BLOCK]
    means = cut.reshape(cut.shape[0], blocks, _BLOCK).mean(axis=2).T
    means = np.ascontiguousarray(means, np.float32)
    fine = cv2.resize(means, (means.shape[1] * _FINE, blocks), interpolation=cv2.INTER_LINEAR)
    # a line one pixel high that lies between two rows is as dark as one that does not
    return np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.6 * _FINE, sigmaY=1e-3), np.float32)


def _combs(profiles: Floats) -> tuple[Floats, NDArray[np.uint8], NDArray[np.float64]]:
    """For each block and height: the best comb's score, its distance's number; the distances."""
    spaces = np.array(
        [
            SPACES[0] * _STEP**n
            for n in range(int(np.log(SPACES[1] / SPACES[0]) / np.log(_STEP)) + 1)
        ]
    )
    blocks, heights = profiles.shape
    margin = int(3 * spaces[-1] * _FINE) + 2
    padded = cv2.copyMakeBorder(profiles, 0, 0, margin, margin, cv2.BORDER_CONSTANT, value=(0.0,))
    best = np.full((blocks, heights), -1, np.float32)
    which = np.zeros((blocks, heights), np.uint8)
    for number, space in enumerate(spaces):

        def at(lines: float, space: float = float(space)) -> Floats:
            shift = margin + round(lines * space * _FINE)
            return np.asarray(padded[:, shift : shift + heights], np.float32)

        lines = [at(k) for k in (-2, -1, 0, 1, 2)]
        mean = sum(lines[1:], start=lines[0]) / 5
        weakest = np.minimum.reduce(lines)
        gaps = (at(-1.5) + at(-0.5) + at(0.5) + at(1.5)) / 4
        around = np.maximum(at(-2.5), at(2.5))
        score = 0.3 * mean + 0.7 * weakest - gaps - 0.15 * around
        score[weakest < _UNEVEN * mean] = -1
        better = score > best
        best[better] = score[better]
        which[better] = number
    return best, which, spaces


def _follow(profiles: Floats) -> list[_Track]:
    """Join the combs of neighbouring blocks to staffs, the clearest first."""
    # one comb in a block may be chance; a running mean over three hardly is
    steady = np.asarray(cv2.blur(profiles, (1, 3)), np.float32)
    scores, which, spaces = _combs(steady)
    free = scores.copy()
    tracks: list[_Track] = []
    strongest = 0.0
    for _ in range(3 * _MOST):
        block, height = np.unravel_index(int(free.argmax()), free.shape)
        seed = float(free[block, height])
        strongest = max(strongest, seed)
        if seed < max(_FAINTEST, _SEED * strongest) or len(tracks) == _MOST:
            break
        space = float(spaces[which[block, height]])
        path = [(int(block), int(height), space)]
        for way in (1, -1):
            path += _extended(steady, free, (int(block), int(height)), space, way, seed)
        path.sort()
        numbers = np.array([step[0] for step in path])
        heights = np.array([step[1] for step in path])
        gaps = np.array([step[2] for step in path])
        for number, at, gap in zip(numbers, heights, gaps, strict=True):
            reach = int(2.9 * gap * _FINE)
            free[number, max(0, at - reach) : at + reach] = -1
        before, after = int(numbers.min()), int(numbers.max())
        length = (after - before + 1) * _BLOCK / float(np.median(gaps))
        if length < _SHORTEST:
            continue
        score = float(np.mean(scores[numbers, heights]))
        track = _measured(profiles, numbers, heights / _FINE, gaps, score, length)
        if track is None:
            continue
        # a chord's ledger lines may have made a better comb of one staff's lines, but a short one
        rivals = [other for other in tracks if _same(track, other)]
        if all(track.length > _LONGER * other.length for other in rivals):
            tracks = [other for other in tracks if other not in rivals]
            tracks.append(track)
    return _merged(tracks)


def _merged(tracks: Sequence[_Track]) -> list[_Track]:
    """Put pieces of one staff together again, where the way between them was lost.

    What lies across a longer piece, on other lines, is let go: staffs never overlap.
    """
    merged: list[_Track] = []
    for piece in sorted(tracks, key=lambda track: -track.length):
        for index, track in enumerate(merged):
            apart = _apart(track, piece)
            if apart < 0.5:
                merged[index] = _joined(track, piece)
                break
            if apart < 4.5:
                break
        else:
            merged.append(piece)
    return merged


def _joined(track: _Track, piece: _Track) -> _Track:
    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(track, name), getattr(piece, name)])

    blocks, space = both("blocks"), both("space")
    weights = track.length, piece.length
    score = float(np.average([track.score, piece.score], weights=weights))
    length = float((blocks.max() - blocks.min() + 1) * _BLOCK / np.median(space))
    return _Track(blocks, both("middle"), space, score, both("x"), both("k"), both("y"), length)


def _apart(track: _Track, piece: _Track) -> float:
    """How far `piece` lies from where `track` runs or is heading, staff spaces; far: infinity."""
    space = float(np.median(track.space))
    first, last = int(track.blocks.min()), int(track.blocks.max())
    gap = max(int(piece.blocks.min()) - last, first - int(piece.blocks.max()))
    if gap * _BLOCK > _VOID * space:
        return float("inf")
    if gap < 0:
        order = np.argsort(track.blocks)
        there = np.interp(piece.blocks, track.blocks[order], track.middle[order])
        away = float(np.median(np.abs(there - piece.middle)))
    else:
        slope = np.polyfit(track.blocks, track.middle, 1)[0]
        after = piece.blocks.min() > last
        between = last + gap / 2 if after else first - gap / 2
        ends = []
        for each, late in ((track, after), (piece, not after)):
            order = np.argsort(each.blocks)
            part = order[-_END:] if late else order[:_END]
            ends.append(np.mean(each.middle[part] + slope * (between - each.blocks[part])))
        away = abs(float(ends[0] - ends[1]))
    if abs(float(np.median(piece.space)) / space - 1) > _ALIKE:
        away = max(away, 0.5 * space)
    return away / space


def _same(track: _Track, other: _Track) -> bool:
    """True if both would share lines: staffs never overlap."""
    common, mine, theirs = np.intersect1d(track.blocks, other.blocks, return_indices=True)
    if not common.size:
        return False
    apart = np.abs(track.middle[mine] - other.middle[theirs])
    return bool(np.median(apart) < 4 * max(np.median(track.space), np.median(other.space)))


def _extended(
    profiles: Floats,
    free: Floats,
    start: tuple[int, int],
    space: float,
    way: int,
    seed: float,
) -> list[tuple[int, int, float]]:
    """Blocks, heights and distances of the same staff, from `start` to the left (-1) or right (1).

    On the way one of the five lines may be missing: under a beam, or in a blot.
    """
    block, height = start
    mean, slope, missed = seed, 0.0, 0
    found: list[tuple[int, int, float]] = []
    place = float(height)
    while 0 <= block + way < profiles.shape[0]:
        block += way
        place += slope
        reach = max(2, int(0.2 * space * _FINE) + missed)
        best, at, gap = _nearby(profiles[block], round(place), reach, space, mean)
        lost = best < max(_WEAKER * mean, 0.5 * _FAINTEST) or free[block, at] < 0
        if lost:
            missed += 1
            if missed * _BLOCK > _GAPS * space:
                break
            continue
        step = (at - (place - slope)) / (missed + 1)
        slope += 0.25 * (step - slope) if found else 0.5 * step
        slope = float(np.clip(slope, -0.15 * _BLOCK * _FINE, 0.15 * _BLOCK * _FINE))
        place += 0.7 * (at - place)
        missed = 0
        mean = 0.9 * mean + 0.1 * best
        space = 0.9 * space + 0.1 * gap
        found.append((block, at, space))
    return found


def _nearby(
    profile: Floats, place: int, reach: int, space: float, mean: float
) -> tuple[float, int, float]:
    """The best comb near `place`: its score, height and distance of lines."""
    heights = np.arange(place - reach, place + reach + 1)
    gaps = space * np.array([0.96, 0.98, 1.0, 1.02, 1.04])
    k = np.array([-2, -1, 0, 1, 2, -1.5, -0.5, 0.5, 1.5])
    rows = heights[None, :, None] + np.rint(gaps[:, None, None] * k * _FINE).astype(int)
    inside = (rows >= 0) & (rows < len(profile))
    seen = np.where(inside, profile[np.clip(rows, 0, len(profile) - 1)], 0)
    lines = np.sort(seen[..., :5], axis=-1)
    score = 0.3 * lines[..., 1:].mean(axis=-1) + 0.7 * lines[..., 1]
    score -= np.median(seen[..., 5:], axis=-1)
    rated = score - 0.1 * mean * np.abs(heights - place) / (space * _FINE)
    gap, at = np.unravel_index(int(rated.argmax()), rated.shape)
    height = int(np.clip(heights[at], 0, len(profile) - 1))
    return float(score[gap, at]), height, float(gaps[gap])


def _measured(
    profiles: Floats,
    blocks: NDArray[np.int64],
    middle: NDArray[np.float64],
    spaces: NDArray[np.float64],
    score: float,
    length: float,
) -> _Track | None:
    """Every line's height in every block, to a fraction of a pixel; None for stripes."""
    # a comb may have caught four lines and a void: smooth it, then see which five are the strongest
    order = 2 if len(blocks) > 8 else 1
    curve = np.polyfit(blocks, middle, order)
    gap = np.polyfit(blocks, spaces, 1)
    heights = profiles.shape[1]
    reach = 2 + _ASTRAY
    seen = np.zeros((len(blocks), 2 * reach + 1))
    for number, block in enumerate(blocks):
        centre, space = float(np.polyval(curve, block)), float(np.polyval(gap, block))
        for index, k in enumerate(range(-reach, reach + 1)):
            at = (centre + k * space) * _FINE
            low, high = int(at - 0.2 * space * _FINE), int(at + 0.2 * space * _FINE) + 1
            if low >= 0 and high < heights:
                seen[number, index] = float(profiles[block, low:high].max())
    # beams and ledger lines are lines for some blocks: where there is least of one counts
    steady = np.sort(seen, axis=0)[: max(1, round(len(blocks) * _STEADY))].mean(axis=0)
    windows = [
        steady[i : i + 5].min() + 0.2 * steady[i : i + 5].mean() for i in range(2 * _ASTRAY + 1)
    ]
    first = int(np.argmax(windows))
    shift = first - _ASTRAY
    five = seen[:, first : first + 5]
    others = np.append(steady[max(0, first - 2) : first], steady[first + 5 : first + 7])
    if float(np.sort(others)[-2]) > _STRIPES * float(five.mean()):
        return None
    xs, ks, ys = [], [], []
    for block in blocks:
        between = float(np.polyval(gap, block))
        middle_line = float(np.polyval(curve, block)) + shift * between
        for k in range(-2, 3):
            at = (middle_line + k * between) * _FINE
            low, high = int(at - 0.3 * between * _FINE), int(at + 0.3 * between * _FINE) + 1
            if low < 1 or high >= heights - 1:
                continue
            peak = low + int(profiles[block, low:high].argmax())
            left, here, right = profiles[block, peak - 1 : peak + 2]
            if here < 0.4 * _FAINTEST or not low < peak < high - 1:
                continue
            bend = left - 2 * here + right
            part = 0.5 * (left - right) / bend if bend < 0 else 0.0
            # the picture was enlarged: the middles of its pixels moved
            ys.append((peak + float(np.clip(part, -0.5, 0.5)) + 0.5) / _FINE - 0.5)
            xs.append((block + 0.5) * _BLOCK - 0.5)
            ks.append(float(k))
    if len(xs) < 10:
        return None
    moved = middle + shift * spaces
    return _Track(blocks, moved, spaces, score, np.array(xs), np.array(ks), np.array(ys), length)


def _joint(tracks: Sequence[_Track]) -> list[_Fit]:
    """Fit all lines of all staffs at once, lightly letting each staff bend its own way."""
    origin = float(np.mean([track.x.mean() for track in tracks]))
    unit = max(float(np.max(np.abs(track.x - origin))) for track in tracks) + 1.0
    tall = max(float(track.y.max()) for track in tracks) + 1.0
    count = len(tracks)
    columns = 2 * count + 3 + 2 + 3 * count
    rows, target, owner = [], [], []
    for number, track in enumerate(tracks):
        u = (track.x - origin) / unit
        part = np.zeros((len(u), columns))
        part[:, 2 * number] = 1
        part[:, 2 * number + 1] = track.k
        part[:, 2 * count : 2 * count + 5] = np.stack(
            [u, u**2, u**3, u * track.y / tall, u**2 * track.y / tall], -1
        )
        own = 2 * count + 5 + 3 * number
        part[:, own : own + 3] = np.stack([u, u**2, u**3], -1)
        rows.append(part)
        target.append(track.y)
        owner.append(np.full(len(u), number))
    design, seen, whose = np.concatenate(rows), np.concatenate(target), np.concatenate(owner)
    space = float(np.median(np.concatenate([track.space for track in tracks])))
    prior = np.zeros(columns)
    prior[2 * count : 2 * count + 5] = np.array([0.01, 0.03, 0.1, 0.03, 0.1])
    prior[2 * count + 5 :] = np.tile([0.5, 1.0, 3.0], count)
    weights = np.ones(len(seen))
    solution = np.zeros(columns)
    for _ in range(5):
        weighted = design * weights[:, None]
        solution = np.linalg.solve(
            weighted.T @ design + np.diag(prior) + 1e-9 * np.eye(columns), weighted.T @ seen
        )
        stray = np.abs(design @ solution - seen)
        weights = 1 / (1 + (stray / (0.06 * space)) ** 2)
    fits = []
    stray = design @ solution - seen
    for number, track in enumerate(tracks):
        mine = whose == number
        rough = float(np.sqrt(np.median(stray[mine] ** 2)))
        if rough > _ROUGHEST * space:
            continue
        own = 2 * count + 5 + 3 * number
        fits.append(
            _Fit(
                float(solution[2 * number]),
                float(solution[2 * number + 1]),
                solution[2 * count : 2 * count + 3] + solution[own : own + 3],
                solution[2 * count + 3 : 2 * count + 5] / tall,
                float(track.blocks.min() * _BLOCK),
                float((track.blocks.max() + 1) * _BLOCK),
                unit,
                origin,
            )
        )
    return fits


def _lengthen(fit: _Fit, dark: Darkness, back: NDArray[np.float64], scale: float) -> None:
    """Follow the fitted lines on to where they end; `scale` makes the fit's pixels of `dark`'s."""
    step = fit.gap / 2
    x = np.arange(fit.begin - _FURTHER * fit.gap, fit.end + _FURTHER * fit.gap, step)
    k = np.array([-2, -1, 0, 1, 2, -1.5, -0.5, 0.5, 1.5])
    wide = np.array([-0.2, -0.1, 0, 0.1, 0.2])  # the fit may be this far off, staff spaces
    y = np.stack([[fit.line(x, float(each + off)) for off in wide] for each in k])
    u = back[0, 0] * x + back[0, 1] * y + back[0, 2]
    v = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    shape = y.shape
    seen = cv2.remap(
        dark,
        ((u.reshape(-1, shape[2]) + 0.5) / scale - 0.5).astype(np.float32),
        ((v.reshape(-1, shape[2]) + 0.5) / scale - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0.0,),
    ).reshape(shape)
    lines, gaps = seen[:5].max(axis=1), seen[5:, 1:4].mean(axis=1)
    contrast = np.sort(lines, axis=0)[1:].mean(axis=0) - np.median(gaps, axis=0)
    inside = (x >= fit.begin) & (x < fit.end)
    there = contrast > _WEAKER * float(np.median(contrast[inside]))
    most = round(_GAPS * fit.gap / step)
    first, last = np.flatnonzero(inside)[[0, -1]]
    for way, begin in ((1, last), (-1, first)):
        missed, end, at = 0, begin, begin
        while 0 <= at + way < len(x) and missed <= most:
            at += way
            # three in a row are a line; a letter's edge is shorter
            some = there[max(0, at - 1) : at + 2].all()
            missed, end = (0, at) if some else (missed + 1, end)
        if way > 0:
            fit.end = max(fit.end, float(x[end]) + step)
        else:
            fit.begin = min(fit.begin, float(x[end]))


def _straightened(
    grey: Image, fits: Sequence[_Fit], back: NDArray[np.float64], scale: float
) -> list[Staff]:
    """Sample each staff along its fit."""
    if not fits:
        return []
    typical = float(np.median([fit.gap for fit in fits])) / scale
    shrink = min(1.0, 1.25 * grid.SPACE / typical)
    source = grey
    if shrink < 1:
        source = resized(grey, shrink)
    dark = darkness(source, 5 * typical * shrink)
    for fit in fits:
        _lengthen(fit, dark, back, scale / shrink)
    upright = [_sampled(dark, fit, back, scale, shrink) for fit in fits]
    leans = _leans([strip for strip, *_ in upright])
    staffs = []
    for fit, (strip, full_x, full_y, gap), lean in zip(fits, upright, leans, strict=True):
        if abs(lean) > _UPRIGHT:
            strip, full_x, full_y, gap = _sampled(dark, fit, back, scale, shrink, lean)
        begin = int(_BESIDE * grid.SPACE)
        staffs.append(
            Staff(inked(strip), full_x, full_y, gap / scale, begin, strip.shape[1] - begin)
        )
    return staffs


def _sampled(
    dark: Darkness,
    fit: _Fit,
    back: NDArray[np.float64],
    scale: float,
    shrink: float,
    lean: float = 0.0,
) -> tuple[Darkness, Floats, Floats, float]:
    """A staff made straight; where its pixels lie in the picture; its distance of lines at `scale`.

    What leans by `lean` columns a row, to the right downwards, is made upright.
    """
    rough = np.arange(fit.begin - 4 * fit.gap, fit.end + 4 * fit.gap, 1.0)
    middle = fit.line(rough, 0)
    gap = np.maximum(fit.line(rough, 2) - fit.line(rough, -2), 1) / 4
    slope = np.gradient(middle)
    stretch = np.sqrt(1 + slope**2)
    # perpendicular distance of the lines
    gap = gap / stretch
    along = np.concatenate([[0], np.cumsum((stretch / gap)[:-1])])
    inside = np.interp([fit.begin, fit.end], rough, along)
    first = inside[0] - _BESIDE
    count = int((inside[1] - inside[0] + 2 * _BESIDE) * grid.SPACE)
    steps = first + (np.arange(count) + 0.5) / grid.SPACE
    x = np.interp(steps, along, rough)
    y = np.interp(x, rough, middle)
    m = np.interp(x, rough, slope)
    g = np.interp(x, rough, gap)
    n = np.sqrt(1 + m**2)
    v = ((np.arange(grid.HEIGHT) + 0.5 - grid.height_of(4)) / grid.SPACE)[:, None]
    tx, ty = x + v * g * (lean - m) / n, y + v * g * (1 + lean * m) / n
    sx = back[0, 0] * tx + back[0, 1] * ty + back[0, 2]
    sy = back[1, 0] * tx + back[1, 1] * ty + back[1, 2]
    full_x = ((sx + 0.5) / scale - 0.5).astype(np.float32)
    full_y = ((sy + 0.5) / scale - 0.5).astype(np.float32)
    strip = cv2.remap(
        dark,
        (full_x + 0.5) * np.float32(shrink) - np.float32(0.5),
        (full_y + 0.5) * np.float32(shrink) - np.float32(0.5),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0.0,),
    )
    return np.asarray(np.maximum(strip, 0), np.float32), full_x, full_y, float(np.median(gap))


def _leans(strips: Sequence[Darkness]) -> list[float]:
    """By how many columns a row stems and bar lines lean in each strip, to the right downwards.

    Seen from aside, uprights do not stand square on the lines. They lean alike on one sheet, but
    not quite: each staff has a vote on its own, and all together have another.
    """
    edges = np.arange(-_LEANING, _LEANING + _LEAN_STEP, _LEAN_STEP)
    counts = np.zeros((len(strips), len(edges) - 1))
    for number, strip in enumerate(strips):
        smooth = cv2.GaussianBlur(strip, (0, 0), 1.0)
        across, down = cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
        steep = np.abs(across) > np.abs(down) / np.float32(_LEANING)
        steep &= np.abs(across) > np.float32(0.25) * np.abs(across).max()
        counts[number], _ = np.histogram(-down[steep] / across[steep], edges)
    counts += counts.mean(axis=0)
    window = np.hanning(_LEAN_WINDOW)
    smoothed = [np.convolve(each, window, "same") for each in counts]
    return [
        float(edges[int(each.argmax())] + _LEAN_STEP / 2) if each.any() else 0.0
        for each in smoothed
    ]
