"""What was read: notes and rests on staffs, and how they are written as text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from livevision.errors import UsageError

STEPS = "CDEFGAB"
SHARPS_ORDER = "FCGDAEB"
"""The order in which a key signature's sharps come; its flats come the other way round."""
_SIGNS = {"": None, "#": 1, "##": 2, "&": -1, "&&": -2, "b": -1, "bb": -2, "x": 2, "n": 0}
_WRITTEN = {-2: "&&", -1: "&", 0: "", 1: "#", 2: "##"}
_ASCII = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_SEMITONES = (0, 2, 4, 5, 7, 9, 11)
_OCTAVE_OF_ONE = 3
"""Truth files (GUIDO notation) count octaves from 1 where others count from 4: c1 is middle C."""


@dataclass(frozen=True, slots=True)
class Note:
    """One head."""

    step: int
    """0 (C) to 6 (B)."""
    octave: int
    """Scientific: middle C is in octave 4."""
    alter: int = 0
    """Semitones by which it sounds higher, by key signature, accidentals before it, and ties."""
    printed: int | None = None
    """Semitones of the accidental that stands before this very note; None if none does."""
    beat: int = 4
    """The duration as a share of a whole note: 1, 2, 4, 8, 16, 32 or 64."""
    dots: int = 0
    tied: bool = False
    """True if it is held on by the next note of its pitch."""
    x: float = 0.0
    y: float = 0.0
    """The head's middle, in pixels of the picture."""
    space: float = 0.0
    """Distance of the staff's lines there, in pixels: about the height of a head."""
    confidence: float = 1.0

    @property
    def number(self) -> int:
        """As MIDI counts: middle C is 60."""
        return 12 * (self.octave + 1) + _SEMITONES[self.step] + self.alter

    @property
    def name(self) -> str:
        """Like "F#5", with the accidental that sounds."""
        return f"{STEPS[self.step]}{_ASCII[self.alter]}{self.octave}"

    @property
    def length(self) -> Fraction:
        """Share of a whole note, dots counted."""
        return length(self.beat, self.dots)

    @property
    def text(self) -> str:
        """Like "F#5/8.": name, duration, dots."""
        return f"{self.name}/{self.beat}{'.' * self.dots}"


@dataclass(frozen=True, slots=True)
class Rest:
    """A silence."""

    beat: int
    dots: int = 0
    whole_bar: bool = False
    """True if it stands alone in its bar, however long that is."""

    @property
    def length(self) -> Fraction:
        return length(self.beat, self.dots)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar line."""


@dataclass(frozen=True, slots=True)
class Clef:
    """Which pitch stands where: `shape` G, F or C on `line` 1 (the lowest) to 5."""

    shape: str = "G"
    line: int = 2

    @property
    def bottom(self) -> int:
        """Diatonic number of the bottom line: 7 times the octave and the step; C4 is 28."""
        reference = {"G": 32, "F": 24, "C": 28}[self.shape]
        return reference - 2 * (self.line - 1)


Chord = tuple[Note, ...]
"""Notes that sound together, the lowest first."""
Item = Chord | Rest | Bar | Clef


@dataclass(frozen=True, slots=True)
class StaffReading:
    """One staff, from left to right."""

    items: tuple[Item, ...]
    clef: Clef = Clef()
    key: int = 0
    """Sharps of the key signature; flats are negative."""
    meter: tuple[int, int] | None = None
    system: int = 0
    """Staffs with the same number are played together."""

    @property
    def chords(self) -> list[Chord]:
        return [item for item in self.items if isinstance(item, tuple)]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that was read on a picture."""

    staffs: tuple[StaffReading, ...] = ()

    @property
    def notes(self) -> list[Note]:
        """Staff by staff, from left to right, chords from below."""
        return [note for staff in self.staffs for chord in staff.chords for note in chord]

    @property
    def text(self) -> str:
        """The tune, a line a staff: "D4/4 E4/32 E4+G4/4 ..."."""
        return "\n".join(
            " ".join(_spoken(chord) for chord in staff.chords) for staff in self.staffs
        ).strip()

    @property
    def guido(self) -> str:
        """As truth files are written: `[ d1/4 e1/32 {e1/4,g1/4}]`, dots added."""
        lines = []
        for staff in self.staffs:
            words = []
            for chord in staff.chords:
                names = [_guido(note) for note in chord]
                words.append(names[0] if len(names) == 1 else "{" + ",".join(names) + "}")
            lines.append(f"[ {' '.join(words)}]")
        text = "\n".join(lines)
        return f"{{\n{text}\n}}\n" if len(lines) > 1 else f"{text}\n"


def length(beat: int, dots: int) -> Fraction:
    """Share of a whole note; each dot adds half of what stood before it."""
    return Fraction(1, beat) * (2 - Fraction(1, 2**dots))


def _spoken(chord: Chord) -> str:
    names = "+".join(note.name for note in chord)
    return f"{names}/{chord[0].beat}{'.' * chord[0].dots}"


