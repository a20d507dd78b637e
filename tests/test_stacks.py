"""`stacks` of an exercise: a wrong one is told by its name, and never hides what is wrong elsewhere."""

import dataclasses
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest

from gradecheck.catalogue import EXERCISES
from gradecheck.errors import AuthorError, OracleDisagreement
from gradecheck.exercise import Exercise
from gradecheck.reference.expectation import expected_cases
from gradecheck.verify import Claim
from gradecheck.verify.definition import verify_exercise


def of_x(forward: Callable[..., Any], forward_numpy: Callable[..., Any], stacks: Any = ("x",)) -> Exercise:
    return Exercise(
        name="grad_own",
        title="own",
        arguments=("x", "dz"),
        differentiates=("x",),
        forward=forward,
        forward_numpy=forward_numpy,
        stacks=stacks,
        printed={"x": [0.5, -1, 2], "dz": [1, -2, 3]},
        shapes=tuple({"x": (n,)} for n in (3, 5, 5, 1, 4)),
        points=10,
    )


def tanh(stacks: Any) -> Exercise:
    return of_x(lambda tf, x: tf.math.tanh(x), np.tanh, stacks)


def softmax(axis: int) -> Exercise:
    def forward_numpy(x: Any) -> Any:
        return np.exp(x) / np.exp(x).sum(axis, keepdims=True)

    return of_x(lambda tf, x: tf.nn.softmax(x), forward_numpy)


FLAT_SUM = of_x(lambda tf, x: tf.cumsum(x), lambda x: np.cumsum(x))
ONE_NUMBER = dataclasses.replace(
    of_x(lambda tf, x: tf.reduce_sum(x * x), lambda x: np.sum(x * x)),
    printed={"x": [0.5, -1, 2], "dz": 3},
)
LARGEST_OF_ALL = of_x(lambda tf, x: x * tf.reduce_max(x), lambda x: x * np.max(x))
BROADCAST = Exercise(
    name="grad_own",
    title="own",
    arguments=("a", "b", "dz"),
    differentiates=("a", "b"),
    forward=lambda tf, a, b: tf.multiply(a, b),
    forward_numpy=lambda a, b: a * b,
    stacks=("a", "b"),
    printed={"a": [[1, 2], [3, 4]], "b": [1, 2], "dz": [[1, 2], [3, -4]]},
    shapes=({"a": (2, 3), "b": (3,)}, {"a": (4,), "b": (2, 4)}, {"a": (3, 3), "b": (3, 3)}),
    points=10,
)
#: The tape takes the largest x for a constant, NumPy does not: two functions with the same values.
HIDDEN = of_x(lambda tf, x: x - tf.reduce_max(tf.stop_gradient(x)), lambda x: x - np.max(x))

LEAVE_OUT = "leave {} out of `stacks`, which only makes grading faster"
OTHER_NUMBERS = f"forward_numpy gives other numbers for many x at once: {LEAVE_OUT.format('x')}"


def without_seed(claim: Claim) -> str:
    return claim.sentence.partition(": ")[2]


def first_claims(exercise: Exercise, count: int) -> list[Claim]:
    return list(islice(verify_exercise(exercise), count))


# What is no tuple of names of inputs


@pytest.mark.parametrize("stacks", ["x", ("y",), ("dz",), ("x", "y"), ["x"], None, (0,)], ids=repr)
def test_what_names_no_inputs_is_told_by_name(stacks: object) -> None:
    told = (
        "grad_own: `stacks` must be a tuple of names among the inputs, such as ('x',), "
        f"not {stacks!r}; or leave it out, it only makes grading faster"
    )
    with pytest.raises(AuthorError) as caught:
        expected_cases(tanh(stacks), 1)
    assert str(caught.value) == told
    assert first_claims(tanh(stacks), 1) == [Claim("grad_own", told, False)]


def test_the_other_claims_are_tried_without_it() -> None:
    assert [claim.holds for claim in verify_exercise(tanh("x"))][:3] == [False, True, True]


# What is no function of stacks


