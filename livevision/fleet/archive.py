"""Has every clip of an archive read once, whatever dies meanwhile.

The driver alone writes: a worker sends what it read, the results are written as drafts and
renamed, then the ledger has a line. So whatever is killed, a clip has its whole result and its
line, or it is done again; a result is only ever replaced by its equal.
"""

import logging
import queue
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from livevision import files, signals
from livevision.closing import Closing
from livevision.fleet.engine import Engine
from livevision.fleet.job import Done, Lost, Reading, Task, content_of
from livevision.fleet.ledger import Entry, Ledger

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a clip is tried whose worker dies; that may be another's fault."""
AHEAD = 64
"""Clips that are looked at before a worker is free for them."""
GLANCE = 0.1
"""Seconds after which a wait looks whether the user has interrupted it."""
LEAVING = 2.0
"""Seconds that the clip being looked at is waited for at the end."""


@dataclass(slots=True)
class Progress:
    """How far it is."""

    clips: int
    """How many there are in all."""
    done: int = 0
    earlier: int = 0
    """Those that were done before."""
    same: int = 0
    """Those that hold what another one does."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Clips that failed, before too, and why."""
    before: int = 0
    """How many of those failed before and were not tried again."""
    lost: int = 0
    """How often a worker died over a clip."""
    seconds: float = 0.0

    @property
    def over(self) -> int:
        return self.done + self.earlier + self.same + len(self.failed)


@dataclass(frozen=True, slots=True)
class Passed:
    """A clip for which there is nothing to do."""

    clip: str
    task: Task | None = None
    """What it would be; None if it cannot be read at all."""
    entry: Entry | None = None
    """What the ledger had of it before; None if another clip of this run has the same content."""
    reason: str = ""
    """Why it cannot be read at all."""


Plan = Iterator[Task | Passed]


def plan(clips: Sequence[str], job: Reading, ledger: Ledger, *, retry: bool) -> Plan:
    """What has to be done for each clip, looked at one by one; `retry` those that failed, too."""
    before = dict(ledger.entries)
    seen: set[str] = set()
    for clip in clips:
        try:
            state = Path(clip).stat()
            content = None
            if stat.S_ISREG(state.st_mode):
                content = ledger.content(clip, state.st_size, state.st_mtime_ns)
            elif not stat.S_ISDIR(state.st_mode):  # a pipe or a device: it would be read for ever
                raise ValueError("it is neither a file nor a folder")
            content = content or content_of(clip)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            yield Passed(clip, reason=f"{clip} cannot be read: {why}. Check the name.")
            continue
        task = Task(job.key(content), clip, content, state.st_size, state.st_mtime_ns)
        entry = before.get(task.key)
        if task.key in seen:
            yield Passed(clip, task)
        elif entry is not None and not _again(entry, ledger.folder, retry=retry):
            yield Passed(clip, task, entry)
        else:
            yield task
        seen.add(task.key)


def _again(entry: Entry, folder: Path, *, retry: bool) -> bool:
    """Whether a clip is to be read that was read before."""
    if entry.state == "failed":
        return retry
    return not all(each.exists() for each in entry.paths(folder))  # of an erased one there are none


