"""Sheet music: from the text of a tune to a sheet before a camera."""

import io
import json
import shutil
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import cv2
import mido
import numpy as np
import pytest

from livevision import assets
from livevision.__main__ import main
from livevision.errors import ModelError, UsageError
from livevision.frame import Event, Frame, Image
from livevision.recognizers.notes import Options, export, grid, reading, staffs
from livevision.recognizers.notes.cells import OUTPUTS, Symbol, symbols
from livevision.recognizers.notes.evaluation.comparing import Comparison, compare
from livevision.recognizers.notes.methods import reader
from livevision.recognizers.notes.reader import _agreed
from livevision.recognizers.notes.recognizer import NoteModel
from livevision.recognizers.notes.score import (
    Bar,
    Clef,
    Note,
    Rest,
    Sheet,
    StaffReading,
    length,
    parse,
)
from livevision.recognizers.notes.symbols import SYMBOLS
from livevision.recognizers.notes.training import clip

SHEET = assets.folder("recordings") / "notes.png"
SIMPLE = Path(__file__).parents[2] / "shared/data/seeds/notes/simple"


def bundled() -> Image:
    return np.asarray(cv2.imread(str(SHEET), cv2.IMREAD_GRAYSCALE))


@pytest.fixture(scope="module")
def model() -> NoteModel:
    return NoteModel(Options(), assets.folder("models") / "notes")


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return reader("network").read(bundled()).sheet


def test_truth_files_are_read() -> None:
    (first, second) = parse('{ [ \\meter<"4/4">d1/4 e#2/8. {e1/4,g&&1/4} _/4 ] [ c*3/8 d] }')
    assert [each.text for chord in first for each in chord] == [
        "D4/4", "E#5/8.", "E4/4", "Gbb4/4",
    ]  # fmt: skip
    assert len(first) == 3
    assert second[0][0].length == Fraction(3, 8)
    assert parse("[ d1/4 {e1/8,g1/8}]") == parse(
        Sheet((StaffReading(tuple(parse("[ d1/4 {e1/8,g1/8}]")[0])),)).guido
    )


def test_a_sheet_seen_from_aside_is_read_as_from_above(sheet: Sheet) -> None:
    seen = bundled()
    lean = np.array([[1.0, 0.3, 0.0], [0.02, 1.0, 0.0]])
    size = (int(seen.shape[1] + 0.3 * seen.shape[0]), seen.shape[0] + 40)
    aside = cv2.warpAffine(seen, lean, size, flags=cv2.INTER_AREA, borderValue=(255,))
    read = reader("network").read(np.asarray(aside)).sheet
    assert [each.text for each in read.notes] == [each.text for each in sheet.notes]


def test_a_doubtful_clef_gives_way_to_its_parts() -> None:
    def clefs(*chances: float) -> list[Symbol]:
        names = (("clef G", 2), ("clef F", 6))
        found = [Symbol(n, 20.0, p, c) for (n, p), c in zip(names, chances, strict=True)]
        return sorted(found, key=lambda each: -each.probability)

    sure, doubted, other = clefs(0.0, 0.99), clefs(0.7, 0.1), clefs(0.98, 0.1)
    treble = clefs(1.0, 0.0)
    openings = [treble, sure, treble, sure, treble, doubted]
    assert [each and each.name for each in _agreed(openings, [0, 1] * 3)] == [
        "clef G", "clef F",
    ] * 3  # fmt: skip
    changed = [treble, sure, treble, sure, treble, other]  # a part may really change its clef
    assert [each and each.name for each in _agreed(changed, [0, 1] * 3)][-1] == "clef G"
    assert _agreed([doubted, []], [0, 0]) == [doubted[0], None]


@pytest.mark.parametrize("text", ["", "[ k1/4 ]", "[ d1/4 & ]"])
def test_bad_truth_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_dots_lengthen() -> None:
    assert length(4, 0) == Fraction(1, 4)
    assert length(4, 1) == Fraction(3, 8)
    assert length(4, 2) == Fraction(7, 16)


