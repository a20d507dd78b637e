"""What grad_add and grad_multiply have in common: shapes that broadcast, and what goes wrong with them.

Where a was stretched to the shape of z, every copy sends a gradient back. The mistakes here get those
contributions from the exercise, one array of z's shape for a and one for b, and put them together wrongly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, Shape

#: `contributions(a, b, dz)`: what each copy of an element of a, and of b, sends back; both of z's shape.
Contributions = Callable[[Float64, Float64, Float64], tuple[Float64, Float64]]
#: `collect(contributions, shape)`: what a mistake makes of them for an argument of that shape.
Collect = Callable[[Float64, Shape], Float64]

_VJP = Callable[..., tuple[Float64, Float64]]

#: The printed example's shapes first; a square one lets a sum over the wrong axis run.
PATTERNS: tuple[Mapping[str, Shape], ...] = tuple(
    {"a": a, "b": b}
    for a, b in (
        ((2, 3), (3,)),
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((1, 3), (2, 1)),
        ((3,), (2, 3)),
        ((), ()),
        ((2, 3), ()),
        ((2, 3), (2, 3)),
        ((3, 3), (3,)),
        ((3, 3), (3, 3)),
        ((2, 1, 3), (4, 1)),
        ((2, 1), (2, 4)),
    )
)


def stretched_axes(shape: Shape, rank: int) -> tuple[int, ...]:
    """The axes of a z of that rank along which an argument of `shape` has one element or no axis at all."""
    padded = (1,) * (rank - len(shape)) + shape
    return tuple(axis for axis, length in enumerate(padded) if length == 1)


def copies_of(shape: Shape, full: Shape) -> float:
    """How many copies of an argument of `shape` went into a z of the shape `full`."""
    return float(np.prod(full) / np.prod(shape))


def _along_the_other_axis(full: Float64, shape: Shape) -> Float64:
    if full.ndim != 2 or full.shape == shape:
        return full.reshape(shape)
    (axis, *more) = stretched_axes(shape, full.ndim)
    if more:
        return np.full(shape, full.sum())
    return np.asarray(full.sum(axis=1 - axis, keepdims=len(shape) == 2))


def _with_axes_kept(full: Float64, shape: Shape) -> Float64:
    return np.asarray(full.sum(axis=stretched_axes(shape, full.ndim), keepdims=True))


def _with_axes_dropped(full: Float64, shape: Shape) -> Float64:
    return np.asarray(full.sum(axis=stretched_axes(shape, full.ndim)))


def _first_copy(full: Float64, shape: Shape) -> Float64:
    for axis in stretched_axes(shape, full.ndim):
        full = full.take([0], axis=axis)
    return full.reshape(shape)


def _missing_axes_only(full: Float64, shape: Shape) -> Float64:
    return np.asarray(full.sum(axis=tuple(range(full.ndim - len(shape)))))


def _axes_of_one_only(full: Float64, shape: Shape) -> Float64:
    missing = full.ndim - len(shape)
    axes = tuple(i for i in stretched_axes(shape, full.ndim) if i >= missing)
    return np.asarray(full.sum(axis=axes, keepdims=True))


def _everything(full: Float64, shape: Shape) -> Float64:
    return full if full.shape == shape else np.full(shape, full.sum())


def _one_number(full: Float64, shape: Shape) -> Float64:
    return full if full.shape == shape else np.array(full.sum())


@dataclass(frozen=True)
class _Pattern:
    """A mistake in collecting contributions: what `Mistake` holds, and how it collects.

    `for_a_row` is how it collects where only b is thought of, and b as a row.
    """

    id: str
    sentence: str
    hint: str
    stronger_hint: str
    collect: Collect
    for_a_row: Callable[[Float64], Float64] | None = None

    def mistake(self, contributions: Contributions) -> Mistake:
        """The mistake in an exercise with those contributions."""

        def formula(_vjp: object, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
            pairs = zip(contributions(a, b, dz), (a, b), strict=True)
            return tuple(self.collect(full, argument.shape) for full, argument in pairs)

        def for_a_row(_vjp: object, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
            assert self.for_a_row is not None
            for_a, for_b = contributions(a, b, dz)
            return for_a, np.asarray(self.for_a_row(for_b))

        also = (for_a_row,) if self.for_a_row is not None else ()
        return Mistake(self.id, self.sentence, self.hint, self.stronger_hint, formula, also=also)


def _averaged(vjp: _VJP, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
    da, db = vjp(a, b, dz)
    return da / copies_of(a.shape, dz.shape), db / copies_of(b.shape, dz.shape)


def _times_own(vjp: _VJP, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
    da, db = vjp(a, b, dz)
    return da * a, db * b


_PATTERNS_OF_MISTAKES = (
    _Pattern(
        "broadcast-not-summed",
        "An argument was stretched to the shape of z, and its gradient still has the stretched shape.",
        "How many numbers does b have, and how many do you return for it?",
        "One element took part in several entries of z. What becomes of several paths?",
        lambda full, _shape: full,
    ),
    _Pattern(
        "broadcast-summed-over-wrong-axis",
        "The contributions are put together along the wrong axis.",
        "Along which axis was the argument repeated? Write its shape below that of z, right-aligned.",
        "The axis that was stretched is the one to go; yours is the other.",
        _along_the_other_axis,
        lambda for_b: for_b.sum(axis=1),
    ),
    _Pattern(
        "broadcast-axes-kept",
        "The numbers are right, and an axis of length one is left over.",
        "Compare the shape of your answer with that of the argument.",
        "An axis that the argument never had must go altogether.",
        _with_axes_kept,
    ),
    _Pattern(
        "broadcast-axes-dropped",
        "The numbers are right, and an axis of length one has gone.",
        "Compare the shape of your answer with that of the argument.",
        "An axis that the argument has, if only of length one, must stay.",
        _with_axes_dropped,
    ),
    _Pattern(
        "broadcast-first-copy-only",
        "Of the copies of a stretched argument only the first counts in your answer.",
        "The other rows used that argument, too. Where are their messages?",
        "One element, several paths: all of them reach the loss.",
        _first_copy,
        lambda for_b: for_b[0],
    ),
    _Pattern(
        "broadcast-stretched-axis-forgotten",
        "You take care of axes that an argument lacks, but not of its axes of length one.",
        "Try a of shape (2, 3) with b of shape (2, 1).",
        "There are two ways to be stretched: an axis is missing, or its length is one.",
        _missing_axes_only,
    ),
    _Pattern(
        "broadcast-missing-axis-forgotten",
        "You take care of an argument's axes of length one, but not of axes that it lacks.",
        "Try a of shape (2, 3) with b of shape (3,).",
        "There are two ways to be stretched: an axis is missing, or its length is one.",
        _axes_of_one_only,
    ),
    _Pattern(
        "broadcast-everything-summed",
        "For a stretched argument all entries of your answer are one and the same number.",
        "Do all columns of dz carry the same message?",
        "Each element hears only from the entries of z that it took part in.",
        _everything,
    ),
    _Pattern(
        "summed-to-one-number",
        "For a stretched argument you return a single number.",
        "How many numbers does the argument have?",
        "Only the axis along which it was repeated disappears.",
        _one_number,
    ),
)
_WHATEVER_THE_FUNCTION = (
    Mistake(
        "broadcast-averaged",
        "Over the copies of a stretched argument you take the average.",
        "You are off by the number of copies. Nothing in the forward direction divides by it.",
        "Each path from an element to the loss counts in full.",
        _averaged,
    ),
    Mistake(
        "multiplied-by-own-argument",
        "Each gradient contains the very argument that it belongs to.",
        "Hold the other argument still: is z a straight line in this one? What is its slope?",
        "What you differentiate with respect to is gone from a slope like this one.",
        _times_own,
    ),
)


def broadcasting_mistakes(contributions: Contributions) -> tuple[Mistake, ...]:
    """The ways to get broadcasting wrong, for an exercise with those contributions."""

    def one_pattern(_vjp: object, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
        for_a, for_b = contributions(a, b, dz)
        return for_a, np.asarray(for_b.sum(axis=0))

    return (
        *(pattern.mistake(contributions) for pattern in _PATTERNS_OF_MISTAKES),
        Mistake(
            "broadcast-one-pattern-only",
            "You treat b as a single row whatever its shape is, and a as never stretched.",
            "Try equal shapes; then exchange a and b.",
            "Which axes disappear has to follow from the shapes.",
            one_pattern,
        ),
        *_WHATEVER_THE_FUNCTION,
    )


def binary_exercise(
    name: str,
    *,
    forward: Callable[..., object],
    forward_numpy: Callable[..., object],
    printed: Mapping[str, object],
    points: float,
    mistakes: tuple[Mistake, ...],
    worth_knowing: str,
) -> Exercise:
    """An exercise on a function of two arrays that broadcast, with both gradients asked."""
    return Exercise(
        name=f"grad_{name}",
        title=name,
        arguments=("a", "b", "dz"),
        differentiates=("a", "b"),
        forward=forward,
        forward_numpy=forward_numpy,
        printed=printed,
        shapes=PATTERNS,
        extremes=(
            {"a": [[1000, -100, 0], [0, 1, -1000]], "b": [100, 0, -1000]},
            {"a": [[0, 0]], "b": [[0], [0]]},
        ),
        points=points,
        mistakes=mistakes,
        worth_knowing=worth_knowing,
    )
