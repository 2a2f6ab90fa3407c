"""Writes a sheet as MIDI, MusicXML, ABC or sound."""

import io
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from livevision import files
from livevision.errors import UsageError
from livevision.recognizers.notes.score import (
    STEPS,
    Bar,
    Chord,
    Clef,
    Item,
    Note,
    Rest,
    Sheet,
    StaffReading,
    bars,
    voices,
)

TEMPO = 100.0
"""Quarters a minute, unless somebody says otherwise: no tempo is read."""
_WHOLE = 4
"""Quarters."""
_TICKS = 480
"""MIDI ticks a quarter: divisible by every dotted duration down to a 64th."""
_VELOCITY = 80
_DIVISIONS = 64
"""MusicXML's units a quarter: a 64th with two dots is seven of them."""
_TYPES = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd", 64: "64th"}
_PRINTED = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_ABC_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_ABC_KEYS = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
_ABC_CLEFS = {"G": "treble", "F": "bass"}
_C_CLEFS = {1: "soprano", 2: "mezzosoprano", 3: "alto", 4: "tenor", 5: "baritone"}
RATE = 44_100
"""Samples a second of the sound."""
_PARTIALS = (1.0, 0.5, 0.28, 0.14, 0.08)
"""Strengths of a tone and its overtones: something between a flute and an organ."""
_ATTACK, _DECAY = 0.01, 1.2
"""Seconds in which a tone rises, and in which it falls to a third."""
_RELEASE = 0.06
_LOUD = 0.8
"""Highest sample, of 1."""
_A4, _A4_FREQUENCY = 69, 440.0


@dataclass(frozen=True, slots=True)
class Tone:
    """A note in time, in whole notes from the beginning."""

    number: int
    """MIDI's."""
    start: Fraction
    length: Fraction
    part: int = 0


def tones(sheet: Sheet) -> list[Tone]:
    """What sounds when: staffs of a system together, systems one after the other; ties joined."""
    found: list[Tone] = []
    for part, staffs in enumerate(voices(sheet)):
        now = Fraction(0)
        held: dict[int, Tone] = {}
        meter = next((staff.meter for staff in staffs if staff.meter), None)
        for staff in staffs:
            for item in staff.items:
                if isinstance(item, Rest):
                    now += _rest(item, meter)
                if not isinstance(item, tuple):
                    continue
                for note in item:
                    before = held.pop(note.number, None)
                    tone = Tone(note.number, now, note.length, part)
                    if before is not None and before.start + before.length == now:
                        found.remove(before)
                        tone = Tone(note.number, before.start, before.length + note.length, part)
                    found.append(tone)
                    if note.tied:
                        held[note.number] = tone
                now += min(note.length for note in item)
    return sorted(found, key=lambda tone: (tone.start, tone.part, tone.number))


def _rest(rest: Rest, meter: tuple[int, int] | None) -> Fraction:
    return Fraction(*meter) if rest.whole_bar and meter else rest.length


def midi(sheet: Sheet, *, tempo: float = TEMPO) -> bytes:
    """A standard MIDI file, a track a part."""
    import mido

    file = mido.MidiFile(ticks_per_beat=_TICKS)
    for part in sorted({tone.part for tone in tones(sheet)} or {0}):
        track = mido.MidiTrack()
        file.tracks.append(track)
        if part == 0:
            track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
        changes = []
        for tone in tones(sheet):
            if tone.part == part and 0 <= tone.number <= 127:
                begin = round(tone.start * _WHOLE * _TICKS)
                end = round((tone.start + tone.length) * _WHOLE * _TICKS)
                changes += [(end, "note_off", tone.number), (begin, "note_on", tone.number)]
        now = 0
        for at, kind, number in sorted(changes):
            track.append(mido.Message(kind, note=number, velocity=_VELOCITY, time=at - now))
            now = at
    buffer = io.BytesIO()
    file.save(file=buffer)
    return bytes(buffer.getvalue())


