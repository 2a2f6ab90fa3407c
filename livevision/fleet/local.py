"""Workers as processes of this machine, which are replaced when they die.

`concurrent.futures` gives up all that waits when one process is killed, and `multiprocessing.Pool`
waits for ever for the task that was lost; so here each process has a pipe of its own.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from livevision import logs, signals
from livevision.errors import LivevisionError, ModelError
from livevision.fleet.engine import Engine
from livevision.fleet.job import Done, Job, Lost, Task, Work

STILLBORN = 3
"""Workers in a row that die before they are ready, after which none is tried any more."""
ENDING = 5.0
"""Seconds that a killed process may take to be gone."""

_context = multiprocessing.get_context("spawn")
"""Forks would inherit locks and threads in whatever state they are."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    ready: bool = False
    task: Task | None = None


@dataclass(slots=True)
class Local(Engine):
    """So many processes of this machine, doing `job`."""

    job: Job
    processes: int
    log_level: str | None = None
    _workers: list[_Worker] = field(default_factory=list)
    _stillborn: int = 0

    def begin(self) -> None:
        while len(self._workers) < self.processes:
            self._begin()

    def close(self) -> None:
        """End the processes at once: they have nothing that could be lost."""
        workers, self._workers = self._workers, []
        for each in workers:
            each.process.kill()
        for each in workers:
            each.pipe.close()
            each.process.join(ENDING)

    @property
    def free(self) -> int:
        return sum(each.ready and each.task is None for each in self._workers)

    @property
    def busy(self) -> int:
        return sum(each.task is not None for each in self._workers)

    @property
    def pids(self) -> list[int]:
        """Of the processes, in no order."""
        return [each.process.pid for each in self._workers if each.process.pid is not None]

    def give(self, task: Task) -> None:
        worker = next(each for each in self._workers if each.ready and each.task is None)
        worker.task = task
        with suppress(OSError):  # it has just died, which `answers` finds
            worker.pipe.send(task)

    def answers(self, timeout: float) -> list[tuple[Task, Done | Lost]]:
        by_pipe = {each.pipe: each for each in self._workers}
        found: list[tuple[Task, Done | Lost]] = []
        for pipe in wait(list(by_pipe), timeout):
            worker = by_pipe[pipe]  # type: ignore[index]
            try:
                said = worker.pipe.recv()
            except (EOFError, OSError):
                found += self._replace(worker)
                continue
            if isinstance(said, LivevisionError):
                raise said
            if worker.task is not None and isinstance(said, Done):
                found.append((worker.task, said))
                worker.task = None
            worker.ready = True
            self._stillborn = 0
        return found

    def _begin(self) -> None:
        ours, theirs = _context.Pipe()
        process = _context.Process(
            target=main, args=(theirs, self.job, self.log_level), name="worker", daemon=True
        )
        with _deaf_children():
            process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _replace(self, worker: _Worker) -> list[tuple[Task, Done | Lost]]:
        """A new process for one that died; the task that died with it."""
        worker.process.join(ENDING)
        worker.pipe.close()
        self._workers.remove(worker)
        why = _ended(worker.process.exitcode)
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise ModelError(
                    f"The workers do not start: {STILLBORN} of them in a row {why}. Try whether "
                    "'livevision replay' reads a clip."
                )
        self._begin()
        return [(worker.task, Lost(f"Its worker {why}."))] if worker.task is not None else []


def main(pipe: "Connection[Any, Any]", job: Job, log_level: str | None) -> None:
    """What a process does until the pipe or its parent ends."""
    signals.ignored()  # what a terminal sends to all is for the parent to heed
    logs.begin(log_level)
    threading.Thread(target=_die_with_parent, name="parent", daemon=True).start()
    try:
        work = job.prepare()
    except LivevisionError as error:
        pipe.send(error)
        return
    pipe.send(None)
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            try:
                answer = done(work, task)
            except LivevisionError as error:
                pipe.send(error)
                return
            pipe.send(answer)


def done(work: Work, task: Task) -> Done:
    """The task's result. What nobody foresaw is a reason, too, and the worker goes on.

    Raises LivevisionError for what is no clip's fault.
    """
    try:
        return work(task)
    except LivevisionError:
        raise
    except MemoryError:
        os._exit(1)  # as if the system had killed it: a fresh one may have room
    except Exception as error:
        logging.getLogger(__name__).warning("%s failed", task.clip, exc_info=error)
        return Done(reason=f"livevision failed: {error!r}")


def _die_with_parent() -> None:
    """End at once with the parent: its successor may give the same task to another worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that begin in here never get a terminal's signals, not in their first moments."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals.ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
