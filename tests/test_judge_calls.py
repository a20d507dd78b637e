"""Calls that do not come back with arrays, the ways that are not allowed, and what stays hidden."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from planted import (
    PRODUCT,
    Answer,
    Scripted,
    earns_nothing,
    grad_product,
    grad_sigmoid,
    judged,
    judged_by,
    spoiled,
    wide,
)

from gradecheck.catalogue import find_exercise
from gradecheck.errors import OracleDisagreement, WorkerUnavailable
from gradecheck.judge import judge, not_graded
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Died, Missing, NotArray, Returned, TimedOut
from gradecheck.verdict import Status

SIGMOID = find_exercise("sigmoid")


# Other kinds of argument


@pytest.mark.parametrize("kind", list(ArgumentKind)[1:])
def test_an_answer_that_wants_another_kind_of_argument_gets_it_and_is_told(kind: ArgumentKind) -> None:
    def answer(x: Any, dz: Any) -> Any:
        form = f"float{8 * np.asarray(x).itemsize} {'arrays' if isinstance(x, np.ndarray) else 'tensors'}"
        if form != kind:
            raise TypeError("not mine")
        return grad_sigmoid(x, dz)

    verdict = judged("sigmoid", answer)
    assert verdict.score == 1.0
    assert verdict.diagnosis.remarks[0] == (
        f"Your function does not take float32 tensors, so it was given {kind}; that is fine here."
    )


def test_matmul_with_the_transpose_of_an_array() -> None:
    assert judged("matmul", lambda _x, y, dz: dz @ y.T).score == 1.0


def test_the_kind_that_works_is_remembered() -> None:
    def answer(x: Any, dz: Any) -> Any:
        x.setflags()  # only an array has flags
        return grad_sigmoid(x, dz)

    caller = Scripted(SIGMOID, answer, {})
    judged_by(caller)
    assert caller.kinds[0] is ArgumentKind.TENSOR32
    assert set(caller.kinds[1:]) == {ArgumentKind.ARRAY32}


def test_what_raises_in_every_kind_is_told_as_it_raised_for_tensors() -> None:
    def answer(x: Any, _dz: Any) -> Any:
        raise ValueError(f"not with {type(x).__name__} of {x.dtype}.")

    message = earns_nothing(judged("sigmoid", answer), "error")
    assert "raise ValueError(" in message
    assert message.endswith(
        "ValueError: not with EagerTensor of <dtype: 'float32'>. "
        "Shapes here: x (3,), dz (3,); wanted: dx (3,)."
    )


# What does not come back


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (lambda x: x, "<lambda>() takes 1 positional argument but 2 were given"),
        (lambda _x, _y, dz: dz, "<lambda>() missing 1 required positional argument: 'dz'"),
    ],
    ids=["too few", "too many"],
)
def test_another_number_of_arguments(answer: Answer, detail: str) -> None:
    message = earns_nothing(judged("sigmoid", answer), "error")
    assert message == f"grad_sigmoid cannot be called as grad_sigmoid(x, dz): {detail}."


def test_an_answer_that_raises_on_one_shape_only() -> None:
    def answer(x: Any, y: Any, dz: Any) -> Any:
        x, y, dz = wide(x, y, dz)
        return dz @ y

    verdict = judged("matmul", answer)
    assert verdict.score == 0.0
    assert verdict.diagnosis.misconception == "matmul-transpose-missing"


def test_the_exit_of_an_answer_is_an_exception_like_others() -> None:
    def answer(*_: Any) -> Any:
        raise SystemExit(0)

    assert "SystemExit: 0. Shapes here:" in earns_nothing(judged("sigmoid", answer), "error")


def test_a_call_that_never_returns() -> None:
    verdict = judged_by(Scripted(SIGMOID, grad_sigmoid, {1: TimedOut(10.0)}))
    assert earns_nothing(verdict, "too slow") == (
        "grad_sigmoid did not come back within 10 s and was stopped for inputs of shape x (3,), dz (3,). "
        "Is there a loop that never ends?"
    )


def test_nothing_more_is_asked_after_a_call_that_never_returned() -> None:
    caller = Scripted(SIGMOID, grad_sigmoid, {1: TimedOut(10.0)})
    judged_by(caller)
    assert len(caller.kinds) == 2


def test_patience_with_all_calls_together_ends() -> None:
    caller = Scripted(SIGMOID, grad_sigmoid, {}, seconds=0.05)
    message = earns_nothing(judged_by(caller, patience=0.12), "too slow")
    assert message.startswith("the calls of grad_sigmoid took longer than 0.12 s together")
    assert len(caller.kinds) <= 4


def test_a_call_that_ends_the_process() -> None:
    aborted = judged_by(Scripted(SIGMOID, grad_sigmoid, {0: Died(6)}))
    assert earns_nothing(aborted, "crash") == (
        "grad_sigmoid brought the whole Python process down (it was ended by SIGABRT) "
        "in the printed example. "
        "A TensorFlow operation given the wrong rank can do that."
    )
    left = judged_by(Scripted(SIGMOID, grad_sigmoid, {2: Died(None)}))
    assert earns_nothing(left, "crash") == (
        "grad_sigmoid brought the whole Python process down (it exited) for inputs of shape x (5,), dz (5,)."
    )


def test_a_function_that_is_not_there() -> None:
    missing = judged_by(Scripted(SIGMOID, grad_sigmoid, {0: Missing("grad_sigmoid")}))
    assert earns_nothing(missing, "missing") == (
        "there is no function grad_sigmoid here; its cell may be gone, renamed, or stopped by an error."
    )
    number = judge(SIGMOID, InlineCaller({"grad_sigmoid": 3}))  # type: ignore[dict-item]  # wrong on purpose
    assert earns_nothing(number, "missing") == "grad_sigmoid is a number, not a function."


# Not started


AS_HANDED_OUT = "not started: grad_sigmoid is still as it was handed out."
EMPTY = "not started: the body of grad_sigmoid is empty, so it returns None."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise NotImplementedError()", AS_HANDED_OUT),
        ("raise NotImplementedError", AS_HANDED_OUT),
        ('"""To do."""\n    pass', EMPTY),
        ('"""To do."""', EMPTY),
        ("pass", EMPTY),
        ("...", EMPTY),
    ],
)
def test_a_stub_is_not_started(body: str, message: str) -> None:
    source = f"def grad_sigmoid(x, dz):\n    {body}\n"
    names: dict[str, Any] = {}
    exec(source, names)
    verdict = judged("sigmoid", names["grad_sigmoid"], source)
    assert (verdict.status, verdict.score, verdict.outputs) == (Status.NOT_STARTED, 0.0, ())
    assert verdict.message == message


def test_to_return_none_is_an_answer_and_a_wrong_one() -> None:
    verdict = judged("sigmoid", lambda *_: None, "def grad_sigmoid(x, dz):\n    return None\n")
    assert earns_nothing(verdict, "no array").startswith("your function returned None; dx is an array")


def test_a_stub_is_known_by_its_exception_where_no_source_is_at_hand() -> None:
    def answer(*_: Any) -> Any:
        raise NotImplementedError

    assert judged("sigmoid", answer).status is Status.NOT_STARTED


def test_what_was_begun_is_not_a_stub() -> None:
    source = "def grad_sigmoid(x, dz):\n    s = 1 / (1 + x)\n    raise NotImplementedError()\n"
    names: dict[str, Any] = {}
    exec(source, names)
    verdict = judged("sigmoid", names["grad_sigmoid"], source)
    assert (verdict.status, verdict.diagnosis.label) == (Status.FAILED, "error")
    nothing = judged("sigmoid", lambda *_: None, "def grad_sigmoid(x, dz):\n    s = x * dz\n")
    assert (nothing.status, nothing.diagnosis.label) == (Status.FAILED, "no array")


# Policy


def test_the_tape_earns_nothing_although_the_numbers_are_right() -> None:
    tf = load_tensorflow()

    def answer(x: Any, dz: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = tf.sigmoid(x)
        return tape.gradient(z, x, dz)

    verdict = judged("sigmoid", answer)
    assert earns_nothing(verdict, "not allowed") == (
        "the answer uses tf.GradientTape. Here the gradient is written by hand, so this earns nothing."
    )
    assert verdict.diagnosis.misconception == "autodiff-inside"


def test_a_gradient_kernel_earns_nothing() -> None:
    tf = load_tensorflow()
    verdict = judged("sigmoid", lambda x, dz: tf.raw_ops.SigmoidGrad(y=tf.sigmoid(x), dy=dz))
    assert earns_nothing(verdict, "not allowed").startswith("the answer uses the kernel SigmoidGrad.")


def test_the_text_alone_is_enough() -> None:
    source = "import tensorflow as tf\ndef grad_sigmoid(x, dz):\n    return tf.GradientTape()\n"
    earns_nothing(judged("sigmoid", grad_sigmoid, source), "not allowed")


def test_a_comparison_with_the_tape_beside_the_answer_is_no_part_of_it() -> None:
    source = (
        "import tensorflow as tf\n"
        "def by_tape(x, dz):\n    with tf.GradientTape() as tape: ...\n"
        "dx = by_tape(1, 2)\n"
        "def grad_sigmoid(x, dz):\n    dx = x * dz\n    return dx\n"
    )
    assert judged("sigmoid", grad_sigmoid, source).score == 1.0


# Ours, not theirs


def test_an_unsound_exercise_says_nothing_about_the_answer() -> None:
    unsound = dataclasses.replace(PRODUCT, forward_numpy=lambda a, b: a + b)
    with pytest.raises(OracleDisagreement):
        judged(unsound, grad_product)


def test_what_could_not_be_judged_is_not_graded() -> None:
    verdict = not_graded(SIGMOID, WorkerUnavailable("the worker did not start; try again"))
    assert (verdict.status, verdict.score) == (Status.NOT_GRADED, 0.0)
    assert verdict.message == "not graded, for no fault of yours: the worker did not start; try again"


# Hidden cases


def wrong_on_the_first_draw(x: Any, dz: Any) -> Any:
    return grad_sigmoid(x, dz) * (1 if len(x) == 3 else 1.25)


def test_a_hidden_case_tells_no_expected_number() -> None:
    verdict = judged("sigmoid", wrong_on_the_first_draw, hidden=True, seed=7)
    assert verdict.shown is not None
    assert verdict.shown.expected is None
    assert verdict.shown.difference is None
    assert "expected" not in verdict.message
    assert verdict.message.endswith(
        " is wrong for inputs of shape x (5,), dz (5,) (5 of 5 entries are wrong)."
    )


def test_the_same_seed_at_home_tells_everything() -> None:
    verdict = judged("sigmoid", wrong_on_the_first_draw, seed=7)
    assert verdict.shown is not None
    assert verdict.shown.expected is not None
    assert "expected" in verdict.message


def test_the_printed_example_is_public_even_then() -> None:
    verdict = judged("sigmoid", spoiled("sigmoid", lambda g: g * 1.25), hidden=True, seed=7)
    assert verdict.shown is not None
    assert verdict.shown.expected is not None
    assert verdict.message.startswith("dx[0] is 0.05647, expected 0.04518 in the printed example")


# Evidence is data: a hostile caller cannot make the judge raise


@pytest.mark.parametrize(
    "outcome",
    [
        Returned(()),
        Returned((np.zeros(3), np.zeros(3))),
        Returned((NotArray("other", "[bold]\x1b[2J"),)),
        Returned((np.zeros((0, 3)),)),
        Returned((np.full(3, np.nan),), (np.zeros(7),)),
    ],
)
def test_whatever_comes_back_ends_in_a_verdict(outcome: Returned) -> None:
    verdict = judged_by(Scripted(SIGMOID, grad_sigmoid, dict.fromkeys(range(40), outcome)))
    assert (verdict.status, verdict.score) == (Status.FAILED, 0.0)
