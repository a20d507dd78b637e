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
    half, whole = (_slopes(forward, inputs, index, (step, -step)) for step in (STEP / 2, STEP))
    return _columns((4 * half - whole) / 3, inputs[index].shape)


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
    return _columns(_slopes(forward, inputs, index, (side * STEP, 0.0)), inputs[index].shape)


def _slopes(
    forward: Callable[..., Any], inputs: Sequence[Float64], index: int, steps: tuple[float, float]
) -> Float64:
    """How steep the function is between two steps in each coordinate of x: shape `(x.size,) + z.shape`."""
    x = np.array(inputs[index], dtype=np.float64, order="C")
    coordinates = x.reshape(-1)  # the same memory
    moved = coordinates[:, np.newaxis] + np.array(steps)
    arguments = list(inputs)
    values = []
    for at, points in enumerate(moved.tolist()):
        own = coordinates[at]
        for point in points:
            coordinates[at] = point
            arguments[index] = x.copy()  # which the function may change, or return
            values.append(np.asarray(forward(*arguments), np.float64))
        coordinates[at] = own
    shape = values[0].shape if values else np.shape(forward(*arguments))
    ends = np.reshape(values, (*moved.shape, *shape))
    # x + h is rounded; dividing by the distance between the points really used keeps that error out.
    distances = (moved[:, 0] - moved[:, 1]).reshape(-1, *(1 for _ in shape))
    return np.asarray((ends[:, 0] - ends[:, 1]) / distances)


def _columns(slopes: Float64, shape: tuple[int, ...]) -> Float64:
    """A slope for each coordinate of an x of some shape, as the Jacobian: shape `z.shape + x.shape`."""
    columns = np.moveaxis(slopes, 0, -1)
    return np.ascontiguousarray(columns).reshape((*columns.shape[:-1], *shape))
