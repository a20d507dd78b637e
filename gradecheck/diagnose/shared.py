"""The list of mistakes to look for in an exercise: its own, and those that any exercise can have."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from gradecheck.cases import CaseKind, draw_cases
from gradecheck.diagnose.of_arguments import mistakes_with_arguments
from gradecheck.diagnose.of_result import MISTAKES_OF_RESULT
from gradecheck.diagnose.of_upstream import MISTAKES_WITH_UPSTREAM
from gradecheck.diagnose.planting import evaluate, truth
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass

#: The seed of the inputs on which mistakes are compared with the truth and with one another.
_SEED = 1
#: On fewer cases than this a mistake could never be recognised.
_LEAST_CASES = 2
#: What differs by less, relative to the largest entry, is the same.
_EQUAL = 1e-5

#: What these say holds of all outputs, or it does not hold: they do not explain one of them alone.
ABOUT_ALL_OUTPUTS = frozenset({"outputs-swapped", "first-gradient-for-all", "last-gradient-for-all"})

_Arrays = tuple[Float64, ...] | None


@lru_cache(maxsize=256)
def known_mistakes(exercise: Exercise) -> tuple[Mistake, ...]:
    """The mistakes to look for in an exercise: its own first, then those shared by all.

    Of two that compute the same function there the first is kept, so one function has one name; and what is
    no mistake there, such as the transpose of a vector, is left out. Only inputs decide, no TensorFlow.
    What a driver asks is no function of the arguments, so the shared ones say nothing about it.
    """
    if exercise.driver:
        return exercise.mistakes
    cases = [case for case in draw_cases(exercise, _SEED) if case.kind is CaseKind.MODERATE]
    made: list[list[_Arrays]] = [[truth(exercise, case) for case in cases]]
    kept: list[Mistake] = []
    for mistake in _candidates(exercise):
        if mistake.outcome is not MistakeClass.REJECTED:
            kept.append(mistake)  # right on ordinary inputs: that is what it is
            continue
        results = [evaluate(exercise, mistake, case) for case in cases]
        computed = sum(result is not None for result in results)
        if computed < _LEAST_CASES or any(_equal(results, others) for others in made):
            continue
        made.append(results)
        kept.append(mistake)
    return tuple(kept)


def _candidates(exercise: Exercise) -> Iterator[Mistake]:
    shared = () if exercise.whole_jacobian else MISTAKES_WITH_UPSTREAM
    seen: set[str] = set()
    for mistake in (*exercise.mistakes, *shared, *mistakes_with_arguments(exercise), *MISTAKES_OF_RESULT):
        if mistake.id not in seen:
            seen.add(mistake.id)
            yield mistake


def _equal(one: list[_Arrays], other: list[_Arrays]) -> bool:
    return all(_alike(a, b) for a, b in zip(one, other, strict=True))


def _alike(one: _Arrays, other: _Arrays) -> bool:
    if one is None or other is None:
        return one is other
    return len(one) == len(other) and all(_close(a, b) for a, b in zip(one, other, strict=True))


def _close(one: Float64, other: Float64) -> bool:
    if one.shape != other.shape:
        return False
    scale = max(1.0, float(abs(other[np.isfinite(other)]).max(initial=0.0)))
    return bool(np.allclose(one, other, rtol=0.0, atol=_EQUAL * scale, equal_nan=True))
