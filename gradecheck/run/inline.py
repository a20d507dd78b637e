"""Calls functions in this very process: for the cell in a student's own notebook, on trust."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradecheck.run.caller import ArgumentKind, Caller
from gradecheck.run.frames import Locate, locate_in_files
from gradecheck.run.invoke import Request, invoke
from gradecheck.run.outcome import Array, Outcome
from gradecheck.run.quiet import quiet
from gradecheck.setting import Setting


class InlineCaller(Caller):
    """A `gradecheck.run.caller.Caller` without a process, a time limit or protection.

    Args:
        functions: the functions by name; a notebook's namespace will do.
        locate: finds the student's line from a file's name and a line number.
    """

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]], *, locate: Locate = locate_in_files
    ) -> None:
        self._functions = functions
        self._locate = locate

    def call(
        self,
        function: str,
        arguments: Sequence[Array],
        *,
        kind: ArgumentKind = ArgumentKind.TENSOR32,
        outputs: int = 1,
        report_arguments: bool = False,
        settings: Sequence[Setting] = (),
        driver: str = "",
    ) -> Outcome:
        """Call a function here; what it prints is swallowed, and only KeyboardInterrupt passes through."""
        request = Request(
            function, tuple(arguments), kind, outputs, report_arguments, tuple(settings), driver
        )
        with quiet():
            return invoke(self._functions, request, self._locate)
