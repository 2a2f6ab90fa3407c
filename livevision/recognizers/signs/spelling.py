"""From the letters of single frames to letters, words and a text, for every hand by itself.

A letter is in the text as soon as it is sure, and an event once nothing can change it any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from livevision.frame import Event, Floats
from livevision.recognizers.signs import thresholds
from livevision.recognizers.signs.hand import Letter, Showing, SigningHand
from livevision.recognizers.signs.words import Proposal, Words

WORD, LIKELY = 3, 0.5
"""Letters and probability from which on a proposal is worth telling."""
LONGEST_WORD = 100
"""Letters after which a word ends without a pause: all of it is compared again with each letter."""
LONGEST_TEXT = 5000
"""Characters that are kept of a text, so that it does not grow for ever."""


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


class Speller:
    """Collects the letters and words signed by all hands of one stream, as events and as a text."""

    watch: Callable[[Letter], None] | None = None
    """Told of every letter that is reported, for whoever learns from them."""

    def __init__(
        self,
        labels: Sequence[str],
        words: Words | None = None,
        at: thresholds.Thresholds = thresholds.DEFAULT,
    ) -> None:
        """`labels` are what the probabilities are of, the last one "" for no sign.

        Words are proposed from `words`, if given; `at` is what letters and words go by.
        """
        self._thresholds = at
        self._at = at.text
        self._labels = tuple(labels)
        self._words = words
        self._hands: dict[int, SigningHand] = {}
        self._line_of: dict[int, _Line] = {}
        """The line that each hand writes, by its track."""
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
                self._line_of[showing.track] = self._free_line(time)
                hand = SigningHand(self._labels, showing, time, self._thresholds)
                self._hands[showing.track] = hand
            for gesture in hand.see(showing, time, passed):
                events += self._obey(self._line_of[hand.track], gesture.command)
        for track, hand in list(self._hands.items()):
            events += self._write(hand, time)
            events += self._pause(hand, time)
            if time - hand.seen > self._at.away:
                del self._hands[track], self._line_of[track]
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
        self._line_of.clear()
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

    def _signing(self, line: _Line) -> list[SigningHand]:
        return [hand for hand in self._hands.values() if self._line_of[hand.track] is line]

    def _current(self, line: _Line) -> list[Letter]:
        return line.letters + [each for hand in self._signing(line) for each in hand.showing()]

    def _text(self, line: _Line) -> str:
        letters = "".join(letter.label for letter in self._current(line))
        return (line.words + letters).rstrip()

    def _free_line(self, time: float) -> _Line:
        """The line of a new hand: one whose hand has left, or a new one."""
        taken = list(self._line_of.values())
        free = [line for line in self._lines if line not in taken]
        if free:
            return max(free, key=lambda line: line.used)
        self._lines = [line for line in self._lines if line in taken or line.words or line.letters]
        line = _Line(used=time)
        self._lines.append(line)
        return line

    def _write(self, hand: SigningHand, time: float, *, finally_: bool = False) -> list[Event]:
        events = []
        line = self._line_of[hand.track]
        for letter in hand.settle(time, finally_=finally_):
            line.letters.append(letter)
            if self.watch is not None:
                self.watch(letter)
            events.append(letter.event())
        if hand.waiting or hand.decoder.sign is not None or events:
            line.used = time
        return events

    def _pause(self, hand: SigningHand, time: float) -> list[Event]:
        """End the word if the hand has left or made no sign for a while."""
        line = self._line_of[hand.track]
        if len(line.letters) >= LONGEST_WORD:
            return self._end_word(line)
        if not line.letters or hand.waiting or hand.decoder.sign is not None:
            return []
        last = max(line.letters[-1].end, line.corrected)
        away = time - hand.seen > self._at.away
        if away or time - last > max(self._at.pause, self._at.pause_share * hand.interval):
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
            if accepted or self._chosen or proposal.sure:
                word, confidence = proposal.word, proposal.confidence
            ranked = (proposal.word, *(text for text, _ in proposal.alternatives))
            line.last = proposal.choose(ranked.index(word))
            ranking = sorted(line.last.alternatives, key=lambda each: -each[1])
            others = [[text, round(chance, 4)] for text, chance in ranking]
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
