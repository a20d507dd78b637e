"""Notices when a student's function lets TensorFlow differentiate for it.

While a call is watched, the hooks of `gradecheck.run.hooks` are up. Should one of the names that they need
have moved, nothing is watched and nothing breaks.

A tape that was opened outside of the call is none of the call's business, and neither are the kernels
which that tape runs.
"""

import contextlib
import functools
import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from gradecheck.run import hooks, traces
from gradecheck.run.hooks import TFE, TFE_USERS, Watch, state
from gradecheck.run.traces import harmless_operations

__all__ = ["Watch", "moved_names", "remember", "stay", "watching"]

_OURSELVES = "a change to gradecheck itself"  # found in the process, whoever made it


@dataclass(frozen=True, eq=False)
class _Hooked:
    holder: Any
    name: str
    original: Any
    wrapped: Any
    code: CodeType


@dataclass(frozen=True, eq=False)
class _Written:
    module: dict[str, Any]
    name: str
    function: FunctionType
    code: CodeType


@dataclass
class _State:
    hooked: list[_Hooked] = field(default_factory=list)
    holders: dict[str, Any] = field(default_factory=dict)
    pristine: dict[tuple[str, str], Any] = field(default_factory=dict)
    staying: bool = False  # hooks stay up between watched blocks
    untouched: bool = True  # whether TensorFlow's names were bound to what is its own when hooks were put up


_state = _State()


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch a block."""
    watch = _new_watch()
    with state.lock:
        if not state.watches:
            _begin()
        if not _state.untouched:
            watch.add(_OURSELVES)
        state.watches.append(watch)
        hooked, inside = tuple(_state.hooked), state.inside
    try:
        yield watch
    finally:
        with state.lock:
            if watch not in state.watches or state.inside != inside or not _intact(hooked):
                watch.add(_OURSELVES)
            state.watches = [other for other in state.watches if other is not watch]
            if not (state.watches or _state.staying):
                _remove(hooked)


def stay() -> None:
    """From the first watched block on, leave the hooks where they are, in a process that only makes calls.

    To put them up and take them down again costs a tenth of a call.
    """
    _state.staying = True


def _new_watch() -> Watch:
    names: dict[str, None] = {}

    def add(name: str) -> None:
        names[name] = None

    return Watch(add, lambda: tuple(names))


def remember() -> None:
    """Take note of TensorFlow's functions as they are before any student's code runs; loads TensorFlow."""
    for user in TFE_USERS:
        with contextlib.suppress(ImportError, AttributeError):
            _holder(user)
    for module, name, _ in hooks.hooks():
        with contextlib.suppress(ImportError, AttributeError):
            _state.pristine[module, name] = getattr(_holder(module), name)
    state.harmless = harmless_operations()


def _intact(hooked: Sequence[_Hooked]) -> bool:
    """Whether the hooks are where they were put, and what decides here is as it was written."""
    for hook in hooked:
        if hook.wrapped.__code__ is not hook.code:
            return False
        if getattr(hook.holder, hook.name, None) is not hook.wrapped:
            return False
    for part in _WRITTEN:
        if part.module.get(part.name) is not part.function or part.function.__code__ is not part.code:
            return False
    return not hooked or _shared()


def _shared() -> bool:
    """Whether all of TensorFlow calls what is watched."""
    real = _holder(TFE)
    return all(getattr(_holder(user), "pywrap_tfe", real) is real for user in TFE_USERS)


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
    return tuple(
        f"{module}.{name}" for module, name, _ in hooks.hooks() if not hasattr(_holder(module), name)
    )


def _begin() -> None:
    """Forget what another block has seen, and see to it that the hooks are up."""
    state.findings.clear()
    state.inside = 0
    if not _state.hooked:
        _state.untouched = _install()


def _install() -> bool:
    """Put the hooks in place; False where somebody bound TensorFlow's own names anew."""
    if "tensorflow" not in sys.modules:
        return True
    if not _state.pristine:
        remember()
    untouched = True
    try:
        for module, name, wrap in hooks.hooks():
            holder = _holder(module)
            original = getattr(holder, name)
            untouched &= _state.pristine.get((module, name), original) is original
            wrapped: Any = wrap(original)
            setattr(holder, name, wrapped)
            _state.hooked.append(_Hooked(holder, name, original, wrapped, wrapped.__code__))
        untouched &= _shared()
    except (ImportError, AttributeError):
        _remove(tuple(_state.hooked))
    return untouched


def _remove(hooked: Iterable[_Hooked]) -> None:
    for hook in hooked:
        setattr(hook.holder, hook.name, hook.original)
    _state.hooked.clear()


_WRITTEN = tuple(
    _Written(vars(module), name, thing, thing.__code__)
    for module in (sys.modules[__name__], hooks, traces)
    for name, thing in vars(module).items()
    if isinstance(thing, FunctionType)
)
