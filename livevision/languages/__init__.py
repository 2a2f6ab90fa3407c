"""What the page and the window say, in several languages: one flat JSON file each."""

import json
from functools import cache
from importlib import resources

ENGLISH = "en"


def available() -> list[str]:
    """Codes of the languages, "de"."""
    names = (each.name for each in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


@cache
def catalogue(code: str) -> dict[str, str]:
    """What is said instead of each English text; empty for a language that there is not."""
    if code not in available():
        return {}
    text = (resources.files(__name__) / f"{code}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def say(text: str, code: str) -> str:
    """`text` in another language; as it is where nobody has translated it."""
    return catalogue(code).get(text, text)
