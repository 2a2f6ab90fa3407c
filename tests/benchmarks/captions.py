"""What a second of captions costs after minutes and after hours of spelling without a pause.

usage: python tests/benchmarks/captions.py
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from test_captions import signed

from livevision.sinks.captions import Captions

MINUTES = (2, 50, 120)


def main() -> None:
    spent: dict[int, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, Captions(Path(folder) / "out.srt") as captions:
        for result in signed(MINUTES[-1] * 60 + 30, keep=5000):
            start = time.perf_counter()
            captions.write(result)
            second = int(result.frame.time)
            spent.setdefault(second, []).append(time.perf_counter() - start)
    for minute in MINUTES:
        costs = [sum(spent.get(minute * 60 + second, [0.0])) * 1000 for second in range(-30, 30)]
        print(f"minute {minute:3}: {median(costs):.2f} ms a second, at most {max(costs):.2f}")


if __name__ == "__main__":
    main()
