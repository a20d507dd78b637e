"""grad_negative: z = -x, element by element."""

import numpy as np

from gradecheck.catalogue.elementwise import ELEMENTWISE_SHAPES
from gradecheck.exercise import Exercise, Mistake

_MISTAKES = (
    Mistake(
        "slope-returned-alone",
        "This is one number. The answer has a number for each element of x.",
        "How many entries does x have, and how many does your answer have?",
        "The slope alone says nothing about the loss: dz has one entry for each entry of x.",
        lambda _vjp, _x, _dz: np.array(-1.0),
    ),
    Mistake(
        "forward-value-returned",
        "This is the output of the forward function, not its gradient.",
        "Your answer stays the same when dz changes. What is dz for?",
        "That is how large z is. How fast does it change when x does?",
        lambda _vjp, x, _dz: -x,
    ),
    Mistake(
        "forward-value-times-upstream",
        "Your slope contains x itself.",
        "Is the line z = -x steeper at x = 5 than at x = 1?",
        "What is the slope of c x, for a constant c?",
        lambda _vjp, x, dz: -dz * x,
    ),
    Mistake(
        "sign-flipped",
        "dz is handed on as it came, as if z were x.",
        "Nudge x upward a little. Which way does z move?",
        "The slope is the same everywhere, and it is not above zero.",
        lambda _vjp, _x, dz: dz + 0.0,
    ),
)

NEGATIVE = Exercise(
    name="grad_negative",
    title="negative",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.math.negative(x),
    forward_numpy=lambda x: -x,
    stacks=("x",),
    printed={"x": [[0.5, -1, 2], [3, -2, 0.25]], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    shapes=ELEMENTWISE_SHAPES,
    extremes=({"x": [[1000, 0, -1000], [-100, 0, 100]]}, {"x": [0, 0]}),
    points=3,
    mistakes=_MISTAKES,
    worth_knowing="x is not needed at all: a linear function has the same slope everywhere.",
)
