"""The rows of a submission in nbgrader's gradebook, made all at once.

nbgrader makes an object for each row and writes them one by one, which costs as much as a page of feedback.
A test compares these rows with nbgrader's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook, new_uuid
from nbgrader.utils import parse_utc
from sqlalchemy import and_, bindparam, insert, select

from gradecheck.nbgrader.gradebook import KeptGradebook

_STUDENT, _SUBMISSION = Student.__table__, SubmittedAssignment.__table__
_KNOWN = (
    select(_STUDENT.c.id, _SUBMISSION.c.id)
    .select_from(
        _STUDENT.outerjoin(
            _SUBMISSION,
            and_(
                _SUBMISSION.c.student_id == _STUDENT.c.id,
                _SUBMISSION.c.assignment_id == bindparam("assignment"),
            ),
        )
    )
    .where(_STUDENT.c.id == bindparam("student"))
)


@dataclass(frozen=True)
class _Parts:
    """A notebook of an assignment, and its cells that have a score or a comment, by their ids."""

    name: str
    notebook: str
    scored: Sequence[str]
    commented: Sequence[str]


@dataclass(frozen=True)
class _Plan:
    """What every submission of an assignment has rows for."""

    name: str
    assignment: str
    parts: Sequence[_Parts]


def enter(
    gradebook: KeptGradebook, assignment: str, student: str, timestamp: Any, *, create_student: bool
) -> None:
    """Make the rows of a submission that are not there yet, as nbgrader does; the caller commits.

    Args:
        gradebook: where to.
        assignment: its name.
        student: nbgrader's id.
        timestamp: when it was handed in, as nbgrader reads it; None where nothing says so.
        create_student: whether a student may be new.

    Raises:
        nbgrader.api.MissingEntry: there is no such assignment, or no such student.
    """
    plan = _plan_of(gradebook, assignment)
    names = {"assignment": plan.assignment, "student": student}
    known = gradebook.db.execute(_KNOWN, names).one_or_none()
    if known is None and not create_student:
        gradebook.find_student(student)  # says that there is none
    elif known is None:
        gradebook.db.execute(insert(_STUDENT), {"id": student})
    if known is None or known[1] is None:
        _insert(gradebook, plan, student, timestamp)
    elif timestamp:
        gradebook.update_or_create_submission(assignment, student, timestamp=timestamp)


def _plan_of(gradebook: KeptGradebook, assignment: str) -> _Plan:
    key = ("plan", assignment)
    if key not in gradebook.memory:
        entry = gradebook.find_assignment(assignment)
        gradebook.memory[key] = _Plan(assignment, entry.id, tuple(map(_parts_of, entry.notebooks)))
    plan: _Plan = gradebook.memory[key]
    return plan


def _parts_of(notebook: Any) -> _Parts:
    tasks = [cell.id for cell in notebook.task_cells]
    scored = [cell.id for cell in notebook.grade_cells]
    commented = [cell.id for cell in notebook.solution_cells]
    return _Parts(notebook.name, notebook.id, (*scored, *tasks), (*commented, *tasks))


def _insert(gradebook: KeptGradebook, plan: _Plan, student: str, timestamp: Any) -> None:
    submission = {"id": new_uuid(), "assignment_id": plan.assignment, "student_id": student}
    when = {"timestamp": parse_utc(timestamp)} if timestamp else {}
    gradebook.db.execute(insert(_SUBMISSION), {**submission, **when})
    ids: dict[tuple[str, ...], str] = {(plan.name, student): submission["id"]}
    notebooks, grades, comments = [], [], []
    for parts in plan.parts:
        own = ids[parts.name, plan.name, student] = new_uuid()
        notebooks.append({"id": own, "notebook_id": parts.notebook, "assignment_id": submission["id"]})
        grades += [{"notebook_id": own, "cell_id": cell} for cell in parts.scored]
        comments += [{"notebook_id": own, "cell_id": cell} for cell in parts.commented]
    for kind, rows in ((SubmittedNotebook, notebooks), (Grade, grades), (Comment, comments)):
        if rows:
            gradebook.db.execute(insert(kind.__table__), rows)
    gradebook.note_ids(ids)
