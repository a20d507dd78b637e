import contextlib
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from gradecheck.run import hooks, watch
from gradecheck.run.frames import locate_in_files
from gradecheck.run.invoke import Request, invoke
from gradecheck.run.outcome import Raised, Returned
from gradecheck.run.traces import is_gradient_kernel
from gradecheck.run.watch import Up, moved_names, watching

tf = pytest.importorskip("tensorflow")
Tape = tf.GradientTape  # an alias that was taken before anything was watched
X = np.float32([1, 2])


TRANSIENT = pytest.mark.parametrize("up", [False], indirect=True)  # about hooks that do not stay
STAYING = pytest.mark.parametrize("up", [True], indirect=True)
HOOKS: list[Up] = []


@pytest.fixture(autouse=True, params=[False, True], ids=["put up for each call", "left between calls"])
def up(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param:
        HOOKS.append(watch.put_up())
    yield
    while HOOKS:
        watch._remove(HOOKS.pop().hooked)
    watch._state.up = None


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
    outcome = invoke({"f": function}, Request("f", [X]), locate_in_files, *HOOKS)
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
    assert used.used() == ()
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
    assert used.used() == ()


def test_watches_may_be_nested() -> None:
    with watching() as outer:
        with watching() as inner:
            with_kernel(tf.constant(X))
        with_tape(tf.constant(X))
    assert inner.used() == ("the kernel SigmoidGrad",)
    assert outer.used() == ("the kernel SigmoidGrad", "tf.GradientTape")


@TRANSIENT
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


@TRANSIENT
def test_a_tensorflow_that_moved_its_names_is_called_unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorflow.python import pywrap_tfe

    before = pywrap_tfe.TFE_Py_TapeSetNew
    monkeypatch.delattr(import_module("tensorflow.python.eager.forwardprop"), "_jvp_helper")
    assert used_by(with_tape) == ()
    assert pywrap_tfe.TFE_Py_TapeSetNew is before


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


def in_a_scope_called_gradients(x: Any) -> Any:
    with tf.name_scope("gradients"):
        s = tf.sigmoid(x)
        return x * s * (1 - s)


def test_a_scope_may_be_called_gradients() -> None:
    traced = tf.function(in_a_scope_called_gradients)
    assert used_by(traced) == ()
    assert used_by(traced) == ()


def test_gradients_are_found_whatever_their_scope_is_called() -> None:
    for gradients in (tf.gradients, tf.compat.v1.gradients):
        traced = tf.function(lambda x, g=gradients: g(tf.square(x) * x, x, name="harmless")[0])
        traced(tf.constant(X))
        assert used_by(traced) == ("tf.gradients",)


IMAGE, FILTER = np.ones((1, 3, 3, 1), np.float32), np.ones((2, 2, 1, 1), np.float32)


@pytest.mark.parametrize("name", [None, "dx"])
def test_transposed_convolution_is_a_forward_operation(name: str | None) -> None:
    def answer(x: Any) -> Any:
        made = tf.nn.conv2d_transpose(IMAGE, FILTER, [1, 4, 4, 1], 1, "VALID", name=name)
        return x * tf.compat.v1.nn.conv2d_transpose(made, FILTER, [1, 5, 5, 1], 1, "VALID")[0, 0, 0, 0]

    assert used_by(answer) == ()
    traced = tf.function(answer)
    assert used_by(traced) == ()
    assert used_by(traced) == ()


@pytest.mark.parametrize(
    "kernel",
    [
        lambda: tf.raw_ops.Conv2DBackpropInput(
            input_sizes=[1, 4, 4, 1], filter=FILTER, out_backprop=IMAGE, strides=[1] * 4, padding="VALID"
        ),
        lambda: tf.compat.v1.nn.conv2d_backprop_input([1, 4, 4, 1], FILTER, IMAGE, [1] * 4, "VALID"),
    ],
)
def test_the_kernel_of_transposed_convolution_is_none(kernel: Any) -> None:
    def answer(x: Any) -> Any:
        return x * kernel()[0, 0, 0, 0]

    expected = ("the kernel Conv2DBackpropInput",)
    assert used_by(answer) == expected
    earlier = tf.function(answer)
    earlier(tf.constant(X))
    assert used_by(earlier) == expected


@pytest.mark.parametrize("made", [False, True])
def test_gradients_in_a_session_are_named(made: bool) -> None:
    with tf.Graph().as_default() as graph:
        a = tf.compat.v1.placeholder(tf.float32, [2])
        b = tf.compat.v1.gradients(tf.square(a), a)[0]
    with contextlib.closing(tf.compat.v1.Session(graph=graph)) as session:
        run = session.make_callable(b, [a]) if made else lambda x: session.run(b, {a: x})
        assert used_by(lambda x: run(x.numpy())) == ("tf.gradients",)


def test_a_session_without_gradients_is_nobodys_business() -> None:
    with tf.Graph().as_default() as graph:
        a = tf.compat.v1.placeholder(tf.float32, [2])
        b = tf.square(a)
    with contextlib.closing(tf.compat.v1.Session(graph=graph)) as session:
        assert used_by(lambda x: session.run(b, {a: x.numpy()})) == ()


def switch_off(x: Any) -> Any:
    hooks._note = lambda _name: None
    return with_tape(x)


def replace_code(x: Any) -> Any:
    hooks._note.__code__ = (lambda _name: None).__code__
    return with_tape(x)


def replace_code_of_a_hook(x: Any) -> Any:
    from tensorflow.python import pywrap_tfe

    def deaf(name: str, original: Any) -> Any:
        return lambda *arguments: (name, original)[1](*arguments)

    for hook in (pywrap_tfe.TFE_Py_TapeSetNew, pywrap_tfe.TFE_Py_TapeSetAdd):
        hook.__code__ = deaf("", None).__code__
    return tf.square(x)


def widen_what_is_harmless(x: Any) -> Any:
    from tensorflow.python import pywrap_tfe

    for cell in pywrap_tfe.TFE_Py_FastPathExecute.__closure__:
        if isinstance(cell.cell_contents, frozenset):
            cell.cell_contents |= {"SigmoidGrad"}
    return with_kernel(x)


def forget_what_was_written(x: Any) -> Any:
    watch._WRITTEN = ()
    hooks._note = lambda _name: None
    return with_tape(x)


def replace_the_state(x: Any) -> Any:
    hooks.state = hooks.State()
    return with_tape(x)


def bind_what_is_watched_anew(x: Any) -> Any:
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    copied = type(pywrap_tfe)("copied")
    vars(copied).update(vars(pywrap_tfe) | {hook.name: hook.original for hook in watch._state.up.hooked})
    backprop.pywrap_tfe = copied
    return tf.square(x)


def take_the_hooks_off(x: Any) -> Any:
    watch._remove(watch._state.up.hooked)
    return with_tape(x)


def pretend_to_be_inside(x: Any) -> Any:
    hooks.state.depth.here += 1
    return with_tape(x)


def forget_the_watch(x: Any) -> Any:
    hooks.state.watches.clear()
    return with_tape(x)


LASTING = [
    switch_off,
    replace_code,
    replace_code_of_a_hook,
    widen_what_is_harmless,
    forget_what_was_written,
    replace_the_state,
    bind_what_is_watched_anew,
    take_the_hooks_off,
]


@pytest.fixture
def mended() -> Iterator[None]:
    """What tricks change is put back."""
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    note, code, state, harmless = hooks._note, hooks._note.__code__, hooks.state, hooks.state.harmless
    written = watch._WRITTEN
    yield
    watch._WRITTEN = written
    hooks._note, note.__code__, backprop.pywrap_tfe, hooks.state = note, code, pywrap_tfe, state
    while HOOKS:
        watch._remove(HOOKS.pop().hooked)
    watch._state.up = None
    state.watches.clear()
    assert state.harmless == harmless
    assert used_by(with_tape) == ("tf.GradientTape",)


@pytest.mark.usefixtures("mended")
@pytest.mark.parametrize("trick", [*LASTING, pretend_to_be_inside, forget_the_watch])
def test_a_change_to_the_watch_is_noticed(trick: Any) -> None:
    assert "a change to gradecheck itself" in used_by(trick)


@STAYING
@pytest.mark.usefixtures("mended")
@pytest.mark.parametrize("trick", LASTING)
def test_a_change_to_the_watch_is_noticed_in_later_calls_too(trick: Any) -> None:
    used_by(trick)
    assert "a change to gradecheck itself" in used_by(honest)


class Lying(str):
    """Says that it is another operation than the one that it names."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash("AddV2")

    def __eq__(self, other: object) -> bool:
        return other == "AddV2"

    def __str__(self) -> str:
        return "AddV2"


def test_a_text_that_lies_about_an_operation_is_read_as_it_is() -> None:
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import context

    def answer(x: Any) -> Any:
        return pywrap_tfe.TFE_Py_FastPathExecute(
            context.context()._context_handle or x, Lying("SigmoidGrad"), None, x, x
        )

    assert "the kernel SigmoidGrad" in used_by(answer)


def test_tensorflow_functions_bound_anew_before_the_call_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    used_by(honest)
    copied = type(pywrap_tfe)("copied")
    vars(copied).update(vars(pywrap_tfe))
    monkeypatch.setattr(backprop, "pywrap_tfe", copied)
    assert "a change to gradecheck itself" in used_by(honest)
    monkeypatch.undo()
    monkeypatch.setattr(pywrap_tfe, "TFE_Py_TapeSetNew", pywrap_tfe.TFE_Py_TapeSetNew.__call__)
    assert "a change to gradecheck itself" in used_by(honest)
    monkeypatch.undo()  # before the hooks are taken down


def test_what_was_seen_cannot_be_emptied_from_below() -> None:
    def answer(x: Any) -> Any:
        y = with_tape(x)
        for seen in sys._getframe(1).f_locals.values():
            getattr(seen, "clear", lambda: None)()
        return y

    assert used_by(answer) == ("tf.GradientTape",)


def test_what_another_thread_differentiates_hides_nothing() -> None:
    """A thread waits inside TensorFlow's own differentiation, where the kernels are TensorFlow's choice."""
    reached, leave = threading.Event(), threading.Event()

    @tf.custom_gradient
    def slow(x: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            reached.set()
            leave.wait(10)
            return upstream

        return tf.identity(x), gradient

    v = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = slow(v)
    thread = threading.Thread(target=tape.gradient, args=(y, v))
    with watching():
        thread.start()
        assert reached.wait(10)
        used = used_by(with_tape)
        leave.set()
        thread.join()
    assert "tf.GradientTape" in used


def test_a_traced_function_that_an_operation_runs_is_looked_through() -> None:
    def used_by_operation(function: Any) -> tuple[str, ...]:
        traced = tf.function(function).get_concrete_function(tf.TensorSpec([2]))
        return used_by(lambda x: tf.raw_ops.PartitionedCall(args=[x], Tout=[tf.float32], f=traced)[0])

    assert used_by_operation(with_tape) == ("tf.GradientTape",)
    assert used_by_operation(honest) == ()


@TRANSIENT
def test_hooks_of_which_one_cannot_be_put_up_are_taken_down(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorflow.python import pywrap_tfe

    before = pywrap_tfe.TFE_Py_TapeSetNew

    def run_out(_original: Any) -> Any:
        raise MemoryError("planted")

    monkeypatch.setattr(hooks, "_helping", run_out)
    with pytest.raises(MemoryError, match="planted"):
        watch.put_up()
    assert pywrap_tfe.TFE_Py_TapeSetNew is before
