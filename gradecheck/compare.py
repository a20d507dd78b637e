"""Structure first, then values, element by element. Pure: arrays in, findings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradecheck.exercise import Float64, Shape
from gradecheck.run.outcome import NotArray, Value


class Fault(StrEnum):
    """What is wrong with an output, in the order in which it is looked for."""

    COUNT = "count"  #: another number of outputs
    KIND = "kind"  #: None, a text, a dict, …
    DTYPE = "dtype"  #: not real numbers
    SHAPE = "shape"
    NOT_FINITE = "not finite"  #: NaN or infinite where a number is due
    VALUE = "value"


@dataclass(frozen=True, eq=False)
class Finding:
    """What comparing one output of one call has shown; `fault` is None when it is right.

    Attributes:
        fault: the first thing that is wrong, or None.
        detail: the wrong thing in words, such as "None" or "(2, 3)", for faults of structure.
        worst: index of the element that is most wrong, relative to its tolerance.
        yours: the values returned, float64, in the expected shape, where the structure is right.
        wrong: which elements are wrong, in the expected shape, where the structure is right.
    """

    fault: Fault | None
    detail: str = ""
    worst: tuple[int, ...] = ()
    yours: Float64 | None = None
    wrong: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None = None


def compare(
    value: Value, expected: Float64, tolerance: Float64, shapes: Sequence[Shape] | None = None
) -> Finding:
    """Compare one returned value with its reference.

    Args:
        value: what the student's function returned for this output.
        expected: the reference, float64.
        tolerance: the largest absolute error, in the shape of `expected`.
        shapes: the shapes to take; by default that of `expected` alone. Nothing broadcasts.
    """
    if isinstance(value, NotArray):
        fault = Fault.DTYPE if value.kind == "dtype" else Fault.KIND
        return Finding(fault, value.description)
    if value.dtype.kind not in "fiu":
        return Finding(Fault.DTYPE, str(value.dtype))
    if value.shape not in (shapes or (expected.shape,)):
        return Finding(Fault.SHAPE, str(value.shape))
    yours = value.astype(np.float64).reshape(expected.shape)
    # `not (error <= tolerance)`, so that NaN is an error and never a pass.
    with np.errstate(invalid="ignore", over="ignore"):
        error = abs(yours - expected)
        wrong = ~(error <= tolerance)
    if not wrong.any():
        return Finding(None, yours=yours, wrong=wrong)
    if value.dtype.kind in "iu":
        return Finding(Fault.DTYPE, f"whole numbers ({value.dtype})")
    if value.dtype == np.float16:
        return Finding(Fault.DTYPE, "numbers of three digits (float16)")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.where(np.isfinite(yours), error / np.maximum(tolerance, 1e-300), np.inf)
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.where(wrong, excess, -1))), wrong.shape))
    fault = Fault.VALUE if np.isfinite(yours).all() else Fault.NOT_FINITE
    return Finding(fault, worst=worst, yours=yours, wrong=wrong)
