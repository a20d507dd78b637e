"""Which known mistake an answer makes, by computing what each mistake would have returned.

A mistake is named only when it agrees with the answer on every ordinary case that can tell, on two
different draws at the least, and when it differs from the truth there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gradecheck.cases import Case
from gradecheck.diagnose.shared import ABOUT_ALL_OUTPUTS, known_mistakes
from gradecheck.drive import DRIVERS
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass
from gradecheck.observe import Evidence, Observation
from gradecheck.reference.expectation import true_products
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import Raised, Returned, Value
from gradecheck.run.values import make_arguments

#: Students compute in float32, the formulas in float64.
MATCH_TOLERANCE = 2e-4


@dataclass(frozen=True)
class Stopped:
    """An answer of ours that raises, as the mistake does: the name of the exception's type."""

    type: str


Prediction = tuple[Float64, ...] | Stopped | None
#: Agreement on fewer draws can be luck.
LEAST_DRAWS = 2


def recognise(evidence: Evidence) -> Mistake | None:
    """The known mistake that explains everything that the answer returned, or None.

    Where a function has several outputs and no mistake explains them together, the first output that is wrong
    is explained alone.

    Args:
        evidence: the calls; those on moderate cases and the printed example are looked at.
    """
    ordinary = [o for o in evidence.observations if o.counts_as_moderate and not o.again]
    returned = [o for o in ordinary if isinstance(o.outcome, Returned)]
    exercise = evidence.exercise
    asked = ordinary if exercise.driver else returned
    if len(asked) < LEAST_DRAWS or all(o.right for o in ordinary):
        return None
    near = exercise.tolerance or MATCH_TOLERANCE
    known = [m for m in known_mistakes(exercise) if m.outcome is MistakeClass.REJECTED]
    planted = [(mistake, made) for mistake in known for made in plants(exercise, mistake)]

    @cache
    def predicted(made: Callable[..., Any], at: int) -> Prediction:
        return _predict(exercise, made, ordinary[at].case)

    def predictions(made: Callable[..., Any]) -> Iterator[Prediction]:
        return (predicted(made, at) for at in range(len(ordinary)))  # most are ruled out by the first

    for output in (None, *_outputs_to_explain(evidence, returned)):
        for mistake, made in planted:
            if output is not None and mistake.id in ABOUT_ALL_OUTPUTS:
                continue
            if _explains(predictions(made), ordinary, output, near):
                return mistake
    return None


def _outputs_to_explain(evidence: Evidence, returned: list[Observation]) -> list[int]:
    """The output that the student is told of; where a call raised, all that are wrong in other calls."""
    count = len(evidence.exercise.outputs)
    if count == 1:
        return []
    fault = evidence.first_fault
    told = [fault] if fault is not None and isinstance(fault.outcome, Returned) else returned
    wrong = [at for at in range(count) if any(o.findings[at].fault is not None for o in told)]
    return wrong[:1] if told is not returned else wrong


def evaluate(exercise: Exercise, mistake: Mistake, case: Case) -> tuple[Float64, ...] | None:
    """What the mistake returns on a case, or None where it cannot be computed."""
    prediction = _predict(exercise, plants(exercise, mistake)[0], case)
    return None if isinstance(prediction, Stopped) else prediction


def _predict(exercise: Exercise, made: Callable[..., Any], case: Case) -> Prediction:
    """What an answer of ours gives on a case; None where its formula does not fit the shapes."""
    try:
        with np.errstate(all="ignore"):
            if exercise.driver:
                arguments = make_arguments(case.arguments, ArgumentKind.ARRAY64)
                result = DRIVERS[exercise.driver].call(made, *arguments, *case.settings)
            else:
                result = made(*case.arguments, *case.settings)
            results = result if isinstance(result, tuple) else (result,)
            return tuple(np.asarray(r, np.float64) for r in results)
    except Exception as error:
        if exercise.driver:
            return Stopped(type(error).__name__)
        if isinstance(error, ValueError | IndexError | TypeError | np.linalg.LinAlgError):
            return None
        raise


def plants(exercise: Exercise, mistake: Mistake) -> tuple[Callable[..., Any], ...]:
    """The mistake as students write it: its answers, or a function that computes its formula in float64."""
    return mistake.answers or (plant(exercise, mistake),)


def plant(exercise: Exercise, mistake: Mistake) -> Callable[..., Any]:
    """The mistake as a student's function, with the exercise's signature; it computes in float64."""
    formula = mistake.formula
    if formula is None:
        return mistake.answers[0]

    def planted(*arguments: Any) -> Any:
        count = len(exercise.arguments)
        arrays = tuple(np.asarray(a, np.float64) for a in arguments[:count])
        settings = arguments[count:]

        def vjp(*others: Float64) -> tuple[Float64, ...]:
            return true_products(exercise, others, settings)

        result = formula(vjp, *arrays, *(settings if mistake.takes_settings else ()))
        return result[0] if isinstance(result, tuple) and len(result) == 1 else result

    return planted


def _explains(
    predictions: Iterable[Prediction], ordinary: list[Observation], output: int | None, near: float
) -> bool:
    """Whether a mistake would have returned what came back: everything, or one output of several."""
    draws = stops = 0
    telling = False
    of_one_type = True
    for observation, predicted in zip(ordinary, predictions, strict=True):
        findings = observation.findings if output is None else observation.findings[output : output + 1]
        outcome = observation.outcome
        if isinstance(predicted, Stopped):
            if not isinstance(outcome, Raised):
                return False
            of_one_type = of_one_type and outcome.type == predicted.type
            draws, stops, telling = draws + 1, stops + 1, True
            continue
        if predicted is None:
            if any(finding.yours is not None for finding in findings):
                return False  # the answer goes on where the mistake would stop
            continue  # the shapes do not fit the mistake's formula, so this case cannot tell
        if not isinstance(outcome, Returned) or len(predicted) != len(outcome.values):
            return False
        pairs = list(zip(_laid_out(observation, outcome), predicted, strict=True))
        for value, wanted in pairs if output is None else pairs[output : output + 1]:
            if not isinstance(value, np.ndarray) or not _same(value, wanted, near):
                return False
        draws += 1
        telling = telling or any(finding.fault is not None for finding in findings)
    # An exception of another type is the same slip if everything that did come back agrees.
    return telling and draws >= LEAST_DRAWS and (of_one_type or draws > stops)


def _laid_out(observation: Observation, outcome: Returned) -> tuple[Value, ...]:
    """What was returned; where another layout is accepted, such as (1, h, w, 1), in the usual one."""
    if len(outcome.values) != len(observation.findings):
        return outcome.values
    pairs = zip(outcome.values, observation.findings, strict=True)
    return tuple(value if finding.yours is None else finding.yours for value, finding in pairs)


def _same(value: np.ndarray[Any, Any], wanted: Float64, near: float) -> bool:
    if value.shape != wanted.shape or value.dtype.kind not in "fiu":
        return False
    finite = np.isfinite(wanted)
    if not np.array_equal(value[~finite], wanted[~finite], equal_nan=True):
        return False  # a division by zero in a mistake is one in the answer
    scale = max(1.0, float(abs(wanted[finite]).max(initial=0.0)))
    return bool(np.all(abs(value[finite].astype(np.float64) - wanted[finite]) <= near * scale))
