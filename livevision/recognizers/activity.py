"""What can be done before a camera beside being read: practise, show how one signs, be enrolled.

A recogniser's manifest names modules of activities (`RecognizerPlugin.activities`). Each has

    OWNER: bool                                   whether it is for the program's owner alone
    def begin(wishes, send) -> Activity           heavy imports happen in here

`wishes` is what the user chose, as it came in JSON: to be checked. `send` sends commands to the
stream ("clear").
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeAlias

from livevision.frame import Result
from livevision.recognizers.recognizer import Session

Wishes: TypeAlias = Mapping[str, object]
SendCommand: TypeAlias = Callable[[str], None]


class Activity(ABC):
    """Looks at a stream's results, and tells what the user should see of it."""

    session: Session | None = None
    """What reads in place of its recogniser's own session as long as it goes on."""
    done: bool = False
    """Whether it has come to its end."""
    changed: bool = False
    """Whether it changed what its recogniser knows, so that its session has to begin anew."""

    @abstractmethod
    def see(self, result: Result) -> Mapping[str, object]:
        """Heed a result; how things stand now, as JSON. On the stream's thread, in order."""

    def ask(self, name: str, value: object) -> None:  # noqa: B027 - some ask nothing
        """Heed a wish of the user's in the midst of it; unknown ones are ignored."""

    def close(self) -> None:  # noqa: B027 - some hold nothing open
        """It is over, done or not; called once."""
