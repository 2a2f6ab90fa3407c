"""One process a camera, each started again when it dies, hangs or grows.

The supervisor decodes nothing and loads no model: one loop reads pulses and logs, and looks after
the processes. Whatever happens to one of them, the others have no part in it.
"""

import json
import logging
import os
import selectors
import signal
import subprocess
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from livevision import files
from livevision.closing import Closing
from livevision.errors import LivevisionError
from livevision.fleet import traces
from livevision.fleet.site import Camera, Site

log = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a process is started again; the last one for ever."""
WELL = 60.0
"""Seconds of work after which earlier deaths are forgiven."""
STARTING = 180.0
"""Seconds that a process may take until it works: models are loaded, a camera is opened. Many at
once on a busy machine take their time; an opening is given up by the process itself after 30."""
SILENT = 8.0
"""Seconds without a pulse after which a process hangs. A frame takes 20 ms, the slowest recogniser
half a second; with the pause and the start it is back within 20."""
FIRST = 60.0
"""The same before its first frame, with which a recogniser may load what it needs."""
LEAVING = 3.0
"""Seconds that a process may take to end by itself; the supervisor has five (`signals.LAST`)."""
GLANCE = 0.1
"""Seconds between two looks at the processes."""
SWEEP = 3600.0
"""Seconds between two looks for files that are to be erased."""
LOG_LINES = 20
"""Last lines of each camera's log that `fleet status` has."""
_BLOCK = 1 << 16


@dataclass(slots=True)
class Watched:
    """One camera, and how its process is doing."""

    camera: Camera
    process: "subprocess.Popen[bytes] | None" = None
    state: str = "waiting"
    """"waiting", "starting", "running", "away" or "stopping"."""
    since: float = 0.0
    """When it came into this state, by the monotonic clock."""
    heard: float = 0.0
    """When its last pulse came."""
    due: float = 0.0
    """When it is to be started."""
    deaths: int = 0
    """In a row."""
    why: str = ""
    """Why its process is being ended, or was."""
    restarts: Counter[str] = field(default_factory=Counter)
    """By reason."""
    pulse: Mapping[str, Any] = field(default_factory=dict)
    """The last one."""
    before: Counter[str] = field(default_factory=Counter)
    """Frames, dropped ones and events of earlier processes."""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    gone: bool = False
    """True if the configuration no longer has it."""
    rest: dict[str, bytes] = field(default_factory=dict)
    """Beginnings of lines, by the pipe that they come from."""

    @property
    def patience(self) -> float:
        """Seconds for which it may be silent."""
        return SILENT if self.pulse.get("frames") else FIRST

    def counted(self) -> Counter[str]:
        """Frames, dropped ones and events since the supervisor began."""
        now: Counter[str] = Counter(
            frames=self.pulse.get("frames", 0), dropped=self.pulse.get("dropped", 0)
        )
        now.update({f"event {kind}": n for kind, n in self.pulse.get("events", {}).items()})
        return self.before + now


