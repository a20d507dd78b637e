"""Vector-Jacobian products from TensorFlow's gradient tape, in float64.

The only module of the judge that loads TensorFlow.
"""

import gc
import itertools
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.exercise import Float64

#: Of float32 or of float64, which holds the same numbers.
Floats = NDArray[np.floating[Any]]

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
    shapes = tuple(np.shape(a) for a in inputs)
    product = _product(Product(forward, shapes, np.shape(upstream), tuple(indices)))
    with tf.device("/CPU:0"):
        gradients = product(*(tf.constant(a, tf.float64) for a in (upstream, *inputs)))
    return tuple(np.array(g.numpy(), dtype=np.float64) for g in gradients)


@dataclass(frozen=True, eq=False)
class Product:
    """A vector-Jacobian product of which only the shapes are known.

    Attributes:
        forward: the function, called as `forward(tf, *inputs)`.
        shapes: of its inputs.
        upstream: the shape of its result.
        indices: which inputs to differentiate.
    """

    forward: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    upstream: tuple[int, ...]
    indices: tuple[int, ...]


def trace_products(products: Sequence[Product]) -> Callable[[Sequence[Floats]], tuple[Float64, ...]]:
    """One graph for many products, which costs about as much as ten of them, and a tenth from then on.

    Returns:
        A function of the inputs and dL/dz of the first product, then of the second, and so on. It gives
        dL/dx for each index of the first product, then of the second, and so on; all float64.

    Raises:
        Exception: a function cannot be traced, as it asks for the values of its inputs.
    """
    tf = load_tensorflow()
    shapes = [shape for product in products for shape in (*product.shapes, product.upstream)]
    results = [product.shapes[i] for product in products for i in product.indices]
    sizes = list(map(math.prod, shapes))

    def run_all(packed: Any) -> Any:  # one tensor in, one out: each costs as much as what it is used for
        parts = zip(tf.split(packed, sizes), shapes, strict=True)
        unpacked = iter([tf.reshape(part, shape) for part, shape in parts])
        gradients = []
        for product in products:
            inputs = [next(unpacked) for _ in product.shapes]
            gradients += _product(product)(next(unpacked), *inputs)
        return tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)

    with tf.device("/CPU:0"):
        whole = tf.TensorSpec([sum(sizes)], tf.float64)
        graph = tf.function(run_all, autograph=False).get_concrete_function(whole)
    places = list(itertools.pairwise(itertools.accumulate(map(math.prod, results), initial=0)))

    def run(flat: Sequence[Floats]) -> tuple[Float64, ...]:
        packed = np.concatenate([array.reshape(-1) for array in flat], dtype=np.float64)
        found = graph(tf.constant(packed)).numpy()
        return tuple(found[a:b].reshape(shape) for (a, b), shape in zip(places, results, strict=True))

    return run


def _product(product: Product) -> Callable[..., Any]:
    """The product as a function of dL/dz and the inputs, all of them tensors."""
    tf = load_tensorflow()

    def run(upstream: Any, *inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            for tensor in inputs:
                tape.watch(tensor)
            z = product.forward(tf, *inputs)
        return tape.gradient(
            z,
            [inputs[i] for i in product.indices],
            output_gradients=upstream,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )

    return run


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
