"""The derivative of each operation: eight rules, and the table that they are entered in.

A rule answers one question. The loss L depends on an operation's output z, and G = ∂L/∂z is known. What
is the gradient at each of its inputs? By the chain rule ∂L/∂x_i = Σ_k ∂L/∂z_k · ∂z_k/∂x_i, which never
needs the whole matrix ∂z_k/∂x_i written down: each rule below is that sum, simplified.

Every gradient has the shape of what it is a gradient of. G has the shape of z, ∂L/∂x the shape of x.
"""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gradecheck.graph.nodes import Array, GraphError, Operation
from gradecheck.graph.operations import (
    add,
    log,
    matmul,
    multiply,
    negative,
    reduce_sum,
    sigmoid,
    softmax,
)

#: A rule is given the operation (its `inputs` and `output` hold the values of the last run) and G. It
#: returns one array for one input, or a tuple with an array for each of several.
Rule = Callable[..., Any]
_Rule = TypeVar("_Rule", bound=Rule)

#: The rule for each class of operations.
gradient_registry: dict[type[Operation], Rule] = {}


class RegisterGradient:
    """Enter the function below as the gradient of an operation.

        @RegisterGradient("negative")
        def negative_gradient(op, G):
            return -G

    Args:
        operation: the operation's class, or the name of it.
    """

    def __init__(self, operation: str | type[Operation]) -> None:
        found: object = Operation.types.get(operation) if isinstance(operation, str) else operation
        if found is None:
            known = ", ".join(sorted(kind.__name__ for kind in gradient_registry))
            raise GraphError(
                f"no operation is called {operation!r}: write its class first, or take one of {known}"
            )
        if not (isinstance(found, type) and issubclass(found, Operation)):
            raise GraphError(
                f"{found!r} is not a class of operations: register for the class, RegisterGradient(add)"
            )
        self._operation = found

    def __call__(self, rule: _Rule) -> _Rule:
        """Enter the rule, and give it back: the decorated name still means the function."""
        if not callable(rule):
            raise GraphError(f"the gradient of {self._operation.__name__} is not a function but {rule!r}")
        if self._operation in gradient_registry:
            warnings.warn(
                f"{self._operation.__name__} had a gradient already; from now on {rule!r} is used",
                stacklevel=2,
            )
        gradient_registry[self._operation] = rule
        return rule


def gradient_function(operation: Operation) -> Rule:
    """The rule registered for an operation's class.

    Raises:
        GraphError: there is none.
    """
    kind = type(operation)
    if kind not in gradient_registry:
        raise GraphError(
            f"{operation.name} has no gradient: write one for {kind.__name__} under "
            f'@RegisterGradient("{kind.__name__}")'
        )
    return gradient_registry[kind]


def sum_to_shape(G: Array, shape: tuple[int, ...]) -> Array:
    """Undo a broadcast: add G up along every axis that an input of this shape was stretched over.

    Stretching used one number several times. Each use contributes to the loss, so the contributions add
    up: b of shape (m,) added to n rows gets the sum of the n rows of G.
    """
    G = G.sum(axis=tuple(range(G.ndim - len(shape))))
    return np.asarray(G.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True))


@RegisterGradient("add")
def add_gradient(op: add, G: Array) -> tuple[Array, Array]:
    """∂L/∂x = G and ∂L/∂y = G, each added up to the shape of its input."""
    x, y = op.inputs
    return sum_to_shape(G, x.shape), sum_to_shape(G, y.shape)


@RegisterGradient("multiply")
def multiply_gradient(op: multiply, G: Array) -> tuple[Array, Array]:
    """∂L/∂x = G · y and ∂L/∂y = G · x, each added up to the shape of its input."""
    x, y = op.inputs
    return sum_to_shape(G * y, x.shape), sum_to_shape(G * x, y.shape)


@RegisterGradient("matmul")
def matmul_gradient(op: matmul, G: Array) -> tuple[Array, Array]:
    """∂L/∂X = G Yᵀ and ∂L/∂Y = Xᵀ G: (n, m) @ (m, k) makes (n, k), and (k, n) @ (n, m) makes (k, m).

    For ∂Z_ij/∂X_ab is Y_bj if i = a and 0 otherwise, so ∂L/∂X_ab = Σ_j G_aj Y_bj.
    """
    x, y = op.inputs
    X = x[None, :] if x.ndim == 1 else x  # a vector on the left is a row: (k,) is (1, k)
    Y = y[:, None] if y.ndim == 1 else y  # and on the right a column: (k, 1)
    G = np.expand_dims(G, -1) if y.ndim == 1 else G
    G = np.expand_dims(G, -2) if x.ndim == 1 else G
    dX = sum_to_shape(G @ Y.swapaxes(-1, -2), X.shape)
    dY = sum_to_shape(X.swapaxes(-1, -2) @ G, Y.shape)
    return dX.reshape(x.shape), dY.reshape(y.shape)


@RegisterGradient("negative")
def negative_gradient(op: negative, G: Array) -> Array:
    """∂L/∂x = -G."""
    return -G


@RegisterGradient("log")
def log_gradient(op: log, G: Array) -> Array:
    """∂L/∂x = G / x."""
    return G / op.inputs[0]


@RegisterGradient("sigmoid")
def sigmoid_gradient(op: sigmoid, G: Array) -> Array:
    """∂L/∂x = G · σ(x) · (1 - σ(x)), where σ(x) is the output, computed already."""
    return G * op.output * (1.0 - op.output)


@RegisterGradient("softmax")
def softmax_gradient(op: softmax, G: Array) -> Array:
    """∂L/∂x_i = p_i (G_i - Σ_j G_j p_j) in each row.

    For ∂p_j/∂x_i = p_j (δ_ij - p_i): raising one score raises its own probability and lowers all others.
    """
    p = op.output
    average = (G * p).sum(axis=-1, keepdims=True)
    return np.asarray(p * (G - average))


@RegisterGradient("reduce_sum")
def reduce_sum_gradient(op: reduce_sum, G: Array) -> Array:
    """∂L/∂A_ij = the entry of G that A_ij was added to: G, repeated along the summed axes."""
    if op.axis is not None and not op.keepdims:
        G = np.expand_dims(G, op.axis)
    return np.broadcast_to(G, op.inputs[0].shape)
