"""Notices when a student's function lets TensorFlow differentiate for it.

While a call is watched, the few functions through which every tape, accumulator and operation of
TensorFlow passes are wrapped. They are private, so all their names stand in this module, and a test fails
when one moves; should that happen to a user, nothing is watched and nothing breaks.

A tape that was opened outside of the call is none of the call's business, and neither are the kernels
which that tape runs.
"""

import contextlib
import functools
import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from gradecheck.run import traces
from gradecheck.run.traces import (
    ACCUMULATOR,
    GRADIENTS,
    TAPE,
    TRANSPOSED,
    examine,
    examine_node,
    in_transpose,
)

_OURSELVES = "a change to gradecheck itself"  # found in the process, whoever made it

_TFE = "tensorflow.python.pywrap_tfe"
_TFE_USERS = tuple(
    f"tensorflow.python.eager.{name}" for name in ("backprop", "imperative_grad", "tape", "execute")
)
_TRANSPOSED = (TRANSPOSED, TRANSPOSED.encode())  # as the one and the other door call it
_SESSION = "tensorflow.python.client.session"
_Function = Callable[..., Any]  # by name: a subscript in a nested function is computed with each call
_Wrap = Callable[[_Function], _Function]


@dataclass(frozen=True, eq=False)
class Watch:
    """What was seen in a watched block; can be added to, but not emptied.

    Attributes:
        add: notes a name.
        used: the names, such as "tf.GradientTape", each once.
    """

    add: Callable[[str], None]
    used: Callable[[], tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class _Hooked:
    holder: Any
    name: str
    original: Any
    wrapped: Any


@dataclass(frozen=True, eq=False)
class _Written:
    module: dict[str, Any]
    name: str
    function: FunctionType
    code: CodeType


@dataclass
class _State:
    lock: threading.RLock = field(default_factory=threading.RLock)
    watches: list[Watch] = field(default_factory=list)
    hooked: list[_Hooked] = field(default_factory=list)
    holders: dict[str, Any] = field(default_factory=dict)
    pristine: dict[tuple[str, str], Any] = field(default_factory=dict)
    inside: int = 0  # depth in TensorFlow's own differentiation, where kernels are its choice
    findings: dict[str, tuple[str, ...]] = field(default_factory=dict)


_state = _State()


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch a block."""
    watch = _new_watch()
    with _state.lock:
        if not _state.watches and not _install():
            watch.add(_OURSELVES)
        _state.watches.append(watch)
        hooks, inside = tuple(_state.hooked), _state.inside
    try:
        yield watch
    finally:
        with _state.lock:
            if watch not in _state.watches or _state.inside != inside or not _intact(hooks):
                watch.add(_OURSELVES)
            _state.watches = [other for other in _state.watches if other is not watch]
            if not _state.watches:
                _remove(hooks)


def _new_watch() -> Watch:
    names: dict[str, None] = {}

    def add(name: str) -> None:
        names[name] = None

    return Watch(add, lambda: tuple(names))


def remember() -> None:
    """Take note of TensorFlow's functions as they are before any student's code runs; loads TensorFlow."""
    for user in _TFE_USERS:
        with contextlib.suppress(ImportError, AttributeError):
            _holder(user)
    for module, name, _ in _hooks():
        with contextlib.suppress(ImportError, AttributeError):
            _state.pristine[module, name] = getattr(_holder(module), name)


def _intact(hooks: Iterable[_Hooked]) -> bool:
    """Whether the hooks are where they were put, and what decides here is as it was written."""
    return all(getattr(hook.holder, hook.name, None) is hook.wrapped for hook in hooks) and all(
        part.module.get(part.name) is part.function and part.function.__code__ is part.code
        for part in _WRITTEN
    )


def _holder(path: str) -> Any:
    """A module, or after a colon a class in it, as it was when this was first asked."""
    found = _state.holders.get(path)
    if found is None:
        module, _, names = path.partition(":")
        found = importlib.import_module(module)
        found = functools.reduce(getattr, names.split(".") if names else [], found)
        _state.holders[path] = found
    return found


def moved_names() -> tuple[str, ...]:
    """The private names that this TensorFlow does not have; loads TensorFlow."""
    return tuple(f"{module}.{name}" for module, name, _ in _hooks() if not hasattr(_holder(module), name))


def _install() -> bool:
    """Put the hooks in place; False where somebody bound TensorFlow's own names anew."""
    _state.hooked.clear()
    _state.findings.clear()
    _state.inside = 0
    if "tensorflow" not in sys.modules:
        return True
    if not _state.pristine:
        remember()
    untouched = True
    try:
        for module, name, wrap in _hooks():
            holder = _holder(module)
            original = getattr(holder, name)
            untouched &= _state.pristine.get((module, name), original) is original
            hooked = _Hooked(holder, name, original, wrap(original))
            setattr(holder, name, hooked.wrapped)
            _state.hooked.append(hooked)
        real = _holder(_TFE)
        untouched &= all(getattr(_holder(user), "pywrap_tfe", real) is real for user in _TFE_USERS)
    except (ImportError, AttributeError):
        _remove(tuple(_state.hooked))
    return untouched


def _remove(hooks: Iterable[_Hooked]) -> None:
    for hook in hooks:
        setattr(hook.holder, hook.name, hook.original)
    _state.hooked.clear()


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
        (f"{_SESSION}:BaseSession", "_run", _running(lambda session: session)),
        (f"{_SESSION}:BaseSession._Callable", "__call__", _running(lambda made: made._session)),
    )


