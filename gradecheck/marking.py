"""Marking one submission: run its cells in a worker, then judge each exercise that it answers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise
from gradecheck.judge import judge, not_graded
from gradecheck.observe import PATIENCE_SECONDS
from gradecheck.run.cells import CellResult, OnMessage
from gradecheck.run.client import Session, Template
from gradecheck.run.limits import Limits
from gradecheck.submission import Asked, Submission
from gradecheck.verdict import Verdict

#: How many calls at their limit an exercise may cost before the rest of its cases is given up.
CALLS_AT_LIMIT = PATIENCE_SECONDS / Limits().call_seconds


@dataclass(frozen=True, eq=False)
class Marked:
    """A submission and what was found.

    Attributes:
        submission: what was marked.
        verdicts: one for each of `submission.asked`, in that order.
        cells: how each cell ran.
    """

    submission: Submission
    verdicts: tuple[Verdict, ...]
    cells: tuple[CellResult, ...]


def mark(
    submission: Submission,
    template: Template,
    *,
    seeds: Callable[[Exercise], int],
    hidden: bool = False,
    directory: Path | None = None,
    limits: Limits | None = None,
    on_message: OnMessage | None = None,
) -> Marked:
    """Run a submission's cells in a worker of its own and judge every exercise that it was asked.

    Args:
        submission: what was handed in.
        template: where workers come from.
        seeds: the seed of each exercise's cases.
        hidden: whether those seeds are a grader's own.
        directory: where the cells run; a scratch folder by default.
        limits: of time and memory.
        on_message: told what the cells put out.

    A failure of ours, such as a worker that cannot be started, ends in verdicts that say `not_graded`.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        scratch = directory or Path(stack.enter_context(_scratch()))
        session = stack.enter_context(template.session(submission.cells, scratch, limits, on_message))
        try:
            cells = session.run_cells()
        except (GradecheckError, OSError) as error:
            verdicts = tuple(not_graded(asked.exercise, error) for asked in submission.asked)
            return Marked(submission, verdicts, ())
        verdicts = tuple(
            _judge(submission, asked, session, seeds(asked.exercise), hidden, limits)
            for asked in submission.asked
        )
    return Marked(submission, verdicts, cells)


def _scratch() -> TemporaryDirectory[str]:
    """A folder for the cells; one that they made undeletable costs nobody else anything."""
    return TemporaryDirectory(prefix="gradecheck-", ignore_cleanup_errors=True)


def _judge(
    submission: Submission, asked: Asked, session: Session, seed: int, hidden: bool, limits: Limits
) -> Verdict:
    try:
        return judge(
            asked.exercise,
            session,
            source=submission.source,
            seed=seed,
            hidden=hidden,
            patience=CALLS_AT_LIMIT * limits.call_seconds,
        )
    except (GradecheckError, OSError) as error:
        return not_graded(asked.exercise, error, seed=seed)
