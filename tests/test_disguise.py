"""Names in disguise, and code that reaches for its caller or for what calls it."""

import ast

import pytest

from gradecheck.diagnose.disguise import folded
from gradecheck.diagnose.source import AnswerSource
from gradecheck.submission import from_notebook

NAME = "grad_sigmoid"


def helpers(expression: str, before: str = "import tensorflow as tf") -> tuple[str, ...]:
    return AnswerSource.of(f"{before}\ndef {NAME}(x, dz):\n    return {expression}\n").forbidden_helpers(NAME)


@pytest.mark.parametrize(
    "text", ["'ab'", "'a' 'b'", "'ba'[::-1]", "'a' + 'b'", "''.join(['a', 'b'])", "f'{\"a\"}b'", "f'a' + 'b'"]
)
def test_constants_are_put_together(text: str) -> None:
    assert folded(ast.parse(text, mode="eval").body) == "ab"


@pytest.mark.parametrize(
    "text", ["a", "'a' + b", "','.join(['a'])", "''.join(a)", "1", "f'{a}'", "''.join([])"]
)
def test_anything_else_is_not(text: str) -> None:
    assert folded(ast.parse(text, mode="eval").body) is None


@pytest.mark.parametrize(
    "expression",
    [
        "getattr(tf, 'Gradient' + 'Tape')()",
        "vars(tf)['GradientTape']()",
        "tf.__dict__['GradientTape']()",
        "__import__('tensorflow').GradientTape()",
        "getattr(tf, 'epaTtneidarG'[::-1])()",
        "importlib.import_module('tensor' 'flow').GradientTape()",
        "getattr(getattr(tf, 'autodiff'), 'GradientTape')",
    ],
)
def test_a_tape_in_disguise_is_a_tape(expression: str) -> None:
    assert helpers(expression) == ("tf.GradientTape",)


def test_the_registry_of_gradients_differentiates_as_well() -> None:
    before = "from tensorflow.python.framework import ops"
    found = helpers("ops._gradient_registry.lookup('MatMul')(x, dz)", before)
    assert found == ("TensorFlow's registry of gradients",)


def test_a_disguise_outside_of_the_answer_counts_once_it_is_used() -> None:
    before = "import tensorflow as tf\nTape, other = getattr(tf, 'Gradient' + 'Tape'), 1"
    assert helpers("Tape()", before) == ("tf.GradientTape",)
    assert helpers("x", before) == ()


@pytest.mark.parametrize(
    "expression", ["getattr(tf, 'nn').relu(x)", "getattr(x, 'T')", "vars(tf)['exp'](x)", "x['a']"]
)
def test_harmless_roundabout_ways_are_harmless(expression: str) -> None:
    assert helpers(expression) == ()


@pytest.mark.parametrize(
    "expression",
    [
        "sys._getframe(1).f_locals",
        "inspect.currentframe()",
        "gc.get_objects()",
        "getattr(sys, '_get' + 'frame')(1)",
    ],
)
def test_looking_into_the_caller_is_not_allowed(expression: str) -> None:
    assert helpers(expression, "import gc, inspect, sys") == ("what stands in its caller's memory",)


@pytest.mark.parametrize(
    "text",
    [
        "import gradecheck.run.watch",
        "import gradecheck.run.watch as w",
        "from gradecheck.run import watch",
        "from gradecheck import run",
        "import gradecheck as g\ng.run.watch._note = print",
        "import sys\nsys.modules['gradecheck.' + 'run.watch']",
        "from tensorflow.python import pywrap_tfe",
        "__import__('tensorflow.python.' + 'pywrap_' + 'tfe')",
    ],
)
def test_a_cell_that_meddles_with_what_calls_answers_is_not_run(text: str) -> None:
    cells = [{"cell_type": "code", "source": source} for source in (text, "a = 1")]
    first, second = from_notebook("ada", {"cells": cells}).cells
    assert first.source.startswith("raise PermissionError(")
    assert (first.number, second.source) == (1, "a = 1")


@pytest.mark.parametrize(
    "text",
    [
        "from gradecheck import check, grade",
        "import gradecheck\ngradecheck.check(grad_sigmoid)",
        "from gradecheck.graph import Session\nsession.run(loss)",
        "model.run.values",
        "# gradecheck.run.watch",
        "%run other.ipynb",
    ],
)
def test_any_other_cell_is(text: str) -> None:
    (cell,) = from_notebook("ada", {"cells": [{"cell_type": "code", "source": text}]}).cells
    assert cell.source == text
