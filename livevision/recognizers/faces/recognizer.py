"""Names the faces of a stream."""

import math
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from livevision.frame import Box, Detection, Event, Findings, Frame, Image
from livevision.locators.faces import Face, is_new, overlapping, roll
from livevision.recognizers.faces import CLASSIC, UNKNOWN, Options
from livevision.recognizers.faces.alignment import TILTED
from livevision.recognizers.faces.classic import ClassicMatcher
from livevision.recognizers.faces.embedding import QUICK, FaceReader, as_bgr, chip, views
from livevision.recognizers.faces.gallery import Embedding, Gallery, default_path
from livevision.recognizers.faces.matching import Judge, matcher
from livevision.recognizers.faces.tracks import Track, Tracker, share_out
from livevision.recognizers.recognizer import Model, Session

POOR = 0.08
"""Quality below which a view is not used at all."""
BETTER = 1.3
"""How many times the best quality so far is worth another look at once."""
EARLY = 8
"""Looks at a face that is new, one every `AGAIN_EARLY` seconds; then every `AGAIN_LATER`, or every
`AGAIN_BETTER` if the view is better."""
AGAIN_EARLY = 0.15
AGAIN_BETTER = 0.5
AGAIN_LATER = 1.0
WIDE = 0.5
"""Seconds between searches for faces far behind one that is near."""
CUT = 0.8
"""Correlation of the pictures around a face in two frames below which there may be a cut between
them: two looks more do no harm where there is none."""
SIGHT = 16
"""Side of these pictures, in pixels."""
SPACIOUS = 960
"""Longer side of a picture, in pixels, in which faces too small for the whole are looked for in its
parts, one every `SWEEP` seconds, and followed where they were: up to `FOLLOWED` in a picture."""
SWEEP = 0.1
FOLLOWED = 4
HIDDEN = 0.1
"""Overlap with another face from which on a face may be partly hidden by it."""
HOLD = 0.25
"""Seconds a stranger's face stays where it was when it is lost, so that it stays blurred."""
BRIEF = 0.4
"""Seconds a face must have been there to be reported, if it was seen too briefly to be called
anything; `LONG` if it was never seen well enough for a single look."""
LONG = 2.0
BESIDE = 0.1
"""Seconds after which a recording takes a look at a face that was called something before into
account, whenever it was ready: it is made beside the pictures meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one view of a face is worth, 0 to 1, and what it looks like."""

    quality: float
    embedding: Embedding
    chip: Image


@dataclass(slots=True)
class _Plan:
    """When and how a track is looked at."""

    due: float
    """Seconds of the stream."""
    after: float = 0.0
    """Until then only a better view is worth a look."""
    best: float = 0.0
    waiting: Future[_Look | None] | None = None
    sight: tuple[Box, Image] | None = None
    """Where the face was in the frame before, and the picture around it; see `_sight`."""
    looked: float = 0.0
    """Seconds of the stream when the look that is waited for was taken."""


class FaceModel(Model):
    """The networks that find and compare faces; whom they know, the gallery says."""

    def __init__(self, options: Options) -> None:
        """Raises ModelError if a model is missing."""
        self._options = options
        self._reader = FaceReader()
        self._lock = Lock()
        self._known: tuple[tuple[object, ...], Judge, Path] | None = None

    def session(self, *, live: bool = False) -> "FaceRecognizer":
        """A new stream's memory; it knows those who are enrolled by now.

        Raises GalleryError if the gallery is damaged, or named and not there, unless strangers are
        to be remembered in it.
        """
        with self._lock:
            people, path = self._people()
        sightings = path if self._options.remember_strangers else None
        return FaceRecognizer(people, live=live, reader=self._reader, sightings=sightings)

    def _people(self) -> tuple[Judge, Path]:
        """Those who are enrolled, and in which file; read anew when that has changed."""
        options = self._options
        path = options.gallery or default_path()
        state = (*_state(path), date.today())
        if self._known is None or self._known[0] != state or len(state) == 1:
            create = options.gallery is None or options.remember_strangers
            with Gallery(options.gallery, create=create) as gallery:
                if gallery.forget_expired(date.today()):
                    state = (*_state(path), date.today())
                if options.model in CLASSIC:
                    judge: Judge = ClassicMatcher(
                        options.model, gallery.chips(), threshold=options.threshold
                    )
                else:
                    judge = matcher(gallery, options.threshold)
                self._known = state, judge, gallery.path
        return self._known[1:]


