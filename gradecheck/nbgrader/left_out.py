"""Exercises that count for nothing: what the gradebook said before, beside what it says now.

nbgrader adds up what graded cells are worth and what students have, so an exercise that is left out is worth
0 points there, and every sum in the gradebook, the formgrader and the exports follows. What it was worth, and
what was given for it, is kept in two tables of our own until the exercise counts again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbformat import from_dict
from nbgrader.api import Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import compute_checksum
from sqlalchemy import Boolean, Column, Float, MetaData, String, Table, delete, insert, inspect, select

from gradecheck.errors import CourseNotReady
from gradecheck.submission import exercise_of

_LONGEST = 128
_META = MetaData()
_POINTS = Table(
    "gradecheck_points",
    _META,
    Column("assignment", String(_LONGEST), primary_key=True),
    Column("notebook", String(_LONGEST), primary_key=True),
    Column("cell", String(_LONGEST), primary_key=True),
    Column("points", Float, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("rescaled", Boolean, nullable=False),
)
_GIVEN = Table(
    "gradecheck_given",
    _META,
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


@dataclass(frozen=True)
class Item:
    """One graded cell of an assignment.

    Attributes:
        notebook: its notebook's name.
        cell: nbgrader's id.
        name: the exercise, such as "grad_softmax"; the id of a cell that is not ours.
        points: what it is worth by the instructor's notebook.
        counts: whether it counts.
    """

    notebook: str
    cell: str
    name: str
    points: float
    counts: bool = True


@dataclass(frozen=True)
class Counting:
    """Which graded cells of an assignment count.

    Attributes:
        cells: all of them.
        rescaled: whether those that count are worth as much together as all were.
    """

    cells: tuple[Item, ...]
    rescaled: bool = False

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of what does not count."""
        return tuple(cell.name for cell in self.cells if not cell.counts)

    @property
    def factor(self) -> float:
        """By what the points of the cells that count are multiplied."""
        whole = sum(cell.points for cell in self.cells)
        rest = sum(cell.points for cell in self.cells if cell.counts)
        return whole / rest if self.rescaled and rest else 1.0

    def worth(self, cell: Item) -> float:
        """What a cell is worth now, in points."""
        return cell.points * self.factor if cell.counts else 0.0


def read_counting(gradebook: Gradebook, assignment: str) -> Counting:
    """What counts in an assignment that the gradebook has.

    Raises:
        nbgrader.api.MissingEntry: it has no such assignment.
    """
    now = _items(gradebook, assignment)
    if not inspect(gradebook.engine).has_table(_POINTS.name):
        return Counting(now)
    rows = gradebook.db.execute(select(_POINTS).where(_POINTS.c.assignment == assignment)).all()
    kept = {(row.notebook, row.cell): row for row in rows}
    if not kept:
        return Counting(now)
    items = []
    for item in now:
        row = kept.get((item.notebook, item.cell))
        items.append(item if row is None else replace(item, points=row.points, counts=bool(row.counts)))
    return Counting(tuple(items), bool(rows[0].rescaled))


def renew_counting(gradebook: Gradebook, assignment: str) -> None:
    """Leave out again what an instructor's notebook, entered anew, has put back into the gradebook."""
    told = read_counting(gradebook, assignment)
    now = _items(gradebook, assignment)
    pairs = list(zip(told.cells, now, strict=True))
    if not told.left_out or all(abs(told.worth(kept) - item.points) < _SAME for kept, item in pairs):
        return
    renewed = tuple(replace(kept, points=item.points) for kept, item in pairs)
    _keep(gradebook, assignment, Counting(renewed, told.rescaled))
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
    _META.create_all(gradebook.engine)
    before = read_counting(gradebook, assignment)
    _check_names(before, [*without, *again])
    cells = tuple(replace(item, counts=_counts(item, without, again)) for item in before.cells)
    after = Counting(cells, before.rescaled if rescale is None else rescale)
    if not any(cell.counts and cell.points for cell in cells):
        raise CourseNotReady(f"without {', '.join(after.left_out)} nothing of {assignment} would count")
    _apply(gradebook, assignment, before, after)
    _keep(gradebook, assignment, after)
    gradebook.db.commit()
    return after


def _apply(gradebook: Gradebook, assignment: str, before: Counting, after: Counting) -> None:
    late = _late(gradebook, assignment)
    entries = {(notebook, entry.name): entry for notebook, entry in _entries(gradebook, assignment)}
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
    entries = {(notebook, entry.name): entry for notebook, entry in _entries(gradebook, assignment)}
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


def _entries(gradebook: Gradebook, assignment: str) -> list[tuple[str, Any]]:
    """Nbgrader's rows of all graded cells and tasks, with the name of the notebook."""
    notebooks = sorted(gradebook.find_assignment(assignment).notebooks, key=lambda notebook: notebook.name)
    return [
        (n.name, cell)
        for n in notebooks
        for cell in sorted([*n.grade_cells, *n.task_cells], key=lambda cell: str(cell.name))
    ]


def _items(gradebook: Gradebook, assignment: str) -> tuple[Item, ...]:
    cells = []
    for notebook, entry in _entries(gradebook, assignment):
        source = next((c.source for c in entry.notebook.source_cells if c.name == entry.name), None)
        asked = exercise_of(source or "")
        name = asked.name if asked is not None else entry.name
        cells.append(Item(notebook, entry.name, name, float(entry.max_score or 0.0)))
    return tuple(cells)


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


def _keep(gradebook: Gradebook, assignment: str, counting: Counting) -> None:
    gradebook.db.execute(delete(_POINTS).where(_POINTS.c.assignment == assignment))
    if not counting.left_out:
        return
    for cell in counting.cells:
        gradebook.db.execute(
            insert(_POINTS).values(
                assignment=assignment,
                notebook=cell.notebook,
                cell=cell.cell,
                points=cell.points,
                counts=cell.counts,
                rescaled=counting.rescaled,
            )
        )