def test_comparison_counts_missing_and_extra_notes() -> None:
    truth = parse("[ c1/4 d1/4 e1/4 f1/4 ]")
    assert compare(truth, truth).shares()["found"] == 1
    (read,) = parse("[ c1/4 d1/8 f1/4 g2/16 ]")
    read[2] = (replace(read[2][0], alter=1, printed=1),)
    other = compare(truth, [read])
    assert (other.there, other.read, other.found) == (4, 4, 3)
    assert (other.heights, other.pitches, other.beats) == (3, 2, 2)
    assert other.shares()["false"] == 0.25
    assert compare(truth, []).shares() == {
        "found": 0.0, "pitch": None, "beat": None, "false": 0.0, "height": None, "right": 0.0,
    }  # fmt: skip


def test_comparison_takes_printed_or_sounding_accidentals_for_a_whole_file() -> None:
    read = [[(Note(3, 4, alter=1),), (Note(0, 4, alter=1, printed=1),)]]
    assert compare(parse("[ f#1/4 c#1/4 ]"), read).pitches == 2
    assert compare(parse("[ f1/4 c#1/4 ]"), read).pitches == 2
    assert compare(parse("[ f1/4 c1/4 ]"), read).pitches == 1


def test_dots_count_only_where_truth_writes_them() -> None:
    read = [[(Note(0, 4, dots=1),), (Note(1, 4),)]]
    assert compare(parse("[ c1/4 d1/4 ]"), read).beats == 2
    assert compare(parse("[ c1/4. d1/4 ]"), read).beats == 2
    assert compare(parse("[ c1/4 d1/4. ]"), read).beats == 0


def straight() -> staffs.Staff:
    (first, *_) = staffs.find(bundled())
    return first


def marks(*found: tuple[str, float, int]) -> list[Symbol]:
    return [Symbol(name, x * grid.SPACE, position, 1.0) for name, x, position in found]


def test_key_accidentals_and_bars() -> None:
    read = reading.read(
        straight(),
        marks(
            ("clef G", 4, 2), ("sharp", 6.5, 8), ("sharp", 7.5, 5), ("filled", 12, 8),
            ("natural", 15, 8), ("filled", 17, 8), ("filled", 20, 8), ("bar", 22, 4),
            ("filled", 24, 8), ("rest 4", 26, 4),
        ),
    )  # fmt: skip
    assert read.key == 2
    assert [note.name for chord in read.chords for note in chord] == ["F#5", "F5", "F5", "F#5"]
    assert [type(item) for item in read.items[-2:]] == [tuple, Rest]


def test_clefs_say_where_a_note_is() -> None:
    for name, position, expected in (
        ("clef G", 2, "E4"), ("clef F", 6, "G2"), ("clef C", 4, "F3"), ("clef C", 6, "D3"),
    ):  # fmt: skip
        read = reading.read(straight(), marks((name, 4, position), ("filled", 10, 0)))
        assert read.chords[0][0].name == expected


def test_seconds_and_octaves_sound_together() -> None:
    read = reading.read(
        straight(), marks(("filled", 10, 0), ("filled", 11.2, 1), ("filled", 10, 7), ("bar", 20, 4))
    )
    assert [len(chord) for chord in read.chords] == [3]


def test_cells_become_symbols_once() -> None:
    cells = np.zeros((grid.ROWS, 40, OUTPUTS), np.float32)
    cells[..., 0] = 9
    row = grid.HIGHEST - 3
    for column in (10, 11):
        cells[row, column, SYMBOLS.index("filled")] = 15
        cells[row, column, len(SYMBOLS) + 2] = 5
    (found,) = symbols(cells)
    assert (found.name, found.position, found.flags) == ("filled", 3, 2)
    assert found.x == pytest.approx(11 * grid.CELL, abs=1)


@pytest.mark.parametrize("angle", [0, 6, -14])
def test_staffs_are_found_however_the_sheet_is_turned(angle: float) -> None:
    grey = np.pad(bundled(), 150, constant_values=255)
    rows, columns = grey.shape
    there = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1)
    turned = cv2.warpAffine(grey, there, (columns, rows), borderValue=(255.0,))
    found = staffs.find(np.asarray(turned, np.uint8))
    assert len(found) == 3
    for staff in found:
        assert staff.space == pytest.approx(12, rel=0.03)
        # the five lines of the straightened staff lie where the grid has them
        rows_of_ink = staff.image[:, staff.begin : staff.end].mean(axis=1)
        for line in range(0, 9, 2):
            y = round(grid.height_of(line) - 0.5)
            assert rows_of_ink[y - 1 : y + 2].max() > rows_of_ink[y + 3 : y + 5].min()


