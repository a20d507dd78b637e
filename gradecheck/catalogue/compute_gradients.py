"""compute_gradients: the gradient at every node of a graph, given the rule of each operation."""

from typing import Any

import numpy as np

from gradecheck.catalogue.engines import (
    Gradients,
    backward_from,
    depth_first,
    gathering,
    in_place,
    nearest_first,
    on_the_way,
    pushing,
    recursive,
    recursive_at_once,
)
from gradecheck.drive.battery import count_operations, draw, run_in_numpy, run_in_tensorflow
from gradecheck.exercise import Exercise, Float64, Mistake, entry
from gradecheck.graph import Node, Operation


def _at_first_position(consumer: Operation, node: Node, sent: list[Any]) -> list[Any]:
    return [sent[consumer.input_nodes.index(node)]]


def _by_first_position(loss: Node) -> Gradients:
    """A node that is listed twice among its consumer's inputs is found twice at the first place."""
    way = on_the_way(loss)
    consumers = gathering(
        backward_from,
        lambda node: [c for c in node.consumers if c in way(node)],
        _at_first_position,
    )
    return consumers(loss)


def _first_consumer_only(loss: Node) -> Gradients:
    way = on_the_way(loss)
    return gathering(backward_from, lambda node: way(node)[:1])(loss)


def _last_consumer_only(loss: Node) -> Gradients:
    way = on_the_way(loss)
    return gathering(backward_from, lambda node: way(node)[-1:])(loss)


def _started_from_the_loss(loss: Node) -> Gradients:
    """Started with the value of the loss where its gradient belongs."""
    right = pushing()(loss)
    return {node: gradient * loss.output for node, gradient in right.items()}


def _first_term(operation: Operation, terms: list[Any]) -> Any:
    return dict(zip(reversed(operation.input_nodes), reversed(terms), strict=True)).items()


def _leaves_only(loss: Node) -> Gradients:
    return {node: g for node, g in pushing()(loss).items() if not isinstance(node, Operation)}


_ORDER = "A node was handled before everything that uses it had its gradient."
_MISTAKES = (
    Mistake(
        "contributions-overwritten",
        "A node that is used several times has the last contribution only; it has replaced the others.",
        "Where a value goes two ways, how many messages come back to it?",
        "Look for an = that should be a +=.",
        answers=(pushing(collect=lambda _old, new: new), _last_consumer_only),
    ),
    Mistake(
        "first-consumer-only",
        "A node that is used several times has the contribution of the first use only.",
        "Where a value goes two ways, how many messages come back to it?",
        "Does your walk go over all of a node's consumers, or does it stop at the first?",
        answers=(pushing(collect=lambda old, _new: old), _first_consumer_only),
    ),
    Mistake(
        "paths-multiplied",
        "Contributions that reach a node on different paths are multiplied with each other.",
        "If one of two paths brings back 0, should the node get nothing at all?",
        "Along a path slopes multiply. Where paths meet, something else happens.",
        answers=(pushing(collect=lambda old, new: old * new),),
    ),
    Mistake(
        "nearest-nodes-first",
        f"{_ORDER} You go outward from the loss, nearest nodes first.",
        "In a + sigmoid(-a), which of the two uses of a is nearer to the loss, and which is ready first?",
        "A node that is met early may be used far away, too. In which order is nobody too early?",
        answers=(
            gathering(nearest_first, lambda node: node.consumers, _at_first_position),
            gathering(nearest_first),
            pushing(nearest_first),
        ),
    ),
    Mistake(
        "recursion-without-order",
        f"{_ORDER} Each time that your recursion comes to a node, it sends on all that is there by then, "
        "what it had sent before included.",
        "In s + s with s = a + a, how often does your code come to s, and what does it send on each time?",
        "Send on only when everything has arrived, and once.",
        answers=(recursive, recursive_at_once),
    ),
    Mistake(
        "depth-first-without-order",
        f"{_ORDER} You go depth first, and handle each node as soon as you meet it.",
        "In b + sigmoid(-b), is b finished when you first come to it?",
        "Depth first is a good start: write a node down after what is below it, not before.",
        answers=(pushing(depth_first), gathering(depth_first)),
    ),
    Mistake(
        "input-position-lost",
        "One operation has the node twice among its inputs, and you take the gradient of the first for both.",
        "In a @ a, is the slope in the left a the slope in the right a?",
        "What does input_nodes.index(node) say when the node stands there twice?",
        answers=(_by_first_position,),
    ),
    Mistake(
        "each-input-once",
        "One operation has the node twice among its inputs, and only one of the two sends something back.",
        "How many arrows lead from a to a * a?",
        "A set, or the keys of a dict, hold a thing once only.",
        answers=(
            pushing(pairs=_first_term),
            pushing(pairs=lambda o, terms: dict(zip(o.input_nodes, terms, strict=True)).items()),
        ),
    ),
    Mistake(
        "upstream-ignored",
        "Each operation sends back its own slope, whatever has arrived from above.",
        "If the gradient above is 0, what must everything below be?",
        "A rule takes two things: the operation, and the gradient at its output.",
        answers=(pushing(upstream=np.ones_like),),
    ),
    Mistake(
        "array-shared-by-two-nodes",
        "Two nodes share one array in memory: adding to the gradient of one changed the other's.",
        "A rule may hand the same array to both inputs. What does += do with it?",
        "Start each node's gradient with an array of its own.",
        answers=(in_place,),
    ),
    Mistake(
        "consumer-off-the-loss-path",
        "A node asks an operation that does not lead to the loss, and that has no gradient.",
        "Somebody also computes sigmoid(a) for a plot. Does the loss change with that?",
        "Which operations have a say: all that use the node, or all on the way to the loss?",
        answers=(gathering(backward_from),),
    ),
    Mistake(
        "nothing-below-the-loss",
        "Below the loss every gradient is missing, or zero.",
        "Print the dict. Which nodes does it hold, and what?",
        "What an operation sends back has to be added to what its inputs have got so far.",
        answers=(lambda loss: {loss: np.ones(())},),
    ),
    Mistake(
        "started-from-the-loss-itself",
        "Your walk starts from the value of the loss, not from its gradient.",
        "How fast does the loss change with the loss?",
        "The slope of L in L is the same number, however large L is.",
        answers=(_started_from_the_loss,),
    ),
    Mistake(
        "operations-left-out",
        "The operations between the leaves and the loss have no entry in what you return.",
        "For which nodes is a gradient asked?",
        "On the way to the leaves you had the gradients of the others at hand. Where did they go?",
        answers=(_leaves_only,),
    ),
    Mistake(
        "sign-flipped",
        "Everything is right but for the sign.",
        "With which number does your walk start?",
        "A gradient says where the loss grows. Going the other way is the optimizer's business.",
        answers=(lambda loss: {node: -g for node, g in pushing()(loss).items()},),
    ),
)


