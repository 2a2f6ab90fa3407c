import dataclasses
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from signing import LABELS, Signer

from livevision import assets, recognizers
from livevision.__main__ import main
from livevision.errors import UsageError
from livevision.frame import Event
from livevision.recognizers.signs import Options, thresholds
from livevision.recognizers.signs.evaluation import passing as fitting
from livevision.recognizers.signs.evaluation import sensitivity, spelling, strokes, variants
from livevision.recognizers.signs.evaluation.clips import Clip, Reading
from livevision.recognizers.signs.evaluation.spelling import Score
from livevision.sources import open_source
from livevision.truth import Span


def reading(signed: str, read: str, *, text: str | None = None, seconds: float = 6.0) -> Reading:
    spans = tuple(Span(label, index * 1.0, index + 0.5) for index, label in enumerate(signed))
    events = tuple(
        Event("letter", label, index, index + 0.5, 0.9, {"shown": index + 0.1})
        for index, label in enumerate(read)
    )
    clip = Clip(Path("clip.mp4"), signed, spans, signed)
    return Reading(clip, events, read if text is None else text, seconds)


def test_rates_are_edits_per_letter_and_word_signed() -> None:
    score = Score([reading("HELLO", "HELO"), reading("JAZZ", "JAZZ"), reading("CAT", "CATS")])
    assert score.character_error_rate == pytest.approx(2 / 12)
    assert score.word_error_rate == pytest.approx(2 / 3)
    assert Score([reading("CAT", "COT", text="CAT")]).word_error_rate == 0
    assert Score([]).character_error_rate is None


def test_j_and_z_are_counted_where_they_were_signed() -> None:
    score = Score([reading("JAZZ", "IAZ"), reading("ZEN", "ZEN")])
    assert score.recall("J") == 0
    assert score.recall("Z") == pytest.approx(2 / 3)
    assert Score([reading("ABC", "ABC")]).recall("Z") is None


def test_letters_where_nothing_is_signed_are_false() -> None:
    score = Score([reading("", "AB", seconds=30), reading("", "", seconds=90), reading("A", "A")])
    assert score.false_letters_per_minute == pytest.approx(1.0)
    assert Score([reading("A", "A")]).false_letters_per_minute is None
    assert score.character_error_rate == 0


def test_delays_are_from_rest_to_text_without_the_moving_letters() -> None:
    assert reading("ABC", "ABC").delays() == pytest.approx([0.1, 0.1, 0.1])
    assert reading("AJC", "AJC").delays() == pytest.approx([0.1, 0.1])
    assert reading("AXC", "AC").delays() == pytest.approx([0.1, -0.9])
    content = Score([reading("ABC", "ABC")]).record()
    assert content["delay_s"] == {"letters": 3, "median": 0.1, "p95": 0.1}


def test_the_listing_is_aligned() -> None:
    assert reading("HELLO", "HELO").listing() in (
        ("H E L L O", "H E L - O"),
        ("H E L L O", "H E - L O"),
    )


def test_words_are_counted_as_read_as_corrected_and_as_proposed() -> None:
    def word(label: str, letters: str, *others: tuple[str, float]) -> Event:
        details = {"letters": letters, "alternatives": [list(each) for each in others]}
        return Event("word", label, 0.0, 1.0, 0.9, details)

    events = [
        word("HELLO", "HEKLO", ("HEKLO", 0.05)),  # corrected unasked
        word("CUT", "CUT", ("CAT", 0.7), ("CUTS", 0.1)),  # offered: CAT
        word("DOG", "DOG", ("DIG", 0.3)),
    ]
    found = Reading.of(Clip(Path("c"), "", None, "hello cat dog"), events, "HELLO CUT DOG", 3.0)
    assert (found.as_read, found.proposed) == ("HEKLO CUT DOG", "HELLO CAT DOG")
    texts = (found.as_read, found.text, found.proposed)
    assert [found.word_errors(each) for each in texts] == [2, 1, 0]


def alone(letter: str, spans: tuple[Span, ...] | None = None) -> sensitivity.Seen:
    """A clip of a hand that holds a letter for a second."""
    signer = Signer(rate=0.5)
    signer = signer.spell("I").draw(letter) if letter in "JZ" else signer.spell(letter)
    frames = [(time, [each] if each else []) for time, each in signer.frames]
    clip = Clip(Path("signer") / f"{letter}.mp4", letter, spans, letter)
    return sensitivity.Seen(clip, LABELS, frames, frames[-1][0])


@pytest.mark.parametrize("speed", [1.0, 3.0])
def test_letters_are_joined_to_words(speed: float) -> None:
    letters = variants.singles([alone(each) for each in "CABD"])[Path("signer")]
    assert variants.missing("CABIN", letters) == "IN"
    seen = variants.joined("CABBD", letters, speed)
    assert seen.decode().letters == "CABBD"
    spans = seen.clip.spans
    assert spans is not None
    assert [span.label for span in spans] == list("CABBD")
    assert spans[1].end - spans[1].start == pytest.approx(0.64 / speed, abs=0.07)
    assert spans[-1].end == pytest.approx((5 - 0.36) / speed, abs=0.2)


