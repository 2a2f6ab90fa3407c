"""A recording with what is signed in it, and what was read of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rapidfuzz.distance import Levenshtein

from livevision.frame import Event
from livevision.recognizers.signs.spelling import LIKELY
from livevision.truth import Span, align

MOVING = ("J", "Z")
"""Letters that are no pose: their time of rest is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A recording and what is signed in it."""

    path: Path
    letters: str
    spans: tuple[Span, ...] | None
    """When the letters are signed, if the truth says so."""
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read in a clip."""

    clip: Clip
    events: tuple[Event, ...]
    """Its letters, in the order signed."""
    text: str
    """With the corrections that were made unasked."""
    seconds: float
    words: tuple[Event, ...] = ()

    @classmethod
    def of(cls, clip: Clip, events: Iterable[Event], text: str, seconds: float) -> Self:
        """From all events of a clip."""
        every = tuple(events)
        letters, words = (
            tuple(event for event in every if event.kind == kind) for kind in ("letter", "word")
        )
        return cls(clip, letters, text, seconds, words)

    @property
    def as_read(self) -> str:
        """The text without any correction."""
        return " ".join(str(event.details["letters"]) for event in self.words)

    @property
    def proposed(self) -> str:
        """The text if of every word the proposal is taken that is offered with it."""
        return " ".join(map(_proposed, self.words))

    @property
    def letters(self) -> str:
        return "".join(event.label for event in self.events)

    @property
    def errors(self) -> int:
        """Letters to change, add or take away."""
        return int(Levenshtein.distance(self.clip.letters, self.letters))

    def word_errors(self, text: str) -> int:
        """Words to change, add or take away in a `text`, one of those above."""
        return int(Levenshtein.distance(self.clip.text.upper().split(), text.upper().split()))

    def pairs(self) -> list[tuple[int | None, int | None]]:
        """Places of the letters signed and read that belong together."""
        return align(list(self.clip.letters), list(self.letters))

    def recalled(self, letter: str) -> tuple[int, int]:
        """How often `letter` was read where it was signed, and how often it was signed."""
        hits = sum(
            one is not None
            and other is not None
            and self.clip.letters[one] == self.letters[other] == letter
            for one, other in self.pairs()
        )
        return hits, self.clip.letters.count(letter)

    def delays(self) -> list[float]:
        """Seconds from the hand's rest in a letter to the letter in the text, for those read."""
        if self.clip.spans is None:
            return []
        found = []
        for one, other in self.pairs():
            if one is None or other is None:
                continue
            span, event = self.clip.spans[one], self.events[other]
            shown = event.details.get("shown")
            if span.label == event.label not in MOVING and isinstance(shown, float | int):
                found.append(float(shown) - span.start)
        return found

    def listing(self) -> tuple[str, str]:
        """What was signed and, aligned below it, what was read."""
        pairs = self.pairs()
        top = " ".join("-" if one is None else self.clip.letters[one] for one, _ in pairs)
        bottom = " ".join("-" if other is None else self.letters[other] for _, other in pairs)
        return top, bottom

    def record(self) -> dict[str, Any]:
        signed, read = self.listing()
        return {
            "file": str(self.clip.path),
            "seconds": round(self.seconds, 3),
            "letters": self.letters,
            "text": self.text,
            "signed_text": self.clip.text,
            "character_errors": self.errors,
            "word_errors": self.word_errors(self.text),
            "word_errors_as_read": self.word_errors(self.as_read),
            "word_errors_proposed": self.word_errors(self.proposed),
            "aligned": {"signed": signed, "read": read},
        }


def _proposed(word: Event) -> str:
    """What is likeliest for a word, if that is told: it itself or the first of its alternatives."""
    others = word.details["alternatives"]
    if isinstance(others, list) and others and others[0][1] >= LIKELY:
        return str(others[0][0])
    return word.label
