"""Vector-Jacobian products from TensorFlow's gradient tape, in float64.

The only module of the judge that loads TensorFlow.
"""

import gc
import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradecheck.exercise import Float64

#: Both are needed for a start without a line on stderr; either alone is not enough.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}


@cache
def load_tensorflow() -> Any:
    """The tensorflow module, loaded on the first call and without its start-up messages."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    collecting = gc.isenabled()
    gc.disable()  # the import makes a million objects that stay: collecting them takes a fifth of its time
    try:
        import tensorflow
    finally:
        if collecting:
            gc.enable()
    return tensorflow


def vector_jacobian_products(
    forward: Callable[..., Any], inputs: Sequence[Float64], upstream: Float64, indices: Sequence[int]
) -> tuple[Float64, ...]:
    """dL/dx for each input at `indices`, given dL/dz.

    Args:
        forward: the function, called as `forward(tf, *inputs)`.
        inputs: float64 arrays.
        upstream: dL/dz, in the shape of the function's result.
        indices: which inputs to differentiate.

    Returns:
        One float64 array for each index, in the shape of that input.
    """
    tf = load_tensorflow()
    tensors = [tf.constant(a, tf.float64) for a in inputs]
    with tf.device("/CPU:0"), tf.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        z = forward(tf, *tensors)
    gradients = tape.gradient(
        z,
        [tensors[i] for i in indices],
        output_gradients=tf.constant(upstream, tf.float64),
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return tuple(np.array(g.numpy(), dtype=np.float64) for g in gradients)


def whole_jacobian(forward: Callable[..., Any], inputs: Sequence[Float64], index: int) -> Float64:
    """dz/dx for the input at `index`, a backward pass an entry of z: shape `z.shape + x.shape`, float64."""
    tf = load_tensorflow()
    shape = forward(tf, *(tf.constant(a, tf.float64) for a in inputs)).shape
    rows = []
    for at in np.ndindex(*shape):
        one_hot = np.zeros(shape)
        one_hot[at] = 1.0
        rows.append(vector_jacobian_products(forward, inputs, one_hot, [index])[0])
    return np.stack(rows).reshape((*shape, *inputs[index].shape))
