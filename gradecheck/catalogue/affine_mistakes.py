"""What goes wrong in grad_affine: with the gradient of W, of X, of b, or with all of them."""

from collections.abc import Callable

import numpy as np

from gradecheck.exercise import Float64, Formula, Mistake

_VJP = Callable[..., tuple[Float64, Float64, Float64]]
_OUTPUTS = ("dW", "dX", "db")
_SHAPES_FIRST = "Write down the shapes of what you multiply, and the shape that the answer must have."
_COLUMNS = "Here a sample is a column. Along which axis do the samples run?"


def _only(output: str, wrong: Callable[[Float64, Float64, Float64, Float64], object]) -> Formula:
    """One output wrong, `wrong(W, X, b, dz)`, and the other two right."""

    def formula(vjp: _VJP, *arguments: Float64) -> tuple[object, ...]:
        replaced = wrong(*arguments)
        return tuple(
            replaced if name == output else right
            for name, right in zip(_OUTPUTS, vjp(*arguments), strict=True)
        )

    return formula


def _swapped(vjp: _VJP, *arguments: Float64) -> tuple[Float64, ...]:
    dW, dX, db = vjp(*arguments)
    return dX, dW, db


def _averaged(vjp: _VJP, *arguments: Float64) -> tuple[Float64, ...]:
    samples = arguments[-1].shape[1]
    return tuple(g / samples for g in vjp(*arguments))


def _times_own(vjp: _VJP, *arguments: Float64) -> tuple[Float64, ...]:
    return tuple(g * x for g, x in zip(vjp(*arguments), arguments, strict=False))


def _with_constant(vjp: _VJP, W: Float64, X: Float64, b: Float64, dz: Float64) -> tuple[Float64, ...]:
    dW, _, db = vjp(W, X, b, dz)
    return dW, vjp(W, X, b, dz + b[:, None])[1], db


