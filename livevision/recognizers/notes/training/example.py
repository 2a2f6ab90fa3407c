"""Engraves the bundled sheet, recordings/notes.png, and writes its truth beside it.

    python -m livevision.recognizers.notes.training.example

The tune is nobody's: it was put together so that all that is read comes up once.
"""

from pathlib import Path

import cv2

from livevision import assets, files
from livevision.recognizers.notes.training.engrave import engrave, text_of, truth_name

FONT = "Leipzig"
SPACE = 12.0
"""Staff space in pixels."""
BARS = (
    "d4/4 f4/8 a4/8 d5/4 c5/8. b4/16 | a4/2 f4/4 r/4 | g4/8 a4/8 g4/8 f4/8 e4/4 g#4/4",
    "a4/2. r/4 | b4/8 d5/8 g5/8 f5/8 e5/4 cn5/4 | b4/16 a4/16 g4/16 f4/16 e4/4 a4/2",
    "d5+f5/4 c5+e5/4 b4+d5/4 a4/4 | g4/8 e4/8 f4/8 d4/8 e4/32 f4/32 g4/16 a4/8 c4/4 | d4/1",
)
"""A line a staff, in D major, | between bars."""
_STEPS = "cdefgab"
_ACCIDENTALS = {"#": ("s", "#"), "n": ("n", ""), "b": ("f", "&")}


def mei() -> tuple[str, dict[str, dict[str, object]]]:
    """The sheet for Verovio, and what is known of its notes."""
    notes: dict[str, dict[str, object]] = {}
    number, body = 0, ""
    for line, staff in enumerate(BARS):
        if line:
            body += "<sb/>"
        for bar in staff.split("|"):
            number += 1
            last = ' right="end"' if number == sum(each.count("|") + 1 for each in BARS) else ""
            inner = _bar(bar.split(), notes)
            body += f'<measure n="{number}"{last}><staff n="1"><layer n="1">{inner}</layer></staff>'
            body += "</measure>"
    return (
        '<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0"><meiHead/><music><body>'
        '<mdiv><score><scoreDef key.sig="2s" meter.count="4" meter.unit="4"><staffGrp>'
        '<staffDef n="1" lines="5" clef.shape="G" clef.line="2"/></staffGrp></scoreDef><section>'
        f"{body}</section></score></mdiv></body></music></mei>"
    ), notes


def _bar(words: list[str], notes: dict[str, dict[str, object]]) -> str:
    """Eighths and shorter share a beam for as long as they follow each other."""
    parts: list[str] = []
    beam: list[str] = []
    filled = 0.0

    def close() -> None:
        parts.append(f"<beam>{''.join(beam)}</beam>" if len(beam) > 1 else "".join(beam))
        beam.clear()

    for word in words:
        names, _, value = word.partition("/")
        dots = value.count(".")
        beat = int(value.rstrip("."))
        duration = f'dur="{beat}"' + (f' dots="{dots}"' if dots else "")
        if names == "r":
            element = f"<rest {duration}/>"
        else:
            heads = [_note(name, beat, dots, notes) for name in names.split("+")]
            element = f"<chord {duration}>{''.join(heads)}</chord>"
            if len(heads) == 1:
                element = heads[0].replace("<note", f"<note {duration}", 1)
        if beat < 8 or names == "r":
            close()
            parts.append(element)
        else:
            beam.append(element)
        filled += 4 / beat * (2 - 0.5**dots)
        if filled % 2 == 0:
            close()
    close()
    return "".join(parts)


def _note(name: str, beat: int, dots: int, notes: dict[str, dict[str, object]]) -> str:
    step, sign, octave = name[0], name[1:-1], int(name[-1])
    written, truth = _ACCIDENTALS.get(sign, ("", ""))
    key = f"n{len(notes)}"
    notes[key] = {
        "dur": beat, "dots": dots, "grace": False, "tied": False, "position": 0,
        "name": truth_name(7 * octave + _STEPS.index(step), truth),
    }  # fmt: skip
    accidental = f' accid="{written}"' if written else ""
    return f'<note xml:id="{key}" oct="{octave}" pname="{step}"{accidental}/>'


def main() -> None:
    """Write the sheet and its truth."""
    text, notes = mei()
    options = {
        "font": FONT,
        "adjustPageHeight": True,
        "header": "none",
        "footer": "none",
        "breaks": "encoded",
        "pageWidth": 1800,
        "spacingSystem": 10,
        "xmlIdSeed": 1,
    }
    page = engrave(text, options, notes, space=SPACE)
    target = assets.folder("recordings") / "notes.png"
    png = cv2.imencode(".png", page.image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    files.replace_bytes(target, png.tobytes())
    files.replace_text(Path(target).with_suffix(".txt"), text_of(page.staffs))


if __name__ == "__main__":
    main()
