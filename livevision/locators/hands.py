"""Hands: where they are, their landmarks, and which is which from frame to frame."""

from dataclasses import dataclass

import numpy as np

from livevision.frame import Box, Image, Points
from livevision.locators.hand_networks import Floats, LandmarkFinder, Look, PalmFinder, Region

PALM = 0.5
"""Least score of a palm that is worth a look."""
PRESENCE = 0.5
"""Least probability of a hand, for a new one as for one that is followed."""
SEARCH_EVERY = 0.2
"""Seconds between searches for another hand while one is in view."""
REMEMBER = 1.0
"""Seconds within which a hand that comes back near where it left keeps its number."""
HANDEDNESS_FRAMES = 15
"""How many frames the running mean of left or right reaches back, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """A hand in a picture."""

    box: Box
    """Around the landmarks, without a margin."""
    landmarks: Points
    """(21, 3), pixels of the full frame, in MediaPipe's order; z is 0 at the wrist, less nearer."""
    world: Floats
    """(21, 3) float32, metres around the hand's middle; x to the right, y down, z away."""
    right: bool
    """True for a right hand, in a picture that is not mirrored."""
    score: float
    """Probability that it is a hand, 0 to 1."""
    track: int
    """The same number for the same hand from frame to frame; counts up from 1."""


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    look: Look
    right: float
    seen: float
    frames: int = 1

    def follow(self, look: Look, time: float) -> None:
        self.look = look
        self.seen = time
        self.frames += 1
        self.right += (look.right - self.right) / min(self.frames, HANDEDNESS_FRAMES)

    def hand(self) -> Hand:
        look = self.look
        return Hand(
            Box.around(look.landmarks),
            look.landmarks,
            look.world,
            self.right >= 0.5,
            look.presence,
            self.number,
        )


class HandLocator:
    """Finds up to `max_hands` hands in the pictures of one stream, in their order.

    A hand that is followed costs one run of the landmark network a frame. Palms are searched for
    while there is no hand, when one was just lost, and every `SEARCH_EVERY` seconds while there
    could be another. `complexity` is MediaPipe's: 0 is quicker, 1 finer.

    Goes by the times it is given alone. Raises ModelError if MediaPipe's models are not there.
    """

    def __init__(self, max_hands: int = 2, complexity: int = 1) -> None:
        self._max_hands = max_hands
        self._find_palms = PalmFinder()
        self._find_landmarks = LandmarkFinder(complexity)
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the next picture is the first of a new one."""
        self._tracks: list[_Track] = []
        self._missing: list[_Track] = []
        self._count = 0
        self._next_search = 0.0

    def locate(self, image: Image, time: float = 0.0) -> list[Hand]:
        """The hands in `image` (BGR), the longest followed first; `time` in seconds."""
        lost = self._follow(image, time)
        self._missing = [each for each in self._missing if time - each.seen <= REMEMBER]
        if len(self._tracks) < self._max_hands and (
            lost or not self._tracks or time >= self._next_search
        ):
            self._search(image, time)
            self._next_search = time + SEARCH_EVERY
        return [track.hand() for track in self._tracks]

    def _follow(self, image: Image, time: float) -> bool:
        """Look where the hands were; True if one of them is there no longer."""
        found: list[_Track] = []
        for track in self._tracks:
            look = self._find_landmarks(image, track.look.region())
            if look.presence >= PRESENCE and not any(_same(look, each.look) for each in found):
                track.follow(look, time)
                found.append(track)
            else:
                self._missing.append(track)
        lost = len(found) < len(self._tracks)
        self._tracks = found
        return lost

    def _search(self, image: Image, time: float) -> None:
        for palm in self._find_palms(image, threshold=PALM):
            if len(self._tracks) == self._max_hands:
                return
            if any(_near(palm.region, track.look.region(), 0.35) for track in self._tracks):
                continue
            look = self._settle(image, palm.region)
            if look is not None and not any(_same(look, each.look) for each in self._tracks):
                self._tracks.append(self._track(look, time))

    def _settle(self, image: Image, region: Region) -> Look | None:
        """The hand in `region`, looked at again where it turns out to be; None if there is none."""
        look = self._find_landmarks(image, region)
        if look.presence < PRESENCE:
            return None
        again = self._find_landmarks(image, look.region())
        return again if again.presence >= PRESENCE else look

    def _track(self, look: Look, time: float) -> _Track:
        """The track of a newly found hand: that of a hand which left near here, or a new one."""
        region = look.region()
        for track in sorted(self._missing, key=lambda each: -each.seen):
            alike = abs(track.right - look.right) < 0.5
            if alike and _near(region, track.look.region(), 1.0):
                self._missing.remove(track)
                track.follow(look, time)
                return track
        self._count += 1
        return _Track(self._count, look, look.right, time)


def _near(a: Region, b: Region, reach: float) -> bool:
    """Whether the middles lie within `reach` of the larger region's side."""
    return bool(np.hypot(a.x - b.x, a.y - b.y) < reach * max(a.size, b.size))


def _same(a: Look, b: Look) -> bool:
    """Whether two looks show one hand: landmarks a fifth of a region apart, on the mean."""
    apart = np.linalg.norm(a.landmarks[:, :2] - b.landmarks[:, :2], axis=1).mean()
    return bool(apart < 0.1 * max(a.region().size, b.region().size))