def test_a_drawn_letter_is_joined_whole() -> None:
    whole = alone("J")
    letters = variants.singles([alone("A"), whole, alone("B")])[Path("signer")]
    assert "J" in variants.joined("AJB", letters, 1.0).decode().letters
    spans = variants.joined("AJB", letters, 1.0).clip.spans
    assert spans is not None
    assert spans[1].end - spans[1].start == pytest.approx(whole.seconds, abs=0.1)
    start = whole.seconds - 1.5
    told = dataclasses.replace(letters["J"].clip, spans=(Span("J", start, start + 0.8),))
    letters["J"] = dataclasses.replace(letters["J"], clip=told)
    spans = variants.joined("AJB", letters, 1.0).clip.spans
    assert spans is not None
    assert spans[1].end - spans[1].start == pytest.approx(0.8 + 2 * variants.AROUND, abs=0.07)


def test_words_that_lack_letters_are_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    seen = [alone("A"), alone("B")]
    assert [each.clip.letters for each in spelling.join(seen, ["AB", "ABC"], 2.0)] == ["AB"]
    assert "ABC is passed over: signer has no clip that shows C alone" in capsys.readouterr().err
    with pytest.raises(UsageError, match="No word can be joined"):
        spelling.join(seen, ["C"], 2.0)


def test_a_recording_is_thinned_to_its_times() -> None:
    clip = str(assets.folder("recordings") / "jawsclub.mp4")
    with variants.Thinned(open_source(clip), 3.0) as source:
        times = [frame.time for frame in source]
    assert times[0] == 0
    assert np.diff(times) == pytest.approx(1 / 3, abs=0.04)
    with variants.Thinned(open_source(clip), 1000.0) as source, open_source(clip) as whole:
        assert [frame.time for frame in source] == [frame.time for frame in whole]


@pytest.mark.parametrize("given", ["--fps=0", "--fps=x", "--speed=inf", "--join=A1"])
def test_variants_are_checked(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "spelling", "clips", given]) == 2
    assert "is not a number above 0" in (err := capsys.readouterr().err) or "A-Z" in err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recordings = assets.folder("recordings")
    shutil.copy(recordings / "jawsclub.mp4", tmp_path / "right.mp4")
    (tmp_path / "right.txt").write_text("jaws club\n")
    for name, truth in (("still.avi", {"letters": []}), ("unknown.avi", None)):
        writer = cv2.VideoWriter(
            str(tmp_path / name), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120)
        )
        for level in range(20):
            writer.write(np.full((120, 160, 3), 90 + level, np.uint8))
        writer.release()
        if truth is not None:
            (tmp_path / name).with_suffix(".json").write_text(json.dumps(truth))
    return tmp_path


@pytest.mark.long
def test_a_folder_is_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "figures.json"
    assert main(["evaluate", "spelling", str(folder), "--json", str(target)]) == 0
    content = json.loads(target.read_text())
    assert [Path(clip["file"]).name for clip in content["clips"]] == ["right.mp4", "still.avi"]
    assert content["character_error_rate"] == 0
    assert content["letters"] == 8
    assert content["words"] == 2
    assert content["word_errors"] == 2
    assert content["recall"] == {"J": 1.0, "Z": None}
    assert content["false_letters_per_minute"] == 0
    out = capsys.readouterr().out
    assert "signed  J A W S C L U B\n  read    J A W S C L U B" in out
    assert "0 errors in 8 letters" in out


def test_clips_that_cannot_be_read_are_left_out_and_counted(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "right.mp4").write_bytes(b"no video")
    target = folder / "figures.json"
    assert main(["evaluate", "spelling", str(folder), "--json", str(target)]) == 0
    content = json.loads(target.read_text())
    assert [Path(clip["file"]).name for clip in content["clips"]] == ["still.avi"]
    assert content["unreadable"] == 1
    assert "right.mp4 is not a video" in caplog.text
    assert "1 of 2 clips cannot be read: left out" in caplog.text
    (folder / "still.avi").write_bytes(b"no video")
    assert main(["evaluate", "spelling", str(folder)]) == 3
    assert "None of the clips can be read." in capsys.readouterr().err


def test_delays_are_measured_on_a_bundled_clip() -> None:
    model = recognizers.load("signs", Options(model="landmarks"))
    clip = spelling.load(assets.folder("recordings") / "jawsclub.mp4")
    found = spelling.read(clip, model)
    assert found.errors == 0
    delays = found.delays()
    assert len(delays) == 7
    assert max(delays) <= 0.3


@pytest.mark.parametrize("suffix", [".json", ".txt"])
def test_a_clip_without_truth_is_refused(tmp_path: Path, suffix: str) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    with pytest.raises(UsageError, match="truth"):
        spelling.find([clip])
    with pytest.raises(UsageError, match="truth beside it"):
        spelling.find([tmp_path])
    with pytest.raises(UsageError, match="no clip"):
        spelling.find([tmp_path / "none.mp4"])
    clip.with_suffix(suffix).write_bytes(b"\xff\xfe{")
    with pytest.raises(UsageError, match="truth file"):
        spelling.find([clip])


