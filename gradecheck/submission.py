"""Reading what a student hands in: a notebook or a plain Python file, without running any of it."""

import ast
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.catalogue import EXERCISES
from gradecheck.diagnose.magics import as_python
from gradecheck.diagnose.parsing import LONGEST_CODE, NO_PYTHON, parse_quietly, tree_of
from gradecheck.diagnose.remember import remembered
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import UnreadableSubmission
from gradecheck.exercise import Exercise
from gradecheck.run.cells import Cell

#: A notebook larger than this is taken for damage; the course's own have less than 100 kB.
LARGEST_FILE = 50 * 2**20
#: A cell that is longer than this, in characters, is no call of `grade`.
_LONGEST_CALL = 10_000
#: The newest notebook format that nbformat knows.
NEWEST_FORMAT = 4
_REFUSAL = 'raise PermissionError("this cell reaches into gradecheck itself, so it is not run")'
_TOO_LONG = (
    f'raise MemoryError("this cell is not run: with it the notebook has more than {LONGEST_CODE:,} '
    'characters of code")'
)
#: In a cell that cannot be read.
_MACHINERY = re.compile(r"gradecheck\s*\.\s*(?!graph)\w|pywrap")


@dataclass(frozen=True, eq=False)
class Asked:
    """An exercise that a submission answers, or should.

    Attributes:
        exercise: the exercise.
        max_points: what it is worth.
        grade_id: nbgrader's id of the graded cell, None where there is none.
    """

    exercise: Exercise
    max_points: float
    grade_id: str | None = None


@dataclass(frozen=True, eq=False)
class Submission:
    """What a student hands in.

    Attributes:
        name: the path or the student, as given.
        cells: the code to run, in order; graded cells are not among them.
        asked: the exercises to judge.
        source: the text of all cells, for reading.
    """

    name: str
    cells: tuple[Cell, ...]
    asked: tuple[Asked, ...]
    source: AnswerSource


def read_submission(path: Path, name: str | None = None) -> Submission:
    """Read a notebook (.ipynb) or a Python file.

    Raises:
        UnreadableSubmission: it is neither; the message says why.
    """
    name = name or str(path)
    text = _text(path)
    if path.suffix != ".ipynb":
        return from_python(name, text)
    return from_notebook(name, parse_notebook(text, name))


def parse_notebook(text: str, name: str) -> Any:
    """A notebook of nbformat 4 from its JSON; older formats are converted.

    Raises:
        UnreadableSubmission: it is no notebook, or of a format that does not exist yet.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is empty" if not text.strip() else f"it is not JSON ({error})"
        raise UnreadableSubmission(f"{name} is not a notebook: {reason}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise UnreadableSubmission(f"{name} is not a notebook: it does not say which notebook format it has")
    if raw["nbformat"] > NEWEST_FORMAT:
        raise UnreadableSubmission(
            f"{name} has notebook format {raw['nbformat']}, newer than {NEWEST_FORMAT}, "
            f"the newest known here; save it as format {NEWEST_FORMAT}"
        )
    return raw if raw["nbformat"] == NEWEST_FORMAT else _converted(raw, name)


def _converted(raw: dict[str, Any], name: str) -> Any:
    """A notebook of an older format in today's."""
    import nbformat  # takes a second to load, and few notebooks are that old

    try:
        return nbformat.convert(nbformat.from_dict(raw), to_version=NEWEST_FORMAT)
    except Exception as error:  # nbformat's converters raise whatever a damaged file leads them to
        raise UnreadableSubmission(f"{name} is a damaged notebook: {error!r}") from error


def from_notebook(name: str, notebook: Any) -> Submission:
    """A submission from a parsed notebook; cells that are no cells are left out."""
    cells: list[Cell] = []
    asked: dict[str, Asked] = {}
    for number, cell in enumerate(_code_cells(notebook), start=1):
        source = _source_of(cell)
        exercise = exercise_of(source)
        if exercise is not None:
            asked.setdefault(exercise.name, Asked(exercise, _points(cell, source, exercise), _grade_id(cell)))
        elif source.strip():
            cells.append(Cell(number, source))
    return _submission(name, _of_bearable_length(cells), asked)


def _of_bearable_length(cells: Iterable[Cell]) -> list[Cell]:
    """The cells; in place of one that makes the code too long, one that says so."""
    kept: list[Cell] = []
    length = 0
    for cell in cells:
        bearable = length + len(cell.source) <= LONGEST_CODE
        length += len(cell.source) if bearable else 0
        kept.append(cell if bearable else Cell(cell.number, _TOO_LONG))
    return kept


