"""grad_sigmoid: z = 1 / (1 + exp(-x)), element by element."""

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass


def sigmoid(x: Float64) -> Float64:
    """1 / (1 + exp(-x)), written with tanh so that no x overflows."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x, np.float64)))


def _naive_exponential(x: Float64) -> Float64:
    """The slope as exp(-x) / (1 + exp(-x))**2: true in theory, NaN in float32 from x = -45 on."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(-np.asarray(x, np.float32))
        return np.asarray(e / (1 + e) ** 2, np.float64)


_MISTAKES = (
    Mistake(
        "sigmoid-of-one-minus-x",
        "Your second factor is the sigmoid of 1 - x.",
        "Try x = 0 on paper: how steep is the sigmoid there?",
        "Is sigmoid(1 - x) the same number as 1 - sigmoid(x)?",
        lambda _vjp, x, dz: dz * sigmoid(x) * sigmoid(1 - x),
    ),
    Mistake(
        "slope-from-input",
        "Your slope is built from x itself, as if x were already the output of the sigmoid.",
        "For x above 1 your slope is below zero. Does the sigmoid ever fall?",
        "Which of the two lies between 0 and 1: x, or sigmoid(x)?",
        lambda _vjp, x, dz: dz * x * (1 - x),
    ),
    Mistake(
        "sigmoid-twice",
        "The sigmoid is applied twice: to x, and then to the result.",
        "Your slope hardly changes with x. Where should it be nearly flat?",
        "Does something that has already been through the sigmoid go through it again?",
        lambda _vjp, x, dz: dz * sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x))),
    ),
    Mistake(
        "half-the-product-rising",
        "Only one factor of the slope is there, the one that goes to 1 for large x.",
        "Far to the right the sigmoid is flat. What should the slope be there, and what is yours?",
        "The slope vanishes at both ends; yours vanishes at one.",
        lambda _vjp, x, dz: dz * sigmoid(x),
    ),
    Mistake(
        "half-the-product-falling",
        "Only one factor of the slope is there, the one that goes to 1 for very negative x.",
        "Far to the left the sigmoid is flat. What should the slope be there, and what is yours?",
        "The slope vanishes at both ends; yours vanishes at one.",
        lambda _vjp, x, dz: dz * (1 - sigmoid(x)),
    ),
    Mistake(
        "slope-of-tanh",
        "This is the pattern of the slope of tanh, not of the sigmoid.",
        "At x = 0 your slope is 0.75. Measure it: nudge x by 0.01 and look at z.",
        "Which function has a slope of one minus its own square?",
        lambda _vjp, x, dz: dz * (1 - sigmoid(x) ** 2),
    ),
    Mistake(
        "summed-to-one-number",
        "All elements were added up into one number.",
        "How many numbers are in x? The answer has one for each.",
        "Each z[i] depends on x[i] alone, so nothing is summed.",
        lambda _vjp, x, dz: np.sum(dz * sigmoid(x) * (1 - sigmoid(x))),
    ),
    Mistake(
        "slope-at-upstream",
        "The slope is taken at dz instead of at x.",
        "At which place of the curve do you take the slope: where x is, or where dz is?",
        "dz tells how much the loss cares about z. It does not tell where on the sigmoid we are.",
        lambda _vjp, _x, dz: dz * sigmoid(dz) * (1 - sigmoid(dz)),
    ),
    Mistake(
        "overflow-in-exp",
        "The formula is right, but exp overflows far away from 0 and the result is not a number.",
        "Try x = -100, and x = 100.",
        "Write the slope with sigmoid(x) only, and let the sigmoid take care of large numbers.",
        lambda _vjp, x, dz: dz * _naive_exponential(x),
        MistakeClass.EXTREME,
    ),
)

SIGMOID = Exercise(
    name="grad_sigmoid",
    title="sigmoid",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.math.sigmoid(x),
    forward_numpy=sigmoid,
    stacks=("x",),
    printed={"x": [3, 4, 5], "dz": [1, 2, 3]},
    shapes=tuple({"x": (n,)} for n in (3, 5, 5, 1, 4, 7, 2, 23, 8)),
    extremes=(
        {"x": [-100, 100, 0]},
        {"x": [-1000, 1000, -30, 30]},
        {"x": [6, -6, 12, -12, 20, -20, 90, -90]},
        {"x": [0, 0]},
    ),
    points=20,
    mistakes=_MISTAKES,
    worth_knowing="The slope is never above 1/4, so a long chain of sigmoids lets little gradient through.",
)
