"""The recogniser: a sheet is read beside the stream, shown when sure, told when it is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Indel

from livevision.frame import Box, Detection, Event, Findings, Frame, Steps
from livevision.recognizers.beside import Answer, Beside
from livevision.recognizers.notes import Options, grid
from livevision.recognizers.notes.methods import Reads, reader
from livevision.recognizers.notes.reader import Reading
from livevision.recognizers.notes.score import Note
from livevision.recognizers.notes.staffs import Staff
from livevision.recognizers.recognizer import Model, Session
from livevision.stages import grayscale

EVERY = 0.5
"""Seconds of the stream between two readings: a sheet is held for longer than that."""
ALIKE = 0.6
"""Two readings with this share of their notes in common are of the same sheet (0 to 1)."""
FEW = 6
"""With fewer notes than this a single reading is not believed,"""
SURE = 0.9
"""nor if their mean probability is less than this: a second one must agree."""
GONE = 2.0
"""Seconds without a reading after which the sheet is gone."""


class NoteModel(Model):
    """What reads sheets, shared by all streams."""

    def __init__(self, options: Options, models: Path) -> None:
        """Raise ModelError if a file of the model is missing or damaged."""
        self._reads = reader(options.method, models, sure=options.threshold)

    def session(self, *, live: bool = False) -> "NoteSession":
        return NoteSession(self._reads)


@dataclass(slots=True)
class _Held:
    """The sheet before the camera."""

    best: Reading
    worth: float
    start: float
    end: float


class NoteSession(Session):
    """One stream: which sheet is held up, since when, and its best reading so far."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._beside = Beside(self._read, delay=0.0, every=EVERY, name="notes")
        self._doubted: Reading | None = None
        """Read once, not yet believed."""
        self._held: _Held | None = None
        self._shown: Reading | None = None
        self._text = ""

    def recognize(self, frame: Frame) -> Findings:
        answer = self._beside.look(frame)
        events = self._take(answer) if answer is not None else ()
        return self._findings(events)

    def finish(self) -> Findings:
        answer = self._beside.finish()
        events = self._take(answer) if answer is not None else ()
        self._shown = None
        return self._findings((*events, *self._end()))

    def command(self, name: str) -> None:
        if name == "clear":
            self._text = ""

    def close(self) -> None:
        self._beside.close()

    def _read(self, frame: Frame) -> Reading:
        return self._reads.read(grayscale(frame.image))

    def _take(self, answer: Answer[Reading]) -> tuple[Event, ...]:
        reading, time = answer.value, answer.frame.time
        notes = reading.sheet.notes
        events: tuple[Event, ...] = ()
        if self._held is not None and time - self._held.end > GONE:
            events = self._end()
        if not notes:
            self._doubted = self._shown = None
            return events
        held = self._held
        known = held is not None and alike(held.best, reading)
        agrees = self._doubted is not None and alike(self._doubted, reading)
        if not known and not agrees and not _sure(notes):
            self._doubted, self._shown = reading, None
            return events
        self._doubted = None
        worth = sum(note.confidence for note in notes)
        if held is not None and known:
            held.end = time
            if worth > held.worth:
                held.best, held.worth = reading, worth
        else:
            events = (*events, *self._end())
            self._held = held = _Held(reading, worth, time, time)
        self._shown = reading
        self._text = held.best.sheet.text
        return events

    def _end(self) -> tuple[Event, ...]:
        """The sheet is gone: its tune."""
        held, self._held = self._held, None
        if held is None:
            return ()
        sheet = held.best.sheet
        notes = sheet.notes
        details: dict[str, object] = {
            "notes": len(notes),
            "staffs": [
                {
                    "clef": f"{staff.clef.shape}{staff.clef.line}",
                    "key": staff.key,
                    "meter": None if staff.meter is None else "{}/{}".format(*staff.meter),
                    "system": staff.system,
                    "tune": " ".join("+".join(note.text for note in each) for each in staff.chords),
                }
                for staff in sheet.staffs
            ],
        }
        mean = float(np.mean([note.confidence for note in notes]))
        label = sheet.text.replace("\n", " ")
        return (Event("tune", label, held.start, held.end, mean, details),)

    def _findings(self, events: tuple[Event, ...]) -> Findings:
        shown = self._shown
        if shown is None:
            return Findings(events=events, text=self._text)
        detections = [_staff(staff) for staff in shown.staffs]
        detections += [_note(note) for note in shown.sheet.notes]
        return Findings(
            tuple(detections),
            events,
            self._text,
            Steps(
                lambda: [
                    (f"staff {n}", np.bitwise_not(s.image)) for n, s in enumerate(shown.staffs, 1)
                ]
            ),
        )


def alike(one: Reading, other: Reading) -> bool:
    """Whether two readings are of the same sheet: most notes of the shorter are in the longer."""
    first = [note.number for note in one.sheet.notes]
    second = [note.number for note in other.sheet.notes]
    shorter = min(len(first), len(second))
    if not shorter:
        return False
    common = (len(first) + len(second) - Indel.distance(first, second)) / 2
    return bool(common / shorter >= ALIKE)


def _sure(notes: Sequence[Note]) -> bool:
    return len(notes) >= FEW and float(np.mean([note.confidence for note in notes])) >= SURE


def _staff(staff: Staff) -> Detection:
    corners = [
        staff.point(x, grid.height_of(position))
        for x in (staff.begin, staff.end)
        for position in (0, 8)
    ]
    points = np.array(corners, np.float32)
    return Detection("staff", Box.around(points), confidence=1.0)


def _note(note: Note) -> Detection:
    half = 0.6 * note.space
    box = Box(
        round(note.x - half), round(note.y - half), round(note.x + half), round(note.y + half)
    )
    return Detection("note", box, note.text, note.confidence)
