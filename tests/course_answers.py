"""Right answers to the second and third assignment, from the course's files of answers, as functions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradecheck.answer_file import FILE_NAME, read_answers
from gradecheck.reference.tape import load_tensorflow

Answer = Callable[..., Any]
FILES = [
    Path(__file__).parents[1] / "solutions" / assignment / FILE_NAME
    for assignment in ("backpropagation", "tensor_derivatives")
]
ANSWERS = {name: answer for path in FILES for name, answer in read_answers(path).items()}
#: The titles of the exercises that they answer.
TITLES = {answer.exercise.title for answer in ANSWERS.values()}


def f32(*arguments: Any) -> list[Any]:
    return [np.asarray(argument, np.float32) for argument in arguments]


def right(title: str, style: str) -> Answer:
    """The right answer of that name, which needs only NumPy and TensorFlow, as a function."""
    answer = ANSWERS[f"{title}__right_{style}"]
    names: dict[str, Any] = {"np": np, "tf": load_tensorflow()}
    exec(compile(answer.source, answer.name, "exec"), names)
    function: Answer = names[answer.exercise.name]
    return function
