"""What a right answer is on one case, and how far a right answer in float32 can be from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from gradecheck.cases import Case, CaseKind, draw_cases
from gradecheck.errors import AuthorError, OracleDisagreement
from gradecheck.exercise import Exercise, Float64
from gradecheck.reference.differences import jacobian, one_sided_jacobian
from gradecheck.reference.tape import vector_jacobian_products, whole_jacobian
from gradecheck.reference.tolerance import (
    ORACLE_TOLERANCE,
    Sizes,
    allowed_error,
    contract,
    largest_entry,
    tolerance_of,
    tolerance_of_truth,
)
from gradecheck.reference.traced import products_of
from gradecheck.setting import Setting


@dataclass(frozen=True, eq=False)
class ExpectedOutput:
    """One output's reference on one case.

    Attributes:
        name: the output, such as "dx".
        value: the vector-Jacobian product from the tape, float64, in the input's shape; or the Jacobian.
        difference: the same from finite differences; at a kink the middle between the two sides.
        tolerance: the largest absolute error of a right answer, per element, in the same shape.
        jacobian: dz/dx from finite differences, shape `z.shape + x.shape`.
        at_kink: whether the case sits on a corner of the function.
    """

    name: str
    value: Float64
    difference: Float64
    tolerance: Float64
    jacobian: Float64
    at_kink: bool = False

    @property
    def middle(self) -> Float64:
        """What an answer may differ from by `tolerance`: the tape's value, or at a kink the middle."""
        return self.difference if self.at_kink else self.value


@dataclass(frozen=True, eq=False)
class ExpectedCase:
    """A case and what a right answer returns on it, one entry an output."""

    case: Case
    outputs: tuple[ExpectedOutput, ...]


@lru_cache(maxsize=64)
def expected_cases(exercise: Exercise, seed: int) -> tuple[ExpectedCase, ...]:
    """All cases of an exercise for a seed, each with its reference.

    Raises:
        OracleDisagreement: the tape and finite differences differ on one of them.
        AuthorError: the exercise's own functions raise, or its `stacks` names what is no input.
        ValueError: `seed` is negative.
    """
    if seed < 0:
        raise ValueError(f"a seed is a non-negative number, not {seed}")
    require_stacks(exercise)
    try:
        return _by_both_oracles(exercise, seed)
    except AuthorError as error:
        if not exercise.stacks:
            raise
        _by_both_oracles(replace(exercise, stacks=()), seed)  # raises what `stacks` is not to blame for
        names = " or ".join(exercise.stacks)
        raise type(error)(
            f"{exercise.name}: forward_numpy does not take many {names} at once: leave `stacks` out, which "
            "only makes grading faster; all is well without it"
        ) from error


def require_stacks(exercise: Exercise) -> None:
    """See that `exercise.stacks` is a tuple of names of its inputs.

    Raises:
        AuthorError: it is not.
    """
    given: object = exercise.stacks  # whatever an author wrote
    if not isinstance(given, tuple) or any(name not in exercise.inputs for name in given):
        raise AuthorError(
            f"{exercise.name}: `stacks` must be a tuple of names among the inputs, such as "
            f"{exercise.inputs[:1]}, not {given!r}; or leave it out, it only makes grading faster"
        )


def _by_both_oracles(exercise: Exercise, seed: int) -> tuple[ExpectedCase, ...]:
    try:
        cases = draw_cases(exercise, seed)
        one_by_one = exercise.whole_jacobian or exercise.truth is not None
        by_tape = None if one_by_one else products_of(exercise, cases, _forward_of(exercise))
        if by_tape is None:
            return tuple(expect(exercise, case) for case in cases)
        return tuple(expect(exercise, case, values) for case, values in zip(cases, by_tape, strict=True))
    except OracleDisagreement:
        raise
    except Exception as error:  # whatever an author's function does
        raise AuthorError(
            f"{exercise.name}: its forward function, in TensorFlow or in NumPy, raised on its own cases: "
            f"{type(error).__name__}: {error}"
        ) from error


def _forward_of(exercise: Exercise) -> Callable[[tuple[Setting, ...]], Callable[..., Any]]:
    return lambda settings: _with_settings(exercise, settings).forward


def expect(exercise: Exercise, case: Case, by_tape: tuple[Float64, ...] | None = None) -> ExpectedCase:
    """The reference for one case, computed by both oracles.

    Args:
        exercise: the exercise.
        case: the case.
        by_tape: what the tape says on each output, where it was asked already.

    Raises:
        OracleDisagreement: they differ by more than `ORACLE_TOLERANCE`, relative to |J|^T |dz|; at a kink
            they are not compared.
    """
    inputs = [a.astype(np.float64) for a in case.inputs]
    upstream = None if case.upstream is None else case.upstream.astype(np.float64)
    exercise = _with_settings(exercise, case.settings)
    if exercise.truth is not None:
        return ExpectedCase(case, _by_truth(exercise, case, inputs, upstream))
    outputs = []
    for at, (name, index) in enumerate(zip(exercise.outputs, _indices(exercise), strict=True)):
        value = by_tape[at] if by_tape else _by_tape(exercise, inputs, upstream, index)
        if case.kind is CaseKind.KINK:
            outputs.append(_at_kink(exercise, name, inputs, upstream, index, value))
            continue
        matrix = _jacobian(exercise, inputs, index)
        sizes = Sizes.of(matrix, upstream)
        output = ExpectedOutput(
            name=name,
            value=value,
            difference=contract(matrix, upstream),
            tolerance=allowed_error(exercise, case.kind, sizes),
            jacobian=matrix,
        )
        _require_agreement(exercise, case, output, np.maximum(sizes.product, sizes.largest))
        outputs.append(output)
    return ExpectedCase(case, tuple(outputs))


