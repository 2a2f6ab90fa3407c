"""What one hand signs: from the letters of its frames, and what it draws, to those that stand.

A letter is reported once nothing can change it any more: a drawn J or Z takes the place of the
handshape it began with, and what a hand shows that only gestures is dropped again, unless it was
held or came in the company of other letters.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livevision.frame import Event, Floats, Points
from livevision.recognizers.signs import passing, thresholds
from livevision.recognizers.signs.drawings import Drawing, Drawings
from livevision.recognizers.signs.gestures import Gesture, Gestures
from livevision.recognizers.signs.letters import Decoder, Sign

ALTERNATIVES = 3
"""Other letters that are told with one."""
SMOOTHING = 0.08
"""Time constant of the probabilities that are shown, in seconds."""
RESTED = 0.4
"""The same for whether the hand made no sign, as while it was out of view: beside it stands its
first letter after some 0.3 s, so that none flicker on idle hands."""

BEST_WORTH = 0.65
"""What a clear letter of a still hand is worth for each second."""
RECENT = 6
"""Letters that are remembered, as neighbours of the next."""

_BEGINS = {"J": frozenset("IY"), "Z": frozenset("DXGLQ")}
"""What the hands that draw look like at rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """What a hand shows in one frame."""

    track: int
    right: bool
    landmarks: Points
    """(21, 3), pixels."""
    world: Floats
    """(21, 3), metres."""
    probabilities: Floats
    """(n,), of the labels, sum 1."""


@dataclass(slots=True, eq=False)
class Letter:
    """A letter that was signed."""

    label: str
    start: float
    end: float
    shown: float
    confidence: float
    alternatives: list[tuple[str, float]]
    side: str
    track: int
    worth: float
    """How much it was held still and clear, in seconds."""
    held: float = 0.0
    """How much it was held still, clear or as one of two letters, in seconds."""
    no_sign: float = 0.0
    """Mean probability of no sign up to its end, while the hand was at rest."""
    shape: Floats | None = None
    """(21, 2): landmarks around the palm's middle, in palms."""
    drawn: bool = False

    def event(self) -> Event:
        """The letter as it is reported."""
        others = [
            {"letter": label, "confidence": round(chance, 4)} for label, chance in self.alternatives
        ]
        return Event(
            "letter",
            self.label,
            self.start,
            self.end,
            self.confidence,
            {
                "hand": self.side,
                "alternatives": others,
                "track": self.track,
                "shown": round(self.shown, 3),
            },
        )


