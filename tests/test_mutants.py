"""Which mistakes would be missed: plant a weakness in an exercise, and require that it shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from gradecheck.cli import cli
from gradecheck.exercise import Exercise
from gradecheck.mutants import Fate, Survey, Trial
from gradecheck.mutants.mutation import mutants_of
from gradecheck.mutants.solution import Solution
from gradecheck.mutants.trial import try_all

#: z is the mean of x; every input has two entries, which is the weakness.
WEAK = Exercise(
    name="grad_mean",
    title="mean",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.reduce_mean(x),
    forward_numpy=np.mean,
    printed={"x": [1, 2], "dz": 3},
    shapes=({"x": (2,)}, {"x": (2,)}, {"x": (2,)}),
    points=10,
)
STRONG = replace(WEAK, shapes=({"x": (2,)}, {"x": (3,)}, {"x": (2,)}))
SOURCE = '''def grad_mean(x, dz):
    """n - n: no change of this."""
    n = x.shape[0]
    return np.ones(x.shape) * dz / (n * 2 - n)
'''
FOR_TWO = "return np.ones(x.shape) * dz / (n * 2 - n)  →  return np.ones(x.shape) * dz / (n + 2 - n)"


def lines(source: str, function: str = "f") -> set[str]:
    return {mutant.after for mutant in mutants_of(source, function)}


@pytest.mark.parametrize(
    ("body", "mistakes"),
    [
        ("return x - dz", {"return x + dz", "return x", "return dz", "return dz - x", "return -(x - dz)"}),
        ("return x * dz", {"return x / dz", "return x + dz", "return dz * dz", "return x * x"}),
        ("return dz.T", {"return dz", "return x.T"}),
        ("return -dz", {"return dz"}),
        ("return x > 0", {"return x < 0", "return x >= 0", "return x > 1", "return x > -1"}),
        ("return tf.reduce_sum(dz, axis=1)", {
            "return tf.reduce_sum(dz, axis=0)",
            "return tf.reduce_sum(dz, axis=None)",
            "return tf.reduce_sum(dz)",
            "return tf.reduce_mean(dz, axis=1)",
        }),
        ("return tf.matmul(x, dz, transpose_a=True)", {
            "return tf.matmul(x, dz, transpose_a=False)",
            "return tf.matmul(dz, x, transpose_a=True)",
        }),
        ("return x, dz", {"return (dz, x)", "return (-x, dz)", "return (x, -dz)"}),
        ("x += dz", {"x -= dz", "x = dz"}),
        ("if x: return dz", {"if not x:"}),
    ],
)  # fmt: skip
def test_small_changes_are_made_one_at_a_time(body: str, mistakes: set[str]) -> None:
    assert mistakes <= lines(f"def f(x, dz):\n    {body}\n")


def test_no_change_comes_twice_and_none_is_the_same_or_in_a_docstring() -> None:
    sources = [mutant.source for mutant in mutants_of(SOURCE, "grad_mean")]
    assert len(sources) == len(set(sources)) > 10
    assert all("n - n: no change of this." in source for source in sources)
    assert all("def grad_mean(x, dz)" in source for source in sources)
    assert lines(SOURCE, "another") == set()


def trials(exercise: Exercise, source: str = SOURCE) -> dict[str, Trial]:
    solution = Solution(exercise, source, {"np": np})
    return {trial.what: trial for trial in try_all(solution)}


def test_a_wrong_answer_that_no_case_shows_is_told() -> None:
    missed = trials(WEAK)[FOR_TWO]
    assert missed.fate is Fate.NONE
    assert missed.reason.startswith("it differs from the solution by up to")
    survey = Survey("grad_mean", (missed,))
    assert not survey.sound
    told, listed = survey.lines()
    assert told.startswith("FAILED grad_mean: 1 wrong answers; the printed example catches 0, ")
    assert listed.strip() == f"CAUGHT BY NONE: {FOR_TWO}; {missed.reason}"


def test_a_case_that_shows_it_makes_it_one_that_only_other_cases_catch() -> None:
    found = trials(STRONG)
    assert found[FOR_TWO].fate is Fate.OTHERS
    assert Survey("grad_mean", tuple(found.values())).sound


def test_what_only_looks_like_a_mistake_is_none() -> None:
    found = trials(STRONG)["n = x.shape[0]  →  n = x.shape[-1]"]
    assert found.fate is Fate.NO_MISTAKE
    assert found.reason.startswith("it gives what the solution gives, in float64 on ")


def test_known_mistakes_are_tried_too_and_the_printed_example_catches_most() -> None:
    found = trials(STRONG)
    assert found["the mistake sign-flipped"].fate is Fate.PRINTED
    assert found["the mistake upstream-clipped"].fate is Fate.OTHERS


def test_a_change_that_never_comes_back_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradecheck.mutants.trial.CALL_SECONDS", 0.05)
    source = (
        "def grad_mean(x, dz):\n    n = 4\n    while n > 2:\n        n -= 1\n"
        "    return np.ones(x.shape) * dz / x.shape[0]\n"
    )
    assert trials(STRONG, source)["n -= 1  →  n += 1"].fate is Fate.PRINTED


def invoked(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["verify", "--mutants", *arguments])


def test_the_command_reports_an_exercise_and_nothing_gets_through() -> None:
    typed = invoked("--exercise", "softmax")
    assert typed.exit_code == 0, typed.output
    first, *rest, last = typed.output.splitlines()
    assert first.startswith("ok     grad_softmax: ")
    assert "         only other cases: p = tf.nn.softmax(x)  →  p = tf.nn.softmax(dz)" in rest
    assert last == "no wrong answer gets through"


def test_an_unknown_exercise_and_a_folder_that_is_no_course_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    unknown = invoked("--exercise", "tanh2")
    assert (unknown.exit_code, "tanh2" in unknown.stderr) == (2, True)
    monkeypatch.chdir(tmp_path)
    nowhere = invoked()
    assert (nowhere.exit_code, "is no course" in nowhere.stderr) == (2, True)
