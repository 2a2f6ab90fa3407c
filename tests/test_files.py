import os
import stat
import threading
from pathlib import Path

import pytest

from livevision import files
from livevision.errors import OutputError, UsageError


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    files.replace_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    files.replace_text(path, "mine", private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def save(draft: Path) -> None:
        draft.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        files.replace(path, save)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        files.replace_text(tmp_path / "none" / "a.txt", "a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    files.replace_text(pipe, "through")
    reader.join(10)
    assert told == ["through"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="descriptors have no names here")
def test_a_descriptors_name_is_written_to_though_it_leads_nowhere() -> None:
    """As /dev/stdout does in a pipeline."""
    reading, writing = os.pipe()
    files.replace_text(Path(f"/dev/fd/{writing}"), "through")
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "through"


def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    files.check_writable(None)
    files.check_writable(Path("-"))
    files.check_writable(tmp_path / "new.json")
    assert list(tmp_path.iterdir()) == []
    for bad in (tmp_path, tmp_path / "none" / "new.json"):
        with pytest.raises(OutputError, match="folder"):
            files.check_writable(bad)


def test_no_output_is_another_or_an_input(tmp_path: Path) -> None:
    clip, link, new = (tmp_path / name for name in ("clip.mp4", "link.mp4", "new.json"))
    clip.write_bytes(b"frames")
    link.symlink_to(clip)
    files.check_outputs(new, None, Path("-"), Path("-"), inputs=(clip, None, "0", "rtsp://x/y"))
    files.check_outputs(Path(os.devnull), Path(os.devnull), inputs=(os.devnull,))
    for bad in ((new, new), (new, tmp_path / "." / "new.json"), (link,)):
        with pytest.raises(UsageError):
            files.check_outputs(*bad, inputs=(clip,))


def test_no_output_takes_the_place_of_a_picture_in_a_folder_that_is_read(tmp_path: Path) -> None:
    photos, link = tmp_path / "photos", tmp_path / "link"
    (photos / "ivy").mkdir(parents=True)
    link.symlink_to(photos)
    for name in ("a.jpg", "b.MP4", "ivy/c.png", "read.json", "said.srt"):
        (photos / name).write_bytes(b"mine")
    for folder in (photos, link):
        for written in ("read.json", "said.srt", "new.jpg", "ivy/new.png"):
            files.check_outputs(folder / written, inputs=(photos, "0", "x" * 5000))
        for read in ("a.jpg", "b.MP4", "ivy/c.png"):
            with pytest.raises(UsageError, match="read from"):
                files.check_outputs(folder / read, inputs=(photos,))
            files.check_outputs(folder / read, inputs=(tmp_path / "photo",))


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "a.txt", tmp_path / "a.txt"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    files.replace_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_the_rights_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    files.replace_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_one_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with files.locked(path):
        with pytest.raises(files.Busy), files.locked(path, 0.05):
            pass
        with files.locked(tmp_path / "b.txt"):
            pass
    with files.locked(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_runs_cannot_write_to_one_file(tmp_path: Path) -> None:
    path, pipe = tmp_path / "a.jsonl", Path(os.devnull)
    with files.reserved(path, None, Path("-"), pipe, tmp_path / "none" / "a.txt"):
        with (
            pytest.raises(UsageError, match="another run"),
            files.reserved(tmp_path / "." / path.name),
        ):
            pass
        with files.reserved(pipe, Path("-")):
            pass
    with files.reserved(path):
        pass


def test_a_draft_that_is_being_written_is_not_swept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    dead = tmp_path / ".livevision-12-3-a.txt"
    dead.write_text("half")

    def save(draft: Path) -> None:
        assert files.sweep(path) == [dead]
        draft.write_text("whole")

    files.replace(path, save)
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]
