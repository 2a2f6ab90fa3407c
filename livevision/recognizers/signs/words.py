"""Which word was meant: a noisy channel (Shannon, 1948; Kernighan, Church and Gale, 1990).

Every letter was read with its alternatives and their probabilities; every English word has a
frequency. A word is the likelier the more often it is used and the likelier its letters are as
readings. A string that is no word (a name, an abbreviation) is as good as a rare word, and what was
signed stays unless the letters themselves were in doubt.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

DISTANCE = 2
"""Letters in which a proposal may differ."""
UNLIKELY = 0.003
"""Probability of a letter that is not among the alternatives."""
MISSED, ADDED = 0.012, 0.012
"""Probabilities that a signed letter was not read, and that a read one was not signed."""
MISSED_TWIN, ADDED_TWIN = 0.12, 0.08
"""The same for the second of two equal letters: the hand hardly moves."""
NO_WORD = 0.1
"""Share of what is spelt that stands in no dictionary; fingerspelling is for names above all."""
LETTER = 1 / 26
"""Probability of each letter of a string that is no word."""
DOUBT = 0.12
"""A letter is in doubt, and may be replaced unasked, where its rival has this probability..."""
CERTAIN = 0.8
"""...and it has less than this one itself."""
SURE = 0.9
"""Probability from which on a proposal is taken unasked."""
SHORTEST = 3
"""Letters of a word that may be changed unasked."""
COUNT = 3
BEAM = 24
"""Beginnings of words that are followed at once."""
LONGEST = 20
"""Letters of a word that is looked for so."""
LIKELY = 0.02
"""Least probability of an alternative that is followed."""


class Read(Protocol):
    """A letter as it was read."""

    @property
    def label(self) -> str: ...

    @property
    def confidence(self) -> float: ...

    @property
    def alternatives(self) -> Sequence[tuple[str, float]]: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a spelt word may be."""

    raw: str
    """The letters as they were read."""
    word: str
    """What it is most likely; `raw` if nothing speaks for anything else."""
    confidence: float
    """Probability of `word`, 0 to 1."""
    sure: bool
    """Whether it may stand in the text unasked."""
    alternatives: tuple[tuple[str, float], ...]
    """What else it may be, with probabilities, likeliest first; `raw` is always among all."""

    def choose(self, place: int) -> "Proposal":
        """The same with another word: the one `place` places after this one, round and round."""
        ranked = [(self.word, self.confidence), *self.alternatives]
        place %= len(ranked)
        word, confidence = ranked[place]
        others = (*ranked[place + 1 :], *ranked[:place])
        return Proposal(self.raw, word, confidence, self.sure, others)


