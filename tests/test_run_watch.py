from typing import Any

import numpy as np
import pytest

from gradecheck.run import watch
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Raised, Returned
from gradecheck.run.watch import is_gradient_kernel, moved_names, watching

tf = pytest.importorskip("tensorflow")
Tape = tf.GradientTape  # an alias that was taken before anything was watched
X = np.float32([1, 2])


def with_tape(x: Any) -> Any:
    with Tape() as tape:
        tape.watch(x)
        y = tf.sigmoid(x)
    return tape.gradient(y, x)


def with_accumulator(x: Any) -> Any:
    with tf.autodiff.ForwardAccumulator(x, x) as accumulator:
        y = tf.sigmoid(x)
    return accumulator.jvp(y)


def with_gradients(x: Any) -> Any:
    with tf.Graph().as_default():
        z = tf.constant(1.0)
        tf.gradients(tf.sigmoid(z), z)
    return x


def with_kernel(x: Any) -> Any:
    return tf.raw_ops.SigmoidGrad(y=x, dy=x)


def with_filter_kernel(x: Any) -> Any:
    images, errors = tf.ones([1, 3, 3, 1]), tf.ones([1, 2, 2, 1])
    strides = [1, 1, 1, 1]
    return tf.compat.v1.nn.conv2d_backprop_filter(images, [2, 2, 1, 1], errors, strides, "VALID") * x[0]


def honest(x: Any) -> Any:
    s = tf.stop_gradient(tf.sigmoid(x))
    axes = tf.raw_ops.BroadcastGradientArgs(s0=[2], s1=[1])
    return tf.reduce_sum(x * s * (1 - s), axis=axes.r0, keepdims=True) + tf.nn.softmax(x)


def used_by(function: Any) -> tuple[str, ...]:
    outcome = InlineCaller({"f": function}).call("f", [X])
    assert isinstance(outcome, Returned | Raised), outcome
    return outcome.used


CHEATS = [
    (with_tape, "tf.GradientTape"),
    (with_accumulator, "tf.autodiff.ForwardAccumulator"),
    (with_gradients, "tf.gradients"),
    (with_kernel, "the kernel SigmoidGrad"),
    (with_filter_kernel, "the kernel Conv2DBackpropFilter"),
]


def test_the_private_names_are_where_this_module_looks_for_them() -> None:
    assert moved_names() == ()


@pytest.mark.parametrize(("function", "name"), CHEATS)
def test_every_helper_is_named(function: Any, name: str) -> None:
    assert used_by(function) == (name,)


@pytest.mark.parametrize(("function", "name"), CHEATS)
def test_every_helper_is_named_inside_a_traced_function_at_every_call(function: Any, name: str) -> None:
    traced = tf.function(function)
    assert used_by(traced) == (name,)
    assert used_by(traced) == (name,) or function is with_gradients  # that graph is another one


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (with_tape, "tf.GradientTape"),
        (with_kernel, "the kernel SigmoidGrad"),
        (with_accumulator, "tf.autodiff.ForwardAccumulator"),
    ],
)
def test_a_helper_in_a_function_that_was_traced_earlier_is_named(function: Any, name: str) -> None:
    inner = tf.function(function)
    outer = tf.function(lambda x: inner(x) + 1)
    outer(tf.constant(X))
    assert used_by(outer) == (name,)


def test_tf_gradients_in_a_function_that_was_traced_earlier_is_named() -> None:
    traced = tf.function(lambda x: tf.gradients(tf.sigmoid(x), x)[0])
    traced(tf.constant(X))
    assert used_by(traced) == ("tf.gradients",)


def test_an_honest_answer_uses_nothing() -> None:
    assert used_by(honest) == ()
    assert used_by(tf.function(honest)) == ()


def test_a_helper_is_named_although_the_call_raises() -> None:
    def answer(x: Any) -> Any:
        with_tape(x)
        raise ValueError

    assert used_by(answer) == ("tf.GradientTape",)


def test_a_tape_that_is_open_outside_is_not_held_against_the_call() -> None:
    traced = tf.function(lambda x: tf.sigmoid(x) * x)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with watching() as used:
            y = traced(x) + honest(x)
    assert used == []
    assert tape.gradient(y, x) is not None


def test_a_tape_made_outside_and_used_inside_is_named() -> None:
    tape = tf.GradientTape(persistent=True)

    def answer(x: Any) -> Any:
        with tape:
            tape.watch(x)
            return x * x

    assert used_by(answer) == ("tf.GradientTape",)
    assert used_by(answer) == ("tf.GradientTape",)


def test_watching_ends_with_the_call() -> None:
    with watching() as used:
        pass
    with_tape(tf.constant(X))
    assert used == []


def test_watches_may_be_nested() -> None:
    with watching() as outer:
        with watching() as inner:
            with_kernel(tf.constant(X))
        with_tape(tf.constant(X))
    assert inner == ["the kernel SigmoidGrad"]
    assert outer == ["the kernel SigmoidGrad", "tf.GradientTape"]


def test_all_that_was_wrapped_is_put_back_even_after_an_exception() -> None:
    from tensorflow.python import pywrap_tfe

    before = pywrap_tfe.TFE_Py_FastPathExecute

    def fail() -> None:
        with watching():
            assert pywrap_tfe.TFE_Py_FastPathExecute is not before
            raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        fail()
    assert pywrap_tfe.TFE_Py_FastPathExecute is before


def test_a_tensorflow_that_moved_its_names_is_called_unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorflow.python import pywrap_tfe

    before = pywrap_tfe.TFE_Py_TapeSetNew
    monkeypatch.setattr(watch, "_TFE", "tensorflow.python.moved")
    assert used_by(with_tape) == ()
    monkeypatch.undo()
    monkeypatch.setattr(watch, "_hooks", lambda: (*original_hooks[:2], (watch._TFE, "moved", None)))
    assert used_by(with_tape) == ()
    assert pywrap_tfe.TFE_Py_TapeSetNew is before


original_hooks = tuple(watch._hooks())


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("SigmoidGrad", True),
        ("Conv2DBackpropInputV2", True),
        ("MaxPoolGradGradWithArgmax", True),
        ("SymbolicGradient", True),
        ("BiasAddGrad", True),
        ("StopGradient", False),
        ("PreventGradient", False),
        ("BroadcastGradientArgs", False),
        ("ResourceApplyGradientDescent", False),
        ("ApplyAdagrad", False),
        ("Softmax", False),
    ],
)
def test_gradient_kernels_are_told_from_operations_that_only_sound_like_them(
    operation: str, expected: bool
) -> None:
    assert is_gradient_kernel(operation) is expected
