"""Marking one submission: its cells in a worker, each exercise judged, a failure of ours never a 0."""

from pathlib import Path
from typing import Any, cast

import pytest
from planted import SOURCES

from gradecheck.errors import WorkerUnavailable
from gradecheck.marking import Marked, mark
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import TimedOut
from gradecheck.submission import from_python
from gradecheck.verdict import Status


def marked(template: Template, text: str, **options: Any) -> Marked:
    return mark(from_python("ada.py", text), template, seeds=lambda _exercise: 5, **options)


def test_every_exercise_of_a_submission_is_judged_with_its_own_seed(template: Template) -> None:
    text = "\n".join(SOURCES.values())
    seeds = {"grad_sigmoid": 1, "grad_softmax": 2, "grad_matmul": 3, "grad_conv2d": 4}
    found = mark(
        from_python("ada.py", text), template, seeds=lambda exercise: seeds[exercise.name], hidden=True
    )
    assert [verdict.status for verdict in found.verdicts] == [Status.PASSED] * 4
    assert [verdict.seed for verdict in found.verdicts] == [1, 2, 3, 4]
    assert all(verdict.hidden for verdict in found.verdicts)
    assert [cell.outcome for cell in found.cells] == [None]


def test_cells_run_in_the_folder_that_is_given(template: Template, tmp_path: Path) -> None:
    (tmp_path / "factor.txt").write_text("1.0", encoding="utf-8")
    text = SOURCES["sigmoid"] + "\nfactor = float(open('factor.txt').read())\n"
    assert marked(template, text, directory=tmp_path).cells[0].outcome is None


def test_without_a_folder_they_run_in_one_that_is_gone_afterwards(template: Template, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    text = f"import os\nopen({str(trace)!r}, 'w').write(os.getcwd())\n{SOURCES['sigmoid']}"
    assert marked(template, text).verdicts[0].status is Status.PASSED
    scratch = trace.read_text(encoding="utf-8")
    assert scratch != str(Path.cwd())
    assert not Path(scratch).exists()


def test_one_exercise_that_hangs_leaves_the_others_their_verdicts(template: Template) -> None:
    text = f"def grad_softmax(x, dz):\n    while True: pass\n{SOURCES['sigmoid']}\n{SOURCES['matmul']}"
    found = marked(template, text, limits=Limits(call_seconds=0.5))
    assert {v.exercise.title: v.status for v in found.verdicts} == {
        "sigmoid": Status.PASSED,
        "softmax": Status.FAILED,
        "matmul": Status.PASSED,
    }


def test_a_cell_that_hangs_is_stopped(template: Template) -> None:
    found = marked(template, SOURCES["sigmoid"] + "\nwhile True: pass\n", limits=Limits(cell_seconds=1))
    assert found.cells[0].outcome == TimedOut(1)


def test_two_submissions_in_a_row_do_not_know_of_each_other(template: Template) -> None:
    spoiled = "import numpy as np\nnp.exp = lambda x: x\nnp.float64 = int\n" + SOURCES["sigmoid"]
    assert marked(template, spoiled).verdicts[0].status is Status.FAILED
    assert marked(template, SOURCES["sigmoid"]).verdicts[0].status is Status.PASSED


class BrokenSession:
    """A session whose worker cannot be had."""

    def __init__(self, when: str) -> None:
        self.when = when

    def __enter__(self) -> "BrokenSession":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run_cells(self) -> tuple[()]:
        if self.when == "cells":
            raise WorkerUnavailable("no worker; free some memory")
        return ()

    def calls(self, *_: object, **__: object) -> None:
        raise OSError("the pipe broke")


class BrokenTemplate:
    """A template that gives broken sessions."""

    def __init__(self, when: str) -> None:
        self.when = when

    def session(self, *_: object) -> BrokenSession:
        return BrokenSession(self.when)


@pytest.mark.parametrize(
    ("when", "reason"), [("cells", "no worker; free some memory"), ("call", "the pipe broke")]
)
def test_a_failure_of_ours_is_not_graded_and_says_so(when: str, reason: str) -> None:
    found = marked(cast(Template, BrokenTemplate(when)), SOURCES["sigmoid"])
    (verdict,) = found.verdicts
    assert (verdict.status, verdict.score) == (Status.NOT_GRADED, 0.0)
    assert verdict.message == f"not graded, for no fault of yours: {reason}"