def _state(path: Path) -> tuple[int, ...]:
    """What changes when the file does; nothing if there is none."""
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size


class FaceRecognizer(Session):
    """Finds faces, follows them, and calls those who are enrolled by their names.

    A live stream takes an embedding when it is there and never waits for one. With a recording the
    answers must not depend on the machine's speed: it waits at once while a face is called nothing
    yet, and `BESIDE` seconds of the stream later when it has a name.
    """

    def __init__(
        self,
        matcher: Judge,
        *,
        live: bool,
        reader: FaceReader | None = None,
        sightings: Path | None = None,
    ) -> None:
        """`live` is what the stream is expected to be; its frames tell whether it is.

        `sightings` is the gallery in which strangers are to be remembered, if they are.
        """
        self._matcher = matcher
        self._sightings = sightings
        self._strangers: list[tuple[Embedding, float]] = []
        self._waits = not live
        self._reader = reader or FaceReader()
        self._tracker = Tracker()
        self._wide = 0.0
        self._swept = 0.0
        self._part = -1
        self._plans: dict[Track, _Plan] = {}
        # at no lower priority: a thread that has to wait while it holds the interpreter's lock lets
        # everything wait
        self._pool = ThreadPoolExecutor(1, "face-embedding")

    def recognize(self, frame: Frame) -> Findings:
        self._waits = frame.captured is None
        image = as_bgr(frame.image)
        seen, ended = self._tracker.update(self._faces(image, frame.time), frame.time)
        events = [event for track in ended for event in self._report(track)]
        boxes = [track.face.box for track in seen]
        for track in seen:
            self._mind_cut(track, image, frame.time)
        for place, track in enumerate(seen):
            plan = self._plans.setdefault(track, _Plan(frame.time))
            ready = plan.waiting is None and frame.time >= plan.due - 1e-6
            if ready and abs(roll(track.face)) <= TILTED and not _hidden(track, boxes):
                settled = frame.time < plan.after
                plan.due = frame.time + (AGAIN_BETTER if settled else AGAIN_EARLY)
                plan.looked = frame.time
                least = max(POOR, BETTER * plan.best) if settled else POOR
                plan.waiting = self._pool.submit(_look, self._reader, image, track.face, least)
            if self._is_ready(track, plan, frame.time):
                seen[place] = self._take(track, plan, frame.time)
                if seen[place] is not track:
                    events += self._report(track)
        share_out(seen)
        held = [
            track
            for track in self._tracker.tracks
            if 0 < frame.time - track.last <= HOLD
            and track.name in ("", UNKNOWN)
            and not track.found
        ]
        return Findings(tuple(_detection(track) for track in [*seen, *held]), tuple(events))

    def _faces(self, image: Image, time: float) -> list[Face]:
        """The faces in sight; those far away are looked for now and then, and when one is lost."""
        expected = max(1, len(self._tracker.tracks))
        if time >= self._wide:
            self._wide, expected = time + WIDE, sys.maxsize
        locator = self._reader.locator
        faces = locator.locate(image, expected=expected)
        if max(image.shape[:2]) < SPACIOUS:
            return faces
        if time >= self._swept:  # one part at a time, so that no picture takes long
            parts = overlapping(image, 2)
            self._swept, self._part = time + SWEEP, (self._part + 1) % len(parts)
            found = locator.locate_in(image, parts[self._part])
            faces += [face for face in found if is_new(face, faces)]
        lost = [each.face for each in self._tracker.tracks if is_new(each.face, faces)]
        for face in lost[:FOLLOWED]:
            here = locator.follow(image, face)
            if here is not None and is_new(here, faces):
                faces.append(here)
        return faces

    def finish(self) -> Findings:
        left = self._tracker.finish()
        return Findings(events=tuple(event for track in left for event in self._report(track)))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        # at the end, so that no picture ever waits for a disk or another program's lock
        if self._sightings is not None and self._strangers:
            with Gallery(self._sightings) as gallery:
                for embedding, seconds in self._strangers:
                    gallery.note_sighting(embedding, UNKNOWN, seconds)
            self._strangers.clear()

    def _mind_cut(self, track: Track, image: Image, time: float) -> None:
        """Look at a face at once if the picture around it has changed from one frame to the next.

        As at a cut in a film, or where a call shows who speaks: another face may be in its place.
        A picture that is still there where it was has not changed: the box alone has jumped.
        """
        plan = self._plans.setdefault(track, _Plan(time))
        before, now = plan.sight, _sight(image, track.face.box)
        plan.sight = track.face.box, now
        if before is None or not track.looks:
            return
        place, seen = before
        if _alike(seen, now) >= CUT or _alike(seen, _sight(image, place)) >= CUT:
            return
        track.cut = time
        track.since.clear()
        plan.due, plan.after = time, 0.0

    def _is_ready(self, track: Track, plan: _Plan, time: float) -> bool:
        """Whether there is a look to be taken into account at `time`."""
        if plan.waiting is None:
            return False
        if not self._waits:
            return plan.waiting.done()
        return time >= plan.looked + (BESIDE if track.name else 0.0) - 1e-6

    def _take(self, track: Track, plan: _Plan, time: float) -> Track:
        """Make use of the look that has come; the track that the face belongs to."""
        assert plan.waiting is not None
        look, plan.waiting = plan.waiting.result(), None
        if look is None:
            return track
        plan.best = max(plan.best, look.quality)
        late = track.cut is not None and plan.looked >= track.cut
        own = track.add(look.embedding, look.quality, look.chip, late=late)
        if own:
            self._tracker.identify(track)
            track.decide(self._matcher)
        if not own or track.usurped:
            track = self._tracker.split(track, time)
            self._plans[track] = _Plan(time)
            track.decide(self._matcher)
        settled = not track.doubtful and not track.odd and track.cut is None
        if settled and len(track.looks) >= EARLY:
            self._plans[track].due = plan.looked + AGAIN_BETTER
            self._plans[track].after = plan.looked + AGAIN_LATER
        return track

    def _report(self, track: Track) -> list[Event]:
        """A track that has ended, as an event; nothing if it was but a flicker."""
        plan = self._plans.pop(track, None)
        if plan is not None and self._is_ready(track, plan, math.inf):
            assert plan.waiting is not None
            look = plan.waiting.result()
            if look is not None and track.add(look.embedding, look.quality, look.chip):
                track.decide(self._matcher)
        if track.last - track.start < (LONG if not track.looks else BRIEF if not track.name else 0):
            return []
        confidence = _confidence(track)
        label = track.name or UNKNOWN
        if self._sightings is not None and track.name == UNKNOWN:
            self._strangers.append((track.mean(), track.last - track.start))
        return [
            Event("person", label, track.start, track.last, confidence, {"track": track.number})
        ]