def read(
    planned: Plan,
    clips: int,
    engine: Engine,
    ledger: Ledger,
    *,
    attempts: int = ATTEMPTS,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Have all that is planned done; `tell` hears after each clip how far it is.

    Raises OutputError if a result cannot be written, KeyboardInterrupt if the user had enough,
    LivevisionError if no worker can work. What was done by then is in the ledger.
    """
    progress = Progress(clips)
    begun = time.monotonic()
    following: Task | None = None
    """The next one, for which there is no free worker yet."""
    again: deque[Task] = deque()
    tried: dict[str, int] = {}
    with Ahead(planned) as ahead:
        while True:
            signals.check()
            while following is None and (item := ahead.take()) is not None:
                if isinstance(item, Task):
                    following = item
                else:
                    _pass_over(item, ledger, progress)
                    tell(progress)
            if following is None and again and ahead.over:
                following = again.popleft()
            if following is not None:
                engine.begin()
                if engine.free:
                    engine.give(following)
                    following = None
                    continue
            elif not engine.busy:
                if ahead.over and not again:
                    break
                ahead.wait(GLANCE)
                continue
            for task, answer in engine.answers(GLANCE):
                number = tried.pop(task.key, 0) + 1
                if isinstance(answer, Lost):
                    progress.lost += 1
                    log.info("%s: %s", task.clip, answer.why)
                    if number < attempts:
                        tried[task.key] = number
                        again.append(task)
                        continue
                    answer = Done(reason=f"{answer.why} That was attempt {number}, the last one.")
                _keep(task, answer, number, ledger, progress)
                progress.seconds = time.monotonic() - begun
                tell(progress)
    progress.seconds = time.monotonic() - begun
    return progress


def _pass_over(item: Passed, ledger: Ledger, progress: Progress) -> None:
    task, entry = item.task, item.entry
    if task is None:
        progress.failed.append((item.clip, item.reason))
        return
    if entry is None:
        progress.same += 1
    elif entry.state == "failed":
        progress.failed.append((item.clip, entry.reason))
        progress.before += 1
    else:
        progress.earlier += 1
    known = ledger.entries.get(task.key)
    erased = known is not None and known.state == "erased"  # nor is its name to come back
    if not erased and ledger.content(item.clip, task.size, task.modified) is None:
        ledger.same(task)  # it has another name now, so its digest need not be taken again


def _keep(task: Task, done: Done, number: int, ledger: Ledger, progress: Progress) -> None:
    """Write the results, then the ledger's line.

    Of a clip that was changed or taken away while it was read, neither: it is as good as unread.
    """
    if not _is_same(task):
        why = f"{task.clip} was changed while it was read. Give the same command again."
        progress.failed.append((task.clip, why))
        return
    for ending, text in done.outputs.items():
        files.replace_text(ledger.folder / f"{task.name}{ending}", text, private=True)
    if done.reason:
        ledger.failed(task, done.outputs, number, done.reason)
        progress.failed.append((task.clip, done.reason))
    else:
        ledger.done(task, done.outputs, number)
        progress.done += 1


def _is_same(task: Task) -> bool:
    """Whether a file is still what its digest was taken of; a folder's time says nothing of that.

    Results may have been written in it meanwhile.
    """
    try:
        state = Path(task.clip).stat()
    except OSError:
        return False
    if stat.S_ISDIR(state.st_mode):
        return True
    return (state.st_size, state.st_mtime_ns) == (task.size, task.modified)


class Ahead(Closing):
    """Goes through a plan on a thread of its own: to take a clip's digest, it has to be read."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        self._found: queue.Queue[Task | Passed] = queue.Queue(AHEAD)
        self._left = threading.Event()
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    @property
    def over(self) -> bool:
        """Whether all was taken. Raises what the plan raised."""
        ended = self._ended.is_set() and self._found.empty()
        if ended and self._error is not None:
            raise self._error
        return ended

    def take(self) -> Task | Passed | None:
        """What is next, if it is there."""
        with suppress(queue.Empty):
            return self._found.get_nowait()
        return None

    def wait(self, timeout: float) -> None:
        """Until something is there, or all is, or `timeout` seconds have passed."""
        with self._found.not_empty:
            if not self._found.queue and not self._ended.is_set():
                self._found.not_empty.wait(timeout)

    def close(self) -> None:
        self._left.set()
        self._thread.join(LEAVING)

    def _work(self) -> None:
        try:
            for item in self._plan:
                while not self._left.is_set():
                    with suppress(queue.Full):
                        self._found.put(item, timeout=GLANCE)
                        break
                if self._left.is_set():
                    return
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()
            with self._found.not_empty:
                self._found.not_empty.notify_all()
