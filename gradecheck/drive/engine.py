"""Driving `compute_gradients(loss)`: a graph is built and run, and the gradients at its nodes are read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.battery import build, subtract
from gradecheck.drive.driver import NotAsAsked, described
from gradecheck.graph import (
    Graph,
    Node,
    Session,
    Variable,
    add,
    gradient_registry,
    multiply,
    placeholder,
    reduce_sum,
)

Float64 = NDArray[np.float64]
#: The library's rules as they were written, whatever a notebook registers later.
_RULES = dict(gradient_registry)


def drive(
    student: Callable[..., Any], a: Float64, b: Float64, dz: Float64, name: str
) -> tuple[Any, Any, Any]:
    """The student's gradients at a, at b, and at every operation of the graph, in an array of its own axis.

    The loss is reduce_sum(multiply(y, dz)), so that dz is the gradient at the result y. Where the student's
    table says nothing of a node, it is zero there.
    """
    with usual_rules(), Graph().as_default():
        leaves = Variable(a, name="a"), Variable(b, name="b")
        result, operations = build(name, leaves)
        feeds: dict[Any, Any] = {}
        loss = reduce_sum(multiply(result, placeholder_of(dz, feeds)), name="loss")
        Session().run(loss, feeds)
        gradients = student(loss)
        if not isinstance(gradients, Mapping):
            raise NotAsAsked(
                f"compute_gradients returned {described(gradients)}; a dict is wanted, with an array "
                "for each node"
            )
        strange = next((key for key in gradients if not isinstance(key, Node)), None)
        if strange is not None:
            raise NotAsAsked(
                f"the dict of compute_gradients has {described(strange)} among its keys; "
                "the keys wanted are the nodes themselves"
            )
        at_leaves = [_at(gradients, leaf, a) for leaf in leaves]
        return at_leaves[0], at_leaves[1], [_at(gradients, node, a) for node in operations]


def placeholder_of(value: Float64, feeds: dict[Any, Any]) -> placeholder:
    """A placeholder called dz; the value to feed it with is added to `feeds`."""
    node = placeholder(name="dz")
    feeds[node] = value
    return node


@contextmanager
def usual_rules() -> Iterator[None]:
    """The library's own rules, with one that is careless as the texts' are: add hands one array to both."""
    found = dict(gradient_registry)
    gradient_registry.clear()
    gradient_registry.update(_RULES)
    gradient_registry[add] = _shared
    gradient_registry[subtract] = lambda _op, G: (G, -G)
    try:
        yield
    finally:
        gradient_registry.clear()
        gradient_registry.update(found)


def _shared(operation: Any, upstream: Float64) -> Any:
    x, y = operation.inputs
    return (upstream, upstream) if x.shape == y.shape else _RULES[add](operation, upstream)


def _at(gradients: Mapping[Any, Any], node: Node, like: Float64) -> Any:
    """A copy of what the table has for a node; zeros where it has nothing."""
    found = gradients.get(node)
    return np.zeros(like.shape) if found is None else np.array(found)
