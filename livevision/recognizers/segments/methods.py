"""A picture's segments: pure functions from BGR pictures (uint8) to labels.

Labels are (height, width) int32 from 0 on, of the picture's size. Each function has its slower
model in scikit-image or scipy, which the tests compare it with.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.stages import grayscale

Labels: TypeAlias = NDArray[np.int32]
Centers: TypeAlias = NDArray[np.float32]

SHRINK = 2
"""The slower methods work on a picture of a half of the size each way."""
FLAT = 4.0
"""Grey levels of standard deviation below which a picture is one segment: noise, no contrast."""
PATCH = 16
"""Side of a superpixel in pixels of the shrunken picture."""
_ROUNDS = 5
"""Iterations of the superpixels, as in their paper; 10 changed less than 1 % of the pixels."""
_SAMPLE = 4
"""Every fourth pixel of every fourth row teaches k-means its colours; all are then labelled."""
_TRIES = 4
_SEED = 0
_STEPS = 20
_ENOUGH = 0.1
"""k-means ends after so many steps, or when no centre moves this far (CIE Lab units)."""
GRAPH_SCALE = 150.0
"""How much regions may differ inside before they are cut: more makes larger regions."""
GRAPH_SMOOTH = 0.8
"""Sigma of the blur before, in pixels."""
GRAPH_LEAST = 100
"""Pixels of the shrunken picture that a region has at the least."""


def is_flat(image: Image) -> bool:
    """Whether there is nothing to tell apart."""
    small = image[::_SAMPLE, ::_SAMPLE]
    return bool(max(np.std(small.reshape(-1, small.shape[2]), axis=0)) < FLAT)


def otsu(image: Image) -> Labels:
    """1 where it is light, 0 where it is dark: the threshold that parts the two best (Otsu, 1979).

    As `image > skimage.filters.threshold_otsu(image)`.
    """
    _, light = cv2.threshold(grayscale(image), 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(light, np.int32)


def lab(image: Image) -> NDArray[np.float32]:
    """CIE Lab, L from 0 to 100, a and b about -100 to 100: distances are as people see them."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)


def kmeans(
    image: Image, count: int, *, lightness: bool = True, centers: Centers | None = None
) -> tuple[Labels, Centers]:
    """Labels by colour, and the `count` colours: k-means in Lab (Lloyd, 1957), or in a and b alone.

    Begins with `centers` where they are given, e.g. those of the picture before: that is quick, and
    a colour keeps its label. As `scipy.cluster.vq.kmeans2` of `skimage.color.rgb2lab`.
    """
    colors = lab(_shrunk(image))[..., 0 if lightness else 1 :]
    sample = np.ascontiguousarray(
        colors[::_SAMPLE, ::_SAMPLE].reshape(-1, colors.shape[2]), np.float32
    )
    centers = clustered(sample, count, centers)
    return _enlarged(nearest(colors, centers), image), centers


def superpixels(image: Image) -> Labels:
    """Patches of about one size that keep to edges: SLICO (Achanta et al., 2012).

    As `skimage.segmentation.slic(image, slic_zero=True)`.
    """
    return _enlarged(_superpixels(_shrunk(image)), image)


def slic(
    image: Image, count: int, *, lightness: bool = True, centers: Centers | None = None
) -> tuple[Labels, Centers]:
    """`kmeans` of superpixels' mean colours: edges stay, single pixels do not flicker."""
    small = _shrunk(image)
    patches = _superpixels(small)
    colors = lab(small)[..., 0 if lightness else 1 :]
    sizes = np.bincount(patches.ravel())
    sums = [np.bincount(patches.ravel(), each.ravel()) for each in np.moveaxis(colors, 2, 0)]
    means = np.asarray(np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None], np.float32)
    centers = clustered(means, count, centers)
    return _enlarged(nearest(means[None], centers)[0][patches], image), centers


def felzenszwalb(image: Image) -> Labels:
    """Regions that differ more from their neighbours than inside.

    Felzenszwalb and Huttenlocher (2004). As `skimage.segmentation.felzenszwalb`.
    """
    graph = cv2.ximgproc.segmentation.createGraphSegmentation(
        GRAPH_SMOOTH, GRAPH_SCALE, GRAPH_LEAST
    )
    return _enlarged(np.asarray(graph.processImage(_shrunk(image)), np.int32), image)


def clustered(points: NDArray[np.float32], count: int, centers: Centers | None = None) -> Centers:
    """The `count` centres of `points` (n, d) by k-means; the same points give the same centres.

    Without `centers` to begin with, the best of `_TRIES` is taken, each begun with k-means++
    (Arthur and Vassilvitskii, 2007), and the centres are in order of their first coordinate.
    """
    count = min(count, len(np.unique(points, axis=0)))
    if count == 1:  # OpenCV takes a single point for as many as it has coordinates
        return np.asarray(points.mean(axis=0, keepdims=True), np.float32)
    if centers is not None and centers.shape == (count, points.shape[1]):
        return _settled(points, centers)[1]
    rng = np.random.default_rng(_SEED)
    tries = [_settled(points, _begun(points, count, rng)) for _ in range(_TRIES)]
    _, best = min(tries, key=lambda each: each[0])
    return best[np.argsort(best[:, 0], kind="stable")]


