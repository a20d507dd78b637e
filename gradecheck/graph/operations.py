# ruff: noqa: N801 - the operations of the texts are written in lower case
"""The eight functions that a graph can compute. Their derivatives are in `gradients`, in the same order."""

from collections.abc import Sequence
from operator import index

import numpy as np

from gradecheck.graph.nodes import Array, GraphError, Node, Operation


class add(Operation):
    """z = x + y, element by element.

    NumPy broadcasts: b of shape (2,) is added to each of the N rows of an (N, 2) array.
    """

    shape_rule = "add takes equal shapes, or lengths of 1 (or none) where they differ: (n, m) + (m,)"

    def __init__(self, x: Node, y: Node, *, name: str | None = None) -> None:
        super().__init__([x, y], name=name)

    def compute(self, x: Array, y: Array) -> Array:
        """The sum."""
        return x + y


class multiply(Operation):
    """z = x · y, element by element, broadcast as in `add`. For the product of matrices see `matmul`."""

    shape_rule = "multiply takes equal shapes, or lengths of 1 (or none) where they differ: (n, m) * (m,)"

    def __init__(self, x: Node, y: Node, *, name: str | None = None) -> None:
        super().__init__([x, y], name=name)

    def compute(self, x: Array, y: Array) -> Array:
        """The product."""
        return x * y


class matmul(Operation):
    """Z = X Y, that is Z_ij = Σ_k X_ik Y_kj: shapes (n, k) and (k, m) make (n, m).

    As in NumPy, a vector counts as a row on the left and as a column on the right, and leading axes are
    a stack of matrices.
    """

    shape_rule = "matmul takes as many columns on the left as there are rows on the right: (n, k) @ (k, m)"

    def __init__(self, x: Node, y: Node, *, name: str | None = None) -> None:
        super().__init__([x, y], name=name)

    def compute(self, x: Array, y: Array) -> Array:
        """The product of matrices."""
        return np.asarray(x @ y)


class negative(Operation):
    """z = -x, element by element."""

    def __init__(self, x: Node, *, name: str | None = None) -> None:
        super().__init__([x], name=name)

    def compute(self, x: Array) -> Array:
        """The opposite."""
        return -x


class log(Operation):
    """z = ln x, element by element. It needs x > 0: at 0 it is -inf, and below it is nan."""

    def __init__(self, x: Node, *, name: str | None = None) -> None:
        super().__init__([x], name=name)

    def compute(self, x: Array) -> Array:
        """The natural logarithm."""
        return np.log(x)


class sigmoid(Operation):
    """σ(x) = 1 / (1 + e^-x), element by element: any number becomes one between 0 and 1."""

    def __init__(self, x: Node, *, name: str | None = None) -> None:
        super().__init__([x], name=name)

    def compute(self, x: Array) -> Array:
        """The sigmoid; where x < 0 as e^x / (1 + e^x), which is the same and cannot overflow."""
        e = np.exp(-abs(x))
        return np.asarray(np.where(x >= 0, 1.0, e) / (1.0 + e))


class softmax(Operation):
    """p_i = e^(x_i) / Σ_j e^(x_j) in each row: scores become probabilities, positive and of sum 1.

    A row is the last axis: each row of an (N, C) array, or all of a vector.
    """

    shape_rule = "softmax takes rows, so at least one axis, and at least one number in a row"

    def __init__(self, x: Node, *, name: str | None = None) -> None:
        super().__init__([x], name=name)

    def compute(self, x: Array) -> Array:
        """The probabilities. Taking each row's maximum off first changes nothing, and e^1000 is never met."""
        if x.ndim == 0:
            raise ValueError("a single number has no rows")
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return np.asarray(e / e.sum(axis=-1, keepdims=True))


class reduce_sum(Operation):
    """The sum over one axis, several, or all.

    Args:
        A: the node to sum.
        axis: None for all, an axis, or several; negative ones count from the last.
        keepdims: keep the axes that were summed, with length 1.
        name: how errors call it.

    With A of shape (n, m), `axis=0` adds up the rows and gives (m,), `axis=1` or -1
    gives (n,), None gives ().
    """

    def __init__(
        self,
        A: Node,
        axis: int | Sequence[int] | None = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__([A], name=name)
        self.axis = _checked_axis(axis, self.name)
        self.keepdims = keepdims
        self.shape_rule = f"axis={axis} must name axes of its input, each once"

    def compute(self, A: Array) -> Array:
        """The sum."""
        if A.ndim == 0 and self.axis not in (None, ()):
            raise ValueError("a single number has no axes")
        return np.asarray(A.sum(axis=self.axis, keepdims=self.keepdims))


def _checked_axis(axis: int | Sequence[int] | None, name: str) -> int | tuple[int, ...] | None:
    if axis is None:
        return None
    try:
        return tuple(map(index, axis)) if isinstance(axis, Sequence) else index(axis)
    except TypeError:
        raise GraphError(f"{name}: axis is {axis!r}; give None, an integer, or a tuple of them") from None