_OF_ALL = (
    Mistake(
        "outputs-swapped",
        "These are correct gradients, and those of W and X stand in each other's place.",
        "In which order are the gradients asked for?",
        "Compare the shape of each answer with that of its argument.",
        _swapped,
    ),
    Mistake(
        "scaled-by-1-over-samples",
        "Your answer is too small, by a factor of the number of samples.",
        "Compare your answer with the right one, entry by entry: what is the ratio?",
        "Nothing in the forward direction divides by the number of samples.",
        _averaged,
    ),
    Mistake(
        "multiplied-by-own-argument",
        "The gradient contains the very argument that it belongs to.",
        "Hold everything else still: is Z a straight line in this argument? What is its slope?",
        "What you differentiate with respect to is gone from a slope like this one.",
        _times_own,
    ),
)
_OF_W = (
    Mistake(
        "gradient-of-other-argument",
        "One of your answers is a correct gradient, of another argument.",
        "Compare the shape of each answer with that of its argument.",
        "For each of your answers: which argument would have to be nudged to measure it?",
        _only("dW", lambda W, _X, _b, dz: W.T @ dz),
        also=(_only("dX", lambda _W, X, _b, dz: dz @ X.T),),
    ),
    Mistake(
        "matmul-transpose-missing-in-dw",
        "For dW, dz is multiplied by X as it stands.",
        _SHAPES_FIRST,
        "Your answer must have the shape of W. Which axis has to disappear?",
        _only("dW", lambda _W, X, _b, dz: dz @ X),
    ),
    Mistake(
        "matmul-order-swapped-in-dw",
        "For dW, this is the rule for samples in rows; or the order of the product is wrong.",
        _COLUMNS,
        "The right pair, in the wrong order: the rows of W belong to the rows of Z.",
        _only("dW", lambda _W, X, _b, dz: X.T @ dz),
    ),
    Mistake(
        "transposed-dw",
        "The numbers of dW are right, and its rows and columns are exchanged.",
        "Right numbers, wrong seats: compare the first row with the first column.",
        "What is the transpose of a product?",
        _only("dW", lambda _W, X, _b, dz: X @ dz.T),
    ),
    Mistake(
        "last-sample-only-in-dw",
        "Only the last sample counts in dW.",
        "In a loop, does each step replace the result, or add to it?",
        "Every sample used the same W. What happens to their contributions?",
        _only("dW", lambda _W, X, _b, dz: np.outer(dz[:, -1], X[:, -1])),
    ),
    Mistake(
        "first-sample-only-in-dw",
        "Only the first sample counts in dW.",
        "Does your loop come to an end too early?",
        "Every sample used the same W. What happens to their contributions?",
        _only("dW", lambda _W, X, _b, dz: np.outer(dz[:, 0], X[:, 0])),
    ),
    Mistake(
        "product-of-sums-in-dw",
        "For dW you sum over the samples first and multiply afterwards.",
        "Is 1 * 2 + 3 * 4 the same as (1 + 3) * (2 + 4)?",
        "Each sample makes its own product; only then do the contributions meet.",
        _only("dW", lambda _W, X, _b, dz: np.outer(dz.sum(axis=1), X.sum(axis=1))),
    ),
    Mistake(
        "elementwise-for-matmul-in-dw",
        "For dW, elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of W reach?",
        _only("dW", lambda _W, X, _b, dz: dz * X),
    ),
)
_OF_X = (
    Mistake(
        "matmul-transpose-missing-in-dx",
        "For dX, W is used as it is in the forward direction.",
        "Forward, W leads from inputs to outputs. Where must the way back lead?",
        "For one x[j], which entries of W say how the outputs depend on it: a row, or a column?",
        _only("dX", lambda W, _X, _b, dz: W @ dz),
    ),
    Mistake(
        "matmul-order-swapped-in-dx",
        "For dX, the two matrices are multiplied in the wrong order.",
        "Matrix products do not commute. On which side of X did W stand?",
        "What stood to the left of X stays on the left.",
        _only("dX", lambda W, _X, _b, dz: dz @ W.T),
    ),
    Mistake(
        "transposed-dx",
        "The numbers of dX are right, and its rows and columns are exchanged.",
        _COLUMNS,
        "What is the transpose of a product?",
        _only("dX", lambda W, _X, _b, dz: dz.T @ W),
    ),
    Mistake(
        "constant-differentiated",
        "The constant b has found its way into dX.",
        "Add 100 to b. Does Z follow X any faster?",
        "What is the slope of a constant?",
        _with_constant,
    ),
    Mistake(
        "inverse-for-gradient",
        "For dX you undo the product with an inverse.",
        "Undoing a step is not differentiating it.",
        "A gradient exists for every W, also for one that has no inverse.",
        _only("dX", lambda W, _X, _b, dz: np.linalg.inv(W) @ dz),
    ),
    Mistake(
        "elementwise-for-matmul-in-dx",
        "For dX, elements are multiplied one by one where a matrix product is needed.",
        "In NumPy and TensorFlow, * is not @.",
        "How many elements of Z does one element of X reach?",
        _only("dX", lambda W, _X, _b, dz: W * dz),
    ),
)
_OF_B = (
    Mistake(
        "broadcast-summed-over-wrong-axis",
        "For db the contributions are put together along the wrong axis.",
        _COLUMNS,
        "There is one number in b for each output. Which axis of dz counts the outputs?",
        _only("db", lambda _W, _X, _b, dz: dz.sum(axis=0)),
    ),
    Mistake(
        "summed-to-one-number",
        "For db you return a single number, the sum of all of dz.",
        "How many numbers does b have?",
        "Only the axis along which b was repeated disappears.",
        _only("db", lambda _W, _X, _b, dz: dz.sum()),
    ),
    Mistake(
        "broadcast-everything-summed",
        "All entries of db are one and the same number.",
        "Do all outputs get the same message?",
        "Each entry of b hears only from the entries of Z that it took part in.",
        _only("db", lambda _W, _X, b, dz: np.full(b.shape, dz.sum())),
    ),
    Mistake(
        "broadcast-not-summed",
        "You return the shape of dz: the gradient of b was handed on, one copy for each sample.",
        "For a single sample that would be true. How many samples share one b?",
        "One element took part in several entries of Z. What becomes of several paths?",
        _only("db", lambda _W, _X, _b, dz: dz + 0.0),
    ),
    Mistake(
        "broadcast-axes-kept",
        "The numbers of db are right, and an axis of length one is left over.",
        "Compare the shape of your answer with that of b.",
        "An axis that b never had must go altogether.",
        _only("db", lambda _W, _X, _b, dz: dz.sum(axis=1, keepdims=True)),
    ),
    Mistake(
        "last-sample-only-in-db",
        "Only the last sample counts in db.",
        "In a loop, does each step replace the result, or add to it?",
        "Every sample used the same b. What happens to their contributions?",
        _only("db", lambda _W, _X, _b, dz: dz[:, -1] + 0.0),
    ),
    Mistake(
        "broadcast-first-copy-only",
        "Only the first sample counts in db.",
        "The other samples used b, too. Where are their messages?",
        "One element, several paths: all of them reach the loss.",
        _only("db", lambda _W, _X, _b, dz: dz[:, 0] + 0.0),
    ),
)

AFFINE_MISTAKES: tuple[Mistake, ...] = (*_OF_ALL, *_OF_W, *_OF_X, *_OF_B)
