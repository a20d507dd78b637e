"""Two oracles in float64, and how far a right answer in float32 may be from them."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from planted import PRODUCT

from gradecheck.cases import Case, CaseKind, draw_cases
from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.errors import AuthorError, OracleDisagreement
from gradecheck.exercise import Exercise
from gradecheck.reference.differences import LARGEST_STACKED, jacobian, one_sided_jacobian
from gradecheck.reference.expectation import expect, expected_cases, true_products
from gradecheck.reference.tolerance import EPS32

every = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)


def f32(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)


@every
def test_the_oracles_agree_to_nine_digits(exercise: Exercise) -> None:
    for expected in expected_cases(exercise, 11):
        if expected.case.kind in (CaseKind.EXTREME, CaseKind.KINK):
            continue
        upstream = expected.case.upstream
        size = 1.0 if upstream is None else max(1.0, float(abs(upstream).max()) / 2)  # 1 for an ordinary dz
        for output in expected.outputs:
            allowed = 1e-9 * size
            if exercise.tolerance is not None:  # steps down a steep slope: the differences lose digits there
                allowed = max(allowed, exercise.tolerance / 10 * float(abs(output.value).max()))
            assert abs(output.value - output.difference).max() < allowed
            assert output.value.dtype == output.difference.dtype == np.float64


def test_the_jacobian_has_the_shape_of_the_result_and_then_of_the_input() -> None:
    x, y = np.ones((2, 3)), np.arange(12.0).reshape(3, 4)
    matrix = jacobian(lambda x, y: x @ y, [x, y], 0)
    assert matrix.shape == (2, 4, 2, 3)
    assert np.allclose(matrix[0, :, 0], y.T, atol=1e-10)
    assert np.allclose(matrix[0, :, 1], 0, atol=1e-10)


def test_differences_leave_their_inputs_alone() -> None:
    x = np.array([1.0, 2.0])
    jacobian(np.sin, [x], 0)
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.stacks], ids=lambda exercise: exercise.title)
def test_a_stack_gives_the_very_numbers_of_one_call_after_the_other(exercise: Exercise) -> None:
    for case in (*draw_cases(exercise, 3), *draw_cases(exercise, 4)):
        inputs = [a.astype(np.float64) for a in case.inputs]
        for index in map(exercise.inputs.index, exercise.stacks):
            one_by_one = jacobian(exercise.forward_numpy, inputs, index)
            at_once = jacobian(exercise.forward_numpy, inputs, index, stacks=True)
            assert one_by_one.shape == at_once.shape, case.inputs
            assert one_by_one.tobytes() == at_once.tobytes(), case.inputs


def test_only_small_inputs_are_stacked() -> None:
    largest = []

    def forward(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> object:
        largest.append(x.size)
        return x[..., :1] ** 2

    for size in (LARGEST_STACKED, LARGEST_STACKED + 1):
        assert np.allclose(jacobian(forward, [np.ones(size)], 0, stacks=True)[0, :2], [2, 0], atol=1e-9)
    assert largest == [4 * LARGEST_STACKED**2, *[LARGEST_STACKED + 1] * 4 * (LARGEST_STACKED + 1)]


def in_place(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> object:
    x *= x
    return x


@pytest.mark.parametrize(
    ("forward", "diagonal"),
    [(lambda x: x, [1, 1, 1, 1]), (lambda x: x.reshape(2, 2)[...], [1, 1, 1, 1]), (in_place, [2, 4, 6, 8])],
    ids=["itself", "view", "in-place"],
)
def test_a_function_may_return_its_input_and_write_to_it(
    forward: Callable[..., object], diagonal: list[float]
) -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    matrix = jacobian(forward, [x], 0)
    assert np.allclose(matrix.reshape(4, 4), np.diag(diagonal), atol=1e-10)
    right = one_sided_jacobian(forward, [x], 0, 1)
    assert np.allclose(right.reshape(4, 4), np.diag(diagonal), atol=0.01)
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_sigmoids_gradient_on_paper() -> None:
    expected = expect(find_exercise("sigmoid"), Case(CaseKind.MODERATE, (f32(0, 2),), f32(1, -2)))
    s = 1 / (1 + np.exp(-2.0))
    assert np.allclose(expected.outputs[0].value, [0.25, -2 * s * (1 - s)], rtol=1e-14)


def test_each_output_has_its_own_reference() -> None:
    expected = expect(PRODUCT, Case(CaseKind.MODERATE, (f32(1, 2), f32(3, 4)), f32(5, -6)))
    assert {output.name: output.value.tolist() for output in expected.outputs} == {
        "da": [15, -24],
        "db": [5, -12],
    }


def test_the_products_for_mistakes_are_the_true_ones() -> None:
    case = draw_cases(find_exercise("conv2d"), 3)[2]
    (product,) = true_products(find_exercise("conv2d"), tuple(a.astype(np.float64) for a in case.arguments))
    assert np.allclose(product, expect(find_exercise("conv2d"), case).outputs[0].value, atol=1e-9)


@pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if e.truth is None], ids=lambda exercise: exercise.title
)
def test_a_tolerance_is_positive_and_far_below_the_subtlest_mistake(exercise: Exercise) -> None:
    for expected in expected_cases(exercise, 12):
        for output in expected.outputs:
            assert (output.tolerance > 0).all()
            assert output.tolerance.shape == output.value.shape
            if expected.case.kind is CaseKind.MODERATE:
                upstream, size = expected.case.upstream, abs(output.jacobian).max()
                messages = 1 if upstream is None else abs(upstream).sum()
                assert output.tolerance.max() <= EPS32 * 20 * messages * max(1, size)


def test_the_tolerance_is_14_roundings_of_the_products_and_2_of_each_upstream_entry() -> None:
    (output,) = expect(find_exercise("sigmoid"), Case(CaseKind.MODERATE, (f32(0, 1),), f32(1, -2))).outputs
    slope = float(output.value[1]) / -2
    assert output.tolerance / EPS32 == pytest.approx([14 * 0.25 + 2, 14 * slope * 2 + 2 * 2])


def test_a_row_of_the_jacobian_that_vanishes_leaves_room_for_one_rounding() -> None:
    (output,) = expect(find_exercise("softmax"), Case(CaseKind.MODERATE, (f32(3),), f32(-2))).outputs
    assert output.value.tolist() == pytest.approx([0])
    assert output.tolerance / EPS32 == pytest.approx([2 * 2])


def test_the_second_term_lets_the_seeds_own_sigmoid_pass_at_five() -> None:
    """At x = 5, 1 - sigmoid(x) cancels: the error is of the size of dz's rounding, not of the answer's."""
    (output,) = expect(find_exercise("sigmoid"), Case(CaseKind.MODERATE, (f32(5),), f32(2))).outputs
    s = (np.float32(1) / (np.float32(1) + np.exp(-np.float32(5)))).astype(np.float32)
    in_float32 = np.float32(2) * s * (np.float32(1) - s)
    assert abs(float(in_float32) - output.value[0]) <= output.tolerance[0]
    assert output.tolerance[0] >= EPS32 * 2 * 2


def test_extreme_inputs_ask_for_robustness_only() -> None:
    (output,) = expect(find_exercise("sigmoid"), Case(CaseKind.EXTREME, (f32(-100, 0),), f32(1, -2))).outputs
    assert output.tolerance.tolist() == pytest.approx([2e-4, 2e-4])
    wide = expect(
        find_exercise("matmul"),
        Case(CaseKind.EXTREME, (np.ones((1, 1), "f4"), f32(50).reshape(1, 1)), f32(3).reshape(1, 1)),
    )
    assert wide.outputs[0].tolerance[0, 0] == pytest.approx(1e-4 * 3 * 50)


def test_oracles_that_disagree_are_an_authors_error_that_names_the_element() -> None:
    wrong = dataclasses.replace(PRODUCT, forward_numpy=lambda a, b: a * b + (np.arange(len(a)) == 2) * b)
    with pytest.raises(OracleDisagreement) as caught:
        expected_cases(wrong, 1)
    assert str(caught.value) == (
        "grad_product: the two oracles disagree on db[2] of a printed case: "
        "the tape says 9, finite differences say 12. "
        "Look at forward and forward_numpy of the exercise, and for a kink near its inputs."
    )


def test_an_input_on_a_kink_is_told_to_the_author() -> None:
    kinked = dataclasses.replace(
        PRODUCT,
        forward=lambda tf, a, b: tf.nn.relu(a) + 0 * b,
        forward_numpy=lambda a, b: np.maximum(a, 0) + 0 * b,
        printed={"a": [0, 1, 2], "b": [1, 1, 1], "dz": [1, 1, 1]},
    )
    with pytest.raises(OracleDisagreement, match=r"da\[0\] of a printed case"):
        expected_cases(kinked, 1)


def test_a_reference_that_is_not_a_number_is_a_disagreement() -> None:
    sick = dataclasses.replace(PRODUCT, forward=lambda tf, a, b: a * b * tf.constant(np.nan, tf.float64))
    with pytest.raises(OracleDisagreement, match="the tape says nan"):
        expected_cases(sick, 1)


def test_an_input_that_has_no_effect_has_gradient_zero() -> None:
    deaf = dataclasses.replace(
        PRODUCT, forward=lambda tf, a, _b: tf.identity(a), forward_numpy=lambda a, b: a + 0 * b
    )
    assert all(not expected.outputs[1].value.any() for expected in expected_cases(deaf, 1))


def test_a_forward_function_that_raises_is_the_authors_error() -> None:
    broken = dataclasses.replace(find_exercise("sigmoid"), forward=lambda tf, x: tf.no_such_function(x))
    with pytest.raises(AuthorError, match="grad_sigmoid: its forward function"):
        expected_cases(broken, 1)
