"""grad_multiply: z = a * b, element by element, where shapes broadcast; both gradients."""

from collections.abc import Callable

import numpy as np

from gradecheck.catalogue.broadcasting import binary_exercise, broadcasting_mistakes, copies_of
from gradecheck.exercise import Float64, Formula, Mistake

_VJP = Callable[..., tuple[Float64, Float64]]


def _collected(vjp: _VJP, a: Float64, b: Float64, for_a: Float64, for_b: Float64) -> tuple[Float64, Float64]:
    """What comes to a and to b of messages of z's shape, with 1 for either factor."""
    ones = np.ones_like(a), np.ones_like(b)
    return vjp(*ones, for_a)[0], vjp(*ones, for_b)[1]


def _with_factors(factors: Callable[..., tuple[Float64, Float64]]) -> Formula:
    """The message dz times another factor for a and for b, each in its own shape."""

    def formula(vjp: _VJP, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, Float64]:
        for_a, for_b = factors(a, b)
        return _collected(vjp, a, b, dz * for_a, dz * for_b)

    return formula


def _product_of_sums(vjp: _VJP, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, Float64]:
    da, db = _collected(vjp, a, b, dz, dz)
    whole_a, whole_b = np.broadcast_arrays(a, b)
    partner_of_a, partner_of_b = _collected(vjp, a, b, whole_b, whole_a)
    return da * partner_of_a, db * partner_of_b


def _means_multiplied(vjp: _VJP, a: Float64, b: Float64, dz: Float64) -> tuple[Float64, Float64]:
    da, db = _product_of_sums(vjp, a, b, dz)
    return da / copies_of(a.shape, dz.shape), db / copies_of(b.shape, dz.shape)


_MISTAKES = (
    Mistake(
        "own-factor-kept",
        "Each gradient is built with the argument that it belongs to.",
        "Leave b as it is and let a grow by 0.01: by how much does z grow?",
        "Two factors, two slopes; yours are in each other's place.",
        _with_factors(lambda a, b: (a, b)),
        also=(lambda _vjp, a, b, dz: (dz * a, dz * b),),
    ),
    Mistake(
        "local-factor-returned",
        "You return the arguments themselves, and never bring dz in.",
        "Your answer stays the same when dz changes. What is dz for?",
        "The chain rule multiplies what comes from above with the local derivative.",
        lambda _vjp, a, b, _dz: (b + 0.0, a + 0.0),
    ),
    Mistake(
        "factors-added",
        "Both gradients contain the sum of a and b.",
        "There is one gradient for each argument. Did you add what belongs to two of them?",
        "What does z gain when only a grows by one?",
        _with_factors(lambda a, b: (a + b, a + b)),
        also=(lambda _vjp, a, b, dz: (dz * (a + b), dz * (a + b)),),
    ),
    Mistake(
        "rule-of-the-sum",
        "This is the gradient of a + b.",
        "If b is large, does z react more to a, or just as much as before?",
        "For a product the slope in one factor depends on the other.",
        _with_factors(lambda a, b: (np.ones_like(a), np.ones_like(b))),
    ),
    *broadcasting_mistakes(lambda a, b, dz: (dz * b, dz * a)),
    Mistake(
        "product-of-sums",
        "You sum both factors first and multiply the sums.",
        "Is 1 * 2 + 3 * 4 the same as (1 + 3) * (2 + 4)?",
        "Each entry of z makes its own product; only then do the contributions meet.",
        _product_of_sums,
    ),
    Mistake(
        "product-of-sum-and-mean",
        "You put the messages and the other argument together before you multiply them.",
        "Is the sum of products the product of a sum and a mean?",
        "Each entry of z makes its own product; only then do the contributions meet.",
        _means_multiplied,
    ),
)

MULTIPLY = binary_exercise(
    "multiply",
    forward=lambda tf, a, b: tf.math.multiply(a, b),
    forward_numpy=lambda a, b: np.multiply(a, b),
    printed={"a": [[0.5, -1, 2], [3, -2, 0.25]], "b": [2, 1, -1], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    points=8,
    mistakes=_MISTAKES,
    worth_knowing="Each factor decides how much the other one matters: where b is 0, no message reaches a.",
)
