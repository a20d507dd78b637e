"""What the text of an answer tells without running it."""

import ast
import gc
import os
import warnings
import weakref
from itertools import permutations

import pytest

from gradecheck.diagnose import parsing
from gradecheck.diagnose.remember import remembered_with_tree
from gradecheck.diagnose.source import AnswerSource

NAME = "grad_sigmoid"


def helpers(text: str) -> tuple[str, ...]:
    return AnswerSource.of(text).forbidden_helpers(NAME)


def answer(body: str, before: str = "import tensorflow as tf\n") -> str:
    return f"{before}def {NAME}(x, dz):\n    {body}\n"


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "...",
        "return",
        "return ...",
        '"""Return dL/dx."""',
        "raise NotImplementedError",
        "raise NotImplementedError()",
        'raise NotImplementedError("write me")',
        '"""Return dL/dx."""\n    # YOUR CODE HERE\n    raise NotImplementedError()',
    ],
)
def test_a_body_that_does_nothing_is_a_stub(body: str) -> None:
    assert AnswerSource.of(answer(body)).is_stub(NAME)


@pytest.mark.parametrize(
    "body", ["return 0", "return None", "return x", "s = x", "s = x\n    raise NotImplementedError()"]
)
def test_a_body_that_does_something_is_not(body: str) -> None:
    assert not AnswerSource.of(answer(body)).is_stub(NAME)


@pytest.mark.parametrize(
    "text",
    [
        f"def {NAME}(x, dz): return x",
        f"async def {NAME}(x, dz): return x",
        f"class {NAME}: pass",
        f"{NAME} = lambda x, dz: x",
        f"{NAME}: object = lambda x, dz: x",
        f"from answers import {NAME}",
        f"from answers import sigmoid_backwards as {NAME}",
        f"if True:\n    def {NAME}(x, dz): return x",
        f"try:\n    pass\nexcept ValueError:\n    {NAME} = None",
        f"with open('f'):\n    def {NAME}(x, dz): return x",
    ],
)
def test_whatever_binds_the_name_at_the_top_defines_it(text: str) -> None:
    assert AnswerSource.of(text).defines(NAME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 3",
        f"{NAME}: object",
        f"import {NAME}_answers",
        f"from answers import {NAME} as other",
        f"def other():\n    def {NAME}(): pass",
        f"class A:\n    def {NAME}(): pass",
        "def (",
    ],
)
def test_anything_else_does_not(text: str) -> None:
    assert not AnswerSource.of(text).defines(NAME)


@pytest.mark.parametrize(
    ("body", "helper"),
    [
        ("with tf.GradientTape() as t: pass", "tf.GradientTape"),
        ("t = tf.autodiff.ForwardAccumulator(x, dz)", "a forward accumulator"),
        ("return tf.gradients(x, x)", "tf.gradients"),
        ("return tf.compat.v1.gradients(x, x)", "tf.gradients"),
        ("return tf.test.compute_gradient(f, [x])", "tf.test.compute_gradient"),
        ("return tf.raw_ops.SigmoidGrad(y=x, dy=dz)", "TensorFlow's own gradient kernel SigmoidGrad"),
        (
            "return tf.raw_ops.Conv2DBackpropFilter(x)",
            "TensorFlow's own gradient kernel Conv2DBackpropFilter",
        ),
        ("from tensorflow import GradientTape\n    return GradientTape()", "tf.GradientTape"),
        ("import tensorflow as q\n    return q.GradientTape()", "tf.GradientTape"),
        ("import jax\n    return jax.grad(f)(x)", "jax"),
        ("from gradecheck.catalogue import EXERCISES", "gradecheck itself"),
    ],
)
def test_automatic_differentiation_is_named(body: str, helper: str) -> None:
    assert helper in helpers(answer(body))


@pytest.mark.parametrize(
    "text",
    [
        answer("return by_tape(x)", "import tensorflow as tf\ndef by_tape(x): return tf.GradientTape()\n"),
        answer(
            "return f(x)", "import tensorflow as tf\ndef g(x): return tf.GradientTape()\nf = lambda x: g(x)\n"
        ),
        answer("return T()", "import tensorflow as tf\nT = tf.GradientTape\n"),
        answer("return T()", "from tensorflow import GradientTape as T\n"),
        f"import tensorflow as tf\ndef f(x, dz): return tf.GradientTape()\n{NAME} = f\n",
        f"import tensorflow as tf\ndef f(x, dz): return tf.GradientTape()\n{NAME}: object = f\n",
        f"import tensorflow as tf\ndef tape(f): tf.GradientTape()\n@tape\ndef {NAME}(x, dz): return x\n",
        answer("return tf.GradientTape()", ""),
    ],
    ids=[
        "helper",
        "lambda",
        "alias",
        "import as",
        "assigned",
        "annotated",
        "decorator",
        "import out of sight",
    ],
)
def test_it_is_followed_into_what_the_answer_uses(text: str) -> None:
    assert helpers(text) == ("tf.GradientTape",)


