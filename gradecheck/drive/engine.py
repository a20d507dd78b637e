"""Driving `compute_gradients(loss)`: a graph is built and run, and the gradients at its nodes are read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.battery import build, draw, subtract
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
    topological_order,
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
        matter = set(topological_order(loss))
        at_leaves = [_at(gradients, leaf, a, matters=leaf in matter) for leaf in leaves]
        at_operations = [_at(gradients, node, a, matters=node in matter) for node in operations]
        _require_shapes(name, at_operations, a)
        return at_leaves[0], at_leaves[1], at_operations


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


def _at(gradients: Mapping[Any, Any], node: Node, like: Float64, *, matters: bool) -> Any:
    """A copy of what the table has for a node; zeros where it has nothing.

    A plain 0 is as good as zeros for a node that does not lead to the loss: nothing was ever added to it.
    """
    try:
        found = np.array(gradients.get(node))
    except ValueError:
        raise NotAsAsked(f"the gradient at {node.name} is a list of rows of different lengths") from None
    nothing = found.dtype == object and found.shape == () and found.item() is None
    if nothing or (not matters and found.shape == () and found.dtype.kind in "fiu" and found == 0):
        return np.zeros(like.shape)
    return found


def _require_shapes(name: str, at_operations: list[Any], like: Float64) -> None:
    """Raise `NotAsAsked` where the gradient at an operation cannot stand beside the others in one array."""
    drawn = [node for node in draw(name).nodes if node.label != node.name]
    for node, found in zip(drawn, at_operations, strict=True):
        if found.shape != like.shape:
            raise NotAsAsked(
                f"the gradient at {node.name} = {node.label} has shape {found.shape}; "
                f"it must have {like.shape}, the shape of {node.name}"
            )
