"""Engraves random music with Verovio, and says where every symbol stands.

Verovio (LGPL) and `rsvg-convert` (Debian's librsvg2-bin) are needed here and nowhere at run time.
Its five music fonts are under the SIL Open Font License.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.random import Generator

from livevision.errors import UsageError
from livevision.frame import Image
from livevision.recognizers.notes.symbols import HEADS, SYMBOLS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TRAINING_FONTS = ("Leipzig", "Bravura", "Leland")
UNSEEN_FONTS = ("Gootville", "Petaluma")
"""Never trained on, only measured on: one in LilyPond's manner, one that looks handwritten."""

SPACE = 180.0
"""Distance of two staff lines in Verovio's own unit."""
_STEPS = "cdefgab"
_SIGNS = {"s": "#", "f": "&", "x": "##", "ff": "&&"}
_CLEFS = {"G2": ("G", 2, 30), "F4": ("F", 4, 18), "C3": ("C", 3, 24), "C4": ("C", 4, 22)}
"""Shape, line, and the diatonic number (C0 = 0) of the bottom line."""
_CLEF_SHARES = (0.62, 0.22, 0.11, 0.05)
_WORDS = [
    "la",
    "do",
    "mi",
    "sol",
    "tra",
    "ha",
    "vi",
    "ljus",
    "här",
    "hus",
    "Gra",
    "nen",
    "stå",
    "so",
    "grön",
    "och",
    "Nu",
    "im",
    "Mai",
    "you",
    "are",
    "my",
]
_CHORDS = ["C", "F", "G", "G7", "Am", "Dm", "Em", "D7", "Bm", "H7", "A7", "Bb", "Fmaj7", "C#m"]
_GLYPHS = {
    "E0A4": "filled", "E0A3": "half", "E0A2": "whole",
    "E262": "sharp", "E260": "flat", "E261": "natural", "E263": "double sharp",
    "E264": "double flat",
    "E4E3": "rest 1", "E4E4": "rest 2", "E4E5": "rest 4", "E4E6": "rest 8", "E4E7": "rest 16",
    "E4E8": "rest 32",
    "E050": "clef G", "E062": "clef F", "E05C": "clef C",
    "E08A": "meter C", "E08B": "meter cut",
    **{f"E08{digit}": f"meter {digit}" for digit in range(10)},
}  # fmt: skip
"""SMuFL code points of what the network knows."""
_FLAGS = ("E240", "E241", "E242", "E243")
"""Those of the flags of eighths and sixteenths, up and down."""
EM = 1000.0
"""Of a font's outlines, in its own unit: four staff spaces."""


@dataclass(slots=True)
class Mark:
    """A symbol on a page."""

    symbol: str
    x: float
    """Pixels of the page, of the symbol's middle."""
    position: int
    """Half spaces above the bottom line."""
    flags: int = 0
    dots: int = 0
    tied: bool = False
    """True if a tie to the next note starts here."""
    name: str = ""
    """A note as truth writes it, e.g. "f#1/8"; empty for other symbols."""
    chord: str = ""
    """The same for all notes of a chord."""


