"""Workers of a Ray cluster, or of a Ray that is started on this machine for the purpose.

Every clip is a task with one attempt: Ray's own retries would be a second one that nobody knows of.
A worker's process keeps its models from one task to the next.
"""

import importlib
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livevision import signals
from livevision.errors import LivevisionError, ModelError, UsageError
from livevision.fleet import identity, local
from livevision.fleet.engine import Engine
from livevision.fleet.job import Done, Lost, Reading, Task, content_of

log = logging.getLogger(__name__)

PIECE = 8 << 20
"""Bytes of a file that are sent at a time, so that no worker has to hold it in memory."""
CHECKING = 120.0
"""Seconds within which a machine has to tell what is installed there; a first import is slow."""
RESOURCES = 5.0
"""Seconds after which the cluster is asked again how many processors it has."""
STARTS = 2
"""Attempts at what Ray gives up itself after 30 s on a busy machine: to start, to take us in."""
STORE = 256 << 20
"""Bytes of shared memory for a Ray of our own: results are small."""
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the machine
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # `uv run` would have the folder we are in uploaded
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # its warning about a change to come
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a cluster that is gone would have one started in its place
    "GRPC_VERBOSITY": "ERROR",
}
_INSTALL = "Install it: pip install 'livevision[fleet]'"


@dataclass(frozen=True, slots=True)
class Missing:
    """A worker's answer if it has no such file: it has to be sent."""


Pieces = list[tuple[str, list[Any]]]
"""Names of files, and references to their pieces."""


@dataclass(slots=True)
class Ray(Engine):
    """Ray's workers, doing `job`."""

    job: Reading
    address: str | None = None
    """"ray://HOST:10001", "HOST:6379", or "auto" for one that runs here; a Ray of our own if None.
    """
    workers: int | None = None
    """Tasks at a time; one a processor of the cluster if None."""
    _ray: Any = None
    _submit: Any = None
    _job: Any = None
    _tasks: dict[Any, Task] = field(default_factory=dict)
    _places: int = 0
    _asked: float = 0.0

    def begin(self) -> None:
        if self._ray is not None:
            return
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if self.address is None and "RAY_AUTH_MODE" not in os.environ:
            # a token for this run alone, set before Ray is imported; Ray would keep one in the home
            # folder, and from then on demand it of all programs
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        try:
            ray = importlib.import_module("ray")
        except ImportError as error:
            raise UsageError(f"--on ray needs the package ray. {_INSTALL}") from error
        with _own_signals():
            self._connect(ray)
        self._ray = ray
        self._check()
        self._submit = ray.remote(num_cpus=1, max_retries=0)(_read)
        self._job = ray.put(self.job)

    def close(self) -> None:
        ray, self._ray = self._ray, None
        if ray is None:
            return
        with suppress(Exception):
            for each in self._tasks:
                ray.cancel(each, force=True)
        with suppress(Exception), _own_signals():
            ray.shutdown()

    @property
    def free(self) -> int:
        now = time.monotonic()
        if now - self._asked > RESOURCES:
            self._asked = now
            with self._reached():
                there = int(self._ray.cluster_resources().get("CPU", 0))
            self._places = min(self.workers or there, there)
        return self._places - len(self._tasks)

    @property
    def busy(self) -> int:
        return len(self._tasks)

    def give(self, task: Task) -> None:
        with self._reached():
            self._tasks[self._submit.remote(self._job, task, None)] = task

    def answers(self, timeout: float) -> list[tuple[Task, Done | Lost]]:
        ray = self._ray
        if not self._tasks:
            time.sleep(timeout)  # no machine has joined yet
            return []
        found: list[tuple[Task, Done | Lost]] = []
        waiting = list(self._tasks)
        with self._reached():
            ready, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0)
            if not ready:
                ready, _ = ray.wait(waiting, num_returns=1, timeout=timeout)
        for each in ready:
            task = self._tasks.pop(each)
            said = self._answer(each)
            answer = self._send(task) if isinstance(said, Missing) else said
            if answer is not None:
                found.append((task, answer))
        return found

    def _answer(self, reference: Any) -> Done | Lost | Missing:
        errors = self._ray.exceptions
        lost = (
            *(errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError),
            *(errors.ObjectLostError, errors.TaskUnschedulableError, errors.LocalRayletDiedError),
        )
        try:
            with self._reached():
                answer: Done | Missing = self._ray.get(reference)
        except lost as error:
            return Lost(f"Its worker was lost ({type(error).__name__}).")
        except errors.RayTaskError as error:
            if isinstance(error.cause, LivevisionError):
                raise error.cause from error
            return Done(reason=f"livevision failed: {error.cause!r}")
        except errors.RayError as error:
            raise self._left(error) from error
        return answer

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raise ModelError where Ray's client, of a `ray://` address, has lost the cluster."""
        try:
            yield
        except ConnectionError as error:
            raise self._left(error) from error

    def _left(self, error: Exception) -> ModelError:
        self._tasks.clear()  # nothing is left to be cancelled, and to try would take a minute
        return ModelError(
            f"The Ray cluster is gone ({type(error).__name__}). Start it and give the same command "
            "again: what was read is kept."
        )

    def _send(self, task: Task) -> Done | None:
        """Have a task done by a worker that cannot see its file; why not, if it is gone here."""
        try:
            with self._reached():
                pieces = [
                    (path.name, [self._ray.put(piece) for piece in _cut(path)])
                    for path in _files(task.clip)
                ]
                self._tasks[self._submit.remote(self._job, task, pieces)] = task
        except OSError as error:
            return Done(reason=f"{task.clip} cannot be read: {error.strerror}.")
        return None

    def _connect(self, ray: Any) -> None:
        more: dict[str, Any] = {}
        if self.address is None:
            more = {"num_cpus": self.workers, "object_store_memory": STORE}
            more["include_dashboard"] = False
        for attempt in range(1, STARTS + 1):
            try:
                with warnings.catch_warnings(action="ignore"):  # what it warns of is told below
                    ray.init(
                        address=self.address or "local",
                        logging_level=logging.ERROR,
                        log_to_driver=False,
                        **more,
                    )
                return
            except Exception as error:  # of many kinds: its own, of gRPC, of the system
                with suppress(Exception):
                    ray.shutdown()
                # a head that was reached, and had no process for us within 30 s
                busy = "Initialization failure" in str(error)
                if attempt == STARTS or not (self.address is None or busy):
                    raise UsageError(
                        f"Cannot reach Ray at {self.address or 'this machine'}: "
                        f"{str(error).splitlines()[0] if str(error) else type(error).__name__}. "
                        "Is it started there, is that its port (of ray:// mostly 10001), and if it "
                        "wants a token: is RAY_AUTH_MODE=token set here, too?"
                    ) from error

    def _check(self) -> None:
        """Raise UsageError if a machine lacks something, or would give other answers."""
        ray = self._ray
        strategy = importlib.import_module(
            "ray.util.scheduling_strategies"
        ).NodeAffinitySchedulingStrategy
        here = identity.packages()
        nodes = [each for each in ray.nodes() if each["Alive"] and each["Resources"].get("CPU")]

        def ask(what: Callable[..., Any], *about: Any) -> list[Any]:
            remote = ray.remote(num_cpus=0, max_retries=0)(what)
            asked = [
                remote.options(scheduling_strategy=strategy(each["NodeID"], soft=False)).remote(
                    *about
                )
                for each in nodes
            ]
            try:
                return list(ray.get(asked, timeout=CHECKING))
            except Exception as error:
                raise UsageError(
                    f"A machine of the cluster does not work: {str(error).splitlines()[-1]}"
                ) from error

        told = [
            f"{host}: {each}"
            for host, there in ask(_asker(), list(here))
            for each in identity.differences(here, there)
        ]
        if not told:
            same = identity.told(self.job.chosen)
            told = [
                f"{host}: {each}"
                for host, there in ask(_told, self.job)
                for each in identity.differences(same, there)
            ]
        if told:
            raise UsageError(
                f"Machines of the cluster would give other answers. {'; '.join(told[:5])}. "
                "Make them equal, models and what you taught included."
            )


