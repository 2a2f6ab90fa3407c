"""Hands to letters: find the hands, read each, spell."""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from livevision.errors import ModelError
from livevision.frame import Detection, Findings, Floats, Frame, Image
from livevision.locators.hands import SKELETON, Hand, HandLocator
from livevision.recognizers.recognizer import Model, Session
from livevision.recognizers.signs import Options, personal
from livevision.recognizers.signs.classifiers import Classifier, load_classifier
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.prepare import MARGIN
from livevision.recognizers.signs.spelling import Speller
from livevision.recognizers.signs.words import english

ALTERNATIVES = 3
DARK = 40.0
"""Mean grey level (0-255) below which a picture is too dark."""
WITHIN = 0.7
"""Share of a hand's box inside another hand's from which on it is no hand of its own."""
CUT_OFF = 4
BEYOND = 0.07
"""A hand signs nothing if so many of its 21 landmarks lie so far beyond the picture's edge, as a
share of the hand's size: of half hands, most of which would be read as a letter, six in ten are
then not, and of 12,000 photos of letters none is lost."""
MUTE = 0.3
"""Seconds for which a hand has to be cut off, or another has to touch it, to sign nothing, unless
it is so from the first: of a hand that holds a letter at the picture's edge some joints are beyond
it in one frame and within in the next, and a close fist looks like two hands now and then. Of 72
clips that were cut through the hand none shows another false letter for it."""
RATE_TIME = 1.0
"""Time constant of the running mean of the time from frame to frame, in seconds."""
FEW = 4.0
"""Frames a second below which letters that follow each other quickly are in none of them."""
SMALL = 40
"""Pixels: a hand whose box is smaller in both directions shows too little."""
GREY = 0.06
"""Saturation (0-1) that nine tenths of a hand's pixels are below where a camera gives no colours.
By a colour camera it is 0.11 at least (430 photos, 12 each of 37 sources, in a quarter of their
light too), by a grey one 0, and where video codecs round, 0.05."""
GREY_STEP = 8
"""Pixels, in both directions, of which one is looked at for that."""


log = logging.getLogger(__name__)


class SignModel(Model):
    """The classifier and the networks that find hands."""

    def __init__(self, options: Options, models: Path) -> None:
        """Raises ModelError for a missing or damaged model."""
        self._general = load_classifier(options.model, models)
        self._personal = options.personal
        english()  # the word list, which all streams share
        if self._personal:
            with suppress(ModelError):  # told of when it is heeded
                if outdated := personal.read().outdated:
                    log.warning(
                        "You showed %s to an earlier reader. What you showed still counts; show it "
                        "anew to make the most of it: livevision signs calibrate, or signs teach.",
                        ", ".join(outdated),
                    )
        HandLocator().close()  # its networks are loaded once a process

    def session(self, *, live: bool = False) -> "SignRecognizer":
        """A new stream's memory; it heeds what the user has shown by now."""
        classifier = self._general
        if self._personal:
            try:
                layer = personal.read()
            except ModelError as error:  # the general model reads as well without
                log.warning("%s", error)
            else:
                if layer.examples:
                    classifier = personal.PersonalClassifier(classifier, layer)
        return SignRecognizer(classifier, HandLocator())


