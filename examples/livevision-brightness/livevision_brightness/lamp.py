"""A lamp that goes on and off, `lamp://SECONDS`: an example of a source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from livevision.errors import SourceError
from livevision.options import option
from livevision.plugins import SourcePlugin, SourceWish
from livevision.sources.source import Source

if TYPE_CHECKING:
    from livevision.frame import Frame


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of it."""

    period: float = option(0.5, help="seconds on, and off", metavar="S", low=0.1)


class Lamp(Source):
    """Grey pictures, 320x240, dark and light in turn, as a recording."""

    def __init__(self, spec: str, options: Options, fps: float) -> None:
        """Raise SourceError unless `spec` is lamp://SECONDS."""
        self.name = spec
        try:
            self._seconds = float(spec.partition("://")[2])
        except ValueError:
            raise SourceError(f"{spec} is no lamp. Write lamp://SECONDS, e.g. lamp://2.") from None
        self._period = options.period
        self._fps = fps
        self._index = 0

    def __enter__(self) -> Self:
        self._index = 0
        return self

    def read(self) -> "Frame | None":
        import numpy as np

        from livevision.frame import Frame

        time = self._index / self._fps
        if time >= self._seconds:
            return None
        grey = 220 if int(time / self._period) % 2 else 30
        image = np.full((240, 320, 3), grey, np.uint8)
        image.flags.writeable = False
        self._index += 1
        return Frame(image, self._index - 1, time)

    def close(self) -> None:
        pass


def _open(spec: str, options: Options, wish: SourceWish) -> Source:
    return Lamp(spec, options, wish.fps or 10.0)


PLUGIN = SourcePlugin(
    name="lamp",
    summary="a lamp that goes on and off, lamp://SECONDS",
    open=_open,
    options=Options,
    schemes=("lamp",),
    paced=True,
)
