"""What a graph is made of: placeholders, variables, and operations on them.

Building a graph computes nothing. `add(a, b)` only notes that there is a node, which nodes it takes its
values from (`input_nodes`), and, the other way round, who uses each node (`consumers`). A `Session` walks
the first kind of arrow to compute values; `compute_gradients` walks the same arrows backward.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gradecheck.errors import GradecheckError

Array = npt.NDArray[np.float64]


class GraphError(GradecheckError):
    """A graph that cannot be built, run or differentiated; the message names the node and the way out."""


class Graph:
    """Nodes that belong together, in the order in which they were built.

    Attributes:
        placeholders: nodes whose value a caller feeds.
        variables: nodes whose value training changes.
        operations: nodes that compute their value from other nodes.
    """

    def __init__(self) -> None:
        self.placeholders: list[placeholder] = []
        self.variables: list[Variable] = []
        self.operations: list[Operation] = []
        self._names: set[str] = set()
        self._numbered: Counter[str] = Counter()

    def as_default(self) -> "_Default":
        """Collect every node built from now on: for good, or for the lines of a `with` statement."""
        return _Default(self)

    def claim_name(self, given: str | None, kind: str) -> str:
        """The given name if it is free; otherwise that name, or the kind of node, with a number."""
        stem = given or kind
        name = given
        while not name or name in self._names:
            self._numbered[stem] += 1
            name = f"{stem}_{self._numbered[stem]}"
        self._names.add(name)
        return name


class _Default:
    """Makes a graph the default at once; used in a `with` statement, gives way to the last one at its end."""

    current: ClassVar[Graph] = Graph()

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._previous = _Default.current
        _Default.current = graph

    def __enter__(self) -> Graph:
        return self._graph

    def __exit__(self, *_: object) -> None:
        _Default.current = self._previous


def default_graph() -> Graph:
    """The graph that the next node will join."""
    return _Default.current


class Node:
    """A place in a graph that holds a value while the graph runs.

    Attributes:
        graph: where it belongs.
        name: as given, or made from its kind: `matmul_1`. No two nodes of a graph share one.
        consumers: the operations that use it, once for each use: `matmul(A, A)` is listed twice in A's.
        last_run: the number of the session's run that gave it its value; 0 before the first.
    """

    def __init__(self, *, name: str | None = None) -> None:
        self.graph = default_graph()
        self.name = self.graph.claim_name(name, type(self).__name__)
        self.consumers: list[Operation] = []
        self.last_run = 0
        self._output: Array | None = None

    @property
    def output(self) -> Array:
        """The value of the last run. It cannot be written to: gradients are computed from it later."""
        if self._output is None:
            raise GraphError(f"{self.name} has no value yet: run it, or the loss it leads to, in a Session")
        return self._output

    @output.setter
    def output(self, value: Array) -> None:
        self._output = value
        self._output.setflags(write=False)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class placeholder(Node):  # noqa: N801 - the operations of the texts are written in lower case
    """An input of the graph, without a value until a caller feeds one: `run(J, feed_dict={X: points})`."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.graph.placeholders.append(self)


class Variable(Node):
    """A parameter of the model: it keeps its value from run to run, and training changes it.

    Args:
        initial_value: numbers of any shape. They are copied, so training never touches the caller's array,
            and become float64: a step of 0.01 would be lost on an integer.
        name: how errors call it.
    """

    def __init__(self, initial_value: npt.ArrayLike, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._value = as_array(initial_value, f"the initial value of {self.name}")
        self.graph.variables.append(self)

    @property
    def value(self) -> Array:
        """The parameter's value now; assign to it to change the parameter."""
        return self._value

    @value.setter
    def value(self, value: npt.ArrayLike) -> None:
        self._value = as_array(value, f"the new value of {self.name}")


class Operation(Node):
    """A node that computes its value from those of its input nodes.

    To add one, write a class with a `compute`, and register its gradient:

        class square(Operation):
            def __init__(self, x):
                super().__init__([x])

            def compute(self, x):
                return x**2

    Attributes:
        input_nodes: the nodes whose values `compute` is given, in its order.
        inputs: those values, from the last run.
        shape_rule: which shapes fit together, in words, for the error when they do not.
        types: every class of operations by its name, the newest of a name.
    """

    shape_rule: str = ""
    types: ClassVar[dict[str, type["Operation"]]] = {}

    def __init__(self, input_nodes: Sequence[Node] = (), *, name: str | None = None) -> None:
        super().__init__(name=name)
        if isinstance(input_nodes, Node):
            raise GraphError(
                f"the input nodes of {self.name} are a list, also where there is one: "
                f"write super().__init__([{input_nodes.name}])"
            )
        self.input_nodes = list(input_nodes)
        self.inputs: list[Array] = []
        for node in self.input_nodes:
            require_node(node, f"an input of {self.name}", "wrap numbers in a Variable, or use a placeholder")
            require_same_graph(node, self.graph, f"{self.name} is being built in")
        for node in self.input_nodes:
            node.consumers.append(self)
        self.graph.operations.append(self)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Operation.types[cls.__name__] = cls

    def compute(self, *args: Any, **kwargs: Any) -> Any:
        """The value, given one float64 array for each input node."""
        raise GraphError(f"{self.name} does not say how it is computed: give {type(self).__name__} a compute")


def topological_order(node: Node) -> list[Node]:
    """The node and all it depends on, each once, and each after all of its input nodes.

    A depth-first search in which a node is written down when everything below it has been. It remembers
    what it has seen: doubling a value 12 times is 13 nodes, though 4096 paths lead through them. And it
    keeps its own stack, since Python's is too small for a graph 1000 operations deep.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(node, False)]
    while stack:
        current, inputs_are_done = stack.pop()
        if inputs_are_done:
            order.append(current)
        elif current not in seen:
            seen.add(current)
            stack.append((current, True))
            if isinstance(current, Operation):
                stack.extend((below, False) for below in reversed(current.input_nodes))
    return order


def as_array(value: object, what: str) -> Array:
    """A fresh float64 array of a value.

    Raises:
        GraphError: it holds something other than real numbers, or rows of different lengths.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise GraphError(
            f"{what} is not an array of numbers but {_named(value)}: "
            "give an array, or lists of numbers whose rows have one length"
        )
    return np.array(array, dtype=np.float64)


def require_node(node: object, role: str, advice: str) -> None:
    """Raise a `GraphError` unless `node` is a node."""
    if not isinstance(node, Node):
        raise GraphError(f"{role} is not a node of a graph but {_described(node)}: {advice}")
    if not hasattr(node, "graph"):
        raise GraphError(
            f"{role} is no node yet: let __init__ of {type(node).__name__} begin with super().__init__([...])"
        )


def require_same_graph(node: Node, graph: Graph, where: str) -> None:
    """Raise a `GraphError` unless `node` belongs to `graph`."""
    if node.graph is not graph:
        raise GraphError(
            f"{node.name} belongs to another graph than the one {where}: "
            "build both inside one `with graph.as_default():`"
        )


def _described(thing: object) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__


def _named(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return "None (is a return missing?)" if value is None else type(value).__name__
