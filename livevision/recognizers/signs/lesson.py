"""Collecting examples of a user's own signs, from a camera or from pictures and clips."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from livevision.frame import Detection, Findings, Frame, Image
from livevision.locators.hands import SKELETON, Hand, HandLocator
from livevision.recognizers.recognizer import Session
from livevision.recognizers.signs.classifiers import LABELS, Classifier
from livevision.recognizers.signs.personal import Example
from livevision.recognizers.signs.recognizer import cut_off

COUNTDOWN = 3.0
"""Seconds to form a sign in."""
PATIENCE = 12.0
"""Seconds after which a sign is given up."""
APART = 0.12
"""Seconds between two examples: neighbours in a video are nearly one picture."""
STILL = 1.5
"""Fastest a hand moves that holds a sign, on the mean over its landmarks, in palms a second."""
FEWEST = 3
"""Examples without which a sign counts as not shown."""


class Lesson(Session):
    """Asks for one sign after the other and collects examples of each; then calls `done`.

    The text says what to do; the picture of the sign to make stands among the stages.
    """

    def __init__(
        self,
        signs: Sequence[str],
        classifier: Classifier,
        locator: HandLocator,
        *,
        count: int,
        pictures: Mapping[str, Image],
        done: Callable[[], None],
    ) -> None:
        self._signs = list(signs)
        self._classifier = classifier
        self._locator = locator
        self._count = count
        self._pictures = pictures
        self._done = done
        self._place = 0
        self._began: float | None = None
        self._time = 0.0
        self._taken: list[tuple[float, Example]] = []
        self._examples: list[Example] = []
        self._before: tuple[float, Hand] | None = None

    @property
    def examples(self) -> list[Example]:
        """Of all signs that were shown often enough so far."""
        return self._examples + self._enough()

    @property
    def over(self) -> bool:
        """Whether all signs were asked for."""
        return self._place == len(self._signs)

    @property
    def waits(self) -> float:
        """Seconds left to form the sign in; 0 once it is looked at."""
        began = self._time if self._began is None else self._began
        return max(0.0, COUNTDOWN - (self._time - began))

    @property
    def progress(self) -> tuple[int, int]:
        """Which sign is asked for, from 0, and how many examples of it there are."""
        return self._place, len(self._taken)

    @property
    def taken_for(self) -> str:
        """The letter that most looks at the sign that is due are read as; empty for none."""
        return read_as([each for _, each in self._taken])

    def recognize(self, frame: Frame) -> Findings:
        self._time = frame.time
        hands = self._locator.locate(frame.image, frame.time)
        if self._began is None:
            self._began = frame.time
        passed = frame.time - self._began - COUNTDOWN
        if not self.over and passed >= 0.0:
            self._watch(frame, [hand for hand in hands[:1] if not cut_off(hand, frame.image)])
            if len(self._taken) == self._count or passed > PATIENCE:
                self._next(frame.time)
        detections = tuple(
            Detection(
                "hand", hand.box, track=hand.track, landmarks=hand.landmarks, skeleton=SKELETON
            )
            for hand in hands[:1]
        )
        return Findings(detections, text=self._prompt(), stages=self._picture())

    def command(self, name: str) -> None:
        if self._began is None or self.over:
            return
        if name == "skip":
            self._taken.clear()
            self._next(self._time)
        elif name == "redo":
            self._again()

    def _watch(self, frame: Frame, hands: Sequence[Hand]) -> None:
        """Take an example if the hand holds still."""
        before, self._before = self._before, None
        for hand in hands:
            self._before = frame.time, hand
            if before is None or _speed(before, self._before) > STILL:
                return
            if self._taken and frame.time - self._taken[-1][0] < APART:
                return
            chances = self._classifier.classify(frame.image, hand).probabilities
            example = Example.of(self._signs[self._place], hand, chances)
            self._taken.append((frame.time, example))

    def _next(self, time: float) -> None:
        self._examples += self._enough()
        self._taken.clear()
        self._place += 1
        self._began = time
        if self.over:
            self._done()

    def _again(self) -> None:
        """Ask once more for the sign that is due, or for the one before if it has just begun."""
        begun = bool(self._taken) or not self.waits
        self._taken.clear()
        if not begun and self._place:
            self._place -= 1
        sign = self._signs[self._place]
        self._examples = [each for each in self._examples if each.label != sign]
        self._began = self._time

    def _enough(self) -> list[Example]:
        return [each for _, each in self._taken] if len(self._taken) >= FEWEST else []

    def _prompt(self) -> str:
        if self.over:
            return "Thank you"
        sign = self._signs[self._place]
        if self.waits > 0:
            return f"Get ready for {sign}: {int(np.ceil(self.waits))}"
        done = f"{len(self._taken)}/{self._count}"
        return f"Hold {sign}, turn it a little between looks: {done}"

    def _picture(self) -> tuple[tuple[str, Image], ...]:
        if self.over or self._signs[self._place] not in self._pictures:
            return ()
        sign = self._signs[self._place]
        return ((sign, self._pictures[sign]),)


def read_as(examples: Sequence[Example]) -> str:
    """The letter that more than half of the looks are read as; empty if there is none."""
    read = Counter(str(LABELS[int(each.chances.argmax())]) for each in examples)
    letter, times = read.most_common(1)[0] if read else ("", 0)
    return letter if times > read.total() / 2 else ""


def mistaken(examples: Sequence[Example]) -> dict[str, str]:
    """Letters of whose looks most are read as another, and as which: maybe not what was asked for.

    Looks at which nothing is read tell nothing: such hands are what calibration is for.
    """
    letters = dict.fromkeys(each.label for each in examples)
    read = {each: read_as([one for one in examples if one.label == each]) for each in letters}
    return {letter: other for letter, other in read.items() if other not in ("", letter)}


def collect(
    sign: str,
    images: Iterable[tuple[Image, float | None]],
    classifier: Classifier,
    locator: HandLocator,
    *,
    count: int,
) -> list[Example]:
    """Up to `count` examples of a sign, spread over pictures and clips.

    `images` come with the seconds of their clip, or None for a picture of its own.
    """
    found: list[Example] = []
    before: tuple[float, Hand] | None = None
    locator.reset()
    for image, time in images:
        if time is None or (before is not None and time < before[0]):
            locator.reset()
            before = None
        hands = locator.locate(image, time or 0.0)
        now = (time or 0.0, hands[0]) if hands and not cut_off(hands[0], image) else None
        if now is not None and (time is None or (before and _speed(before, now) <= STILL)):
            chances = classifier.classify(image, now[1]).probabilities
            found.append(Example.of(sign, now[1], chances))
        before = now
    locator.reset()
    if len(found) <= count:
        return found
    return [found[index] for index in np.linspace(0, len(found) - 1, count).astype(int)]


def _speed(before: tuple[float, Hand], now: tuple[float, Hand]) -> float:
    """Mean speed of the landmarks, in palms a second."""
    if now[1].track != before[1].track or now[0] <= before[0]:
        return float("inf")
    points = now[1].landmarks[:, :2]
    palm = float(np.linalg.norm(points[0] - points[9]))
    moved = np.linalg.norm(points - before[1].landmarks[:, :2], axis=1).mean()
    return float(moved) / max(palm, 1e-6) / (now[0] - before[0])
