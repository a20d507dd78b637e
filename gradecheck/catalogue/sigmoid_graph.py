"""grad_sigmoid_graph: z = sigmoid(w x + b) in six small steps, and the gradient at each of its nodes."""

from typing import Any

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake

#: From the end to the beginning, as the gradients are found.
_NODES = ("d", "e", "n", "s", "a", "b", "w", "x")


def _forward(lib: Any, x: Any, w: Any, b: Any, *nudges: Any) -> Any:
    """A = w x, s = a + b, n = -s, e = exp(n), d = 1 + e, z = 1 / d; each of a, s, n, e, d may be nudged."""
    by_a, by_s, by_n, by_e, by_d = nudges or (0.0,) * 5
    s = w * x + by_a + b + by_s
    e = lib.exp(-s + by_n) + by_e
    return 1.0 / (1.0 + e + by_d)


def _truth(vjp: Any, x: Float64, w: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
    """A nudge of nothing at a node shows the gradient there."""
    dx, dw, db, da, ds, dn, de, dd = vjp(x, w, b, *(np.zeros(x.shape),) * 5, dz)
    return dd, de, dn, ds, da, db, dw, dx


def _backward(**wrong: Any) -> Any:
    """The messages, with some of the steps replaced: `step(message, values)`."""

    def formula(_vjp: Any, x: Float64, w: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
        e = np.exp(-(w * x + b))
        values = {"x": x, "w": w, "b": b, "e": e, "d": 1 + e, "z": 1 / (1 + e), "n": -(w * x + b)}
        steps = {
            "d": lambda dz, v: -dz / v["d"] ** 2,
            "e": lambda dd, _v: dd,
            "n": lambda de, v: de * v["e"],
            "s": lambda dn, _v: -dn,
            "a": lambda ds, _v: ds,
            "b": lambda ds, _v: ds,
            "w": lambda da, v: da * v["x"],
            "x": lambda da, v: da * v["w"],
            **wrong,
        }
        messages = {"z": dz}
        for node, source in zip(_NODES, ("z", "d", "e", "n", "s", "s", "a", "a"), strict=True):
            messages[node] = np.asarray(steps[node](messages[source], values)) + 0.0
        return tuple(messages[node] for node in _NODES)

    return formula


_MISTAKES = (
    Mistake(
        "sign-flipped",
        "At the node z = 1/d the message gets the wrong sign.",
        "If d grows, does 1/d grow?",
        "The slope of 1/t is below zero everywhere.",
        _backward(d=lambda dz, v: dz / v["d"] ** 2),
    ),
    Mistake(
        "reciprocal-slope-without-square",
        "At the node z = 1/d the slope is not squared.",
        "Nudge d from 2 to 2.01: by how much does 1/d fall?",
        "Write 1/d as a power of d, and differentiate that.",
        _backward(d=lambda dz, v: -dz / v["d"]),
    ),
    Mistake(
        "slope-at-wrong-value",
        "At the node z = 1/d the slope is taken at z, not at d.",
        "A slope is taken at the value that goes into the node. Which one goes into this?",
        "Print d and z beside each other.",
        _backward(d=lambda dz, v: -dz / v["z"] ** 2),
    ),
    Mistake(
        "constant-counted-as-factor",
        "At the node d = 1 + e the message is changed, and it should go through as it is.",
        "If e grows by 0.01, by how much does d grow?",
        "A constant that is added has no say in the slope.",
        _backward(e=lambda dd, v: dd * v["d"]),
    ),
    Mistake(
        "slope-of-exp-left-out",
        "At the node e = exp(n) the message goes through as if the slope were 1.",
        "How steep is exp at 0, and at 2?",
        "The exponential is its own derivative: what is the slope at n?",
        _backward(n=lambda de, _v: de),
    ),
    Mistake(
        "power-rule-for-exp",
        "At the node e = exp(n) you used the rule for powers.",
        "In exp(n) the variable stands in the exponent. Which rule is for that?",
        "The exponential is its own derivative.",
        _backward(n=lambda de, v: de * v["n"] * np.exp(v["n"] - 1)),
    ),
    Mistake(
        "negation-skipped",
        "At the node n = -s the sign does not change.",
        "If s grows, what does n do?",
        "A small node, and still a node: it has a slope.",
        _backward(s=lambda dn, _v: dn),
    ),
    Mistake(
        "message-shared-out-at-plus",
        "At the plus s = a + b each input gets half of the message.",
        "Nudge a alone. By how much does s move?",
        "A plus copies its message; it does not share it out.",
        _backward(a=lambda ds, _v: ds / 2, b=lambda ds, _v: ds / 2),
    ),
    Mistake(
        "factors-not-exchanged",
        "At the product a = w x each factor was given its own value for a slope.",
        "Nudge w by 0.01: by how much does a move?",
        "Hold the one factor still, and ask how a depends on the other.",
        _backward(w=lambda da, v: da * v["w"], x=lambda da, v: da * v["x"]),
    ),
    Mistake(
        "product-slope-left-out",
        "At the product a = w x the message goes through unchanged.",
        "If x is 100 and w grows by 0.01, does a grow by 0.01?",
        "Hold the one factor still, and ask how a depends on the other.",
        _backward(w=lambda da, _v: da, x=lambda da, _v: da),
    ),
)
_SHAPES = ((), (), (3,), (3,), (2, 3), (1,), (3, 2))

SIGMOID_GRAPH = Exercise(
    name="grad_sigmoid_graph",
    title="sigmoid_graph",
    arguments=("x", "w", "b", "dz"),
    differentiates=("x", "w", "b"),
    forward=_forward,
    forward_numpy=lambda *numbers: _forward(np, *numbers),
    printed={"x": -3, "w": 0.5, "b": 2, "dz": -2},
    shapes=tuple(dict.fromkeys(("x", "w", "b"), shape) for shape in _SHAPES),
    points=10,
    truth=_truth,
    named_outputs=tuple(f"d{node}" for node in _NODES),
    mistakes=_MISTAKES,
    worth_knowing="The slopes of the four steps from s to z multiply to the one slope of the fused sigmoid.",
)
