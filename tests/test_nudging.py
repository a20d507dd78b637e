"""Finite differences inside an answer are noticed, and formulas are not taken for them."""

import ast

import pytest

from gradecheck.diagnose.nudging import looks_like_finite_differences

DIFFERENCES = {
    "central": "def g(x, dz):\n    h = 1e-5\n    return dz * (f(x + h) - f(x - h)) / (2 * h)",
    "forward": "def g(x, dz):\n    h = 1e-5\n    return dz * ((f(x + h) - f(x)) / h)",
    "numbers": "def g(x, dz):\n    return dz * (f(x + 1e-5) - f(x - 1e-5)) / (2 * 1e-5)",
    "in place": (
        "def g(x, dz):\n    h = 1e-4\n    for i in range(len(x)):\n        x[i] += h\n        up = f(x)\n"
        "        x[i] -= 2 * h\n        down = f(x)\n        out[i] = (up - down) / (2 * h)\n    return out"
    ),
    "richardson": (
        "def d(h):\n    return (f(x + h) - f(x - h)) / (2 * h)\n"
        "def g(x, dz):\n    return (4 * d(5e-4) - d(1e-3)) / 3"
    ),
}
FORMULAS = {
    "sigmoid": "def g(x, dz):\n    s = 1 / (1 + np.exp(-x))\n    return dz * s * (1 - s)",
    "one fraction": "def g(x, dz):\n    e = np.exp(-x)\n    return dz * e / (1 + e) ** 2",
    "tanh": "def g(x, dz):\n    t = np.tanh(x / 2)\n    return dz * (1 + t) * (1 - t) / 4",
    "softmax": "def g(x, dz):\n    p = np.exp(x - m) / np.exp(x - m).sum()\n    return p * (dz - p @ dz)",
    "normalised": "def g(x, dz):\n    return (f(x) - f(y)) / n",
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_nudging_and_measuring_is_noticed(name: str) -> None:
    assert looks_like_finite_differences([ast.parse(DIFFERENCES[name])])


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_not_taken_for_it(name: str) -> None:
    assert not looks_like_finite_differences([ast.parse(FORMULAS[name])])
