"""Notices when a student's function lets TensorFlow differentiate for it.

While a call is watched, the few functions through which every tape, accumulator and operation of
TensorFlow passes are wrapped. They are private, so all their names stand in this module, and a test fails
when one moves; should that happen to a user, nothing is watched and nothing breaks.

A tape that was opened outside of the call is none of the call's business, and neither are the kernels
which that tape runs.
"""

import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TAPE = "tf.GradientTape"
GRADIENTS = "tf.gradients"
ACCUMULATOR = "tf.autodiff.ForwardAccumulator"

_TFE = "tensorflow.python.pywrap_tfe"
_GRADIENT_KERNEL = re.compile(r"Grad|Backprop")
# The word is in their names, but they compute no gradient of a forward operation.
_HARMLESS_KERNEL = re.compile(
    r"StopGradient|PreventGradient|BroadcastGradientArgs|GradientDescent|Debug|Accumulator|TensorArrayGrad"
    r"|TPUEmbedding|FakeQuantWithMinMax(Args|Vars)(PerChannel)?$"
)
# How tapes and tf.gradients name what they add to the graph of a tf.function.
_NODE_SCOPES = (
    (re.compile(r"(^|/)gradient_tape/"), TAPE),
    (re.compile(r"(^|/)gradients(_\d+)?/"), GRADIENTS),
)
_OF_ACCUMULATORS = "__inference__jvp_"  # traced functions in which accumulators use tapes of their own

_Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass
class _State:
    lock: threading.RLock = field(default_factory=threading.RLock)
    watches: list[list[str]] = field(default_factory=list)
    originals: list[tuple[Any, str, Any]] = field(default_factory=list)
    inside: int = 0  # depth in TensorFlow's own differentiation, where kernels are its choice
    findings: dict[str, tuple[str, ...]] = field(default_factory=dict)


_state = _State()


@contextmanager
def watching() -> Iterator[list[str]]:
    """Watch a block; the list that it gives names what was used, such as "tf.GradientTape", each once."""
    used: list[str] = []
    with _state.lock:
        if not _state.watches:
            _install()
        _state.watches.append(used)
    try:
        yield used
    finally:
        with _state.lock:
            _state.watches = [watch for watch in _state.watches if watch is not used]
            if not _state.watches:
                _remove()


def moved_names() -> tuple[str, ...]:
    """The private names that this TensorFlow does not have; loads TensorFlow."""
    return tuple(
        f"{module}.{name}"
        for module, name, _ in _hooks()
        if not hasattr(importlib.import_module(module), name)
    )


def is_gradient_kernel(operation: str) -> bool:
    """Whether an operation type is one of TensorFlow's own gradient kernels, such as "SigmoidGrad"."""
    return bool(_GRADIENT_KERNEL.search(operation)) and not _HARMLESS_KERNEL.search(operation)


def _install() -> None:
    if "tensorflow" not in sys.modules:
        return
    _state.inside = 0
    try:
        for module_name, name, wrap in _hooks():
            module = importlib.import_module(module_name)
            original = getattr(module, name)
            setattr(module, name, wrap(original))
            _state.originals.append((module, name, original))
    except (ImportError, AttributeError):
        _remove()


def _remove() -> None:
    while _state.originals:
        module, name, original = _state.originals.pop()
        setattr(module, name, original)


def _hooks() -> Iterable[tuple[str, str, _Wrap]]:
    """Module, name and wrapper of everything that is watched."""
    return (
        (_TFE, "TFE_Py_TapeSetNew", _noting(TAPE)),
        (_TFE, "TFE_Py_TapeSetAdd", _noting(TAPE)),
        (_TFE, "TFE_Py_TapeGradient", _differentiating(TAPE)),
        (_TFE, "TFE_Py_ForwardAccumulatorNew", _noting(ACCUMULATOR)),
        (_TFE, "TFE_Py_ForwardAccumulatorSetAdd", _noting(ACCUMULATOR)),
        (_TFE, "TFE_Py_FastPathExecute", _executing(1)),
        (_TFE, "TFE_Py_Execute", _executing(2)),
        (_TFE, "TFE_Py_ExecuteCancelable", _executing(2)),
        ("tensorflow.python.framework.op_def_library", "_apply_op_helper", _executing(0)),
        ("tensorflow.python.ops.gradients_util", "_GradientsHelper", _helping),
        ("tensorflow.python.eager.forwardprop", "_jvp_helper", _differentiating(None)),
    )


def _note(name: str) -> None:
    if _state.inside:
        return
    for watch in tuple(_state.watches):
        if name not in watch:
            watch.append(name)


def _noting(name: str) -> _Wrap:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            _note(name)
            return original(*arguments, **options)

        return noted

    return wrap


def _differentiating(name: str | None) -> _Wrap:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def differentiated(*arguments: Any, **options: Any) -> Any:
            if name is not None:
                _note(name)
            return _inside(original, arguments, options)

        return differentiated

    return wrap


def _helping(original: Callable[..., Any]) -> Callable[..., Any]:
    """tf.gradients, and a tf.function that runs under a tape, share this helper."""

    def helped(*arguments: Any, **options: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__", "").endswith("gradients_impl"):
            _note(GRADIENTS)
        return _inside(original, arguments, options)

    return helped


def _inside(original: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    _state.inside += 1
    try:
        return original(*arguments, **options)
    finally:
        _state.inside -= 1


def _executing(position: int) -> _Wrap:
    """Wraps what executes an operation, or adds it to a graph; its type is the argument at `position`."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        findings = _state.findings

        def executed(*arguments: Any, **options: Any) -> Any:
            name = arguments[position]
            found = findings.get(name)
            if found is None:
                found = findings[name] = _examine(name)
            for what in found:
                _note(what)
            return original(*arguments, **options)

        return executed

    return wrap


def _examine(name_of: str | bytes) -> tuple[str, ...]:
    """What an operation, or a traced function with all that it calls, is known for."""
    operation = name_of.decode() if isinstance(name_of, bytes) else str(name_of)
    if operation.startswith(_OF_ACCUMULATORS):
        return ()
    if is_gradient_kernel(operation):
        return (f"the kernel {operation}",)
    try:
        context = importlib.import_module("tensorflow.python.eager.context").context()
        found: dict[str, None] = {}
        waiting, seen = [operation], set()
        while waiting:
            name = waiting.pop()
            if name in seen or not context.has_function(name):
                continue
            seen.add(name)
            if name.startswith(_OF_ACCUMULATORS):
                found[ACCUMULATOR] = None
                continue
            for node in context.get_function_def(name).node_def:
                found.update(dict.fromkeys(_of_node(node)))
                waiting.append(node.op)
                waiting.extend(item.func.name for item in node.attr.values() if item.HasField("func"))
        return tuple(found)
    except Exception:  # private again: without it, only what was traced earlier goes unnoticed
        return ()


def _of_node(node: Any) -> tuple[str, ...]:
    for scope, name in _NODE_SCOPES:
        if scope.search(node.name):
            return (name,)
    return (f"the kernel {node.op}",) if is_gradient_kernel(node.op) else ()
