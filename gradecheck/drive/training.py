"""Driving `train_perceptron(X, c, W, b, rate, steps)`: train, and look at what must hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.driver import NotAsAsked, described
from gradecheck.graph import Graph, Variable

Float64 = NDArray[np.float64]
RATE = 0.01
#: That of the first two steps: another one, so that a rate that is written into an answer shows.
FIRST_RATE = 0.02
STEPS = 100
#: The clouds lie around (-CENTRE, -CENTRE) and (CENTRE, CENTRE), their points SPREAD * noise away from there.
CENTRE = 2.0
SPREAD = 0.75
#: The share of the points that must be on the right side in the end.
ACCURATE = 0.98


def clouds(noise: Float64) -> tuple[Float64, Float64]:
    """Points around (-2, -2) and (2, 2) in turn, and their classes.

    Args:
        noise: (n, 2), between -2 and 2.

    Returns:
        The points, (n, 2), and a row (1, 0) or (0, 1) for each, (n, 2).
    """
    second = np.arange(len(noise)) % 2
    points = SPREAD * np.asarray(noise, np.float64) + np.where(second[:, None] == 1, CENTRE, -CENTRE)
    return points, np.eye(2)[second]


def drive(student: Callable[..., Any], noise: Float64, W: Float64, b: Float64) -> tuple[Any, ...]:
    """What the first two steps and what many steps make of W and b.

    Returns:
        dW and db: what each of the first two steps took away, divided by `FIRST_RATE`, (2, 2, 2) and (2, 2);
        a second step shows momentum, a rate that changes, and probabilities that are out of date. The loss
        that is reported first. How far the sums W.sum(axis=1) and b.sum() have drifted after all steps, (3,).
        The share of the steps at which the reported loss fell and was finite. The share of the points on the
        right side in the end, as a part of `ACCURATE`, at most 1.
    """
    points, classes = clouds(noise)
    (first,), after_one = _train(student, points, classes, (W, b), 1, FIRST_RATE)
    _, after_two = _train(student, points, classes, (W, b), 2, FIRST_RATE)
    places = zip((W, b), after_one, after_two, strict=True)
    gradients = [-np.diff(np.stack(values), axis=0) / FIRST_RATE for values in places]
    losses, (weights, bias) = _train(student, points, classes, (W, b), STEPS, RATE)
    drift = np.concatenate([weights.sum(axis=1) - W.sum(axis=1), [bias.sum() - b.sum()]])
    fell = np.mean(np.diff(losses) < 0)  # NaN is not below anything
    hits = np.mean((points @ weights + bias).argmax(axis=1) == classes.argmax(axis=1))
    return *gradients, first, drift, fell, min(1.0, hits / ACCURATE)


def _train(
    student: Callable[..., Any],
    points: Float64,
    classes: Float64,
    start: tuple[Float64, ...],
    steps: int,
    rate: float,
) -> tuple[Float64, tuple[Float64, Float64]]:
    """The reported losses, and the variables in the end."""
    with Graph().as_default(), np.errstate(all="ignore"):
        weights, bias = Variable(start[0], name="W"), Variable(start[1], name="b")
        reported = student(points.copy(), classes.copy(), weights, bias, rate, steps)
        values = np.array(weights.value), np.array(bias.value)
    try:
        losses = np.asarray(reported, np.float64)
    except (TypeError, ValueError):
        losses = np.empty(())
    if losses.shape != (steps,):
        what = described(reported) if losses.ndim != 1 else f"{len(losses)} numbers"
        raise NotAsAsked(f"train_perceptron returned {what}; the loss before each of {steps} steps is wanted")
    if values[0].shape != start[0].shape or values[1].shape != start[1].shape:
        shapes = f"{values[0].shape} and {values[1].shape}"
        raise NotAsAsked(f"W and b must keep their shapes; after training they have {shapes}")
    return losses, values
