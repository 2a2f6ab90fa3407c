"""The example's model and session."""

from livevision.frame import Box, Detection, Event, Findings, Frame
from livevision.recognizers.recognizer import Model, Session
from livevision.stages import chain, downscale, grayscale
from livevision_brightness import Options

prepare = chain(grayscale, downscale)


class Lightmeter(Model):
    """Nothing to load; a real one would load its network here."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def session(self, *, live: bool = False) -> "Brightness":
        return Brightness(self._options.limit)


class Brightness(Session):
    """Remembers what it said last, and when that began."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._label = ""
        self._since = 0.0
        self._last = 0.0
        self._text = ""

    def recognize(self, frame: Frame) -> Findings:
        small = prepare(frame.image)
        level = float(small.mean()) / 255
        height, width = frame.image.shape[:2]
        label = "light" if level > self._limit else "dark"
        ended = self._ended() if self._label not in ("", label) else ()
        if label != self._label:
            self._label, self._since = label, frame.time
            self._text = f"{self._text} {label}".strip()
        self._last = frame.time
        found = Detection(
            "brightness",
            Box(0, 0, width, height),
            label,
            min(1.0, 0.5 + abs(level - self._limit)),
            details={"level": round(level, 3)},
        )
        return Findings((found,), ended, self._text, stages=(("28x28", small),))

    def finish(self) -> Findings:
        return Findings(events=self._ended() if self._label else (), text=self._text)

    def _ended(self) -> tuple[Event, ...]:
        return (Event("change", self._label, self._since, self._last, 1.0),)
