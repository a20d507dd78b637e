"""The students that the gradebook knows, whether they handed in or not, and where things are."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.database import shown_address
from gradecheck.nbgrader.generate import load_course_config
from gradecheck.nbgrader.gradebook import open_gradebook


def add_students(course_root: Path, students: Iterable[str]) -> None:
    """Enter students in the gradebook, as `nbgrader db student add` does; known ones stay as they are."""
    with _gradebook(course_root) as gradebook:
        for student in students:
            gradebook.update_or_create_student(student)


def read_students(course_root: Path) -> tuple[str, ...]:
    """The students of the gradebook, in alphabetical order."""
    with _gradebook(course_root) as gradebook:
        return tuple(sorted(student.id for student in gradebook.students))


@dataclass(frozen=True)
class Places:
    """Where a course keeps what grading makes.

    Attributes:
        gradebook: a file, or the address of a database with its password left out.
        feedback: the folder with a folder for each student.
    """

    gradebook: str
    feedback: Path


def places_of(course_root: Path) -> Places:
    """Where the gradebook and the feedback of a course are."""
    course = course_at(course_root)
    feedback = Path(course.root, course.feedback_directory)
    return Places(shown_address(course.db_url), feedback)


def course_at(course_root: Path) -> CourseDirectory:
    """The course in a folder, as nbgrader knows it.

    Raises:
        CourseNotReady: the folder is no course.
    """
    return CourseDirectory(config=load_course_config(course_root), root=str(course_root.resolve()))


def _gradebook(course_root: Path) -> Gradebook:
    put_tools_on_path()  # nbgrader makes a new gradebook with the command alembic
    course = course_at(course_root)
    return open_gradebook(course.db_url, course.course_id)
