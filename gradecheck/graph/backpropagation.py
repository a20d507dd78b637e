"""Backward: from the loss to every node that it depends on."""

import numpy as np

from gradecheck.graph.gradients import gradient_function
from gradecheck.graph.nodes import (
    Array,
    GraphError,
    Node,
    Operation,
    Variable,
    as_array,
    require_node,
    topological_order,
)


def compute_gradients(loss: Node) -> dict[Node, Array]:
    """∂L/∂node for every node that the loss depends on, at the values of the loss's last run.

    The gradient at a node is the sum over its uses: ∂L/∂x = Σ ∂L/∂z · ∂z/∂x, one term for each arrow from
    x to a z that leads to L. So

    * a node must wait until every operation that uses it has its own gradient. The topological order,
      walked backward, sees to that; walking outward from the loss, nearest first, does not;
    * two arrows to one operation, `matmul(A, A)`, are two terms;
    * operations that do not lead to the loss have no part in it, and do not appear.

    Args:
        loss: a node with a single number, run before: `session.run(loss, feed_dict)`.

    Returns:
        For the loss itself 1, for every node below it an array of its own, in the shape of its value.

    Raises:
        GraphError: the loss is not a single number, its values are missing or out of date, or an operation
            has no gradient, or a wrong one.
    """
    require_node(loss, "what compute_gradients was given", "pass the loss")
    if loss.output.shape != ():
        raise GraphError(
            f"{loss.name} has shape {loss.output.shape}, and a loss is a single number: "
            f"add it up first, reduce_sum({loss.name})"
        )
    order = topological_order(loss)
    _require_current_values(loss, order)
    gradients: dict[Node, Array] = {node: np.zeros_like(node.output) for node in order}
    gradients[loss] += 1.0
    with np.errstate(all="ignore"):  # the forward run has warned of what is not finite
        for node in reversed(order):
            if isinstance(node, Operation):
                terms = _terms(node, gradients[node])
                for input_node, term in zip(node.input_nodes, terms, strict=True):
                    gradients[input_node] += term
    return gradients


def _require_current_values(loss: Node, order: list[Node]) -> None:
    """The values to differentiate at must be those of one run, with the variables as they are now."""
    for node in order:
        changed = isinstance(node, Variable) and not np.array_equal(node.output, node.value, equal_nan=True)
        if changed or node.last_run != loss.last_run:
            raise GraphError(
                f"{node.name} has changed since {loss.name} was run: "
                f"run {loss.name} again before computing its gradients"
            )


def _terms(operation: Operation, upstream: Array) -> list[Array]:
    """What an operation sends back to each of its inputs, checked: number of arrays, then their shapes."""
    rule = gradient_function(operation)
    try:
        result = rule(operation, upstream.copy())  # a copy: a careless rule may write into it
    except Exception as error:  # whatever a rule of one's own may raise
        raise GraphError(
            f"the gradient of {operation.name} stopped: {type(error).__name__}: {error}; "
            f"it was given an array of shape {upstream.shape}, look at the function registered for it"
        ) from error
    terms = list(result) if isinstance(result, tuple | list) else [result]
    if len(terms) != len(operation.input_nodes):
        raise GraphError(
            f"the gradient of {operation.name} returned {len(terms)} array(s), and {operation.name} has "
            f"{len(operation.input_nodes)} input(s): return one array for each, in their order"
        )
    return [
        _checked_term(operation, node, term) for node, term in zip(operation.input_nodes, terms, strict=True)
    ]


def _checked_term(operation: Operation, node: Node, term: object) -> Array:
    array = as_array(term, f"the gradient of {operation.name} for {node.name}")
    if array.shape != node.output.shape:
        raise GraphError(
            f"the gradient of {operation.name} for {node.name} has shape {array.shape}, and {node.name} has "
            f"{node.output.shape}: a gradient has the shape of what it belongs to"
        )
    return array
