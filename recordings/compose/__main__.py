"""Compose the clips anew.

usage: python -m recordings.compose digits|leaves|notes [--output DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from recordings.compose import digits, leaves, notes

CLIPS = {"digits": digits.compose, "leaves": leaves.compose, "notes": notes.compose}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recordings.compose", description=__doc__)
    parser.add_argument("clip", choices=sorted(CLIPS))
    parser.add_argument("--output", type=Path, default=Path("recordings"), metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    CLIPS[arguments.clip](arguments.output / f"{arguments.clip}.mp4")


if __name__ == "__main__":
    main()
