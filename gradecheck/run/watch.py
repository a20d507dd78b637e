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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter, is_, itemgetter
from types import FunctionType, ModuleType
from typing import Any

from gradecheck.run import hooks, traces
from gradecheck.run.hooks import TFE, TFE_USERS, Watch, state
from gradecheck.run.traces import calling_operations, harmless_operations

__all__ = ["Up", "Watch", "moved_names", "put_up", "remember", "watching"]

_OURSELVES = "a change to gradecheck itself"  # found in the process, whoever made it


@dataclass(frozen=True, eq=False)
class _Hooked:
    holder: Any
    name: str
    original: Any
    wrapped: Any


@dataclass(frozen=True, eq=False)
class _Fixed:
    """Things that must stay the very same, and where they are read; nothing is asked whether it is equal."""

    read: Callable[[], Iterable[Any]]
    things: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Up:
    """The hooks that `put_up` has put up.

    Attributes:
        hooked: one each; none where TensorFlow is not loaded, or has moved its names.
        fixed: what tells that they are as they were put up, and what decides here as it was written.
        untouched: whether TensorFlow's names were bound to what is its own before.
    """

    hooked: tuple[_Hooked, ...] = ()
    fixed: tuple[_Fixed, ...] = ()
    untouched: bool = True


@dataclass
class _State:
    holders: dict[str, Any] = field(default_factory=dict)
    pristine: dict[tuple[str, str], Any] = field(default_factory=dict)
    up: Up | None = None  # those that stay, or for the time of a block


_state = _State()


@contextmanager
def watching(up: Up | None = None) -> Iterator[Watch]:
    """Watch a block.

    Args:
        up: hooks that stay, from `put_up`, as whoever put them up has kept them: a change to them is found in
            each block that follows, so that one exercise can spoil others of its process. Without any, some
            are put up for this block alone.
    """
    watch = _new_watch()
    with state.lock:
        if not state.watches:
            state.findings.clear()
            state.depth.here = 0
        kept, own = up or _state.up, None
        if kept is None:
            kept = own = _state.up = _install()
        if not kept.untouched:
            watch.add(_OURSELVES)
        state.watches.append(watch)
        inside = state.depth.here
    try:
        yield watch
    finally:
        with state.lock:
            if watch not in state.watches or state.depth.here != inside or not _intact(kept):
                watch.add(_OURSELVES)
            state.watches = [other for other in state.watches if other is not watch]
            if own is not None:
                _remove(own.hooked)
                _state.up = None


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
    state.harmless, state.calling = harmless_operations(), calling_operations()


def _intact(up: Up) -> bool:
    """Whether the hooks are where they were put, and what decides here is as it was written."""
    try:
        return all(all(map(is_, part.read(), part.things)) for part in up.fixed)
    except (AttributeError, KeyError, ValueError):  # one is gone
        return False


def _fixed(read: Callable[[], Iterable[Any]]) -> _Fixed:
    """Things as they are now."""
    return _Fixed(read, tuple(read()))


def _fixed_functions(functions: Sequence[FunctionType]) -> tuple[_Fixed, _Fixed]:
    """Their code, and what their closures hold."""
    cells = [cell for function in functions for cell in function.__closure__ or ()]
    return (
        _fixed(functools.partial(map, attrgetter("__code__"), functions)),
        _fixed(functools.partial(map, attrgetter("cell_contents"), cells)),
    )


def _fixed_module(module: ModuleType) -> tuple[_Fixed, ...]:
    """Everything that a module is made of."""
    names = [name for name in vars(module) if not name.startswith("__")]
    functions = [vars(module)[name] for name in names if isinstance(vars(module)[name], FunctionType)]
    return _fixed(functools.partial(itemgetter(*names), vars(module))), *_fixed_functions(functions)


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
    places = [(module, name) for module, name, _ in hooks.hooks()]
    return tuple(f"{module}.{name}" for module, name in places if not hasattr(_holder(module), name))


def put_up() -> Up:
    """Wrap the functions that are watched, until this process ends."""
    _state.up = _install()
    return _state.up


def _install() -> Up:
    if "tensorflow" not in sys.modules:
        return Up()
    if not _state.pristine:
        remember()
    hooked: list[_Hooked] = []
    untouched = True
    try:
        for module, name, wrap in hooks.hooks():
            holder = _holder(module)
            original = getattr(holder, name)
            untouched &= _state.pristine.get((module, name), original) is original
            hooked.append(_Hooked(holder, name, original, wrap(original)))
            setattr(holder, name, hooked[-1].wrapped)
        callers = [_holder(user) for user in TFE_USERS if hasattr(_holder(user), "pywrap_tfe")]
        untouched &= all(caller.pywrap_tfe is _holder(TFE) for caller in callers)
    except (ImportError, AttributeError):
        _remove(hooked)
        return Up(untouched=untouched)
    except BaseException:
        _remove(hooked)
        raise
    places = [hook.holder for hook in hooked], [hook.name for hook in hooked]
    return Up(
        tuple(hooked),
        (
            _fixed(functools.partial(map, getattr, *places)),
            _fixed(functools.partial(map, attrgetter("pywrap_tfe"), callers)),
            *_fixed_functions([hook.wrapped for hook in hooked]),
            *_WRITTEN,
        ),
        untouched,
    )


def _remove(hooked: Sequence[_Hooked]) -> None:
    for hook in hooked:
        setattr(hook.holder, hook.name, hook.original)


_WRITTEN = tuple(part for module in (hooks, traces, sys.modules[__name__]) for part in _fixed_module(module))