def test_beams_and_ledger_lines_are_no_lines_of_a_staff() -> None:
    grey = np.full((300, 900), 255, np.uint8)
    for line in range(5):
        cv2.line(grey, (20, 120 + 10 * line), (880, 120 + 10 * line), (0,), 1)
    for beam in range(4):  # below the staff, as of 64ths, as far apart as the lines
        cv2.line(grey, (200, 170 + 10 * beam), (620, 170 + 10 * beam), (0,), 3)
    for ledger in range(3):
        cv2.line(grey, (640, 110 - 10 * ledger), (760, 110 - 10 * ledger), (0,), 1)
    (found,) = staffs.find(grey)
    _, bottom = found.point(400, grid.height_of(0))
    assert bottom == pytest.approx(160, abs=1.5)


def test_a_signature_with_a_missing_sign_is_read() -> None:
    # F, C, D sharp: G, the third, was not seen
    signs = [
        Symbol("sharp", 40.0 + 9 * place, position, 0.9) for place, position in enumerate((8, 5, 6))
    ]
    head = Symbol("filled", 120.0, 4, 0.9)
    key, used = reading._key([*signs, head], 20.0, Clef())
    assert key == 4
    assert used == signs


def test_pictures_without_staffs_have_none() -> None:
    rng = np.random.default_rng(3)
    assert staffs.find(np.full((480, 640), 200, np.uint8)) == []
    assert staffs.find(rng.integers(0, 255, (480, 640)).astype(np.uint8)) == []
    stripes = np.tile(np.repeat([230, 60], [10, 3]).astype(np.uint8), 40)[:480]
    assert reader("network").read(np.repeat(stripes[:, None], 640, 1)).sheet.notes == []


def test_the_bundled_sheet_is_read(sheet: Sheet) -> None:
    truth = parse(SHEET.with_suffix(".txt").read_text())
    counts = compare(truth, [staff.chords for staff in sheet.staffs])
    assert counts.right == counts.there == counts.read == 44
    assert {staff.key for staff in sheet.staffs} == {2}
    assert sheet.staffs[0].meter == (4, 4)
    assert sheet.staffs[0].clef == Clef("G", 2)
    assert sheet.text.startswith("D4/4 F#4/8 A4/8 D5/4 C#5/8. B4/16 A4/2")


def test_midi(sheet: Sheet) -> None:
    file = mido.MidiFile(file=io.BytesIO(export.midi(sheet, tempo=120)))
    played = [each.note for each in file.tracks[0] if each.type == "note_on"]
    assert sorted(played) == sorted(note.number for note in sheet.notes)
    # nine bars of four quarters, the last with its whole note
    assert file.length == pytest.approx(9 * 4 * 0.5, abs=0.01)


def test_musicxml(sheet: Sheet) -> None:
    root = ElementTree.fromstring(export.musicxml(sheet))
    measures = root.findall("part/measure")
    assert len(measures) == 9
    assert root.findtext("part/measure/attributes/key/fifths") == "2"
    assert len(root.findall("part/measure/note/pitch")) == 44
    assert len(root.findall("part/measure/note/rest")) == 2
    for measure in measures:
        lengths = [
            int(note.findtext("duration") or 0)
            for note in measure.findall("note")
            if note.find("chord") is None
        ]
        assert sum(lengths) == 4 * 64


def test_abc(sheet: Sheet) -> None:
    text = export.abc(sheet)
    assert "M:4/4\n" in text
    assert "K:D clef=treble" in text
    assert "D2 F A d2 c3/2 B1/2 | A4 F2 z2 |" in text


def test_ties_are_held_and_systems_sound_together() -> None:
    tied = Note(0, 4, tied=True), Note(0, 4)
    upper = StaffReading(((tied[0],), Bar(), (tied[1],)), system=0)
    lower = StaffReading(((Note(0, 3, beat=1),), Rest(2)), Clef("F", 4), system=0)
    tones = export.tones(Sheet((upper, lower)))
    assert [(t.number, t.start, t.length) for t in tones] == [
        (60, Fraction(0), Fraction(1, 2)), (48, Fraction(0), Fraction(1)),
    ]  # fmt: skip


