"""Which known mistake an answer makes, by computing what each mistake would have returned.

A mistake is named only when it agrees with the answer on every ordinary case that can tell, on two different
draws at the least, when it differs from the truth there, and when no other mistake explains the same as well.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from gradecheck.cases import CaseKind
from gradecheck.compare import Finding
from gradecheck.diagnose.planting import Answer, Prediction, Stopped, predict, variants
from gradecheck.diagnose.shared import ABOUT_ALL_OUTPUTS, known_mistakes
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.run.outcome import Raised, Returned, Value

#: Students compute in float32, the formulas in float64.
MATCH_TOLERANCE = 2e-4
#: A mistake must be nearer to the answer than the truth is, by this factor.
NEARER_THAN_TRUTH = 0.1
#: What float32 arithmetic may add to that, relative to the largest entry.
ROUNDING = 4e-6
#: Agreement on fewer draws can be luck.
LEAST_DRAWS = 2

_Predictions = Callable[[Answer], Iterator[Prediction]]


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is to be explained.

    Attributes:
        exercise: what was asked.
        ordinary: the calls that are looked at.
        output: the output to explain, or None for all of them together.
        near: how near a prediction must be, relative to its largest entry.
        may_stop: whether the answer may stop where the mistake would not: another matter, to be told apart,
            where what the student is told first is a wrong value.
    """

    exercise: Exercise
    ordinary: list[Observation]
    output: int | None
    near: float
    may_stop: bool


@dataclass(frozen=True, eq=False)
class _Match:
    """A formula that gives what came back.

    Attributes:
        mistake: whose formula it is.
        predicted: what it gives on each ordinary case.
        stops_alike: in how many cases the answer raised and the formula cannot be computed either.
    """

    mistake: Mistake
    predicted: tuple[Prediction, ...]
    stops_alike: int


@dataclass(frozen=True, eq=False)
class Recognised:
    """A known mistake, and the name of the only output that it explains; empty where it explains all."""

    mistake: Mistake
    output: str = ""


def recognise(evidence: Evidence) -> Recognised | None:
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

    @cache
    def predicted(answer: Answer, at: int) -> Prediction:
        case = ordinary[at].case
        known = case.kind is CaseKind.PRINTED and not exercise.driver
        return (_predict_printed if known else predict)(exercise, answer, case)

    def predictions(answer: Answer) -> Iterator[Prediction]:
        return (predicted(answer, at) for at in range(len(ordinary)))  # most are ruled out by the first

    fault = evidence.first_fault
    may_stop = not exercise.driver and fault is not None and isinstance(fault.outcome, Returned)
    candidates = _candidates(exercise)
    for output in (None, *_outputs_to_explain(evidence, returned)):
        matches = list(_matches(_Asked(exercise, ordinary, output, near, may_stop), candidates, predictions))
        if matches:
            best = _best(matches, output, near)
            name = "" if output is None else exercise.outputs[output]
            return Recognised(best, name) if best is not None else None
    return None


@lru_cache(maxsize=64)
def _candidates(exercise: Exercise) -> tuple[tuple[Mistake, Answer], ...]:
    """The mistakes to look for, each with every answer that makes it."""
    known = [m for m in known_mistakes(exercise) if m.outcome is MistakeClass.REJECTED]
    return tuple((mistake, answer) for mistake in known for answer in variants(exercise, mistake))


#: What formulas give on the printed example, which everybody has; it rules most of them out.
_predict_printed = lru_cache(maxsize=2048)(predict)


def _outputs_to_explain(evidence: Evidence, returned: list[Observation]) -> list[int]:
    """The output that the student is told of; where a call raised, all that are wrong in other calls."""
    count = len(evidence.exercise.outputs)
    if count == 1:
        return []
    fault = evidence.first_fault
    told = [fault] if fault is not None and isinstance(fault.outcome, Returned) else returned
    wrong = [at for at in range(count) if any(o.findings[at].fault is not None for o in told)]
    return wrong[:1] if told is not returned else wrong


def _matches(
    asked: _Asked, candidates: Sequence[tuple[Mistake, Answer]], predictions: _Predictions
) -> Iterator[_Match]:
    """The mistakes that explain what came back, each once."""
    found: set[str] = set()
    for mistake, answer in candidates:
        if mistake.id in found or (asked.output is not None and mistake.id in ABOUT_ALL_OUTPUTS):
            continue
        match = _match(asked, mistake, predictions(answer))
        if match is not None:
            found.add(mistake.id)
            yield match
            if asked.exercise.driver:
                return  # an exercise that is driven lists its mistakes in the order in which they count


