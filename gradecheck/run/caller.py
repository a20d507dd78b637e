"""The one door through which the judge reaches a student's function."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gradecheck.run.outcome import Array, Outcome
from gradecheck.setting import Setting


class ArgumentKind(StrEnum):
    """The form in which float32 values are handed to the function.

    Declared in the order in which they are tried: notebooks use float32 tensors, so those come first.
    """

    TENSOR32 = "float32 tensors"
    ARRAY32 = "float32 arrays"
    TENSOR64 = "float64 tensors"
    ARRAY64 = "float64 arrays"


@dataclass(frozen=True, eq=False)
class Call:
    """What differs between calls of one function; the attributes are those of `Caller.call`."""

    arguments: Sequence[Array]
    kind: ArgumentKind = ArgumentKind.TENSOR32
    settings: Sequence[Setting] = ()
    report_arguments: bool = False


class Caller(Protocol):
    """Calls a student's function by name; where and how is the implementation's own business."""

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
        """Call `function` by position and report what came of it; never raises for what it does.

        Args:
            function: name of the student's function.
            arguments: float32 arrays of any shape.
            kind: the form in which the arguments are handed over.
            outputs: how many arrays the exercise asks for; with more than one, a returned tuple or
                list of any length is taken apart, one `Returned.values` entry an item.
            report_arguments: also report the arguments as they are after the call.
            settings: plain values that follow the arrays, as they are.
            driver: the name of the driver in `gradecheck.drive` that is given the function and the arguments,
                in place of a call of the function itself.
        """
        ...

    def calls(
        self, function: str, calls: Sequence[Call], *, outputs: int = 1, driver: str = ""
    ) -> Iterator[Outcome]:
        """Make several calls in a row and report what came of each, in order; as `call` otherwise.

        Here each is made when its outcome is asked for; where that costs time, one may do better.
        Later calls may be made before the outcomes of earlier ones are asked for, or even if they never are.
        Another call ends the row: outcomes that are asked for after that are those of calls made again.

        Args:
            function: name of the student's function.
            calls: the calls.
            outputs: as in `call`.
            driver: as in `call`.
        """
        for call in calls:
            yield self.call(
                function,
                call.arguments,
                kind=call.kind,
                outputs=outputs,
                report_arguments=call.report_arguments,
                settings=call.settings,
                driver=driver,
            )