def _look(reader: FaceReader, image: Image, face: Face, least: float) -> _Look | None:
    """A look at a face, or None if it would be of less than the quality `least`."""
    pose = reader.aligner.pose(image, face)
    if pose.quality < least:
        return None
    chips = views(image, pose, QUICK)
    return _Look(pose.quality, reader.embed(chips), chip(chips[0]))


def _sight(image: Image, box: Box) -> Image:
    """The picture around a face, (16, 16) grey, roughly."""
    part = box.square(0.5).crop(image)
    step = max(1, min(part.shape[:2]) // (2 * SIGHT))
    small = cv2.resize(
        np.ascontiguousarray(part[::step, ::step]), (SIGHT, SIGHT), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _alike(one: Image, other: Image) -> float:
    """The correlation of two pictures, -1 to 1; 1 where there is nothing to be seen."""
    a, b = (each.astype(np.float32) - float(each.mean()) for each in (one, other))
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1.0 if length < SIGHT * SIGHT else float((a * b).sum()) / length


def _detection(track: Track) -> Detection:
    confidence = _confidence(track) if track.name else 0.0
    return Detection(
        "face", track.face.box, track.name, confidence, track.number, track.face.keypoints
    )


def _confidence(track: Track) -> float:
    """Probability that the track's name is right, 0 to 1; 0 if it was never made out."""
    if track.match is None:
        return 0.0
    agrees = track.match.name == (track.name or UNKNOWN)
    return track.match.confidence if agrees else 1.0 - track.match.confidence


def _hidden(track: Track, boxes: list[Box]) -> bool:
    box = track.face.box
    return any(other is not box and box.overlap(other) > HIDDEN for other in boxes)
