"""Asking a student's function about every case, and writing down what came of it.

Nothing is judged here: this is the list of facts that comparing, diagnosing and scoring start from.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradecheck.cases import Case, CaseKind
from gradecheck.compare import Fault, Finding, compare
from gradecheck.exercise import Exercise, Shape
from gradecheck.reference.expectation import ExpectedCase, expected_cases
from gradecheck.run.caller import ArgumentKind, Caller
from gradecheck.run.outcome import (
    Array,
    Died,
    Missing,
    NotArray,
    Outcome,
    Raised,
    Returned,
    TimedOut,
    Value,
)

#: All calls of one exercise together get this many seconds of wall time; right answers need milliseconds.
PATIENCE_SECONDS = 30.0
#: What is left of a number of ordinary size that was increased by a step and decreased again, in float64.
ROUNDED_BACK = 1e-12


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


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that is known about one answer.

    Attributes:
        exercise: the exercise.
        seed: the seed of its cases.
        observations: the calls in order; the first is the printed example. A call that never returns
            or ends the process is the last.
        changed: names of the arguments that the function changed in place.
        used: forbidden helpers that were seen at work during calls.
    """

    exercise: Exercise
    seed: int
    observations: tuple[Observation, ...]
    changed: tuple[str, ...]
    used: tuple[str, ...]

    @property
    def first(self) -> Observation:
        """The call with the printed example."""
        return self.observations[0]

    @property
    def broken_off(self) -> bool:
        """Whether the last call did not come back, or ended the process."""
        return isinstance(self.observations[-1].outcome, TimedOut | Died)

    @property
    def first_fault(self) -> Observation | None:
        """The first call that did not come out right, ordinary inputs before extreme ones; or None."""
        faults = [o for o in self.observations if not o.right]
        return next((o for o in faults if o.counts_as_moderate), faults[0] if faults else None)


def observe(exercise: Exercise, caller: Caller, seed: int, patience: float = PATIENCE_SECONDS) -> Evidence:
    """Call the student's function on all cases of `seed`.

    Args:
        exercise: the exercise.
        caller: where the student's function runs.
        seed: of the cases.
        patience: seconds of wall time for all calls together.

    Raises:
        OracleDisagreement: the exercise itself is unsound on one of the cases.
        WorkerUnavailable: the student's function could not be called, for a reason of ours.
    """
    questioner = _Questioner(exercise, caller, time.monotonic() + patience, patience)
    expected = expected_cases(exercise, seed)
    ordinary = [e for e in expected if e.case.kind is not CaseKind.EXTREME]
    extreme = [e for e in expected if e.case.kind is CaseKind.EXTREME]
    moderate = [e for e in ordinary if e.case.kind is CaseKind.MODERATE]
    observations: list[Observation] = []
    changed: tuple[str, ...] = ()
    # The same input once more, after all the others: catches answers that remember or count. Extreme
    # inputs come last, so that an answer which hangs on them has been asked everything else.
    asked = [
        *((e, False) for e in ordinary),
        (moderate[0], True),
        *((e, False) for e in extreme),
    ]
    for case, again in asked:
        observations.append(questioner.ask(case, again=again))
        if _is_last(observations):
            break
        if again:
            changed = questioner.changed_arguments([moderate[0], moderate[-1]])
    return Evidence(exercise, seed, tuple(observations), changed, questioner.used)


def _is_last(observations: list[Observation]) -> bool:
    """Whether asking on is pointless (nothing there) or too dear (it hangs, it kills the process)."""
    outcome = observations[-1].outcome
    if isinstance(outcome, TimedOut | Died | Missing):
        return True
    return len(observations) == 1 and isinstance(outcome, Raised) and outcome.type == "NotImplementedError"


