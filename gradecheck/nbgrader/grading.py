"""Grading an assignment from a program: nbgrader's own converters, student by student, quietly."""

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import enter_in_gradebook, load_course_config
from gradecheck.nbgrader.secret import course_secret
from gradecheck.nbgrader.workers import shared_template
from gradecheck.reference.tape import load_tensorflow

#: Relative to the root of the course: what nbgrader has to say while it grades.
LOG_FILE = Path(".gradecheck", "grade.log")

#: Called with how many are done, how many there are, and who was done last ("" before the first).
OnProgress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Graded:
    """One student's submission after grading; `problem` is why it has no new scores, None where it has."""

    student: str
    problem: str | None = None


def grade_assignment(
    course_root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Graded, ...]:
    """Grade an assignment into the gradebook and write the feedback files.

    Args:
        course_root: the folder with nbgrader_config.py.
        assignment: its name.
        students: only these; by default everybody who handed in.
        on_progress: told before the first student and after each.

    Raises:
        CourseNotReady: the folder is no course, it has no such assignment, or nobody handed it in.
    """
    root = course_root.resolve()
    config = load_course_config(root)
    put_tools_on_path()
    shared_template()  # loads TensorFlow for the workers while the rest is made ready
    course = CourseDirectory(config=config, root=str(root), assignment_id=assignment)
    waiting = _students(course, assignment, students)
    course_secret(root)
    with _log(root / LOG_FILE) as log:
        _enter(course, root, assignment)
        load_tensorflow()
        graded = []
        for done, student in enumerate(waiting):
            if on_progress is not None:
                on_progress(done, len(waiting), waiting[done - 1] if done else "")
            graded.append(_grade(config, root, assignment, student, log))
        if on_progress is not None:
            on_progress(len(waiting), len(waiting), waiting[-1])
    return tuple(graded)


def _students(course: CourseDirectory, assignment: str, wanted: Sequence[str] | None) -> list[str]:
    """Who handed in, in alphabetical order.

    Raises:
        CourseNotReady: nobody did, or one of those that were asked for did not.
    """
    folder = Path(course.format_path(course.submitted_directory, "*", assignment))
    parents = Path(course.root).glob(str(folder.relative_to(course.root)))
    depth = folder.parts.index("*")
    found = sorted(path.parts[depth] for path in parents if path.is_dir())
    if not found:
        raise CourseNotReady(
            f"nobody has handed in {assignment!r}: put each student's notebooks into {folder}"
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
        except MissingEntry:
            known = False
    if not known:
        enter_in_gradebook(root, assignment)


def _grade(config: Config, root: Path, assignment: str, student: str, log: logging.Logger) -> Graded:
    for converter in (Autograde, GenerateFeedback):
        course = CourseDirectory(
            config=config, root=str(root), assignment_id=assignment, student_id=escape(student), log=log
        )
        folder = Path(course.format_path(course.submitted_directory, student, assignment))
        if not any(folder.glob("*.ipynb")):
            return Graded(student, f"there is no notebook in {folder}")
        try:
            converter(coursedir=course, config=config, force=True, log=log).start()
        except NbGraderException as error:
            return Graded(student, f"{' '.join(str(error).split())}; see {root / LOG_FILE}")
    return Graded(student)


@contextmanager
def _log(path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to a file and nowhere else; warnings stay away from the terminal, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("gradecheck.nbgrader.grade")
    log.setLevel(logging.INFO)
    log.propagate = False
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader's way to use it
            yield log
    finally:
        log.removeHandler(handler)
        handler.close()
