"""Hands: where they are, their landmarks, and which is which from frame to frame."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Box, Floats, Image, Points, Skeleton
from livevision.locators import joints, light
from livevision.locators.hand_networks import (
    LandmarkFinder,
    Look,
    Palm,
    PalmFinder,
    Region,
)

SKELETON = Skeleton("hand", joints.CHAINS)
"""How MediaPipe's 21 landmarks are joined."""
PALM = 0.5
"""Least score of a palm that is worth a look."""
PRESENCE = 0.5
"""Least probability of a hand, for a new one as for one that is followed."""
FAINT_PALM = 0.15
"""The same for less likely places and a second hand; the looks at such palms are stricter."""
TRACE = 0.03
"""The least score of a palm that tells in which parts of a first picture a hand could be: all 53
that were found in such parts had one."""
FAINT = 3
"""Most palms below FAINT_PALM that are looked at there."""
PARTS = 4
"""Most parts of a first picture that are, those with the clearest palms. In 150 pictures in which
no other place had shown a hand as many were found so, with the palms above, as with a look at every
part, in half as many looks."""
SURE_PRESENCE = 0.85
"""The same as PRESENCE for hands in unlikely places: below it are ears and collars."""
CERTAIN_PRESENCE = 0.97
"""From here on even a small hand is one."""
SURE_SIZE = 0.2
"""The least size of such hands, of the picture's shorter side; smaller ones are mostly ears."""
LARGER = 1.8
"""How many times larger a hand is than a part of it that was taken for a hand."""
PALMS = 2
"""Most palms looked at in one frame."""
HOPELESS = 0.02
"""At a lower presence there is nothing that a second look could make out."""
BORDER = 0.25
"""Around a picture in which a hand may be too close to be seen, in sides of the picture."""
WHOLE = 1.15
"""Side of the region that stands for the whole picture, of the picture's longer side."""
CELL = 0.62
"""Side of the parts of a picture in which a hand is looked for last, of its longer side."""
HANGING = 0.8
"""Side of the middle part in which a hand that points down is looked for, of its longer side."""
SEARCH_EVERY = 0.14
"""Seconds between searches for another hand while one is in view."""
RETRY_EVERY = 0.2
"""Seconds between looks in less likely places while none is."""
TURNS = (0.16, -0.16)
"""Radians by which the further looks at the hands of a first picture are turned."""
TURNED = 0.35
"""Radians by which a hand turned so much from one picture to the next that a look at where it was
cuts off fingers or sees them askew: it is looked at once more, where it turned out to be. Of
spelling at five letters a second that are 3 % of the pictures."""
WENT, GREW = 0.2, 1.3
"""The same for how far it went, in sides of the larger region, and how many times as large, or as
small, it became."""
REMEMBER = 1.0
"""Seconds within which a hand that comes back near where it left keeps its number."""
UNSURE = 0.1
"""Least probability of the other hand at which a new hand is looked at both ways round."""
CLEAR_PALM = 0.6
"""Least score of each of two palms that belong to hands which touch."""
LIKE = 0.7
"""Least size of one of two such hands, of the other's: others are farther away, or fingertips."""
APART = (0.2, 0.85)
"""How far apart the middles of two such palms' regions are, in sides of the larger: of 460 pictures
of one hand two palms lay so in none, of 40 of two-handed letters in 37."""
TOUCHING = 0.2
"""Distance of the nearest joints of two hands that touch, in sizes of the larger one."""
TWICE = 0.6
"""Least part of a box that lies in another of the same hand: of two hands that touched half did at
most, of a hand that was framed in two ways three quarters at least (23 pairs, and 25)."""
TOGETHER = 0.25
"""Most distance of the middles of two such regions, in sides of the larger: 0.17, and of two hands
0.32."""
JOINED = 0.35
"""Seconds for which two palms seen side by side are believed: two searches of the whole picture."""
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
    traits: Floats
    """(1152,) from 0 to 6: what the landmark network made of it, seen as an upright right hand."""
    angle: float
    """By how much it was turned for that, in radians, clockwise on the screen; 0 if it points up,
    -pi to pi."""
    local: Floats = field(default_factory=lambda: np.zeros((21, 304), np.float32))
    """(21, 304) from the same look: inner maps of the network, read at the joints."""
    joined: bool = False
    """Whether another hand of like size touches it or overlaps it: together they show no letter of
    one hand."""
    again: tuple["Hand", ...] = ()
    """Further looks at it, each a little turned: in the first picture of a stream."""


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

    def hand(self, again: tuple[Hand, ...] = ()) -> Hand:
        look = self.look
        return Hand(
            Box.around(look.landmarks),
            look.landmarks,
            look.world,
            not look.mirrored,
            look.presence,
            self.number,
            look.traits,
            look.angle,
            look.local,
            again=again,
        )


