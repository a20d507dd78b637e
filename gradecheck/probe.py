"""Asking a wrong answer a few more questions, on public inputs: what does it make of each upstream gradient?

The calls are few and their time is bounded. Nothing here is scored, and no hidden input is used, so whatever
comes of it may be shown to a student.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradecheck.cases import PUBLIC_SEED, Case, CaseKind, Float32
from gradecheck.compare import Fault, compare
from gradecheck.exercise import Exercise, Float64
from gradecheck.observation import taken_apart
from gradecheck.observe import Evidence
from gradecheck.reference.expectation import ExpectedCase, ExpectedOutput, expect, expected_cases
from gradecheck.run.caller import ArgumentKind, Call, Caller
from gradecheck.run.outcome import Died, Returned, TimedOut

#: All further questions together get this many seconds; usual answers need a few milliseconds.
PROBE_SECONDS = 2.0
#: The largest dz that is taken apart entry by entry, and the largest Jacobian that people can look at.
MOST_UPSTREAM_ENTRIES = 12
MOST_ENTRIES = 144
#: How many public inputs are tried until the answer is wrong on one.
MOST_TRIED = 8


@dataclass(frozen=True, eq=False)
class Probe:
    """What an answer returned on one public case, and for other upstream gradients there.

    Every array is finite and has the shape of the output; None stands for a call that gave no such array.

    Attributes:
        expected: the case and its reference.
        output: the reference of the output that is looked at, one that is wrong.
        yours: what the answer returned on the case itself.
        at_zero: the same for an upstream gradient of zeros.
        doubled: the same for twice the upstream gradient.
        one_hot: the same for each upstream gradient that is 1 in one place and 0 elsewhere, in C order.
        right_at_ones: whether it is right when the upstream gradient is all ones; None where nobody knows.
        right_at_positive: whether it is right when the inputs of the function are made positive; None where
            they are so anyway.
    """

    expected: ExpectedCase
    output: ExpectedOutput
    yours: Float64
    at_zero: Float64 | None = None
    doubled: Float64 | None = None
    one_hot: tuple[Float64, ...] | None = None
    right_at_ones: bool | None = None
    right_at_positive: bool | None = None


def probe(evidence: Evidence, caller: Caller) -> Probe | None:
    """Ask more about an answer that is wrong; None where it is not wrong in value on any public input.

    Raises:
        WorkerUnavailable: the student's function could not be called, for a reason of ours.
    """
    exercise = evidence.exercise
    if exercise.truth is not None or (exercise.driver and exercise.whole_jacobian):  # no Jacobian to look at
        return None
    asker = _Asker(evidence, caller, time.monotonic() + PROBE_SECONDS)
    found = asker.first_wrong()
    if found is None:
        return None
    expected, at, yours = found
    output = expected.outputs[at]
    if expected.case.upstream is None:
        return Probe(expected, output, yours)
    dz = expected.case.upstream
    ones = np.ones_like(dz)
    return Probe(
        expected,
        output,
        yours,
        at_zero=asker.ask(expected, at, np.zeros_like(dz)),
        doubled=asker.ask(expected, at, 2 * dz),
        one_hot=asker.one_by_one(expected, at),
        right_at_ones=asker.is_right(replace(expected.case, upstream=ones), at),
        right_at_positive=asker.is_right_at_positive(expected.case, at),
    )


class _Asker:
    """Calls one function in the form that it took before, as long as there is time."""

    def __init__(self, evidence: Evidence, caller: Caller, deadline: float) -> None:
        self._evidence = evidence
        self._exercise: Exercise = evidence.exercise
        self._caller = caller
        self._deadline = deadline
        self._kind = next(
            (o.kind for o in evidence.observations if isinstance(o.outcome, Returned)), ArgumentKind.TENSOR32
        )

    def first_wrong(self) -> tuple[ExpectedCase, int, Float64] | None:
        """The first public case on which an output has a wrong value, and what came back for it."""
        for expected in self._public_cases():
            values = next(self._values(expected, [expected.case]))
            for at, output in enumerate(expected.outputs):
                finding = compare(
                    values[at] if at < len(values) else np.empty(0),
                    output.middle,
                    output.tolerance,
                    self._exercise.accepts_shapes(output.value.shape),
                )
                if finding.fault is Fault.VALUE and finding.yours is not None:
                    return expected, at, finding.yours
        return None

    def _public_cases(self) -> Iterator[ExpectedCase]:
        """The printed example, then ordinary inputs, as far as they are small."""
        ordinary = (CaseKind.PRINTED, CaseKind.MODERATE)
        expected = (e for e in expected_cases(self._exercise, PUBLIC_SEED) if e.case.kind in ordinary)
        small = [e for e in expected if all(o.jacobian.size <= MOST_ENTRIES for o in e.outputs)]
        few = [e for e in small if e.case.upstream is None or e.case.upstream.size <= MOST_UPSTREAM_ENTRIES]
        yield from few[:MOST_TRIED]

    def ask(self, expected: ExpectedCase, at: int, upstream: Float32) -> Float64 | None:
        """The output `at` for another upstream gradient; None where no such array came back."""
        return next(self._ask_all(expected, at, [upstream]))

    def one_by_one(self, expected: ExpectedCase, at: int) -> tuple[Float64, ...] | None:
        """The output `at` for each one-hot upstream gradient; None as soon as one of them is missing."""
        assert expected.case.upstream is not None
        dz = expected.case.upstream
        rows = []
        one_hots = np.eye(dz.size, dtype=dz.dtype).reshape(dz.size, *dz.shape)
        for row in self._ask_all(expected, at, [one_hots[place, ...] for place in range(dz.size)]):
            if row is None:
                return None
            rows.append(row)
        return tuple(rows)

    def _ask_all(
        self, expected: ExpectedCase, at: int, upstreams: Sequence[Float32]
    ) -> Iterator[Float64 | None]:
        shape = expected.outputs[at].value.shape
        accepted = self._exercise.accepts_shapes(shape)
        for values in self._values(expected, [replace(expected.case, upstream=dz) for dz in upstreams]):
            if at >= len(values) or values[at].shape not in accepted:
                yield None
            else:
                yield values[at].reshape(shape) if np.isfinite(values[at]).all() else None

    def is_right(self, case: Case, at: int) -> bool | None:
        """Whether the output `at` is right on a case; None where nothing came back."""
        expected = expect(self._exercise, case)
        output = expected.outputs[at]
        assert case.upstream is not None
        yours = self.ask(expected, at, case.upstream)
        return None if yours is None else compare(yours, output.middle, output.tolerance).fault is None

    def is_right_at_positive(self, case: Case, at: int) -> bool | None:
        """As `is_right`, with the inputs of the function made positive; None where they are so anyway."""
        if all((value > 0).all() for value in case.inputs):
            return None
        positive = tuple(np.asarray(abs(value) + np.float32(0.125), np.float32) for value in case.inputs)
        return self.is_right(replace(case, inputs=positive), at)

    def _values(self, expected: ExpectedCase, cases: Sequence[Case]) -> Iterator[tuple[Float64, ...]]:
        """What comes back for each case, as float64; an empty tuple where that is not arrays of numbers."""
        calls = [Call(case.arguments, self._kind, case.settings) for case in cases]
        name, count, driver = self._exercise.name, len(self._exercise.outputs), self._exercise.driver
        made = iter(()) if self._is_late() else self._caller.calls(name, calls, outputs=count, driver=driver)
        for _ in cases:
            outcome = None if self._is_late() else next(made)
            if isinstance(outcome, TimedOut | Died):
                self._deadline = 0.0
            yield self._arrays(expected, outcome) if isinstance(outcome, Returned) else ()

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    @staticmethod
    def _arrays(expected: ExpectedCase, outcome: Returned) -> tuple[Float64, ...]:
        values = taken_apart(outcome.values, [output.value.shape for output in expected.outputs])
        arrays = [v for v in values if isinstance(v, np.ndarray) and v.dtype.kind in "fiu"]
        return tuple(a.astype(np.float64) for a in arrays) if len(arrays) == len(values) else ()
