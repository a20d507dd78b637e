"""The tree of errors: an author's, an operator's, never a student's."""

import inspect

import pytest

from gradecheck import errors
from gradecheck.catalogue import find_exercise

AUTHORS = (errors.UnknownExercise, errors.OracleDisagreement)
OPERATORS = (errors.UnreadableSubmission, errors.WorkerUnavailable, errors.CourseNotReady)


@pytest.mark.parametrize("error", AUTHORS)
def test_an_authors_error(error: type[Exception]) -> None:
    assert issubclass(error, errors.AuthorError)
    assert not issubclass(error, errors.OperatorError)


@pytest.mark.parametrize("error", OPERATORS)
def test_an_operators_error(error: type[Exception]) -> None:
    assert issubclass(error, errors.OperatorError)
    assert not issubclass(error, errors.AuthorError)


def test_one_root_catches_everything() -> None:
    classes = [thing for _, thing in inspect.getmembers(errors, inspect.isclass)]
    assert all(issubclass(thing, errors.GradecheckError) for thing in classes)


def test_every_error_says_what_it_means() -> None:
    classes = [thing for _, thing in inspect.getmembers(errors, inspect.isclass)]
    assert all(thing.__doc__ and thing.__doc__.endswith(".") for thing in classes)


def test_an_unknown_exercise_is_told_with_what_there_is() -> None:
    with pytest.raises(errors.UnknownExercise) as caught:
        find_exercise("grad_relu6")
    assert str(caught.value).startswith(
        "no exercise is called 'grad_relu6'; there are: sigmoid, softmax, matmul, conv2d, negative, log, "
    )