class HandLocator:
    """Finds up to `max_hands` hands in the pictures of one stream, in their order.

    A hand that is followed costs one run of the landmark network a frame, two where it turned or
    jumped. Palms are searched for while there is no hand, when one was just lost, and every
    `SEARCH_EVERY` seconds while there could be another. With no hand for certain in a stream's
    first picture it looks in the less likely places too, and with none at all at the faintest palms
    and in the parts of it that hold one, which takes 70 to 140 ms; where the light is bad, in a
    better one. Once a hand is lost, it looks in one of these places, or another part, a frame, and
    when all were tried, every `RETRY_EVERY` seconds. Hands of the first picture, which may be all
    there is, are looked at again, turned by `turns` (radians), which takes some 9 ms for each turn.
    `complexity` is MediaPipe's: 0 is quicker, 1 finer.

    Goes by the times it is given alone. Raises ModelError if MediaPipe's models are not there.
    """

    def __init__(
        self, max_hands: int = 2, complexity: int = 1, *, turns: Sequence[float] = TURNS
    ) -> None:
        self._max_hands = max_hands
        self._turns = turns
        self._find_palms = PalmFinder()
        self._find_landmarks = LandmarkFinder(complexity)
        # a thread that stays: OpenCV loses a kilobyte with each that ends
        self._other_core = ThreadPoolExecutor(1, "hands")
        if max_hands > 1:
            self._other_core.submit(int)  # start it now, not in a frame
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the next picture is the first of a new one."""
        self._tracks: list[_Track] = []
        self._missing: list[_Track] = []
        self._count = 0
        self._next_search = 0.0
        self._first = True
        self._next_retry = 0.0
        self._retries = 0
        self._traces: list[Palm] = []
        self._beside = False
        self._pair: tuple[float, tuple[Region, ...]] = (-math.inf, ())
        self._light: NDArray[np.uint8] | None = None
        self._next_light = 0.0

    def close(self) -> None:
        """End its thread; it locates nothing any more."""
        self._other_core.shutdown()

    def locate(self, image: Image, time: float = 0.0) -> list[Hand]:
        """The hands in `image` (BGR), the longest followed first; `time` in seconds."""
        if self._light is not None:
            image = light.relit(image, self._light)
        ahead = None
        room = len(self._tracks) < self._max_hands
        if self._tracks and room and time >= self._next_search:
            ahead = self._other_core.submit(self._search(image))
            lost = self._follow(image, time)
            wait((ahead,))
        else:
            lost = self._follow(image, time)
        self._missing = [each for each in self._missing if time - each.seen <= REMEMBER]
        if len(self._tracks) < self._max_hands and (ahead or lost or not self._tracks):
            palms = ahead.result() if ahead and self._tracks else self._search(image)()
            self._welcome(palms, image, time)
            self._next_search = time + SEARCH_EVERY
        if not self._tracks and self._light is None:
            image = self._in_better_light(image, time)
        elif self._first and len(self._tracks) == 1:
            self._look_for_another(image, time)
        if not self._tracks or (self._first and self._is_doubtful()):
            self._retry(image, time, lost=lost)
        if not self._tracks:
            self._light = None
        hands = [
            replace(
                track.hand(again=self._again(image, track) if self._first else ()),
                joined=self._is_joined(track.look, time),
            )
            for track in self._tracks
        ]
        self._first = False
        return hands

    def _in_better_light(self, image: Image, time: float) -> Image:
        """Where the light is bad, look for palms again in a better one, now and then.

        Returns the picture in the light in which to look on. A light that shows a hand is kept for
        the frames that follow, until the hand is gone.
        """
        if not self._first and time < self._next_light:
            return image
        self._next_light = time + RETRY_EVERY
        levels = light.table(image)
        if levels is None:
            return image
        self._light = levels
        image = light.relit(image, levels)
        self._welcome(self._search(image)(), image, time)
        return image

    def _look_for_another(self, image: Image, time: float) -> None:
        """Where the light is bad, look in a better one whether another hand touches this one."""
        levels = light.table(image)
        if levels is not None:
            lit = light.relit(image, levels)
            self._note_pair(self._find_palms(lit, threshold=FAINT_PALM), lit, time)

    def _note_pair(self, palms: list[Palm], image: Image, time: float) -> list[Look]:
        """Keep in mind where two hands touch, if the best palms are theirs.

        Returns the looks at these palms, if it had to take any.
        """
        if len(palms) < 2 or not _side_by_side(palms[0], palms[1]):
            return []
        first, second = (self._settle(image, palm.region, steps=1) for palm in palms[:2])
        if min(first.presence, second.presence) >= SURE_PRESENCE and not _same(first, second):
            self._pair = time, (palms[0].region, palms[1].region)
        return [first, second]

    def _is_joined(self, look: Look, time: float) -> bool:
        """Whether another hand touches this one, be it hidden too much to be followed."""
        others = (track.look for track in self._tracks if track.look is not look)
        if any(_touch(look, other) for other in others):
            return True
        seen, pair = self._pair
        region = look.region()
        return time - seen <= JOINED and any(_near(region, palm, 0.5) for palm in pair)

    def _again(self, image: Image, track: _Track) -> tuple[Hand, ...]:
        """Further looks at a hand, each a little turned."""
        region, mirrored = track.look.region(), track.right < 0.5
        looks = [
            self._find_landmarks(
                image, replace(region, angle=region.angle + turn), mirrored=mirrored
            )
            for turn in self._turns
        ]
        seen = (look for look in looks if look.presence >= PRESENCE)
        return tuple(replace(track, look=look).hand() for look in seen)

    def _is_doubtful(self) -> bool:
        """Whether all that was found could be fingertips."""
        return not any(track.look.presence >= CERTAIN_PRESENCE for track in self._tracks)

    def _follow(self, image: Image, time: float) -> bool:
        """Look where the hands were; True if one of them is there no longer."""
        found: list[_Track] = []
        for track, look in zip(self._tracks, self._look_again(image), strict=True):
            if look.presence >= PRESENCE and not any(_same(look, each.look) for each in found):
                track.follow(look, time)
                found.append(track)
            else:
                self._missing.append(track)
        lost = len(found) < len(self._tracks)
        self._tracks = found
        return lost

    def _look_again(self, image: Image) -> list[Look]:
        """A look at where each hand was; with several, the first on this core, others beside."""

        def look(track: _Track) -> Look:
            region, mirrored = track.look.region(), track.right < 0.5
            found = self._find_landmarks(image, region, mirrored=mirrored)
            if found.presence < HOPELESS or not _moved(region, found.region()):
                return found
            again = self._find_landmarks(image, found.region(), mirrored=mirrored)
            # always the second: a hand that is seen in two ways by turns would seem to shake
            return again if again.presence >= PRESENCE else found

        if len(self._tracks) < 2:
            return [look(track) for track in self._tracks]
        first, *others = self._tracks
        later = self._other_core.submit(lambda: [look(track) for track in others])
        return [look(first), *later.result()]

    def _search(self, image: Image) -> Callable[[], list[Palm]]:
        """A search for further palms, which may run beside `_follow`; with no hands in view, and
        none in sight before, for clear ones."""
        faintest = FAINT_PALM if self._tracks or self._first else PALM
        left, right = self._part(image)
        part = image[:, left:right]
        border = BORDER if self._beside else 0.0

        def search() -> list[Palm]:
            seen = self._find_palms.seen(part, border=border)
            if self._first:
                self._traces = seen(TRACE)
            palms = seen(faintest)[:PALMS]
            return [
                replace(each, region=replace(each.region, x=each.region.x + left)) for each in palms
            ]

        return search

    def _welcome(self, palms: list[Palm], image: Image, time: float) -> None:
        """Look where the palms are, and follow the hands that are new."""
        looks = self._note_pair(palms, image, time)
        for palm, taken in zip_longest(palms, looks):
            if len(self._tracks) == self._max_hands:
                return
            if any(_alike(palm.region, track.look.region()) for track in self._tracks):
                continue
            look = taken or self._settle(image, palm.region, steps=1)
            if look.presence >= PRESENCE if palm.score >= PALM else _sure(look, image):
                self._admit(look, image, time)

    def _admit(self, look: Look, image: Image, time: float) -> None:
        """Follow a hand that is new; what was part of it all along is followed no longer."""
        for track in self._tracks:
            if _same(look, track.look) or _once_more(track.look, look):
                if track.look.presence < min(look.presence, CERTAIN_PRESENCE):
                    track.look, track.right = look, look.right
                return
        if _sure(look, image):
            self._tracks = [each for each in self._tracks if not _is_part(each.look, look)]
        if len(self._tracks) == self._max_hands:
            least = min(self._tracks, key=lambda each: each.look.presence)
            if least.look.presence >= look.presence:
                return
            self._tracks.remove(least)
        self._tracks.append(self._track(look, time))

    def _part(self, image: Image) -> tuple[int, int]:
        """From and to which column to search: with a hand in view, every second time beside it.

        The palm network sees a picture 192 pixels wide; in a part of it a hand is larger.
        """
        width = image.shape[1]
        self._beside = bool(self._tracks) and not self._beside
        if self._beside:
            box = Box.around(self._tracks[0].look.landmarks).clip(image)
            if max(box.left, width - box.right) > 0:
                return (0, box.left) if box.left > width - box.right else (box.right, width)
        return 0, width

    def _retry(self, image: Image, time: float, *, lost: bool) -> None:
        """Look in less likely places: all in a first picture, else one in a frame.

        When a hand was just lost, the next frames go through all places; then only now and then.
        """
        if lost:
            self._retries = 0
        if self._first:
            self._look_around(image, time)
            self._retries = len(_PLACES)
        elif self._retries < len(_PLACES) or time >= self._next_retry:
            place = _PLACES[self._retries % len(_PLACES)]
            self._visit(place(image, self._find_palms)[:1], image, time)
            self._retries += 1
        else:
            return
        self._next_retry = time + RETRY_EVERY

    def _look_around(self, image: Image, time: float) -> None:
        """Look in less likely places, until there is a hand for certain.

        Where there is none at all, look at the faintest palms last, and in the parts of the picture
        that hold the clearest: without a trace of a palm no part has shown a hand.
        """
        traces: list[Palm] = []

        def find(image: Image, *, threshold: float = PALM, border: float = 0.0) -> list[Palm]:
            seen = self._find_palms.seen(image, border=border)
            traces.extend(seen(TRACE))
            return seen(threshold)

        for place in _LIKELIER:
            if self._visit(place(image, find), image, time):
                return
        if self._tracks:
            return
        traces.sort(key=lambda each: -each.score)
        faint = [each.region for each in traces if each.score < FAINT_PALM]
        parts = [part for place in _LAST for part in place(image, find)]
        hopeful = [_trace(part, traces) + _trace(part, self._traces) for part in parts]
        order = sorted(range(len(parts)), key=lambda at: -hopeful[at])
        for region in (*faint[:FAINT], *(parts[at] for at in order[:PARTS] if hopeful[at])):
            self._visit([region], image, time)
            if self._tracks:
                return

    def _visit(self, regions: list[Region], image: Image, time: float) -> bool:
        """Follow hands that are for sure in regions; True once one of all hands is certain."""
        for region in regions:
            look = self._settle(image, region, steps=2)
            if _sure(look, image):
                self._admit(look, image, time)
                if not self._is_doubtful():
                    return True
        return False

    def _settle(self, image: Image, region: Region, *, steps: int) -> Look:
        """A look at `region`, and again at where the hand then turns out to be."""
        look = self._find_landmarks(image, region)
        for _ in range(steps):
            if look.presence < HOPELESS:
                break
            look = self._find_landmarks(image, look.region(), mirrored=look.right < 0.5)
        return self._handed(image, look) if look.presence >= PRESENCE else look

    def _handed(self, image: Image, look: Look) -> Look:
        """The same hand, seen both ways round where it is unsure whether it is a left one."""
        if (look.right < 0.5) == look.mirrored and abs(look.right - 0.5) > 0.5 - UNSURE:
            return look
        other = self._find_landmarks(image, look.region(), mirrored=not look.mirrored)
        right = (look.right + other.right) / 2
        return replace(look if look.mirrored == (right < 0.5) else other, right=right)

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


class _FindPalms(Protocol):
    """As `PalmFinder`."""

    def __call__(
        self, image: Image, *, threshold: float = PALM, border: float = 0.0
    ) -> list[Palm]: ...


def _whole(
    image: Image, palms: _FindPalms, *, angle: float = 0.0, side: float = WHOLE
) -> list[Region]:
    """The whole picture, or its middle: a hand that fills it has no palm that the palm network
    would see. Turned by `angle`, in degrees; `side` is in sides of the picture, the longer one.
    """
    height, width = image.shape[:2]
    return [Region(width / 2, height / 2, side * max(height, width), math.radians(angle))]


def _framed(image: Image, palms: _FindPalms, *, border: float) -> list[Region]:
    """The two best palms, faint ones too, of the picture within a border that makes it smaller."""
    found = palms(image, threshold=FAINT_PALM, border=border)[:2]
    return [each.region for each in found]


def _cell(image: Image, palms: _FindPalms, *, column: int, row: int) -> list[Region]:
    """One of 3x3 overlapping parts of the picture: the landmark network sees hands without a palm.

    `column` and `row` are -1, 0 or 1.
    """
    height, width = image.shape[:2]
    side = CELL * max(height, width)
    x = width / 2 + column * max(0.0, width - side) / 2
    y = height / 2 + row * max(0.0, height - side) / 2
    return [Region(x, y, side)]


def _trace(part: Region, palms: list[Palm]) -> float:
    """The score of the clearest of `palms` that lies in an upright part of the picture, or 0."""
    inside = (
        each.score
        for each in palms
        if max(abs(each.region.x - part.x), abs(each.region.y - part.y)) <= part.size / 2
    )
    return max(inside, default=0.0)


_Place: TypeAlias = Callable[[Image, _FindPalms], list[Region]]
_GRID: tuple[_Place, ...] = tuple(
    partial(_cell, column=column, row=row) for row in (0, -1, 1) for column in (0, -1, 1)
)
_LAST: tuple[_Place, ...] = (partial(_whole, angle=180.0, side=HANGING), *_GRID)
"""Looked at where there is no hand at all; not where one is doubtful."""
_LIKELIER: tuple[_Place, ...] = (
    _whole,
    partial(_framed, border=BORDER),
    partial(_whole, angle=-45.0),
    partial(_whole, angle=45.0),
    partial(_framed, border=2 * BORDER),
)
_PLACES = (*_LIKELIER, *_LAST)
"""Where to look for a hand when none was found, in the order of what each adds."""


def _sure(look: Look, image: Image) -> bool:
    """Whether it is a hand even where none was likely."""
    size = max(np.ptp(look.landmarks[:, :2], axis=0))
    return bool(look.presence >= SURE_PRESENCE and size >= SURE_SIZE * min(image.shape[:2]))


def _near(a: Region, b: Region, reach: float) -> bool:
    """Whether the middles lie within `reach` of the larger region's side."""
    return bool(np.hypot(a.x - b.x, a.y - b.y) < reach * max(a.size, b.size))


