"""grad_softmax: z = exp(x) / sum(exp(x)) for a vector x."""

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass


def softmax(x: Float64) -> Float64:
    """exp(x) / sum(exp(x)) over a vector, or each of a stack, shifted so that no x overflows."""
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _unshifted(x: Float64, dz: Float64) -> Float64:
    """The right product from a softmax without the shift: NaN in float32 from x = 89 on."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.asarray(x, np.float32))
        p = e / e.sum()
        return np.asarray(_product(p, dz), np.float64)


def _product(p: Float64, dz: Float64) -> Float64:
    return (np.diag(p) - np.outer(p, p)) @ dz


def _off_diagonal_added(p: Float64, dz: Float64) -> Float64:
    """The Jacobian with a plus off its diagonal."""
    return (np.diag(p - 2 * p * p) + np.outer(p, p)) @ dz


_NO_LOSS = "There is no loss function in this exercise, only the softmax itself."
_SUM_ZERO = "The entries of the answer must add up to 0. What do yours add up to?"
_MISTAKES = (
    Mistake(
        "softmax-diagonal-only",
        "Your Jacobian has only its diagonal; the terms from one entry to another are missing.",
        "Raise x[0] a little. Do the other probabilities stay where they are?",
        "Every z[j] depends on every x[i], because of the sum below the fraction.",
        lambda _vjp, x, dz: dz * softmax(x) * (1 - softmax(x)),
    ),
    Mistake(
        "softmax-diagonal-upstream-ignored",
        "This is the diagonal of the Jacobian, without the upstream gradient.",
        "Your answer stays the same when dz changes. What is dz for?",
        "Two things are missing: the terms off the diagonal, and the product with dz.",
        lambda _vjp, x, _dz: softmax(x) * (1 - softmax(x)),
    ),
    Mistake(
        "softmax-with-cross-entropy",
        "This is the shortcut for softmax followed by cross-entropy.",
        _NO_LOSS,
        "If dz is all zeros, nothing above cares about z. What should the answer be then?",
        lambda _vjp, x, dz: softmax(x) - dz,
    ),
    Mistake(
        "softmax-average-not-subtracted",
        "Each dz is weighted by its probability, and nothing is subtracted.",
        _SUM_ZERO,
        "Something is taken away from every dz before it is weighted.",
        lambda _vjp, x, dz: softmax(x) * dz,
    ),
    Mistake(
        "softmax-sum-subtracted",
        "You subtract the plain sum of dz.",
        _SUM_ZERO,
        "The form is right and the average is not: which weights make the total zero?",
        lambda _vjp, x, dz: softmax(x) * (dz - np.sum(dz)),
    ),
    Mistake(
        "softmax-mean-subtracted",
        "You subtract the plain mean of dz.",
        _SUM_ZERO,
        "The form is right and the average is not: which weights make the total zero?",
        lambda _vjp, x, dz: softmax(x) * (dz - np.mean(dz)),
    ),
    Mistake(
        "softmax-factor-missing",
        "The differences from the average are right, but one factor is missing in front.",
        _SUM_ZERO,
        "An entry with a tiny probability should hardly move. Does yours?",
        lambda _vjp, x, dz: dz - np.dot(softmax(x), dz),
    ),
    Mistake(
        "softmax-average-added",
        "The average is added where it should be taken away.",
        "If one probability rises, the others must fall. What is the sign of that?",
        "Look at the sign of the terms off the diagonal.",
        lambda _vjp, x, dz: softmax(x) * (dz + np.dot(softmax(x), dz)),
        also=(lambda _vjp, x, dz: _off_diagonal_added(softmax(x), dz),),
    ),
    Mistake(
        "softmax-diagonal-missing",
        "Only the terms from one entry to another are there; the case i = j is missing a term.",
        "How does z[i] change with its own x[i]?",
        "For i = j there is one term more than for i different from j.",
        lambda _vjp, x, dz: -softmax(x) * np.dot(softmax(x), dz),
    ),
    Mistake(
        "last-term-only",
        "Of the sum over the entries of dz only the last term is there.",
        "In a loop, does each step replace the result, or add to it?",
        "Every x[i] moves every z[j], and each z[j] has a say in the loss.",
        lambda _vjp, x, dz: _product(softmax(x), np.where(np.arange(dz.size) == dz.size - 1, dz, 0.0)),
    ),
    Mistake(
        "softmax-of-upstream",
        "The softmax was taken of dz instead of x.",
        "Change x and leave dz alone: does your answer move?",
        "Which array went through the softmax in the forward direction?",
        lambda _vjp, _x, dz: _product(softmax(dz), dz),
    ),
    Mistake(
        "all-zero",
        "Every entry of your answer is zero.",
        "That would be true if all entries of dz were equal. Here they are not.",
        "dz has to enter before anything is summed.",
        lambda _vjp, x, _dz: np.zeros(np.shape(x)),
    ),
    Mistake(
        "softmax-input-for-output",
        "x stands where the probabilities belong.",
        "Do the weights that you use add up to 1?",
        "Which of the two is a set of probabilities: x, or z?",
        lambda _vjp, x, dz: x * (dz - np.dot(x, dz)),
    ),
    Mistake(
        "softmax-input-output-mixed",
        "x stands in a place where a probability belongs.",
        _SUM_ZERO,
        "Both places need the same weights.",
        lambda _vjp, x, dz: softmax(x) * (dz - np.dot(x, dz)),
        also=(
            lambda _vjp, x, dz: dz * softmax(x) * (1 - x),
            lambda _vjp, x, _dz: softmax(x) * (1 - x),
        ),
    ),
    Mistake(
        "softmax-not-normalised",
        "You use exp(x) without dividing by its sum.",
        "Do your probabilities add up to 1?",
        "Print the vector that you use as softmax(x), and its sum.",
        lambda _vjp, x, dz: np.exp(x) * (dz - np.dot(np.exp(x), dz)),
    ),
    Mistake(
        "full-jacobian",
        "This is the table of all slopes dz[i]/dx[j]. What is asked has the shape of x.",
        "How many numbers are in x, and how many in your answer?",
        "Bring the Jacobian and dz together, so that one axis disappears.",
        lambda _vjp, x, _dz: np.diag(softmax(x)) - np.outer(softmax(x), softmax(x)),
    ),
    Mistake(
        "overflow-in-exp",
        "The formula is right, but exp overflows for large x and the result is not a number.",
        "Try x = [900, 899].",
        "Adding the same number to every x leaves the softmax as it is. Which number helps?",
        lambda _vjp, x, dz: _unshifted(x, dz),
        MistakeClass.EXTREME,
    ),
)

SOFTMAX = Exercise(
    name="grad_softmax",
    title="softmax",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda tf, x: tf.nn.softmax(x),
    forward_numpy=softmax,
    stacks=("x",),
    printed={"x": [3, 4, 5], "dz": [1, 2, 3]},
    shapes=tuple({"x": (n,)} for n in (3, 5, 5, 4, 1, 2, 23, 7)),
    extremes=(
        {"x": [-100, 100, 0, 99]},
        {"x": [1000, 999, 998.5]},
        {"x": [-1000, -1001, -999]},
        {"x": [1000, -1000]},
        {"x": [0, 0, 0]},
    ),
    points=25,
    mistakes=_MISTAKES,
    worth_knowing="Your entries add up to 0. Why must they, whatever dz is?",
)
