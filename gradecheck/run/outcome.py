"""What can come of calling a student's function, and of running a cell."""

import signal as signals
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


@dataclass(frozen=True)
class NotArray:
    """A returned value that is no array of real numbers.

    Attributes:
        kind: "none", "text", "ragged", "dtype" or "other".
        description: the value in words that fit "your function returned …", such as "None".
    """

    kind: str
    description: str


Value = Array | NotArray


@dataclass(frozen=True, eq=False)
class Returned:
    """The call came back.

    Attributes:
        values: what it returned, one entry an output.
        arguments_after: the arguments as they were after the call, where the caller asked for them.
        used: forbidden helpers that were seen at work during the call, such as "tf.GradientTape".
        stacked_from: where one output was asked for and a tuple of several arrays came, which stacked into
            the one array of `values`: how many they were; else 1.
    """

    values: tuple[Value, ...]
    arguments_after: tuple[Array, ...] = ()
    used: tuple[str, ...] = ()
    stacked_from: int = 1


@dataclass(frozen=True)
class Frame:
    """The innermost line of the student's own code in a traceback.

    Attributes:
        cell: number of the notebook cell (1 is the first code cell), None for a plain file.
        line: line number in that cell or file, from 1.
        code: the text of that line, stripped.
    """

    cell: int | None
    line: int
    code: str


@dataclass(frozen=True)
class Raised:
    """The call raised an exception.

    Attributes:
        type: the exception's class name.
        message: its text, shortened to a few lines.
        frame: where in the student's code, or None when no line of theirs was running
            (for instance when the function takes another number of arguments).
        used: as in `Returned`.
    """

    type: str
    message: str
    frame: Frame | None = None
    used: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """There is no such function to call.

    Attributes:
        function: the name that was looked for.
        found: what that name holds instead, such as "a number", or None when it holds nothing.
    """

    function: str
    found: str | None = None


@dataclass(frozen=True)
class TimedOut:
    """The call was stopped at its limit of `seconds` of wall time, or all calls `together` were."""

    seconds: float
    together: bool = False


@dataclass(frozen=True)
class Died:
    """The process that ran the call ended.

    Attributes:
        signal: the signal's number, or None for an exit.
        starter: whether it first ended the process that had started it, which only a sandbox prevents.
    """

    signal: int | None
    starter: bool = False

    @property
    def how(self) -> str:
        """The end in words, such as "it was ended by SIGABRT" or "it exited"."""
        if self.starter:
            return "it ended the process that had started it"
        if self.signal is None:
            return "it exited"
        names = {known.value: known.name for known in signals.Signals}
        return f"it was ended by {names.get(self.signal, f'signal {self.signal}')}"


Outcome = Returned | Raised | Missing | TimedOut | Died
