"""What a further session of a recogniser costs, beside the model that all of them share.

Each recogniser is measured in a process of its own: `python -m livevision.benchmark.sessions NAME
CLIP` prints the figures of one as JSON.
"""

import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from livevision import memory, recognizers
from livevision.benchmark import scenes
from livevision.errors import LivevisionError
from livevision.frame import Frame, Image
from livevision.recognizers.recognizer import Session

FURTHER = 8
"""Sessions that are opened, all kept open, after a first one that has seen everything."""
PICTURES = 10
"""That each of them looks at, as fast as it can."""
RATE = 30.0
"""Pictures a second of the stream that they belong to, by its own clock."""


def measure(name: str, clip: Path) -> dict[str, Any]:
    """Figures of the recogniser `name`, with its default options, in this process.

    `load_ms` is what its model takes, with all imports; `session_ms` what opening one more session
    takes (median), and `session_mb` by how much one more that has seen pictures makes the process
    grow (mean, MB of 10^6 bytes; None where the system does not tell). Raises ModelError if its
    model is missing.
    """
    begun = perf_counter()
    recognizers.load(name)
    loaded = perf_counter() - begun
    images = scenes.images(clip, PICTURES)
    opened = [recognizers.session(name)]
    _look(opened[0], images)
    before = _resident()
    seconds = []
    for _ in range(FURTHER):
        begun = perf_counter()
        opened.append(recognizers.session(name))
        seconds.append(perf_counter() - begun)
        _look(opened[-1], images)
    after = _resident()
    for each in opened:
        each.close()
    grown = None if before is None or after is None else (after - before) / FURTHER / 1e6
    return {
        "load_ms": round(loaded * 1000, 1),
        "session_ms": round(median(seconds) * 1000, 2),
        "session_mb": None if grown is None else round(grown, 2),
    }


def _look(session: Session, images: list[Image]) -> None:
    for index, image in enumerate(images):
        session.recognize(Frame(image, index, index / RATE))


def _resident() -> int | None:
    """Bytes of this process that are in memory, once what was freed is given back."""
    memory.give_back()
    return memory.resident()


if __name__ == "__main__":
    try:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
    except LivevisionError as error:
        sys.exit(str(error))
