"""Reading scores and comments back from the gradebook."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.class_list import existing_gradebook
from gradecheck.nbgrader.original import Original, load_original, order_of_cells
from gradecheck.nbgrader.roster import course_at


@dataclass(frozen=True)
class Score:
    """One graded cell of one student.

    Attributes:
        student: nbgrader's id of the student.
        notebook: name of the notebook.
        cell: nbgrader's id of the graded cell.
        exercise: the exercise that it asks for, such as "grad_softmax"; None for another author's cell.
        score: in points, a score given by hand first; 0 as long as there is none.
        max_score: what the cell is worth.
        comment: Markdown, on the answer cell that belongs to it; empty where there is none.
        needs_manual_grade: whether somebody has to look at it.
    """

    student: str
    notebook: str
    cell: str
    exercise: str | None
    score: float
    max_score: float
    comment: str
    needs_manual_grade: bool


def read_scores(course_root: Path, assignment: str) -> tuple[Score, ...]:
    """The scores of an assignment of the course in a folder; see `scores_of`.

    Raises:
        CourseNotReady: the folder is no course, or the gradebook has no such assignment.
    """
    return scores_of(course_at(course_root), assignment)


def scores_of(course: CourseDirectory, assignment: str) -> tuple[Score, ...]:
    """The scores of an assignment: by student in alphabetical order, then from the top of the notebook.

    Raises:
        CourseNotReady: there is no gradebook, or it has no such assignment.
    """

    @cache
    def original_of(notebook: str) -> Original:
        order = order_of_cells(course, assignment, notebook)
        return load_original(course.db_url, assignment, notebook, order)

    with existing_gradebook(course) as gradebook:
        known = sorted(entry.name for entry in gradebook.assignments)
        if assignment not in known:
            raise CourseNotReady(
                f"the gradebook of {course.root} has no assignment {assignment!r}, but "
                f"{', '.join(known) or 'none at all'}; to grade one: gradecheck grade ASSIGNMENT"
            )
        comments = _comments(gradebook, assignment)
        scores = [_score(row, original_of(row.notebook), comments) for row in _grades(gradebook, assignment)]
    places = {s.notebook: [c.name for c in original_of(s.notebook).cells] for s in scores}
    return tuple(sorted(scores, key=lambda s: (s.student, s.notebook, places[s.notebook].index(s.cell))))


def _score(row: Any, original: Original, comments: dict[tuple[str, str, str], str]) -> Score:
    asked = next((c.exercise for c in original.cells if c.name == row.cell), None)
    answer = original.answer_to(row.cell)
    return Score(
        student=row.student,
        notebook=row.notebook,
        cell=row.cell,
        exercise=asked.name if asked is not None else None,
        score=float(row.score),
        max_score=float(row.max_score),
        comment=comments.get((row.student, row.notebook, answer.name), "") if answer is not None else "",
        needs_manual_grade=bool(row.needs_manual_grade),
    )


def _grades(gradebook: Gradebook, assignment: str) -> Any:
    """One row a grade, in one query: a class has thousands."""
    return _rows(gradebook, assignment, Grade, Grade.score, Grade.max_score, Grade.needs_manual_grade)


def _comments(gradebook: Gradebook, assignment: str) -> dict[tuple[str, str, str], str]:
    """The comments by student, notebook and answer cell; one given by hand comes before ours."""
    rows = _rows(gradebook, assignment, Comment, Comment.comment)
    return {(row.student, row.notebook, row.cell): row.comment for row in rows if row.comment}


def _rows(gradebook: Gradebook, assignment: str, entry: Any, *columns: Any) -> Any:
    return (
        gradebook.db.query(
            SubmittedAssignment.student_id.label("student"),
            Notebook.name.label("notebook"),
            BaseCell.name.label("cell"),
            *columns,
        )
        .select_from(entry)
        .join(SubmittedNotebook, entry.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(BaseCell, entry.cell_id == BaseCell.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment)
        .all()
    )
