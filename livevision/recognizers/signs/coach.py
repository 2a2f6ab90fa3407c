"""Teaching to spell: what to sign, whether it was right, and what to change if it was not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

PATIENCE = 0.9
"""Seconds that a wrong letter has to stay before it is called wrong."""
SLOW = 4.0
"""Seconds after which a letter needs work although it was right."""

HOW = {
    "A": "a fist, the thumb beside the fingers, its tip up",
    "B": "four straight fingers together, the thumb across the palm",
    "C": "fingers and thumb bent to the shape of a C, seen from the side",
    "D": "the index finger straight up, the others meet the thumb in a ring",
    "E": "all fingertips down on the thumb, which lies below them",
    "F": "index finger and thumb meet in a ring, the other three up and apart",
    "G": "index finger and thumb side by side, pointing sideways",
    "H": "index and middle finger together, pointing sideways",
    "I": "a fist with the little finger up",
    "J": "the little finger up, then draw a J with it: down and a hook to your thumb's side",
    "K": "index finger up, middle finger forward, the thumb between them",
    "L": "index finger up, thumb out: an L",
    "M": "three fingers folded over the thumb",
    "N": "two fingers folded over the thumb",
    "O": "all fingertips meet the thumb in a round O, seen from the side",
    "P": "as K, but the hand hangs: the middle finger points down",
    "Q": "as G, but the hand hangs: index finger and thumb point down",
    "R": "index and middle finger up and crossed",
    "S": "a fist, the thumb across the fingers",
    "T": "a fist, the thumb between index and middle finger",
    "U": "index and middle finger up, together",
    "V": "index and middle finger up, apart",
    "W": "index, middle and ring finger up, apart",
    "X": "a fist with the index finger hooked",
    "Y": "thumb and little finger out, the others folded",
    "Z": "the index finger up, then draw a Z with it",
}
"""How to make each sign."""

DIFFERENCES = {
    ("A", "S"): "Thumb across the fingers makes S; beside them makes A.",
    ("A", "T"): "Thumb between the fingers makes T; beside them all makes A.",
    ("A", "E"): "Fingertips on the thumb make E; for A close the fist, thumb beside it.",
    ("A", "Y"): "A little finger that stands out makes Y; for A fold it.",
    ("S", "E"): "Fingertips on the thumb make E; for S close the fist under the thumb.",
    ("S", "T"): "Thumb between the fingers makes T; across all of them makes S.",
    ("S", "N"): "Two fingers over the thumb make N; for S the thumb lies over the fingers.",
    ("S", "M"): "Three fingers over the thumb make M; for S the thumb lies over the fingers.",
    ("T", "N"): "Two fingers over the thumb make N; for T only the index finger lies over it.",
    ("T", "X"): "A hooked index finger that stands off makes X; for T close it over the thumb.",
    ("M", "N"): "Two fingers over the thumb make N; for M it is three.",
    ("N", "M"): "Three fingers over the thumb make M; for N it is two.",
    ("U", "V"): "Fingers apart make V; together they make U.",
    ("U", "R"): "Crossed fingers make R; side by side they make U.",
    ("V", "U"): "Fingers together make U; spread them for V.",
    ("V", "K"): "With the thumb between the fingers it is K; for V lay the thumb on the others.",
    ("V", "W"): "Three fingers make W; for V fold the ring finger.",
    ("R", "U"): "Side by side it is U; cross the middle finger behind the index finger for R.",
    ("K", "V"): "For K bring the middle finger forward and the thumb between the two.",
    ("K", "P"): "K stands; a hanging hand makes P.",
    ("P", "K"): "P hangs: turn the hand down.",
    ("P", "Q"): "For P the middle finger points down too.",
    ("Q", "P"): "For Q fold the middle finger.",
    ("Q", "G"): "G points sideways; for Q let the hand hang.",
    ("G", "H"): "Two fingers make H; for G fold the middle finger.",
    ("G", "Q"): "A hanging hand makes Q; for G point sideways.",
    ("G", "P"): "For G point sideways with the index finger alone.",
    ("H", "G"): "One finger makes G; for H it is index and middle finger.",
    ("H", "U"): "Pointing up it is U; for H point sideways.",
    ("U", "H"): "Pointing sideways it is H; for U point up.",
    ("D", "F"): "For D the index finger is up and the others make the ring; F is the other way.",
    ("D", "L"): "Thumb out makes L; for D it meets the middle finger.",
    ("D", "X"): "A hooked index finger makes X; for D it is straight.",
    ("X", "D"): "A straight index finger makes D; hook it for X.",
    ("L", "D"): "For L the thumb stands out to the side.",
    ("F", "D"): "For F three fingers are up, and index finger and thumb make the ring.",
    ("F", "W"): "For F it is index finger and thumb that meet; for W little finger and thumb.",
    ("W", "F"): "For W it is little finger and thumb that meet; for F index finger and thumb.",
    ("W", "V"): "Two fingers make V; for W it is three.",
    ("C", "O"): "A closed ring makes O; open it for C.",
    ("O", "C"): "An open ring makes C; let the fingertips meet the thumb for O.",
    ("E", "O"): "For E lay the fingertips down on the thumb; a round opening makes O.",
    ("E", "S"): "Thumb over the fingers makes S; for E it lies under the fingertips.",
    ("E", "A"): "Thumb beside the fist makes A; for E it lies under the fingertips.",
    ("B", "E"): "Bent fingers make E; stretch them for B.",
    ("B", "U"): "For B all four fingers are up.",
    ("I", "J"): "Hold the little finger still for I; J moves.",
    ("I", "Y"): "Thumb out makes Y; for I lay it over the fist.",
    ("Y", "I"): "For Y stretch the thumb out as well.",
    ("J", "I"): "I is held still; for J draw the hook.",
    ("J", "Y"): "For J lay the thumb over the fist, and draw the hook with the little finger.",
    ("Z", "D"): "D is held still; for Z draw across, down and across.",
    ("Z", "X"): "For Z stretch the index finger, and draw across, down and across.",
}
"""What to change for the first letter if the second was read."""

BEGINNINGS = {"J": "IY", "Z": "DXGLQ"}
"""What the hands that draw look like before they do; no mistake."""


def tip(expected: str, read: str) -> str:
    """What to change if `read` was shown instead of `expected`."""
    known = DIFFERENCES.get((expected, read))
    return known or f"That was {read}. {expected}: {HOW[expected]}."


@dataclass(frozen=True, slots=True)
class _Done:
    """A letter that was gone through."""

    letter: str
    taken: float
    """Seconds."""
    misses: int
    skipped: bool

    @property
    def right(self) -> bool:
        return not self.misses and not self.skipped

    @property
    def slow(self) -> bool:
        return self.right and self.taken > SLOW


@dataclass(slots=True, eq=False)
class Coach:
    """Goes through `words` letter by letter; `see` tells it what was read."""

    words: Sequence[str]
    message: str = ""
    """What to tell the learner."""
    good: bool = True
    """Whether it is praise."""
    right: int = 0
    """Letters that were right at once."""
    wrong: Counter[str] = field(default_factory=Counter)
    """How often each letter was missed."""
    skipped: Counter[str] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    """How often each letter took long."""
    asked: Counter[str] = field(default_factory=Counter)
    _word: int = 0
    _place: int = 0
    _seen: int = 0
    """Characters of the text that were heeded."""
    _last: str = ""
    _since: float = 0.0
    _length: int = 0
    """Characters that the text had when it was last looked at."""
    _misses: int = 0
    """Of the letter that is due."""
    _asked_at: float | None = None
    _spent: float = 0.0
    _gone: list[_Done] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self._word >= len(self.words)

    @property
    def word(self) -> str:
        """The word that is being spelt; empty at the end."""
        return "" if self.done else self.words[self._word]

    @property
    def place(self) -> int:
        """Which of its letters is due, from 0."""
        return self._place

    @property
    def letter(self) -> str:
        """The letter that is due; empty at the end."""
        return "" if self.done else self.word[self._place]

    @property
    def count(self) -> int:
        """Letters in all words."""
        return sum(map(len, self.words))

    @property
    def number(self) -> int:
        """Letters that were gone through."""
        return len(self._gone)

    def see(self, text: str, time: float) -> bool:
        """Heed the running text at `time` seconds; True if a word came to its end with it."""
        if self.done:
            return False
        if self._asked_at is None:
            self._asked_at = time
        text = "".join(text.split())
        self._length = len(text)
        self._seen = min(self._seen, len(text))
        new = text[self._seen :]
        if self.letter in new:
            self._seen = len(text)
            return self._next(time)
        last = new[-1:]
        if last != self._last:
            self._last, self._since = last, time
        stays = bool(last) and time - self._since >= PATIENCE
        if stays and last not in BEGINNINGS.get(self.letter, ""):
            self._seen = len(text)
            self._last = ""
            self._misses += 1
            self.wrong[self.letter] += 1
            self.message, self.good = tip(self.letter, last), False
        return False

    def skip(self, time: float) -> bool:
        """Go on with the next letter; True if that ends the word."""
        if self.done:
            return False
        return self._next(time, skipped=True)

    def redo(self) -> bool:
        """Ask for the letter before this one once more, as if it had not been.

        False if there is none.
        """
        if not self._gone:
            return False
        gone = self._gone.pop()
        self._count(gone, -1)
        _add(self.wrong, self.letter, -self._misses)
        _add(self.wrong, gone.letter, -gone.misses)
        if self._place == 0:
            self._word -= 1
            self._place = len(self.word)
        self._place -= 1
        self.message, self.good = f"{gone.letter} once more.", True
        self._misses, self._asked_at = 0, None
        self._seen, self._last = self._length, ""
        return True

    def again(self, words: Sequence[str] = ()) -> None:
        """Begin anew, with other `words` if there are any."""
        fresh = Coach(words or self.words)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def restarted(self) -> None:
        """The running text was cleared."""
        self._seen = self._length = 0
        self._last = ""

    def _count(self, gone: _Done, times: int) -> None:
        """Add a letter to what is counted, or take it out."""
        self._spent += times * gone.taken
        self.right += times * gone.right
        _add(self.asked, gone.letter, times)
        _add(self.slow, gone.letter, times * gone.slow)
        _add(self.skipped, gone.letter, times * gone.skipped)

    def _next(self, time: float, *, skipped: bool = False) -> bool:
        letter = self.letter
        taken = time - (time if self._asked_at is None else self._asked_at)
        gone = _Done(letter, taken, self._misses, skipped)
        self._gone.append(gone)
        self._count(gone, 1)
        self.message, self.good = f"{letter} is right.", True
        if skipped:
            self.message, self.good = f"{letter}: {HOW[letter]}.", False
        self._misses, self._asked_at, self._last = 0, time, ""
        self._place += 1
        if self._place < len(self.word):
            return False
        self._word, self._place = self._word + 1, 0
        return True

    @property
    def letters_per_minute(self) -> float:
        return 60 * self.asked.total() / self._spent if self._spent > 0 else 0.0

    @property
    def weak(self) -> list[str]:
        """Letters that need work, the worst first."""
        need = Counter({letter: 2 * count for letter, count in self.wrong.items()})
        need += Counter({letter: 2 * count for letter, count in self.skipped.items()})
        need += self.slow
        return [letter for letter, _ in sorted(need.items(), key=lambda each: (-each[1], each[0]))]

    def report(self) -> str:
        """How it went, in a few lines."""
        total = self.asked.total()
        lines = ["No letter was signed." if not self.wrong else "No letter was right yet."]
        if total:
            lines = [
                f"{self.right} of {total} letters right at once ({self.right / total:.0%}), "
                f"{self.letters_per_minute:.0f} letters a minute"
            ]
        lines += [f"needs work: {letter}  {HOW[letter]}" for letter in self.weak]
        return "\n".join(lines)


def _add(counter: Counter[str], letter: str, count: int) -> None:
    """Count; what is down to nothing is not in there."""
    counter[letter] += count
    if not counter[letter]:
        del counter[letter]
