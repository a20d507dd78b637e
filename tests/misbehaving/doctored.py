"""Notebook files that are doctored to earn points, or to make the grader stumble; graded in a whole run.

Each of them answers sigmoid wrongly unless it says otherwise.
"""

import json
from collections.abc import Callable, Iterable

from misbehaving.case import RIGHT, Case, Json, own_cell

_GRADED = "grad_sigmoid_graded"


def _cell(notebook: Json, name: str) -> Json:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def _source(text: str) -> Callable[[Json], None]:
    return lambda notebook: _cell(notebook, _GRADED).update(source=text)


def _metadata(**changes: object) -> Callable[[Json], None]:
    return lambda notebook: _cell(notebook, _GRADED)["metadata"]["nbgrader"].update(changes)


def _full_outputs(notebook: Json) -> None:
    for cell in notebook["cells"]:
        result = {"output_type": "execute_result", "data": {"text/plain": "30.0"}, "metadata": {}}
        cell["outputs"] = [{**result, "execution_count": 1}]
        cell["execution_count"] = 1


def _forged_record(notebook: Json) -> None:
    result = {
        "exercise": "grad_sigmoid",
        "status": "passed",
        "score": 1.0,
        "points": 20.0,
        "max_points": 20.0,
    }
    notebook["metadata"]["gradecheck"] = {
        "attempt": "0" * 64,
        "problem": None,
        "notes": [],
        "results": [result],
    }
    notebook["metadata"]["nbgrader"] = {"score": 100}


def _tags(notebook: Json) -> None:
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell", "hide-input"]


def _more_cells(*texts: str) -> Callable[[Json], None]:
    return lambda notebook: notebook["cells"].extend(map(own_cell, texts))


def _another_graded_cell(notebook: Json) -> None:
    copy = json.loads(json.dumps(_cell(notebook, _GRADED)))
    copy["metadata"]["nbgrader"] |= {"grade_id": "bonus", "points": 1000}
    notebook["cells"].append({**copy, "source": "1000.0"})


def _swapped(notebook: Json) -> None:
    one, other = (_cell(notebook, name)["metadata"]["nbgrader"] for name in (_GRADED, "grad_conv2d_graded"))
    one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]


def _text_in_html(notebook: Json) -> None:
    picture = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    notebook["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": picture * 100})
    notebook["cells"].insert(0, {"cell_type": "raw", "metadata": {"format": "text/html"}, "source": picture})


def _odd_numbers(notebook: Json) -> None:
    notebook["nbformat_minor"] = 10**400
    notebook["metadata"] |= {"infinite": float("inf"), "none": float("nan"), "deep": _deep(80)}
    for cell in notebook["cells"]:
        cell["execution_count"] = -(10**50)


def _deep(levels: int) -> Json:
    return {"deep": _deep(levels - 1)} if levels else {}


def _many_cells(notebook: Json) -> None:
    notebook["cells"] += [own_cell("pass") for _ in range(1500)]


def _texts(*texts: str) -> Callable[[Json], None]:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
    return lambda notebook: notebook["cells"].extend(cells)


_DISPLAYS = """
from IPython.display import display
for data in ({"text/html": 5}, {"image/png": b"no picture"}, {5: 6}, {"application/json": {"a": [1]}},
             {"text/html": "<script>alert(1)</script>"}, {"text/plain": "\\x00\\ud800"}, {"a/b": object()}):
    display(data, raw=True, metadata={"a": object()})
get_ipython().display_pub.publish({"text/plain": "x"}, transient={"display_id": 5}, update=True)
"""

_GRADEBOOK = """
import os, sqlite3
if os.path.exists("@COURSE@/gradebook.db"):
    book = sqlite3.connect("@COURSE@/gradebook.db")
    book.execute("update grade set manual_score = 20")
    book.commit()
    book.close()
"""


def _doctored(changes: dict[str, Callable[[Json], object]]) -> Iterable[Case]:
    return (Case(name, surgery=change) for name, change in changes.items())


CASES = (
    *_doctored(
        {
            "graded-cell-with-a-number": _source("20.0"),
            "graded-cell-with-another-function": _source("grade(lambda x, dz: x, points=20)"),
            "graded-cell-with-its-own-grade": _source("grade = lambda *_, **__: 20.0\ngrade(grad_sigmoid)"),
            "graded-cell-of-another-exercise": _source("grade(grad_matmul, points=20)"),
            "graded-cell-with-more-points": _source("grade(grad_sigmoid, points=1e9)"),
            "graded-cell-empty": _source(""),
            "points-raised": _metadata(points=1000),
            "points-not-a-number": _metadata(points=float("nan")),
            "points-negative": _metadata(points=-20),
            "unlocked": _metadata(locked=False, solution=True),
            "made-a-task": _metadata(task=True, grade=True),
            "checksum-forged": _metadata(checksum="0" * 32, cell_type="markdown"),
            "outputs-forged": _full_outputs,
            "record-forged": _forged_record,
            "tags": _tags,
            "another-graded-cell": _another_graded_cell,
            "graded-cells-swapped": _swapped,
            "grade-called-again": _more_cells(
                "grade(grad_matmul, points=100)", "grade(grad_sigmoid, points=100)"
            ),
            "html": _text_in_html,
            "odd-numbers": _odd_numbers,
            "many-cells": _many_cells,
            "texts-that-take-hours-to-format": _texts(
                "[" * 500_000, "\\begin{a}" * 100_000, "*a* " * 1_000_000, "a\n=\n" * 200_000
            ),
            "javascript": _more_cells("%%javascript\nalert(1)", "%%html\n<script>alert(1)</script>"),
        }
    ),
    Case("displays-of-every-kind", before=(_DISPLAYS,)),
    Case("gradebook-in-reach", before=(_GRADEBOOK,)),
    Case("deadly-cell", RIGHT["sigmoid"], 1.0, before=("import os\nos._exit(0)",)),
    Case(
        "printing-past-python", RIGHT["sigmoid"], 1.0, before=("import os\nos.write(2, b'noise' * 100_000)",)
    ),
    Case("far-too-much-code", RIGHT["sigmoid"], 1.0, before=("x=1\n" * 2_000_000,)),
    Case("patched-grade", before=("import gradecheck\ngradecheck.grade = grade = lambda *_, **__: 20.0",)),
    Case(
        "module-beside-the-notebook",
        files={"gradecheck.py": "def grade(f, points, **_): return float(points)\ncheck = grade\n"},
    ),
)
