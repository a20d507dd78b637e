"""What `gradecheck grade` and the process beside it, which judges, tell each other."""

from dataclasses import dataclass
from pathlib import Path

from gradecheck.run.sandbox import SandboxMode


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


@dataclass(frozen=True)
class Order:
    """Something to do.

    Attributes:
        number: what its answer is known by.
        place: how submissions are run.
        job: a `gradecheck.job.Job`, encoded; None to get ready for jobs.
        folder: the files beside its notebook.
    """

    number: int
    place: Place
    job: bytes | None = None
    folder: Path = Path()


@dataclass(frozen=True)
class Answer:
    """What came of an order.

    Attributes:
        number: the order's.
        result: a `gradecheck.job.Finished`, encoded; empty where there was no job; None where it failed.
        error: why it failed.
    """

    number: int
    result: bytes | None
    error: Exception | None = None
