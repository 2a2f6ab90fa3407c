"""Showing how you sign, letter by letter, so that your hand is read better."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from livevision import assets
from livevision.frame import Result
from livevision.recognizers.activity import Activity, SendCommand, Wishes
from livevision.recognizers.signs.coach import HOW

if TYPE_CHECKING:
    from livevision.recognizers.signs.personal import Example

OWNER = True
LETTERS = "ABCDEFGHIKLMNOPQRSTUVWXY"
"""All but J and Z, which are movements."""
LOOKS = 12
"""At each letter."""


class Calibration(Activity):
    """Asks for one letter after the other, and keeps what it saw of them.

    Looks at a letter that are mostly read as another are kept only if the user says so: at the end
    the state has them as "wrong", [[letter, read as, how it is made], ...], with "asking" true
    until `ask("keep", True or False)`. Whoever leaves without an answer keeps the others alone.
    """

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
        self._wrong: dict[str, str] = {}
        """Letters mostly read as another, and as which."""
        self._doubtful: list[Example] = []
        """Looks at them, until it is said whether to keep them."""
        self._over = False
        """Whether nothing more is to be shown."""
        self._began = False
        """Whether the lesson reads already: the first result is still that of who read before."""

    def see(self, result: Result) -> Mapping[str, object]:
        count = len(self._letters)
        place, taken = (count, 0) if self._over else self.session.progress
        letter = self._letters[place] if place < count else ""
        prompt = result.text if self._began and not self._over else ""
        self._began = True
        return {
            "letter": letter,
            "place": place,
            "count": count,
            "taken": taken,
            "looks": LOOKS,
            "prompt": prompt,
            "asking": bool(self._doubtful),
            "wrong": [[each, other, HOW[each]] for each, other in self._wrong.items()],
            "done": self.done,
            **self._kept,
        }

    def ask(self, name: str, value: object) -> None:
        if name == "skip" and not self._over:
            self.session.command("skip")
        elif name == "finish":
            self._finish()
        elif name == "keep" and self._doubtful:
            doubtful, self._doubtful = self._doubtful, []
            if value is True:
                self._wrong = {}
                self._store(doubtful)
            self.done = True

    def _finish(self) -> None:
        """Keep what was shown; what was not stays as it was. What is doubtful is asked for."""
        from livevision.recognizers.signs.lesson import mistaken

        if self._over:
            return
        self._over = True
        examples = self.session.examples
        self._wrong = mistaken(examples)
        self._doubtful = [each for each in examples if each.label in self._wrong]
        shown = {each.label for each in examples}
        missing = "".join(each for each in self._letters if each not in shown)
        self._kept = {"missing": missing, "shown": "".join(sorted(shown))}
        self._store([each for each in examples if each.label not in self._wrong])
        self.done = not self._doubtful

    def _store(self, examples: "Sequence[Example]") -> None:
        """Add to what is known of the user, and see what it is worth."""
        from livevision.recognizers.signs import personal

        if not examples:
            return
        layer = personal.read().with_examples(examples)
        personal.write(layer)
        self.changed = True
        looks = [each for each in layer.examples if each.label in LETTERS]
        for name, weight in (("before", 0.0), ("after", layer.weight)):
            answers = personal.answers(layer.examples, weight)
            right = sum(answer == each.label for answer, each in answers)
            self._kept = {**self._kept, name: round(right / max(1, len(looks)), 3)}


def begin(wishes: Wishes, send: SendCommand) -> Calibration:
    """Asks for the letters in `wishes["letters"]`, or for all that are held still."""
    wanted = str(wishes.get("letters") or "").upper()
    return Calibration("".join(each for each in LETTERS if each in wanted) or LETTERS)
