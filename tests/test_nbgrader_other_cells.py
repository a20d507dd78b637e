"""Graded cells that are not ours, and what happens when grading itself fails."""

from pathlib import Path
from typing import Any, Self

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradecheck.errors import WorkerUnavailable
from gradecheck.job import Finished, Job, do
from gradecheck.nbgrader import local
from gradecheck.nbgrader.grading import How, grade_assignment
from gradecheck.nbgrader.original import load_original
from gradecheck.nbgrader.scores import Score, read_scores
from gradecheck.run.client import Template

pytestmark = pytest.mark.slow

CONFIG = "from gradecheck.nbgrader import configure\nconfigure(get_config())\n"
SOLUTION = "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
HIDDEN = "\n### BEGIN HIDDEN TESTS\nassert double(3) == 6\n### END HIDDEN TESTS"
GRADED = ("double_test", "share", "essay", "log_graded")


def _cell(name: str, source: str, kind: str = "code", **flags: Any) -> Any:
    settings = {"grade": False, "solution": False, "locked": False, "task": False, **flags}
    make = new_code_cell if kind == "code" else new_markdown_cell
    return make(source, metadata={"nbgrader": {"schema_version": 3, "grade_id": name, **settings}})


def _source() -> Any:
    graded = {"grade": True, "locked": True}
    return new_notebook(
        cells=[
            _cell("double", f"def double(x):\n{SOLUTION}", solution=True),
            _cell("double_test", f"assert double(1) == 2{HIDDEN}", points=2, **graded),
            _cell("share", "share()", points=4, **graded),
            _cell("essay", "Why?", kind="markdown", grade=True, solution=True, points=3),
            _cell(
                "sigmoid",
                "def grad_sigmoid(x, dz):\n    ### BEGIN SOLUTION\n    ### END SOLUTION",
                solution=True,
            ),
            _cell("log_graded", "grade(grad_sigmoid, points=5)", points=5, **graded),
        ]
    )


def _submit(root: Path, student: str, *answers: str, essay: str | None = "Because.") -> None:
    notebook = nbformat.read(root / "release" / "mixed" / "mixed.ipynb", as_version=4)
    if essay is not None:
        notebook.cells[3].source = essay
    for answer in answers:
        notebook.cells.insert(1, new_code_cell(answer))
    folder = root / "submitted" / student / "mixed"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "mixed.ipynb")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gradecheck.nbgrader.generate import generate_release

    root = tmp_path_factory.mktemp("mixed")
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (root / "source" / "mixed").mkdir(parents=True)
    nbformat.write(_source(), root / "source" / "mixed" / "mixed.ipynb")
    generate_release(root, "mixed", root / "release")
    right = "def double(x):\n    return x + x"
    _submit(root, "right", right, "def share():\n    return 3.0")
    _submit(root, "only_the_visible_test", "def double(x):\n    return x + 1", "def share():\n    return 0.5")
    _submit(root, "too_much", right, "def share():\n    return 1e9")
    _submit(root, "infinite", right, "def share():\n    return float('inf')")
    _submit(
        root,
        "deadly",
        "import os\nos._exit(1)",
        "os._exit(1)",
        "import os\nos._exit(1)",
        "import os\nos._exit(2)",
    )
    _submit(root, "silent", essay=None)
    _submit(root, "garbled")
    (root / "submitted" / "garbled" / "mixed" / "mixed.ipynb").write_bytes(b"{")
    graded = grade_assignment(root, "mixed")
    assert [g.problem for g in graded] == [None] * 7
    return root


def of(root: Path, student: str) -> dict[str, Score]:
    return {s.cell: s for s in read_scores(root, "mixed") if s.student == student}


def points(root: Path, student: str) -> list[float]:
    scores = of(root, student)
    return [scores[name].score for name in GRADED]


def test_another_authors_tests_are_scored_as_nbgrader_does(root: Path) -> None:
    assert points(root, "right") == [2, 3, 0, 0]
    assert points(root, "only_the_visible_test") == [0, 0.5, 0, 0]


def test_a_text_waits_for_a_person_unless_it_is_untouched(root: Path) -> None:
    assert of(root, "right")["essay"].needs_manual_grade
    assert not of(root, "silent")["essay"].needs_manual_grade


def test_more_than_the_maximum_does_not_fail_the_submission(root: Path) -> None:
    assert points(root, "too_much")[1] == 4
    assert points(root, "infinite")[1] == 4


def test_tests_that_never_ran_earn_nothing(root: Path) -> None:
    assert points(root, "deadly") == [0, 0, 0, 0]


def test_an_unreadable_file_earns_nothing_anywhere_and_waits_for_nobody(root: Path) -> None:
    assert points(root, "garbled") == [0, 0, 0, 0]
    assert not any(s.needs_manual_grade for s in of(root, "garbled").values())


def test_the_original_comes_in_the_instructors_order_with_its_points(root: Path) -> None:
    order = ("double", "double_test", "share", "essay", "sigmoid", "log_graded")
    original = load_original(f"sqlite:///{root / 'gradebook.db'}", "mixed", "mixed", order)
    assert tuple(c.name for c in original.cells) == order
    assert [c.max_score for c in original.cells] == [None, 2, 4, 3, None, 5]
    assert [c.name for c in original.asked()] == ["log_graded"]


class _Broken:
    """A template without workers."""

    def session(self, *_: Any) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def run_cells(self) -> None:
        raise WorkerUnavailable("no worker: a line for the operator alone")


@pytest.mark.usefixtures("in_this_process")
def test_what_could_not_be_graded_has_no_score_and_is_listed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "shared_template", lambda *_: _Broken())
    (graded,) = grade_assignment(root, "mixed", ["right"], how=How(force=True))
    assert graded.problem is None
    scores = of(root, "right")
    for name in ("double_test", "share", "log_graded"):
        assert scores[name].needs_manual_grade, name
        assert scores[name].score == 0
    assert "for no fault of yours" in scores["log_graded"].comment
    assert "operator alone" not in scores["log_graded"].comment
    assert "operator alone" in (root / ".gradecheck" / "grade.log").read_text(encoding="utf-8")


@pytest.mark.usefixtures("in_this_process")
def test_a_fault_of_ours_over_one_submission_stops_nobody(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: Job, template: Template, folder: Path) -> Finished:
        if job.submission.name == "too_much":
            raise ZeroDivisionError("nobody foresaw this")
        return do(job, template, folder)

    monkeypatch.setattr(local, "do", fail)
    graded = grade_assignment(root, "mixed", ["too_much", "infinite"], how=How(force=True))
    assert [g.problem for g in graded] == [None, None]
    for name in ("double_test", "share", "log_graded"):
        assert of(root, "too_much")[name].needs_manual_grade
    assert points(root, "infinite") == [2, 4, 0, 0]
    assert "nobody foresaw this" in (root / ".gradecheck" / "grade.log").read_text(encoding="utf-8")


def test_a_folder_without_a_notebook_is_a_problem_in_words(root: Path) -> None:
    (root / "submitted" / "nothing" / "mixed").mkdir(parents=True)
    (graded,) = grade_assignment(root, "mixed", ["nothing"])
    assert graded.problem is not None
    assert graded.problem.startswith("there is no notebook in ")
