"""A recording read with fresh sessions, and what was read of it as JSON has it.

What `livevision replay` and the fleet's workers do with a clip, so that both say the same.
"""

import difflib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, recognizers, records
from livevision.errors import SourceError
from livevision.sinks import Sink

if TYPE_CHECKING:
    from livevision.frame import Result
    from livevision.pipeline import Summary
    from livevision.sources import Source

VIDEOS = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".wmv",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".3gp",
        ".ogv",
        ".flv",
        ".gif",
    ]
)
"""Endings by which the videos of a folder are known."""
_NEAR = 0.8
"""How alike two names are that may be the same with a slip in it, as difflib reckons."""


def found(words: Sequence[str]) -> list[str]:
    """The clips that `words` name: of a folder its videos, then the folder for its pictures."""
    from livevision.sources.pictures import SUFFIXES

    clips: list[str] = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            inside = sorted(
                each for each in path.iterdir() if each.is_file() and not each.name.startswith(".")
            )
            videos = [str(each) for each in inside if each.suffix.lower() in VIDEOS]
            pictures = any(each.suffix.lower() in SUFFIXES for each in inside)
            clips += videos
            if pictures or not videos:  # of an empty folder the source tells
                clips.append(word)
        else:
            clips.append(bundled(word))
    return clips


def bundled(word: str) -> str:
    """The path of the bundled clip of that name, if there is no such file; else `word`.

    Raises SourceError for what is no file, but nearly the name of such a clip.
    """
    folder = assets.folder("recordings")
    clip = folder / f"{word}.mp4"
    # a number is a camera's
    named = word.isalnum() and not word.isdigit() and not Path(word).exists()
    if named and clip.is_file():
        return str(clip)
    if re.fullmatch(r"[A-Za-z]+(\.mp4)?", word) and not Path(word).exists():
        names = [each.stem for each in folder.glob("*.mp4")]
        near = difflib.get_close_matches(word.removesuffix(".mp4").lower(), names, 1, _NEAR)
        if near:
            raise SourceError(f"{word} does not exist. Did you mean the bundled clip {near[0]}?")
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of a clip beside the events."""

    frames: bool = False
    """What was found in every frame, too."""
    max_frames: int | None = None
    realtime: bool = False
    """Played at its own speed, like a camera."""
    save: Path | None = None
    """Where the annotated video goes, and so on; nowhere if None."""
    events: Path | None = None
    captions: Path | None = None
    transcript: Path | None = None


def replay(
    clip: str, chosen: Mapping[str, Any], wish: Wish, *, called: str | None = None
) -> "tuple[Summary, dict[str, Any]]":
    """Read one clip with fresh sessions; the summary, and the clip's entry of the JSON.

    `chosen` are the recognisers and their options. The clip is `called` so in all that is written,
    by its path unless given. What ends it early stands in the summary; raises what
    `pipeline.run` raises.
    """
    from livevision import pipeline
    from livevision.sinks.captions import Captions
    from livevision.sinks.events import Collector, Events
    from livevision.sinks.overlay import Look, annotate
    from livevision.sinks.recorder import Recorder
    from livevision.sinks.transcript import Transcript
    from livevision.sources import open_source
    from livevision.sources.pictures import Pictures

    source = open_source(clip, realtime=wish.realtime)
    if called is not None:
        source.name = called
    collector, frames = Collector(), Frames()
    sinks: list[Sink] = [collector]
    if wish.frames:
        sinks.append(frames)
    if wish.events:
        sinks.append(Events(wish.events, source=source.name))
    if wish.captions:
        sinks.append(Captions(wish.captions))
    if wish.transcript:
        sinks.append(Transcript(wish.transcript, source=source.name))
    if wish.save:
        sinks.append(Recorder(wish.save, annotate=lambda result: annotate(result, Look())))
    if isinstance(source, Pictures):
        summary = read_pictures(source, chosen, sinks, wish.max_frames)
    else:
        sessions = recognizers.opened(chosen, live=source.live)
        summary = pipeline.run(source, sessions, sinks, max_frames=wish.max_frames)
    return summary, {
        "file": clip if called is None else called,
        "frame_count": summary.frames,
        "seconds": round(summary.seconds, 3),
        "events": [records.event(each) for each in collector.events],
        **records.views(collector.events),
        "text": summary.text,
        **({"frames": frames.records} if wish.frames else {}),
        "run": {
            "fps": round(summary.fps, 1),
            "dropped": summary.dropped,
            "complete": complete(summary, wish),
        },
    }


def complete(summary: "Summary", wish: Wish) -> bool:
    """Whether the clip was read to its end, as far as that can be told."""
    reached = wish.max_frames is not None and summary.frames >= wish.max_frames
    return not (reached or summary.interrupted or summary.error)


def report(clips: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole JSON, of the entries of its clips."""
    return {"schema": records.SCHEMA, "deprecated": records.DEPRECATED, "clips": list(clips)}


def read_pictures(
    source: "Source", chosen: Mapping[str, Any], sinks: Sequence[Sink], max_frames: int | None
) -> "Summary":
    """Read every picture of `source` by itself, with a bar on a terminal.

    Raises SourceError if there is none, OutputError if a sink cannot write.
    """
    from rich.console import Console
    from rich.progress import Progress

    from livevision.pipeline import Summary
    from livevision.still import read_frame

    models = [recognizers.load(name, options) for name, options in chosen.items()]
    summary = Summary(recognizers=list(chosen))
    console = Console(stderr=True)
    begun = time.monotonic()
    with ExitStack() as stack:
        for sink in sinks:
            stack.enter_context(sink)
        bar = stack.enter_context(
            Progress(console=console, transient=True, disable=not console.is_terminal)
        )
        task = bar.add_task(Path(source.name).name, total=None)
        frames = stack.enter_context(source)
        try:
            for frame in frames:
                if max_frames is not None and summary.frames >= max_frames:
                    break
                result = read_frame(replace(frame, stream=source.name), models)
                summary.frames += 1
                summary.seconds = frame.time
                summary.events.update(each.kind for each in result.events)
                for sink in sinks:
                    sink.write(result)
                bar.advance(task)
        except KeyboardInterrupt:
            summary.interrupted = True
    summary.fps = summary.frames / max(1e-9, time.monotonic() - begun)
    return summary


class Frames(Sink):
    """Keeps what was found in every frame, as JSON has it."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self._last = -1

    def write(self, result: "Result") -> None:
        if result.frame.index == self._last:
            return  # the last one once more, with what was pending at the end
        self._last = result.frame.index
        self.records.append(records.frame(result))
