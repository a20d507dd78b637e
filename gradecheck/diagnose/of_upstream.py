"""Mistakes with the upstream gradient dz that any exercise can have: data, one entry a mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.exercise import Formula, Mistake

_VJP = Callable[..., tuple[Any, ...]]
#: Bounds that people clip gradients to.
_BOUNDS = (1.0, 0.1, 0.5, 2.0, 3.0, 5.0, 10.0, 100.0)


def _of_upstream(change: Callable[[Any], Any]) -> Formula:
    """The true gradient, for a changed upstream gradient."""

    def formula(vjp: _VJP, *arguments: Any) -> object:
        *inputs, dz = arguments
        return vjp(*inputs, np.asarray(change(dz), np.float64))

    return formula


def _with_local(combine: Callable[[Any, Any], Any]) -> Formula:
    """`combine(local, dz)` of the local derivative and the upstream gradient, where their shapes fit."""

    def formula(vjp: _VJP, *arguments: Any) -> object:
        *inputs, dz = arguments
        return tuple(combine(np.asarray(g), dz) for g in vjp(*inputs, np.ones(np.shape(dz))))

    return formula


def _multiplied_again(vjp: _VJP, *arguments: Any) -> object:
    dz = arguments[-1]
    products = vjp(*arguments)
    if any(np.shape(g) != np.shape(dz) for g in products):
        raise ValueError("dz does not fit every output")
    return tuple(g * dz for g in products)


def _limited(bound: float) -> Formula:
    return _of_upstream(lambda dz: np.clip(dz, -bound, bound))


MISTAKES_WITH_UPSTREAM: tuple[Mistake, ...] = (
    Mistake(
        "upstream-ignored",
        "This is the local derivative alone; the upstream gradient dz has no effect.",
        "Your answer stays the same when dz changes. What is dz for?",
        "This says how z changes with the input. You were asked how the loss changes.",
        _of_upstream(np.ones_like),
    ),
    Mistake(
        "upstream-squared",
        "dz enters your answer twice.",
        "Double dz: your answer becomes four times as large. How much should it grow?",
        "Find the second place where dz is used.",
        _of_upstream(np.square),
    ),
    Mistake(
        "upstream-multiplied-again",
        "The right gradient is multiplied by dz once more.",
        "Double dz: your answer becomes four times as large. How much should it grow?",
        "Once the product with the Jacobian is made, dz has done its work.",
        _multiplied_again,
    ),
    Mistake(
        "upstream-sign-lost",
        "Your answer uses the size of dz and loses its sign.",
        "Replace dz by -dz. What should happen to the answer?",
        "Look for an abs or a square root.",
        _of_upstream(np.abs),
    ),
    Mistake(
        "upstream-clipped",
        "Negative entries of dz are treated as zero.",
        "A negative dz is a message like any other. Where does yours get lost?",
        "Look for a maximum with 0, or a mask made from dz.",
        _of_upstream(lambda dz: np.maximum(dz, 0)),
    ),
    Mistake(
        "upstream-sign-only",
        "Of dz only the sign counts in your answer.",
        "Double dz. What should happen to the answer?",
        "How large dz is matters as much as its sign.",
        _of_upstream(np.sign),
    ),
    Mistake(
        "upstream-limited",
        "Large entries of dz are cut off at a bound.",
        "Double dz. Does your answer double everywhere?",
        "Clipping belongs to training, if anywhere. The gradient itself has no bound.",
        _limited(_BOUNDS[0]),
        also=tuple(_limited(bound) for bound in _BOUNDS[1:]),
    ),
    Mistake(
        "upstream-in-denominator",
        "dz stands below the line of the fraction.",
        "Double dz: your answer becomes half as large. How should it change?",
        "The message from above is a factor, never a divisor.",
        _of_upstream(lambda dz: 1 / dz),
    ),
    Mistake(
        "upstream-summed-first",
        "All of dz is added up before it meets the derivative.",
        "Do all entries of z matter alike to the loss?",
        "Each entry of z has a message of its own. When may they be added, if at all?",
        _of_upstream(lambda dz: np.full(np.shape(dz), np.sum(dz))),
    ),
    Mistake(
        "upstream-averaged",
        "The mean of dz stands where dz itself belongs.",
        "Do all entries of z matter alike to the loss?",
        "Each entry of z has a message of its own.",
        _of_upstream(lambda dz: np.full(np.shape(dz), np.mean(dz))),
    ),
    Mistake(
        "upstream-normalised",
        "dz is scaled before it is used, to length one or to sum one.",
        "Double dz. What should happen to the answer?",
        "Take dz as it comes: its size says how much the loss cares.",
        _of_upstream(lambda dz: dz / np.linalg.norm(dz)),
        also=(_of_upstream(lambda dz: dz / np.sum(dz)), _of_upstream(lambda dz: dz / np.max(abs(dz)))),
    ),
    Mistake(
        "upstream-reversed",
        "dz is taken in reverse order.",
        "Which entry of dz belongs to z[0]?",
        "Look for a flip, or a [::-1].",
        _of_upstream(np.flip),
    ),
    Mistake(
        "upstream-transposed",
        "dz is transposed before it is used.",
        "On square arrays this can run by luck. Try one that is not square.",
        "The rows of dz belong to the rows of z.",
        _of_upstream(np.transpose),
    ),
    Mistake(
        "upstream-added",
        "dz is added to the local derivative.",
        "With dz = 0 nothing above cares about z. What should the answer be then?",
        "The chain rule multiplies; it does not add.",
        _with_local(lambda local, dz: local + dz),
    ),
    Mistake(
        "upstream-subtracted",
        "dz and the local derivative are subtracted from one another.",
        "With dz = 0 nothing above cares about z. What should the answer be then?",
        "The chain rule multiplies; it does not subtract.",
        _with_local(lambda local, dz: local - dz),
        also=(_with_local(lambda local, dz: dz - local),),
    ),
    Mistake(
        "upstream-divided",
        "dz is divided by the local derivative.",
        "Where z hardly moves with the input, should the answer be large or small?",
        "The chain rule multiplies; it does not divide.",
        _with_local(lambda local, dz: dz / local),
    ),
)
