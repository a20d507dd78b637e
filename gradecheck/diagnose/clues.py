"""What a wrong output shows by itself: what broadcasting made of its shape, where it is not finite."""

import numpy as np

from gradecheck.exercise import Exercise, Float64, Shape
from gradecheck.observe import Observation


def broadcast(got: Shape, wanted: Shape) -> str:
    """A sentence where broadcasting has stretched an output of shape `wanted` to `got`; else empty."""
    try:
        stretched = np.broadcast_shapes(got, wanted) == got
    except ValueError:
        return ""
    if not stretched or np.prod(got) <= np.prod(wanted):
        return ""
    if len(wanted) == 1 and got == wanted * 2:
        return (
            f" Broadcasting did that: where shapes {(*wanted, 1)} and {wanted} meet, each entry of the one "
            f"is taken with each of the other."
        )
    return f" Broadcasting did that: numbers of shape {wanted} were repeated to fill {got}."


def behind_not_finite(exercise: Exercise, fault: Observation, output: int, yours: Float64) -> str:
    """A sentence on the entries of the argument at which an output is NaN or infinite, or nothing."""
    if exercise.whole_jacobian or exercise.named_outputs:
        return ""
    name = exercise.differentiates[output]
    argument = fault.case.inputs[exercise.inputs.index(name)]
    if argument.shape != yours.shape or argument.ndim == 0:
        return ""
    lost = ~np.isfinite(yours)
    for what, there in (("negative", argument < 0), ("0", argument == 0), ("positive", argument > 0)):
        if np.array_equal(lost, there) and not lost.all():
            return f" It happens wherever {name} is {what}, and nowhere else."
    if lost.sum() == 1 < lost.size:
        at = tuple(int(i) for i in np.argwhere(lost)[0])
        place = ", ".join(str(i) for i in at)
        return f" It is the only such entry; {name}[{place}] is {float(argument[at]):.4g}."
    return f" All {lost.size} entries are lost, not this one alone." if lost.all() and lost.size > 1 else ""
