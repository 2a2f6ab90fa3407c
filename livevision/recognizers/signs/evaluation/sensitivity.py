"""What each threshold of the decoding is worth: all of them moved down and up, one at a time.

Finding and reading the hands takes nearly all of the time, and no threshold of the decoding changes
it: it is done once, and what every frame showed is decoded again and again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from livevision.frame import Event
from livevision.recognizers.signs import thresholds
from livevision.recognizers.signs.evaluation.clips import Clip, Reading
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.spelling import Speller
from livevision.recognizers.signs.words import Words

STEP = 1.25
"""How many times as large, or as small, a threshold is made; a probability, share or cosine above a
half, how far it is from 1."""
LEAST_STEP = 0.1
"""What a threshold of 0 is raised to."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the hands showed in every frame of a clip."""

    clip: Clip
    labels: tuple[str, ...]
    frames: Sequence[tuple[float, Sequence[Showing]]]
    """Time in seconds, and the hands."""
    seconds: float

    def decode(
        self, at: thresholds.Thresholds = thresholds.DEFAULT, words: Words | None = None
    ) -> Reading:
        """What is read in it by these thresholds, without a dictionary unless one is given."""
        speller = Speller(self.labels, words, at)
        events: list[Event] = []
        for time, hands in self.frames:
            events += speller.see(hands, time)
        events += speller.finish()
        return Reading.of(self.clip, events, speller.text, self.seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of all clips by one set of thresholds, against those that are used."""

    value: float
    errors: int
    """Letters to change, add or take away; words to part or join count as one each."""
    false: int
    """Letters read in clips without signs."""
    changed: int
    """Clips in which something else is read."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a threshold is worth."""

    name: str
    value: float
    unit: str
    down: Outcome
    up: Outcome

    @property
    def idle(self) -> bool:
        """Whether neither changes what is read."""
        return not (self.down.changed or self.up.changed)

    def record(self) -> dict[str, Any]:
        def told(outcome: Outcome) -> dict[str, Any]:
            return {
                "value": round(outcome.value, 6),
                "errors": outcome.errors,
                "false_letters": outcome.false,
                "clips_changed": outcome.changed,
            }

        return {
            "threshold": self.name,
            "value": self.value,
            "unit": self.unit,
            "down": told(self.down),
            "up": told(self.up),
        }


def moved(value: float, unit: str) -> tuple[float, float]:
    """The values of a threshold one step down and one up."""
    if isinstance(value, int):
        return max(value - 1, 1), value + 1
    if not value:
        return 0.0, LEAST_STEP
    if unit in ("probability", "share", "cosine") and 0.5 < value < 1:
        return 1 - (1 - value) * STEP, 1 - (1 - value) / STEP
    low, high = sorted((value / STEP, value * STEP))
    return low, high


def judge(
    seen: Sequence[Seen], at: thresholds.Thresholds, before: Sequence[Reading], value: float
) -> Outcome:
    """What is read by `at`, against the readings `before`."""
    errors = false = changed = 0
    for one, old in zip(seen, before, strict=True):
        new = one.decode(at)
        changed += (new.letters, new.text) != (old.letters, old.text)
        if one.clip.letters:
            errors += new.errors
        else:
            false += len(new.letters)
    return Outcome(value, errors, false, changed)


def measure(
    seen: Sequence[Seen],
    at: thresholds.Thresholds = thresholds.DEFAULT,
    each: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> tuple[Outcome, list[Effect]]:
    """What is read as it is, and what every threshold is worth; `each` may tell of the progress."""
    before = [one.decode(at) for one in seen]
    found = []
    for name, value, spec in each(list(thresholds.listed(at))):
        down, up = (
            judge(seen, thresholds.changed(at, name, new), before, new)
            for new in moved(value, spec.unit)
        )
        found.append(Effect(name, value, spec.unit, down, up))
    return judge(seen, at, before, 0.0), found
