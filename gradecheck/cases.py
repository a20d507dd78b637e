"""The inputs on which an answer is judged: the printed example, moderate draws, extremes, kinks.

Every number is drawn from one seed and is exactly representable in float32, so that the reference, in
float64, is computed at the very point that the student's function sees.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradecheck.exercise import Exercise, Shape
from gradecheck.setting import Setting

Float32 = NDArray[np.float32]

#: The seed of `check` and of the card in the notebook: everybody may know these inputs.
PUBLIC_SEED = 20_26
#: How many times larger than usual the upstream gradient is in one moderate case.
LARGE_UPSTREAM = 1000.0


class CaseKind(StrEnum):
    """What a case is for."""

    PRINTED = "printed"  #: the notebook's example: seen first, earns nothing by itself
    MODERATE = "moderate"  #: ordinary inputs: all of them must be right
    EXTREME = "extreme"  #: where careless arithmetic overflows: scored apart
    KINK = "kink"  #: at a corner of the function, where several slopes are right: scored with the extremes


@dataclass(frozen=True, eq=False)
class Case:
    """One call.

    Attributes:
        kind: what it is for.
        inputs: the arguments of the forward function, float32.
        upstream: the upstream gradient dL/dz, float32; None where the Jacobian itself is asked for.
        settings: the arguments that are plain values.
    """

    kind: CaseKind
    inputs: tuple[Float32, ...]
    upstream: Float32 | None
    settings: tuple[Setting, ...] = ()

    @property
    def arguments(self) -> tuple[Float32, ...]:
        """All arguments in the exercise's order."""
        return self.inputs if self.upstream is None else (*self.inputs, self.upstream)


def draw_cases(exercise: Exercise, seed: int) -> tuple[Case, ...]:
    """All cases of an exercise for a seed: printed, moderate, extreme, kink, in that order.

    The same exercise and seed give the same cases on every machine.

    Raises:
        ValueError: `seed` is negative.
    """
    rng = np.random.default_rng([seed, zlib.crc32(exercise.name.encode())])
    cases = [_printed(exercise)]
    for shapes in exercise.shapes:
        inputs = tuple(_moderate(exercise, shapes[name], rng) for name in exercise.inputs)
        cases.append(_with_upstream(exercise, CaseKind.MODERATE, inputs, _settings(exercise, shapes), rng))
    cases += _variations(exercise, cases[-1], rng)
    for kind, listed in ((CaseKind.EXTREME, exercise.extremes), (CaseKind.KINK, exercise.kinks)):
        for values in listed:
            inputs = tuple(_float32(values[name]) for name in exercise.inputs)
            cases.append(_with_upstream(exercise, kind, inputs, _settings(exercise, values), rng))
    return tuple(cases)


def _variations(exercise: Exercise, base: Case, rng: np.random.Generator) -> list[Case]:
    """Moderate cases that differ from `base` in one respect each.

    One keeps all inputs and draws another upstream gradient, one for each argument keeps that argument and
    draws the others: they catch answers that remember what they returned for an argument. In one the upstream
    gradient is large: it catches answers that clip.
    """
    varied = []
    for kept in (*range(len(base.inputs)), None):
        inputs = tuple(
            value if at == kept else _moderate(exercise, value.shape, rng)
            for at, value in enumerate(base.inputs)
        )
        other = _with_upstream(exercise, CaseKind.MODERATE, inputs, base.settings, rng)
        keeps_upstream = kept is None and base.upstream is not None
        varied.append(replace(other, upstream=base.upstream) if keeps_upstream else other)
    if base.upstream is not None:
        varied.append(_with_upstream(exercise, CaseKind.MODERATE, base.inputs, base.settings, rng))
        large = _with_upstream(exercise, CaseKind.MODERATE, base.inputs, base.settings, rng).upstream
        assert large is not None
        varied.append(replace(base, upstream=_float32(LARGE_UPSTREAM * large)))
    return varied


@lru_cache(maxsize=64)
def _printed(exercise: Exercise) -> Case:
    """The printed example, one and the same whatever the seed."""
    inputs = tuple(_float32(exercise.printed[name]) for name in exercise.inputs)
    upstream = None if exercise.whole_jacobian else _float32(exercise.printed[exercise.upstream])
    return Case(CaseKind.PRINTED, inputs, upstream, _settings(exercise, exercise.printed))


def _settings(exercise: Exercise, named: Mapping[str, Any]) -> tuple[Setting, ...]:
    return tuple(named.get(name, value) for name, value in exercise.settings.items())


def shapes_of(exercise: Exercise, case: Case) -> Mapping[str, Shape]:
    """The shape of every argument of a case, by name, for messages."""
    return {name: a.shape for name, a in zip(exercise.arguments, case.arguments, strict=True)}


def settings_of(exercise: Exercise, case: Case) -> tuple[str, ...]:
    """The settings of a case, such as "axis=1"; none where the exercise has words of its own for them."""
    named = zip(exercise.settings, case.settings, strict=True)
    return () if exercise.place else tuple(f"{name}={value!r}" for name, value in named)


def _with_upstream(
    exercise: Exercise,
    kind: CaseKind,
    inputs: tuple[Float32, ...],
    settings: tuple[Setting, ...],
    rng: np.random.Generator,
) -> Case:
    if exercise.whole_jacobian:
        return Case(kind, inputs, None, settings)
    shape = _shape_of_result(exercise, tuple(a.shape for a in inputs), settings)
    return Case(kind, inputs, _signed_upstream(shape, rng), settings)


@lru_cache(maxsize=1024)
def _shape_of_result(exercise: Exercise, shapes: tuple[Shape, ...], settings: tuple[Setting, ...]) -> Shape:
    """The shape of what the forward function gives for inputs of some shapes, measured on ordinary ones."""
    rng = np.random.default_rng(0)  # its own, so that what is drawn of a case never depends on what is known
    inputs = (_moderate(exercise, shape, rng).astype(np.float64) for shape in shapes)
    return np.shape(exercise.forward_numpy(*inputs, *settings))


def _moderate(exercise: Exercise, shape: Shape, rng: np.random.Generator) -> Float32:
    values = np.asarray(rng.uniform(exercise.low, exercise.high, shape))
    if exercise.gap:
        values = np.where(abs(values) < exercise.gap, np.copysign(exercise.gap + abs(values), values), values)
    return _float32(values)


def _signed_upstream(shape: Shape, rng: np.random.Generator) -> Float32:
    """Uniform in [-2, 2) and away from 0, with both signs wherever there are two entries or more.

    One-hot, constant or non-negative upstream gradients let `dz**2`, `abs(dz)` and `relu(dz)` pass.
    """
    sizes = np.asarray(rng.uniform(0.25, 2.0, shape))
    signs = np.ones(sizes.size)
    signs[rng.integers(2) :: 2] = -1.0
    rng.shuffle(signs)
    return _float32(sizes * signs.reshape(shape))


def _float32(values: ArrayLike) -> Float32:
    return np.asarray(values, dtype=np.float32, order="C")
