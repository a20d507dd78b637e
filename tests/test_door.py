"""The door in a student's own notebook: `check` shows a card, `grade` ends in points."""

import dataclasses
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import grad_conv2d, grad_matmul, grad_sigmoid, grad_softmax

from gradecheck import UnknownExercise, check, grade
from gradecheck.cases import PUBLIC_SEED, draw_cases
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.source import AnswerSource
from gradecheck.hints import hint_for
from gradecheck.memory import Memory
from gradecheck.notebook import place_of


def flipped(x: Any, dz: Any) -> Any:
    return -grad_sigmoid(x, dz)


def unshifted(x: Any, dz: Any) -> Any:
    x, dz = np.asarray(x, np.float32), np.asarray(dz, np.float32)
    p = np.exp(x) / np.exp(x).sum()
    return p * (dz - p @ dz)


@pytest.mark.parametrize("function", [grad_sigmoid, grad_softmax, grad_matmul, grad_conv2d])
def test_the_functions_name_says_which_exercise_it_answers(function: Any) -> None:
    checked = check(function)
    assert (checked.passed, checked.score, checked.misconception) == (True, 1.0, None)


def test_another_name_needs_the_exercise() -> None:
    assert check(flipped, "sigmoid").misconception == "sign-flipped"
    assert check(flipped, exercise="grad_sigmoid").score == 0.0
    with pytest.raises(UnknownExercise) as caught:
        check(flipped)
    assert str(caught.value).startswith(
        "no exercise is called 'flipped'; there are: sigmoid, softmax, matmul, conv2d, negative, log, "
    )


@pytest.mark.parametrize("thing", [None, 3, "grad_sigmoid"])
def test_what_is_no_function_is_told(thing: Any) -> None:
    checked = check(thing, "sigmoid")
    assert not checked.passed
    assert checked.message in (
        "there is no function grad_sigmoid here; its cell may be gone, renamed, or stopped by an error.",
        "grad_sigmoid is a number, not a function.",
        "grad_sigmoid is the text 'grad_sigmoid', not a function.",
    )


def test_a_notebook_shows_a_card_and_a_terminal_text() -> None:
    checked = check(flipped, "sigmoid")
    assert checked.message in repr(checked)
    assert repr(checked).startswith("✗ grad_sigmoid: not yet: a mistake that has a name   0 of 20 points\n")
    assert checked._repr_html_().startswith('<div class="gradecheck-card gradecheck-recognised"')


def test_a_seed_repeats_what_a_comment_tells() -> None:
    one, two = (check(flipped, "sigmoid", seed=seed) for seed in (7, 7))
    assert one.message == two.message
    with pytest.raises(ValueError, match="non-negative"):
        check(flipped, "sigmoid", seed=-1)


def test_grade_ends_in_a_plain_float_of_points(capsys: pytest.CaptureFixture[str]) -> None:
    points = grade(grad_sigmoid, points=10)
    assert (type(points), points) == (float, 10.0)
    tried = len(draw_cases(find_exercise("sigmoid"), PUBLIC_SEED)) + 1  # one of them twice
    said = capsys.readouterr().out
    assert said.startswith("≈ grad_sigmoid: right, in float32   10 of 10 points\n")
    assert f"\nright on all {tried} inputs tried, extreme ones included.\n" in said


@pytest.mark.parametrize(
    ("function", "exercise", "points", "earned"),
    [
        (flipped, "sigmoid", 10, 0.0),
        (unshifted, "softmax", 10, 8.0),
        (unshifted, "softmax", 2.5, 2.0),
        (unshifted, "softmax", 1, 0.8),
        (grad_softmax, "softmax", 0, 0.0),
        (None, "softmax", 10, 0.0),
    ],
)
def test_points_are_partial_and_within_range(
    function: Any, exercise: str, points: float, earned: float
) -> None:
    assert grade(function, points, exercise) == earned


@pytest.mark.parametrize("points", [-1, math.inf, -math.inf, math.nan])
def test_points_that_nbgrader_would_misread_are_refused(points: float) -> None:
    with pytest.raises(ValueError, match=f"points must be a finite number, 0 or more; got {points!r}"):
        grade(grad_sigmoid, points)


def test_a_graded_cell_is_silent_on_stderr_whatever_the_answer_does() -> None:
    """nbgrader gives no points to a graded cell with a line on stderr; TensorFlow is loaded in that cell."""
    script = r'''
import gradecheck
import logging, os, sys, warnings
import numpy as np

def grad_sigmoid(x, dz):
    r"""dL/dx for \sigma."""
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.write(2, b"from below")
    warnings.warn("careful")
    logging.getLogger("student").error("logged")
    x, dz = np.asarray(x, np.float32), np.asarray(dz, np.float32)
    e = np.exp(-x)
    return dz * e / (1 + e) ** 2

print("points:", gradecheck.grade(grad_sigmoid, points=10))
'''
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert done.stdout.startswith(
        "∞ grad_sigmoid: right on ordinary inputs, NaN or infinity on extreme ones   8 of 10 points\n"
        "right on every ordinary input, but dx[0] is NaN"
    )
    assert done.stdout.endswith("points: 8.0\n")
    assert "to stdout" not in done.stdout