@pytest.mark.parametrize(
    ("exercise", "names", "kind"),
    [
        (FLAT_SUM, "x", AuthorError),
        (ONE_NUMBER, "x", AuthorError),
        (BROADCAST, "a or b", AuthorError),
        (softmax(0), "x", OracleDisagreement),
        (LARGEST_OF_ALL, "x", OracleDisagreement),
    ],
    ids=["flat-sum", "one-number", "broadcast", "first-axis", "largest-of-all"],
)
def test_where_only_the_stacks_are_wrong_the_reference_says_so(
    exercise: Exercise, names: str, kind: type[AuthorError]
) -> None:
    with pytest.raises(AuthorError) as caught:
        expected_cases(exercise, 1)
    assert type(caught.value) is kind
    assert str(caught.value) == (
        f"grad_own: forward_numpy does not take many {names} at once: leave `stacks` out, "
        "which only makes grading faster; all is well without it"
    )


@pytest.mark.parametrize(
    ("exercise", "told"),
    [
        (softmax(0), OTHER_NUMBERS),
        (LARGEST_OF_ALL, OTHER_NUMBERS),
        (
            FLAT_SUM,
            "forward_numpy fails (ValueError: of 12 inputs at once came results of shape (36,)) "
            f"for many x at once: {LEAVE_OUT.format('x')}",
        ),
        (
            ONE_NUMBER,
            "forward_numpy fails (ValueError: of 12 inputs at once came results of shape ()) "
            f"for many x at once: {LEAVE_OUT.format('x')}",
        ),
    ],
    ids=["first-axis", "largest-of-all", "flat-sum", "one-number"],
)
def test_verify_tells_first_what_a_stack_does_and_then_that_all_else_is_well(
    exercise: Exercise, told: str
) -> None:
    stacks, oracles = first_claims(exercise, 2)
    assert (without_seed(stacks), stacks.holds) == (told, False)
    assert oracles.holds


def test_verify_tells_of_each_input_whose_stack_does_not_fit_beside_the_other() -> None:
    *stacks, oracles = first_claims(BROADCAST, 3)
    for claim, name in zip(stacks, ("a", "b"), strict=True):
        assert "forward_numpy fails (ValueError: operands could not be broadcast" in claim.sentence
        assert claim.sentence.endswith(LEAVE_OUT.format(name))
        assert not claim.holds
    assert oracles.holds


# What is wrong anyway


def test_what_a_wrong_stack_would_hide_is_found() -> None:
    assert expected_cases(HIDDEN, 1)  # a stack makes the largest of all x a constant, as it is for the tape
    stacks, oracles = first_claims(HIDDEN, 2)
    assert (without_seed(stacks), stacks.holds) == (OTHER_NUMBERS, False)
    assert "the two oracles disagree on dx" in oracles.sentence
    assert not oracles.holds


def test_stacks_are_not_blamed_for_another_fault() -> None:
    doubled = of_x(lambda _tf, x: 2 * x, lambda x: x)
    with pytest.raises(OracleDisagreement, match=r"the two oracles disagree on dx\[0\] of a printed case"):
        expected_cases(doubled, 1)
    stacks, oracles = first_claims(doubled, 2)
    assert (stacks.holds, oracles.holds) == (True, False)


def test_a_function_that_raises_in_any_case_is_a_claim_that_fails() -> None:
    stacks, oracles = first_claims(of_x(lambda _tf, x: x, lambda x: x.no_such_thing), 2)
    assert without_seed(stacks).startswith("its `stacks` could not be tried, as forward_numpy raised: Attrib")
    assert "raised on its own cases" in oracles.sentence
    assert (stacks.holds, oracles.holds) == (False, False)


# What is right


@pytest.mark.parametrize("exercise", [tanh(("x",)), softmax(-1)], ids=["tanh", "softmax"])
def test_a_function_of_stacks_is_sound(exercise: Exercise) -> None:
    assert first_claims(exercise, 2)[0].sentence == "forward_numpy takes many x at once, as `stacks` says"
    assert [claim for claim in verify_exercise(exercise) if not claim.holds] == []


def test_without_stacks_nothing_is_said_of_them() -> None:
    assert [claim.sentence for claim in verify_exercise(tanh(())) if "stacks" in claim.sentence] == []


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.stacks], ids=lambda exercise: exercise.title)
def test_the_stacks_of_the_catalogue_are_taken(exercise: Exercise) -> None:
    assert first_claims(exercise, len(exercise.stacks)) == [
        Claim(exercise.name, f"forward_numpy takes many {name} at once, as `stacks` says", True)
        for name in exercise.stacks
    ]
