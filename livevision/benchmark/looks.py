"""What one look at a picture costs each recogniser that has a scene of its own in the demo."""

import tempfile
import time
from importlib import import_module
from itertools import islice
from pathlib import Path
from statistics import median

from livevision import pictures, plugins, recognizers
from livevision.errors import LivevisionError
from livevision.frame import Frame

SIZE = (640, 480)
"""Pixels of the pictures that are looked at."""
PICTURES = 40
"""From the beginning of a scene."""
WARM = 5
"""The first ones do not count: networks make themselves ready."""
APART = 1.0
"""Seconds of the stream between two: so that none is passed over, and every look is waited for."""


def measure() -> dict[str, float]:
    """Milliseconds of processor time a picture (median), by name; as recordings are looked at.

    Recognisers whose models are not on this machine are left out.
    """
    found = {}
    for name, plugin in plugins.recognizers().items():
        scene = getattr(import_module(plugin.demo), "scene", None) if plugin.demo else None
        if scene is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                chosen = import_module(plugin.demo).prepare(Path(folder))
            except LivevisionError:
                continue
            spent = []
            with recognizers.session(name, chosen) as session:
                for number, image in enumerate(islice(scene().pictures(), PICTURES)):
                    frame = Frame(pictures.fitted(image, SIZE), number, number * APART)
                    start = time.process_time()
                    session.recognize(frame)
                    spent.append(time.process_time() - start)
            found[name] = round(1000 * median(spent[WARM:]), 1)
    return found
