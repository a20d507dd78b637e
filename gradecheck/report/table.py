"""The numbers to put side by side: yours, expected, finite difference; the worst element first."""

from dataclasses import dataclass

import numpy as np

from gradecheck.exercise import Float64
from gradecheck.verdict import Shown

#: More rows than this hide the one that matters.
MOST_ROWS = 8


@dataclass(frozen=True)
class Row:
    """One element of an output.

    Attributes:
        index: such as "0, 2"; empty for a scalar.
        cells: the formatted numbers, one a column.
        wrong: whether the element is wrong.
        note: what differs, in words: "sign", "3 times", "NaN"; empty when right or unremarkable.
    """

    index: str
    cells: tuple[str, ...]
    wrong: bool
    note: str


@dataclass(frozen=True)
class Table:
    """Rows under named columns; `left_out` elements more did not fit."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int


def table_of(shown: Shown) -> Table:
    """The elements of a shown call: wrong ones first, the worst of them at the top, then the others."""
    order = sorted(np.ndindex(shown.yours.shape), key=lambda at: (at != shown.worst, not shown.wrong[at]))
    if not shown.wrong.any():
        order = list(np.ndindex(shown.yours.shape))
    # Beside a vector the arguments line up with it, element by element; beside a matrix they seldom do.
    in_line = shown.yours.ndim == 1
    beside = [
        (name, value) for name, value in shown.arguments if in_line and value.shape == shown.yours.shape
    ]
    columns = (shown.output, *(name for name, _ in beside), "yours")
    if shown.expected is not None and shown.difference is not None:
        columns = (*columns, "expected", "finite difference")
    rows = tuple(_row(shown, at, [value for _, value in beside]) for at in order[:MOST_ROWS])
    return Table(columns, rows, max(0, len(order) - MOST_ROWS))


def _row(shown: Shown, at: tuple[int, ...], beside: list[Float64]) -> Row:
    numbers = [*(float(value[at]) for value in beside), float(shown.yours[at])]
    note = ""
    if shown.expected is not None and shown.difference is not None:
        numbers += [float(shown.expected[at]), float(shown.difference[at])]
        note = _note(float(shown.yours[at]), float(shown.expected[at])) if shown.wrong[at] else ""
    return Row(", ".join(map(str, at)), tuple(map(number, numbers)), bool(shown.wrong[at]), note)


def number(value: float) -> str:
    """A number as a student reads it: five significant digits, NaN and infinity in words."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value + 0.0:.5g}"  # + 0.0 turns -0 into 0


def _note(yours: float, expected: float) -> str:
    if not np.isfinite(yours):
        return "not a number" if np.isnan(yours) else "overflow"
    if yours * expected < 0:
        return "sign differs"
    if yours == 0:
        return "zero"
    if expected == 0:
        return "should be 0"
    ratio = yours / expected
    shown = next((s for s in (f"{ratio:.{digits}g}" for digits in range(3, 9)) if s != "1"), "about 1")
    return f"{shown} times"
