"""How the user wants the picture drawn."""

from dataclasses import dataclass
from typing import Literal

from livevision.options import option


@dataclass(frozen=True, slots=True)
class Look:
    """How the user wants the picture."""

    text_size: float = option(
        1.0, low=0.4, high=4.0, metavar="X", help="size of the running text, 0.4 to 4"
    )
    """1 is a sixteenth of the picture's height."""
    contrast: float = option(
        0.7, low=0.0, high=1.0, metavar="X", help="how dark the ground behind text is, 0 to 1"
    )
    captions: Literal["bottom", "top"] = option(
        "bottom", flag="--captions-at", help="where the running text stands"
    )
    blur_others: bool = option(
        False, help="make faces without a name unrecognisable, in the window and in --record"
    )
    language: Literal["en", "ar", "de", "es", "fr"] = option(
        "en", flag="--language", help="of hints and keys on the picture"
    )
    mirror: bool = False
    """Show the picture as a mirror does; text stays readable."""
    stages: bool = False
    """Show the steps from the crop to the model's input side by side."""
