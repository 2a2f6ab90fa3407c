"""Our own sheet of music, held up, moved and tilted."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from livevision import assets
from livevision.recognizers.notes.training import clip


def compose(path: Path) -> None:
    """Write the clip `path` and its truth."""
    source = assets.folder("recordings") / "notes.png"
    sheet = np.asarray(cv2.imread(str(source), cv2.IMREAD_GRAYSCALE), np.uint8)
    clip.write(path, sheet)
    truth = {
        "description": "A sheet of music that we engraved, held before a camera.",
        "made_with": "python -m recordings.compose notes",
        "text": "",
        "letters": [],
        "people": [],
        "tune": source.with_suffix(".txt").read_text(encoding="utf-8"),
    }
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")
