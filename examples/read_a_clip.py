"""Letters and text of a recording: python read_a_clip.py CLIP"""

import sys

from livevision import pipeline, recognizers
from livevision.sinks.events import Collector
from livevision.sources import open_source

read = Collector()
pipeline.run(open_source(sys.argv[1]), [recognizers.session("signs")], [read])
for event in read.events:
    if event.kind == "letter":
        print(f"{event.start:6.2f} s  {event.label}  {event.confidence:.0%}")
print(read.text)
