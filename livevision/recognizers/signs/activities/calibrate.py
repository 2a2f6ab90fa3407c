"""Showing how you sign, letter by letter, so that your hand is read better."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livevision import assets
from livevision.frame import Result
from livevision.recognizers.activity import Activity, SendCommand, Wishes

if TYPE_CHECKING:
    pass

OWNER = True
LETTERS = "ABCDEFGHIKLMNOPQRSTUVWXY"
"""All but J and Z, which are movements."""
LOOKS = 12
"""At each letter."""


class Calibration(Activity):
    """Asks for one letter after the other, and keeps what it saw of them."""

    def __init__(self, letters: str) -> None:
        from livevision.locators.hands import HandLocator
        from livevision.recognizers.signs.classifiers import load_classifier
        from livevision.recognizers.signs.lesson import Lesson

        self._letters = letters
        self.session: Lesson = Lesson(
            letters,
            load_classifier("fused", assets.folder("models") / "signs"),
            HandLocator(max_hands=1),
            count=LOOKS,
            pictures={},
            done=self._finish,
        )
        self._kept: Mapping[str, object] = {}
        self._began = False
        """Whether the lesson reads already: the first result is still that of who read before."""

    def see(self, result: Result) -> Mapping[str, object]:
        place, taken = self.session.progress
        letter = self._letters[place] if place < len(self._letters) else ""
        prompt = result.text if self._began else ""
        self._began = True
        return {
            "letter": letter,
            "place": place,
            "count": len(self._letters),
            "taken": taken,
            "looks": LOOKS,
            "prompt": prompt,
            "done": self.done,
            **self._kept,
        }

    def ask(self, name: str, value: object) -> None:
        if name == "skip":
            self.session.command("skip")
        elif name == "finish":
            self._finish()

    def _finish(self) -> None:
        """Keep what was shown; what was not stays as it was."""
        from livevision.recognizers.signs import personal

        self.done = True
        examples = self.session.examples
        shown = sorted({each.label for each in examples})
        if examples:
            layer = personal.read().with_examples(examples)
            personal.write(layer)
            self.changed = True
            looks = [each for each in layer.examples if each.label in LETTERS]
            for name, weight in (("before", 0.0), ("after", layer.weight)):
                answers = personal.answers(layer.examples, weight)
                right = sum(answer == each.label for answer, each in answers)
                self._kept = {**self._kept, name: round(right / max(1, len(looks)), 3)}
        missing = "".join(each for each in self._letters if each not in shown)
        self._kept = {**self._kept, "missing": missing, "shown": "".join(shown)}


def begin(wishes: Wishes, send: SendCommand) -> Calibration:
    """Asks for the letters in `wishes["letters"]`, or for all that are held still."""
    wanted = str(wishes.get("letters") or "").upper()
    return Calibration("".join(each for each in LETTERS if each in wanted) or LETTERS)
