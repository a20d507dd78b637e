"""One run over the submissions of an assignment: workers run and judge them, one thread writes."""

import copy
import gc
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradecheck.errors import GradecheckError
from gradecheck.nbgrader.execute import Done
from gradecheck.nbgrader.gradebook import kept_gradebook
from gradecheck.nbgrader.ledger import open_ledger
from gradecheck.nbgrader.pipeline import InHand, Pipeline
from gradecheck.nbgrader.roster import places_of
from gradecheck.nbgrader.shortcuts import shortcuts
from gradecheck.nbgrader.trouble import sentence_for
from gradecheck.nbgrader.workers import sandbox_of
from gradecheck.pool import Pool, PoolState
from gradecheck.run.limits import Limits
from gradecheck.run.sandbox import SandboxMode
from gradecheck.run.turns import giving_way

#: Relative to the root of the course: what nbgrader has to say while it grades.
LOG_FILE = Path(".gradecheck", "grade.log")
#: Threads that wait for a submission each.
_MOST_AT_A_TIME = 256


@dataclass(frozen=True)
class Graded:
    """One student's submission after grading.

    Attributes:
        student: nbgrader's id.
        problem: why it has no new scores, None where it has.
        skipped: whether it was graded before, and nothing has changed since.
    """

    student: str
    problem: str | None = None
    skipped: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        done: submissions that are graded, skipped or given up.
        total: all of them.
        student: who was done last; "" before the first.
        pool: what grades them.
    """

    done: int
    total: int
    student: str
    pool: PoolState


OnProgress = Callable[[Progress], None]
"""Called before the first submission and after each."""


@dataclass(frozen=True)
class How:
    """How to grade.

    Attributes:
        workers: how many submissions run at the same time; None for one on each core.
        sandbox: whether they run in a sandbox; None for what the course's configuration says.
        seconds: for each cell, and at most that for a call; None for the usual.
        force: whether to grade again what was graded before and has not changed.
        same_inputs: whether a submission whose feedback was made is judged on the same inputs once more.
        feedback: whether to write the feedback files, too.
        cluster: address of a Dask scheduler whose workers grade, or "local"; None for this machine alone.
    """

    workers: int | None = None
    sandbox: bool | None = None
    seconds: float | None = None
    force: bool = False
    same_inputs: bool = False
    feedback: bool = True
    cluster: str | None = None

    def mode(self, config: Config) -> SandboxMode:
        """Whether there is to be a sandbox."""
        if self.sandbox is None:
            return sandbox_of(config)
        return SandboxMode.REQUIRED if self.sandbox else SandboxMode.NONE

    @property
    def limits(self) -> Limits | None:
        """The limits of a submission, None for those of the configuration."""
        if self.seconds is None:
            return None
        return Limits(cell_seconds=self.seconds, call_seconds=min(self.seconds, Limits.call_seconds))


class Run:
    """All submissions that wait, one after the other or side by side."""

    def __init__(
        self,
        config: Config,
        root: Path,
        course: CourseDirectory,
        assignment: str,
        how: How,
        pool: Pool,
        log: logging.Logger,
    ) -> None:
        self._config = copy.deepcopy(config)
        self._config.ExecuteInWorker.sandbox = how.mode(config) is SandboxMode.REQUIRED
        self._config.MendCells.same_inputs = how.same_inputs
        self._root = root
        self._course = course
        self._assignment = assignment
        self._how = how
        self._pool = pool
        self._log = log
        self._graded: dict[str, Graded] = {}
        self._ready = False

    def grade(self, waiting: Sequence[str], tell: OnProgress) -> tuple[Graded, ...]:
        """Grade all of them."""
        with ExitStack() as stack:
            gradebook = stack.enter_context(kept_gradebook(self._course.db_url, self._course.course_id))
            open_ledger(gradebook)
            stack.enter_context(shortcuts())
            stack.enter_context(_in_folder(self._root))
            pipeline = Pipeline(
                self._config,
                self._root,
                self._assignment,
                gradebook,
                self._how.limits,
                self._log,
                feedback=self._how.feedback,
            )
            stack.callback(pipeline.discard)
            threads = stack.enter_context(ThreadPoolExecutor(_MOST_AT_A_TIME, "gradecheck"))
            self._tell(tell, waiting, "")
            running: dict[Future[list[Done]], InHand] = {}
            try:
                for student in waiting:
                    hand = self._prepare(pipeline, student)
                    if hand is None:
                        self._tell(tell, waiting, student)
                        continue
                    self._get_ready(hand, stack)
                    running[threads.submit(self._do, hand)] = hand
                    if len(running) >= min(self._pool.state.in_hand, _MOST_AT_A_TIME):
                        self._finish_some(pipeline, running, waiting, tell)
                while running:
                    self._finish_some(pipeline, running, waiting, tell)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self._pool.close()  # ends what still runs
                raise
        return tuple(self._graded[student] for student in waiting)

    def _tell(self, tell: OnProgress, waiting: Sequence[str], student: str) -> None:
        tell(Progress(len(self._graded), len(waiting), student, self._pool.state))

    def _prepare(self, pipeline: Pipeline, student: str) -> InHand | None:
        folder = pipeline.submitted(student)
        if not any(folder.glob("*.ipynb")):
            self._graded[student] = Graded(student, f"there is no notebook in {folder}")
            return None
        if not self._how.force and pipeline.is_graded(student):
            self._graded[student] = Graded(student, skipped=True)
            return None
        try:
            return pipeline.prepare(student)
        except Exception as error:
            self._fail(student, error)
            return None

    def _get_ready(self, first: InHand, stack: ExitStack) -> None:
        """Load TensorFlow for the first submission to grade: where there is none, nobody waits for that."""
        works = [sheet.work for sheet in first.sheets if sheet.work.problem is None]
        if self._ready or not works:
            return
        self._pool.ready([asked.exercise for work in works for asked in work.job.submission.asked])
        stack.enter_context(giving_way())
        gc.freeze()  # a million objects that stay: to look through them takes 0.2 s, again and again
        stack.callback(gc.unfreeze)
        self._ready = True

    def _do(self, hand: InHand) -> list[Done]:
        return [sheet.work.do(self._pool) for sheet in hand.sheets]

    def _finish_some(
        self,
        pipeline: Pipeline,
        running: dict[Future[list[Done]], InHand],
        waiting: Sequence[str],
        tell: OnProgress,
    ) -> None:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            hand = running.pop(future)
            try:
                pipeline.finish(hand, future.result())
                self._graded[hand.student] = Graded(hand.student)
            except Exception as error:
                self._fail(hand.student, error)
            self._tell(tell, waiting, hand.student)

    def _fail(self, student: str, error: Exception) -> None:
        """Note that one submission could not be graded.

        Raises:
            GradecheckError: it is not about this submission alone.
        """
        if isinstance(error, GradecheckError):
            raise error
        reason = sentence_for(error, places_of(self._root).gradebook, self._root)
        if reason is not None:
            raise reason from error
        self._log.error("There was an error over the submission of %s", student, exc_info=error)
        said = " ".join(str(error).split()) or type(error).__name__
        self._graded[student] = Graded(student, f"{said}; see {self._root / LOG_FILE}")


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder, as nbgrader's converters do."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