def musicxml(sheet: Sheet) -> bytes:
    """A MusicXML 4.0 partwise score."""
    root = Element("score-partwise", version="4.0")
    listing = SubElement(root, "part-list")
    parts = voices(sheet) if sheet.staffs else []
    for number, staffs in enumerate(parts, 1):
        entry = SubElement(listing, "score-part", id=f"P{number}")
        SubElement(entry, "part-name").text = f"Staff {number}"
        part = SubElement(root, "part", id=f"P{number}")
        count = 0
        before: StaffReading | None = None
        for staff in staffs:
            for index, items in enumerate(bars([staff])):
                count += 1
                measure = SubElement(part, "measure", number=str(count))
                if index == 0:
                    if before is not None:
                        SubElement(measure, "print", {"new-system": "yes"})
                    _attributes(measure, staff, before)
                    before = staff
                for item in items:
                    _write(measure, item, staff.meter)
    ElementTree.indent(root)
    head = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
        b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
    )
    body: bytes = ElementTree.tostring(root, encoding="utf-8")
    return head + body + b"\n"


def _attributes(measure: Element, staff: StaffReading, before: StaffReading | None) -> None:
    attributes = SubElement(measure, "attributes")
    if before is None:
        SubElement(attributes, "divisions").text = str(_DIVISIONS)
    if before is None or before.key != staff.key:
        SubElement(SubElement(attributes, "key"), "fifths").text = str(staff.key)
    if staff.meter and (before is None or before.meter != staff.meter):
        time = SubElement(attributes, "time")
        SubElement(time, "beats").text, SubElement(time, "beat-type").text = map(str, staff.meter)
    if before is None or before.clef != staff.clef:
        _clef(attributes, staff.clef)


def _clef(attributes: Element, clef: Clef) -> None:
    element = SubElement(attributes, "clef")
    SubElement(element, "sign").text = clef.shape
    SubElement(element, "line").text = str(clef.line)


def _write(measure: Element, item: Item, meter: tuple[int, int] | None) -> None:
    if isinstance(item, Clef):
        _clef(SubElement(measure, "attributes"), item)
    elif isinstance(item, Rest):
        element = SubElement(measure, "note")
        rest = SubElement(element, "rest")
        _duration(element, _rest(item, meter))
        if item.whole_bar:
            rest.set("measure", "yes")
        else:
            _kind(element, item)
    elif isinstance(item, tuple):
        for index, note in enumerate(item):
            element = SubElement(measure, "note")
            if index:
                SubElement(element, "chord")
            pitch = SubElement(element, "pitch")
            SubElement(pitch, "step").text = STEPS[note.step]
            if note.alter:
                SubElement(pitch, "alter").text = str(note.alter)
            SubElement(pitch, "octave").text = str(note.octave)
            _duration(element, note.length)
            if note.tied:
                SubElement(element, "tie", type="start")
            _kind(element, note)
            if note.printed is not None:
                SubElement(element, "accidental").text = _PRINTED[note.printed]
            if note.tied:
                SubElement(SubElement(element, "notations"), "tied", type="start")


def _duration(element: Element, share: Fraction) -> None:
    SubElement(element, "duration").text = str(max(1, round(share * _WHOLE * _DIVISIONS)))


def _kind(element: Element, item: Note | Rest) -> None:
    SubElement(element, "type").text = _TYPES[item.beat]
    for _ in range(item.dots):
        SubElement(element, "dot")


def abc(sheet: Sheet, *, title: str = "") -> str:
    """ABC notation 2.1: key signatures and accidentals as printed, a line a staff."""
    parts = voices(sheet) if sheet.staffs else []
    first = sheet.staffs[0] if sheet.staffs else StaffReading(())
    meter = f"{first.meter[0]}/{first.meter[1]}" if first.meter else "none"
    lines = ["X:1", f"T:{title or 'read from a sheet'}", f"M:{meter}", "L:1/8"]
    lines.append(f"K:{_abc_key(first)}")
    for number, staffs in enumerate(parts, 1):
        if len(parts) > 1:
            lines.append(f"V:{number} clef={_abc_clef(staffs[0].clef)}")
        before = first
        for staff in staffs:
            if _abc_key(staff) != _abc_key(before):
                lines.append(f"K:{_abc_key(staff)}")
            before = staff
            lines.append(" ".join(_abc_items(staff)))
    return "\n".join(lines) + "\n"


def _abc_key(staff: StaffReading) -> str:
    return f"{_ABC_KEYS[staff.key + 7]} clef={_abc_clef(staff.clef)}"


def _abc_clef(clef: Clef) -> str:
    return _ABC_CLEFS.get(clef.shape) or _C_CLEFS[clef.line]


