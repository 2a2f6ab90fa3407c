"""The values that travel from source to sink. Nothing here does any work."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""Pixels from 0 to 255: (height, width, 3) in BGR order, or (height, width) if grey."""

Floats: TypeAlias = NDArray[np.float32]
Points: TypeAlias = NDArray[np.float32]
"""(n, 2) or (n, 3): x, y in pixels of the full frame, and z in the same unit where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a stream."""

    image: Image
    """Read-only, BGR: draw on a copy."""
    index: int
    """0 for the first picture the source read; a gap means frames were dropped."""
    time: float
    """Seconds since the first picture, by the source's own clock."""
    captured: float | None = None
    """`time.monotonic()` when a live source delivered the picture; None for recordings."""
    stream: str = ""
    """Name of the stream that it belongs to."""
    origin: float | None = None
    """`time.time()` at which a live stream's time was 0, for other processes, to which a monotonic
    clock means nothing; None for recordings."""
    file: str = ""
    """Name of its file, if it is a picture that was not part of a video."""
    place: "Place | None" = None
    """Where in its recording it is, if that can be played from there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a recording a picture is; its time goes on when somebody jumps to and fro."""

    seconds: float
    """Since the recording's beginning."""
    length: float
    """Seconds of the whole recording."""
    jumps: int = 0
    """How often somebody had jumped before the picture was read."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the full frame; `right` and `bottom` lie just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) of the middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def clip(self, image: Image) -> Self:
        """The part of the box that lies inside `image`; may be empty."""
        height, width = image.shape[:2]
        return type(self)(
            min(max(self.left, 0), width),
            min(max(self.top, 0), height),
            min(max(self.right, 0), width),
            min(max(self.bottom, 0), height),
        )

    def crop(self, image: Image) -> Image:
        """The part of `image` inside the box (a view, not a copy); empty if they do not meet."""
        inside = self.clip(image)
        return image[inside.top : inside.bottom, inside.left : inside.right]

    def square(self, margin: float = 0.0) -> Self:
        """The smallest square around the box, widened by `margin` of its side on every edge."""
        half = max(self.width, self.height) * (0.5 + margin)
        x, y = self.center
        return type(self)(
            math.floor(x - half),
            math.floor(y - half),
            math.ceil(x + half),
            math.ceil(y + half),
        )

    @classmethod
    def around(cls, points: Points) -> Self:
        """The smallest box that holds all `points`, (n, 2) or (n, 3)."""
        left, top = np.floor(points[:, :2].min(axis=0))
        right, bottom = np.ceil(points[:, :2].max(axis=0)) + 1
        return cls(int(left), int(top), int(right), int(bottom))

    def overlap(self, other: "Box") -> float:
        """Intersection over union with `other`, 0 to 1."""
        shared = self.shared(other)
        if not shared:
            return 0.0
        return shared / (self.width * self.height + other.width * other.height - shared)

    def inside(self, other: "Box") -> float:
        """How much of the smaller of the two boxes lies in the other, 0 to 1."""
        smaller = min(self.width * self.height, other.width * other.height)
        return self.shared(other) / max(smaller, 1)

    def shared(self, other: "Box") -> int:
        """Pixels that are in both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """How landmarks are joined by lines."""

    name: str
    """What has such landmarks: "hand", ..."""
    chains: tuple[tuple[int, ...], ...]
    """Places of landmarks, each joined to the next of its chain."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One thing a recogniser sees in one frame."""

    kind: str
    """What it is: "hand", "face", ..."""
    box: Box
    label: str = ""
    """What it says: a letter, a name; empty if it is there but says nothing (no sign)."""
    confidence: float = 0.0
    """Probability that `label` is right, 0 to 1."""
    track: int | None = None
    """The same number for the same hand or face from frame to frame."""
    landmarks: Points | None = None
    """(n, 2) or (n, 3), in pixels of the full frame."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other labels and their probabilities, likeliest first, without `label`."""
    skeleton: Skeleton | None = None
    """How `landmarks` are joined; single points if None."""
    mask: NDArray[np.bool_] | None = None
    """(height, width) of the whole frame, or of `box`: which pixels belong to it."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What else is known of it, for JSON: texts, numbers, lists and objects of them."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was read over a stretch of time: a letter that was signed, a person's stay."""

    kind: str
    """"letter", "person", ..."""
    label: str
    start: float
    """Seconds of the stream."""
    end: float
    confidence: float
    details: Mapping[str, object] = field(default_factory=dict)
    """Further fields of its JSON form: "hand", "alternatives", "track", ..."""
    stream: str = ""
    """Name of the stream in which it was read; the pipeline says."""
    origin: float | None = None
    """`time.time()` at which that stream's time was 0; None for recordings."""


Step: TypeAlias = tuple[str, Image]
"""Name and picture of a step from a crop to a model's input."""


class Steps(Sequence[Step]):
    """Steps that are made when somebody looks at them: mostly nobody does."""

    def __init__(self, make: Callable[[], Sequence[Step]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[Step, ...]:
        return tuple(self._make())

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self._made[index]

    def __len__(self) -> int:
        return len(self._made)


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What one recogniser has to say after one frame."""

    detections: tuple[Detection, ...] = ()
    events: tuple[Event, ...] = ()
    """What came to its end with this frame, each reported once."""
    text: str | None = None
    """Running text: everything read so far, as a person would read it; None if it reads nothing."""
    stages: Sequence[Step] = ()
    """Names and pictures of the steps from crop to model input, for the stage view."""
    hints: tuple[str, ...] = ()
    """What the user could do to be read better: "more light", ..."""
    pictures: Mapping[str, Image] = field(default_factory=dict)
    """Pictures that were made, by name: a panorama so far, ..."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How the run is doing, as measured when the result was made."""

    fps: float = 0.0
    """Frames worked on per second, over the last seconds."""
    latency: float | None = None
    """Seconds from the camera's delivery of the frame to its result; None for recordings."""
    dropped: int = 0
    """Frames that were never worked on, because the pipeline was busy."""
    source: float = 0.0
    """Frames a second that the source gives, by its own clock, dropped ones too."""
    failed: tuple[str, ...] = ()
    """Recognisers and sinks that broke off, by the names of their plug-ins."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A frame and all that was found in it."""

    frame: Frame
    detections: tuple[Detection, ...] = ()
    events: tuple[Event, ...] = ()
    text: str = ""
    stages: Sequence[Step] = ()
    hints: tuple[str, ...] = ()
    stats: Stats = Stats()
    pictures: Mapping[str, Image] = field(default_factory=dict)
