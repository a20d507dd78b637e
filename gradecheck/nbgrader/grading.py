"""Grading an assignment: all cores run submissions, one thread writes, and whatever happens it can go on."""

import logging
import sqlite3
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DBAPIError

from gradecheck.errors import CourseNotReady, WorkerUnavailable
from gradecheck.nbgrader.beside import BesidePool
from gradecheck.nbgrader.class_list import handed_in
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import enter_in_gradebook, load_course_config
from gradecheck.nbgrader.left_out import renew_counting
from gradecheck.nbgrader.local import LocalPool
from gradecheck.nbgrader.lock import only_grader
from gradecheck.nbgrader.roster import places_of
from gradecheck.nbgrader.run import LOG_FILE, Graded, How, OnProgress, Progress, Run
from gradecheck.nbgrader.secret import course_secret
from gradecheck.nbgrader.trouble import sentence_for
from gradecheck.pool import Pool, usable_cores
from gradecheck.run.sandbox import SandboxMode, sandbox_unavailable

__all__ = ["Graded", "How", "OnProgress", "Progress", "grade_assignment"]


def grade_assignment(
    course_root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    on_progress: OnProgress | None = None,
    how: How | None = None,
) -> tuple[Graded, ...]:
    """Grade an assignment into the gradebook and write the feedback files.

    Args:
        course_root: the folder with nbgrader_config.py.
        assignment: its name.
        students: only these; by default everybody who handed in.
        on_progress: told before the first student and after each.
        how: with how many workers, and so on.

    Raises:
        CourseNotReady: the folder is no course, it has no such assignment, nobody handed it in, somebody
            else is grading, or the gradebook or the disk cannot be used.
        WorkerUnavailable: a sandbox is required, and there can be none.
        ClusterLost: no scheduler answers, or none of its workers may grade.
    """
    root = course_root.resolve()
    how = how or How()
    config = load_course_config(root)
    put_tools_on_path()
    course = CourseDirectory(config=config, root=str(root), assignment_id=assignment)
    waiting = students_to_grade(course, assignment, students)
    try:
        with only_grader(root), _log(root / LOG_FILE) as log, _pool(how, how.mode(config), root) as pool:
            course_secret(root)
            _enter(course, root, assignment)
            run = Run(config, root, course, assignment, how, pool, log)
            return run.grade(waiting, on_progress or (lambda *_: None))
    except (DBAPIError, sqlite3.Error, OSError) as error:
        reason = sentence_for(error, places_of(root).gradebook, root)
        if reason is None:
            raise
        raise reason from error


def students_to_grade(course: CourseDirectory, assignment: str, wanted: Sequence[str] | None) -> list[str]:
    """Who handed in, in alphabetical order.

    Raises:
        CourseNotReady: nobody did, or one of those that were asked for did not.
    """
    found = list(handed_in(course, assignment))
    if not found:
        raise CourseNotReady(
            f"nobody has handed in {assignment!r}: put each student's notebooks into "
            f"{course.format_path(course.submitted_directory, '*', assignment)}"
        )
    if wanted is None:
        return found
    missing = [student for student in wanted if student not in found]
    if missing:
        where = course.format_path(course.submitted_directory, missing[0], assignment)
        raise CourseNotReady(f"{missing[0]} has not handed in {assignment!r}: there is no folder {where}")
    return list(dict.fromkeys(wanted))


def _enter(course: CourseDirectory, root: Path, assignment: str) -> None:
    """Enter the assignment in the gradebook, if it is not there yet."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            known = bool(gradebook.find_assignment(assignment).notebooks)
            renew_counting(gradebook, assignment)
        except MissingEntry:
            known = False
    if not known:
        enter_in_gradebook(root, assignment)


@contextmanager
def _pool(how: How, mode: SandboxMode, root: Path) -> Iterator[Pool]:
    """What grades; on this machine it stays for the next run.

    Raises:
        WorkerUnavailable: a sandbox is required, and there can be none.
    """
    if how.cluster is None:
        reason = sandbox_unavailable() if mode is SandboxMode.REQUIRED else None
        if reason is not None:
            raise WorkerUnavailable(reason)
        yield _local_pool(how.workers or usable_cores(), mode, root)
        return
    try:
        from gradecheck.cluster.pool import ClusterPool
    except ImportError as error:
        raise CourseNotReady(
            f"--cluster needs Dask ({error}): pip install distributed, here and on each worker"
        ) from error
    with ClusterPool(how.cluster, sandboxed=mode is SandboxMode.REQUIRED, workers=how.workers) as cluster:
        yield cluster


def _local_pool(workers: int, mode: SandboxMode, root: Path) -> LocalPool | BesidePool:
    """Beside this process, which then stays whatever happens there; in it where forks are not safe."""
    pool = BesidePool if sys.platform == "linux" else LocalPool
    return pool(mode, root, workers)


@contextmanager
def _log(path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to a file and nowhere else; warnings stay away from the terminal, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("gradecheck.nbgrader.grade")
    log.setLevel(logging.INFO)
    theirs = logging.getLogger("tornado.application")  # nbgrader's gradebook complains there
    before = theirs.propagate
    log.propagate = theirs.propagate = False
    log.addHandler(handler)
    theirs.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader's way to use it
            yield log
    finally:
        theirs.propagate = before
        for logger in (log, theirs):
            logger.removeHandler(handler)
        handler.close()
