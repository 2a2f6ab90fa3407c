"""What `livevision bench` measures, one function each; every figure is of this machine, now."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Self

import cv2
import numpy as np

from livevision import pipeline, recognizers
from livevision.benchmark.stopwatch import Stopwatch, milliseconds
from livevision.demo import astronaut
from livevision.errors import LivevisionError, ModelError
from livevision.frame import Floats, Frame, Image, Result
from livevision.locators.mediapipe_solutions import solutions
from livevision.recognizers import faces, signs
from livevision.recognizers.recognizer import Session
from livevision.sinks import Sink
from livevision.sinks.overlay import Look, annotate
from livevision.sources import Source, open_source


class Pictures(Source):
    """Pictures from memory: nothing is decoded, so that pipeline and floor do the same work."""

    name = "memory"

    def __init__(self, images: Sequence[Image], fps: float) -> None:
        self._images = images
        self._fps = fps
        self._next = 0

    def __enter__(self) -> Self:
        self._next = 0
        return self

    def read(self) -> Frame | None:
        index = self._next
        if index >= len(self._images):
            return None
        self._next += 1
        return Frame(self._images[index], index, index / self._fps)

    def close(self) -> None:
        pass


class Screen(Sink):
    """Draws what a window would show, and notes when that was done."""

    main_thread = True  # as a window

    def __init__(self) -> None:
        self.times: list[float] = []
        """`time.monotonic()` after each picture was drawn."""
        self.cpu: list[float] = []
        """The process's processor time by then, in seconds."""
        self.stream: list[float] = []
        """The frames' own times, in seconds."""
        self.latencies: list[float] = []
        """Seconds from when the source's clock had a picture due until it was drawn."""
        self._named: list[set[str]] = []

    def write(self, result: Result) -> None:
        if self.stream and result.frame.time == self.stream[-1]:
            return  # the last picture once more, with what was pending at the end
        annotate(result, Look())
        now = time.monotonic()
        self.times.append(now)
        self.cpu.append(time.process_time())
        self.stream.append(result.frame.time)
        if result.frame.captured is not None:
            self.latencies.append(now - result.frame.captured)
        self._named.append({each.label for each in result.detections if each.kind == "face"})

    def named(self, name: str) -> int:
        """In how many pictures somebody was called `name`."""
        return sum(name in names for names in self._named)


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through a clip."""

    steps: list[float]
    """Seconds from one finished frame to the next."""
    named: int = 0
    """Frames in which the enrolled person was named."""

    @property
    def per_frame(self) -> float:
        """Mean seconds per frame, the first not counted: it loads and warms up."""
        return sum(self.steps) / len(self.steps)


def load(gallery: Path, *, live: bool) -> list[Session]:
    """Signs and faces, as every command loads them."""
    return [
        recognizers.session("faces", faces.Options(gallery=gallery), live=live),
        recognizers.session("signs", signs.Options(), live=live),
    ]


def play(source: Source, gallery: Path, *, live: bool = False) -> tuple[pipeline.Summary, Screen]:
    """Signs, faces and overlay on everything that `source` gives.

    Raises whatever ended it early, and ModelError if a recogniser broke off.
    """
    screen = Screen()
    summary = pipeline.run(source, load(gallery, live=live), [screen])
    if summary.interrupted:
        raise KeyboardInterrupt
    if summary.error is not None:
        raise summary.error
    if summary.failed:
        raise ModelError(f"A recogniser failed while it was measured: {summary.failed}.")
    return summary, screen


def whole(images: Sequence[Image], gallery: Path, person: str, *, fps: float = 30.0) -> Pass:
    """The whole pipeline over pictures in memory, by the policy of recordings."""
    _, screen = play(Pictures(images, fps), gallery)
    return Pass(_steps(screen.times), screen.named(person))


def bare(images: Sequence[Image]) -> Pass:
    """The floor: MediaPipe's hands and faces, as anybody would call them, and nothing else."""
    mediapipe = solutions()
    times = []
    with (
        mediapipe.hands.Hands(max_num_hands=2, model_complexity=1) as hands,
        mediapipe.face_detection.FaceDetection(model_selection=0) as faces,
    ):
        for image in images:
            picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            hands.process(picture)
            faces.process(picture)
            times.append(time.monotonic())
    return Pass(_steps(times))


def in_turn(first: Callable[[], Pass], second: Callable[[], Pass], passes: int) -> dict[str, float]:
    """Two ways, pass by pass in turn, so that what disturbs one disturbs the other.

    The ratio is the median of the pairs' ratios, first to second.
    """
    pairs = []
    for number in range(passes):
        if number % 2:
            b = second()
            pairs.append((first(), b))
        else:
            a = first()
            pairs.append((a, second()))
    ratios = sorted(a.per_frame / b.per_frame for a, b in pairs)
    return {
        "ms": round(median(a.per_frame for a, _ in pairs) * 1000, 2),
        "other_ms": round(median(b.per_frame for _, b in pairs) * 1000, 2),
        "ratio": round(median(ratios), 3),
        "least": round(ratios[0], 3),
        "most": round(ratios[-1], 3),
    }


