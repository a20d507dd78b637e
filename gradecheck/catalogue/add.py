"""grad_add: z = a + b, element by element, where shapes broadcast; both gradients."""

import numpy as np

from gradecheck.catalogue.broadcasting import binary_exercise, broadcasting_mistakes

ADD = binary_exercise(
    "add",
    forward=lambda tf, a, b: tf.math.add(a, b),
    forward_numpy=lambda a, b: np.add(a, b),
    printed={"a": [[0.5, -1, 2], [3, -2, 0.25]], "b": [10, 20, 30], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    points=10,
    mistakes=broadcasting_mistakes(lambda _a, _b, dz: (dz, dz)),
    worth_knowing="Forward, broadcasting makes copies; backward, their messages are collected.",
)
