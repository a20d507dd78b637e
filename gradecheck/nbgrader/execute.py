"""In the place of nbgrader's Execute: students' cells run in a worker, graded cells are judged here."""

import contextlib
import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade

from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.errors import GradecheckError
from gradecheck.judge import not_graded
from gradecheck.marking import Marked, mark
from gradecheck.nbgrader.handin import KEY, MARKS, HandIn, Note, Record, record_of
from gradecheck.nbgrader.original import Original, load_original
from gradecheck.nbgrader.outputs import OutputFiller, add_error, limit_points, say_how_it_ended, show_result
from gradecheck.nbgrader.secret import course_secret, hidden_seed
from gradecheck.nbgrader.workers import shared_template
from gradecheck.report.model import Result
from gradecheck.run.cells import CellMessage, CellResult
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, TimedOut
from gradecheck.submission import Asked, Submission, from_notebook
from gradecheck.verdict import Status, Verdict


@dataclass(frozen=True, eq=False)
class Marks:
    """What grading one notebook gave.

    Attributes:
        results: by nbgrader's id of a graded cell, what it earns.
        notes: more for the student to know: cells that hung or ended the process.
        ran: whether the cells were run at all.
    """

    results: Mapping[str, Result]
    notes: tuple[Note, ...] = field(default=())
    ran: bool = True


class ExecuteInWorker(Execute):
    """Runs all cells but gradecheck's own in a worker, and fills in what the judge says."""

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:  # noqa: ARG002
        """Run and judge the notebook; leaves the marks in the resources for `WriteScores`."""
        names = resources["nbgrader"]
        handin: HandIn = resources[KEY]
        record = record_of(nb.metadata)
        original = load_original(names["db_url"], names["assignment"], names["notebook"], handin.order)
        submission = _submission(names["student"], nb, original)
        if record.problem is not None:
            marks = _nothing_to_read(nb, submission, record.problem)
        else:
            marks = self._mark_or_list(nb, submission, resources, record)
        _show_results(nb, marks)
        resources[MARKS] = marks
        return nb, resources

    def _mark_or_list(
        self, nb: NotebookNode, submission: Submission, resources: Any, record: Record
    ) -> Marks:
        """Mark it; should that fail in a way that nobody foresaw, nothing is scored and the class goes on.

        Raises:
            GradecheckError: the course is not ready, which concerns everybody.
        """
        try:
            return self._mark(nb, submission, resources, record)
        except GradecheckError:
            raise
        except Exception as error:
            self.log.exception("gradecheck failed over the submission of %s", submission.name)
            unforeseen = GradecheckError(f"gradecheck failed: {error!r}")
            verdicts = [not_graded(asked.exercise, unforeseen) for asked in submission.asked]
            return Marks(_results(submission, verdicts), ran=False)

    def _mark(self, nb: NotebookNode, submission: Submission, resources: Any, record: Record) -> Marks:
        secret = course_secret(resources[KEY].course)
        code = [(index, cell) for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        filler = OutputFiller(self, nb)

        def take(number: int, message: CellMessage) -> None:
            index, cell = code[number - 1]
            filler.add(cell, index, message)

        with TemporaryDirectory(prefix="gradecheck-") as scratch:
            _copy_files(Path(resources["metadata"]["path"]), Path(scratch))
            marked = mark(
                submission,
                shared_template(),
                seeds=lambda exercise: hidden_seed(secret, submission.name, exercise.name, record.attempt),
                hidden=True,
                directory=Path(scratch),
                limits=Limits(cell_seconds=float(self.timeout)) if self.timeout else Limits(),
                on_message=take,
            )
        for result in marked.cells:
            say_how_it_ended(code[result.number - 1][1], result)
        for _, cell in code:
            if is_grade(cell):
                limit_points(cell)
        return _marks(marked)


def _submission(student: str, nb: NotebookNode, original: Original) -> Submission:
    """The cells of the student, and what the instructor asks."""
    asked = tuple(
        Asked(cell.exercise, cell.max_score or 0.0, cell.name) for cell in original.asked() if cell.exercise
    )
    return dataclasses.replace(from_notebook(student, nb), asked=asked)


def _marks(marked: Marked) -> Marks:
    ran = len(marked.cells) == len(marked.submission.cells)
    return Marks(
        _results(marked.submission, marked.verdicts),
        tuple(note for cell in marked.cells for note in _cell_notes(cell)),
        ran,
    )


def _cell_notes(cell: CellResult) -> list[Note]:
    match cell.outcome:
        case TimedOut() as late:
            return [Note(f"Code cell {cell.number} did not end within {late.seconds:g} s and was stopped.")]
        case Died() as died:
            return [
                Note(
                    f"Code cell {cell.number} ended the Python process ({died.how}); the rest ran without it."
                )
            ]
    return []


def _nothing_to_read(nb: NotebookNode, submission: Submission, problem: str) -> Marks:
    """No points for what could not be read; nothing is run."""
    for cell in nb.cells:
        if cell.cell_type == "code" and is_grade(cell):
            add_error(cell, "UnreadableSubmission", problem)
    diagnosis = Diagnosis(problem, "unreadable")
    verdicts = [Verdict(asked.exercise, Status.FAILED, 0.0, diagnosis) for asked in submission.asked]
    return Marks(_results(submission, verdicts))


def _results(submission: Submission, verdicts: Sequence[Verdict]) -> dict[str, Result]:
    return {
        asked.grade_id: Result(submission.name, verdict, asked.max_points)
        for asked, verdict in zip(submission.asked, verdicts, strict=True)
        if asked.grade_id is not None
    }


def _show_results(nb: NotebookNode, marks: Marks) -> None:
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code" and name in marks.results:
            show_result(cell, marks.results[name])


def _copy_files(folder: Path, scratch: Path) -> None:
    """Copy the files beside a notebook, so that cells can read and change them without changing ours."""
    ignore = shutil.ignore_patterns("*.ipynb")
    with contextlib.suppress(shutil.Error):  # a pipe, for one, cannot be copied; the rest is there then
        shutil.copytree(folder, scratch, symlinks=True, ignore=ignore, dirs_exist_ok=True)