def from_python(name: str, text: str) -> Submission:
    """A submission from the text of a Python file.

    Raises:
        UnreadableSubmission: it is not Python, or too long.
    """
    if len(text) > LONGEST_CODE:
        raise UnreadableSubmission(f"{name} has more than {LONGEST_CODE:,} characters of code")
    try:
        parse_quietly(text)
    except NO_PYTHON as error:
        place = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        detail = error.msg if isinstance(error, SyntaxError) else str(error) or "it is nested too deeply"
        raise UnreadableSubmission(f"{name} is not valid Python: {place}{detail}") from error
    return _submission(name, [Cell(0, text, Path(name).name)], {})


def code_of(notebook: Any) -> tuple[str, ...]:
    """The source of every code cell of a parsed notebook."""
    return tuple(_source_of(cell) for cell in _code_cells(notebook))


def exercise_of(source: str) -> Exercise | None:
    """The exercise that a graded cell asks for: `grade(grad_softmax, points=10)` asks for grad_softmax."""
    call = _grade_call(source)
    if call is None or not call.args or not isinstance(call.args[0], ast.Name):
        return None
    name = call.args[0].id
    return next((exercise for exercise in EXERCISES if exercise.name == name), None)


@dataclass(frozen=True, eq=False)
class WrittenPoints:
    """The points of one graded cell, as its metadata and its own call have them; None where missing.

    `graded` and `locked` are nbgrader's marks on the cell.
    """

    exercise: Exercise
    metadata: float | None
    call: float | None
    graded: bool
    locked: bool


def points_written(notebook: Any) -> tuple[WrittenPoints, ...]:
    """What each graded cell of a notebook says of its points."""
    written = []
    for cell in _code_cells(notebook):
        source = _source_of(cell)
        exercise = exercise_of(source)
        if exercise is not None:
            marks = _metadata(cell)
            points = _number(marks.get("points"))
            graded, locked = marks.get("grade") is True, marks.get("locked") is True
            written.append(WrittenPoints(exercise, points, _points_in_call(source), graded, locked))
    return tuple(written)


def _submission(name: str, cells: list[Cell], asked: dict[str, Asked]) -> Submission:
    source = AnswerSource.of(*readable_cells(cell.source for cell in cells))
    for exercise in EXERCISES:
        if exercise.name not in asked and source.defines(exercise.name):
            asked[exercise.name] = Asked(exercise, exercise.points)
    return Submission(name, tuple(map(_safe, cells)), tuple(asked.values()), source)


def _safe(cell: Cell) -> Cell:
    """The cell, or in place of one that meddles with what calls answers, one that says so."""
    return Cell(cell.number, _REFUSAL) if _meddles(cell.source) else cell


@remembered
def _meddles(source: str) -> bool:
    readable = tuple(readable_cells([source]))
    if not readable:  # IPython knows more forms than we do
        return _MACHINERY.search(unicodedata.normalize("NFKC", source)) is not None
    return AnswerSource.of(*readable).reaches_for_machinery()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableSubmission(f"{path} is larger than {LARGEST_FILE // 2**20} MiB")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UnreadableSubmission(f"{path} does not exist") from error
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{path} is not a text file in UTF-8") from error
    except OSError as error:
        raise UnreadableSubmission(f"{path} cannot be read: {error.strerror}") from error


def _code_cells(notebook: Any) -> list[dict[str, Any]]:
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        return []
    return [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(str(part) for part in source)
    return source if isinstance(source, str) else ""


def _grade_call(source: str) -> ast.Call | None:
    """The call of `grade` that is all that the cell does, or None."""
    tree = tree_of(source) if "grade" in source and len(source) <= _LONGEST_CALL else None
    body = tree.body if tree else []
    if len(body) != 1 or not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Call):
        return None
    called = body[0].value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
    return body[0].value if name == "grade" else None


def _metadata(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return nbgrader if isinstance(nbgrader, dict) else {}


def _points(cell: dict[str, Any], source: str, exercise: Exercise) -> float:
    for points in (_number(_metadata(cell).get("points")), _points_in_call(source)):
        if points is not None:
            return points
    return exercise.points


def _points_in_call(source: str) -> float | None:
    """The `points=` of a graded cell's call, which plain nbgrader goes by."""
    call = _grade_call(source)
    for keyword in call.keywords if call else ():
        if keyword.arg == "points" and isinstance(keyword.value, ast.Constant):
            return _number(keyword.value.value)
    return None


def _number(value: object) -> float | None:
    """A finite number from 0 on, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        return None
    return float(value)


def _grade_id(cell: dict[str, Any]) -> str | None:
    grade_id = _metadata(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else None


def readable_cells(sources: Iterable[str]) -> Iterator[str]:
    """All cells that parse, others as what IPython makes of them, if that does."""
    for source in sources:
        text = source if tree_of(source) is not None else as_python(source)
        if text is source or tree_of(text) is not None:
            yield text
