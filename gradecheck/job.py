"""One notebook to run and to judge, as a pure step: what goes in and what comes out, wherever it is done."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradecheck.errors import GradecheckError
from gradecheck.marking import mark
from gradecheck.reference.expectation import expected_cases
from gradecheck.run.cells import CellMessage, CellResult
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.submission import Submission
from gradecheck.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Job:
    """One notebook to run and to judge.

    Attributes:
        submission: the student's cells, and what the instructor asks.
        seeds: of the hidden cases, by the exercise's name.
        limits: of time and memory.
    """

    submission: Submission
    seeds: Mapping[str, int]
    limits: Limits


@dataclass(frozen=True, eq=False)
class Finished:
    """What came of it.

    Attributes:
        verdicts: one for each of `submission.asked`, in that order.
        cells: how each cell ran.
        messages: what each cell put out, with the cell's number.
    """

    verdicts: tuple[Verdict, ...]
    cells: tuple[CellResult, ...]
    messages: tuple[tuple[int, CellMessage], ...]


def expect(job: Job) -> None:
    """Compute a job's references, which are remembered; what is wrong with them is said when it is done."""
    for asked in job.submission.asked:
        with suppress(GradecheckError):
            expected_cases(asked.exercise, job.seeds[asked.exercise.name])


def do(job: Job, template: Template, folder: Path) -> Finished:
    """Run and judge a notebook.

    Args:
        job: what is to be done.
        template: where workers come from.
        folder: where the cells run; they may change and add files.
    """
    messages: list[tuple[int, CellMessage]] = []
    marked = mark(
        job.submission,
        template,
        seeds=lambda exercise: job.seeds[exercise.name],
        hidden=True,
        directory=folder,
        limits=job.limits,
        on_message=lambda number, message: messages.append((number, message)),
    )
    return Finished(marked.verdicts, marked.cells, tuple(messages))
