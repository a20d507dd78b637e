"""Proof that a course is sound: plant what makes it unsound, and require the claim that does not hold."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from planted import PRODUCT

from gradecheck.cli import cli
from gradecheck.course import lectures
from gradecheck.errors import CourseNotReady
from gradecheck.exercise import Exercise, Mistake
from gradecheck.run.client import Template
from gradecheck.verify import Claim, going_on
from gradecheck.verify.assignment import graded_cells_are_sound, nothing_private
from gradecheck.verify.definition import verify_exercise
from gradecheck.verify.lecture import verify_lecture

SOLVED = """def grad_sigmoid(x, dz):
    ### BEGIN SOLUTION
    slope = tf.sigmoid(x) * tf.sigmoid(-x)
    return dz * slope
    ### END SOLUTION"""
STUB = "def grad_sigmoid(x, dz):\n    raise NotImplementedError()"
GRADE = "grade(grad_sigmoid, points=20)"
MARKS = {"grade": True, "locked": True, "grade_id": "q1", "points": 20, "solution": False}


def cell(source: str, kind: str = "code", **marks: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {"nbgrader": marks} if marks else {}}


def written(path: Path, *cells: dict[str, Any]) -> Path:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def failing(claims: Iterator[Claim]) -> list[str]:
    return [claim.sentence for claim in claims if not claim.holds]


# Definitions


def with_mistake(factor: float) -> Exercise:
    mistake = Mistake(
        id="scaled",
        sentence="It is scaled.",
        hint="Is it?",
        stronger_hint="By what?",
        formula=lambda vjp, *arguments: tuple(factor * product for product in vjp(*arguments)),
    )
    return dataclasses.replace(PRODUCT, mistakes=(mistake,))


def test_a_sound_definition_has_no_claim_that_fails() -> None:
    assert failing(verify_exercise(with_mistake(2.0))) == []


def test_an_own_mistake_that_equals_the_truth_is_told() -> None:
    (told,) = failing(verify_exercise(with_mistake(1.0)))
    assert told.startswith("the mistake scaled is rejected (score 1")


# Graded cells


def test_a_graded_cell_with_its_marks_is_sound(tmp_path: Path) -> None:
    assert (
        failing(graded_cells_are_sound(written(tmp_path / "a.ipynb", cell(STUB), cell(GRADE, **MARKS)))) == []
    )


def test_a_missing_graded_cell_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", cell(STUB))
    assert failing(graded_cells_are_sound(path)) == ["a.ipynb defines it and has no graded cell for it"]


@pytest.mark.parametrize("mark", ["grade", "locked"])
def test_a_graded_cell_without_a_mark_is_told(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path / "a.ipynb", cell(STUB), cell(GRADE, **{**MARKS, mark: False}))
    assert "its graded cell must be marked as graded and locked" in failing(graded_cells_are_sound(path))


def test_points_that_differ_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", cell(STUB), cell(GRADE, **{**MARKS, "points": 19}))
    (told,) = failing(graded_cells_are_sound(path))
    assert told.startswith("the points of the graded cell, 19.0, of its call, 20.0, ")


# The release


def released(root: Path, *cells: dict[str, Any]) -> Claim:
    """What is said of a release with these cells, of a source whose solution is `SOLVED`."""
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.source_directory = "solutions"\n', encoding="utf-8"
    )
    written(root / "solutions" / "one" / "a.ipynb", cell(SOLVED))
    return nothing_private(root, "one", written(root / "fresh" / "a.ipynb", *cells).parent)


def test_a_release_of_stubs_is_private(tmp_path: Path) -> None:
    assert released(tmp_path, cell("# Sigmoid", "markdown"), cell(STUB)).holds


@pytest.mark.parametrize("kind", ["markdown", "code", "raw"])
def test_a_line_of_the_solution_in_any_cell_is_told(tmp_path: Path, kind: str) -> None:
    claim = released(tmp_path, cell("So:\n\n    slope = tf.sigmoid(x) * tf.sigmoid(-x)\n", kind), cell(STUB))
    assert (claim.holds, claim.sentence) == (
        False,
        "the release of a.ipynb holds 'slope = tf.sigmoid(x) * tf.sigmoid(-x)'",
    )


def test_a_mark_that_stayed_is_told(tmp_path: Path) -> None:
    claim = released(tmp_path, cell("### BEGIN HIDDEN TESTS"))
    assert (claim.holds, claim.sentence) == (False, "the release of a.ipynb holds 'BEGIN HIDDEN TESTS'")


# Going on


def test_an_error_is_a_claim_that_does_not_hold() -> None:
    def claims() -> Iterator[Claim]:
        yield Claim("one", "fine", True)
        raise CourseNotReady("no notebook")

    assert list(going_on("one", claims())) == [
        Claim("one", "fine", True),
        Claim("one", "the rest could not be tried: no notebook", False),
    ]


# Lectures


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (["a = 1", "print(a)"], "the lecture runs from start to end: 2 code cells"),
        (["a = 1", "b"], "code cell 2 of the lecture fails: NameError: name 'b' is not defined"),
        (
            ["import warnings", "warnings.warn('old')"],
            "code cell 2 of the lecture complains: <ipython-input-cell-2>:1: UserWarning: old",
        ),
        (
            ["import sys", "print('oops', file=sys.stderr)", "1 / 0"],
            "code cell 2 of the lecture complains: oops",
        ),
        (["import os", "os._exit(3)"], "code cell 2 of the lecture fails: it ends the process"),
        (
            ["import matplotlib.pyplot as plt", "plt.plot([1, 2]); plt.show()"],
            "the lecture runs from start to end: 2 code cells",
        ),
    ],
)
def test_a_lecture_that_does_not_run_in_silence_is_told(
    sources: list[str], told: str, tmp_path: Path, template: Template
) -> None:
    path = written(tmp_path / "09_more.ipynb", *(cell(source) for source in sources))
    (claim,) = verify_lecture(path, template)
    assert claim == Claim("09_more.ipynb", told, "from start to end" in told)


def test_the_courses_lectures_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        written(tmp_path / "course_notebooks" / f"{name}.ipynb")
    assert [path.name for path in lectures(tmp_path)] == ["a.ipynb", "b.ipynb"]
    assert lectures(tmp_path / "nowhere") == ()


# The command


@pytest.mark.parametrize("command", ["release", "verify"])
def test_an_assignment_that_is_not_there_is_told_with_those_that_are(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "solutions" / "one" / "a.ipynb")
    config = 'c = get_config()\nc.CourseDirectory.source_directory = "solutions"\n'
    (tmp_path / "nbgrader_config.py").write_text(config, encoding="utf-8")
    done = CliRunner().invoke(cli, [command, "two"])
    assert done.exit_code == 2
    assert done.output == "gradecheck: the course has no assignment 'two'; it has: one\n"
