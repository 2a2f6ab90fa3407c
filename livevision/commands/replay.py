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
from pathlib import Path
from typing import Any

from livevision import files, plugins, recognizers, signals
from livevision.commands import _output
from livevision.errors import LivevisionError, UsageError

SUMMARY = "read recordings, exactly and reproducibly"
DIFFERENT = 1


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
        "--transcript",
        type=Path,
        metavar="OUT.jsonl",
        help="write what was read, and who signed",
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
    from livevision import replaying, truth

    clips = replaying.found(arguments.clips)
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
    single = (arguments.save, arguments.events, arguments.captions, arguments.transcript)
    if any(single) and len(clips) > 1:
        raise UsageError("--save, --events, --captions and --transcript take one clip at a time.")
    files.check_outputs(
        *(arguments.json, *single),
        inputs=(*clips, *(arguments.expect or ()), *recognizers.files_read(arguments)),
    )
    files.check_writable(arguments.json)
    names, hints = recognizers.chosen(arguments)
    chosen = {name: recognizers.values(name, arguments) for name in names}
    wish = replaying.Wish(
        frames=arguments.frames,
        max_frames=arguments.max_frames,
        realtime=arguments.realtime,
        save=arguments.save,
        events=arguments.events,
        captions=arguments.captions,
        transcript=arguments.transcript,
    )
    read: dict[int, dict[str, Any]] = {}
    """What was read of each clip, by its place in the list."""
    trouble: list[LivevisionError] = []
    code = 0
    for place, clip in enumerate(clips):
        try:
            with files.reserved(arguments.json, *single):
                summary, read[place] = replaying.replay(clip, chosen, wish)
            while hints:  # before an error they would only distract
                _output.hint(hints.pop(0))
            _output.tell(summary, name=Path(clip).name)
            if summary.frames == arguments.max_frames:
                _output.hint(f"{clip} was read no further, as --max-frames says.")
            code = code or _output.outcome(summary)
        except LivevisionError as error:  # the other clips and what was read so far still count
            trouble.append(error)
        if code == signals.INTERRUPTED:
            break
    if arguments.json and (read or not trouble):  # what an earlier run wrote is better than nothing
        files.replace_json(
            arguments.json,
            replaying.report(read.values()),
        )
    elif not arguments.json and "-" not in map(str, (arguments.events, arguments.transcript)):
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