def _abc_items(staff: StaffReading) -> Iterable[str]:
    for item in staff.items:
        if isinstance(item, Bar):
            yield "|"
        elif isinstance(item, Clef):
            yield f"[K:clef={_abc_clef(item)}]"
        elif isinstance(item, Rest):
            yield f"z{_abc_length(_rest(item, staff.meter))}"
        else:
            yield _abc_chord(item)


def _abc_chord(chord: Chord) -> str:
    names = [_abc_note(note) for note in chord]
    lengths = {note.length for note in chord}
    if len(names) == 1:
        return names[0] + _abc_length(chord[0].length) + "-" * chord[0].tied
    ties = ["-" * note.tied for note in chord]
    if len(lengths) == 1:
        inner = "".join(name + tie for name, tie in zip(names, ties, strict=True))
        return f"[{inner}]{_abc_length(chord[0].length)}"
    whole = (n + _abc_length(c.length) + t for n, c, t in zip(names, chord, ties, strict=True))
    return f"[{''.join(whole)}]"


def _abc_note(note: Note) -> str:
    sign = "" if note.printed is None else _ABC_SIGNS[note.printed]
    letter = STEPS[note.step]
    if note.octave >= 5:
        return sign + letter.lower() + "'" * (note.octave - 5)
    return sign + letter + "," * (4 - note.octave)


def _abc_length(share: Fraction) -> str:
    units = share * 8
    if units == 1:
        return ""
    return (
        str(units.numerator) if units.denominator == 1 else f"{units.numerator}/{units.denominator}"
    )


def sound(sheet: Sheet, *, tempo: float = TEMPO) -> NDArray[np.int16]:
    """The tune as samples, RATE a second: each note a few overtones that fade."""
    seconds = float(_WHOLE * 60 / tempo)
    played = tones(sheet)
    end = max((float(tone.start + tone.length) for tone in played), default=0.0) * seconds
    samples = np.zeros(int((end + _RELEASE) * RATE) + 1, np.float32)
    for tone in played:
        begin = int(float(tone.start) * seconds * RATE)
        made = _tone(tone.number, float(tone.length) * seconds)
        samples[begin : begin + len(made)] += made[: len(samples) - begin]
    loudest = float(np.abs(samples).max(initial=0))
    if loudest:
        samples *= _LOUD / loudest
    return np.asarray(samples * np.iinfo(np.int16).max, np.int16)


def _tone(number: int, seconds: float) -> NDArray[np.float32]:
    time = np.arange(int((seconds + _RELEASE) * RATE), dtype=np.float32) / RATE
    frequency = _A4_FREQUENCY * 2 ** ((number - _A4) / 12)
    wanted = [(n, s) for n, s in enumerate(_PARTIALS, 1) if n * frequency < RATE / 2]
    wave_ = sum((s * np.sin(2 * np.pi * n * frequency * time) for n, s in wanted), np.zeros(1))
    envelope = np.minimum(time / _ATTACK, 1) * np.exp(-time / _DECAY)
    envelope *= np.clip((seconds + _RELEASE - time) / _RELEASE, 0, 1)
    return np.asarray(wave_ * envelope, np.float32)


def wav(sheet: Sheet, *, tempo: float = TEMPO) -> bytes:
    """The tune as a WAV file, one channel, 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound(sheet, tempo=tempo).astype("<i2").tobytes())
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Sheet, float], bytes]] = {
    ".mid": lambda sheet, tempo: midi(sheet, tempo=tempo),
    ".midi": lambda sheet, tempo: midi(sheet, tempo=tempo),
    ".musicxml": lambda sheet, _: musicxml(sheet),
    ".xml": lambda sheet, _: musicxml(sheet),
    ".abc": lambda sheet, _: abc(sheet).encode(),
    ".wav": lambda sheet, tempo: wav(sheet, tempo=tempo),
    ".txt": lambda sheet, _: sheet.guido.encode(),
}
"""What each ending of a file stands for."""


def check(paths: Sequence[Path]) -> None:
    """Raise UsageError for a file whose ending stands for nothing."""
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise UsageError(
                f"Music is written as {', '.join(sorted(FORMATS))}: name it {path.stem}.mid, "
                f"not {path.name}."
            )


def save(sheet: Sheet, path: Path, *, tempo: float = TEMPO) -> None:
    """Write `sheet` in the format of the file's ending."""
    check([path])
    files.replace_bytes(path, FORMATS[path.suffix.lower()](sheet, tempo))
