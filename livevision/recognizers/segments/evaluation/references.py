"""The calls of scikit-image and scipy that our quick methods stand in for, and how far they agree.

The story used these on single pictures; here OpenCV does the same live.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Image
from livevision.recognizers.segments.methods import (
    GRAPH_LEAST,
    GRAPH_SCALE,
    GRAPH_SMOOTH,
    PATCH,
    SHRINK,
    Labels,
    lab,
)
from livevision.stages import grayscale

Points: TypeAlias = NDArray[np.float32] | NDArray[np.float64]


def otsu(image: Image) -> Labels:
    from skimage.filters import threshold_otsu

    grey = grayscale(image)  # scikit-image's weights are those of another standard
    return np.asarray(grey > threshold_otsu(grey), np.int32)  # type: ignore[no-untyped-call]


def kmeans(image: Image, count: int, *, lightness: bool = True) -> Labels:
    from scipy.cluster.vq import kmeans2
    from skimage.color import rgb2lab

    colors = rgb2lab(image[..., ::-1])[..., 0 if lightness else 1 :]
    points = colors.reshape(-1, colors.shape[2])
    best, least = np.zeros(len(points), np.int32), np.inf
    for seed in range(3):  # the best of three, as it depends on its dice
        centers, labels = kmeans2(points, count, minit="++", seed=seed)
        error = ((points - centers[labels]) ** 2).sum()
        if error < least:
            best, least = np.asarray(labels, np.int32), error
    return best.reshape(image.shape[:2])


def superpixels(image: Image) -> Labels:
    from skimage.segmentation import slic

    height, width = image.shape[:2]
    count = (height // SHRINK) * (width // SHRINK) // PATCH**2
    return np.asarray(
        slic(image[..., ::-1], n_segments=count, slic_zero=True, start_label=0), np.int32
    )


def slic(image: Image, count: int) -> Labels:
    """k-means of the superpixels' mean colours."""
    from scipy.cluster.vq import kmeans2
    from skimage.color import rgb2lab

    patches = superpixels(image)
    colors = rgb2lab(image[..., ::-1])
    sizes = np.bincount(patches.ravel())
    means = np.stack(
        [np.bincount(patches.ravel(), colors[..., each].ravel()) / sizes for each in range(3)], 1
    )
    best, least = np.zeros(len(means), np.int32), np.inf
    for seed in range(3):
        centers, labels = kmeans2(means, count, minit="++", seed=seed)
        error = (((means - centers[labels]) ** 2).sum(1) * sizes).sum()
        if error < least:
            best, least = np.asarray(labels, np.int32), error
    return best[patches]


def felzenszwalb(image: Image) -> Labels:
    """Of the picture at half its size, as ours: the method goes by numbers of pixels."""
    import cv2
    from skimage.segmentation import felzenszwalb as graph

    height, width = image.shape[:2]
    small = cv2.resize(image, (width // SHRINK, height // SHRINK), interpolation=cv2.INTER_AREA)
    labels = graph(small[..., ::-1], scale=GRAPH_SCALE, sigma=GRAPH_SMOOTH, min_size=GRAPH_LEAST)
    return np.asarray(
        cv2.resize(labels.astype(np.int32), (width, height), interpolation=cv2.INTER_NEAREST),
        np.int32,
    )


def harris(image: Image) -> NDArray[np.float64]:
    """Corners (n, 2), x and y."""
    from skimage.color import rgb2gray
    from skimage.feature import corner_harris, corner_peaks

    from livevision.recognizers.segments.methods import HARRIS_APART, HARRIS_SHARE

    answer = corner_harris(rgb2gray(image[..., ::-1]), k=0.05)  # type: ignore[no-untyped-call]
    found = corner_peaks(answer, min_distance=HARRIS_APART, threshold_rel=HARRIS_SHARE)  # type: ignore[no-untyped-call]
    return np.asarray(found[:, ::-1], np.float64)


def orb(image: Image) -> NDArray[np.float64]:
    """Keypoints (n, 2), x and y."""
    from skimage.color import rgb2gray
    from skimage.feature import ORB

    finder: Any = ORB(n_keypoints=300)  # type: ignore[no-untyped-call]
    finder.detect(rgb2gray(image[..., ::-1]))
    return np.asarray(finder.keypoints[:, ::-1], np.float64)


def gabor(image: Image) -> list[NDArray[np.float64]]:
    """The energies of the finest Gabor filters at half the picture's size, one a direction."""
    import cv2
    from skimage.filters import gabor as filtered

    from livevision.recognizers.segments.strokes import DIRECTIONS, REACH, WAVE, WIDTH

    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    grey = lab(np.asarray(small, np.uint8))[..., 0] / 100
    sigma = WIDTH * WAVE
    found = []
    for direction in range(DIRECTIONS):
        even, odd = filtered(  # type: ignore[no-untyped-call]
            grey,
            1 / WAVE,
            np.pi * direction / DIRECTIONS,
            sigma_x=sigma,
            sigma_y=sigma,
            n_stds=REACH,
        )
        found.append(np.hypot(even, odd))
    return found


def agreement(one: Labels, other: Labels) -> float:
    """Share of the pixels with the same label, each label matched with at most one of the other."""
    from scipy.optimize import linear_sum_assignment

    first, second = (np.unique(each, return_inverse=True)[1].ravel() for each in (one, other))
    shape = int(first.max()) + 1, int(second.max()) + 1
    counts = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1]).reshape(shape)
    rows, columns = linear_sum_assignment(-counts)
    return float(counts[rows, columns].sum() / one.size)


def rand(one: Labels, other: Labels) -> float:
    """Share of the pairs of pixels that both put together or both put apart (Rand, 1971)."""
    first, second = (np.unique(each, return_inverse=True)[1].ravel() for each in (one, other))
    shape = int(first.max()) + 1, int(second.max()) + 1
    counts = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1]).reshape(shape)

    def pairs(values: NDArray[np.intp]) -> float:
        return float((values * (values - 1.0) / 2).sum())

    total = pairs(np.array([one.size]))
    together = pairs(counts)
    apart = total - pairs(counts.sum(0)) - pairs(counts.sum(1)) + together
    return (together + apart) / total


def near(one: Points, other: Points, pixels: float) -> float:
    """Share of the points of `one` that have a point of `other` within `pixels`."""
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(other).query(one)
    return float(np.mean(distances <= pixels))
