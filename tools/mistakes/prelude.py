"""What the batteries beside this file may use: the notation of a textbook, in NumPy."""
# mypy: ignore-errors

import numpy as np


def s(x):
    """The sigmoid."""
    return 1 / (1 + np.exp(-x))


def sm(x, axis=-1):
    """Softmax along an axis."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def corr(x, w):
    """Cross-correlation, only where w fits into x."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    window = np.lib.stride_tricks.sliding_window_view(x, w.shape)[:rows, :columns]
    return (window * w).sum(axis=(2, 3))


def full(x, w):
    """Cross-correlation wherever w touches x."""
    (h, v) = w.shape
    return corr(np.pad(x, ((h - 1, h - 1), (v - 1, v - 1))), w)


def turned(w):
    """Turned by 180 degrees."""
    return w[::-1, ::-1]


def fit(g, shape):
    """Summed to the shape of an argument that was stretched."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)


def back(x, dz, axis):
    """The axes that a sum took away, put back with length one."""
    return dz.reshape(x.sum(axis=axis, keepdims=True).shape)


def each(gradients, change):
    """Every gradient of an answer, changed."""
    return tuple(map(change, gradients)) if isinstance(gradients, tuple) else change(gradients)
