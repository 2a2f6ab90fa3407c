"""Names the leaves that lie before a camera, beside its pictures."""

from pathlib import Path

from livevision import assets, classifying
from livevision.errors import ModelError
from livevision.frame import Detection, Event, Findings, Frame, Step, Steps
from livevision.recognizers.beside import Beside
from livevision.recognizers.holding import Held, Holding
from livevision.recognizers.leaves import Options, taught_file
from livevision.recognizers.leaves.features import LENGTH, thumbnail, upright
from livevision.recognizers.leaves.naming import Leaf, Namer
from livevision.recognizers.leaves.species import UNKNOWN
from livevision.recognizers.recognizer import Model, Session

DELAY = 0.3
"""Seconds of the stream after which a recording takes what was named."""
STILL = 0.25
"""How far, in sizes of a leaf, it may have moved between two looks and be the same one."""
FORGET = 0.7
"""Seconds for which a leaf may be hidden or called something else and still be the same one."""
SHOWN = 0.5
"""Seconds after which what is no longer seen is no longer shown."""
TEACH = "'livevision teach leaves' makes it anew, with --forget there is none"
"""What helps where what was taught is damaged."""


class LeafModel(Model):
    """The classifier; it may be shared by many streams and threads."""

    def __init__(self, options: Options, models: Path) -> None:
        """Raises ModelError if the model's file is missing or damaged."""
        own = taught_file()
        if options.taught and own.is_file():
            classifier = classifying.load(own, cure=TEACH)
        else:
            classifier = classifying.load(assets.verified(models / "leaves.npz"))
        if classifier.length != LENGTH:
            raise ModelError(f"{own} was taught to another version. Teach it anew, or forget it.")
        self._namer = Namer(classifier, threshold=options.threshold)
        self._hold = options.hold

    def session(self, *, live: bool = False) -> "LeafSession":
        return LeafSession(self._namer, hold=self._hold)


class LeafSession(Session):
    """Looks again and again at what one stream shows; a leaf counts once it has lain still."""

    def __init__(self, namer: Namer, *, hold: float) -> None:
        """`hold` in seconds of the stream."""
        self._hold = hold
        self._beside = Beside(lambda frame: namer.name(frame.image), delay=DELAY, name="leaves")
        self._held = Holding(reach=STILL, forget=FORGET)
        self._detections: tuple[Detection, ...] = ()
        self._stages: Steps | tuple[Step, ...] = ()
        self._seen = 0.0

    def recognize(self, frame: Frame) -> Findings:
        events: list[Event] = []
        answer = self._beside.look(frame)
        if answer is not None:
            events = self._take(answer.value, answer.frame.time)
        if frame.time - self._seen > SHOWN + DELAY:
            self._detections, self._stages = (), ()
        return Findings(self._detections, tuple(events), stages=self._stages)

    def finish(self) -> Findings:
        events: list[Event] = []
        answer = self._beside.finish()
        if answer is not None:
            events = self._take(answer.value, answer.frame.time)
        events += self._told(self._held.end())
        return Findings(events=tuple(events))

    def close(self) -> None:
        self._beside.close()

    def _told(self, ended: list[Held]) -> list[Event]:
        """The events of leaves that have gone: of those that lay there for long enough."""
        return [each.event("leaf") for each in ended if each.last - each.since >= self._hold]

    def _take(self, leaves: list[Leaf], time: float) -> list[Event]:
        """Make use of what was named at `time`; the leaves that have gone."""
        self._seen = time
        self._held.begin()
        detections = []
        for leaf in leaves:
            label = leaf.label or UNKNOWN
            held = self._held.find(leaf.box)
            if held is None:
                held = self._held.add(label, leaf.box, leaf.confidence, time)
            held.box, held.last = leaf.box, time
            held.vote(label, leaf.confidence)
            shown = "" if held.label == UNKNOWN else held.label
            detections.append(
                Detection(
                    "leaf",
                    leaf.box,
                    shown,
                    leaf.confidence if held.label == label else held.confidence,
                    held.track,
                    alternatives=leaf.alternatives if held.label == label else (),
                )
            )
        self._detections = tuple(detections)
        self._stages = Steps(lambda: _steps(leaves[0])) if leaves else ()
        return self._told(self._held.gone(time))


def _steps(leaf: Leaf) -> tuple[Step, ...]:
    """From the crop to the story's upright 100x100 pixels."""
    piece = leaf.piece
    return (
        ("crop", piece.image),
        ("upright", thumbnail(*upright(piece.image, piece.mask))),
    )
