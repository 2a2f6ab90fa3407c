"""Frames that your program hands in itself: python pushed_frames.py CLIP"""

import sys
from threading import Thread

from livevision import pipeline, recognizers
from livevision.sinks.events import Collector
from livevision.sources import open_source
from livevision.sources.pushed import Pushed

source, read = Pushed("mine", live=False), Collector()


def hand_in() -> None:
    """Here come the frames of a clip; yours may come from anywhere."""
    with open_source(sys.argv[1]) as clip:
        for frame in clip:
            source.push(frame.image, time=frame.time)
    source.end()


thread = Thread(target=hand_in)
thread.start()
pipeline.run(source, [recognizers.session("signs")], [read])
thread.join()
print(read.text)
