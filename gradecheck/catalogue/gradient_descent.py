"""GradientDescentOptimizer: a node of the graph whose every run takes one step downhill."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.catalogue.engines import Gradients, pushing
from gradecheck.exercise import Exercise, Float64, Mistake
from gradecheck.graph import Node, Operation, Session, Variable, compute_gradients, topological_order

_Step = Callable[[Node, float], None]


#: The rate of the notebook's example; large enough for the loss to be no straight line along a step.
RATE = 0.25


def _variables(loss: Node) -> list[Variable]:
    return [node for node in topological_order(loss) if isinstance(node, Variable)]


def _optimizer(step: _Step, *, fresh: bool = True) -> Callable[[float], Any]:
    """An optimizer that takes `step(loss, rate)`; one that is not fresh does not run the loss first."""

    class Step(Operation):
        def __init__(self, loss: Node, rate: float) -> None:
            super().__init__([loss] if fresh else [])
            self.loss, self.rate = loss, rate

        def compute(self, *_: Any) -> float:
            """Take the step."""
            step(self.loss, self.rate)
            return 0.0

    class Optimizer:
        def __init__(self, learning_rate: float) -> None:
            self.rate = learning_rate

        def minimize(self, loss: Node) -> Operation:
            """The node to run."""
            return Step(loss, self.rate)

    return Optimizer


def _moved(change: Callable[[Variable, Any, float], Any]) -> _Step:
    """A step in which each variable becomes `change(variable, its gradient, rate)`, all from old values."""

    def step(loss: Node, rate: float) -> None:
        gradients: Gradients = pushing()(loss)
        for variable in _variables(loss):
            variable.value = change(variable, gradients[variable], rate)

    return step


def _one_after_the_other(order: Callable[[list[Variable]], list[Variable]]) -> _Step:
    """The second gradient is computed when the first variable has moved already."""

    def step(loss: Node, rate: float) -> None:
        for variable in order(_variables(loss)):
            gradient = pushing()(loss)[variable]
            variable.value = variable.value - rate * gradient
            _run_again(loss)

    return step


def _run_again(loss: Node) -> None:
    Session().run(loss, {node: node.output for node in loss.graph.placeholders})


def _only(which: int) -> _Step:
    def step(loss: Node, rate: float) -> None:
        variable = _variables(loss)[which]
        variable.value = variable.value - rate * pushing()(loss)[variable]

    return step


def _never(_loss: Node, _rate: float) -> None:
    """Computes, and changes nothing."""


def _by_the_library(loss: Node, rate: float) -> None:
    """Raises where the values are out of date."""
    for node, gradient in compute_gradients(loss).items():
        if isinstance(node, Variable):
            node.value = node.value - rate * gradient


_downhill = _moved(lambda v, g, rate: v.value - rate * g)
_MISTAKES = (
    Mistake(
        "step-uphill",
        "The step goes up the slope, not down.",
        "The gradient points to where the loss grows. Where do you want to go?",
        "Look at the sign in front of the learning rate.",
        answers=(_optimizer(_moved(lambda v, g, rate: v.value + rate * g)),),
    ),
    Mistake(
        "learning-rate-ignored",
        "The learning rate has no effect.",
        "What would a rate of 0 have to do to the variables?",
        "The rate says how much of the gradient is taken off.",
        answers=(
            _optimizer(_moved(lambda v, g, _rate: v.value - g)),
            _optimizer(_moved(lambda v, g, _rate: v.value - RATE * g)),
        ),
    ),
    Mistake(
        "learning-rate-divides",
        "The gradient is divided by the learning rate.",
        "Should a smaller rate make larger steps?",
        "A tenth of the rate is a tenth of the step.",
        answers=(_optimizer(_moved(lambda v, g, rate: v.value - g / rate)),),
    ),
    Mistake(
        "gradient-replaces-value",
        "A variable becomes the step itself; what it was before is lost.",
        "Where do you stand after one step, if you stood at 7 and the step is -0.1?",
        "The new value is the old one, and something.",
        answers=(_optimizer(_moved(lambda _v, g, rate: -rate * g)),),
    ),
    Mistake(
        "stale-forward-values",
        "The gradients are those of an earlier run: the loss was not computed again before the step.",
        "After the first step the variables have moved. Have the values in the graph?",
        "Which nodes does a session compute before it computes yours? Make the loss one of them.",
        answers=(_optimizer(_downhill, fresh=False), _optimizer(_by_the_library, fresh=False)),
    ),
    Mistake(
        "one-variable-after-the-other",
        "The gradient of one variable is computed when another has moved already.",
        "All gradients belong to one place, the one where you stand. When have you left it?",
        "First all the gradients, and then all the changes.",
        answers=(
            _optimizer(_one_after_the_other(lambda found: found)),
            _optimizer(_one_after_the_other(lambda found: found[::-1])),
        ),
    ),
    Mistake(
        "one-variable-only",
        "Only one of the variables is moved.",
        "How many variables does the loss depend on?",
        "Is there a return or a break in your loop?",
        answers=(_optimizer(_only(0)), _optimizer(_only(-1))),
    ),
    Mistake(
        "variables-not-changed",
        "The variables are what they were before.",
        "Print a variable's value before and after the step.",
        "Writing v = v - ... names something new. What has to be assigned to, so that the graph sees it?",
        answers=(_optimizer(_never),),
    ),
    Mistake(
        "step-scaled-by-1-over-n",
        "Each step is too small by one over the number of entries of the variable.",
        "Compare your step with the right one, entry by entry.",
        "Nothing in the loss divides.",
        answers=(_optimizer(_moved(lambda v, g, rate: v.value - rate * g / np.size(g))),),
    ),
    Mistake(
        "sign-of-gradient-only",
        "Every entry moves by the same amount; only the sign of the gradient counts.",
        "Should a steep slope and a gentle one give the same step?",
        "The gradient itself is what is taken off, not its sign.",
        answers=(_optimizer(_moved(lambda v, g, rate: v.value - rate * np.sign(g))),),
    ),
)


def _forward(lib: Any, W: Any, v: Any, *_steps: Any) -> Any:
    """sigmoid(W v + v), in which both variables matter, and v twice."""
    inner = lib.linalg.matvec(W, v) if hasattr(lib.linalg, "matvec") and lib is not np else W @ v
    return 0.5 * (1.0 + lib.tanh(0.5 * (inner + v)))


def _truth(vjp: Any, W: Float64, v: Float64, dz: Float64, steps: int, rate: float) -> tuple[Float64, ...]:
    """Each step from the gradients of the place where the last one has led."""
    for _ in range(steps):
        dW, dv = vjp(W, v, dz)
        W, v = W - rate * dW, v - rate * dv
    return W, v


GRADIENT_DESCENT = Exercise(
    name="GradientDescentOptimizer",
    title="gradient_descent",
    arguments=("W", "v", "dz"),
    differentiates=("W", "v"),
    settings={"steps": 1, "rate": RATE},
    forward=_forward,
    forward_numpy=lambda *arguments: _forward(np, *arguments),
    printed={"W": [[0.5, -1], [2, 1]], "v": [1, -0.5], "dz": [2, -3]},
    shapes=(
        {"W": (2, 2), "v": (2,)},
        {"W": (2, 2), "v": (2,)},
        {"W": (3, 3), "v": (3,), "steps": 2},
        {"W": (3, 3), "v": (3,), "steps": 3, "rate": 0.5},
        {"W": (1, 1), "v": (1,), "steps": 2, "rate": 0.125},
        {"W": (4, 4), "v": (4,), "steps": 2},
    ),
    points=9,
    driver="descent",
    called_as="GradientDescentOptimizer(learning_rate).minimize(loss)",
    truth=_truth,
    named_outputs=("W", "v"),
    tolerance=1e-6,
    place="where the loss is sum(dz * sigmoid(W v + v)), the rate {rate:g}, the number of steps {steps}",
    mistakes=_MISTAKES,
    worth_knowing="Each step is right only where it was measured: that is why the loss is computed again.",
)
