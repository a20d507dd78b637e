"""The exercises as a course author meets them: one list, sound, with mistakes that meet their class."""

import re

import numpy as np
import pytest
from planted import RIGHT, Answer, judged

from gradecheck.catalogue import EXERCISES, TEACHING_ORDER, find_exercise
from gradecheck.diagnose.planting import plants
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.exercise import Exercise, Mistake, MistakeClass
from gradecheck.verdict import Status

MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.title}-{mistake.id}")
    for exercise in EXERCISES
    for mistake in known_mistakes(exercise)
]


def test_the_list_is_in_teaching_order() -> None:
    titles = [exercise.title for exercise in EXERCISES]
    assert titles[:4] == ["sigmoid", "softmax", "matmul", "conv2d"]
    assert titles[4:11] == ["negative", "log", "multiply", "add", "reduce_sum", "softmax_batched", "matmul_y"]
    assert titles[-5:] == ["relu", "jacobian_relu", "jacobian_affine", "affine", "conv2d_x"]


def test_every_exercise_of_the_order_is_found_and_none_stands_outside_of_it() -> None:
    assert tuple(exercise.title for exercise in EXERCISES) == TEACHING_ORDER


def test_an_assignment_adds_up_to_100_points() -> None:
    points = [exercise.points for exercise in EXERCISES]
    assert [sum(points[:4]), sum(points[4:16]), sum(points[16:])] == [100, 100, 100]
    assert len(points) == 23


@pytest.mark.parametrize("name", ["softmax", "grad_softmax"])
def test_an_exercise_is_found_by_its_title_and_by_its_functions_name(name: str) -> None:
    assert find_exercise(name) is EXERCISES[1]


@pytest.mark.parametrize(
    ("title", "signature", "outputs"),
    [
        ("sigmoid", "grad_sigmoid(x, dz)", ("dx",)),
        ("softmax", "grad_softmax(x, dz)", ("dx",)),
        ("matmul", "grad_matmul(x, y, dz)", ("dx",)),
        ("conv2d", "grad_conv2d(x, w, dz)", ("dw",)),
    ],
)
def test_signatures(title: str, signature: str, outputs: tuple[str, ...]) -> None:
    exercise = find_exercise(title)
    assert exercise.signature == signature
    assert exercise.outputs == outputs
    assert exercise.upstream == "dz"
    assert exercise.inputs == exercise.arguments[:-1]


def test_conv2d_takes_the_layouts_of_tensorflow() -> None:
    assert find_exercise("conv2d").accepts_shapes((2, 3)) == ((2, 3), (1, 2, 3, 1), (2, 3, 1, 1))
    assert find_exercise("matmul").accepts_shapes((2, 3)) == ((2, 3),)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_six_moderate_cases_or_more_with_a_shape_that_comes_twice(exercise: Exercise) -> None:
    shapes = [tuple(case[name] for name in exercise.inputs) for case in exercise.shapes]
    most = 12 + bool(exercise.driver) + 20 * ("axis" in exercise.settings)  # every way to name axes is asked
    assert 6 <= len(shapes) <= most
    assert len(set(shapes)) < len(shapes)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_one_moderate_case_has_the_shape_of_the_printed_example(exercise: Exercise) -> None:
    printed = {name: np.shape(exercise.printed[name]) for name in exercise.inputs}
    assert printed in [{name: case[name] for name in exercise.inputs} for case in exercise.shapes]


@pytest.mark.parametrize("title", ["matmul", "conv2d"])
def test_matrices_are_square_and_oblong(title: str) -> None:
    shapes = [case[find_exercise(title).differentiates[0]] for case in find_exercise(title).shapes]
    assert any(rows == columns for rows, columns in shapes)
    assert any(rows > columns for rows, columns in shapes)
    assert any(rows < columns for rows, columns in shapes)
    assert any(1 in shape for shape in shapes)


@pytest.mark.parametrize("title", ["sigmoid", "softmax"])
def test_vectors_go_down_to_length_one(title: str) -> None:
    assert {"x": (1,)} in find_exercise(title).shapes


def test_ids_are_kebab_case_and_unique_within_an_exercise() -> None:
    for exercise in EXERCISES:
        ids = [mistake.id for mistake in known_mistakes(exercise)]
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


def test_every_mistake_has_sentences_to_read() -> None:
    for mistake in {mistake for exercise in EXERCISES for mistake in known_mistakes(exercise)}:
        for text in (mistake.sentence, mistake.hint, mistake.stronger_hint):
            first = text.split()[0].split("[")[0]
            assert text[0].isupper() or first in ("x", "w", "z", "dz"), text
            assert text[-1] in ".?", text
        assert mistake.hint != mistake.stronger_hint


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_every_known_mistake_meets_its_class(exercise: Exercise, mistake: Mistake) -> None:
    for answer in plants(exercise, mistake):
        meets_its_class(exercise, mistake, answer)


def meets_its_class(exercise: Exercise, mistake: Mistake, answer: Answer) -> None:
    verdict = judged(exercise, answer)
    assert verdict.status is Status.FAILED
    # Where there are several outputs, those that the mistake leaves alone keep their share.
    assert min(o.score for o in verdict.outputs) == (0.8 if mistake.outcome is MistakeClass.EXTREME else 0.0)
    assert verdict.diagnosis.misconception == mistake.id
    assert verdict.diagnosis.hint == mistake.hint
    assert verdict.diagnosis.stronger_hint == mistake.stronger_hint


@pytest.mark.parametrize("title", RIGHT)
def test_the_right_answer_gets_everything_on_other_seeds_too(title: str) -> None:
    for seed in (0, 1, 2**40):
        verdict = judged(title, RIGHT[title], seed=seed)
        assert (verdict.status, verdict.score) == (Status.PASSED, 1.0)
