"""Everybody who belongs to an assignment, with what the gradebook and the folders know besides scores."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook, Student, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DBAPIError

from gradecheck.class_report.model import Person, StudentScores
from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.counting import Counting, read_counting
from gradecheck.nbgrader.database import file_of, shown_address
from gradecheck.nbgrader.gradebook import open_gradebook
from gradecheck.nbgrader.trouble import sentence_for


@dataclass(frozen=True)
class ClassList:
    """Everybody, in alphabetical order, still without marks.

    Attributes:
        students: those of the gradebook and those who handed in.
        due: when the assignment is due, UTC; None where no date is set.
        left_out: names of exercises that count for nothing, by the instructor's will.
        rescaled: whether the others are worth the more for it.
    """

    students: tuple[StudentScores, ...]
    due: datetime | None
    left_out: tuple[str, ...]
    rescaled: bool


@contextmanager
def existing_gradebook(course: CourseDirectory) -> Iterator[Gradebook]:
    """The gradebook of a course, to read from; none is made.

    Raises:
        CourseNotReady: there is none, or it cannot be read.
    """
    name = shown_address(course.db_url)
    if file_of(course.db_url) is not None and not Path(name).is_file():
        raise CourseNotReady(f"there is no gradebook {name}; grading makes it: gradecheck grade ASSIGNMENT")
    try:
        with open_gradebook(course.db_url, course.course_id) as gradebook:
            yield gradebook
    except DBAPIError as error:
        raise sentence_for(error, name, Path(course.root)) or error from error


def graded_assignments(course: CourseDirectory) -> tuple[str, ...]:
    """The names of the assignments that have submissions in the gradebook.

    Raises:
        CourseNotReady: there is no gradebook, or it cannot be read.
    """
    with existing_gradebook(course) as gradebook:
        return tuple(sorted(a.name for a in gradebook.assignments if a.num_submissions))


def read_class_list(course: CourseDirectory, assignment: str) -> ClassList:
    """Who is in the gradebook or has handed in, when, and which feedback there is.

    Raises:
        CourseNotReady: there is no gradebook, or it cannot be read.
    """
    with existing_gradebook(course) as gradebook:
        entry = gradebook.db.query(Assignment).filter(Assignment.name == assignment).one_or_none()
        due = entry.duedate if entry is not None else None
        counting = read_counting(gradebook, assignment) if entry is not None else Counting(())
        people = {row.id: _person(row) for row in gradebook.db.query(Student)}
        submissions = {row.student_id: row for row in _submissions(gradebook, assignment)}
    names = {*people, *submissions, *handed_in(course, assignment)}
    students = tuple(
        _entry(course, assignment, people.get(name, Person(name)), submissions.get(name), due)
        for name in sorted(names)
    )
    return ClassList(students, due, counting.left_out, counting.rescaled)


def handed_in(course: CourseDirectory, assignment: str) -> tuple[str, ...]:
    """Who has a folder with a submission, in alphabetical order."""
    folder = Path(course.format_path(course.submitted_directory, "*", assignment))
    parents = Path(course.root).glob(str(folder.relative_to(course.root)))
    depth = folder.parts.index("*")
    return tuple(sorted(path.parts[depth] for path in parents if path.is_dir()))


def notebooks_in(folder: Path, notebook: str) -> list[str]:
    """The paths of a submission's notebooks, in alphabetical order.

    nbgrader takes the folder's path for a pattern: of a student `[a]*` it would read the files of `a`.

    Args:
        folder: the submission.
        notebook: nbgrader's pattern for names of notebooks, without `.ipynb`.
    """
    found = folder.glob(f"{notebook}.ipynb")
    return sorted(str(path) for path in found if not path.name.startswith("."))


def _person(row: Any) -> Person:
    return Person(row.id, row.first_name or "", row.last_name or "", row.email or "", row.lms_user_id or "")


def _submissions(gradebook: Gradebook, assignment: str) -> Any:
    """One row a submission, in one query."""
    return (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            SubmittedAssignment.late_submission_penalty.label("penalty"),
        )
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment)
        .all()
    )


def _entry(
    course: CourseDirectory, assignment: str, person: Person, submission: Any, due: datetime | None
) -> StudentScores:
    name = person.student
    folder = Path(course.format_path(course.submitted_directory, name, assignment))
    feedback = Path(course.format_path(course.feedback_directory, name, assignment))
    return StudentScores(
        name,
        marks=(),
        person=person,
        handed_in=submission is not None or folder.is_dir(),
        seconds_late=_seconds_late(submission, due) if submission is not None else None,
        penalty=float(submission.penalty or 0.0) if submission is not None else 0.0,
        feedback=tuple(sorted(feedback.glob("*.html"))),
    )


def _seconds_late(submission: Any, due: datetime | None) -> float | None:
    """Seconds after the due date with the student's extension, 0 where it came in time."""
    if due is None or submission.timestamp is None:
        return None
    late = submission.timestamp - due - (submission.extension or timedelta())
    return max(0.0, float(late.total_seconds()))
