"""grad_conv2d_x: z[i, j] = sum over u, v of x[i + u, j + v] w[u, v], with respect to the image x."""

import numpy as np

from gradecheck.catalogue.conv2d import correlate
from gradecheck.exercise import Exercise, Float64, Mistake, Shape


def _as_tensorflow_lays_it_out(shape: Shape) -> tuple[Shape, ...]:
    """The image's shape, and the rank-4 form of one image with one channel."""
    height, width = shape
    return (shape, (1, height, width, 1))


def _overwritten(x: Float64, w: Float64, dz: Float64) -> Float64:
    dx = np.zeros(np.shape(x))
    height, width = np.shape(w)
    for (i, j), upstream in np.ndenumerate(dz):
        dx[i : i + height, j : j + width] = upstream * np.asarray(w)
    return dx


def _image_for(w: Float64, dz: Float64) -> Float64:
    """An image of the size that the filter w takes to the size of dz."""
    return np.zeros((len(w) + len(dz) - 1, w.shape[1] + dz.shape[1] - 1))


_CORNER = "Which entries of w ever meet the corner x[0, 0]? And which do in your answer?"
_SCATTER = "Follow one entry of dz: to which pixels does it send something, and through which weights?"
_MISTAKES = (
    Mistake(
        "filter-rotated",
        "The filter stands the wrong way round, turned by 180 degrees.",
        _CORNER,
        _SCATTER,
        lambda vjp, x, w, dz: vjp(x, w[::-1, ::-1], dz),
    ),
    Mistake(
        "filter-mirrored-sideways",
        "The columns of the filter are in reverse order.",
        _CORNER,
        _SCATTER,
        lambda vjp, x, w, dz: vjp(x, w[:, ::-1], dz),
    ),
    Mistake(
        "filter-mirrored-upside-down",
        "The rows of the filter are in reverse order.",
        _CORNER,
        _SCATTER,
        lambda vjp, x, w, dz: vjp(x, w[::-1, :], dz),
    ),
    Mistake(
        "filter-transposed",
        "The filter is transposed.",
        "On a square filter this runs. Try one that is taller than wide.",
        "Rows of the image belong to rows of the filter.",
        lambda vjp, _x, w, dz: vjp(_image_for(w.T, dz), w.T, dz),
    ),
    Mistake(
        "valid-for-full",
        "Your answer is smaller than the image: the filter only went where it fits inside dz.",
        "Which shape must the answer have?",
        "The pixels at the border mattered too. How far must the filter reach over the edge of dz?",
        lambda _vjp, _x, w, dz: correlate(dz, w),
    ),
    Mistake(
        "valid-for-full-filter-rotated",
        "Your answer is smaller than the image: the turned filter only went where it fits inside dz.",
        "Which shape must the answer have?",
        "The pixels at the border mattered too. How far must the filter reach over the edge of dz?",
        lambda _vjp, _x, w, dz: correlate(dz, w[::-1, ::-1]),
    ),
    Mistake(
        "windows-overwritten",
        "Windows overlap, and each one wipes out what the last one had left.",
        "A pixel in the middle lies in several windows. How many of them count in your answer?",
        "In a loop, does each step replace the result, or add to it?",
        lambda _vjp, x, w, dz: _overwritten(x, w, dz),
    ),
    Mistake(
        "upstream-rotated",
        "dz is turned by 180 degrees.",
        "z[0, 0] comes from the top left window of x. Which entry of dz belongs to that window?",
        _SCATTER,
        lambda vjp, x, w, dz: vjp(x, w, dz[::-1, ::-1]),
    ),
    Mistake(
        "upstream-transposed",
        "dz is transposed before it meets w.",
        "On square arrays this can pass by luck. Try an image that is taller than wide.",
        "Rows of the image belong to rows of dz.",
        lambda vjp, _x, w, dz: vjp(_image_for(w, dz.T), w, dz.T),
    ),
    Mistake(
        "gradient-of-other-argument",
        "This has the shape of w: it is the gradient of the filter. The image's gradient is asked.",
        "Which argument does the exercise ask for?",
        "The answer has one number for each pixel of x.",
        lambda _vjp, x, _w, dz: correlate(x, dz),
    ),
    Mistake(
        "multiplied-by-own-argument",
        "The right gradient is multiplied by x once more.",
        "Does the slope with respect to a pixel depend on how bright it is?",
        "z is linear in x.",
        lambda vjp, x, w, dz: vjp(x, w, dz)[0] * x,
    ),
)

CONV2D_X = Exercise(
    name="grad_conv2d_x",
    title="conv2d_x",
    arguments=("x", "w", "dz"),
    differentiates=("x",),
    forward=lambda tf, x, w: tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0],
    forward_numpy=correlate,
    printed={
        "x": [[3, 4, 5, 6], [4, 5, 6, 7], [5, 6, 7, 8], [6, 7, 8, 9]],
        "w": [[1, 2], [3, 4]],
        "dz": [[1, 1, 1], [2, 2, 2], [3, 3, 3]],
    },
    shapes=(
        {"x": (4, 4), "w": (2, 2)},
        {"x": (5, 4), "w": (2, 3)},
        {"x": (5, 4), "w": (2, 3)},
        {"x": (4, 6), "w": (3, 2)},
        {"x": (5, 5), "w": (3, 3)},
        {"x": (5, 3), "w": (1, 3)},
        {"x": (1, 4), "w": (1, 2)},
        {"x": (6, 5), "w": (2, 2)},
        {"x": (3, 4), "w": (3, 4)},
    ),
    extremes=(
        {"x": [[1000, -100, 0], [100, 0, -1000], [1, 0, 100]], "w": [[100, -1000], [0, 1]]},
        {"x": [[0, 0, 0], [0, 0, 0]], "w": [[0, 0]]},
    ),
    accepts_shapes=_as_tensorflow_lays_it_out,
    points=20,
    mistakes=_MISTAKES,
    worth_knowing="Layers that make images larger use this very step in their forward direction.",
)
