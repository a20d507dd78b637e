"""Right answers to the exercises of the second and third assignment, in the styles that students use.

The keys are title and style. Each is written in float32 or in tensors, as in a notebook.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.reference.tape import load_tensorflow

Answer = Callable[..., Any]
RIGHT: dict[str, dict[str, Answer]] = {}


def f32(*arguments: Any) -> list[Any]:
    return [np.asarray(argument, np.float32) for argument in arguments]


def right(title: str) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        RIGHT.setdefault(title, {})[answer.__name__] = answer
        return answer

    return register


def in_arrays(answer: Answer) -> Answer:
    return lambda *arguments: answer(*f32(*arguments))


def tf() -> Any:
    return load_tensorflow()


def summed(g: Any, shape: tuple[int, ...]) -> Any:
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def summed_in_tensors(g: Any, x: Any) -> Any:
    missing = len(g.shape) - len(x.shape)
    g = tf().reduce_sum(g, axis=list(range(missing)))
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    return tf().reduce_sum(g, axis=ones, keepdims=True)


def summed_by_loop(g: Any, shape: tuple[int, ...]) -> Any:
    total = np.zeros(shape, np.float32)
    for at in np.ndindex(*g.shape):
        own = at[g.ndim - len(shape) :]
        total[tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))] += g[at]
    return total


def summed_by_reshape(g: Any, shape: tuple[int, ...]) -> Any:
    padded = (1,) * (g.ndim - len(shape)) + shape
    axes = tuple(i for i, n in enumerate(padded) if n == 1)
    return np.sum(g, axis=axes, keepdims=True).reshape(shape)


def summed_axis_by_axis(g: Any, shape: tuple[int, ...]) -> Any:
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] > 1:
            g = g.sum(axis, keepdims=True)
    return g


COLLECTORS = (summed, summed_by_loop, summed_by_reshape, summed_axis_by_axis)
for collect in COLLECTORS:
    RIGHT.setdefault("multiply", {})[collect.__name__] = in_arrays(
        lambda a, b, dz, c=collect: (c(dz * b, a.shape), c(dz * a, b.shape))
    )
    RIGHT.setdefault("add", {})[collect.__name__] = in_arrays(
        lambda a, b, dz, c=collect: (c(dz, a.shape), c(dz, b.shape))
    )
RIGHT["multiply"] |= {
    "tensors": lambda a, b, dz: (summed_in_tensors(dz * b, a), summed_in_tensors(dz * a, b)),
    "a list": in_arrays(lambda a, b, dz: [summed(b * dz, a.shape), summed(a * dz, b.shape)]),
}
RIGHT["add"] |= {
    "tensors": lambda a, b, dz: (summed_in_tensors(dz, a), summed_in_tensors(dz, b)),
    "a list": in_arrays(lambda a, b, dz: [summed(dz, a.shape), summed(dz, b.shape)]),
}

RIGHT["negative"] = {
    "tensors": lambda _x, dz: -dz,
    "arrays": in_arrays(lambda _x, dz: np.negative(dz)),
    "a product": in_arrays(lambda _x, dz: -1.0 * dz),
    "a slope array": in_arrays(lambda x, dz: np.full_like(x, -1) * dz),
    "zeros minus": lambda x, dz: tf().zeros_like(x) - dz,
    "a list": lambda _x, dz: np.asarray(-dz).tolist(),
}
RIGHT["log"] = {
    "tensors": lambda x, dz: dz / x,
    "arrays": in_arrays(lambda x, dz: dz * (1 / x)),
    "reciprocal": lambda x, dz: dz * tf().math.reciprocal(x),
    "a power": in_arrays(lambda x, dz: dz * x**-1),
    "through exp": in_arrays(lambda x, dz: dz * np.exp(-np.log(x))),
    "a tiny safety term": in_arrays(lambda x, dz: dz / (x + 1e-8)),
    "a loop": in_arrays(
        lambda x, dz: np.array([d / v for d, v in zip(dz.flat, x.flat, strict=True)]).reshape(x.shape)
    ),
}
RIGHT["relu"] = {
    "where": lambda x, dz: tf().where(x > 0, dz, 0.0),
    "mask": in_arrays(lambda x, dz: dz * (x > 0)),
    "mask with the corner": in_arrays(lambda x, dz: dz * (x >= 0)),
    "cast": lambda x, dz: dz * tf().cast(x > 0, tf().float32),
    "half at the corner": in_arrays(lambda x, dz: dz * np.heaviside(x, np.float32(0.5))),
    "by sign": in_arrays(lambda x, dz: dz * (1 + np.sign(x)) / 2),
    "by output": lambda x, dz: tf().where(tf().nn.relu(x) > 0, dz, tf().zeros_like(dz)),
}
RIGHT["jacobian_relu"] = {
    "diag": in_arrays(lambda x: np.diag((x > 0).astype(np.float32))),
    "tensors": lambda x: tf().linalg.diag(tf().cast(x > 0, tf().float32)),
    "identity times mask": in_arrays(lambda x: np.eye(len(x)) * (x > 0)),
    "with the corner": in_arrays(lambda x: np.eye(len(x)) * (x >= 0)[:, None]),
    "einsum": in_arrays(lambda x: np.einsum("i,ij->ij", x > 0, np.eye(len(x)))),
    "lists": in_arrays(
        lambda x: [[float(i == j and x[i] > 0) for j in range(len(x))] for i in range(len(x))]
    ),
}


@right("jacobian_affine")
def row_by_row(W: Any, x: Any, _b: Any) -> Any:
    J = np.zeros((W.shape[0], x.shape[0]), np.float32)
    for i in range(W.shape[0]):
        for j in range(x.shape[0]):
            J[i, j] = W[i, j]
    return J


RIGHT["jacobian_affine"] |= {
    "W": lambda W, _x, _b: W,
    "a copy": in_arrays(lambda W, _x, _b: W.copy()),
    "identity": lambda W, _x, _b: tf().identity(W),
    "with unit vectors": in_arrays(lambda W, x, _b: np.stack([W @ e for e in np.eye(len(x))], axis=1)),
    "as differences": in_arrays(lambda W, x, b: (W @ np.eye(len(x)) + b[:, None]) - b[:, None]),
    "a list": lambda W, _x, _b: np.asarray(W).tolist(),
}


def expanded(x: Any, dz: Any, axis: Any) -> Any:
    if axis is None:
        return np.full_like(x, dz)
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in sorted(a % x.ndim for a in axes):
        dz = np.expand_dims(dz, one)
    return np.broadcast_to(dz, x.shape)


@right("reduce_sum")
def by_expanding(x: Any, dz: Any, axis: Any = None) -> Any:
    return expanded(*f32(x, dz), axis)


@right("reduce_sum")
def by_keepdims(x: Any, dz: Any, axis: Any = None) -> Any:
    x, dz = f32(x, dz)
    return np.ones_like(x) * dz.reshape(np.sum(x, axis=axis, keepdims=True).shape)


@right("reduce_sum")
def by_tensors(x: Any, dz: Any, axis: Any = None) -> Any:
    kept = tf().reduce_sum(x, axis=axis, keepdims=True)
    return tf().reshape(dz, kept.shape) + tf().zeros_like(x)


@right("reduce_sum")
def by_shape(x: Any, dz: Any, axis: Any = None) -> Any:
    shape = np.array(x.shape)
    if axis is None:
        axis = tuple(range(len(shape)))
    shape[np.array(axis)] = 1
    return tf().broadcast_to(tf().reshape(dz, shape), x.shape)


@right("reduce_sum")
def by_tile(x: Any, dz: Any, axis: Any = None) -> Any:
    x, dz = f32(x, dz)
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.tile(dz.reshape(kept), [n // k for n, k in zip(x.shape, kept, strict=True)])


@right("softmax_batched")
def loop_of_rows(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    rows = []
    for row, d in zip(x, dz, strict=True):
        p = np.exp(row - row.max())
        p /= p.sum()
        rows.append(p * (d - p @ d))
    return np.stack(rows)


def probabilities(x: Any) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def by_jacobians(x: Any, dz: Any) -> Any:
    p = probabilities(x)
    J = np.eye(x.shape[1], dtype=np.float32) * p[:, None, :] - p[:, :, None] * p[:, None, :]
    return np.einsum("bij,bj->bi", J, dz)


def in_tensors(x: Any, dz: Any) -> Any:
    p = tf().nn.softmax(x)
    return p * (dz - tf().reduce_sum(p * dz, axis=1, keepdims=True))


RIGHT["softmax_batched"] |= {
    "jacobians": in_arrays(by_jacobians),
    "tensors": in_tensors,
    "einsum": in_arrays(
        lambda x, dz: probabilities(x) * (dz - np.einsum("ij,ij->i", probabilities(x), dz)[:, None])
    ),
    "expanded": in_arrays(
        lambda x, dz: probabilities(x) * dz - probabilities(x) * (probabilities(x) * dz).sum(1)[:, None]
    ),
    "a list of rows": in_arrays(lambda x, dz: list(loop_of_rows(x, dz))),
}
RIGHT["matmul_y"] = {
    "arrays": in_arrays(lambda x, _y, dz: x.T @ dz),
    "tensors": lambda x, _y, dz: tf().matmul(x, dz, transpose_a=True),
    "einsum": in_arrays(lambda x, _y, dz: np.einsum("ki,kj->ij", x, dz)),
    "transposed twice": in_arrays(lambda x, _y, dz: (dz.T @ x).T),
    "outer products": in_arrays(
        lambda x, _y, dz: sum(np.outer(row, d) for row, d in zip(x, dz, strict=True))
    ),
    "tensordot": in_arrays(lambda x, _y, dz: np.tensordot(x, dz, ((0,), (0,)))),
}
RIGHT["affine"] = {
    "arrays": in_arrays(lambda W, X, _b, dz: (dz @ X.T, W.T @ dz, dz.sum(axis=1))),
    "tensors": lambda W, X, _b, dz: (
        tf().matmul(dz, X, transpose_b=True),
        tf().matmul(W, dz, transpose_a=True),
        tf().reduce_sum(dz, axis=1),
    ),
    "einsum": in_arrays(
        lambda W, X, _b, dz: (
            np.einsum("ik,jk->ij", dz, X),
            np.einsum("ij,ik->jk", W, dz),
            np.einsum("ik->i", dz),
        )
    ),
    "transposed": in_arrays(lambda W, X, _b, dz: ((X @ dz.T).T, (dz.T @ W).T, dz.T.sum(axis=0))),
    "a list": in_arrays(lambda W, X, b, dz: [dz @ X.T, W.T @ dz, dz @ np.ones(dz.shape[1], b.dtype)]),
}


@right("affine")
def sample_by_sample(W: Any, X: Any, b: Any, dz: Any) -> Any:
    W, X, b, dz = f32(W, X, b, dz)
    dW, dX, db = np.zeros_like(W), np.zeros_like(X), np.zeros_like(b)
    for k in range(X.shape[1]):
        dW += np.outer(dz[:, k], X[:, k])
        dX[:, k] = W.T @ dz[:, k]
        db += dz[:, k]
    return dW, dX, db


@right("conv2d_x")
def scattered(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = f32(x, w, dz)
    dx = np.zeros_like(x)
    for (i, j), upstream in np.ndenumerate(dz):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += upstream * w
    return dx


@right("conv2d_x")
def weight_by_weight(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = f32(x, w, dz)
    dx = np.zeros_like(x)
    for (u, v), weight in np.ndenumerate(w):
        dx[u : u + dz.shape[0], v : v + dz.shape[1]] += weight * dz
    return dx


@right("conv2d_x")
def gathered(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = f32(x, w, dz)
    padded = np.pad(dz, [(n - 1, n - 1) for n in w.shape])
    dx = np.zeros_like(x)
    for i, j in np.ndindex(*x.shape):
        dx[i, j] = np.sum(padded[i : i + w.shape[0], j : j + w.shape[1]] * w[::-1, ::-1])
    return dx


@right("conv2d_x")
def padded_in_tensors(_x: Any, w: Any, dz: Any) -> Any:
    padded = tf().pad(dz, [[n - 1, n - 1] for n in w.shape])
    turned = tf().reverse(w, [0, 1])
    return tf().nn.conv2d(padded[None, :, :, None], turned[:, :, None, None], 1, "VALID")


@right("conv2d_x")
def by_jacobian(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = f32(x, w, dz)
    J = np.zeros((*dz.shape, *x.shape), np.float32)
    for i, j in np.ndindex(*dz.shape):
        J[i, j, i : i + w.shape[0], j : j + w.shape[1]] = w
    return np.tensordot(dz, J, 2)
