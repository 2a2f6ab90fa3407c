"""Models are loaded once, each clip has a session of its own: python many_clips.py CLIP..."""

import sys
from concurrent.futures import ThreadPoolExecutor

from livevision import pipeline, recognizers
from livevision.sinks.events import Collector
from livevision.sources import open_source

model = recognizers.load("signs")


def text(clip: str) -> str:
    """What is spelt in a clip."""
    read = Collector()
    pipeline.run(open_source(clip), [model.session()], [read])
    return read.text


with ThreadPoolExecutor(2) as pool:
    for clip, spelt in zip(sys.argv[1:], pool.map(text, sys.argv[1:]), strict=True):
        print(f"{clip}: {spelt}")
