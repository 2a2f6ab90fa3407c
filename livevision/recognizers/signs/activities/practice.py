"""Spelling with a coach, who asks, shows the sign and tells what to change."""

import random
from collections.abc import Mapping

from livevision.frame import Result
from livevision.recognizers.activity import Activity, SendCommand, Wishes
from livevision.recognizers.signs.coach import HOW, Coach

OWNER = False
COMMON = 3000
"""How many of the commonest words are asked for."""
SURPRISE = 3
"""Words of a surprise, of three to six letters."""
MOST = 20
"""Words in a lesson."""


class Practice(Activity):
    """Takes what was read to the coach."""

    def __init__(self, coach: Coach, send: SendCommand) -> None:
        self._coach = coach
        self._send = send
        self._time = 0.0
        self._began = False
        """The first result still has the text from before, which is no part of the lesson."""

    def see(self, result: Result) -> Mapping[str, object]:
        self._time = result.frame.time
        text, self._began = result.text if self._began else "", True
        if self._coach.see(text, self._time):
            self._send("clear")
        return self._state()

    def ask(self, name: str, value: object) -> None:
        if name == "skip" and self._coach.skip(self._time):
            self._send("clear")
        elif name == "restarted":
            self._coach.restarted()

    def _state(self) -> Mapping[str, object]:
        coach = self._coach
        self.done = coach.done
        return {
            "word": coach.word,
            "place": coach.place,
            "letter": coach.letter,
            "how": HOW.get(coach.letter, ""),
            "message": coach.message,
            "good": coach.good,
            "right": coach.right,
            "asked": coach.asked.total(),
            "rate": round(coach.letters_per_minute),
            "weak": [[letter, HOW[letter]] for letter in coach.weak],
            "done": coach.done,
        }


def begin(wishes: Wishes, send: SendCommand) -> Practice:
    """A lesson with the words in `wishes["words"]`, or with a few common ones."""
    send("clear")
    return Practice(Coach(words(str(wishes.get("words") or ""))), send)


def words(text: str) -> list[str]:
    """What can be spelt of `text`, word by word; a surprise if there is nothing."""
    asked = ["".join(each for each in word if each in HOW) for word in text.upper().split()]
    asked = [word for word in asked if word][:MOST]
    if asked:
        return asked
    from livevision.recognizers.signs.words import english

    common = [word for word in english().commonest(COMMON) if 3 <= len(word) <= 6]
    return random.sample(common, SURPRISE)
