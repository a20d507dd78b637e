"""How far a right answer in float32 may be from the reference, and what that is measured by."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from gradecheck.cases import CaseKind
from gradecheck.exercise import Exercise, Float64

EPS32 = float(np.finfo(np.float32).eps)
#: Right answers, measured over several hundred, need 3.4; the subtlest wrong one sits at 45.
ROUNDINGS = 14.0
#: For sums that cancel, such as 1 - sigmoid(5): a rounding of each upstream entry that reaches an input.
CANCELLED_ROUNDINGS = 2.0
#: As `ROUNDINGS`, for a chain of six operations that each round.
TRUTH_ROUNDINGS = 40.0
#: Relative error allowed on extreme inputs, where only robustness is asked.
EXTREME_TOLERANCE = 1e-4
#: The oracles agree to better than 1e-9 wherever an exercise is sound.
ORACLE_TOLERANCE = 1e-6


def contract(matrix: Float64, upstream: Float64 | None) -> Float64:
    """J^T dz, where dz runs over the leading axes of J; J itself where there is no dz."""
    if upstream is None:
        return matrix
    rows = matrix.reshape(upstream.size, -1)  # np.tensordot spends ten times as long on axes
    return np.asarray(upstream.reshape(-1) @ rows).reshape(matrix.shape[upstream.ndim :])


@dataclass(frozen=True, eq=False)
class Sizes:
    """How large the numbers are that an answer is made of, which its errors are measured by.

    Attributes:
        matrix: |J|.
        upstream: |dz|, None where there is no dz.
        largest: the largest entry of |dz|, 1 where there is none.
        product: |J|^T |dz|.
    """

    matrix: Float64
    upstream: Float64 | None
    largest: float
    product: Float64

    @classmethod
    def of(cls, matrix: Float64, upstream: Float64 | None) -> Self:
        """Those of a Jacobian and an upstream gradient."""
        sizes, weights = abs(matrix), None if upstream is None else abs(upstream)
        return cls(sizes, weights, largest_entry(upstream), contract(sizes, weights))


def largest_entry(upstream: Float64 | None) -> float:
    """The largest entry of dz; 1 where there is none."""
    return 1.0 if upstream is None else float(abs(upstream).max())


def allowed_error(exercise: Exercise, kind: CaseKind, sizes: Sizes) -> Float64:
    """As `tolerance_of`, or what the exercise itself says."""
    if exercise.tolerance is None:
        return tolerance_of(kind, sizes)
    return exercise.tolerance * np.maximum(sizes.product, sizes.largest)


def tolerance_of(kind: CaseKind, sizes: Sizes) -> Float64:
    """The largest absolute error that a right answer may have, per element."""
    steepest = float(sizes.matrix.max())
    if kind is CaseKind.EXTREME:
        return np.full(sizes.product.shape, EXTREME_TOLERANCE * sizes.largest * max(1.0, steepest))
    reaches = (sizes.matrix > ORACLE_TOLERANCE * max(steepest, EPS32)).astype(np.float64)
    rounding = ROUNDINGS * sizes.product
    cancelled = CANCELLED_ROUNDINGS * contract(reaches, sizes.upstream)
    # Where a whole row of J vanishes (the softmax of one number) a right answer may still round once.
    return EPS32 * np.maximum(rounding + cancelled, CANCELLED_ROUNDINGS * sizes.largest)


def tolerance_of_truth(exercise: Exercise, value: Float64, largest: float) -> Float64:
    """As `allowed_error`, where an exercise says itself what is right; `largest` as in `Sizes`."""
    if exercise.tolerance is not None:
        return np.full(value.shape, exercise.tolerance * max(largest, float(abs(value).max(initial=0.0))))
    return EPS32 * (TRUTH_ROUNDINGS * abs(value) + 2 * CANCELLED_ROUNDINGS * largest)
