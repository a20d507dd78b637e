import logging
import os
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest

from gradecheck.run.caller import ArgumentKind, Caller
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Frame, Missing, Raised, Returned

X = np.float32([1, 2])
ARRAYS = ArgumentKind.ARRAY32


def outcome_of(function: Any, *, kind: ArgumentKind = ARRAYS, **options: Any) -> Any:
    caller: Caller = InlineCaller({"answer": function})
    return caller.call("answer", [X], kind=kind, **options)


def test_a_function_that_returns() -> None:
    outcome = outcome_of(lambda x: 2 * x)
    assert isinstance(outcome, Returned)
    assert outcome.values[0].tolist() == [2, 4]
    assert outcome.arguments_after == ()
    assert outcome.used == ()


def test_the_arguments_after_the_call_are_reported_when_asked_for() -> None:
    def answer(x: Any) -> Any:
        x[0] = 7
        return x

    outcome = outcome_of(answer, report_arguments=True)
    assert outcome.arguments_after[0].tolist() == [7, 2]
    assert X.tolist() == [1, 2]


def test_an_exception_is_reported_with_the_innermost_line_of_the_students_own() -> None:
    def helper(x: Any) -> Any:
        return np.linalg.inv(x)  # the student's line; the exception comes from inside NumPy

    outcome = outcome_of(lambda x: helper(x))
    assert isinstance(outcome, Raised)
    assert outcome.type == "LinAlgError"
    assert "1-dimensional" in outcome.message
    assert isinstance(outcome.frame, Frame)
    assert outcome.frame.cell is None
    assert outcome.frame.line == helper.__code__.co_firstlineno + 1
    assert outcome.frame.code.startswith("return np.linalg.inv(x)")


def test_a_call_that_does_not_reach_the_students_code_has_no_line() -> None:
    def no_arguments() -> None: ...

    outcome = outcome_of(no_arguments)
    assert outcome.type == "TypeError"
    assert outcome.frame is None


def test_a_line_in_a_notebooks_cell_is_found() -> None:
    name = "/tmp/ipykernel_12/345.py"
    space: dict[str, Any] = {}
    exec(compile("\ndef answer(x):\n    return x.nothing\n", name, "exec"), space)
    outcome = InlineCaller(space).call("answer", [X], kind=ARRAYS)
    assert isinstance(outcome, Raised)
    assert outcome.frame == Frame(None, 3, "")


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), RecursionError("deep")])
def test_an_attempt_to_leave_is_an_exception_like_others(error: BaseException) -> None:
    def answer(_: Any) -> None:
        raise error

    assert outcome_of(answer).type == type(error).__name__


def test_an_interrupt_from_the_keyboard_passes_through() -> None:
    def answer(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome_of(answer)


def test_an_exception_whose_text_raises_is_still_reported() -> None:
    class RudeError(Exception):
        def __str__(self) -> str:
            raise ValueError

    def answer(_: Any) -> None:
        raise RudeError

    assert outcome_of(answer).message == "(its message could not be read)"


def test_a_long_message_is_cut_to_its_first_lines() -> None:
    def answer(_: Any) -> None:
        raise ValueError("\n".join("abcdefghij"))

    assert outcome_of(answer).message == "a\nb\nc\nd\ne\nf\n…"


def test_the_noise_that_tensorflow_adds_to_messages_is_left_out() -> None:
    def answer(_: Any) -> None:
        raise ValueError(
            "{{function_node __wrapped__Conv2D_device_/job:x}} 4 axes, please [Op:Conv2D] name: "
        )

    assert outcome_of(answer).message == "4 axes, please"


@pytest.mark.parametrize(
    ("held", "found"),
    [(None, None), (3, "a number"), (np.ones(2), "an array"), ("x", "the text 'x'"), ({}, "a dict")],
)
def test_a_name_that_holds_no_function_is_missing(held: object, found: str | None) -> None:
    assert outcome_of(held) == Missing("answer", found)


def test_a_name_that_nobody_defined_is_missing() -> None:
    assert InlineCaller({}).call("answer", [X]) == Missing("answer")


def test_nothing_that_a_call_puts_out_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("a library's")
    logger.addHandler(logging.StreamHandler(sys.stderr))

    def answer(x: Any) -> Any:
        print("out")
        print("err", file=sys.stderr)
        os.write(1, b"raw out")
        os.write(2, b"raw err")
        logger.error("logged")
        warnings.warn("warned", stacklevel=1)
        return x / 0

    assert isinstance(outcome_of(answer), Returned)
    assert capfd.readouterr() == ("", "")
    print("back")
    os.write(2, b"back")
    logger.error("back")
    assert capfd.readouterr() == ("back\n", "backback\n")


def test_output_comes_back_after_an_exception_too(capfd: pytest.CaptureFixture[str]) -> None:
    def answer(_: Any) -> None:
        raise ValueError

    outcome_of(answer)
    os.write(1, b"seen")
    assert capfd.readouterr().out == "seen"


def test_a_function_may_be_any_callable() -> None:
    class Answer:
        def __call__(self, x: Any) -> Any:
            return x

    space = types.SimpleNamespace(answer=Answer())
    assert isinstance(InlineCaller(vars(space)).call("answer", [X], kind=ARRAYS), Returned)
