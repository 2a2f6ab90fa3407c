"""What every engine is: workers somewhere else, one task each at a time."""

from abc import abstractmethod

from livevision.closing import Closing
from livevision.fleet.job import Done, Lost, Task


class Engine(Closing):
    """Has tasks done by workers, each by one at a time, and none twice by itself.

    A task whose worker is lost comes back as `Lost`: whether it is tried again is the caller's.
    """

    @abstractmethod
    def begin(self) -> None:
        """Start the workers; does nothing when that was done before.

        Raises LivevisionError if they cannot work, or would not give the same answers.
        """

    @property
    @abstractmethod
    def free(self) -> int:
        """How many tasks more can be given now."""

    @property
    @abstractmethod
    def busy(self) -> int:
        """How many are under way."""

    @abstractmethod
    def give(self, task: Task) -> None:
        """Have a task done; only if there is a free place."""

    @abstractmethod
    def answers(self, timeout: float) -> list[tuple[Task, Done | Lost]]:
        """What came to its end, waiting up to `timeout` seconds for it.

        Raises LivevisionError if no worker can work at all, or none could read any clip: a disk is
        full, say.
        """
