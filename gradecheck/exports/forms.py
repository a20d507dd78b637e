"""The forms by name, and where each is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from gradecheck.class_report.model import ClassScores, StudentScores
from gradecheck.errors import CourseNotReady, OperatorError
from gradecheck.exports.cells import csv_text
from gradecheck.exports.gradescope import FILE, gradescope_text
from gradecheck.exports.junit import class_suites
from gradecheck.exports.tables import canvas_rows, long_rows, wide_rows
from gradecheck.report.junit import write_suites
from gradecheck.writing import write_whole

#: Below the folder of the course: where exports go unless somebody says otherwise.
FOLDER = Path("exports")
#: What folders cannot have in their names on one system or another, and what stands for it here.
_RESERVED = '/\\:*?"<>|%'


class Form(StrEnum):
    """What a class's scores can be exported to."""

    CSV = "csv"  #: long: a row a student and exercise
    WIDE = "wide"  #: a row a student
    CANVAS = "canvas"
    GRADESCOPE = "gradescope"  #: a folder with a results.json a submission
    JUNIT = "junit"


_ENDINGS = {
    Form.CSV: ".csv",
    Form.WIDE: "-wide.csv",
    Form.CANVAS: "-canvas.csv",
    Form.GRADESCOPE: "-gradescope",
    Form.JUNIT: "-junit.xml",
}
_TEXTS: Mapping[Form, Callable[[Sequence[ClassScores], str | None], str]] = {
    Form.CSV: lambda classes, _: csv_text(long_rows(classes)),
    Form.WIDE: lambda classes, _: csv_text(wide_rows(classes)),
    Form.CANVAS: lambda classes, column: csv_text(canvas_rows(classes, column)),
    Form.JUNIT: lambda classes, _: f"{write_suites([s for c in classes for s in class_suites(c)])}\n",
}


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        place: the file, or the folder of files.
        files: how many files.
        scores: the class.
    """

    place: Path
    files: int
    scores: ClassScores

    @property
    def summary(self) -> str:
        """What was written and who has no score in it, in one line."""
        students = self.scores.students
        missing = sum(not student.handed_in for student in students)
        waiting = sum(student.handed_in and not student.complete for student in students)
        parts = [f"wrote {self.place}: {_counted(len(students), 'student')}"]
        if self.files != 1:
            parts[0] = f"wrote {_counted(self.files, 'file')} into {self.place}"
        if missing:
            parts.append(f"{missing} handed in nothing")
        if waiting:
            parts.append(f"{waiting} not fully graded yet")
        return ", ".join(parts)


def export_class(scores: ClassScores, form: Form, output: Path | None, column: str | None = None) -> Exported:
    """Write a class in one of the forms.

    Args:
        scores: the graded class.
        form: which.
        output: the file, or for Gradescope the folder; by default one in `exports`, named by the assignment.
        column: the name of Canvas's column.

    Raises:
        CourseNotReady: there is nothing to write.
        OperatorError: a file cannot be written.
    """
    place = output or FOLDER / f"{scores.assignment}{_ENDINGS[form]}"
    if form is Form.GRADESCOPE:
        return Exported(place, _write_submissions(scores, place), scores)
    write_whole(place, text_of([scores], form, column))
    return Exported(place, 1, scores)


def text_of(classes: Sequence[ClassScores], form: Form, column: str | None = None) -> str:
    """What the one file of a form holds.

    Raises:
        OperatorError: the form is no single file.
    """
    if form not in _TEXTS:
        raise OperatorError(f"{form} is a folder of files and goes nowhere else: --output FOLDER")
    return _TEXTS[form](classes, column)


def _write_submissions(scores: ClassScores, folder: Path) -> int:
    graded = [student for student in scores.students if student.marks]
    if not graded:
        who = ", ".join(student.student for student in scores.students)
        raise CourseNotReady(f"there is no graded submission of {scores.assignment!r} by {who}")
    for student in graded:
        write_whole(folder / _folder_name(student) / FILE, gradescope_text(student))
    return len(graded)


def _folder_name(student: StudentScores) -> str:
    """The student's id where it can name a folder on any system; other characters as %XX."""
    name = "".join(c if c.isprintable() and c not in _RESERVED else _escaped(c) for c in student.student)
    return name.replace(".", "%2E") if set(name) <= {"."} else name


def _escaped(character: str) -> str:
    return quote(character, safe="", errors="replace")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
