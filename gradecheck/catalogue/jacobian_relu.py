"""jacobian_relu: every dz[i]/dx[j] of z = max(x, 0) for a vector x."""

import numpy as np

from gradecheck.catalogue.relu import BESIDE_CORNER, GAP, LEAK
from gradecheck.exercise import Exercise, Float64, Mistake


def _mask(x: Float64) -> Float64:
    return (x > 0).astype(np.float64)


_MISTAKES = (
    Mistake(
        "diagonal-for-matrix",
        "This is a vector of slopes. A Jacobian has an entry for each pair of an output and an input.",
        "How many pairs (i, j) are there?",
        "Where in the matrix do the slopes dz[i]/dx[i] stand, and what is everywhere else?",
        lambda _vjp, x: _mask(x),
    ),
    Mistake(
        "mask-in-every-row",
        "The vector of slopes stands in every row.",
        "Does z[0] move when x[1] does?",
        "Each row says how one output depends on all the inputs. On how many does z[i] depend?",
        lambda _vjp, x: np.tile(_mask(x), (len(x), 1)),
    ),
    Mistake(
        "mask-in-every-column",
        "The vector of slopes stands in every column.",
        "Does z[1] move when x[0] does?",
        "Each column says how one input reaches all the outputs. How many does x[j] reach?",
        lambda _vjp, x: np.tile(_mask(x), (len(x), 1)).T,
    ),
    Mistake(
        "outer-product-for-diagonal",
        "This is the outer product of the slopes with themselves.",
        "Does z[0] move when x[1] does?",
        "What is dz[i]/dx[j] where i and j differ?",
        lambda _vjp, x: np.outer(_mask(x), _mask(x)),
    ),
    Mistake(
        "forward-value-on-diagonal",
        "On the diagonal stands the output of relu, not its slope.",
        "Is the line steeper at x = 5 than at x = 1?",
        "The slope takes two values only.",
        lambda _vjp, x: np.diag(np.maximum(x, 0)),
    ),
    Mistake(
        "mask-upside-down",
        "Your slope is 1 where relu blocks, and 0 where it lets through.",
        "For x = 2, does z move when x does? And for x = -2?",
        "Look at the comparison that makes your mask.",
        lambda _vjp, x: np.diag(1 - _mask(x)),
    ),
    Mistake(
        "nothing-blocked",
        "Every slope is 1, also where x is negative.",
        "What does relu do with a negative x, and what with one a little larger?",
        "Print your mask. If it was made from the output, can the output be below 0?",
        lambda _vjp, x: np.eye(len(x)),
    ),
    Mistake(
        "slope-of-leaky-relu",
        "Where x is negative your slope is small, but not 0.",
        "How much does z move when a negative x moves a little?",
        "This is another function of the same family, one that leaks.",
        lambda _vjp, x: np.diag(np.where(x > 0, 1.0, LEAK)),
    ),
)

JACOBIAN_RELU = Exercise(
    name="jacobian_relu",
    title="jacobian_relu",
    arguments=("x",),
    differentiates=("x",),
    forward=lambda tf, x: tf.nn.relu(x),
    forward_numpy=lambda x: np.maximum(x, 0),
    printed={"x": [-1, 2, 3]},
    shapes=tuple({"x": (n,)} for n in (3, 3, 5, 4, 2, 1, 6, 7)),
    gap=GAP,
    extremes=({"x": [1000, -1000, 100, -100]}, {"x": BESIDE_CORNER}),
    kinks=({"x": [0, 1, -1]},),
    whole_jacobian=True,
    points=10,
    mistakes=_MISTAKES,
    worth_knowing="Of n times n entries at most n differ from 0: nobody stores this matrix to work with it.",
)
