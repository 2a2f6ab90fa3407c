"""Read recordings: every frame, as fast as it can, the same answer every time.

A folder stands for the videos in it. FILE - is standard output.

examples: livevision replay clip.mp4
          livevision replay a.mp4 b.mp4 --json read.json
          livevision replay clip.mp4 --save annotated.mp4
          livevision replay clip.mp4 --expect truth.json     exits with 1 if they differ
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from livevision import files, recognizers
from livevision.commands import _output
from livevision.errors import LivevisionError, UsageError
from livevision.pipeline import Summary

SUMMARY = "read recordings, exactly and reproducibly"
SCHEMA = 1
DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", nargs="+", metavar="CLIP", help="video file")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write what was read (docs/json.md)"
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

    clips = arguments.clips
    expected = [truth.read(path) for path in arguments.expect or ()]
    for path, one in zip(arguments.expect or (), expected, strict=True):
        if one.letters is None and one.people is None and one.text is None:
            _output.hint(
                f"{path} names no letters, people or text, so nothing is compared with it."
            )
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
        files.replace_json(arguments.json, {"schema": SCHEMA, "clips": list(read.values())})
    elif not arguments.json:
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


def replay(
    clip: str, names: list[str], arguments: argparse.Namespace
) -> tuple[Summary, dict[str, Any]]:
    """Read one clip with fresh recognisers; the summary, and the clip's entry of the JSON."""
    from livevision import pipeline
    from livevision.sinks import Sink
    from livevision.sinks.captions import Captions
    from livevision.sinks.events import Collector, Events
    from livevision.sinks.overlay import Look, annotate
    from livevision.sinks.recorder import Recorder
    from livevision.sources import open_source

    source = open_source(clip, realtime=arguments.realtime)
    collector = Collector()
    sinks: list[Sink] = [collector]
    if arguments.events:
        sinks.append(Events(arguments.events, source=source.name))
    if arguments.captions:
        sinks.append(Captions(arguments.captions))
    if arguments.save:
        sinks.append(Recorder(arguments.save, annotate=lambda result: annotate(result, Look())))
    loaded = recognizers.sessions(names, arguments, live=source.live)
    summary = pipeline.run(source, loaded, sinks, max_frames=arguments.max_frames)
    return summary, {
        "file": clip,
        "frames": summary.frames,
        "dropped": summary.dropped,
        "seconds": round(summary.seconds, 3),
        "fps": round(summary.fps, 1),
        "letters": [each.record() for each in collector.events if each.kind == "letter"],
        "text": summary.text,
        "people": [each.record() for each in collector.events if each.kind == "person"],
    }


def _print(content: dict[str, Any]) -> None:
    letters = " ".join(letter["letter"] for letter in content["letters"])
    print(f"{content['file']}\n  letters: {letters or '(none)'}\n  text:    {content['text']}")
    for person in content["people"]:
        print(f"  person:  {person['name']}, {person['start']:.1f} - {person['end']:.1f} s")
