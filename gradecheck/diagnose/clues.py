"""What a wrong output shows by itself: where it is not finite."""

import numpy as np
from numpy.typing import NDArray

from gradecheck.cases import Float32
from gradecheck.exercise import Exercise, Float64
from gradecheck.observation import Observation


def behind_not_finite(exercise: Exercise, fault: Observation, output: int, yours: Float64) -> str:
    """A sentence on the entries of the argument at which an output is NaN or infinite, or nothing."""
    if exercise.whole_jacobian or exercise.named_outputs:
        return ""
    name = exercise.differentiates[output]
    argument = fault.case.inputs[exercise.inputs.index(name)]
    if argument.shape != yours.shape or argument.ndim == 0:
        return ""
    lost = ~np.isfinite(yours)
    for suspect, values in ((name, argument), (exercise.upstream, fault.case.upstream)):
        sign = _sign_behind(lost, values)
        if sign:
            return f" It happens wherever {suspect} is {sign}, and nowhere else."
    if lost.sum() == 1 < lost.size:
        at = tuple(int(i) for i in np.argwhere(lost)[0])
        place = ", ".join(str(i) for i in at)
        return f" It is the only such entry; {name}[{place}] is {float(argument[at]):.4g}."
    return f" All {lost.size} entries are lost, not this one alone." if lost.all() and lost.size > 1 else ""


def _sign_behind(lost: NDArray[np.bool_], values: Float32 | None) -> str:
    """The sign that the values have where something was lost and nowhere else; empty where there is none."""
    if values is None or lost.all():
        return ""
    signs = (("negative", values < 0), ("0", values == 0), ("positive", values > 0))
    return next((sign for sign, there in signs if np.array_equal(lost, there)), "")