class SigningHand:
    """What is remembered of one hand."""

    def __init__(
        self,
        labels: tuple[str, ...],
        showing: Showing,
        time: float,
        at: thresholds.Thresholds,
    ) -> None:
        self._at = at.text
        self._doubt = at.doubt
        self._move_share = at.letters.move_share
        self._passing = at.passing
        self._longest_drawing = at.drawings.longest
        self._after_y = at.drawings.j.after_y
        self._y = at.drawings.j.y
        self.seen = time
        self.track = showing.track
        self.side = "right" if showing.right else "left"
        self._none = labels.index("")
        self.probabilities: Floats = np.eye(len(labels), dtype=np.float32)[self._none]
        """Smoothed, (n,)."""
        self._still = 0.0
        """For how long it has been held still, in seconds."""
        self.rest = 1.0
        """Running mean of the probability of no sign, 1 where the hand was not in view."""
        self.legible = np.inf
        """Since when its letters are in the text, in seconds; infinite if they are not."""
        self.decoder = Decoder(labels, at)
        self.drawings = Drawings(at.drawings)
        self.gestures = Gestures()
        self.waiting: list[Letter] = []
        """Letters that may yet be dropped or become part of a drawing."""
        self.drawn = ""
        """The last letter, if it was drawn."""
        self.begun: Floats | None = None
        """The shape of the hand before it, if that was held."""
        self.unfinished = -1.0
        """Until when, in seconds, the hand may still come to rest from drawing it."""
        self.company = False
        """Whether the letters before were enough for those that follow."""
        self.last = -10.0
        """End of the last letter that was kept, in seconds."""
        self.recent: deque[Letter] = deque(maxlen=RECENT)
        """The last letters that were kept."""
        self.interval = 0.5
        """Running mean of the time from letter to letter, in seconds."""
        self.dwell: deque[float] = deque(maxlen=5)
        """How long the last letters were held, in seconds."""

    def see(self, showing: Showing, time: float, passed: float) -> list[Gesture]:
        """Take in a frame, `passed` seconds after the one before; the gestures complete with it."""
        found = self._doubted(showing.probabilities, passed)
        lately = _share(max(time - self.seen, passed), SMOOTHING)
        self.probabilities += lately * (found - self.probabilities)
        missing = max(time - passed - self.seen, 0.0)
        self.rest += _share(missing, RESTED) * (1.0 - self.rest)
        self.rest += _share(passed, RESTED) * (float(found[self._none]) - self.rest)
        if time - self.seen > self._at.at_once:  # what the hand did out of the picture is no pause
            self.last += time - self.seen
        self.seen = time
        self.side = "right" if showing.right else "left"
        for sign in self.decoder.see(
            time, found, showing.landmarks, right=showing.right, passed=passed
        ):
            self._keep(sign)
        motion = self.decoder.motion
        still = max(motion.speed, self._move_share * motion.way) < self._doubt.quiet
        self._still = self._still + motion.step if still and not motion.away else 0.0
        size = motion.size
        drawing = self.drawings.see(
            time, showing.landmarks, showing.world, size, right=showing.right
        )
        if drawing is not None:
            self._draw(drawing)
        if self.decoder.clear:  # a W that is held asks for nothing
            return []
        return self.gestures.see(time, showing.landmarks, showing.world, size, motion.way)

    def _doubted(self, chances: Floats, passed: float) -> Floats:
        """`chances`, with what speaks for no sign beyond the picture that they are of."""
        if passed == np.inf:  # a first picture may be all there is, and is to be read
            return chances
        doubt = self._doubt.held if self._still >= self._doubt.after else self._doubt.idle
        if self.company:
            doubt = self._doubt.spelling
        weighed = chances.copy()
        weighed[self._none] *= np.exp(doubt)
        return np.asarray(weighed / weighed.sum(), np.float32)

    def beside(self) -> Floats:
        """Smoothed probabilities, (n,), to stand beside it; no sign at least as before."""
        now = self.probabilities[self._none]
        if self.rest <= now:
            return self.probabilities
        shown = self.probabilities * np.float32((1.0 - self.rest) / max(1.0 - now, 1e-6))
        shown[self._none] = self.rest
        return shown

    def showing(self) -> list[Letter]:
        """The letters that were not yet reported, with the one that is being signed."""
        sign = self.decoder.sign
        found = list(self.waiting)
        if sign is not None and sign.worth >= self._least(sign):
            found.append(self._letter(sign))
        enough = self.company or sum(letter.worth for letter in found) >= self._at.glimpse
        return found if enough else []

    def settle(self, time: float, *, finally_: bool = False) -> list[Letter]:
        """The letters that nothing can change any more at `time`, all of them if `finally_`."""
        gone = time - self.seen > self._at.away or finally_
        if gone:
            for sign in self.decoder.finish():
                self._keep(sign)
            drawing = self.drawings.finish()
            if drawing is not None:
                self._draw(drawing)
        else:
            for sign in self.decoder.wait(time):
                self._keep(sign)
        now = self.decoder.sign
        starts = [each.start for each in self.waiting] + ([now.start] if now else [])
        idle = bool(self.waiting) and self.waiting[0].no_sign > self._at.idle
        if starts and min(starts) - self.last > (self._at.at_once if idle else self._at.together):
            self.company = False
        if not self.company:
            self._judge(time, gone=gone)
        legible = self.company or bool(self.showing())
        self.legible = min(self.legible, time) if legible else np.inf
        settled: list[Letter] = []
        if self.company:
            busy = self.drawings.busy(time)
            while self.waiting:
                letter = self.waiting[0]
                age = time - letter.end
                if (
                    not gone
                    and not letter.drawn
                    and (age < self._at.settle or (busy and age < self._longest_drawing))
                ):
                    break
                if not gone and self._may_be_passed(time):
                    break
                stands = self._stands(0)
                del self.waiting[0]
                if not stands:
                    self._join(letter)
                else:
                    self._learn(letter)
                    letter.shown = max(letter.shown, self.legible)
                    settled.append(letter)
        return settled

    def _judge(self, time: float, *, gone: bool) -> None:
        """Whether what waits is spelling; if it is over and was not, it is dropped."""
        worth, first, chain = 0.0, 0, set[str]()
        for index, letter in enumerate(self.waiting):
            if index and letter.start - self.waiting[index - 1].end > self._at.together:
                worth, first, chain = 0.0, index, set()
            known = letter.label in chain or not self._stands(index)
            if not known and letter.confidence >= self._at.vague:
                worth += min(letter.worth, self._at.share) + self._at.company * (
                    letter.confidence >= self._at.sure
                )
            chain.add(letter.label)
            caution, over = self._caution(self.waiting[first : index + 1])
            alone = self._at.alone + self._at.uncertain * max(
                self._at.certain - letter.confidence, 0.0
            )
            together = len(chain) > 1 and worth >= self._at.enough * caution
            alone = min(alone * caution, self._at.held) * (1.0 + self._at.longer * over)
            drawn = letter.drawn and letter.confidence >= self._at.beyond
            if together or drawn or letter.worth >= alone:
                self.company = True
                del self.waiting[: first if together else index]
                return
        busy = self.decoder.sign is not None or self.drawings.busy(time)
        if self.waiting and (
            gone or (not busy and time - self.waiting[-1].end > self._at.together)
        ):
            self.waiting.clear()

    def _caution(self, run: Sequence[Letter]) -> tuple[float, float]:
        """How many times as much the letters of a run have to be worth, 1 to `most_caution`.

        Then by how much no sign is too probable.
        """
        lasted = max(sum(each.end - each.start for each in run), 1e-6)
        no_sign = sum(each.no_sign * (each.end - each.start) for each in run) / lasted
        steady = sum(each.worth for each in run) / lasted
        over = max(no_sign - self._at.no_sign, 0.0)
        between = max(self._at.quite - self._at.steady, 1e-6)
        over *= min(max((self._at.quite - steady) / between, 0.0), 1.0)
        restless = self._at.restless * min(no_sign / self._at.no_sign, 1.0)
        caution = 1.0 + self._at.caution * over + restless * max(self._at.steady - steady, 0.0)
        return min(caution, self._at.most_caution), over

    def _stands(self, index: int, *, until: float = 0.0) -> bool:
        """Whether a letter that waits was signed, not only passed through.

        As it will be if the one that is being signed now is held for `until` seconds more.
        """
        letter, now = self.waiting[index], self.decoder.sign
        if letter.drawn:
            return True
        before, after = [*self.recent, *self.waiting[:index]], self.waiting[index + 1 :]
        if now is not None:
            after.append(self._letter(now))
            after[-1].held += until * BEST_WORTH
        found = passing.features(letter, before, after, self._at.together)
        return passing.stands(found, self._passing)

    def _join(self, letter: Letter) -> None:
        """What a hand that shakes seems to sign twice is one letter: the next, if it is that."""
        again = self.waiting[0] if self.waiting else self.decoder.sign
        if again is not None and again.label == letter.label:
            again.start = letter.start
            again.worth += letter.worth
            again.held += letter.held

    def _may_be_passed(self, time: float) -> bool:
        """Whether the next letter, once it is over, may show that the first was passed through."""
        left = self._at.patience - (time - self.waiting[0].end)
        only = len(self.waiting) == 1
        return only and left > 0 and not self._stands(0, until=left)

    def _learn(self, letter: Letter) -> None:
        passed = letter.start - self.last
        if passed < self._at.together * 2:
            self.interval += 0.3 * (min(passed + letter.end - letter.start, 3.0) - self.interval)
        self.last = letter.end
        self.recent.append(letter)
        if not letter.drawn:
            self.dwell.append(letter.end - letter.start)

    def _letter(self, sign: Sign) -> Letter:
        return Letter(
            sign.label,
            sign.start,
            sign.end,
            sign.shown,
            sign.confidence,
            sign.alternatives(ALTERNATIVES),
            "right" if sign.right else "left",
            self.track,
            sign.worth,
            sign.held,
            sign.no_sign,
            sign.shape,
        )

    def _keep(self, sign: Sign) -> None:
        """Let a sign that is over wait, unless it was only passed through."""
        if sign.worth >= self._least(sign):
            self.waiting.append(self._letter(sign))
            self.drawn = ""

    def _least(self, sign: Sign) -> float:
        """What a sign has to be worth to be a letter, in seconds.

        More than nothing where the hand comes to rest where it drew, or back to the shape it drew
        with.
        """
        if not self.drawn or sign.label not in _BEGINS[self.drawn]:
            return 0.0
        if self.begun is not None and _apart(sign.shape, self.begun) < self._at.same:
            return self._at.back_again
        return np.inf if sign.start < self.unfinished else self._at.back

    def _draw(self, drawing: Drawing) -> None:
        """A J or Z takes the place of whatever was read while it was drawn."""
        if drawing.letter == "J" and drawing.confidence < self._after_y and self._was_y(drawing):
            return
        sign = self.decoder.sign
        part = self._part(drawing)
        others = sum(each.worth for each in part if each.label not in _BEGINS[drawing.letter])
        if others > self._at.drawn:  # a hand that rested in other letters meanwhile drew none
            return
        over = (
            sign is None
            or sign.label in _BEGINS[drawing.letter]
            or sign.start < drawing.end - (0 if drawing.kept else self._at.beside)
        )
        if over:
            for each in self.decoder.finish():
                self._keep(each)
        part = self._part(drawing)
        kept = [each for each in self.waiting if each not in part]
        for letter in kept:
            if letter.start < drawing.start:
                letter.end = max(min(letter.end, drawing.start), letter.start)
        place = sum(each.start < drawing.end - self._at.beside for each in kept)
        kept.insert(
            place,
            Letter(
                drawing.letter,
                drawing.start,
                drawing.end,
                drawing.shown,
                drawing.confidence,
                [],
                self.side,
                self.track,
                self._at.drawn,
                self._at.drawn,
                drawn=True,
            ),
        )
        self.waiting = kept
        if over:
            self.drawn = drawing.letter
            held = [each.shape for each in part if each.label in _BEGINS[drawing.letter]]
            self.begun = held[0] if held else None
            self.unfinished = -1.0 if drawing.resting else drawing.shown + self._at.finish
            if drawing.kept:
                self.decoder.restart()
            else:
                self.decoder.forget()

    def _was_y(self, drawing: Drawing) -> bool:
        """Whether the hand held a Y before: it may sink, with the little finger up."""
        sign = self.decoder.sign
        shown = [*self.recent, *self.waiting, *([self._letter(sign)] if sign is not None else [])]
        return any(
            each.label == "Y"
            and each.worth >= self._y
            and abs(drawing.start - each.end) < 2 * self._at.beside
            for each in shown
        )

    def _part(self, drawing: Drawing) -> list[Letter]:
        """The letters that are part of a drawing."""
        part: list[Letter] = []
        for letter in reversed(self.waiting):
            if self._part_of(letter, drawing):
                part.insert(0, letter)
            elif letter.start < drawing.start:
                break  # what was signed before another letter did not begin the drawing
        return part

    def _part_of(self, letter: Letter, drawing: Drawing) -> bool:
        if letter.drawn or letter.end < drawing.start - 2 * self._at.beside:
            return False
        inside = min(letter.end, drawing.end) - max(letter.start, drawing.start)
        if inside > 0.5 * (letter.end - letter.start):
            return True
        if letter.label not in _BEGINS[drawing.letter]:
            return False
        if letter.label == "Y" and drawing.start - letter.end < 2 * self._at.beside:
            return True  # the hand drew with the shape it had: no Y draws
        if letter.start >= drawing.start - self._at.beside:
            return True
        # a handshape that was held as long as letters usually are is a letter of its own
        rest = drawing.start - letter.start
        few = len(self.dwell) < 3
        usual = float(np.median(self.dwell)) if self.dwell else np.inf
        return rest < max((1.0 if few else self._at.own_time) * usual, 0.25)


def _share(seconds: float, constant: float) -> float:
    """What a running mean of that time constant takes over of a value that lasted `seconds`."""
    return 1.0 - float(np.exp(-seconds / constant))


def _apart(shape: Floats, other: Floats) -> float:
    """Mean distance between the landmarks of two shapes, in palms."""
    return float(np.linalg.norm(shape - other, axis=1).mean())
