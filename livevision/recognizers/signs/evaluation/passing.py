"""Learn what tells letters that were signed from those that were only passed through.

python -m livevision.recognizers.signs.evaluation.passing CLIPS... prints the weights of
`thresholds.Passing`, learnt from videos or folders of videos with their truth beside them, and how
many letters they would lose and leave on each folder if they were learnt from the others alone.
Give each signer a folder.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from livevision import recognizers
from livevision.frame import Floats
from livevision.recognizers.signs import Options, passing, thresholds
from livevision.recognizers.signs.evaluation.clips import Clip
from livevision.recognizers.signs.evaluation.regression import logistic
from livevision.recognizers.signs.evaluation.sensitivity import Seen
from livevision.recognizers.signs.evaluation.spelling import find, see
from livevision.recognizers.signs.hand import RECENT, Letter
from livevision.recognizers.signs.spelling import Speller

EARLY, LATE = 0.25, 0.15
"""Seconds before and after its time of rest in which a letter may be read."""
LOST = 1.6
"""How much worse it is to lose a letter that was signed than to leave one that was not."""
TWINS = 12.0
"""How much more a doubled letter counts: there are few, and many false ones."""
PENALTY = 2.0
"""Of the squares of the weights, where every feature has a spread of 1."""
NEAR = thresholds.DEFAULT.text.together
NAMES = tuple(each.name for each in fields(thresholds.Passing) if each.name != "bias")


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Letters that were read where nothing is dropped."""

    features: Floats
    """(n, 4), of `passing.features`."""
    signed: Floats
    """(n,): 1 where the truth has it, 0 where it was only passed through."""

    def of(self, others: "Sequence[Examples]") -> "Examples":
        """All of these and others."""
        every = [self, *others]
        return Examples(
            np.concatenate([each.features for each in every]),
            np.concatenate([each.signed for each in every]),
        )


def examples(seen: Seen) -> Examples:
    """What is read in a clip if no letter is taken for passed through."""
    at = thresholds.changed(thresholds.DEFAULT, "passing.bias", 1e6)
    letters: list[Letter] = []
    speller = Speller(seen.labels, at=at)
    speller.watch = letters.append
    for time, hands in seen.frames:
        speller.see(hands, time)
    speller.finish()
    true = signed(letters, seen.clip)
    found = [
        passing.features(each, letters[max(place - RECENT, 0) : place], letters[place + 1 :], NEAR)
        for place, each in enumerate(letters)
    ]
    kept = [place for place, each in enumerate(letters) if not each.drawn]
    return Examples(
        np.array([found[place] for place in kept], np.float32).reshape(-1, len(NAMES)),
        np.array([place in true for place in kept], np.float32),
    )


def signed(letters: Sequence[Letter], clip: Clip) -> set[int]:
    """Places of the letters that the truth has; of several for one, that which was held longest."""
    found: set[int] = set()
    first = 0
    for place, label in enumerate(clip.letters):
        span = clip.spans[place] if clip.spans is not None else None
        fit = [
            index
            for index, each in enumerate(letters)
            if each.label == label
            and index not in found
            and (
                index >= first
                if span is None
                else min(each.end, span.end + LATE) >= max(each.start, span.start - EARLY)
            )
        ]
        if fit:
            best = max(fit, key=lambda index: letters[index].held)
            found.add(best)
            first = best + 1
    return found


def learn(known: Examples) -> thresholds.Passing:
    """The weights of a logistic regression."""
    x, y = known.features.astype(float), known.signed.astype(float)
    spread = x.std(axis=0) + 1e-6
    twins = x[:, NAMES.index("twin")] > 0
    counts = np.where(y > 0, np.where(twins, TWINS, LOST), 1.0)
    weights, bias = logistic(x / spread, y, counts, penalty=PENALTY)
    return thresholds.Passing(
        bias=round(bias, 2),
        **{name: round(float(each), 2) for name, each in zip(NAMES, weights / spread, strict=True)},
    )


def judge(known: Examples, at: thresholds.Passing) -> tuple[int, int]:
    """How many signed letters are lost, and how many others are left."""
    weights = np.array([getattr(at, name) for name in NAMES])
    stands = known.features @ weights + at.bias >= 0
    true = known.signed > 0
    return int((true & ~stands).sum()), int((~true & stands).sum())


def main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIPS")
    groups: dict[Path, Examples] = {}
    model = recognizers.load("signs", Options())
    for clip in find(parser.parse_args().clips):
        new = examples(see(clip, model)[1])
        folder = clip.path.parent
        groups[folder] = groups[folder].of([new]) if folder in groups else new
    for folder, known in groups.items():
        others = [each for name, each in groups.items() if name != folder]
        true = int(known.signed.sum())
        told = f"{folder}: {true} signed, {len(known.signed) - true} others"
        if others:
            lost, left = judge(known, learn(others[0].of(others[1:])))
            told += f"; learnt from the rest, {lost} are lost and {left} left"
        print(told)
    every = list(groups.values())
    print(learn(every[0].of(every[1:])))


if __name__ == "__main__":
    main()
