"""Read recordings: every frame, as fast as it can, the same answer every time.

A folder stands for the videos in it, and for its pictures: these are one clip, each picture read by
itself. FILE - is standard output.

examples: livevision replay clip.mp4
          livevision replay a.mp4 b.mp4 --json read.json
          livevision replay photos/ --json read.json --frames
          livevision replay clip.mp4 --save annotated.mp4
          livevision replay clip.mp4 --expect truth.json     exits with 1 if they differ
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from livevision import files, plugins, recognizers, records
from livevision.commands import _output
from livevision.errors import LivevisionError, UsageError
from livevision.frame import Result
from livevision.pipeline import Summary
from livevision.sinks import Sink
from livevision.sources import Source

SUMMARY = "read recordings, exactly and reproducibly"
DIFFERENT = 1
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
        ".flv",
        ".gif",
    ]
)
"""Endings by which the videos of a folder are known."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clips",
        nargs="+",
        metavar="CLIP",
        help="video or picture, or a folder of them; 'jawsclub' and the like are bundled ones",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write what was read (docs/json.md)"
    )
    parser.add_argument(
        "--frames",
        action="store_true",
        help="with --json: write what was found in every frame, too",
    )
    parser.add_argument(
        "--save", type=Path, metavar="OUT.mp4", help="write the annotated video (of a single clip)"
    )
    parser.add_argument("--events", type=Path, metavar="OUT.jsonl", help="write events, one a line")
    parser.add_argument(
        "--captions", type=Path, metavar="OUT", help="write the text as .srt, .vtt or .txt"
    )
    parser.add_argument(
        "--expect",
        type=Path,
        action="append",
        metavar="TRUTH.json",
        help="compare with this truth; once for each clip, in their order",
    )
    parser.add_argument(
        "--ignore",
        default="",
        metavar="LETTERS",
        help="with --expect: letters that need not be read, e.g. JZ",
    )
    parser.add_argument(
        "--realtime", action="store_true", help="play at the clip's own speed, like a camera"
    )
    parser.add_argument("--max-frames", type=_output.positive, metavar="N", help="end after N")
    recognizers.add_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    from livevision import truth

    clips = found(arguments.clips)
    expected = [truth.read(path) for path in arguments.expect or ()]
    for path, one in zip(arguments.expect or (), expected, strict=True):
        if not one.events and one.text is None:
            _output.hint(f"{path} names no events and no text, so nothing is compared with it.")
    if arguments.frames and not arguments.json:
        raise UsageError("--frames belongs to --json FILE: give one, or - for standard output.")
    if expected and len(expected) != len(clips):
        raise UsageError(
            f"{len(clips)} clips need {len(clips)} --expect, one each, in their order."
        )
    if (arguments.save or arguments.events or arguments.captions) and len(clips) > 1:
        raise UsageError("--save, --events and --captions take one clip at a time.")
    files.check_outputs(
        *(arguments.json, arguments.save, arguments.events, arguments.captions),
        inputs=(*clips, *(arguments.expect or ()), *recognizers.files_read(arguments)),
    )
    files.check_writable(arguments.json)
    names, hints = recognizers.chosen(arguments)
    for text in hints:
        _output.hint(text)
    read: dict[int, dict[str, Any]] = {}
    """What was read of each clip, by its place in the list."""
    trouble: list[LivevisionError] = []
    code = 0
    for place, clip in enumerate(clips):
        try:
            with files.reserved(
                *(arguments.json, arguments.save, arguments.events, arguments.captions)
            ):
                summary, read[place] = replay(clip, names, arguments)
            _output.tell(summary, name=Path(clip).name)
            code = code or _output.outcome(summary)
        except LivevisionError as error:  # the other clips and what was read so far still count
            trouble.append(error)
        if code == _output.INTERRUPTED:
            break
    if arguments.json and (read or not trouble):  # what an earlier run wrote is better than nothing
        files.replace_json(
            arguments.json,
            {
                "schema": records.SCHEMA,
                "deprecated": records.DEPRECATED,
                "clips": list(read.values()),
            },
        )
    elif not arguments.json and str(arguments.events) != "-":
        for content in read.values():
            _print(content)
    for one, content in ((expected[place], read[place]) for place in read if expected):
        comparison = truth.compare(one, content, ignore=arguments.ignore.upper())
        print("\n".join([content["file"], *comparison.listing]), file=sys.stderr)
        for line in comparison.differences:
            print(f"  {line}", file=sys.stderr)
        if comparison.differences:
            code = code or DIFFERENT
    for earlier in trouble[:-1]:
        print(f"livevision: {earlier}", file=sys.stderr)
    if trouble:
        raise trouble[-1]
    return code


