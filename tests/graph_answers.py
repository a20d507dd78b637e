"""Right answers to the exercises that are driven, in the styles that students use."""

import warnings
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.graph import (
    Node,
    Operation,
    Variable,
    compute_gradients,
    gradient_function,
    gradient_registry,
    topological_order,
)
from gradecheck.reference.tape import load_tensorflow

Answer = Callable[..., Any]
RIGHT: dict[str, dict[str, Answer]] = {}


def right(title: str) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        RIGHT.setdefault(title, {})[answer.__name__] = answer
        return answer

    return register


def central(f: Answer, x: Any, dz: Any, h: float) -> Any:
    dx = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[at] = h
        dx[at] = np.sum(dz * (f(x + nudge) - f(x - nudge))) / (2 * h)
    return dx


for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 5e-5):
    RIGHT.setdefault("numerical_gradient", {})[f"a step of {h}"] = lambda f, x, dz, h=h: central(f, x, dz, h)


@right("numerical_gradient")
def there_and_back_in_place(f: Answer, x: Any, dz: Any) -> Any:
    dx, h = np.zeros(x.shape), 1e-5
    places = np.nditer(x, flags=["multi_index"])
    while not places.finished:
        at = places.multi_index
        x[at] += h
        above = f(x)
        x[at] -= 2 * h
        below = f(x)
        x[at] += h
        dx[at] = np.sum((above - below) * dz) / (2 * h)
        places.iternext()
    return dx


