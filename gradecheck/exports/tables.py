"""The scores as tables: long, wide, and as Canvas's gradebook takes them."""

from collections.abc import Iterator, Sequence

from gradecheck.class_report.model import ClassScores, Mark, StudentScores
from gradecheck.exports.cells import Cell

LONG_COLUMNS = (
    "student",
    "exercise",
    "status",
    "misconception",
    "score",
    "points",
    "seed",
    "seconds_late",
    "max_points",
    "assignment",
)
#: The columns by which Canvas finds a student; the first four may be empty as long as one of them is not.
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
#: In the second row, as Canvas itself writes it.
CANVAS_POINTS = "    Points Possible"


def long_rows(classes: Sequence[ClassScores]) -> Iterator[Sequence[Cell]]:
    """A row for each student and exercise; what has no score has an empty cell, never 0."""
    yield LONG_COLUMNS
    for scores in classes:
        for student in scores.students:
            for column in scores.columns:
                yield _long_row(scores, student, column)


def wide_rows(classes: Sequence[ClassScores]) -> Iterator[Sequence[Cell]]:
    """A row for each student with the points of each exercise, and the total with late penalties taken off.

    With several assignments, a column's name starts with its assignment.
    """
    header: list[Cell] = ["student", "last_name", "first_name", "email"]
    for scores in classes:
        prefix = f"{scores.assignment}: " if len(classes) > 1 else ""
        names = [*(column.exercise for column in scores.columns), "late_penalty", "total", "max_points"]
        header += [f"{prefix}{name}" for name in [*names, "seconds_late"]]
    yield header
    for people in _everybody(classes):
        person = next(entry for entry in people if entry is not None).person
        row: list[Cell] = [person.student, person.last_name, person.first_name, person.email]
        for scores, entry in zip(classes, people, strict=True):
            row += _wide_cells(scores, entry)
        yield row


def canvas_rows(classes: Sequence[ClassScores], column: str | None = None) -> Iterator[Sequence[Cell]]:
    """The columns that Canvas's gradebook imports, with a row of points possible.

    Canvas finds a student by ID (its own number, which nbgrader keeps as the LMS user id), else by SIS
    Login ID (here nbgrader's id), else by name. An empty cell leaves the score in Canvas alone.

    Args:
        classes: one a column.
        column: the name of the column, where there is one assignment: Canvas's name of it, best with its
            number as in Canvas's own export, "Homework 1 (4711)".
    """
    names = [column or scores.assignment for scores in classes]
    yield (*CANVAS_COLUMNS, *names)
    yield (CANVAS_POINTS, *[None] * (len(CANVAS_COLUMNS) - 1), *(scores.max_points for scores in classes))
    for people in _everybody(classes):
        person = next(entry for entry in people if entry is not None).person
        totals = [entry.total if entry is not None else None for entry in people]
        yield (person.sortable_name, person.lms_id, None, person.student, None, *totals)


def _everybody(classes: Sequence[ClassScores]) -> Iterator[Sequence[StudentScores | None]]:
    """Each student of any class once, with an entry a class."""
    known = [{student.student: student for student in scores.students} for scores in classes]
    for name in sorted({name for entries in known for name in entries}):
        yield [entries.get(name) for entries in known]


def _long_row(scores: ClassScores, student: StudentScores, column: Mark) -> Sequence[Cell]:
    mark = student.by_exercise.get(column.exercise)
    known = mark is not None and mark.graded
    return (
        student.student,
        column.exercise,
        student.state(column.exercise).value,
        mark.misconception if mark is not None else None,
        mark.share if mark is not None and known and mark.max_points else None,
        mark.points if mark is not None and known else None,
        mark.seed if mark is not None else None,
        student.seconds_late,
        column.max_points,
        scores.assignment,
    )


def _wide_cells(scores: ClassScores, student: StudentScores | None) -> Iterator[Cell]:
    marks = student.by_exercise if student is not None else {}
    for column in scores.columns:
        mark = marks.get(column.exercise)
        yield mark.points if mark is not None and mark.graded else None
    yield student.penalty if student is not None and student.marks else None
    yield student.total if student is not None else None
    yield scores.max_points
    yield student.seconds_late if student is not None else None
