"""What is to be done with every clip of an archive, and what became of one."""

import hashlib
import json
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from livevision import assets, files, recognizers, records, replaying
from livevision.errors import GalleryError, LivevisionError, OutputError
from livevision.fleet import identity
from livevision.pipeline import Summary

JSON = ".json"
TRANSCRIPT = ".transcript.jsonl"
SHOWN = 12
"""Digits of a key in a file's name: 48 bits, enough to tell ten million results apart."""
LONGEST = 120
"""Bytes of a clip's name in its results' names; file systems take 255 in all."""


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to be read."""

    key: str
    """SHA-256 of all that its result depends on (`Reading.key`)."""
    clip: str
    """Its path, as the user named it."""
    content: str
    """SHA-256 of what it holds."""
    size: int
    """Bytes."""
    modified: int
    """When it was changed, in nanoseconds since 1970."""

    @property
    def name(self) -> str:
        """What its results are called, without their endings: one name for one key."""
        return f"{os.fsdecode(os.fsencode(Path(self.clip).name)[:LONGEST])}.{self.key[:SHOWN]}"


@dataclass(frozen=True, slots=True)
class Done:
    """What a worker made of a task."""

    outputs: Mapping[str, str] = field(default_factory=dict)
    """The contents of its results, by their endings."""
    reason: str = ""
    """Why it could not be done, or not wholly; it would be the same again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A task's worker died, or was lost from sight, before it was done."""

    why: str


Work = Callable[[Task], Done]


class Job(ABC):
    """What workers do; sent to them as it is."""

    @abstractmethod
    def prepare(self) -> Work:
        """Load what is needed once a worker; raises LivevisionError if it cannot be had."""


@dataclass(frozen=True)
class Reading(Job):
    """Read every clip as `livevision replay --json` does."""

    chosen: Mapping[str, Any]
    """Names and options of the recognisers, in their order."""
    frames: bool = False
    captions: str | None = None
    """The captions' ending, ".srt" for one."""
    transcript: bool = False
    max_frames: int | None = None
    work: Path | None = None
    """Where drafts may lie; the system's own place if None."""

    def prepare(self) -> Work:
        for name, options in self.chosen.items():
            recognizers.load(name, options)
        return self.read

    def read(self, task: Task, at: str | None = None) -> Done:
        """Read a clip, or its copy that lies `at` another place.

        Raises OutputError or GalleryError for what no clip has to do with: a disk that is full, a
        gallery that cannot be read.
        """
        with self._folder() as folder:
            wanted = {}
            if self.captions:
                wanted[self.captions] = Path(folder, f"captions{self.captions}")
            if self.transcript:
                wanted[TRANSCRIPT] = Path(folder, "transcript.jsonl")
            wish = replaying.Wish(
                frames=self.frames,
                max_frames=self.max_frames,
                captions=wanted.get(self.captions or ""),
                transcript=wanted.get(TRANSCRIPT),
            )
            try:
                summary, entry = replaying.replay(
                    at or task.clip, self.chosen, wish, called=task.clip
                )
            except GalleryError:
                raise
            except LivevisionError as error:
                _check_disk(error)
                return Done(reason=_elsewhere(str(error), at, task.clip))
            _check_disk(summary.failure)
            outputs = {JSON: files.json_text(replaying.report([entry]))}
            for ending, path in wanted.items():
                outputs[ending] = path.read_text(encoding="utf-8")
            return Done(outputs, _elsewhere(_reason(summary), at, task.clip))

    @contextmanager
    def _folder(self) -> Iterator[str]:
        """A folder for drafts, gone afterwards. Raises OutputError."""
        try:
            folder = tempfile.mkdtemp(prefix="livevision-", dir=self.work)
        except OSError as error:
            place = self.work or "the folder for temporary files"
            raise OutputError(f"Cannot write in {place}: {error.strerror}.") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def key(self, content: str) -> str:
        """SHA-256 of what a clip's result depends on: its content, our options, the models."""
        return hashlib.sha256(f"{content} {self._rest}".encode()).hexdigest()

    @cached_property
    def _rest(self) -> str:
        wanted = {
            "schema": records.SCHEMA,
            "recognizers": {
                name: identity.options_of(options) for name, options in self.chosen.items()
            },
            "order": list(self.chosen),
            "frames": self.frames,
            "captions": self.captions,
            "transcript": self.transcript,
            "max_frames": self.max_frames,
            "models": identity.models(self.chosen),
            "personal": identity.personal(self.chosen),
        }
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def content_of(clip: str) -> str:
    """SHA-256 of a file, or of a folder's pictures and their names. Raises OSError."""
    from livevision.sources.pictures import SUFFIXES, inside

    path = Path(clip)
    if path.is_dir():
        listed = "".join(f"{assets.digest(each)} {each.name}\n" for each in sorted(inside(path)))
        return hashlib.sha256(os.fsencode(listed)).hexdigest()
    digest = assets.digest(path)
    # the same bytes are another clip if they are taken for a picture
    return f"{digest}-picture" if path.suffix.lower() in SUFFIXES else digest


def _check_disk(error: LivevisionError | None) -> None:
    """Raise `error` if the system refused to write what a clip gave: so it would for all others."""
    if isinstance(error, OutputError) and isinstance(error.__cause__, OSError):
        raise error


def _reason(summary: Summary) -> str:
    """Why a clip was not read wholly; empty if it was."""
    if summary.error is not None:
        return str(summary.error)
    failed = "; ".join(f"{name} failed: {why}" for name, why in summary.failed.items())
    return failed or ("It was interrupted." if summary.interrupted else "")


def _elsewhere(reason: str, at: str | None, clip: str) -> str:
    """A reason as it would be told of the clip itself, not of its copy."""
    return reason if at is None else reason.replace(at, clip)
