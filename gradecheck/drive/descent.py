"""Driving `GradientDescentOptimizer(rate).minimize(loss)`: a few steps, and what the variables are then."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.driver import NotAsAsked, described
from gradecheck.drive.engine import placeholder_of, usual_rules
from gradecheck.graph import (
    Graph,
    Operation,
    Session,
    Variable,
    add,
    matmul,
    multiply,
    reduce_sum,
    sigmoid,
)

Float64 = NDArray[np.float64]


def drive(
    student: Callable[..., Any], W: Float64, v: Float64, dz: Float64, steps: int, rate: float
) -> tuple[Float64, Float64]:
    """The variables W and v after some steps down the loss sum(dz * sigmoid(W v + v)).

    The session runs the loss once, then the steps and nothing else. The arrays that
    the variables were made from are the caller's.
    """
    with usual_rules(), Graph().as_default():
        weights, vector = Variable(W, name="W"), Variable(v, name="v")
        for variable, array in ((weights, W), (vector, v)):
            variable._value = array  # as in the texts, the variable keeps the caller's array
        feeds: dict[Any, Any] = {}
        inner = sigmoid(add(matmul(weights, vector), vector))
        loss = reduce_sum(multiply(inner, placeholder_of(dz, feeds)), name="loss")
        step = student(rate).minimize(loss)
        if not isinstance(step, Operation):
            raise NotAsAsked(f"minimize returned {described(step)}; a node to run is wanted, an Operation")
        _let_it_return_nothing(step)
        session = Session()
        session.run(loss, feeds)
        for _ in range(steps):
            session.run(step, feeds)
        return np.array(weights.value), np.array(vector.value)


def _let_it_return_nothing(step: Operation) -> None:
    """A step is run for what it does: in the texts its compute has no return."""
    compute = step.compute

    def compute_something(*values: Float64) -> Any:
        value = compute(*values)
        return 0.0 if value is None else value

    step.compute = compute_something  # type: ignore[method-assign]  # of this one step alone
