"""grad_reduce_sum: z is the sum of x along an axis, along several, or altogether."""

from collections.abc import Callable, Mapping

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, Shape
from gradecheck.setting import Setting

_VJP = Callable[..., tuple[Float64, ...]]


def _sum(x: Float64, axis: Setting) -> Float64:
    return np.asarray(np.sum(x, axis=axis))  # type: ignore[arg-type]  # a setting may be other things, too


def _mean(vjp: _VJP, x: Float64, dz: Float64, _axis: Setting) -> Float64:
    return vjp(x, dz)[0] * dz.size / x.size


def _not_repeated(_vjp: _VJP, x: Float64, dz: Float64, axis: Setting) -> Float64:
    return dz.reshape(np.sum(x, axis=axis, keepdims=True).shape)  # type: ignore[arg-type]  # a setting may be other things, too


def _tiled(x: Float64, dz: Float64) -> Float64:
    return np.tile(dz.ravel(), x.size // dz.size).reshape(x.shape)


def _repeated(x: Float64, dz: Float64) -> Float64:
    return np.repeat(dz.ravel(), x.size // dz.size).reshape(x.shape)


_ROWS_MIXED = "Draw x as a table, and beside it dz. Which entries of x went into dz[0]?"
_MISTAKES = (
    Mistake(
        "reduced-not-expanded",
        "This is dz as it came, still in the shape of z.",
        "How many numbers does x have, and how many does your answer have?",
        "Each element of x took part in one entry of z. What does it hear back?",
        lambda _vjp, _x, dz: dz + 0.0,
    ),
    Mistake(
        "expanded-not-repeated",
        "The axis that was summed is back, but with length one.",
        "Compare the shape of your answer with that of x.",
        "Each of the elements that were added up gets a number of its own.",
        _not_repeated,
        takes_settings=True,
    ),
    Mistake(
        "gradient-of-mean",
        "This is the gradient of the mean.",
        "You are off by the number of elements that were added up.",
        "Nothing in the forward direction divides.",
        _mean,
        takes_settings=True,
    ),
    Mistake(
        "axis-not-restored",
        "dz was stretched along the first axis, whichever axis was summed.",
        "Draw which entries of x feed z[0] when axis is 1.",
        "The axis that has gone must come back in its own place before anything is stretched.",
        lambda _vjp, x, dz: np.broadcast_to(dz, x.shape) + 0.0,
    ),
    Mistake(
        "multiplied-by-own-argument",
        "Your answer contains x.",
        "In a + b, does the slope in a depend on how large a is?",
        "A sum is a straight line in each of its terms.",
        lambda vjp, x, dz: vjp(x, dz)[0] * x,
    ),
    Mistake(
        "upstream-summed",
        "Every entry of your answer is the sum of dz.",
        "Do all elements of x feed the same entry of z?",
        "Each entry of z speaks only to the elements that it was made of.",
        lambda _vjp, x, dz: np.full(x.shape, dz.sum()),
    ),
    Mistake(
        "rows-mixed-up-by-tile",
        "The right numbers in the wrong order: dz was laid out again and again.",
        _ROWS_MIXED,
        "To tile is to write a, b, a, b; to repeat is to write a, a, b, b.",
        lambda _vjp, x, dz: _tiled(x, dz),
    ),
    Mistake(
        "rows-mixed-up-by-repeat",
        "The right numbers in the wrong order: each entry of dz was written several times in a row.",
        _ROWS_MIXED,
        "To tile is to write a, b, a, b; to repeat is to write a, a, b, b.",
        lambda _vjp, x, dz: _repeated(x, dz),
    ),
)

#: The axes that are summed, for each shape: the square twice, and each axis of every rank in both counts.
_AXES: Mapping[Shape, tuple[Setting, ...]] = {
    (2, 3): (None, 0, 1, -2),
    (3, 3): (1, 0),
    (4, 2): (-1,),
    (3, 2): ((0, 1), (1,)),
    (2, 3, 4): ((0, 2), 0, 1, 2, None),
    (4, 3, 2): ((2, -3), -1, -3, (1, 0)),
    (2, 3, 2): (-2, (-2, -1), (0, 1, 2)),
    (5,): ((0,), 0, -1, None),
    (1, 4): (0,),
}

REDUCE_SUM = Exercise(
    name="grad_reduce_sum",
    title="reduce_sum",
    arguments=("x", "dz"),
    differentiates=("x",),
    settings={"axis": None},
    forward=lambda tf, x, axis: tf.math.reduce_sum(x, axis=axis),
    forward_numpy=_sum,
    printed={"x": [[0.5, -1, 2], [3, -2, 0.25]], "dz": 2},
    shapes=tuple({"x": shape, "axis": axis} for shape, axes in _AXES.items() for axis in axes),
    extremes=({"x": [[1000, -1000, 0], [100, 0, -100]], "axis": 1}, {"x": [0, 0]}),
    points=8,
    mistakes=_MISTAKES,
    worth_knowing="Summing backward is stretching, and stretching backward is summing.",
)
