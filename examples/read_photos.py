"""What single pictures show: python read_photos.py PHOTO..."""

import sys
from pathlib import Path

import livevision
from livevision import pictures

for name in sys.argv[1:]:
    image = pictures.load(Path(name))
    for found in livevision.read(image).detections:
        box = found.box
        print(f"{name}: {found.kind} {found.label or '(no sign)'} {found.confidence:.0%} at {box}")
