"""The teaching library: what a graph computes, its gradients beside TensorFlow's, training, every error."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradecheck import graph as library
from gradecheck.errors import GradecheckError
from gradecheck.graph import (
    GradientDescentOptimizer,
    Graph,
    GraphError,
    Node,
    Operation,
    RegisterGradient,
    Session,
    Variable,
    add,
    compute_gradients,
    default_graph,
    gradient_function,
    gradient_registry,
    log,
    matmul,
    multiply,
    negative,
    placeholder,
    reduce_sum,
    sigmoid,
    softmax,
    topological_order,
)

X = np.array([[0.5, -1, 2], [3, -2, 0.25]])
DZ = np.array([[1, -2, 3], [-1, 0.5, 2]])
PROBE_Y = np.array([[1, 0, 2, -1], [3, 1, -2, 0], [0, 2, 1, 4]], float)
PROBE_DZ = np.array([[1, -1, 2, 0], [0.5, 3, -2, 1]])
close = np.testing.assert_allclose


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as fresh:
        yield fresh


@pytest.fixture
def registry() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before, types = dict(gradient_registry), dict(Operation.types)
    yield
    for table, old in ((gradient_registry, before), (Operation.types, types)):
        table.clear()
        table.update(old)  # type: ignore[arg-type]  # each its own kind of table


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def run(node: Node, **values: Any) -> np.ndarray:
    """The value of a node; placeholders are fed by name."""
    feeds = {p: values[p.name] for p in node.graph.placeholders if p.name in values}
    return Session().run(node, feeds)


def gradients_of(loss: Node, **values: Any) -> dict[Node, np.ndarray]:
    run(loss, **values)
    return compute_gradients(loss)


def weighted(node: Node, weights: Any) -> Node:
    """A loss whose gradient at the node is `weights`: Σ weights · node."""
    return reduce_sum(multiply(Variable(weights), node))


def in_tensorflow(tf: Any, loss: Node) -> tuple[dict[Node, Any], dict[Node, Any]]:
    """Values and gradients of every node that the loss depends on, from TensorFlow in float64."""
    forward: dict[type[Node], Callable[..., Any]] = {
        add: tf.add,
        log: tf.math.log,
        matmul: tf.matmul,
        multiply: tf.multiply,
        negative: tf.negative,
        sigmoid: tf.sigmoid,
        softmax: tf.nn.softmax,
    }
    tensors: dict[Node, Any] = {}
    with tf.GradientTape() as tape:
        for node in topological_order(loss):
            if isinstance(node, Variable):
                tensors[node] = tf.constant(node.value)
                tape.watch(tensors[node])
            elif isinstance(node, reduce_sum):
                tensors[node] = tf.reduce_sum(tensors[node.input_nodes[0]], node.axis, node.keepdims)
            elif isinstance(node, Operation):
                tensors[node] = forward[type(node)](*(tensors[n] for n in node.input_nodes))
    gradients = tape.gradient(tensors[loss], list(tensors.values()))
    return tensors, dict(zip(tensors, gradients, strict=True))


def assert_equals_tensorflow(tf: Any, loss: Node) -> None:
    gradients = gradients_of(loss)
    tensors, expected = in_tensorflow(tf, loss)
    assert gradients.keys() == tensors.keys()
    largest = max(1.0, *(float(abs(g.numpy()).max()) for g in expected.values()))
    for node, tensor in tensors.items():
        close(node.output, tensor.numpy(), rtol=1e-11, atol=1e-11, err_msg=node.name)
        close(gradients[node], expected[node].numpy(), rtol=1e-10, atol=1e-12 * largest, err_msg=node.name)


# The numbers of the catalogue ------------------------------------------------------------------------------

ONE_INPUT = {
    "negative": (negative, X, DZ, [[-0.5, 1, -2], [-3, 2, -0.25]], [[-1, 2, -3], [1, -0.5, -2]]),
    "log": (
        log,
        [[0.5, 1, 2], [4, 0.25, 8]],
        DZ,
        [[-0.693147, 0, 0.693147], [1.386294, -1.386294, 2.079442]],
        [[2, -2, 1.5], [-0.25, 2, 0.25]],
    ),
    "sigmoid": (
        sigmoid,
        [3, 4, 5],
        [1, 2, 3],
        [0.95257413, 0.98201379, 0.99330715],
        [0.04517666, 0.03532541, 0.01994417],
    ),
    "sigmoid, probe": (
        sigmoid,
        [-2, 0, 1.5],
        [1, -2, 0.5],
        [0.11920292, 0.5, 0.81757448],
        [0.10499359, -0.5, 0.07457323],
    ),
    "softmax of a vector": (
        softmax,
        [3, 4, 5],
        [1, 2, 3],
        [0.09003057, 0.24472847, 0.66524096],
        [-0.14181709, -0.14077036, 0.28258745],
    ),
    "softmax of rows": (
        softmax,
        X,
        DZ,
        [[0.17529039, 0.03911257, 0.78559703], [0.93399826, 0.00629323, 0.05970851]],
        [[-0.25484705, -0.17420178, 0.42904883], [-0.17611974, 0.00825316, 0.16786658]],
    ),
}

TWO_INPUTS = {
    "multiply": (
        multiply,
        X,
        [[2, 1, -1], [0.5, 4, -2]],
        DZ,
        [[1, -1, -2], [1.5, -8, -0.5]],
        [[2, -2, -3], [-0.5, 2, -4]],
        [[0.5, 2, 6], [-3, -1, 0.5]],
    ),
    "multiply, broadcast": (
        multiply,
        X,
        [2, 1, -1],
        DZ,
        [[1, -1, -2], [6, -2, -0.25]],
        [[2, -2, -3], [-2, 0.5, -2]],
        [-2.5, 1, 6.5],
    ),
    "add, broadcast": (add, X, [10, 20, 30], DZ, [[10.5, 19, 32], [13, 18, 30.25]], DZ, [0, -1.5, 5]),
    "add, both broadcast": (
        add,
        [[1], [2]],
        [[10, 20, 30]],
        DZ,
        [[11, 21, 31], [12, 22, 32]],
        [[2], [1.5]],
        [[0, -1.5, 5]],
    ),
    "matmul": (
        matmul,
        [[3, 4], [5, 6]],
        [[4, 5], [6, 7]],
        [[1, 2], [3, 4]],
        [[36, 43], [56, 67]],
        [[14, 20], [32, 46]],
        [[18, 26], [22, 32]],
    ),
    "matmul, probe": (
        matmul,
        X,
        PROBE_Y,
        PROBE_DZ,
        [[-2.5, 3, 5, 7.5], [-3, -1.5, 10.25, -2]],
        [[5, -2, 0], [-4.5, 8.5, 8]],
        [[2, 8.5, -5, 3], [-2, -5, 2, -2], [2.125, -1.25, 3.5, 0.25]],
    ),
}


@pytest.mark.parametrize(("operation", "x", "dz", "z", "dx"), ONE_INPUT.values(), ids=ONE_INPUT)
def test_an_operation_of_one_input(operation: Any, x: Any, dz: Any, z: Any, dx: Any) -> None:
    a = Variable(x)
    node = operation(a)
    gradients = gradients_of(weighted(node, dz))
    close(node.output, z, rtol=2e-6)
    close(gradients[a], dx, rtol=1e-6, atol=1e-8)
    close(gradients[node], dz)


@pytest.mark.parametrize(("operation", "x", "y", "dz", "z", "dx", "dy"), TWO_INPUTS.values(), ids=TWO_INPUTS)
def test_an_operation_of_two_inputs(
    operation: Any, x: Any, y: Any, dz: Any, z: Any, dx: Any, dy: Any
) -> None:
    a, b = Variable(x), Variable(y)
    node = operation(a, b)
    gradients = gradients_of(weighted(node, dz))
    assert node.output.tolist() == np.asarray(z).tolist()
    assert gradients[a].tolist() == np.asarray(dx).tolist()
    assert gradients[b].tolist() == np.asarray(dy).tolist()


@pytest.mark.parametrize(
    ("axis", "dz", "z", "dx"),
    [
        (None, 2, 2.75, np.full((2, 3), 2.0)),
        (0, [1, -2, 3], [3.5, -3, 2.25], [[1, -2, 3], [1, -2, 3]]),
        (1, [5, -7], [1.5, 1.25], [[5, 5, 5], [-7, -7, -7]]),
        (-1, [5, -7], [1.5, 1.25], [[5, 5, 5], [-7, -7, -7]]),
        ((0,), [1, -2, 3], [3.5, -3, 2.25], [[1, -2, 3], [1, -2, 3]]),
        ([0, 1], 2, 2.75, np.full((2, 3), 2.0)),
        ((0, -1), 2, 2.75, np.full((2, 3), 2.0)),
        ((), DZ, X, DZ),
        (np.int64(0), [1, -2, 3], [3.5, -3, 2.25], [[1, -2, 3], [1, -2, 3]]),
    ],
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reduce_sum_takes_every_kind_of_axis(axis: Any, dz: Any, z: Any, dx: Any, keepdims: bool) -> None:
    A = Variable(X)
    total = reduce_sum(A, axis, keepdims)
    shape = X.sum(
        axis=None if axis is None else tuple(np.atleast_1d(axis).astype(int)), keepdims=keepdims
    ).shape
    gradients = gradients_of(weighted(total, np.reshape(dz, shape)))
    assert total.output.tolist() == np.reshape(z, shape).tolist()
    assert gradients[A].tolist() == np.asarray(dx).tolist()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((2,), (2, 3)),
        ((4, 2, 3), (3, 2)),
        ((2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
    ],
)
def test_matmul_takes_vectors_and_stacks_as_numpy_does(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    a, b = Variable(rng.normal(size=x)), Variable(rng.normal(size=y))
    product = matmul(a, b)
    weights = rng.normal(size=(a.value @ b.value).shape)
    gradients = gradients_of(weighted(product, weights))
    assert product.output.tolist() == (a.value @ b.value).tolist()
    for node, f in (
        (a, lambda v: (weights * (v @ b.value)).sum()),
        (b, lambda v: (weights * (a.value @ v)).sum()),
    ):
        close(gradients[node], slopes(f, node.value), atol=1e-8)


def slopes(f: Callable[[np.ndarray], Any], x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """Central differences of a scalar function, error about 1e-9 on values near 1."""
    result = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = h
        result[at] = (f(x + step) - f(x - step)) / (2 * h)
    return result


def test_softmax_of_large_scores_is_finite() -> None:
    assert run(softmax(Variable([1000, 0]))).tolist() == [1, 0]
    assert run(softmax(Variable([[1000, 1000], [-1000, 0]]))).tolist() == [[0.5, 0.5], [0, 1]]


def test_softmax_ignores_a_shift() -> None:
    close(run(softmax(Variable([103, 104, 105]))), run(softmax(Variable([3, 4, 5]))), rtol=1e-12)


def test_the_sigmoid_never_overflows() -> None:
    assert run(sigmoid(Variable([-1000, 0, 1000]))).tolist() == [0, 0.5, 1]
    close(run(log(sigmoid(Variable(-720)))), -720)  # where e^720 overflows, e^-720 does not yet vanish


def test_what_is_not_finite_is_said_once_and_by_name() -> None:
    p = Variable([1, 0], name="p")
    loss = reduce_sum(log(p, name="entropy"), name="J")
    with pytest.warns(RuntimeWarning) as caught:
        value = run(loss)
    assert [str(w.message) for w in caught] == [
        "entropy made inf or nan of finite numbers: look at the values of p"
    ]
    assert value == -np.inf
    assert compute_gradients(loss)[p].tolist() == [1, np.inf]


# Building a graph ------------------------------------------------------------------------------------------


def test_the_first_graph_of_the_texts() -> None:
    A, b, x = Variable([[1, 0], [0, -1]]), Variable([1, 1]), placeholder()
    z = add(matmul(A, x), b)
    assert Session().run(z, {x: [1, 2]}).tolist() == [2, -1]


def test_a_graph_lists_its_nodes(graph: Graph) -> None:
    x, w = placeholder(), Variable(1)
    y = multiply(x, w)
    assert (graph.placeholders, graph.variables, graph.operations) == ([x], [w], [y])


def test_a_node_knows_its_inputs_and_its_consumers_once_for_each_use() -> None:
    a, b = Variable([[1, 2], [3, 4]]), Variable(1)
    square, total = matmul(a, a), add(a, b)
    assert square.input_nodes == [a, a]
    assert a.consumers == [square, square, total]
    assert b.consumers == [total]


def test_every_node_has_a_name_of_its_own() -> None:
    w, again = Variable(1, name="W"), Variable(1, name="W")
    names = [
        n.name for n in (w, again, Variable(1), placeholder(), add(w, w), add(w, w), matmul(w, w, name="h"))
    ]
    assert names == ["W", "W_1", "Variable_1", "placeholder_1", "add_1", "add_2", "h"]
    assert Variable(1, name="add_3").name == "add_3"
    assert add(w, w).name == "add_4"
    assert repr(w) == "<Variable W>"


def test_with_gives_the_default_back_at_its_end_even_after_an_error(graph: Graph) -> None:
    with Graph().as_default() as inner:
        assert default_graph() is inner is Variable(1).graph
        with Graph().as_default() as innermost:
            assert default_graph() is innermost
        assert default_graph() is inner
    with pytest.raises(ZeroDivisionError), Graph().as_default():
        raise ZeroDivisionError
    assert default_graph() is graph


def test_without_with_a_graph_stays_the_default() -> None:
    lasting = Graph()
    lasting.as_default()
    assert Variable(1).graph is lasting


def test_everything_is_float64() -> None:
    x = placeholder(name="x")
    w = Variable(np.float32([1, 2]))
    y = add(x, w)
    value = run(y, x=[1, True])
    assert {a.dtype for a in (value, w.value, x.output, y.output, *y.inputs)} == {np.dtype(np.float64)}
    w.value = np.array([3, 4])
    assert w.value.dtype == np.float64


def test_a_variables_value_is_a_copy() -> None:
    mine = np.array([1.0, 2.0])
    w = Variable(mine)
    w.value[0] = 5
    mine[1] = 7
    assert (mine.tolist(), w.value.tolist()) == ([1, 7], [5, 2])
    w.value = mine
    mine[0] = 9
    assert w.value.tolist() == [1, 7]


# Running ---------------------------------------------------------------------------------------------------


def test_run_takes_any_node_and_returns_an_array_of_the_callers_own() -> None:
    x, w = placeholder(name="x"), Variable([3.0])
    given = np.array([1.0])
    for node in (x, w, add(x, w)):
        result = run(node, x=given)
        result += 100
        assert node.output.tolist() != result.tolist()
    assert (given.tolist(), w.value.tolist()) == ([1], [3])


def test_a_run_follows_the_variables_and_the_feed() -> None:
    x, w = placeholder(name="x"), Variable(2, name="w")
    y = multiply(x, w)
    assert run(y, x=3) == 6
    w.value = 5
    assert run(y, x=3) == 15
    assert run(y, x=4) == 20


def test_only_what_a_node_depends_on_is_computed() -> None:
    a, unfed = Variable(1), placeholder()
    add(a, unfed)
    assert run(negative(a)) == -1


def test_a_feed_that_the_node_does_not_need_is_fine() -> None:
    x, unused = placeholder(name="x"), placeholder(name="unused")
    assert Session().run(negative(x), {x: 1, unused: 2}) == -1


@pytest.mark.usefixtures("registry")
def test_a_session_computes_each_node_once() -> None:
    calls: list[str] = []

    class doubled(Operation):
        def compute(self, x: Any, y: Any) -> Any:
            calls.append(self.name)
            return x + y

    node: Node = Variable(1)
    for _ in range(12):
        node = doubled([node, node])
    assert run(node) == 2**12
    assert len(calls) == 12


def test_a_graph_may_be_deeper_than_pythons_stack() -> None:
    a = Variable(1.5)
    node: Node = a
    for _ in range(3000):
        node = negative(node)
    assert gradients_of(node)[a] == 1
    assert len(topological_order(node)) == 3001


def test_the_order_puts_inputs_first_and_each_node_once() -> None:
    a, b = Variable(1), Variable(2)
    c, d = add(a, b), multiply(a, b)
    y = add(add(c, d), multiply(c, d))
    order = topological_order(y)
    assert sorted(n.name for n in order) == sorted(n.name for n in (a, b, c, d, y, *y.input_nodes))
    assert all(
        order.index(i) < order.index(n) for n in order if isinstance(n, Operation) for i in n.input_nodes
    )


# Gradients: the battery ------------------------------------------------------------------------------------

LEAF = [[0.3, -1.2], [0.8, 2.0]]
OTHER = [[1.5, 0.4], [-0.7, -0.1]]


def dead(a: Node, _: Node) -> Node:
    """Two branches that do not lead to the loss, one of them through another loss."""
    y = sigmoid(a)
    log(sigmoid(a))
    reduce_sum(multiply(y, a))
    return y


def reuse(a: Node, b: Node) -> Node:
    c, d = add(a, b), multiply(a, b)
    return add(add(c, d), multiply(c, d))


def skip_nonleaf(a: Node, _: Node) -> Node:
    b = sigmoid(a)
    return add(b, sigmoid(negative(b)))


BATTERY: dict[str, Callable[[Node, Node], Node]] = {
    "chain": lambda a, _: sigmoid(negative(a)),
    "diamond": lambda a, _: add(sigmoid(a), negative(a)),
    "skip_first": lambda a, _: add(a, sigmoid(negative(a))),
    "skip_last": lambda a, _: add(sigmoid(negative(a)), a),
    "swish": lambda a, _: multiply(a, sigmoid(a)),
    "square": lambda a, _: multiply(a, a),
    "matsq": lambda a, _: matmul(a, a),
    "x_minus_x": lambda a, _: add(a, negative(a)),
    "nested": lambda a, _: add(add(a, a), add(a, a)),
    "reuse": reuse,
    "dead": dead,
    "skip_nonleaf": skip_nonleaf,
    "alias": lambda a, b: add(negative(a), add(a, b)),
    "matsq, weighted rows": lambda a, b: softmax(matmul(matmul(a, a), b)),
}


@pytest.mark.parametrize("name", BATTERY)
def test_the_battery_equals_tensorflow_at_every_node(name: str, tf: Any) -> None:
    y = BATTERY[name](Variable(LEAF, name="a"), Variable(OTHER, name="b"))
    assert_equals_tensorflow(tf, weighted(y, DZ[:, :2]))
    assert_equals_tensorflow(tf, reduce_sum(y))


def test_a_matrix_used_twice_by_one_product() -> None:
    A = Variable([[1, 2], [3, 4]])
    assert gradients_of(reduce_sum(matmul(A, A)))[A].tolist() == [[7, 11], [9, 13]]


def test_a_minus_a_has_no_slope() -> None:
    a = Variable(LEAF)
    assert not gradients_of(reduce_sum(add(a, negative(a))))[a].any()


def test_leaves_share_no_array() -> None:
    a, b = Variable(LEAF), Variable(LEAF)
    y = reduce_sum(add(negative(a), add(a, b)))
    gradients = gradients_of(y)
    assert not gradients[a].any()
    assert gradients[b].tolist() == [[1, 1], [1, 1]]
    arrays = [*gradients.values(), *(array for n in y.graph.operations for array in (*n.inputs, n.output))]
    for gradient in gradients.values():
        assert [other for other in arrays if np.shares_memory(gradient, other)] == [gradient]
        gradient += 1  # and they can be written to


def test_the_gradient_is_the_sum_over_paths() -> None:
    """a -> b -> d -> e and a -> c -> d -> e: de/dd (dd/db db/da + dd/dc dc/da)."""
    a = Variable(0.7)
    b, c = sigmoid(a), negative(a)
    d = multiply(b, c)
    e = sigmoid(d)
    gradients = gradients_of(e)
    db_da, dc_da, de_dd = b.output * (1 - b.output), -1.0, e.output * (1 - e.output)
    close(gradients[a], de_dd * (c.output * db_da + b.output * dc_da), rtol=1e-14)
    assert gradients[e] == 1


def test_nodes_off_the_path_have_no_gradient() -> None:
    a, unused = Variable(LEAF), Variable(LEAF)
    y = sigmoid(a)
    loss, metric = reduce_sum(y), reduce_sum(multiply(y, unused))
    assert gradients_of(loss).keys() == {loss, y, a}
    assert gradients_of(metric).keys() == {metric, *metric.input_nodes, y, a, unused}


def test_placeholders_have_gradients_too() -> None:
    x = placeholder(name="x")
    assert gradients_of(reduce_sum(multiply(x, x)), x=[1, 2])[x].tolist() == [2, 4]


def test_a_loss_may_be_a_leaf() -> None:
    a = Variable(3)
    assert gradients_of(a) == {a: 1}


def test_computing_gradients_changes_nothing() -> None:
    a, b = Variable(LEAF), Variable(OTHER)
    loss = reduce_sum(reuse(a, b))
    first = gradients_of(loss)
    second = compute_gradients(loss)
    assert all((first[n] == second[n]).all() for n in first)
    assert a.value.tolist() == LEAF


SHAPES = [(), (3,), (1, 3), (2, 1), (2, 3), (3, 2), (3, 3), (2, 1, 3)]
KINDS = ("add", "multiply", "matmul", "negative", "sigmoid", "softmax", "log", "reduce_sum")


def legal_operands(kind: str, nodes: list[Node]) -> list[tuple[Node, ...]]:
    """What an operation can be applied to so that values stay moderate, where both sides are exact."""
    small = [n for n in nodes if abs(n.output).max() < 10]
    if kind == "softmax":
        return [(n,) for n in nodes if n.output.ndim]
    if kind == "log":
        return [(n,) for n in nodes if n.output.min() > 0.01]
    if kind == "matmul":
        matrices = [n for n in small if n.output.ndim == 2]
        return [(a, b) for a in matrices for b in matrices if a.output.shape[1] == b.output.shape[0]]
    if kind in ("add", "multiply"):
        return [(a, b) for a in small for b in small if fit(a.output.shape, b.output.shape)]
    return [(n,) for n in nodes]


def fit(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


@st.composite
def losses(draw: st.DrawFn) -> Node:
    """A scalar on top of a random graph; some of its nodes do not lead there."""
    with Graph().as_default():
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4))
        nodes: list[Node] = [Variable(rng.uniform(-2, 2, shape)) for shape in shapes]
        for node in nodes:
            run(node)
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=5, max_size=16)):
            if not (operands := legal_operands(kind, nodes)):
                continue
            chosen = draw(st.sampled_from(operands))
            extra: dict[str, Any] = {}
            if kind == "reduce_sum":
                rank = chosen[0].output.ndim
                axes = [
                    None,
                    *range(-rank, rank),
                    *((i, j - rank) for i in range(rank) for j in range(i + 1, rank)),
                ]
                extra = {"axis": draw(st.sampled_from(axes)), "keepdims": draw(st.booleans())}
            nodes.append(getattr(library, kind)(*chosen, **extra))
            run(nodes[-1])
        loss = weighted(nodes[-1], rng.uniform(-2, 2, nodes[-1].output.shape))
        for node in draw(st.lists(st.sampled_from(nodes), max_size=3)):
            loss = add(weighted(node, rng.uniform(-2, 2, node.output.shape)), loss)
        return loss


@settings(max_examples=400, deadline=None)
@given(loss=losses())
def test_random_graphs_equal_tensorflow_at_every_node(loss: Node, tf: Any) -> None:
    with loss.graph.as_default():
        assert_equals_tensorflow(tf, loss)


# Registering gradients -------------------------------------------------------------------------------------


class square(Operation):
    def __init__(self, x: Node) -> None:
        super().__init__([x])

    def compute(self, x: Any) -> Any:
        return x**2


@pytest.mark.parametrize("key", ["square", square])
@pytest.mark.usefixtures("registry")
def test_an_operation_of_ones_own(key: Any) -> None:
    def square_gradient(op: Operation, G: Any) -> Any:
        return G * 2 * op.inputs[0]

    assert RegisterGradient(key)(square_gradient) is square_gradient
    assert gradient_registry[square] is square_gradient
    a = Variable([1, 2])
    node = square(a)
    assert gradient_function(node) is square_gradient
    assert gradients_of(reduce_sum(node))[a].tolist() == [2, 4]


@pytest.mark.usefixtures("registry")
def test_registering_twice_warns_and_the_second_counts() -> None:
    RegisterGradient("square")(lambda _, G: G)
    with pytest.warns(
        UserWarning, match=r"^square had a gradient already; from now on <function .*> is used$"
    ):

        @RegisterGradient("square")
        def twice(_: Operation, G: Any) -> Any:
            return 2 * G

    a = Variable(3)
    assert gradients_of(square(a))[a] == 2


@pytest.mark.usefixtures("registry")
def test_every_operation_has_a_gradient_and_a_fresh_registration_is_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RegisterGradient(square)(lambda _, G: G)
    named = {kind.__name__ for kind in gradient_registry}
    assert set(KINDS) <= named


@pytest.mark.usefixtures("registry")
def test_a_gradient_that_writes_into_what_it_is_given_harms_nobody() -> None:
    @RegisterGradient(square)
    def careless(_: Operation, G: Any) -> Any:
        G *= 0
        return G

    a = Variable([1, 2])
    node = square(a)
    assert gradients_of(reduce_sum(node))[node].tolist() == [1, 1]


@pytest.mark.usefixtures("registry")
def test_a_class_written_again_in_a_notebook_takes_the_name() -> None:
    class square(Operation):
        pass

    RegisterGradient("square")(lambda _, G: G)
    assert square in gradient_registry


# Descent and training --------------------------------------------------------------------------------------


def test_a_step_follows_the_gradient_of_values_computed_afresh() -> None:
    """With values left over from the first run the steps would be 3.98234, 3.96467, 3.94701."""
    v = Variable(4)
    step = GradientDescentOptimizer(learning_rate=1).minimize(sigmoid(v))
    seen = []
    for _ in range(3):
        Session().run(step)
        seen.append(float(v.value))
    close(seen, [3.98234, 3.96437, 3.94609], atol=5e-6)


def test_a_step_returns_the_loss_that_it_started_from() -> None:
    v = Variable(3, name="v")
    loss = multiply(v, v)
    step = GradientDescentOptimizer(0.25).minimize(loss)
    assert [float(run(step)) for _ in range(3)] == [9, 2.25, 0.5625]


def test_all_variables_move_by_gradients_of_the_old_values() -> None:
    a, b = Variable(2), Variable(3)
    run(GradientDescentOptimizer(0.5).minimize(multiply(a, b)))
    assert (a.value, b.value) == (0.5, 2)


def test_training_moves_integers_and_never_the_callers_array() -> None:
    mine = np.array([4, -2])
    a = Variable(mine)
    run(GradientDescentOptimizer(0.125).minimize(reduce_sum(multiply(a, a))))
    assert a.value.tolist() == [3, -1.5]
    assert mine.tolist() == [4, -2]


def test_a_variable_off_the_path_stays() -> None:
    a, other = Variable(1), Variable(1)
    loss = negative(a)
    multiply(loss, other)
    run(GradientDescentOptimizer(0.5).minimize(loss))
    assert (a.value, other.value) == (1.5, 1)


def test_a_second_step_in_one_graph_does_not_disturb_the_first() -> None:
    a = Variable(2)
    loss = multiply(a, a)
    small, large = (GradientDescentOptimizer(rate).minimize(loss) for rate in (0.125, 0.25))
    run(small)
    assert a.value == 1.5
    run(large)
    assert a.value == 0.75


def test_minimize_builds_its_node_in_the_losss_graph(graph: Graph) -> None:
    a = Variable(1)
    loss = negative(a)
    with Graph().as_default():
        assert GradientDescentOptimizer(1).minimize(loss).graph is graph


class Perceptron:
    """Two clouds of 50 points around (-2, -2) and (2, 2), and softmax(X W + b) to tell them apart."""

    def __init__(self, seed: int, rate: float = 0.01) -> None:
        rng = np.random.default_rng(seed)
        self.points = np.concatenate([rng.normal(size=(50, 2)) - 2, rng.normal(size=(50, 2)) + 2])
        self.classes = np.repeat([[1, 0], [0, 1]], 50, axis=0)
        self.X, self.c = placeholder(name="X"), placeholder(name="c")
        self.W = Variable(rng.normal(size=(2, 2)), name="W")
        self.b = Variable(rng.normal(size=2), name="b")
        self.p = softmax(add(matmul(self.X, self.W), self.b))
        self.J = negative(reduce_sum(reduce_sum(multiply(self.c, log(self.p)), axis=1)))
        self.step = GradientDescentOptimizer(rate).minimize(self.J)

    def run(self, node: Node) -> np.ndarray:
        return Session().run(node, {self.X: self.points, self.c: self.classes})


@pytest.mark.parametrize("seed", range(20))
def test_training_the_perceptron(seed: int) -> None:
    model = Perceptron(seed)
    rows, total = model.W.value.sum(axis=1), model.b.value.sum()
    losses = [float(model.run(model.step)) for _ in range(100)] + [float(model.run(model.J))]
    assert np.isfinite(losses).all()
    assert (np.diff(losses) < 0).all()
    # Each row of p - c adds up to 0, so no step can change these sums.
    close(model.W.value.sum(axis=1), rows, atol=1e-13)
    close(model.b.value.sum(), total, atol=1e-13)
    assert (model.run(model.p).argmax(axis=1) == model.classes.argmax(axis=1)).mean() >= 0.98


def test_the_gradient_of_the_perceptron_at_its_first_step() -> None:
    model = Perceptron(seed=1)
    W, b = model.W.value, model.b.value
    model.run(model.J)
    gradients = compute_gradients(model.J)
    error = model.p.output - model.classes
    close(gradients[model.W], model.points.T @ error, rtol=1e-11)
    close(gradients[model.b], error.sum(axis=0), rtol=1e-11)

    def loss_at(variable: Variable, value: np.ndarray) -> float:
        old, variable.value = variable.value, value
        result = float(model.run(model.J))
        variable.value = old
        return result

    close(gradients[model.W], slopes(lambda v: loss_at(model.W, v), W), atol=2e-6)
    close(gradients[model.b], slopes(lambda v: loss_at(model.b, v), b), atol=2e-6)


# Errors: each names the node and says what to do -----------------------------------------------------------


def test_a_graph_error_is_one_of_ours() -> None:
    assert issubclass(GraphError, GradecheckError)


def message_of(action: Callable[[], Any]) -> str:
    with pytest.raises(GraphError) as caught:
        action()
    return str(caught.value)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda X, W: matmul(X, W),
            "matmul_1 cannot compute with X of shape (4, 3) and W of shape (2, 2): matmul takes as many "
            "columns on the left as there are rows on the right: (n, k) @ (k, m)",
        ),
        (
            lambda X, W: add(X, W, name="z"),
            "z cannot compute with X of shape (4, 3) and W of shape (2, 2): add takes equal shapes, or "
            "lengths of 1 (or none) where they differ: (n, m) + (m,)",
        ),
        (
            lambda X, W: multiply(X, W),
            "multiply_1 cannot compute with X of shape (4, 3) and W of shape (2, 2): multiply takes equal "
            "shapes, or lengths of 1 (or none) where they differ: (n, m) * (m,)",
        ),
        (
            lambda X, _: reduce_sum(X, axis=2),
            "reduce_sum_1 cannot compute with X of shape (4, 3): axis=2 must name axes of its input, "
            "each once",
        ),
        (
            lambda X, _: reduce_sum(X, axis=(1, -1)),
            "reduce_sum_1 cannot compute with X of shape (4, 3): axis=(1, -1) must name axes of its input, "
            "each once",
        ),
        (
            lambda X, _: reduce_sum(reduce_sum(X, name="total"), axis=0),
            "reduce_sum_1 cannot compute with total of shape (): axis=0 must name axes of its input, "
            "each once",
        ),
        (
            lambda X, _: softmax(reduce_sum(X, name="total")),
            "softmax_1 cannot compute with total of shape (): softmax takes rows, so at least one axis, and "
            "at least one number in a row",
        ),
    ],
)
def test_shapes_that_do_not_fit(build: Callable[[Node, Node], Node], message: str) -> None:
    node = build(placeholder(name="X"), Variable(np.ones((2, 2)), name="W"))
    assert message_of(lambda: run(node, X=np.ones((4, 3)))) == message


def test_a_missing_feed() -> None:
    loss = reduce_sum(add(placeholder(name="X"), placeholder(name="c")))
    assert message_of(lambda: run(loss, X=1)) == "c has no value: pass one in feed_dict, {c: ...}"
    assert message_of(lambda: run(loss)) == "X has no value: pass one in feed_dict, {X: ...}"


def test_a_feed_for_something_else() -> None:
    W = Variable(1, name="W")
    y = negative(W)
    assert message_of(lambda: Session().run(y, {W: 2})) == (  # type: ignore[dict-item]  # wrong on purpose
        "W cannot be fed, it is a Variable: only placeholders take values from feed_dict; assign to W.value"
    )
    assert message_of(lambda: Session().run(y, {y: 2})) == (  # type: ignore[dict-item]  # wrong on purpose
        "negative_1 cannot be fed, it is a negative: only placeholders take values from feed_dict"
    )
    assert message_of(lambda: Session().run(y, {"W": 2})) == (  # type: ignore[dict-item]  # wrong on purpose
        "a key of feed_dict is not a node of a graph but str: "
        "the keys are the placeholders themselves, {X: points}"
    )
    assert message_of(lambda: Session().run(y, [1])) == (  # type: ignore[arg-type]  # wrong on purpose
        "feed_dict for negative_1 is a list: write {X: points}"
    )


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None (is a return missing?)"),
        ("3", "str"),
        ([[1, 2], [3]], "list"),
        (1j, "complex"),
        ([None], "list"),
    ],
)
def test_values_that_are_no_numbers(value: Any, kind: str) -> None:
    advice = (
        f"is not an array of numbers but {kind}: "
        "give an array, or lists of numbers whose rows have one length"
    )
    y = negative(placeholder(name="X"))
    assert message_of(lambda: run(y, X=value)) == f"the value fed for X {advice}"
    assert message_of(lambda: Variable(value, name="W")) == f"the initial value of W {advice}"
    w = Variable(1, name="w")
    assert message_of(lambda: setattr(w, "value", value)) == f"the new value of w {advice}"


def test_a_loss_that_is_not_a_scalar() -> None:
    h = log(Variable([[1, 2]]), name="h")
    run(h)
    assert message_of(lambda: compute_gradients(h)) == (
        "h has shape (1, 2), and a loss is a single number: add it up first, reduce_sum(h)"
    )
    step = GradientDescentOptimizer(1).minimize(h)
    assert message_of(lambda: run(step)).startswith("h has shape (1, 2), and a loss is a single number")


def test_an_operation_without_a_gradient() -> None:
    loss = square(sigmoid(Variable(1)))
    assert message_of(lambda: gradients_of(loss)) == (
        'square_1 has no gradient: write one for square under @RegisterGradient("square")'
    )


def test_a_node_of_another_graph() -> None:
    with Graph().as_default():
        foreign, x = Variable(1, name="foreign"), placeholder(name="x")
    advice = "build both inside one `with graph.as_default():`"
    y = negative(Variable(1))
    assert message_of(lambda: add(Variable(1), foreign)) == (
        f"foreign belongs to another graph than the one add_1 is being built in: {advice}"
    )
    assert message_of(lambda: Session().run(y, {x: 1})) == (
        f"x belongs to another graph than the one that negative_1 belongs to: {advice}"
    )
    assert foreign.consumers == []


def test_a_value_where_a_node_belongs() -> None:
    assert message_of(lambda: add(Variable(1), 2.0)) == (  # type: ignore[arg-type]  # wrong on purpose
        "an input of add_1 is not a node of a graph but float: "
        "wrap numbers in a Variable, or use a placeholder"
    )
    assert message_of(lambda: Session().run(negative)) == (  # type: ignore[arg-type]  # wrong on purpose
        "what run was given is not a node of a graph but the class negative: "
        "pass the node to compute, and values in feed_dict"
    )
    assert message_of(lambda: compute_gradients(3)) == (  # type: ignore[arg-type]  # wrong on purpose
        "what compute_gradients was given is not a node of a graph but int: pass the loss"
    )
    assert message_of(lambda: GradientDescentOptimizer(1).minimize(None)) == (  # type: ignore[arg-type]  # wrong on purpose
        "what minimize was given is not a node of a graph but NoneType: pass the loss"
    )


def test_gradients_before_a_run() -> None:
    advice = "J has no value yet: run it, or the loss it leads to, in a Session"
    a = Variable(1)
    run(a)
    J = negative(a, name="J")
    assert message_of(lambda: compute_gradients(J)) == advice
    assert message_of(lambda: J.output) == advice


def test_gradients_at_values_that_are_out_of_date() -> None:
    """A variable that was changed, in place or not, or a part that was run with another feed."""
    w, x = Variable([2], name="w"), placeholder(name="x")
    h = multiply(w, x, name="h")
    J = reduce_sum(h, name="J")
    advice = "has changed since J was run: run J again before computing its gradients"
    run(J, x=[3])
    w.value = w.value - 0.1
    assert message_of(lambda: compute_gradients(J)) == f"w {advice}"
    run(J, x=[3])
    w.value -= 0.1
    assert message_of(lambda: compute_gradients(J)) == f"w {advice}"
    run(J, x=[3])
    run(x, x=[4])
    assert message_of(lambda: compute_gradients(J)) == f"x {advice}"
    assert gradients_of(J, x=[4])[w] == 4


def test_a_loss_without_variables() -> None:
    loss = negative(placeholder(), name="J")
    assert message_of(lambda: GradientDescentOptimizer(1).minimize(loss)) == (
        "J depends on no Variable, so there is nothing to train: make the parameters Variables"
    )


@pytest.mark.parametrize("axis", [1.5, "0", (0, "1"), {0}])
def test_an_axis_that_is_no_integer(axis: Any) -> None:
    assert message_of(lambda: reduce_sum(Variable(X), axis, name="total")) == (
        f"total: axis is {axis!r}; give None, an integer, or a tuple of them"
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            lambda _, G: (G, G),
            "the gradient of square_1 returned 2 array(s), and square_1 has 1 input(s): "
            "return one array for each, in their order",
        ),
        (
            lambda _, G: G.sum(),
            "the gradient of square_1 for a has shape (), and a has (2,): "
            "a gradient has the shape of what it belongs to",
        ),
        (
            lambda _op, _G: None,
            "the gradient of square_1 for a is not an array of numbers but None (is a return missing?): "
            "give an array, or lists of numbers whose rows have one length",
        ),
        (
            lambda _, G: G @ np.ones(3),
            "the gradient of square_1 stopped: ",
        ),
        (
            lambda _op: None,
            "the gradient of square_1 stopped: ",
        ),
    ],
)
@pytest.mark.usefixtures("registry")
def test_a_registered_gradient_that_is_wrong(rule: Any, message: str) -> None:
    RegisterGradient(square)(rule)
    loss = reduce_sum(square(Variable([1, 2], name="a")))
    said = message_of(lambda: gradients_of(loss))
    assert said == message or (message.endswith("stopped: ") and said.startswith(message))
    assert not message.endswith("stopped: ") or said.endswith(
        "it was given an array of shape (2,), look at the function registered for it"
    )


def test_registering_for_something_that_is_no_operation() -> None:
    assert message_of(lambda: RegisterGradient("matmull")) == (
        "no operation is called 'matmull': write its class first, or take one of "
        "add, log, matmul, multiply, negative, reduce_sum, sigmoid, softmax"
    )
    assert message_of(lambda: RegisterGradient(Variable)) == (  # type: ignore[arg-type]  # wrong on purpose
        "<class 'gradecheck.graph.nodes.Variable'> is not a class of operations: "
        "register for the class, RegisterGradient(add)"
    )
    node = negative(Variable(1), name="minus")
    assert "<negative minus> is not a class of operations" in message_of(
        lambda: RegisterGradient(node)  # type: ignore[arg-type]  # wrong on purpose
    )
    assert message_of(lambda: RegisterGradient(square)(3)) == (  # type: ignore[type-var]  # wrong on purpose
        "the gradient of square is not a function but 3"
    )
    assert square not in gradient_registry


@pytest.mark.usefixtures("registry")
def test_an_operation_that_misbehaves() -> None:
    class silent(Operation):
        pass

    class empty(Operation):
        def compute(self, _: Any) -> Any:
            return None

    class writing(Operation):
        def compute(self, x: Any) -> Any:
            x[0] = 0
            return x

    a = Variable([1, 2], name="a")
    assert message_of(lambda: run(silent([a]))) == (
        "silent_1 does not say how it is computed: give silent a compute"
    )
    assert message_of(lambda: run(empty([a]))) == (
        "empty_1 computed nothing: let compute of empty return its value"
    )
    assert message_of(lambda: run(writing([a]))) == (
        "writing_1 cannot compute with a of shape (2,): look at compute of writing, "
        "which was given 1 array(s): ValueError: assignment destination is read-only"
    )


# The library as a module -----------------------------------------------------------------------------------


def test_importing_it_loads_no_tensorflow() -> None:
    script = "import sys, gradecheck.graph; print('tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_star_brings_exactly_the_public_names() -> None:
    assert list(library.__all__) == sorted(library.__all__)
    assert all(getattr(library, name).__doc__ for name in library.__all__ if name != "gradient_registry")
