"""Wrong ways to walk back through a graph, as people write them: each takes a loss and returns gradients.

The rules of the operations are right in all of them; what differs is the order in which nodes are handled,
and what becomes of several contributions to one node.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradecheck.graph import Node, Operation, gradient_function, topological_order

Gradients = dict[Node, Any]
Engine = Callable[[Node], Gradients]


def terms_of(operation: Operation, upstream: Any) -> list[Any]:
    """What an operation sends back, an array for each of its inputs."""
    terms = gradient_function(operation)(operation, upstream)
    return list(terms) if isinstance(terms, tuple | list) else [terms]


def _inputs(node: Node) -> list[Node]:
    return node.input_nodes if isinstance(node, Operation) else []


def pushing(
    order: Callable[[Node], Iterable[Node]] = lambda loss: reversed(topological_order(loss)),
    collect: Callable[[Any, Any], Any] = lambda old, new: old + new,
    pairs: Callable[[Operation, list[Any]], Iterable[tuple[Node, Any]]] = lambda operation, terms: zip(
        operation.input_nodes, terms, strict=True
    ),
    upstream: Callable[[Any], Any] = lambda gradient: gradient,
) -> Engine:
    """The walk back in which each operation hands its terms to its inputs, with parts to replace.

    Args:
        order: in which nodes are handled, the loss first.
        collect: what becomes of an old and a new contribution.
        pairs: which input gets which term.
        upstream: what an operation takes for its own gradient.
    """

    def compute_gradients(loss: Node) -> Gradients:
        table: Gradients = {loss: np.ones(())}
        for node in order(loss):
            if isinstance(node, Operation) and node in table:
                for input_node, term in pairs(node, terms_of(node, upstream(table[node]))):
                    known = input_node in table
                    table[input_node] = collect(table[input_node], term) if known else term
        return table

    return compute_gradients


def _at_every_position(consumer: Operation, node: Node, sent: list[Any]) -> list[Any]:
    return [term for taken, term in zip(consumer.input_nodes, sent, strict=True) if taken is node]


def gathering(
    order: Callable[[Node], Iterable[Node]],
    consumers: Callable[[Node], Iterable[Operation]] = lambda node: dict.fromkeys(node.consumers),
    terms: Callable[[Operation, Node, list[Any]], Iterable[Any]] = _at_every_position,
) -> Engine:
    """The walk in which each node asks those that use it; it raises KeyError where one has no gradient yet.

    Args:
        order: in which nodes are handled, the loss first.
        consumers: whom a node asks.
        terms: which of the terms that a consumer sends are the node's.
    """

    def compute_gradients(loss: Node) -> Gradients:
        table: Gradients = {loss: np.ones(())}
        for node in order(loss):
            if node is loss:
                continue
            table[node] = 0.0
            for consumer in consumers(node):
                for term in terms(consumer, node, terms_of(consumer, table[consumer])):
                    table[node] = table[node] + term
        return table

    return compute_gradients


def nearest_first(loss: Node) -> list[Node]:
    """Breadth first: the loss, what it takes, what that takes; each node where it is met first."""
    order, waiting = [loss], deque([loss])
    while waiting:
        for node in _inputs(waiting.popleft()):
            if node not in order:
                order.append(node)
                waiting.append(node)
    return order


def depth_first(loss: Node) -> list[Node]:
    """Depth first, each node written down before what it takes."""
    order: list[Node] = []

    def visit(node: Node) -> None:
        if node not in order:
            order.append(node)
            for below in _inputs(node):
                visit(below)

    visit(loss)
    return order


def recursive(loss: Node) -> Gradients:
    """Each node, as often as it is reached, sends on all that it has collected so far."""
    table: Gradients = {loss: np.ones(())}

    def visit(node: Node) -> None:
        if isinstance(node, Operation):
            for below, term in zip(node.input_nodes, terms_of(node, table[node]), strict=True):
                table[below] = table.get(below, 0.0) + term
            for below in node.input_nodes:
                visit(below)

    visit(loss)
    return table


def recursive_at_once(loss: Node) -> Gradients:
    """As `recursive`, but each term is followed down before the next one is added."""
    table: Gradients = {}

    def visit(node: Node, term: Any) -> None:
        table[node] = table.get(node, 0.0) + term
        if isinstance(node, Operation):
            for below, sent in zip(node.input_nodes, terms_of(node, table[node]), strict=True):
                visit(below, sent)

    visit(loss, np.ones(()))
    return table


def in_place(loss: Node) -> Gradients:
    """The first contribution is kept as it came, and the others are added into that very array."""
    table: Gradients = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            for below, term in zip(node.input_nodes, terms_of(node, table[node]), strict=True):
                if below in table:
                    table[below] += term
                else:
                    table[below] = term
    return table


def backward_from(loss: Node) -> list[Node]:
    """A sound order: each node after all that use it on the way to the loss."""
    return list(reversed(topological_order(loss)))


def on_the_way(loss: Node) -> Callable[[Node], list[Operation]]:
    """Whom a node may ask: those of its consumers that lead to the loss, each once."""
    reached = set(topological_order(loss))
    return lambda node: [c for c in dict.fromkeys(node.consumers) if c in reached]
