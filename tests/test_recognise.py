"""A mistake is named when it explains everything, and never by luck."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from planted import (
    PRODUCT,
    RIGHT,
    Answer,
    grad_matmul,
    grad_product,
    grad_sigmoid,
    grad_softmax,
    judged,
    spoiled,
    wide,
)

from gradecheck.cases import Case, CaseKind
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.planting import evaluate, plants
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.exercise import Exercise, Formula, Mistake


def named(title: str, answer: Answer) -> str | None:
    return judged(title, answer).diagnosis.misconception


def sigmoid_with(slope: Any) -> Answer:
    def answer(x: Any, dz: Any) -> Any:
        x, dz = wide(x, dz)
        return slope(x, dz, 1 / (1 + np.exp(-x)))

    return answer


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (sigmoid_with(lambda x, dz, s: dz * s / (1 + np.exp(x - 1))), "sigmoid-of-one-minus-x"),
        (sigmoid_with(lambda x, dz, _s: dz * x * (1 - x)), "slope-from-input"),
        (sigmoid_with(lambda _x, _dz, s: s * (1 - s)), "upstream-ignored"),
        (sigmoid_with(lambda _x, dz, s: dz**2 * s * (1 - s)), "upstream-squared"),
        (sigmoid_with(lambda _x, dz, s: abs(dz) * s * (1 - s)), "upstream-sign-lost"),
        (sigmoid_with(lambda _x, dz, s: np.maximum(dz, 0) * s * (1 - s)), "upstream-clipped"),
        (sigmoid_with(lambda _x, _dz, s: s), "forward-value-returned"),
        (sigmoid_with(lambda _x, dz, s: np.sum(dz * s * (1 - s))), "summed-to-one-number"),
    ],
)
def test_mistakes_written_by_hand(answer: Answer, name: str) -> None:
    assert named("sigmoid", answer) == name


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda g: -g, "sign-flipped"),
        (lambda g: 2 * g, "scaled-by-two"),
        (lambda g: g / 2, "scaled-by-half"),
        (lambda g: g.T, "transposed"),
        (lambda g: g[::-1, ::-1], "rotated-by-180-degrees"),
    ],
)
@pytest.mark.parametrize("title", ["matmul", "conv2d"])
def test_mistakes_that_any_exercise_can_have(title: str, change: Any, name: str) -> None:
    assert named(title, spoiled(title, change)) == name


def test_one_name_for_one_function() -> None:
    assert named("sigmoid", spoiled("sigmoid", lambda g: g / g.size)) == "scaled-by-1-over-n"
    ids = [mistake.id for mistake in known_mistakes(find_exercise("sigmoid"))]
    assert "scaled-by-1-over-rows" not in ids


def test_a_mistake_is_named_in_float32_as_well() -> None:
    assert named("matmul", spoiled("matmul", lambda g: -g.astype(np.float32))) == "sign-flipped"


def test_a_mistake_is_named_in_every_layout_that_is_accepted() -> None:
    assert named("conv2d", spoiled("conv2d", lambda g: -g.reshape(1, *g.shape, 1))) == "sign-flipped"


def test_a_mistake_whose_code_only_runs_on_square_inputs_is_named_from_those() -> None:
    verdict = judged("matmul", lambda _x, y, dz: y.numpy().T @ dz.numpy())
    assert verdict.diagnosis.misconception == "matmul-order-swapped"
    assert verdict.diagnosis.hint


@pytest.mark.parametrize(
    ("title", "answer"),
    [
        ("sigmoid", spoiled("sigmoid", lambda g: g * 1.37)),
        ("sigmoid", spoiled("sigmoid", lambda g: g + 0.01)),
        ("matmul", spoiled("matmul", lambda g: g * np.nan)),
        ("softmax", lambda *_: np.zeros(3)),
        ("softmax", lambda *_: None),
    ],
    ids=["another factor", "an offset", "NaN", "zeros of one shape", "None"],
)
def test_what_no_mistake_explains_is_not_named(title: str, answer: Answer) -> None:
    assert named(title, answer) is None


def test_agreeing_on_one_draw_is_luck() -> None:
    """Wrong in a known way on one case, and in another way on the rest."""

    def answer(x: Any, dz: Any) -> Any:
        return grad_sigmoid(x, dz) * (-1 if len(x) == 8 else 1.37)

    assert named("sigmoid", answer) is None


def test_a_mistake_that_does_not_explain_a_single_case_is_out() -> None:
    def answer(x: Any, dz: Any) -> Any:
        return grad_softmax(x, dz) * (1 if len(x) == 7 else -1)

    assert named("softmax", answer) is None


def product_with(formula: Formula) -> Exercise:
    return dataclasses.replace(PRODUCT, mistakes=(Mistake("planted", "S.", "H.", "T.", formula),))


def for_four_only(vjp: Any, a: Any, b: Any, dz: Any) -> Any:
    if len(a) != 4:
        raise ValueError("fits one case")
    return tuple(3 * g for g in vjp(a, b, dz))


def for_all_but_four(vjp: Any, a: Any, b: Any, dz: Any) -> Any:
    if len(a) == 4:
        raise ValueError("fits the others")
    return vjp(a, b, dz)


def wrong_by(factor: float, elsewhere: float) -> Answer:
    def answer(a: Any, b: Any, dz: Any) -> Any:
        return tuple((factor if len(a) == 4 else elsewhere) * g for g in grad_product(a, b, dz))

    return answer


def test_a_formula_that_fits_a_single_draw_names_nothing() -> None:
    assert judged(product_with(for_four_only), wrong_by(3, 1.37)).diagnosis.misconception is None


def test_a_formula_that_is_right_wherever_it_can_be_computed_names_nothing() -> None:
    assert judged(product_with(for_all_but_four), wrong_by(1.37, 1)).diagnosis.misconception is None


@pytest.mark.parametrize("title", RIGHT)
def test_what_is_right_is_never_named(title: str) -> None:
    assert named(title, RIGHT[title]) is None


def test_a_formula_that_does_not_fit_the_shapes_gives_nothing() -> None:
    exercise = find_exercise("matmul")
    mistake = Mistake("m", "S.", "H.", "T.", lambda _vjp, x, y, _dz: x @ y @ x)
    x, y, dz = (np.ones(shape, np.float32) for shape in ((2, 3), (3, 4), (2, 4)))
    assert evaluate(exercise, mistake, Case(CaseKind.MODERATE, (x, y), dz)) is None


def test_a_formula_is_given_the_true_product() -> None:
    x, y, dz = np.ones((2, 3)), np.arange(12.0).reshape(3, 4), np.ones((2, 4))
    untouched = Mistake("m", "S.", "H.", "T.", lambda vjp, *arguments: vjp(*arguments))
    assert np.allclose(plants(find_exercise("matmul"), untouched)[0](x, y, dz), grad_matmul(x, y, dz))


def mean_for_one_axis_at_a_time(x: Any, dz: Any, axis: Any = None) -> Any:
    x, dz = wide(x, dz)
    if axis is None:
        return np.full(x.shape, dz / x.size)
    return np.ones(x.shape) * np.expand_dims(dz, axis) / x.shape[axis]


def test_what_stops_elsewhere_is_named_by_what_it_returns_and_the_stop_is_told() -> None:
    """Tuples of axes are one matter, the mean another."""
    diagnosis = judged("reduce_sum", mean_for_one_axis_at_a_time).diagnosis
    assert diagnosis.misconception == "gradient-of-mean"
    assert any(remark.startswith("For other inputs: ") and "tuple" in remark for remark in diagnosis.remarks)


def test_a_few_calls_that_came_back_name_nothing() -> None:
    def on_vectors_of_three(x: Any, dz: Any) -> Any:
        assert np.shape(x) == (3,)
        return -grad_sigmoid(x, dz)

    assert named("sigmoid", on_vectors_of_three) is None