def _forward(lib: Any, a: Any, b: Any, *rest: Any) -> Any:
    """The result of a graph, with or without something added to each of its operations."""
    *nudges, name = rest
    return run_in_tensorflow(lib, name, (a, b), *nudges) if lib else run_in_numpy(name, (a, b), *nudges)


def _truth(vjp: Any, a: Float64, b: Float64, dz: Float64, name: str) -> tuple[Float64, ...]:
    """The gradients at the leaves; and at each operation, which is where a nudge of nothing is felt."""
    return tuple(vjp(a, b, np.zeros((count_operations(name), *a.shape)), dz))


def _called(output: str, index: tuple[int, ...], name: str) -> str:
    """The operations stand one after the other in the last output."""
    if not output.startswith("at "):
        return entry(output, index)
    node = [node for node in draw(name).nodes if node.label != node.name][index[0]]
    return f"the gradient at {node.name} = {node.label}, entry {list(index[1:])},"


_NAMES = (
    *("diamond", "chain", "skip_first", "skip_last", "swish", "square", "matsq", "x_minus_x"),
    *("nested", "reuse", "dead", "skip_nonleaf", "alias"),
)
_SHAPES = {"a": (2, 2), "b": (2, 2)}

COMPUTE_GRADIENTS = Exercise(
    name="compute_gradients",
    title="compute_gradients",
    arguments=("a", "b", "dz"),
    differentiates=("a", "b"),
    settings={"graph": "diamond"},
    forward=_forward,
    forward_numpy=lambda *arguments: _forward(None, *arguments),
    printed={"a": [[0.5, -1], [2, 1]], "b": [[1, 0.5], [-1, 2]], "dz": [[1, -2], [3, -1]]},
    shapes=tuple({**_SHAPES, "graph": name} for name in _NAMES),
    points=17,
    driver="engine",
    called_as="compute_gradients(loss)",
    truth=_truth,
    named_outputs=("da", "db", "at the operations"),
    tolerance=1e-6,
    place="in the graph {graph}",
    entry_called=_called,
    drawing=draw,
    mistakes=_MISTAKES,
    worth_knowing="Each arrow is walked once, however many paths lead through it.",
)
