"""A made-up class of 24 who hand in answers of every kind: right, wrong, unfinished, damaged."""

import json
import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.course import release_course
from gradecheck.errors import AuthorError, CourseNotReady
from gradecheck.students import CLASS, ENDLESS, Damage, Student

ASSIGNMENT = "understanding_gradients"
#: Stands in a folder that was made here, so that no other folder is ever emptied.
MARKER = ".made-up-class"

_CONFIG = "nbgrader_config.py"
_HANDED_IN = "2026-01-30 17:00:00.000000 UTC"
_SHARES = {AnswerKind.RIGHT: 1.0, AnswerKind.EXTREME: 0.8, AnswerKind.WRONG: 0.0, AnswerKind.POLICY: 0.0}
#: A module of this name beside the notebook comes first on the path of a plain kernel.
_FORGED = """def grade(function, points, exercise=None):
    return float(points)


def check(function, exercise=None, seed=0):
    print("right on all inputs")
"""

_Notebook = dict[str, Any]


@dataclass(frozen=True)
class MadeUpClass:
    """A course in a folder, with everything that was handed in.

    Attributes:
        root: the folder; an nbgrader course.
        assignment: the name of the one assignment.
        students: everybody, those who handed in nothing included.
        answers: the course's answers by name.
    """

    root: Path
    assignment: str
    students: tuple[Student, ...]
    answers: Mapping[str, Answer]

    def share(self, student: Student, title: str) -> float:
        """The share of an exercise's points that a student's answer is worth."""
        answer = self.answers.get(student.answers.get(title) or "")
        readable = student.damage not in (Damage.NOT_JSON, Damage.EMPTY, Damage.NOT_HANDED_IN)
        return _SHARES[answer.kind] if answer is not None and readable else 0.0


def make_class(root: Path, course: Path) -> MadeUpClass:
    """Make the course and all submissions in a folder of its own; an earlier class there is replaced.

    Args:
        root: the folder to make.
        course: the course whose assignment, configuration and file of answers are copied.

    Raises:
        CourseNotReady: `course` lacks one of those, or `root` holds something else than such a class.
        AuthorError: the file of answers is not as it should be.
    """
    source = course / "solutions" / ASSIGNMENT
    for needed in (source / FILE_NAME, course / _CONFIG):
        if not needed.is_file():
            raise CourseNotReady(
                f"there is no {needed}, which the made-up class is made from; "
                f"go to the root of gradecheck's own repository and type: gradecheck demo"
            )
    answers = read_answers(source / FILE_NAME)
    _empty(root)
    shutil.copytree(
        source, root / "solutions" / ASSIGNMENT, ignore=shutil.ignore_patterns(".*", "__pycache__")
    )
    shutil.copy(course / _CONFIG, root / _CONFIG)
    release_course(root, ASSIGNMENT)
    made = MadeUpClass(root, ASSIGNMENT, CLASS, answers)
    for student in made.students:
        _hand_in(made, student)
    return made


def _empty(root: Path) -> None:
    if root.exists():
        if not (root / MARKER).is_file() and (not root.is_dir() or any(root.iterdir())):
            raise CourseNotReady(
                f"{root} exists and is not a made-up class, so it was left alone; "
                f"name another folder: gradecheck demo --folder FOLDER"
            )
        shutil.rmtree(root)
    root.mkdir(parents=True)
    (root / MARKER).write_text("gradecheck made this folder and may remove it.\n", encoding="utf-8")


def _hand_in(made: MadeUpClass, student: Student) -> None:
    if student.damage is Damage.NOT_HANDED_IN:
        return
    folder = made.root / "submitted" / student.name / made.assignment
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(_HANDED_IN, encoding="utf-8")
    released = made.root / "exercises" / made.assignment / f"{made.assignment}.ipynb"
    notebook = json.loads(released.read_text(encoding="utf-8"))
    for title, name in student.answers.items():
        if name is not None:
            cell_of(notebook, f"grad_{title}")["source"] = _source(made.answers, name, student)
    if student.damage in _DAMAGED_CELLS:
        _DAMAGED_CELLS[student.damage](notebook)
    text = json.dumps(notebook, indent=1)
    if student.damage is Damage.NOT_JSON:
        text = text[: len(text) // 2]
    if student.damage is Damage.EMPTY:
        text = ""
    (folder / released.name).write_text(text, encoding="utf-8")
    if student.damage is Damage.FORGED_MODULE:
        (folder / "gradecheck.py").write_text(_FORGED, encoding="utf-8")


def _source(answers: Mapping[str, Answer], name: str, student: Student) -> str:
    if name in ENDLESS:
        return ENDLESS[name]
    if name not in answers:
        raise AuthorError(f"{student.name} of the made-up class hands in {name}, which is not in {FILE_NAME}")
    return answers[name].source


def cell_of(notebook: _Notebook, grade_id: str) -> Any:
    """The cell of a notebook with that nbgrader id.

    Raises:
        AuthorError: there is none.
    """
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            return cell
    raise AuthorError(f"the notebook of {ASSIGNMENT} has no cell {grade_id}")


def _graded_twice(notebook: _Notebook) -> None:
    cell = cell_of(notebook, "grad_softmax_graded")
    notebook["cells"].insert(notebook["cells"].index(cell), {**deepcopy(cell), "id": "copied-cell"})


def _graded_deleted(notebook: _Notebook) -> None:
    notebook["cells"].remove(cell_of(notebook, "grad_matmul_graded"))


def _execution_skipped(notebook: _Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["tags"] = ["skip-execution"]


_DAMAGED_CELLS: dict[Damage, Callable[[_Notebook], None]] = {
    Damage.GRADED_TWICE: _graded_twice,
    Damage.GRADED_DELETED: _graded_deleted,
    Damage.EXECUTION_SKIPPED: _execution_skipped,
}
