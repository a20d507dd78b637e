"""Judging wrong answers: which inputs catch them, and which of those that none catches are no mistakes."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import wraps
from types import FrameType
from typing import Any

import numpy as np

from gradecheck.cases import Case, CaseKind, draw_cases
from gradecheck.diagnose.planting import plants
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.exercise import Exercise, MistakeClass, Shape
from gradecheck.mutants.mutation import mutants_of
from gradecheck.mutants.solution import Solution
from gradecheck.observe import observe
from gradecheck.reference.expectation import true_products
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Returned
from gradecheck.verdict import score, score_outputs

#: Of the inputs on which mutants are judged: a report says the same every time.
SEED = 7
#: On so many other seeds a mutant that passes is compared with the solution, in float64.
DRAWS = 20
#: By so much the inputs of half of these are longer along each axis.
GROWTH = 2
#: A call of a mutant may loop for ever; a right answer needs milliseconds.
CALL_SECONDS = 2.0
#: Two float64 results that differ by no more than this, relative to the largest entry or to the largest entry
#: of the upstream gradient, are the same; where an exercise has a tolerance of its own, by that.
SAME = 1e-9
_WIDE = (ArgumentKind.TENSOR64, ArgumentKind.ARRAY64, ArgumentKind.TENSOR32)

Answer = Callable[..., Any]


class Fate(StrEnum):
    """What became of an answer that is meant to be wrong."""

    PRINTED = "caught by the printed example"
    OTHERS = "caught only by other cases"
    NONE = "caught by none"
    NO_MISTAKE = "no mistake"


@dataclass(frozen=True)
class Trial:
    """One wrong answer.

    Attributes:
        what: the changed line, or the known mistake.
        fate: what became of it.
        reason: why it is no mistake, or how far it is from the solution; empty where it was caught.
    """

    what: str
    fate: Fate
    reason: str = ""


def try_all(solution: Solution) -> Iterator[Trial]:
    """Judge every known mistake, and every small change of the solution."""
    exercise = solution.exercise
    for mistake in known_mistakes(exercise):
        if mistake.outcome in (MistakeClass.REJECTED, MistakeClass.EXTREME):
            for answer in plants(exercise, mistake):
                yield _try(solution, f"the mistake {mistake.id}", answer)
    for mutant in mutants_of(solution.source, exercise.name):
        try:
            answer = solution.function(mutant.source)
        except Exception:  # it cannot even be defined: whoever sees the printed example sees that
            yield Trial(f"{mutant.before}  →  {mutant.after}", Fate.PRINTED)
            continue
        yield _try(solution, f"{mutant.before}  →  {mutant.after}", answer)


def _try(solution: Solution, what: str, answer: Answer) -> Trial:
    exercise = solution.exercise
    evidence = observe(exercise, InlineCaller({exercise.name: _limited(answer)}), SEED)
    if not evidence.first.right:
        return Trial(what, Fate.PRINTED)
    if score(evidence, score_outputs(evidence), allowed=True) < 1.0:
        return Trial(what, Fate.OTHERS)
    return _compared(solution, what, answer)


def _compared(solution: Solution, what: str, answer: Answer) -> Trial:
    """What of an answer that passes: the same as the solution, or a mistake that no case shows."""
    exercise = solution.exercise
    own = solution.function()
    cases = list(_other_inputs(exercise))
    furthest = 0.0
    for case in cases:
        ours, theirs = _wide(solution, own, case), _wide(solution, answer, case)
        if ours is None or theirs is None or len(ours) != len(theirs):
            return Trial(what, Fate.NONE, "it fails where the solution does not")
        wide = [a.astype(np.float64) for a in case.inputs]
        upstream = [] if case.upstream is None else [case.upstream.astype(np.float64)]
        truth = true_products(exercise, (*wide, *upstream), case.settings)
        for value, wanted, true in zip(theirs, ours, truth, strict=True):
            # A solution that rounds to float32 on its way says how far a right answer may be from another.
            sent = 1.0 if case.upstream is None else float(abs(case.upstream).max(initial=0.0))
            furthest = max(furthest, _distance(value, wanted, sent) - 2 * _distance(wanted, true, sent))
    if furthest > (exercise.tolerance or SAME):
        reason = f"it differs from the solution by up to {furthest:.1g} of the largest entry"
        return Trial(what, Fate.NONE, reason)
    return Trial(
        what, Fate.NO_MISTAKE, f"it gives what the solution gives, in float64 on {len(cases)} inputs"
    )


def _other_inputs(exercise: Exercise) -> Iterator[Case]:
    """Inputs on which an answer was not judged, half of them of other sizes; none at a corner."""
    larger = tuple(
        {name: _larger(shape) if name in exercise.inputs else shape for name, shape in shapes.items()}
        for shapes in exercise.shapes
    )
    resized = exercise if exercise.driver else replace(exercise, shapes=larger)  # a graph's sizes are its own
    for seed in range(SEED + 1, SEED + 1 + DRAWS):
        for case in draw_cases(resized if seed % 2 else exercise, seed):
            if case.kind in (CaseKind.MODERATE, CaseKind.EXTREME):
                yield case


def _larger(shape: Shape) -> Shape:
    """Another size for each length above 1: equal ones stay equal, and larger ones larger."""
    return tuple(length + GROWTH if length > 1 else length for length in shape)


def _wide(solution: Solution, answer: Answer, case: Case) -> list[Any] | None:
    """What an answer returns in float64, None where it fails."""
    exercise = solution.exercise
    caller = InlineCaller({exercise.name: _limited(answer)})
    count = len(exercise.outputs)
    for kind in _WIDE[1:2] if exercise.driver else _WIDE:
        outcome = caller.call(
            exercise.name,
            case.arguments,
            kind=kind,
            outputs=count,
            settings=case.settings,
            driver=exercise.driver,
        )
        if isinstance(outcome, Returned):
            values = [value for value in outcome.values if isinstance(value, np.ndarray)]
            return values if len(values) == count else None
    return None


def _distance(one: Any, other: Any, sent: float) -> float:
    """The largest difference, relative to the largest entry of the other or of what was sent back.

    Infinite where the shapes differ, or where one is finite and the other is not.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.size != other.size:
        return float("inf")
    one = one.reshape(other.shape)
    if not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return float("inf")
    scale = abs(other[np.isfinite(other)]).max(initial=sent) or 1.0
    return float(abs(one - other)[np.isfinite(other)].max(initial=0.0) / scale)


def _limited(answer: Answer) -> Answer:
    """The answer, stopped with an error when a call of it does not come back."""

    @wraps(answer)
    def limited(*arguments: Any, **settings: Any) -> Any:
        with _alarm():
            return answer(*arguments, **settings)

    return limited


@contextmanager
def _alarm() -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"it did not come back within {CALL_SECONDS:g} s")

    handler = signal.signal(signal.SIGALRM, stop)
    before = signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)
