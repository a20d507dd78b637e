"""grad_relu: z = max(x, 0), element by element; its corner at 0 is asked about apart."""

import numpy as np

from gradecheck.catalogue.elementwise import ELEMENTWISE_SHAPES
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass

#: Distance that ordinary inputs keep from the corner; finite differences reach 0.001 to each side.
GAP = 0.05
#: Extreme inputs on both sides of the corner, as near to it as finite differences allow.
BESIDE_CORNER = (2.0**-9, -(2.0**-9), 2.0**-6, -(2.0**-6))
#: The slope for negative x that a leaky relu usually has.
LEAK = 0.01


def _quotient(x: Float64, dz: Float64) -> Float64:
    """The slope as z / x: true on both sides, and 0 / 0 at the corner."""
    with np.errstate(invalid="ignore"):
        return dz * (np.maximum(x, 0) / x)


_MISTAKES = (
    Mistake(
        "mask-from-upstream",
        "You block by the sign of dz, and x has no say.",
        "Which array was clipped in the forward direction?",
        "A negative dz is a message like any other.",
        lambda _vjp, _x, dz: dz * (dz > 0),
    ),
    Mistake(
        "mask-from-both",
        "You block where x is negative, and also where dz is negative.",
        "Try an x above 0 with a dz below 0. What should come through?",
        "Of the two arrays only one decides what passes.",
        lambda _vjp, x, dz: dz * (x > 0) * (dz > 0),
    ),
    Mistake(
        "forward-value-times-upstream",
        "dz is multiplied by the output of relu instead of by its slope.",
        "Is the line steeper at x = 5 than at x = 1?",
        "The slope takes two values only.",
        lambda _vjp, x, dz: dz * np.maximum(x, 0),
    ),
    Mistake(
        "mask-upside-down",
        "You let through what relu blocks, and block what it lets through.",
        "For x = 2, does z move when x does? And for x = -2?",
        "Look at the comparison that makes your mask.",
        lambda _vjp, x, dz: dz * (x < 0),
    ),
    Mistake(
        "nothing-blocked",
        "dz comes through everywhere, also where x is negative.",
        "What does relu do with a negative x, and what with one a little larger?",
        "Print your mask. If it was made from the output, can the output be below 0?",
        lambda _vjp, _x, dz: dz + 0.0,
    ),
    Mistake(
        "slope-of-leaky-relu",
        "Where x is negative a small part of dz comes through.",
        "How much does z move when a negative x moves a little?",
        "This is another function of the same family, one that leaks.",
        lambda _vjp, x, dz: dz * np.where(x > 0, 1.0, LEAK),
    ),
    Mistake(
        "slope-of-absolute-value",
        "For negative x your slope is -1.",
        "What is z for x = -2, and for x = -3?",
        "You have differentiated the absolute value.",
        lambda _vjp, x, dz: dz * np.sign(x),
    ),
    Mistake(
        "full-jacobian",
        "You built a matrix with the slopes on its diagonal. The answer has the shape of x.",
        "How many numbers are in x, and how many in your answer?",
        "Bring the Jacobian and dz together, so that one axis disappears.",
        lambda _vjp, x, _dz: np.diag((x.ravel() > 0).astype(np.float64)),
    ),
    Mistake(
        "divided-at-corner",
        "Your slope is z / x, which is not a number at x = 0.",
        "Try x = 0.",
        "Ask on which side of the corner x lies; nothing needs to be divided.",
        lambda _vjp, x, dz: _quotient(x, dz),
        MistakeClass.EXTREME,
    ),
)

RELU = Exercise(
    name="grad_relu",
    title="relu",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.nn.relu(x),
    forward_numpy=lambda x: np.maximum(x, 0),
    stacks=("x",),
    printed={"x": [[0.5, -1, 2], [3, -2, 0.25]], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    shapes=ELEMENTWISE_SHAPES,
    gap=GAP,
    extremes=({"x": [[1000, -1000, 100], [-100, 50, -50]]}, {"x": BESIDE_CORNER}),
    kinks=({"x": [0, 1, -1, 0]}, {"x": [[0, 2], [-3, 0]]}),
    points=10,
    mistakes=_MISTAKES,
    worth_knowing="At exactly 0 there is no one slope: TensorFlow takes 0; anything from 0 to 1 is right.",
)
