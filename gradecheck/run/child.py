"""What a session asks of the process that runs a submission, however that was started."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gradecheck.run.limits import Limits
from gradecheck.run.wire import Connection


class Child(Protocol):
    """A process that runs `gradecheck.run.worker`, as the judge sees it.

    Attributes:
        connection: to the worker, which is ready.
        lost: whether it ended for reasons that this submission cannot have caused, or may not have.
        orphaned: whether the process that had started it is gone.
    """

    connection: Connection
    lost: bool
    orphaned: bool

    def interrupt(self) -> None:
        """Ask the student's code to stop (SIGINT)."""

    def is_kept(self) -> bool:
        """Whether the process that started it is still there; asked after each answer."""

    def sweep(self) -> None:
        """Kill what it started, but not the process itself."""

    def end(self, grace: float) -> int | None:
        """Wait `grace` seconds for its own end, then kill it and all that it started.

        Returns:
            The signal that ended it by its own doing, None for an exit or for our kill.
        """


Fork = Callable[[Path, Limits, bool, bool], Child]
"""Makes a child with a working directory; the first flag says that it will draw figures, the second that
nothing else may be started by what starts it. Raises `WorkerUnavailable`."""
