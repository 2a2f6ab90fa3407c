"""Reads the handwritten numbers of a stream, beside its pictures."""

from collections.abc import Sequence
from pathlib import Path

from livevision import assets, classifying
from livevision.errors import ModelError
from livevision.frame import Box, Detection, Event, Findings, Frame, Image
from livevision.recognizers.beside import Beside
from livevision.recognizers.digits import Options, taught_file
from livevision.recognizers.digits.lines import Read, lines, numbers
from livevision.recognizers.digits.prepare import LENGTH
from livevision.recognizers.digits.reading import Reader
from livevision.recognizers.holding import Holding
from livevision.recognizers.recognizer import Model, Session

DELAY = 0.2
"""Seconds of the stream after which a recording takes what was read; a page takes some 40 ms."""
STILL = 0.35
"""How far, in digits' heights, a number may have moved between two readings and be held still."""
SETTLED = 0.25
"""Seconds for which a number must have been read before it is shown at all."""
SINGLE = 0.97
"""Least probability of a digit that stands alone."""
LONGER = 2.0
"""How many times as long it must be held still: a fold of a sleeve may look like a "1"."""
FORGET = 0.5
"""Seconds for which a number may be misread or hidden and still be the same one."""
SHOWN = 0.4
"""Seconds after which what is no longer read is no longer shown."""
TEACH = "'livevision teach digits' makes it anew, with --forget there is none"
"""What helps where what was taught is damaged."""


class DigitModel(Model):
    """The classifier; it may be shared by many streams and threads."""

    def __init__(self, options: Options, models: Path) -> None:
        """Raises ModelError if the model's file is missing or damaged."""
        self._options = options
        own = taught_file()
        if options.taught and own.is_file():
            classifier = classifying.load(own, cure=TEACH)
        else:
            classifier = classifying.load(assets.verified(models / f"{options.method}.npz"))
        if classifier.length != LENGTH:
            raise ModelError(f"{own} was taught to another version. Teach it anew, or forget it.")
        self._reader = Reader(classifier, threshold=options.threshold)

    def session(self, *, live: bool = False) -> "DigitSession":
        return DigitSession(self._reader, hold=self._options.hold)

    @property
    def reader(self) -> Reader:
        """Reads single pictures."""
        return self._reader


class DigitSession(Session):
    """Reads again and again what one stream shows; a number counts when it was held still."""

    def __init__(self, reader: Reader, *, hold: float) -> None:
        """`hold` in seconds of the stream."""
        self._hold = hold
        self._beside = Beside(
            lambda frame: _read(reader, frame.image), delay=DELAY, every=0.0, name="digits"
        )
        self._held = Holding(reach=STILL, forget=FORGET)
        self._detections: tuple[Detection, ...] = ()
        self._read_at = 0.0

    def recognize(self, frame: Frame) -> Findings:
        events: list[Event] = []
        answer = self._beside.look(frame)
        if answer is not None:
            events = self._take(answer.value, answer.frame.time)
        if frame.time - self._read_at > SHOWN + DELAY:
            self._detections = ()
        return Findings(self._detections, tuple(events))

    def finish(self) -> Findings:
        events: list[Event] = []
        answer = self._beside.finish()
        if answer is not None:
            events = self._take(answer.value, answer.frame.time)
        events += [each.event("number") for each in self._held.end() if each.counted]
        return Findings(events=tuple(events))

    def close(self) -> None:
        self._beside.close()

    def _take(self, found: Sequence[Sequence[Read]], time: float) -> list[Event]:
        """Make use of what was read at `time`; the numbers that have ended."""
        self._read_at = time
        self._held.begin()
        detections: list[Detection] = []
        for digits in found:
            box = _around(digits)
            label = "".join(each.label for each in digits)
            confidence = min(each.confidence for each in digits)
            held = self._held.find(box, label) or self._held.add(label, box, confidence, time)
            held.box, held.last = box, time
            held.confidence = max(held.confidence, confidence)
            sure = len(digits) > 1 or held.confidence >= SINGLE
            hold = self._hold * (1.0 if len(digits) > 1 else LONGER)
            held.counted |= sure and time - held.since >= hold
            if not sure or time - held.since < min(SETTLED, self._hold):
                continue  # what is seen once may be anything
            if held.counted:  # one label for all of it: theirs would cover each other
                detections.append(Detection("number", box, label, confidence, held.track))
                continue
            detections += [
                Detection(
                    "digit", each.box, each.label, each.confidence, alternatives=each.alternatives
                )
                for each in digits
            ]
        self._detections = tuple(detections)
        return [each.event("number") for each in self._held.gone(time) if each.counted]


def _read(reader: Reader, image: Image) -> list[list[Read]]:
    return [number for line in lines(reader.read(image)) for number in numbers(line)]


def _around(digits: Sequence[Read]) -> Box:
    boxes = [each.box for each in digits]
    return Box(
        min(each.left for each in boxes),
        min(each.top for each in boxes),
        max(each.right for each in boxes),
        max(each.bottom for each in boxes),
    )
