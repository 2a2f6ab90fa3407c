"""Words wrong as read, left to themselves, and as proposed: `python -m tests.benchmarks.words`."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_words import misread

from livevision.recognizers.signs.words import english

WORDS = 400


def main() -> None:
    words = english()
    common = [each for each in words.commonest(20000) if 3 <= len(each) <= 9]
    for share in (0.1, 0.2, 0.3):
        rng = random.Random(1)
        chosen = rng.sample(common, WORDS)
        spelt = [misread(each, share, rng) for each in chosen]
        found = [words.propose(each) for each in spelt]
        pairs = list(zip(chosen, found, strict=True))
        raw = sum(each.raw != true for true, each in pairs)
        left = sum((each.word if each.sure else each.raw) != true for true, each in pairs)
        top = sum(each.word != true for true, each in pairs)
        rewritten = sum(each.sure and each.word != true for true, each in pairs)
        print(
            f"{share:.0%} misread: words wrong as read {raw / WORDS:.1%}, in the text "
            f"{left / WORDS:.1%}, likeliest proposal {top / WORDS:.1%}; {rewritten} made wrong"
        )


if __name__ == "__main__":
    main()
