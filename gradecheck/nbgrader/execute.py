"""In the place of nbgrader's Execute: students' cells run in a worker, graded cells are judged here."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Bool

from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.errors import GradecheckError, SubmissionLost
from gradecheck.job import Finished, Job
from gradecheck.judge import not_graded
from gradecheck.nbgrader.handin import KEY, MARKS, HandIn, Note, record_of
from gradecheck.nbgrader.local import LocalPool
from gradecheck.nbgrader.original import Original, load_original
from gradecheck.nbgrader.outputs import OutputFiller, add_error, limit_points, say_how_it_ended, show_result
from gradecheck.nbgrader.secret import course_secret, hidden_seed
from gradecheck.pool import Pool
from gradecheck.report.model import Result
from gradecheck.run.cells import CellMessage, CellResult
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, TimedOut
from gradecheck.run.sandbox import SandboxMode
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

    @property
    def complete(self) -> bool:
        """Whether everything was graded."""
        return self.ran and all(r.verdict.status is not Status.NOT_GRADED for r in self.results.values())


class ExecuteInWorker(Execute):
    """Runs all cells but gradecheck's own in a worker, and fills in what the judge says.

    Its three steps can be taken one by one: `prepare` and `finish` work on the notebook and the gradebook,
    `Work.do` on neither, so that it can be left to another thread.
    """

    sandbox = Bool(True, help="Whether submissions run in a sandbox, or else with your rights.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Run and judge the notebook; leaves the marks in the resources for `WriteScores`."""
        mode = SandboxMode.REQUIRED if self.sandbox else SandboxMode.NONE
        work = self.prepare(nb, resources)
        return self.finish(nb, resources, work.do(LocalPool(mode, resources[KEY].course)))

    def prepare(self, nb: NotebookNode, resources: Any, limits: Limits | None = None) -> "Work":
        """What is to be done for a notebook."""
        names = resources["nbgrader"]
        handin: HandIn = resources[KEY]
        original = load_original(names["db_url"], names["assignment"], names["notebook"], handin.order)
        usual = Limits(cell_seconds=float(self.timeout)) if self.timeout else Limits()
        submission = _submission(names["student"], nb, original)
        record = record_of(nb.metadata)
        seeds = _seeds(course_secret(handin.course), submission, record.attempt)
        job = Job(submission, seeds, limits or usual)
        return Work(job, record.problem, Path(resources["metadata"]["path"]), self.log)

    def finish(self, nb: NotebookNode, resources: Any, done: "Done") -> tuple[NotebookNode, Any]:
        """Fill in the outputs of all cells."""
        if done.problem is not None:
            for cell in nb.cells:
                if cell.cell_type == "code" and is_grade(cell):
                    add_error(cell, "UnreadableSubmission", done.problem)
        code = [(index, cell) for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        filler = OutputFiller(self, nb)
        for number, message in done.messages:
            index, cell = code[number - 1]
            filler.add(cell, index, message)
        for result in done.cells:
            say_how_it_ended(code[result.number - 1][1], result)
        if done.cells:
            for _, cell in code:
                if is_grade(cell):
                    limit_points(cell)
        _show_results(nb, done.marks)
        resources[MARKS] = done.marks
        return nb, resources


@dataclass(frozen=True, eq=False)
class Done:
    """What came of running and judging one notebook.

    Attributes:
        marks: what it earns.
        messages: what each cell put out, with the cell's number.
        cells: how each cell ran; empty where none did.
        problem: why nothing could be read, or None.
    """

    marks: Marks
    messages: Sequence[tuple[int, CellMessage]] = ()
    cells: Sequence[CellResult] = ()
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class Work:
    """One notebook of a submission, and where its files are.

    Attributes:
        job: what is to be done.
        problem: why nothing of the student's could be read, or None.
        folder: the files beside the notebook.
        log: for what the operator should know.
    """

    job: Job
    problem: str | None
    folder: Path
    log: Any

    def do(self, pool: Pool) -> Done:
        """Run and judge it; should that fail in a way that nobody foresaw, nothing is scored.

        Raises:
            GradecheckError: the course is not ready, which concerns everybody.
        """
        submission = self.job.submission
        if self.problem is not None:
            diagnosis = Diagnosis(self.problem, "unreadable")
            verdicts = [Verdict(asked.exercise, Status.FAILED, 0.0, diagnosis) for asked in submission.asked]
            return Done(Marks(_results(submission, verdicts)), problem=self.problem)
        try:
            finished = pool.do(self.job, self.folder)
        except SubmissionLost as lost:
            return self._not_graded(lost)
        except GradecheckError:
            raise
        except Exception as error:
            self.log.exception("gradecheck failed over the submission of %s", submission.name)
            return self._not_graded(GradecheckError(f"gradecheck failed: {error!r}"))
        return Done(_marks(submission, finished), finished.messages, finished.cells)

    def _not_graded(self, error: GradecheckError) -> Done:
        submission = self.job.submission
        verdicts = [not_graded(asked.exercise, error) for asked in submission.asked]
        return Done(Marks(_results(submission, verdicts), ran=False))


def _seeds(secret: bytes, submission: Submission, attempt: int) -> dict[str, int]:
    names = [asked.exercise.name for asked in submission.asked]
    return {name: hidden_seed(secret, submission.name, name, attempt) for name in names}


def _submission(student: str, nb: NotebookNode, original: Original) -> Submission:
    """The cells of the student, and what the instructor asks."""
    asked = tuple(
        Asked(cell.exercise, cell.max_score or 0.0, cell.name) for cell in original.asked() if cell.exercise
    )
    return dataclasses.replace(from_notebook(student, nb), asked=asked)


def _marks(submission: Submission, finished: Finished) -> Marks:
    ran = len(finished.cells) == len(submission.cells)
    notes = tuple(note for cell in finished.cells for note in _cell_notes(cell))
    return Marks(_results(submission, finished.verdicts), notes, ran)


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