class Words:
    """The words of a language and how often they are used."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """`counts` has words in capitals and how often each was found."""
        self._counts = counts
        self._total = sum(counts.values())
        self._by_length: dict[int, list[str]] = {}
        for word in counts:
            self._by_length.setdefault(len(word), []).append(word)
        self._sorted = sorted(counts)

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def commonest(self, count: int) -> list[str]:
        """The `count` words used most."""
        return sorted(self._counts, key=lambda word: (-self._counts[word], word))[:count]

    def propose(self, letters: Sequence[Read]) -> Proposal:
        """What the `letters` of one word may spell."""
        raw = "".join(letter.label for letter in letters)
        near = self._near(raw)
        near += [word for word in self._beam(letters) if word not in near]
        if not near:  # as of minutes spelt without a pause, which would take long to compare
            return Proposal(raw, raw, 1.0, False, ())
        scores = {word: self._score(word, letters) for word in near}
        # a name is what was read, or what was read but for one letter in doubt
        scores[raw] = max(scores.get(raw, -math.inf), self._name(raw, letters))
        top = max(scores.values())
        sums = sum(math.exp(score - top) for score in scores.values())
        ranked = sorted(
            ((word, math.exp(score - top) / sums) for word, score in scores.items()),
            key=lambda each: (-each[1], each[0]),
        )
        word, confidence = ranked[0]
        sure = (
            word != raw
            and confidence >= SURE
            and raw not in self._counts
            and len(raw) >= SHORTEST
            and _doubtful(word, letters)
        )
        others = list(ranked[1 : COUNT + 1])
        if word != raw and raw not in (each[0] for each in others):
            others = [*others[: COUNT - 1], next(each for each in ranked if each[0] == raw)]
        return Proposal(raw, word, confidence, sure, tuple(others))

    def _near(self, raw: str) -> list[str]:
        found = []
        for length in range(max(len(raw) - 1, 1), len(raw) + 2):
            # a short word is near everything
            most = min(DISTANCE, max(1, len(raw) // 3))
            found += process.extract(
                raw,
                self._by_length.get(length, []),
                scorer=Levenshtein.distance,
                score_cutoff=most,
                limit=60,
            )
        return [each[0] for each in found]

    def _beam(self, letters: Sequence[Read]) -> list[str]:
        """Words that the letters and their alternatives can be, whatever their number of doubts.

        A beam search: only the likeliest beginnings go on to the next letter.
        """
        if len(letters) > LONGEST:
            return []
        ways = {(0, len(self._sorted)): 0.0}
        for place, letter in enumerate(letters):
            found: dict[tuple[int, int], float] = {}
            chances = {letter.label: max(letter.confidence, UNLIKELY)}
            chances |= {label: p for label, p in letter.alternatives if p >= LIKELY}
            for (first, last), score in ways.items():
                for label, chance in chances.items():
                    low = bisect_left(self._sorted, label, first, last, key=lambda w: w[place:])
                    high = bisect_left(
                        self._sorted, chr(ord(label[0]) + 1), low, last, key=lambda w: w[place:]
                    )
                    if low < high:
                        found[low, high] = score + math.log(chance)
            best = sorted(found.items(), key=lambda each: -each[1])[:BEAM]
            ways = dict(best)
        count = len(letters)
        return [self._sorted[first] for first, _ in ways if len(self._sorted[first]) == count]

    def _score(self, word: str, letters: Sequence[Read]) -> float:
        """Logarithm of how likely `word` is signed and read as `letters`."""
        share = self._counts[word] / self._total
        return math.log((1 - NO_WORD) * share) + channel(word, letters)

    def _name(self, raw: str, letters: Sequence[Read]) -> float:
        return math.log(NO_WORD) + len(raw) * math.log(LETTER) + channel(raw, letters)


@cache
def english() -> Words:
    """82,765 English words with their frequencies in books, from the package symspellpy."""
    file = resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    # all at once, as it is on the way of every start: each line is a word and its count
    fields = file.read_text(encoding="utf-8-sig").upper().split()
    words, counts = fields[::2], map(int, fields[1::2])
    return Words({word: count for word, count in zip(words, counts, strict=True) if word.isalpha()})


def channel(word: str, letters: Sequence[Read]) -> float:
    """Logarithm of the probability that signing `word` is read as `letters`, best alignment."""
    costs = [0.0]
    for place, true in enumerate(word):
        twin = place > 0 and word[place - 1] == true
        costs.append(costs[-1] + math.log(MISSED_TWIN if twin else MISSED))
    for index, letter in enumerate(letters):
        chances = dict(letter.alternatives)
        chances[letter.label] = max(letter.confidence, UNLIKELY)
        again = index > 0 and letters[index - 1].label == letter.label
        added = math.log(ADDED_TWIN if again else ADDED)
        row = [costs[0] + added]
        for place, true in enumerate(word):
            twin = place > 0 and word[place - 1] == true
            row.append(
                max(
                    costs[place] + math.log(max(chances.get(true, 0.0), UNLIKELY)),
                    costs[place + 1] + added,
                    row[place] + math.log(MISSED_TWIN if twin else MISSED),
                )
            )
        costs = row
    return costs[-1]


def _doubtful(word: str, letters: Sequence[Read]) -> bool:
    """Whether all letters that `word` changes were in doubt when they were read."""
    if len(word) != len(letters):
        return False
    for true, letter in zip(word, letters, strict=True):
        if true != letter.label and (
            dict(letter.alternatives).get(true, 0.0) < DOUBT or letter.confidence > CERTAIN
        ):
            return False
    return True
