"""A class's references come from one graph an exercise, and are the same numbers."""

import dataclasses

import numpy as np
import pytest

from gradecheck.cases import draw_cases
from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.exercise import Exercise
from gradecheck.reference import traced
from gradecheck.reference.expectation import expect, expected_cases


def after_some(exercise: Exercise, seed: int) -> Exercise:
    """The exercise as nobody knows it yet, asked about so many seeds that the next goes through a graph."""
    fresh = dataclasses.replace(exercise)
    for earlier in range(traced.UNTRACED):
        expected_cases(fresh, seed + 1 + earlier)
    return fresh


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_the_numbers_are_those_of_the_cases_one_by_one(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traced, "UNTRACED", 0)
    together = expected_cases(dataclasses.replace(exercise), 7)
    for found, case in zip(together, draw_cases(exercise, 7), strict=True):
        for output, alone in zip(found.outputs, expect(exercise, case).outputs, strict=True):
            scale = max(1.0, float(abs(alone.value).max()))
            assert output.value.shape == alone.value.shape
            assert output.value.dtype == np.float64
            assert abs(output.value - alone.value).max() <= 1e-14 * scale
            assert np.array_equal(output.tolerance, alone.tolerance)


def test_the_first_seeds_are_not_worth_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    trace = traced.trace_products
    monkeypatch.setattr(traced, "trace_products", lambda products: made.append(1) or trace(products))
    exercise = after_some(find_exercise("sigmoid"), 40)
    assert not made
    for seed in range(3):
        expected_cases(exercise, seed)
    assert made == [1]


def test_a_function_that_looks_at_its_inputs_is_asked_one_by_one() -> None:
    plain = find_exercise("sigmoid")
    looking = dataclasses.replace(plain, forward=lambda tf, x: tf.sigmoid(x) if float(x[0]) < 1e9 else x)
    exercise = after_some(looking, 60)
    for found, known in zip(expected_cases(exercise, 5), expected_cases(plain, 5), strict=True):
        assert np.array_equal(found.outputs[0].value, known.outputs[0].value)
