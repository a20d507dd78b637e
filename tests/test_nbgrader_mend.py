"""Repairing notebooks: which cell is which, what goes, what comes back, and what is said."""

from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from gradecheck.nbgrader.mend import mend
from gradecheck.nbgrader.original import Original, OriginalCell
from gradecheck.nbgrader.reading import sound_cell, sound_notebook

STUB = "def grad_log(x, dz):\n    raise NotImplementedError()"
ANSWER = "def grad_log(x, dz):\n    return dz / x"
TEST = "assert grad_log(2, 1) == 0.5\n# hidden:\nassert grad_log(4, 1) == 0.25"
TEST_AS_RELEASED = "assert grad_log(2, 1) == 0.5"


def original_cell(name: str, source: str, kind: str = "code", **flags: Any) -> OriginalCell:
    settings = {"locked": False, "grade": False, "solution": False, "task": False, "max_score": None, **flags}
    return OriginalCell(name, kind, source, "0" * 32, **settings)


ORIGINAL = Original(
    (
        original_cell("imports", "import math", locked=True),
        original_cell("log", STUB, solution=True),
        original_cell("log_test", TEST, locked=True, grade=True, max_score=2.0),
        original_cell("essay", "Why?", kind="markdown", solution=True, grade=True, max_score=3.0),
        original_cell("sigmoid", "def grad_sigmoid(x, dz):\n    pass", solution=True),
        original_cell(
            "sigmoid_graded", "grade(grad_sigmoid, points=5)", locked=True, grade=True, max_score=5.0
        ),
    ),
    {"name": "python3", "display_name": "Python 3", "language": "python"},
)
NAMES = [cell.name for cell in ORIGINAL.cells]


def handed_in(**changes: str | None) -> NotebookNode:
    """A submission: each cell as released, or with the text given by its name; None leaves it out."""
    texts = {"log": ANSWER, "log_test": TEST_AS_RELEASED, **changes}
    cells = [
        sound_cell(c.kind, texts.get(c.name, c.source) or "", identity=c.name, nbgrader=c.metadata())
        for c in ORIGINAL.cells
        if texts.get(c.name, "") is not None
    ]
    return sound_notebook({"cells": cells, "metadata": {}})


def own(source: str) -> NotebookNode:
    return sound_cell("code", source, identity="own")


def by_name(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}


def mended(notebook: NotebookNode) -> list[str]:
    """Mend, check that the result is sound, and return what was said."""
    notes = mend(notebook, ORIGINAL)
    nbformat.validate(notebook)
    assert [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata] == NAMES
    assert {n: c.metadata.nbgrader for n, c in by_name(notebook).items()} == {
        c.name: c.metadata() for c in ORIGINAL.cells
    }
    return [note.sentence for note in notes]


def test_an_intact_submission_is_left_alone() -> None:
    notebook = handed_in()
    assert mended(notebook) == []
    assert by_name(notebook)["log"].source == ANSWER


def test_a_locked_cell_gets_its_text_and_its_hidden_tests_back() -> None:
    notebook = handed_in(log_test="pass", sigmoid_graded="5.0")
    assert mended(notebook) == [
        "The text of the locked cell sigmoid_graded had been changed; it was put back."
    ]
    assert by_name(notebook)["log_test"].source == TEST
    assert by_name(notebook)["sigmoid_graded"].source == "grade(grad_sigmoid, points=5)"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_cell_comes_back_in_its_place(name: str) -> None:
    notebook = handed_in(**{name: None})
    assert mended(notebook) == [f"The cell {name} was missing; it was put back."]


def test_everything_comes_back_when_nothing_is_left() -> None:
    notebook = sound_notebook({"cells": []})
    assert mended(notebook) == ["6 cells were missing; they were put back."]


def test_a_missing_answer_cell_does_not_bring_back_the_stub() -> None:
    notebook = handed_in(log=None)
    mended(notebook)
    assert by_name(notebook)["log"].source.startswith("# The cell log was missing")


