"""grad_matmul_y: Z = X Y for matrices, with respect to Y."""

import numpy as np

from gradecheck.exercise import Exercise, Mistake

_FIT = "Write down the shapes of dz and x, and the shape that the answer must have."
_MISTAKES = (
    Mistake(
        "matmul-transpose-missing",
        "x is multiplied by dz as it stands.",
        _FIT,
        "One of the two has to be turned before they fit.",
        lambda _vjp, x, _y, dz: x @ dz,
    ),
    Mistake(
        "matmul-order-swapped",
        "The two right matrices are multiplied in the wrong order.",
        "Matrix products do not commute. On which side of Y did X stand?",
        "What stood to the left of Y stays on the left.",
        lambda _vjp, x, _y, dz: dz @ x.T,
    ),
    Mistake(
        "matmul-order-swapped-transpose-missing",
        "The order is wrong, and a transpose is missing.",
        _FIT,
        "On which side of Y did X stand in the forward direction?",
        lambda _vjp, x, _y, dz: dz @ x,
    ),
    Mistake(
        "matmul-upstream-transposed",
        "dz is turned, and it should stay as it is.",
        _FIT,
        "The columns of dz belong to the columns of Y.",
        lambda _vjp, x, _y, dz: x @ dz.T,
    ),
    Mistake(
        "transposed",
        "The numbers are right, and rows and columns are exchanged.",
        "Right numbers, wrong seats: compare the first row with the first column.",
        "What is the transpose of a product?",
        lambda _vjp, x, _y, dz: dz.T @ x,
    ),
    Mistake(
        "elementwise-for-matmul",
        "Elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of Y reach?",
        lambda _vjp, x, _y, dz: x * dz,
    ),
    Mistake(
        "elementwise-for-matmul-transposed",
        "Elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of Y reach?",
        lambda _vjp, x, _y, dz: x.T * dz,
    ),
    Mistake(
        "gradient-of-other-argument",
        "This is a correct gradient, of the other matrix.",
        "Which of the two does the exercise ask for?",
        "Look at the shape: the answer has one number for each element of y.",
        lambda vjp, x, y, dz: vjp(y.T, x.T, dz.T)[0].T,
    ),
    Mistake(
        "factor-reshaped-for-transposed",
        "The other matrix was poured into another shape where it had to be transposed.",
        "Take a matrix of 2 rows and 3 columns: is its reshape to (3, 2) its transpose?",
        "A reshape keeps the order of the numbers in memory; a transpose does not.",
        lambda _vjp, x, _y, dz: x.reshape(x.shape[::-1]) @ dz,
    ),
    Mistake(
        "last-row-only",
        "Of the sum over the rows of dz only the last term is there.",
        "In a loop, does each step replace the result, or add to it?",
        "An element of Y reaches every row of Z, and each of them sends something back.",
        lambda _vjp, x, _y, dz: np.outer(x[-1], dz[-1]),
    ),
    Mistake(
        "sums-multiplied",
        "You sum first and multiply afterwards.",
        "Is 1 * 2 + 3 * 4 the same as (1 + 3) * (2 + 4)?",
        "Each row of dz meets its own row of x; only then is something added.",
        lambda _vjp, x, _y, dz: np.outer(x.sum(axis=0), dz.sum(axis=0)),
    ),
    Mistake(
        "inverse-for-gradient",
        "You undo the product with an inverse.",
        "Undoing a step is not differentiating it.",
        "A gradient exists for every x, also for one that has no inverse.",
        lambda _vjp, x, _y, dz: np.linalg.inv(x) @ dz,
    ),
    Mistake(
        "local-factor-returned",
        "You return the other matrix, turned, and never bring dz in.",
        "Your answer stays the same when dz changes. What is dz for?",
        "The chain rule multiplies what comes from above with the local derivative.",
        lambda _vjp, x, _y, _dz: x.T + 0.0,
    ),
    Mistake(
        "output-for-input",
        "The output Z stands where one of the inputs belongs.",
        _FIT,
        "Which matrix did Y meet in the forward direction: X, or the result?",
        lambda _vjp, x, y, dz: (x @ y).T @ dz,
    ),
)

MATMUL_Y = Exercise(
    name="grad_matmul_y",
    title="matmul_y",
    arguments=("x", "y", "dz"),
    differentiates=("y",),
    forward=lambda tf, x, y: tf.linalg.matmul(x, y),
    forward_numpy=lambda x, y: x @ y,
    stacks=("y",),
    printed={"x": [[3, 4], [5, 6]], "y": [[4, 5], [6, 7]], "dz": [[1, 2], [3, 4]]},
    shapes=(
        {"x": (2, 3), "y": (3, 4)},
        {"x": (2, 2), "y": (2, 2)},
        {"x": (3, 3), "y": (3, 3)},
        {"x": (3, 3), "y": (3, 3)},
        {"x": (1, 3), "y": (3, 2)},
        {"x": (4, 1), "y": (1, 3)},
        {"x": (3, 2), "y": (2, 1)},
        {"x": (5, 4), "y": (4, 3)},
    ),
    extremes=(
        {"x": [[100, -100, 0], [0, 1, 1000]], "y": [[0, -1000], [100, 0], [-100, 1]]},
        {"x": [[0, 0], [0, 0]], "y": [[0, 0, 0], [0, 0, 0]]},
    ),
    points=8,
    mistakes=_MISTAKES,
    worth_knowing="This and the gradient for x are one rule read in a mirror: transpose all of Z = X Y.",
)
