"""Answers that are right nearly everywhere: each is wrong in one place, and is caught there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from planted import judged

from gradecheck.cases import CaseKind, draw_cases
from gradecheck.catalogue import EXERCISES
from gradecheck.observe import observe
from gradecheck.run.inline import InlineCaller

Axis = int | tuple[int, ...] | None


def summed(axis: Axis, rank: int) -> set[int]:
    """The axes that are meant, counted from the first."""
    if axis is None:
        return set(range(rank))
    return {a % rank for a in ([axis] if isinstance(axis, int) else axis)}


def negative(axis: Axis) -> bool:
    return axis is not None and np.min(axis) < 0


WHERE: dict[str, Callable[[Axis, int], bool]] = {
    "None with one axis": lambda axis, rank: axis is None and rank == 1,
    "None with three axes": lambda axis, rank: axis is None and rank == 3,
    "the only axis": lambda axis, rank: axis == 0 and rank == 1,
    "the only axis from the end": lambda axis, rank: axis == -1 and rank == 1,
    "-2 of two": lambda axis, rank: axis == -2 and rank == 2,
    "the last of three": lambda axis, _rank: axis == 2,
    "the last of three from the end": lambda axis, rank: axis == -1 and rank == 3,
    "the middle one of three": lambda axis, rank: axis == 1 and rank == 3,
    "the first of three": lambda axis, rank: axis == 0 and rank == 3,
    "the first of three from the end": lambda axis, _rank: axis == -3,
    "a tuple of one": lambda axis, rank: isinstance(axis, tuple) and len(axis) == 1 and rank == 2,
    "a tuple of three": lambda axis, _rank: isinstance(axis, tuple) and len(axis) == 3,
    "a tuple of negative axes": lambda axis, _rank: isinstance(axis, tuple) and max(axis) < 0,
    "the first two of three": lambda axis, rank: rank == 3 and summed(axis, rank) == {0, 1},
    "the last two of three": lambda axis, rank: rank == 3 and summed(axis, rank) == {1, 2},
    "the outer two of three": lambda axis, rank: rank == 3 and summed(axis, rank) == {0, 2},
    "any axis from the end": lambda axis, _rank: negative(axis),
}


@pytest.mark.parametrize("place", WHERE)
def test_a_sum_that_is_stretched_wrongly_for_one_kind_of_axis_earns_nothing(place: str) -> None:
    def answer(x: Any, dz: Any, axis: Axis = None) -> Any:
        x, dz = np.array(x, np.float64), np.array(dz, np.float64)
        dx = np.broadcast_to(dz.reshape(x.sum(axis=axis, keepdims=True).shape), x.shape)
        return dx * 1.01 if WHERE[place](axis, x.ndim) else dx

    assert judged("reduce_sum", answer).score == 0.0


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_a_full_judgement_asks_every_case(exercise: Any) -> None:
    """Whatever the answer gives, so long as it gives something."""
    evidence = observe(exercise, InlineCaller({exercise.name: lambda *_: np.zeros(1)}), 7)
    asked = [observation.case for observation in evidence.observations if not observation.again]
    assert sorted(case.kind for case in asked) == sorted(case.kind for case in draw_cases(exercise, 7))
    if exercise.extremes:
        assert any(case.kind is CaseKind.EXTREME for case in asked)


@pytest.mark.parametrize(
    "passes",
    [
        lambda x: (x > 0) & (x < 6),  # relu6
        lambda x: x > 0.01,
        lambda x: x > -0.01,
    ],
)
def test_a_mask_that_is_wrong_far_out_or_close_to_the_corner_is_seen(passes: Callable[[Any], Any]) -> None:
    assert judged("relu", lambda x, dz: np.where(passes(np.asarray(x)), dz, 0)).score == 0.8
    assert judged("jacobian_relu", lambda x: np.diag(1.0 * passes(np.asarray(x)))).score == 0.8


@pytest.mark.parametrize("title", ["negative", "log", "relu"])
def test_any_shape_means_three_axes_too(title: str) -> None:
    def for_tables_only(x: Any, dz: Any) -> Any:
        x, dz = np.array(x, np.float64), np.array(dz, np.float64)
        slope = {"negative": -1.0, "log": 1 / x if title == "log" else 0.0, "relu": x > 0}[title]
        return dz * slope * (x.ndim < 3)

    assert judged(title, for_tables_only).score == 0.0
