"""What is said of an answer that makes no known mistake: facts, and the Jacobian that it implies."""

from typing import Any

import numpy as np
import pytest
from planted import PRODUCT, Answer, grad_matmul, grad_product, grad_sigmoid, grad_softmax, judged, wide

from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.exercise import Exercise


def told(exercise: str | Exercise, answer: Answer) -> Diagnosis:
    """The diagnosis of an answer for which nothing is named."""
    diagnosis = judged(exercise, answer).diagnosis
    assert diagnosis.misconception is None
    return diagnosis


def facts(exercise: str | Exercise, answer: Answer) -> str:
    return " ".join(told(exercise, answer).facts)


def local(x: Any) -> Any:
    return grad_sigmoid(x, np.ones_like(x))


# Right for some


def test_right_for_the_printed_example_alone() -> None:
    printed: list[Any] = []

    def answer(x: Any, dz: Any) -> Any:
        x, dz = wide(x, dz)
        printed.append(x) if not printed else None
        return grad_sigmoid(x, dz) if np.array_equal(x, printed[0]) else 0.3 * dz + x

    assert "It is right for the printed example alone" in facts("sigmoid", answer)


def test_right_for_square_matrices_alone() -> None:
    def answer(x: Any, y: Any, dz: Any) -> Any:
        square = all(a.shape[0] == a.shape[1] for a in (x, y, dz))
        return grad_matmul(x, y, dz) + (0 if square else 0.25)

    assert "It is right when every matrix is square, and never else" in facts("matmul", answer)


def test_right_for_ones_from_above() -> None:
    said = facts("sigmoid", lambda x, dz: local(x) * np.asarray(dz, np.float64) ** 3)
    assert "For the same inputs and a dz of ones dx is right." in said
    assert "dx is not linear in dz" in said


def test_right_for_positive_inputs() -> None:
    said = facts("sigmoid", lambda x, dz: grad_sigmoid(x, dz) * np.where(np.asarray(x) < 0, 1.7, 1.0))
    assert "With its inputs made positive dx is right" in said
    assert "dx is linear in dz, as it must be." in said


def test_one_output_of_two() -> None:
    def answer(a: Any, b: Any, dz: Any) -> Any:
        da, db = grad_product(a, b, dz)
        return da, db + 0.25 * np.asarray(a)

    assert "da is right." in facts(PRODUCT, answer)


def test_a_mistake_in_one_output_of_two_is_told_of_that_one() -> None:
    def answer(a: Any, b: Any, dz: Any) -> Any:
        da, db = grad_product(a, b, dz)
        return da, -db

    diagnosis = judged(PRODUCT, answer).diagnosis
    assert diagnosis.misconception == "sign-flipped"
    assert diagnosis.message.startswith("db: This is the right gradient times -1.")


# The upstream gradient, sums, the next step


def test_an_answer_in_which_dz_has_no_effect() -> None:
    assert "dx does not change when dz changes" in facts("sigmoid", lambda x, _dz: 3 * local(x) + 0.1)


def test_an_answer_that_is_not_zero_for_a_dz_of_zeros() -> None:
    said = facts("sigmoid", lambda x, dz: grad_sigmoid(x, dz) + 0.25)
    assert "With dz = 0 your dx is not 0" in said


def test_sums_that_should_vanish_and_a_row_to_work_out_by_hand() -> None:
    def answer(x: Any, dz: Any) -> Any:
        return grad_softmax(x, dz) + 0.1 * np.asarray(dz, np.float64)

    diagnosis = told("softmax", answer)
    assert any("should add up to 0; yours add up to" in fact for fact in diagnosis.facts)
    assert diagnosis.next_step.startswith("Work out dx by hand for the printed example with dz = [")


# The implied Jacobian


def test_the_jacobian_of_an_answer_that_is_linear_in_dz() -> None:
    def answer(x: Any, dz: Any) -> Any:
        return grad_softmax(x, dz) + 0.1 * np.asarray(dz, np.float64)

    implied = told("softmax", answer).implied
    assert implied is not None
    assert np.allclose(implied.yours, implied.true + 0.1 * np.eye(3), atol=1e-6)
    assert np.array_equal(implied.wrong, np.eye(3, dtype=bool))
    assert implied.rows == ("z[0]", "z[1]", "z[2]")
    assert implied.columns == ("x[0]", "x[1]", "x[2]")
    assert "Off the diagonal everything is right; the diagonal is wrong." in implied.remarks


def test_there_is_no_jacobian_of_an_answer_that_is_not_linear() -> None:
    assert told("sigmoid", lambda x, dz: grad_sigmoid(x, dz) + 0.25).implied is None


# Shapes and what is not finite


def test_what_broadcasting_did() -> None:
    outer = judged("sigmoid", lambda x, dz: local(x)[:, None] * np.asarray(dz)).diagnosis.message
    assert "dx has shape (3, 3); it must have (3,), the shape of x. Broadcasting can do that: " in outer
    assert "where shapes (3, 1) and (3,) meet" in outer


