"""grad_matmul: Z = X Y for matrices, with respect to X."""

import numpy as np

from gradecheck.exercise import Exercise, Mistake

_FIT = "Write down the shapes of dz and y, and the shape that the answer must have."
_MISTAKES = (
    Mistake(
        "matmul-transpose-missing",
        "dz is multiplied by y as it stands.",
        _FIT,
        "One of the two has to be turned before they fit.",
        lambda _vjp, _x, y, dz: dz @ y,
    ),
    Mistake(
        "matmul-order-swapped",
        "The two right matrices are multiplied in the wrong order.",
        "Matrix products do not commute. On which side of X did Y stand?",
        "What stood to the right of X stays on the right.",
        lambda _vjp, _x, y, dz: y.T @ dz,
    ),
    Mistake(
        "matmul-order-swapped-transpose-missing",
        "The order is wrong, and a transpose is missing.",
        _FIT,
        "On which side of X did Y stand in the forward direction?",
        lambda _vjp, _x, y, dz: y @ dz,
    ),
    Mistake(
        "matmul-upstream-transposed",
        "dz is turned, and it should stay as it is.",
        _FIT,
        "The rows of dz belong to the rows of X.",
        lambda _vjp, _x, y, dz: dz.T @ y,
    ),
    Mistake(
        "elementwise-for-matmul",
        "Elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of X reach?",
        lambda _vjp, _x, y, dz: dz * y,
    ),
    Mistake(
        "elementwise-for-matmul-transposed",
        "Elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of X reach?",
        lambda _vjp, _x, y, dz: dz * y.T,
    ),
    Mistake(
        "gradient-of-other-argument",
        "This is a correct gradient, of the other matrix.",
        "Which of the two does the exercise ask for?",
        "Look at the shape: the answer has one number for each element of x.",
        lambda _vjp, x, _y, dz: x.T @ dz,
    ),
    Mistake(
        "factor-reshaped-for-transposed",
        "The other matrix was poured into another shape where it had to be transposed.",
        "Take a matrix of 2 rows and 3 columns: is its reshape to (3, 2) its transpose?",
        "A reshape keeps the order of the numbers in memory; a transpose does not.",
        lambda _vjp, _x, y, dz: dz @ y.reshape(y.shape[::-1]),
    ),
    Mistake(
        "last-column-only",
        "Of the sum over the columns of dz only the last term is there.",
        "In a loop, does each step replace the result, or add to it?",
        "An element of X reaches every column of Z, and each of them sends something back.",
        lambda _vjp, _x, y, dz: np.outer(dz[:, -1], y[:, -1]),
    ),
    Mistake(
        "sums-multiplied",
        "You sum first and multiply afterwards.",
        "Is 1 * 2 + 3 * 4 the same as (1 + 3) * (2 + 4)?",
        "Each column of dz meets its own column of y; only then is something added.",
        lambda _vjp, _x, y, dz: np.outer(dz.sum(axis=1), y.sum(axis=1)),
    ),
    Mistake(
        "inverse-for-gradient",
        "You undo the product with an inverse.",
        "Undoing a step is not differentiating it.",
        "A gradient exists for every y, also for one that has no inverse.",
        lambda _vjp, _x, y, dz: dz @ np.linalg.inv(y),
    ),
    Mistake(
        "local-factor-returned",
        "You return the other matrix, turned, and never bring dz in.",
        "Your answer stays the same when dz changes. What is dz for?",
        "The chain rule multiplies what comes from above with the local derivative.",
        lambda _vjp, _x, y, _dz: y.T + 0.0,
    ),
)

MATMUL = Exercise(
    name="grad_matmul",
    title="matmul",
    arguments=("x", "y", "dz"),
    differentiates=("x",),
    forward=lambda tf, x, y: tf.linalg.matmul(x, y),
    forward_numpy=lambda x, y: x @ y,
    stacks=("x",),
    printed={"x": [[3, 4], [5, 6]], "y": [[4, 5], [6, 7]], "dz": [[1, 2], [3, 4]]},
    shapes=(
        {"x": (2, 3), "y": (3, 4)},
        {"x": (2, 2), "y": (2, 2)},
        {"x": (3, 3), "y": (3, 3)},
        {"x": (3, 3), "y": (3, 3)},
        {"x": (1, 3), "y": (3, 2)},
        {"x": (4, 1), "y": (1, 3)},
        {"x": (3, 2), "y": (2, 1)},
        {"x": (7, 9), "y": (9, 13)},
        {"x": (4, 3), "y": (3, 5)},
    ),
    extremes=(
        {"x": [[100, -100, 0], [0, 1, 1000]], "y": [[0, -1000], [100, 0], [-100, 1]]},
        {"x": [[0, 0], [0, 0]], "y": [[0, 0, 0], [0, 0, 0]]},
    ),
    points=25,
    mistakes=_MISTAKES,
    worth_knowing="x is not needed for its own gradient: the product is linear in each matrix.",
)
