"""How many browsers' cameras this machine can read at a time, measured when the page starts."""

import time
from itertools import islice
from statistics import median

from livevision import assets
from livevision.server.readers import Readers
from livevision.server.roles import Role
from livevision.sources import open_source

FPS = 30
"""Pictures a second of a usual camera."""
SHARE = 0.5
"""Of the processors' time that reading may take. On two cores, where a picture takes 10 ms, that
gives three sessions: with three 0.7 % of pictures were left out, with four 5.8 %
(tests/benchmarks/serve.py). The rest goes to decoding, sending, and whatever else runs."""
SEVERAL = 12
"""Sessions at the most: beyond, Python's interpreter lock, held for 2 ms a picture, is what all of
them wait for. Not measured: no machine with so many cores was at hand."""
CLIP = "jawsclub.mp4"
"""Of the recordings: a hand is in every picture."""
LOOKS = 12
"""Pictures over which the median is taken."""


def frame_cost(readers: Readers) -> float:
    """Seconds of processor time, of all threads, that a picture with a hand takes.

    Processor time, not the clock's: what else the machine does just now is another matter. The
    models have to be loaded (`Readers.warm`). Raises SourceError if the recording is missing.
    """
    taken: list[float] = []
    sessions = readers.open(Role.OWNER)
    try:
        with open_source(str(assets.folder("recordings") / CLIP)) as source:
            for frame in islice(source, LOOKS):
                began = time.process_time()
                for each in sessions:
                    each.recognize(frame)
                taken.append(time.process_time() - began)
    finally:
        for each in sessions:
            each.close()
    return median(taken)


def sessions(cores: int, cost: float, sources: int) -> int:
    """Sessions at a time on `cores` processors, where a picture takes `cost` seconds and the host's
    own `sources` are read as well; at least one."""
    streams = cores * SHARE / (FPS * cost) if cost > 0 else SEVERAL
    return max(1, min(SEVERAL, int(streams)) - sources)
