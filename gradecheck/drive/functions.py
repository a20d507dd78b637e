"""The functions that `numerical_gradient` is tried on, written once for TensorFlow and for NumPy.

Each is given the library (`tf` or `np`) and x, of the ranks that the exercise's cases name.
"""

from collections.abc import Callable, Mapping
from typing import Any

#: Name to function. Elementwise ones, and ones that mix their entries, change the shape, or give one number.
FUNCTIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "sine": lambda lib, x: lib.sin(x),
    "exponential": lambda lib, x: lib.exp(x),
    "cube": lambda _lib, x: x * x * x,
    "far up": lambda lib, x: 300.0 + lib.tanh(x),
    "product of sums": lambda lib, x: _sum(lib, lib.sin(x)) * _sum(lib, x),
    "neighbours": lambda lib, x: x[..., 1:] * lib.exp(x[..., :-1]),
    "distances": lambda lib, x: lib.tanh(x[:, None] - x[None, :]),
    "matrix square": lambda lib, x: lib.matmul(x, x),
}


def _sum(lib: Any, x: Any) -> Any:
    return lib.reduce_sum(x) if hasattr(lib, "reduce_sum") else lib.sum(x)