def _note(name: str) -> None:
    if _state.inside:
        return
    for watch in tuple(_state.watches):
        watch.add(name)


def _noting(name: str) -> _Wrap:
    def wrap(original: _Function) -> _Function:
        def noted(*arguments: Any, **options: Any) -> Any:
            _note(name)
            return original(*arguments, **options)

        return noted

    return wrap


def _differentiating(name: str | None) -> _Wrap:
    def wrap(original: _Function) -> _Function:
        def differentiated(*arguments: Any, **options: Any) -> Any:
            if name is not None:
                _note(name)
            return _inside(original, arguments, options)

        return differentiated

    return wrap


def _helping(original: _Function) -> _Function:
    """tf.gradients, and a tf.function that runs under a tape, share this helper."""

    def helped(*arguments: Any, **options: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__", "").endswith("gradients_impl"):
            _note(GRADIENTS)
        return _inside(original, arguments, options)

    return helped


def _inside(original: _Function, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    _state.inside += 1
    try:
        return original(*arguments, **options)
    finally:
        _state.inside -= 1


def _executing(position: int) -> _Wrap:
    """Wraps what executes an operation, or adds it to a graph; its type is the argument at `position`."""

    def wrap(original: _Function) -> _Function:
        findings = _state.findings

        def executed(*arguments: Any, **options: Any) -> Any:
            name = arguments[position]
            found = findings.get(name)
            if found is None:
                found = findings[name] = examine(name)
            if found and not (name in _TRANSPOSED and in_transpose()):
                for what in found:
                    _note(what)
            return original(*arguments, **options)

        return executed

    return wrap


def _running(session_of: Callable[[Any], Any]) -> _Wrap:
    """Wraps what runs the graph of a session, the way of TensorFlow 1."""

    def wrap(original: _Function) -> _Function:
        def ran(*arguments: Any, **options: Any) -> Any:
            for node in session_of(arguments[0]).graph.as_graph_def().node:
                for what in (*examine_node(node), *examine(node.op)):
                    _note(what)
            return original(*arguments, **options)

        return ran

    return wrap


_WRITTEN = tuple(
    _Written(vars(module), name, thing, thing.__code__)
    for module in (sys.modules[__name__], traces)
    for name, thing in vars(module).items()
    if isinstance(thing, FunctionType)
)
