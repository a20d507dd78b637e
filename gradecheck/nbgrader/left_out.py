"""Exercises that count for nothing: what the gradebook said before, beside what it says now.

nbgrader adds up what graded cells are worth and what students have, so an exercise that is left out is worth
0 points there, and every sum in the gradebook, the formgrader and the exports follows. What it was worth, and
what was given for it, is kept in two tables of our own until the exercise counts again.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from nbformat import from_dict
from nbgrader.api import Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import compute_checksum
from sqlalchemy import Column, Float, MetaData, String, Table, delete, insert, select

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.counting import (
    Counting,
    Item,
    graded_rows,
    items_now,
    read_counting,
    write_counting,
)

_LONGEST = 128
_GIVEN = Table(
    "gradecheck_given",
    MetaData(),
    Column("assignment", String(_LONGEST), primary_key=True),
    Column("notebook", String(_LONGEST), primary_key=True),
    Column("cell", String(_LONGEST), primary_key=True),
    Column("student", String(_LONGEST), primary_key=True),
    Column("auto_score", Float),
    Column("manual_score", Float),
)
#: So many digits after the point survive that a score is scaled and scaled back.
_DIGITS = 9
_SAME = 1e-6


def renew_counting(gradebook: Gradebook, assignment: str) -> None:
    """Leave out again what an instructor's notebook, entered anew, has put back into the gradebook."""
    told = read_counting(gradebook, assignment)
    now = items_now(gradebook, assignment)
    pairs = list(zip(told.cells, now, strict=True))
    if not told.left_out or all(abs(told.worth(kept) - item.points) < _SAME for kept, item in pairs):
        return
    renewed = tuple(replace(kept, points=item.points) for kept, item in pairs)
    write_counting(gradebook, assignment, Counting(renewed, told.rescaled))
    change_counting(gradebook, assignment)


def change_counting(
    gradebook: Gradebook,
    assignment: str,
    *,
    without: Collection[str] = (),
    again: Collection[str] = (),
    rescale: bool | None = None,
) -> Counting:
    """Leave exercises out, or let them count again, in one transaction.

    Scores follow in proportion, those given by hand and late penalties, too; extra credit stays as it is.

    Args:
        gradebook: is left open, with everything committed.
        assignment: its name.
        without: names of exercises, or ids of graded cells, that are not to count.
        again: those that are to count again.
        rescale: whether the rest is to be worth as much as all was; None for as it is.

    Raises:
        CourseNotReady: there is no such exercise, or nothing would be left.
        nbgrader.api.MissingEntry: there is no such assignment.
    """
    _GIVEN.create(gradebook.db.connection(), checkfirst=True)
    before = read_counting(gradebook, assignment)
    _check_names(before, [*without, *again])
    cells = tuple(replace(item, counts=_counts(item, without, again)) for item in before.cells)
    after = Counting(cells, before.rescaled if rescale is None else rescale)
    if not any(cell.counts and cell.points for cell in cells):
        raise CourseNotReady(f"without {', '.join(after.left_out)} nothing of {assignment} would count")
    _apply(gradebook, assignment, before, after)
    write_counting(gradebook, assignment, after)
    gradebook.db.commit()
    return after


def _apply(gradebook: Gradebook, assignment: str, before: Counting, after: Counting) -> None:
    late = _late(gradebook, assignment)
    entries = {(notebook, entry.name): entry for notebook, entry in graded_rows(gradebook, assignment)}
    for old, new in zip(before.cells, after.cells, strict=True):
        entry = entries[new.notebook, new.cell]
        _set_worth(entry, after.worth(new))
        _change_scores(gradebook, assignment, entry.id, (old, new), (before.factor, after.factor))
    gradebook.db.flush()
    gradebook.db.expire_all()
    for notebook, points in late:
        if points:  # a late penalty is points of a notebook: the share of them stays
            notebook.late_submission_penalty *= notebook.score / points


def settle_left_out(gradebook: Gradebook, assignment: str) -> None:
    """Nobody has to look at what does not count."""
    counting = read_counting(gradebook, assignment)
    entries = {(notebook, entry.name): entry for notebook, entry in graded_rows(gradebook, assignment)}
    for item in counting.cells:
        if not item.counts:
            for grade, _ in _grades(gradebook, entries[item.notebook, item.cell].id):
                grade.needs_manual_grade = False
    gradebook.db.commit()


def _counts(item: Item, without: Collection[str], again: Collection[str]) -> bool:
    if _is_named(item, again):
        return True
    return item.counts and not _is_named(item, without)


def _is_named(item: Item, names: Collection[str]) -> bool:
    return not {item.cell, item.name, item.name.removeprefix("grad_")}.isdisjoint(names)


def _check_names(counting: Counting, names: Sequence[str]) -> None:
    for name in names:
        if not any(_is_named(cell, [name]) for cell in counting.cells):
            known = ", ".join(dict.fromkeys(cell.name for cell in counting.cells))
            raise CourseNotReady(f"there is no graded exercise {name!r}; there are: {known}")


def _set_worth(entry: Any, points: float) -> None:
    """What a graded cell is worth; nbgrader's checksum of the instructor's cell covers it."""
    entry.max_score = points
    source = next((c for c in entry.notebook.source_cells if c.name == entry.name), None)
    if source is not None and source.checksum is not None:
        kinds = {"grade": entry.type == "GradeCell", "locked": source.locked, "points": points}
        solution = any(c.name == entry.name for c in entry.notebook.solution_cells)
        marks = {**kinds, "solution": solution, "grade_id": source.name}
        cell = {"source": source.source, "cell_type": source.cell_type, "metadata": {"nbgrader": marks}}
        source.checksum = compute_checksum(from_dict(cell))


def _change_scores(
    gradebook: Gradebook,
    assignment: str,
    cell_id: str,
    change: tuple[Item, Item],
    factors: tuple[float, float],
) -> None:
    """What everybody has for one graded cell."""
    old, new = change
    place = {"assignment": assignment, "notebook": new.notebook, "cell": new.cell}
    here = [_GIVEN.c[name] == value for name, value in place.items()]
    given = {row.student: row for row in gradebook.db.execute(select(_GIVEN).where(*here))}
    for grade, student in _grades(gradebook, cell_id):
        scores = [grade.auto_score, grade.manual_score]
        if old.counts:
            scores = [None if score is None else round(score / factors[0], _DIGITS) for score in scores]
        elif student in given:
            scores = [given[student].auto_score, given[student].manual_score]
        if new.counts:
            scores = [None if score is None else score * factors[1] for score in scores]
            grade.auto_score, grade.manual_score = scores
            grade.needs_manual_grade = grade.needs_manual_grade or scores == [None, None]
        elif old.counts:
            row = {"student": student, "auto_score": scores[0], "manual_score": scores[1]}
            gradebook.db.execute(insert(_GIVEN).values(**place, **row))
            grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0.0, None, False
    if new.counts:
        gradebook.db.execute(delete(_GIVEN).where(*here))


def _grades(gradebook: Gradebook, cell_id: str) -> Any:
    """Everybody's grade of a cell, with the student's id, in one query."""
    return (
        gradebook.db.query(Grade, SubmittedAssignment.student_id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(Grade.cell_id == cell_id)
        .all()
    )


def _late(gradebook: Gradebook, assignment: str) -> list[tuple[Any, float]]:
    """The notebooks with a late penalty, with the points that they have."""
    entry = gradebook.find_assignment(assignment).id
    found = (
        gradebook.db.query(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.assignment_id == entry, SubmittedNotebook.late_submission_penalty > 0)
    )
    return [(notebook, notebook.score) for notebook in found]
