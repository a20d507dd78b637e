"""The right gradient, spoiled afterwards: mistakes that any exercise can have, one entry a mistake."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.exercise import Formula, Mistake

_VJP = Callable[..., tuple[Any, ...]]
_RATIO = "Compare your answer with the right one, entry by entry: what is the ratio?"
_SEATS = "Right numbers, wrong seats: compare the first row with the first column."
_PLACES = "Your numbers are right and stand in the wrong places. Which one belongs to the first entry?"
_SHAPE = "Compare the shape of your answer with that of the argument."


def _of_result(change: Callable[[Any], Any]) -> Formula:
    """The true gradient, changed."""
    return lambda vjp, *arguments: tuple(change(np.asarray(g)) for g in vjp(*arguments))


def _with_upstream(change: Callable[[Any, Any], Any]) -> Formula:
    """The true gradient, changed in a way that depends on dz; for a Jacobian there is no dz."""
    return lambda vjp, *arguments: tuple(change(np.asarray(g), arguments[-1]) for g in vjp(*arguments))


def _rolled(axis: int | None, by: int) -> Formula:
    return _of_result(lambda g: np.roll(g, by, axis))


def _rounded(digits: int) -> Formula:
    return _of_result(lambda g: np.round(g, digits))


def _limited(bound: float) -> Formula:
    return _of_result(lambda g: np.clip(g, -bound, bound))


def _inner_axes(g: Any) -> Any:
    if 1 not in g.shape:
        return g
    return np.squeeze(g)


_SCALED = (
    Mistake(
        "sign-flipped",
        "This is the right gradient times -1.",
        "Nudge one input upward on paper. Which way does z move?",
        "Count the minus signs on the way, in the formula and in the code.",
        _of_result(lambda g: -g),
    ),
    Mistake(
        "scaled-by-1-over-n",
        "Everything is too small by the same factor, one over the number of entries.",
        _RATIO,
        "Nothing in the forward direction divides by n.",
        _with_upstream(lambda g, dz: g / dz.size),
        also=(_of_result(lambda g: g / g.size),),
    ),
    Mistake(
        "scaled-by-1-over-rows",
        "Everything is too small by the same factor, one over the number of rows.",
        _RATIO,
        "Nothing in the forward direction divides by the number of rows.",
        _with_upstream(lambda g, dz: g / dz.shape[0]),
        also=(_of_result(lambda g: g / g.shape[0]),),
    ),
    Mistake(
        "scaled-by-1-over-columns",
        "Everything is too small by the same factor, one over the number of columns.",
        _RATIO,
        "Nothing in the forward direction divides by the number of columns.",
        _with_upstream(lambda g, dz: g / dz.shape[-1]),
        also=(_of_result(lambda g: g / g.shape[-1]),),
    ),
    Mistake(
        "scaled-by-n",
        "Everything is too large by the same factor, the number of entries.",
        _RATIO,
        "Is something added up once too often?",
        _with_upstream(lambda g, dz: g * dz.size),
        also=(
            _of_result(lambda g: g * g.size),
            _with_upstream(lambda g, dz: g * dz.shape[0]),
            _with_upstream(lambda g, dz: g * dz.shape[-1]),
        ),
    ),
    Mistake(
        "scaled-by-two",
        "Everything is twice as large as it should be.",
        _RATIO,
        "Is something counted twice?",
        _of_result(lambda g: 2 * g),
    ),
    Mistake(
        "scaled-by-half",
        "Everything is half as large as it should be.",
        _RATIO,
        "Is something shared out that should be handed on whole?",
        _of_result(lambda g: g / 2),
    ),
)
_MOVED = (
    Mistake(
        "transposed",
        "The numbers are right, and rows and columns are exchanged.",
        _SEATS,
        "What is the transpose of a product?",
        _of_result(lambda g: g.T),
    ),
    Mistake(
        "reshaped-for-transposed",
        "The numbers are right, and were poured into another shape.",
        _SEATS,
        "A reshape keeps the order of the numbers in memory; a transpose does not.",
        _of_result(lambda g: g.reshape(g.shape[::-1])),
        also=(_of_result(lambda g: g.T.reshape(g.shape)),),
    ),
    Mistake(
        "rotated-by-180-degrees",
        "The numbers are right, and the whole answer is turned by 180 degrees.",
        "Compare your first entry with the last entry of the right answer.",
        "Is something flipped that should stay as it is?",
        _of_result(lambda g: np.flip(g) if g.ndim > 1 else _refuse()),
    ),
    Mistake(
        "reversed",
        "The numbers are right, and stand in reverse order.",
        _PLACES,
        "Look for a flip, or a [::-1].",
        _of_result(np.flip),
    ),
    Mistake(
        "mirrored-sideways",
        "The numbers are right, and the columns stand in reverse order.",
        _PLACES,
        "Is something flipped that should stay as it is?",
        _of_result(lambda g: np.flip(g, -1)),
    ),
    Mistake(
        "mirrored-upside-down",
        "The numbers are right, and the rows stand in reverse order.",
        _PLACES,
        "Is something flipped that should stay as it is?",
        _of_result(lambda g: np.flip(g, 0)),
    ),
    Mistake(
        "shifted-by-one-place",
        "The numbers are right, and each stands one place away from its own.",
        _PLACES,
        "Look for an index that is off by one.",
        _rolled(-1, 1),
        also=tuple(_rolled(axis, by) for axis in (-1, 0, None) for by in (1, -1) if (axis, by) != (-1, 1)),
    ),
)
_OF_ANOTHER_SHAPE = (
    Mistake(
        "summed-to-one-number",
        "All entries were added up into one number.",
        "How many numbers does the argument have? The answer has one for each.",
        "How the loss changes with each entry is asked for, not with all of them together.",
        _of_result(np.sum),
        also=(_of_result(np.mean),),
    ),
    Mistake(
        "summed-over-an-axis",
        "The entries were added up along an axis, so that it is gone.",
        _SHAPE,
        "The answer has a number for each entry of the argument: nothing more is added up at the end.",
        _of_result(lambda g: g.sum(axis=0)),
        also=(
            _of_result(lambda g: g.sum(axis=-1)),
            _of_result(lambda g: g.sum(axis=0, keepdims=True)),
            _of_result(lambda g: g.sum(axis=-1, keepdims=True)),
        ),
    ),
    Mistake(
        "axis-left-over",
        "The numbers are right, and there is an axis of length one too many.",
        _SHAPE,
        "Look for a keepdims, a newaxis or a reshape.",
        _of_result(lambda g: g[None]),
        also=(_of_result(lambda g: g[..., None]), _of_result(lambda g: g[None, ..., None])),
    ),
    Mistake(
        "axis-missing",
        "The numbers are right, and an axis of length one has gone.",
        _SHAPE,
        "An axis of the argument stays an axis of the answer, if only of length one.",
        _of_result(_inner_axes),
    ),
    Mistake(
        "flattened",
        "The numbers are right, and all stand in one row.",
        _SHAPE,
        "Look for a flatten, a ravel or a reshape(-1).",
        _of_result(np.ravel),
    ),
)
_CHANGED = (
    Mistake(
        "all-zero",
        "Every entry of your answer is zero.",
        "Nudge one input. Does z stay exactly where it is?",
        "Print what you compute, step by step: where does it vanish?",
        _of_result(np.zeros_like),
    ),
    Mistake(
        "sign-lost",
        "Negative entries of your answer have become positive.",
        "Can a gradient be negative? What would that mean?",
        "Look for an abs or a square root.",
        _of_result(np.abs),
    ),
    Mistake(
        "negative-entries-cut",
        "Negative entries of your answer have become zero.",
        "Can a gradient be negative? What would that mean?",
        "Look for a maximum with 0, or a relu at the end.",
        _of_result(lambda g: np.maximum(g, 0)),
    ),
    Mistake(
        "result-limited",
        "Large entries of your answer are cut off at a bound.",
        "Double dz. Does your answer double everywhere?",
        "Clipping belongs to training, if anywhere. The gradient itself has no bound.",
        _limited(1.0),
        also=tuple(_limited(bound) for bound in (0.1, 0.5, 2.0, 3.0, 5.0, 10.0, 100.0)),
    ),
    Mistake(
        "result-normalised",
        "Your answer is scaled to length one, or so that it adds up to one.",
        "Double dz. What should happen to the answer?",
        "The size of a gradient is a message too. What is done to it at the end?",
        _of_result(lambda g: g / np.linalg.norm(g)),
        also=(_of_result(lambda g: g / g.sum()), _of_result(lambda g: g / np.max(abs(g)))),
    ),
    Mistake(
        "rounded",
        "Your answer is rounded.",
        "How many digits does your answer have, and how many has the right one?",
        "Round what you print, if you like; not what you return.",
        _rounded(2),
        also=tuple(_rounded(digits) for digits in (0, 1, 3, 4)),
    ),
)


def _refuse() -> Any:
    raise ValueError("needs two axes")


MISTAKES_OF_RESULT: tuple[Mistake, ...] = (*_SCALED, *_MOVED, *_OF_ANOTHER_SHAPE, *_CHANGED)