def replay(clip: Path, gallery: Path) -> dict[str, float]:
    """Frames per second of a recording, decoded, read, named and drawn."""
    _, screen = play(open_source(str(clip)), gallery)
    steps = _steps(screen.times)
    return {
        "fps": round(len(steps) / sum(steps), 1),
        "ms_per_frame": round(sum(steps) / len(steps) * 1000, 2),
    }


def live(clip: Path, gallery: Path) -> tuple[dict[str, Any], Screen]:
    """A recording played as a camera would give it, from the source's clock to the drawn picture.

    `cores` is the processor time of the whole process over the wall time.
    """
    summary, screen = play(open_source(str(clip), realtime=True), gallery, live=True)
    cores = (screen.cpu[-1] - screen.cpu[0]) / (screen.times[-1] - screen.times[0])
    figures = {
        "dropped": summary.dropped,
        "fps": round(summary.fps, 1),
        "latency_ms": milliseconds(screen.latencies),
        "cores": round(cores, 2),
    }
    return figures, screen


def entering(clip: Path, gallery: Path, enters: float) -> dict[str, Any]:
    """The latency in the two seconds after a face came into the picture."""
    figures, screen = live(clip, gallery)
    after = [
        latency
        for latency, at in zip(screen.latencies, screen.stream, strict=True)
        if enters <= at < enters + 2.0
    ]
    return {"dropped": figures["dropped"], "latency_ms": milliseconds(after)}


def stages(clip: Path, gallery: Path) -> dict[str, dict[str, float]]:
    """Where the time of a live stream goes: each stage by itself, without those inside it.

    `share` is that of the processor time of the whole process, so side by side counts twice.
    """
    from livevision.locators.faces import FaceLocator
    from livevision.locators.hands import HandLocator
    from livevision.recognizers.faces.alignment import Aligner
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.recognizer import FaceRecognizer
    from livevision.recognizers.signs import classifiers
    from livevision.recognizers.signs.recognizer import SignRecognizer
    from livevision.sources.decoding import Converter

    watch = Stopwatch()
    methods: dict[str, tuple[type, str]] = {
        "convert to BGR": (Converter, "image"),
        "find hands": (HandLocator, "locate"),
        "spell": (SignRecognizer, "recognize"),
        "find faces": (FaceLocator, "locate"),
        "align faces": (Aligner, "pose"),
        "embed faces": (FaceReader, "embed"),
        "follow faces": (FaceRecognizer, "recognize"),
        "draw": (Screen, "write"),
    }
    for each in vars(classifiers).values():
        if (
            isinstance(each, type)
            and "classify" in vars(each)
            and each is not classifiers.Classifier
        ):
            methods[f"classify ({each.__name__.lower()})"] = (each, "classify")
    with watch.watching(methods):
        _, screen = play(open_source(str(clip), realtime=True), gallery, live=True)
    total = screen.cpu[-1] - screen.cpu[0]
    found = {}
    for name, calls in watch.wall.items():
        figures = milliseconds(calls)
        share = watch.cpu[name] / total
        found[name] = {
            "median_ms": figures["p50"],
            "p95_ms": figures["p95"],
            "share": round(share, 3),
        }
    rest = 1.0 - sum(each["share"] for each in found.values())
    found["all else"] = {"median_ms": 0.0, "p95_ms": 0.0, "share": round(rest, 3)}
    return dict(sorted(found.items(), key=lambda item: -item[1]["share"]))


def peers(images: Sequence[Image], gallery: Path, person: str) -> dict[str, dict[str, float | int]]:
    """What a user would pick instead, on the same pictures, as far as it is installed.

    `frames_named` counts the pictures in which the enrolled person is called by name.
    """
    found = {"livevision": _peer(_middle(lambda: whole(images, gallery, person)))}
    if there_is_mediapipe():
        keypoints = _middle(lambda: _keypoints(images))
        found["MediaPipe hands + keypoint classifier"] = _peer(keypoints)
    reference = _face_recognition()
    if reference is not None:
        found["face_recognition, full size"] = _peer(_full_size(images, reference))
        found["face_recognition, webcam recipe"] = _peer(
            _middle(lambda: _recipe(images, reference))
        )
    return found


def start(clip: Path, gallery: Path, folder: Path, *, times: int) -> float:
    """Seconds that `livevision run` takes until it has written one annotated picture and ended.

    The median of several, after one that fills the system's caches.
    """
    words = _words(clip, gallery, folder / "first.mp4", "--max-frames", "1")
    seconds = [_process(words)[0] for _ in range(1 + times)][1:]
    return round(median(seconds), 2)


def memory(clip: Path, gallery: Path, folder: Path) -> float | None:
    """Peak resident memory of `livevision run` on a live stream, MB; None where nobody can tell."""
    peak = peak_memory(_words(clip, gallery, folder / "all.mp4"))
    return None if peak is None else round(peak / 1e6)


