"""Shows what the pictures of a stream are made of."""

import logging
from collections.abc import Sequence
from threading import Lock

import numpy as np

from livevision.errors import UsageError
from livevision.frame import Box, Detection, Findings, Frame, Image
from livevision.recognizers.beside import Beside
from livevision.recognizers.recognizer import Model, Session
from livevision.recognizers.segments import Options, methods
from livevision.recognizers.segments.methods import Centers, Labels
from livevision.recognizers.segments.regions import Region, kinds, regions
from livevision.recognizers.segments.strokes import Stroke, StrokeSegmenter, parse

log = logging.getLogger(__name__)

MOST = 24
"""Regions of a picture that are shown, the largest."""
STALE = 0.5
"""Seconds after which segments are no longer shown, if no newer ones came."""
_HINT = "Draw strokes over two things at the least: hold the mouse's button, a digit is the name."


class SegmentModel(Model):
    """What is asked for."""

    def __init__(self, options: Options) -> None:
        """Raises UsageError for a stroke that is none."""
        self.options = options
        self.strokes = [parse(each) for each in options.stroke]

    def session(self, *, live: bool = False) -> "SegmentRecognizer":
        return SegmentRecognizer(self.options, self.strokes)


class SegmentRecognizer(Session):
    """Segments the pictures beside the stream.

    Understands "stroke X0 Y0 X1 Y1 NAME" (pixels of the newest frame), "stroke undo" and "stroke
    clear": the first makes strokes the method, whatever was asked for.
    """

    def __init__(self, options: Options, strokes: Sequence[Stroke] = ()) -> None:
        self._options = options
        self._method = "strokes" if strokes else options.method
        self._segmenter = StrokeSegmenter()
        self._first = list(strokes)
        """Strokes that wait for the first picture."""
        self._changing = Lock()
        """Held while strokes are added, or learnt from."""
        self._image: Image | None = None
        self._centers: Centers | None = None
        self._found: tuple[Detection, ...] = ()
        self._time = 0.0
        self._working = Beside(self._segments, delay=0.0, name="segments")

    def recognize(self, frame: Frame) -> Findings:
        self._image = frame.image
        if self._first:
            with self._changing:
                self._segmenter.add(frame.image, *self._first)
            self._first = []
        answer = self._working.look(frame)
        if answer is not None:
            self._found, self._time = answer.value, answer.frame.time
        elif frame.time - self._time > STALE:
            self._found = ()
        waits = self._method == "strokes" and not self._segmenter.ready
        return Findings(self._found, hints=(_HINT,) if waits else ())

    def command(self, name: str) -> None:
        word, _, rest = name.partition(" ")
        if word != "stroke" or self._image is None:
            return
        with self._changing:
            if rest.startswith("over "):
                return  # what the window will draw over, which is its own affair
            if rest == "undo":
                self._segmenter.undo()
            elif rest == "clear":
                self._segmenter.clear()
            else:
                try:
                    stroke = parse(rest)
                except UsageError as error:
                    log.warning("%s", error)  # a slip of the hand ends no stream
                    return
                self._segmenter.add(self._image, stroke)
                self._method = "strokes"

    def close(self) -> None:
        self._working.close()

    def _segments(self, frame: Frame) -> tuple[Detection, ...]:
        """On the thread beside."""
        image = frame.image
        found: list[Detection] = []
        if not methods.is_flat(image):
            labels, names = self._labels(image)
            if labels is not None:
                found += self._detections(labels, names)
        if self._options.points != "none":
            found.append(_points(self._options.points, image))
        return tuple(found)

    def _labels(self, image: Image) -> tuple[Labels | None, list[str]]:
        """Each pixel's label, and the labels' names where they have some."""
        options = self._options
        if self._method == "otsu":
            return methods.otsu(image), ["dark", "light"]
        if self._method == "felzenszwalb":
            return methods.felzenszwalb(image), []
        if self._method == "strokes":
            with self._changing:
                if not self._segmenter.ready:
                    return None, []
                return self._segmenter.segment(image), list(self._segmenter.names)
        by_color = methods.kmeans if self._method == "kmeans" else methods.slic
        labels, self._centers = by_color(
            image, options.colors, lightness=options.lightness, centers=self._centers
        )
        return labels, []

    def _detections(self, labels: Labels, names: list[str]) -> list[Detection]:
        count = self._options.kinds
        if count or self._method == "felzenszwalb":
            found = regions(labels, most=MOST)
            sorts = kinds(found, count) if count else list(range(len(found)))
            called = [f"kind {each + 1}" if count else "" for each in sorts]
            return [
                _of_region(region, sort, name, labels.size)
                for region, sort, name in zip(found, sorts, called, strict=True)
            ]
        return [
            _of_label(labels, int(label), names)
            for label in np.flatnonzero(np.bincount(labels.ravel()))
        ]


def _of_label(labels: Labels, label: int, names: list[str]) -> Detection:
    """All pixels of one label."""
    mask = labels == label
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    name = names[label] if names else f"color {label + 1}"
    share = round(float(mask.mean()), 4)
    return Detection(
        "segment", box, name, 0.0, label + 1, mask=mask[box.top : box.bottom, box.left : box.right],
        details={"share": share},
    )  # fmt: skip


def _of_region(region: Region, sort: int, name: str, pixels: int) -> Detection:
    details = {key: round(value, 3) for key, value in region.properties.items()}
    details["share"] = round(region.properties["area"] / pixels, 4)
    return Detection("segment", region.box, name, 0.0, sort + 1, mask=region.mask, details=details)


def _points(method: str, image: Image) -> Detection:
    found = methods.harris(image) if method == "harris" else methods.orb(image)
    height, width = image.shape[:2]
    return Detection("points", Box(0, 0, width, height), method, 0.0, landmarks=found)
