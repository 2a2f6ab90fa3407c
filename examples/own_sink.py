"""A sink of your own: python own_sink.py CLIP"""

import sys
from collections import Counter

from livevision import pipeline, recognizers
from livevision.frame import Result
from livevision.sinks import Sink
from livevision.sources import open_source


class Hands(Sink):
    """Counts the frames with one hand, two, or none."""

    def __init__(self) -> None:
        self.frames: Counter[int] = Counter()
        self._last = -1

    def write(self, result: Result) -> None:
        if result.frame.index != self._last:  # the last one comes again, with what was pending
            self._last = result.frame.index
            self.frames[sum(each.kind == "hand" for each in result.detections)] += 1


hands = Hands()
pipeline.run(open_source(sys.argv[1]), [recognizers.session("signs")], [hands])
for count, frames in sorted(hands.frames.items()):
    print(f"{count} hands: {frames} frames")
