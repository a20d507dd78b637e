"""grad_log: z = ln(x), element by element, for x above 0."""

import numpy as np

from gradecheck.catalogue.elementwise import ELEMENTWISE_SHAPES
from gradecheck.exercise import Exercise, Formula, Mistake

#: What people add to x lest it be zero, the usual one first; below 1e-6 nobody can tell.
SAFETY_TERMS = (1e-3, 1e-2, 1e-4)


def _with_safety_term(term: float) -> Formula:
    return lambda _vjp, x, dz: dz / (x + term)


_MISTAKES = (
    Mistake(
        "log-in-numerator",
        "dz is multiplied by the logarithm itself.",
        "At x = 1 your slope is 0. Nudge x there: does z stay where it is?",
        "You use the value of the logarithm where its slope belongs.",
        lambda _vjp, x, dz: dz * np.log(x),
    ),
    Mistake(
        "log-in-denominator",
        "dz is divided by the logarithm of x.",
        "Try x = 1. Is the curve infinitely steep there?",
        "Where is the curve steep, and what vanishes there: x, or its logarithm?",
        lambda _vjp, x, dz: dz / np.log(x),
    ),
    Mistake(
        "slope-upside-down",
        "Your slope grows with x.",
        "Far to the right the curve is nearly level. Is your slope small there?",
        "Draw the curve near 0.5 and near 5. Where is it steeper?",
        lambda _vjp, x, dz: dz * x,
    ),
    Mistake(
        "differentiated-twice",
        "This is the slope of the slope: one derivative too many.",
        "The logarithm rises everywhere. Which sign has your slope?",
        "Count how many times you have differentiated since you wrote down ln(x).",
        lambda _vjp, x, dz: -dz / x**2,
    ),
    Mistake(
        "wrong-base",
        "This is the gradient of the logarithm to base 10.",
        "Divide your answer by the right one: always about 0.434. Which logarithm has that?",
        "In TensorFlow and NumPy, log is the natural logarithm.",
        lambda _vjp, x, dz: dz / (x * np.log(10)),
    ),
    Mistake(
        "wrong-base-two",
        "This is the gradient of the logarithm to base 2.",
        "Divide your answer by the right one: always about 1.443. Which logarithm has that?",
        "In TensorFlow and NumPy, log is the natural logarithm.",
        lambda _vjp, x, dz: dz / (x * np.log(2)),
    ),
    Mistake(
        "upstream-in-denominator",
        "dz stands below the line of the fraction.",
        "Double dz: your answer becomes half as large. How should it change?",
        "The message from above is a factor, never a divisor.",
        lambda _vjp, x, dz: 1 / (x * dz),
    ),
    Mistake(
        "slope-at-upstream",
        "The slope is taken at dz instead of at x.",
        "At which place of the curve do you take the slope: where x is, or where dz is?",
        "dz tells how much the loss cares about z. It does not tell where on the curve we are.",
        lambda _vjp, _x, dz: np.ones_like(dz),
    ),
    Mistake(
        "safety-term",
        "Something small is added to x before it is used.",
        "Your answer is nearly right, and worst where x is small. What was added there?",
        "With something added to x this is the slope of another curve, one that lies further left.",
        _with_safety_term(SAFETY_TERMS[0]),
        also=tuple(_with_safety_term(term) for term in SAFETY_TERMS[1:]),
    ),
)

LOG = Exercise(
    name="grad_log",
    title="log",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.math.log(x),
    forward_numpy=lambda x: np.log(x),
    stacks=("x",),
    printed={"x": [[0.5, 1, 2], [4, 0.25, 8]], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    shapes=ELEMENTWISE_SHAPES,
    low=0.25,
    high=6.0,
    extremes=(
        {"x": [900, 0.03125, 1]},
        {"x": [[1e6, 100], [0.0625, 900]]},
    ),
    points=5,
    mistakes=_MISTAKES,
    worth_knowing="Near 0 the slope has no bound: this is why a loss with a logarithm in it can blow up.",
)
