"""What travels to a worker: a job with the files beside its notebook."""

from dataclasses import dataclass

from gradecheck.cluster.files import Entry
from gradecheck.job import Job


@dataclass(frozen=True, eq=False)
class Parcel:
    """A job and what it needs.

    Attributes:
        job: what is to be done.
        files: what lies beside the notebook.
        sandboxed: whether the student's code has to run in a sandbox.
    """

    job: Job
    files: tuple[Entry, ...]
    sandboxed: bool
