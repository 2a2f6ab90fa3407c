"""The running text as subtitles, or as plain text."""

from collections.abc import Callable, Sequence
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
SETTLED = 60.0
"""Seconds after its end from which on a caption stays as it is, unless the user takes it back."""
_EVERY = 1.0
"""Seconds of the stream between two writes."""
_SEEN = 64
"""Characters by which it is seen that a text has lost its beginning."""


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
    is complete at every moment, and its owner's alone. Captions of more than `SETTLED` seconds ago
    are made once, so that a second costs no more after hours; what falls off the beginning of a
    long text stays in the file.
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
        self._fallen = ""
        """What fell off the beginning of the text."""
        self._fixed = 0
        """How many of the characters are in captions that are settled."""
        self._settled: list[str] = []
        """Those captions, as they stand in the file."""
        self._cleared = False
        self._written: float | None = None
        self._changed = True

    def __enter__(self) -> Self:
        if self._path.is_dir():
            raise OutputError(f"Cannot write captions to {self._path}: it is a folder.")
        self._save(0.0)  # better now than after an hour
        return self

    def write(self, result: Result) -> None:
        time = result.frame.time
        if result.text != self._text:
            self._follow(result.text, time)
            self._changed = True
        self._cleared = False
        for event in result.events:
            if plugins.kind(event.kind).caption and event.label:
                self._changed |= _settle(self._characters, event, self._fixed)
        if self._changed and (self._written is None or time - self._written >= _EVERY):
            self._written = time
            self._save(time)

    def command(self, name: str) -> None:
        self._cleared |= name == "clear"

    def close(self) -> None:
        if self._changed:
            self._save(0.0)

    def _follow(self, text: str, time: float) -> None:
        """Let the characters be those of the new `text`."""
        gone = 0 if self._cleared else _fallen(self._text, text)
        if 0 < gone <= self._fixed:
            self._fallen += self._text[:gone]
            del self._characters[:gone]
            self._text = self._text[gone:]
            self._fixed -= gone
        if not text.startswith(self._text[: self._fixed]):
            self._fixed = 0
            self._settled.clear()
        tail = _followed(self._characters[self._fixed :], text[self._fixed :], time)
        self._characters[self._fixed :] = tail
        self._text = text

    def _save(self, time: float) -> None:
        groups = _groups(self._characters[self._fixed :])
        settled = _settled(groups, time)
        done, rest = groups[:settled], groups[settled:]
        following = min((group.start for group in rest), default=None)
        for cue in _cues(done, following):
            self._settled.append(self._format.cue(len(self._settled) + 1, cue))
        if rest and done:
            self._fixed += rest[0].at
        pieces = [self._format.head, *self._settled]
        pieces += [
            self._format.cue(number, cue)
            for number, cue in enumerate(_cues(rest), len(self._settled) + 1)
        ]
        if self._format.whole and (self._fallen or self._text):
            pieces = [self._fallen, self._text, "\n"]
        self._changed = False  # if it fails, told once is enough
        # a power cut may cost the last seconds; a second of waiting for the disk costs more
        files.replace_text(self._path, "".join(pieces), private=True, sync=False)


@dataclass(slots=True)
class _Group:
    """The words of one caption."""

    words: list[Character]
    at: int
    """Where its first character is in the text."""

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


def _settled(groups: "Sequence[_Group]", time: float) -> int:
    """How many groups of the first ones nothing will change any more, nor come before them."""
    count = 0
    for place, group in enumerate(groups[:-1]):
        if max(group.end, group.start) > time - SETTLED:
            break
        # two hands may spell at once: what is later in the text may be earlier in time
        if max(each.start for each in groups[: place + 1]) <= min(
            each.start for each in groups[place + 1 :]
        ):
            count = place + 1
    return count


def _fallen(old: str, new: str) -> int:
    """How many characters fell off the beginning of `old`; 0 unless that is what happened."""
    if not new or new[:_SEEN] == old[:_SEEN]:
        return 0
    at = old.find(new[:_SEEN])
    return at if at > 0 and new.startswith(old[at:]) else 0


def cues(characters: Sequence[Character]) -> list[Cue]:
    """The text in captions of whole words, in the order of their times."""
    return _cues(_groups(characters))


def _groups(characters: Sequence[Character]) -> list[_Group]:
    groups: list[_Group] = []
    for at, word in _words(characters):
        words = groups[-1].words if groups else []
        length = sum(len(each.text) + 1 for each in words) + len(word.text)
        if words and length <= LINE and 0 <= word.start - words[-1].end <= PAUSE:
            words.append(word)
        else:
            groups.append(_Group([word], at))
    return groups


def _cues(groups: Sequence[_Group], following: float | None = None) -> list[Cue]:
    """The captions of `groups`; `following` is when the first one after them begins."""
    ordered = sorted(groups, key=lambda group: group.start)
    result = []
    for index, group in enumerate(ordered):
        end = group.end + HOLD
        after = ordered[index + 1].start if index + 1 < len(ordered) else following
        if after is not None:
            # two hands may spell at once: captions of theirs may overlap
            end = max(group.end, min(end, after))
        result.append(Cue(" ".join(word.text for word in group.words), group.start, end))
    return result


def _words(characters: Sequence[Character]) -> list[tuple[int, Character]]:
    """The words, each from its first letter's start to its last one's end, and where they begin."""
    words: list[tuple[int, Character]] = []
    inside = False
    for place, each in enumerate(characters):
        if each.text.isspace():
            inside = False
        elif inside:
            at, last = words[-1]
            end = max(last.end, each.end)
            words[-1] = at, Character(last.text + each.text, min(last.start, each.start), end)
        else:
            words.append((place, each))
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


def _settle(characters: list[Character], event: Event, low: int) -> bool:
    """Give the letters of `event` its times; True if they were found, without times of their own.

    Those before `low` are settled.

    Text appears while a sign is still being made, or a word's all at once when it is over.
    """
    label = event.label.casefold()
    for begin in range(len(characters) - len(label), low - 1, -1):
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


def _srt(number: int, cue: Cue) -> str:
    return f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"


def _vtt(number: int, cue: Cue) -> str:
    safe = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{safe}\n\n"


@dataclass(frozen=True, slots=True)
class _Format:
    """How a file of captions is written."""

    cue: Callable[[int, Cue], str]
    """One caption with its number, from 1 on."""
    head: str = ""
    whole: bool = False
    """True if there are no captions in it, but the text."""


_FORMATS = {
    ".srt": _Format(_srt),
    ".vtt": _Format(_vtt, "WEBVTT\n\n"),
    ".txt": _Format(lambda number, cue: "", whole=True),
}
