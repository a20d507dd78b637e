"""Every way to name the axes of grad_reduce_sum is asked: answers that are right for some of them only."""

from typing import Any

import numpy as np
import pytest
from planted import Answer, judged, wide

from gradecheck.verdict import Status


def restored(x: Any, dz: Any, axis: Any) -> Any:
    x, dz = wide(x, dz)
    return np.reshape(dz, np.sum(x, axis=axis, keepdims=True).shape) * np.ones(x.shape)


def expanded(x: Any, dz: Any, axes: Any) -> Any:
    x, dz = wide(x, dz)
    for each in axes:
        dz = np.expand_dims(dz, each)
    return dz * np.ones(x.shape)


def in_any_order(x: Any, dz: Any, axis: Any = None) -> Any:
    axes = range(len(x.shape)) if axis is None else np.atleast_1d(axis) % len(x.shape)
    return expanded(x, dz, sorted(axes))


def in_the_order_given(x: Any, dz: Any, axis: Any = None) -> Any:
    axes = range(len(x.shape)) if axis is None else np.atleast_1d(axis) % len(x.shape)
    return expanded(x, dz, axes)


def from_the_front_only(x: Any, dz: Any, axis: Any = None) -> Any:
    return expanded(x, dz, sorted(axis)) if isinstance(axis, tuple) else restored(x, dz, axis)


@pytest.mark.parametrize("answer", [restored, in_any_order])
def test_axes_may_be_named_in_any_way(answer: Answer) -> None:
    assert judged("reduce_sum", lambda x, dz, axis=None: answer(x, dz, axis)).status is Status.PASSED


@pytest.mark.parametrize("answer", [in_the_order_given, from_the_front_only])
def test_a_tuple_that_is_not_in_order_or_counts_from_the_end_is_asked(answer: Answer) -> None:
    verdict = judged("reduce_sum", answer)
    assert (verdict.status, verdict.score) == (Status.FAILED, 0.0)
    assert "Shapes here: x (" in verdict.message
