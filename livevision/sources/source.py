"""What every source of frames is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from livevision.closing import Closing

if TYPE_CHECKING:
    from livevision.frame import Frame


class Source(Closing, ABC):
    """A stream of frames, open between `with` and its end.

    `with` opens and closes it, on a thread that can be left behind if it hangs, unless
    `main_thread` is set; `read` is called on the capture thread alone.
    """

    name: str = "source"
    """How messages call it: a camera's number, a file's path, a URL without its password."""
    live: bool = False
    """True if frames go by whether or not anyone reads them: the switch between queue policies.

    Known for certain only once the source is open: a URL may turn out to be a recording."""
    main_thread: bool = False
    """True if it must be opened and closed on the main thread, as cameras must on macOS."""
    opening: float = 30.0
    """Seconds that opening may take before the source is given up; not on the main thread."""
    patience: float = 5.0
    """Seconds a single `read` may take before the source is given up; may change in mid-read."""
    length: float | None = None
    """Seconds of a recording of which any moment can be gone to; None of all else, and before it is
    open."""
    status: str = ""
    """What the user should know while no frame comes ("lost, trying again"); empty if all is well.
    """

    @abstractmethod
    def __enter__(self) -> Self:
        """Open the stream, or raise SourceError. A source can be opened again after its end."""

    @abstractmethod
    def read(self) -> "Frame | None":
        """The next frame, or None at the end of the stream; SourceError if it broke off.

        Its picture is (height, width, 3) uint8, and its time grows from frame to frame.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the stream; harmless when it is not open."""

    def interrupt(self) -> None:
        """Make a `read` that is merely waiting return soon; called from another thread."""

    def skip(self, seconds: float) -> None:
        """Leave out pictures before that time of the stream, where that saves decoding them.

        Called between two reads. What comes next may still be earlier, or later.
        """

    def seek(self, seconds: float) -> None:
        """Go on with the picture at that time of a recording; for sources that have a `length`.

        Called between two reads. The times of what comes next are those of the recording.
        """

    def command(self, name: str) -> None:
        """React to a user's command, e.g. "next-camera"; unknown ones are ignored."""

    def __iter__(self) -> "Iterator[Frame]":
        return iter(self.read, None)
