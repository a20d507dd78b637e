"""train_perceptron: softmax regression of two clouds of points, judged by what must hold."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.drive.training import CENTRE, FIRST_RATE, RATE, SPREAD, clouds
from gradecheck.exercise import Exercise, Float64, Mistake, entry
from gradecheck.graph import Variable

#: `gradients(X, c, P, W)`: what a step takes for dW and db.
_Gradients = Callable[[Float64, Float64, Float64, Float64], tuple[Any, Any]]


def _softmax(scores: Float64) -> Float64:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _trainer(
    gradients: _Gradients, *, by: Callable[[float], float] = lambda rate: rate, rebinding: bool = False
) -> Callable[..., Any]:
    """Training with some gradients: `by` makes the step's size from the rate."""

    def train_perceptron(
        X: Float64, c: Float64, W: Variable, b: Variable, rate: float, steps: int
    ) -> list[float]:
        losses = []
        weights, bias = W.value, b.value
        for _ in range(steps):
            P = _softmax(X @ weights + bias)
            losses.append(float(-(c * np.log(P)).sum()))
            dW, db = gradients(X, c, P, weights)
            weights, bias = weights - by(rate) * dW, bias - by(rate) * db
        if not rebinding:
            W.value, b.value = weights, bias
        return losses

    return train_perceptron


def _one_after_the_other(
    X: Float64, c: Float64, W: Variable, b: Variable, rate: float, steps: int
) -> list[float]:
    losses = []
    for _ in range(steps):
        P = _softmax(X @ W.value + b.value)
        losses.append(float(-(c * np.log(P)).sum()))
        W.value = W.value - rate * X.T @ (P - c)
        b.value = b.value - rate * (_softmax(X @ W.value + b.value) - c).sum(axis=0)
    return losses


def _diagonal(X: Float64, c: Float64, P: Float64, _W: Float64) -> tuple[Any, Any]:
    """The slope of softmax without the terms off its diagonal, behind the slope of the logarithm."""
    scores = -c / P * P * (1 - P)
    return X.T @ scores, scores.sum(axis=0)


def _right(X: Float64, c: Float64, P: Float64, _W: Float64) -> tuple[Any, Any]:
    return X.T @ (P - c), (P - c).sum(axis=0)


def _mean(X: Float64, c: Float64, P: Float64, _W: Float64) -> tuple[Any, Any]:
    return X.T @ (P - c) / len(X), (P - c).mean(axis=0)


_MISTAKES = (
    Mistake(
        "step-uphill",
        "The steps go up the slope, not down.",
        "Print the losses. Which way do they go?",
        "Look at the sign of P - c, and at the one in front of the rate.",
        answers=(_trainer(_right, by=lambda rate: -rate),),
    ),
    Mistake(
        "learning-rate-ignored",
        "The learning rate has no effect.",
        "What would a rate of 0 have to do to W?",
        "The rate says how much of the gradient is taken off.",
        answers=(_trainer(_right, by=lambda _rate: 1.0), _trainer(_right, by=lambda _rate: RATE)),
    ),
    Mistake(
        "mean-for-sum",
        "The gradients are too small, by one over the number of points: those of a mean.",
        "Is the loss of two equal points as large as that of one?",
        "This loss adds up; nothing in it divides.",
        answers=(_trainer(_mean),),
    ),
    Mistake(
        "diagonal-terms-only",
        "The gradient of softmax lacks its terms off the diagonal. The loss falls all the same.",
        "Each row of probabilities has the sum 1. What does that say about W.sum(axis=1) during training?",
        "Raising one score lowers the probability of the other class: where is that in your gradient?",
        answers=(_trainer(_diagonal),),
    ),
    Mistake(
        "bias-gradient-totalled",
        "The bias does not move: db was left out, or is the sum over everything, which is 0.",
        "Without a bias every boundary runs through one point. Which?",
        "Sum over the points only: which axis counts them?",
        answers=(_trainer(lambda X, c, P, _W: (X.T @ (P - c), np.full(2, (P - c).sum()))),),
    ),
    Mistake(
        "bias-gradient-counts-points",
        "Your db is the number of points, whatever the probabilities are.",
        "When all points are classified well, what should db be?",
        "Each point sends back how far its probabilities are off.",
        answers=(_trainer(lambda X, c, P, _W: (X.T @ (P - c), np.full(2, float(len(X))))),),
    ),
    Mistake(
        "points-left-out",
        "The points do not appear in dW.",
        "If a point is moved twice as far from 0, how does its score react to W?",
        "In X W the slope in W contains X.",
        answers=(_trainer(lambda _X, c, P, _W: (np.tile((P - c).sum(axis=0), (2, 1)), (P - c).sum(axis=0))),),
    ),
    Mistake(
        "transposed",
        "The numbers of dW are right, and rows and columns are exchanged.",
        "Right numbers, wrong seats: W is square here, so no shape complains.",
        "An entry of W belongs to a coordinate, its row, and to a class, its column.",
        answers=(_trainer(lambda X, c, P, _W: ((X.T @ (P - c)).T, (P - c).sum(axis=0))),),
    ),
    Mistake(
        "one-variable-after-the-other",
        "The gradient of b is computed when W has moved already.",
        "Both gradients belong to one place, the one where you stand. When have you left it?",
        "First all the gradients, and then all the changes.",
        answers=(_one_after_the_other,),
    ),
    Mistake(
        "variables-not-changed",
        "W and b are what they were before training.",
        "Print W.value before and after.",
        "W = W - ... gives a name to something new. What has to be assigned to, for the caller to see it?",
        answers=(_trainer(_right, rebinding=True),),
    ),
)