@right("numerical_gradient")
def through_the_flat_array(f: Answer, x: Any, dz: Any) -> Any:
    flat, h = np.array(x).ravel(), 1e-6
    columns = []
    for j in range(flat.size):
        up, down = flat.copy(), flat.copy()
        up[j], down[j] = flat[j] + h, flat[j] - h
        columns.append(((f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / (2 * h) * dz).sum())
    return np.reshape(columns, x.shape)


@right("numerical_gradient")
def extrapolated(f: Answer, x: Any, dz: Any) -> Any:
    return (4 * central(f, x, dz, 1e-3) - central(f, x, dz, 2e-3)) / 3


@right("numerical_gradient")
def a_step_in_proportion(f: Answer, x: Any, dz: Any) -> Any:
    dx = np.empty(x.shape)
    for at, value in np.ndenumerate(x):
        h = 1e-5 * max(1.0, abs(value))
        e = (np.arange(x.size) == np.ravel_multi_index(at, x.shape)).reshape(x.shape) if at else 1.0
        dx[at] = np.vdot(dz, f(x + h * e) - f(x - h * e)) / (2 * h)
    return dx


@right("numerical_gradient")
def in_tensors(f: Answer, x: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    return tf.constant(central(lambda t: tf.constant(f(tf.constant(t))).numpy(), x, dz, 1e-5))


RIGHT["chain_paths"] = {
    "factored": lambda ba, ca, db, dc, ed: ed * (db * ba + dc * ca),
    "multiplied out": lambda ba, ca, db, dc, ed: ed * db * ba + ed * dc * ca,
    "a product of matrices": lambda ba, ca, db, dc, ed: ed * (np.array([db, dc]) @ np.array([ba, ca])),
    "a loop": lambda ba, ca, db, dc, ed: sum(ed * x * y for x, y in ((db, ba), (dc, ca))),
    "a plain float": lambda ba, ca, db, dc, ed: float(ed * (db * ba + dc * ca)),
}
RIGHT["sigmoid_graph"] = {}


@right("sigmoid_graph")
def step_by_step(x: Any, w: Any, b: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e) ** 2
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w


@right("sigmoid_graph")
def from_the_output(x: Any, w: Any, b: Any, dz: Any) -> Any:
    x, w, b, dz = (np.asarray(a, np.float32) for a in (x, w, b, dz))
    z = 1 / (1 + np.exp(-(w * x + b)))
    ds = dz * z * (1 - z)
    dd = -dz * z * z
    return [dd, dd, -ds, ds, ds, ds, ds * x, ds * w]


@right("sigmoid_graph")
def in_double_precision(x: Any, w: Any, b: Any, dz: Any) -> Any:
    x, w, b, dz = (np.asarray(a, np.float64) for a in (x, w, b, dz))
    d = 1 + np.exp(-(w * x + b))
    dd = -dz * d**-2.0
    ds = -dd * (d - 1)
    return dd, dd, -ds, ds, ds, ds, ds * x, ds * w


@right("sigmoid_graph")
def with_powers(x: Any, w: Any, b: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    d = 1 + 1 / tf.exp(w * x + b)
    dd = dz * (-1 / tf.square(d))
    dn = dd * (d - 1)
    ds = tf.negative(dn)
    return dd, tf.identity(dd), dn, ds, ds, ds, tf.multiply(ds, x), tf.multiply(ds, w)


@right("register_gradient")
def a_function(operation: Any, registry: Any) -> Any:
    def decorate(rule: Any) -> Any:
        assert operation not in registry
        registry[operation] = rule
        return rule

    return decorate


@right("register_gradient")
class AClass:
    def __init__(self, operation: Any, registry: Any) -> None:
        self.operation, self.registry = operation, registry

    def __call__(self, rule: Any) -> Any:
        if self.operation in self.registry:
            warnings.warn(f"{self.operation} has a rule", stacklevel=2)
        self.registry[self.operation] = rule
        return rule


@right("register_gradient")
def refused_at_once(operation: Any, registry: Any) -> Any:
    if operation in registry:
        raise KeyError(operation)
    return lambda rule: registry.setdefault(operation, rule)


@right("register_gradient")
def with_update(operation: Any, registry: Any) -> Any:
    def decorate(rule: Any) -> Any:
        if registry.get(operation) is not None:
            raise RuntimeError("there is a rule")
        registry.update({operation: rule})
        return rule

    return decorate


def sent(operation: Any, gradient: Any) -> Any:
    terms = gradient_function(operation)(operation, gradient)
    return terms if isinstance(terms, tuple) else (terms,)


@right("compute_gradients")
def pushed_in_topological_order(loss: Node) -> Any:
    order = topological_order(loss)
    gradients = {node: np.zeros_like(node.output) for node in order}
    gradients[loss] = np.array(1.0)
    for node in reversed(order):
        if isinstance(node, Operation):
            for below, term in zip(node.input_nodes, sent(node, gradients[node]), strict=True):
                gradients[below] += term
    return gradients


@right("compute_gradients")
def gathered_by_recursion(loss: Node) -> Any:
    reached = set(topological_order(loss))
    gradients = {loss: 1.0}

    def of(node: Node) -> Any:
        if node not in gradients:
            users = [c for c in dict.fromkeys(node.consumers) if c in reached]
            gradients[node] = sum(
                term
                for user in users
                for below, term in zip(user.input_nodes, sent(user, of(user)), strict=True)
                if below is node
            )
        return gradients[node]

    return {node: of(node) for node in reached}


@right("compute_gradients")
def by_counting_down(loss: Node) -> Any:
    waiting = dict.fromkeys(topological_order(loss), 0)
    for node in waiting:
        for below in getattr(node, "input_nodes", ()):
            waiting[below] += 1
    gradients, ready = {loss: np.ones(())}, deque([loss])
    while ready:
        node = ready.popleft()
        if not isinstance(node, Operation):
            continue
        rule = gradient_registry[type(node)]
        terms = rule(node, gradients[node])
        terms = list(terms) if isinstance(terms, tuple | list) else [terms]
        for below, term in zip(node.input_nodes, terms, strict=True):
            gradients[below] = gradients[below] + term if below in gradients else np.array(term)
            waiting[below] -= 1
            if waiting[below] == 0:
                ready.append(below)
    return gradients


@right("compute_gradients")
def one_path_at_a_time(loss: Node) -> Any:
    gradients: dict[Any, Any] = {}

    def send(node: Node, message: Any) -> None:
        gradients[node] = gradients.get(node, 0) + message
        if isinstance(node, Operation):
            for below, term in zip(node.input_nodes, sent(node, message), strict=True):
                send(below, term)

    send(loss, 1.0)
    return gradients


def optimizer(take_step: Callable[[Any, Any, float], None]) -> Answer:
    class Step(Operation):
        def __init__(self, loss: Node, rate: float) -> None:
            super().__init__([loss])
            self.rate = rate

        def compute(self, value: Any) -> Any:
            take_step(self.input_nodes[0], self.graph, self.rate)
            return value

    class Optimizer:
        def __init__(self, learning_rate: float) -> None:
            self.rate = learning_rate

        def minimize(self, loss: Node) -> Any:
            return Step(loss, self.rate)

    return Optimizer


def by_the_librarys_gradients(loss: Node, _graph: Any, rate: float) -> None:
    for node, gradient in compute_gradients(loss).items():
        if isinstance(node, Variable):
            node.value = node.value - rate * gradient


def by_ones_own_gradients(loss: Node, graph: Any, rate: float) -> None:
    gradients = pushed_in_topological_order(loss)
    for variable in graph.variables:
        variable.value = np.subtract(variable.value, np.multiply(rate, gradients[variable]))


def values_first(loss: Node, _graph: Any, rate: float) -> None:
    gradients = by_counting_down(loss)
    new = {v: v.value + -rate * g for v, g in gradients.items() if isinstance(v, Variable)}
    for variable, value in new.items():
        variable.value = value


def as_lists(loss: Node, graph: Any, rate: float) -> None:
    gradients = one_path_at_a_time(loss)
    for variable in reversed(graph.variables):
        variable.value = (variable.value - rate * gradients[variable]).tolist()


RIGHT["gradient_descent"] = {
    step.__name__: optimizer(step)
    for step in (by_the_librarys_gradients, by_ones_own_gradients, values_first, as_lists)
}


def trainer(gradients: Callable[..., Any], *, logarithm: Answer = np.log) -> Answer:
    def train_perceptron(X: Any, c: Any, W: Any, b: Any, rate: float, steps: int) -> Any:
        losses = []
        for _ in range(steps):
            e = np.exp(X @ W.value + b.value)
            P = e / e.sum(axis=1, keepdims=True)
            losses.append(-(c * logarithm(P)).sum())
            dW, db = gradients(X, c, P)
            W.value, b.value = W.value - rate * dW, b.value - rate * db
        return losses

    return train_perceptron


def by_loops(X: Any, c: Any, P: Any) -> Any:
    dW, db = np.zeros((2, 2)), np.zeros(2)
    for x, classes, p in zip(X, c, P, strict=True):
        dW += np.outer(x, p - classes)
        db += p - classes
    return dW, db


def by_the_whole_jacobian(X: Any, c: Any, P: Any) -> Any:
    dP = -c / P
    dS = np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(P, dP, strict=True)])
    return np.einsum("ni,nj->ij", X, dS), np.ones(len(X)) @ dS


RIGHT["perceptron"] = {
    "matrices": trainer(lambda X, c, P: (X.T @ (P - c), (P - c).sum(0))),
    "loops": trainer(by_loops),
    "the whole Jacobian": trainer(by_the_whole_jacobian),
    "an array of losses": lambda *a: np.array(trainer(by_loops)(*a)),
    "a tiny safety term": trainer(by_loops, logarithm=lambda p: np.log(p + 1e-12)),
}