def found(words: Sequence[str]) -> list[str]:
    """The clips that `words` name: of a folder its videos, then the folder for its pictures."""
    from livevision import assets
    from livevision.sources.pictures import SUFFIXES

    clips: list[str] = []
    for word in words:
        path = Path(word)
        bundled = assets.folder("recordings") / f"{word}.mp4"
        if not path.exists() and word.isalnum() and bundled.is_file():
            clips.append(str(bundled))
        elif path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.is_file())
            videos = [str(each) for each in inside if each.suffix.lower() in VIDEOS]
            pictures = any(each.suffix.lower() in SUFFIXES for each in inside)
            clips += videos
            if pictures or not videos:  # of an empty folder the source tells
                clips.append(word)
        else:
            clips.append(word)
    return clips


def replay(
    clip: str, names: list[str], arguments: argparse.Namespace
) -> tuple[Summary, dict[str, Any]]:
    """Read one clip with fresh sessions; the summary, and the clip's entry of the JSON."""
    from livevision import pipeline
    from livevision.sinks import Sink
    from livevision.sinks.captions import Captions
    from livevision.sinks.events import Collector, Events
    from livevision.sinks.overlay import Look, annotate
    from livevision.sinks.recorder import Recorder
    from livevision.sources import open_source
    from livevision.sources.pictures import Pictures

    source = open_source(clip, realtime=arguments.realtime)
    collector, frames = Collector(), Frames()
    sinks: list[Sink] = [collector]
    if arguments.frames:
        sinks.append(frames)
    if arguments.events:
        sinks.append(Events(arguments.events, source=source.name))
    if arguments.captions:
        sinks.append(Captions(arguments.captions))
    if arguments.save:
        sinks.append(Recorder(arguments.save, annotate=lambda result: annotate(result, Look())))
    if isinstance(source, Pictures):
        summary = read_pictures(source, names, sinks, arguments)
    else:
        sessions = recognizers.sessions(names, arguments, live=source.live)
        summary = pipeline.run(source, sessions, sinks, max_frames=arguments.max_frames)
    return summary, {
        "file": clip,
        "frame_count": summary.frames,
        "seconds": round(summary.seconds, 3),
        "events": [records.event(each) for each in collector.events],
        **records.views(collector.events),
        "text": summary.text,
        **({"frames": frames.records} if arguments.frames else {}),
        "run": {"fps": round(summary.fps, 1), "dropped": summary.dropped},
    }


def read_pictures(
    source: Source, names: Sequence[str], sinks: Sequence[Sink], arguments: argparse.Namespace
) -> Summary:
    """Read every picture of `source` by itself, with a bar on a terminal.

    Raises SourceError if there is none, OutputError if a sink cannot write.
    """
    import time
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import Progress

    from livevision.still import read_frame

    models = [recognizers.load(name, recognizers.values(name, arguments)) for name in names]
    summary = Summary(recognizers=list(names))
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
                if arguments.max_frames is not None and summary.frames >= arguments.max_frames:
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

    def write(self, result: Result) -> None:
        if result.frame.index == self._last:
            return  # the last one once more, with what was pending at the end
        self._last = result.frame.index
        self.records.append(records.frame(result))


def _print(content: dict[str, Any]) -> None:
    """What was read of a clip: captioned kinds in a line each, others in a line an event."""
    print(content["file"])
    seen = dict.fromkeys([*_shown(), *(each["kind"] for each in content["events"])])
    for name in seen:
        kind = plugins.kind(name)
        events = [each for each in content["events"] if each["kind"] == name]
        if kind.caption and kind.counted:
            labels = " ".join(each["label"] for each in events)
            print(f"  {kind.many + ':':<8} {labels or '(none)'}")
        elif kind.counted:
            for each in events:
                told = f"{each['label']}, {each['start']:.1f} - {each['end']:.1f} s"
                print(f"  {name + ':':<8} {told}")
    print(f"  text:    {content['text']}")


def _shown() -> list[str]:
    """Kinds that are told of even if there is none."""
    return [kind.name for kind in plugins.kinds().values() if kind.caption and kind.counted]
