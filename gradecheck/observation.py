"""One call of a student's function and what it showed, compared but not judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradecheck.cases import Case, CaseKind
from gradecheck.compare import Fault, Finding, compare
from gradecheck.exercise import Exercise, Shape
from gradecheck.reference.expectation import ExpectedCase
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import NotArray, Outcome, Returned, Value


@dataclass(frozen=True, eq=False)
class Observation:
    """One call and what it showed.

    Attributes:
        expected: the case and its reference.
        outcome: what came of the call.
        kind: the form of the arguments that this outcome belongs to.
        findings: one an output where the call returned as many as asked; otherwise empty.
        again: these very arguments had been given before.
    """

    expected: ExpectedCase
    outcome: Outcome
    kind: ArgumentKind
    findings: tuple[Finding, ...]
    again: bool = False

    @property
    def case(self) -> Case:
        """The case of this call."""
        return self.expected.case

    @property
    def counts_as_moderate(self) -> bool:
        """Whether a fault here costs the output everything."""
        return self.case.kind not in (CaseKind.EXTREME, CaseKind.KINK)

    @property
    def right(self) -> bool:
        """Whether every output was right."""
        return bool(self.findings) and all(f.fault is None for f in self.findings)


def observation_of(
    exercise: Exercise, expected: ExpectedCase, outcome: Outcome, kind: ArgumentKind, *, again: bool = False
) -> Observation:
    """What a call showed; see `Observation` for the arguments."""
    if isinstance(outcome, Returned):
        shapes = [output.value.shape for output in expected.outputs]
        apart = taken_apart(outcome.values, shapes)
        outcome = outcome if apart is outcome.values else replace(outcome, values=apart)
    return Observation(expected, outcome, kind, _findings(exercise, expected, outcome), again)


def taken_apart(values: tuple[Value, ...], shapes: Sequence[Shape]) -> tuple[Value, ...]:
    """One array with all outputs along its first axis, as outputs: `da, db = f(…)` takes it, too."""
    count = len(shapes)
    if count < 2 or len(values) != 1 or not isinstance(values[0], np.ndarray):
        return values
    fits = all(values[0].shape == (count, *shape) for shape in shapes)
    return tuple(values[0][at] for at in range(count)) if fits else values


def _findings(exercise: Exercise, expected: ExpectedCase, outcome: Outcome) -> tuple[Finding, ...]:
    if not isinstance(outcome, Returned):
        return ()
    if len(outcome.values) != len(expected.outputs):
        if len(outcome.values) == 1 and isinstance(outcome.values[0], NotArray):
            return tuple(Finding(Fault.KIND, outcome.values[0].description) for _ in expected.outputs)
        return _another_count(len(outcome.values), expected)
    findings = tuple(
        compare(value, output.middle, output.tolerance, exercise.accepts_shapes(output.value.shape))
        for value, output in zip(outcome.values, expected.outputs, strict=True)
    )
    if outcome.stacked_from > 1 and any(finding.fault is Fault.SHAPE for finding in findings):
        return _another_count(outcome.stacked_from, expected)  # a tuple of rows would have fitted
    return findings


def _another_count(returned: int, expected: ExpectedCase) -> tuple[Finding, ...]:
    return tuple(Finding(Fault.COUNT, str(returned)) for _ in expected.outputs)
