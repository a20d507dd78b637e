"""jacobian_affine: every dz[i]/dx[j] of z = W x + b for one sample x."""

import numpy as np

from gradecheck.exercise import Exercise, Mistake

_MISTAKES = (
    Mistake(
        "transposed",
        "The numbers are right, and rows and columns are exchanged.",
        "Which axis counts the outputs: the first, or the second?",
        "The entry in row i and column j says how z[i] moves with x[j].",
        lambda _vjp, W, _x, _b: W.T + 0.0,
    ),
    Mistake(
        "weights-times-input",
        "Every weight is multiplied by its x.",
        "Does the slope of a straight line depend on where you are on it?",
        "Nudge x[j] by 1: how much does z[i] move, for any x you like?",
        lambda _vjp, W, x, _b: W * x,
    ),
    Mistake(
        "product-for-jacobian",
        "This is W times x, without b: nearly the output of the forward function, not its slope.",
        "How many pairs (i, j) are there, and how many numbers are in your answer?",
        "That is how large z is. How fast does z[i] change when x[j] does?",
        lambda _vjp, W, x, _b: W @ x,
    ),
    Mistake(
        "jacobian-summed-over-outputs",
        "The weights are added up over the outputs, so that one row is left.",
        "How many rows has a Jacobian with two outputs?",
        "One row for each output: none is added to another.",
        lambda _vjp, W, _x, _b: W.sum(axis=0),
    ),
    Mistake(
        "jacobian-summed-over-inputs",
        "The weights are added up over the inputs, so that one column is left.",
        "How many columns has a Jacobian with three inputs?",
        "One column for each input: none is added to another.",
        lambda _vjp, W, _x, _b: W.sum(axis=1),
    ),
    Mistake(
        "jacobian-of-other-argument",
        "This is a correct Jacobian, with respect to b.",
        "Which argument does the exercise ask for?",
        "Look at the shape: one column for each entry of x.",
        lambda _vjp, W, _x, _b: np.eye(W.shape[0]),
    ),
    Mistake(
        "constant-differentiated",
        "The constant b has found its way into the Jacobian.",
        "Add 100 to b. Does z follow x any faster?",
        "What is the slope of a constant?",
        lambda _vjp, W, _x, b: W + b[:, None],
    ),
)

JACOBIAN_AFFINE = Exercise(
    name="jacobian_affine",
    title="jacobian_affine",
    arguments=("W", "x", "b"),
    differentiates=("x",),
    forward=lambda tf, W, x, b: tf.linalg.matvec(W, x) + b,
    forward_numpy=lambda W, x, b: W @ x + b,
    printed={"W": [[1, 2, -1], [0, 3, 1]], "x": [1, 3, 0], "b": [0.5, -1]},
    shapes=tuple(
        {"W": (outputs, inputs), "x": (inputs,), "b": (outputs,)}
        for outputs, inputs in ((2, 3), (2, 3), (3, 3), (4, 2), (2, 2), (1, 4), (3, 1), (5, 4))
    ),
    extremes=({"W": [[1000, -100], [0, 1]], "x": [100, -1000], "b": [-1000, 0]},),
    whole_jacobian=True,
    points=10,
    mistakes=_MISTAKES,
    worth_knowing="Neither x nor b appears: an affine function has one Jacobian for all inputs.",
)
