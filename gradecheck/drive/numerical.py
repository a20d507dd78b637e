"""Driving `numerical_gradient(f, x, dz)`: the student is handed a function, and never its name."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.functions import FUNCTIONS

Float64 = NDArray[np.float64]
#: How much the function curves where it is asked. A difference of two points on both sides of x does not see
#: it, because the curve is the same on both sides; a step to one side only is off by this times the step.
CURVATURE = 1e4


def drive(student: Callable[..., Any], x: Float64, dz: Float64, name: str) -> Any:
    """The student's gradient of the function called `name`, at x; x and dz are handed over as they are."""
    return student(curved(name, x), x, dz)


def curved(name: str, centre: Float64) -> Callable[[Any], Float64]:
    """The function, with a term added whose value and slope are 0 at `centre`, so the gradient there stays.

    It takes anything that is an array of real numbers, keeps none of it, and returns a new array.
    """
    function, middle = FUNCTIONS[name], np.array(centre, np.float64)
    shape = np.shape(function(np, middle))

    def f(x: Any) -> Float64:
        point = np.array(x, np.float64)
        if point.shape != middle.shape:
            raise ValueError(f"f takes an array of shape {middle.shape}, and was given one of {point.shape}")
        bend = CURVATURE * np.square(point - middle)
        spread = bend if shape == middle.shape else bend.sum()
        return np.asarray(function(np, point) + spread)

    return f