def test_a_truth_has_to_say_something(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    clip.with_suffix(".json").write_text("{}")
    with pytest.raises(UsageError, match="neither"):
        spelling.find([clip])


def test_each_threshold_is_moved_and_told_what_it_is_worth() -> None:
    names = ("letters.even", "letters.frames", "drawings.j.like", "text.pause")
    seen = []
    for signed in ("CAB", ""):
        signer = Signer(fps=20).spell(signed) if signed else Signer(fps=20).rest(1.0)
        frames = [(time, [each] if each else []) for time, each in signer.frames]
        clip = Clip(Path("clip.mp4"), signed, None, signed)
        seen.append(sensitivity.Seen(clip, LABELS, frames, frames[-1][0]))
    now, effects = sensitivity.measure(
        seen, each=lambda found: [each for each in found if each[0] in names]
    )
    assert (now.errors, now.false, now.changed) == (0, 0, 0)
    assert [effect.name for effect in effects] == list(names)
    assert [effect.idle for effect in effects] == [True] * 4
    slow = thresholds.changed(thresholds.DEFAULT, "letters.enough", 5.0)
    lost = sensitivity.judge(seen, slow, [each.decode(thresholds.DEFAULT) for each in seen], 5.0)
    assert (lost.errors, lost.changed) == (3, 1)


def test_every_threshold_can_be_moved() -> None:
    signer = Signer(fps=10, rate=3).spell("AB")
    frames = [(time, [each] if each else []) for time, each in signer.frames]
    seen = sensitivity.Seen(Clip(Path("clip.mp4"), "AB", None, "AB"), LABELS, frames, 1.0)
    now, effects = sensitivity.measure([seen])
    assert now.errors == 0
    assert [effect.name for effect in effects] == [name for name, _, _ in thresholds.listed()]


def test_thresholds_are_moved_by_a_quarter_within_their_bounds() -> None:
    assert sensitivity.moved(0.4, "s") == pytest.approx((0.32, 0.5))
    assert sensitivity.moved(-2.0, "nats/s") == pytest.approx((-2.5, -1.6))
    assert sensitivity.moved(0.9, "probability") == pytest.approx((0.875, 0.92))
    assert sensitivity.moved(2, "frames") == (1, 3)
    assert sensitivity.moved(0.0, "s") == (0.0, sensitivity.LEAST_STEP)
    assert len({name for name, _, _ in thresholds.listed()}) == len(list(thresholds.listed()))


def test_sensitivity_is_told_and_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "figures.json"
    clip = str(folder / "still.avi")
    assert main(["evaluate", "spelling", clip, "--sensitivity", "--json", str(target)]) == 0
    content = json.loads(target.read_text())
    names = [name for name, _, _ in thresholds.listed()]
    assert [each["threshold"] for each in content["sensitivity"]] == names
    assert content["sensitivity"][0]["up"]["clips_changed"] == 0
    out = capsys.readouterr().out
    assert "0 letters in clips without signs" in " ".join(out.split())
    assert "Without effect on these clips: motion.lag" in out


def test_what_tells_a_z_is_learnt_from_hands_that_draw() -> None:
    signer = Signer(fps=20).spell("A").draw("Z").spell("BD")
    frames = [(time, [each] if each else []) for time, each in signer.frames]
    spans = tuple(Span(*each) for each in signer.truth)
    clip = Clip(Path("clip.mp4"), "AZBD", spans, "AZBD")
    source = strokes.Source()
    strokes.add(source, sensitivity.Seen(clip, LABELS, frames, frames[-1][0]))
    assert [(each.real, set(each.true)) for each in source.tracks] == [(True, {-1, 0, 1})]
    rng = np.random.default_rng(0)
    for z in (True, False):
        for _ in range(12):
            source.tracks += strokes.tracks_of(*strokes.made_up(source.hands, rng, z=z), real=False)
    at = strokes.learn(source.tracks)
    assert at.angle < 0
    found, true, false, others = strokes.judge(source.tracks, at)
    assert found >= 0.9 * true > 0
    assert false <= 0.1 * others
    unknown = dataclasses.replace(clip, spans=None)
    strokes.add(source, sensitivity.Seen(unknown, LABELS, frames, 1.0))  # nobody knows where
    assert strokes.judge(source.tracks, at) == (found, true, false, others)


def test_what_tells_passed_letters_is_learnt_from_clips() -> None:
    signer = Signer(fps=20).spell("CABLE")
    frames = [(time, [each] if each else []) for time, each in signer.frames]
    spans = tuple(Span(*each) for each in signer.truth)
    found = fitting.examples(
        sensitivity.Seen(Clip(Path("clip.mp4"), "CABLE", spans, "CABLE"), LABELS, frames, 3.0)
    )
    assert found.features.shape == (5, len(fitting.NAMES))
    assert found.signed.tolist() == [1] * 5
    less = np.array([2, 3, 4, 0], np.float32)
    flickers = fitting.Examples(found.features - less, np.zeros(5, np.float32))
    at = fitting.learn(found.of([flickers]))
    assert fitting.judge(found.of([flickers]), at) == (0, 0)
    assert at.greater > 0
    assert at.odds > 0
