"""The warm start: the template runs a few operations before it forks, so that its children need not.

Forking after use of TensorFlow is unsafe: its context has threads, which a child does not inherit. So the
context is dropped again, by a private call, and each child makes its own, which takes a few milliseconds
when the kernels are loaded. A canary proves in a child that all this works; else the template only imports.
"""

import collections
import ctypes
import itertools
import secrets
from pathlib import Path
from typing import Any

_STEPS = 256
_GENERATORS = ("_ZN3tsl6random5New64Ev", "_ZN3tsl6random16ThreadLocalNew64Ev")

CANARY = """
import tensorflow as tf
with tf.GradientTape() as tape:
    x = tf.Variable([1.0, 2.0])
    y = tf.reduce_sum(tf.sigmoid(x)) + tf.reduce_sum(tf.matmul(tf.ones([200, 200]), tf.ones([200, 200])))
assert tape.gradient(y, x).shape == (2,)
@tf.function
def double(x):
    for _ in tf.range(3):
        x = 2 * x
    return x + tf.py_function(lambda a: a, [x], tf.float32)
assert double(tf.constant(1.0)) == 16
numbers = tf.data.Dataset.range(4).map(lambda n: 2 * n, num_parallel_calls=2).prefetch(1)
assert sorted(int(n) for n in numbers) == [0, 2, 4, 6]
tf.random.normal([100, 100]).numpy()
"""
"""A cell that hangs or fails in a child where forking was unsafe."""


def warm_up() -> None:
    """Run what answers use, then drop the context.

    Raises:
        Exception: TensorFlow's private call moved.
    """
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.eager import context

    x = tf.constant([[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])  # of one row, a product is no product of matrices
    image, kernel = tf.ones([2, 6, 6, 3]), tf.ones([3, 3, 3, 2])
    _differentiate(tf, x, image, kernel)
    for made in (
        tf.nn.softmax(x), tf.nn.relu(x), tf.tanh(x), tf.exp(-x), tf.math.log(x), tf.square(x), tf.sqrt(x),
        tf.matmul(x, x, transpose_b=True), tf.matmul(x, x, transpose_a=True), tf.matmul(x, tf.transpose(x)),
        tf.matmul(x[tf.newaxis], tf.transpose(x)[tf.newaxis]), tf.tensordot(x, x, 2), tf.reshape(x, [-1]),
        x[:, 1:], x[..., tf.newaxis], x[::-1], image[0, :, :, 0], tf.reverse(x, [1]), tf.gather(x, [1, 0]),
        tf.reshape(x, (1, *x.shape, 1)), tf.tile(x, [2, 1]),  # a tuple is looked up elsewhere than a list
        tf.reduce_sum(x, axis=0), tf.reduce_sum(x), tf.reduce_mean(x), tf.reduce_max(x, 1),
        tf.concat([x, x], 0), tf.stack([x, x]), tf.pad(x, [[1, 1], [1, 1]]), tf.where(x > 3, x, -x),
        tf.cast(x, tf.float64), tf.maximum(x, 0), tf.einsum("ij,kj->ik", x, x), tf.argmax(x, 1), tf.abs(x),
        tf.zeros_like(x), tf.ones([2]), tf.eye(3), tf.range(3), tf.linalg.diag(x[0]), x**2,
        tf.math.sign(x), tf.math.log_sigmoid(x), tf.nn.log_softmax(x), tf.reduce_prod(x), tf.one_hot([1], 3),
        2.0 * x, np.float32(2) * x, x * np.ones(3, np.float32), tf.multiply(x, [1.0, 2.0, 3.0]),
    ):  # fmt: skip
        str(made.numpy())
    for padding in ("VALID", "SAME"):
        y = tf.nn.conv2d(image, kernel, strides=1, padding=padding)
        tf.nn.conv2d_transpose(y, kernel, image.shape, strides=1, padding=padding).numpy()
    tf.image.extract_patches(image, [1, 3, 3, 1], [1] * 4, [1] * 4, "VALID").numpy()
    context._reset_context()


def _differentiate(tf: Any, x: Any, image: Any, kernel: Any) -> None:
    """Gradients of what notebooks differentiate; each kind looks up something at its first use."""
    for function, inputs in (
        (lambda x: tf.sigmoid(x) * 2 + 1 - x / 3, [x]),
        (tf.nn.softmax, [x]),
        (tf.nn.relu, [x]),
        (tf.math.log, [x]),
        (lambda x: x**2, [x]),
        (lambda x: tf.reduce_sum(x, axis=0), [x]),
        (lambda x: tf.matmul(x, x, transpose_b=True), [x]),
        (lambda x: tf.reshape(x, (3, 2)), [x]),
        (lambda image, kernel: tf.nn.conv2d(image, kernel, strides=1, padding="VALID"), [image, kernel]),
    ):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = function(*inputs)
        for gradient in tape.gradient(y, inputs, output_gradients=y):
            gradient.numpy()


class Scatter:
    """Makes the children's unseeded random numbers differ.

    The template may have drawn from TensorFlow's generator of seeds, whose state its children then share:
    each steps forward by a number of its own. Where the generator is called otherwise, they stay alike.
    """

    def __init__(self) -> None:
        import tensorflow as tf

        self._generators: list[Any] = []
        for library in sorted(Path(tf.__file__).parent.glob("libtensorflow_framework.*")):
            loaded = ctypes.CDLL(str(library))
            for name in _GENERATORS:
                generator = getattr(loaded, name, None)
                if generator is not None:
                    generator.restype = ctypes.c_uint64
                    self._generators.append(generator)
            break

    def pass_by(self, children: int) -> None:
        """Step forward, in the template, by as much as so many children may step."""
        self._step(_STEPS * children)

    def __call__(self) -> None:
        """Step forward, in a child, so that nobody can tell what the next one draws."""
        self._step(secrets.randbelow(_STEPS))

    def _step(self, steps: int) -> None:
        for generator in self._generators:
            collections.deque(itertools.starmap(generator, itertools.repeat((), steps)), maxlen=0)
