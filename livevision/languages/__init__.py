"""What the page and the window say, in several languages: one flat JSON file each.

A key may have places, "Lost {name}: reconnecting": it stands for every text of that form. What is
in a place is said in the language too, if the catalogue has it. The page does the same (words.js).
"""

import json
import re
from functools import cache
from importlib import resources

LETTER = "letter"
"""The place that holds a single letter, nothing else."""
_PLACE = re.compile(r"\{(\w+)\}")


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


@cache
def forms(code: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The catalogue's keys with places as patterns, the longest first, and what is said instead."""
    keys = sorted((key for key in catalogue(code) if _PLACE.search(key)), key=len, reverse=True)
    return tuple((_pattern(key), catalogue(code)[key]) for key in keys)


def _pattern(key: str) -> re.Pattern[str]:
    parts = _PLACE.split(key)
    fixed, names = parts[::2], parts[1::2]
    form = re.escape(fixed[0])
    for name, text in zip(names, fixed[1:], strict=True):
        what = "[A-Z]" if name == LETTER else ".+?"
        form += f"(?P<{name}>{what})" + re.escape(text)
    return re.compile(form, re.DOTALL)


def say(text: str, code: str) -> str:
    """`text` in another language; as it is where nobody has translated it."""
    known = catalogue(code)
    if not known or text in known:
        return known.get(text, text)
    for form, said in forms(code):
        if found := form.fullmatch(text):
            return said.format_map(
                {name: say(part, code) for name, part in found.groupdict().items()}
            )
    return text