def test_sound(sheet: Sheet) -> None:
    with wave.open(io.BytesIO(export.wav(sheet, tempo=240))) as file:
        seconds = file.getnframes() / file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert seconds == pytest.approx(9, abs=0.2)
    assert 20_000 < np.abs(samples.astype(int)).max() < 32_768
    # the first note, D4, is what sounds first
    first = np.abs(np.fft.rfft(samples[: export.RATE // 5]))
    assert first.argmax() * 5 == pytest.approx(293.7, abs=6)


@pytest.mark.long
def test_a_held_sheet_becomes_one_tune(model: NoteModel) -> None:
    session = model.session()
    events: list[Event] = []
    texts, shown = [], 0
    # four pictures a second: each is worked on
    for index, picture in enumerate(clip.frames(bundled(), 20)):
        found = session.recognize(Frame(picture, index, index / 4))
        events += found.events
        texts.append(found.text)
        shown += any(each.kind == "note" for each in found.detections)
    events += session.finish().events
    session.close()
    assert texts[0] == ""
    assert shown > 5
    assert [event.kind for event in events] == ["tune"]
    read = parse("[" + " ".join(f"{n}" for n in _as_truth(str(texts[-1]))) + "]")
    counts = compare(parse(SHEET.with_suffix(".txt").read_text()), read)
    assert counts.right >= 42


def _as_truth(text: str) -> list[str]:
    words = []
    for word in text.split():
        names, _, beat = word.partition("/")
        notes = [
            f"{name[0].lower()}{name[1:-1].replace('b', '&')}{int(name[-1]) - 3}/{beat}"
            for name in names.split("+")
        ]
        words.append("{" + ",".join(notes) + "}")
    return words


def test_an_empty_stream_says_nothing(model: NoteModel) -> None:
    session = model.session()
    picture = np.full((240, 320, 3), 120, np.uint8)
    for index in range(3):
        found = session.recognize(Frame(picture, index, index * 1.0))
        assert (found.text, found.detections, found.events) == ("", (), ())
    assert session.finish().events == ()
    session.close()


def test_evaluation_writes_its_shares(tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    folder.mkdir()
    shutil.copy(SHEET, folder / "one.png")
    shutil.copy(SHEET.with_suffix(".txt"), folder / "one.txt")
    (folder / "two.png").write_bytes(b"rubbish")
    shutil.copy(SHEET.with_suffix(".txt"), folder / "two.txt")
    report = tmp_path / "notes.json"
    assert main(["evaluate", "notes", str(folder), "--json", str(report)]) == 0
    content = json.loads(report.read_text())
    assert [content[key] for key in ("found", "pitch", "beat", "false")] == [1, 1, 1, 0]
    assert content["unreadable"] == 1


def test_evaluation_without_truth_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "notes", str(tmp_path)]) == 2
    assert "NAME.txt" in capsys.readouterr().err


def test_the_command_writes_music(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [tmp_path / f"tune{ending}" for ending in (".mid", ".musicxml", ".abc", ".txt")]
    words = [word for path in outputs for word in ("--output", str(path))]
    assert main(["notes", str(SHEET), *words]) == 0
    assert all(path.stat().st_size > 100 for path in outputs)
    assert "F#4/8" in capsys.readouterr().out
    assert main(["notes", str(SHEET), "--output", str(tmp_path / "tune.ogg")]) == 2


def test_the_classic_chain_reads_level_sheets() -> None:
    read = reader("classic").read(bundled()).sheet
    truth = parse(SHEET.with_suffix(".txt").read_text())
    shares = compare(truth, [staff.chords for staff in read.staffs]).shares()
    assert (shares["found"] or 0) > 0.8
    assert (shares["height"] or 0) > 0.9


def test_a_damaged_network_is_told(tmp_path: Path) -> None:
    shutil.copytree(assets.folder("models") / "notes", tmp_path / "notes")
    (tmp_path / "notes" / "staff.tflite").write_bytes(b"nothing")
    with pytest.raises(ModelError):
        NoteModel(Options(), tmp_path / "notes")


@pytest.mark.skipif(not SIMPLE.is_dir(), reason="needs ../shared/data")
def test_simple_sheets_are_read_without_an_error() -> None:
    # two beats are wrong in the truth: 01's second last g and 02's last c have two flags, not 3, 1
    from livevision.recognizers.notes.evaluation.notes import evaluate, find

    counts = [outcome.comparison for outcome in evaluate(find(SIMPLE), "network")]
    total = sum(counts, Comparison())
    assert total.there == total.read == total.found == total.heights == 82
    assert total.pitches == 82
    assert total.beats >= 80