def sessions(clip: Path) -> dict[str, dict[str, Any]]:
    """What one more session of every recogniser costs, by name (`sessions.measure`).

    Those whose models are not on this machine are left out.
    """
    found = {}
    for name in recognizers.available():
        words = [sys.executable, "-m", "livevision.benchmark.sessions", name, str(clip)]
        with suppress(LivevisionError):
            found[name] = json.loads(_process(words)[1])
    return found


def machine() -> dict[str, Any]:
    """What was measured on, and what with."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = (line.partition(":") for line in info.read_text(encoding="utf-8").splitlines())
        names = [value.strip() for key, _, value in lines if key.strip() == "model name"]
        model = names[0] if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }


_PACKAGES = ("mediapipe", "ai-edge-litert", "opencv-contrib-python", "numpy")


def _version(package: str) -> str | None:
    """None if it is not installed, as mediapipe on Python 3.13 and later."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def there_is_mediapipe() -> bool:
    """Whether its own programs can be measured; for the networks alone it need not be there."""
    return _version("mediapipe") is not None


def _steps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def _middle(run: Callable[[], Pass]) -> Pass:
    """The middle one of three passes; only the slowest peer, ten times slower, has but one."""
    return sorted((run() for _ in range(3)), key=lambda each: each.per_frame)[1]


def _peer(run: Pass) -> dict[str, float | int]:
    return {
        "ms_per_frame": round(run.per_frame * 1000, 2),
        "p95_ms": milliseconds(run.steps)["p95"],
        "frames_named": run.named,
    }


def _keypoints(images: Sequence[Image]) -> Pass:
    """MediaPipe's hands, and a small network on the joints; it names nobody."""
    from livevision import assets
    from livevision.frame import Box
    from livevision.locators.hands import Hand
    from livevision.recognizers.signs.classifiers import load_classifier

    classifier = load_classifier("landmarks", assets.folder("models") / "signs")
    mediapipe = solutions()
    times = []
    with mediapipe.hands.Hands(max_num_hands=2, model_complexity=1) as hands:
        for image in images:
            height, width = image.shape[:2]
            found = hands.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            joints, worlds = found.multi_hand_landmarks, found.multi_hand_world_landmarks
            for joint, world in zip(joints or (), worlds or (), strict=True):
                points = _points(joint) * np.array((width, height, width), np.float32)
                traits = np.zeros(1152, np.float32)
                hand = Hand(Box.around(points), points, _points(world), True, 1.0, 1, traits, 0.0)
                classifier.classify(image, hand)
            times.append(time.monotonic())
    return Pass(_steps(times))


def _points(landmarks: Any) -> Floats:
    return np.array([(each.x, each.y, each.z) for each in landmarks.landmark], np.float32)


def _face_recognition() -> Any | None:
    """The package, or None if it is not installed (it ends the process if a part is missing)."""
    try:
        import face_recognition
    except (ImportError, SystemExit):
        return None
    return face_recognition


def _full_size(images: Sequence[Image], reference: Any) -> Pass:
    """Every face of every picture, found and embedded by the package's own calls."""
    known = reference.face_encodings(astronaut()[:, :, ::-1].copy())[0]
    named, times = 0, []
    for image in images:
        picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        places = reference.face_locations(picture)
        faces = reference.face_encodings(picture, places)
        named += any(bool(reference.compare_faces([known], face)[0]) for face in faces)
        times.append(time.monotonic())
    return Pass(_steps(times), named)


def _recipe(images: Sequence[Image], reference: Any) -> Pass:
    """The package's example for webcams: a quarter of the size, every second picture.

    A picture in between shows the names of the one before.
    """
    known = reference.face_encodings(astronaut()[:, :, ::-1].copy())[0]
    named, times, shown = 0, [], False
    for index, image in enumerate(images):
        if index % 2 == 0:
            small = cv2.resize(image, (0, 0), fx=0.25, fy=0.25)
            picture = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
            faces = reference.face_encodings(picture, reference.face_locations(picture))
            shown = any(bool(reference.compare_faces([known], face)[0]) for face in faces)
        named += shown
        times.append(time.monotonic())
    return Pass(_steps(times), named)


def _words(clip: Path, gallery: Path, target: Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "livevision", "run", str(clip), "--realtime", "--no-window"]
    options = ["--signs", "--faces", "--gallery", str(gallery), "--record", str(target)]
    return [*command, *options, *more]


def _process(words: Sequence[str]) -> tuple[float, str]:
    """Run a command: its seconds, and what it printed. Raises LivevisionError if it fails."""
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise LivevisionError(f"A command failed while it was measured: {last}.")
    return seconds, done.stdout


# In a process of its own: on Linux the peak of a child counts what its parent held when it began.
_PEAK = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_memory(words: Sequence[str]) -> int | None:
    """Peak resident memory of a command in bytes; None where the system does not tell."""
    if not hasattr(os, "wait4"):
        return None
    _, told = _process([sys.executable, "-c", _PEAK, *words])
    return int(told) * (1 if sys.platform == "darwin" else 1024)
