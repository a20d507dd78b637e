"""Reading what a student hands in, without running any of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.parsing import LONGEST_CODE
from gradecheck.errors import UnreadableSubmission
from gradecheck.run.cells import Cell
from gradecheck.submission import (
    LARGEST_FILE,
    Submission,
    exercise_of,
    from_notebook,
    from_python,
    parse_notebook,
    read_submission,
)

STUB = "def grad_sigmoid(x, dz):\n    raise NotImplementedError()\n"


def code(source: Any, **nbgrader: Any) -> dict[str, Any]:
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def notebook(*cells: Any, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}


def read(*cells: Any) -> Submission:
    return from_notebook("ada.ipynb", notebook(*cells))


def asked(submission: Submission) -> list[tuple[str, float, str | None]]:
    return [(a.exercise.title, a.max_points, a.grade_id) for a in submission.asked]


def test_graded_cells_say_what_is_asked_and_are_not_run() -> None:
    graded = code("grade(grad_sigmoid, points=10)", grade=True, grade_id="q1", points=12)
    submission = read(
        code("import math"), {"cell_type": "markdown", "source": "# Sigmoid"}, code(STUB), graded
    )
    assert asked(submission) == [("sigmoid", 12.0, "q1")]
    assert [(cell.number, cell.source) for cell in submission.cells] == [(1, "import math"), (2, STUB)]


def test_cells_are_numbered_as_code_cells_graded_and_empty_ones_included() -> None:
    submission = read(code("a = 1"), code(""), code("grade(grad_softmax, points=1)"), code("b = 2"))
    assert [cell.number for cell in submission.cells] == [1, 4]


def test_a_source_may_be_a_list_of_lines() -> None:
    assert read(code(["a = 1\n", "b = 2"])).cells[0].source == "a = 1\nb = 2"


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("grade(grad_sigmoid, points=10)", "sigmoid"),
        ("# the last cell\ngrade(grad_conv2d, points=10)", "conv2d"),
        ("gradecheck.grade(grad_matmul, points=10)", "matmul"),
        ("grade(grad_sigmoid, points=10);", "sigmoid"),
        ("check(grad_sigmoid)", None),
        ("grade(grad_unknown, points=1)", None),
        ("grade()", None),
        ("grade('grad_sigmoid')", None),
        ("x = grade(grad_sigmoid, points=10)", None),
        ("import os\ngrade(grad_sigmoid, points=10)", None),
        ("grade(grad_sigmoid", None),
        ("-" * 100_000 + "1", None),
    ],
)
def test_only_a_call_of_grade_alone_is_a_graded_cell(source: str, title: str | None) -> None:
    exercise = exercise_of(source)
    assert (exercise.title if exercise else None) == title


@pytest.mark.parametrize(
    ("metadata", "source", "points"),
    [
        ({"points": 12}, "grade(grad_sigmoid, points=10)", 12.0),
        ({"points": 0}, "grade(grad_sigmoid, points=10)", 0.0),
        ({}, "grade(grad_sigmoid, points=10)", 10.0),
        ({"points": "12"}, "grade(grad_sigmoid, points=10)", 10.0),
        ({"points": -1}, "grade(grad_sigmoid, points=10)", 10.0),
        ({"points": True}, "grade(grad_sigmoid, points=10)", 10.0),
        ({"points": float("nan")}, "grade(grad_sigmoid, points=10)", 10.0),
        ({}, "grade(grad_sigmoid, points='ten')", 20.0),
        ({}, "grade(grad_sigmoid)", 20.0),
    ],
)
def test_points_come_from_the_metadata_then_the_call_then_the_exercise(
    metadata: dict[str, Any], source: str, points: float
) -> None:
    assert read(code(source, grade_id="q", **metadata)).asked[0].max_points == points


def test_a_graded_cell_twice_is_asked_once() -> None:
    graded = code("grade(grad_sigmoid, points=10)", grade_id="q1")
    assert asked(read(graded, graded)) == [("sigmoid", 10.0, "q1")]


def test_a_function_without_a_graded_cell_is_asked_as_well() -> None:
    submission = read(code(STUB), code("grade(grad_softmax, points=1)"))
    assert [a.exercise.title for a in submission.asked] == ["softmax", "sigmoid"]


def test_functions_are_found_beside_magics_and_broken_cells() -> None:
    submission = read(
        code(f"%matplotlib inline\n!ls\nnp.dot?\n{STUB}"), code("def ("), code("%%bash\nrm -rf x"), code("")
    )
    assert asked(submission) == [("sigmoid", 20.0, None)]
    assert submission.source.is_stub("grad_sigmoid")
    assert len(submission.cells) == 3


REACHING = "import gradecheck.run.watch as w"


@pytest.mark.parametrize(
    "cell",
    [
        REACHING,
        f"%time {REACHING}",
        f"%time 1\n{REACHING}",
        f"x = %time 1\n{REACHING}",
        f"x = !true\n{REACHING}",
        f"%ls \\\n  -l\n{REACHING}",
        f"%time 1 + \\\n  1\n{REACHING}",
        f"    y = 1\n    {REACHING}",
        f"\n\n    %time 1\n    {REACHING}",
        f"%time 1\n{REACHING} #?",
        f">>> {REACHING}",
        f"In [1]: {REACHING}",
        f",print a b\n{REACHING}",
        f"np.dot?\n{REACHING}",
        f"%%time\n{REACHING}",
        '"""\n' + "%\n" * 50_500 + f'"""\n%time 1\n{REACHING}',
        "import \uff47radecheck.\uff52un.watch",
        "__import__('grade' 'check.r' 'un.watch')",
        f"def (\n{REACHING}",
    ],
)
def test_a_cell_that_reaches_into_gradecheck_is_not_run_in_whatever_form(cell: str) -> None:
    (only,) = read(code(cell)).cells
    assert only.source.startswith("raise PermissionError(")


@pytest.mark.parametrize(
    "cell", ["def (", "%%bash\nls", "from gradecheck import check\ncheck(", "x = 5 % 3\n%ls"]
)
def test_other_cells_that_are_no_python_are_run_as_they_are(cell: str) -> None:
    assert [only.source for only in read(code(cell)).cells] == [cell]


@pytest.mark.parametrize(
    "cells", [None, 3, "cells", [None, 3, "x"], [{"cell_type": "code"}], [{"cell_type": "code", "source": 5}]]
)
def test_cells_that_are_no_cells_are_left_out(cells: Any) -> None:
    assert asked(from_notebook("ada.ipynb", notebook() | {"cells": cells})) == []


@pytest.mark.parametrize(
    "metadata", [None, [], {"nbgrader": None}, {"nbgrader": [1]}, {"nbgrader": {"grade_id": 3}}]
)
def test_damaged_metadata_costs_nothing(metadata: Any) -> None:
    cell = code("grade(grad_sigmoid, points=10)") | {"metadata": metadata}
    assert asked(read(cell)) == [("sigmoid", 10.0, None)]


def test_a_python_file_is_one_cell_with_number_0() -> None:
    submission = from_python("ada.py", STUB)
    assert asked(submission) == [("sigmoid", 20.0, None)]
    assert [(cell.number, cell.source) for cell in submission.cells] == [(0, STUB)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def (", "line 1: invalid syntax"),
        ("x = 1\n  y = 2", "line 2: unexpected indent"),
        ("\0", "source code string cannot contain null bytes"),
    ],
)
def test_a_file_that_is_not_python(text: str, reason: str) -> None:
    with pytest.raises(UnreadableSubmission) as caught:
        from_python("ada.py", text)
    assert str(caught.value) == f"ada.py is not valid Python: {reason}"


def test_of_far_too_much_code_the_rest_is_read_and_run() -> None:
    long = "x = 1\n" * (LONGEST_CODE // 6 - 10)
    submission = read(code(long), code(long), code(STUB))
    one, other, rest = (cell.source for cell in submission.cells)
    assert (one, rest) == (long, STUB)
    with pytest.raises(
        MemoryError, match=r"not run: with it the notebook has more than 200,000 characters of code$"
    ):
        exec(other)
    assert asked(submission) == [("sigmoid", 20.0, None)]


def test_a_file_of_far_too_much_code_is_not_read() -> None:
    with pytest.raises(UnreadableSubmission, match=r"^ada.py has more than 200,000 characters of code$"):
        from_python("ada.py", "x = 1\n" * LONGEST_CODE)


@pytest.mark.parametrize("text", ["(" * 300, "-" * 100_000 + "1"])
def test_python_that_is_nested_too_deeply(text: str) -> None:
    with pytest.raises(UnreadableSubmission, match=r"^ada.py is not valid Python: .*"):
        from_python("ada.py", text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("{", "it is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
        ("[" * 100_000, "it is not JSON (maximum recursion depth exceeded while decoding a JSON array"),
        ("[]", "it does not say which notebook format it has"),
        ("{}", "it does not say which notebook format it has"),
        ('{"nbformat": "4"}', "it does not say which notebook format it has"),
    ],
)
def test_a_file_that_is_no_notebook(text: str, reason: str) -> None:
    with pytest.raises(UnreadableSubmission) as caught:
        parse_notebook(text, "ada.ipynb")
    assert str(caught.value).startswith(f"ada.ipynb is not a notebook: {reason}")


def test_a_notebook_of_a_format_to_come() -> None:
    with pytest.raises(UnreadableSubmission) as caught:
        parse_notebook(json.dumps(notebook(nbformat=5)), "ada.ipynb")
    assert str(caught.value) == (
        "ada.ipynb has notebook format 5, newer than 4, the newest known here; save it as format 4"
    )


def test_a_notebook_of_format_3_is_converted() -> None:
    cell = {
        "cell_type": "code",
        "input": STUB,
        "language": "python",
        "outputs": [],
        "collapsed": False,
        "metadata": {},
    }
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]}
    submission = from_notebook("ada.ipynb", parse_notebook(json.dumps(old), "ada.ipynb"))
    assert asked(submission) == [("sigmoid", 20.0, None)]


@pytest.mark.parametrize("version", [0, -1, 3, True])
def test_a_damaged_notebook_of_another_format(version: Any) -> None:
    with pytest.raises(UnreadableSubmission, match=r"^ada.ipynb is a damaged notebook: "):
        parse_notebook(json.dumps({"nbformat": version, "worksheets": 3}), "ada.ipynb")


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("\ufeff" + json.dumps(notebook(code(STUB))), encoding="utf-8")
    (tmp_path / "b.py").write_text(STUB, encoding="utf-8")
    for name in ("a.ipynb", "b.py"):
        submission = read_submission(tmp_path / name)
        assert asked(submission) == [("sigmoid", 20.0, None)]
        assert submission.name == str(tmp_path / name)
    assert read_submission(tmp_path / "b.py", "ada").name == "ada"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin, large, folder = tmp_path / "latin.py", tmp_path / "large.ipynb", tmp_path / "folder.py"
    latin.write_bytes(b"x = '\xe9'\n")
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    folder.mkdir()
    for path, reason in (
        (latin, "is not a text file in UTF-8"),
        (large, "is larger than 50 MiB"),
        (folder, "cannot be read: Is a directory"),
        (tmp_path / "none.py", "does not exist"),
    ):
        with pytest.raises(UnreadableSubmission) as caught:
            read_submission(path)
        assert str(caught.value) == f"{path} {reason}"


def test_reading_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f"{STUB}\nopen({str(tmp_path / 'trace')!r}, 'w')\n", encoding="utf-8")
    assert read_submission(path).asked[0].exercise is find_exercise("sigmoid")
    assert not (tmp_path / "trace").exists()


def test_a_python_file_knows_its_own_name() -> None:
    assert from_python("folder/answers.py", "x = 1\n").cells == (Cell(0, "x = 1\n", "answers.py"),)