def _asker() -> Callable[[list[str]], tuple[str, dict[str, str]]]:
    """A function that is sent as its code, for machines that may not have livevision."""

    def ask(names: list[str]) -> tuple[str, dict[str, str]]:
        import platform
        from importlib import metadata

        told = {"python": ".".join(platform.python_version_tuple()[:2])}
        for name in names:
            if name != "python":
                try:
                    told[name] = metadata.version(name)
                except metadata.PackageNotFoundError:
                    continue
        return platform.node(), told

    return ask


def _told(job: Reading) -> tuple[str, dict[str, str]]:
    return socket.gethostname(), identity.told(job.chosen)


def _read(job: Reading, task: Task, pieces: Pieces | None) -> Done | Missing:
    """One task, on a worker; models stay in its process."""
    work = job.prepare()
    with suppress(OSError):
        if content_of(task.clip) == task.content:
            return local.done(work, task)
    if pieces is None:
        return Missing()
    ray = importlib.import_module("ray")
    with tempfile.TemporaryDirectory(prefix="livevision-") as folder:
        several = len(pieces) > 1 or Path(pieces[0][0]).name != Path(task.clip).name
        copy = Path(folder, Path(task.clip).name) if several else Path(folder, pieces[0][0])
        if several:
            copy.mkdir()
        for name, references in pieces:
            with (copy / name if several else copy).open("wb") as file:
                for each in references:
                    file.write(ray.get(each))
        if content_of(str(copy)) != task.content:
            return Done(reason=f"{task.clip} was changed while it was sent. Try it again.")
        return local.done(lambda each: job.read(each, str(copy)), task)


def _files(clip: str) -> list[Path]:
    """The files of a clip: itself, or a folder's pictures."""
    from livevision.sources.pictures import inside

    path = Path(clip)
    return sorted(inside(path)) if path.is_dir() else [path]


def _cut(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes signals for itself; they stay ours."""
    before = {each: signal.getsignal(each) for each in signals.ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        sys.stderr.flush()