def test_the_students_interrupt_goes_through() -> None:
    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(stopped, "sigmoid")


def test_a_stub_is_known_from_its_own_text() -> None:
    def grad_sigmoid(x: Any, dz: Any) -> Any:
        """Return dL/dx."""

    assert check(grad_sigmoid).message == (
        "not started: the body of grad_sigmoid is empty, so it returns None."
    )
    assert grade(grad_sigmoid, 10) == 0.0


def test_a_stub_that_raises_is_as_it_was_handed_out() -> None:
    def grad_sigmoid(x: Any, dz: Any) -> Any:
        """Return dL/dx."""
        raise NotImplementedError

    assert check(grad_sigmoid).message == "not started: grad_sigmoid is still as it was handed out."
    assert grade(grad_sigmoid, 10) == 0.0


def test_to_return_none_is_an_answer_and_a_wrong_one() -> None:
    def grad_sigmoid(*_: Any) -> Any:
        return None

    assert check(grad_sigmoid).message.startswith("your function returned None; dx is an array")
    assert grade(grad_sigmoid, 10) == 0.0


# Hints in a notebook open one at a time; there the shell that a kernel has knows what was run.


class Shell:
    """What the door asks of IPython's shell in a kernel."""

    kernel = "a kernel"

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"In": [""]}

    def run(self, answer: str) -> Any:
        """Run a cell that defines an answer, and check it."""
        self.user_ns["In"].append(answer)
        exec(answer, self.user_ns)
        return check(self.user_ns["grad_sigmoid"])


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "mine.ipynb").write_text('{"cells": []}')
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "mine.ipynb"))
    return shell


WRONG = (
    "import numpy as np\ndef grad_sigmoid(x, dz):\n    s = 1 / (1 + np.exp(-np.asarray(x)))\n    return {}\n"
)
ONE, TWO, THREE = (WRONG.format(f"-dz * s * (1 - s){more}") for more in ("", " * 1", " / 1"))


def hints_in(checked: Any) -> list[str]:
    lines = repr(checked).splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith(("hint: ", "an earlier hint: "))]


def test_the_next_hint_opens_when_the_answer_has_changed_and_not_before(shell: Shell) -> None:
    (first,) = hints_in(shell.run(ONE))
    assert hints_in(shell.run(ONE)) == [first]
    shell.user_ns["In"].append("s = 'another cell'")
    assert hints_in(shell.run(ONE.replace("    s =", "    # well\n    s  ="))) == [first]
    second, earlier = hints_in(shell.run(TWO))
    assert earlier == first != second
    assert hints_in(shell.run(TWO)) == [second, first]
    assert len(hints_in(shell.run(THREE))) == 3


def test_a_restarted_kernel_goes_on_where_the_last_one_was(shell: Shell) -> None:
    shell.run(ONE)
    shell.run(TWO)
    shell.user_ns = {"In": [""]}
    assert len(hints_in(shell.run(TWO))) == 2


def test_the_notebook_and_the_terminal_share_one_record(shell: Shell, tmp_path: Path) -> None:
    shell.run(ONE)
    result = shell.run(TWO).result
    saved = dataclasses.replace(result, submission=str(tmp_path / "mine.ipynb"))
    told = hint_for(saved, AnswerSource.of(TWO), Memory()).lines
    assert any(line == f"to think about: {hints_in(shell.run(TWO))[0]}" for line in told)
    assert told[-1].startswith("You have had this for the same answer")


def test_nothing_is_remembered_when_nbgrader_runs_the_notebook(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert len(hints_in(shell.run(ONE))) == len(hints_in(shell.run(TWO))) == 1
    assert not (tmp_path / "state").exists()


def test_without_a_session_the_notebook_that_holds_the_function_is_the_place(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.ipynb").write_text('{"cells": ["def grad_softmax(x, dz):"]}')
    (tmp_path / "mine.ipynb").write_text('{"cells": ["def grad_sigmoid(x, dz):"]}')
    function = shell.run(ONE) and shell.user_ns["grad_sigmoid"]
    assert place_of(shell, function) == tmp_path / "mine.ipynb"
    (tmp_path / "other.ipynb").write_text('{"cells": ["def grad_sigmoid(x, dz):"]}')
    assert place_of(shell, function) == tmp_path