def _by_truth(
    exercise: Exercise, case: Case, inputs: list[Float64], upstream: Float64 | None
) -> tuple[ExpectedOutput, ...]:
    """The reference where an exercise says itself what is right, in terms of vector-Jacobian products."""
    assert exercise.truth is not None

    def by_tape(*arguments: Float64) -> tuple[Float64, ...]:
        *others, dz = arguments
        return vector_jacobian_products(exercise.forward, others, dz, range(len(others)))

    given = [*inputs, *(() if upstream is None else (upstream,)), *case.settings]
    both = [exercise.truth(vjp, *given) for vjp in (by_tape, _by_differences(exercise))]
    largest = largest_entry(upstream)
    outputs = []
    for name, value, difference in zip(exercise.outputs, *both, strict=True):
        one, other = np.asarray(value, np.float64), np.asarray(difference, np.float64)
        output = ExpectedOutput(name, one, other, tolerance_of_truth(exercise, one, largest), np.empty(0))
        _require_agreement(exercise, case, output, np.maximum(abs(one), largest))
        outputs.append(output)
    return tuple(outputs)


def _by_differences(exercise: Exercise) -> Callable[..., tuple[Float64, ...]]:
    """The products for all inputs of an exercise without settings."""

    def products(*arguments: Float64) -> tuple[Float64, ...]:
        *others, dz = arguments
        return tuple(contract(_jacobian(exercise, others, at), dz) for at in range(len(others)))

    return products


def true_products(
    exercise: Exercise, arguments: tuple[Float64, ...], settings: tuple[Setting, ...] = ()
) -> tuple[Float64, ...]:
    """The true answers at any arguments, for the formulas of known mistakes; float64, from differences.

    Differences need no tape, so a planted mistake is not taken for an answer that uses one.
    """
    if exercise.truth is not None:
        return exercise.truth(_by_differences(_with_settings(exercise, settings)), *arguments, *settings)
    upstream = None if exercise.whole_jacobian else arguments[-1]
    return tuple(contract(matrix, upstream) for matrix in true_jacobians(exercise, arguments, settings))


def true_jacobians(
    exercise: Exercise, arguments: tuple[Float64, ...], settings: tuple[Setting, ...] = ()
) -> tuple[Float64, ...]:
    """As `true_products`, before dz is brought in: one array of shape `z.shape + x.shape` an output."""
    exercise = _with_settings(exercise, settings)
    inputs = arguments[: len(exercise.inputs)]
    return tuple(_jacobian(exercise, inputs, index) for index in _indices(exercise))


def _with_settings(exercise: Exercise, settings: tuple[Setting, ...]) -> Exercise:
    """The exercise with its settings given their values, so that its functions take arrays alone."""
    if not settings:
        return exercise
    forward, forward_numpy = exercise.forward, exercise.forward_numpy
    return replace(
        exercise,
        forward=lambda tf, *inputs: forward(tf, *inputs, *settings),
        forward_numpy=lambda *inputs: forward_numpy(*inputs, *settings),
    )


def _jacobian(exercise: Exercise, inputs: Sequence[Float64], index: int) -> Float64:
    """As `jacobian`, remembered: the formulas of an exercise's mistakes ask for the same ones again."""
    keys = tuple((np.shape(a), np.asarray(a, np.float64).tobytes()) for a in inputs)
    stacks = index in map(exercise.inputs.index, exercise.stacks)
    return _remembered_jacobian(exercise.forward_numpy, index, keys, stacks)


@lru_cache(maxsize=256)
def _remembered_jacobian(
    forward: Callable[..., Any], index: int, keys: tuple[tuple[tuple[int, ...], bytes], ...], stacks: bool
) -> Float64:
    inputs = [np.frombuffer(content, np.float64).reshape(shape) for shape, content in keys]
    matrix = jacobian(forward, inputs, index, stacks=stacks)
    matrix.flags.writeable = False
    return matrix


def _indices(exercise: Exercise) -> list[int]:
    return [exercise.inputs.index(name) for name in exercise.differentiates]


def _by_tape(exercise: Exercise, inputs: list[Float64], upstream: Float64 | None, index: int) -> Float64:
    if upstream is None:
        return whole_jacobian(exercise.forward, inputs, index)
    return vector_jacobian_products(exercise.forward, inputs, upstream, [index])[0]


def _at_kink(
    exercise: Exercise,
    name: str,
    inputs: list[Float64],
    upstream: Float64 | None,
    index: int,
    value: Float64,
) -> ExpectedOutput:
    """Everything between the two one-sided answers is right: the middle, give or take half the way."""
    sides = [one_sided_jacobian(exercise.forward_numpy, inputs, index, side) for side in (1, -1)]
    one, other = (contract(matrix, upstream) for matrix in sides)
    return ExpectedOutput(
        name=name,
        value=value,
        difference=(one + other) / 2,
        tolerance=abs(one - other) / 2
        + tolerance_of(CaseKind.MODERATE, Sizes.of(sides[0] + sides[1], upstream)),
        jacobian=(sides[0] + sides[1]) / 2,
        at_kink=True,
    )


def _require_agreement(exercise: Exercise, case: Case, output: ExpectedOutput, scale: Float64) -> None:
    """Raise `OracleDisagreement` where they differ by more than rounding, relative to `scale`."""
    wrong = ~(abs(output.value - output.difference) <= ORACLE_TOLERANCE * scale)
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise OracleDisagreement(
            f"{exercise.name}: the two oracles disagree on {output.name}{list(at)} of a {case.kind} case: "
            f"the tape says {output.value[at]:.9g}, finite differences say {output.difference[at]:.9g}. "
            f"Look at forward and forward_numpy of the exercise, and for a kink near its inputs."
        )