def _forward(lib: Any, noise: Any, W: Any, b: Any) -> Any:
    """The cross-entropy of the clouds, one number: -sum c log softmax(X W + b)."""
    centre, classes = clouds(np.zeros((int(noise.shape[0]), 2)))
    scores = lib.matmul(0.75 * noise + centre, W) + b
    total = lib.reduce_sum if hasattr(lib, "reduce_sum") else lib.sum
    # For two classes, log softmax of one score is -log(1 + exp(the other - it)).
    own, other = total(scores * classes, 1), total(scores * (1.0 - classes), 1)
    log = lib.math.log if hasattr(lib, "math") else lib.log
    return total(log(1.0 + lib.exp(other - own)))


def _truth(vjp: Any, noise: Float64, W: Float64, b: Float64) -> tuple[Any, ...]:
    """What must hold: see `gradecheck.drive.training.drive`."""
    _, dW, db = vjp(noise, W, b, np.ones(()))
    _, then_dW, then_db = vjp(noise, W - FIRST_RATE * dW, b - FIRST_RATE * db, np.ones(()))
    both = np.stack([dW, then_dW]), np.stack([db, then_db])
    return *both, _forward(np, noise, W, b), np.zeros(3), np.ones(()), np.ones(())


_DRIFT = ("row 0 of W", "row 1 of W", "b")


def _called(output: str, index: tuple[int, ...]) -> str:
    """The steps, and the sums that training cannot change, stand one after the other."""
    first, *rest = index
    if output.startswith("drift"):
        return f"the change of the sum of {_DRIFT[first]} in all steps together"
    return f"{entry(output.split()[0], tuple(rest))} of the {('first', 'second')[first]} step"


PERCEPTRON = Exercise(
    name="train_perceptron",
    title="perceptron",
    arguments=("noise", "W", "b"),
    differentiates=("W", "b"),
    forward=_forward,
    forward_numpy=lambda *arguments: _forward(np, *arguments),
    printed={
        "noise": [[0.5, -1], [1, 0.25], [-1.5, 0.5], [0, -2], [1.5, 1], [-0.25, 0.75]],
        "W": [[1, -0.5], [0.5, 2]],
        "b": [0.5, -1],
    },
    shapes=tuple({"noise": (n, 2), "W": (2, 2), "b": (2,)} for n in (6, 6, 20, 40, 30, 13)),
    whole_jacobian=True,
    points=11,
    driver="training",
    called_as="train_perceptron(X, c, W, b, learning_rate, steps)",
    truth=_truth,
    place=f"where X is {SPREAD:g} * noise, less {CENTRE:g} in even rows and plus {CENTRE:g} in odd ones",
    named_outputs=(
        *("dW of the first two steps", "db of the first two steps", "the first loss", "drift of the sums"),
        *("share of steps downhill", "accuracy"),
    ),
    entry_called=_called,
    tolerance=1e-6,
    mistakes=_MISTAKES,
    worth_knowing=f"A loss that falls is no proof: at a rate of {RATE:g} many wrong gradients do that.",
)
