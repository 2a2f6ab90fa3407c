"""The bundled recordings through the very code that reads a camera."""

import json
from pathlib import Path
from typing import Any

import pytest

from livevision import __main__ as cli
from livevision import assets, plugins, replaying, truth
from livevision.errors import SourceError

CLIPS = sorted(assets.folder("recordings").glob("*.mp4"))


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def replay(clip: Path, target: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code = cli.main(["replay", str(clip), "--json", str(target), *words])
    content = json.loads(target.read_text(encoding="utf-8"))
    assert content["schema"] == 2
    (entry,) = content["clips"]
    return code, entry


def test_there_are_recordings_and_each_has_its_truth() -> None:
    assert len(CLIPS) >= 3
    for clip in CLIPS:
        assert any(truth.read(clip.with_suffix(".json")).events.values())


# the longest clip, an alphabet, only at length
READ = [
    pytest.param(clip, id=clip.stem, marks=[pytest.mark.long] * (clip.stem == "alphabet"))
    for clip in CLIPS
]


@pytest.mark.parametrize("clip", READ)
def test_a_recording_is_read_as_its_truth_says(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = clip.with_suffix(".json")
    there = {kind for kind, spans in truth.read(expected).events.items() if spans}
    switches = [
        f"--{name}" if there & {kind.name for kind in plugin.kinds} else f"--no-{name}"
        for name, plugin in plugins.recognizers().items()
    ]
    code, entry = replay(clip, tmp_path / "read.json", "--expect", str(expected), *switches)
    assert code == 0, capsys.readouterr().err
    assert entry["run"]["dropped"] == 0
    assert entry["frame_count"] >= 60


@pytest.mark.long
def test_two_runs_give_the_same_answer(tmp_path: Path) -> None:
    words = ("--max-frames", "60")
    _, first = replay(CLIPS[0], tmp_path / "1.json", *words)
    _, second = replay(CLIPS[0], tmp_path / "2.json", *words)
    assert first.pop("run")["fps"] > 0
    assert second.pop("run")["fps"] > 0
    assert json.dumps(first) == json.dumps(second)


def test_a_wrong_truth_is_told_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "truth.json"
    wrong.write_text(json.dumps({"letters": [{"letter": "Q", "start": 0.0, "end": 1.0}]}))
    code, _ = replay(CLIPS[0], tmp_path / "read.json", "--expect", str(wrong), "--max-frames", "60")
    assert code == 1
    assert "letters: Q at 0.00 s was" in capsys.readouterr().err


def test_the_annotated_video_has_every_frame_at_its_own_time(tmp_path: Path) -> None:
    import av

    saved = tmp_path / "annotated.mp4"
    replay(CLIPS[0], tmp_path / "read.json", "--save", str(saved), "--max-frames", "45")

    def times(path: Path) -> list[float]:
        with av.open(str(path)) as container:
            return [float(frame.time or 0) for frame in container.decode(video=0)]

    written = times(saved)
    assert len(written) == 45
    assert written == pytest.approx(times(CLIPS[0])[:45], abs=0.002)


def test_a_transcript_is_written_as_run_does(tmp_path: Path) -> None:
    written = tmp_path / "who.jsonl"
    words = ["--transcript", str(written), "--max-frames", "45"]
    replay(CLIPS[0], tmp_path / "read.json", *words)
    lines = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]
    assert (lines[0]["type"], lines[-1]["type"]) == ("header", "text")
    assert cli.main(["replay", *map(str, CLIPS[:2]), *words]) == 2


def test_a_folder_that_is_not_there_is_an_output_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "none" / "read.json"
    code = cli.main(["replay", str(CLIPS[0]), "--json", str(target), "--max-frames", "2"])
    assert code == 6
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert str(target) in message


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "{clip}", "--save", "{clip}"),
        ("replay", "{clip}", "--json", "{link}"),
        ("replay", "{clip}", "--expect", "{truth}", "--json", "{truth}"),
        ("replay", "{clip}", "--json", "{new}", "--events", "{new}"),
        ("run", "{clip}", "--no-window", "--record", "{clip}"),
        ("run", "{clip}", "--no-window", "--events", "{link}"),
        ("run", "{clip}", "--no-window", "--gallery", "{truth}", "--transcript", "{truth}"),
    ],
)
def test_an_output_never_takes_the_place_of_what_is_read(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, link, truth_file = (tmp_path / name for name in ("clip.mp4", "link", "truth.json"))
    clip.write_bytes(CLIPS[0].read_bytes())
    link.hardlink_to(clip)
    truth_file.write_bytes(CLIPS[0].with_suffix(".json").read_bytes())
    names = {"clip": clip, "link": link, "truth": truth_file, "new": tmp_path / "new"}
    code = cli.main([word.format(**names) for word in words])
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert clip.read_bytes() == CLIPS[0].read_bytes()
    assert truth_file.read_bytes() == CLIPS[0].with_suffix(".json").read_bytes()
    assert not (tmp_path / "new").exists()


def test_a_clip_that_cannot_be_read_leaves_an_earlier_result(tmp_path: Path) -> None:
    result = tmp_path / "read.json"
    result.write_text("earlier")
    assert cli.main(["replay", str(tmp_path / "none.mp4"), "--json", str(result)]) == 3
    assert result.read_text() == "earlier"


def test_a_clip_that_fails_costs_no_other_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its truth is passed over with it: the others are still compared with their own."""
    target = tmp_path / "read.json"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"letters": [{"letter": "Q", "start": 0.0, "end": 1.0}]}))
    empty = tmp_path / "truth.json"
    empty.write_text("{}")
    code = cli.main(
        [
            *("replay", str(tmp_path / "none.mp4"), str(CLIPS[0]), "--json", str(target)),
            *("--expect", str(wrong), "--expect", str(empty), "--max-frames", "5"),
        ]
    )
    assert code == 3
    (entry,) = json.loads(target.read_text(encoding="utf-8"))["clips"]
    assert entry["frame_count"] == 5
    told = capsys.readouterr().err
    assert "none.mp4 does not exist" in told
    assert "letters:" not in told


def test_a_clip_that_was_not_read_to_its_end_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["replay", "jawsclub", "--no-signs", "--json", str(tmp_path / "read.json")]
    assert cli.main([*words, "--max-frames", "3"]) == 0
    assert "read no further, as --max-frames says" in capsys.readouterr().err
    (entry,) = json.loads((tmp_path / "read.json").read_text())["clips"]
    assert entry["run"]["complete"] is False
    assert cli.main(words) == 0
    assert "no further" not in capsys.readouterr().err
    (entry,) = json.loads((tmp_path / "read.json").read_text())["clips"]
    assert entry["run"]["complete"] is True


def test_a_slip_in_the_name_of_a_bundled_clip_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert replaying.bundled("jawsclub").endswith("jawsclub.mp4")
    for slip in ("jawsclb", "Jawsclub.mp4", "alfabet"):
        with pytest.raises(SourceError, match="Did you mean the bundled clip"):
            replaying.bundled(slip)
    Path("jawsclb").touch()
    for word in ("jawsclb", "0", "holiday.mp4", "rtsp://jawsclub"):
        assert replaying.bundled(word) == word
