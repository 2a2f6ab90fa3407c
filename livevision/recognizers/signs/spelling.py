"""From the letters of single frames to letters, words and a text, for every hand by itself.

A letter is in the text as soon as it is sure. It is reported as an event once nothing can change it
any more: a drawn J or Z takes the place of the handshape it began with, and what a hand shows that
only gestures is dropped again, unless it was held or came in the company of other letters.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Event, Points
from livevision.recognizers.signs.decoder import Decoder, Sign
from livevision.recognizers.signs.motion import LONGEST, Drawing, Drawings, Gesture, Gestures
from livevision.recognizers.signs.words import Proposal, Words

Floats = NDArray[np.float32]

SMOOTHING = 0.08
"""Time constant of the probabilities that are shown, in seconds."""
RESTED = 0.4
"""The same for whether the hand made no sign, as while it was out of view: beside it stands its
first letter after some 0.3 s, so that none flicker on idle hands."""
AWAY = 1.0
"""Seconds a hand may be out of the picture without ending the word."""
PAUSE = 1.3
"""Seconds without a sign that end a word, at least."""
PAUSE_SHARE = 2.5
"""The same for slow signers, in their own times from letter to letter."""
GLIMPSE = 0.08
"""What the first letters together have to be worth to be in the text: some 0.1 s at rest, longer
than most idle hands show one."""
ALONE, CERTAIN, UNCERTAIN = 0.23, 0.8, 0.3
"""What a letter has to be worth to stand alone: some 0.4 s at rest; more the less its confidence is
than the second, by this much for one of 0."""
HELD = 0.43
"""What is enough for any letter: 0.7 s at rest if it is clear."""
SHARE, COMPANY, SURE, ENOUGH, VAGUE = 0.14, 0.05, 0.8, 0.29, 0.5
"""Letters that follow each other stand if together they are worth ENOUGH: each counts at most the
first, and the second beside it if its confidence is at least the third; below VAGUE,
nothing."""
TOGETHER = 0.6
"""Most seconds between two such letters; from one to the next spellers take 0.2 s, idle hands 1."""
NO_SIGN, CAUTION = 0.05, 14.0
"""Mean probability of no sign while the hand rests up to which it is taken to spell: 0.00 to 0.01
for spellers, 0.02 to 0.8 for idle hands. Beyond it letters have to be worth more: so many times as
much for each unit."""
STEADY, QUITE, RESTLESS = 0.4, 0.5, 6.0
"""What letters are worth for each second that they take: 0.4 to 0.6 for spellers, 0.2 to 0.4 for
idle hands, which never quite rest. From the second on a hand spells even if it was idle just now.
Below the first letters have to be worth more, in as far as no sign is probable as well: landmarks
that jitter are found on hands that spell, too."""
MOST_CAUTION, LONGER = 1.8, 2.0
"""How many times as much at most, and by how much more for each unit where a letter is alone."""
IDLE = 0.35
"""Such a mean from which on letters that do not follow at once have to prove themselves anew."""
AT_ONCE = 0.2
"""Seconds between two letters that do."""
DRAWN = 0.12
"""What a drawn letter is worth."""
PASSING, FULL = 0.1, 0.2
"""A letter worth less than this share of the lesser of its neighbours was only passed through. They
count no more than the second, so that a quick letter may follow a long one."""
LEAST, DOUBLE, UNLIKELY = 0.06, 0.3, 0.06
"""The same while only the letter before it is known; and if that is the same letter, or no sign is
more probable than the third, as in 5 % of the letters rightly read of people never seen."""
FLEETING, DOUBT = 0.25, 0.8
"""The same share for a letter of less confidence than the second; its neighbours count in full."""
BACK, BACK_AGAIN, SAME = 0.12, 0.06, 0.3
"""What the handshape that has just drawn a letter has to be worth to be a letter itself; the same
if it is held as it was before the drawing, by the mean distance between the landmarks in palms."""
FINISH = 0.3
"""Seconds in which a hand that still moved when its drawing was complete comes to rest."""
SETTLE = 0.35
"""Seconds after its end in which a letter may still turn out to be part of a drawing."""
BESIDE = 0.15
"""Seconds that a drawing's times are known to."""
OWN_TIME = 0.8
"""Share of the usual time of a letter that makes a handshape before a drawing its own letter."""
WORD, LIKELY = 3, 0.5
"""Letters and probability from which on a proposal is worth telling."""
ALTERNATIVES = 3
LONGEST_WORD = 100
"""Letters after which a word ends without a pause: all of it is compared again with each letter."""
LONGEST_TEXT = 5000
"""Characters that are kept of a text, so that it does not grow for ever."""

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


