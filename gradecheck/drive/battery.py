"""The graphs that `compute_gradients` is tried on, each written once for every library.

A graph is a function of the operations and of two leaves, a and b, of one shape, square. `Recorder` runs it
with the operations of NumPy or TensorFlow, or of `gradecheck.graph`, and remembers every node on the way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradecheck.graph import Node, Operation, add, matmul, multiply, negative, sigmoid
from gradecheck.graph.drawing import Drawing, DrawnNode

#: What an operation is made of: a function for each name.
Library = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Made:
    """One operation of a graph that was run: its name, what it does, and the names of what it takes."""

    name: str
    operation: str
    inputs: tuple[str, ...]


class Recorder:
    """The operations, with the values of one library.

    Args:
        library: see `Library`.
        leaves: the values of a and b.
        nudges: for each operation in turn something to add to its value, or nothing at all.

    Attributes:
        made: the operations in the order in which they ran.
        values: the value of each node, by name.
    """

    def __init__(self, library: Library, leaves: Sequence[Any], nudges: Any = None) -> None:
        self._library = library
        self._nudges = nudges
        self.made: list[Made] = []
        self.values: dict[str, Any] = dict(zip(("a", "b"), leaves, strict=True))

    def __getattr__(self, operation: str) -> Callable[..., str]:
        """The operation, as a function from names of nodes to the name of the node that it makes."""

        def make(*inputs: str) -> str:
            name = f"n{len(self.made) + 1}"
            value = self._library[operation](*(self.values[i] for i in inputs))
            if self._nudges is not None:
                value = self._library["add"](value, self._nudges[len(self.made)])
            self.made.append(Made(name, operation, inputs))
            self.values[name] = value
            return name

        return make


class subtract(Operation):  # noqa: N801 - written like the other operations
    """z = x - y, for two arrays of one shape: an operation whose two inputs get different gradients."""

    def __init__(self, x: Node, y: Node) -> None:
        super().__init__([x, y])

    def compute(self, x: Any, y: Any) -> Any:
        """The difference."""
        return x - y


def _nested(o: Any, a: str) -> str:
    s = o.add(a, a)
    return str(o.add(s, s))


def _reuse(o: Any, a: str, b: str) -> str:
    c, d = o.add(a, b), o.multiply(a, b)
    return str(o.add(o.add(c, d), o.multiply(c, d)))


def _dead(o: Any, a: str) -> str:
    o.sigmoid(a)  # nothing that leads to the loss uses it
    return str(o.negative(a))


def _skip_nonleaf(o: Any, a: str) -> str:
    b = o.sigmoid(a)
    return str(o.add(b, o.sigmoid(o.negative(b))))


#: Name to graph: given the operations and the names of a and b, the name of the result.
GRAPHS: Mapping[str, Callable[[Any, str, str], str]] = {
    "chain": lambda o, a, _b: o.sigmoid(o.negative(a)),
    "diamond": lambda o, a, _b: o.add(o.sigmoid(a), o.negative(a)),
    "skip_first": lambda o, a, _b: o.add(a, o.sigmoid(o.negative(a))),
    "skip_last": lambda o, a, _b: o.add(o.sigmoid(o.negative(a)), a),
    "swish": lambda o, a, _b: o.multiply(a, o.sigmoid(a)),
    "square": lambda o, a, _b: o.multiply(a, a),
    "matsq": lambda o, a, _b: o.matmul(a, a),
    "x_minus_x": lambda o, a, _b: o.subtract(a, a),
    "nested": lambda o, a, _b: _nested(o, a),
    "reuse": lambda o, a, b: _reuse(o, a, b),
    "dead": lambda o, a, _b: _dead(o, a),
    "skip_nonleaf": lambda o, a, _b: _skip_nonleaf(o, a),
    "alias": lambda o, a, b: o.add(o.negative(a), o.add(a, b)),
}
_NUMPY: Library = {
    "add": np.add,
    "subtract": np.subtract,
    "negative": np.negative,
    "multiply": np.multiply,
    "matmul": np.matmul,
    "sigmoid": lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)),
}
_NODES: Library = {
    "add": add,
    "subtract": subtract,
    "negative": negative,
    "multiply": multiply,
    "matmul": matmul,
    "sigmoid": sigmoid,
}


def run_in_tensorflow(tf: Any, name: str, leaves: Sequence[Any], nudges: Any = None) -> Any:
    """The result of a graph in TensorFlow."""
    names = ("add", "subtract", "negative", "multiply", "matmul", "sigmoid")
    return _result(name, Recorder({n: getattr(tf.math, n, tf.matmul) for n in names}, leaves, nudges))


def run_in_numpy(name: str, leaves: Sequence[Any], nudges: Any = None) -> Any:
    """The result of a graph in NumPy."""
    return _result(name, Recorder(_NUMPY, leaves, nudges))


def build(name: str, leaves: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
    """The result of a graph as a node of `gradecheck.graph`, and all its operations as nodes, in order."""
    recorder = Recorder(_NODES, leaves)
    result = _result(name, recorder)
    return result, tuple(recorder.values[made.name] for made in recorder.made)


def count_operations(name: str) -> int:
    """How many operations a graph has."""
    return len(_made(name))


def draw(name: str) -> Drawing:
    """A graph without numbers; its nodes are a, b where it is used, then the operations in order."""
    made = _made(name)
    used = {i for operation in made for i in operation.inputs}
    leaves = tuple(DrawnNode(leaf, leaf) for leaf in ("a", "b") if leaf in used)
    nodes = tuple(DrawnNode(m.name, f"{m.operation}({', '.join(m.inputs)})") for m in made)
    edges = tuple((i, m.name) for m in made for i in m.inputs)
    return Drawing(f"the graph {name}", (*leaves, *nodes), edges)


def _made(name: str) -> list[Made]:
    recorder = Recorder(_NUMPY, (np.zeros((1, 1)), np.zeros((1, 1))))
    GRAPHS[name](recorder, "a", "b")
    return recorder.made


def _result(name: str, recorder: Recorder) -> Any:
    return recorder.values[GRAPHS[name](recorder, "a", "b")]