def _alike(a: Region, b: Region) -> bool:
    """Whether two regions are likely to hold the same hand."""
    return _near(a, b, 0.35) and max(a.size, b.size) < LARGER * min(a.size, b.size)


def _moved(a: Region, b: Region) -> bool:
    """Whether a hand that was in region `a` is in another place by now, `b`."""
    turned = abs(math.remainder(a.angle - b.angle, math.tau)) > TURNED
    grew = max(a.size, b.size) > GREW * min(a.size, b.size)
    return turned or grew or not _near(a, b, WENT)


def _side_by_side(a: Palm, b: Palm) -> bool:
    """Whether two palms are those of hands that touch."""
    small, large = sorted((a.region.size, b.region.size))
    apart = np.hypot(a.region.x - b.region.x, a.region.y - b.region.y) / large
    return bool(
        min(a.score, b.score) >= CLEAR_PALM
        and small >= LIKE * large
        and APART[0] <= apart <= APART[1]
    )


def _touch(a: Look, b: Look) -> bool:
    """Whether two hands of like size touch."""
    one, other = a.landmarks[:, :2], b.landmarks[:, :2]
    small, large = sorted((np.ptp(one, axis=0).max(), np.ptp(other, axis=0).max()))
    nearest = np.linalg.norm(one[:, None] - other[None], axis=2).min()
    sure = min(a.presence, b.presence) >= SURE_PRESENCE
    return bool(sure and small >= 0.8 * LIKE * large and nearest <= TOUCHING * large)


def _is_part(part: Look, whole: Look) -> bool:
    """Whether a much larger hand covers the smaller one: a fingertip can look like a fist."""
    small, large = Box.around(part.landmarks), Box.around(whole.landmarks)
    if LARGER * max(small.width, small.height) > max(large.width, large.height):
        return False
    return 2 * small.shared(large) > small.width * small.height


def _once_more(before: Look, now: Look) -> bool:
    """Whether two looks at one picture show one hand that is framed in two ways."""
    inside = Box.around(before.landmarks).inside(Box.around(now.landmarks))
    near = _near(before.region(), now.region(), TOGETHER)
    return inside >= TWICE and near and not _is_part(before, now)


def _same(a: Look, b: Look) -> bool:
    """Whether two looks show one hand, be it that one of them has it the wrong way round."""
    apart = np.linalg.norm(a.landmarks[:, :2] - b.landmarks[:, :2], axis=1).mean()
    together = Box.around(a.landmarks).overlap(Box.around(b.landmarks))
    return bool(together > 0.6 or apart < 0.1 * max(a.region().size, b.region().size))
