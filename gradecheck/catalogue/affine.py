"""grad_affine: Z = W X + b for a batch X with one sample a column; the gradients of W, X and b."""

import numpy as np

from gradecheck.catalogue.affine_mistakes import AFFINE_MISTAKES
from gradecheck.exercise import Exercise

AFFINE = Exercise(
    name="grad_affine",
    title="affine",
    arguments=("W", "X", "b", "dz"),
    differentiates=("W", "X", "b"),
    forward=lambda tf, W, X, b: tf.linalg.matmul(W, X) + b[:, None],
    forward_numpy=lambda W, X, b: W @ X + np.asarray(b)[:, None],
    printed={
        "W": [[1, 2, -1], [0, 3, 1]],
        "X": [[1, 2, 0, -1], [3, 1, -2, 0.5], [0, 2, 1, 4]],
        "b": [0.5, -1],
        "dz": [[1, -1, 2, 0], [0.5, 3, -2, 1]],
    },
    shapes=tuple(
        {"W": (outputs, inputs), "X": (inputs, samples), "b": (outputs,)}
        for outputs, inputs, samples in (
            (2, 3, 4),
            (3, 3, 3),
            (3, 3, 3),
            (2, 2, 2),
            (3, 2, 5),
            (4, 3, 1),
            (1, 2, 3),
            (2, 1, 2),
            (3, 4, 2),
        )
    ),
    extremes=(
        {"W": [[1000, -100], [0, 1]], "X": [[100, 0, -1000], [0, 1, 100]], "b": [-1000, 0]},
        {"W": [[0, 0, 0]], "X": [[0, 0], [0, 0], [0, 0]], "b": [0]},
    ),
    points=25,
    mistakes=AFFINE_MISTAKES,
    worth_knowing="One layer of a network is this and a bent line; you can now train one by hand.",
)
