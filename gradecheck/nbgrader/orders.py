"""What `gradecheck grade` and the processes beside it, which judge, tell each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gradecheck.run.sandbox import SandboxMode

#: The number of the answer that comes unasked, once jobs can be done.
READY = 0


class LaneEnded(Exception):
    """A process that judged ended over an order; in one argument it is said how."""


@dataclass(frozen=True)
class Place:
    """How submissions are run.

    Attributes:
        mode: whether in a sandbox.
        course: the root of the course, which a sandbox does not show.
        workers: how many at a time.
    """

    mode: SandboxMode
    course: Path
    workers: int

    def arguments(self) -> tuple[str, ...]:
        """It on a command line."""
        return self.mode.name, str(self.course), str(self.workers)

    @classmethod
    def of(cls, mode: str, course: str, workers: str) -> Self:
        """The place that `arguments` told of."""
        return cls(SandboxMode[mode], Path(course), int(workers))


@dataclass(frozen=True)
class Order:
    """Something to do.

    Attributes:
        number: what its answer is known by, from 1.
        job: a `gradecheck.job.Job`, encoded.
        folder: the files beside its notebook.
    """

    number: int
    job: bytes
    folder: Path


@dataclass(frozen=True)
class Answer:
    """What came of an order.

    Attributes:
        number: the order's.
        result: a `gradecheck.job.Finished`, encoded; empty for `READY`; None where it failed.
        error: why it failed.
    """

    number: int
    result: bytes | None
    error: Exception | None = None
