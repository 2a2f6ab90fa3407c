"""Trains the classic method's classifier: a linear SVC and nine tagged notes, as in the story."""

from pathlib import Path
from typing import Any

import numpy as np

from livevision import files
from livevision.recognizers.notes.classic import BEATS, FILE, binary, lines, patch, unlined
from livevision.recognizers.notes.training.engrave import TRAINING_FONTS, engrave

NOTES = (("f", 4), ("b", 4), ("d", 5))
"""Each beat is shown on three heights: stem upwards, in the middle, and downwards."""
SPACE = 16.0
"""Staff space of the tagged sheet, pixels."""


def train(models: Path) -> int:
    """Fit and write the classifier; returns the number of tagged notes."""
    import io

    from sklearn.svm import LinearSVC

    notes: dict[str, dict[str, Any]] = {}
    body = ""
    for beat in BEATS:
        for step, octave in NOTES:
            name = f"n{len(notes)}"
            notes[name] = {
                "dur": beat, "dots": 0, "grace": False, "position": 0, "tied": False, "name": name,
            }  # fmt: skip
            body += f'<note xml:id="{name}" dur="{beat}" oct="{octave}" pname="{step}"/>'
    mei = (
        '<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0"><meiHead/><music><body>'
        '<mdiv><score><scoreDef><staffGrp><staffDef n="1" lines="5" clef.shape="G" clef.line="2"/>'
        '</staffGrp></scoreDef><section><measure n="1"><staff n="1"><layer n="1">'
        f"{body}</layer></staff></measure></section></score></mdiv></body></music></mei>"
    )
    options = {
        "font": TRAINING_FONTS[1], "adjustPageHeight": True, "header": "none", "footer": "none",
    }  # fmt: skip
    page = engrave(mei, options, notes, space=SPACE)
    ink = binary(page.image)
    without = unlined(ink, lines(ink))
    staff = page.staffs[0]
    features, tags = [], []
    for mark in staff.marks:
        if mark.name:
            y = staff.top + (8 - mark.position) * staff.space / 2
            features.append(patch(without, mark.x, y, staff.space))
            tags.append(BEATS.index(int(mark.name.split("/")[1])))
    model = LinearSVC(C=1.0, random_state=0).fit(np.array(features), np.array(tags))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, weights=model.coef_, bias=model.intercept_)
    files.replace_bytes(models / FILE, buffer.getvalue())
    return len(tags)
