"""The tape's answers to all cases of an exercise in one call, for a class.

Every student has inputs of their own, but of the same shapes. So once an exercise has been asked about a
few seeds, a graph of all its cases is traced, and later seeds go through that: a tenth of the time, the
same numbers.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gradecheck.cases import Case
from gradecheck.exercise import Exercise, Float64
from gradecheck.reference.tape import Floats, Product, trace_products
from gradecheck.setting import Setting

#: Seeds that are answered without a graph: `check` asks for one or two, and tracing costs as much as ten.
UNTRACED = 2

_Shapes = tuple[tuple[int, ...], ...]
_Graph = Callable[[Sequence[Floats]], tuple[Float64, ...]]


@dataclass(eq=False)
class _Class:
    """What is known of an exercise's cases of certain shapes and settings."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seeds: int = 0
    graph: _Graph | None = None
    untraceable: bool = False


@lru_cache(maxsize=64)
def _class_of(_exercise: Exercise, _layout: tuple[tuple[_Shapes, tuple[Setting, ...]], ...]) -> _Class:
    return _Class()


def products_of(
    exercise: Exercise,
    cases: Sequence[Case],
    forward_of: Callable[[tuple[Setting, ...]], Callable[..., object]],
) -> tuple[tuple[Float64, ...], ...] | None:
    """dL/dx of every case for each differentiated input, or None where they are to be had one by one.

    Args:
        exercise: the exercise, which asks for a vector-Jacobian product.
        cases: all cases of a seed.
        forward_of: the function in TensorFlow, given the settings of a case.
    """
    known = _class_of(exercise, tuple((_shapes_of(case), case.settings) for case in cases))
    with known.lock:
        known.seeds += 1
        if known.seeds <= UNTRACED or known.untraceable:
            return None
        if known.graph is None:
            try:
                known.graph = trace_products(_products(exercise, cases, forward_of))
            except Exception:  # it looks at its inputs, which a graph does not have
                known.untraceable = True
                return None
    flat = known.graph([a for case in cases for a in case.arguments])
    each = len(exercise.differentiates)
    return tuple(flat[at : at + each] for at in range(0, len(flat), each))


def _shapes_of(case: Case) -> _Shapes:
    return tuple(argument.shape for argument in case.arguments)


def _products(
    exercise: Exercise,
    cases: Sequence[Case],
    forward_of: Callable[[tuple[Setting, ...]], Callable[..., object]],
) -> list[Product]:
    forwards = {case.settings: forward_of(case.settings) for case in cases}
    indices = tuple(exercise.inputs.index(name) for name in exercise.differentiates)
    products = []
    for case in cases:
        *shapes, upstream = _shapes_of(case)
        products.append(Product(forwards[case.settings], tuple(shapes), upstream, indices))
    return products
