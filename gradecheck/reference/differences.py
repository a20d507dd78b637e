"""The Jacobian from central differences in float64, extrapolated by Richardson's rule.

With h = 1e-3 the error on the forwards of the catalogue is about 7e-12; in float32 it is never better
than 1e-4, so everything here is float64 (measured; the usual balance of truncation, which falls with
h**4 after one extrapolation, against rounding, which grows with 1/h).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradecheck.exercise import Float64

STEP = 1e-3


def jacobian(forward: Callable[..., Any], inputs: Sequence[Float64], index: int) -> Float64:
    """dz/dx for the input at `index`: shape `z.shape + x.shape`, float64.

    Args:
        forward: the function in NumPy.
        inputs: all its inputs, float64; they are not changed.
        index: which input to differentiate.
    """
    x = inputs[index]
    columns = np.stack(
        [
            (4 * _slope(forward, inputs, index, at, STEP / 2) - _slope(forward, inputs, index, at, STEP)) / 3
            for at in np.ndindex(x.shape)
        ],
        axis=-1,
    )
    return columns.reshape((*columns.shape[:-1], *x.shape))


def one_sided_jacobian(
    forward: Callable[..., Any], inputs: Sequence[Float64], index: int, side: int
) -> Float64:
    """dz/dx from one side, for a function with a corner: shape `z.shape + x.shape`, float64.

    Plain one-sided differences, exact where the function is linear on that side.

    Args:
        forward: the function in NumPy.
        inputs: all its inputs, float64; they are not changed.
        index: which input to differentiate.
        side: 1 for the side of larger x, -1 for the other.
    """
    x = inputs[index]
    columns = np.stack(
        [
            _difference(
                _moved(forward, inputs, index, at, side * STEP), _moved(forward, inputs, index, at, 0.0)
            )
            for at in np.ndindex(x.shape)
        ],
        axis=-1,
    )
    return columns.reshape((*columns.shape[:-1], *x.shape))


def _slope(
    forward: Callable[..., Any], inputs: Sequence[Float64], index: int, at: tuple[int, ...], step: float
) -> Float64:
    """The central difference (f(x + h) - f(x - h)) / 2h in the coordinate `at`."""
    return _difference(_moved(forward, inputs, index, at, step), _moved(forward, inputs, index, at, -step))


def _moved(
    forward: Callable[..., Any], inputs: Sequence[Float64], index: int, at: tuple[int, ...], step: float
) -> tuple[Float64, float]:
    """The function's value with one coordinate moved by `step`, and where that coordinate then is."""
    x = np.array(inputs[index], dtype=np.float64)
    moved = x[at] + step
    x[at] = moved
    return np.asarray(forward(*inputs[:index], x, *inputs[index + 1 :]), np.float64), float(moved)


def _difference(one: tuple[Float64, float], other: tuple[Float64, float]) -> Float64:
    # x + h is rounded; dividing by the distance between the points really used keeps that error out.
    return np.asarray((one[0] - other[0]) / (one[1] - other[1]))
