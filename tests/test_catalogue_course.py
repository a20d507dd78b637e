"""The exercises of the second and third assignment: right answers, planted mistakes, scores by output."""

from typing import Any

import numpy as np
import pytest
from course_answers import TITLES, Answer, f32, right
from planted import earns_nothing, judged

from gradecheck.cases import Case, CaseKind
from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.exercise import Exercise
from gradecheck.reference.expectation import expect, expected_cases
from gradecheck.verdict import Status
from gradecheck.verify.definition import verify_exercise

COURSE = [exercise for exercise in EXERCISES if exercise.title in TITLES]
X = [[0.5, -1, 2], [3, -2, 0.25]]
DZ = [[1, -2, 3], [-1, 0.5, 2]]
PROBE_W = [[1, -1], [2, 0], [0, 3]]
PROBE_IMAGE = [[1, 0, 2], [-1, 3, 1], [0, 2, -2], [4, 1, 0]]


def named(title: str, answer: Answer) -> str | None:
    return judged(title, answer).diagnosis.misconception


def array(*values: Any) -> Any:
    return [np.array(value, np.float64) for value in values]


@pytest.mark.parametrize("title", ["reduce_sum", "softmax_batched", "affine", "conv2d_x", "multiply"])
def test_a_right_answer_gets_everything_on_other_seeds_too(title: str) -> None:
    for seed in (100, 101, 102):
        verdict = judged(title, right(title, "float64"), seed=seed)
        assert (verdict.status, verdict.score) == (Status.PASSED, 1.0), verdict.message
        assert verdict.diagnosis.misconception is None


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.title)
def test_the_claims_about_each_definition_hold(exercise: Exercise) -> None:
    assert [claim.sentence for claim in verify_exercise(exercise) if not claim.holds] == []


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("negative", [[[-1, 2, -3], [1, -0.5, -2]]]),
        ("log", [[[2, -2, 1.5], [-0.25, 2, 0.25]]]),
        ("relu", [[[1, 0, 3], [-1, 0, 2]]]),
        ("jacobian_relu", [np.diag([0, 1, 1])]),
        ("multiply", [[[2, -2, -3], [-2, 0.5, -2]], [-2.5, 1, 6.5]]),
        ("add", [DZ, [0, -1.5, 5]]),
        ("reduce_sum", [np.full((2, 3), 2)]),
        (
            "softmax_batched",
            [[[-0.25484705, -0.17420178, 0.42904883], [-0.17611974, 0.00825316, 0.16786658]]],
        ),
        ("matmul_y", [[[18, 26], [22, 32]]]),
        (
            "affine",
            [
                [[-1, -2, 0], [5.5, 9, 8]],
                [[1, -1, 2, 0], [3.5, 7, -2, 3], [-0.5, 4, -4, 1]],
                [2, 2.5],
            ],
        ),
        ("jacobian_affine", [[[1, 2, -1], [0, 3, 1]]]),
        ("conv2d_x", [[[1, 3, 3, 2], [5, 13, 13, 8], [9, 23, 23, 14], [9, 21, 21, 12]]]),
    ],
)
def test_the_printed_examples_are_right_to_six_digits(title: str, wanted: Any) -> None:
    printed = expected_cases(find_exercise(title), 0)[0]
    for output, value in zip(printed.outputs, wanted, strict=True):
        assert np.allclose(output.value, value, atol=1e-6)


@pytest.mark.parametrize(
    ("title", "inputs", "dz", "settings", "wanted"),
    [
        (
            "multiply",
            (X, [[2, 1, -1], [0.5, 4, -2]]),
            DZ,
            (),
            [[[2, -2, -3], [-0.5, 2, -4]], [[0.5, 2, 6], [-3, -1, 0.5]]],
        ),
        ("add", ([[1], [2]], [[10, 20, 30]]), DZ, (), [[[2], [1.5]], [[0, -1.5, 5]]]),
        ("reduce_sum", (X,), [1, -2, 3], (0,), [[[1, -2, 3], [1, -2, 3]]]),
        ("reduce_sum", (X,), [5, -7], (1,), [[[5, 5, 5], [-7, -7, -7]]]),
        (
            "matmul_y",
            (X, [[1, 0, 2, -1], [3, 1, -2, 0], [0, 2, 1, 4]]),
            [[1, -1, 2, 0], [0.5, 3, -2, 1]],
            (),
            [[[2, 8.5, -5, 3], [-2, -5, 2, -2], [2.125, -1.25, 3.5, 0.25]]],
        ),
        (
            "conv2d_x",
            (PROBE_IMAGE, PROBE_W),
            [[1, -2], [3, 0.5]],
            (),
            [[[1, -3, 2], [5, -6.5, -0.5], [6, 4, -6], [0, 9, 1.5]]],
        ),
    ],
)
def test_the_probes_are_right_to_six_digits(
    title: str, inputs: Any, dz: Any, settings: Any, wanted: Any
) -> None:
    case = Case(CaseKind.MODERATE, tuple(f32(*inputs)), f32(dz)[0], settings)
    for output, value in zip(expect(find_exercise(title), case).outputs, wanted, strict=True):
        assert np.allclose(output.value, value, atol=1e-6)


