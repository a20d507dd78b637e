"""Which known mistake an answer makes, by computing what each mistake would have returned.

A mistake is named only when it agrees with the answer on every ordinary case that can tell, on two
different draws at the least, and when it differs from the truth there.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np

from gradecheck.cases import Case
from gradecheck.diagnose.shared import ABOUT_ALL_OUTPUTS, known_mistakes
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass
from gradecheck.observe import Evidence, Observation
from gradecheck.reference.expectation import true_products
from gradecheck.run.outcome import Returned, Value

#: Students compute in float32, the formulas in float64.
MATCH_TOLERANCE = 2e-4
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
    if len(returned) < LEAST_DRAWS or all(o.right for o in ordinary):
        return None
    exercise = evidence.exercise
    known = [m for m in known_mistakes(exercise) if m.outcome is MistakeClass.REJECTED]

    @cache
    def predicted(mistake: Mistake, at: int) -> tuple[Float64, ...] | None:
        return evaluate(exercise, mistake, ordinary[at].case)

    def predictions(mistake: Mistake) -> Iterator[tuple[Float64, ...] | None]:
        return (predicted(mistake, at) for at in range(len(ordinary)))  # most are ruled out by the first

    for output in (None, *_outputs_to_explain(evidence, returned)):
        for mistake in known:
            if output is not None and mistake.id in ABOUT_ALL_OUTPUTS:
                continue
            if _explains(predictions(mistake), ordinary, output):
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
    try:
        with np.errstate(all="ignore"):
            result = plant(exercise, mistake)(*case.arguments, *case.settings)
    except (ValueError, IndexError, TypeError, np.linalg.LinAlgError):
        return None
    results = result if isinstance(result, tuple) else (result,)
    return tuple(np.asarray(r, np.float64) for r in results)


def plant(exercise: Exercise, mistake: Mistake) -> Callable[..., Any]:
    """The mistake as a student's function, with the exercise's signature; it computes in float64."""

    def planted(*arguments: Any) -> Any:
        count = len(exercise.arguments)
        arrays = tuple(np.asarray(a, np.float64) for a in arguments[:count])
        settings = arguments[count:]

        def vjp(*others: Float64) -> tuple[Float64, ...]:
            return true_products(exercise, others, settings)

        result = mistake.formula(vjp, *arrays, *(settings if mistake.takes_settings else ()))
        return result[0] if isinstance(result, tuple) and len(result) == 1 else result

    return planted


def _explains(
    predictions: Iterable[tuple[Float64, ...] | None], ordinary: list[Observation], output: int | None
) -> bool:
    """Whether a mistake would have returned what came back: everything, or one output of several."""
    draws = 0
    telling = False
    for observation, predicted in zip(ordinary, predictions, strict=True):
        findings = observation.findings if output is None else observation.findings[output : output + 1]
        outcome = observation.outcome
        if predicted is None:
            if any(finding.yours is not None for finding in findings):
                return False  # the answer goes on where the mistake would stop
            continue  # the shapes do not fit the mistake's formula, so this case cannot tell
        if not isinstance(outcome, Returned) or len(predicted) != len(outcome.values):
            return False
        pairs = list(zip(_laid_out(observation, outcome), predicted, strict=True))
        for value, wanted in pairs if output is None else pairs[output : output + 1]:
            if not isinstance(value, np.ndarray) or not _same(value, wanted):
                return False
        draws += 1
        telling = telling or any(finding.fault is not None for finding in findings)
    return telling and draws >= LEAST_DRAWS


def _laid_out(observation: Observation, outcome: Returned) -> tuple[Value, ...]:
    """What was returned; where another layout is accepted, such as (1, h, w, 1), in the usual one."""
    if len(outcome.values) != len(observation.findings):
        return outcome.values
    pairs = zip(outcome.values, observation.findings, strict=True)
    return tuple(value if finding.yours is None else finding.yours for value, finding in pairs)


def _same(value: np.ndarray[Any, Any], wanted: Float64) -> bool:
    if value.shape != wanted.shape or value.dtype.kind not in "fiu":
        return False
    finite = np.isfinite(wanted)
    if not np.array_equal(value[~finite], wanted[~finite], equal_nan=True):
        return False  # a division by zero in a mistake is one in the answer
    scale = max(1.0, float(abs(wanted[finite]).max(initial=0.0)))
    return bool(np.all(abs(value[finite].astype(np.float64) - wanted[finite]) <= MATCH_TOLERANCE * scale))
