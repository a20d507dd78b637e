"""grad_softmax_batched: a softmax of every row of a matrix."""

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass


def softmax_rows(x: Float64, axis: int | None = 1) -> Float64:
    """exp(x) / sum(exp(x)) along an axis, shifted by the largest entry so that no x overflows."""
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def _product(p: Float64, dz: Float64) -> Float64:
    """Row by row, with the Jacobian of that row written out."""
    rows = [(np.diag(q) - np.outer(q, q)) @ d for q, d in zip(p, dz, strict=True)]
    return np.stack(rows)


def _unshifted(x: Float64, dz: Float64) -> Float64:
    """The right product from a softmax without the shift: NaN in float32 from x = 89 on."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.asarray(x, np.float32))
        p = e / e.sum(axis=1, keepdims=True)
        return np.asarray(_product(p, dz), np.float64)


def _flattened(x: Float64, dz: Float64) -> Float64:
    p = softmax_rows(x, axis=None)
    return p * (dz - np.sum(p * dz))


def _as_for_a_vector(x: Float64, dz: Float64) -> Float64:
    p = softmax_rows(x)
    return p * (dz - np.tensordot(p, dz, 1))


def _averages(weights: Float64, dz: Float64) -> Float64:
    return np.asarray(np.sum(weights * dz, axis=1, keepdims=True))


_SUM_ZERO = "The entries of each row must add up to 0. What do yours add up to?"
_ROWS = (
    Mistake(
        "softmax-average-over-all",
        "One average is taken over the whole matrix.",
        "Change dz in the second row only: your first row moves. Should it?",
        "Each row is a softmax of its own, and so is each average.",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - np.sum(softmax_rows(x) * dz)),
    ),
    Mistake(
        "softmax-average-over-columns",
        "The average is taken down the columns.",
        _SUM_ZERO,
        "Along which axis do the probabilities add up to 1?",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - np.sum(softmax_rows(x) * dz, axis=0, keepdims=True)),
    ),
    Mistake(
        "softmax-over-columns",
        "The softmax itself is taken down the columns.",
        "Print your probabilities: do the rows add up to 1, or the columns?",
        "Every row is one sample.",
        lambda _vjp, x, dz: _product(softmax_rows(x, axis=0).T, dz.T).T,
        also=(lambda _vjp, x, dz: softmax_rows(x, 0) * (dz - _averages(softmax_rows(x, 0), dz)),),
    ),
    Mistake(
        "softmax-axis-dropped",
        "The averages of the rows have lost their axis, and line up with the columns.",
        "Which shape has your average, and how does that broadcast against dz?",
        "One number for each row has to stand beside its row.",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - np.sum(softmax_rows(x) * dz, axis=1)),
    ),
    Mistake(
        "softmax-rule-for-vectors",
        "The product that serves for one vector is used on a whole matrix.",
        "For matrices, which axes does that product contract?",
        "No row may ever meet another row.",
        lambda _vjp, x, dz: _as_for_a_vector(x, dz),
    ),
    Mistake(
        "softmax-flattened",
        "All entries of the matrix go through one softmax.",
        "Print your probabilities: what does each row add up to?",
        "Every row is one sample.",
        lambda _vjp, x, dz: _flattened(x, dz),
    ),
)
_OF_ONE_ROW = (
    Mistake(
        "softmax-diagonal-only",
        "Your Jacobian has only its diagonal; the terms from one entry to another are missing.",
        "Raise x[0, 0] a little. Do the other probabilities of that row stay where they are?",
        "Every z depends on every x of its row, because of the sum below the fraction.",
        lambda _vjp, x, dz: dz * softmax_rows(x) * (1 - softmax_rows(x)),
    ),
    Mistake(
        "softmax-diagonal-upstream-ignored",
        "This is the diagonal of each row's Jacobian, without the upstream gradient.",
        "Your answer stays the same when dz changes. What is dz for?",
        "Two things are missing: the terms off the diagonal, and the product with dz.",
        lambda _vjp, x, _dz: softmax_rows(x) * (1 - softmax_rows(x)),
    ),
    Mistake(
        "softmax-with-cross-entropy",
        "This is the shortcut for softmax followed by cross-entropy.",
        "There is no loss function in this exercise, only the softmax itself.",
        "If dz is all zeros, nothing above cares about z. What should the answer be then?",
        lambda _vjp, x, dz: softmax_rows(x) - dz,
    ),
    Mistake(
        "softmax-average-not-subtracted",
        "Each dz is weighted by its probability, and nothing is subtracted.",
        _SUM_ZERO,
        "Something is taken away from every dz before it is weighted.",
        lambda _vjp, x, dz: softmax_rows(x) * dz,
    ),
    Mistake(
        "softmax-sum-subtracted",
        "You subtract the plain sum of each row of dz.",
        _SUM_ZERO,
        "The form is right and the average is not: which weights make the total zero?",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - dz.sum(axis=1, keepdims=True)),
    ),
    Mistake(
        "softmax-mean-subtracted",
        "You subtract the plain mean of each row of dz.",
        _SUM_ZERO,
        "The form is right and the average is not: which weights make the total zero?",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - dz.mean(axis=1, keepdims=True)),
    ),
    Mistake(
        "softmax-factor-missing",
        "The differences from the average are right, but one factor is missing in front.",
        _SUM_ZERO,
        "An entry with a tiny probability should hardly move. Does yours?",
        lambda _vjp, x, dz: dz - _averages(softmax_rows(x), dz),
    ),
    Mistake(
        "softmax-average-added",
        "The average is added where it should be taken away.",
        "If one probability rises, the others must fall. What is the sign of that?",
        "Look at the sign of the terms off the diagonal.",
        lambda _vjp, x, dz: softmax_rows(x) * (dz + _averages(softmax_rows(x), dz)),
    ),
    Mistake(
        "softmax-diagonal-missing",
        "Only the terms from one entry to another are there; an entry's own effect is missing a term.",
        "How does an entry of z change with the x in its own place?",
        "On the diagonal there is one term more than elsewhere.",
        lambda _vjp, x, dz: -softmax_rows(x) * _averages(softmax_rows(x), dz),
    ),
    Mistake(
        "softmax-of-upstream",
        "The softmax was taken of dz instead of x.",
        "Change x and leave dz alone: does your answer move?",
        "Which array went through the softmax in the forward direction?",
        lambda _vjp, _x, dz: _product(softmax_rows(dz), dz),
    ),
    Mistake(
        "all-zero",
        "Every entry of your answer is zero.",
        "That would be true if all entries of a row of dz were equal. Here they are not.",
        "dz has to enter before anything is summed.",
        lambda _vjp, x, _dz: np.zeros(np.shape(x)),
    ),
    Mistake(
        "softmax-input-for-output",
        "x stands where the probabilities belong.",
        "Do the weights that you use add up to 1?",
        "Which of the two is a set of probabilities: x, or z?",
        lambda _vjp, x, dz: x * (dz - _averages(x, dz)),
    ),
    Mistake(
        "softmax-input-output-mixed",
        "The average of dz is weighted with x instead of with the probabilities.",
        _SUM_ZERO,
        "Both places need the same weights.",
        lambda _vjp, x, dz: softmax_rows(x) * (dz - _averages(x, dz)),
    ),
    Mistake(
        "softmax-not-normalised",
        "You use exp(x) without dividing by its sum.",
        "Do your probabilities add up to 1?",
        "Print what you use as softmax(x), and the sum of each row.",
        lambda _vjp, x, dz: np.exp(x) * (dz - _averages(np.exp(x), dz)),
    ),
    Mistake(
        "overflow-in-exp",
        "The formula is right, but exp overflows for large x and the result is not a number.",
        "Try a row with [900, 899].",
        "Adding the same number to a whole row leaves its softmax as it is. Which number helps?",
        lambda _vjp, x, dz: _unshifted(x, dz),
        MistakeClass.EXTREME,
    ),
)

SOFTMAX_BATCHED = Exercise(
    name="grad_softmax_batched",
    title="softmax_batched",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.nn.softmax(x, axis=1),
    forward_numpy=softmax_rows,
    printed={"x": [[0.5, -1, 2], [3, -2, 0.25]], "dz": [[1, -2, 3], [-1, 0.5, 2]]},
    shapes=tuple({"x": shape} for shape in ((2, 3), (3, 3), (3, 3), (4, 2), (1, 4), (3, 1), (5, 4), (2, 6))),
    extremes=(
        {"x": [[-100, 100, 0, 99], [0, 0, 0, 0]]},
        {"x": [[1000, 999, 998], [-1000, -1001, -999], [1000, -1000, 0]]},
    ),
    points=10,
    mistakes=(*_ROWS, *_OF_ONE_ROW),
    worth_knowing="The Jacobian of a batch is made of blocks, one for each row; you never had to build it.",
)
