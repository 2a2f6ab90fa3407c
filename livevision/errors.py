"""Everything livevision raises on purpose; the message is one line and says what to do next."""


class LivevisionError(Exception):
    """Base of every error livevision raises on purpose."""

    exit_code = 1
    """What the process returns when this error ends it."""


class UsageError(LivevisionError):
    """The command line, a settings file or a truth file asks for something that cannot be."""

    exit_code = 2


class SourceError(LivevisionError):
    """A camera, stream or recording could not be opened, or stopped giving frames."""

    exit_code = 3


class ModelError(LivevisionError):
    """A model file is missing, damaged, or does not fit its recogniser; or a recogniser failed."""

    exit_code = 4


class GalleryError(LivevisionError):
    """The gallery of enrolled people is damaged, locked, or a photo cannot be enrolled."""

    exit_code = 5


class OutputError(LivevisionError):
    """A recording or report cannot be written."""

    exit_code = 6


class SinkClosed(LivevisionError):  # noqa: N818 - a wish of the user's, not an error
    """The user closed an output, e.g. its window; the run ends normally."""

    exit_code = 0
