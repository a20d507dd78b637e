"""The instructor's notebook as the gradebook has it: what was asked, whatever a submission says."""

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from gradecheck.exercise import Exercise
from gradecheck.nbgrader.gradebook import KeptGradebook, open_gradebook
from gradecheck.nbgrader.reading import read_anything
from gradecheck.submission import exercise_of

#: The version of nbgrader's cell metadata that we write; a test compares it with nbgrader's own.
SCHEMA_VERSION = 3


@dataclass(frozen=True)
class OriginalCell:
    """A cell that nbgrader knows.

    Attributes:
        name: nbgrader's id.
        kind: "code", "markdown" or "raw".
        source: the text, hidden tests included.
        checksum: nbgrader's, of the above.
        locked: whether students may change the text.
        grade, solution, task: what the cell is for.
        max_score: the points, None where none are given.
    """

    name: str
    kind: str
    source: str
    checksum: str | None
    locked: bool
    grade: bool
    solution: bool
    task: bool
    max_score: float | None

    @cached_property
    def exercise(self) -> Exercise | None:
        """The exercise that a graded cell asks for; None for any other cell."""
        return exercise_of(self.source) if self.grade and self.kind == "code" else None

    def metadata(self) -> dict[str, Any]:
        """The metadata that nbgrader wants in this cell."""
        entries: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "grade_id": self.name,
            "cell_type": self.kind,
            "grade": self.grade,
            "solution": self.solution,
            "locked": self.locked,
            "task": self.task,
        }
        if self.checksum is not None:
            entries["checksum"] = self.checksum
        if self.max_score is not None:
            entries["points"] = self.max_score
        return entries


@dataclass(frozen=True)
class Original:
    """The cells from top to bottom, and the kernel."""

    cells: tuple[OriginalCell, ...]
    kernelspec: dict[str, Any]

    def asked(self) -> tuple[OriginalCell, ...]:
        """The graded cells that ask for an exercise of ours."""
        return tuple(cell for cell in self.cells if cell.exercise is not None)

    def answer_to(self, name: str) -> OriginalCell | None:
        """The cell in which a graded cell's answer is written, which is where nbgrader keeps comments.

        That is the nearest one above; where there is none, the nearest below.
        """
        at = next((i for i, cell in enumerate(self.cells) if cell.name == name), 0)
        above = [c for c in self.cells[: at + 1] if c.solution or c.task]
        below = [c for c in self.cells[at + 1 :] if c.solution or c.task]
        return above[-1] if above else below[0] if below else None


def load_original(db_url: str, assignment: str, notebook: str, order: Sequence[str] = ()) -> Original:
    """Read the instructor's notebook from the gradebook.

    Args:
        db_url: of the gradebook.
        assignment: name of the assignment.
        notebook: name of the notebook.
        order: ids from top to bottom; the gradebook itself promises no order.

    Raises:
        nbgrader.api.MissingEntry: the gradebook has no such notebook.
    """
    with open_gradebook(db_url) as gradebook:
        if not isinstance(gradebook, KeptGradebook):
            return _read(gradebook, assignment, notebook, order)
        key = (assignment, notebook, tuple(order))
        if key not in gradebook.memory:
            gradebook.memory[key] = _read(gradebook, assignment, notebook, order)
        original: Original = gradebook.memory[key]
        return original


def names_of_notebooks(gradebook: Gradebook, assignment: str) -> tuple[str, ...]:
    """The notebooks of an assignment, by their names.

    Raises:
        nbgrader.api.MissingEntry: the gradebook has no such assignment.
    """
    known = gradebook.memory if isinstance(gradebook, KeptGradebook) else {}
    key = ("notebooks", assignment)
    if key not in known:
        known[key] = tuple(notebook.name for notebook in gradebook.find_assignment(assignment).notebooks)
    names: tuple[str, ...] = known[key]
    return names


def _read(gradebook: Gradebook, assignment: str, notebook: str, order: Sequence[str]) -> Original:
    entry = gradebook.find_notebook(notebook, assignment)
    graded = {cell.name: cell.max_score for cell in entry.grade_cells}
    tasks = {cell.name: cell.max_score for cell in entry.task_cells}
    solutions = {cell.name for cell in entry.solution_cells}
    kernelspec = json.loads(entry.kernelspec) if entry.kernelspec else {}
    cells = [
        OriginalCell(
            name=cell.name,
            kind=cell.cell_type,
            source=cell.source or "",
            checksum=cell.checksum,
            locked=bool(cell.locked),
            grade=cell.name in graded,
            solution=cell.name in solutions,
            task=cell.name in tasks,
            max_score=graded.get(cell.name, tasks.get(cell.name)),
        )
        for cell in entry.source_cells
    ]
    rank = {name: place for place, name in enumerate(order)}
    cells.sort(key=lambda cell: rank.get(cell.name, len(rank)))
    return Original(tuple(cells), kernelspec)


def order_of_cells(course: CourseDirectory, assignment: str, notebook: str) -> tuple[str, ...]:
    """The ids of the instructor's cells from top to bottom, from the source or else from the release."""
    for step in (course.source_directory, course.release_directory):
        path = Path(course.format_path(step, ".", assignment), f"{notebook}.ipynb")
        with contextlib.suppress(OSError):
            found = path.stat()
            order = _order_in(path, found.st_mtime_ns, found.st_size, found.st_ino)
            if order is not None:
                return order
    return ()


def originals_of(course: CourseDirectory, assignment: str, notebooks: Iterable[str]) -> tuple[Original, ...]:
    """The instructor's notebooks of an assignment, by their names."""
    return tuple(
        load_original(course.db_url, assignment, name, order_of_cells(course, assignment, name))
        for name in notebooks
    )


@lru_cache(maxsize=64)
def _order_in(path: Path, *_version: int) -> tuple[str, ...] | None:
    """The ids in a file, read once for each version of it; None where it is no notebook."""
    reading = read_anything(path)
    if reading.problem is not None:
        return None
    found = (cell.metadata.get("nbgrader", {}).get("grade_id") for cell in reading.notebook.cells)
    return tuple(name for name in found if isinstance(name, str))
