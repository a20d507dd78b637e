"""Right answers in the styles that a notebook allows, in float32: each gets everything, on every seed."""

from typing import Any

import numpy as np
import pytest
from planted import Answer, judged

from gradecheck.reference.tape import load_tensorflow

SEEDS = range(100, 105)


def f32(*arguments: Any) -> list[Any]:
    return [np.asarray(argument, np.float32) for argument in arguments]


def probabilities(x: Any) -> Any:
    e = np.exp(x - x.max())
    return e / e.sum()


def sigmoid_by_product(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    s = np.float32(1) / (np.float32(1) + np.exp(-x))
    return dz * s * (1 - s)


def sigmoid_by_difference(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    s = np.float32(1) / (np.float32(1) + np.exp(-x))
    return dz * (s - s * s)


def sigmoid_by_tanh(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    return dz * np.float32(0.25) * (1 - np.tanh(x / 2) ** 2)


def sigmoid_by_jacobian(x: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    s = tf.sigmoid(x)
    return tf.linalg.matvec(tf.linalg.diag(s * (1 - s)), dz)


def sigmoid_as_list(x: Any, dz: Any) -> Any:
    return list(sigmoid_by_product(x, dz))


def softmax_by_jacobian(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    p = probabilities(x)
    return (np.diag(p) - np.outer(p, p)) @ dz


def softmax_by_loops(x: Any, dz: Any) -> Any:
    x, dz = f32(x, dz)
    p = probabilities(x)
    dx = np.zeros(len(x), np.float32)
    for i in range(len(x)):
        for j in range(len(x)):
            dx[i] += dz[j] * p[j] * ((i == j) - p[i])
    return dx


def softmax_in_tensors(x: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    p = tf.nn.softmax(x)
    return p * dz - p * tf.reduce_sum(p * dz)


def matmul_by_einsum(_x: Any, y: Any, dz: Any) -> Any:
    return np.einsum("ij,kj->ik", *f32(dz, y))


def matmul_in_tensors(_x: Any, y: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    return tf.matmul(dz, y, transpose_b=True)


def conv2d_by_windows(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = f32(x, w, dz)
    dw = np.zeros_like(w)
    for (i, j), upstream in np.ndenumerate(dz):
        dw += upstream * x[i : i + w.shape[0], j : j + w.shape[1]]
    return dw


def conv2d_in_tensors(x: Any, _w: Any, dz: Any) -> Any:
    tf = load_tensorflow()
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")


@pytest.mark.parametrize(
    "answer",
    [
        sigmoid_by_product,
        sigmoid_by_difference,
        sigmoid_by_tanh,
        sigmoid_by_jacobian,
        sigmoid_as_list,
        softmax_by_jacobian,
        softmax_by_loops,
        softmax_in_tensors,
        matmul_by_einsum,
        matmul_in_tensors,
        conv2d_by_windows,
        conv2d_in_tensors,
    ],
    ids=lambda answer: answer.__name__,
)
def test_a_right_answer_in_any_style_gets_everything(answer: Answer) -> None:
    title = answer.__name__.split("_")[0]
    assert {judged(title, answer, seed=seed).score for seed in SEEDS} == {1.0}