class _Questioner:
    """Calls one function, remembers in which form it takes its arguments and what it used."""

    def __init__(self, exercise: Exercise, caller: Caller, deadline: float, patience: float) -> None:
        self._exercise = exercise
        self._caller = caller
        self._deadline = deadline
        self._patience = patience
        # What drives an answer takes float64 arrays, and decides itself in which form to hand numbers over.
        self._kinds = (ArgumentKind.ARRAY64,) if exercise.driver else tuple(ArgumentKind)
        self._kind = self._kinds[0]
        self._used: dict[str, None] = {}

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(self._used)

    def ask(self, expected: ExpectedCase, again: bool = False) -> Observation:
        """One case, in the form that worked before, or else in the first form that works."""
        first: Outcome | None = None
        for kind in [self._kind, *(k for k in self._kinds if k is not self._kind)]:
            if time.monotonic() > self._deadline:
                return self._observation(expected, TimedOut(self._patience, together=True), kind, again)
            outcome = self._call(expected.case, kind)
            if not _worth_another_form(outcome):
                if isinstance(outcome, Returned):
                    self._kind = kind
                return self._observation(expected, outcome, kind, again)
            first = first or outcome
        # It raises in every form: the student sees the one of the form that the notebook uses.
        assert first is not None
        return self._observation(expected, first, self._kind, again)

    def changed_arguments(self, cases: list[ExpectedCase]) -> tuple[str, ...]:
        """Names of arguments that differ after a call with arrays, which can be written to."""
        changed: dict[str, None] = {}
        kind = ArgumentKind.ARRAY64 if self._exercise.driver else ArgumentKind.ARRAY32
        for expected in cases:
            outcome = self._call(expected.case, kind, report_arguments=True)
            if not isinstance(outcome, Returned):
                continue
            before_and_after = zip(
                self._exercise.arguments, expected.case.arguments, outcome.arguments_after, strict=False
            )
            for name, before, after in before_and_after:
                if not _is_unchanged(before, after):
                    changed[name] = None
        return tuple(changed)

    def _call(self, case: Case, kind: ArgumentKind, *, report_arguments: bool = False) -> Outcome:
        outcome = self._caller.call(
            self._exercise.name,
            case.arguments,
            kind=kind,
            outputs=len(self._exercise.outputs),
            report_arguments=report_arguments,
            settings=case.settings,
            driver=self._exercise.driver,
        )
        if isinstance(outcome, Returned | Raised):
            self._used.update(dict.fromkeys(outcome.used))
        return outcome

    def _observation(
        self, expected: ExpectedCase, outcome: Outcome, kind: ArgumentKind, again: bool
    ) -> Observation:
        if isinstance(outcome, Returned):
            shapes = [output.value.shape for output in expected.outputs]
            outcome = replace(outcome, values=taken_apart(outcome.values, shapes))
        return Observation(expected, outcome, kind, self._findings(expected, outcome), again)

    def _findings(self, expected: ExpectedCase, outcome: Outcome) -> tuple[Finding, ...]:
        if not isinstance(outcome, Returned):
            return ()
        if len(outcome.values) != len(expected.outputs):
            if len(outcome.values) == 1 and isinstance(outcome.values[0], NotArray):
                return tuple(Finding(Fault.KIND, outcome.values[0].description) for _ in expected.outputs)
            return _another_count(len(outcome.values), expected)
        findings = tuple(
            compare(value, output.middle, output.tolerance, self._exercise.accepts_shapes(output.value.shape))
            for value, output in zip(outcome.values, expected.outputs, strict=True)
        )
        if outcome.stacked_from > 1 and any(finding.fault is Fault.SHAPE for finding in findings):
            return _another_count(outcome.stacked_from, expected)  # a tuple of rows would have fitted
        return findings


def taken_apart(values: tuple[Value, ...], shapes: Sequence[Shape]) -> tuple[Value, ...]:
    """One array with all outputs along its first axis, as outputs: `da, db = f(…)` takes it, too."""
    count = len(shapes)
    if count < 2 or len(values) != 1 or not isinstance(values[0], np.ndarray):
        return values
    fits = all(values[0].shape == (count, *shape) for shape in shapes)
    return tuple(values[0][at] for at in range(count)) if fits else values


def _is_unchanged(before: Array, after: Array) -> bool:
    """Whether an array holds what it held; one of float64 may have been moved and moved back."""
    if after.dtype == np.float64 and before.shape == after.shape:
        moved = np.asarray(after, np.float64) - np.asarray(before, np.float64)
        return bool(np.all(abs(moved) <= ROUNDED_BACK))
    return np.array_equal(before, after)


def _another_count(returned: int, expected: ExpectedCase) -> tuple[Finding, ...]:
    return tuple(Finding(Fault.COUNT, str(returned)) for _ in expected.outputs)


def _worth_another_form(outcome: Outcome) -> bool:
    """An answer written for arrays raises on tensors, and the other way round; a stub always raises."""
    return isinstance(outcome, Raised) and outcome.type != "NotImplementedError"