def affine_with(**wrong: Any) -> Answer:
    """The right answer, and another for some of dW, dX, db."""

    def answer(W: Any, X: Any, b: Any, dz: Any) -> Any:
        W, X, b, dz = array(W, X, b, dz)
        outputs = {"dW": dz @ X.T, "dX": W.T @ dz, "db": dz.sum(axis=1)}
        return tuple(wrong[name](W, X, dz) if name in wrong else right for name, right in outputs.items())

    return answer


@pytest.mark.parametrize(
    ("wrong", "score", "name"),
    [
        ({"dX": lambda W, _X, dz: -W.T @ dz}, 2 / 3, "sign-flipped"),
        ({"db": lambda _W, _X, dz: dz.mean(axis=1)}, 2 / 3, "scaled-by-1-over-samples"),
        ({"db": lambda _W, _X, dz: dz.sum(axis=0)}, 2 / 3, "broadcast-summed-over-wrong-axis"),
        ({"db": lambda _W, _X, dz: dz.sum(axis=1, keepdims=True)}, 2 / 3, "broadcast-axes-kept"),
        (
            {"dX": lambda W, _X, dz: 2 * W.T @ dz, "db": lambda _W, _X, dz: -dz.sum(axis=1)},
            1 / 3,
            "scaled-by-two",
        ),
        ({"dW": lambda _W, X, dz: (dz @ X.T) / X.shape[1]}, 2 / 3, "scaled-by-1-over-samples"),
        ({"dW": lambda _W, X, dz: 1.37 * dz @ X.T}, 2 / 3, None),
    ],
)
def test_every_output_of_affine_is_scored_and_explained_by_itself(
    wrong: Any, score: float, name: str | None
) -> None:
    verdict = judged("affine", affine_with(**wrong))
    assert verdict.score == pytest.approx(score, abs=1e-6)
    assert {output.name: output.score for output in verdict.outputs} == {
        name: 0.0 if name in wrong else 1.0 for name in ("dW", "dX", "db")
    }
    assert verdict.diagnosis.misconception == name
    assert f"{next(iter(wrong))}" in verdict.message


def test_a_product_that_only_fits_square_matrices_is_named_and_earns_nothing() -> None:
    verdict = judged("affine", affine_with(dX=lambda W, _X, dz: W @ dz))
    assert verdict.score == 0.0
    assert verdict.diagnosis.misconception == "matmul-transpose-missing-in-dx"


@pytest.mark.parametrize(
    ("title", "change", "score", "name"),
    [
        ("add", lambda da, db: (db, da), 0.0, "outputs-swapped"),
        ("multiply", lambda da, db: (db, da), 0.0, "outputs-swapped"),
        ("multiply", lambda da, _db: (da, da), 0.5, "first-gradient-for-all"),
        ("multiply", lambda _da, db: (db, db), 0.5, "last-gradient-for-all"),
        ("multiply", lambda da, db: (da, -db), 0.5, "sign-flipped"),
        ("add", lambda da, db: (2 * da, db), 0.5, "scaled-by-two"),
        ("add", lambda da, db: (da / 2, db / 2), 0.0, "scaled-by-half"),
    ],
)
def test_one_output_of_two(title: str, change: Any, score: float, name: str) -> None:
    verdict = judged(title, lambda *arguments: change(*right(title, "numpy")(*arguments)))
    assert (verdict.score, verdict.diagnosis.misconception) == (score, name)


def test_a_gradient_that_was_not_summed_is_told_by_its_shape() -> None:
    verdict = judged("add", lambda _a, _b, dz: (dz, dz))
    assert verdict.diagnosis.misconception == "broadcast-not-summed"
    assert "db has shape (2, 3); it must have (3,), the shape of b." in verdict.message
    assert {output.name: output.score for output in verdict.outputs} == {"da": 0.0, "db": 0.0}


def test_a_single_output_where_two_are_wanted() -> None:
    message = earns_nothing(judged("add", lambda _a, _b, dz: dz), "outputs")
    assert message == "your function returned 1 output; 2 outputs wanted: da and db."


def test_length_one_axes_left_in_are_named() -> None:
    def answer(a: Any, b: Any, dz: Any) -> Any:
        def kept(g: Any, shape: Any) -> Any:
            padded = (1,) * (g.ndim - len(shape)) + shape
            return g.sum(axis=tuple(i for i, n in enumerate(padded) if n == 1), keepdims=True)

        a, b, dz = array(a, b, dz)
        return kept(dz, a.shape), kept(dz, b.shape)

    assert named("add", answer) == "broadcast-axes-kept"