@dataclass(slots=True, eq=False)
class _Line:
    """The text of one signer."""

    words: str = ""
    """Finished words, each with its space."""
    letters: list[Letter] = field(default_factory=list)
    """Of the word that is being spelt, those that were reported."""
    used: float = 0.0
    """When it was last written to, in seconds."""
    corrected: float = -10.0
    """When its signer or a key last took something back, in seconds: the word goes on from then."""
    last: Proposal | None = None
    """What stands for the word that ended last; None without a dictionary."""

    def add_word(self, word: str) -> None:
        self.words = (self.words + word + " ")[-LONGEST_TEXT:]


class _Hand:
    """What is remembered of one hand."""

    def __init__(self, labels: tuple[str, ...], showing: Showing, time: float, line: _Line) -> None:
        self.line = line
        self.seen = time
        self.track = showing.track
        self.side = "right" if showing.right else "left"
        self.probabilities = showing.probabilities.astype(np.float32)
        self._none = labels.index("")
        self.rest = 1.0
        """Running mean of the probability of no sign, 1 where the hand was not in view."""
        self.legible = np.inf
        """Since when its letters are in the text, in seconds; infinite if they are not."""
        self.decoder = Decoder(labels)
        self.drawings = Drawings()
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
        self.before: Letter | None = None
        """That letter."""
        self.interval = 0.5
        """Running mean of the time from letter to letter, in seconds."""
        self.dwell: deque[float] = deque(maxlen=5)
        """How long the last letters were held, in seconds."""

    def see(self, showing: Showing, time: float, passed: float) -> list[Gesture]:
        """Take in a frame, `passed` seconds after the one before; the gestures complete with it."""
        found = showing.probabilities
        self.probabilities += _share(time - self.seen, SMOOTHING) * (found - self.probabilities)
        missing = max(time - passed - self.seen, 0.0)
        self.rest += _share(missing, RESTED) * (1.0 - self.rest)
        self.rest += _share(passed, RESTED) * (float(found[self._none]) - self.rest)
        if time - self.seen > AT_ONCE:  # what the hand did out of the picture is no pause
            self.last += time - self.seen
        self.seen = time
        self.side = "right" if showing.right else "left"
        for sign in self.decoder.see(
            time, showing.probabilities, showing.landmarks, right=showing.right
        ):
            self._keep(sign)
        size = self.decoder.motion.size
        drawing = self.drawings.see(
            time, showing.landmarks, showing.world, size, right=showing.right
        )
        if drawing is not None:
            self._draw(drawing)
        if self.decoder.clear:  # a W that is held asks for nothing
            return []
        return self.gestures.see(
            time, showing.landmarks, showing.world, size, self.decoder.motion.way
        )

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
        found = self.waiting + ([self._letter(sign)] if sign is not None else [])
        enough = self.company or sum(letter.worth for letter in found) >= GLIMPSE
        return found if enough else []

    def settle(self, time: float, *, finally_: bool = False) -> list[Letter]:
        """The letters that nothing can change any more at `time`, all of them if `finally_`."""
        gone = time - self.seen > AWAY or finally_
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
        idle = bool(self.waiting) and self.waiting[0].no_sign > IDLE
        if starts and min(starts) - self.last > (AT_ONCE if idle else TOGETHER):
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
                if not gone and not letter.drawn and (age < SETTLE or (busy and age < LONGEST)):
                    break
                self._drop_fleeting()
                if self.waiting and self.waiting[0] is letter:
                    self._learn(self.waiting.pop(0))
                    letter.shown = max(letter.shown, self.legible)
                    settled.append(letter)
        return settled

    def _judge(self, time: float, *, gone: bool) -> None:
        """Whether what waits is spelling; if it is over and was not, it is dropped."""
        worth, first, chain = 0.0, 0, set[str]()
        for index, letter in enumerate(self.waiting):
            if index and letter.start - self.waiting[index - 1].end > TOGETHER:
                worth, first, chain = 0.0, index, set()
            if letter.label not in chain and letter.confidence >= VAGUE:
                worth += min(letter.worth, SHARE) + COMPANY * (letter.confidence >= SURE)
            chain.add(letter.label)
            caution, over = _caution(self.waiting[first : index + 1])
            alone = ALONE + UNCERTAIN * max(CERTAIN - letter.confidence, 0.0)
            together = len(chain) > 1 and worth >= ENOUGH * caution
            alone = min(alone * caution, HELD) * (1.0 + LONGER * over)
            if together or letter.drawn or letter.worth >= alone:
                self.company = True
                del self.waiting[: first if together else index]
                return
        busy = self.decoder.sign is not None or self.drawings.busy(time)
        if self.waiting and (gone or (not busy and time - self.waiting[-1].end > TOGETHER)):
            self.waiting.clear()

    def _drop_fleeting(self) -> None:
        """Drop what was only passed through on the way between two letters held far longer."""
        letter, before, now = self.waiting[0], self.before, self.decoder.sign
        if before is None or letter.drawn or letter.start - self.last > TOGETHER:
            return
        after = self.waiting[1].worth if len(self.waiting) > 1 else np.inf
        if np.isinf(after) and (now is None or now.start - letter.end > TOGETHER):
            return  # the last of a word: nothing was on its way
        least = min(before.worth, after)
        least = FLEETING * least if letter.confidence < DOUBT else PASSING * min(least, FULL)
        if letter.worth < least:
            del self.waiting[0]

    def _learn(self, letter: Letter) -> None:
        passed = letter.start - self.last
        if passed < TOGETHER * 2:
            self.interval += 0.3 * (min(passed + letter.end - letter.start, 3.0) - self.interval)
        self.last, self.before = letter.end, letter
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
            sign.no_sign,
            sign.shape,
        )

    def _keep(self, sign: Sign) -> None:
        """Let a sign that is over wait, unless it was only passed through."""
        letter = self._letter(sign)
        before = self.waiting[-1] if self.waiting else self.before
        least = 0.0
        if before is not None:
            unlikely = letter.label == before.label or letter.no_sign > UNLIKELY
            share = DOUBLE if unlikely else LEAST
            least = share * min(before.worth, FULL)
        if self.drawn and letter.label in _BEGINS[self.drawn]:
            # the hand comes to rest where it drew, or back to the shape it drew with
            if self.begun is not None and _apart(sign.shape, self.begun) < SAME:
                least = BACK_AGAIN
            else:
                least = np.inf if sign.start < self.unfinished else BACK
        if letter.worth >= least:
            self.waiting.append(letter)
            self.drawn = ""

    def _draw(self, drawing: Drawing) -> None:
        """A J or Z takes the place of whatever was read while it was drawn."""
        sign = self.decoder.sign
        over = (
            sign is None
            or sign.label in _BEGINS[drawing.letter]
            or sign.start < drawing.end - (0 if drawing.kept else BESIDE)
        )
        if over:
            for each in self.decoder.finish():
                self._keep(each)
        part = [each for each in self.waiting if self._part_of(each, drawing)]
        kept = [each for each in self.waiting if each not in part]
        for letter in kept:
            if letter.start < drawing.start:
                letter.end = max(min(letter.end, drawing.start), letter.start)
        place = sum(each.start < drawing.end - BESIDE for each in kept)
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
                DRAWN,
                drawn=True,
            ),
        )
        self.waiting = kept
        if over:
            self.drawn = drawing.letter
            held = [each.shape for each in part if each.label in _BEGINS[drawing.letter]]
            self.begun = held[0] if held else None
            self.unfinished = -1.0 if drawing.resting else drawing.shown + FINISH
            if drawing.kept:
                self.decoder.restart()
            else:
                self.decoder.forget()

    def _part_of(self, letter: Letter, drawing: Drawing) -> bool:
        if letter.drawn or letter.end < drawing.start - 2 * BESIDE:
            return False
        inside = min(letter.end, drawing.end) - max(letter.start, drawing.start)
        if inside > 0.5 * (letter.end - letter.start):
            return True
        if letter.label not in _BEGINS[drawing.letter]:
            return False
        if letter.label == "Y" and drawing.start - letter.end < 2 * BESIDE:
            return True  # the hand drew with the shape it had: no Y draws
        if letter.start >= drawing.start - BESIDE:
            return True
        # a handshape that was held as long as letters usually are is a letter of its own
        rest = drawing.start - letter.start
        few = len(self.dwell) < 3
        usual = float(np.median(self.dwell)) if self.dwell else np.inf
        return rest < max((1.0 if few else OWN_TIME) * usual, 0.25)