class SignRecognizer(Session):
    """Reads letters from every hand in the picture."""

    least_fps = 4.0  # below, no two looks at a letter lie near enough to each other
    watch: Callable[[float, Sequence[Showing]], None] | None = None
    """Told what the hands of every frame show, and its time, for whoever decodes it again."""

    def __init__(self, classifier: Classifier, locator: HandLocator) -> None:
        self._classifier = classifier
        self._locator = locator
        self._no_sign = np.array([not label for label in classifier.labels], np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of a new one."""
        self._locator.reset()
        self._speller = Speller(self._classifier.labels, english())
        self._hints = [
            _Hint("Too dark: put on a light", after=1.0),
            _Hint("Hand too small: come closer", after=0.7),
            _Hint("Hand half out of view: move it in", after=0.7),
            _Hint("No hand in view", after=2.0),
            _Hint("Few pictures a second: sign slowly, or put on more light", after=2.0),
        ]
        self._rate = _Rate()
        self._grey = _Grey()
        self._alone: dict[int, float] = {}
        """When a hand was last whole and touched by none, by its track."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the probabilities are of; "" is no sign."""
        return tuple(self._classifier.labels)

    def recognize(self, frame: Frame) -> Findings:
        hands = _distinct(self._locator.locate(frame.image, frame.time))
        readings = [self._classifier.classify(frame.image, hand) for hand in hands]
        half = [cut_off(hand, frame.image) for hand in hands]
        mute = self._mute(hands, half, frame.time)
        showings = [
            Showing(
                hand.track,
                hand.right,
                hand.landmarks,
                hand.world,
                self._no_sign if silent else reading.probabilities,
            )
            for hand, reading, silent in zip(hands, readings, mute, strict=True)
        ]
        if self.watch is not None:
            self.watch(frame.time, showings)
        events = self._speller.see(showings, frame.time)
        return Findings(
            tuple(self._detection(hand) for hand in hands),
            tuple(events),
            self._speller.text,
            readings[0].stages if readings else (),
            (*self._advice(frame, hands, half), *self._proposed()),
        )

    def finish(self) -> Findings:
        events = tuple(self._speller.finish())
        return Findings(events=events, text=self._speller.text)

    def command(self, name: str) -> None:
        self._speller.command(name)

    def close(self) -> None:
        self._locator.close()

    def _mute(self, hands: Sequence[Hand], half: Sequence[bool], time: float) -> list[bool]:
        """Of each hand whether it can sign nothing, being cut off or touched by another."""
        lately = {track: seen for track, seen in self._alone.items() if time - seen <= MUTE}
        alone = (
            hand.track for hand, part in zip(hands, half, strict=True) if not (hand.joined or part)
        )
        self._alone = lately | dict.fromkeys(alone, time)
        return [hand.track not in self._alone for hand in hands]

    def _detection(self, hand: Hand) -> Detection:
        chances = self._speller.probabilities(hand.track)
        label, *others = ranked(chances, self._classifier.labels)
        return Detection(
            "hand",
            hand.box.square(MARGIN),
            label[0],
            label[1],
            hand.track,
            hand.landmarks,
            tuple(others[:ALTERNATIVES]),
            SKELETON,
            details={"hand": "right" if hand.right else "left"},
        )

    def _proposed(self) -> tuple[str, ...]:
        proposal = self._speller.proposal
        return () if proposal is None else (f"Tab: {proposal.word}",)

    def _advice(self, frame: Frame, hands: Sequence[Hand], half: Sequence[bool]) -> tuple[str, ...]:
        dark, small, part, none, few = self._hints
        sizes = [max(hand.box.width, hand.box.height) for hand in hands]
        shown = (
            dark.update(_brightness(frame.image) < DARK, frame.time),
            small.update(bool(sizes) and max(sizes) < SMALL, frame.time),
            part.update(bool(half) and all(half), frame.time),
            none.update(not hands, frame.time),
            few.update(self._rate.update(frame.time) < FEW and bool(hands), frame.time),
        )
        told = tuple(hint.text for hint, on in zip(self._hints, shown, strict=True) if on)
        return (*told, _Grey.TEXT) if self._grey.update(frame, hands) else told


def ranked(chances: Floats, labels: Sequence[str]) -> list[tuple[str, float]]:
    """Labels and their probabilities, likeliest first."""
    order = (-chances).argsort(kind="stable")
    return [(labels[index], float(chances[index])) for index in order]


def cut_off(hand: Hand, image: Image) -> bool:
    """Whether too little of `hand` is within `image`: its other joints are guesses."""
    points = hand.landmarks[:, :2]
    height, width = image.shape[:2]
    beyond = np.maximum(-points, points - (width, height)).max(axis=1)
    size = np.ptp(points, axis=0).max()
    return int((beyond > BEYOND * size).sum()) >= CUT_OFF


def _distinct(hands: Sequence[Hand]) -> list[Hand]:
    """`hands` without those that lie within an earlier one: its fingers, taken for a hand."""
    kept: list[Hand] = []
    for hand in hands:
        if all(hand.box.inside(other.box) < WITHIN for other in kept):
            kept.append(hand)
    return kept


class _Hint:
    """Shown once its reason has lasted `after` seconds, for a second at least."""

    STAY = 1.0

    def __init__(self, text: str, *, after: float) -> None:
        self.text = text
        self._after = after
        self._since: float | None = None
        self._until = -1.0

    def update(self, reason: bool, time: float) -> bool:
        """Whether to show it in the frame at `time`, in which there is `reason` to or not."""
        if not reason:
            self._since = None
        elif self._since is None:
            self._since = time
        if self._since is not None and time - self._since >= self._after:
            self._until = time + self.STAY
        return time < self._until


class _Rate:
    """How many frames there are a second."""

    def __init__(self) -> None:
        self._before: float | None = None
        self._interval = 0.0

    def update(self, time: float) -> float:
        """The running mean with the frame at `time`, in seconds; infinite with the first."""
        if self._before is not None:
            passed = time - self._before
            share = 1.0 - math.exp(-passed / RATE_TIME) if self._interval else 1.0
            self._interval += share * (passed - self._interval)
        self._before = time
        return 1.0 / self._interval if self._interval else math.inf


class _Grey:
    """Tells, once a stream, that its camera gives no colours: hands are missed then, and misread.

    A dim room is not taken for that: where there is too little light nothing is decided.
    """

    TEXT = "A grey camera reads worse: put on a light, or take one with colours"
    AFTER = 2.0
    """Seconds from the first grey look on, none but grey ones between."""
    SEVERAL = 8
    """Looks; at 4 pictures a second as many as there are in `AFTER`."""
    STAY = 6.0
    """Seconds that it is shown."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._looks = 0
        self._until: float | None = None

    def update(self, frame: Frame, hands: Sequence[Hand]) -> bool:
        """Whether to show it in this frame."""
        if self._until is not None:
            return frame.time < self._until
        saturation = _saturation(frame.image, hands[0]) if hands else None
        if saturation is None:
            return False
        if saturation > GREY:
            self._since, self._looks = None, 0
            return False
        self._since = frame.time if self._since is None else self._since
        self._looks += 1
        if self._looks < self.SEVERAL or frame.time - self._since < self.AFTER:
            return False
        self._until = frame.time + self.STAY
        log.warning("%s: %s.", frame.stream or "The stream", self.TEXT)
        return True


def _saturation(image: Image, hand: Hand) -> float | None:
    """What nine tenths of the hand's pixels are below (0-1); None where there is too little light
    or hand to tell."""
    height, width = image.shape[:2]
    left, top = max(0, round(hand.box.left)), max(0, round(hand.box.top))
    right, bottom = min(width, round(hand.box.right)), min(height, round(hand.box.bottom))
    pixels = image[top:bottom:GREY_STEP, left:right:GREY_STEP].reshape(-1, 3).astype(np.float32)
    if len(pixels) < 9:
        return None
    most = pixels.max(axis=1)
    if most.mean() < DARK:
        return None
    saturation = (most - pixels.min(axis=1)) / np.maximum(most, 1.0)
    place = len(saturation) * 9 // 10
    return float(np.partition(saturation, place)[place])


def _brightness(image: Image) -> float:
    """Mean grey level, from a grid of pixels."""
    return float(image[::16, ::16].mean())