def _match(asked: _Asked, mistake: Mistake, predictions: Iterator[Prediction]) -> _Match | None:
    """The mistake as a match, or None as soon as one case speaks against it."""
    all_predicted: list[Prediction] = []
    draws = stops = stops_alike = stops_alone = 0
    telling = False
    of_one_type = True
    for observation, predicted in zip(asked.ordinary, predictions, strict=True):
        outcome = observation.outcome
        all_predicted.append(predicted)
        if isinstance(predicted, Stopped):
            if not isinstance(outcome, Raised):
                return None
            of_one_type = of_one_type and outcome.type == predicted.type
            draws, stops, telling = draws + 1, stops + 1, True
            continue
        if not isinstance(outcome, Returned):
            if predicted is None:
                stops_alike += 1
            elif asked.may_stop and isinstance(outcome, Raised):
                stops_alone += 1
            else:
                return None
            continue
        if _is_contradicted(asked, observation, predicted):
            return None
        agrees = _agrees(asked, observation, outcome, predicted)
        if agrees is None:
            continue  # the shapes do not fit the mistake's formula, so this case cannot tell
        if not agrees:
            return None
        draws += 1
        telling = telling or any(f.fault is not None for f in _findings(observation, asked.output))
    # An exception of another type is the same slip if everything that did come back agrees.
    explained = telling and draws >= max(LEAST_DRAWS, stops_alone) and (of_one_type or draws > stops)
    return _Match(mistake, tuple(all_predicted), stops_alike) if explained else None


def _is_contradicted(asked: _Asked, observation: Observation, predicted: tuple[Float64, ...] | None) -> bool:
    """Whether a mistake that is to explain one output would spoil another one, which is right.

    Where arrays are asked, one gradient may have the wrong sign and the next not; what is driven makes all
    its outputs in one go, such as the two variables of a model that was trained.
    """
    if asked.output is None or not asked.exercise.driver or predicted is None:
        return False
    truths = observation.expected.outputs
    others = [at for at in range(len(truths)) if at != asked.output and at < len(predicted)]
    return any(
        finding.fault is None and not _same(truths[at].value, predicted[at], asked.near)
        for at, finding in enumerate(observation.findings)
        if at in others
    )


def _findings(observation: Observation, output: int | None) -> tuple[Finding, ...]:
    """What comparing has shown for all outputs, or for the one that is looked at."""
    return observation.findings if output is None else observation.findings[output : output + 1]


def _agrees(
    asked: _Asked, observation: Observation, outcome: Returned, predicted: tuple[Float64, ...] | None
) -> bool | None:
    """Whether a prediction is what came back; None where neither is anything to compare."""
    if predicted is None:  # False: the answer goes on where the mistake would stop
        return False if any(f.yours is not None for f in _findings(observation, asked.output)) else None
    if len(predicted) != len(outcome.values):
        return False
    values = _laid_out(observation, outcome)
    places = range(len(values)) if asked.output is None else (asked.output,)
    truths = [o.middle for o in observation.expected.outputs]
    return all(
        _same(values[at], predicted[at], asked.near, truths[at] if at < len(truths) else None)
        for at in places
        if at < len(values)
    )


def _best(matches: list[_Match], output: int | None, near: float) -> Mistake | None:
    """The match that also stops where the answer stops; None where two different ones do so equally well."""
    best = max(matches, key=lambda match: match.stops_alike)  # the first of equals
    rivals = [m for m in matches if m.stops_alike == best.stops_alike]
    return best.mistake if all(_one_function(best, rival, output, near) for rival in rivals) else None


def _one_function(one: _Match, other: _Match, output: int | None, near: float) -> bool:
    """Whether two formulas agree on all cases, those included on which the answer raised."""
    return all(_alike(a, b, output, near) for a, b in zip(one.predicted, other.predicted, strict=True))


def _alike(one: Prediction, other: Prediction, output: int | None, near: float) -> bool:
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return one == other if not isinstance(one, tuple) and not isinstance(other, tuple) else False
    if len(one) != len(other):
        return False
    pairs = list(zip(one, other, strict=True))
    return all(_same(a, b, near) for a, b in (pairs if output is None else pairs[output : output + 1]))


def _laid_out(observation: Observation, outcome: Returned) -> tuple[Value, ...]:
    """What was returned; where another layout is accepted, such as (1, h, w, 1), in the usual one."""
    if len(outcome.values) != len(observation.findings):
        return outcome.values
    pairs = zip(outcome.values, observation.findings, strict=True)
    return tuple(value if finding.yours is None else finding.yours for value, finding in pairs)


def _same(value: Value, wanted: Float64, near: float, truth: Float64 | None = None) -> bool:
    """Whether a value is what a formula predicts, and not as near to the truth as to that."""
    if not isinstance(value, np.ndarray) or value.shape != wanted.shape or value.dtype.kind not in "fiu":
        return False
    finite = np.isfinite(wanted)
    if truth is not None and truth.shape != wanted.shape:
        truth = None
    if not finite.all():
        if not np.array_equal(value[~finite], wanted[~finite], equal_nan=True):
            return False  # a division by zero in a mistake is one in the answer
        value, wanted, truth = value[finite], wanted[finite], None if truth is None else truth[finite]
    scale = max(1.0, float(abs(wanted).max(initial=0.0)))
    tolerance = near * scale
    if truth is not None:
        gap = float(abs(wanted - truth).max(initial=0.0))
        tolerance = min(tolerance, max(NEARER_THAN_TRUTH * gap, ROUNDING * scale))
    return bool((abs(value.astype(np.float64) - wanted) <= tolerance).all())