@dataclass(slots=True)
class EngravedStaff:
    """One staff of a page: where it stands and what stands on it, from left to right."""

    left: float
    right: float
    top: float
    """y of the top line, pixels of the page."""
    space: float
    """Distance of two lines in pixels."""
    marks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A page, black on white, and its staffs from top to bottom."""

    image: Image
    staffs: list[EngravedStaff]


@cache
def _extents(font: str) -> dict[str, tuple[float, float]]:
    """Left edge and width of each glyph, in staff spaces."""
    import verovio

    path = Path(verovio.__file__).parent / "data" / f"{font}.xml"
    found = {}
    for glyph in ElementTree.parse(path).getroot().iter("g"):
        left, width = float(glyph.get("x", 0)), float(glyph.get("w", 0))
        found[glyph.get("c", "")] = (left / 250, width / 250)  # an em is four spaces
    return found


Outlines = dict[str, tuple[str, float, float]]
"""Of SMuFL code points: the outline as SVG writes it, y upwards, and its left edge and width, all
in thousandths of an em."""


def outlines(font: Path) -> Outlines:
    """The symbols that the network knows, of an OpenType font laid out as SMuFL says.

    Raises UsageError if the file is no such font.
    """
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.ttLib import TTFont, TTLibError

    try:
        file = TTFont(font)
        names, glyphs = file.getBestCmap(), file.getGlyphSet()
        scale = 1000 / file["head"].unitsPerEm
    except (OSError, TTLibError, KeyError) as error:
        raise UsageError(f"{font} is no OpenType font: {error}.") from error
    found: Outlines = {}
    for code in (*_GLYPHS, *_FLAGS):
        glyph = glyphs.get(names.get(int(code, 16), ""))
        if glyph is None:
            continue
        path, bounds = SVGPathPen(glyphs), BoundsPen(glyphs)
        glyph.draw(TransformPen(path, (scale, 0, 0, scale, 0, 0)))
        glyph.draw(bounds)
        if bounds.bounds is not None:
            left, _, right, _ = bounds.bounds
            found[code] = (path.getCommands(), left * scale, (right - left) * scale)
    if not found:
        raise UsageError(f"{font} has no symbols of music where SMuFL has them.")
    return found


def _exchanged(svg: str, instead: Outlines, extents: dict[str, tuple[float, float]]) -> str:
    """`svg` with other outlines; heads keep their width, since stems stand at their edges."""

    def other(match: re.Match[str]) -> str:
        code = match[2]
        if code not in instead or code not in extents:
            return match[0]
        path, left, width = instead[code]
        own_left, own_width = (part * EM / 4 for part in extents[code])
        scale = own_width / width if _GLYPHS.get(code) in HEADS and width else 1.0
        moved = (
            own_left - left
            if code in _FLAGS
            else (own_left + own_width / 2 - (left + width / 2) * scale)
        )
        return (
            f'{match[1]}<path transform="translate({moved:.1f}, 0) '
            f'scale({scale:.4f}, {-scale:.4f})" d="{path}"'
        )

    return re.sub(r'(<g id="([0-9A-F]{4})-[^"]*">\s*)<path[^>]*? d="[^"]*"', other, svg)


class _Writer:
    """Writes random MEI. One for each page."""

    def __init__(self, rng: Generator, style: str, *, voices: bool) -> None:
        self.rng = rng
        self.voices = voices
        self.style = style
        self.notes: dict[str, dict[str, Any]] = {}
        self.spans: list[str] = []
        self.last: dict[int, str] = {}

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def mei(self) -> str:
        rng = self.rng
        staffs = int(rng.choice([1, 1, 1, 2, 3])) if self.style == "score" else 1
        self.clefs = [str(rng.choice(list(_CLEFS), p=_CLEF_SHARES)) for _ in range(staffs)]
        key = int(np.clip(round(rng.normal(0, 2.6)), -7, 7)) if self.chance(0.75) else 0
        self.key = key
        meter = str(rng.choice(["2/4", "3/4", "4/4", "6/8", "C", "cut", "9/8", "3/8", "5/4", ""]))
        attributes = f'key.sig="{abs(key)}{"s" if key > 0 else "f"}"' if key else 'key.sig="0"'
        if "/" in meter:
            count, unit = meter.split("/")
            attributes += f' meter.count="{count}" meter.unit="{unit}"'
        elif meter:
            attributes += (
                ' meter.count="4" meter.unit="4" meter.sym="'
                + ("common" if meter == "C" else "cut")
                + '"'
            )
        group = "".join(
            f'<staffDef n="{n}" lines="5" clef.shape="{_CLEFS[c][0]}" clef.line="{_CLEFS[c][1]}"/>'
            for n, c in enumerate(self.clefs, 1)
        )
        symbol = ' symbol="brace"' if staffs > 1 else ""
        self.height = [int(rng.integers(1, 8)) for _ in range(staffs)]
        self.simple = self.chance(0.3)
        self.lyrics = self.chance(0.35)
        self.harmony = self.chance(0.35)
        self.dense = float(rng.choice([0.0, 0.05, 0.3]))
        measures = int(rng.integers(6, 18)) if self.style == "score" else int(rng.integers(3, 12))
        body = "".join(self.measure(n, measures, staffs) for n in range(1, measures + 1))
        return (
            '<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0"><meiHead/>'
            f"<music><body><mdiv><score><scoreDef {attributes}><staffGrp{symbol}>{group}"
            f"</staffGrp></scoreDef><section>{body}</section></score></mdiv></body></music></mei>"
        )

    def measure(self, number: int, last: int, staffs: int) -> str:
        rng = self.rng
        self.spans = []
        content = ""
        for n in range(1, staffs + 1):
            layers = 2 if self.chance(0.06) and self.voices else 1
            inner = "".join(
                f'<layer n="{layer}">{self.layer(n, layer)}</layer>'
                for layer in range(1, layers + 1)
            )
            content += f'<staff n="{n}">{inner}</staff>'
        bar = ""
        if number == last:
            bar = ' right="end"'
        elif self.chance(0.08):
            bar = f' right="{rng.choice(["dbl", "rptend", "rptstart"])}"'
        extra = "".join(self.spans)
        if self.chance(0.1):
            text = rng.choice(["p", "f", "mf", "pp", "ff", "sfz"])
            extra += f'<dynam staff="1" tstamp="1">{text}</dynam>'
        if self.harmony and self.chance(0.7):
            extra += f'<harm staff="1" tstamp="1" place="above">{rng.choice(_CHORDS)}</harm>'
        if self.chance(0.03):
            extra += '<tempo staff="1" tstamp="1">Andante con moto</tempo>'
        return f'<measure n="{number}"{bar}>{content}{extra}</measure>'

    def layer(self, staff: int, layer: int) -> str:
        rng = self.rng
        parts = []
        wanted = float(rng.choice([1.0, 2.0, 3.0, 4.0], p=[0.1, 0.3, 0.3, 0.3]))
        total = 0.0
        while total < wanted:
            kind = rng.random()
            if kind < 0.1:
                duration = int(rng.choice([1, 2, 4, 4, 8, 8, 16, 32]))
                dots = int(self.chance(0.1))
                parts.append(
                    f'<rest dur="{duration}" {f"dots={chr(34)}1{chr(34)}" if dots else ""}/>'
                )
                total += 4 / duration
                self.last.pop(staff, None)
            elif kind < 0.45:
                size = int(rng.integers(2, 7))
                base = int(rng.choice([8, 8, 8, 16, 16, 32]))
                inner = ""
                for _ in range(size):
                    duration = base
                    if self.chance(0.2):
                        duration = int(rng.choice([8, 16, 32]))
                    dots = int(self.chance(0.1))
                    inner += self.event(staff, layer, duration, dots, beamed=True)
                    total += 4 / duration
                parts.append(f"<beam>{inner}</beam>")
            else:
                duration = int(
                    rng.choice([1, 2, 4, 8, 16, 32], p=[0.1, 0.2, 0.36, 0.18, 0.1, 0.06])
                )
                dots = int(rng.choice([0, 1, 2], p=[0.82, 0.15, 0.03]))
                parts.append(self.event(staff, layer, duration, dots))
                total += 4 / duration
        return "".join(parts)

    def event(self, staff: int, layer: int, duration: int, dots: int, beamed: bool = False) -> str:
        rng = self.rng
        dotted = f' dots="{dots}"' if dots else ""
        grace = self.note(staff, 8, 0, "", grace=True) if not beamed and self.chance(0.02) else ""
        articulation = ""
        if self.chance(0.05):
            articulation = f'<artic artic="{rng.choice(["stacc", "acc", "ten"])}"/>'
        self.walk(staff, layer)
        if self.dense and self.chance(self.dense):
            size = int(rng.integers(2, 5))
            offsets = sorted(rng.choice(np.arange(0, 9), size=size, replace=False).tolist())
            base = self.height[staff - 1]
            inner = "".join(
                self.note(staff, duration, dots, "", position=base + offset, chord=True)
                for offset in offsets
            )
            self.last.pop(staff, None)
            return f'{grace}<chord dur="{duration}"{dotted}>{inner}</chord>'
        attributes = f' dur="{duration}"{dotted}'
        tie = not grace and self.chance(0.07) and staff in self.last and layer == 1
        if tie:
            previous = self.notes[self.last[staff]]
            self.height[staff - 1] = previous["position"]
        text = self.note(staff, duration, dots, attributes, inner=articulation, plain=bool(tie))
        name = f"n{len(self.notes)}"
        if layer == 1:
            if tie:
                self.notes[self.last[staff]]["tied"] = True
                self.spans.append(f'<tie startid="#{self.last[staff]}" endid="#{name}"/>')
            elif staff in self.last and self.chance(0.07) and self.moved(staff, name):
                # a slur to another height: to the eye a tie, but none
                self.spans.append(f'<slur startid="#{self.last[staff]}" endid="#{name}"/>')
            self.last[staff] = name
        return grace + text

    def moved(self, staff: int, name: str) -> bool:
        """Whether the note `name` has another height than the one before it."""
        before: int = self.notes[self.last[staff]]["position"]
        return bool(before != self.notes[name]["position"])

    def walk(self, staff: int, layer: int) -> None:
        """Move the melody: mostly by steps, sometimes to a height of its own."""
        rng = self.rng
        height = self.height[staff - 1] + round(rng.normal(0, 2.2))
        if self.chance(0.03):
            height = int(rng.integers(-6, 15))
        low, high = (-3, 11) if self.chance(0.8) else (-8, 16)
        if layer == 2:
            low, high = -6, 4
        self.height[staff - 1] = int(np.clip(height, low, high))

    def note(
        self,
        staff: int,
        duration: int,
        dots: int,
        attributes: str,
        *,
        position: int | None = None,
        inner: str = "",
        grace: bool = False,
        chord: bool = False,
        plain: bool = False,
    ) -> str:
        rng = self.rng
        place = self.height[staff - 1] if position is None else position
        number = _CLEFS[self.clefs[staff - 1]][2] + place
        octave, step = divmod(number, 7)
        accidental = ""
        share = 0.02 if self.simple else 0.14
        if self.chance(share) and not plain:
            accidental = str(
                rng.choice(["s", "f", "n", "x", "ff"], p=[0.36, 0.3, 0.24, 0.05, 0.05])
            )
            if chord and self.chance(0.5):
                accidental = ""
        name = f"n{len(self.notes) + 1}"
        self.notes[name] = {
            "dur": duration, "dots": dots, "grace": grace, "position": place, "tied": False,
            "name": truth_name(number, _SIGNS.get(accidental, "")),
        }  # fmt: skip
        written = f' accid="{accidental}"' if accidental else ""
        if grace:
            attributes = ' dur="8" grace="unacc"'
            self.notes[name]["grace"] = True
        if self.lyrics and not chord and not grace and self.chance(0.8):
            inner += f'<verse n="1"><syl>{rng.choice(_WORDS)}</syl></verse>'
        return (
            f'<note xml:id="{name}" oct="{octave}" pname="{_STEPS[step]}"{written}{attributes}>'
            f"{inner}</note>"
        )


def truth_name(number: int, accidental: str) -> str:
    """A note as truth files write it: C4 (diatonic number 28) is `c1`."""
    octave, step = divmod(number, 7)
    return f"{_STEPS[step]}{accidental}{octave - 3}"


def random_page(
    rng: Generator,
    font: str,
    *,
    space: float = 14.0,
    voices: bool = True,
    hands: Sequence[Outlines] = (),
) -> Page:
    """A page of random music with staff lines `space` pixels apart; `voices`: sometimes two.

    `hands` are fonts from elsewhere (`outlines`), of which every second page has one's symbols.
    """
    style = str(rng.choice(["score", "line"], p=[0.8, 0.2]))
    writer = _Writer(rng, style, voices=voices)
    text = writer.mei()
    options: dict[str, Any] = {
        "font": font,
        "adjustPageHeight": True,
        "adjustPageWidth": False,
        "header": "none",
        "footer": "none",
        "pageWidth": int(rng.integers(1600, 2600)),
        "pageHeight": 60000 if style == "score" else 20000,
        "scale": 100,
        "spacingStaff": int(rng.integers(8, 16)),
        "spacingSystem": int(rng.integers(4, 14)),
        "spacingLinear": float(rng.uniform(0.03, 0.25)),
        "spacingNonLinear": float(rng.uniform(0.3, 0.62)),
        "staffLineWidth": float(rng.uniform(0.12, 0.24)),
        "stemWidth": float(rng.uniform(0.15, 0.3)),
        "barLineWidth": float(rng.uniform(0.2, 0.4)),
        "ledgerLineThickness": float(rng.uniform(0.15, 0.35)),
        "beamMaxSlope": int(rng.integers(2, 18)),
        "lyricSize": float(rng.uniform(3.0, 5.5)),
        "xmlIdSeed": int(rng.integers(1, 1 << 30)),
    }
    other = hands[int(rng.integers(len(hands)))] if hands and writer.chance(0.5) else {}
    return engrave(text, options, writer.notes, space=space, instead=other)


@cache
def _toolkit() -> Any:
    try:
        import verovio
    except ModuleNotFoundError as error:
        raise UsageError("Engraving needs Verovio: pip install 'livevision[train]'.") from error
    if shutil.which("rsvg-convert") is None:
        raise UsageError("Engraving needs rsvg-convert: apt-get install librsvg2-bin.")
    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()


def engrave(
    mei: str,
    options: dict[str, Any],
    notes: dict[str, dict[str, Any]],
    *,
    space: float,
    instead: Outlines | None = None,
) -> Page:
    """`mei` as a picture; `notes` says of each xml:id its dur, dots, tie and name.

    Symbols in `instead` are drawn so, each where the font's own has its middle.
    """
    toolkit = _toolkit()
    toolkit.setOptions(options)
    toolkit.loadData(mei)
    svg = toolkit.renderToSVG(1)
    svg = svg.replace('overflow="visible"', 'overflow="hidden"', 1)
    if instead:
        svg = _exchanged(svg, instead, _extents(str(options["font"])))
    root = ElementTree.fromstring(svg)
    inner = next(each for each in root.iter() if each.get("class") == "definition-scale")
    width = float(inner.get("viewBox", "").split()[2])
    zoom = space / SPACE
    with tempfile.NamedTemporaryFile(suffix=".svg", mode="w", encoding="utf-8") as file:
        file.write(svg)
        file.flush()
        shape = ["-w", str(round(width * zoom)), "--keep-aspect-ratio"]
        done = subprocess.run(
            ["rsvg-convert", "-b", "white", *shape, file.name], capture_output=True, check=True
        )
    pixels = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_GRAYSCALE)
    image = np.asarray(pixels, np.uint8)
    zoom = image.shape[1] / width
    staffs = list(_staffs(inner, zoom, str(options["font"]), notes))
    return Page(image, sorted(staffs, key=lambda staff: staff.top))


def _moved(element: "Element") -> tuple[float, float]:
    match = re.match(r"translate\(([-\d.]+)[, ]+([-\d.]+)\)", element.get("transform", ""))
    return (float(match[1]), float(match[2])) if match else (0.0, 0.0)


def _walk(
    element: "Element", dx: float, dy: float, above: tuple["Element", ...]
) -> Iterator[tuple["Element", float, float, tuple["Element", ...]]]:
    x, y = _moved(element)
    dx, dy = dx + x, dy + y
    yield element, dx, dy, above
    for child in element:
        yield from _walk(child, dx, dy, (*above, element))


def _class(element: "Element") -> str:
    return element.get("class", "").split(" ")[0]


def _staffs(
    inner: "Element", zoom: float, font: str, notes: dict[str, dict[str, Any]]
) -> Iterator[EngravedStaff]:
    """Staffs of one system are merged over its measures."""
    extents = _extents(font)
    merged: dict[tuple[int, int], EngravedStaff] = {}
    system = 0
    for element, x, y, above in _walk(inner, 0, 0, ()):
        if _class(element) == "system":
            system += 1
        if _class(element) != "staff":
            continue
        lines = []
        for path in list(element):
            match = re.match(r"M([-\d.]+) ([-\d.]+) L([-\d.]+) ([-\d.]+)$", path.get("d", "") or "")
            if match:
                lines.append([float(part) for part in match.groups()])
        lines = lines[:5]
        top, bottom = y + lines[0][1], y + lines[4][1]
        key = (system, round(top))
        if key not in merged:
            merged[key] = EngravedStaff((x + lines[0][0]) * zoom, 0.0, top * zoom, SPACE * zoom)
        staff = merged[key]
        staff.left = min(staff.left, (x + lines[0][0]) * zoom)
        staff.right = max(staff.right, (x + lines[0][2]) * zoom)
        for part, px, py, line in _walk(
            element, x - _moved(element)[0], y - _moved(element)[1], above
        ):
            if not part.tag.endswith("use"):
                continue
            code = next(v for k, v in part.attrib.items() if k.endswith("href"))[1:5]
            symbol = _GLYPHS.get(code)
            if symbol is None or symbol not in SYMBOLS:
                continue
            names = [_class(each) for each in line]
            owner = next((each for each in reversed(line) if _class(each) == "note"), None)
            scale = re.search(r"scale\(([\d.]+)", part.get("transform", ""))
            size = float(scale[1]) / 0.72 if scale else 1.0
            left, width = extents[code]
            middle = (px + (left + width / 2) * size * SPACE) * zoom
            position = round((bottom - py) / (SPACE / 2))
            mark = Mark(symbol, middle, position)
            if "notehead" in names and owner is not None:
                note = notes[owner.get("id", "")]
                if note["grace"]:
                    continue
                mark.flags = {8: 1, 16: 2, 32: 3, 64: 4}.get(note["dur"], 0)
                mark.dots, mark.tied = note["dots"], note["tied"]
                mark.name = f"{note['name']}/{note['dur']}"
                chord = next((each for each in line if _class(each) == "chord"), None)
                mark.chord = "" if chord is None else chord.get("id", "")
            elif "notehead" in names or (size < 0.9 and "clef" not in names):
                continue  # of a grace note: the accidental is small
            elif symbol.startswith("rest"):
                rest = next(
                    (each for each in reversed(line) if _class(each) in ("rest", "mRest")), None
                )
                if rest is not None and any(_class(each) == "dots" for each in rest.iter()):
                    mark.dots = 1
            staff.marks.append(mark)
    # bar lines stand beside the staffs, in the measure
    system = 0
    for element, x, y, _ in _walk(inner, 0, 0, ()):
        if _class(element) == "system":
            system += 1
        if _class(element) != "barLine":
            continue
        for path in element.iter():
            match = re.match(r"M([-\d.]+) ([-\d.]+) L([-\d.]+) ([-\d.]+)$", path.get("d", "") or "")
            if not match:
                continue
            bx = (x + float(match[1])) * zoom
            low = (y + max(float(match[2]), float(match[4]))) * zoom
            high = (y + min(float(match[2]), float(match[4]))) * zoom
            for (number, _), staff in merged.items():
                middle = staff.top + 2 * staff.space
                if number == system and high - 2 <= middle <= low + 2:
                    staff.marks.append(Mark("bar", bx, 4))
    for staff in merged.values():
        staff.marks.sort(key=lambda mark: mark.x)
        yield staff


def text_of(staffs: Sequence[EngravedStaff]) -> str:
    """The notes as truth files hold them: one `[ ... ]` a staff, chords in braces."""
    lines = []
    for staff in staffs:
        words: list[list[Mark]] = []
        for mark in staff.marks:
            if not mark.name:
                continue
            for word in words[::-1]:
                same = mark.chord and any(each.chord == mark.chord for each in word)
                if same or min(abs(each.x - mark.x) for each in word) < 0.7 * staff.space:
                    word.append(mark)
                    break
            else:
                words.append([mark])
        parts = []
        for word in words:
            ordered = sorted(word, key=lambda mark: mark.position)
            names = [each.name + "." * each.dots for each in ordered]
            parts.append(names[0] if len(names) == 1 else "{" + ",".join(names) + "}")
        lines.append("[ " + " ".join(parts) + "]")
    return "{\n" + "\n".join(lines) + "\n}\n"