def _guido(note: Note) -> str:
    octave = note.octave - _OCTAVE_OF_ONE
    sign = _WRITTEN[note.alter]
    return f"{STEPS[note.step].lower()}{sign}{octave}/{note.beat}{'.' * note.dots}"


_TAG = re.compile(r"\\\w+(<[^<>]*>)?")
_NOTE = re.compile(
    r"(?P<step>[a-gh])(?P<sign>##|#|&&|&)?(?P<octave>-?\d+)?"
    r"(?:(?:\*(?P<times>\d+))?/(?P<beat>\d+))?(?P<dots>\.*)"
)
_REST = re.compile(r"_(\*\d+)?(/\d+)?\.*")


def parse(text: str, *, name: str = "the truth") -> list[list[Chord]]:
    """The chords of each staff in a truth file, GUIDO notation.

    `alter` is what the file says of the note, dots as written. Rests and tags are passed over;
    what a note leaves out it takes from the one before it, as GUIDO has it. Raises UsageError.
    """
    staffs: list[list[Chord]] = []
    octave, beat = 1, 4
    body = _TAG.sub(" ", text)
    for staff in re.findall(r"\[([^\[\]]*)\]", body):
        chords: list[Chord] = []
        for word in re.findall(r"\{[^{}]*\}|[^\s{},|()]+", staff):
            notes = []
            for each in re.split(r"[,\s]+", word.strip("{}")):
                if not each or _REST.fullmatch(each):
                    continue
                match = _NOTE.fullmatch(each)
                if match is None:
                    raise UsageError(f"{name} says {each!r}; notes are written like f#1/8.")
                octave = int(match["octave"] or octave)
                if match["beat"]:
                    beat = int(match["beat"])
                dots, value = len(match["dots"]), beat
                if match["times"]:
                    value, dots = _plain(int(match["times"]), beat)
                step = STEPS.index({"H": "B"}.get(match["step"].upper(), match["step"].upper()))
                alter = _SIGNS[match["sign"] or ""] or 0
                notes.append(Note(step, octave + _OCTAVE_OF_ONE, alter, beat=value, dots=dots))
            if notes:
                chords.append(tuple(sorted(notes, key=lambda n: (n.octave, n.step))))
        staffs.append(chords)
    if not staffs:
        raise UsageError(f"{name} holds no staff: write one as [ d1/4 e1/8 {{e1/4,g1/4}}].")
    return staffs


def _plain(times: int, beat: int) -> tuple[int, int]:
    """3/8 as a dotted quarter: (4, 1)."""
    share = Fraction(times, beat)
    for base in (1, 2, 4, 8, 16, 32, 64):
        for dots in (0, 1, 2):
            if length(base, dots) == share:
                return base, dots
    return beat, 0


def key_alters(key: int) -> dict[int, int]:
    """Steps that a key signature alters."""
    order = SHARPS_ORDER if key > 0 else SHARPS_ORDER[::-1]
    return {STEPS.index(step): (1 if key > 0 else -1) for step in order[: abs(key)]}


@dataclass(slots=True)
class Sounding:
    """What a head sounds by key signature and accidentals, which hold up to the next bar line."""

    key: int = 0
    held: dict[tuple[int, int], int] = field(default_factory=dict)
    tied: dict[tuple[int, int], int] = field(default_factory=dict)

    def bar(self) -> None:
        self.held.clear()

    def note(self, note: Note) -> Note:
        """`note` with the alteration that sounds."""
        place = note.step, note.octave
        over = self.tied.pop(place, None)
        if note.printed is not None:
            self.held[place] = note.printed
            alter = note.printed
        elif over is not None:
            alter = over
        else:
            alter = self.held.get(place, key_alters(self.key).get(note.step, 0))
        if note.tied:
            self.tied[place] = alter
        return replace(note, alter=alter)


def lines(sheet: Sheet) -> Iterator[str]:
    """The tune, staff by staff."""
    yield from sheet.text.splitlines()


def voices(sheet: Sheet) -> list[list[StaffReading]]:
    """Staffs that follow each other in one part: the n-th of every system, if all are alike."""
    systems: dict[int, list[StaffReading]] = {}
    for staff in sheet.staffs:
        systems.setdefault(staff.system, []).append(staff)
    sizes = {len(each) for each in systems.values()}
    if len(sizes) == 1:
        return [list(part) for part in zip(*systems.values(), strict=True)]
    return [list(sheet.staffs)]


def bars(staffs: Sequence[StaffReading]) -> list[list[Item]]:
    """The items between bar lines, over all of `staffs`; empty bars are left out."""
    found: list[list[Item]] = [[]]
    for staff in staffs:
        for item in staff.items:
            if isinstance(item, Bar):
                found.append([])
            else:
                found[-1].append(item)
        found.append([])
    return [each for each in found if any(not isinstance(item, Clef) for item in each)]
