"""Driving `RegisterGradient(operation, registry)`: rules are entered for fresh operations, and looked up."""

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradecheck.drive.driver import NotAsAsked, described
from gradecheck.drive.engine import usual_rules
from gradecheck.graph import Operation

Float64 = NDArray[np.float64]


def drive(student: Callable[..., Any], x: Float64, dz: Float64) -> tuple[Float64, ...]:
    """Register the rules of two operations, and see what has become of them.

    Returns:
        How many keys the registry has of each kind: the classes, texts with a class's name, names of
        the rules, operations, functions, others. What the rules give that are found in the registry under
        their classes, 0 where none is; what the two names under the decorators give when they are called, 0
        where they are no function; and for the first and for the second rule of one class whether there
        was an alarm, an exception or a warning: 1 or 0.
    """
    with usual_rules():  # should they end up in the library's own registry
        return _looked_up(student, x, dz)


def _looked_up(student: Callable[..., Any], x: Float64, dz: Float64) -> tuple[Float64, ...]:
    kinds = _fresh("cube"), _fresh("twice_the_cube")
    registry: dict[Any, Any] = {}
    operation = SimpleNamespace(inputs=[x], output=x**3, input_nodes=[])
    rules = _rules()
    alarms, kept = [], []
    for kind, rule in zip(kinds, rules, strict=True):
        alarm, decorated = _register(student, kind, registry, rule, may_raise=False)
        alarms.append(alarm)
        kept.append(_given(decorated, operation, dz, "what the decorator gives back"))
    found = [_given(registry.get(k), operation, dz, "what the registry has for the class") for k in kinds]
    keys = _kinds_of_keys(registry, kinds, {rule.__name__ for rule in rules})
    again, _ = _register(student, kinds[0], registry, _rules()[0], may_raise=True)
    return keys, np.stack(found), np.stack(kept), np.array([max(alarms), again])


def _kinds_of_keys(registry: dict[Any, Any], kinds: tuple[type, ...], of_rules: set[str]) -> Float64:
    counts = np.zeros(6)
    for key in registry:
        if isinstance(key, type):
            counts[0 if key in kinds else 5] += 1
        elif isinstance(key, str) and key in of_rules:
            counts[2] += 1
        elif isinstance(key, str):
            counts[1 if any(kind.__name__ in key for kind in kinds) else 5] += 1
        elif isinstance(key, kinds):
            counts[3] += 1
        else:
            counts[4 if callable(key) else 5] += 1
    return counts


def _register(
    student: Callable[..., Any], kind: type, registry: dict[Any, Any], rule: Any, *, may_raise: bool
) -> tuple[float, Any]:
    """Whether there was an alarm, and what the decorator gave back."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            decorated = _decorator(student(kind, registry))(rule)
        except NotAsAsked:
            raise
        except Exception:  # an alarm may be any exception, but only where there is cause for alarm
            if not may_raise:
                raise
            return 1.0, None
    return float(bool(heard)), decorated


def _decorator(found: Any) -> Callable[[Any], Any]:
    if callable(found):
        return found  # type: ignore[no-any-return]  # the student's, which is called with care
    raise NotAsAsked(
        f"RegisterGradient(…) gave {described(found)}; it must give a decorator, to be called with the rule"
    )


def _fresh(name: str) -> type[Operation]:
    """A class of operations that nobody has seen; the library's list of classes stays as it was."""
    before = dict(Operation.types)
    kind = type(name, (Operation,), {"compute": lambda _self, x: x**3, "__init__": _init})
    Operation.types.clear()
    Operation.types.update(before)
    return kind


def _init(_operation: Any, *_inputs: Any) -> None:
    """Makes an operation without a graph."""


def _rules() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """New functions at every call."""

    def cube_gradient(op: Any, G: Any) -> Any:
        return G * 3.0 * op.inputs[0] ** 2

    def twice_the_cube_gradient(op: Any, G: Any) -> Any:
        return G * 6.0 * op.inputs[0] ** 2

    return cube_gradient, twice_the_cube_gradient


def _given(rule: Any, operation: Any, upstream: Float64, what: str) -> Float64:
    """What a rule gives, 0 where it is no function.

    Raises:
        NotAsAsked: it is a function, and another one than the rule that was handed over.
    """
    if not callable(rule):
        return np.zeros(upstream.shape)
    try:
        given = rule(operation, upstream)
    except Exception as error:  # the rules that are handed over never raise
        raise NotAsAsked(f"{what} is not the rule: called with (op, G), it raises {error!r}") from error
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise NotAsAsked(
            f"{what} is not the rule: called with (op, G), it gives {described(given)}"
        ) from None
