"""The running text as subtitles, or as plain text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from livevision import files, plugins
from livevision.errors import OutputError, UsageError
from livevision.frame import Event, Result
from livevision.sinks import Sink

LINE = 42
"""Letters in one caption at most, as in the style guides of broadcasters."""
PAUSE = 3.0
"""Seconds without a letter after which a new caption begins."""
HOLD = 2.0
"""Seconds a caption stays after its last letter, unless the next one comes before."""
LATE = 1.5
"""Seconds after its end within which a sign's letter appears in the text."""
_EVERY = 1.0
"""Seconds of the stream between two writes."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the text, and when it was signed, in seconds of the stream."""

    text: str
    start: float
    end: float
    settled: bool = False
    """Whether the times are those of the sign, not only of the text."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption."""

    text: str
    start: float
    end: float


class Captions(Sink):
    """Writes what was read to a `.srt`, `.vtt` or `.txt` file, by the file's ending.

    The text is that of the results, so what the user takes back goes from the file too. The times
    are those of the letters and words signed. The file is replaced as a whole while the text grows,
    is complete at every moment, and its owner's alone.
    """

    def __init__(self, path: Path) -> None:
        """Raise UsageError for a name with another ending."""
        if path.suffix.lower() not in _FORMATS:
            raise UsageError(
                f"Captions are .srt, .vtt or .txt files: name it {path.stem}.srt, not {path.name}."
            )
        self._path = path
        self._format = _FORMATS[path.suffix.lower()]
        self._text = ""
        self._characters: list[Character] = []
        self._written: float | None = None
        self._changed = True

    def __enter__(self) -> Self:
        if self._path.is_dir():
            raise OutputError(f"Cannot write captions to {self._path}: it is a folder.")
        self._save()  # better now than after an hour
        return self

    def write(self, result: Result) -> None:
        time = result.frame.time
        if result.text != self._text:
            self._characters = _followed(self._characters, result.text, time)
            self._text = result.text
            self._changed = True
        for event in result.events:
            if plugins.kind(event.kind).caption and event.label:
                self._changed |= _settle(self._characters, event)
        if self._changed and (self._written is None or time - self._written >= _EVERY):
            self._written = time
            self._save()

    def close(self) -> None:
        if self._changed:
            self._save()

    def _save(self) -> None:
        lines = "".join(self._format(self._text, cues(self._characters)))
        self._changed = False  # if it fails, told once is enough
        files.replace_text(self._path, lines, private=True)


def cues(characters: Sequence[Character]) -> list[Cue]:
    """The text in captions of whole words, in the order of their times."""
    words = _words(characters)
    groups: list[list[Character]] = []
    for word in words:
        last = groups[-1] if groups else []
        length = sum(len(each.text) + 1 for each in last) + len(word.text)
        if last and length <= LINE and 0 <= word.start - last[-1].end <= PAUSE:
            last.append(word)
        else:
            groups.append([word])
    groups.sort(key=lambda group: group[0].start)
    result = []
    for index, group in enumerate(groups):
        end = group[-1].end + HOLD
        if index + 1 < len(groups):
            # two hands may spell at once: captions of theirs may overlap
            end = max(group[-1].end, min(end, groups[index + 1][0].start))
        result.append(Cue(" ".join(word.text for word in group), group[0].start, end))
    return result


def _words(characters: Sequence[Character]) -> list[Character]:
    """The words, each from its first letter's start to its last one's end."""
    words: list[Character] = []
    inside = False
    for each in characters:
        if each.text.isspace():
            inside = False
        elif inside:
            last = words[-1]
            end = max(last.end, each.end)
            words[-1] = Character(last.text + each.text, min(last.start, each.start), end)
        else:
            words.append(each)
            inside = True
    return words


def _followed(known: list[Character], text: str, time: float) -> list[Character]:
    """The characters of the new `text`: those that stayed keep their times, new ones get `time`.

    Where a word was replaced by another, e.g. by an accepted proposal, its stretch of time stays.
    """
    begin = 0
    while begin < min(len(known), len(text)) and known[begin].text == text[begin]:
        begin += 1
    rest = 0
    while rest < min(len(known), len(text)) - begin and known[-1 - rest].text == text[-1 - rest]:
        rest += 1
    gone = known[begin : len(known) - rest]
    start, end = time, time
    if gone:
        start, end = min(each.start for each in gone), max(each.end for each in gone)
    added = [Character(each, start, end) for each in text[begin : len(text) - rest]]
    return known[:begin] + added + known[len(known) - rest :]


def _settle(characters: list[Character], event: Event) -> bool:
    """Give the letters of `event` its times; True if they were found, without times of their own.

    Text appears while a sign is still being made, or a word's all at once when it is over.
    """
    label = event.label.casefold()
    for begin in range(len(characters) - len(label), -1, -1):
        found = characters[begin : begin + len(label)]
        if all(each.end < event.start - LATE for each in characters[begin:]):
            break
        if "".join(each.text for each in found).casefold() != label:
            continue
        if all(
            not each.settled and event.start <= each.end and each.start <= event.end + LATE
            for each in found
        ):
            characters[begin : begin + len(label)] = [
                Character(each.text, event.start, event.end, settled=True) for each in found
            ]
            return True
    return False


def _clock(seconds: float, point: str) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


def _srt(text: str, captions: Sequence[Cue]) -> Iterator[str]:
    for number, cue in enumerate(captions, 1):
        yield f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"


def _vtt(text: str, captions: Sequence[Cue]) -> Iterator[str]:
    yield "WEBVTT\n\n"
    for cue in captions:
        safe = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        yield f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{safe}\n\n"


def _txt(text: str, captions: Sequence[Cue]) -> Iterator[str]:
    if text:
        yield text + "\n"


_FORMATS = {".srt": _srt, ".vtt": _vtt, ".txt": _txt}