SCRATCH = """
import tensorflow as tf
from gradecheck import check, grade
def tape(x, dz): return tf.GradientTape()
"""


@pytest.mark.parametrize(
    "body",
    [
        "return x * dz",
        "dx = x * dz\n    return dx",
        "check = x * dz\n    return check",
        "return (lambda grade: grade)(x)",
        "return [tape for tape in x]",
        "gradients = x * dz\n    return gradients",
        "return tf.stop_gradient(tf.sigmoid(x))",
        "return x.gradients",
    ],
)
def test_a_scratch_cell_beside_the_answer_does_not_count(body: str) -> None:
    """Nor does a local variable that is called like something in it."""
    assert helpers(f"{SCRATCH}{answer(body, '')}dx = tape(1, 2)\n") == ()


def test_the_last_definition_is_the_one_that_counts() -> None:
    first, second = answer("return tf.GradientTape()"), answer("return x * dz")
    assert helpers(first + second) == ()
    assert helpers(second + first) == ("tf.GradientTape",)


def test_functions_that_call_each_other_come_to_an_end() -> None:
    assert helpers(f"def {NAME}(x, dz): return f(x)\ndef f(x): return {NAME}(x, x)\n") == ()


@pytest.mark.parametrize("text", ["def (", "\0", "(" * 500, "-" * 100_000 + "1"])
def test_text_that_cannot_be_parsed_says_nothing(text: str) -> None:
    source = AnswerSource.of(text)
    assert not source.defines(NAME)
    assert not source.is_stub(NAME)
    assert source.forbidden_helpers(NAME) == ()


def test_a_cell_that_cannot_be_parsed_hides_no_other() -> None:
    tape = answer("return tf.GradientTape()")
    source = AnswerSource.of("import tensorflow as tf", "def (", tape, "y = 1")
    assert source.defines(NAME)
    assert source.forbidden_helpers(NAME) == ("tf.GradientTape",)
    assert source.text == f"import tensorflow as tf\ndef (\n{tape}\ny = 1"


def test_of_two_definitions_in_two_cells_the_later_one_counts() -> None:
    done, stub = answer("return dz"), answer("pass")
    assert not AnswerSource.of(stub, done).is_stub(NAME)
    assert AnswerSource.of(done, stub).is_stub(NAME)


def test_a_cell_is_parsed_once_however_many_notebooks_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str) -> ast.Module:
        parsed.append(text)
        return ast.parse(text)

    monkeypatch.setattr(parsing, "parse_quietly", parse)
    text = answer(f"return dz  # {os.urandom(8).hex()}")
    for _ in range(2):
        assert AnswerSource.of(text, "def (").defines(NAME)
    assert parsed.count(text) == 1


def test_in_whichever_cells_imports_stand_the_deeper_one_of_a_name_counts() -> None:
    cells = (
        "if True:\n    import tensorflow as t",
        "import numpy as t",
        "Tape = t.GradientTape",
        answer("Tape()"),
    )
    for order in permutations(cells):
        found = ("tf.GradientTape",)
        assert AnswerSource(order).forbidden_helpers(NAME) == found
        assert AnswerSource.of("\n".join(order)).forbidden_helpers(NAME) == found
        shallow = (cell.replace("numpy", "jax.numpy").replace("tensorflow", "numpy") for cell in order)
        assert AnswerSource(tuple(shallow)).forbidden_helpers(NAME) == ()


def test_what_is_remembered_of_a_cell_goes_with_its_tree() -> None:
    tree = ast.parse("import numpy as np")
    look = remembered_with_tree(lambda tree: (tree.body[0],))
    assert look(tree) is look(tree)
    gone = weakref.ref(tree)
    del tree
    gc.collect()
    assert gone() is None


def test_reading_is_silent() -> None:
    r"""A "\sigma" in a docstring warns on stderr from Python 3.12 on; that costs a graded cell its points."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert AnswerSource.of(answer('"""\\sigma(x)"""')).defines(NAME)
