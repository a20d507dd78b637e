"""The inputs: seeded, exactly representable in float32, with upstream gradients that tell."""

import numpy as np
import pytest
from planted import PRODUCT

from gradecheck.cases import LARGE_UPSTREAM, PUBLIC_SEED, Case, CaseKind, draw_cases, shapes_of
from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.exercise import Exercise

every = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
with_upstream = pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if not e.whole_jacobian], ids=lambda exercise: exercise.title
)


def variations(exercise: Exercise) -> int:
    """One case for each argument that is kept and, where dz is one, all inputs kept, and a large dz."""
    return len(exercise.inputs) + (1 if exercise.whole_jacobian else 3)


def base_and_variations(exercise: Exercise, seed: int) -> tuple[Case, tuple[Case, ...]]:
    """The last of the listed moderate cases, and those that differ from it in one respect each."""
    last = len(exercise.shapes)
    cases = draw_cases(exercise, seed)
    return cases[last], cases[last + 1 : last + 1 + variations(exercise)]


def kept(exercise: Exercise, base: Case, case: Case) -> set[str]:
    pairs = zip(exercise.arguments, base.arguments, case.arguments, strict=True)
    return {name for name, one, other in pairs if np.array_equal(one, other)}


@every
def test_one_seed_gives_one_set_of_cases(exercise: Exercise) -> None:
    pairs = zip(draw_cases(exercise, 5), draw_cases(exercise, 5), strict=True)
    assert all(
        np.array_equal(a, b) for one, two in pairs for a, b in zip(one.arguments, two.arguments, strict=True)
    )


def test_the_public_cases_stay_what_they_were() -> None:
    """A comment that names a seed must mean the same inputs next year."""
    case = draw_cases(find_exercise("sigmoid"), PUBLIC_SEED)[1]
    assert [f"{value:.7g}" for value in case.inputs[0]] == ["-1.681065", "1.207773", "1.380537"]
    assert [f"{value:.7g}" for value in case.upstream] == ["1.825675", "1.539702", "-0.8732914"]


@every
def test_another_seed_gives_other_numbers_in_the_same_shapes(exercise: Exercise) -> None:
    for one, two in zip(draw_cases(exercise, 5), draw_cases(exercise, 6), strict=True):
        assert shapes_of(exercise, one) == shapes_of(exercise, two)
        if one.kind is CaseKind.MODERATE:
            assert not any(np.array_equal(a, b) for a, b in zip(one.arguments, two.arguments, strict=True))


def test_two_exercises_of_one_signature_draw_different_numbers() -> None:
    sigmoid, softmax = (draw_cases(find_exercise(title), 5)[1] for title in ("sigmoid", "softmax"))
    assert not np.array_equal(sigmoid.arguments[0], softmax.arguments[0])


@every
def test_printed_then_moderate_then_extreme(exercise: Exercise) -> None:
    kinds = [case.kind for case in draw_cases(exercise, 1)]
    assert kinds == (
        [CaseKind.PRINTED]
        + [CaseKind.MODERATE] * (len(exercise.shapes) + variations(exercise))
        + [CaseKind.EXTREME] * len(exercise.extremes)
        + [CaseKind.KINK] * len(exercise.kinks)
    )


@every
def test_the_printed_example_is_the_one_of_the_notebook_whatever_the_seed(exercise: Exercise) -> None:
    for seed in (1, 2):
        printed = draw_cases(exercise, seed)[0]
        for name, value in zip(exercise.arguments, printed.arguments, strict=True):
            assert np.array_equal(value, exercise.printed[name])


@every
def test_all_numbers_are_float32_and_moderate_ones_within_range(exercise: Exercise) -> None:
    for case in draw_cases(exercise, 3):
        assert all(a.dtype == np.float32 and a.flags.c_contiguous for a in case.arguments)
        assert all(np.isfinite(a).all() for a in case.arguments)
        if case.kind is CaseKind.MODERATE:
            assert all(exercise.low - exercise.gap <= a.min() for a in case.inputs)
            assert all(a.max() <= exercise.high + exercise.gap for a in case.inputs)
            assert all(abs(a).min() >= exercise.gap for a in case.inputs)
            assert case.upstream is None or abs(case.upstream).max() <= 2 * LARGE_UPSTREAM


@every
def test_every_argument_is_kept_once_while_the_others_are_drawn_anew(exercise: Exercise) -> None:
    base, varied = base_and_variations(exercise, 3)
    assert all(shapes_of(exercise, case) == shapes_of(exercise, base) for case in varied)
    assert all(case.settings == base.settings for case in varied)
    one_each: list[set[str]] = [{name} for name in exercise.arguments]
    all_inputs = [] if exercise.whole_jacobian else [set(exercise.inputs)] * 2
    nothing: list[set[str]] = [set()] if exercise.whole_jacobian else []
    assert [kept(exercise, base, case) for case in varied] == one_each + nothing + all_inputs


@with_upstream
def test_one_ordinary_case_alone_has_a_large_upstream_gradient(exercise: Exercise) -> None:
    for seed in range(3):
        *ordinary, large = draw_cases(exercise, seed)[: 1 + len(exercise.shapes) + variations(exercise)]
        assert all(abs(case.upstream).max() <= 2 for case in ordinary[1:])
        assert abs(large.upstream).min() >= LARGE_UPSTREAM / 4
        assert abs(large.upstream).max() <= LARGE_UPSTREAM * 2


@pytest.mark.parametrize("title", ["sigmoid", "softmax", "matmul", "conv2d"])
def test_some_input_has_more_than_eight_entries(title: str) -> None:
    exercise = find_exercise(title)
    assert max(case.inputs[0].size for case in draw_cases(exercise, 1)[1:]) > 20


@with_upstream
def test_upstream_gradients_have_both_signs_no_zero_and_are_not_constant(exercise: Exercise) -> None:
    """One-hot, constant or non-negative ones let dz**2, abs(dz) and relu(dz) pass."""
    for seed in range(5):
        for case in draw_cases(exercise, seed)[1:]:
            assert abs(case.upstream).min() >= 0.25
            if case.upstream.size > 1:
                assert case.upstream.min() < 0 < case.upstream.max()


def test_over_the_cases_a_single_upstream_number_comes_with_either_sign() -> None:
    signs = {float(np.sign(draw_cases(find_exercise("sigmoid"), seed)[4].upstream[0])) for seed in range(20)}
    assert signs == {-1.0, 1.0}


def test_every_argument_is_drawn_in_the_shape_that_was_asked() -> None:
    drawn = [shapes_of(PRODUCT, case)["b"] for case in draw_cases(PRODUCT, 1)]
    assert drawn == [(3,), (2,), (3,), (3,), (4,)] + [(4,)] * variations(PRODUCT)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        draw_cases(PRODUCT, -1)
