"""The peer that runs one submission at a time: otter-grader's `otter run`.

Its tests ask each function for the printed example, and compare within 1e-4: what a course would write. The
scores are thus not ours, and not compared.
"""

import importlib.util
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gradecheck.catalogue import find_exercise
from gradecheck.made_up_class import ASSIGNMENT
from gradecheck.reference.expectation import expected_cases

ARCHIVE = "autograder.zip"
RESULTS = "otter"


def is_installed() -> bool:
    """Whether otter-grader can be run here."""
    return importlib.util.find_spec("otter") is not None


def write_autograder(folder: Path, functions: tuple[str, ...]) -> None:
    """The zip that otter takes its tests from."""
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        for function in functions:
            archive.writestr(f"tests/{function}.py", f"OK_FORMAT = True\n\ntest = {_test(function)!r}\n")


def _test(function: str) -> dict[str, object]:
    printed = expected_cases(find_exercise(function), 0)[0]
    arguments = ", ".join(f"tf.constant({value.tolist()})" for value in printed.case.arguments)
    code = (
        ">>> import numpy as np, tensorflow as tf\n"
        f">>> bool(np.allclose({function}({arguments}), {printed.outputs[0].value.tolist()}, atol=1e-4))\n"
        "True"
    )
    case = {"code": code, "hidden": False, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return {"name": function, "points": 10, "suites": [suite]}


def commands(folder: Path) -> Iterator[tuple[str, ...]]:
    """One command for each submission of a course; each writes `RESULTS`/STUDENT/results.json."""
    for notebook in sorted(folder.glob(f"submitted/*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")):
        results = folder / RESULTS / notebook.parents[1].name
        results.mkdir(parents=True)
        given = ("-a", str(folder / ARCHIVE), "-o", str(results), "--no-logo", str(notebook))
        yield (sys.executable, "-m", "otter", "run", *given)
