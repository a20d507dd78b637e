"""What a known mistake would have returned, and the mistake as a student's function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradecheck.cases import Case
from gradecheck.drive import DRIVERS
from gradecheck.exercise import Exercise, Float64, Formula, Mistake
from gradecheck.reference.expectation import true_products
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.values import make_arguments

Answer = Callable[..., Any]
_NOT_COMPUTABLE = (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Stopped:
    """An answer of ours that raises, as the mistake does: the name of the exception's type."""

    type: str


#: What an answer of ours gives on a case; None where its formula does not fit the shapes.
Prediction = tuple[Float64, ...] | Stopped | None


def predict(exercise: Exercise, answer: Answer, case: Case) -> Prediction:
    """What an answer of ours gives on a case."""
    try:
        with np.errstate(all="ignore"):
            if exercise.driver:
                arguments = make_arguments(case.arguments, ArgumentKind.ARRAY64)
                result = DRIVERS[exercise.driver].call(answer, *arguments, *case.settings)
            else:
                result = answer(*case.arguments, *case.settings)
            results = result if isinstance(result, tuple) else (result,)
            return tuple(np.asarray(r, np.float64) for r in results)
    except Exception as error:
        if exercise.driver:
            return Stopped(type(error).__name__)
        if isinstance(error, _NOT_COMPUTABLE):
            return None
        raise


def evaluate(exercise: Exercise, mistake: Mistake, case: Case) -> tuple[Float64, ...] | None:
    """What the mistake returns on a case, or None where it cannot be computed."""
    prediction = predict(exercise, plants(exercise, mistake)[0], case)
    return None if isinstance(prediction, Stopped) else prediction


def plants(exercise: Exercise, mistake: Mistake) -> tuple[Answer, ...]:
    """The mistake as students write it: its answers, or a function that computes its formula in float64.

    Each of them is wrong wherever the exercise is asked in earnest.
    """
    if mistake.formula is None:
        return mistake.answers
    return mistake.answers or (_plant(exercise, mistake, mistake.formula),)


def variants(exercise: Exercise, mistake: Mistake) -> tuple[Answer, ...]:
    """As `plants`, with the mistake's further formulas, which may be right now and then."""
    further = (_plant(exercise, mistake, formula) for formula in mistake.also)
    return (*plants(exercise, mistake), *further)


def _plant(exercise: Exercise, mistake: Mistake, formula: Formula) -> Answer:
    """A formula as a student's function, with the exercise's signature."""

    def planted(*arguments: Any) -> Any:
        count = len(exercise.arguments)
        arrays = tuple(np.asarray(a, np.float64) for a in arguments[:count])
        settings = arguments[count:]

        def vjp(*others: Float64) -> tuple[Float64, ...]:
            return true_products(exercise, others, settings)

        result = formula(vjp, *arrays, *(settings if mistake.takes_settings else ()))
        return result[0] if isinstance(result, tuple) and len(result) == 1 else result

    return planted


def truth(exercise: Exercise, case: Case) -> tuple[Float64, ...]:
    """What a right answer returns on a case, from finite differences."""
    arguments = tuple(np.asarray(a, np.float64) for a in case.arguments)
    return true_products(exercise, arguments, case.settings)
