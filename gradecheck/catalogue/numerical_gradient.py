"""numerical_gradient: the gradient of any function, measured by nudging its input."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.drive.functions import FUNCTIONS
from gradecheck.exercise import Exercise, Float64, Mistake

#: The step of a sound difference in float64: far above rounding, far below the bends of the function.
_STEP = 1e-5
_POWERS = tuple(10.0**-k for k in range(1, 14))


def _measured(
    change: Callable[[Callable[[Any], Any], Float64, Float64], Any],
    contract: Callable[[Any, Float64], Any] = lambda slope, dz: np.sum(dz * slope),
) -> Callable[..., Any]:
    """A measurement that goes through the entries: `change(f, x, nudge)` is the slope along one of them."""

    def numerical_gradient(f: Callable[[Any], Any], x: Float64, dz: Float64) -> Any:
        dx = np.zeros(x.shape)
        for at in np.ndindex(x.shape):
            nudge = np.zeros(x.shape)
            nudge[at] = 1.0
            dx[at] = contract(change(f, x, nudge), dz)
        return dx

    return numerical_gradient


def _central(h: float) -> Callable[..., Any]:
    return lambda f, x, nudge: (f(x + h * nudge) - f(x - h * nudge)) / (2 * h)


def _one_sided(h: float) -> Callable[..., Any]:
    return lambda f, x, nudge: (f(x + h * nudge) - f(x)) / h


def _all_at_once(f: Callable[[Any], Any], x: Float64, dz: Float64) -> Any:
    return dz * (f(x + _STEP) - f(x - _STEP)) / (2 * _STEP)


def _piled_up(f: Callable[[Any], Any], x: Float64, dz: Float64) -> Any:
    moved, dx = x.copy(), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        moved[at] += _STEP
        above = f(moved)
        moved[at] -= 2 * _STEP
        dx[at] = np.sum(dz * (above - f(moved))) / (2 * _STEP)
    return dx


def _whole_jacobian(f: Callable[[Any], Any], x: Float64, _dz: Float64) -> Any:
    slopes = [
        _central(_STEP)(f, x, nudge.reshape(x.shape)) for nudge in np.eye(x.size).reshape(x.size, x.size)
    ]
    return np.stack(slopes, axis=-1).reshape((*np.shape(slopes[0]), *x.shape))


_MISTAKES = (
    Mistake(
        "upstream-ignored",
        "You measure how f changes, and dz has no effect.",
        "Your answer stays the same when dz changes. What is dz for?",
        "Each entry of f(x) moves a little. What does the loss make of all these movements together?",
        answers=(_measured(_central(_STEP), lambda slope, _dz: np.sum(slope)),),
    ),
    Mistake(
        "difference-to-one-side",
        "You compare f at x with f at a point on one side of it.",
        "Draw a curve that bends, and a chord from x to the right. Is it as steep as the curve is at x?",
        "Halving the step halves your error. A measurement that is the same on both sides does far better.",
        answers=tuple(_measured(_one_sided(sign * h)) for h in _POWERS[:9] for sign in (1, -1)),
    ),
    Mistake(
        "all-entries-nudged-at-once",
        "All entries of x are nudged together.",
        "If f adds up its entries, and all of them move, whose doing is the change?",
        "One entry at a time: the others stay where they are.",
        answers=(_all_at_once,),
    ),
    Mistake(
        "scaled-by-two",
        "Everything is twice as large as it should be.",
        "How far apart are the two points at which you look?",
        "Divide by the whole way from the one point to the other.",
        answers=(_measured(lambda f, x, e: 2 * _central(_STEP)(f, x, e)),),
    ),
    Mistake(
        "sign-flipped",
        "This is the right gradient times -1.",
        "If f grows along an entry of x, which of your two values is larger?",
        "Look at which of the two is taken from the other.",
        answers=(_measured(lambda f, x, e: -_central(_STEP)(f, x, e)),),
    ),
    Mistake(
        "step-too-large",
        "Your step is so large that the function bends on the way.",
        "Make the step ten times smaller: does the answer move, and by how much?",
        "The error of a central difference falls with the square of the step, until rounding counts.",
        answers=tuple(_measured(_central(h)) for h in (1.0, 0.5, *_POWERS[:2], 0.05, 0.02, 0.005)),
    ),
    Mistake(
        "step-too-small",
        "Your step is so small that little but rounding is left of the difference.",
        "How many of the sixteen digits do f(x + h) and f(x - h) have in common?",
        "What is lost by subtracting is divided by a tiny number. Plot the error against the step.",
        answers=tuple(_measured(_central(h)) for h in _POWERS[8:]),
    ),
    Mistake(
        "nudges-pile-up",
        "The nudges pile up: an entry that was nudged is still elsewhere when the next one has its turn.",
        "Print x after each turn of your loop.",
        "Put each entry back to its exact old value, or start from a fresh copy.",
        answers=(_piled_up,),
    ),
    Mistake(
        "mean-for-sum",
        "You take the mean over the entries of f(x), and the loss takes each of them in full.",
        "The answer is too small, by the number of entries of f(x). Where does that come from?",
        "The chain rule adds.",
        answers=(_measured(_central(_STEP), lambda slope, dz: np.mean(dz * slope)),),
    ),
    Mistake(
        "full-jacobian-returned",
        "This is the whole table of slopes, with an entry for each output and each input.",
        "Which shape must the answer have?",
        "Bring in dz: it makes one number of each column.",
        answers=(_whole_jacobian,),
    ),
)

NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    title="numerical_gradient",
    arguments=("x", "dz"),
    differentiates=("x",),
    settings={"function": "sine"},
    forward=lambda tf, x, function: FUNCTIONS[function](tf, x),
    forward_numpy=lambda x, function: FUNCTIONS[function](np, x),
    printed={"x": [0.5, -1, 2], "dz": [1, -2, 3]},
    shapes=(
        {"x": (3,)},
        {"x": (3,)},
        {"x": (2, 3), "function": "exponential"},
        {"x": (2, 2, 2), "function": "cube"},
        {"x": (2, 3), "function": "far up"},
        {"x": (), "function": "exponential"},
        {"x": (1,), "function": "product of sums"},
        {"x": (3, 2), "function": "product of sums"},
        {"x": (2, 4), "function": "neighbours"},
        {"x": (4,), "function": "distances"},
        {"x": (3, 3), "function": "matrix square"},
    ),
    points=15,
    driver="numerical_gradient",
    called_as="numerical_gradient(f, x, dz)",
    tolerance=2e-6,
    place="where f is the function {function!r}",
    mistakes=_MISTAKES,
    worth_knowing="Two calls for each entry of x: a fine check, and far too dear for training.",
)