class Supervisor(Closing):
    """Looks after the cameras of a site until it is closed."""

    def __init__(
        self,
        site: Site,
        command: Sequence[str],
        *,
        read: Callable[[], Site],
        tell: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command` starts a camera's process, which gets its order (`order`) on standard input.

        `read` gives the site anew, and raises UsageError; `tell` gets lines of the cameras' logs.
        """
        self.site = site
        self._command = list(command)
        self._read = read
        self._tell = tell
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._watched: dict[str, Watched] = {}
        self._swept = float("-inf")
        self._take_in(site)

    def work(self) -> None:
        """One round: read what was said, then look at each process."""
        for key, _ in self._selector.select(GLANCE):
            key.data(key.fileobj)
        now = self._clock()
        for watched in list(self._watched.values()):
            self._look(watched, now)
        if self.site.keep_days is not None and now - self._swept > SWEEP:
            self._swept = now
            self._erase_old(self.site.keep_days)

    def listen(self, door: Any, answer: Callable[[Any], None]) -> None:
        """Have `answer` called with the socket `door` when somebody knocks."""
        self._selector.register(door, selectors.EVENT_READ, answer)

    def reload(self) -> str:
        """Read the configuration anew; what came of it. Cameras that did not change go on."""
        try:
            site = self._read()
        except LivevisionError as error:
            log.warning("the configuration was not taken over: %s", error)
            return f"Nothing was changed: {error}"
        told = self._take_in(site)
        log.info("the configuration was read again: %s", told)
        return told

    def told(self) -> list[dict[str, Any]]:
        """How each camera is doing, for `fleet status` and Prometheus."""
        now = self._clock()
        told = []
        for name, each in self._watched.items():
            counts = each.counted()
            frames, dropped = counts["frames"], counts["dropped"]
            told.append(
                {
                    "camera": name,
                    "state": each.state,
                    "seconds": round(now - each.since, 1),
                    "pid": each.process.pid if each.process is not None else None,
                    "silent_s": round(now - each.heard, 1) if each.heard else None,
                    "frames": frames,
                    "dropped": dropped,
                    "dropped_share": round(dropped / max(1, frames + dropped), 4),
                    "restarts": dict(each.restarts),
                    **{key: each.pulse.get(key) for key in ("fps", "p95_ms", "rss_mb", "source")},
                    "events": {
                        kind.removeprefix("event "): number
                        for kind, number in counts.items()
                        if kind.startswith("event ")
                    },
                    "failed": each.pulse.get("failed") or [],
                    "why": each.why,
                    "log": list(each.lines),
                }
            )
        return told

    def close(self) -> None:
        """End all processes, those that do not end by themselves by force."""
        for each in self._watched.values():
            self._ask_to_end(each, "")
        end = time.monotonic() + LEAVING
        for each in self._watched.values():
            process = each.process
            if process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            process.kill()
            process.wait()
            self._drain(each)
        self._watched.clear()
        self._selector.close()

    def _take_in(self, site: Site) -> str:
        """Make the cameras those of `site`."""
        self.site = site
        changed = []
        for name, each in self._watched.items():
            wanted = site.cameras.get(name)
            if wanted == each.camera:
                continue
            changed.append(f"{name} {'is gone' if wanted is None else 'has changed'}")
            each.gone = wanted is None
            if wanted is not None:
                each.camera = wanted
            each.deaths = 0
            self._ask_to_end(each, "the configuration")
        for name, camera in site.cameras.items():
            known = self._watched.get(name)
            if known is None:
                self._watched[name] = Watched(camera, since=self._clock())
                changed.append(f"{name} is new")
            elif known.gone:  # and back before its process was
                known.gone = False
        return ", ".join(changed) or "nothing has changed"

    def _look(self, each: Watched, now: float) -> None:
        process = each.process
        if process is None:
            if each.gone:
                del self._watched[each.camera.name]
            elif now >= each.due:
                self._start(each)
            return
        if process.poll() is not None:
            self._ended(each, process.returncode, now)
        elif each.state == "stopping":
            if now - each.since > LEAVING:
                process.kill()
        elif each.state == "starting" and now - each.since > STARTING:
            self._kill(each, "it did not start")
        elif each.state in ("running", "away") and now - each.heard > each.patience:
            self._kill(each, "it hung")
        elif (each.pulse.get("rss_mb") or 0) > self.site.memory_mb:
            self._kill(each, "it took too much memory")
        elif each.deaths and each.state == "running" and now - each.since > WELL:
            each.deaths = 0

    def _start(self, each: Watched) -> None:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends them in order
        )
        each.process, each.why, each.pulse = process, "", {}
        self._enter(each, "starting")
        each.heard = 0.0
        assert process.stdin is not None
        with suppress(OSError), process.stdin as pipe:  # if it has died, that is found out soon
            pipe.write(json.dumps(order(each.camera, self.site)).encode())
        for name, stream in (("pulse", process.stdout), ("log", process.stderr)):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            each.rest[name] = b""
            self._selector.register(
                stream,
                selectors.EVENT_READ,
                lambda stream, each=each, name=name: self._hear(each, name, stream),
            )

    def _hear(self, each: Watched, name: str, stream: IO[bytes]) -> bool:
        """Take in what one of a process's pipes holds; False if that was nothing."""
        try:
            data = os.read(stream.fileno(), _BLOCK)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(stream)
            stream.close()
            return False
        *lines, each.rest[name] = (each.rest[name] + data).split(b"\n")
        for line in lines:
            if name == "log":
                text = line.decode("utf-8", "replace")
                each.lines.append(text)
                self._tell(f"camera={json.dumps(each.camera.name)} {text}")
            else:
                self._felt(each, line)
        return True

    def _felt(self, each: Watched, line: bytes) -> None:
        try:
            pulse = json.loads(line)
        except ValueError:
            return
        if not isinstance(pulse, dict) or each.state == "stopping":
            return
        each.heard = self._clock()
        if pulse.get("state") == "running":
            if pulse.get("frames", 0) < each.pulse.get("frames", 0):  # the files of a new day
                each.before = each.counted()
            each.pulse = pulse
        elif "source" in pulse:
            each.pulse = {**each.pulse, "source": pulse["source"]}
        if each.state != pulse.get("state"):
            self._enter(each, str(pulse.get("state")))

    def _enter(self, each: Watched, state: str) -> None:
        each.state, each.since = state, self._clock()

    def _ask_to_end(self, each: Watched, why: str) -> None:
        """Let a process end by itself; what it has pending is told before."""
        if each.process is not None and each.state != "stopping":
            each.why = why
            self._enter(each, "stopping")
            with suppress(OSError):
                each.process.send_signal(signal.SIGTERM)
        each.due = 0.0

    def _kill(self, each: Watched, why: str) -> None:
        assert each.process is not None
        each.why = why
        each.process.kill()
        self._enter(each, "stopping")

    def _ended(self, each: Watched, code: int, now: float) -> None:
        self._drain(each)
        planned = each.why == "the configuration"
        why = each.why or _told(code)
        each.before, each.pulse, each.process = each.counted(), {}, None
        each.why = why
        if not planned:
            pause = PAUSES[min(each.deaths, len(PAUSES) - 1)]
            each.deaths += 1
            each.due = now + pause
            each.restarts[_reason(why)] += 1
            log.warning("camera %s: %s; again in %g s", each.camera.name, why, pause)
        self._enter(each, "waiting")

    def _drain(self, each: Watched) -> None:
        """Read what a process said before its end, and close its pipes."""
        process = each.process
        if process is None:
            return
        for name, stream in (("pulse", process.stdout), ("log", process.stderr)):
            if stream is None or stream.closed:
                continue
            while self._hear(each, name, stream):
                pass
            if not stream.closed:  # a process that it began has it still
                self._selector.unregister(stream)
                stream.close()

    def _erase_old(self, days: int) -> None:
        before = datetime.now(UTC) - timedelta(days=days)
        for path in traces.of_cameras(self.site.folder):
            if traces.expired(path, before):
                try:
                    files.erase(path)
                    log.info("%s is older than %d days and was erased", path, days)
                except LivevisionError as error:
                    log.warning("%s", error)


def order(camera: Camera, site: Site) -> dict[str, Any]:
    """What a camera's process is told; not on its command line, for addresses hold passwords."""
    return {
        "name": camera.name,
        "source": camera.source,
        "options": dict(camera.options),
        "events": camera.events,
        "transcript": camera.transcript,
        "captions": camera.captions,
        "record": camera.record,
        "raw": camera.raw,
        "folder": str(site.folder / camera.name),
    }


def _told(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"it was killed by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"


def _reason(why: str) -> str:
    """A reason as a label for Prometheus: few of them."""
    for word, reason in (
        ("hung", "hung"),
        ("memory", "memory"),
        ("start", "start"),
        ("killed", "killed"),
    ):
        if word in why:
            return reason
    return "ended"
