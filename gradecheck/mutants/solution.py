"""The instructor's own answers, as functions that can be changed and called."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from gradecheck.course import assignments
from gradecheck.exercise import Exercise
from gradecheck.nbgrader.generate import source_folder
from gradecheck.reference.tape import load_tensorflow
from gradecheck.submission import code_of, parse_notebook, read_submission


@dataclass(frozen=True, eq=False)
class Solution:
    """An exercise's answer in an instructor's notebook.

    Attributes:
        exercise: what it answers.
        source: of the cell that defines it.
        around: imports and functions of the notebook's other cells.
    """

    exercise: Exercise
    source: str
    around: Mapping[str, Any]

    def function(self, source: str | None = None) -> Callable[..., Any]:
        """The function, from another source where one is given.

        Raises:
            Exception: whatever that source raises.
        """
        namespace = dict(self.around)
        exec(_compiled(source or self.source), namespace)
        function: Callable[..., Any] = namespace[self.exercise.name]
        return function


def solutions(root: Path, assignment: str | None = None) -> Iterator[Solution]:
    """The solutions of a course, or of one assignment, notebook by notebook.

    Raises:
        CourseNotReady: `root` is no course, or it has no such assignment.
    """
    for name in assignments(root, assignment):
        for path in sorted((source_folder(root) / name).glob("*.ipynb")):
            yield from _of_notebook(path)


def _of_notebook(path: Path) -> Iterator[Solution]:
    cells = code_of(parse_notebook(path.read_text(encoding="utf-8"), str(path)))
    parsed = [(source, tree) for source in cells if (tree := _parsed(source)) is not None]
    load_tensorflow()
    around: dict[str, Any] = {}
    for _, tree in parsed:
        kept: list[ast.stmt] = [
            node
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
        ]
        exec(compile(ast.Module(kept, []), str(path), "exec"), around)
    for asked in read_submission(path).asked:
        defining = [source for source, tree in parsed if asked.exercise.name in _defined(tree)]
        if defining:
            yield Solution(asked.exercise, defining[-1], around)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:  # a cell with IPython's own commands
        return None


def _defined(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _compiled(source: str) -> CodeType:
    return compile(source, "<answer>", "exec")