def test_a_missing_essay_is_as_it_was_handed_out_so_that_it_scores_0() -> None:
    notebook = handed_in(essay=None)
    mended(notebook)
    assert by_name(notebook)["essay"].source == "Why?"


def test_an_answer_in_a_cell_of_ones_own_takes_the_place_of_the_missing_one() -> None:
    notebook = handed_in(log=None)
    notebook.cells.insert(1, own(ANSWER))
    assert mended(notebook) == ["The cell log had lost its nbgrader metadata; it was found by what it says."]
    assert by_name(notebook)["log"].source == ANSWER


def test_an_experiment_in_a_cell_of_ones_own_does_not() -> None:
    notebook = handed_in()
    notebook.cells.insert(0, own("def grad_log(x, dz):\n    return 'an experiment'"))
    assert mended(notebook) == []
    assert by_name(notebook)["log"].source == ANSWER
    assert len(notebook.cells) == 7


@pytest.mark.parametrize("answer_first", [True, False])
def test_of_an_answer_and_an_untouched_copy_the_answer_stays(answer_first: bool) -> None:
    notebook = handed_in()
    copy = sound_cell(
        "code", STUB, identity="copy", nbgrader=dict(by_name(notebook)["log"].metadata.nbgrader)
    )
    notebook.cells.insert(2 if answer_first else 1, copy)
    assert mended(notebook) == ["The cell log was there twice; copies without an answer were left out."]
    assert [c.source for c in notebook.cells if "grad_log(x, dz)" in c.source] == [ANSWER]


def test_of_two_answers_both_stay_and_the_last_is_the_cell() -> None:
    notebook = handed_in()
    second = sound_cell("code", f"{ANSWER} + 0", nbgrader=dict(by_name(notebook)["log"].metadata.nbgrader))
    notebook.cells.insert(2, second)
    mended(notebook)
    assert by_name(notebook)["log"].source == f"{ANSWER} + 0"
    assert ANSWER in [c.source for c in notebook.cells]


def test_an_answer_written_into_a_locked_cell_is_kept() -> None:
    helper = "def helper():\n    return 1"
    notebook = handed_in(imports=helper)
    mended(notebook)
    assert [c.source for c in notebook.cells][:2] == [helper, "import math"]


def test_tags_that_hide_go_and_others_stay() -> None:
    notebook = handed_in()
    notebook.cells[1].metadata["tags"] = ["mine", "remove-input", "skip-execution"]
    assert mended(notebook) == ["The cell log had the tag remove-input, which does not count in grading."]
    assert by_name(notebook)["log"].metadata.tags == ["mine"]


def test_an_unknown_id_is_a_cell_of_ones_own() -> None:
    notebook = handed_in()
    notebook.cells.append(
        sound_cell("code", "1 + 1", nbgrader={"grade_id": "bonus", "grade": True, "points": 99})
    )
    assert mended(notebook) == [
        "The assignment has no cell bonus; yours with that id was run as a cell of your own."
    ]


def test_a_kernel_by_another_name_is_no_news_but_another_language_is() -> None:
    notebook = handed_in()
    notebook.metadata.kernelspec = {"name": "my-env", "display_name": "My environment", "language": "python"}
    assert mended(notebook) == []
    assert notebook.metadata.kernelspec["name"] == "python3"
    notebook.metadata.kernelspec = {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}
    assert mended(notebook) == [
        "The notebook asked for a kernel of julia; it was run with python all the same."
    ]


def test_mending_again_changes_nothing() -> None:
    notebook = handed_in(log=None, sigmoid_graded=None)
    mended(notebook)
    once = nbformat.writes(notebook)
    assert mended(notebook) == []
    assert nbformat.writes(notebook) == once


def test_comments_belong_to_the_answer_above() -> None:
    assert [getattr(ORIGINAL.answer_to(name), "name", None) for name in NAMES] == [
        "log", "log", "log", "essay", "sigmoid", "sigmoid"
    ]  # fmt: skip
