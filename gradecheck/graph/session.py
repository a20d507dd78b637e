"""Forward: from the placeholders to the value of a node."""

import itertools
import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gradecheck.graph.nodes import (
    Array,
    GraphError,
    Node,
    Operation,
    Variable,
    as_array,
    placeholder,
    require_node,
    require_same_graph,
    topological_order,
)

_numbers = itertools.count(1)


class Session:
    """Runs graphs."""

    def run(self, node: Node, feed_dict: Mapping[placeholder, npt.ArrayLike] | None = None) -> Array:
        """Compute a node, and everything it depends on, from the values of placeholders and variables.

        Each node keeps its value in `output`, and each operation those of its input nodes in `inputs`:
        `compute_gradients` needs them.

        Args:
            node: what to compute.
            feed_dict: a value for each placeholder that the node depends on.

        Returns:
            The node's value, in an array of the caller's own; shape () for a single number.

        Raises:
            GraphError: a placeholder without a value, a value for something else, shapes that do not fit, or
                an operation whose compute stopped.
        """
        many = isinstance(node, list | tuple)
        advice = "run them one by one" if many else "pass the node to compute, and values in feed_dict"
        require_node(node, "what run was given", advice)
        feeds = _checked_feeds(node, {} if feed_dict is None else feed_dict)
        number = next(_numbers)
        with np.errstate(all="ignore"):  # _compute warns in NumPy's place, and names the node
            for current in topological_order(node):
                current.output = _value(current, feeds)
                current.last_run = number
        return node.output.copy()


def _checked_feeds(node: Node, feed_dict: object) -> dict[Node, Array]:
    if not isinstance(feed_dict, Mapping):
        raise GraphError(f"feed_dict for {node.name} is a {type(feed_dict).__name__}: write {{X: points}}")
    feeds: dict[Node, Array] = {}
    for fed, value in feed_dict.items():
        require_node(fed, "a key of feed_dict", "the keys are the placeholders themselves, {X: points}")
        if not isinstance(fed, placeholder):
            raise GraphError(
                f"{fed.name} cannot be fed, it is a {type(fed).__name__}: only placeholders take values from "
                "feed_dict" + (f"; assign to {fed.name}.value" if isinstance(fed, Variable) else "")
            )
        require_same_graph(fed, node.graph, f"that {node.name} belongs to")
        feeds[fed] = as_array(value, f"the value fed for {fed.name}")
    return feeds


def _value(node: Node, feeds: Mapping[Node, Array]) -> Array:
    if isinstance(node, Operation):
        return _compute(node)
    if isinstance(node, Variable):
        return node.value.copy()
    if node not in feeds:
        raise GraphError(f"{node.name} has no value: pass one in feed_dict, {{{node.name}: ...}}")
    return feeds[node]


def _compute(operation: Operation) -> Array:
    operation.inputs = [node.output for node in operation.input_nodes]
    try:
        value = operation.compute(*operation.inputs)
    except GraphError:  # a step computes gradients, and those name the node themselves
        raise
    except Exception as error:  # whatever a compute of one's own may raise
        shapes = " and ".join(f"{node.name} of shape {node.output.shape}" for node in operation.input_nodes)
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        rule = operation.shape_rule or (
            f"look at compute of {type(operation).__name__}, "
            f"which was given {len(operation.inputs)} array(s): {what}"
        )
        raise GraphError(f"{operation.name} cannot compute with {shapes or 'no inputs'}: {rule}") from error
    if value is None:
        raise GraphError(
            f"{operation.name} computed nothing: let compute of {type(operation).__name__} return its value"
        )
    output = as_array(value, f"what {operation.name} computed")
    if not np.isfinite(output).all() and all(np.isfinite(array).all() for array in operation.inputs):
        sources = " and ".join(node.name for node in operation.input_nodes)
        warnings.warn(
            f"{operation.name} made inf or nan of finite numbers: look at the values of {sources}",
            RuntimeWarning,
            stacklevel=4,
        )
    return output
