"""A course in a scratch folder, and students who hand in notebooks that are damaged in many ways."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import enter_in_gradebook, generate_release

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "understanding_gradients"
FILE = f"{ASSIGNMENT}.ipynb"
#: Ids of the answer cells, from the top; those of the graded cells end in "_graded".
ANSWERS = ("grad_sigmoid", "grad_softmax", "grad_matmul", "grad_conv2d")

#: The configuration of a course that needs no sandbox.
CONFIG = """
from gradecheck.nbgrader import configure
c = get_config()
configure(c, sandbox=False)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
"""
#: For it: what comes too late is worth nothing.
LATE_IS_NOTHING = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'

#: The answer cell of softmax as it is handed out.
STUB = '''def grad_softmax(x, dz):
    """Return dL/dz for z = softmax(x)."""
    raise NotImplementedError'''

Json = dict[str, Any]


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's own command, with no environment's folder on PATH."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@dataclass(frozen=True)
class Course:
    """A course in a folder."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Course":
        """Copy the source notebook and the configuration; nothing is generated yet."""
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "solutions" / ASSIGNMENT, root / "solutions" / ASSIGNMENT)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        return cls(root)

    def release(self, config: str) -> None:
        """Write the configuration, generate the handout, and enter the assignment in the gradebook."""
        (self.root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        put_tools_on_path()
        generate_release(self.root, ASSIGNMENT, self.root / "exercises")
        enter_in_gradebook(self.root, ASSIGNMENT)

    def solved(self) -> Json:
        """A submission with every answer right: the handout, filled in."""
        text = (self.root / "solutions" / ASSIGNMENT / FILE).read_text(encoding="utf-8")
        right, notebook = json.loads(text), self.released()
        for name in ANSWERS:
            cell(notebook, name)["source"] = cell(right, name)["source"]
        return notebook

    def released(self) -> Json:
        """A submission as it was handed out."""
        text = (self.root / "exercises" / ASSIGNMENT / FILE).read_text(encoding="utf-8")
        return json.loads(text)  # type: ignore[no-any-return]  # JSON

    def folder(self, student: str) -> Path:
        """Where a student's files are; made if need be."""
        folder = self.root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def submit(self, student: str, notebook: Json | bytes, file: str = FILE) -> Path:
        """Hand in a notebook, or bytes in its place."""
        path = self.folder(student) / file
        path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
        return path


def cell(notebook: Json, grade_id: str) -> Json:
    """The cell with that nbgrader id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def meta(notebook: Json, grade_id: str) -> Json:
    """The nbgrader metadata of the cell with that id."""
    return cell(notebook, grade_id)["metadata"]["nbgrader"]  # type: ignore[no-any-return]  # JSON


def answer(notebook: Json, exercise: str, source: str) -> Json:
    """The notebook with another answer."""
    cell(notebook, exercise)["source"] = source
    return notebook


def damaged(notebook: Json, damage: Callable[[Json], object]) -> Json:
    """A damaged copy."""
    copy = deepcopy(notebook)
    damage(copy)
    return copy


def _drop(*ids: str) -> Callable[[Json], object]:
    def damage(n: Json) -> None:
        n["cells"] = [c for c in n["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") not in ids]

    return damage


def _twice(grade_id: str, source: str | None = None) -> Callable[[Json], object]:
    def damage(n: Json) -> None:
        copy = deepcopy(cell(n, grade_id))
        copy["id"] = "a-copy"
        if source is not None:
            copy["source"] = source
        n["cells"].insert(n["cells"].index(cell(n, grade_id)) + 1, copy)

    return damage


def _swap(one: str, other: str) -> Callable[[Json], object]:
    def damage(n: Json) -> None:
        first, second = meta(n, one), meta(n, other)
        first["grade_id"], second["grade_id"] = other, one

    return damage


def _everywhere(entry: str, value: object) -> Callable[[Json], object]:
    def damage(n: Json) -> None:
        for c in n["cells"]:
            if "nbgrader" in c["metadata"]:
                c["metadata"]["nbgrader"][entry] = value

    return damage


def _moved_to_own_cell(n: Json) -> None:
    source = cell(n, "grad_softmax")["source"]
    _drop("grad_softmax")(n)
    n["cells"].append(
        {
            "cell_type": "code",
            "id": "mine",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": 1,
        }
    )


def _in_locked_cell(n: Json) -> None:
    locked = cell(n, "grad_softmax_graded")
    locked["source"] = [
        cell(n, "grad_softmax")["source"]
        if isinstance(cell(n, "grad_softmax")["source"], str)
        else "".join(cell(n, "grad_softmax")["source"])
    ]
    _drop("grad_softmax")(n)


def _tagged(n: Json) -> None:
    for c in n["cells"]:
        c["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell", 7]


def _deep(levels: int) -> Json:
    return {"notes": _deep(levels - 1)} if levels else {}


def _odd_structure(n: Json) -> None:
    n["cells"][2]["source"] = None
    n["cells"][3]["outputs"] = {"not": "a list"}
    n["cells"][3]["id"] = n["cells"][5]["id"] = "the same"
    del n["cells"][7]["id"]
    n["cells"][0]["metadata"] = None
    n["cells"].insert(0, "no cell")
    n["cells"].insert(0, {"cell_type": "heading", "source": 5})
    n["cells"].insert(
        0, {"cell_type": "markdown", "source": "half \ud800 a pair, \u0000", "metadata": {"tags": {}}}
    )
    n["metadata"] = {
        "language": 3,
        "kernelspec": [],
        "language_info": None,
        "widgets": 1,
        "gradecheck": _deep(300),
    }


def _metadata_of_other_types(n: Json) -> None:
    odd = [[], None, {"grade_id": ["x"], "points": {}, "grade": "yes"}, {"grade_id": 7, "schema_version": 3}]
    places = ["grad_sigmoid", "grad_softmax_graded", "grad_matmul_graded", "grad_conv2d"]
    for found, value in zip([cell(n, place) for place in places], odd, strict=True):
        found["metadata"]["nbgrader"] = value


#: Damage after which every right answer still earns all its points.
HARMLESS: dict[str, Callable[[Json], object]] = {
    "graded_dropped": _drop("grad_softmax_graded"),
    "all_graded_dropped": _drop(*(f"grad_{x}_graded" for x in ("sigmoid", "softmax", "matmul", "conv2d"))),
    "graded_and_neighbour_dropped": _drop("grad_sigmoid_graded", "grad_softmax_graded"),
    "graded_twice": _twice("grad_softmax_graded"),
    "answer_twice": _twice("grad_softmax"),
    "stub_after_answer": _twice("grad_softmax", STUB),
    "graded_renamed": lambda n: meta(n, "grad_softmax_graded").update(grade_id="mine"),
    "answer_renamed": lambda n: meta(n, "grad_softmax").update(grade_id="mine"),
    "graded_swapped": _swap("grad_sigmoid_graded", "grad_softmax_graded"),
    "answers_swapped": _swap("grad_sigmoid", "grad_conv2d"),
    "graded_becomes_answer": _swap("grad_sigmoid", "grad_sigmoid_graded"),
    "graded_repointed": lambda n: cell(n, "grad_softmax_graded").update(
        source="grade(grad_sigmoid, points=20)"
    ),
    "answer_moved": _moved_to_own_cell,
    "answer_in_locked_cell": _in_locked_cell,
    "points_changed": _everywhere("points", 1000),
    "points_of_text": _everywhere("points", "many"),
    "flags_changed": _everywhere("grade", False),
    "schema_future": _everywhere("schema_version", 99),
    "schema_past": _everywhere("schema_version", 1),
    "schema_text": _everywhere("schema_version", "three"),
    "fields_missing": lambda n: [meta(n, g).pop("locked") for g in ("grad_softmax", "grad_softmax_graded")],
    "metadata_types": _metadata_of_other_types,
    "metadata_gone": lambda n: [c.update(metadata={}) for c in n["cells"]],
    "answer_is_markdown": lambda n: cell(n, "grad_softmax").update(cell_type="markdown"),
    "graded_is_raw": lambda n: cell(n, "grad_softmax_graded").update(cell_type="raw"),
    "other_kernel": lambda n: n["metadata"].update(
        kernelspec={"name": "ir", "display_name": "R", "language": "R"}, language_info={"name": "R"}
    ),
    "tags": _tagged,
    "odd_structure": _odd_structure,
}
