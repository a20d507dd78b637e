"""The cells of a submission, and what came of running them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradecheck.run.outcome import Died, Raised, TimedOut


@dataclass(frozen=True)
class Cell:
    """One piece of a submission's source.

    Attributes:
        number: 1 is the first code cell of a notebook; 0 is a plain Python file.
        source: as saved, magics and all.
        file: the name that a plain Python file has, for its `__file__`; empty for a notebook's cell.
    """

    number: int
    source: str
    file: str = ""


@dataclass(frozen=True)
class CellResult:
    """What came of one cell.

    Attributes:
        number: the cell's number.
        outcome: why it failed, None when it did not.
        ran: False for a cell that was never started, because too many before it ended the process.
    """

    number: int
    outcome: Raised | TimedOut | Died | None
    ran: bool = True


@dataclass(frozen=True, eq=False)
class CellMessage:
    """Something that a cell put out, in the words of the Jupyter messaging protocol.

    Attributes:
        type: "stream", "display_data", "update_display_data", "execute_result", "error" or "clear_output".
        content: the message's content. Its fields are there and of the right types, but what they say
            comes from the student's process and is not to be trusted.
    """

    type: str
    content: Mapping[str, Any]


OnMessage = Callable[[int, CellMessage], None]
"""Called with a cell's number and what it put out, in order."""
