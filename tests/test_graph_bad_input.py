"""What the graph library says to bad input: each error names the node, and what to do about it."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradecheck.graph import (
    GradientDescentOptimizer,
    Graph,
    GraphError,
    Node,
    Operation,
    RegisterGradient,
    Session,
    Variable,
    add,
    compute_gradients,
    gradient_registry,
    log,
    matmul,
    multiply,
    negative,
    placeholder,
    reduce_sum,
    sigmoid,
    softmax,
)

POINTS, CLASSES = np.ones((5, 2)), np.eye(2)[[0, 1, 0, 1, 1]]


class Model:
    """The perceptron of the texts, every node named."""

    def __init__(self) -> None:
        self.X, self.c = placeholder(name="X"), placeholder(name="c")
        self.W, self.b = Variable(np.ones((2, 2)), name="W"), Variable(np.zeros(2), name="b")
        self.p = softmax(add(matmul(self.X, self.W, name="XW"), self.b), name="p")
        self.products = multiply(self.c, log(self.p, name="log p"), name="c log p")
        self.J = negative(reduce_sum(self.products), name="J")

    def run(self, node: Any = None, **changes: Any) -> Any:
        feeds = {self.X: POINTS, self.c: CLASSES}
        feeds.update({getattr(self, name): value for name, value in changes.items()})
        return Session().run(self.J if node is None else node, feeds)


@pytest.fixture
def model() -> Iterator[Model]:
    with Graph().as_default(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield Model()


def said(action: Callable[[], Any]) -> str:
    with pytest.raises(GraphError) as error:
        action()
    return str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"X": POINTS + 1j},
            "the value fed for X is not an array of numbers but an array of complex128",
        ),
        (
            {"X": np.array([None])},
            "the value fed for X is not an array of numbers but an array of object",
        ),
        ({"X": np.array(["1"])}, "the value fed for X is not an array of numbers but an array of <U1"),
        ({"X": None}, "the value fed for X is not an array of numbers but None (is a return missing?): give"),
        ({"X": [[1, 2], [3]]}, "the value fed for X is not an array of numbers but list: give"),
        ({"X": POINTS.T}, "XW cannot compute with X of shape (2, 5) and W of shape (2, 2): matmul takes"),
        ({"X": 1.0}, "XW cannot compute with X of shape () and W of shape (2, 2): matmul takes"),
        ({"c": [0, 1, 0, 1, 1]}, "c log p cannot compute with c of shape (5,) and log p of shape (5, 2): "),
        (
            {"W": np.eye(2)},
            "W cannot be fed, it is a Variable: only placeholders take values",
        ),
        ({"p": CLASSES}, "p cannot be fed, it is a softmax: only placeholders take values from feed_dict"),
    ],
)
def test_a_feed_that_does_not_fit(model: Model, changes: Any, message: str) -> None:
    assert said(lambda: model.run(**changes)).startswith(message)


@pytest.mark.parametrize("many", [list, tuple])
def test_a_session_runs_one_node_at_a_time(model: Model, many: Any) -> None:
    assert said(lambda: model.run(many([model.J, model.p]))) == (
        f"what run was given is not a node of a graph but {many.__name__}: run them one by one"
    )


@pytest.mark.parametrize("rate", ["fast", None, [0.1], float("nan"), float("inf"), -0.1])
def test_a_learning_rate_that_is_none(rate: Any) -> None:
    assert said(lambda: GradientDescentOptimizer(rate)) == (
        f"the learning rate is {rate!r}: give one number that is not below 0, such as 0.01"
    )


def test_a_loss_that_reaches_no_variable(model: Model) -> None:
    loss = reduce_sum(model.X, name="sum of X")
    assert said(lambda: GradientDescentOptimizer(0.1).minimize(loss)) == (
        "sum of X depends on no Variable, so there is nothing to train: make the parameters Variables"
    )


def test_a_step_down_a_loss_of_many_numbers(model: Model) -> None:
    step = GradientDescentOptimizer(0.1).minimize(model.p)
    assert said(lambda: model.run(step)) == (
        "p has shape (5, 2), and a loss is a single number: add it up first, reduce_sum(p)"
    )


@pytest.mark.parametrize("operation", [negative, sigmoid])
def test_a_graph_of_5000_operations_one_after_the_other(operation: Callable[[Node], Node]) -> None:
    with Graph().as_default():
        x = Variable([1.0, 2.0])
        y: Node = x
        for _ in range(5000):
            y = operation(y)
        loss = reduce_sum(y)
        Session().run(GradientDescentOptimizer(0.1).minimize(loss))
        assert compute_gradients_of(loss)[x].shape == (2,)


def compute_gradients_of(loss: Node) -> dict[Node, Any]:
    Session().run(loss)
    return compute_gradients(loss)


@pytest.mark.parametrize(
    "stops",
    [
        lambda _x: {}["key"],
        lambda _x: 1 / 0,
        lambda x: x.nothing,
        lambda _x: np.ones(2) + np.ones(3),
        lambda _x: [][0],
        lambda _x, _y: 0.0,
    ],
)
def test_a_compute_that_stops(model: Model, stops: Callable[..., Any]) -> None:
    class own(Operation):
        def compute(self, *values: Any) -> Any:
            return stops(*values)

    with pytest.raises(GraphError) as error:
        model.run(own([model.p], name="mine"))
    cause = error.value.__cause__
    assert cause is not None
    assert str(error.value) == (
        "mine cannot compute with p of shape (5, 2): look at compute of own, which was given 1 array(s): "
        f"{type(cause).__name__}: {cause}"
    )


def test_an_operation_that_was_set_up_wrongly(model: Model) -> None:
    class forgot(Operation):
        def __init__(self, x: Node) -> None:
            self.x = x

    class not_a_list(Operation):
        def __init__(self, x: Node) -> None:
            super().__init__(x)  # type: ignore[arg-type]  # wrong on purpose

    assert said(lambda: negative(forgot(model.p), name="n")) == (
        "an input of n is no node yet: let __init__ of forgot begin with super().__init__([...])"
    )
    assert said(lambda: Session().run(forgot(model.p))) == (
        "what run was given is no node yet: let __init__ of forgot begin with super().__init__([...])"
    )
    assert said(lambda: not_a_list(model.p)) == (
        "the input nodes of not_a_list_1 are a list, also where there is one: write super().__init__([p])"
    )


def test_a_rule_that_stops(model: Model) -> None:
    class power(Operation):
        def compute(self, x: Any) -> Any:
            return x**3

    loss = reduce_sum(power([model.W], name="W cubed"))
    RegisterGradient(power)(lambda op, G: G * op.nothing)
    try:
        message = said(lambda: compute_gradients_of(loss))
    finally:
        del gradient_registry[power]
    assert message == (
        "the gradient of W cubed stopped: AttributeError: 'power' object has no attribute 'nothing'; "
        "it was given an array of shape (2, 2), look at the function registered for it"
    )
