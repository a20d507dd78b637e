"""grad_conv2d: z[i, j] = sum over u, v of x[i + u, j + v] w[u, v], with respect to the filter w."""

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, Shape


def correlate(x: Float64, w: Float64) -> Float64:
    """The VALID, stride-1 cross-correlation of an (H, W) image with an (h, w) filter, or each of a stack."""
    image, (*stack, height, width) = np.ascontiguousarray(x, np.float64), np.shape(w)
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    # sliding_window_view gives the same windows in ten times the time.
    windows = np.ndarray((rows, columns, height, width), np.float64, image, 0, image.strides * 2)
    filters = np.reshape(w, (*stack, 1, height * width, 1) if stack else -1)
    return np.asarray(windows.reshape(rows, columns, -1) @ filters).reshape(*stack, rows, columns)


def _as_tensorflow_lays_it_out(shape: Shape) -> tuple[Shape, ...]:
    """The filter's shape, and the two rank-4 forms that the TensorFlow call works with."""
    height, width = shape
    return (shape, (1, height, width, 1), (height, width, 1, 1))


_MISTAKES = (
    Mistake(
        "upstream-rotated",
        "dz is turned by 180 degrees before it meets x.",
        "TensorFlow's convolution slides the filter without turning it.",
        "z[0, 0] comes from the top left window of x. Which entry of dz belongs to that window?",
        lambda _vjp, x, _w, dz: correlate(x, dz[::-1, ::-1]),
    ),
    Mistake(
        "upstream-mirrored-sideways",
        "The columns of dz are taken in reverse order.",
        "z[0, 0] comes from the top left window of x. Which entry of dz belongs to that window?",
        "Nothing is mirrored in the forward direction.",
        lambda _vjp, x, _w, dz: correlate(x, dz[:, ::-1]),
    ),
    Mistake(
        "upstream-mirrored-upside-down",
        "The rows of dz are taken in reverse order.",
        "z[0, 0] comes from the top left window of x. Which entry of dz belongs to that window?",
        "Nothing is mirrored in the forward direction.",
        lambda _vjp, x, _w, dz: correlate(x, dz[::-1, :]),
    ),
    Mistake(
        "input-transposed",
        "x is transposed before it meets dz.",
        "On a square image this can pass by luck. Try one that is taller than wide.",
        "Rows of the image belong to rows of dz.",
        lambda _vjp, x, _w, dz: correlate(x.T, dz),
    ),
    Mistake(
        "upstream-transposed",
        "dz is transposed before it meets x.",
        "On square arrays this can pass by luck. Try an image that is taller than wide.",
        "Rows of the image belong to rows of dz.",
        lambda _vjp, x, _w, dz: correlate(x, dz.T),
    ),
    Mistake(
        "gradient-of-other-argument",
        "This has the shape of x: it is the gradient of the image. The filter's gradient is asked.",
        "Which argument does the exercise ask for?",
        "The answer has one number for each element of w.",
        lambda _vjp, x, w, dz: _gradient_of_image(x, w, dz),
    ),
    Mistake(
        "upstream-summed",
        "Every entry is the sum of dz; the image has no influence on it.",
        "Can the image be irrelevant to how the filter matters?",
        "Which pixels did the weight w[u, v] touch?",
        lambda _vjp, _x, w, dz: np.full(np.shape(w), np.sum(dz)),
    ),
    Mistake(
        "last-window-only",
        "Only the last position of the filter counts in your answer.",
        "In a loop, does each step replace the result, or add to it?",
        "The filter stops at many places, with the same weights. What becomes of what each stop sends back?",
        lambda _vjp, x, w, dz: dz[-1, -1] * x[-np.shape(w)[0] :, -np.shape(w)[1] :],
    ),
    Mistake(
        "first-window-only",
        "Only the first position of the filter counts in your answer.",
        "Does your loop come to an end too early?",
        "The filter stops at many places, with the same weights. What becomes of what each stop sends back?",
        lambda _vjp, x, w, dz: dz[0, 0] * x[: np.shape(w)[0], : np.shape(w)[1]],
    ),
    Mistake(
        "multiplied-by-own-argument",
        "The right gradient is multiplied by w once more.",
        "Does the slope with respect to w depend on w here?",
        "z is linear in w.",
        lambda vjp, x, w, dz: vjp(x, w, dz)[0] * w,
    ),
    Mistake(
        "full-for-valid",
        "x was padded: your answer is larger than the filter.",
        "How many positions does dz have inside x? Count them along one axis.",
        "No padding was used in the forward direction.",
        lambda _vjp, x, _w, dz: correlate(np.pad(x, [(n - 1, n - 1) for n in np.shape(dz)]), dz),
    ),
)


def _gradient_of_image(x: Float64, w: Float64, dz: Float64) -> Float64:
    dx = np.zeros(np.shape(x))
    height, width = np.shape(w)
    for (i, j), upstream in np.ndenumerate(dz):
        dx[i : i + height, j : j + width] += upstream * np.asarray(w)
    return dx


CONV2D = Exercise(
    name="grad_conv2d",
    title="conv2d",
    arguments=("x", "w", "dz"),
    differentiates=("w",),
    forward=lambda tf, x, w: tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0],
    forward_numpy=correlate,
    stacks=("w",),
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
        {"x": (3, 5), "w": (3, 1)},
        {"x": (4, 3), "w": (1, 2)},
        {"x": (9, 12), "w": (3, 4)},
        {"x": (3, 4), "w": (3, 4)},
        {"x": (6, 5), "w": (2, 2)},
    ),
    extremes=(
        {"x": [[1000, -100, 0], [100, 0, -1000], [1, 0, 100]], "w": [[100, -1000], [0, 1]]},
        {"x": [[0, 0, 0], [0, 0, 0]], "w": [[0, 0]]},
    ),
    accepts_shapes=_as_tensorflow_lays_it_out,
    points=30,
    mistakes=_MISTAKES,
    worth_knowing="The gradient of a filter is itself a cross-correlation, of x with dz.",
)