def _settled(points: NDArray[np.float32], centers: Centers) -> tuple[float, Centers]:
    """Sum of squared distances, and the centres where k-means takes them."""
    ends = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, _STEPS, _ENOUGH)
    labels = nearest(points[None], centers)[0][:, None]
    error, _, found = cv2.kmeans(
        points, len(centers), labels, ends, 1, cv2.KMEANS_USE_INITIAL_LABELS
    )
    return float(error), np.asarray(found, np.float32)


def _begun(points: NDArray[np.float32], count: int, rng: np.random.Generator) -> Centers:
    """Centres far apart: each is drawn by its squared distance from those before."""
    chosen = [points[rng.integers(len(points))]]
    gaps = ((points - chosen[0]) ** 2).sum(1).astype(np.float64)
    while len(chosen) < count:
        chosen.append(points[rng.choice(len(points), p=gaps / gaps.sum())])
        gaps = np.minimum(gaps, ((points - chosen[-1]) ** 2).sum(1))
    return np.asarray(np.stack(chosen), np.float32)


def nearest(points: NDArray[np.float32], centers: Centers) -> Labels:
    """The nearest of the centres (k, d) to each of the points (h, w, d), as (h, w) int32."""
    # |p - c|^2 without |p|^2, which is the same for all centres
    scores = points @ (2 * centers.T) - (centers**2).sum(1)
    return np.asarray(scores.argmax(axis=-1), np.int32)


HARRIS_SHARE = 0.05
"""Least answer of a corner, as a share of the strongest one's."""
HARRIS_APART = 5
"""Pixels between two corners, at the least."""
MOST_POINTS = 300
_ORB_PATCH = 31
"""Side of what ORB describes a keypoint by, in pixels: in less, OpenCV fails."""
_HARRIS_K = 0.05
_HARRIS_SIDE = 3
"""Harris and Stephens' sensitivity, and the side of the window, in pixels."""


def harris(image: Image) -> NDArray[np.float32]:
    """Corners (n, 2), x and y in pixels (Harris and Stephens, 1988), strongest first.

    As `skimage.feature.corner_peaks(skimage.feature.corner_harris(image))`.
    """
    grey = grayscale(image)
    answer = cv2.cornerHarris(grey, _HARRIS_SIDE, 3, _HARRIS_K)
    window = np.ones((2 * HARRIS_APART + 1,) * 2, np.uint8)
    peaks = (answer == cv2.dilate(answer, window)) & (answer > HARRIS_SHARE * answer.max())
    if answer.max() <= 0:
        return np.empty((0, 2), np.float32)
    y, x = np.nonzero(peaks)
    order = np.argsort(-answer[y, x], kind="stable")[:MOST_POINTS]
    return np.asarray(np.stack((x, y), axis=1)[order], np.float32)


def orb(image: Image) -> NDArray[np.float32]:
    """Keypoints (n, 2), x and y in pixels (ORB, Rublee et al., 2011), strongest first."""
    if min(image.shape[:2]) < _ORB_PATCH:
        return np.empty((0, 2), np.float32)
    found = cv2.ORB.create(MOST_POINTS).detect(grayscale(image), None)
    found = sorted(found, key=lambda each: -each.response)
    return np.array([each.pt for each in found], np.float32).reshape(-1, 2)


def _superpixels(small: Image) -> Labels:
    height, width = small.shape[:2]
    if min(height, width) < PATCH:  # OpenCV's would end the process, with a segmentation fault
        rows, columns = np.ogrid[:height, :width]
        return np.asarray(rows // PATCH * -(-width // PATCH) + columns // PATCH, np.int32)
    # blurred as in the paper's code: noise would fray the patches' borders
    smooth = cv2.cvtColor(cv2.GaussianBlur(small, (3, 3), 0), cv2.COLOR_BGR2LAB)
    made = cv2.ximgproc.createSuperpixelSLIC(smooth, cv2.ximgproc.SLICO, PATCH)
    made.iterate(_ROUNDS)
    made.enforceLabelConnectivity()
    return np.asarray(made.getLabels(), np.int32)


def _shrunk(image: Image) -> Image:
    height, width = image.shape[:2]
    size = max(width // SHRINK, 1), max(height // SHRINK, 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarged(labels: Labels, image: Image) -> Labels:
    height, width = image.shape[:2]
    return np.asarray(
        cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST), np.int32
    )
