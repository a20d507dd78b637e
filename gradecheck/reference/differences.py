"""The Jacobian from central differences in float64, extrapolated by Richardson's rule.

With h = 1e-3 the error on the forwards of the catalogue is about 7e-12; in float32 it is never better
than 1e-4, so everything here is float64 (measured; the usual balance of truncation, which falls with
h**4 after one extrapolation, against rounding, which grows with 1/h).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradecheck.exercise import Float64

STEP = 1e-3
#: Inputs of more entries than this are moved one entry at a time: a stack takes four times the square of it.
LARGEST_STACKED = 256


def jacobian(
    forward: Callable[..., Any], inputs: Sequence[Float64], index: int, *, stacks: bool = False
) -> Float64:
    """dz/dx for the input at `index`: shape `z.shape + x.shape`, float64.

    Args:
        forward: the function in NumPy.
        inputs: all its inputs, float64; they are not changed.
        index: which input to differentiate.
        stacks: whether the function takes a stack of that input, along a new first axis, beside the others
            as they are, and gives a stack of its results: the same numbers in one call.
    """
    slopes = _slopes(forward, inputs, index, (STEP / 2, -STEP / 2, STEP, -STEP), stacks=stacks)
    return _columns((4 * slopes[:, 0] - slopes[:, 1]) / 3, inputs[index].shape)


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
    return _columns(_slopes(forward, inputs, index, (side * STEP, 0.0))[:, 0], inputs[index].shape)


def _slopes(
    forward: Callable[..., Any],
    inputs: Sequence[Float64],
    index: int,
    steps: tuple[float, ...],
    *,
    stacks: bool = False,
) -> Float64:
    """How steep the function is in each coordinate of x, from the first step to the second, and so on.

    Shape `(x.size, len(steps) / 2) + z.shape`.
    """
    x = np.array(inputs[index], dtype=np.float64, order="C")
    moved = x.reshape(-1, 1) + np.array(steps)
    measure = _at_once if stacks and 0 < x.size <= LARGEST_STACKED else _one_by_one
    ends = measure(forward, list(inputs), index, x, moved)
    # x + h is rounded; dividing by the distance between the points really used keeps that error out.
    distances = (moved[:, ::2] - moved[:, 1::2]).reshape(*moved[:, ::2].shape, *[1] * (ends.ndim - 2))
    return np.asarray((ends[:, ::2] - ends[:, 1::2]) / distances)


def _one_by_one(
    forward: Callable[..., Any], arguments: list[Any], index: int, x: Float64, moved: Float64
) -> Float64:
    """The function with each coordinate of x moved to each of its points: shape `moved.shape + z.shape`."""
    coordinates = x.reshape(-1)  # the same memory
    values = []
    for at, points in enumerate(moved.tolist()):
        own = coordinates[at]
        for point in points:
            coordinates[at] = point
            arguments[index] = x.copy()  # which the function may change, or return
            values.append(np.asarray(forward(*arguments), np.float64))
        coordinates[at] = own
    shape = values[0].shape if values else np.shape(forward(*arguments))
    return np.reshape(values, (*moved.shape, *shape))


def _at_once(
    forward: Callable[..., Any], arguments: list[Any], index: int, x: Float64, moved: Float64
) -> Float64:
    """As `_one_by_one`, of a function that takes stacks; ValueError where it gives no stack of results."""
    each = np.arange(x.size)
    stack = np.empty((*moved.shape, x.size))
    stack[...] = x.reshape(-1)
    stack[each, :, each] = moved
    arguments[index] = stack.reshape(-1, *x.shape)
    values = np.asarray(forward(*arguments), np.float64)
    if values.shape[:1] != (moved.size,):
        raise ValueError(f"of {moved.size} inputs at once came results of shape {values.shape}")
    return values.reshape(*moved.shape, *values.shape[1:])


def _columns(slopes: Float64, shape: tuple[int, ...]) -> Float64:
    """A slope for each coordinate of an x of some shape, as the Jacobian: shape `z.shape + x.shape`."""
    of_z = slopes.shape[1:]
    return np.ascontiguousarray(slopes.reshape(len(slopes), math.prod(of_z)).T).reshape((*of_z, *shape))
