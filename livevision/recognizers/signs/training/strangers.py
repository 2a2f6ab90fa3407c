"""What is read if people who were never seen spell: their pictures, put together to clips.

Of each source one picture of every letter that stands still is drawn, as a hand that is held and
shakes a little; what was answered to it is what the frames of the clip show. The letters are joined
in a random order, as `evaluate spelling --join` joins clips. That measures what decoding makes of
letters that are in doubt; what a hand shows on its real ways it does not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision.frame import Floats
from livevision.recognizers.signs.classifiers import LABELS, NO_SIGN
from livevision.recognizers.signs.evaluation import variants
from livevision.recognizers.signs.evaluation.clips import Clip
from livevision.recognizers.signs.evaluation.sensitivity import Seen
from livevision.recognizers.signs.hand import Showing
from livevision.recognizers.signs.training.dataset import CLOSEUPS, Hands
from livevision.recognizers.signs.training.validation import Answers

SPEEDS = (1.0, 2.0, 4.0)
"""Letters a second."""
HELD = 1.0
"""Seconds for which a letter is shown alone, by a hand that comes into view and goes."""
FPS = 25.0
SHAKE = 0.004
"""Palms, standard deviation of each coordinate of each joint in each frame: hands that rest in a
letter then change by 0.17 palms a second, as those of clips of people do (0.14 and 0.23)."""
LEAST = 5
"""Letters that a source must have to spell."""


@dataclass(frozen=True, slots=True)
class Spelt:
    """What became of the letters of all people."""

    how: str
    letters: int
    misread: int
    """Of the pictures, each by itself."""
    errors: int
    """Letters to change, add or take away."""


def spelt(
    hands: Hands,
    once: Answers,
    first: Answers,
    progress: Callable[[str, int, int], None] = lambda name, at, of: None,
) -> list[Spelt]:
    """Measure it on `hands`, a row for each answer; `once` and `first` are of one look and more.

    Deterministic. Sources with fewer than `LEAST` letters are left out, and those that are films;
    nothing where no other is there.
    """
    pictures = _pictures(hands, once)
    if not pictures:
        return []
    found = []
    for at, speed in enumerate((*SPEEDS, 0.0)):
        progress("strangers spell", at, len(SPEEDS) + 1)
        generator = np.random.default_rng(at)
        letters = misread = errors = 0
        for of_letter in pictures.values():
            rows = {letter: int(generator.choice(all_)) for letter, all_ in of_letter.items()}
            held = {
                letter: _held(hands, row, (once, first), letter, generator)
                for letter, row in rows.items()
            }
            word = "".join(generator.permutation(sorted(held)))
            clips = [variants.joined(word, held, speed)] if speed else list(held.values())
            letters += len(word)
            misread += sum(int(first.answer[row] != first.truth[row]) for row in rows.values())
            errors += sum(clip.decode().errors for clip in clips)
        how = f"joined, {speed:.0f} a second" if speed else f"letters alone, held {HELD:.0f} s"
        found.append(Spelt(how, letters, misread, errors))
    progress("strangers spell", len(SPEEDS) + 1, len(SPEEDS) + 1)
    return found


def _pictures(hands: Hands, answers: Answers) -> dict[str, dict[str, NDArray[np.int64]]]:
    """Rows of the hands that were found, by source and letter."""
    usable = answers.found & (answers.truth != NO_SIGN) & (hands.source != CLOSEUPS)
    pictures: dict[str, dict[str, NDArray[np.int64]]] = {}
    for source in np.unique(hands.source[usable]):
        own = usable & (hands.source == source)
        letters = {
            LABELS[truth]: np.flatnonzero(own & (answers.truth == truth))
            for truth in np.unique(answers.truth[own])
        }
        if len(letters) >= LEAST:
            pictures[str(source)] = letters
    return pictures


def _held(
    hands: Hands, row: int, looks: Sequence[Answers], letter: str, generator: np.random.Generator
) -> Seen:
    """A clip of that hand, held still; it is not yet there in the first frame."""
    palm = float(np.linalg.norm(hands.landmarks[row, 9, :2] - hands.landmarks[row, 0, :2]))
    size = float(np.linalg.norm(hands.world[row, 9] - hands.world[row, 0]))
    chances = np.log(np.maximum([look.probabilities[row] for look in looks], 1e-9))

    def showings() -> Iterator[Showing]:
        for _ in range(round(HELD * FPS)):
            part = generator.random()  # from frame to frame a hand looks a little different
            mixed = np.exp(part * chances[0] + (1.0 - part) * chances[1])
            yield Showing(
                1,
                bool(hands.right[row]),
                _shaken(hands.landmarks[row], palm, generator),
                _shaken(hands.world[row], size, generator),
                np.asarray(mixed / mixed.sum(), np.float32),
            )

    frames: list[tuple[float, Sequence[Showing]]] = [(0.0, [])]
    frames += [(at / FPS, [showing]) for at, showing in enumerate(showings(), 1)]
    clip = Clip(Path(str(hands.source[row]), letter), letter, None, letter)
    return Seen(clip, LABELS, frames, frames[-1][0])


def _shaken(points: Floats, palm: float, generator: np.random.Generator) -> Floats:
    return np.asarray(points + generator.normal(0.0, SHAKE * palm, points.shape), np.float32)
