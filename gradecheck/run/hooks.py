"""What is wrapped around TensorFlow's own functions, so that nothing that differentiates goes unnoticed.

Every tape, accumulator and operation passes through these few. They are private, so all their names stand in
this module, and a test fails when one moves.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gradecheck.run.traces import (
    ACCUMULATOR,
    GRADIENTS,
    TAPE,
    TRANSPOSED,
    examine,
    examine_called,
    examine_node,
    in_transpose,
    plain_name,
)

TFE = "tensorflow.python.pywrap_tfe"
TFE_USERS = tuple(
    f"tensorflow.python.eager.{name}" for name in ("backprop", "imperative_grad", "tape", "execute")
)
"""The modules that have the first one under its own name."""

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


class _Depth(threading.local):
    """How deep a thread is in TensorFlow's own differentiation, where kernels are its choice."""

    here = 0


@dataclass
class State:
    """What the hooks share.

    Attributes:
        lock: of all this.
        watches: who is told.
        depth: of each thread.
        findings: what other operations than the harmless ones are known for, since the last block began.
        harmless: the operations that are known for nothing.
        calling: those that run traced functions, for which they are known.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    watches: list[Watch] = field(default_factory=list)
    depth: _Depth = field(default_factory=_Depth)
    findings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    calling: frozenset[str] = frozenset()


state = State()


def hooks() -> Iterable[tuple[str, str, _Wrap]]:
    """Module, name and wrapper of everything that is watched."""
    return (
        (TFE, "TFE_Py_TapeSetNew", _noting(TAPE)),
        (TFE, "TFE_Py_TapeSetAdd", _noting(TAPE)),
        (TFE, "TFE_Py_TapeGradient", _differentiating(TAPE)),
        (TFE, "TFE_Py_ForwardAccumulatorNew", _noting(ACCUMULATOR)),
        (TFE, "TFE_Py_ForwardAccumulatorSetAdd", _noting(ACCUMULATOR)),
        (TFE, "TFE_Py_FastPathExecute", _executing(1)),
        (TFE, "TFE_Py_Execute", _executing(2)),
        (TFE, "TFE_Py_ExecuteCancelable", _executing(2)),
        ("tensorflow.python.framework.op_def_library", "_apply_op_helper", _executing(0)),
        ("tensorflow.python.ops.gradients_util", "_GradientsHelper", _helping),
        ("tensorflow.python.eager.forwardprop", "_jvp_helper", _differentiating(None)),
        (f"{_SESSION}:BaseSession", "_run", _running(lambda session: session)),
        (f"{_SESSION}:BaseSession._Callable", "__call__", _running(lambda made: made._session)),
    )


def _note(name: str) -> None:
    if state.depth.here:
        return
    for watch in tuple(state.watches):
        watch.add(name)


def _noting(name: str) -> _Wrap:
    def wrap(original: _Function) -> _Function:
        def noted(*arguments: Any, **options: Any) -> Any:
            _note(name)
            return original(*arguments, **options)

        return noted

    return wrap


def _differentiating(name: str | None) -> _Wrap:
    """Wraps what differentiates by itself; without a name where something else has noted that already."""

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
    state.depth.here += 1
    try:
        return original(*arguments, **options)
    finally:
        state.depth.here -= 1


def _executing(position: int) -> _Wrap:
    """Wraps what executes an operation, or adds it to a graph; its type is the argument at `position`."""

    def wrap(original: _Function) -> _Function:
        findings, harmless, calling = state.findings, state.harmless, state.calling

        def executed(*arguments: Any, **options: Any) -> Any:
            name = arguments[position]
            if type(name) is not str or name not in harmless:
                name = plain_name(name)
                found = findings.get(name)
                if found is None:
                    found = findings[name] = examine(name)
                if name in calling:
                    found = examine_called((*arguments, *options.values()))
                if found and not (name == TRANSPOSED and in_transpose()):
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
