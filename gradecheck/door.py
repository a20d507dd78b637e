"""The door in a student's own notebook: `check(...)` and `grade(...)`.

Here the function runs in the notebook's own process, on trust. Every other way to a verdict runs it
in a process of its own.
"""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradecheck.cases import PUBLIC_SEED
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.source import AnswerSource
from gradecheck.judge import judge
from gradecheck.ladder import first_hint, open_hints
from gradecheck.memory import Memory, answer_digest
from gradecheck.notebook import is_graded_run, kernel, place_of, text_of_cells
from gradecheck.other_ways import other_ways
from gradecheck.report.card import card_html
from gradecheck.report.model import Result
from gradecheck.report.text import card_text
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import Status


@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found; a notebook shows it as a card, a terminal as text."""

    result: Result

    @property
    def passed(self) -> bool:
        """Whether the answer is right on everything that was tried."""
        return self.result.verdict.status is Status.PASSED

    @property
    def score(self) -> float:
        """The share of the points, between 0 and 1."""
        return self.result.verdict.score

    @property
    def message(self) -> str:
        """What happened, in a sentence or two."""
        return self.result.verdict.message

    @property
    def misconception(self) -> str | None:
        """The id of a recognised mistake, or None."""
        return self.result.verdict.diagnosis.misconception

    def __repr__(self) -> str:
        return card_text(self.result)

    def _repr_html_(self) -> str:
        return card_html(self.result)


def check(function: Callable[..., Any], exercise: str | None = None, *, seed: int = PUBLIC_SEED) -> Checked:
    """Judge a function of yours here and now.

    Args:
        function: your answer, such as `grad_softmax`.
        exercise: which exercise it answers; by default the one that has the function's name.
        seed: of the inputs, to repeat what a comment of the grader tells.

    Returns:
        The result, which a notebook shows as a card.

    Raises:
        UnknownExercise: no exercise has that name.
    """
    return Checked(_judge_inline(function, exercise, None, seed))


def grade(function: Callable[..., Any], points: float, exercise: str | None = None) -> float:
    """Judge a function in a graded cell: show the card, and end in the points as a plain float.

    Args:
        function: your answer, such as `grad_softmax`.
        points: what the exercise is worth.
        exercise: which exercise it answers; by default the one that has the function's name.

    Returns:
        Between 0 and `points`; nbgrader reads it as partial credit.

    Raises:
        UnknownExercise: no exercise has that name.
        ValueError: `points` is negative or not a finite number.
    """
    if not 0 <= points < float("inf"):
        raise ValueError(f"points must be a finite number, 0 or more; got {points!r}")
    result = _judge_inline(function, exercise, points, PUBLIC_SEED)
    _show(Checked(result))
    return float(min(max(result.points, 0.0), points))


def _judge_inline(
    function: Callable[..., Any], exercise: str | None, points: float | None, seed: int
) -> Result:
    name = exercise or getattr(function, "__name__", type(function).__name__)
    asked = find_exercise(str(name))
    caller = InlineCaller({asked.name: function})
    source = _source(function, asked.name)
    verdict = judge(asked, caller, source=source, seed=seed)
    result = Result("this notebook", verdict, asked.points if points is None else points)
    if verdict.status is Status.PASSED:
        return result if is_graded_run() else replace(result, ways=other_ways(asked, source, [Path.cwd()]))
    return replace(result, hints=_open_hints(result, function))


def _open_hints(result: Result, function: Callable[..., Any]) -> tuple[str, ...]:
    """The hints that are open in this notebook; outside of one there is no record of them."""
    shell = kernel()
    if shell is None or not callable(function):
        return first_hint(result)
    name = getattr(function, "__name__", result.verdict.exercise.name)
    digest = answer_digest(text_of_cells(shell), name)
    return open_hints(result, str(place_of(shell, function)), digest, Memory()).hints


def _source(function: Callable[..., Any], name: str) -> AnswerSource | None:
    """The text of the function, where Python can find it; None for one made on the fly."""
    try:
        text = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except (OSError, TypeError, ValueError):
        return None
    source = AnswerSource.of(text)
    return source if source.defines(name) else None


def _show(checked: Checked) -> None:
    from IPython.core.getipython import get_ipython

    if get_ipython() is None:
        print(repr(checked))
        return
    from IPython.display import display

    display(checked)  # type: ignore[no-untyped-call]  # IPython has no types here
