"""What counts in an assignment, and how much: by nbgrader's gradebook, and a table of our own beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Boolean, Column, Float, MetaData, String, Table, delete, insert, inspect, select

from gradecheck.nbgrader.original import Original, originals_of
from gradecheck.submission import exercise_of

_LONGEST = 128
_POINTS = Table(
    "gradecheck_points",
    MetaData(),
    Column("assignment", String(_LONGEST), primary_key=True),
    Column("notebook", String(_LONGEST), primary_key=True),
    Column("cell", String(_LONGEST), primary_key=True),
    Column("points", Float, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("rescaled", Boolean, nullable=False),
)


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
    now = items_now(gradebook, assignment)
    if not inspect(gradebook.db.connection()).has_table(_POINTS.name):
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


def notebooks_as_handed_out(
    course: CourseDirectory, assignment: str, notebooks: Sequence[str], counting: Counting
) -> tuple[Original, ...]:
    """The instructor's notebooks with what their cells are worth if everything counts.

    What is left out changes neither questions nor inputs: who was graded before is graded still.
    """
    originals = originals_of(course, assignment, notebooks)
    return tuple(_unchanged(*pair, counting) for pair in zip(notebooks, originals, strict=True))


def _unchanged(notebook: str, original: Original, counting: Counting) -> Original:
    """Without nbgrader's checksums, too: they cover what a cell is worth, and nothing that is not here."""
    points = {item.cell: item.points for item in counting.cells if item.notebook == notebook}
    cells = (replace(c, checksum=None, max_score=points.get(c.name, c.max_score)) for c in original.cells)
    return replace(original, cells=tuple(cells))


def items_now(gradebook: Gradebook, assignment: str) -> tuple[Item, ...]:
    """The graded cells as the gradebook has them now, each counting."""
    cells = []
    for notebook, entry in graded_rows(gradebook, assignment):
        source = next((c.source for c in entry.notebook.source_cells if c.name == entry.name), None)
        asked = exercise_of(source or "")
        name = asked.name if asked is not None else entry.name
        cells.append(Item(notebook, entry.name, name, float(entry.max_score or 0.0)))
    return tuple(cells)


def graded_rows(gradebook: Gradebook, assignment: str) -> list[tuple[str, Any]]:
    """Nbgrader's rows of all graded cells and tasks, with the name of the notebook."""
    notebooks = sorted(gradebook.find_assignment(assignment).notebooks, key=lambda notebook: notebook.name)
    return [
        (n.name, cell)
        for n in notebooks
        for cell in sorted([*n.grade_cells, *n.task_cells], key=lambda cell: str(cell.name))
    ]


def write_counting(gradebook: Gradebook, assignment: str, counting: Counting) -> None:
    """Keep it, in place of what was kept; where everything counts, nothing is. The caller commits."""
    _POINTS.create(gradebook.db.connection(), checkfirst=True)
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
