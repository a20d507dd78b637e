"""Calls one function and reports what came of it; shared by inline calls and the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradecheck.drive import DRIVERS
from gradecheck.drive.driver import Driver, noticing
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.frames import Locate, describe
from gradecheck.run.limits import MAX_ARRAYS
from gradecheck.run.outcome import Array, Missing, NotArray, Raised, Returned
from gradecheck.run.values import count_stacked, make_arguments, read_values, to_value
from gradecheck.run.watch import Up, Watch, watching
from gradecheck.setting import Setting

_NOTHING = np.empty(0)


@dataclass(frozen=True, eq=False)
class Request:
    """One call to make, as `gradecheck.run.caller.Caller.call` describes it."""

    function: str
    arguments: Sequence[Array]
    kind: ArgumentKind = ArgumentKind.TENSOR32
    outputs: int = 1
    report_arguments: bool = False
    settings: Sequence[Setting] = ()
    driver: str = ""


def invoke(
    functions: Mapping[str, Any], request: Request, locate: Locate, up: Up | None = None
) -> Returned | Raised | Missing:
    """Make the call in this process; KeyboardInterrupt is the only exception that passes through.

    Args:
        functions: by name.
        request: which of them to call, and how.
        locate: finds the student's lines.
        up: hooks that watch all calls of this process; without them, some are put up for this one.
    """
    function = functions.get(request.function)
    if not callable(function):
        return Missing(request.function, None if function is None else _found(function))
    driver = DRIVERS[request.driver] if request.driver else None
    arguments = make_arguments(request.arguments, request.kind)
    with watching(up) as watch:
        try:
            returned = _called(function, driver, arguments, request.settings, watch)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit, too, is the student's mistake
            return describe(error, locate, watch.used())
        values = read_values(returned, request.outputs)
        stacked = count_stacked(returned, values) if request.outputs == 1 else 1
    after = _arguments_after(arguments) if request.report_arguments else ()
    return Returned(values[:MAX_ARRAYS], after, watch.used(), stacked)


def _called(
    function: Any, driver: Driver | None, arguments: Sequence[Any], settings: Sequence[Setting], watch: Watch
) -> Any:
    """What the function returns, or what its driver makes of it."""
    if driver is None:
        return function(*arguments, *settings)
    with noticing(driver.forbidden, watch.add):
        return driver.call(function, *arguments, *settings)


def _arguments_after(arguments: Sequence[object]) -> tuple[Array, ...]:
    """The arguments' values now; one that became unreadable counts as an empty array."""
    values = (to_value(argument) for argument in arguments)
    return tuple(_NOTHING if isinstance(value, NotArray) else value for value in values)


def _found(thing: object) -> str:
    value = to_value(thing)
    if isinstance(value, NotArray):
        return value.description
    return "a number" if value.ndim == 0 else "an array"