def _caution(run: Sequence[Letter]) -> tuple[float, float]:
    """How many times as much letters have to be worth that followed each other, 1 to MOST_CAUTION.

    Then by how much no sign is too probable.
    """
    lasted = max(sum(each.end - each.start for each in run), 1e-6)
    no_sign = sum(each.no_sign * (each.end - each.start) for each in run) / lasted
    steady = sum(each.worth for each in run) / lasted
    over = max(no_sign - NO_SIGN, 0.0)
    over *= min(max((QUITE - steady) / (QUITE - STEADY), 0.0), 1.0)
    restless = RESTLESS * min(no_sign / NO_SIGN, 1.0)
    caution = 1.0 + CAUTION * over + restless * max(STEADY - steady, 0.0)
    return min(caution, MOST_CAUTION), over


def _share(seconds: float, constant: float) -> float:
    """What a running mean of that time constant takes over of a value that lasted `seconds`."""
    return 1.0 - float(np.exp(-seconds / constant))


def _apart(shape: Floats, other: Floats) -> float:
    """Mean distance between the landmarks of two shapes, in palms."""
    return float(np.linalg.norm(shape - other, axis=1).mean())


class Speller:
    """Collects the letters and words signed by all hands of one stream, as events and as a text."""

    def __init__(self, labels: Sequence[str], words: Words | None = None) -> None:
        """`labels` are what the probabilities are of, the last one "" for no sign.

        Words are proposed from `words`, if given.
        """
        self._labels = tuple(labels)
        self._words = words
        self._hands: dict[int, _Hand] = {}
        self._lines: list[_Line] = [_Line()]
        self._proposal: Proposal | None = None
        self._chosen = False
        """Whether a person chose it."""
        self._time = -np.inf
        """Of the last frame, in seconds."""
        self._due: list[Event] = []
        """What a command brought to its end, for the next frame's events."""

    @property
    def text(self) -> str:
        """Everything so far as a person would read it: a line for each signing hand."""
        return "\n".join(filter(None, (self._text(line) for line in self._lines)))

    @property
    def proposal(self) -> Proposal | None:
        """A likelier reading of the word that is being spelt last, or the one chosen for it.

        None if there is none.
        """
        proposal = self._propose(self._current(self._latest()))
        if proposal is None or self._chosen:
            return proposal
        likely = proposal.word != proposal.raw and proposal.confidence >= LIKELY
        return proposal if likely else None

    def _propose(self, letters: list[Letter]) -> Proposal | None:
        """What they may spell, as it was chosen if it was; None for too few of them."""
        raw = "".join(letter.label for letter in letters)
        if self._words is None or len(raw) < WORD:
            return None
        if self._proposal is None or self._proposal.raw != raw:
            self._proposal, self._chosen = self._words.propose(letters), False
        return self._proposal

    def see(self, hands: Sequence[Showing], time: float) -> list[Event]:
        """Take in the hands of the frame at `time` seconds; what came to its end with it."""
        passed, self._time = time - self._time, time
        events, self._due = self._due, []
        for showing in hands:
            hand = self._hands.get(showing.track)
            if hand is None:
                line = self._line(showing, time)
                hand = self._hands[showing.track] = _Hand(self._labels, showing, time, line)
            for gesture in hand.see(showing, time, passed):
                events += self._obey(hand.line, gesture.command)
        for track, hand in list(self._hands.items()):
            events += self._write(hand, time)
            events += self._pause(hand, time)
            if time - hand.seen > AWAY:
                del self._hands[track]
        return events

    def probabilities(self, track: int) -> Floats:
        """Smoothed probabilities, (n,), of the hand's labels."""
        return self._hands[track].beside()

    def finish(self) -> list[Event]:
        """What was still being signed when the stream ended."""
        events, self._due = self._due, []
        for hand in self._hands.values():
            events += self._write(hand, hand.seen, finally_=True)
        self._hands.clear()
        for line in self._lines:
            events += self._end_word(line)
        return events

    def command(self, name: str) -> None:
        """Change the text of whoever signed last.

        "backspace" takes away a letter or space, "delete-word" a word, "clear" the whole text of
        all; "accept" ends the word with what is proposed for it, "space" as it was spelt;
        "next-word" and "previous-word" go through what else may be meant, by the word that is being
        spelt or that ended last.
        Others do nothing.
        """
        line = self._latest()
        if name == "clear":
            for each in self._lines:
                each.words = ""
                self._forget(each)
        elif name == "backspace":
            self._backspace(line)
        elif name == "delete-word":
            if self._current(line):
                self._forget(line)
            else:
                line.words = line.words.rstrip().rpartition(" ")[0]
                line.words += " " if line.words else ""
        elif name == "accept":
            self._due += self._accept(line)
        elif name == "space":
            self._due += self._accept(line, proposal=False)
        elif name in ("next-word", "previous-word"):
            self._choose(line, 1 if name == "next-word" else -1)

    def _choose(self, line: _Line, step: int) -> None:
        letters = self._current(line)
        if letters:
            proposal = self._propose(letters)
            if proposal is not None:
                self._proposal, self._chosen = proposal.choose(step), True
        elif line.last is not None and line.words.endswith(f"{line.last.word} "):
            words = line.words[: -len(line.last.word) - 1]
            line.last = line.last.choose(step)
            line.words = words
            line.add_word(line.last.word)

    def _latest(self) -> _Line:
        return max(self._lines, key=lambda line: line.used)

    def _signing(self, line: _Line) -> list[_Hand]:
        return [hand for hand in self._hands.values() if hand.line is line]

    def _current(self, line: _Line) -> list[Letter]:
        return line.letters + [each for hand in self._signing(line) for each in hand.showing()]

    def _text(self, line: _Line) -> str:
        letters = "".join(letter.label for letter in self._current(line))
        return (line.words + letters).rstrip()

    def _line(self, showing: Showing, time: float) -> _Line:
        """The line of a new hand: one whose hand has left, or a new one."""
        taken = [hand.line for hand in self._hands.values()]
        free = [line for line in self._lines if line not in taken]
        if free:
            return max(free, key=lambda line: line.used)
        self._lines = [line for line in self._lines if line in taken or line.words or line.letters]
        line = _Line(used=time)
        self._lines.append(line)
        return line

    def _write(self, hand: _Hand, time: float, *, finally_: bool = False) -> list[Event]:
        events = []
        for letter in hand.settle(time, finally_=finally_):
            hand.line.letters.append(letter)
            events.append(letter.event())
        if hand.waiting or hand.decoder.sign is not None or events:
            hand.line.used = time
        return events

    def _pause(self, hand: _Hand, time: float) -> list[Event]:
        """End the word if the hand has left or made no sign for a while."""
        line = hand.line
        if len(line.letters) >= LONGEST_WORD:
            return self._end_word(line)
        if not line.letters or hand.waiting or hand.decoder.sign is not None:
            return []
        last = max(line.letters[-1].end, line.corrected)
        away = time - hand.seen > AWAY
        if away or time - last > max(PAUSE, PAUSE_SHARE * hand.interval):
            return self._end_word(line)
        return []

    def _end_word(self, line: _Line, *, accepted: bool = False) -> list[Event]:
        letters, line.letters = line.letters, []
        if not letters:
            return []
        raw = "".join(letter.label for letter in letters)
        word, confidence, others = raw, float(np.mean([each.confidence for each in letters])), []
        line.last = None
        if self._words is not None:
            proposal = self._propose(letters) or self._words.propose(letters)
            others = [[text, round(chance, 4)] for text, chance in proposal.alternatives]
            if accepted or self._chosen or proposal.sure:
                word, confidence = proposal.word, proposal.confidence
            ranked = (proposal.word, *(text for text, _ in proposal.alternatives))
            line.last = proposal.choose(ranked.index(word))
            self._proposal, self._chosen = None, False
        line.add_word(word)
        details = {"letters": raw, "alternatives": others, "track": letters[-1].track}
        return [Event("word", word, letters[0].start, letters[-1].end, confidence, details)]

    def _obey(self, line: _Line, command: str) -> list[Event]:
        """Do what a gesture asks for."""
        if command == "accept":
            return self._accept(line)
        if self._current(line):
            self._backspace(line)
        for hand in self._signing(line):  # a wave, too, looks like no sign
            hand.decoder.restart()
        return []

    def _accept(self, line: _Line, *, proposal: bool = True) -> list[Event]:
        events = []
        for hand in self._signing(line):
            events += self._write(hand, hand.seen, finally_=True)
            hand.decoder.restart()
        return events + self._end_word(line, accepted=proposal)

    def _forget(self, line: _Line) -> None:
        line.letters.clear()
        for hand in self._signing(line):
            hand.waiting.clear()
            hand.decoder.restart()

    def _backspace(self, line: _Line) -> None:
        line.corrected = self._time
        for hand in self._signing(line):
            if hand.decoder.sign is not None:
                hand.decoder.restart()
                return
            if hand.waiting:
                hand.waiting.pop()
                return
        if line.letters:
            line.letters.pop()
        else:
            line.words = line.words[:-1]