def test_nothing_is_put_down_to_broadcasting_where_the_cause_is_known() -> None:
    def unsummed(x: Any, dz: Any) -> Any:
        return np.diag(local(x)) * np.asarray(dz)

    diagnosis = judged("sigmoid", unsummed).diagnosis
    assert diagnosis.misconception == "jacobian-not-summed"
    assert "Broadcasting" not in diagnosis.message


def test_nothing_is_put_down_to_broadcasting_where_numbers_were_given() -> None:
    both = judged("chain_paths", lambda db, dc, ddb, ddc, de: [de * db * ddb, de * dc * ddc])
    assert both.diagnosis.message == "de_da has shape (2,); it must have ()."


def test_only_a_stretched_shape_is_put_down_to_broadcasting() -> None:
    assert "Broadcasting" not in judged("sigmoid", lambda x, _dz: local(x)[None]).diagnosis.message


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda x, g: np.where(x < 0, np.nan, g), "It happens wherever x is negative, and nowhere else."),
        (lambda _x, g: np.where(g < 0, np.nan, g), "It happens wherever dz is negative, and nowhere else."),
        (lambda _x, g: g * np.nan, " entries are lost, not this one alone."),
    ],
)
def test_the_inputs_behind_nan(spoil: Any, sentence: str) -> None:
    def answer(x: Any, dz: Any) -> Any:
        return spoil(np.asarray(x), grad_sigmoid(x, dz))

    message = judged("sigmoid", answer).diagnosis.message
    assert "is NaN" in message
    assert sentence in message


def test_facts_do_not_depend_on_hidden_inputs() -> None:
    """What is said beyond the verdict comes from public inputs."""

    def answer(x: Any, dz: Any) -> Any:
        return grad_sigmoid(x, dz) + 0.25

    one, other = (judged("sigmoid", answer, seed=seed, hidden=True).diagnosis for seed in (5, 6))
    assert one.facts == other.facts
    assert one.next_step == other.next_step


# What repeats, what stops, where it was


def test_two_results_for_the_same_arguments() -> None:
    noise = np.random.default_rng(1)
    diagnosis = told("sigmoid", lambda x, dz: grad_sigmoid(x, dz) * noise.uniform(size=np.shape(x)))
    assert diagnosis.facts[0] == "Called twice with the same arguments, it gave two different results."


def test_one_result_for_two_inputs() -> None:
    known: dict[Any, Any] = {}
    diagnosis = told("sigmoid", lambda x, dz: known.setdefault(np.shape(x), grad_sigmoid(x, dz)))
    assert diagnosis.facts[0].startswith(
        "For other inputs of the same shape it returned the very same numbers"
    )
    elementwise = told("sigmoid", lambda x, dz: 3 * grad_sigmoid(x, dz))
    assert not any("the very same" in fact for fact in elementwise.facts)


def test_inputs_on_which_it_stops_count_as_tried() -> None:
    def vectors_of_three_only(x: Any, dz: Any) -> Any:
        assert np.shape(x) == (3,)
        return grad_sigmoid(x, dz)

    fact = next(fact for fact in told("sigmoid", vectors_of_three_only).facts if "It is right on" in fact)
    right, tried = (int(word) for word in fact.split() if word.isdigit())
    assert 0 < right < tried


def test_outputs_that_are_right_are_listed_with_commas() -> None:
    def all_but_one(*arguments: Any) -> Any:
        x, w, b, dz = wide(*arguments)
        e = np.exp(-(w * x + b))
        dd = -dz / (1 + e) ** 2
        return dd, dd, dd * e, -dd * e, -dd * e, -dd * e, -dd * e * x, -dd * e * w + 0.1

    assert told("sigmoid_graph", all_but_one).facts[0] == "dd, de, dn, ds, da, db and dw are right."


def test_the_axis_is_told() -> None:
    def for_columns_only(x: Any, dz: Any, _axis: Any) -> Any:
        return np.ones(np.shape(x)) * np.asarray(dz)

    verdict = judged("reduce_sum", for_columns_only)
    assert "dz (2,), axis=1" in verdict.diagnosis.message
    assert verdict.diagnosis.implied is not None
    assert all(setting.startswith("axis=") for setting in verdict.diagnosis.implied.settings)


def test_what_to_work_out_names_its_inputs_where_no_jacobian_shows_them() -> None:
    def lost(x: Any, dz: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return np.log(np.asarray(dz)) / np.asarray(x)

    diagnosis = told("log", lost)
    assert diagnosis.implied is None
    assert "for x = " in diagnosis.next_step
    assert "shown with the Jacobian" not in diagnosis.next_step


def test_no_minus_before_zero() -> None:
    message = judged("relu", lambda x, dz: np.where(np.asarray(x) > 0, dz, 0.2 * np.asarray(dz))).message
    assert "expected 0 in the printed example" in message