AT_CORNER = pytest.mark.parametrize("slope", [0.0, 0.25, 0.5, 1.0])


def relu_with_slope(slope: float) -> Answer:
    def answer(x: Any, dz: Any) -> Any:
        x, dz = f32(x, dz)
        return dz * np.where(x > 0, 1, np.where(x < 0, 0, slope))

    return answer


@AT_CORNER
def test_at_the_corner_every_slope_between_the_two_sides_is_right(slope: float) -> None:
    verdict = judged("relu", relu_with_slope(slope))
    assert verdict.score == 1.0
    remarked = any("At the corner itself" in remark for remark in verdict.diagnosis.remarks)
    assert remarked == (slope != 0)


@pytest.mark.parametrize("slope", [-0.1, 1.1])
def test_at_the_corner_a_slope_outside_is_wrong(slope: float) -> None:
    verdict = judged("relu", relu_with_slope(slope))
    assert verdict.score == 0.8
    assert verdict.message.startswith("right on every ordinary input, but dx[")


def test_at_the_corner_nan_is_wrong_and_named() -> None:
    def answer(x: Any, dz: Any) -> Any:
        x, dz = f32(x, dz)
        with np.errstate(invalid="ignore"):
            return dz * np.maximum(x, 0) / x

    verdict = judged("relu", answer)
    assert (verdict.score, verdict.diagnosis.misconception) == (0.8, "divided-at-corner")
    assert "is NaN for x = [" in verdict.message


@AT_CORNER
def test_at_the_corner_the_jacobian_has_room_on_its_diagonal_only(slope: float) -> None:
    def answer(x: Any) -> Any:
        return np.diag(relu_with_slope(slope)(x, np.ones(x.shape)))

    assert judged("jacobian_relu", answer).score == 1.0
    assert judged("jacobian_relu", lambda x: answer(x) + 0.1 * (np.asarray(x) == 0)).score < 1


def test_a_mask_made_in_place_costs_and_is_named() -> None:
    def answer(x: Any, dz: Any) -> Any:
        if not isinstance(dz, np.ndarray):
            raise TypeError("tensors cannot be assigned to")
        dz[x <= 0] = 0
        return dz

    verdict = judged("relu", answer)
    assert (verdict.score, verdict.diagnosis.misconception) == (0.8, "inputs-changed")


@pytest.mark.parametrize(
    ("title", "answer", "name"),
    [
        ("jacobian_relu", lambda x: np.asarray(x) > 0, None),
        ("jacobian_relu", lambda x: 1.0 * (np.asarray(x) > 0), "diagonal-for-matrix"),
        ("jacobian_relu", lambda x: np.maximum(x, 0), "forward-value-returned"),
        ("jacobian_affine", lambda W, _x, _b: np.asarray(W).T, "transposed"),
        ("jacobian_affine", lambda W, x, b: np.asarray(W) @ np.asarray(x) + b, "forward-value-returned"),
        ("jacobian_affine", lambda W, _x, _b: np.asarray(W).sum(axis=0), "jacobian-summed-over-outputs"),
        ("jacobian_affine", lambda W, _x, _b: -W, "sign-flipped"),
    ],
)
def test_mistakes_in_a_jacobian(title: str, answer: Answer, name: str | None) -> None:
    verdict = judged(title, answer)
    assert (verdict.score, verdict.diagnosis.misconception) == (0.0, name)


def test_the_shape_of_a_jacobian_is_told_in_words() -> None:
    verdict = judged("jacobian_relu", lambda x: np.maximum(x, 0))
    assert (
        "J has shape (3,); it must have (3, 3), an entry for each output and each input." in verdict.message
    )


def test_a_loop_that_overwrites_is_named() -> None:
    def answer(x: Any, w: Any, dz: Any) -> Any:
        x, w, dz = array(x, w, dz)
        dx = np.zeros_like(x)
        for (i, j), upstream in np.ndenumerate(dz):
            dx[i : i + len(w), j : j + w.shape[1]] = upstream * w
        return dx

    assert named("conv2d_x", answer) == "windows-overwritten"


def test_an_answer_for_the_first_axis_only_is_named_from_square_inputs() -> None:
    def answer(x: Any, dz: Any, axis: Any = None) -> Any:  # noqa: ARG001  # the mistake
        return np.ones(x.shape) * np.asarray(dz)

    assert named("reduce_sum", answer) == "axis-not-restored"


def test_the_conv_layout_of_tensorflow_is_taken_for_the_image() -> None:
    assert find_exercise("conv2d_x").accepts_shapes((2, 3)) == ((2, 3), (1, 2, 3, 1))
